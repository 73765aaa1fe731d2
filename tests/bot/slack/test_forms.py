"""What is left of a reply when Slack refuses its form: all that it says, with fewer means."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from bot.queue.sending import largest
from bot.slack.adapter import SlackPlatform
from bot.slack.forms import smaller
from bot.slack.render import PART_EVENT, render
from bot.texts import NOT_TAKEN, STATUS
from bot.types import Incoming
from tests.bot.slack.fakes import RECORD, MemoryIntake, answered, citation, reply_of
from tests.servers.slack import SlackStandIn

LONG = "A clause of the agreement that goes on & on, as <clauses> do. " * 60


@pytest.fixture
async def question(slack: SlackStandIn, by_http: SlackPlatform, intake: MemoryIntake) -> Incoming:
    channel = slack.world.add_channel("travel", "U0ADA", "U0BOB")
    await slack.ask("U0ADA", channel, "What may a hotel cost?")
    return intake.questions[0]


def said(messages: Any) -> str:
    return re.sub(r"\s+", " ", "\n".join(m["text"] for m in messages))


@pytest.mark.parametrize("quote", ["Hotels cost at most 180 EUR a night.", LONG], ids=["short", "long"])
def test_every_form_holds_the_answer_its_quotes_links_and_record(quote: str) -> None:
    payload = render(answered(citation(1, quote), citation(2)))
    forms = smaller(payload)
    assert "actions" not in json.dumps(forms[0].messages)
    for form in forms[1:]:
        text = said(form.messages)
        assert "A night may cost 180 EUR at most." in text
        assert "<https://docs.example.com/travel.pdf#page=7|Travel Policy>" in text
        assert "Hotels cost at most 180 EUR a night." in text
        assert RECORD in text
        assert form.messages[0]["metadata"] == payload["metadata"]
    assert [form.name for form in forms] == (
        ["without controls", "text in parts"] if quote == LONG else ["without controls", "text"]
    )
    assert all(len(str(m["text"])) <= 2_000 for m in forms[-1].messages)
    more = json.loads(json.dumps(forms[-1].messages[1:]))
    assert [m["metadata"]["event_type"] for m in more] == [PART_EVENT] * (len(forms[-1].messages) - 1)


def test_no_part_ends_within_a_link_or_an_entity() -> None:
    (form,) = [f for f in smaller(render(answered(citation(1, "&<>" * 3_000)))) if f.name == "text in parts"]
    for message in form.messages:
        text = re.sub(r"<https://[^<>|]*\|[^<>|]*>", "", str(message["text"]))
        assert not re.search(r"[<>]|&(?!amp;|lt;|gt;)", text)


@pytest.mark.parametrize(
    ("dislikes", "most", "form"),
    [
        (set(), 40_000, ""),
        ({"context_actions"}, 40_000, "without controls"),
        ({"rich_text"}, 40_000, "text"),
        ({"rich_text"}, 2_500, "text in parts"),
        (set(), 2_500, "text in parts"),
        (set(), 1_000, "notice"),
    ],
)
async def test_slack_takes_one_of_the_forms_whatever_it_refuses(
    slack: SlackStandIn, by_http: SlackPlatform, question: Incoming, dislikes: set[str], most: int, form: str
) -> None:
    slack.world.dislikes, slack.world.most_text = dislikes, most
    reply = reply_of(by_http, answered(citation(1, LONG[:2_900]), citation(2)))
    await by_http.post_status(question, STATUS)
    sent = await largest(by_http, question, reply, None, again=False)
    assert sent.form == form
    shown = slack.world.replies(question.channel, question.thread)
    assert shown[0]["ts"] == sent.message
    assert RECORD in json.dumps(shown)
    assert slack.world.statuses == {}
    if form == "notice":
        assert [m["text"] for m in shown] == [NOT_TAKEN.format(record=RECORD)]
    else:
        assert await by_http.messages(question.channel, None) == [(RECORD, sent.message)]
    again = await largest(by_http, question, reply, None, again=True)
    assert (again.message, len(slack.world.replies(question.channel, question.thread))) == (sent.message, len(shown))
