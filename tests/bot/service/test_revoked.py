"""A token that is revoked while questions come in: told at once, and nothing is lost until there is another."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from audit.record import AuditRecord, Receipt
from bot.errors import PlatformUnauthorized
from bot.ports import ChatAdapter
from bot.teams.adapter import TeamsPlatform
from bot.types import Incoming
from tests.bot.fakes import MemoryLog
from tests.bot.queue.test_worker import HOTELS, Office
from tests.bot.slack.fakes import MemoryIntake as SlackIntake
from tests.bot.slack.fakes import MemoryViewer
from tests.bot.teams.support import ADA, BEN, running
from tests.servers.slack import config_for, patient_slack, slack_by_http
from tests.waiting import until

ASKED = "What do hotels cost?"


class RevokingLog(MemoryLog):
    """The token goes as soon as something is recorded."""

    def __init__(self, revoke: Callable[[], None]) -> None:
        super().__init__()
        self._revoke = revoke

    async def append(self, record: AuditRecord) -> Receipt:
        if not self.records:
            self._revoke()
        return await super().append(record)


@dataclass
class Side:
    """A platform, a question that was asked there, what it shows, and how its token goes and comes back."""

    question: Incoming
    shown: Callable[[], Sequence[str]]
    revoke: Callable[[], None]
    told: str
    again: Callable[[], ChatAdapter]
    """The adapter of a service that was started with another token."""


@asynccontextmanager
async def slack_side(office: Office) -> AsyncIterator[Side]:
    slack, intake = patient_slack(), SlackIntake()
    await slack.start()
    slack.world.add_user("U0ADA", "Ada", "ada@example.com")
    channel = slack.world.add_channel("travel", "U0ADA")
    config = config_for(slack, socket=False)
    try:
        async with slack_by_http(slack, config, intake, MemoryViewer()) as platform:
            office.platform = platform
            root = await slack.ask("U0ADA", channel, ASKED)

            def revoke() -> None:
                slack.world.revoked = "token_revoked"

            def again() -> ChatAdapter:
                slack.world.revoked = ""
                slack.expect("xoxb-another")
                return type(platform)(replace(config, bot_token="xoxb-another"), intake, MemoryViewer())

            def shown() -> list[str]:
                return [m["text"] for m in slack.world.replies(channel, root)]

            yield Side(intake.questions[0], shown, revoke, "the token was revoked", again)
    finally:
        await slack.stop()


@asynccontextmanager
async def teams_side(office: Office) -> AsyncIterator[Side]:
    async with running() as bot:
        place = bot.teams.place("channel", ADA, BEN)
        await bot.teams.say(place, ADA, ASKED)
        office.platform = bot.platform

        def revoke() -> None:
            bot.teams.password = "another"
            bot.teams.revoke_tokens()

        def again() -> ChatAdapter:
            return TeamsPlatform(bot.teams.config(), bot.intake)

        def shown() -> list[str]:
            return [said.text for said in bot.teams.answers(place)]

        yield Side(bot.intake.last, shown, revoke, "TEAMS_APP_PASSWORD", again)


SIDES = {"slack": slack_side, "teams": teams_side}


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("when", ["before it is looked at", "before it is shown"])
async def test_a_question_in_flight_waits_for_the_next_token(office: Office, side: str, when: str) -> None:
    async with SIDES[side](office) as there:
        platform: ChatAdapter = office.platform
        assert await platform.ready() == []
        if when == "before it is looked at":
            there.revoke()
        else:
            office.log = RevokingLog(there.revoke)
        async with office.worker(first_pause=0.01, tries=10_000) as worker:
            await worker.accept(there.question)
            await worker.drain()
            (problem,) = await platform.ready()
            assert there.told in problem
            (said,) = await platform.check()
            assert there.told in said
            assert "\n" not in said
        recorded = [] if when == "before it is looked at" else [("question", "answered")]
        assert (await office.left(), office.log.events()) == (["recorded" if recorded else "new"], recorded)
        assert there.shown() == []
        office.platform = there.again()
        await office.platform.start()
        try:
            async with office.worker() as worker:
                await until(lambda: len(office.log.records) == 2, "the answer")
                await worker.drain()
            assert await office.platform.ready() == []
        finally:
            await office.platform.stop()
        (answer,) = there.shown()
        assert HOTELS in answer
        assert office.log.events() == [("question", "answered"), ("delivery", "delivered")]
        assert await office.left() == []


async def test_a_service_that_gives_tokens_and_takes_none_is_not_ready() -> None:
    """As when the bot's registration is gone: Entra knows the app still, Teams does not know the bot."""
    async with running() as bot:
        place = bot.teams.place("channel", ADA, BEN)
        await bot.teams.say(place, ADA, ASKED)
        bot.teams.gone = True
        with pytest.raises(PlatformUnauthorized, match="still registered in Azure"):
            await bot.platform.people(bot.intake.last)
        (problem,) = await bot.platform.ready()
        assert "still registered in Azure" in problem
        bot.teams.gone = False
        await bot.platform.people(bot.intake.last)
        assert await bot.platform.ready() == []
