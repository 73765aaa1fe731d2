"""The engine beside the conformance tests: versions, groups, leases, retries, bounded memory, sources side by side."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connectors.access import FOR_EVERYONE, OPEN, AccessRules
from connectors.errors import ItemUnreadable, SourceBusy, SourceUnavailable
from connectors.ports import Gone, Item, ListingFailure, Page, Tells, own_group
from connectors.state import StateStore, access_id
from connectors.sync import Limits
from connectors.testing.faults import faulty
from connectors.testing.world import Follow, following
from retrieval.parse import formats
from retrieval.people import AccessList
from tests.connectors.worlds import FolderWorld, ShelfSource, ShelfWorld


@pytest.fixture
async def follow(tmp_path: Path) -> AsyncIterator[Follow]:
    async with following(tmp_path) as made:
        yield made


async def test_earlier_versions_are_kept_with_when_they_were_in_force(follow: Follow) -> None:
    world = ShelfWorld()
    for limit in ("100", "200", "300"):
        await world.put("hr/travel.txt", f"The limit is {limit}.")
        await follow.sync(world.source())
    (entry,) = follow.state.entries()
    newer, older = follow.state.versions(entry.document.id)
    assert older.until == newer.since
    assert newer.until == entry.since
    assert len({older.version, newer.version, entry.document.version}) == 3
    assert follow.state.forget_versions("shelf", newer.until + timedelta(seconds=1)) == 2
    assert follow.state.versions(entry.document.id) == []


async def test_what_is_deleted_was_in_force_until_then(follow: Follow) -> None:
    world = ShelfWorld()
    await world.put("hr/travel.txt", "The limit is 100.")
    await follow.sync(world.source())
    await world.delete("hr/travel.txt")
    await follow.sync(world.source())
    deleted = datetime.now(UTC)
    (gone,) = follow.state.versions("id000001")
    assert gone.until <= deleted
    assert follow.state.parsed("id000001") is None


async def test_a_file_that_could_not_be_fetched_is_tried_again_though_nothing_tells_of_it(follow: Follow) -> None:
    world = ShelfWorld()
    await world.put("hr/travel.txt", "The limit is 100.")

    class Refusing(ShelfSource):
        async def fetch(self, item: Item) -> bytes:
            raise ItemUnreadable("may not be read (HTTP 403)")

    report = await follow.sync(Refusing(world.shelf))
    assert [f.reason for f in report.failed] == ["may not be read (HTTP 403)"]
    report = await follow.sync(world.source())
    assert (report.failed, await follow.texts()) == ([], {"hr/travel.txt": "The limit is 100."})


async def test_a_cursor_does_not_pass_what_could_not_be_listed(follow: Follow) -> None:
    world = ShelfWorld()
    await world.put("hr/travel.txt", "The limit is 100.")
    await follow.sync(world.source())
    await world.put("hr/leave.txt", "30 days.")

    class Gap(ShelfSource):
        async def changes(self, cursor: str | None) -> AsyncIterator[Page]:
            async for page in super().changes(cursor):
                yield Page([ListingFailure("hr/leave.txt", "it fails")], page.cursor)

    assert len((await follow.sync(Gap(world.shelf))).failed) == 1
    await follow.sync(world.source())
    assert set(await follow.texts()) == {"hr/travel.txt", "hr/leave.txt"}


async def test_a_folder_that_is_said_to_be_gone_takes_all_below_it(follow: Follow) -> None:
    world = ShelfWorld()
    for path in ("hr/travel.txt", "hr/deep/pay.txt", "hrx/other.txt"):
        await world.put(path, f"This is {path}.")
    await follow.sync(world.source())

    class Telling(ShelfSource):
        async def changes(self, cursor: str | None) -> AsyncIterator[Page]:
            yield Page([Gone(below="hr")], cursor or "log:0")

    assert (await follow.sync(Telling(world.shelf))).deleted == 2
    assert set(await follow.texts()) == {"hrx/other.txt"}


async def test_explicit_deletes_apply_at_once_however_many(follow: Follow) -> None:
    world = ShelfWorld()
    for n in range(40):
        await world.put(f"{n}.txt", f"Text {n}.")
    await follow.sync(world.source())
    for n in range(30):
        await world.delete(f"{n}.txt")
    report = await follow.sync(world.source())
    assert (report.deleted, report.held) == (30, 0)


async def test_an_empty_listing_holds_what_was_there(follow: Follow, tmp_path: Path) -> None:
    world = FolderWorld(tmp_path)
    for n in range(20):
        await world.put(f"{n}.txt", f"Text {n}.")
    await follow.sync(world.source())
    for n in range(20):
        await world.delete(f"{n}.txt")
    report = await follow.sync(world.source())
    assert (report.deleted, report.held, await follow.texts()) == (0, 20, {})
    assert len(follow.state.entries()) == 20


async def test_groups_of_the_source_count_by_their_members_of_now(follow: Follow) -> None:
    world = ShelfWorld()
    await world.put("hr/travel.txt", "The limit is 100.")
    board, inner = own_group("shelf", "7"), own_group("shelf", "8")
    await world.restrict("hr", [board], [own_group("shelf", "9")])
    world.shelf.members = {"7": frozenset({inner}), "8": frozenset({"user:ada@example.com", board}), "9": frozenset()}
    await follow.sync(world.source())
    ada, eve = frozenset({"user:ada@example.com"}), frozenset({"user:eve@example.com"})
    assert (await follow.access("hr/travel.txt")).permits(ada)
    embedded = len(follow.embedder.texts)
    world.shelf.members["8"] = frozenset({"user:eve@example.com"})
    await follow.sync(world.source())
    assert (await follow.access("hr/travel.txt")).permits(eve)
    assert not (await follow.access("hr/travel.txt")).permits(ada)
    assert len(follow.embedder.texts) == embedded
    del world.shelf.members["9"]  # denied, and nobody knows who is in it
    await follow.sync(world.source())
    assert not (await follow.access("hr/travel.txt")).permits(eve)


async def test_a_source_that_does_not_say_who_may_read_changes_nothing(follow: Follow) -> None:
    """Nor does it when it breaks off; what a whole answer leaves out, nobody may read."""
    world = ShelfWorld()
    for path in ("hr/a.txt", "hr/b.txt"):
        await world.put(path, f"This is {path}.")
    await world.restrict("hr", ["group:hr"])
    await follow.sync(world.source())

    class Down(ShelfSource):
        async def readers(self, ids: object) -> AsyncIterator[ListingFailure]:
            if ids is not None:
                raise SourceUnavailable("the service fails (HTTP 500)")
            yield ListingFailure("", "")

    with pytest.raises(SourceUnavailable):
        await follow.engine.readers(Down(world.shelf))
    assert (await follow.access("hr/a.txt")) == AccessList(frozenset({"group:hr"}))
    await world.open_again("hr")
    assert await follow.engine.readers(world.source()) == 2
    assert (await follow.access("hr/a.txt")) == AccessList(frozenset())


async def test_two_never_sync_one_source(follow: Follow, tmp_path: Path) -> None:
    """Two products on one home, as two processes are: the lease is the operating system's."""
    world = ShelfWorld()
    await world.put("hr/travel.txt", "The limit is 100.")
    hanging = asyncio.create_task(follow.engine.run(faulty(world.source(), hangs_after=0)))
    await asyncio.sleep(0.2)
    other = Follow(StateStore(tmp_path / "state.db"), Limits())
    with pytest.raises(SourceBusy, match="being synced already, by process"):
        await other.engine.run(world.source())
    await other.engine.run(world.source(), dry_run=True)  # only looks
    hanging.cancel()
    await asyncio.gather(hanging, return_exceptions=True)
    assert (await other.engine.run(world.source())).added == 1
    other.state.close()


async def test_a_source_that_hangs_holds_up_no_other(follow: Follow, tmp_path: Path) -> None:
    world, slow = FolderWorld(tmp_path), ShelfWorld()
    await world.put("hr/travel.txt", "The limit is 100.")
    for n in range(10):
        await slow.put(f"{n}.txt", "slow")

    class Hanging(ShelfSource):
        async def fetch(self, item: Item) -> bytes:
            await asyncio.Event().wait()
            return b""

    hanging = asyncio.create_task(follow.engine.run(Hanging(slow.shelf)))
    await asyncio.sleep(0.2)
    assert (await asyncio.wait_for(follow.engine.run(world.source()), 30)).added == 1
    hanging.cancel()
    await asyncio.gather(hanging, return_exceptions=True)


async def test_two_sources_that_run_at_once_do_not_take_each_others_names(follow: Follow) -> None:
    one, other = ShelfWorld(), ShelfWorld()
    for n in range(30):
        await one.put(f"{n}.txt", f"one {n}")
        await other.put(f"{n}.txt", f"other {n}")
    await asyncio.gather(
        follow.engine.run(ShelfSource(one.shelf, "one")), follow.engine.run(ShelfSource(other.shelf, "other"))
    )
    by_source = {name: {e.origin.path for e in follow.state.entries(name)} for name in ("one", "other")}
    assert by_source["one"] == by_source["other"] == {f"{n}.txt" for n in range(30)}
    assert len(await follow.state.documents()) == 60


class Many:
    """Lists so many items that are as they were, and makes them one by one."""

    name = "many"
    place: Mapping[str, str] = {}
    access: AccessRules | None = OPEN
    tells = Tells()

    def __init__(self, count: int) -> None:
        self.count = count
        self.first = self.most = 0

    async def list(self) -> AsyncIterator[Item | ListingFailure]:
        self.first = sys.getallocatedblocks()
        for n in range(self.count):
            if n % 1_000 == 0:
                self.most = max(self.most, sys.getallocatedblocks())
            yield Item(f"folder/{n:06}.txt", "x.txt", "x:", None, datetime(2026, 1, 1, tzinfo=UTC), "t")

    async def fetch(self, item: Item) -> bytes:
        return b"The same text for all."


async def test_a_hundred_thousand_keys_are_listed_in_bounded_memory(follow: Follow) -> None:
    known(follow.state, 100_000)
    source = Many(100_000)
    report = await follow.engine.run(source, dry_run=True)
    assert (report.unchanged, report.deleted) == (100_000, 0)
    assert source.most - source.first < 20_000  # blocks: a fifth of one for each item


def known(state: StateStore, count: int) -> None:
    """As if all had been read."""
    access = state._db
    with access:
        access.executemany(
            "INSERT OR REPLACE INTO documents VALUES(?, 'many', NULL, 'current', '', 'v', 't', 'x:', NULL, '', ?,"
            " 'text/plain', '2026-01-01T00:00:00+00:00', 't', ?, '2026-01-01T00:00:00+00:00', ?, ?, 'x.txt',"
            " '2026-01-01T00:00:00+00:00', '', '')",
            ((i, access_id(FOR_EVERYONE), formats.VERSION, i, i) for i in (f"folder/{n:06}.txt" for n in range(count))),
        )
