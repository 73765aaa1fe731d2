"""Replies: in the thread, in place of the status line, once, whatever goes wrong on the way."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from bot.errors import PlatformBusy, PlatformDenied, PlatformError, PlatformUnauthorized, PlatformUnseen
from bot.slack.adapter import SlackPlatform
from bot.texts import NO_PRIVATE_CHAT, PRIVATE_NOTE, STATUS
from bot.types import Incoming
from tests.bot.slack.fakes import RECORD, MemoryIntake, MemoryViewer, answered, reply_of
from tests.servers.slack import Fault, SlackStandIn, config_for, slack_by_http


@pytest.fixture
async def question(slack: SlackStandIn, by_http: SlackPlatform, intake: MemoryIntake) -> Incoming:
    channel = slack.world.add_channel("travel", "U0ADA", "U0BOB")
    await slack.ask("U0ADA", channel, "What may a hotel cost?")
    return intake.questions[0]


def replies(slack: SlackStandIn, question: Incoming) -> list[dict[str, Any]]:
    return slack.world.replies(question.channel, question.thread)


def fail(slack: SlackStandIn, method: str, *faults: Fault) -> None:
    slack.world.faults[method].extend(faults)


async def test_the_reply_takes_the_place_of_the_status(
    slack: SlackStandIn, by_http: SlackPlatform, question: Incoming
) -> None:
    status = await by_http.post_text(question, STATUS, None)
    assert slack.transcript(question.channel, question.thread)[-1].strip() == STATUS
    reply = reply_of(by_http, answered())
    assert await by_http.post(question, reply, status) == status
    assert await by_http.post(question, reply, status) == status
    (message,) = replies(slack, question)
    assert message["blocks"] == reply.payload["blocks"]
    assert message["metadata"] == {"event_type": "footnote_answer", "event_payload": {"record": RECORD}}


async def test_the_reply_is_a_new_message_that_takes_slacks_own_sign_away(
    slack: SlackStandIn, by_http: SlackPlatform, question: Incoming
) -> None:
    assert await by_http.post_status(question, STATUS) == ""
    assert slack.world.statuses == {(question.channel, question.thread): "is looking in your documents…"}
    assert replies(slack, question) == []
    shown = await by_http.post(question, reply_of(by_http, answered()), None)
    assert [m["ts"] for m in replies(slack, question)] == [shown]
    assert slack.world.statuses == {}
    assert slack.counts().get("conversations.replies", 0) == 0  # nothing is looked for without need


async def test_an_update_in_place_leaves_no_sign_behind(
    slack: SlackStandIn, by_http: SlackPlatform, question: Incoming
) -> None:
    shown = await by_http.post(question, reply_of(by_http, answered()), None)
    await by_http.post_status(question, STATUS)
    assert await by_http.post(question, reply_of(by_http, answered(text="Another.")), shown) == shown
    assert slack.world.statuses == {}
    assert len(replies(slack, question)) == 1


@pytest.mark.parametrize(
    "fault",
    [Fault(error="channel_not_found"), Fault(error="unknown_method"), Fault(status=500), Fault(hang=3_600), Fault(429)],
    ids=["not found", "not known", "500", "hangs", "429"],
)
async def test_a_sign_that_slack_does_not_show_keeps_no_answer_back(
    slack: SlackStandIn, by_http: SlackPlatform, question: Incoming, fault: Fault
) -> None:
    fail(slack, "assistant.threads.setStatus", fault)
    assert await by_http.post_status(question, STATUS) == ""
    await by_http.post(question, reply_of(by_http, answered()), None)
    assert len(replies(slack, question)) == 1


async def test_an_answer_that_may_be_there_is_found_by_its_metadata(
    slack: SlackStandIn, by_http: SlackPlatform, question: Incoming
) -> None:
    reply = reply_of(by_http, answered())
    shown = await by_http.post(question, reply, None)
    assert await by_http.post(question, reply, None, again=True) == shown
    assert len(replies(slack, question)) == 1


async def test_where_the_thread_may_not_be_read_nothing_is_posted_a_second_time(
    slack: SlackStandIn, by_http: SlackPlatform, question: Incoming
) -> None:
    slack.world.scopes = {"chat:write"}
    fail(slack, "chat.postMessage", Fault(status=500, done=True))
    with pytest.raises(PlatformUnseen):
        await by_http.post(question, reply_of(by_http, answered()), None)
    assert len(replies(slack, question)) == 1
    assert await by_http.post_text(question, "A line may stand there twice.", None)


async def test_a_place_that_is_closed_to_us_is_said(
    slack: SlackStandIn, by_http: SlackPlatform, question: Incoming
) -> None:
    for code in ("restricted_action", "is_archived", "restricted_action_thread_locked"):
        slack.world.closed[question.channel] = code
        with pytest.raises(PlatformDenied, match=code):
            await by_http.post(question, reply_of(by_http, answered()), None)
    slack.world.closed.clear()
    slack.world.members[question.channel].remove(slack.world.bot_user)
    with pytest.raises(PlatformDenied, match="not_in_channel"):
        await by_http.post(question, reply_of(by_http, answered()), None)
    shown = await by_http.post(question, reply_of(by_http, replace(answered(), private=True)), None)
    assert slack.world.find(slack.world.dm("U0ADA"), shown)


async def test_a_reply_has_an_address_until_it_is_deleted(
    slack: SlackStandIn, by_http: SlackPlatform, question: Incoming
) -> None:
    shown = await by_http.post(question, reply_of(by_http, answered()), None)
    url = await by_http.find_posted(question, shown)
    assert url is not None
    assert shown.replace(".", "") in url
    assert await by_http.find_posted(question, "1.000001") is None
    fail(slack, "chat.getPermalink", *[Fault(status=500)] * 4)
    with pytest.raises(PlatformError):
        await by_http.find_posted(question, shown)


async def test_a_status_that_was_deleted_is_no_obstacle(
    slack: SlackStandIn, by_http: SlackPlatform, question: Incoming
) -> None:
    reply = reply_of(by_http, answered())
    shown = await by_http.post(question, reply, "1.000001")
    assert await by_http.post(question, reply, "1.000001", again=True) == shown
    assert len(replies(slack, question)) == 1


async def test_a_private_reply_goes_to_the_direct_conversation_with_a_link_back(
    slack: SlackStandIn, by_http: SlackPlatform, question: Incoming
) -> None:
    status = await by_http.post_text(question, STATUS, None)
    outcome = replace(answered(), private=True)
    shown = await by_http.post(question, reply_of(by_http, outcome), status)
    (neutral,) = replies(slack, question)
    assert neutral["text"] == PRIVATE_NOTE
    assert "180 EUR" not in json.dumps(slack.world.messages[question.channel])
    back, answer = slack.world.messages[slack.world.dm("U0ADA")]
    assert question.message.replace(".", "") in back["text"]
    assert "180 EUR" in json.dumps(answer["blocks"])
    assert shown == answer["ts"]
    assert "chat.postEphemeral" not in slack.counts()


async def test_a_private_reply_is_shown_once_though_the_line_failed(
    slack: SlackStandIn, by_http: SlackPlatform, question: Incoming
) -> None:
    status = await by_http.post_text(question, STATUS, None)
    reply = reply_of(by_http, replace(answered(), private=True))
    fail(slack, "chat.update", *[Fault(status=500)] * 4)
    with pytest.raises(PlatformError):
        await by_http.post(question, reply, status)
    await by_http.post(question, reply, status)
    assert len(slack.world.messages[slack.world.dm("U0ADA")]) == 2  # the link back, and the answer
    assert replies(slack, question)[0]["text"] == PRIVATE_NOTE


async def test_a_private_reply_whose_posting_looked_lost_is_found_and_not_said_twice(
    slack: SlackStandIn, by_http: SlackPlatform, question: Incoming
) -> None:
    status = await by_http.post_text(question, STATUS, None)
    fail(slack, "chat.postMessage", Fault(), Fault(status=500, done=True))
    await by_http.post(question, reply_of(by_http, replace(answered(), private=True)), status)
    answers = [m for m in slack.world.messages[slack.world.dm("U0ADA")] if "180 EUR" in json.dumps(m)]
    assert len(answers) == 1


async def test_without_a_direct_conversation_nothing_is_shown_and_the_channel_says_so(
    slack: SlackStandIn, by_http: SlackPlatform, question: Incoming
) -> None:
    status = await by_http.post_text(question, STATUS, None)
    fail(slack, "conversations.open", Fault(error="user_disabled"))
    await by_http.post(question, reply_of(by_http, replace(answered(), private=True)), status)
    assert [m["text"] for m in replies(slack, question)] == [NO_PRIVATE_CHAT]
    assert "180 EUR" not in json.dumps(slack.world.messages)


async def test_a_question_in_a_thread_has_a_link_back_too(
    slack: SlackStandIn, by_http: SlackPlatform, intake: MemoryIntake
) -> None:
    """Its address has an "&", which Slack reads as mark-up."""
    channel = slack.world.add_channel("travel", "U0ADA", "U0BOB")
    root = await slack.ask("U0BOB", channel, "Hotels?")
    await slack.ask("U0ADA", channel, "And the bonus?", root)
    await by_http.post(intake.questions[-1], reply_of(by_http, replace(answered(), private=True)), None)
    back, answer = slack.world.messages[slack.world.dm("U0ADA")]
    assert f"thread_ts={root}&amp;cid={channel}" in back["text"]
    assert "180 EUR" in json.dumps(answer["blocks"])


async def test_a_private_reply_in_a_direct_message_is_a_reply(
    slack: SlackStandIn, by_http: SlackPlatform, intake: MemoryIntake
) -> None:
    dm = slack.world.dm("U0ADA")
    ts = await slack.say("U0ADA", dm, "Hotels?")
    await by_http.post(intake.questions[0], reply_of(by_http, replace(answered(), private=True)), None)
    assert len(slack.world.replies(dm, ts)) == 1
    assert "conversations.open" not in slack.counts()


async def test_a_fixed_text(slack: SlackStandIn, by_http: SlackPlatform, question: Incoming) -> None:
    status = await by_http.post_text(question, STATUS, None)
    await by_http.post_text(question, "The log is <down> & out", status)
    await by_http.post_text(question, "Second", None)
    assert await by_http.post_text(question, "Second", None)
    assert [m["text"] for m in replies(slack, question)] == ["The log is &lt;down&gt; &amp; out", "Second"]


async def test_links_are_not_unfurled(slack: SlackStandIn, by_http: SlackPlatform, question: Incoming) -> None:
    await by_http.post(question, reply_of(by_http, answered()), None)
    call = next(c for c in slack.world.calls if c.method == "chat.postMessage")
    assert (call.arguments["unfurl_links"], call.arguments["unfurl_media"]) == (False, False)


PASSING = {
    "429": Fault(status=429, retry_after=0),
    "500": Fault(status=500),
    "503 without a body": Fault(status=503),
    "internal_error": Fault(error="internal_error"),
    "connection lost": Fault(drop=True),
    "500, but done": Fault(status=500, done=True),
    "connection lost, but done": Fault(drop=True, done=True),
    "a proxy's page": Fault(status=502, plain="<h1>Bad gateway</h1>"),
    "a proxy's page that looks well": Fault(status=200, plain="Please log in"),
    "429 with a fraction": Fault(status=429, wait="0.01"),
    "429 with a date": Fault(status=429, wait="Wed, 21 Oct 2026 07:28:00 GMT"),
    "429 for a second": Fault(status=429, retry_after=1),
}


@pytest.mark.parametrize("method", ["chat.update", "chat.postMessage"])
@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING)
async def test_a_fault_that_passes_shows_it_once(
    slack: SlackStandIn, by_http: SlackPlatform, question: Incoming, method: str, fault: Fault
) -> None:
    replace_ = await by_http.post_text(question, STATUS, None) if method == "chat.update" else None
    fail(slack, method, fault)
    await by_http.post(question, reply_of(by_http, answered()), replace_)
    (message,) = replies(slack, question)
    assert message["metadata"]["event_payload"] == {"record": RECORD}


@pytest.mark.parametrize("method", ["chat.update", "chat.postMessage"])
async def test_a_call_that_hangs_shows_it_once(
    slack: SlackStandIn, intake: MemoryIntake, viewer: MemoryViewer, question: Incoming, method: str
) -> None:
    config = replace(config_for(slack, socket=False), timeout=3.0)
    async with slack_by_http(slack, config, intake, viewer) as platform:
        replace_ = await platform.post_text(question, STATUS, None) if method == "chat.update" else None
        fail(slack, method, Fault(hang=3_600))
        await platform.post(question, reply_of(platform, answered()), replace_)
    assert len(replies(slack, question)) == 1


async def test_a_status_after_an_open_failure_is_posted_once(
    slack: SlackStandIn, by_http: SlackPlatform, question: Incoming
) -> None:
    fail(slack, "chat.postMessage", Fault(drop=True, done=True))
    status = await by_http.post_text(question, STATUS, None)
    assert [m["ts"] for m in replies(slack, question)] == [status]


LASTING = {
    "429 for an hour": ([Fault(status=429, retry_after=3_600)], PlatformBusy, "3600 seconds"),
    "always 500": ([Fault(status=500)] * 9, PlatformError, "status|internal_error"),
    "scope": ([Fault(error="missing_scope")], PlatformDenied, "lacks the scope"),
    "token": ([Fault(error="token_revoked")], PlatformUnauthorized, "SLACK_BOT_TOKEN"),
    "not invited": ([Fault(error="not_in_channel")], PlatformDenied, "invite"),
    "unknown": ([Fault(error="something_new")], PlatformError, "something_new"),
}


@pytest.mark.parametrize(("faults", "error", "message"), LASTING.values(), ids=LASTING)
async def test_a_lasting_fault_is_told_in_our_words(
    slack: SlackStandIn,
    by_http: SlackPlatform,
    question: Incoming,
    faults: list[Fault],
    error: type[PlatformError],
    message: str,
) -> None:
    status = await by_http.post_text(question, STATUS, None)
    fail(slack, "chat.update", *faults)
    with pytest.raises(error, match=message) as caught:
        await by_http.post(question, reply_of(by_http, answered()), status)
    assert slack.bot_token not in str(caught.value)


async def test_the_missing_scope_is_named(slack: SlackStandIn, by_http: SlackPlatform, question: Incoming) -> None:
    slack.world.scopes = {"users:read"}
    with pytest.raises(PlatformDenied, match="chat:write"):
        await by_http.post_text(question, STATUS, None)


async def test_messages_finds_our_answers_in_threads(
    slack: SlackStandIn, by_http: SlackPlatform, question: Incoming
) -> None:
    status = await by_http.post_text(question, STATUS, None)
    assert await by_http.messages(question.channel, None) == []
    await by_http.post(question, reply_of(by_http, answered()), status)
    assert await by_http.messages(question.channel, None) == [(RECORD, status)]
    assert await by_http.messages(question.channel, "9999999999.0") == []


async def test_check_needs_no_start(slack: SlackStandIn, intake: MemoryIntake, viewer: MemoryViewer) -> None:
    platform = SlackPlatform(config_for(slack, socket=True), intake, viewer)
    assert await platform.check() == []
    slack.world.faults["apps.connections.open"].append(Fault(error="invalid_auth"))
    (problem,) = await platform.check()
    assert "SLACK_APP_TOKEN" in problem


async def test_check_names_what_is_missing(slack: SlackStandIn, by_http: SlackPlatform) -> None:
    slack.world.scopes = {"chat:write", "users:read"}
    problems = await by_http.check()
    assert any("app_mentions:read" in p for p in problems)
    assert not any("chat:write" in p for p in problems)
    slack.world.faults["auth.test"].append(Fault(error="invalid_auth"))
    assert await by_http.check() == [
        "Slack refuses auth.test: the token is wrong; check SLACK_BOT_TOKEN (invalid_auth)."
    ]
