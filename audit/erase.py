"""Erasure: chosen fields of chosen records, with their salts, and no bytes of them left.

One person requests, another approves; both are records. The leaf keeps the fields' digests, which
say nothing without the 128-bit salts, so every proof stands as before. A legal hold blocks it.

Gone means: the disclosures in the database (SQLite's secure_delete overwrites them), the write-ahead
log (checkpointed and cut to nothing), the search index, and exports under the log's own `exports`
folder that may hold the records. Copies elsewhere are listed, for people to see to; so are backups.
"""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apsw

from audit.canonical import canonical
from audit.disclosure import disclosures_of, seal
from audit.errors import AuditUnavailable, ErasureRefused, RecordUnknown
from audit.events import event
from audit.fields import FIELDS
from audit.holds import held
from audit.log import SqliteAuditLog
from audit.reading import Reader, Stored
from audit.record import AuditRecord, Json
from audit.search import Filter
from audit.store import BUSY_MS, Entry, Store

ALL = "*"
"""Every field of a record."""

PERSONAL = tuple(dict.fromkeys(field.name for field in FIELDS if field.personal))
"""What an erasure of a person takes when nothing else is said."""

TRIES = 40  # about 16 s in all

KEPT_EVENTS = frozenset({"erasure", "hold", "retention", "key", "gap"})
"""Records that explain the log itself are never erased; they hold no question."""


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure did. `copies` are exports outside the log's folder that may hold the fields."""

    record: str
    records: int
    fields: int
    removed: tuple[Path, ...]
    copies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pending:
    """A request that waits for a second person."""

    id: str
    records: tuple[str, ...]
    names: tuple[str, ...]
    ground: str
    requested_by: str


async def request_erasure(
    log: SqliteAuditLog,
    *,
    ground: str,
    by: str,
    records: Iterable[str] = (),
    person: str | None = None,
    names: Sequence[str] = (),
) -> Pending:
    """Ask for an erasure: of `records` by id, or of all records of `person` (as `Filter.person` has it).

    `names` are the fields (default: `PERSONAL`; `ALL` for every one). The request does not repeat
    the person's name. Raises ErasureRefused (no ground, a hold, a record that must stay), RecordUnknown.
    """
    if not ground.strip():
        raise ErasureRefused("an erasure needs its ground, for example: GDPR article 17 request of 2026-03-01")
    ids = sorted(set(records))
    wanted = tuple(dict.fromkeys(names)) or PERSONAL

    def look(view: Reader) -> list[Stored]:
        found = [_known(view, record_id) for record_id in ids]
        if person is not None:
            page = view.scan(Filter(person=person))
            found += [stored for stored in page if stored.record.event not in KEPT_EVENTS]
        _check(view, found)
        return found

    targets = await log.read(look)
    if not targets:
        raise RecordUnknown("no record is meant by this erasure; nothing to do")
    unique = sorted({stored.record.id for stored in targets})
    record = event("erasure", "requested", records=unique, names=[*wanted], ground=ground, requested_by=by)
    await log.append(record)
    return Pending(record.id, tuple(unique), wanted, ground, by)


async def pending_erasures(log: SqliteAuditLog) -> list[Pending]:
    """Requests that nobody has approved or refused yet, oldest first."""
    return await log.read(_pending)


async def refuse_erasure(log: SqliteAuditLog, request_id: str, *, by: str, reason: str) -> str:
    """Close a request without erasing anything; anybody may. Raises RecordUnknown."""
    await log.read(lambda view: _request(view, request_id))
    record = event("erasure", "refused", refers_to=request_id, approved_by=by, reason=reason)
    await log.append(record)
    return record.id


async def approve_erasure(log: SqliteAuditLog, request_id: str, *, by: str) -> Erased:
    """Approve and carry out a request. Raises ErasureRefused (the same person, a hold), RecordUnknown."""
    request = await log.read(lambda view: _request(view, request_id))
    if request.requested_by.casefold() == by.casefold():
        raise ErasureRefused(f"{by} requested this erasure; another person must approve it")
    record = event(
        "erasure",
        "approved",
        refers_to=request_id,
        records=[*request.records],
        names=[*request.names],
        ground=request.ground,
        requested_by=request.requested_by,
        approved_by=by,
    )
    return await carry_out(log, record, request.records, request.names)


async def carry_out(log: SqliteAuditLog, record: AuditRecord, records: Sequence[str], names: Sequence[str]) -> Erased:
    """Append `record` and take the fields out, in one transaction; then leave no bytes of them.

    For approvals and for retention. Raises ErasureRefused, AuditUnavailable.
    """

    def look(view: Reader) -> tuple[list[Stored], int]:
        view.ready()  # the index has caught up with all of them, so that forgetting is final
        targets = [_known(view, record_id) for record_id in records]
        _check(view, targets)
        return targets, _count_holds(view.connection)

    def forget(view: Reader) -> None:
        for stored in targets:
            before = dict(stored.record.fields)
            view.forget(stored.index, before, {k: v for k, v in before.items() if not _meant(k, names)})

    targets, holds_seen = await log.read(look)
    salts = {stored.salts[name] for stored in targets for name in stored.salts if _meant(name, names)}

    def take(connection: apsw.Connection, _: int) -> None:
        if _count_holds(connection) != holds_seen:
            raise ErasureRefused("a hold was set or lifted in between; look at it and approve again")
        for stored in targets:
            _take(connection, stored.index, names, record.id)
        connection.execute("INSERT OR REPLACE INTO meta VALUES ('scrub', ?)", (record.id,))

    def write(store: Store) -> None:
        store.write([Entry(seal(record), take)])

    await log.work(write)
    await log.read(forget)
    removed, copies = await finish_erasures(log, [stored.index for stored in targets], salts)
    return Erased(record.id, len(targets), len(salts), removed, copies)


async def finish_erasures(
    log: SqliteAuditLog, indexes: Sequence[int] = (), salts: Iterable[str] = ()
) -> tuple[tuple[Path, ...], tuple[str, ...]]:
    """Leave no bytes of what was erased; call it at start too, in case a crash came between.

    Returns the exports that were removed and the copies elsewhere. Raises AuditUnavailable when
    bytes could not be removed, for example because another process reads the log for too long.
    """
    if not indexes:
        indexes = await log.read(_unfinished)
        if not indexes:
            return (), ()
        await log.read(lambda view: view.reset_search())
    gone = frozenset(salt.encode() for salt in salts)
    await log.read(lambda view: view.scrub_search())
    await _scrub(log, gone)
    removed, copies = await log.read(lambda view: _remove_exports(view, log.paths.exports, indexes))

    def forget_copies(store: Store) -> None:
        def work(connection: apsw.Connection) -> None:
            connection.executemany("DELETE FROM copy WHERE path = ?", [(str(path),) for path in removed])
            connection.execute("DELETE FROM meta WHERE name = 'scrub'")

        store.run(work)

    await log.work(forget_copies)
    return removed, copies


# --- inside ----------------------------------------------------------------------------------


def _known(view: Reader, record_id: str) -> Stored:
    stored = view.stored(record_id)
    if stored is None:
        raise RecordUnknown(f"there is no record {record_id}")
    return stored


def _check(view: Reader, targets: Sequence[Stored]) -> None:
    under = held(view)
    for stored in targets:
        if stored.record.event in KEPT_EVENTS:
            raise ErasureRefused(f"record {stored.record.id} ({stored.record.event}) explains the log and must stay")
        if stored.index in under:
            matter = under[stored.index]
            raise ErasureRefused(f"record {stored.record.id} is under the legal hold of the matter {matter!r}")


def _pending(view: Reader) -> list[Pending]:
    records = [stored.record for stored in view.of_event("erasure")]
    closed = {record.refers_to for record in records if record.outcome in ("approved", "refused")}
    return [
        Pending(
            record.id,
            _texts(record.fields.get("records")),
            _texts(record.fields.get("names")),
            str(record.fields.get("ground")),
            str(record.fields.get("requested_by")),
        )
        for record in records
        if record.outcome == "requested" and record.id not in closed
    ]


def _request(view: Reader, request_id: str) -> Pending:
    for pending in _pending(view):
        if pending.id == request_id:
            return pending
    raise RecordUnknown(f"no erasure {request_id} waits for approval; `footnote audit approve` lists them")


def _texts(value: Json) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list) else ()


def _meant(name: str, names: Sequence[str]) -> bool:
    return ALL in names or name in names


def _count_holds(connection: Any) -> int:
    return int(connection.execute("SELECT count(*) FROM entry WHERE event = 'hold' AND event <> 'question'").get)


def _take(connection: apsw.Connection, index: int, names: Sequence[str], by: str) -> None:
    body = connection.execute("SELECT body FROM disclosure WHERE idx = ?", (index,)).get
    parts = disclosures_of(body) if body is not None else []
    gone = [name for _, name, _ in parts if _meant(name, names)]
    kept: list[Json] = [[salt, name, value] for salt, name, value in parts if not _meant(name, names)]
    connection.execute("UPDATE disclosure SET body = ? WHERE idx = ?", (canonical(kept), index))
    connection.executemany("INSERT INTO erased VALUES (?, ?, ?)", [(index, name, by) for name in gone])


def _unfinished(view: Reader) -> list[int]:
    """Positions of the records of an erasure that a crash cut short after its transaction."""
    by = view.connection.execute("SELECT value FROM meta WHERE name = 'scrub'").get
    rows = view.connection.execute("SELECT DISTINCT idx FROM erased WHERE by = ?", (by,))
    return [index for (index,) in rows]


async def _scrub(log: SqliteAuditLog, salts: frozenset[bytes]) -> None:
    """Cut the write-ahead log to nothing; where a salt is still found, rewrite the whole file."""
    path = log.paths.database
    await _cut_wal(log)
    if not salts or not await asyncio.to_thread(holds_any, path, salts):
        return
    await log.work(lambda store: store.run(_vacuum))
    await _cut_wal(log)
    if await asyncio.to_thread(holds_any, path, salts):
        raise AuditUnavailable(f"{path} still holds bytes of erased fields; close other readers and approve again")


async def _cut_wal(log: SqliteAuditLog) -> None:
    """Try between two batches of appends, shortly each time, until no reader stands in the way."""
    busy = [1]

    def cut(connection: apsw.Connection) -> None:
        connection.set_busy_timeout(50)
        try:
            busy[0] = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").get[0]
        finally:
            connection.set_busy_timeout(BUSY_MS)

    for attempt in range(TRIES):
        await log.work(lambda store: store.run(cut))
        if not busy[0]:
            return
        await asyncio.sleep(0.02 * (attempt + 1))
    raise AuditUnavailable(
        f"another process reads {log.paths.database} for too long to finish the erasure; stop it, then start again"
    )


def _vacuum(connection: apsw.Connection) -> None:
    connection.execute("VACUUM")


_SALT = re.compile(rb'([A-Za-z0-9_-]{22})"')


def holds_any(path: Path, salts: frozenset[bytes], *, block: int = 1 << 22) -> bool:
    """Does a database or its write-ahead log hold any of these salts? One pass, however many there are."""
    for file_path in (path, path.with_name(path.name + "-wal")):
        if not file_path.exists():
            continue
        with file_path.open("rb") as file:
            tail = b""
            while data := file.read(block):
                window = tail + data
                if any(found[1] in salts for found in _SALT.finditer(window)):
                    return True
                tail = window[-22:]
    return False


def _remove_exports(view: Reader, exports: Path, indexes: Sequence[int]) -> tuple[tuple[Path, ...], tuple[str, ...]]:
    """Exports that may hold one of the records: ours are removed, others named."""
    removed: list[Path] = []
    elsewhere: list[str] = []
    for path_text, first, last in view.connection.execute("SELECT path, first, last FROM copy ORDER BY path"):
        if not any(first <= index <= last for index in indexes):
            continue
        path = Path(path_text)
        if not path.is_relative_to(exports.absolute()):
            elsewhere.append(path_text)
            continue
        for item in _files_of(path):
            if item.is_dir():
                shutil.rmtree(item)
            else:
                item.unlink(missing_ok=True)
        removed.append(path)
    return tuple(removed), tuple(elsewhere)


def _files_of(target: Path) -> list[Path]:
    """An export's target and what may lie beside it."""
    citations = target.with_name(f"{target.stem}-citations{target.suffix or '.csv'}")
    names = [target, citations, *(p.with_name(p.name + ".part") for p in (target, citations))]
    return [*names, target.with_name(target.name + ".progress")]
