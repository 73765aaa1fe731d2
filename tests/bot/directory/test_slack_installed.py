"""User groups of several workspaces, each asked with the token of its own installation."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.demo.standins.slack_world import GRID_TEAM
from bot.directory.build import build
from bot.directory.file import CombinedDirectory
from bot.errors import DirectoryUnavailable, SettingsError
from bot.platform import CheckResult
from bot.settings.values import Settings
from bot.slack.kind import SLACK, workspaces_config
from bot.slack.store import Installed
from retrieval.people import Principal
from tests.servers.slack_org import ACME, BETA, CLIENT_ID, CLIENT_SECRET, ORG, SIGNING_SECRET, SlackOrg, workspace

THREE = (ACME, BETA, ORG)


@pytest.fixture
async def org(tmp_path: Path) -> AsyncIterator[SlackOrg]:
    """Two workspaces and an organisation, in each of which Ada is in a user group called legal."""
    org = SlackOrg()
    org.spaces[ORG] = workspace(ORG)
    for team, slack in org.spaces.items():
        slack.world.add_group(f"S{team}", "legal", "U0ADA", team=GRID_TEAM if team == ORG else team)
        slack.world.add_user("U0SSO", "Sam", "sam@example.com", is_email_confirmed=None, team_id=slack.world.team)
    await org.start()
    yield org
    await org.stop()
    assert org.complaints == []


def settings(org: SlackOrg, home: Path, *teams: str) -> Settings:
    values: dict[str, Any] = {
        "home": home,
        "SLACK_CLIENT_ID": CLIENT_ID,
        "SLACK_CLIENT_SECRET": CLIENT_SECRET,
        "SLACK_SIGNING_SECRET": SIGNING_SECRET,
        "slack_teams": teams,
        "slack_base_url": org.base_url,
        "directories": [{"kind": "slack", "cache_seconds": 0}],
    }
    return Settings(**values)


async def installed(org: SlackOrg, values: Settings, *teams: str) -> CombinedDirectory:
    store = workspaces_config(values).installations()
    for n, team in enumerate(teams):
        token = f"xoxb-{team}-{n}"
        org.tokens[token] = team
        await store.save(Installed(team, f"The {team} company", token, f"U{team}", f"B{team}", "U0ADA", n))
    return build(values)


async def addresses(values: Settings) -> list[CheckResult]:
    slack: Any = SLACK  # needs no log for these
    return [found for found in await slack.checks(values, None) if found.check == "slack addresses"]


def ada(team: str) -> Principal:
    return Principal("slack", team, "U0ADA")


async def test_each_workspace_speaks_for_its_own_people(org: SlackOrg, tmp_path: Path) -> None:
    directory = await installed(org, settings(org, tmp_path, *THREE), *THREE)
    assert await directory.groups(ada(ACME)) == {f"slack:S{ACME}", f"slack:{ACME}/legal"}
    assert await directory.fresh(ada(BETA)) == {f"slack:S{BETA}", f"slack:{BETA}/legal"}
    assert await directory.groups(ada(ORG)) == {f"slack:S{ORG}", f"slack:{GRID_TEAM}/legal"}
    assert await directory.groups(ada("T0OTHER")) == set()
    assert await directory.groups(Principal("teams", ACME, "U0ADA")) == set()
    names = {"slack:legal", f"slack:{ACME}/legal", f"slack:S{ORG}"}
    assert await directory.unknown(frozenset(names)) == {"slack:legal"}
    assert await directory.check() == []
    await directory.close()


async def test_a_token_that_fails_is_named_and_holds_up_nobody_else(org: SlackOrg, tmp_path: Path) -> None:
    directory = await installed(org, settings(org, tmp_path, ACME, BETA), ACME, BETA)
    del org.tokens[f"xoxb-{ACME}-0"]
    with pytest.raises(DirectoryUnavailable, match="removed from the workspace"):
        await directory.groups(ada(ACME))
    assert f"slack:S{BETA}" in await directory.groups(ada(BETA))
    (problem,) = await directory.check()
    assert problem.startswith(f"{ACME}: ")
    assert "/slack/install" in problem
    org.tokens["xoxb-anew"] = ACME
    path = tmp_path / "slack" / "installations" / f"{ACME}.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"bot_token": "xoxb-anew"}))
    assert f"slack:S{ACME}" in await directory.groups(ada(ACME)), "the token that is installed now counts at once"
    await directory.close()


async def test_a_workspace_that_is_not_in_the_settings_has_no_say(org: SlackOrg, tmp_path: Path) -> None:
    directory = await installed(org, settings(org, tmp_path, ACME), ACME, BETA)
    assert await directory.groups(ada(BETA)) == set()
    assert await directory.unknown(frozenset({f"slack:S{BETA}"})) == {f"slack:S{BETA}"}
    await directory.close()


def test_whoever_may_install_names_no_groups(org: SlackOrg, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="Name the workspaces in slack_teams"):
        build(settings(org, tmp_path, "any"))


def test_the_scope_is_asked_for(org: SlackOrg, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    scopes = "usergroups:read"
    assert scopes not in json.dumps(SLACK.manifest().content)
    Path("footnote.toml").write_text('[[directories]]\nkind = "slack"\n')
    assert scopes in json.dumps(SLACK.manifest().content)


async def test_a_workspace_that_cannot_be_asked_leaves_the_others_counted(org: SlackOrg, tmp_path: Path) -> None:
    values = settings(org, tmp_path, *THREE)
    await (await installed(org, values, *THREE)).close()
    del org.tokens[f"xoxb-{ACME}-0"]
    (lost,) = [found for found in await addresses(values) if "not counted" in found.detail]
    assert lost.detail.startswith(f"The {ACME} company ({ACME}): not counted: Slack refuses users.list")
    assert len(await addresses(values)) == len(THREE)


async def test_doctor_counts_the_addresses_of_every_workspace(org: SlackOrg, tmp_path: Path) -> None:
    org.spaces[BETA].world.users["U0SSO"]["is_email_confirmed"] = True
    org.spaces[ORG].world.granted.append("T0GRIDTWO")
    values = settings(org, tmp_path, *THREE)
    await (await installed(org, values, *THREE)).close()
    whole, acme, beta = await addresses(values)
    assert acme.warning
    assert acme.detail.startswith(f"The {ACME} company ({ACME}): 1 of 2 members have an address")
    assert (beta.warning, beta.detail) == (False, f"The {BETA} company ({BETA}): those of all 2 members count")
    assert whole.detail.startswith(f"The {ORG} company ({ORG}): those of all 1 members"), "in both workspaces, once"
    (anybody,) = await addresses(settings(org, tmp_path, "any"))
    assert "nobody's address counts" in anybody.detail
