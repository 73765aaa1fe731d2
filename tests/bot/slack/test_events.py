"""The translation of events: pure, and without surprises whatever the event holds."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.events import Identity, hear, plain_text
from bot.types import ChannelKind, Incoming, IncomingKind
from tests.fuzz import tries

ME = Identity("T0FOOTNOTE", "U0FOOTNOTE", "B0FOOTNOTE")
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)

TYPED = {
    "mention first": ("<@U0FOOTNOTE> Hotels?", "Hotels?"),
    "mention last": ("Hotels? <@U0FOOTNOTE>", "Hotels?"),
    "mention within": ("Hey <@U0FOOTNOTE> hotels?", "Hey hotels?"),
    "mention with a name": ("<@U0FOOTNOTE|footnote> Hotels?", "Hotels?"),
    "somebody whose id begins like ours": ("<@U0FOOTNOTE2>  Hotels?", "@U0FOOTNOTE2  Hotels?"),
    "only the mention": ("<@U0FOOTNOTE>", ""),
    "somebody else": ("Ask <@U0ADA|ada> or <@U0BOB>", "Ask @ada or @U0BOB"),
    "entities": ("A &lt; B &amp;&amp; C &gt; D", "A < B && C > D"),
    "a typed entity": ("&amp;lt;", "&lt;"),
    "a link": ("See <https://example.com/a?b=1&amp;c=2>", "See https://example.com/a?b=1&c=2"),
    "a named link": ("See <https://example.com|our page>", "See our page"),
    "mail": ("Write <mailto:a@example.com>", "Write a@example.com"),
    "a channel": ("In <#C0123|travel> and <#C0456>", "In #travel and #C0456"),
    "everybody": ("<!channel> <!here|here> <!subteam^S01|@legal>", "@channel here @legal"),
    "a date": ("On <!date^1764000000^{date}|24 November>", "On 24 November"),
    "lines stay": ("One\n  two   three", "One\n  two   three"),
}


@pytest.mark.parametrize(("typed", "said"), TYPED.values(), ids=TYPED)
def test_what_a_person_typed(typed: str, said: str) -> None:
    assert plain_text(typed, ME.user) == said


def test_the_kind_of_a_channel_is_remembered_for_a_mention() -> None:
    event = {"type": "app_mention", "user": "U0ADA", "text": "<@U0FOOTNOTE> Hi", "ts": "1.1", "channel": "C1"}
    body = {"event": event, "team_id": ME.team}
    seen = hear(body, ME, frozenset({ME.team}), NOW, {"C1": ChannelKind.PRIVATE_CHANNEL})
    assert seen is not None
    assert seen.incoming.channel_kind is ChannelKind.PRIVATE_CHANNEL


def test_an_event_shared_with_others_says_so() -> None:
    event = {"type": "app_mention", "user": "U0ADA", "text": "Hi", "ts": "1.1", "channel": "C1"}
    body = {"event": event, "team_id": ME.team, "is_ext_shared_channel": True}
    seen = hear(body, ME, frozenset({ME.team}), NOW, {})
    assert seen is not None
    assert seen.incoming.reference == {"external": True}


known = st.sampled_from(["U0FOOTNOTE", "B0FOOTNOTE", "D1", "C1", "im"])
leaf = st.sampled_from([None, True, 0, 7, "", "x", [], {}, {"x": 1}, ["x"]]) | known
names = ("text", "user", "bot_id", "ts", "thread_ts", "subtype")
inside = st.fixed_dictionaries({}, optional=dict.fromkeys(names, leaf))
fields = {
    "type": st.sampled_from(["message", "app_mention"]) | leaf,
    "subtype": st.sampled_from(["message_changed", "message_deleted", "bot_message"]) | leaf,
    "message": inside | leaf,
    "previous_message": inside | leaf,
    **dict.fromkeys((*names[:5], "channel", "channel_type"), leaf),
}


@tries(300)
@given(st.fixed_dictionaries({}, optional=fields), st.fixed_dictionaries({}, optional={"team_id": leaf}))
def test_no_event_surprises(event: dict[str, Any], envelope: dict[str, Any]) -> None:
    """An exception would be answered with 500, and Slack turns off apps that fail too often."""
    heard = hear({**envelope, "event": event}, ME, frozenset({ME.team}), NOW, {})
    if heard is not None:
        incoming = heard.incoming
        assert isinstance(incoming, Incoming)
        assert all(isinstance(v, str) for v in (incoming.key, incoming.user, incoming.text, incoming.thread))


def heard(event: dict[str, Any], **body: Any) -> Incoming:
    whole = {"type": "message", "user": "U0ADA", "ts": "1.1", "channel": "C1", "channel_type": "channel", **event}
    seen = hear({"event": whole, "team_id": ME.team, **body}, ME, frozenset({ME.team}), NOW, {})
    assert seen is not None
    return seen.incoming


@pytest.mark.parametrize("mark", ["is_share", "is_msg_unfurl"])
def test_a_forwarded_message_is_what_is_said(mark: str) -> None:
    forwarded = [{mark: True, "text": "What is the hotel limit?", "fallback": "[May 1] Tom: What ..."}]
    assert heard({"text": "<@U0FOOTNOTE>", "attachments": forwarded}).text == "What is the hotel limit?"
    assert heard({"text": "And in Paris?", "attachments": forwarded}).text == "And in Paris?"
    assert heard({"text": "", "attachments": [{"text": "a link's preview"}]}).text == ""


def test_the_workspace_is_the_one_whose_installation_is_meant() -> None:
    authorized = [{"team_id": ME.team, "user_id": ME.user, "is_bot": True}]
    asked = heard({"text": "Hotels?"}, team_id="T0PARTNER", authorizations=authorized)
    assert (asked.tenant, asked.kind) == (ME.team, IncomingKind.QUESTION)
    assert heard({"text": "Hotels?"}, team_id="T0PARTNER").kind is IncomingKind.IGNORED
    theirs = heard({"text": "Hi", "team": "T0PARTNER"}, authorizations=authorized, is_ext_shared_channel=True)
    assert theirs.kind is IncomingKind.IGNORED
    grid = heard({"text": "Hi", "team": "T0SISTER"}, authorizations=authorized)
    assert grid.kind is IncomingKind.QUESTION
    foreign = [{"team_id": "T0PARTNER"}]
    assert heard({"text": "Hotels?"}, authorizations=foreign).kind is IncomingKind.IGNORED


@pytest.mark.parametrize(("text", "addressed"), [
    ("<@U0FOOTNOTE> Hotels?", True),
    ("<@U0FOOTNOTE|footnote> Hotels?", True),
    ("Hotels? <@U0ADA> <@U0FOOTNOTE>", True),
    ("<@U0FOOTNOTE2> Hotels?", False),
    ("<@U0FOOTNOTE2|footnote two> Hotels?", False),
    ("&lt;@U0FOOTNOTE&gt; Hotels?", False),
    ("<#U0FOOTNOTE> <@U0ADA|U0FOOTNOTE> Hotels?", False),
])  # fmt: skip
def test_a_mention_is_of_the_whole_id(text: str, addressed: bool) -> None:
    event = {"type": "message", "user": "U0ADA", "ts": "1.1", "channel": "C1", "channel_type": "channel", "text": text}
    edit: dict[str, Any] = {
        "type": "message",
        "subtype": "message_changed",
        "channel": "C1",
        "channel_type": "channel",
        "ts": "1.2",
    }
    edit |= {"previous_message": {**event, "text": "Hotel?"}, "message": event}
    for told in (event, edit):
        seen = hear({"event": told, "team_id": ME.team}, ME, frozenset({ME.team}), NOW, {})
        assert seen is not None
        assert seen.addressed is addressed
