"""A workspace installs the app: only whom Slack sends back to the browser that began, once, and in time."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import time
from collections.abc import AsyncIterator
from dataclasses import fields
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from bot.answering.channels import Unmentioned
from bot.errors import PlatformDenied, PlatformError, SettingsError
from bot.slack.config import Shared, WorkspacesConfig
from bot.slack.install import COOKIE
from bot.slack.manifest import FOLLOW_UP_SCOPES, SCOPES
from bot.slack.store import MOST_STATES, Installations, Installed, States
from tests.bot.slack.fakes import MemoryIntake, MemoryViewer
from tests.servers.slack_org import ACME, BETA, CLIENT_ID, CLIENT_SECRET, SlackOrg, config_for, serving


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "home" / "slack"


@pytest.fixture
async def bot(org: SlackOrg, folder: Path, intake: MemoryIntake, viewer: MemoryViewer) -> AsyncIterator[None]:
    async with serving(org, config_for(org, folder, ACME, BETA), intake, viewer):
        yield


def kept(folder: Path) -> list[str]:
    return sorted(p.name for p in (folder / "installations").glob("*"))


def used(folder: Path) -> list[Path]:
    return sorted((folder / "states").glob("*"))


def modes(folder: Path, *, files: bool) -> list[str]:
    """Of all files, or of all folders."""
    found = [p for p in (folder, *folder.rglob("*")) if p.is_file() is files]
    return [oct(p.stat().st_mode & 0o777) for p in found]


@pytest.mark.usefixtures("bot")
async def test_the_way_there(org: SlackOrg) -> None:
    response, _ = await org.visit("/slack/install")
    address = urlsplit(response.headers["Location"])
    query = parse_qs(address.query)
    assert f"{address.scheme}://{address.netloc}/api/" == org.base_url
    assert address.path == "/oauth/v2/authorize"
    assert query["client_id"] == [CLIENT_ID]
    assert set(query["scope"][0].split(",")) == SCOPES  # follow-ups without a mention are off in this config
    cookie = response.cookies[COOKIE]
    assert query["state"] == [cookie.value]
    assert len(cookie.value) >= 43  # 256 bits
    assert (cookie["secure"], cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, True, "Lax", "/")
    assert 0 < int(cookie["max-age"]) <= 600
    assert response.headers["Cache-Control"] == "no-store"
    assert not FOLLOW_UP_SCOPES & set(query["scope"][0].split(","))


@pytest.mark.usefixtures("bot")
async def test_it_is_installed(org: SlackOrg, folder: Path) -> None:
    status, text = await org.install(ACME)
    assert (status, text) == (200, "Footnote is installed in The T0ACME company. You can close this page.\n")
    assert kept(folder) == ["T0ACME.json"]
    stored = json.loads((folder / "installations" / "T0ACME.json").read_text())
    assert stored["bot_token"] in org.tokens
    assert (stored["team"], stored["bot_user"], stored["bot_id"], stored["by"]) == (
        ACME,
        "UT0ACME",
        "BT0ACME",
        "U0ADA",
    )
    assert len(used(folder)) == 1


@pytest.mark.usefixtures("bot")
async def test_nobody_else_reads_the_store(org: SlackOrg, folder: Path) -> None:
    before = os.umask(0)
    try:
        await org.install(ACME)
    finally:
        os.umask(before)
    assert modes(folder, files=True) == ["0o600", "0o600"]  # an installation and a used state
    assert modes(folder, files=False) == ["0o700"] * 3


@pytest.mark.usefixtures("bot")
@pytest.mark.parametrize("case", ["no cookie", "another's cookie", "no state", "empty both", "forged", "a path"])
async def test_a_return_that_nobody_began(org: SlackOrg, folder: Path, case: str) -> None:
    path, cookie = await org.begin(ACME)
    code = parse_qs(urlsplit(path).query)["code"][0]
    _, other = await org.begin(ACME)
    (await asyncio.to_thread(lambda: folder.mkdir(parents=True, exist_ok=True)))
    (folder / "number").write_text("1.0")
    forged = "A" * len(cookie)
    tried = {
        "no cookie": (path, ""),
        "another's cookie": (path, other),
        "no state": (f"/slack/oauth_redirect?code={code}", cookie),
        "empty both": (f"/slack/oauth_redirect?code={code}&state=", '""'),
        "forged": (f"/slack/oauth_redirect?code={code}&state={forged}", forged),
        "a path": (f"/slack/oauth_redirect?code={code}&state=../number", "../number"),
    }
    response, text = await org.visit(*tried[case])
    assert response.status == 400
    assert "not begun here" in text
    assert kept(folder) == []
    assert code in org.codes, "the code was never used"
    assert (folder / "number").exists()


@pytest.mark.usefixtures("bot")
async def test_a_state_counts_once(org: SlackOrg, folder: Path) -> None:
    path, cookie = await org.begin(ACME)
    assert (await org.visit(path, cookie))[0].status == 200
    (folder / "installations" / "T0ACME.json").unlink()
    assert (await org.visit(path, cookie))[0].status == 400
    assert kept(folder) == []


@pytest.mark.usefixtures("bot")
async def test_a_state_ends(org: SlackOrg, folder: Path) -> None:
    path, cookie = await org.begin(ACME)
    late = States(folder / "states", 600, CLIENT_SECRET, clock=lambda: time.time() - 601).issue()
    assert (await org.visit(path.replace(quote(cookie), late), late))[0].status == 400
    assert (await org.visit(path, cookie))[0].status == 200
    (folder / "installations" / "T0ACME.json").unlink()
    assert kept(folder) == []


@pytest.mark.usefixtures("bot")
async def test_the_person_says_no(org: SlackOrg, folder: Path) -> None:
    path, cookie = await org.begin(None)
    response, text = await org.visit(path, cookie)
    assert (response.status, kept(folder), len(used(folder))) == (200, [], 1)
    assert "cancelled" in text


@pytest.mark.usefixtures("bot")
async def test_a_forged_no_ends_nothing(org: SlackOrg) -> None:
    path, cookie = await org.begin(ACME)
    response, _ = await org.visit("/slack/oauth_redirect?error=access_denied&state=x", "")
    assert response.status == 400
    assert (await org.visit(path, cookie))[0].status == 200


@pytest.mark.usefixtures("bot")
async def test_a_return_without_a_code(org: SlackOrg, folder: Path) -> None:
    path, cookie = await org.begin(ACME)
    state = parse_qs(urlsplit(path).query)["state"][0]
    response, text = await org.visit(f"/slack/oauth_redirect?state={state}", cookie)
    assert (response.status, kept(folder)) == (400, [])
    assert "no code" in text


@pytest.mark.usefixtures("bot")
@pytest.mark.parametrize("path", ["/slack/install", "/slack/oauth_redirect"])
@pytest.mark.parametrize("method", ["HEAD", "POST"])
async def test_only_a_get_begins_or_ends(org: SlackOrg, folder: Path, path: str, method: str) -> None:
    assert (await org.visit(path, method=method))[0].status == 405
    assert used(folder) == []


REFUSED: dict[str, tuple[dict[str, Any], int, str, bool]] = {
    "a whole organisation": (
        {"is_enterprise_install": True, "team": None, "enterprise": {"id": "E1", "name": "E"}},
        403,
        "organisation E1 is not allowed",
        True,
    ),
    "a workspace that is not allowed": ({"team": {"id": "T0OTHER", "name": "Other"}}, 403, "slack_teams", True),
    "a workspace with a path for a name": ({"team": {"id": "../T0ACME", "name": "x"}}, 403, "no workspace", True),
    "tokens that expire": (
        {"access_token": "xoxe.xoxb-1-stand-in", "refresh_token": "xoxe-1-stand-in"},
        403,
        "Token Rotation",
        False,
    ),
    "a person's token": ({"token_type": "user", "access_token": "xoxp-stand-in"}, 403, "no bot token", False),
    "another workspace's token": ({"team": {"id": BETA, "name": "Beta"}}, 503, "could not finish", False),
}


@pytest.mark.usefixtures("bot")
@pytest.mark.parametrize("case", REFUSED)
async def test_an_installation_that_is_not_served(org: SlackOrg, folder: Path, case: str) -> None:
    org.answer, wanted, words, given_back = REFUSED[case]
    status, text = await org.install(ACME)
    assert (status, kept(folder)) == (wanted, [])
    assert words in text
    assert bool(org.revoked) is given_back


async def test_no_more_workspaces_than_are_served(
    org: SlackOrg, folder: Path, intake: MemoryIntake, viewer: MemoryViewer
) -> None:
    async with serving(org, config_for(org, folder, max_workspaces=1), intake, viewer):
        assert (await org.install(ACME))[0] == 200
        status, text = await org.install(BETA)
        assert (status, kept(folder)) == (403, ["T0ACME.json"])
        assert "no more" in text
        assert [org.spaces[BETA].bot_token] == org.revoked
        assert (await org.install(ACME))[0] == 200, "one that is there may install again"


SLACK_SAYS = {
    "invalid_code": (502, "does not know this code"),
    "bad_client_secret": (502, "SLACK_CLIENT_SECRET"),
    "invalid_team_for_non_distributed_app": (502, "Manage Distribution"),
    "something_new": (502, "something_new"),
    "internal_error": (502, "did not answer"),
}


@pytest.mark.usefixtures("bot")
@pytest.mark.parametrize("error", SLACK_SAYS)
async def test_slack_gives_no_token(org: SlackOrg, folder: Path, error: str) -> None:
    org.refuse, (wanted, words) = error, SLACK_SAYS[error]
    status, text = await org.install(ACME)
    assert (status, kept(folder)) == (wanted, [])
    assert words in text


async def test_no_secret_is_logged_or_shown(
    org: SlackOrg, folder: Path, intake: MemoryIntake, viewer: MemoryViewer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    pages: list[str] = []
    with structlog.testing.capture_logs() as output:
        async with serving(org, config_for(org, folder, ACME, BETA), intake, viewer) as platform:
            pages.append((await org.install(ACME))[1])
            for org.refuse, org.status in (("invalid_code", 200), ("", 500), ("", 429)):
                pages.append((await org.install(BETA))[1])
            org.refuse, org.status = "", 200
            for case in REFUSED.values():
                org.answer = case[0]
                pages.append((await org.install(BETA))[1])
            org.tokens.clear()  # Slack takes all tokens back
            pages += await platform.check()
            (folder / "installations" / "T0ACME.json").write_text(json.dumps({"bot_token": org.secrets[0]}))
            pages += await platform.check()
    formatter = logging.Formatter("%(name)s %(levelname)s %(message)s")
    said = "\n".join([*(formatter.format(r) for r in caplog.records), *map(str, output), *pages])
    assert "an app was not installed" in said
    assert "removed from the workspace" in said
    more = (CLIENT_SECRET, "stand-in-signing-secret", "xoxe", "xoxp")
    assert [s for s in (*org.secrets, *more) if s in said] == []
    assert len(org.secrets) > 10
    assert not [s for s in more if s in repr(config_for(org, folder))]


# --- the files ------------------------------------------------------------------------


def installed(team: str = ACME, at: int = 1) -> Installed:
    return Installed(team, "Acme", "xoxb-secret", "U1", "B1", "U2", at)


async def test_what_is_saved_is_found(tmp_path: Path) -> None:
    store = Installations(tmp_path / "a" / "b", 3)
    assert (await store.teams(), await store.find(ACME)) == ([], None)
    await store.save(installed())
    await store.save(installed(BETA))
    await store.save(installed(at=2))
    assert await store.teams() == [ACME, BETA]
    assert await store.find(ACME) == installed(at=2)
    await store.remove(ACME)
    await store.remove(ACME)
    assert (await store.teams(), await store.find(ACME)) == ([BETA], None)
    assert "secret" not in repr(installed())


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", '{"team": "T0ACME"}', "\xff", json.dumps({"team": "T0BETA"} | {"bot_token": "xoxb-secret"})],
)
async def test_a_file_that_is_no_installation(tmp_path: Path, content: str) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / f"{ACME}.json").write_bytes(content.encode("latin-1"))
    with pytest.raises(PlatformError, match=r"T0ACME\.json") as caught:
        await Installations(tmp_path / "b", 3).find(ACME)
    assert "secret" not in str(caught.value)


async def test_a_disk_that_does_not_serve(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(PlatformError, match="cannot be used"):
        await Installations(tmp_path / "file" / "b", 3).save(installed())
    with pytest.raises(PlatformError, match="cannot be used"):
        states = States(tmp_path / "file" / "b", 600, "secret")
        await states.consume(states.issue())


async def test_a_bound_on_workspaces(tmp_path: Path) -> None:
    store = Installations(tmp_path / "b", 1)
    await store.save(installed())
    with pytest.raises(PlatformDenied, match="no more"):
        await store.save(installed(BETA))


@given(name=st.text(max_size=40).filter(lambda t: not t.isascii() or "/" in t or "." in t or t == ""))
def test_no_name_leads_out_of_the_folder(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    store = Installations(tmp_path_factory.getbasetemp() / "nothing-here", 3)
    assert asyncio.run(store.find(name)) is None
    with pytest.raises(PlatformError, match="no workspace's id"):
        asyncio.run(store.save(installed(name)))


async def test_strangers_who_begin_push_nobody_out(tmp_path: Path) -> None:
    states = States(tmp_path / "s", 600, "secret")
    mine = states.issue()
    for _ in range(3 * MOST_STATES):
        states.issue()
    assert not (tmp_path / "s").exists(), "what was only begun costs nothing"
    assert await states.consume(mine)
    assert not await states.consume(mine)


async def test_used_states_are_bounded_and_tidied(tmp_path: Path) -> None:
    states = States(tmp_path / "s", 600, "secret")
    first = states.issue()
    assert await states.consume(first)
    for n in range(MOST_STATES):
        (tmp_path / "s" / f"flood-{n}").touch()
    assert await states.consume(states.issue())
    assert len(list((tmp_path / "s").iterdir())) == MOST_STATES
    for file in (tmp_path / "s").iterdir():
        os.utime(file, (1, 1))
    assert await states.consume(states.issue())
    assert len(list((tmp_path / "s").iterdir())) == 1


async def test_a_state_of_another_app_or_another_time_does_not_count(tmp_path: Path) -> None:
    states = States(tmp_path / "s", 600, "secret")
    assert not await states.consume(States(tmp_path / "s", 600, "another").issue())
    begun, random, signature = states.issue().split(".")
    for forged in (
        f"{int(begun, 16) + 1:x}.{random}.{signature}",
        f"{random}.{signature}",
        signature,
        "",
        "..",
        "x.y.z",
    ):
        assert not await states.consume(forged), forged
    assert await states.consume(f"{begun}.{random}.{signature}")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"client_id": ""}, "SLACK_CLIENT_ID"),
        ({"client_secret": " "}, "SLACK_CLIENT_SECRET"),
        ({"signing_secret": ""}, "SLACK_SIGNING_SECRET"),
        ({"client_id": "1&scope=admin"}, "two numbers"),
        ({"base_url": "http://slack.example/api/"}, "https"),
        ({"suggested_prompts": (("T", "M"),) * 5}, "four suggested questions"),
    ],
)
def test_settings_that_cannot_work(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    good: dict[str, Any] = {"client_id": "1.2", "client_secret": "s", "signing_secret": "s", "folder": tmp_path}
    WorkspacesConfig(**good)
    with pytest.raises(SettingsError, match=message):
        WorkspacesConfig(**(good | changes))


def test_a_workspace_keeps_what_is_set_for_all(tmp_path: Path) -> None:
    set_for_all: dict[str, Any] = {
        "base_url": "http://127.0.0.1:1/api/",
        "follow_up_without_mention": True,
        "unmentioned": {"C1": Unmentioned.ALWAYS},
        "allowed_teams": frozenset({"T1", "T2"}),
        "suggested_prompts": (("T", "M"),),
        "timeout": 1.5,
        "tries": 7,
        "first_pause": 0.5,
        "longest_wait": 3.5,
        "message_seconds": 2.5,
        "trusted_emails": frozenset({"@example.com"}),
        "user_groups": True,
    }
    assert set(set_for_all) == {f.name for f in fields(Shared)}
    config = WorkspacesConfig("1.2", "s", "signing", tmp_path, max_people=5, **set_for_all).workspace("T1", "xoxb-1")
    assert {name: getattr(config, name) for name in set_for_all} == {**set_for_all, "allowed_teams": frozenset({"T1"})}
    assert (config.bot_token, config.signing_secret, config.max_people) == ("xoxb-1", "signing", 5)
    assert config.installed
    assert config.emails
