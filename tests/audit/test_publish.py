"""Checkpoints outside the log show a fork, and are never overwritten."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from audit.errors import AuditCorrupt, ExportFailed
from audit.log import TransparencyLog
from audit.publish import checkpoint_message, publish_checkpoint
from audit.verify import verify_log
from tests.audit.fixtures import Opener, record


async def test_a_published_checkpoint_proves_the_log(open_log: Opener, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    async with await open_log(tmp_path / "audit") as log:
        await log.append(record(1))
        first = await publish_checkpoint(log, outside)
        assert first == await publish_checkpoint(log, outside)
        await log.append(record(2))
        await publish_checkpoint(log, outside)
        assert [path.name for path in sorted(outside.iterdir())] == [
            "checkpoint-000000000001.txt",
            "checkpoint-000000000002.txt",
        ]
        assert (await verify_log(log, since=first.read_text())).ok
        note = checkpoint_message(await log.checkpoint()).split("```\n")[1].removesuffix("```")
        assert (await verify_log(log, since=note)).ok


async def test_a_fork_is_refused_where_checkpoints_lie(tmp_path: Path) -> None:
    async with await TransparencyLog.open(tmp_path / "audit") as log:
        await log.append(record(1))
    shutil.copytree(tmp_path / "audit", tmp_path / "other")
    async with (
        await TransparencyLog.open(tmp_path / "audit") as log,
        await TransparencyLog.open(tmp_path / "other") as fork,
    ):
        await log.append(record(2))
        await fork.append(record(3))
        await publish_checkpoint(log, tmp_path)
        with pytest.raises(AuditCorrupt, match="forked"):
            await publish_checkpoint(fork, tmp_path)
        with pytest.raises(ExportFailed, match="check the folder"):
            await publish_checkpoint(log, tmp_path / "missing")
