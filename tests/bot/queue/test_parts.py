"""An answer that the platform takes in parts alone: each part is there once, whatever happens between two of them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.demo.standins.teams import TeamsFault
from bot.queue.inbox import Inbox, PartsShown
from bot.texts import PRIVATE_NOTE
from bot.types import Incoming, Reply
from tests.bot.fakes import ListLibrary, ListRetriever, passage
from tests.bot.queue.test_worker import Office
from tests.bot.slack.fakes import MemoryIntake as SlackIntake
from tests.bot.slack.fakes import MemoryViewer
from tests.bot.teams.support import ADA, BEN, running
from tests.servers.slack import Fault, config_for, patient_slack, slack_by_http
from tests.waiting import until

ASKED = "What do hotels cost?"
WORDS = [f"hotels{n}" for n in range(1_000)]
LONG = f"What hotels cost is told by {' '.join(WORDS)}."
BEGUN, ONE_IS_THERE, TWO_ARE_THERE = 1, 2, 3
"""At which note of how far it has come the process ends."""


def dying(at: int) -> type[Inbox]:
    """The process ends before its `at`-th note of the parts."""
    notes = 0

    class Dying(Inbox):
        async def parts_shown(self, key: str, reply: Reply, parts: PartsShown) -> None:
            nonlocal notes
            notes += 1
            if notes == at:
                raise asyncio.CancelledError
            await super().parts_shown(key, reply, parts)

    return Dying


@dataclass
class Side:
    """A platform that takes little at once, and a question that was asked there."""

    question: Incoming
    shown: Callable[[], Sequence[str]]
    privately: Callable[[], Sequence[str]]
    busy_at_the_second: Callable[[], None]


@asynccontextmanager
async def slack_side(office: Office, readable: bool) -> AsyncIterator[Side]:
    slack, intake = patient_slack(), SlackIntake()
    await slack.start()
    slack.world.add_user("U0ADA", "Ada", "ada@example.com")
    slack.world.add_user("U0BEN", "Ben", "ben@example.com")
    channel = slack.world.add_channel("travel", "U0ADA", "U0BEN")
    slack.world.most_text = 3_000
    try:
        async with slack_by_http(slack, config_for(slack, socket=False), intake, MemoryViewer()) as platform:
            office.platform = platform
            root = await slack.ask("U0ADA", channel, ASKED)
            if not readable:
                slack.world.scopes = {"chat:write", "users:read", "channels:read", "im:history", "im:read", "im:write"}

            def busy() -> None:
                # The whole answer, and the answer without controls, are refused first.
                slack.world.faults["chat.postMessage"].extend([None, None, None, Fault(429, retry_after=4)])

            yield Side(
                intake.questions[0],
                lambda: [m["text"] for m in slack.world.replies(channel, root)],
                lambda: [m["text"] for m in slack.world.messages[slack.world.dm("U0ADA")] if m.get("bot_id")],
                busy,
            )
    finally:
        await slack.stop()


@asynccontextmanager
async def teams_side(office: Office, readable: bool) -> AsyncIterator[Side]:
    async with running(reads=True) as bot:
        place = bot.teams.place("channel", ADA, BEN)
        if readable:
            bot.teams.graph.grant(place)
        bot.teams.most_bytes = 9_000
        await bot.teams.say(place, ADA, ASKED)
        office.platform = bot.platform

        def busy() -> None:
            bot.teams.faults.append(TeamsFault(429, 1, headers={"Retry-After": "21"}, holds=b"(continued, part 2)"))

        yield Side(
            bot.intake.last,
            lambda: [said.text for said in bot.teams.answers(place)],
            lambda: [said.text for said in bot.teams.answers(bot.teams.personal(ADA))],
            busy,
        )


SIDES = {"slack": slack_side, "teams": teams_side}


@pytest.fixture
def office(tmp_path: Path) -> Office:
    office = Office(tmp_path)
    office.library = ListLibrary(passage(LONG))
    office.retriever = ListRetriever(office.library)
    return office


async def undisturbed(side: str, office: Office) -> list[str]:
    """The words of all parts, in their order, where nothing happens."""
    other = Office(office.path / "undisturbed")
    other.library, other.retriever = office.library, office.retriever
    async with SIDES[side](other, True) as there:
        async with other.worker() as worker:
            await worker.accept(there.question)
            await worker.drain()
        await delivered(other)
        assert len(there.shown()) >= 3
        return words(there.shown())


def words(texts: Sequence[str]) -> list[str]:
    return [word for text in texts for word in re.findall(r"hotels\d+", text)]


async def delivered(office: Office) -> None:
    assert office.log.events() == [("question", "answered"), ("delivery", "delivered")]
    assert office.log.records[1].fields["form"] == "text in parts"
    assert await office.left() == []


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("at", [BEGUN, ONE_IS_THERE, TWO_ARE_THERE])
async def test_a_kill_between_two_parts_loses_none_and_repeats_none(office: Office, side: str, at: int) -> None:
    async with SIDES[side](office, True) as there:
        office.inbox = dying(at)
        async with office.worker(workers=1) as worker:
            await worker.accept(there.question)
            await until(lambda: len(office.log.records) == 1, "the record")
            await worker.stop(20)
        assert await office.left() == ["showing"]
        assert len(there.shown()) == at - 1
        office.inbox = Inbox
        async with office.worker() as worker:
            await worker.drain()
        assert words(there.shown()) == await undisturbed(side, office)
        await delivered(office)


@pytest.mark.parametrize("side", SIDES)
async def test_where_nobody_can_look_a_later_part_is_rather_there_twice(office: Office, side: str) -> None:
    async with SIDES[side](office, False) as there:
        office.inbox = dying(TWO_ARE_THERE)
        async with office.worker(workers=1) as worker:
            await worker.accept(there.question)
            await until(lambda: len(office.log.records) == 1, "the record")
            await worker.stop(20)
        office.inbox = Inbox
        first, second = there.shown()
        async with office.worker() as worker:
            await worker.drain()
        shown = there.shown()
        assert shown[:3] == [first, second, second]
        assert words([first, *shown[2:]]) == await undisturbed(side, office)
        await delivered(office)


@pytest.mark.parametrize("side", SIDES)
async def test_a_part_that_has_to_wait_does_not_repeat_those_before(office: Office, side: str) -> None:
    async with SIDES[side](office, True) as there:
        there.busy_at_the_second()
        async with office.worker(first_pause=0.01) as worker:
            await worker.accept(there.question)
            await worker.drain()
            assert len(there.shown()) == 1
            assert await office.left() == ["showing"]
            if side == "slack":  # Teams' own wait is longer than this test
                await until(lambda: len(office.log.records) == 2, "the other parts")
        async with office.worker() as worker:
            await worker.drain()
        assert words(there.shown()) == await undisturbed(side, office)
        await delivered(office)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("readable", [True, False], ids=["one may look", "nobody may look"])
async def test_all_parts_of_a_private_answer_arrive_and_the_channel_is_told_once(
    office: Office, side: str, readable: bool
) -> None:
    expected = await undisturbed(side, office)
    office.library = ListLibrary(passage(LONG, acl_id="board"))
    office.retriever = ListRetriever(office.library)
    async with SIDES[side](office, readable) as there:
        async with office.worker() as worker:
            await worker.accept(there.question)
            await worker.drain()
        assert words(there.privately()) == expected
        assert there.shown() == [PRIVATE_NOTE]
    await delivered(office)
