"""A platform that asks to wait, at whichever call of an answer: it is waited for, and the question answered once."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.demo.standins.slack import SlackStandIn
from bot.demo.standins.slack_world import Fault
from bot.demo.standins.teams import TeamsFault
from bot.slack.people import LIST_FROM
from bot.texts import READERS_UNKNOWN
from bot.types import Incoming, People
from tests.bot.fakes import FakePlatform, incoming
from tests.bot.queue.test_kills import killed
from tests.bot.queue.test_worker import BONUS, EVE, HOTELS, Office
from tests.bot.slack.fakes import MemoryIntake as SlackIntake
from tests.bot.slack.fakes import MemoryViewer
from tests.bot.teams.support import ADA, BEN, running
from tests.servers.slack import config_for, patient_slack, slack_by_http
from tests.waiting import STUCK_S, until

ASKED, PRIVATELY = "What do hotels cost?", "What is the bonus pool?"
LONGEST = 0.3  # seconds that an adapter waits itself; what is longer it hands to the queue
WAITS = {"by the adapter": "0.05", "by the queue": "1"}


@pytest.fixture
def office(tmp_path: Path) -> Office:
    office = Office(tmp_path)
    office.groups = {"board": ["ada@example.com"]}
    return office


async def answered(office: Office, question: Incoming, *, records: int) -> None:
    async with office.worker(first_pause=0.01) as worker:
        await worker.accept(question)
        await until(lambda: len(office.log.records) >= records, "the delivery")
        await worker.drain()
    assert office.log.events()[-2:] == [("question", "answered"), ("delivery", "delivered")]
    assert await office.left() == []


SLACK_CALLS = [
    *(("asked", m) for m in ("users.info", "conversations.info", "conversations.members", "chat.postMessage")),
    ("asked", "assistant.threads.setStatus"),
    *(("private", m) for m in ("conversations.open", "chat.getPermalink", "chat.postMessage")),
    ("pointed", "conversations.replies"),
    ("edited", "chat.update"),
    ("killed", "conversations.replies"),
    ("crowded", "users.list"),
]


def crowd(slack: SlackStandIn) -> list[str]:
    return [slack.world.add_user(f"U1{n:04}", f"P{n}") for n in range(LIST_FROM + 5)]


@pytest.mark.parametrize("wait", WAITS.values(), ids=WAITS)
@pytest.mark.parametrize(("what", "method"), SLACK_CALLS, ids=[f"{w}, {m}" for w, m in SLACK_CALLS])
async def test_slack(office: Office, what: str, method: str, wait: str) -> None:
    slack, intake = patient_slack(), SlackIntake()
    await slack.start()
    world = slack.world
    for user, name in (("U0ADA", "Ada"), ("U0BOB", "Bob")):
        world.add_user(user, name, f"{name.lower()}@example.com")
    channel = world.add_channel("travel", "U0ADA", "U0BOB", *(crowd(slack) if what == "crowded" else ()))
    config = replace(config_for(slack, socket=False), longest_wait=LONGEST)
    try:
        async with slack_by_http(slack, config, intake, MemoryViewer()) as platform:
            office.platform, records = platform, 2
            if what == "pointed":
                root = await slack.say("U0BOB", channel, ASKED)
                await slack.ask("U0ADA", channel, "can you answer this?", root)
            else:
                root = await slack.ask("U0ADA", channel, PRIVATELY if what == "private" else ASKED)
            question = intake.questions[-1]
            if what == "killed":
                await killed(office, question)
            if what == "edited":
                await answered(office, question, records=2)
                await slack.edit(channel, root, f"<@{world.bot_user}> What do the hotels cost a night?")
                question, records = intake.questions[-1], 4
            world.faults[method].append(Fault(status=429, wait=wait))
            await answered(office, question, records=records)
            assert not world.faults[method], "it was asked"
            place, said = (world.dm("U0ADA"), BONUS) if what == "private" else (channel, HOTELS)
            shown = [m["text"] for m in world.messages[place] if m.get("bot_id") == world.bot_id]
            assert len([text for text in shown if said in text]) == 1
            assert len(shown) == (2 if what == "private" else 1)  # the line that leads back, and the answer
    finally:
        await slack.stop()
    assert slack.complaints == []


TEAMS_CALLS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "the roster": ("channel", "asked", {"path": "pagedmembers"}),
    "one member": ("personal", "asked", {"path": "/members/"}),
    "typing": ("channel", "asked", {"path": "/activities", "holds": b'"typing"'}),
    "the answer": ("channel", "asked", {"path": "/activities", "holds": b"180 EUR"}),
    "the answer in a chat": ("groupChat", "asked", {"path": "/activities", "holds": b"180 EUR"}),
    "the personal chat": ("channel", "private", {"path": "/v3/conversations", "holds": b'"members"'}),
    "the private answer": ("channel", "private", {"path": "/activities", "holds": b"1.35 million"}),
    "the edit": ("channel", "edited", {"path": "/activities", "method": "PUT"}),
    "the token": ("channel", "asked", {"path": "/login/"}),
    "the thread, after a crash": ("channel", "killed", {"path": "/graph/"}),
    "the chat, after a crash": ("groupChat", "killed", {"path": "/graph/"}),
}


@pytest.mark.parametrize("wait", WAITS.values(), ids=WAITS)
@pytest.mark.parametrize("call", TEAMS_CALLS)
async def test_teams(office: Office, call: str, wait: str) -> None:
    kind, what, where = TEAMS_CALLS[call]
    async with running(reads=True, longest_wait=LONGEST) as bot:
        teams = bot.teams
        place = teams.personal(ADA) if kind == "personal" else teams.place(kind, ADA, BEN)
        office.platform, records = bot.platform, 2
        if kind != "personal":
            teams.graph.grant(place)
        said = await teams.say(place, ADA, PRIVATELY if what == "private" else ASKED)
        question = bot.intake.questions[-1]
        if what == "killed":
            await killed(office, question)
        if what == "edited":
            await answered(office, question, records=2)
            mended = {**said.activity, "type": "messageUpdate", "text": "<at>Footnote</at> What do the hotels cost?"}
            mended["channelData"] = {**said.activity["channelData"], "eventType": "editMessage"}
            assert (await teams.deliver(mended))[0] < 300
            question, records = bot.intake.questions[-1], 4
        fault = TeamsFault(429, 1, headers={"Retry-After": wait}, **where)
        teams.faults.append(fault)
        await answered(office, question, records=records)
        assert fault.times == 0, "it was asked"
        there, found = (teams.personal(ADA), "1.35 million") if what == "private" else (place, "180 EUR")
        assert len([s for s in teams.answers(there) if found in s.text]) == 1
        assert len(teams.answers(there)) == 1


class Slow(FakePlatform):
    """Takes too long to say who is here, `times` times."""

    times = 0

    async def people(self, incoming: Incoming) -> People:
        self.times -= 1
        if self.times >= 0:
            await asyncio.sleep(STUCK_S)
        return await super().people(incoming)


@pytest.mark.parametrize(("times", "shown"), [(2, f"{HOTELS} [1]"), (10, READERS_UNKNOWN)], ids=["slow", "stuck"])
async def test_a_platform_that_takes_long_to_name_the_readers_is_asked_again_before_it_is_given_up(
    office: Office, times: int, shown: str
) -> None:
    office.platform = Slow(readers=[EVE])
    office.platform.times = times
    async with office.worker(first_pause=0.01, people_s=0.05) as worker:
        await worker.accept(incoming(ASKED))
        await until(lambda: len(office.log.records) == 2, "the delivery")
        await worker.drain()
    assert list(office.platform.thread.values()) == [shown]
