"""Reading the log: one connection in one thread, so that a long search never holds up an append.

Rows are not records: whoever may write to the database may put rows there. What is read as a record
stands at a position that the signed checkpoint covers, and the checkpoint is signed by a key that the
home trusts, not by one that the database names.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from audit.check import Claimed, check_record, missing_digests, sound_leaf
from audit.database import Database, Row, SearchIndex, Session
from audit.disclosure import disclosures_of, from_microseconds, opened, parse_timestamp, timestamp
from audit.errors import AuditCorrupt, AuditUnavailable
from audit.note import Checkpoint, PublicKey, open_checkpoint
from audit.record import AuditRecord, Json, Receipt
from audit.register import GOVERNANCE, Register, Ruled, Taken
from audit.search import Filter, FilterQuery, Page, findable, plain_query, select, within
from audit.tree import TILE, Edge, Hashes, check_inclusion, leaf_hash, node_hash, prove_inclusion

T = TypeVar("T")

_COLUMNS = (
    "entry.idx, entry.id, entry.event, entry.outcome, entry.time, entry.refers_to, entry.leaf,"
    " (SELECT body FROM disclosure WHERE disclosure.idx = entry.idx)"
)
WINDOW = 500  # records, or so, that are held in memory at once
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_GOVERNANCE = tuple(f'{{"event":"{event}",'.encode() for event in sorted(GOVERNANCE))
_LEAF_TIME = re.compile(rb'"time":"([^"]*)"')
_LEAF_FORM = re.compile(rb'"v":([0-9]+)\}$')


@dataclass(frozen=True, slots=True)
class Stored:
    """A record as it lies in the log: what an export and a proof need."""

    index: int
    leaf: bytes
    record: AuditRecord
    salts: dict[str, str]
    erased: dict[str, str]  # by field name: the record of the erasure that took it
    body: bytes | None = b"[]"  # the disclosures as they are stored; None: they have no row
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


@dataclass(frozen=True, slots=True)
class _Governed:
    """The records below `edge` were proved: the register of those that govern, and the latest time among all."""

    edge: Edge
    time: datetime
    register: Register


class Reader:
    """Blocking reads (`get`, `find`, ...) and `call`, which runs one in the reader's thread."""

    def __init__(self, database: Database, trusted: Callable[[], Sequence[PublicKey]]) -> None:
        """`trusted` gives the keys of which one must have signed the log's head."""
        self._database = database
        self._trusted = trusted
        self._head: tuple[str, Checkpoint] | None = None
        self._governed = _Governed(Edge(), EARLIEST, Register())
        self._session: Session | None = None
        self._index: SearchIndex | None = None
        self._closed = False
        self._executor = ThreadPoolExecutor(1, "audit-reader")
        self._columns = f"{_COLUMNS}, {database.gone}"

    @classmethod
    def over(cls, database: Database, session: Session) -> Reader:
        """For whoever checks the log's head himself: blocking reads in this thread, over a session at hand."""
        view = cls(database, lambda: [])
        view._session = session
        return view

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
            self._index = self._database.search(self.session, self.size)
        return self._index

    def conditions(self, wanted: Filter) -> FilterQuery:
        """SQL for a filter, over everything that is in the log now."""
        plain = plain_query(wanted, self._database.each, self.size())
        return plain if plain is not None else self.index().conditions(wanted)

    def _select(self, where: str, values: Sequence[str | int] = ()) -> Iterable[Row]:
        parts = within("entry.idx", self.size())
        found = FilterQuery("entry", " AND ".join((where, *(part for part, _ in parts))), (), "entry.idx")
        sql = select(self._columns, found, "ORDER BY entry.idx")
        return self.session.rows(sql, (*values, *(value for _, value in parts)))

    # --- records ---

    def get(self, record_id: str) -> AuditRecord | None:
        stored = self.stored(record_id)
        return stored.record if stored is not None else None

    def stored(self, record_id: str) -> Stored | None:
        for row in self._select("entry.id = ?", (record_id,)):
            return stored_part(row)
        return None

    def referring(self, record_id: str) -> Sequence[AuditRecord]:
        return [stored_part(row).record for row in self._select("entry.refers_to = ?", (record_id,))]

    def of_event(self, event: str) -> Iterator[Stored]:
        """All records of an event other than "question", oldest first."""
        yield from map(stored_part, self._select("entry.event = ? AND entry.event <> 'question'", (event,)))

    def find(self, wanted: Filter, *, after: int | None = None, limit: int = 50) -> Page:
        found = self.conditions(wanted)
        sql = select(self._columns, found, "AND", found.key, "< ? ORDER BY", found.key, "DESC LIMIT ?")
        before = after if after is not None else 2**62
        rows = [stored_part(row) for row in self.session.rows(sql, (*found.values, before, limit + 1))]
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
        return [stored_part(row) for row in self.chunk_rows(wanted, start, end, limit)]

    def chunk_rows(self, wanted: Filter, start: int, end: int, limit: int = WINDOW) -> list[Row]:
        """Likewise, as they stand, for `stored_part`."""
        found = self.conditions(wanted)
        window = ("AND", found.key, ">= ? AND", found.key, "< ? ORDER BY", found.key, "LIMIT ?")
        sql = select(self._columns, found, *window)
        return list(self.session.rows(sql, (*found.values, start, end, limit)))

    def scan(self, wanted: Filter, start: int = 0, end: int = 2**62) -> Iterator[Stored]:
        """The records that match at positions [start, end), oldest first, in constant memory."""
        while rows := self.chunk(wanted, start, end):
            yield from rows
            start = rows[-1].index + 1

    def rows(self, end: int, *, whole: bool) -> Iterator[list[Row]]:
        """All rows at positions [0, end) as they stand, those of a tile at once; one state of the log in a transaction.

        For verification: whether they are records is for the caller to check. With `whole` for `stored_row`, else
        position and leaf.
        """
        columns = self._columns if whole else "entry.idx, entry.leaf"
        sql = select(columns, FilterQuery("entry", "entry.idx >= ? AND entry.idx < ?", (), ""), "ORDER BY entry.idx")
        for start in range(0, end, TILE):
            if not (found := list(self.session.rows(sql, (start, min(end, start + TILE))))):
                return
            yield found

    def rows_of(self, event: str) -> list[Stored]:
        """All rows that say they are of an event, in order of position; for verification, like `rows`."""
        found = FilterQuery("entry", "entry.event = ? AND entry.event <> 'question' AND entry.idx >= 0", (event,), "")
        sql = select(self._columns, found, "ORDER BY entry.idx")
        return [stored_row(row) for row in self.session.rows(sql, found.values)]

    def bodies(self, size: int) -> Iterator[tuple[str, str | None, bytes]]:
        """(id, refers_to, disclosures as they are stored) of the first `size` records, in constant memory."""
        sql = (
            "SELECT id, refers_to, body FROM entry JOIN disclosure USING (idx)"
            " WHERE entry.idx >= ? AND entry.idx < ? ORDER BY entry.idx"
        )
        for start in range(0, size, WINDOW):
            yield from list(self.session.rows(sql, (start, min(size, start + WINDOW))))

    def extent(self, wanted: Filter, size: int) -> tuple[int, int, int]:
        """How many records match below position `size`, and the first and last position (0, -1: none)."""
        found = self.conditions(wanted)
        columns = "count(*), coalesce(min(entry.idx), 0), coalesce(max(entry.idx), -1)"
        sql = select(columns, found, "AND", found.key, "< ?")
        count, first, last = self.session.row(sql, (*found.values, size)) or (0, 0, -1)
        return count, first, last

    # --- what governs ---

    def register(self) -> Register:
        """What the log's own records allow and forbid, each of them proved against the signed checkpoint.

        Their kinds are read from the leaves, and the leaves must give the signed root: so none is hidden, and none
        is there that was not recorded. Later calls go on where the last one ended. Raises AuditCorrupt.
        """
        head = self.head()
        known = self._governed
        edge, time, found = known.edge.copy(), known.time, []
        for index, leaf in self.leaves(edge.size, head.size):
            if index != edge.size:
                break
            edge.add(leaf_hash(leaf))
            if leaf.startswith(_GOVERNANCE):
                found.append((index, time))
            time = max(time, time_of(leaf))
        if (edge.size, edge.root()) != (head.size, head.root):
            raise AuditCorrupt("the log's records are not those that its checkpoint signs; run: footnote audit verify")
        rows = {row[0]: row for n in range(0, len(found), WINDOW) for row in self._at(found[n : n + WINDOW])}
        taken: list[Taken] = []
        for index, before in found:
            stored = stored_row(rows[index])
            wrong = [finding.what for finding in check_record(stored.claimed())]
            if wrong:
                raise AuditCorrupt(f"record {stored.record.id} of the log is not what was recorded: {'; '.join(wrong)}")
            for _ in known.register.add(Ruled(index, stored.record, form_of_leaf(stored.leaf), before)):
                continue  # it breaks a rule, so it governs nothing; `audit verify` says which
            if stored.erased:
                taken.append(taken_from(stored, before))
        for one in taken:
            for finding in known.register.check_taken(one):
                raise AuditCorrupt(f"record {one.record} of the log is not what was recorded: {finding.what}")
        self._governed = _Governed(edge, time, known.register)
        return known.register

    def _at(self, found: Sequence[tuple[int, datetime]]) -> Iterable[Row]:
        marks = ", ".join("?" for _ in found)
        where = FilterQuery("entry", f"entry.idx IN ({marks})", (), "")
        return self.session.rows(select(self._columns, where), [index for index, _ in found])

    def time(self) -> datetime:
        """The log's own time: no later than its head was signed, and none of its records is later. For retention."""
        self.register()
        signed = self.head().time
        return min(signed, self._governed.time) if signed is not None else self._governed.time

    def older(self, before: datetime) -> Iterator[str]:
        """Ids of the records whose time was over before then, by the log's time at their position, oldest first.

        Read from leaves that `register` proved.
        """
        self.register()
        time = EARLIEST
        for _, leaf in self.leaves(0, self.size()):
            time = max(time, time_of(leaf))
            if time >= before:
                return
            yield str(json.loads(leaf)["id"])

    def proved(self, record_id: str) -> Stored | None:
        """A record that is in the signed tree, with the fields that its leaf names. Raises AuditCorrupt."""
        stored = self.stored(record_id)
        if stored is None:
            return None
        head = self.head()
        proof = prove_inclusion(stored.index, head.size, self.hashes())
        wrong = [finding.what for finding in check_record(stored.claimed())]
        if not check_inclusion(proof, stored.index, head.size, leaf_hash(stored.leaf), head.root):
            wrong.append("it is not in the signed tree")
        if wrong:
            raise AuditCorrupt(f"record {record_id} is not what was recorded: {'; '.join(wrong)}")
        return stored

    # --- the tree ---

    def head(self) -> Checkpoint:
        """The checkpoint that is signed now. Raises AuditCorrupt when it is not signed by a key that is trusted."""
        note = self.checkpoint()
        if self._head is None or self._head[0] != note:
            self._head = note, open_checkpoint(note, self._trusted())
        return self._head[1]

    def size(self) -> int:
        """How many records the signed checkpoint covers: what stands elsewhere in the tables is none."""
        return self.head().size

    def stored_size(self) -> int:
        """What the next append takes for the size."""
        return int(self.session.value("SELECT size FROM state"))

    def edge(self) -> bytes:
        """The hashes that the next append starts from."""
        return bytes(self.session.value("SELECT edge FROM state"))

    def checkpoint(self) -> str:
        note = self.session.value("SELECT checkpoint FROM state")
        if note is None:
            raise AuditCorrupt("the audit log has lost its checkpoint; keep what is there, restore the backup")
        return str(note)

    def origin(self) -> str:
        return str(self.session.value("SELECT value FROM meta WHERE name = 'origin'"))

    def keys(self) -> list[str]:
        """Public keys, the first one first."""
        return [vkey for (vkey,) in self.session.rows("SELECT vkey FROM key ORDER BY n")]

    def receipt(self, record_id: str) -> Receipt | None:
        sql = "SELECT idx, leaf FROM entry WHERE id = ? AND idx >= 0 AND idx < ?"
        row = self.session.row(sql, (record_id, self.size()))
        return Receipt(record_id, row[0], leaf_hash(row[1]).hex()) if row is not None else None

    def leaves(self, start: int, end: int) -> Iterator[tuple[int, bytes]]:
        """(position, leaf) of the records at positions [start, end), in constant memory."""
        sql = "SELECT idx, leaf FROM entry WHERE idx >= ? AND idx < ? ORDER BY idx"
        while start < end:
            rows = list(self.session.rows(sql, (start, min(end, start + 10 * WINDOW))))
            if not rows:
                return
            yield from ((index, sound_leaf(index, leaf)) for index, leaf in rows)
            start += 10 * WINDOW

    def tile(self, level: int, n: int, width: int = TILE) -> bytes:
        """The first `width` hashes of a tile, 32 bytes each."""
        if level == 0 and width < TILE:
            return b"".join(leaf_hash(leaf) for _, leaf in self.leaves(n * TILE, n * TILE + width))
        return self.stored_tile(level, n)[: width * 32]

    def stored_tile(self, level: int, n: int) -> bytes:
        """A tile's row as it stands; empty when there is none."""
        return bytes(self.session.value("SELECT hashes FROM tile WHERE level = ? AND n = ?", (level, n)) or b"")

    def count(self, table: str) -> int:
        """All rows of one of the log's tables, whatever they are."""
        return int(self.session.value(select("count(*)", FilterQuery(table, "TRUE", (), ""))))

    def names(self) -> dict[str, str]:
        """What the table `meta` says."""
        return dict(self.session.rows("SELECT name, value FROM meta"))

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


def taken_from(stored: Stored, time: datetime) -> Taken:
    """What a record that is as its leaf says has lost; `time` is the log's at its position."""
    missing = frozenset(missing_digests(stored.claimed()))
    record = stored.record
    return Taken(stored.index, record.id, record.event, time, missing, stored.erased, findable(record))


def time_of(leaf: bytes) -> datetime:
    """A leaf's time, read from its bytes; the earliest there is when it has none."""
    found = _LEAF_TIME.search(leaf, leaf.rfind(b'"sd_alg"'))
    try:
        return parse_timestamp(found[1].decode()) if found else EARLIEST
    except ValueError:
        return EARLIEST


def form_of_leaf(leaf: bytes) -> int:
    """A leaf's form, read from its bytes; 0 when it has none."""
    found = _LEAF_FORM.search(leaf)
    return int(found[1]) if found else 0


def _inner(row: bytes) -> list[list[bytes]]:
    """All perfect subtrees over one row of up to 256 hashes, level by level."""
    levels = [[row[i : i + 32] for i in range(0, len(row), 32)]]
    while len(levels) <= 8:
        below = levels[-1]
        levels.append([node_hash(below[i], below[i + 1]) for i in range(0, len(below) - 1, 2)])
    return levels


def stored_row(row: Row) -> Stored:
    """The record and its digests, from one reading of its disclosures. Raises AuditCorrupt when it is no record."""
    if row[7] is None:
        return stored_part(row)
    try:
        parts, digests = opened(row[7])
    except AuditCorrupt:
        return stored_part(row)  # says what is wrong, or leaves it to the checks
    return _built(row, parts, digests)


def stored_part(row: Row, names: frozenset[str] | None = None) -> Stored:
    """The record with these fields alone (None: with all). Raises AuditCorrupt when it is no record."""
    try:
        parts = disclosures_of(row[7], names) if row[7] is not None else []
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
    except (OverflowError, ValueError, TypeError) as error:
        raise _damaged(index, error) from error
    if len(record.fields) != len(parts):
        raise AuditCorrupt(f"the record at position {index} holds a field twice; run: footnote audit verify")
    return Stored(index, leaf, record, {name: salt for salt, name, _ in parts}, gone, body, digests)


def _damaged(index: int, error: Exception) -> AuditCorrupt:
    return AuditCorrupt(f"the record at position {index} is damaged: {error}; run: footnote audit verify")
