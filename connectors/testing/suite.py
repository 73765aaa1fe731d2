"""The conformance tests. In a test module:

    class TestFolder(Conformance):
        @pytest.fixture
        async def world(self, tmp_path):
            yield FolderWorld(tmp_path)

Every test is given that `world` and a `tmp_path`. What the world cannot do is skipped.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest import SkipTest

from connectors.errors import ItemUnreadable, SourceUnavailable
from connectors.ports import Follower, KnowsReaders, OpensAt, Revalidates, Spot, Standing
from connectors.state import access_id
from connectors.sync import Limits
from connectors.testing.faults import faulty
from connectors.testing.world import World, following, listed
from retrieval.people import AccessList

HOSTILE = ("hr/with space & 100%.txt", "hr/naïve #1 + ü.txt", "hr/日本語.txt", "hr/quote's;--.txt")


class Conformance:
    """What every source does, and survives."""

    async def test_what_is_there_is_listed_once_and_can_be_fetched(self, world: World, tmp_path: Path) -> None:
        await world.put("hr/travel.txt", "The limit is 100.")
        await world.put("legal/nda.txt", "Keep it to yourself.")
        source = world.source()
        items = await listed(source)
        assert {item.where for item in items.values()} == {"hr/travel.txt", "legal/nda.txt"}
        for item in items.values():
            assert item.modified_at.utcoffset() == timedelta(0)
            assert item.name.endswith(".txt")
            assert item.uri
            assert item.url is None or item.url.startswith(("http://", "https://"))
        texts = {item.where: (await source.fetch(item)).decode() for item in items.values()}
        assert texts == {"hr/travel.txt": "The limit is 100.", "legal/nda.txt": "Keep it to yourself."}

    async def test_what_has_not_changed_is_not_fetched_again(self, world: World, tmp_path: Path) -> None:
        await world.put("hr/travel.txt", "The limit is 100.")
        await world.settled()
        source = world.source()
        if not source.tells.fingerprints:
            raise SkipTest("the source says that it cannot tell")
        async with following(tmp_path) as follow:
            assert (await follow.sync(source)).added == 1
            watched = faulty(world.source())
            again = await follow.sync(watched)
            assert (again.added, again.changed, again.failed, watched.fetched) == (0, 0, [], [])
            assert await follow.texts() == {"hr/travel.txt": "The limit is 100."}

    async def test_a_change_of_the_same_size_is_noticed(self, world: World, tmp_path: Path) -> None:
        await world.put("hr/travel.txt", "The limit is 100.")
        async with following(tmp_path) as follow:
            await follow.sync(world.source())
            await world.put("hr/travel.txt", "The limit is 999.")
            report = await follow.sync(world.source())
            assert (report.added, report.changed) == (0, 1)
            assert await follow.texts() == {"hr/travel.txt": "The limit is 999."}

    async def test_a_restored_older_version_is_noticed(self, world: World, tmp_path: Path) -> None:
        async with following(tmp_path) as follow:
            for limit in ("100", "200", "100"):
                await world.put("hr/travel.txt", f"The limit is {limit}.")
                await follow.sync(world.source())
                assert await follow.texts() == {"hr/travel.txt": f"The limit is {limit}."}

    async def test_times_decide_nothing(self, world: World, tmp_path: Path) -> None:
        """Clocks are wrong, and copied files carry old dates."""
        now = datetime.now(UTC)
        async with following(tmp_path) as follow:
            for days, limit in ((0, "100"), (-400, "200"), (400, "300"), (400, "400")):
                await world.dated("hr/travel.txt", f"The limit is {limit}.", now + timedelta(days=days))
                await follow.sync(world.source())
                assert await follow.texts() == {"hr/travel.txt": f"The limit is {limit}."}

    async def test_a_delete_is_noticed_and_what_is_made_again_comes_back(self, world: World, tmp_path: Path) -> None:
        await world.put("hr/travel.txt", "The limit is 100.")
        await world.put("legal/nda.txt", "Keep it to yourself.")
        if not world.source().tells.deletes:
            raise SkipTest("the source says that it cannot tell")
        async with following(tmp_path) as follow:
            await follow.sync(world.source())
            await world.delete("hr/travel.txt")
            assert (await follow.sync(world.source())).deleted == 1
            assert await follow.texts() == {"legal/nda.txt": "Keep it to yourself."}
            await world.put("hr/travel.txt", "The limit is 200.")
            await follow.sync(world.source())
            assert (await follow.texts())["hr/travel.txt"] == "The limit is 200."

    async def test_a_moved_document_is_there_once(self, world: World, tmp_path: Path) -> None:
        await world.put("hr/travel.txt", "The limit is 100.")
        async with following(tmp_path) as follow:
            await follow.sync(world.source())
            await world.rename("hr/travel.txt", "legal/travel.txt")
            await follow.sync(world.source())
            assert await follow.texts() == {"legal/travel.txt": "The limit is 100."}
            await world.rename("legal/travel.txt", "legal/Travel.txt")  # the case of letters alone
            await follow.sync(world.source())
            assert await follow.texts() == {"legal/Travel.txt": "The limit is 100."}

    async def test_a_renamed_folder_loses_and_doubles_nothing(self, world: World, tmp_path: Path) -> None:
        await world.put("hr/travel.txt", "The limit is 100.")
        await world.put("hr/deep/leave.txt", "30 days.")
        async with following(tmp_path) as follow:
            await follow.sync(world.source())
            await world.rename_folder("hr", "people")
            await follow.sync(world.source())
            assert await follow.texts() == {
                "people/travel.txt": "The limit is 100.",
                "people/deep/leave.txt": "30 days.",
            }

    async def test_names_are_taken_as_they_are(self, world: World, tmp_path: Path) -> None:
        for number, path in enumerate(HOSTILE):
            await world.put(path, f"Text {number}.")
        async with following(tmp_path) as follow:
            report = await follow.sync(world.source())
            assert report.failed == []
            assert await follow.texts() == {path: f"Text {number}." for number, path in enumerate(HOSTILE)}

    async def test_what_vanishes_before_it_is_fetched_stops_nothing(self, world: World, tmp_path: Path) -> None:
        await world.put("hr/travel.txt", "The limit is 100.")
        await world.put("legal/nda.txt", "Keep it to yourself.")
        source = world.source()
        items = await listed(source)
        await world.delete("hr/travel.txt")
        (lost,) = [item for item in items.values() if item.where == "hr/travel.txt"]
        try:
            await source.fetch(lost)
        except ItemUnreadable:
            pass
        else:
            raise AssertionError("what is gone was fetched: a fetch must raise ItemGone or ItemUnreadable")
        await world.put("hr/travel.txt", "The limit is 100.")
        async with following(tmp_path) as follow:
            report = await follow.sync(faulty(world.source(), vanishing=await world.item_id("hr/travel.txt")))
            assert (report.added, report.failed) == (1, [])
            assert await follow.texts() == {"legal/nda.txt": "Keep it to yourself."}

    async def test_a_listing_that_breaks_off_deletes_nothing_and_goes_on(self, world: World, tmp_path: Path) -> None:
        texts = {f"hr/{n:02}.txt": f"Text {n}." for n in range(12)}
        for path, text in texts.items():
            await world.put(path, text)
        async with following(tmp_path) as follow:
            await follow.sync(world.source())
            await world.delete("hr/11.txt")
            for breaks_after in (0, 1, 3):
                try:
                    await follow.sync(faulty(world.source(), breaks_after=breaks_after))
                except SourceUnavailable:
                    assert set(await follow.texts()) >= set(texts) - {"hr/11.txt"}
            await follow.sync(world.source())
            assert await follow.texts() == {path: text for path, text in texts.items() if path != "hr/11.txt"}

    async def test_an_error_of_the_server_in_the_middle_of_a_listing(self, world: World, tmp_path: Path) -> None:
        texts = {f"hr/{n:02}.txt": f"Text {n}." for n in range(12)}
        for path, text in texts.items():
            await world.put(path, text)
        async with following(tmp_path) as follow:
            await world.fail_after(5)
            with suppress(SourceUnavailable):
                await follow.sync(world.source())
            await follow.sync(world.source())
            assert await follow.texts() == texts

    async def test_everything_told_twice_is_there_once(self, world: World, tmp_path: Path) -> None:
        await world.put("hr/travel.txt", "The limit is 100.")
        async with following(tmp_path) as follow:
            assert (await follow.sync(faulty(world.source(), twice=True))).failed == []
            assert await follow.texts() == {"hr/travel.txt": "The limit is 100."}

    async def test_a_source_that_hangs_is_given_up(self, world: World, tmp_path: Path) -> None:
        await world.put("hr/travel.txt", "The limit is 100.")
        async with following(tmp_path, Limits(listing_s=0.5)) as follow:
            try:
                await follow.sync(faulty(world.source(), hangs_after=0))
            except SourceUnavailable as error:
                assert "has said nothing" in str(error)
            else:
                raise AssertionError("the run went on without the listing")

    async def test_an_expired_cursor_begins_anew_and_says_so(self, world: World, tmp_path: Path) -> None:
        await world.put("hr/travel.txt", "The limit is 100.")
        await world.put("legal/nda.txt", "Keep it to yourself.")
        if not isinstance(world.source(), Follower):
            raise SkipTest("the source has no cursors")
        async with following(tmp_path) as follow:
            await follow.sync(world.source())
            await world.delete("legal/nda.txt")
            await world.put("hr/travel.txt", "The limit is 200.")
            await world.expire_cursors()
            report = await follow.sync(world.source())
            assert len(report.anew) == 1
            assert await follow.texts() == {"hr/travel.txt": "The limit is 200."}
            assert (await follow.sync(world.source())).anew == []

    async def test_a_server_that_asks_to_wait_is_left_alone_until_then(self, world: World, tmp_path: Path) -> None:
        await world.put("hr/travel.txt", "The limit is 100.")
        await world.throttle(1.0)
        async with following(tmp_path) as follow:
            await follow.sync(world.source())
            assert await follow.texts() == {"hr/travel.txt": "The limit is 100."}
            assert not await world.early()

    async def test_it_is_said_whether_a_version_is_still_the_one_there(self, world: World, tmp_path: Path) -> None:
        source = world.source()
        if not isinstance(source, Revalidates):
            raise SkipTest("the source cannot tell")
        await world.put("hr/travel.txt", "The limit is 100.")
        await world.settled()
        (item,) = (await listed(source)).values()
        assert await source.revalidate(item.id, item.token) is Standing.SAME
        await world.put("hr/travel.txt", "The limit is 9999.")
        assert await source.revalidate(item.id, item.token) in (Standing.CHANGED, Standing.UNKNOWN)
        await world.delete("hr/travel.txt")
        assert await source.revalidate(item.id, item.token) is Standing.GONE

    async def test_who_may_read_follows_the_place(self, world: World, tmp_path: Path) -> None:
        source = world.source()
        if source.access is not None or not isinstance(source, KnowsReaders):
            raise SkipTest("rules decide who may read")
        legal, ada = "group:legal", "user:ada@example.com"
        await world.put("hr/travel.txt", "The limit is 100.")
        await world.put("hr/deep/pay.txt", "The pay is 5.")
        await world.restrict("hr", [legal, ada])
        async with following(tmp_path) as follow:
            await follow.sync(world.source())
            for path in ("hr/travel.txt", "hr/deep/pay.txt"):
                assert (await follow.access(path)).permits(frozenset({legal}))
                assert not (await follow.access(path)).permits(frozenset({"everyone"}))
            await world.restrict("hr", [ada])  # narrowed above, and no document touched
            await follow.sync(world.source())
            for path in ("hr/travel.txt", "hr/deep/pay.txt"):
                assert not (await follow.access(path)).permits(frozenset({legal}))
                assert (await follow.access(path)).permits(frozenset({ada}))
            held = {c.document.acl_id for c in follow.index.chunks}
            assert held == {e.document.acl_id for e in follow.state.entries()}

    async def test_what_nobody_is_named_for_nobody_may_read(self, world: World, tmp_path: Path) -> None:
        source = world.source()
        if source.access is not None or not isinstance(source, KnowsReaders):
            raise SkipTest("rules decide who may read")
        await world.put("hr/travel.txt", "The limit is 100.")
        await world.restrict("hr/travel.txt", [])
        async with following(tmp_path) as follow:
            await follow.sync(world.source())
            assert access_id(await follow.access("hr/travel.txt")) == access_id(AccessList(frozenset()))

    async def test_a_link_leads_into_the_document(self, world: World, tmp_path: Path) -> None:
        source = world.source()
        if not isinstance(source, OpensAt):
            raise SkipTest("its addresses lead to documents alone")
        await world.put("hr/travel.txt", "The limit is 100.")
        (item,) = (await listed(source)).values()
        if item.url is None:
            raise SkipTest("its documents have no addresses")
        assert source.open_at(item.url, Spot()).partition("#")[0].partition("?")[0] == item.url.partition("?")[0]
