"""Checkpoints outside the log show a fork of any size, at the time, and are never overwritten."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import apsw
import psycopg
import pytest

from audit.database import Database
from audit.errors import ExportFailed, LogForked
from audit.log import TransparencyLog
from audit.note import Checkpoint, SigningKey, open_checkpoint
from audit.postgres import PostgresDatabase
from audit.publish import checkpoint_message, compare_checkpoints, publish_checkpoint
from audit.search import Filter
from audit.sqlite import SqliteDatabase
from audit.verify import verify_log
from tests.audit.fixtures import Opener, record, rotated


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
        with pytest.raises(ExportFailed, match="check the folder"):
            await publish_checkpoint(log, tmp_path / "missing")


async def test_each_checkpoint_is_compared_across_tiles_and_keys(open_log: Opener, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    async with await open_log(tmp_path / "audit") as log:
        for n in range(270):
            await log.append(record(n))
            if n in (0, 1, 5, 100, 254, 255, 256, 260):
                await publish_checkpoint(log, outside)
            if n == 100:
                await rotated(log)
                await publish_checkpoint(log, outside)
        compared = await compare_checkpoints(log, outside)
        assert (compared.kept, compared.wrong) == (9, [])


def put_back(database: Database) -> Callable[[], None]:
    """What the database holds now; called, it is put back, as somebody who may write to all of it would."""
    if isinstance(database, SqliteDatabase):
        kept = database.path.with_name("kept.db")
        connection = apsw.Connection(str(database.path))
        connection.execute("VACUUM INTO ?", (str(kept),))
        connection.close()

        def restore() -> None:
            for path in database.path.parent.glob("log.db*"):
                path.unlink()
            shutil.copyfile(kept, database.path)

        return restore
    assert isinstance(database, PostgresDatabase)
    tables = ("entry", "disclosure", "tile", "key", "state", "pen")
    with psycopg.connect(database.url) as server:
        for table in tables:
            server.execute(f"CREATE TABLE kept_{table} AS SELECT * FROM footnote_audit.{table}".encode())

    def back() -> None:
        with psycopg.connect(database.url) as server:
            server.execute(f"TRUNCATE {', '.join(f'footnote_audit.{table}' for table in tables)}".encode())
            for table in tables:
                insert = f"INSERT INTO footnote_audit.{table} OVERRIDING SYSTEM VALUE SELECT * FROM kept_{table}"
                server.execute(insert.encode())

    return back


@pytest.mark.parametrize(("before", "after"), [(2, 1), (2, 2), (2, 5), (2, 0), (1, 300)])
async def test_a_fork_of_any_size_is_an_alarm_at_the_time(
    open_log: Opener, tmp_path: Path, before: int, after: int
) -> None:
    """The log is put back to one record, and goes on from there with `after` others; `before` had been published."""
    outside = tmp_path / "outside"
    outside.mkdir()
    async with await open_log(tmp_path / "audit") as log:
        await log.append(record(0))
    restore = put_back(log.database)
    async with await open_log(tmp_path / "audit") as log:
        for n in range(before):
            await log.append(record(n))
        await publish_checkpoint(log, outside)
    restore()
    async with await open_log(tmp_path / "audit") as log:
        for n in range(after):
            await log.append(record(100 + n))
        for _ in range(2):  # the same alarm is recorded once
            with pytest.raises(LogForked, match=r"keep everything as it is"):
                await publish_checkpoint(log, outside)
            assert len(list(outside.iterdir())) == 1
        alarms = (await log.find(Filter(event="alarm"))).records
        assert len(alarms) in (1, 2)  # it says another thing once the log has outgrown what was kept
        assert "checkpoint-" in str(alarms[0].fields["reason"])
        report = await verify_log(log, since=next(outside.iterdir()).read_text())
        assert not report.ok


async def test_what_somebody_put_beside_the_checkpoints_is_an_alarm(open_log: Opener, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    async with await open_log(tmp_path / "audit", origin="example.com/log") as log:
        for n in range(3):
            await log.append(record(n))
        good = await log.checkpoint()
        key = SigningKey.parse((tmp_path / "audit" / "key").read_text())
        head = open_checkpoint(good, [key.public])
        other = SigningKey.generate("example.com/log")
        forged = {
            "another key": other.sign_note(head.text()),
            "another root": key.sign_note(Checkpoint(head.origin, 2, b"\1" * 32, head.time).text()),
            "another log": key.sign_note(Checkpoint("example.com/other", 2, head.root, head.time).text()),
            "a size that is to come": key.sign_note(Checkpoint(head.origin, 9, head.root, head.time).text()),
            "no checkpoint": "hello\n",
            "nothing": "",
            "half": good[: len(good) // 2],
        }
        for what, note in forged.items():
            path = outside / "checkpoint-000000000002.txt"
            path.write_text(note)
            with pytest.raises(LogForked, match="checkpoint-000000000002"):
                await publish_checkpoint(log, outside)
            assert path.read_text() == note, what
        path.write_bytes(b"\xff\xfe")
        with pytest.raises(ExportFailed):
            await publish_checkpoint(log, outside)
        path.unlink()
        await publish_checkpoint(log, outside)


async def test_an_alarm_is_raised_where_it_cannot_be_recorded(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    async with await TransparencyLog.open(tmp_path / "audit", patience=1.0) as log:
        (tmp_path / "outside" / "checkpoint-000000000002.txt").write_text("x")
        blocker = apsw.Connection(str(SqliteDatabase(log.paths.folder).path))
        blocker.execute("BEGIN IMMEDIATE")
        with pytest.raises(LogForked) as raised:
            await publish_checkpoint(log, tmp_path / "outside")
        blocker.close()
        assert "could not be recorded" in raised.value.__notes__[0]
