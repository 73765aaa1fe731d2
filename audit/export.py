"""Exports: a filter's records as they stood under one checkpoint, in constant memory, resumable."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TypeVar

from audit.bundle import BundleSink
from audit.canonical import canonical
from audit.database import Row, Session
from audit.errors import AuditCorrupt, ExportFailed
from audit.files import write_whole
from audit.log import TransparencyLog
from audit.parquet import ParquetSink, block_of
from audit.processes import MANY, in_order
from audit.reading import Reader
from audit.record import AuditRecord, Json, new_record_id
from audit.report import Rotation
from audit.sealed import handed_over
from audit.search import Filter
from audit.sinks import CsvSink, JsonlSink, OcsfSink, Plan, Sink

T = TypeVar("T")
EVERYTHING = Filter()

Progress = Callable[[int, int], None]
"""(records done, records in all)"""


class ExportFormat(StrEnum):
    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"
    OCSF = "ocsf"
    BUNDLE = "bundle"


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export made: `records` in it (rows of a table). `record` is the access record that says so."""

    files: tuple[Path, ...]
    records: int
    size: int
    record: str


@dataclass(frozen=True, slots=True)
class ExportPace:
    """`chunk` records are held in memory at once; after `save_every` what was written is made durable; from
    `elsewhere` records on, several processes make columns of them.
    """

    chunk: int = 500
    save_every: int = 10_000
    elsewhere: int = MANY


EXPORT_PACE = ExportPace()


@dataclass(slots=True)
class _Run:
    plan: Plan
    next: int
    done: int
    total: int
    position: Json


async def export(
    log: TransparencyLog,
    target: Path,
    *,
    format: ExportFormat,
    by: str,
    wanted: Filter = EVERYTHING,
    resume: bool = False,
    mark: bool = False,
    progress: Progress | None = None,
    pace: ExportPace = EXPORT_PACE,
) -> Exported:
    """Write the records that match to `target` (a file; a folder for Parquet and bundles).

    With `mark`, CSV begins with a byte order mark. Every format is sealed. `by` is who exports; an access record says
    so before anything is written. With `resume`, an
    export that stopped goes on where it was, under its old checkpoint. Raises ExportFailed,
    AuditUnavailable.
    """
    target = _absolute(target)
    sink = _sink(format, target, mark=mark)
    try:
        with _written(target):
            run = await _plan(log, target, format, wanted, resume)
            record = await _announce(log, target, format, wanted, by, run.plan.size)
            reader = log.reader()
            try:
                await _read(reader, target, lambda _: sink.open(run.plan, run.position))

                def save(_: Reader) -> None:
                    _save(target, sink, run)

                apart = run.total - run.done >= pace.elsewhere
                await _copy(reader, sink, run, progress, wanted, target, pace, save, apart)
                if isinstance(sink, BundleSink):
                    await _read(reader, target, sink.finish)
            finally:
                await reader.close()
            seal = await log.sign(sink.claim())
            if await log.read(lambda view: tuple(view.keys())) != run.plan.keys:
                raise ExportFailed(f"the log's key was changed while {target} was written; remove it and export anew")
            files = sink.close(seal)
            _progress_path(target).unlink(missing_ok=True)
    finally:
        sink.stop()
    return Exported(tuple(files), sink.records(), run.plan.size, record)


@contextmanager
def _written(target: Path) -> Iterator[None]:
    """The system's errors are the target's here. Raises ExportFailed."""
    try:
        yield
    except OSError as error:
        raise ExportFailed(f"the export to {target} failed: {error}; free space or rights, then resume it") from error


async def _read(reader: Reader, target: Path, work: Callable[[Reader], T]) -> T:
    """Run what reads and writes in the reader's thread, which would take the target's errors for the log's."""

    def guarded(view: Reader) -> T:
        with _written(target):
            return work(view)

    return await reader.call(guarded)


def _absolute(path: Path) -> Path:
    return path.absolute()


def _sink(format: ExportFormat, target: Path, *, mark: bool = False) -> Sink:
    makers: dict[ExportFormat, Callable[[Path], Sink]] = {
        ExportFormat.JSONL: JsonlSink,
        ExportFormat.CSV: partial(CsvSink, mark=mark),
        ExportFormat.PARQUET: ParquetSink,
        ExportFormat.OCSF: OcsfSink,
        ExportFormat.BUNDLE: BundleSink,
    }
    return makers[format](target)


async def _plan(log: TransparencyLog, target: Path, format: ExportFormat, wanted: Filter, resume: bool) -> _Run:
    if resume:
        run = _saved(target, format, wanted)
        if run is not None:
            return run

    def look(view: Reader) -> _Run:
        if target.exists() and not resume:
            raise ExportFailed(f"{target} exists; name another target, or remove it first")
        checkpoint, keys = view.checkpoint(), tuple(view.keys())
        head = view.head()
        plan = Plan(head.origin, head.size, checkpoint, keys, handed_over(view), wanted.as_json())
        total, first, _ = view.extent(wanted, head.size)
        return _Run(plan, first, 0, total, None)

    return await log.read(look)


async def _announce(
    log: TransparencyLog, target: Path, format: ExportFormat, wanted: Filter, by: str, size: int
) -> str:
    """The access record, and where copies of which records lie, in one transaction."""
    _, first, last = await log.read(lambda view: view.extent(wanted, size))
    record = AuditRecord(
        id=new_record_id(),
        event="access",
        time=datetime.now(UTC),
        outcome="shown",
        fields={
            "by": by,
            "what": "export",
            "format": format.value,
            "target": str(target),
            "filter": wanted.as_json(),
            "first": first,
            "last": max(last, 0),
        },
    )

    def remember(session: Session, _: int) -> None:
        log.database.note_copy(session, str(target), first, last, record.id)

    await log.append_with(record, remember)
    return record.id


async def _copy(
    reader: Reader,
    sink: Sink,
    run: _Run,
    progress: Progress | None,
    wanted: Filter,
    target: Path,
    pace: ExportPace,
    save: Callable[[Reader], None],
    apart: bool,
) -> None:
    steps: list[Generator[int, None, None]] = []

    def step(view: Reader) -> int:
        if not steps:
            steps.append(
                _blocks(view, sink, run, wanted, pace.chunk, apart)
                if isinstance(sink, ParquetSink)
                else _chunks(view, sink, run, wanted, pace.chunk)
            )
        count = next(steps[0], 0)
        run.done += count
        return count

    saved = run.done
    try:
        while await _read(reader, target, step):
            if progress is not None:
                progress(run.done, run.total)
            if run.done - saved >= pace.save_every:
                saved = run.done
                await _read(reader, target, save)
    finally:
        if steps:
            await _read(reader, target, lambda _: steps[0].close())


def _chunks(view: Reader, sink: Sink, run: _Run, wanted: Filter, chunk: int) -> Generator[int, None, None]:
    """Adds the next records to the sink, and says how many they were, until all are there."""
    while rows := view.chunk(wanted, run.next, run.plan.size, chunk):
        for stored in rows:
            sink.add(stored, view)
        run.next = rows[-1].index + 1
        yield len(rows)


def _blocks(
    view: Reader, sink: ParquetSink, run: _Run, wanted: Filter, chunk: int, apart: bool
) -> Generator[int, None, None]:
    """Likewise, with the rows made columns, in other processes where they are many."""

    def rows() -> Iterator[list[Row]]:
        start = run.next
        while found := view.chunk_rows(wanted, start, run.plan.size, chunk):
            yield found
            start = found[-1][0] + 1

    for block in in_order(block_of, rows(), elsewhere=apart):
        sink.put(block)
        run.next = block.last + 1
        yield block.records


def _progress_path(target: Path) -> Path:
    return target.with_name(target.name + ".progress")


def _save(target: Path, sink: Sink, run: _Run) -> None:
    """Durable first, then remembered: a crash between the two repeats some records, and loses none."""
    run.position = sink.position()
    state: dict[str, Json] = {
        "kind": type(sink).__name__,
        "origin": run.plan.origin,
        "size": run.plan.size,
        "checkpoint": run.plan.checkpoint,
        "keys": [*run.plan.keys],
        "rotations": [one.as_json() for one in run.plan.rotations],
        "filter": run.plan.wanted,
        "next": run.next,
        "done": run.done,
        "total": run.total,
        "position": run.position,
    }
    path = _progress_path(target)
    write_whole(path, canonical(state), path.with_name(path.name + ".part"))


def _saved(target: Path, format: ExportFormat, wanted: Filter) -> _Run | None:
    path = _progress_path(target)
    if not path.exists():
        return None
    try:
        state = json.loads(path.read_bytes())
        if (state["kind"], state["filter"]) != (type(_sink(format, target)).__name__, wanted.as_json()):
            raise ExportFailed(f"{path} belongs to an export of another format or filter; start anew elsewhere")
        rotations = tuple(found for one in state["rotations"] if (found := Rotation.from_json(one)))
        plan = Plan(
            state["origin"], state["size"], state["checkpoint"], tuple(state["keys"]), rotations, state["filter"]
        )
        return _Run(plan, state["next"], state["done"], state["total"], state["position"])
    except (ValueError, KeyError, TypeError) as error:
        raise AuditCorrupt(f"{path} is damaged; remove it and start the export anew") from error
