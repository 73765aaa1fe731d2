"""Slack's user groups."""

from __future__ import annotations

import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.directory.file import DirectoryDown
from bot.directory.slack import SlackDirectory
from bot.errors import DirectoryUnavailable
from bot.slack.client import SlackClient
from bot.slack.config import SlackConfig
from retrieval.people import Principal
from tests.bot.directory.servers import ADA, BEN, TEAMS_ADA, FakeSlack, Fault, serving


@asynccontextmanager
async def slack(
    seconds: float = 30, *granted: str, allowed: frozenset[str] = frozenset()
) -> AsyncIterator[tuple[FakeSlack, SlackDirectory, list[float]]]:
    """A workspace with Ada in legal, or an organisation without groups; the last is the clock."""
    fake, clock = FakeSlack([*granted]), [100.0]
    if not granted:
        fake.add("S1", "legal", "U1", "U3")
    async with serving(*fake.routes()) as origin:
        config = SlackConfig(
            "xoxb-test",
            "xapp-test",
            base_url=f"{origin}/api/",
            timeout=60.0,
            tries=2,
            first_pause=0.01,
            longest_wait=0.2,
        )
        directory = SlackDirectory(SlackClient(config), seconds, lambda: clock[0], allowed=allowed)
        try:
            yield fake, directory, clock
        finally:
            await directory.close()
    assert fake.complaints == []


async def test_a_user_group_has_its_handle_and_its_id() -> None:
    async with slack() as (fake, directory, _):
        fake.add("S2", "board", "U1")
        assert await directory.groups(ADA) == {"slack:legal", "slack:S1", "slack:board", "slack:S2"}
        assert await directory.groups(BEN) == set()
        assert await directory.groups(TEAMS_ADA) == set()
        assert fake.calls == 1, "one list serves all"


@pytest.mark.parametrize(
    ("more", "groups"),
    [
        ({"date_delete": 1_700_000_000}, set()),
        ({"is_external": True}, set()),
        ({"users": None, "user_count": 0}, set()),
        ({"handle": None}, {"slack:S2"}),
        ({"handle": ""}, {"slack:S2"}),
        ({"handle": "S1"}, {"slack:S2"}),
        ({"handle": "board\u202e"}, {"slack:S2"}),
        ({"handle": "\ud800"}, {"slack:S2"}),
        ({"handle": "x" * 300}, {"slack:S2"}),
        ({"handle": "everyone"}, {"slack:S2", "slack:everyone"}),
        ({"handle": "group:board"}, {"slack:S2", "slack:group:board"}),
        ({"handle": "法務"}, {"slack:S2", "slack:法務"}),
    ],
)
async def test_what_counts_as_a_group(more: dict[str, Any], groups: set[str]) -> None:
    async with slack() as (fake, directory, _):
        fake.add("S2", "board", "U2")
        fake.usergroups[-1].update(more)
        assert await directory.groups(BEN) == groups


async def test_a_handle_of_two_groups_names_neither() -> None:
    """Slack keeps handles apart in a workspace, but not those of an organisation's workspaces."""
    async with slack() as (fake, directory, _):
        fake.add("S2", "legal", "U2")
        for person in (ADA, BEN):
            with pytest.raises(DirectoryUnavailable, match="Two user groups in Slack are called slack:legal"):
                await directory.groups(person)
        assert await directory.groups(Principal("slack", "T1", "U9")) == set()
        assert await directory.check() == ["two user groups in Slack are called slack:legal; use their ids"]


@pytest.mark.parametrize(
    ("seconds", "fresh", "later", "calls"),
    [
        (30, False, 29, 1),
        (30, False, 30, 2),
        (0, False, 2.9, 1),
        (0, False, 3, 2),
        (30, True, 2.9, 1),
        (30, True, 3, 2),
    ],
)
async def test_how_old_the_list_may_be(seconds: float, fresh: bool, later: float, calls: int) -> None:
    async with slack(seconds) as (fake, directory, clock):
        await directory.groups(ADA)
        fake.usergroups.clear()
        clock[0] += later
        found = await (directory.fresh if fresh else directory.groups)(ADA)
        assert (fake.calls, bool(found)) == (calls, calls == 1)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Fault(500), "Slack failed at usergroups.list"),
        (Fault(429, {"Retry-After": "30"}), "asks to wait 30 seconds"),
        (Fault(200, body=b"<html>"), "not Slack's|failed"),
        (Fault(200, body=b'{"ok": true}'), "without a list"),
        (Fault(200, body=b'{"ok": true, "usergroups": [7]}'), "without an id"),
        (Fault(200, body=b'{"ok": true, "usergroups": [{"id": "legal", "users": []}]}'), "without an id"),
        (Fault(200, body=b'{"ok": true, "usergroups": [{"id": "S1", "handle": "a"}]}'), "does not list the members"),
    ],
)
async def test_failures_make_nobody_and_are_not_repeated_at_once(fault: Fault, said: str) -> None:
    async with slack() as (fake, directory, clock):
        fake.faults.extend([fault] * 2)
        with pytest.raises(DirectoryDown, match=said):
            await directory.groups(ADA)
        asked = fake.calls
        with pytest.raises(DirectoryDown, match=said):
            await directory.groups(BEN)
        assert fake.calls == asked
        fake.faults.clear()
        clock[0] += 31
        assert await directory.groups(ADA) == {"slack:legal", "slack:S1"}


async def test_a_passing_failure_is_tried_again() -> None:
    async with slack() as (fake, directory, _):
        fake.faults.extend([Fault(429, {"Retry-After": "0.1"}), Fault(503)])
        assert await directory.groups(ADA) == {"slack:legal", "slack:S1"}


@pytest.mark.parametrize(
    ("error", "said"),
    [("missing_scope", "usergroups:read"), ("invalid_auth", "SLACK_BOT_TOKEN"), ("plan_upgrade_required", "plan")],
)
async def test_what_slack_refuses_is_told(error: str, said: str) -> None:
    async with slack() as (fake, directory, _):
        assert await directory.check() == []
        fake.error = error
        (problem,) = await directory.check()
        assert said in problem
        with pytest.raises(DirectoryDown) as down:
            await directory.groups(ADA)
        assert "xoxb-test" not in "".join(traceback.format_exception(down.value))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6) | st.sampled_from(["U1", "S1", "legal", "board"]),
    lambda j: st.lists(j, max_size=3) | st.dictionaries(st.sampled_from(["id", "users", "handle"]), j, max_size=3),
    max_leaves=6,
)
GROUP = st.fixed_dictionaries(
    {"id": st.sampled_from(["S1", "S2"]) | JSON, "users": st.lists(st.sampled_from(["U1", "U2"])) | JSON},
    optional={
        "handle": st.text(max_size=6) | st.sampled_from(["legal", "S1"]),
        "date_delete": JSON,
        "is_external": JSON,
    },
)


@given(st.lists(GROUP | JSON, max_size=4))
@example([{"id": "S1", "users": 1, "date_delete": True}])
async def test_whatever_slack_lists_grants_no_more_than_its_groups(listed: list[Any]) -> None:
    async with slack() as (fake, directory, _):
        fake.usergroups[:] = listed
        try:
            groups = await directory.groups(ADA)
        except DirectoryUnavailable:
            return
        standing = [g for g in listed if isinstance(g, dict) and not g.get("date_delete")]
        mine = [g for g in standing if isinstance(g.get("users"), list) and "U1" in g["users"]]
        said = {f"slack:{g[key]}" for g in mine for key in ("id", "handle") if g.get(key)}
        assert groups <= said
        assert all(g.encode() for g in groups)


async def test_it_tells_which_of_its_groups_there_are() -> None:
    async with slack() as (fake, directory, _):
        fake.add("S2", "empty", user_count=0)
        fake.add("S3", "old", "U1", date_delete=1)
        names = {"slack:legal", "slack:S1", "slack:empty", "slack:old", "slack:lega1", "legal", "graph:legal"}
        assert await directory.unknown(frozenset(names)) == {"slack:old", "slack:lega1"}
        calls = fake.calls
        assert await directory.unknown(frozenset({"legal"})) == set()
        assert fake.calls == calls


# --- an organisation's token: https://docs.slack.dev/reference/methods/usergroups.list#arg_team_id ---


async def test_the_workspaces_of_an_organisation_are_asked_one_by_one() -> None:
    async with slack(30, "T1", "T2") as (fake, directory, _):
        fake.add("S1", "legal", "U1", team_id="T1")
        fake.add("S2", "legal", "U2", team_id="T2")
        assert await directory.groups(ADA) == {"slack:S1", "slack:T1/legal"}
        assert await directory.groups(BEN) == {"slack:S2", "slack:T2/legal"}
        names = {"slack:T1/legal", "slack:S2", "slack:legal", "slack:T3/legal"}
        assert await directory.unknown(frozenset(names)) == {"slack:legal", "slack:T3/legal"}
        assert await directory.check() == []


async def test_a_workspace_that_is_not_allowed_has_no_say() -> None:
    async with slack(30, "T1", "T2", allowed=frozenset({"T1"})) as (fake, directory, _):
        fake.add("S1", "legal", "U1", team_id="T1")
        fake.add("S2", "board", "U1", team_id="T2")
        assert await directory.groups(ADA) == {"slack:S1", "slack:T1/legal"}


async def test_a_workspace_that_the_app_left_holds_up_the_others_once() -> None:
    async with slack(30, "T1", "T2") as (fake, directory, clock):
        fake.add("S1", "legal", "U1", team_id="T1")
        await directory.groups(ADA)
        fake.granted.remove("T2")
        clock[0] += 31
        with pytest.raises(DirectoryDown, match="not added to this workspace"):
            await directory.groups(ADA)
        clock[0] += 31
        assert await directory.groups(ADA) == {"slack:S1", "slack:T1/legal"}


@pytest.mark.parametrize(("later", "calls"), [(5.9, 2), (6, 4)])
async def test_the_more_workspaces_the_older_a_list_may_be(later: float, calls: int) -> None:
    async with slack(0, "T1", "T2") as (fake, directory, clock):
        await directory.groups(ADA)
        clock[0] += later
        await directory.fresh(ADA)
        assert fake.calls == calls
