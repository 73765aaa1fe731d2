"""Enterprise Grid: one installation for a whole organisation, whose workspaces are all answered with its one token."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.demo.standins.slack import SlackStandIn
from bot.demo.standins.slack_world import GRID_TEAM
from bot.slack.people import LIST_FROM
from bot.slack.render import FEEDBACK
from bot.slack.workspaces import SlackWorkspaces
from bot.types import IncomingKind
from tests.bot.slack.fakes import RECORD, MemoryIntake, MemoryViewer, answered, reply_of
from tests.servers.slack import config_for as one_workspace
from tests.servers.slack import slack_by_http
from tests.servers.slack_org import ACME, ORG, SlackOrg, config_for, serving, workspace


@pytest.fixture
async def bot(
    org: SlackOrg, tmp_path: Path, intake: MemoryIntake, viewer: MemoryViewer
) -> AsyncIterator[SlackWorkspaces]:
    """Installed in the organisation as a whole, and in a workspace of another customer."""
    org.spaces[ORG] = workspace(ORG)
    async with serving(org, config_for(org, tmp_path / "slack", ACME, ORG), intake, viewer) as platform:
        for place in (ACME, ORG):
            status, text = await org.install(place)
            assert status == 200
        assert "add it to its workspaces" in text
        yield platform


def general(slack: SlackStandIn) -> str:
    return next(c for c, shape in slack.world.channels.items() if shape["name"] == "general")


async def test_an_event_of_a_workspace_is_answered_with_the_organisations_token(
    org: SlackOrg, bot: SlackWorkspaces, intake: MemoryIntake
) -> None:
    slack = org.spaces[ORG]
    await slack.ask("U0ADA", general(slack), "Hotels?")
    (question,) = intake.questions
    assert (question.tenant, question.reference["workspace"]) == (ORG, GRID_TEAM)
    people = await bot.people(question)
    assert (people.asker.tenant, people.asker.member) == (ORG, True)
    assert people.asker.email == f"ada@{ORG.lower()}.example"
    shown = await bot.post(question, reply_of(bot, answered()), None)
    (message,) = slack.world.replies(question.channel, question.thread)
    assert message["ts"] == shown
    await slack.press("U0ADA", message, FEEDBACK, f"up:{RECORD}")
    assert (intake.accepted[-1].kind, intake.accepted[-1].tenant) == (IncomingKind.FEEDBACK, ORG)


async def test_people_of_another_organisation_are_no_members(
    org: SlackOrg, bot: SlackWorkspaces, intake: MemoryIntake
) -> None:
    slack = org.spaces[ORG]
    other = {"enterprise_user": {"enterprise_id": "E0OTHER", "teams": ["T0OTHER"]}, "is_stranger": True}
    slack.world.add_user("U0EVE", "Eve", "eve@other.example", team_id="T0OTHER", **other)
    channel = slack.world.add_channel("shared", "U0ADA", "U0EVE", is_ext_shared=True)
    await slack.say("U0ADA", channel, f"<@{slack.world.bot_user}> Hotels?", user_team="T0GRIDTWO")
    people = await bot.people(intake.questions[0])
    assert people.external
    assert {p.user: p.member for p in people.readers or ()} == {"U0ADA": True, "U0EVE": False}


async def test_a_large_channel_is_read_from_the_list_of_its_workspace(
    org: SlackOrg, bot: SlackWorkspaces, intake: MemoryIntake
) -> None:
    slack = org.spaces[ORG]
    crowd = [slack.world.add_user(f"U1{n:04}", f"P{n}", team_id=GRID_TEAM) for n in range(LIST_FROM + 5)]
    channel = slack.world.add_channel("everybody", "U0ADA", *crowd)
    await slack.ask("U0ADA", channel, "Hotels?")
    people = await bot.people(intake.questions[-1])
    assert len(people.readers or ()) == LIST_FROM + 6
    assert slack.counts()["users.list"] == 1


async def test_an_organisation_that_removes_the_app_is_forgotten(
    org: SlackOrg, bot: SlackWorkspaces, intake: MemoryIntake
) -> None:
    slack = org.spaces[ORG]
    removed = slack.world.envelope({"type": "app_uninstalled"})
    removed["event_time"] += 60
    assert (await slack.deliver(removed)).acknowledged
    await slack.ask("U0ADA", general(slack), "Hotels?")
    assert intake.questions == []
    acme = org.spaces[ACME]
    await acme.ask("U0ADA", general(acme), "Hotels?")
    assert [q.tenant for q in intake.questions] == [ACME]


async def test_the_token_of_an_organisation_serves_it_without_oauth_too(
    intake: MemoryIntake, viewer: MemoryViewer
) -> None:
    slack = workspace(ORG)
    slack.bot_token = "xoxb-of-the-organisation"
    slack.expect(slack.bot_token)
    await slack.start()
    try:
        config = replace(one_workspace(slack, socket=False), signing_secret=slack.signing_secret)
        async with slack_by_http(slack, config, intake, viewer) as platform:
            await slack.ask("U0ADA", general(slack), "Hotels?")
            people = await platform.people(intake.questions[0])
            assert (people.asker.tenant, people.asker.member) == (ORG, True)
    finally:
        await slack.stop()
    assert slack.complaints == []


@pytest.mark.parametrize(("allowed", "answered_there"), [(GRID_TEAM, True), ("T0GRIDTWO", False), (ORG, True)])
async def test_some_of_an_organisations_workspaces_may_be_answered_alone(
    intake: MemoryIntake, viewer: MemoryViewer, allowed: str, answered_there: bool
) -> None:
    slack = workspace(ORG)
    slack.bot_token = "xoxb-of-the-organisation"
    slack.expect(slack.bot_token)
    await slack.start()
    try:
        config = replace(
            one_workspace(slack, socket=False), signing_secret=slack.signing_secret, allowed_teams=frozenset({allowed})
        )
        async with slack_by_http(slack, config, intake, viewer) as platform:
            await slack.ask("U0ADA", general(slack), "Hotels?")
            assert [i.text for i in intake.questions] == (["Hotels?"] if answered_there else [])
            if answered_there:
                people = await platform.people(intake.questions[0])
                assert (people.asker.tenant, people.asker.member) == (allowed, True)
    finally:
        await slack.stop()
