"""Erasure needs two people, respects holds, leaves no bytes, and breaks no proof."""

from __future__ import annotations

import asyncio
import random
import string
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from audit.approvals import refuse
from audit.database import Session
from audit.erase import approve_erasure, pending_erasures, request_erasure
from audit.errors import ErasureRefused, RecordUnknown
from audit.export import ExportFormat, export
from audit.holds import hold, holds
from audit.log import TransparencyLog
from audit.register import ALL
from audit.retention import FLOOR, Rule, retain
from audit.search import Filter
from audit.sqlite import SqliteDatabase, holds_any
from audit.taking import finish_erasures
from audit.verify import verify_log
from audit.verify_export import verify_export
from retrieval.people import Principal
from tests.audit.fixtures import Opener, agreed, asked, lifted, record
from tests.servers import postgres

Places = Callable[[Path, TransparencyLog], list[Path]]

LONG_AGO = datetime.now(UTC) - timedelta(days=310)
EVE = Principal("slack", "T1", "U-eve-personal", "eve.personal@example.com", frozenset({"legal"}))


@pytest.fixture
def places(request: pytest.FixtureRequest) -> Places:
    """Where bytes of a log may lie: its folder, and the server's data with its write-ahead log."""

    def of(folder: Path, log: TransparencyLog) -> list[Path]:
        if isinstance(log.database, SqliteDatabase):
            return [folder]
        server: postgres.Server = request.getfixturevalue("postgres_server")
        return [folder, server.folder]

    return of


def holding(folders: Sequence[Path], *needles: str) -> list[str]:
    """Files under the folders that hold one of the texts, in any case."""
    found = []
    for path in sorted(p for folder in folders for p in folder.rglob("*") if p.is_file()):
        try:
            data = path.read_bytes().lower()
        except FileNotFoundError:  # a running server removes files of its own
            continue
        found += [f"{path.name}: {needle}" for needle in needles if needle.lower().encode() in data]
    return found


@pytest.mark.parametrize("size", [10, 300, 1500, 9000, 70_000])
async def test_no_byte_of_an_erased_field_is_left(open_log: Opener, places: Places, tmp_path: Path, size: int) -> None:
    dice = random.Random(size)
    secret = "zq" + "".join(dice.choices(string.ascii_lowercase, k=size))
    folder = tmp_path / "audit"
    async with await open_log(folder) as log:
        target = record(500, question=secret, posted=secret[:40])
        for n in range(40):
            await log.append(target if n == 17 else record(n, posted="p" * dice.randrange(5000)))
        assert len((await log.find(Filter(text=secret))).records) == 1
        await export(log, folder / "exports" / "all.jsonl", format=ExportFormat.JSONL, by="ada")
        await export(log, folder / "exports" / "all", format=ExportFormat.BUNDLE, by="ada")
        stored = await log.read(lambda view: view.stored(target.id))
        assert stored is not None
        salts = [stored.salts["question"], stored.salts["posted"]]
        assert holding(places(folder, log), secret, *salts)
        asked_for = await request_erasure(
            log, records=[target.id], names=["question", "posted"], ground="GDPR 17", by="ada"
        )
        done = await approve_erasure(log, asked_for.id, by="grace")
        assert (done.records, done.fields, len(done.removed)) == (1, 2, 2)
        assert holding(places(folder, log), secret, secret[:30], *salts) == []
        after = await log.get(target.id)
        assert after is not None
        assert after.erased == ("posted", "question")
        assert set(after.fields) == {"platform", "user"}
        assert (await verify_log(log)).findings == []
        await export(log, tmp_path / "after", format=ExportFormat.BUNDLE, by="ada")
        report = verify_export(tmp_path / "after")
        assert (report.findings, report.erased) == ([], 2)
    assert holding(places(folder, log), secret, secret[:30], *salts) == []


async def test_a_person_is_erased_everywhere(open_log: Opener, places: Places, tmp_path: Path) -> None:
    folder = tmp_path / "audit"
    async with await open_log(folder) as log:
        for n in range(12):
            await log.append(asked(n, asker=EVE if n % 3 == 0 else Principal("slack", "T1", "U-other")))
        before = await log.checkpoint()
        assert len((await log.find(Filter(person="eve.personal@example.com"))).records) == 4
        await request_erasure(log, person="slack:U-eve-personal", ground="GDPR 17", by="ada")
        (waiting,) = await pending_erasures(log)
        assert len(waiting.records) == 5  # and the request itself, which names her
        await approve_erasure(log, waiting.id, by="grace")
        assert await pending_erasures(log) == []
        assert holding(places(folder, log), "U-eve-personal", "eve.personal") == []
        assert (await log.find(Filter(person="slack:U-eve-personal"))).records == ()
        assert len((await log.find(Filter(document="policies/travel-3.md"))).records) == 1
        assert (await verify_log(log, since=before)).findings == []


async def test_two_people_a_ground_and_an_open_request_are_needed(open_log: Opener, tmp_path: Path) -> None:
    async with await open_log(tmp_path / "audit") as log:
        target = record(1)
        await log.append(target)
        with pytest.raises(ErasureRefused, match="ground"):
            await request_erasure(log, records=[target.id], ground=" ", by="ada")
        with pytest.raises(RecordUnknown):
            await request_erasure(log, records=["nothing"], ground="g", by="ada")
        with pytest.raises(RecordUnknown):
            await request_erasure(log, person="nobody", ground="g", by="ada")
        request = await request_erasure(log, records=[target.id], names=[ALL], ground="g", by="ada")
        with pytest.raises(ErasureRefused, match="another person"):
            await approve_erasure(log, request.id, by="ADA")
        await refuse(log, request.id, by="grace", reason="not his")
        with pytest.raises(RecordUnknown):
            await approve_erasure(log, request.id, by="grace")
        assert await log.get(target.id) == target
        with pytest.raises(ErasureRefused, match="must stay"):
            await request_erasure(log, records=[request.id], ground="g", by="ada")


@pytest.mark.parametrize(
    "covers",
    [
        Filter(person="U-ada"),
        Filter(document="policies/travel-1.md"),
        Filter(since=LONG_AGO - timedelta(days=1)),
        Filter(),
    ],
    ids=["person", "document", "time", "everything"],
)
async def test_a_hold_blocks_erasure_and_retention(open_log: Opener, tmp_path: Path, covers: Filter) -> None:
    async with await open_log(tmp_path / "audit") as log:
        target = asked(1, at=LONG_AGO)
        await log.append(target)
        request = await request_erasure(log, records=[target.id], ground="g", by="ada")
        held = await hold(log, matter="Doe v. Roe", covers=covers, ground="litigation", by="counsel")
        assert [standing.matter for standing in await holds(log)] == ["Doe v. Roe"]
        with pytest.raises(ErasureRefused, match="Doe v"):
            await approve_erasure(log, request.id, by="grace")
        with pytest.raises(ErasureRefused, match="Doe v"):
            await request_erasure(log, records=[target.id], ground="g", by="ada")
        await agreed(log, Rule(FLOOR))
        kept = await retain(log, [Rule(FLOOR)], by="cron")
        assert (kept.held, kept.erased) == (1, 0)
        assert await log.get(target.id) == target
        await lifted(log, held)
        with pytest.raises(RecordUnknown):
            await lifted(log, held)
        done = await approve_erasure(log, request.id, by="grace")
        assert done.records == 1


async def test_retention_takes_what_is_due_and_nothing_else(open_log: Opener, tmp_path: Path) -> None:
    async with await open_log(tmp_path / "audit") as log:
        old, other = record(0, channel="C1", at=LONG_AGO), record(1, channel="C2", at=LONG_AGO)
        young = record(2, channel="C1")
        for item in (old, other, young):
            await log.append(item)
        rule = Rule(timedelta(days=200), channel="C1")
        with pytest.raises(ErasureRefused, match="no two people"):
            await retain(log, [rule], by="cron")
        await agreed(log, rule)
        done = await retain(log, [rule], by="cron")
        assert (done.erased, done.held) == (1, 0)
        emptied = await log.get(old.id)
        assert emptied is not None
        assert (dict(emptied.fields), set(emptied.erased)) == ({}, set(old.fields))
        assert await log.get(other.id) == other
        assert await log.get(young.id) == young
        assert (await retain(log, [rule], by="cron")).erased == 0
        assert (await verify_log(log)).findings == []


@pytest.mark.parametrize(("below", "confirmed"), [(False, False), (True, False), (False, True)])
async def test_the_floor_must_be_gone_below_twice(
    open_log: Opener, tmp_path: Path, below: bool, confirmed: bool
) -> None:
    async with await open_log(tmp_path / "audit") as log:
        await log.append(record(1, at=datetime.now(UTC) - timedelta(days=60)))
        await log.append(record(2))
        rule = Rule(timedelta(days=30), below_floor=below)
        with pytest.raises(ErasureRefused, match="below the floor"):
            await retain(log, [rule], by="cron", confirm_below_floor=confirmed)
        sure = Rule(timedelta(days=30), below_floor=True)
        await agreed(log, sure)
        assert (await retain(log, [sure], by="cron", confirm_below_floor=True)).erased == 1


async def test_copies_elsewhere_are_named(open_log: Opener, tmp_path: Path) -> None:
    async with await open_log(tmp_path / "audit") as log:
        target = record(1)
        await log.append(target)
        await export(log, tmp_path / "mine.csv", format=ExportFormat.CSV, by="ada")
        request = await request_erasure(log, records=[target.id], ground="g", by="ada")
        done = await approve_erasure(log, request.id, by="grace")
        assert done.copies == (str(tmp_path / "mine.csv"),)
        assert (tmp_path / "mine.csv").exists()


async def test_an_erasure_that_a_crash_cut_short_is_finished(open_log: Opener, tmp_path: Path) -> None:
    folder = tmp_path / "audit"
    async with await open_log(folder) as log:
        target = record(1, question="an unrepeatable question")
        await log.append(target)
        await log.find(Filter(text="unrepeatable"))
        request = await request_erasure(log, records=[target.id], names=["question"], ground="g", by="ada")
        await approve_erasure(log, request.id, by="grace")
        assert await finish_erasures(log) == ((), ())
        # What a crash right after the transaction leaves: the mark, and words in the index.
        await log.work(lambda store: store.run(mark))
        await export(log, folder / "exports" / "late.jsonl", format=ExportFormat.JSONL, by="ada")
        removed, _ = await finish_erasures(log)
        assert removed == (folder / "exports" / "late.jsonl",)
        assert await finish_erasures(log) == ((), ())
        assert (await log.find(Filter(text="unrepeatable"))).records == ()


def mark(session: Session) -> None:
    session.run("INSERT INTO meta SELECT 'scrub', by FROM erased LIMIT 1")


async def test_an_erasure_waits_for_readers_and_appends_go_on(open_log: Opener, places: Places, tmp_path: Path) -> None:
    async with await open_log(tmp_path / "audit") as log:
        target = record(1, question="an unrepeatable-9271 question")
        await log.append(target)
        request = await request_erasure(log, records=[target.id], names=["question"], ground="g", by="ada")
        reader = log.database.reader()
        reader.begin()
        assert reader.value("SELECT count(*) FROM entry") == 2
        erasing = asyncio.create_task(approve_erasure(log, request.id, by="grace"))
        for n in range(5):
            await log.append(record(n))
            await asyncio.sleep(0.02)
        assert not erasing.done()
        reader.commit()
        reader.close()
        assert (await erasing).records == 1
        assert holding(places(tmp_path, log), "unrepeatable-9271") == []


@pytest.mark.parametrize("block", [1, 7, 4096])
def test_a_salt_that_is_left_is_found_wherever_it_stands(tmp_path: Path, block: int) -> None:
    salt = b"AbCdEfGhIjKlMnOpQrSt_-"
    path = tmp_path / "log.db"
    for before in (b"", b"\x00" * 30, b'["'):
        path.write_bytes(before + salt + b'","question","x"]')
        assert holds_any(path, frozenset({salt}), block=block)
        assert not holds_any(path, frozenset({salt[::-1]}), block=block)
    path.write_bytes(b"")
    (tmp_path / "log.db-wal").write_bytes(b"x" * 10 + salt + b'"')
    assert holds_any(path, frozenset({salt}), block=block)
