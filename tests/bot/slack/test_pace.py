"""New messages of a channel are spaced out, by a clock that only moves while somebody sleeps."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bot.errors import PlatformBusy
from bot.slack.client import SlackClient
from bot.slack.events import Identity
from bot.slack.pace import MessagePace
from bot.slack.post import SlackPoster
from bot.texts import STATUS
from bot.types import ChannelKind, Incoming, IncomingKind
from tests.bot.fakes import NOW
from tests.servers.slack import Fault, SlackStandIn, config_for

ME = Identity("T0TEAM", "U0BOT", "B0BOT")


class Clock:
    """Time that passes when everybody waits, then to the moment for which the first of them does."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        until = self.now + seconds
        await asyncio.sleep(0)
        self.now = max(self.now, until)


def paced(clock: Clock, *, burst: int = 3, longest: float = 100.0) -> MessagePace:
    return MessagePace(1.0, burst, longest, clock=clock, sleep=clock.sleep)


async def test_a_quiet_channel_takes_some_at_once_and_then_one_a_second() -> None:
    clock = Clock()
    pace = paced(clock)
    await asyncio.gather(*(pace.turn("C1") for _ in range(7)))
    assert clock.slept == [1.0, 2.0, 3.0, 4.0]


async def test_channels_do_not_wait_for_each_other() -> None:
    clock = Clock()
    pace = paced(clock)
    await asyncio.gather(*(pace.turn(f"C{n}") for n in range(20)))
    assert clock.slept == []


async def test_a_pause_gives_the_burst_back() -> None:
    clock = Clock()
    pace = paced(clock)
    for _ in range(3):
        await pace.turn("C1")
    clock.now += 3
    for _ in range(3):
        await pace.turn("C1")
    assert clock.slept == []
    await pace.turn("C1")
    assert clock.slept == [1.0]


async def test_who_would_wait_too_long_is_told_and_takes_no_turn() -> None:
    clock = Clock()
    pace = paced(clock, burst=1, longest=2.0)
    await asyncio.gather(*(pace.turn("C1") for _ in range(3)))
    clock.now = 100.0
    with pytest.raises(PlatformBusy) as caught:
        await pace.turn("C1")
    assert caught.value.retry_after == 3.0
    clock.now = 103.0
    await pace.turn("C1")
    assert clock.slept == [1.0, 2.0]


async def test_after_a_429_nothing_goes_there_before_the_time_and_then_no_burst() -> None:
    clock = Clock()
    pace = paced(clock)
    pace.hold("C1", 30.0)
    await asyncio.gather(pace.turn("C1"), pace.turn("C1"), pace.turn("C2"))
    assert clock.slept == [30.0, 31.0]


def _question(channel: str, ts: str) -> Incoming:
    key = f"slack:{ME.team}:{channel}:{ts}"
    kind = ChannelKind.CHANNEL
    return Incoming(key, "slack", IncomingKind.QUESTION, ME.team, "U0ADA", channel, kind, ts, ts, "What?", NOW)


async def test_what_slack_gets_is_spaced_out(slack: SlackStandIn) -> None:
    clock = Clock()
    config = config_for(slack, socket=False)
    client = SlackClient(config)
    await client.start()
    channel, other = (slack.world.add_channel(name, "U0ADA") for name in ("travel", "other"))
    poster = SlackPoster(client, config, paced(clock))
    arrived = []
    try:
        for n in range(6):
            question = _question(channel, slack.world.write("U0ADA", channel, f"question {n}", None))
            await poster.text(question, STATUS, None, ME)
            arrived.append(clock.now)
        question = _question(other, slack.world.write("U0ADA", other, "elsewhere", None))
        await poster.text(question, STATUS, None, ME)
    finally:
        await client.stop()
    assert arrived == [100.0, 100.0, 100.0, 101.0, 102.0, 103.0]
    assert [c.method for c in slack.world.calls].count("chat.postMessage") == 7
    assert clock.now == 103.0


async def test_a_wait_that_slack_asks_for_holds_for_the_whole_channel(slack: SlackStandIn) -> None:
    clock = Clock()
    config = replace(config_for(slack, socket=False), longest_wait=0.0)
    client = SlackClient(config)
    await client.start()
    channel = slack.world.add_channel("travel", "U0ADA")
    poster = SlackPoster(client, config, paced(clock))
    slack.world.faults["chat.postMessage"].append(Fault(status=429, retry_after=30))
    question = _question(channel, slack.world.write("U0ADA", channel, "question", None))
    try:
        with pytest.raises(PlatformBusy):
            await poster.text(question, STATUS, None, ME)
        await poster.text(question, STATUS, None, ME)
    finally:
        await client.stop()
    assert clock.slept == [30.0]
