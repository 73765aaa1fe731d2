"""What was refused is in the log after a restart, once, and says what it can."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import apsw
import psycopg
import pytest

from audit.database import Database
from audit.errors import AuditCorrupt, AuditUnavailable
from audit.gaps import SPACE, GapNotes
from audit.keyring import Paths
from audit.log import TransparencyLog
from audit.postgres import PostgresDatabase
from audit.record import AuditRecord
from audit.register import texts
from audit.search import Filter
from audit.sqlite import SqliteDatabase
from audit.verify import verify_log
from tests.audit.fixtures import Opener, record

FAILING = """
import asyncio, os, signal, sys
from pathlib import Path
from audit.errors import AuditUnavailable
from audit.log import TransparencyLog
from audit.record import AuditRecord
from audit.register import texts
from datetime import datetime, UTC

async def main():
    folder, url, ids = Path(sys.argv[1]), sys.argv[2], sys.argv[3:]
    database = None
    if url:
        from audit.postgres import PostgresDatabase
        database = PostgresDatabase(url)
    log = await TransparencyLog.open(folder, database=database, patience=0.5)
    print("open", flush=True)
    sys.stdin.readline()
    for name in ids:
        try:
            await log.append(AuditRecord(name, "question", datetime.now(UTC), "answered", {"question": name}))
        except AuditUnavailable:
            print("refused", name, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


def blocked(database: Database) -> Callable[[], None]:
    """Keep every writer out, until the result is called."""
    if isinstance(database, SqliteDatabase):
        connection = apsw.Connection(str(database.path))
        connection.execute("BEGIN IMMEDIATE")
        return connection.close
    assert isinstance(database, PostgresDatabase)
    server = psycopg.connect(database.url)
    server.execute(b"LOCK TABLE footnote_audit.state IN ACCESS EXCLUSIVE MODE")
    return server.close


async def gaps(log: TransparencyLog) -> list[AuditRecord]:
    return [found async for found in log.all(Filter(event="gap"))]


async def test_a_gap_survives_the_process_that_saw_it(open_log: Opener, tmp_path: Path) -> None:
    folder = tmp_path / "audit"
    async with await open_log(folder) as log:
        database = log.database
        await log.append(record(1))
    url = database.url if isinstance(database, PostgresDatabase) else ""
    ids = [record(n).id for n in range(3)]
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        FAILING,
        str(folder),
        url,
        *ids,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert child.stdin is not None
    assert child.stdout is not None
    assert await child.stdout.readline() == b"open\n"
    free = blocked(database)
    child.stdin.write(b"\n")
    await child.stdin.drain()
    told = (await child.stdout.read()).decode().split()
    assert told == [word for name in ids for word in ("refused", name)]
    assert await child.wait() == -signal.SIGKILL
    free()
    async with await open_log(folder) as log:
        found = await gaps(log)  # before anything is appended, and whether or not anything is
        assert sum(int(str(gap.fields["refused"])) for gap in found) == 3
        assert sorted(name for gap in found for name in texts(gap.fields["refused_records"])) == sorted(ids)
        await log.append(record(2))
        assert (await verify_log(log)).findings == []
    async with await open_log(folder) as log:
        assert await gaps(log) == found


async def test_a_note_that_is_in_the_log_already_makes_no_second_record(open_log: Opener, tmp_path: Path) -> None:
    """A crash between the record and the emptied file."""
    folder = tmp_path / "audit"
    async with await open_log(folder):
        pass
    notes = GapNotes(Paths(folder).gaps)
    notes.add("the disk is full", ["a", "b"])
    notes.add("again", ["b", "c"])
    kept = Paths(folder).gaps.read_bytes()
    for _ in range(2):
        async with await open_log(folder) as log:
            (gap,) = await gaps(log)
            assert (gap.fields["reason"], gap.fields["refused"]) == ("the disk is full", 3)
            assert not GapNotes(Paths(folder).gaps).waiting()
        Paths(folder).gaps.write_bytes(kept)


@pytest.mark.parametrize(
    "written",
    [
        b"{torn",
        b'{"id":"x","since":"2026","reason":"r","refused":1,"records":[]}',
        b'{"id":"../../../../../../x","since":"2026-03-01T09:30:00.000123Z","reason":"","refused":1,"records":[]}',
        json.dumps({"id": "0" * 20, "since": "2026-03-01T09:30:00.000123Z", "reason": "", "refused": 2**60}).encode(),
        b"\xff\xfe\x00",
        b"[" * 5_000,
    ],
)
async def test_a_note_that_cannot_be_read_is_a_gap_too(open_log: Opener, tmp_path: Path, written: bytes) -> None:
    async with await open_log(tmp_path / "audit"):
        pass
    (tmp_path / "audit" / "gaps").write_bytes(written)
    async with await open_log(tmp_path / "audit") as log:
        (gap,) = await gaps(log)
        assert gap.fields["reason"] == "a note of what was refused could not be read"
        assert (await verify_log(log)).findings == []


def test_the_notes_keep_their_space(tmp_path: Path) -> None:
    """So that one more can be written where nothing is left on the disk; the count stays where the ids do not fit."""
    path = tmp_path / "gaps"
    for n in range(5):
        one = GapNotes(path)
        one.reserve()
        one.add("r" * 9_000, [f"{n}-{i:020d}" for i in range(990)])
        assert path.stat().st_size == SPACE
    moved: list[AuditRecord] = []
    GapNotes(path).move(moved.extend)
    assert [gap.fields["refused"] for gap in moved] == [990] * 5
    assert len(json.dumps(moved[-1].fields["refused_records"])) > 20_000
    assert path.read_bytes() == b"\n" * SPACE


async def test_a_refused_founding_leaves_no_log(tmp_path: Path) -> None:
    folder = tmp_path / "audit"
    async with await TransparencyLog.open(folder) as log:
        await log.append(record(1))
    for path in folder.glob("log.db*"):
        path.unlink()
    with pytest.raises(AuditCorrupt, match="there was an audit log"):
        await TransparencyLog.open(folder)
    assert list(folder.glob("log.db*")) == []


async def test_a_refusal_of_a_closed_log_is_no_gap(open_log: Opener, tmp_path: Path) -> None:
    log = await open_log(tmp_path / "audit")
    await log.close()
    with pytest.raises(AuditUnavailable, match="closed"):
        await log.append(record(1))
    assert not GapNotes(log.paths.gaps).waiting()
