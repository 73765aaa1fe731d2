"""Reading the log: one connection in one thread, so that a long search never holds up an append."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TypeVar

from audit.check import Claimed
from audit.database import Database, Row, SearchIndex, Session
from audit.disclosure import disclosures_of, from_microseconds, opened, timestamp
from audit.errors import AuditCorrupt, AuditUnavailable
from audit.record import AuditRecord, Json, Receipt
from audit.search import Filter, Found, Page, select
from audit.tree import TILE, Hashes, leaf_hash, node_hash

T = TypeVar("T")

_COLUMNS = (
    "entry.idx, entry.id, entry.event, entry.outcome, entry.time, entry.refers_to, entry.leaf,"
    " (SELECT body FROM disclosure WHERE disclosure.idx = entry.idx)"
)
WINDOW = 500  # records, or so, that are held in memory at once


@dataclass(frozen=True, slots=True)
class Stored:
    """A record as it lies in the log: what an export and a proof need."""

    index: int
    leaf: bytes
    record: AuditRecord
    salts: dict[str, str]
    erased: dict[str, str]  # by field name: the record of the erasure that took it
    body: bytes = b"[]"  # the disclosures as they are stored
    digests: Sequence[str] | None = None  # of the fields in their order, over those bytes, when they were worked out

    def claimed(self) -> Claimed:
        """For `check_record`, which believes nothing of it."""
        record = self.record
        return Claimed(
            id=record.id,
            event=record.event,
            time=timestamp(record.time),
            outcome=record.outcome,
            refers_to=record.refers_to,
            fields=record.fields,
            salts=self.salts,
            erased=self.erased,
            leaf=self.leaf,
            body=self.body,
            digests=self.digests,
        )


class Reader:
    """Blocking reads (`get`, `find`, ...) and `call`, which runs one in the reader's thread."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._session: Session | None = None
        self._index: SearchIndex | None = None
        self._closed = False
        self._executor = ThreadPoolExecutor(1, "audit-reader")
        self._columns = f"{_COLUMNS}, {database.gone}"

    async def call(self, work: Callable[[Reader], T]) -> T:
        """Raises what `work` raises; database errors become AuditUnavailable or AuditCorrupt."""
        if self._closed:
            raise AuditUnavailable(f"the audit log {self._database.where} is closed; open it again")
        return await asyncio.get_running_loop().run_in_executor(self._executor, self._translated, work)

    async def close(self) -> None:
        self._closed = True
        await asyncio.get_running_loop().run_in_executor(self._executor, self.shut)
        self._executor.shutdown(wait=True)

    def shut(self) -> None:
        """Close the connections; the next read opens new ones."""
        connections = (self._session, self._index)
        self._session = self._index = None
        for connection in connections:
            if connection is not None:
                connection.close()

    def _translated(self, work: Callable[[Reader], T]) -> T:
        try:
            with self._database.translated():
                return work(self)
        except AuditUnavailable as error:
            if not self._database.passing(error.__cause__):
                self._give_up()
            raise

    def _give_up(self) -> None:
        """After an error of the database: the next read opens a new connection."""
        session, index = self._session, self._index
        self._session = self._index = None
        if index is not None:
            with suppress(AuditUnavailable, AuditCorrupt), self._database.translated():
                index.close()
        if session is not None:
            session.abandon()

    @property
    def session(self) -> Session:
        if self._session is None:
            self._session = self._database.reader()
        return self._session

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """One state of the log, however many appends go on."""
        self.session.begin()
        try:
            yield
        finally:
            self.session.rollback()

    def index(self) -> SearchIndex:
        if self._index is None:
            self._index = self._database.search(self.session)
        return self._index

    def conditions(self, wanted: Filter) -> Found:
        """SQL for a filter, over everything that is in the log now."""
        return self.index().conditions(wanted)

    def _select(self, where: str, values: Sequence[str | int] = ()) -> Iterable[Row]:
        found = Found("entry", where, (), "entry.idx")
        return self.session.rows(select(self._columns, found, "ORDER BY entry.idx"), values)

    # --- records ---

    def get(self, record_id: str) -> AuditRecord | None:
        stored = self.stored(record_id)
        return stored.record if stored is not None else None

    def stored(self, record_id: str) -> Stored | None:
        for row in self._select("entry.id = ?", (record_id,)):
            return _stored(row)
        return None

    def referring(self, record_id: str) -> Sequence[AuditRecord]:
        return [_stored(row).record for row in self._select("entry.refers_to = ?", (record_id,))]

    def of_event(self, event: str) -> Iterator[Stored]:
        """All records of an event other than "question", oldest first."""
        yield from map(_stored, self._select("entry.event = ? AND entry.event <> 'question'", (event,)))

    def find(self, wanted: Filter, *, after: int | None = None, limit: int = 50) -> Page:
        found = self.conditions(wanted)
        sql = select(self._columns, found, "AND", found.key, "< ? ORDER BY", found.key, "DESC LIMIT ?")
        before = after if after is not None else 2**62
        rows = [_stored(row) for row in self.session.rows(sql, (*found.values, before, limit + 1))]
        more = len(rows) > limit
        rows = rows[:limit]
        return Page(
            tuple(row.record for row in rows), rows[-1].index if more else None, tuple(row.index for row in rows)
        )

    def indexes(self, wanted: Filter) -> list[int]:
        """Positions of all records that match, oldest first."""
        found = self.conditions(wanted)
        sql = select("entry.idx", found, "ORDER BY", found.key)
        return [index for (index,) in self.session.rows(sql, found.values)]

    def chunk(self, wanted: Filter, start: int, end: int, limit: int = WINDOW) -> list[Stored]:
        """The first `limit` records that match at positions [start, end), oldest first."""
        found = self.conditions(wanted)
        window = ("AND", found.key, ">= ? AND", found.key, "< ? ORDER BY", found.key, "LIMIT ?")
        sql = select(self._columns, found, *window)
        return [_stored(row) for row in self.session.rows(sql, (*found.values, start, end, limit))]

    def scan(self, wanted: Filter, start: int = 0, end: int = 2**62) -> Iterator[Stored]:
        """The records that match at positions [start, end), oldest first, in constant memory."""
        while rows := self.chunk(wanted, start, end):
            yield from rows
            start = rows[-1].index + 1

    def everything(self) -> Iterator[Stored]:
        """All records in tree order, without the search index; one state of the log when in a transaction.

        Each with its digests, unless its disclosures are JSON in another layout than the log writes.
        """
        start = 0
        while rows := list(self._select("entry.idx >= ? AND entry.idx < ?", (start, start + WINDOW))):
            yield from map(_opened, rows)
            start += WINDOW

    def extent(self, wanted: Filter, size: int) -> tuple[int, int, int]:
        """How many records match below position `size`, and the first and last position (0, -1: none)."""
        found = self.conditions(wanted)
        columns = "count(*), coalesce(min(entry.idx), 0), coalesce(max(entry.idx), -1)"
        sql = select(columns, found, "AND", found.key, "< ?")
        count, first, last = self.session.row(sql, (*found.values, size)) or (0, 0, -1)
        return count, first, last

    # --- the tree ---

    def size(self) -> int:
        return int(self.session.value("SELECT size FROM state"))

    def edge(self) -> bytes:
        """The hashes that the next append starts from."""
        return bytes(self.session.value("SELECT edge FROM state"))

    def checkpoint(self) -> str:
        return str(self.session.value("SELECT checkpoint FROM state"))

    def origin(self) -> str:
        return str(self.session.value("SELECT value FROM meta WHERE name = 'origin'"))

    def keys(self) -> list[str]:
        """Public keys, the first one first."""
        return [vkey for (vkey,) in self.session.rows("SELECT vkey FROM key ORDER BY n")]

    def receipt(self, record_id: str) -> Receipt | None:
        row = self.session.row("SELECT idx, leaf FROM entry WHERE id = ?", (record_id,))
        return Receipt(record_id, row[0], leaf_hash(row[1]).hex()) if row is not None else None

    def leaves(self, start: int, end: int) -> Iterator[tuple[int, bytes]]:
        """(position, leaf) of the records at positions [start, end), in constant memory."""
        sql = "SELECT idx, leaf FROM entry WHERE idx >= ? AND idx < ? ORDER BY idx"
        while start < end:
            rows = list(self.session.rows(sql, (start, min(end, start + 10 * WINDOW))))
            if not rows:
                return
            yield from ((index, leaf) for index, leaf in rows)
            start += 10 * WINDOW

    def tile(self, level: int, n: int, width: int = TILE) -> bytes:
        """The first `width` hashes of a tile, 32 bytes each."""
        if level == 0 and width < TILE:
            return b"".join(leaf_hash(leaf) for _, leaf in self.leaves(n * TILE, n * TILE + width))
        hashes = self.session.value("SELECT hashes FROM tile WHERE level = ? AND n = ?", (level, n))
        return bytes(hashes or b"")[: width * 32]

    def hashes(self) -> Hashes:
        """Hashes of perfect subtrees, from the stored tiles and the leaves after the last full one."""
        kept: dict[tuple[int, int], list[list[bytes]]] = {}

        def of(level: int, n: int) -> bytes:
            high, low = divmod(level, 8)
            first = n << low
            place = (high, first // TILE)
            if place not in kept:
                if len(kept) >= 256:
                    kept.clear()
                width = min(TILE, (self.size() >> (8 * high)) - place[1] * TILE)
                kept[place] = _inner(self.tile(high, place[1], width))
            return kept[place][low][(first % TILE) >> low]

        return of


def _inner(row: bytes) -> list[list[bytes]]:
    """All perfect subtrees over one row of up to 256 hashes, level by level."""
    levels = [[row[i : i + 32] for i in range(0, len(row), 32)]]
    while len(levels) <= 8:
        below = levels[-1]
        levels.append([node_hash(below[i], below[i + 1]) for i in range(0, len(below) - 1, 2)])
    return levels


def _opened(row: Row) -> Stored:
    """The record and its digests, from one reading of its disclosures."""
    if row[7] is None:
        return _stored(row)
    try:
        parts, digests = opened(row[7])
    except AuditCorrupt:
        return _stored(row)  # says what is wrong, or leaves it to the checks
    return _built(row, parts, digests)


def _stored(row: Row) -> Stored:
    try:
        parts = disclosures_of(row[7]) if row[7] is not None else []
    except (AuditCorrupt, RecursionError) as error:
        raise _damaged(row[0], error) from error
    return _built(row, parts, None)


def _built(row: Row, parts: Sequence[tuple[str, str, Json]], digests: Sequence[str] | None) -> Stored:
    index, record_id, event, outcome, time, refers_to, leaf, body, erased = row
    try:
        gone: dict[str, str] = json.loads(erased) if erased else {}
        record = AuditRecord(
            id=record_id,
            event=event,
            time=from_microseconds(time),
            outcome=outcome,
            fields={name: value for _, name, value in parts},
            refers_to=refers_to,
            erased=tuple(sorted(gone)),
        )
    except (OverflowError, ValueError) as error:
        raise _damaged(index, error) from error
    if len(record.fields) != len(parts):
        raise AuditCorrupt(f"the record at position {index} holds a field twice; run: footnote audit verify")
    return Stored(index, leaf, record, {name: salt for salt, name, _ in parts}, gone, body or b"[]", digests)


def _damaged(index: int, error: Exception) -> AuditCorrupt:
    return AuditCorrupt(f"the record at position {index} is damaged: {error}; run: footnote audit verify")
