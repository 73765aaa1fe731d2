"""Asking an expert in Teams: the button in the card, and the one message with a mention."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.demo.standins.teams_checks import elements, problems
from bot.teams.render import render, wire_size
from bot.texts import EXPERT_ELSEWHERE
from bot.types import Expert, IncomingKind, Outcome, OutcomeKind
from tests.bot.teams.support import ADA, BEN, answered, reply, running

DESK = Expert("Ben of Travel", {"teams": "BEN@example.com"})
NASTY = "May I <at>everyone</at> *bold* [x](https://evil.example)?"
ABSTAINED = Outcome(OutcomeKind.ABSTAINED, "r1", "q", text="I found no answer.")


def buttons(activity: Any) -> list[dict[str, Any]]:
    cards = [a["content"] for a in activity.get("attachments") or ()]
    return [dict(e) for card in cards for e in elements(card) if e.get("type") == "Action.Submit"]


@pytest.mark.parametrize("outcome", [answered(), ABSTAINED], ids=["answered", "abstained"])
def test_the_button_is_there_when_somebody_can_be_asked(outcome: Outcome) -> None:
    assert buttons(render(outcome)) == []
    payload = render(replace(outcome, expert="Ben of Travel"))
    assert [b["title"] for b in buttons(payload)] == ["Ask Ben of Travel"]
    assert list(problems(payload, wire_size(payload))) == []


async def test_a_press_asks_once() -> None:
    async with running() as bot:
        place = bot.teams.place("channel", ADA, BEN)
        said = await bot.teams.say(place, ADA, "How much?")
        question = bot.intake.last
        await bot.platform.post(question, reply(bot.platform, replace(answered(), expert="Ben")), None)
        [button] = buttons(bot.teams.answers(place)[0].activity)
        for person in (BEN, ADA):
            press = bot.teams.activity("message", place, person, thread=said.thread)
            press |= {"value": button["data"], "replyToId": bot.teams.answers(place)[0].id}
            status, _ = await bot.teams.deliver(press)
            assert status < 300
        [call] = [i for i in bot.intake.accepted if i.kind is IncomingKind.EXPERT]
        assert (call.about, call.thread, call.user) == (answered().record_id, question.thread, BEN.object_id)


@pytest.mark.parametrize("value", [{"expert": {"record": "../x"}}, {"expert": "r1"}, {"expert": None}, {"else": 1}])
async def test_another_button_asks_nobody(value: dict[str, Any]) -> None:
    async with running() as bot:
        press = bot.teams.activity("message", bot.teams.place("channel", ADA), ADA)
        await bot.teams.deliver(press | {"value": value})
        assert bot.intake.last.kind is IncomingKind.IGNORED


async def test_the_call_mentions_the_expert_and_nobody_else() -> None:
    async with running() as bot:
        place = bot.teams.place("channel", ADA, BEN)
        await bot.teams.say(place, ADA, "How much?")
        await bot.platform.post_call(bot.intake.last, DESK, "Can you help?", NASTY, "r2")
        [message] = bot.teams.answers(place)
        [entity] = message.activity["entities"]
        assert entity["mentioned"] == {"id": BEN.id, "name": "Ben of Travel"}
        assert message.activity["text"].count("<at>") == 1
        assert message.text.startswith("@Ben of Travel Can you help?")
        assert "“May I <at>everyone</at> *bold* [x](https://evil.example)?”" in message.text
        assert not bot.teams.refused


async def test_an_expert_who_is_not_there_is_named() -> None:
    async with running() as bot:
        place = bot.teams.place("groupChat", ADA)
        await bot.teams.say(place, ADA, "How much?")
        await bot.platform.post_call(bot.intake.last, DESK, "Can you help?", "How much?", "r2")
        [message] = bot.teams.answers(place)
        assert message.text == EXPERT_ELSEWHERE.format(name="Ben of Travel")
        assert not message.activity.get("entities")
