"""What `audit reconcile` is told of a channel where several workspaces have installed the app."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.errors import PlatformDenied, PlatformError, SettingsError
from bot.platform import Gathered, Period
from bot.settings.values import Settings
from bot.slack.kind import NOWHERE, SLACK
from bot.slack.workspaces import SlackWorkspaces
from tests.bot.slack.fakes import RECORD, MemoryIntake, MemoryViewer, answered, reply_of
from tests.servers.slack_org import (
    ACME,
    BETA,
    CLIENT_ID,
    CLIENT_SECRET,
    ORG,
    SIGNING_SECRET,
    SlackOrg,
    config_for,
    serving,
    workspace,
)

PLACES = (ACME, BETA, ORG)


@pytest.fixture
async def bot(
    org: SlackOrg, tmp_path: Path, intake: MemoryIntake, viewer: MemoryViewer
) -> AsyncIterator[SlackWorkspaces]:
    """Installed in two workspaces and in an organisation as a whole."""
    org.spaces[ORG] = workspace(ORG)
    async with serving(org, config_for(org, tmp_path / "slack", *PLACES), intake, viewer) as platform:
        for place in PLACES:
            assert (await org.install(place))[0] == 200
        org.calls.clear()
        yield platform


@pytest.fixture
def values(org: SlackOrg, tmp_path: Path) -> dict[str, Any]:
    return {
        "home": tmp_path,
        "SLACK_CLIENT_ID": CLIENT_ID,
        "SLACK_CLIENT_SECRET": CLIENT_SECRET,
        "SLACK_SIGNING_SECRET": SIGNING_SECRET,
        "slack_teams": PLACES,
        "slack_base_url": org.base_url,
    }


async def gathered(values: dict[str, Any], channel: str | None) -> Gathered:
    now, hour = datetime.now(UTC), timedelta(hours=1)
    slack: Any = SLACK  # the log is not asked
    found: Gathered = await slack.messages(Settings(**values), None, Period(now - hour, now + hour, channel))
    return found


async def ask(org: SlackOrg, bot: SlackWorkspaces, intake: MemoryIntake, place: str, channel: str) -> str:
    await org.spaces[place].ask("U0ADA", channel, "Hotels?")
    return await bot.post(intake.questions[-1], reply_of(bot, answered()), None)


def add(org: SlackOrg, *places: str) -> str:
    """A channel that these see, and no other."""
    world = org.spaces[places[0]].world
    channel = world.add_channel("travel", "U0ADA", id="C0TRAVEL")
    for place in places:
        there = org.spaces[place].world
        there.channels["C0TRAVEL"] = {**world.channels[channel], "id": "C0TRAVEL"}
        there.members["C0TRAVEL"] = [there.bot_user, "U0ADA"]
    return "C0TRAVEL"


@pytest.mark.parametrize("places", [(ACME,), (BETA,), (ORG,), (BETA, ACME)], ids="-".join)
async def test_each_workspace_is_asked_with_its_own_token(
    org: SlackOrg, bot: SlackWorkspaces, intake: MemoryIntake, values: dict[str, Any], places: tuple[str, ...]
) -> None:
    channel = add(org, *places)
    shown = {await ask(org, bot, intake, place, channel) for place in places}
    found = await gathered(values, channel)
    assert {(p.message, p.record, p.channel) for p in found.posted} == {(ts, RECORD, channel) for ts in shown}
    assert len(found.posted) == len(places)
    assert (found.unseen, found.refused) == ({}, set())
    asked = {org.tokens[token] for token, method in org.calls if method == "conversations.history"}
    assert asked == set(PLACES)


async def test_a_workspace_that_cannot_be_asked_is_named_and_the_channel_compared(
    org: SlackOrg, bot: SlackWorkspaces, intake: MemoryIntake, values: dict[str, Any]
) -> None:
    channel = add(org, ACME)
    shown = await ask(org, bot, intake, ACME, channel)
    org.tokens = {token: place for token, place in org.tokens.items() if place != BETA}
    found = await gathered(values, channel)
    assert [p.message for p in found.posted] == [shown]
    (name,) = found.refused
    assert name == f"The {BETA} company ({BETA})"
    assert "/slack/install" in found.unseen[name]
    assert channel not in found.unseen

    org.tokens.clear()
    found = await gathered(values, channel)
    assert found.posted == []
    assert channel in found.refused, "nothing was seen there, so nothing may be missed"
    assert len(found.refused) == len(PLACES) + 1


async def test_a_channel_that_no_workspace_shows_and_settings_that_reach_nothing(
    org: SlackOrg, bot: SlackWorkspaces, values: dict[str, Any]
) -> None:
    assert (await gathered(values, "C0NOWHERE")).unseen == {"C0NOWHERE": NOWHERE}
    with pytest.raises(SettingsError, match="--channel"):
        await gathered(values, None)
    with pytest.raises(SettingsError, match="Slack is not set up: set SLACK_BOT_TOKEN"):
        await gathered({"home": values["home"]}, "C1")
    fewer = {**values, "slack_teams": (ACME,)}
    org.calls.clear()
    assert (await gathered(fewer, "C0NOWHERE")).refused == {"C0NOWHERE"}
    assert {org.tokens[token] for token, _ in org.calls} == {ACME}, "what slack_teams does not name is not asked"


async def test_the_token_of_one_workspace_raises_what_it_is_refused(org: SlackOrg, values: dict[str, Any]) -> None:
    slack = org.spaces[ACME]
    slack.bot_token = "xoxb-alone"
    org.tokens["xoxb-alone"] = ACME
    alone = {"home": values["home"], "SLACK_BOT_TOKEN": "xoxb-alone", "slack_base_url": org.base_url}
    with pytest.raises(PlatformDenied, match="invite it there"):
        await gathered(alone, "C0NOWHERE")
    org.tokens.clear()
    with pytest.raises(PlatformError, match="removed from the workspace"):
        await gathered(alone, "C0NOWHERE")
