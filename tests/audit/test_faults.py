"""Disk full, I/O errors and SIGKILL at every step: nothing that was acknowledged is lost, nothing is told twice."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import apsw
import pytest

from audit.errors import AuditUnavailable
from audit.log import TransparencyLog
from audit.postgres import PostgresDatabase
from audit.search import Filter
from audit.sqlite import SqliteDatabase
from audit.verify import verify_log
from tests.audit.fixtures import record
from tests.servers import postgres
from tests.servers.commands import start

KILLS = int(os.environ.get("FOOTNOTE_KILL_TRIALS", "100"))


@dataclass(slots=True)
class Plan:
    """Which call fails next, and how; None: all go through."""

    operation: str = ""
    error: type[apsw.Error] | None = None
    after: int = 0
    failed: int = 0
    wal_only: bool = False

    def check(self, operation: str, name: str) -> None:
        if self.error is None or operation != self.operation or (self.wal_only and not name.endswith("-wal")):
            return
        if self.after > 0:
            self.after -= 1
            return
        self.failed += 1
        raise self.error(f"injected at {operation}")


class FaultyFile(apsw.VFSFile):
    def __init__(self, plan: Plan, name: str | apsw.URIFilename, flags: list[int]) -> None:
        self._plan = plan
        self._name = name if isinstance(name, str) else name.filename()
        super().__init__("", name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:
        self._plan.check("write", self._name)
        super().xWrite(data, offset)

    def xSync(self, flags: int) -> None:
        self._plan.check("fsync", self._name)
        super().xSync(flags)

    def xTruncate(self, newsize: int) -> None:
        self._plan.check("truncate", self._name)
        super().xTruncate(newsize)


class FaultyVfs(apsw.VFS):
    """The system's file access, with a plan of what goes wrong."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self.name = f"faulty-{uuid4().hex}"
        super().__init__(self.name, "")

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:
        if name is None:
            return super().xOpen(name, flags)
        return FaultyFile(self._plan, name, flags)


@pytest.fixture
async def plan() -> AsyncIterator[tuple[Plan, str]]:
    faults = Plan()
    vfs = FaultyVfs(faults)
    yield faults, vfs.name
    vfs.unregister()


@pytest.mark.parametrize("after", [0, 1, 3])
@pytest.mark.parametrize("error", [apsw.IOError, apsw.FullError], ids=["EIO", "ENOSPC"])
@pytest.mark.parametrize("operation", ["write", "fsync"])
async def test_after_a_fault_the_log_recovers_and_says_so(
    tmp_path: Path, plan: tuple[Plan, str], operation: str, error: type[apsw.Error], after: int
) -> None:
    faults, vfs = plan
    kept, refused = [], []
    async with await TransparencyLog.open(tmp_path / "audit", database=SqliteDatabase(tmp_path / "audit", vfs)) as log:
        kept.append((await log.append(record(0))).record_id)
        faults.operation, faults.error, faults.after = operation, error, after
        for n in range(6):
            item = record(n)
            try:
                kept.append((await log.append(item)).record_id)
            except AuditUnavailable:
                refused.append(item.id)
        assert faults.failed
        assert refused
        faults.error = None
        kept.append((await log.append(record(9))).record_id)
        gaps = await log.find(Filter(event="gap"))
        assert sum(int(str(gap.fields["refused"])) for gap in gaps.records) == len(refused)
        assert "cannot be used" in str(gaps.records[0].fields["reason"])
        assert (await verify_log(log)).findings == []
    async with await TransparencyLog.open(tmp_path / "audit") as log:
        assert [await log.get(record_id) is not None for record_id in kept] == [True] * len(kept)
        assert (await verify_log(log)).findings == []


async def test_one_failed_fsync_costs_one_batch(tmp_path: Path, plan: tuple[Plan, str]) -> None:
    faults, vfs = plan
    async with await TransparencyLog.open(tmp_path / "audit", database=SqliteDatabase(tmp_path / "audit", vfs)) as log:
        faults.operation, faults.error, faults.wal_only = "fsync", apsw.IOError, True
        results = await asyncio.gather(*(log.append(record(n)) for n in range(20)), return_exceptions=True)
        faults.error = None
        assert any(isinstance(result, AuditUnavailable) for result in results)
        assert all(isinstance(result, AuditUnavailable) or hasattr(result, "index") for result in results)
        receipt = await log.append(record(99))
        assert receipt.index == await log.size() - 1
        assert (await verify_log(log)).findings == []


async def test_a_slow_log_is_unavailable_and_forgets_what_it_refused(tmp_path: Path) -> None:
    async with (
        await TransparencyLog.open(tmp_path / "audit", patience=1.0) as log,
        await TransparencyLog.open(tmp_path / "audit") as other,
    ):
        blocker = apsw.Connection(str(SqliteDatabase(other.paths.folder).path))
        blocker.execute("BEGIN IMMEDIATE")
        first, second = record(1), record(2)
        results = await asyncio.gather(log.append(first), log.append(second), return_exceptions=True)
        assert [type(result) for result in results] == [AuditUnavailable, AuditUnavailable]
        late = asyncio.create_task(log.append(record(3)))
        with pytest.raises(AuditUnavailable):
            await late
        blocker.execute("ROLLBACK")
        blocker.close()
        patient = record(4)
        while True:
            try:
                await log.append(patient)
                break
            except AuditUnavailable:
                continue
        assert await log.get(patient.id) == patient
        assert await log.get(record(3).id) is None
        assert (await verify_log(log)).findings == []


async def test_a_full_disk_at_the_start_is_named(tmp_path: Path, plan: tuple[Plan, str]) -> None:
    faults, vfs = plan
    faults.operation, faults.error = "write", apsw.FullError
    with pytest.raises(AuditUnavailable, match="check disk space"):
        await TransparencyLog.open(tmp_path / "audit", database=SqliteDatabase(tmp_path / "audit", vfs))
    faults.error = None
    async with await TransparencyLog.open(tmp_path / "audit", database=SqliteDatabase(tmp_path / "audit", vfs)) as log:
        assert (await log.append(record(1))).index == 0


CHILD = """
import asyncio, sys
from pathlib import Path
from audit.log import TransparencyLog
from audit.record import AuditRecord
from datetime import datetime, UTC

async def main():
    database = None
    if sys.argv[3]:
        from audit.postgres import PostgresDatabase
        database = PostgresDatabase(sys.argv[3])
    async with await TransparencyLog.open(Path(sys.argv[1]), database=database) as log:
        async def one(n):
            name = f"{sys.argv[2]}-{n}"
            fields = {"question": name, "posted": "x" * (n * 977 % 9000)}
            receipt = await log.append(AuditRecord(name, "question", datetime.now(UTC), "answered", fields))
            sys.stdout.write(f"{receipt.record_id} {receipt.index} {receipt.leaf_hash}\\n")
            sys.stdout.flush()
        async def worker(start):
            n = start
            while True:
                await one(n)
                n += 8
        await asyncio.gather(*(worker(start) for start in range(8)))

asyncio.run(main())
"""


async def killed(folder: Path, trial: int, dice: random.Random, url: str = "") -> list[tuple[str, int, str]]:
    """Let a process append until it is killed; what it was told is durable."""
    process = await start(CHILD, str(folder), str(trial), url)
    first = await process.stdout.readline()
    await asyncio.sleep(dice.random() * 0.04)
    process.send_signal(signal.SIGKILL)
    rest = await process.stdout.read()
    await process.wait()
    lines = [line.split() for line in (first + rest).decode().splitlines(keepends=True) if line.endswith("\n")]
    return [(name, int(index), leaf) for name, index, leaf in lines]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
async def test_kill_9_loses_nothing_and_doubles_nothing(
    tmp_path: Path, kind: str, request: pytest.FixtureRequest
) -> None:
    dice = random.Random(9)
    told: dict[str, tuple[int, str]] = {}
    url, trials, database = "", KILLS, None
    if kind == "postgres":
        server: postgres.Server = request.getfixturevalue("postgres_server")
        url, trials = server.create(f"log_{uuid4().hex}"), KILLS // 4
        database = PostgresDatabase(url)
    for trial in range(trials):
        for name, index, leaf in await killed(tmp_path / "audit", trial, dice, url):
            assert name not in told
            told[name] = (index, leaf)
    assert len(told) >= trials
    async with await TransparencyLog.open(tmp_path / "audit", database=database) as log:
        assert (await verify_log(log)).findings == []  # 0 gaps in the positions, the root is the signed one
        for name, (index, leaf) in told.items():  # 0 lost
            receipt = await log.receipt(name)
            assert receipt is not None
            assert (receipt.index, receipt.leaf_hash) == (index, leaf)
        size = await log.size()
        assert len({index for index, _ in told.values()}) == len(told) <= size  # 0 duplicated


@pytest.mark.slow
async def test_two_processes_and_kills_make_one_line(tmp_path: Path) -> None:
    dice = random.Random(10)
    told: dict[int, str] = {}
    for trial in range(max(3, KILLS // 20)):
        both = await asyncio.gather(*(killed(tmp_path / "audit", 2 * trial + n, dice) for n in range(2)))
        for name, index, _ in (item for one in both for item in one):
            assert told.setdefault(index, name) == name
    async with await TransparencyLog.open(tmp_path / "audit") as log:
        assert (await verify_log(log)).findings == []
