"""Reading the log: one connection in one thread, so that a long search never holds up an append."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import apsw

from audit.disclosure import disclosures_of, from_microseconds, opened
from audit.errors import AuditCorrupt, AuditUnavailable
from audit.record import AuditRecord, Json, Receipt
from audit.search import Filter, Found, Page, catch_up, conditions, forget_record, open_search, reset, select
from audit.store import connect, translated
from audit.tree import TILE, Hashes, leaf_hash, node_hash

T = TypeVar("T")

_COLUMNS = (
    "entry.idx, entry.id, entry.event, entry.outcome, entry.time, entry.refers_to, entry.leaf,"
    " (SELECT body FROM disclosure WHERE disclosure.idx = entry.idx),"
    " (SELECT group_concat(name || char(30) || by, char(31)) FROM erased WHERE erased.idx = entry.idx)"
)


def _entries(where: str) -> str:
    return select(_COLUMNS, Found("entry", where, (), "entry.idx"), "ORDER BY entry.idx")


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


class Reader:
    """Blocking reads (`get`, `find`, ...) and `call`, which runs one in the reader's thread."""

    def __init__(self, database: Path, search: Path) -> None:
        self._database = database
        self._search_path = search
        self._connection: apsw.Connection | None = None
        self._search: apsw.Connection | None = None
        self._closed = False
        self._executor = ThreadPoolExecutor(1, "audit-reader")

    async def call(self, work: Callable[[Reader], T]) -> T:
        """Raises what `work` raises; database errors become AuditUnavailable or AuditCorrupt."""
        if self._closed:
            raise AuditUnavailable(f"the audit log {self._database} is closed; open it again")
        return await asyncio.get_running_loop().run_in_executor(self._executor, self._translated, work)

    async def close(self) -> None:
        self._closed = True
        await asyncio.get_running_loop().run_in_executor(self._executor, self.shut)
        self._executor.shutdown(wait=True)

    def shut(self) -> None:
        """Close the connections; the next read opens new ones."""
        connections = (self._connection, self._search)
        self._connection = self._search = None
        for connection in connections:
            if connection is not None:
                connection.close()

    def _translated(self, work: Callable[[Reader], T]) -> T:
        with translated(self._database):
            return work(self)

    @property
    def connection(self) -> apsw.Connection:
        if self._connection is None:
            self._connection = connect(self._database, writable=False)
        return self._connection

    def ready(self) -> apsw.Connection:
        """The index, caught up with the log; the log's connection has it attached as `search`."""
        connection = self.connection
        if self._search is None:
            try:
                self._search = open_search(self._search_path)
            except (apsw.CorruptError, apsw.NotADBError):
                self._search = self._rebuilt()
            connection.execute("ATTACH ? AS search", (str(self._search_path),))
        catch_up(self._search, connection)
        return self._search

    def _found(self, wanted: Filter) -> Found:
        return conditions(wanted, self.ready())

    def _rebuilt(self) -> apsw.Connection:
        """The index is derived: when its file is damaged, start it anew."""
        for suffix in ("", "-wal", "-shm"):
            Path(f"{self._search_path}{suffix}").unlink(missing_ok=True)
        return open_search(self._search_path)

    # --- records ---

    def get(self, record_id: str) -> AuditRecord | None:
        stored = self.stored(record_id)
        return stored.record if stored is not None else None

    def stored(self, record_id: str) -> Stored | None:
        row = self.connection.execute(_entries("entry.id = ?"), (record_id,)).get
        return _stored(row) if row is not None else None

    def referring(self, record_id: str) -> Sequence[AuditRecord]:
        rows = self.connection.execute(_entries("entry.refers_to = ?"), (record_id,))
        return [_stored(row).record for row in rows]

    def of_event(self, event: str) -> Iterator[Stored]:
        """All records of an event other than "question", oldest first."""
        rows = self.connection.execute(_entries("entry.event = ? AND entry.event <> 'question'"), (event,))
        yield from map(_stored, rows)

    def find(self, wanted: Filter, *, after: int | None = None, limit: int = 50) -> Page:
        found = self._found(wanted)
        sql = select(_COLUMNS, found, "AND", found.key, "< ? ORDER BY", found.key, "DESC LIMIT ?")
        before = after if after is not None else 2**62
        rows = [_stored(row) for row in self.connection.execute(sql, (*found.values, before, limit + 1))]
        more = len(rows) > limit
        rows = rows[:limit]
        return Page(
            tuple(row.record for row in rows), rows[-1].index if more else None, tuple(row.index for row in rows)
        )

    def indexes(self, wanted: Filter) -> list[int]:
        """Positions of all records that match, oldest first."""
        found = self._found(wanted)
        sql = select("entry.idx", found, "ORDER BY", found.key)
        return [index for (index,) in self.connection.execute(sql, found.values)]

    def chunk(self, wanted: Filter, start: int, end: int, limit: int = 500) -> list[Stored]:
        """The first `limit` records that match at positions [start, end), oldest first."""
        found = self._found(wanted)
        window = ("AND", found.key, ">= ? AND", found.key, "< ? ORDER BY", found.key, "LIMIT ?")
        sql = select(_COLUMNS, found, *window)
        return [_stored(row) for row in self.connection.execute(sql, (*found.values, start, end, limit))]

    def scan(self, wanted: Filter, start: int = 0, end: int = 2**62) -> Iterator[Stored]:
        """The records that match at positions [start, end), oldest first, in constant memory."""
        while rows := self.chunk(wanted, start, end):
            yield from rows
            start = rows[-1].index + 1

    def everything(self) -> Iterator[Stored]:
        """All records in tree order, without the search index; one state of the log when in a transaction.

        Each with its digests, unless its disclosures are JSON in another layout than the log writes.
        """
        yield from map(_opened, self.connection.execute(_entries("1")))

    def extent(self, wanted: Filter, size: int) -> tuple[int, int, int]:
        """How many records match below position `size`, and the first and last position (0, -1: none)."""
        found = self._found(wanted)
        columns = "count(*), coalesce(min(entry.idx), 0), coalesce(max(entry.idx), -1)"
        sql = select(columns, found, "AND", found.key, "< ?")
        count, first, last = self.connection.execute(sql, (*found.values, size)).get
        return count, first, last

    def forget(self, index: int, before: dict[str, Json], after: dict[str, Json]) -> None:
        """Take erased fields out of the search index, with no bytes left in its files."""
        forget_record(self.ready(), index, before, after)

    def reset_search(self) -> None:
        """Empty the index; the next search builds it anew."""
        reset(self.ready())

    def scrub_search(self) -> None:
        """Cut the index's write-ahead log, so that no erased word is left in it."""
        self.ready().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    # --- the tree ---

    def size(self) -> int:
        return int(self.connection.execute("SELECT size FROM state").get)

    def checkpoint(self) -> str:
        return str(self.connection.execute("SELECT checkpoint FROM state").get)

    def origin(self) -> str:
        return str(self.connection.execute("SELECT value FROM meta WHERE name = 'origin'").get)

    def keys(self) -> list[str]:
        """Public keys, the first one first."""
        return [vkey for (vkey,) in self.connection.execute("SELECT vkey FROM key ORDER BY n")]

    def receipt(self, record_id: str) -> Receipt | None:
        row = self.connection.execute("SELECT idx, leaf FROM entry WHERE id = ?", (record_id,)).get
        return Receipt(record_id, row[0], leaf_hash(row[1]).hex()) if row is not None else None

    def leaves(self, start: int, end: int) -> Iterator[tuple[int, bytes]]:
        yield from self.connection.execute(
            "SELECT idx, leaf FROM entry WHERE idx >= ? AND idx < ? ORDER BY idx", (start, end)
        )

    def tile(self, level: int, n: int, width: int = TILE) -> bytes:
        """The first `width` hashes of a tile, 32 bytes each."""
        if level == 0 and width < TILE:
            return b"".join(leaf_hash(leaf) for _, leaf in self.leaves(n * TILE, n * TILE + width))
        hashes = self.connection.execute("SELECT hashes FROM tile WHERE level = ? AND n = ?", (level, n)).get
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


_Row = tuple[int, str, str, str, int, str | None, bytes, bytes | None, str | None]


def _opened(row: _Row) -> Stored:
    """The record and its digests, from one reading of its disclosures."""
    if row[7] is None:
        return _stored(row)
    try:
        parts, digests = opened(row[7])
    except AuditCorrupt:
        return _stored(row)  # says what is wrong, or leaves it to the checks
    return _built(row, parts, digests)


def _stored(row: _Row) -> Stored:
    try:
        parts = disclosures_of(row[7]) if row[7] is not None else []
    except (AuditCorrupt, RecursionError) as error:
        raise _damaged(row[0], error) from error
    return _built(row, parts, None)


def _built(row: _Row, parts: Sequence[tuple[str, str, Json]], digests: Sequence[str] | None) -> Stored:
    index, record_id, event, outcome, time, refers_to, leaf, body, erased = row
    try:
        gone = dict(pair.split("\x1e", 1) for pair in erased.split("\x1f")) if erased else {}
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
