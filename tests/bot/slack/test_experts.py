"""Asking an expert in Slack: the button, and the one message with a mention."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.demo.standins import slack_checks, slack_text
from bot.slack.adapter import SlackPlatform
from bot.slack.render import EXPERT, render
from bot.types import Expert, IncomingKind
from tests.bot.slack.fakes import RECORD, MemoryIntake, abstained, answered, reply_of
from tests.servers.slack import SlackStandIn

DESK = Expert("the travel desk", {"slack": "S0TRAVEL"})
NASTY = "May I <!channel> & <@U0BOB> @everyone *bold*?"


@pytest.mark.parametrize("outcome", [answered(), abstained("Travel Policy")], ids=["answered", "abstained"])
def test_the_button_is_there_when_somebody_can_be_asked(outcome: Any) -> None:
    assert "Ask the travel desk" not in "\n".join(slack_text.message_lines(render(outcome)))
    payload = render(replace(outcome, expert="the travel desk"))
    assert "[Ask the travel desk]" in "\n".join(slack_text.message_lines(payload))
    assert list(slack_checks.message({**payload, "parse": "none"}, update=True)) == []


async def test_a_press_is_stored_before_it_is_acknowledged(
    slack: SlackStandIn, platform: SlackPlatform, intake: MemoryIntake
) -> None:
    channel = slack.world.add_channel("travel", "U0ADA", "U0BOB", kind="group")
    await slack.ask("U0ADA", channel, "What may a hotel cost?")
    question = intake.questions[0]
    await platform.post(question, reply_of(platform, replace(answered(), expert="the travel desk")), None)
    [message] = slack.world.replies(channel, question.thread)
    for user in ("U0BOB", "U0ADA", "U0BOB"):
        assert (await slack.press(user, message, EXPERT, RECORD)).acknowledged
    [call] = [i for i in intake.accepted if i.kind is IncomingKind.EXPERT]
    assert (call.user, call.about, call.channel, call.thread) == ("U0BOB", RECORD, channel, question.thread)
    assert call.channel_kind is question.channel_kind


@pytest.mark.parametrize(
    ("expert", "element"),
    [
        (DESK, {"type": "usergroup", "usergroup_id": "S0TRAVEL"}),
        (Expert("Bob", {"slack": "U0BOB"}), {"type": "user", "user_id": "U0BOB"}),
    ],
)
async def test_the_call_mentions_the_expert_and_nobody_else(
    slack: SlackStandIn, platform: SlackPlatform, intake: MemoryIntake, expert: Expert, element: dict[str, str]
) -> None:
    channel = slack.world.add_channel("travel", "U0ADA", "U0BOB")
    await slack.ask("U0ADA", channel, "What may a hotel cost?")
    question = intake.questions[0]
    first = await platform.post_call(question, expert, "Can you help?", NASTY, "r2")
    again = await platform.post_call(question, expert, "Can you help?", NASTY, "r2")
    assert first == again
    [message] = slack.world.replies(channel, question.thread)
    section, quote = message["blocks"][0]["elements"]
    assert section["elements"] == [element, {"type": "text", "text": " Can you help?"}]
    assert quote["elements"] == [{"type": "text", "text": NASTY}]
    assert "<" not in message["text"]


def test_the_stand_in_takes_no_mention_elsewhere() -> None:
    payload: dict[str, Any] = render(answered())
    payload["blocks"][0]["elements"][0]["elements"].append({"type": "user", "user_id": "U0BOB"})
    complaints = list(slack_checks.message({**payload, "parse": "none"}, update=False))
    assert complaints == ["a mention in a message that asks no expert"]
