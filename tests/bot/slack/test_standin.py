"""The stand-in is no pushover: what Slack would refuse or misread, it complains about."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bot.demo.standins import slack_checks
from tests.servers.slack import SlackStandIn

GOOD: dict[str, Any] = {"text": "Hello", "parse": "none"}
LABEL = {"type": "plain_text", "text": "Press"}


def rich(text: str) -> dict[str, Any]:
    return {
        "type": "rich_text",
        "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}],
    }


def actions(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "actions", "elements": list(elements)}


def link(url: str) -> dict[str, Any]:
    element = {"type": "link", "url": url, "text": "Open"}
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [element]}]}


BUTTON = {"type": "button", "action_id": "a", "text": LABEL, "value": "v"}
MESSAGES: dict[str, dict[str, Any]] = {
    "nothing": {"text": "", "blocks": []},
    "a ping in the text": {"text": "<!channel>"},
    "a link in the text": {"text": "<https://x.example|click>"},
    "an unescaped ampersand": {"text": "A & B"},
    "too long for an update": {"text": "x" * 4_001},
    "words made links": {"parse": "full"},
    "metadata without a payload": {"metadata": {"event_type": "x"}},
    "51 blocks": {"blocks": [{"type": "divider"}] * 51},
    "an unknown block": {"blocks": [{"type": "carpet"}]},
    "blocks too long together": {"blocks": [rich("x" * 2_900) for _ in range(5)]},
    "empty rich text": {"blocks": [rich("")]},
    "rich text too long": {"blocks": [rich("x" * 3_001)]},
    "a link to a script": {"blocks": [link("javascript:x")]},
    "a ping in a section": {
        "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "<@U1>", "verbatim": True}}]
    },
    "a section not verbatim": {"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "Hello"}}]},
    "a section too long": {"blocks": [{"type": "section", "text": {"type": "plain_text", "text": "x" * 3_001}}]},
    "26 buttons": {"blocks": [actions(*({**BUTTON, "action_id": str(n)} for n in range(26)))]},
    "one action_id twice": {"blocks": [actions(BUTTON, BUTTON)]},
    "a value too long": {"blocks": [actions({**BUTTON, "value": "v" * 2_001})]},
    "a label too long": {"blocks": [actions({**BUTTON, "text": {"type": "plain_text", "text": "x" * 76}})]},
    "a menu without options": {
        "blocks": [actions({"type": "static_select", "action_id": "a", "placeholder": LABEL, "options": []})]
    },
    "feedback without a button": {
        "blocks": [{"type": "context_actions", "elements": [{"type": "feedback_buttons", "action_id": "a"}]}]
    },
    "the same block_id twice": {"blocks": [{"type": "divider", "block_id": "a"}, {"type": "divider", "block_id": "a"}]},
}


def test_a_good_message_is_taken() -> None:
    assert list(slack_checks.message({**GOOD, "blocks": [rich("Hi <!channel>"), actions(BUTTON)]}, update=True)) == []


@pytest.mark.parametrize("bad", MESSAGES.values(), ids=MESSAGES)
def test_a_bad_message_is_not(bad: dict[str, Any]) -> None:
    assert list(slack_checks.message({**GOOD, **bad}, update=True))


MODAL = {"type": "modal", "title": LABEL, "blocks": [rich("Hello")]}
VIEWS: dict[str, dict[str, Any]] = {
    "no modal": {"type": "home"},
    "a title too long": {"title": {"type": "plain_text", "text": "x" * 25}},
    "101 blocks": {"blocks": [{"type": "divider"}] * 101},
    "too large": {"blocks": [rich("x" * 3_000) for _ in range(90)]},
    "an input that cannot be sent": {
        "blocks": [{"type": "input", "label": LABEL, "element": {"type": "plain_text_input"}}]
    },
    "too much private metadata": {"private_metadata": "x" * 3_001},
}


def test_a_good_window_is_taken() -> None:
    assert list(slack_checks.view(MODAL)) == []


@pytest.mark.parametrize("bad", VIEWS.values(), ids=VIEWS)
def test_a_bad_window_is_not(bad: dict[str, Any]) -> None:
    assert list(slack_checks.view({**MODAL, **bad}))


@pytest.fixture
async def bare() -> AsyncIterator[SlackStandIn]:
    slack = SlackStandIn()
    await slack.start()
    yield slack
    await slack.stop()


CALLS: dict[str, tuple[str, dict[str, Any], str]] = {
    "another token": ("auth.test", {}, "invalid_auth"),
    "an unknown method": ("chat.shout", {}, "unknown_method"),
    "no channel": ("chat.postMessage", {"text": "Hi"}, "invalid_arguments"),
    "JSON where Slack takes none": ("users.info", {"user": "U0ADA"}, "invalid_arguments"),
    "a used trigger": ("views.open", {"trigger_id": "t", "view": MODAL}, "invalid_trigger_id"),
    "links unfurled": ("chat.postMessage", {"channel": "C00000000", **GOOD}, "links of a message"),
    "no such thread": (
        "chat.postMessage",
        {"channel": "C00000000", "thread_ts": "1.1", "unfurl_links": False, "unfurl_media": False, **GOOD},
        "where no thread is",
    ),
    "five prompts": (
        "assistant.threads.setSuggestedPrompts",
        {"channel_id": "D1", "prompts": [{"title": "a", "message": "b"}] * 5},
        "prompts",
    ),
    "prompts with a thread": (
        "assistant.threads.setSuggestedPrompts",
        {"channel_id": "D1", "prompts": [{"title": "a", "message": "b"}], "thread_ts": "1.1"},
        "silently",
    ),
}


@pytest.mark.parametrize(("method", "arguments", "complaint"), CALLS.values(), ids=CALLS)
async def test_a_bad_call_is_complained_about(
    bare: SlackStandIn, method: str, arguments: dict[str, Any], complaint: str
) -> None:
    bare.world.add_channel("travel", "U0ADA")
    token = "xoxb-wrong" if complaint == "invalid_auth" else bare.bot_token
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(bare.base_url + method, json=arguments) as response,
    ):
        await response.read()
    assert any(complaint in c for c in bare.complaints)


async def call(slack: SlackStandIn, method: str, **arguments: Any) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {slack.bot_token}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(slack.base_url + method, json=arguments) as response,
    ):
        answer: dict[str, Any] = await response.json()
        return answer


@pytest.mark.parametrize(
    ("kind", "code"), [("channel", "not_in_channel"), ("group", "channel_not_found"), ("mpim", "channel_not_found")]
)
async def test_a_channel_that_the_bot_has_left(slack: SlackStandIn, kind: str, code: str) -> None:
    channel = slack.world.add_channel("left", "U0ADA", kind=kind)
    slack.world.members[channel].remove(slack.world.bot_user)
    assert (await call(slack, "chat.postMessage", channel=channel, **GOOD))["error"] == code
    assert slack.complaints == []  # anybody may meet it


async def test_what_only_one_person_sees_may_be_lost_and_goes_with_a_reload(slack: SlackStandIn) -> None:
    channel = slack.world.add_channel("travel", "U0ADA")
    told = await call(slack, "chat.postEphemeral", channel=channel, user="U0BOB", **GOOD)
    assert told["error"] == "user_not_in_channel"
    for away, seen in ((False, 1), (True, 1)):
        slack.world.away = {"U0ADA"} if away else set()
        assert (await call(slack, "chat.postEphemeral", channel=channel, user="U0ADA", **GOOD))["ok"]
        assert len(slack.world.ephemerals[channel, "U0ADA"]) == seen
    slack.world.reload("U0ADA")
    assert not slack.world.ephemerals[channel, "U0ADA"]


async def test_a_sign_stands_until_the_next_message_in_its_thread(slack: SlackStandIn) -> None:
    channel = slack.world.add_channel("travel", "U0ADA")
    ts = slack.world.write("U0ADA", channel, "Hotels?", None)
    sign = {"channel_id": channel, "status": "is looking"}
    assert (await call(slack, "assistant.threads.setStatus", thread_ts="1.1", **sign))["error"] == "invalid_thread_ts"
    assert (await call(slack, "assistant.threads.setStatus", thread_ts=ts, **sign))["ok"]
    quiet = {"unfurl_links": False, "unfurl_media": False}
    await call(slack, "chat.postMessage", channel=channel, **GOOD, **quiet)
    assert slack.world.statuses == {(channel, ts): "is looking"}
    await call(slack, "chat.postMessage", channel=channel, thread_ts=ts, **GOOD, **quiet)
    assert slack.world.statuses == {}
