"""What arrives, by socket and by HTTP: stored before it is acknowledged, once."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bot.answering.channels import Unmentioned
from bot.errors import PlatformError
from bot.keys import ThreadKey
from bot.slack.adapter import SlackPlatform
from bot.types import ChannelKind, IncomingKind
from tests.bot.slack.fakes import MemoryIntake, MemoryViewer
from tests.servers.slack import SlackStandIn, config_for, slack_by_http, slack_by_socket
from tests.waiting import STUCK_S


async def test_a_mention_and_its_twin_are_one_question(
    slack: SlackStandIn, platform: SlackPlatform, intake: MemoryIntake
) -> None:
    channel = slack.world.add_channel("travel", "U0ADA")
    ts = await slack.ask("U0ADA", channel, "What may a hotel cost?")
    assert intake.tries == 2
    (question,) = intake.accepted
    assert all(d.acknowledged for d in slack.deliveries)
    assert question.key == f"slack:{slack.world.team}:{channel}:{ts}"
    assert (question.text, question.user, question.thread, question.message) == (
        "What may a hotel cost?",
        "U0ADA",
        ts,
        ts,
    )
    assert (question.kind, question.channel_kind) == (IncomingKind.QUESTION, ChannelKind.CHANNEL)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("im", ChannelKind.DIRECT), ("mpim", ChannelKind.GROUP), ("group", ChannelKind.PRIVATE_CHANNEL)],
)
async def test_each_place_is_told_apart(
    slack: SlackStandIn, by_http: SlackPlatform, intake: MemoryIntake, kind: str, expected: ChannelKind
) -> None:
    channel = slack.world.add_channel("x", "U0ADA", kind=kind)
    ts = slack.world.write("U0ADA", channel, f"<@{slack.world.bot_user}> Hotels?", None)
    await slack.deliver(slack.world.message_events(channel, ts)[-1])  # the `message` event tells the kind
    assert [(q.text, q.channel_kind) for q in intake.accepted] == [("Hotels?", expected)]


async def test_direct_messages_are_threads(slack: SlackStandIn, platform: SlackPlatform, intake: MemoryIntake) -> None:
    dm = slack.world.dm("U0ADA")
    first = await slack.say("U0ADA", dm, "What may a hotel cost?")
    second = await slack.say("U0ADA", dm, "And in Paris?", first)
    assert [(q.thread, q.message) for q in intake.questions] == [(first, first), (first, second)]


async def test_chatter_does_not_concern_us(slack: SlackStandIn, platform: SlackPlatform, intake: MemoryIntake) -> None:
    channel = slack.world.add_channel("travel", "U0ADA")
    root = await slack.say("U0ADA", channel, "Lunch?")
    await slack.say("U0BOB", channel, "Yes", root)
    group = slack.world.add_channel("", "U0ADA", "U0BOB", kind="mpim")
    await slack.say("U0ADA", group, "Bob, lunch?")
    assert intake.tries == 0
    assert [d.status for d in slack.deliveries] == [200, 200, 200]


@pytest.mark.parametrize("by_mention_only", [True, False], ids=["mention needed", "no mention needed"])
async def test_follow_up(
    slack: SlackStandIn, intake: MemoryIntake, viewer: MemoryViewer, by_mention_only: bool
) -> None:
    channel = slack.world.add_channel("travel", "U0ADA")
    config = replace(config_for(slack, socket=False), follow_up_without_mention=not by_mention_only)
    ours: set[tuple[str, str]] = set()

    def known(thread: ThreadKey) -> bool:
        return (thread.channel.channel, thread.thread) in ours

    async with slack_by_http(slack, config, intake, viewer, known):
        root = await slack.ask("U0ADA", channel, "Hotels?")
        ours.add((channel, root))
        await slack.say("U0BOB", channel, "And in Paris?", root)
        await slack.say("U0ADA", channel, "There it is 210 EUR", root)  # which asks nothing
        await slack.say("U0BOB", channel, "Is Paris nice?")  # not in the thread
        other = await slack.say("U0BOB", channel, "Other thread")
        await slack.say("U0BOB", channel, "Reply", other)
    expected = ["Hotels?"] if by_mention_only else ["Hotels?", "And in Paris?"]
    assert [q.text for q in intake.questions] == expected


@pytest.mark.parametrize(
    ("rule", "heard"),
    [
        (Unmentioned.NEVER, ["Hotels?"]),
        (Unmentioned.THREADS, ["Hotels?", "And in Paris?"]),
        (Unmentioned.ALWAYS, ["Hotels?", "And in Paris?", "And flights?"]),
    ],
)
async def test_a_channels_rule_says_what_needs_a_mention(
    slack: SlackStandIn, intake: MemoryIntake, viewer: MemoryViewer, rule: Unmentioned, heard: list[str]
) -> None:
    ruled, other = (slack.world.add_channel(name, "U0ADA", "U0BOB") for name in ("ruled", "other"))
    follow = rule is Unmentioned.NEVER  # the setting says the opposite
    config = config_for(slack, socket=False)
    config = replace(config, follow_up_without_mention=follow, unmentioned={ruled: rule})
    ours: set[tuple[str, str]] = set()

    def known(thread: ThreadKey) -> bool:
        return (thread.channel.channel, thread.thread) in ours

    async with slack_by_http(slack, config, intake, viewer, known):
        root = await slack.ask("U0ADA", ruled, "Hotels?")
        ours.add((ruled, root))
        await slack.say("U0BOB", ruled, "And in Paris?", root)
        flights = await slack.say("U0ADA", ruled, "And flights?")
        await slack.say("U0BOB", ruled, "A reply to Ada, in a thread that is not ours", flights)
        await slack.say("U0ADA", ruled, "<@U0BOB> what do you think?")
        await slack.say("U0ADA", ruled, "<!subteam^S0LEGAL> what do you think?")
        await slack.say("U0ADA", other, "Elsewhere it needs a mention")
    assert [q.text for q in intake.questions] == heard


async def test_retries_are_taken_but_once(slack: SlackStandIn, platform: SlackPlatform, intake: MemoryIntake) -> None:
    dm = slack.world.dm("U0ADA")
    ts = slack.world.write("U0ADA", dm, "Hotels?", None)
    (event,) = slack.world.message_events(dm, ts)
    # A retry can be the only delivery, so the retry number decides nothing.
    for retry in (1, 0, 2):
        assert (await slack.deliver(event, retry=retry)).acknowledged
    assert len(intake.accepted) == 1


async def test_no_acknowledgement_before_the_event_is_stored(
    slack: SlackStandIn, platform: SlackPlatform, intake: MemoryIntake
) -> None:
    slack.ack_within = 0.5
    dm = slack.world.dm("U0ADA")
    intake.down = True
    ts = slack.world.write("U0ADA", dm, "Hotels?", None)
    (event,) = slack.world.message_events(dm, ts)
    first = await slack.deliver(event)
    assert first.status in (0, 503)
    assert not first.acknowledged
    slack.ack_within, intake.down = STUCK_S, False
    assert (await slack.deliver(event, retry=1)).acknowledged
    assert [q.text for q in intake.questions] == ["Hotels?"]


@pytest.mark.parametrize("where", ["im", "channel"])
async def test_edits_and_deletes_say_which_question_they_are_about(
    slack: SlackStandIn, platform: SlackPlatform, intake: MemoryIntake, where: str
) -> None:
    place = slack.world.add_channel("x", "U0ADA", kind=where)
    ts = await slack.ask("U0ADA", place, "Hotels?")
    await slack.edit(place, ts, f"<@{slack.world.bot_user}> Hotels in Paris?")
    await slack.delete(place, ts)
    assert intake.kinds == ["question", "question", "ignored"]
    assert intake.accepted[1].text == "Hotels in Paris?"
    assert "deleted" in intake.accepted[2].text
    assert len({i.key for i in intake.accepted}) == 3
    assert [i.amends for i in intake.accepted[1:]] == [intake.accepted[0].key] * 2


async def test_slack_tells_of_one_edit_in_two_ways(
    slack: SlackStandIn, by_http: SlackPlatform, intake: MemoryIntake
) -> None:
    """As `message_changed`, and as the mention again: both with the moment of the edit."""
    channel = slack.world.add_channel("travel", "U0ADA")
    ts = await slack.ask("U0ADA", channel, "Hotels in Pariss?")
    await slack.edit(channel, ts, f"<@{slack.world.bot_user}> Hotels in Paris?")
    message = slack.world.find(channel, ts)
    assert message is not None
    await slack.deliver(slack.world.envelope({**message, "type": "app_mention", "channel": channel}, channel))
    assert [q.text for q in intake.questions] == ["Hotels in Pariss?", "Hotels in Paris?"]


async def test_another_bots_edits_are_no_questions(
    slack: SlackStandIn, by_http: SlackPlatform, intake: MemoryIntake
) -> None:
    channel = slack.world.add_channel("travel", "U0ADA")
    robot = slack.world.add_user("U0ROBOT", "Robot", is_bot=True)
    said = f"<@{slack.world.bot_user}> Hotels?"
    ts = await slack.say(robot, channel, said, bot_id="B0ROBOT")
    await slack.edit(channel, ts, f"{said} Now!")
    assert intake.questions == []


async def test_a_link_preview_is_no_edit(slack: SlackStandIn, by_http: SlackPlatform, intake: MemoryIntake) -> None:
    dm = slack.world.dm("U0ADA")
    ts = await slack.say("U0ADA", dm, "See https://example.com")
    await slack.edit(dm, ts, "See https://example.com")
    assert intake.kinds == ["question"]


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({"bot_id": "B0OTHER"}, "ignored"),
        ({"subtype": "bot_message", "bot_id": "B0OTHER"}, "ignored"),
        ({"subtype": "channel_join"}, "ignored"),
        ({"user": "USLACKBOT"}, "ignored"),
        ({"subtype": "file_share", "files": [{"id": "F1"}]}, "question"),
        ({"subtype": "thread_broadcast"}, "question"),
    ],
    ids=["bot", "bot message", "join", "slackbot", "file", "broadcast"],
)
async def test_who_and_what_counts(
    slack: SlackStandIn, by_http: SlackPlatform, intake: MemoryIntake, more: dict[str, Any], kind: str
) -> None:
    await slack.say(more.pop("user", "U0ADA"), slack.world.dm("U0ADA"), "Hotels?", **more)
    assert intake.kinds == [kind]


async def test_our_own_messages_are_no_events_of_others(
    slack: SlackStandIn, platform: SlackPlatform, intake: MemoryIntake
) -> None:
    await slack.say(slack.world.bot_user, slack.world.dm("U0ADA"), "An answer", bot_id=slack.world.bot_id)
    assert intake.tries == 0
    assert slack.deliveries[-1].acknowledged


async def test_an_empty_mention_is_a_question_without_text(
    slack: SlackStandIn, by_http: SlackPlatform, intake: MemoryIntake
) -> None:
    await slack.ask("U0ADA", slack.world.add_channel("x", "U0ADA"), "")
    assert [q.text for q in intake.questions] == [""]


async def test_another_workspace_is_not_answered(
    slack: SlackStandIn, intake: MemoryIntake, viewer: MemoryViewer
) -> None:
    config = replace(config_for(slack, socket=False), allowed_teams=frozenset({"T0ELSE"}))
    async with slack_by_http(slack, config, intake, viewer):
        await slack.say("U0ADA", slack.world.dm("U0ADA"), "Hotels?")
    assert intake.kinds == ["ignored"]
    assert slack.world.team in intake.accepted[0].text


@pytest.mark.parametrize("kind", ["reaction_added", "team_join", "something_new_of_2027", "message_metadata_posted"])
async def test_no_event_is_answered_with_404(
    slack: SlackStandIn, platform: SlackPlatform, intake: MemoryIntake, kind: str
) -> None:
    assert (await slack.deliver(slack.world.envelope({"type": kind, "user": "U0ADA"}))).status == 200
    clicks: list[dict[str, Any]] = [
        {"type": "block_actions", "actions": [{"action_id": "x", "block_id": "b", "value": "v"}]},
        {"type": "view_closed", "view": {"callback_id": "x"}},
        {"type": "shortcut", "callback_id": "x"},
    ]
    for click in clicks:
        body = {"user": {"id": "U0ADA"}, "team": {"id": slack.world.team}, "trigger_id": "t", **click}
        assert (await slack.deliver(body, "interactive")).status == 200
    assert intake.tries == 0


async def test_opening_the_conversation_suggests_questions(slack: SlackStandIn, platform: SlackPlatform) -> None:
    await slack.open_messages("U0ADA")
    await platform.stop()
    prompts = slack.world.prompts[slack.world.dm("U0ADA")]
    assert {"title": "How do you work?", "message": "help"} in prompts


# --- forgeries --------------------------------------------------------------------------


def event_of(slack: SlackStandIn) -> bytes:
    dm = slack.world.dm("U0ADA")
    ts = slack.world.write("U0ADA", dm, "Hotels?", None)
    return json.dumps(slack.world.message_events(dm, ts)[0]).encode()


FORGED: dict[str, Callable[[SlackStandIn, bytes], dict[str, str]]] = {
    "no headers": lambda s, b: {},
    "another secret": lambda s, b: s.signature(b, secret="another"),
    "another body": lambda s, b: s.signature(b + b" "),
    "six minutes old": lambda s, b: s.signature(b, at=time.time() - 360),
    "six minutes ahead": lambda s, b: s.signature(b, at=time.time() + 360),
    "no number for a time": lambda s, b: s.signature(b) | {"X-Slack-Request-Timestamp": "now"},
    "a huge time": lambda s, b: s.signature(b) | {"X-Slack-Request-Timestamp": "9" * 5_000},
    "no signature": lambda s, b: s.signature(b) | {"X-Slack-Signature": ""},
    "a signature with strange letters": lambda s, b: s.signature(b) | {"X-Slack-Signature": "v0=é"},
}


@pytest.mark.parametrize("how", FORGED, ids=str)
async def test_a_forged_request_is_refused(
    slack: SlackStandIn, by_http: SlackPlatform, intake: MemoryIntake, how: str
) -> None:
    body = event_of(slack)
    delivery = await slack.send(body, FORGED[how](slack, body) | {"Content-Type": "application/json"})
    assert delivery.status == 401
    assert intake.tries == 0
    assert slack.signing_secret not in delivery.body


@pytest.mark.parametrize(
    "body", [b"{", b"[1]", b"payload=%7B", b"payload=[1]", b"\xff\xfe", b"[" * 100_000], ids=lambda b: repr(b[:12])
)
async def test_a_signed_body_that_is_no_event(slack: SlackStandIn, by_http: SlackPlatform, body: bytes) -> None:
    for content_type in ("application/json", "application/x-www-form-urlencoded"):
        delivery = await slack.send(body, slack.signature(body) | {"Content-Type": content_type})
        assert delivery.status in (200, 400, 401, 404)
    delivery = await slack.send(body, slack.signature(body) | {"Content-Type": "application/json"})
    assert delivery.status == (401 if body == b"\xff\xfe" else 400)  # bytes that are no text cannot be verified


async def test_url_verification(slack: SlackStandIn, by_http: SlackPlatform) -> None:
    body = json.dumps({"type": "url_verification", "challenge": "abc123"}).encode()
    delivery = await slack.send(body, slack.signature(body) | {"Content-Type": "application/json"})
    assert (delivery.status, json.loads(delivery.body)) == (200, {"challenge": "abc123"})


async def test_without_a_signing_secret_there_is_no_http(by_socket: SlackPlatform) -> None:
    assert by_socket.routes() == []


# --- the socket -------------------------------------------------------------------------


@pytest.mark.parametrize("politely", [True, False], ids=["disconnect message", "connection lost"])
async def test_the_socket_comes_back(
    slack: SlackStandIn, by_socket: SlackPlatform, intake: MemoryIntake, politely: bool
) -> None:
    before = set(slack.sockets)
    await slack.drop_sockets(politely=politely)
    await slack.reconnected(before)
    await slack.say("U0ADA", slack.world.dm("U0ADA"), "Hotels?")
    assert [q.text for q in intake.questions] == ["Hotels?"]
    assert await by_socket.connected()


async def test_a_refused_socket_is_tried_again_with_a_new_ticket(
    slack: SlackStandIn, by_socket: SlackPlatform, intake: MemoryIntake
) -> None:
    """The stand-in complains when a used ticket comes back."""
    before = set(slack.sockets)
    slack.refuse_sockets = 2
    await slack.drop_sockets()
    await slack.reconnected(before)
    await slack.say("U0ADA", slack.world.dm("U0ADA"), "Hotels?")
    assert [q.text for q in intake.questions] == ["Hotels?"]


async def test_a_socket_that_never_opens_is_told_at_the_start(
    slack: SlackStandIn, intake: MemoryIntake, viewer: MemoryViewer
) -> None:
    slack.refuse_sockets = 1_000
    platform = SlackPlatform(replace(config_for(slack, socket=True), timeout=3), intake, viewer)
    with pytest.raises(PlatformError, match=r"wss-primary\.slack\.com"):
        await platform.start()


async def test_the_same_event_to_two_replicas(slack: SlackStandIn, intake: MemoryIntake, viewer: MemoryViewer) -> None:
    """Both hand it to the one inbox, which knows the key."""
    config = config_for(slack, socket=True)
    dm = slack.world.dm("U0ADA")
    ts = slack.world.write("U0ADA", dm, "Hotels?", None)
    (event,) = slack.world.message_events(dm, ts)
    async with slack_by_socket(slack, config, intake, viewer):
        await slack.deliver(event)
        async with slack_by_socket(slack, config, intake, viewer):
            await slack.deliver(event)
    assert intake.tries == 2
    assert len(intake.accepted) == 1


async def test_what_was_said_before_a_bare_mention(
    slack: SlackStandIn, by_http: SlackPlatform, intake: MemoryIntake
) -> None:
    channel = slack.world.add_channel("travel", "U0ADA", "U0BOB")
    root = await slack.say("U0BOB", channel, "Morning all")
    await slack.say("U0BOB", channel, "What may a hotel in <https://example.com|Paris> cost?", root)
    await slack.ask("U0ADA", channel, "can you answer this?", root)
    question = intake.questions[-1]
    assert await by_http.said_before(question) == "What may a hotel in Paris cost?"
