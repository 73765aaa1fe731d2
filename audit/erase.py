"""Erasure: chosen fields of chosen records, with their salts, and no bytes of them left.

One person requests, another approves; both are records. The leaf keeps the fields' digests, which
say nothing without the 128-bit salts, so every proof stands as before. A legal hold blocks it.

Gone means: the disclosures in the database and its write-ahead log (how, `Database.scrub` says), the
search index, and exports under the log's own `exports` folder that may hold the records. Copies
elsewhere are listed, for people to see to; so are backups.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from audit.canonical import canonical
from audit.check import digests_of
from audit.database import Cut, Session
from audit.disclosure import disclosures_of, seal
from audit.errors import ErasureRefused, RecordUnknown
from audit.events import event
from audit.fields import FIELDS
from audit.holds import standing_holds
from audit.log import TransparencyLog
from audit.people import same_person
from audit.reading import Reader, Stored
from audit.record import AuditRecord
from audit.register import ALL, KEPT_EVENTS, texts
from audit.search import Filter, matches
from audit.store import Entry, Store

PERSONAL = tuple(dict.fromkeys(field.name for field in FIELDS if field.personal))
"""What an erasure of a person takes when nothing else is said."""

BATCH = 500  # records that one record of an approval or of retention takes


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure did. `copies` are places out of our reach that may hold the fields: exports elsewhere."""

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
    log: TransparencyLog,
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
            found += _of_person(view, Filter(person=person))
        _check(view, found)
        return found

    targets = await log.read(look)
    if not targets:
        raise RecordUnknown("no record is meant by this erasure; nothing to do")
    unique = sorted({stored.record.id for stored in targets})
    record = event("erasure", "requested", records=unique, names=[*wanted], ground=ground, requested_by=by)
    await log.append(record)
    return Pending(record.id, tuple(unique), wanted, ground, by)


async def pending_erasures(log: TransparencyLog) -> list[Pending]:
    """Requests that nobody has approved or refused yet, oldest first."""
    return await log.read(_pending)


async def refuse_erasure(log: TransparencyLog, request_id: str, *, by: str, reason: str) -> str:
    """Close a request without erasing anything; anybody may. Raises RecordUnknown."""
    await log.read(lambda view: _request(view, request_id))
    record = event("erasure", "refused", refers_to=request_id, approved_by=by, reason=reason)
    await log.append(record)
    return record.id


async def approve_erasure(log: TransparencyLog, request_id: str, *, by: str) -> Erased:
    """Approve and carry out a request. Raises ErasureRefused (the same person, a hold), RecordUnknown."""
    request = await log.read(lambda view: _request(view, request_id))
    if same_person(request.requested_by, by):
        raise ErasureRefused(
            f"{request.requested_by} requested this erasure, and {by} may be the same person;"
            " another person must approve it"
        )
    done: list[Erased] = []
    for start in range(0, len(request.records), BATCH):
        records = request.records[start : start + BATCH]
        digests = await log.read(partial(_digests, records=records, names=request.names))
        record = event(
            "erasure",
            "approved",
            refers_to=request_id,
            records=[*records],
            names=[*request.names],
            digests=None if ALL in request.names else digests,
            ground=request.ground,
            requested_by=request.requested_by,
            approved_by=by,
        )
        done.append(await carry_out(log, record, records, request.names))
    return Erased(
        done[0].record,
        sum(one.records for one in done),
        sum(one.fields for one in done),
        tuple(dict.fromkeys(path for one in done for path in one.removed)),
        tuple(dict.fromkeys(copy for one in done for copy in one.copies)),
    )


async def carry_out(log: TransparencyLog, record: AuditRecord, records: Sequence[str], names: Sequence[str]) -> Erased:
    """Append `record` and take the fields out, in one transaction; then leave no bytes of them.

    For approvals and for retention. Raises ErasureRefused, AuditUnavailable.
    """

    def look(view: Reader) -> tuple[list[Stored], int]:
        view.index().catch_up()  # with all of them, so that forgetting is final
        targets = [_known(view, record_id) for record_id in records]
        _check(view, targets)
        return targets, _count_holds(view.session)

    def forget(view: Reader) -> None:
        for stored in targets:
            before = dict(stored.record.fields)
            view.index().forget(stored.index, before, {k: v for k, v in before.items() if not _meant(k, names)})

    targets, holds_seen = await log.read(look)
    salts = {stored.salts[name] for stored in targets for name in stored.salts if _meant(name, names)}

    def take(session: Session, _: int) -> None:
        if _count_holds(session) != holds_seen:
            raise ErasureRefused("a hold was set or lifted in between; look at it and approve again")
        log.database.erase(session, record.id, [_cut(session, stored.index, names) for stored in targets])

    def write(store: Store) -> None:
        store.write([Entry(seal(record), take)])

    await log.work(write)
    await log.read(forget)
    removed, copies = await finish_erasures(log, [stored.index for stored in targets], salts)
    return Erased(record.id, len(targets), len(salts), removed, copies)


async def finish_erasures(
    log: TransparencyLog, indexes: Sequence[int] = (), salts: Iterable[str] = ()
) -> tuple[tuple[Path, ...], tuple[str, ...]]:
    """Leave no bytes of what was erased; call it at start too, in case a crash came between.

    Returns the exports that were removed and the copies elsewhere. Raises AuditUnavailable when
    bytes could not be removed, for example because another process reads the log for too long.
    """
    if not indexes:
        indexes = await log.read(_unfinished)
        if not indexes:
            return (), ()
        await log.read(lambda view: view.index().reset())
    gone = frozenset(salt.encode() for salt in salts)
    await log.read(lambda view: view.index().scrub())
    left = await log.database.scrub(partial(_run, log), indexes, gone)
    removed, copies = await log.read(lambda view: _remove_exports(view, log.paths.exports, indexes))

    def forget_copies(store: Store) -> None:
        def work(session: Session) -> None:
            session.begin()
            try:
                log.database.finished(session, [str(path) for path in removed])
                session.commit()
            except BaseException:
                session.rollback()
                raise

        store.run(work)

    await log.work(forget_copies)
    return removed, (*copies, *left)


# --- inside ----------------------------------------------------------------------------------


async def _run(log: TransparencyLog, work: Callable[[Session], None]) -> None:
    await log.work(lambda store: store.run(work))


def _known(view: Reader, record_id: str) -> Stored:
    stored = view.proved(record_id)
    if stored is None:
        raise RecordUnknown(f"there is no record {record_id}")
    return stored


def _of_person(view: Reader, wanted: Filter) -> list[Stored]:
    """What the index finds, proved, and asked again: an index may have been changed."""
    found = [_known(view, stored.record.id) for stored in view.scan(wanted)]
    return [stored for stored in found if stored.record.event not in KEPT_EVENTS and matches(wanted, stored.record)]


def _check(view: Reader, targets: Sequence[Stored]) -> None:
    standing = standing_holds(view)
    for stored in targets:
        if stored.record.event in KEPT_EVENTS:
            raise ErasureRefused(f"record {stored.record.id} ({stored.record.event}) explains the log and must stay")
        for one in standing:
            if matches(one.covers, stored.record):
                raise ErasureRefused(f"record {stored.record.id} is under the legal hold of the matter {one.matter!r}")


def _digests(view: Reader, records: Sequence[str], names: Sequence[str]) -> dict[str, dict[str, str]]:
    """By record and field: the digests that an approval takes."""
    found: dict[str, dict[str, str]] = {}
    for record_id in records:
        given = digests_of(_known(view, record_id).claimed())
        found[record_id] = {name: value for name, value in given if _meant(name, names)}
    return found


def _pending(view: Reader) -> list[Pending]:
    register = view.register()
    return [
        Pending(
            ruled.record.id,
            tuple(register.left(ruled)),
            tuple(texts(ruled.record.fields.get("names"))),
            str(ruled.record.fields.get("ground")),
            str(ruled.record.fields.get("requested_by")),
        )
        for ruled in register.pending("erasure")
    ]


def _request(view: Reader, request_id: str) -> Pending:
    for pending in _pending(view):
        if pending.id == request_id:
            return pending
    raise RecordUnknown(f"no erasure {request_id} waits for approval; `footnote audit approve` lists them")


def _meant(name: str, names: Sequence[str]) -> bool:
    return ALL in names or name in names


def _count_holds(session: Session) -> int:
    return int(session.value("SELECT count(*) FROM entry WHERE event = 'hold' AND event <> 'question'"))


def _cut(session: Session, index: int, names: Sequence[str]) -> Cut:
    body = session.value("SELECT body FROM disclosure WHERE idx = ?", (index,))
    parts = disclosures_of(body) if body is not None else []
    gone = [name for _, name, _ in parts if _meant(name, names)]
    kept = [(salt, name, value) for salt, name, value in parts if not _meant(name, names)]
    return Cut(index, canonical([[*part] for part in kept]), {name: value for _, name, value in kept}, gone)


def _unfinished(view: Reader) -> list[int]:
    """Positions of the records of an erasure that a crash cut short after its transaction."""
    by = view.session.value("SELECT value FROM meta WHERE name = 'scrub'")
    return [index for (index,) in view.session.rows("SELECT DISTINCT idx FROM erased WHERE by = ?", (by,))]


def _remove_exports(view: Reader, exports: Path, indexes: Sequence[int]) -> tuple[tuple[Path, ...], tuple[str, ...]]:
    """Exports that may hold one of the records: ours are removed, others named."""
    removed: list[Path] = []
    elsewhere: list[str] = []
    for path_text, first, last in view.session.rows("SELECT path, first, last FROM copy ORDER BY path"):
        if not any(first <= index <= last for index in indexes):
            continue
        path = _own_export(path_text, exports)
        if path is None:
            elsewhere.append(path_text)
            continue
        for item in _files_of(path):
            if item.is_dir():
                shutil.rmtree(item)
            else:
                item.unlink(missing_ok=True)
        removed.append(path)
    return tuple(removed), tuple(elsewhere)


def _own_export(path_text: str, exports: Path) -> Path | None:
    """The export, when it lies in our folder and nowhere else: what the table says may have been put there."""
    path, folder = Path(path_text), exports.absolute()
    if ".." in path.parts or not path.is_relative_to(folder) or path == folder:
        return None
    return path if path.parent.resolve() == folder.resolve() / path.parent.relative_to(folder) else None


def _files_of(target: Path) -> list[Path]:
    """An export's target and what may lie beside it."""
    citations = target.with_name(f"{target.stem}-citations{target.suffix or '.csv'}")
    names = [target, citations, *(p.with_name(p.name + ".part") for p in (target, citations))]
    return [*names, target.with_name(target.name + ".progress")]
