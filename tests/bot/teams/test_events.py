"""What arrives from Teams, over real HTTP with signed tokens, and what the inbox is given."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.answering.channels import Unmentioned
from bot.demo.standins.teams import Person, TeamsPlace, TeamsStandin
from bot.keys import ThreadKey
from bot.teams.events import BadActivity, html_text, passage_asked, question_text, translate
from bot.types import ChannelKind, IncomingKind
from tests.bot.teams.support import ADA, BEN, STRANGER, answered, reply, running
from tests.fuzz import tries


async def test_a_mention_in_a_channel_starts_a_thread() -> None:
    async with running() as bot:
        channel = bot.teams.place("channel", ADA, BEN)
        said = await bot.teams.say(channel, ADA, "How much may a hotel cost?")
        incoming = bot.intake.last
        assert incoming.kind is IncomingKind.QUESTION
        assert incoming.text == "How much may a hotel cost?"
        assert (incoming.tenant, incoming.user) == (bot.teams.tenant, ADA.object_id)
        assert (incoming.channel, incoming.channel_kind) == (channel.id, ChannelKind.CHANNEL)
        assert (incoming.thread, incoming.message) == (said.id, said.id)
        assert incoming.reference["conversation"] == f"{channel.id};messageid={said.id}"
        assert incoming.key == f"teams:{bot.teams.tenant}:{channel.id};messageid={said.id}:{said.id}"


async def test_a_follow_up_stays_in_its_thread() -> None:
    async with running() as bot:
        channel = bot.teams.place("channel", ADA, BEN)
        first = await bot.teams.say(channel, ADA, "How much may a hotel cost?")
        await bot.teams.say(channel, BEN, "And in London?", thread=first.id)
        assert [i.thread for i in bot.intake.questions] == [first.id, first.id]
        assert bot.intake.last.reference["conversation"] == f"{channel.id};messageid={first.id}"


@pytest.mark.parametrize("says_group", [False, True])
async def test_a_channels_team_is_kept(says_group: bool) -> None:
    async with running() as bot:
        channel = bot.teams.place("channel", ADA, team="19:first@thread.tacv2")
        activity = bot.teams.message(channel, ADA, "How much?")
        if says_group:
            activity["channelData"]["team"]["aadGroupId"] = channel.group
        await bot.teams.deliver(activity)
        assert bot.intake.last.reference["team"] == (channel.group if says_group else channel.team_id)
        await bot.teams.say(bot.teams.place("groupChat", ADA), ADA, "How much?")
        assert "team" not in bot.intake.last.reference


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("personal", ChannelKind.DIRECT), ("groupChat", ChannelKind.GROUP)],
    ids=["personal", "group"],
)
async def test_a_chat_is_one_thread(kind: str, expected: ChannelKind) -> None:
    async with running() as bot:
        chat = bot.teams.place(kind, ADA)
        await bot.teams.say(chat, ADA, "How much may a hotel cost?")
        await bot.teams.say(chat, ADA, "And in London?")
        assert [i.text for i in bot.intake.questions] == ["How much may a hotel cost?", "And in London?"]
        assert {i.channel_kind for i in bot.intake.questions} == {expected}
        assert {i.thread for i in bot.intake.questions} == {chat.id}


async def test_a_private_channel_is_one() -> None:
    async with running() as bot:
        await bot.teams.say(bot.teams.place("channel", ADA, channel_type="private"), ADA, "What is new?")
        assert bot.intake.last.channel_kind is ChannelKind.PRIVATE_CHANNEL


async def test_a_retry_has_the_same_key() -> None:
    async with running() as bot:
        activity = bot.teams.message(bot.teams.place("channel", ADA), ADA, "Twice?")
        assert [(await bot.teams.deliver(activity))[0] for _ in range(2)] == [202, 202]
        assert len(bot.intake.accepted) == 1


async def test_both_paths_are_served() -> None:
    async with running() as bot:
        bot.teams.endpoint = bot.teams.endpoint.replace("/teams/messages", "/api/messages")
        await bot.teams.say(bot.teams.personal(ADA), ADA, "Here?")
        assert bot.intake.last.text == "Here?"


async def test_the_tenant_is_read_from_channel_data() -> None:
    async with running() as bot:
        activity = bot.teams.message(bot.teams.personal(ADA), ADA, "Whose?")
        activity["conversation"]["tenantId"] = "another"
        await bot.teams.deliver(activity)
        assert bot.intake.last.tenant == bot.teams.tenant


async def test_an_empty_mention_is_an_empty_question() -> None:
    async with running() as bot:
        await bot.teams.say(bot.teams.place("channel", ADA), ADA, "")
        assert (bot.intake.last.kind, bot.intake.last.text) == (IncomingKind.QUESTION, "")


async def test_a_full_inbox_makes_teams_try_again() -> None:
    async with running() as bot:
        bot.intake.full = True
        activity = bot.teams.message(bot.teams.personal(ADA), ADA, "Lost?")
        status, _ = await bot.teams.deliver(activity)
        assert status == 503
        bot.intake.full = False
        status, _ = await bot.teams.deliver(activity)
        assert (status, len(bot.intake.questions)) == (202, 1)


def change(kind: str, **fields: Any) -> Any:
    def make(teams: TeamsStandin, channel: TeamsPlace) -> dict[str, Any]:
        return {**teams.activity(kind, channel, ADA), **fields}

    return make


def from_a_bot(teams: TeamsStandin, channel: TeamsPlace) -> dict[str, Any]:
    activity = teams.message(channel, ADA, "I am a bot")
    return {**activity, "from": {"id": "28:other", "name": "Other bot"}}


def with_a_bots_role(teams: TeamsStandin, channel: TeamsPlace) -> dict[str, Any]:
    activity = teams.message(channel, ADA, "I am a bot")
    return {**activity, "from": {**activity["from"], "role": "bot"}}


def unmentioned(teams: TeamsStandin, channel: TeamsPlace) -> dict[str, Any]:
    return teams.message(channel, ADA, "Lunch?", mention=False)


IGNORED = [
    ("an edit", change("messageUpdate", channelData={"eventType": "editMessage"}), "a message was edited"),
    ("a restored message", change("messageUpdate", channelData={"eventType": "undeleteMessage"}), "restored"),
    ("a delete", change("messageDelete"), "a message was deleted"),
    ("members came", change("conversationUpdate", membersAdded=[{"id": "29:x"}]), "1 came, 0 went"),
    ("an installation", change("installationUpdate", action="add"), "installation changed: add"),
    ("a reaction", change("messageReaction"), "messageReaction"),
    ("typing", change("typing"), "typing"),
    ("an unknown invoke", change("invoke", name="composeExtension/query"), "composeExtension/query"),
    ("a bot's message", from_a_bot, "a bot's message"),
    ("a bot's message by its role", with_a_bots_role, "a bot's message"),
    ("a message to others", unmentioned, "does not mention the bot"),
    ("a card's button", change("message", value={"x": 1}), "a card's button"),
]


@pytest.mark.parametrize(("make", "what"), [row[1:] for row in IGNORED], ids=[row[0] for row in IGNORED])
async def test_ignored(make: Any, what: str) -> None:
    async with running() as bot:
        activity = make(bot.teams, bot.teams.place("channel", ADA))
        status, _ = await bot.teams.deliver(activity)
        assert status in (202, 501)  # 501: what the protocol says of an invoke that a bot does not know
        assert bot.intake.last.kind is IncomingKind.IGNORED
        assert what in bot.intake.last.text


@pytest.mark.parametrize("mention", [True, False])
async def test_an_edited_question_is_the_question_as_it_reads_now(mention: bool) -> None:
    async with running() as bot:
        channel = bot.teams.place("channel", ADA)
        said = await bot.teams.say(channel, ADA, "Hotels in Pariss?")
        edit = bot.teams.message(channel, ADA, "Hotels in Paris?", thread=said.thread, mention=mention)
        edit |= {"type": "messageUpdate", "id": said.id}
        edit["channelData"]["eventType"] = "editMessage"
        await bot.teams.deliver(edit)
        first, now = bot.intake.accepted
        if mention:
            assert (now.kind, now.text, now.amends) == (IncomingKind.QUESTION, "Hotels in Paris?", first.key)
        else:
            assert (now.kind, now.text) == (IncomingKind.IGNORED, "a message was edited")
        gone = {**edit, "type": "messageDelete"}
        await bot.teams.deliver(gone)
        assert (bot.intake.last.kind, bot.intake.last.amends) == (IncomingKind.IGNORED, first.key)


async def test_ignored_events_do_not_keep_what_people_wrote() -> None:
    async with running() as bot:
        channel = bot.teams.place("channel", ADA)
        await bot.teams.say(channel, ADA, "My salary is 1234", mention=False)
        assert "1234" not in repr(bot.intake.last)


async def test_an_edit_of_a_question_is_another_event_than_the_question() -> None:
    async with running() as bot:
        channel = bot.teams.place("channel", ADA)
        message = bot.teams.message(channel, ADA, "How much?")
        await bot.teams.deliver(message)
        await bot.teams.deliver({**message, "type": "messageUpdate", "text": "How many?"})
        assert [i.kind for i in bot.intake.accepted] == [IncomingKind.QUESTION, IncomingKind.IGNORED]


@pytest.mark.parametrize(
    ("follow", "mention_of_others", "expected"),
    [(True, False, 2), (False, False, 1), (True, True, 1)],
    ids=["followed", "switched off", "to somebody else"],
)
async def test_a_follow_up_without_a_mention(follow: bool, mention_of_others: bool, expected: int) -> None:
    async with running(follow_up_without_mention=follow) as bot:
        channel = bot.teams.place("channel", ADA, BEN)
        first = await bot.teams.say(channel, ADA, "How much may a hotel cost?")
        activity = bot.teams.message(channel, ADA, "And in London?", thread=first.id, mention=False)
        if mention_of_others:
            activity["entities"].append({"type": "mention", "text": "<at>Ben</at>", "mentioned": {"id": BEN.id}})
        await bot.teams.deliver(activity)
        assert len(bot.intake.questions) == expected


@pytest.mark.parametrize(
    ("kind", "rule", "expected"),
    [
        ("channel", Unmentioned.NEVER, ["A?"]),
        ("channel", Unmentioned.THREADS, ["A?", "in the thread?"]),
        ("channel", Unmentioned.ALWAYS, ["A?", "in the thread?", "a new thread"]),
        ("groupChat", Unmentioned.NEVER, ["A?"]),
        ("groupChat", Unmentioned.THREADS, ["A?"]),  # a chat has no threads
        ("groupChat", Unmentioned.ALWAYS, ["A?", "in the thread?", "said there", "a new thread"]),
    ],
)
async def test_a_channels_rule_says_what_needs_a_mention(kind: str, rule: Unmentioned, expected: list[str]) -> None:
    rules: dict[str, Unmentioned] = {}
    async with running(follow_up_without_mention=rule is Unmentioned.NEVER, unmentioned=rules) as bot:
        channel = bot.teams.place(kind, ADA, BEN)
        rules[channel.id] = rule
        first = await bot.teams.say(channel, ADA, "A?")
        await bot.teams.say(channel, ADA, "in the thread?", thread=first.id, mention=False)
        await bot.teams.say(channel, BEN, "said there", thread=first.id, mention=False)
        await bot.teams.say(channel, BEN, "a new thread", mention=False)
        to_ben = bot.teams.message(channel, ADA, "what do you think?", mention=False)
        to_ben["entities"].append({"type": "mention", "text": "<at>Ben</at>", "mentioned": {"id": BEN.id}})
        await bot.teams.deliver(to_ben)
        assert [i.text for i in bot.intake.accepted if i.kind is IncomingKind.QUESTION] == expected


async def test_a_follow_up_is_known_after_a_restart() -> None:
    asked: list[str] = []

    def knows(thread: ThreadKey) -> bool:
        asked.append(str(thread))
        return True

    async with running(follow_up_without_mention=True, options={"knows_thread": knows}) as bot:
        channel = bot.teams.place("channel", ADA)
        await bot.teams.say(channel, ADA, "And in London?", thread="1234", mention=False)
        assert len(bot.intake.questions) == 1
        assert asked == [f"teams:{bot.teams.tenant}:{channel.id}:1234"]


async def test_an_unknown_tenant_is_taken_in_so_that_it_gets_its_refusal() -> None:
    async with running() as bot:
        await bot.teams.say(bot.teams.personal(STRANGER), STRANGER, "Who are you?")
        assert bot.intake.last.tenant == STRANGER.tenant


MENTIONS: list[tuple[str, dict[str, Any], str]] = [
    (
        "a bot named like a word of the question",
        {"text": "<at>Policy</at> what does the Policy say about <at>Policy</at>?", "mentions": ["<at>Policy</at>"]},
        "what does the Policy say about Policy?",
    ),
    ("in the middle", {"text": "Tell me, <at>Bot</at>, how?", "mentions": ["<at>Bot</at>"]}, "Tell me, , how?"),
    (
        "other people keep their names",
        {"text": "<at>Bot</at> did <at>Ada</at> sign?", "mentions": ["<at>Bot</at>"]},
        "did Ada sign?",
    ),
    ("without its own text", {"text": "<at>Bot</at> how?", "mentions": [None]}, "Bot how?"),
    (
        "entities and spaces",
        {"text": "<at>B</at>&nbsp;is 3 &lt; 4 &amp; 5?\n\n", "mentions": ["<at>B</at>"]},
        "is 3 < 4 & 5?",
    ),
    ("lines stay", {"text": "<at>B</at> one\r\n two ", "mentions": ["<at>B</at>"]}, "one\ntwo"),
    ("xml", {"text": "<at>B</at> <b>bold</b><br/>line", "textFormat": "xml", "mentions": ["<at>B</at>"]}, "bold\nline"),
    (
        "only html",
        {
            "text": "",
            "mentions": ["<at>Bot</at>"],
            "attachments": [
                {"contentType": "image/png", "contentUrl": "https://example.com/x.png"},
                {
                    "contentType": "text/html",
                    "content": '<div><span itemtype="http://schema.skype.com/Mention" itemid="0">Bot</span>'
                    "&nbsp;how <script>alert(1)</script>much?</div><p>Thanks</p>",
                },
            ],
        },
        "how much?\nThanks",
    ),
    ("an attachment alone", {"text": None, "mentions": [], "attachments": [{"contentType": "image/png"}]}, ""),
]


@pytest.mark.parametrize(("activity", "expected"), [m[1:] for m in MENTIONS], ids=[m[0] for m in MENTIONS])
def test_question_text(activity: dict[str, Any], expected: str) -> None:
    mentions = [
        {"type": "mention", "text": t, "mentioned": {"id": "28:b", "name": "Bot"}} for t in activity["mentions"]
    ]
    assert question_text(activity, mentions) == expected


def test_html_text_leaves_markup_out() -> None:
    assert html_text("<p>a<style>x{}</style> b</p>").strip() == "a b"


FEEDBACK = [
    ("thumb up", True, "", "up"),
    ("thumb down", False, "", "down"),
    ("thumb down with a reason", False, "The limit is\n old", "down: The limit is\nold"),
]


@pytest.mark.parametrize(("up", "reason", "text"), [f[1:] for f in FEEDBACK], ids=[f[0] for f in FEEDBACK])
async def test_feedback_points_at_the_record(up: bool, reason: str, text: str) -> None:
    async with running() as bot:
        channel = bot.teams.place("channel", ADA)
        await bot.teams.say(channel, ADA, "How much?")
        await bot.platform.post(bot.intake.last, reply(bot.platform, answered()), None)
        answer = bot.teams.answers(channel)[0]
        assert await bot.teams.rate(answer, ADA, up, reason) == (200, b"{}")
        incoming = bot.intake.last
        assert (incoming.kind, incoming.text) == (IncomingKind.FEEDBACK, text)
        assert (incoming.about, incoming.message) == (answered().record_id, answer.id)


async def test_feedback_on_an_unknown_message_names_the_message() -> None:
    async with running() as bot:
        channel = bot.teams.place("channel", ADA)
        said = await bot.teams.say(channel, ADA, "How much?")
        assert (await bot.teams.rate(said, ADA, True))[0] == 200
        assert (bot.intake.last.about, bot.intake.last.message) == (None, said.id)


BODIES = [
    ("no json", b"{", 400),
    ("a list", b"[]", 400),
    ("no type", b"{}", 400),
    ("a type that is no string", b'{"type": 5}', 400),
    ("deeply nested", b'{"type": ' + b"[" * 100_000, 400),
    ("not utf-8", b'{"type": "\xff"}', 400),
    ("too large", b'{"type": "message", "text": "' + b"x" * 1_100_000 + b'"}', 413),
]


async def test_a_token_is_asked_for_before_a_body_is_read() -> None:
    async with running() as bot, aiohttp.ClientSession() as session:
        for body in (b"{}", b"no json", b"a" * 20_000):
            async with session.post(bot.teams.endpoint, data=io.BytesIO(body)) as response:
                assert response.status == 401


@pytest.mark.parametrize(("body", "expected"), [b[1:] for b in BODIES], ids=[b[0] for b in BODIES])
async def test_bad_bodies_are_refused(body: bytes, expected: int) -> None:
    async with running() as bot, aiohttp.ClientSession() as session:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {bot.teams.sign()}"}
        async with session.post(bot.teams.endpoint, data=io.BytesIO(body), headers=headers) as response:
            assert response.status == expected
        headers["Content-Type"] = "text/plain"
        async with session.post(bot.teams.endpoint, data=b"{}", headers=headers) as response:
            assert response.status == 415
        assert not bot.intake.accepted


SHAPES: list[tuple[str, dict[str, Any]]] = [
    ("no conversation", {"conversation": None}),
    ("a conversation that is text", {"conversation": "19:x"}),
    ("a sender that is a list", {"from": []}),
    ("entities that are numbers", {"entities": [1, 2]}),
    ("entities that are text", {"entities": "x"}),
    ("channel data that is text", {"channelData": "x"}),
    ("a timestamp that is none", {"timestamp": "yesterday"}),
    ("attachments that are none", {"attachments": 7}),
    ("text that is a number", {"text": 5}),
]


@pytest.mark.parametrize("changes", [s[1] for s in SHAPES], ids=[s[0] for s in SHAPES])
async def test_a_misshapen_activity_is_no_server_error(changes: dict[str, Any]) -> None:
    async with running() as bot:
        activity = {**bot.teams.message(bot.teams.personal(ADA), ADA, "Hello"), **changes}
        status, _ = await bot.teams.deliver(activity)
        assert status in (202, 400)
        assert json.dumps(activity)


async def test_a_question_of_100_000_characters_is_taken_in() -> None:
    async with running() as bot:
        person = Person("Long Writer", "long@example.com")
        await bot.teams.say(bot.teams.personal(person), person, "x" * 100_000)
        assert len(bot.intake.last.text) == 100_000


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
NAMES = [
    "type id name text textFormat from recipient conversation channelData entities attachments value replyToId",
    "serviceUrl channelId membersAdded action aadObjectId role tenant channel eventType mentioned contentType content",
    "actionName actionValue reaction feedback feedbackText conversationType data passage record n",
]
KNOWN = st.sampled_from(" ".join(NAMES).split())
TYPES = st.sampled_from(["message", "invoke", "conversationUpdate", "messageUpdate", "installationUpdate"])


@given(
    st.dictionaries(KNOWN, JSON_VALUES | st.dictionaries(KNOWN, JSON_VALUES | st.dictionaries(KNOWN, JSON_VALUES))),
    TYPES,
)
@tries(300)
def test_no_activity_breaks_the_translation(activity: dict[str, Any], kind: str) -> None:
    activity = {**activity, "type": kind}
    passage_asked(activity)
    try:
        incoming = translate(activity, datetime(2026, 1, 1, tzinfo=UTC))
    except BadActivity:
        return
    assert incoming.platform == "teams"
    assert all(isinstance(v, str | bool) for v in incoming.reference.values())
    assert incoming.key == translate(activity, datetime(2026, 1, 2, tzinfo=UTC)).key
