"""From `footnote.toml` to one directory, and what the page about it promises."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from bot.directory.build import build
from bot.directory.file import CombinedDirectory
from bot.errors import DirectoryUnavailable, SettingsError
from bot.settings.directories import GraphSettings, HttpDirectorySettings, SlackGroupsSettings
from bot.settings.values import load
from tests.bot.directory.servers import ADA, BEN, SECRET, TENANT, FakeEndpoint, FakeSlack, Fault, serving

PAGE = Path(__file__).resolve().parents[3] / "docs" / "directories.md"
GRAPH = f'[[directories]]\nkind = "graph"\ntenant = "{TENANT}"\nclient_id = "app"\n'
HTTP = '[[directories]]\nkind = "http"\nurl = "https://directory.example.com/"\n'


@pytest.fixture(autouse=True)
def clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "TEAMS_APP_ID", "TEAMS_APP_TENANTID", "TEAMS_APP_PASSWORD"):
        monkeypatch.delenv(name, raising=False)


def made(toml: str) -> CombinedDirectory:
    Path("footnote.toml").write_text(toml)
    return build(load())


@pytest.mark.parametrize("toml", ["", '[[directories]]\nkind = "file"\n'])
async def test_the_default_is_the_file_alone_and_remembers_nothing(toml: str) -> None:
    directory = made(f'{toml}[groups]\nlegal = ["ada@example.com"]\n')
    assert await directory.groups(ADA) == {"legal"}
    assert await directory.check() == []
    await directory.close()


async def test_all_kinds_together(monkeypatch: pytest.MonkeyPatch) -> None:
    slack, endpoint = FakeSlack(), FakeEndpoint({ADA.email: ["finance"]})
    slack.add("S1", "lawyers", "U1")
    for name, value in (
        ("SLACK_BOT_TOKEN", "xoxb-test"),
        ("SLACK_APP_TOKEN", "xapp-test"),
        ("FOOTNOTE_DIRECTORY_SECRET", SECRET),
    ):
        monkeypatch.setenv(name, value)
    async with serving(*slack.routes(), *endpoint.routes()) as origin:
        directory = made(
            f'slack_base_url = "{origin}/api/"\n[[directories]]\nkind = "slack"\n[[directories]]\nkind = "http"\n'
            f'url = "{origin}/groups"\n[groups]\nlegal = ["group:slack:lawyers"]\nboard = ["group:http:finance"]\n'
        )
        assert await directory.groups(ADA) == {"slack:lawyers", "slack:S1", "http:finance", "legal", "board"}
        assert await directory.groups(BEN) == set()
        assert await directory.check() == []
        endpoint.groups, slack.error = {}, "missing_scope"
        assert await directory.groups(ADA) >= {"http:finance"}, "remembered"
        assert await directory.fresh(ADA) == {"slack:lawyers", "slack:S1", "legal"}, "the list may be 3 seconds old"
        (problem,) = await directory.check()
        assert "usergroups:read" in problem
        await directory.close()
    assert slack.complaints == []


async def test_secrets_stay_out_of_errors_and_of_the_log(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    endpoint = FakeEndpoint(secret="another")
    monkeypatch.setenv("FOOTNOTE_DIRECTORY_SECRET", SECRET)
    async with serving(*endpoint.routes()) as origin:
        for faults in ([], [Fault(500, body=SECRET.encode())] * 3):
            endpoint.faults.extend(faults)
            directory = made(f'[[directories]]\nkind = "http"\nurl = "{origin}/groups"\n')
            with pytest.raises(DirectoryUnavailable) as down:
                await directory.groups(ADA)
            await directory.close()
            assert SECRET not in str(down.value)
    written = "".join(capfd.readouterr())
    assert "directory_down" in written
    assert SECRET not in written


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ('[[directories]]\nkind = "ldap"\n', "directories.0"),
        ('[[directories]]\nkind = "slack"\ncache_seconds = 301\n', "cache_seconds"),
        ('[[directories]]\nkind = "slack"\ncache_seconds = -1\n', "cache_seconds"),
        ('[[directories]]\nkind = "file"\ncache_seconds = 30\n', "cache_seconds: is not a setting"),
        ('[[directories]]\nkind = "http"\nurl = "https://a.example/"\nsecret = "x"\n', "secret: is not a setting"),
        (f'{GRAPH}client_secret = "x"\n', "client_secret: is not a setting"),
        (f"{GRAPH}{GRAPH}", "one directory of each kind"),
        (f'{HTTP}prefix = "slack:"\n', "prefix"),
        ('[[directories]]\nkind = "slack"\n', "SLACK_BOT_TOKEN"),
        ('[[directories]]\nkind = "graph"\n', "TEAMS_APP_TENANTID"),
        (HTTP, "FOOTNOTE_DIRECTORY_SECRET"),
        (f"{GRAPH}base_url = 'http://graph.example/'\n", "https"),
    ],
)
def test_wrong_settings_are_told(toml: str, said: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(said)):
        made(toml)


def test_the_page_names_every_field_and_no_other() -> None:
    """One section a kind, one row a field: its name, its default and its description."""
    text = PAGE.read_text("utf-8")
    for kind, table in (("slack", SlackGroupsSettings), ("graph", GraphSettings), ("http", HttpDirectorySettings)):
        section = text.split(f'## `kind = "{kind}"`')[1].split("\n## ")[0]
        wanted = []
        for name, field in table.model_fields.items():
            if name != "kind":
                default = "needed" if field.is_required() else f"`{json.dumps(field.default)}`"
                wanted.append((name, default, field.description))
        assert re.findall(r"^\| `(\w+)` \| ([^|]+) \| ([^|]+) \|$", section, re.MULTILINE) == wanted
