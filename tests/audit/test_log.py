"""The log itself: durable, in one line from several writers, the same record once, closed when it cannot write."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest

from audit.disclosure import seal
from audit.errors import AuditCorrupt, AuditUnavailable, RecordExists, RecordInvalid
from audit.note import PublicKey, SigningKey, open_checkpoint
from audit.record import AuditRecord, Json
from audit.search import Filter
from audit.tree import leaf_hash, root_of
from audit.verify import verify_log
from tests.audit.fixtures import START, Opener, record, rotated


async def test_what_was_appended_is_read_back_after_a_restart(open_log: Opener, tmp_path: Path) -> None:
    wanted = record(1, groups=["legal", "finance"], timings_us={"retrieve": 1200})
    async with await open_log(tmp_path / "audit") as log:
        receipt = await log.append(wanted)
    async with await open_log(tmp_path / "audit") as log:
        assert await log.get(wanted.id) == wanted
        assert await log.receipt(wanted.id) == receipt
        assert (receipt.index, await log.size()) == (0, 1)
        assert await log.get("unknown") is None


async def test_the_checkpoint_covers_every_leaf(open_log: Opener, tmp_path: Path) -> None:
    async with await open_log(tmp_path / "audit", origin="example.com/log") as log:
        receipts = await asyncio.gather(*(log.append(record(n)) for n in range(700)))
        keys = await log.read(lambda view: view.keys())
        head = open_checkpoint(await log.checkpoint(), [PublicKey.parse(keys[0])])
        leaves = await log.read(lambda view: list(view.leaves(0, 700)))
    assert sorted(receipt.index for receipt in receipts) == list(range(700))
    assert (head.origin, head.size) == ("example.com/log", 700)
    assert head.root == root_of(leaf_hash(leaf) for _, leaf in leaves)


async def test_two_logs_on_one_folder_make_one_line(open_log: Opener, tmp_path: Path) -> None:
    async with (
        await open_log(tmp_path / "audit") as one,
        await open_log(tmp_path / "audit") as two,
    ):
        logs = (one, two)
        receipts = await asyncio.gather(*(logs[n % 2].append(record(n)) for n in range(300)))
        assert sorted(receipt.index for receipt in receipts) == list(range(300))
        assert await one.checkpoint() == await two.checkpoint()


async def test_the_same_record_twice_is_one_record(open_log: Opener, tmp_path: Path) -> None:
    first = record(1)
    async with await open_log(tmp_path / "audit") as log:
        once, twice = await asyncio.gather(log.append(first), log.append(first))
        assert once == twice == await log.append(first)
        with pytest.raises(RecordExists):
            await log.append(replace(first, outcome="refused"))
        with pytest.raises(RecordExists):
            await log.append(replace(first, fields={**first.fields, "user": "U9"}))
        assert await log.size() == 1


@pytest.mark.parametrize(
    "fields",
    [cast(Json, {"score": 0.5}), {"big": 2**53}, {"text": "\ud800"}, cast(Json, {"odd": {"nested": [1, 2.5]}})],
    ids=["float", "large integer", "half a surrogate", "nested float"],
)
def test_what_has_no_canonical_form_is_refused(fields: dict[str, Json]) -> None:
    bad = AuditRecord("r1", "question", START, "answered", fields)
    with pytest.raises(RecordInvalid):
        seal(bad)


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(RecordInvalid):
        seal(AuditRecord("r1", "question", START.replace(tzinfo=None), "answered", {}))


async def test_find_pages_newest_first(open_log: Opener, tmp_path: Path) -> None:
    async with await open_log(tmp_path / "audit") as log:
        for n in range(25):
            await log.append(record(n, channel="C1" if n % 2 else "C2", at=START + timedelta(seconds=n)))
        page = await log.find(Filter(person="slack:u1"), limit=5)
        assert page.records[0].fields["question"] == "What is limit number 22?"
        rest = await log.find(Filter(person="slack:u1"), after=page.next, limit=5)
        assert len({r.id for r in page.records} | {r.id for r in rest.records}) == 8
        assert rest.next is None
        assert [r.fields["question"] async for r in log.all(Filter(text="number 17"))] == ["What is limit number 17?"]
        assert (
            len([r async for r in log.all(Filter(channel="C1", since=START, until=START + timedelta(seconds=7)))]) == 3
        )
        assert [r async for r in log.all(Filter(text='" OR NEAR(', outcome="answered"))] == []


async def test_words_and_a_person_are_found_together_whichever_is_rare(open_log: Opener, tmp_path: Path) -> None:
    async with await open_log(tmp_path / "audit") as log:
        busy = [record(3 * n, text="seldom" if n % 100 == 0 else "often") for n in range(1100)]  # all of U0
        quiet = [record(3 * n + 1, text="often") for n in range(30)]  # all of U1
        for item in await asyncio.gather(*(log.append(item) for item in (*busy, *quiet))):
            assert item.index >= 0
        assert len([r async for r in log.all(Filter(person="U0", text="seldom"))]) == 11
        assert len([r async for r in log.all(Filter(person="U0", text="often"))]) == 1089
        assert len([r async for r in log.all(Filter(person="slack:U1", text="often"))]) == 30
        assert len([r async for r in log.all(Filter(person="U1", text="seldom"))]) == 0
        newest = (await log.find(Filter(person="U0", text="often"), limit=3)).records
        assert [r.id for r in newest] == [r.id for r in busy[-1:-4:-1]]


async def test_a_closed_log_is_unavailable(open_log: Opener, tmp_path: Path) -> None:
    log = await open_log(tmp_path / "audit")
    await log.close()
    with pytest.raises(AuditUnavailable):
        await log.append(record())
    await log.close()


async def test_a_lost_key_is_named(open_log: Opener, tmp_path: Path) -> None:
    async with await open_log(tmp_path / "audit") as log:
        await log.append(record())
    (tmp_path / "audit" / "key").unlink()
    with pytest.raises(AuditCorrupt, match="restore it from the backup"):
        await open_log(tmp_path / "audit")


async def test_a_key_that_others_may_read_is_refused(open_log: Opener, tmp_path: Path) -> None:
    async with await open_log(tmp_path / "audit"):
        assert (tmp_path / "audit" / "key").stat().st_mode & 0o777 == 0o600
    (tmp_path / "audit" / "key").chmod(0o644)
    with pytest.raises(AuditUnavailable, match="chmod 600"):
        await open_log(tmp_path / "audit")


async def test_after_a_rotation_both_writers_sign_with_the_new_key(open_log: Opener, tmp_path: Path) -> None:
    async with (
        await open_log(tmp_path / "audit") as one,
        await open_log(tmp_path / "audit") as two,
    ):
        await one.append(record(1))
        new = await rotated(one)
        await two.append(record(2))
        assert open_checkpoint(await two.checkpoint(), [new]).size == 4
    async with await open_log(tmp_path / "audit") as log:
        assert await log.size() == 4


@pytest.mark.parametrize("renamed", [True, False], ids=["after the record", "before the record"])
async def test_a_rotation_that_a_crash_cut_short_is_finished_or_dropped(
    open_log: Opener, tmp_path: Path, renamed: bool
) -> None:
    folder = tmp_path / "audit"
    async with await open_log(folder) as log:
        await log.append(record(1))
        old = (folder / "key").read_bytes()
        if renamed:
            await rotated(log)
    if renamed:  # the record is in the log, the rename did not happen
        (folder / "key").rename(folder / "key.next")
    else:  # the new key was written, its record was not
        (folder / "key.next").write_text(SigningKey.generate("other").text())
        (folder / "key.next").chmod(0o600)
    (folder / "key").write_bytes(old)
    (folder / "key").chmod(0o600)
    async with await open_log(folder) as log:
        await log.append(record(2))
        assert await log.size() == (4 if renamed else 2)
        assert (await verify_log(log)).findings == []
