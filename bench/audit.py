"""What the audit log costs: durable appends, verification, export and search as the log grows.

    python -m bench.audit                            1,000 and 10,000 records: about a minute
    python -m bench.audit --sizes 10000,1000000      the figures of the goals; 25 GB of disk
    python -m bench.audit --parts appends,verify     some of them: appends, verify, search, export
    python -m bench.audit --formats parquet,csv,jsonl    more exports than Parquet
    python -m bench.audit --postgres                 the same over a PostgreSQL server that it starts

Prints one JSON document. Records are whole answers (44 fields, about 5 KB); fsync is on. The appends are
measured on logs of their own, each caller waiting for its receipt. The logs that are verified, exported and
searched are filled in large batches that no power cut need survive, with answers that share the salts of the
fields in which they are the same: that fills them in a third of the time, and whoever checks them has no less
to do. `growth` says by how much the cost of one record (of one search) rises from the smallest log to the
others: 1.0 is linear (constant).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import platform
import secrets
import shutil
import statistics
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import Path

import apsw

from audit.canonical import canonical
from audit.database import Database
from audit.disclosure import Sealed, digest, leaf_bytes, opened, seal
from audit.export import ExportFormat, export
from audit.keyring import Paths
from audit.log import TransparencyLog
from audit.outcome import Outcome, OutcomeKind
from audit.postgres import PostgresDatabase
from audit.question import Basis, Occasion, cited_spans, posted_bytes, question_record
from audit.record import AuditRecord, Json, new_record_id
from audit.search import Filter
from audit.sqlite import SqliteDatabase
from audit.store import Addition, Store
from audit.verify import verify_log
from retrieval.people import Audience, AudienceKind, Principal
from retrieval.types import Passage, Place, Question
from tests.audit.fixtures import ACCESS, ADA, QUOTE, START, TEXT, asked, document, verified
from tests.servers import postgres

PARTS = "appends,verify,search,export"
Figures = dict[str, object]
Where = Callable[[Path], Database]
"""The database of the log in a folder."""


def records(count: int) -> Iterator[AuditRecord]:
    """Answers of a thousand people, made from one that was built in full."""
    template = asked(0, asker=Principal("slack", "T1", "U", "u@example.com", frozenset({"legal", "finance"})))
    for n in range(count):
        fields = {**template.fields, "user": f"U{n % 1000}", "question": f"What may hotel number {n} cost?"}
        yield AuditRecord(new_record_id(), "question", datetime.now(UTC), "answered", fields)


def passages(count: int) -> tuple[Passage, ...]:
    """Search results of 2 kB and ten places each, from as many documents."""
    _, (_, one) = verified()
    text = "Travel in first class needs the consent of a manager. " * 40
    places = tuple(Place(n * 200, n * 200 + 200, page=n + 1) for n in range(10))
    return tuple(
        replace(one, id=f"p{n}", document=document(n), end=one.start + len(text), text=text, places=places, sections=())
        for n in range(count)
    )


def answered(n: int, found: tuple[Passage, ...]) -> AuditRecord:
    """What the service does for one answer before it appends: the posted bytes, then the record."""
    gate, cited = verified()
    record_id = new_record_id()
    blocks: list[Json] = [{"type": "section", "text": {"type": "mrkdwn", "text": QUOTE * 5}} for _ in range(30)]
    question = Question(f"What may hotel number {n} cost?", START)
    place = {"channel": "C-travel", "channel_kind": "channel", "thread": "171.1", "message": "171.2", "key": "k"}
    return question_record(
        Outcome(OutcomeKind.ANSWERED, record_id, question.text, gate.answer),
        Occasion(question, "hotel cost", ADA, Audience(AudienceKind.CHANNEL, frozenset({ADA.entries})), place),
        Basis(
            passages=(*cited[:1], *found[1:]),
            access=ACCESS,
            verified=gate,
            snapshots={span: TEXT[span.start : span.end] for span in cited_spans(gate)},
        ),
        posted=posted_bytes({"channel": "C-travel", "record": record_id, "blocks": blocks}),
    )


def sealed(count: int) -> list[Sealed]:
    """Sealed as `seal` does, but for the salts of what is the same in all. Runs in another process."""
    made: list[Sealed] = []
    shared: dict[str, tuple[Json, bytes, str]] = {}
    for record in records(count):
        if not shared:
            parts, digests = opened(seal(record).body)
            for (salt, name, value), digested in zip(parts, digests, strict=True):
                shared[name] = (value, canonical([salt, name, value]), digested)
        for name, value in record.fields.items():
            if shared[name][0] != value:
                salt = secrets.token_urlsafe(16)
                shared[name] = (value, canonical([salt, name, value]), digest(salt, name, value))
        body = b"[" + b",".join(shared[name][1] for name in record.fields) + b"]"
        made.append(Sealed(record, leaf_bytes(record, [shared[name][2] for name in record.fields]), body))
    return made


def build(folder: Path, count: int, database: Database, chunk: int = 2000) -> None:
    """A log of so many records, written in large transactions."""
    paths = Paths(folder)
    folder.mkdir(mode=0o700, parents=True)
    store = Store(database, paths, "footnote-audit/bench")
    store.start()
    if isinstance(database, SqliteDatabase):
        store.run(lambda session: session.run("PRAGMA synchronous = OFF"))
    left = [min(chunk, count - start) for start in range(0, count, chunk)]
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        waiting = deque(pool.submit(sealed, size) for size in left[:4])
        todo = iter(left[4:])
        while waiting:
            store.write([Addition(item) for item in waiting.popleft().result()])
            waiting.extend(pool.submit(sealed, size) for size in islice(todo, 1))
    store.stop()


async def fill(log: TransparencyLog, count: int, in_flight: int) -> list[float]:
    """Append with so many callers at once; seconds that each append took."""
    todo = records(count)
    took: list[float] = []

    async def caller() -> None:
        for record in todo:
            began = time.perf_counter()
            await log.append(record)
            took.append(time.perf_counter() - began)

    await asyncio.gather(*(caller() for _ in range(in_flight)))
    return took


async def alone(folder: Path, place: Where, count: int = 200) -> Figures:
    """What the log adds to one answer of an idle service: building its record, and waiting until it is durable."""
    found = passages(12)
    took, busy = [], []
    async with await TransparencyLog.open(folder, database=place(folder)) as log:
        for n in range(count):
            await asyncio.sleep(0.005)
            began, cpu = time.perf_counter(), time.process_time()
            record = answered(n, found)
            busy.append(time.process_time() - cpu)
            await log.append(record)
            took.append(time.perf_counter() - began)
    return {
        "added_latency_idle_p50_ms": quantile(took, 0.5),
        "added_latency_idle_p99_ms": quantile(took, 0.99),
        "record_of_12_passages_cpu_us": round(statistics.median(busy) * 1e6),
    }


def quantile(values: list[float], share: float) -> float:
    """In milliseconds."""
    return round(sorted(values)[min(len(values) - 1, int(len(values) * share))] * 1000, 2)


async def appends(folder: Path, place: Where) -> Figures:
    figures: Figures = {}
    for in_flight, count in ((1, 300), (32, 4_000), (256, 8_000)):
        at = folder / str(in_flight)
        async with await TransparencyLog.open(at, database=place(at)) as log:
            began = time.perf_counter()
            busy = time.process_time()
            took = await fill(log, count, in_flight)
            busy = time.process_time() - busy
            rate = count / (time.perf_counter() - began)
        figures[f"appends_per_s@{in_flight}"] = round(rate)
        figures[f"append_cpu_us@{in_flight}"] = round(busy / count * 1e6)
        figures[f"append_p50_ms@{in_flight}"] = quantile(took, 0.5)
        figures[f"append_p99_ms@{in_flight}"] = quantile(took, 0.99)
    figures |= await alone(folder / "alone", place)
    figures["fsync_p50_ms"] = fsync(folder / "probe")
    return figures


def fsync(path: Path) -> float:
    """What the disk alone takes: 4 KB and an fsync."""
    took = []
    with path.open("wb") as file:
        for _ in range(100):
            began = time.perf_counter()
            file.write(b"x" * 4096)
            file.flush()
            os.fsync(file.fileno())
            took.append(time.perf_counter() - began)
    return round(statistics.median(took) * 1000, 2)


def processor() -> float:
    """Seconds of processor time of this process and of those that it started and that have ended."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


async def costs(
    folder: Path, size: int, formats: Sequence[ExportFormat], place: Where, parts: frozenset[str]
) -> Figures:
    """Each figure of a log of this size; times are wall clock."""
    began = time.perf_counter()
    database = place(folder)
    build(folder, size, database)
    figures: Figures = {"records": size, "build_s": round(time.perf_counter() - began, 1)}
    async with await TransparencyLog.open(folder, database=database) as log:
        if isinstance(database, SqliteDatabase):
            figures["megabytes"] = round(database.path.stat().st_size / 1e6)
        for name, disclosures in (("verify_tree", False), ("verify_disclosures", True)) if "verify" in parts else ():
            began, busy = time.perf_counter(), processor()
            report = await verify_log(log, disclosures=disclosures)
            figures[f"{name}_s"] = round(time.perf_counter() - began, 2)
            figures[f"{name}_cpu_us_a_record"] = round((processor() - busy) / size * 1e6, 1)
            if not report.ok or report.records != size:
                raise SystemExit(f"the log does not verify: {report.findings[:3]}")
        if "search" in parts:
            began = time.perf_counter()
            await log.find(Filter(text="hotel"), limit=1)
            figures["first_search_builds_index_s"] = round(time.perf_counter() - began, 2)
            figures.update(await searches(log, size))
        for format in formats if "export" in parts else ():
            began, busy = time.perf_counter(), processor()
            await export(log, folder / "out" / format.value, format=format, by="bench")
            figures[f"export_{format.value}_s"] = round(time.perf_counter() - began, 2)
            figures[f"export_{format.value}_cpu_us_a_record"] = round((processor() - busy) / size * 1e6, 1)
    return figures


def growth(all_costs: Sequence[Figures]) -> Figures:
    """From the smallest log to each other one: how the cost of one record, or of one search, rises."""
    first, *others = sorted(all_costs, key=lambda one: _number(one["records"]))
    ratios: Figures = {}
    for other in others:
        size = _number(other["records"]) / _number(first["records"])
        ratios[f"{first['records']} to {other['records']}"] = {
            name: round(
                _number(other[name]) / max(_number(first[name]), 0.001) / (size if name.endswith("_s") else 1), 2
            )
            for name in other
            if name.endswith(("_s", "_p95_ms", "_cpu_us_a_record"))
        }
    return ratios


def _number(figure: object) -> float:
    return float(str(figure))


async def searches(log: TransparencyLog, size: int) -> Figures:
    kinds: dict[str, list[Filter]] = {
        "words": [Filter(text=f"hotel {n * 7919 % size}") for n in range(40)],
        "common_word": [Filter(text="cost")] * 40,
        "person": [Filter(person=f"slack:U{n * 7 % 1000}") for n in range(40)],
        "person_and_words": [Filter(person=f"U{n}", text="hotel number") for n in range(40)],
        "document": [Filter(document="policies/travel-0.md", section="Hotels")] * 40,
    }
    figures: Figures = {}
    every: list[float] = []
    for name, filters in kinds.items():
        took = []
        for wanted in filters:
            began = time.perf_counter()
            await log.find(wanted, limit=20)
            took.append(time.perf_counter() - began)
        figures[f"search_{name}_p95_ms"] = quantile(took, 0.95)
        every += took
    return {"search_p95_ms": quantile(every, 0.95), **figures}


async def run(
    sizes: Sequence[int], formats: Sequence[ExportFormat], folder: Path, place: Where, parts: frozenset[str]
) -> Figures:
    all_costs = []
    figures: Figures = {
        "machine": {"python": platform.python_version(), "cores": os.cpu_count(), "sqlite": apsw.sqlite_lib_version()},
        "load_average": [round(load, 1) for load in os.getloadavg()],
        **({"appends": await appends(folder, place)} if "appends" in parts else {}),
    }
    for size in sizes:
        all_costs.append(await costs(folder / f"log-{size}", size, formats, place, parts))
        shutil.rmtree(folder / f"log-{size}")
    return {**figures, "logs": all_costs, "growth": growth(all_costs)}


def _in_postgres(server: postgres.Server, folder: Path) -> Database:
    return PostgresDatabase(server.create(f"{folder.parent.name}-{folder.name}"))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--sizes", default="1000,10000", help="log sizes, with commas (default 1000,10000)")
    parser.add_argument("--formats", default="parquet", help="what to export, with commas (default parquet)")
    parser.add_argument("--parts", default=PARTS, help=f"what to measure, with commas (default {PARTS})")
    parser.add_argument("--folder", type=Path, help="where to write (default: a new temporary folder)")
    parser.add_argument("--postgres", action="store_true", help="in PostgreSQL (default: SQLite)")
    arguments = parser.parse_args()
    sizes = [int(size) for size in arguments.sizes.split(",")]
    formats = [ExportFormat(name) for name in arguments.formats.split(",")]
    folder = arguments.folder or Path(tempfile.mkdtemp(prefix="footnote-bench-"))
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with postgres.running() if arguments.postgres else nullcontext() as server:
            place: Where = partial(_in_postgres, server) if server is not None else SqliteDatabase
            figures = asyncio.run(run(sizes, formats, folder, place, frozenset(arguments.parts.split(","))))
    finally:
        if arguments.folder is None:
            shutil.rmtree(folder)
    sys.stdout.write(json.dumps(figures, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
