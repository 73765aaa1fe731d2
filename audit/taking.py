"""Fields that go: taken out of their records in one transaction with the ruling, and no bytes of them left.

For approvals and for retention (`audit.erase`, `audit.retention`), which say what goes and who agreed.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

from audit.canonical import canonical
from audit.database import Cut, Session
from audit.disclosure import disclosures_of, seal
from audit.errors import ErasureRefused, RecordUnknown
from audit.holds import standing_holds
from audit.log import TransparencyLog
from audit.reading import Reader, Stored
from audit.record import AuditRecord
from audit.register import ALL
from audit.sealed import SUFFIX
from audit.search import matches
from audit.store import Addition, Store

BATCH = 500  # records that one record of an approval or of retention takes

Taking = Mapping[str, Sequence[str]]
"""By record: the names of the fields that go; `ALL` stands for every one."""


async def take_out(
    log: TransparencyLog,
    record: AuditRecord,
    taking: Taking,
    check: Callable[[Reader, Sequence[Stored]], None],
    allowed: Callable[[Session, int], None] = lambda session, index: None,
) -> tuple[int, tuple[Path, ...], tuple[str, ...]]:
    """Append `record` and take the fields out, in one transaction; then leave no bytes of them.

    `check` looks at the records last of all, and raises what forbids it; `allowed` does so in the transaction.
    Returns how many fields went, the exports that were removed and the copies elsewhere. Raises ErasureRefused,
    RecordUnknown, AuditUnavailable.
    """

    def look(view: Reader) -> tuple[list[Stored], int]:
        view.index().catch_up()  # with all of them, so that forgetting is final
        targets = [proved(view, record_id) for record_id in taking]
        check(view, targets)
        return targets, _count_holds(view.session)

    def forget(view: Reader) -> None:
        for stored in targets:
            before, names = dict(stored.record.fields), taking[stored.record.id]
            view.index().forget(stored.index, before, {k: v for k, v in before.items() if not meant(k, names)})

    targets, holds_seen = await log.read(look)
    salts = {s.salts[name] for s in targets for name in s.salts if meant(name, taking[s.record.id])}

    def take(session: Session, index: int) -> None:
        allowed(session, index)
        if _count_holds(session) != holds_seen:
            raise ErasureRefused("a hold was set or lifted in between; look at it and approve again")
        log.database.erase(session, record.id, [_cut(session, s.index, taking[s.record.id]) for s in targets])

    def write(store: Store) -> None:
        store.write([Addition(seal(record), take)])

    await log.work(write)
    await log.read(forget)
    removed, copies = await finish_erasures(log, [stored.index for stored in targets], salts)
    return len(salts), removed, copies


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


def proved(view: Reader, record_id: str) -> Stored:
    """A record, proved. Raises RecordUnknown, AuditCorrupt."""
    stored = view.proved(record_id)
    if stored is None:
        raise RecordUnknown(f"there is no record {record_id}")
    return stored


def check_holds(view: Reader, targets: Sequence[Stored]) -> None:
    """Raises ErasureRefused where a hold keeps one of the records."""
    standing = standing_holds(view)
    for stored in targets:
        for one in standing:
            if matches(one.covers, stored.record):
                matter = f"the matter {one.matter!r}"
                raise ErasureRefused(f"record {stored.record.id} is under the legal hold of {matter}")


def meant(name: str, names: Sequence[str]) -> bool:
    """Is a field one of those named?"""
    return ALL in names or name in names


# --- inside ----------------------------------------------------------------------------------


async def _run(log: TransparencyLog, work: Callable[[Session], None]) -> None:
    await log.work(lambda store: store.run(work))


def _count_holds(session: Session) -> int:
    return int(session.value("SELECT count(*) FROM entry WHERE event = 'hold' AND event <> 'question'"))


def _cut(session: Session, index: int, names: Sequence[str]) -> Cut:
    body = session.value("SELECT body FROM disclosure WHERE idx = ?", (index,))
    parts = disclosures_of(body) if body is not None else []
    gone = [name for _, name, _ in parts if meant(name, names)]
    kept = [(salt, name, value) for salt, name, value in parts if not meant(name, names)]
    return Cut(index, canonical([[*part] for part in kept]), {name: value for _, name, value in kept}, gone)


def _unfinished(view: Reader) -> list[int]:
    """Positions of the records of an erasure that a crash cut short after its transaction."""
    by = view.session.value("SELECT value FROM meta WHERE name = 'scrub'")
    return [index for (index,) in view.session.rows("SELECT DISTINCT idx FROM erased WHERE by = ?", (by,))]


def _remove_exports(view: Reader, exports: Path, indexes: Sequence[int]) -> tuple[tuple[Path, ...], tuple[str, ...]]:
    """Exports that may hold one of the records: ours are removed, others named."""
    removed: list[Path] = []
    elsewhere: list[str] = []
    for path_text, first, last in _exports(view):
        if not any(first <= index <= last for index in indexes):
            continue
        path = _own_export(path_text, exports)
        if path is None:
            elsewhere.append(path_text)
            continue
        there = [item for item in _files_of(path) if item.exists()]
        for item in there:
            if item.is_dir():
                shutil.rmtree(item)
            else:
                item.unlink(missing_ok=True)
        if there:
            removed.append(path)
    return tuple(dict.fromkeys(removed)), tuple(dict.fromkeys(elsewhere))


def _exports(view: Reader) -> list[tuple[str, int, int]]:
    """Where exports were written, with the positions of their first and last record.

    The table may have been changed, so the log's own records are asked too. Earlier ones do not say the positions.
    """
    found = {(path, first, last) for path, first, last in view.session.rows("SELECT path, first, last FROM copy")}
    paths = {path for path, _, _ in found}
    for stored in view.of_event("access"):
        fields = stored.record.fields
        target, first, last = (fields.get(name) for name in ("target", "first", "last"))
        if isinstance(target, str) and isinstance(first, int) and isinstance(last, int):
            found.add((target, first, last))
        elif isinstance(target, str) and target not in paths:
            found.add((target, 0, sys.maxsize))
    return sorted(found)


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
    return [*names, target.with_name(target.name + SUFFIX), target.with_name(target.name + ".progress")]
