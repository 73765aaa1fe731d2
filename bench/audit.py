"""What the audit log costs: durable appends, verification, export and search as the log grows.

    python -m bench.audit                        10,000 records
    python -m bench.audit --sizes 10000,100000   growth
    python -m bench.audit --sizes 1000000        the figures of the goals; needs about 12 GB of disk

Prints one JSON document. Records are whole answers (43 fields, about 5 KB); fsync is on.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import apsw

from audit.export import ExportFormat, export
from audit.log import SqliteAuditLog
from audit.record import AuditRecord, new_record_id
from audit.search import Filter
from audit.verify import verify_log
from retrieval.types import Principal
from tests.audit.fixtures import asked

Figures = dict[str, object]


def records(count: int) -> Iterator[AuditRecord]:
    """Answers of a thousand people, made from one that was built in full."""
    template = asked(0, asker=Principal("slack", "T1", "U", "u@example.com", frozenset({"legal", "finance"})))
    for n in range(count):
        fields = {**template.fields, "user": f"U{n % 1000}", "question": f"What may hotel number {n} cost?"}
        yield AuditRecord(new_record_id(), "question", datetime.now(UTC), "answered", fields)


async def fill(log: SqliteAuditLog, count: int, in_flight: int) -> list[float]:
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


def quantile(values: list[float], share: float) -> float:
    """In milliseconds."""
    return round(sorted(values)[min(len(values) - 1, int(len(values) * share))] * 1000, 2)


async def appends(folder: Path) -> Figures:
    figures: Figures = {}
    for in_flight, count in ((1, 300), (32, 4_000), (256, 8_000)):
        async with await SqliteAuditLog.open(folder / str(in_flight)) as log:
            began = time.perf_counter()
            busy = time.process_time()
            took = await fill(log, count, in_flight)
            busy = time.process_time() - busy
            rate = count / (time.perf_counter() - began)
        figures[f"appends_per_s@{in_flight}"] = round(rate)
        figures[f"append_cpu_us@{in_flight}"] = round(busy / count * 1e6)
        figures[f"append_p50_ms@{in_flight}"] = quantile(took, 0.5)
        figures[f"append_p99_ms@{in_flight}"] = quantile(took, 0.99)
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


async def growth(folder: Path, size: int) -> Figures:
    async with await SqliteAuditLog.open(folder) as log:
        await fill(log, size, 256)
        figures: Figures = {"records": size, "megabytes": round(log.paths.database.stat().st_size / 1e6)}
        for name, disclosures in (("verify_tree_s", False), ("verify_s", True)):
            began, busy = time.perf_counter(), time.process_time()
            report = await verify_log(log, disclosures=disclosures)
            figures[name] = round(time.perf_counter() - began, 2)
            figures[name.replace("_s", "_cpu_us_a_record")] = round((time.process_time() - busy) / size * 1e6, 1)
            if not report.ok:
                raise SystemExit(f"the log does not verify: {report.findings[:3]}")
        began = time.perf_counter()
        await log.find(Filter(text="hotel"), limit=1)
        figures["first_search_builds_index_s"] = round(time.perf_counter() - began, 2)
        figures.update(await searches(log, size))
        for format in (ExportFormat.JSONL, ExportFormat.CSV, ExportFormat.PARQUET):
            began = time.perf_counter()
            await export(log, folder / "out" / format.value, format=format, by="bench")
            figures[f"export_{format.value}_s"] = round(time.perf_counter() - began, 2)
        return figures


async def searches(log: SqliteAuditLog, size: int) -> Figures:
    kinds: dict[str, list[Filter]] = {
        "words": [Filter(text=f"hotel {n * 7919 % size}") for n in range(40)],
        "common_word": [Filter(text="cost")] * 40,
        "person": [Filter(person=f"slack:U{n * 7 % 1000}") for n in range(40)],
        "person_and_words": [Filter(person=f"U{n}", text="hotel number") for n in range(40)],
        "document": [Filter(document="policies/travel-0.md", section="Hotels")] * 40,
    }
    figures: Figures = {}
    for name, filters in kinds.items():
        took = []
        for wanted in filters:
            began = time.perf_counter()
            await log.find(wanted, limit=20)
            took.append(time.perf_counter() - began)
        figures[f"search_{name}_p95_ms"] = quantile(took, 0.95)
    return figures


async def run(sizes: list[int], folder: Path) -> Figures:
    figures: Figures = {
        "machine": {"python": platform.python_version(), "cores": os.cpu_count(), "sqlite": apsw.sqlite_lib_version()},
        "load_average": [round(load, 1) for load in os.getloadavg()],
        "appends": await appends(folder),
    }
    figures["growth"] = [await growth(folder / f"log-{size}", size) for size in sizes]
    return figures


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--sizes", default="10000", help="log sizes, with commas (default 10000)")
    parser.add_argument("--folder", type=Path, help="where to write (default: a new temporary folder)")
    arguments = parser.parse_args()
    folder = arguments.folder or Path(tempfile.mkdtemp(prefix="footnote-bench-"))
    folder.mkdir(parents=True, exist_ok=True)
    try:
        figures = asyncio.run(run([int(size) for size in arguments.sizes.split(",")], folder))
    finally:
        if arguments.folder is None:
            shutil.rmtree(folder)
    sys.stdout.write(json.dumps(figures, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
