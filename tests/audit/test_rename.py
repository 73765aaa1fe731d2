"""A process is killed, or the disk fails, between writing a file and renaming it: the old file stays whole."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from audit.errors import AuditError
from audit.export import ExportFormat, ExportPace, export
from audit.log import TransparencyLog
from audit.publish import publish_checkpoint
from audit.search import Filter
from audit.verify import verify_log
from audit.verify_export import verify_export
from tests.audit.fixtures import asked, rotated
from tests.servers.commands import start

ROOT = Path(__file__).parents[2]
RECORDS = 5
Step = Callable[[TransparencyLog, Path], Awaitable[object]]


async def _rotate(log: TransparencyLog, home: Path) -> None:
    await rotated(log)


async def _export(log: TransparencyLog, home: Path) -> None:
    await _exported(log, home / "out.jsonl", ExportFormat.JSONL)


async def _parquet(log: TransparencyLog, home: Path) -> None:
    await _exported(log, home / "out", ExportFormat.PARQUET)


async def _exported(log: TransparencyLog, target: Path, format: ExportFormat) -> None:
    wanted = Filter(event="question")
    await export(log, target, format=format, by="ada", wanted=wanted, resume=True, pace=ExportPace(2, 2))


async def _publish(log: TransparencyLog, home: Path) -> None:
    await publish_checkpoint(log, home)


STEPS: dict[str, Step] = {"rotate": _rotate, "export": _export, "parquet": _parquet, "publish": _publish}


def child(home: str, step: str, target: str, nth: int, fault: str) -> None:
    """Runs in a process of its own: do a step; the nth rename to `target` meets the fault."""
    left = nth

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal left
        if event != "os.rename" or Path(str(arguments[1])).name != target:
            return
        left -= 1
        if left == 0 and fault == "SIGKILL":
            os.kill(os.getpid(), signal.SIGKILL)
        if left == 0:
            raise OSError(errno.EIO, f"injected at rename to {target}")

    async def run() -> None:
        async with await TransparencyLog.open(Path(home) / "audit") as log:
            sys.addaudithook(watch)
            try:
                await STEPS[step](log, Path(home))
            except AuditError as error:
                sys.stdout.write(f"{type(error).__name__}: {error}")

    asyncio.run(run())


async def _in_child(*arguments: object) -> tuple[int, str]:
    call = f"from tests.audit.test_rename import child; child{arguments!r}"
    process = await start(call)
    said, _ = await process.communicate()
    return await process.wait(), said.decode()


CASES = [
    # the step, the file that is renamed, which of its renames fails, where it lies, the error's name
    ("rotate", "key.next", 1, "audit/key.next", "AuditUnavailable"),
    ("rotate", "key", 1, "audit/key", "AuditUnavailable"),
    ("export", "out.jsonl.progress", 1, "out.jsonl.progress", "ExportFailed"),
    ("export", "out.jsonl.progress", 2, "out.jsonl.progress", "ExportFailed"),
    ("export", "out.jsonl", 1, "out.jsonl", "ExportFailed"),
    ("parquet", "part-00001.parquet", 1, "out/answers/part-00001.parquet", "ExportFailed"),
    ("publish", f"checkpoint-{RECORDS:012d}.txt", 1, f"checkpoint-{RECORDS:012d}.txt", "ExportFailed"),
]


@pytest.mark.parametrize("fault", ["SIGKILL", "EIO"])
@pytest.mark.parametrize(("step", "name", "nth", "place", "error"), CASES, ids=[f"{c[0]}-{c[1]}-{c[2]}" for c in CASES])
async def test_what_stood_there_stays_whole(
    tmp_path: Path, step: str, name: str, nth: int, place: str, error: str, fault: str
) -> None:
    async with await TransparencyLog.open(tmp_path / "audit") as log:
        for n in range(RECORDS):
            await log.append(asked(n))
    key = (tmp_path / "audit/key").read_bytes()

    code, said = await _in_child(str(tmp_path), step, name, nth, fault)

    assert (code, said.partition(":")[0]) == ((-signal.SIGKILL, "") if fault == "SIGKILL" else (0, error))
    if fault == "EIO":
        assert "injected at rename" in said
    assert (tmp_path / "audit/key").read_bytes() == key
    assert (tmp_path / place).exists() == (place == "audit/key" or nth == 2)

    # The next process finds all in order, and the same step, done again, succeeds.
    async with await TransparencyLog.open(tmp_path / "audit") as log:
        await STEPS[step](log, tmp_path)
        assert (await verify_log(log)).findings == []
        keys = await log.read(lambda view: view.keys())
    if step == "rotate":
        assert len(keys) == (3 if name == "key" else 2)  # the first one counts when its record was durable
    if step == "export":
        report = verify_export(tmp_path / "out.jsonl", keys=keys[:1])
        assert (report.findings, report.records) == ([], RECORDS)
    assert (tmp_path / place).exists() == (not place.endswith((".next", ".progress")))
