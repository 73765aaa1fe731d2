"""Several workspaces behind one bot: each is heard, answered and forgotten by itself."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.demo.standins.slack import SlackStandIn
from bot.errors import PlatformError, PlatformUnauthorized
from bot.keys import ThreadKey
from bot.slack.workspaces import SlackWorkspaces
from bot.types import ChannelKind, Expert, Incoming, IncomingKind, PassageView
from tests.bot.slack.fakes import RECORD, MemoryIntake, MemoryViewer, answered, reply_of
from tests.servers.slack_org import ACME, BETA, SlackOrg, config_for, serving, workspace

TYPES = {"Content-Type": "application/json"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "slack"


@pytest.fixture
async def bot(
    org: SlackOrg, folder: Path, intake: MemoryIntake, viewer: MemoryViewer
) -> AsyncIterator[SlackWorkspaces]:
    """Installed in both workspaces."""
    async with serving(org, config_for(org, folder, ACME, BETA), intake, viewer) as platform:
        for team in (ACME, BETA):
            assert (await org.install(team))[0] == 200
        org.calls.clear()
        yield platform


def general(slack: SlackStandIn) -> str:
    return next(c for c, shape in slack.world.channels.items() if shape["name"] == "general")


async def send(slack: SlackStandIn, event: dict[str, Any], **more: Any) -> int:
    """An event without a message behind it."""
    delivery = await slack.deliver({**slack.world.envelope(event), **more})
    return delivery.status


def replies(slack: SlackStandIn, question: Incoming) -> list[str]:
    return [m["text"] for m in slack.world.replies(question.channel, question.thread)]


# --- each with its own token ----------------------------------------------------------


async def test_each_workspace_is_answered_with_its_own_token(
    org: SlackOrg, bot: SlackWorkspaces, intake: MemoryIntake
) -> None:
    for team, slack in org.spaces.items():
        await slack.ask("U0ADA", general(slack), f"What of {team}?")
    assert [(i.tenant, i.text, i.kind.value) for i in intake.accepted] == [
        (ACME, f"What of {ACME}?", "question"),
        (BETA, f"What of {BETA}?", "question"),
    ]
    first, second = intake.accepted
    assert (first.channel, first.user) == (second.channel, second.user), "only the workspace tells them apart"
    for question in (first, second):
        people = await bot.people(question)
        assert people.asker.tenant == question.tenant
        assert people.asker.email == f"ada@{question.tenant.lower()}.example"
        assert people.asker.member
        status = await bot.post_status(question, "Working")
        await bot.post(question, reply_of(bot, answered(text=f"That of {question.tenant}.")), status)
        await bot.post_text(question, f"A text for {question.tenant}", None)
        await bot.post_call(question, Expert("Ann", {"slack": "U0ANN"}), f"asked in {question.tenant}", "q", RECORD)
    for question, slack in zip((first, second), org.spaces.values(), strict=True):
        texts = replies(slack, question)
        assert len(texts) == 3
        assert all(question.tenant in text for text in texts)
        used = {token for token, _ in org.calls if org.tokens.get(token) == question.tenant}
        assert used == {slack.bot_token}
    assert {org.tokens[token] for token, _ in org.calls} == {ACME, BETA}


async def test_at_the_same_time_nothing_crosses(org: SlackOrg, bot: SlackWorkspaces, intake: MemoryIntake) -> None:
    spaces = list(org.spaces.values())
    await asyncio.gather(
        *(s.ask("U0ADA", general(s), f"{s.world.team} {n}") for n in range(20) for s in spaces[:: 1 - 2 * (n % 2)])
    )
    assert len(intake.questions) == 40

    async def answer(question: Incoming) -> None:
        people = await bot.people(question)
        await bot.post(question, reply_of(bot, answered(text=f"{question.text}: {people.asker.email}")), None)

    await asyncio.gather(*(answer(q) for q in intake.questions))
    for question in intake.questions:
        (text,) = replies(org.spaces[question.tenant], question)
        assert f"{question.text}: ada@{question.tenant.lower()}.example" in text
    assert sum(method == "chat.postMessage" for _, method in org.calls) == 40
    assert not [m for _, m in org.calls if m == "auth.test"], "who we are is known from the installation"


async def test_a_click_is_its_own_workspaces(
    org: SlackOrg, bot: SlackWorkspaces, intake: MemoryIntake, viewer: MemoryViewer
) -> None:
    viewer.views[(RECORD, 1)] = PassageView("Travel", "4.2", "", "quote", "", None)
    viewer.readers.add("U0ADA")
    slack = org.spaces[BETA]
    await slack.ask("U0ADA", general(slack), "Hotels?")
    await bot.post(intake.accepted[0], reply_of(bot, answered()), None)
    message = slack.world.replies(general(slack), intake.accepted[0].thread)[0]
    assert (await slack.press("U0ADA", message, "footnote_passage", f"{RECORD}:1")).acknowledged
    assert "Travel" in json.dumps(await slack.window())
    assert [p.tenant for p in viewer.asked] == [BETA]
    assert (await slack.press("U0ADA", message, "footnote_feedback", f"up:{RECORD}")).acknowledged
    assert [(i.kind, i.tenant) for i in intake.accepted[1:]] == [(IncomingKind.FEEDBACK, BETA)]
    assert {org.tokens[token] for token, _ in org.calls} == {BETA}


async def test_a_foreign_click_in_a_shared_channel_is_ignored(
    org: SlackOrg, bot: SlackWorkspaces, intake: MemoryIntake
) -> None:
    slack = org.spaces[ACME]
    await slack.ask("U0ADA", general(slack), "Hotels?")
    await bot.post(intake.accepted[0], reply_of(bot, answered()), None)
    message = slack.world.replies(general(slack), intake.accepted[0].thread)[0]
    click = slack.world.pressed("U0ADA", message, "footnote_feedback", f"up:{RECORD}")
    click |= {"team": {"id": BETA}, "view": {"app_installed_team_id": ACME}}
    assert (await slack.deliver(click, "interactive")).acknowledged
    last = intake.accepted[-1]
    assert (last.kind, last.tenant, last.about) == (IncomingKind.IGNORED, BETA, None)
    assert BETA in last.text


async def test_a_foreign_question_in_a_shared_channel_is_ignored(
    org: SlackOrg, bot: SlackWorkspaces, intake: MemoryIntake
) -> None:
    slack = org.spaces[ACME]
    text = f"<@{slack.world.bot_user}> Hi"
    event = {"type": "app_mention", "user": "U0EVE", "team": BETA, "text": text, "ts": "1.1"}
    assert await send(slack, event | {"channel": general(slack)}, team_id=BETA, is_ext_shared_channel=True) == 200
    assert intake.kinds == ["ignored"]
    assert not org.calls


async def test_people_of_one_workspace_are_no_members_of_another(
    org: SlackOrg, bot: SlackWorkspaces, intake: MemoryIntake
) -> None:
    """Although both have installed the app and may."""
    slack = org.spaces[ACME]
    slack.world.add_user("U0EVE", "Eve of Beta", "eve@t0beta.example", team_id=BETA)
    slack.world.members[general(slack)].append("U0EVE")
    await slack.ask("U0ADA", general(slack), "Hotels?")
    readers = (await bot.people(intake.accepted[0])).readers
    assert readers is not None
    assert {(p.user, p.tenant, p.email, p.member) for p in readers} == {
        ("U0ADA", ACME, "ada@t0acme.example", True),
        ("U0EVE", BETA, "", False),
    }


async def test_follow_ups_are_known_by_workspace(
    org: SlackOrg, folder: Path, intake: MemoryIntake, viewer: MemoryViewer
) -> None:
    asked: list[str] = []

    def known(thread: ThreadKey) -> bool:
        asked.append(thread.channel.tenant)
        return thread.channel.tenant == ACME

    config = config_for(org, folder, ACME, BETA, follow_up_without_mention=True)
    async with serving(org, config, intake, viewer, known):
        for team, slack in org.spaces.items():
            await org.install(team)
            await slack.say("U0ADA", general(slack), "And in Rome?", thread="1700000000.000001")
    assert [i.tenant for i in intake.questions] == [ACME]
    assert asked == [ACME, BETA]


# --- who is not served ----------------------------------------------------------------


async def test_an_unknown_workspace_is_recorded_and_not_answered(
    org: SlackOrg, bot: SlackWorkspaces, intake: MemoryIntake
) -> None:
    stranger = workspace("T0STRANGER")
    stranger.http_url = org.spaces[ACME].http_url
    await stranger.ask("U0ADA", general(stranger), "What of my secret plan?")
    await stranger.say("U0ADA", stranger.world.dm("U0ADA"), "Hello?")
    await stranger.say("U0ADA", general(stranger), "not to the bot")
    assert all(d.acknowledged for d in stranger.deliveries)
    assert [(i.kind, i.tenant) for i in intake.accepted] == [(IncomingKind.IGNORED, "T0STRANGER")] * 2
    assert not [i for i in intake.accepted if "secret" in i.text]
    assert not org.calls
    with pytest.raises(PlatformUnauthorized, match="T0STRANGER"):
        await bot.post_text(intake.accepted[0], "Hello", None)
    with pytest.raises(PlatformUnauthorized, match="T0STRANGER"):
        await bot.people(intake.accepted[0])


@pytest.mark.usefixtures("bot")
@pytest.mark.parametrize(
    "body",
    [{}, {"type": "event_callback", "event": []}, {"type": "block_actions", "team": {"id": "../T0ACME"}, "user": {}}],
)
async def test_a_payload_of_nobody(org: SlackOrg, intake: MemoryIntake, body: dict[str, Any]) -> None:
    raw = json.dumps(body).encode()
    slack = org.spaces[ACME]
    assert (await slack.send(raw, slack.signature(raw) | TYPES)).status == 200
    assert (intake.accepted, org.calls) == ([], [])


async def test_a_workspace_that_is_no_longer_allowed(
    org: SlackOrg, folder: Path, bot: SlackWorkspaces, intake: MemoryIntake, viewer: MemoryViewer
) -> None:
    await bot.stop()
    async with serving(org, config_for(org, folder, ACME), intake, viewer) as narrow:
        for slack in org.spaces.values():
            await slack.ask("U0ADA", general(slack), "Hotels?")
        assert [(i.tenant, i.kind.value) for i in intake.accepted] == [(ACME, "question"), (BETA, "ignored")]
        assert [p for p in await narrow.check() if BETA in p and "slack_teams" in p]


async def test_where_anybody_may_install_no_email_counts(
    org: SlackOrg, folder: Path, intake: MemoryIntake, viewer: MemoryViewer
) -> None:
    """Whoever runs a workspace decides on the addresses in it."""
    async with serving(org, config_for(org, folder), intake, viewer) as platform:
        await org.install(ACME)
        slack = org.spaces[ACME]
        await slack.say("U0ADA", slack.world.dm("U0ADA"), "Hotels?")
        asker = (await platform.people(intake.accepted[0])).asker
        assert (asker.member, asker.tenant, asker.email) == (True, ACME, "")


@pytest.mark.usefixtures("bot")
async def test_only_slack_is_heard(org: SlackOrg, intake: MemoryIntake) -> None:
    slack = org.spaces[ACME]
    message = {"type": "message", "channel": "D1", "channel_type": "im", "user": "U0ADA", "text": "x", "ts": "1.1"}
    uninstall = {"type": "app_uninstalled"}
    for event in (message, uninstall):
        raw = json.dumps(slack.world.envelope(event)).encode()
        for headers in ({}, slack.signature(raw, secret="another"), slack.signature(raw, at=time.time() - 400)):
            assert (await slack.send(raw, headers | TYPES)).status == 401
    await slack.say("U0ADA", slack.world.dm("U0ADA"), "Still here?")
    assert [i.text for i in intake.accepted] == ["Still here?"]
    assert (await slack.send(b"[", slack.signature(b"[") | TYPES)).status == 400


@pytest.mark.usefixtures("bot")
async def test_the_address_is_confirmed(org: SlackOrg) -> None:
    slack, raw = org.spaces[ACME], b'{"type": "url_verification", "challenge": "abc"}'
    delivery = await slack.send(raw, slack.signature(raw) | TYPES)
    assert (delivery.status, json.loads(delivery.body)) == (200, {"challenge": "abc"})


# --- installations come and go --------------------------------------------------------


@pytest.mark.parametrize(
    "event",
    [{"type": "app_uninstalled"}, {"type": "tokens_revoked", "tokens": {"oauth": [], "bot": ["UT0ACME"]}}],
    ids=["uninstalled", "revoked"],
)
async def test_a_removed_app_is_forgotten(
    org: SlackOrg, folder: Path, bot: SlackWorkspaces, intake: MemoryIntake, event: dict[str, Any]
) -> None:
    slack = org.spaces[ACME]
    await slack.say("U0ADA", slack.world.dm("U0ADA"), "Before?")
    assert await send(slack, event) == 200
    assert sorted(p.name for p in (folder / "installations").iterdir()) == ["T0BETA.json"]
    assert await send(slack, event) == 200, "Slack sends both events"
    await slack.say("U0ADA", slack.world.dm("U0ADA"), "After?")
    assert intake.kinds == ["question", "ignored"]
    with pytest.raises(PlatformUnauthorized, match=ACME):
        await bot.post_text(intake.accepted[0], "Late", None)
    other = org.spaces[BETA]
    await other.say("U0ADA", other.world.dm("U0ADA"), "And we?")
    assert intake.kinds == ["question", "ignored", "question"]


@pytest.mark.parametrize(
    ("event", "more"),
    [
        ({"type": "tokens_revoked", "tokens": {"oauth": ["U0ADA"], "bot": []}}, {}),
        ({"type": "app_uninstalled"}, {"event_time": 1_700_000_000}),
    ],
    ids=["a person's token", "an event from before the installation"],
)
async def test_what_removes_nothing(
    org: SlackOrg, bot: SlackWorkspaces, intake: MemoryIntake, event: dict[str, Any], more: dict[str, Any]
) -> None:
    slack = org.spaces[ACME]
    assert await send(slack, event, **more) == 200
    await slack.say("U0ADA", slack.world.dm("U0ADA"), "Hotels?")
    assert intake.kinds == ["question"]
    await bot.post_text(intake.accepted[0], "Here", None)


async def test_installed_again_the_new_token_is_used(org: SlackOrg, bot: SlackWorkspaces, intake: MemoryIntake) -> None:
    slack = org.spaces[ACME]
    await slack.say("U0ADA", slack.world.dm("U0ADA"), "Hotels?")
    await bot.post_text(intake.accepted[0], "One", None)
    old = slack.bot_token
    await org.install(ACME)
    del org.tokens[old]
    org.calls.clear()
    await bot.post_text(intake.accepted[0], "Two", None)
    assert {token for token, _ in org.calls} == {slack.bot_token} != {old}


async def test_a_restart_on_the_same_store(
    org: SlackOrg, folder: Path, bot: SlackWorkspaces, intake: MemoryIntake, viewer: MemoryViewer
) -> None:
    slack = org.spaces[BETA]
    await slack.say("U0ADA", slack.world.dm("U0ADA"), "Before?")
    await bot.stop()
    assert not (await slack.deliver(slack.world.opened("U0ADA"))).acknowledged, "a stopped bot takes nothing in"
    async with serving(org, config_for(org, folder, ACME, BETA), intake, viewer) as again:
        await again.post_text(intake.accepted[0], "Answered after the restart", None)
        await slack.say("U0ADA", slack.world.dm("U0ADA"), "After?")
    assert replies(slack, intake.accepted[0]) == ["Answered after the restart"]
    assert [i.text for i in intake.questions] == ["Before?", "After?"]


async def test_two_processes_on_one_store(
    org: SlackOrg, folder: Path, bot: SlackWorkspaces, intake: MemoryIntake, viewer: MemoryViewer
) -> None:
    slack = org.spaces[ACME]
    await slack.say("U0ADA", slack.world.dm("U0ADA"), "Hotels?")
    await bot.post_text(intake.accepted[0], "One", None)
    async with serving(org, config_for(org, folder, ACME, BETA), intake, viewer) as other:
        assert await send(slack, {"type": "app_uninstalled"}) == 200
        with pytest.raises(PlatformUnauthorized):
            await bot.post_text(intake.accepted[0], "Two", None)
        await org.install(ACME)
        await bot.post_text(intake.accepted[0], "Three", None)
        await other.post_text(intake.accepted[0], "Four", None)
    assert replies(slack, intake.accepted[0]) == ["One", "Three", "Four"]


# --- trouble --------------------------------------------------------------------------


@pytest.mark.usefixtures("bot")
async def test_what_cannot_be_stored_is_not_acknowledged(org: SlackOrg, folder: Path, intake: MemoryIntake) -> None:
    slack = org.spaces[ACME]
    stranger = workspace("T0STRANGER")
    stranger.http_url = slack.http_url
    intake.down = True
    for one in (slack, stranger):
        await one.say("U0ADA", one.world.dm("U0ADA"), "Hotels?")
        assert one.deliveries[-1].status == 503
    intake.down = False
    (folder / "installations" / "T0ACME.json").write_text("{")
    await slack.say("U0ADA", slack.world.dm("U0ADA"), "Hotels?")
    assert slack.deliveries[-1].status == 503
    assert intake.accepted == []


async def test_before_the_start_nothing_is_taken_in(
    org: SlackOrg, folder: Path, intake: MemoryIntake, viewer: MemoryViewer
) -> None:
    platform = SlackWorkspaces(config_for(org, folder), intake, viewer)
    kinds = (IncomingKind.QUESTION, ChannelKind.CHANNEL)
    incoming = Incoming("k", "slack", kinds[0], ACME, "U", "C", kinds[1], "1.1", "1.1", "Hotels?", datetime.now(UTC))
    with pytest.raises(PlatformError, match="not running"):
        await platform.people(incoming)


async def test_what_the_doctor_is_told(org: SlackOrg, folder: Path, intake: MemoryIntake, viewer: MemoryViewer) -> None:
    async with serving(org, config_for(org, folder, ACME, BETA), intake, viewer) as platform:
        (nothing,) = await platform.check()
        assert "/slack/install" in nothing
        for team in (ACME, BETA):
            await org.install(team)
        assert await platform.check() == []
        org.spaces[ACME].world.scopes = {"chat:write"}
        problems = await platform.check()
        assert {p.split(":")[0] for p in problems} == {"The T0ACME company (T0ACME)"}
        assert [p for p in problems if "users:read.email" in p]
        org.tokens.clear()
        problems = await platform.check()
        assert len(problems) == 2
        assert all("open /slack/install there again" in p and "SLACK_BOT_TOKEN" not in p for p in problems)
        (folder / "installations" / "T0ACME.json").write_text("{")
        assert "T0ACME.json" in (await platform.check())[0]
