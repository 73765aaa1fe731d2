"""What is left of a reply when Teams refuses its form: all that it says, with fewer means."""

from __future__ import annotations

import json
import re

import pytest

from bot.queue.sending import largest
from bot.teams.forms import smaller
from bot.teams.render import render
from bot.texts import NOT_TAKEN
from tests.bot.teams.support import ADA, BEN, answered, citation, reply, running

LONG = "A clause *of* the agreement that goes [on] & on, as <clauses> do. " * 60
RECORD = "0194f2c3a1b5e0d9c8b7"


@pytest.mark.parametrize("quote", ["Hotels cost at most 180 EUR a night.", LONG], ids=["short", "long"])
def test_every_form_holds_the_answer_its_quotes_links_and_record(quote: str) -> None:
    payload = render(answered(citation(1, quote), citation(2)), passages=True)
    forms = smaller(payload)
    assert [form.name for form in forms] == ["without controls", "text", "text in parts"][: 3 if quote == LONG else 2]
    assert "Action." not in json.dumps(forms[0].messages)
    for form in forms[1:]:
        text = re.sub(r"\s+", " ", "\n".join(str(m["text"]) for m in form.messages))
        assert "Hotels cost at most 180 EUR a night." in text
        assert "(https://docs.example.com/travel.pdf#page=7)" in text
        assert RECORD in text
        assert "A clause *of*" not in text
    assert all(len(str(m["text"])) <= 3_100 for m in forms[-1].messages)
    if quote == LONG:
        assert [RECORD in str(m["text"]).split()[-1] for m in forms[-1].messages][:1] == [True]
    (label,) = json.loads(json.dumps(forms[1].messages[0]["entities"]))
    assert label["additionalType"] == ["AIGeneratedContent"]
    assert "citation" not in label


@pytest.mark.parametrize(
    ("dislikes", "most", "form"),
    [
        (set(), 100 * 1024, ""),
        ({"ActionSet"}, 100 * 1024, "without controls"),
        ({"RichTextBlock"}, 100 * 1024, "text"),
        (set(), 28 * 1024, "text in parts"),
        (set(), 9_000, "text in parts"),
        (set(), 1_000, "notice"),
    ],
)
async def test_teams_takes_one_of_the_forms_whatever_it_refuses(dislikes: set[str], most: int, form: str) -> None:
    async with running(options={"viewer": object()}) as bot:  # which stands behind the buttons
        bot.teams.dislikes, bot.teams.most_bytes = dislikes, most
        place = bot.teams.place("channel", ADA, BEN)
        await bot.teams.say(place, ADA, "How much may a hotel cost?")
        quoted = citation(1, LONG * 2 if most == 28 * 1024 else LONG)
        answer = reply(bot.platform, answered(quoted))
        sent = await largest(bot.platform, bot.intake.last, answer, None, again=False)
        shown = bot.teams.answers(place)
        assert (sent.form, sent.message) == (form, shown[0].id)
        assert RECORD in json.dumps([s.activity for s in shown])
        assert not bot.teams.refused
        if form == "notice":
            assert [s.text for s in shown] == [NOT_TAKEN.format(record=RECORD)]


async def test_a_message_of_which_teams_makes_two_has_no_id_and_is_no_failure() -> None:
    async with running() as bot:
        bot.teams.splits = True
        place = bot.teams.place("channel", ADA, BEN)
        await bot.teams.say(place, ADA, "How much may a hotel cost?")
        assert await bot.platform.post(bot.intake.last, reply(bot.platform, answered()), None) == ""
        assert len(bot.teams.answers(place)) == 1
