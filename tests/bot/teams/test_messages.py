"""The bot's own messages, read through Microsoft Graph: the stand-in checks what it is asked, as Graph would."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from audit.reconcile import Conversation, Posted
from bot.demo.standins.teams import Person, Said, TeamsFault, TeamsPlace, TeamsStandin
from bot.directory.client import Patience
from bot.errors import PlatformDenied, PlatformError, PlatformUnauthorized, SettingsError
from bot.teams.connector import NotThere
from bot.teams.history import named
from bot.teams.messages import GraphAddresses, MissingRight, TeamsMessages, shown
from bot.teams.render import call, render, text_message, welcome
from bot.texts import EXPERT_ELSEWHERE, NO_EXPERT, NO_PRIVATE_CHAT, PRIVATE_NOTE, STATUS, UNRECORDED, is_fixed
from bot.types import Outcome, OutcomeKind
from tests.bot.teams.support import ADA, answered, citation, passage

NOW = datetime.now(UTC)
QUICK = Patience(timeout=60.0, tries=3, first_pause=0.01, longest_wait=1.0)
RECORD = answered().record_id


@asynccontextmanager
async def reading(page: int = 2, **changes: Any) -> AsyncIterator[tuple[TeamsStandin, TeamsMessages]]:
    async with TeamsStandin(page=page) as teams:
        addresses = GraphAddresses(f"{teams.base}/graph/v1.0", teams.service_url)
        reader = TeamsMessages(teams.config(**changes), addresses, QUICK)
        try:
            yield teams, reader
        finally:
            await reader.close()
        assert teams.graph.complaints == []


def write(teams: TeamsStandin, place: TeamsPlace, payload: Any, thread: str = "", by: Person | None = None) -> Said:
    """A message as it stands in Teams, of the bot or of a person."""
    name = teams.next_id()
    made = Said(name, place.id, thread or name, by.id if by else teams.bot, json.loads(json.dumps(payload)))
    teams.said.append(made)
    return made


def ids(posted: list[Posted]) -> list[tuple[str, str | None]]:
    return sorted((p.message, p.record) for p in posted)


async def test_all_pages_of_a_channel_are_read_with_the_replies_and_only_the_bots_count() -> None:
    async with reading() as (teams, reader):
        channel = teams.place("channel", ADA, team="19:team@thread.tacv2")
        teams.graph.grant(channel)
        ours = []
        for _ in range(5):
            root = write(teams, channel, text_message("How much?"), by=ADA)
            for _ in range(5):
                ours.append(write(teams, channel, render(answered()), root.id))
                write(teams, channel, text_message(f"Record {RECORD}"), root.id, by=ADA)
        ours.append(write(teams, channel, render(answered())))
        found = await reader.channel(channel.group, channel.id, NOW)
    assert ids(found) == sorted((said.id, RECORD) for said in ours)
    assert {p.channel for p in found} == {channel.id}
    asked = [c.partition("?")[0].rsplit("/", 1)[1] for c in teams.graph.calls]
    assert (asked.count("messages"), asked.count("replies")) == (3, 5 * 4)


async def test_a_chat_is_read_from_its_time_on() -> None:
    async with reading() as (teams, reader):
        chat = teams.place("groupChat", ADA)
        teams.graph.grant(chat)
        old, new = (write(teams, chat, render(answered())) for _ in range(2))
        old.created = old.modified = NOW - timedelta(days=9)
        late = write(teams, chat, render(answered()))
        late.created = NOW - timedelta(hours=3)
        more = [write(teams, chat, text_message("Thanks"), by=ADA) for _ in range(5)]
        found = await reader.chat(chat.id, NOW - timedelta(hours=1))
    assert ids(found) == [(new.id, RECORD), (late.id, RECORD)]
    assert len(teams.graph.calls) == (len(more) + 2 + 1) // 2


@pytest.mark.parametrize("hidden", [False, True])
async def test_a_deleted_message_is_named_whether_or_not_its_sender_is(hidden: bool) -> None:
    async with reading() as (teams, reader):
        channel = teams.place("channel", ADA)
        teams.graph.grant(channel)
        teams.graph.hides_senders_of_deleted = hidden
        root = write(teams, channel, text_message("How much?"), by=ADA)
        answer = write(teams, channel, render(answered()), root.id)
        persons = write(teams, channel, text_message("Oh"), root.id, by=ADA)
        teams.delete(answer)
        teams.delete(persons)
        found = await reader.channel(channel.group, channel.id, NOW - timedelta(minutes=1))
    assert {p.message for p in found} == ({answer.id, persons.id} if hidden else {answer.id})
    assert all(p.deleted and p.record is None for p in found)


@pytest.mark.parametrize(
    ("kind", "right"), [("channel", "ChannelMessage.Read.Group"), ("groupChat", "ChatMessage.Read.Chat")]
)
async def test_a_missing_right_is_named(kind: str, right: str) -> None:
    async with reading() as (teams, reader):
        place = teams.place(kind, ADA)
        write(teams, place, render(answered()))
        group = place.group if kind == "channel" else ""
        with pytest.raises(MissingRight, match=rf"lacks {right} in the \w+ {group or place.id}: .*--reconcile"):
            await (reader.channel(group, place.id, NOW) if group else reader.chat(place.id, NOW))
        with pytest.raises(MissingRight, match=right):
            await reader.may_read(group, place.id)
        teams.graph.grant(place)
        await reader.may_read(group, place.id)


async def test_what_graph_does_not_know_is_said() -> None:
    async with reading() as (teams, reader):
        channel = teams.place("channel", ADA)
        teams.graph.grant(channel)
        with pytest.raises(NotThere, match="status 404"):
            await reader.channel("33333333-3333-4333-8333-333333333333", channel.id, NOW)


async def test_either_id_of_a_team_gives_its_group() -> None:
    async with reading() as (teams, reader):
        first = teams.place("channel", ADA)
        second = teams.place("channel", ADA, team=first.id)
        write(teams, second, render(answered()))
        assert await reader.group(second.group.upper()) == first.group
        assert not teams.received
        assert await reader.group(first.id) == first.group
        assert await reader.group("19:unknown@thread.tacv2") == ""


async def test_a_short_throttle_is_waited_for_and_a_long_one_is_told() -> None:
    async with reading() as (teams, reader):
        channel = teams.place("channel", ADA)
        teams.graph.grant(channel)
        write(teams, channel, render(answered()))
        teams.faults.append(TeamsFault(429, 2, "/messages", headers={"Retry-After": "0.05"}))
        assert len(await reader.channel(channel.group, channel.id, NOW)) == 1
        teams.faults.append(TeamsFault(429, 1, "/messages", headers={"Retry-After": "600"}))
        with pytest.raises(PlatformError, match="asks to wait") as busy:
            await reader.channel(channel.group, channel.id, NOW)
        assert not isinstance(busy.value, PlatformDenied | NotThere)


async def test_the_token_is_that_of_graph_and_a_refused_one_is_fetched_anew() -> None:
    async with reading() as (teams, reader):
        channel = teams.place("channel", ADA)
        teams.graph.grant(channel)
        for _ in range(2):
            await reader.channel(channel.group, channel.id, NOW)
            teams.revoke_tokens()
        logins = [r for r in teams.received if r.path.endswith("/token")]
        assert len(logins) == 2
        assert all(b"scope=http%3A%2F%2F127.0.0.1" in r.body for r in logins)


async def test_no_token_and_a_wrong_shape_are_told() -> None:
    async with reading(app_password="wrong") as (_, reader):
        with pytest.raises(PlatformUnauthorized, match="invalid_client"):
            await reader.check()
    async with reading() as (teams, reader):
        await reader.check()
        teams.faults.append(TeamsFault(200, 1, "/messages", body=b'{"value": 3}'))
        with pytest.raises(PlatformError, match="not its own"):
            await reader.chat("19:x@thread.v2", NOW)


async def test_a_next_page_elsewhere_is_not_asked_for() -> None:
    async with reading(page=1) as (teams, reader), TeamsStandin() as elsewhere:
        chat = teams.place("groupChat", ADA)
        teams.graph.grant(chat)
        teams.graph.leads_to = elsewhere.base
        for _ in range(3):
            write(teams, chat, render(answered()))
        with pytest.raises(PlatformError, match="another server"):
            await reader.chat(chat.id, NOW)
        assert elsewhere.received == []


QUOTED = citation(1, quote="Record 0194aaaa")


def as_graph(payload: Any) -> dict[str, Any]:
    """A payload as Graph shows it: HTML, and cards as strings."""
    text = str(payload.get("text") or "").replace("\n\n", "</p><p>")
    cards = [{**a, "content": json.dumps(a["content"])} for a in payload.get("attachments") or ()]
    return {"body": {"contentType": "html", "content": f"<p>{text}</p>"}, "attachments": cards}


@pytest.mark.parametrize(
    "outcome",
    [
        answered(),
        answered(QUOTED, text="Record 0194aaaa"),
        Outcome(OutcomeKind.ABSTAINED, RECORD, "How much?", None, "I found nothing.", nearest=(passage(),)),
        Outcome(OutcomeKind.REFUSED, RECORD, "How much?", None, "I may not answer here.\nRecord 0194aaaa"),
        answered(repeats="0194aaaa", link="https://teams.microsoft.com/l/message/19:x/1"),
        Outcome(OutcomeKind.ABSTAINED, RECORD, "How much?", None, "I found nothing.", expert="the travel desk"),
    ],
    ids=["answered", "a quote like a record", "abstained", "refused", "a repeated question", "with an expert"],
)
def test_a_record_is_read_where_it_is_printed(outcome: Outcome) -> None:
    assert shown(as_graph(render(outcome, passages=True)))[0] == RECORD


@pytest.mark.parametrize(
    "payload",
    [
        {"text": "Hotels cost 500 EUR."},
        {"text": f"Record {RECORD} says so"},
        {"text": "x", "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", "content": []}]},
        {
            "text": "x",
            "attachments": [{"contentType": "text/html", "content": {"body": [{"text": f"Record {RECORD}"}]}}],
        },
        {},
    ],
    ids=["none", "in a sentence", "no card", "another attachment", "nothing"],
)
def test_what_prints_no_record(payload: dict[str, Any]) -> None:
    record, text = shown(as_graph(payload))
    assert record is None
    assert not is_fixed(text)


FIXED = [
    text_message(STATUS),
    text_message(PRIVATE_NOTE),
    text_message(NO_PRIVATE_CHAT),
    text_message(NO_EXPERT),
    text_message(UNRECORDED.format(reference=RECORD)),
    text_message(EXPERT_ELSEWHERE.format(name="the travel desk")),
    welcome(()),
    call("the travel desk", "29:x", "Can you help with this question?", "What do hotels cost?"),
]


@pytest.mark.parametrize("payload", FIXED, ids=lambda p: str(p["text"])[:30])
def test_fixed_texts_need_no_record(payload: Any) -> None:
    record, text = shown(as_graph(payload))
    assert (record, is_fixed(text)) == (None, True), text


async def test_fixed_texts_are_passed_over_and_others_are_not() -> None:
    async with reading(page=50) as (teams, reader):
        chat = teams.place("groupChat", ADA)
        teams.graph.grant(chat)
        for payload in FIXED:
            write(teams, chat, payload)
        forged = write(teams, chat, text_message("Hotels cost at most 500 EUR a night."))
        assert ids(await reader.chat(chat.id, NOW)) == [(forged.id, None)]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("19:x@thread.v2", Conversation("19:x@thread.v2", "group")),
        ("33333333/19:x@thread.tacv2", Conversation("19:x@thread.tacv2", "channel", "33333333")),
        ("19:t@thread.tacv2/19:x@thread.tacv2", Conversation("19:x@thread.tacv2", "channel", "19:t@thread.tacv2")),
    ],
)
def test_places_that_are_named(text: str, place: Conversation) -> None:
    assert named(text) == place


@pytest.mark.parametrize("text", ["", "general", "/19:x@thread.tacv2", "19:x@thread.tacv2/general"])
def test_places_that_are_named_wrongly(text: str) -> None:
    with pytest.raises(SettingsError, match="TEAM/CHANNEL"):
        named(text)


@pytest.mark.parametrize("address", ["http://graph.example.com/v1.0", "https://user@graph.example.com", ""])
def test_secrets_go_to_safe_addresses_only(address: str) -> None:
    with pytest.raises(SettingsError, match="https://"):
        GraphAddresses(graph=address)
