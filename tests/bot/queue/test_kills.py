"""Killed between the platform's message and our note of it: no second answer, on the platforms' own protocols."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.demo.standins.teams import TeamsPlace
from bot.queue.inbox import Inbox, Shown
from bot.slack.adapter import SlackPlatform
from bot.texts import SHOWN_BEFORE
from bot.types import Incoming, Reply
from tests.bot.queue.test_worker import Office
from tests.bot.slack.fakes import MemoryIntake as SlackIntake
from tests.bot.slack.fakes import MemoryViewer
from tests.bot.teams.support import ADA, BEN, running
from tests.servers.slack import SlackStandIn, config_for, patient_slack, slack_by_http
from tests.waiting import until

ASKED = "What do hotels cost?"


class Dying(Inbox):
    """The process ends after the platform took the reply, before that is noted."""

    async def shown(self, incoming: Incoming, reply: Reply, message: str) -> Shown:
        raise asyncio.CancelledError


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


async def killed(office: Office, question: Incoming) -> None:
    """The question is answered, and the process ends before it knows."""
    office.inbox = Dying
    async with office.worker(workers=1) as worker:
        await worker.accept(question)
        await until(lambda: len(office.log.records) == 1, "the record")
        await worker.stop(20)
    office.inbox = Inbox
    assert await office.left() == ["showing"]


@pytest.fixture
async def slack() -> AsyncIterator[SlackStandIn]:
    slack = patient_slack()
    await slack.start()
    slack.world.add_user("U0ADA", "Ada", "ada@example.com")
    yield slack
    await slack.stop()
    assert slack.complaints == []


@pytest.mark.parametrize("readable", [True, False], ids=["with channels:history", "without"])
async def test_slack(office: Office, slack: SlackStandIn, readable: bool) -> None:
    intake = SlackIntake()
    async with slack_by_http(slack, config_for(slack, socket=False), intake, MemoryViewer()) as platform:
        office.platform = platform
        channel = slack.world.add_channel("travel", "U0ADA")
        await slack.ask("U0ADA", channel, ASKED)
        await killed(office, intake.questions[0])
        if not readable:
            slack.world.scopes = {"chat:write", "users:read", "channels:read", "im:write"}
        async with office.worker() as worker:
            await worker.drain()
        texts = [m["text"] for m in slack.world.replies(channel, intake.questions[0].thread)]
    assert len(texts) == (1 if readable else 2)
    assert texts[1:] == ([] if readable else [SHOWN_BEFORE])
    assert office.log.events()[1:] == [("delivery", "delivered" if readable else "unconfirmed")]
    assert isinstance(platform, SlackPlatform)


@pytest.mark.parametrize("kind", ["channel", "groupChat", "personal"])
@pytest.mark.parametrize("granted", [True, False], ids=["Graph shows it", "Graph does not"])
async def test_teams(office: Office, kind: str, granted: bool) -> None:
    async with running(reads=True) as bot:
        place: TeamsPlace = bot.teams.personal(ADA) if kind == "personal" else bot.teams.place(kind, ADA, BEN)
        if granted:
            bot.teams.graph.grant(place)
        await bot.teams.say(place, ADA, ASKED)
        office.platform = bot.platform
        await killed(office, bot.intake.last)
        async with office.worker() as worker:
            await worker.drain()
        texts = [said.text for said in bot.teams.answers(place)]
        seen = granted and kind != "personal"  # Graph shows a bot no personal chat
        assert len(texts) == (1 if seen else 2)
        assert texts[1:] == ([] if seen else [SHOWN_BEFORE])
        assert office.log.events()[1:] == [("delivery", "delivered" if seen else "unconfirmed")]
        assert not bot.teams.refused
