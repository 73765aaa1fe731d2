"""Access rules as an operator meets them: what `sync` prints, `explain` shows and `doctor` tells."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest
from typer.testing import CliRunner, Result

from bot.cli import cli
from tests.bot.directory.servers import FakeSlack, serving

SOURCE = '[[sources]]\nname = "policies"\npath = "policies"\n'
LEGAL = '[[sources.access]]\npath = "legal/**"\nallow = ["group:legal"]\n'
BOARD = '[[sources.access]]\npath = "**/board/**"\nallow = ["group:board"]\n'
GROUPS = '[groups]\nlegal = ["maeve@example.com"]\nboard = ["tom@example.com"]\n'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("legal/nda.md", "legal/board/minutes.md", "hr/handbook.md"):
        file = tmp_path / "policies" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"# {name}\n\nThe limit is 100 EUR.\n")
    return tmp_path


def footnote(folder: Path, toml: str, *arguments: str) -> Result:
    (folder / "footnote.toml").write_text(toml)
    return CliRunner().invoke(cli, arguments)


def test_sync_says_what_each_rule_covers(folder: Path) -> None:
    done = footnote(folder, SOURCE + LEGAL + BOARD + GROUPS, "sync")
    assert done.exit_code == 0, done.stdout + done.stderr
    assert '  rule "legal/**": 1 document, readable by group:legal\n' in done.stdout
    assert '  rule "**/board/**": 1 document, readable by group:board\n' in done.stdout
    assert "  no rule: 1 document, readable by nobody\n" in done.stdout
    report = json.loads(footnote(folder, SOURCE + LEGAL + BOARD + GROUPS, "sync", "--json").stdout)
    assert [(r["path"], r["matched"], r["decided"]) for r in report["rules"]] == [
        *(("legal/**", 2, 1), ("**/board/**", 1, 1), (None, 1, 1))
    ]
    assert footnote(folder, SOURCE + LEGAL + BOARD + GROUPS, "ask", "What is the limit?").exit_code == 1


def test_a_rule_that_matches_nothing_is_an_error_until_marked(folder: Path) -> None:
    typo = SOURCE + 'allow = ["everyone"]\n' + LEGAL.replace("legal/", "Legal/") + GROUPS
    done = footnote(folder, typo, "sync")
    assert done.exit_code == 1
    assert 'ERROR: rule "Legal/**" matches no document; but for its case it would match "legal/' in done.stdout
    doctor = footnote(folder, typo, "doctor")
    assert 'NO  access rules of policies: rule "Legal/**" matches no document' in doctor.stdout
    marked = typo.replace(GROUPS, "may_be_empty = true\n" + GROUPS)
    assert footnote(folder, marked, "sync").exit_code == 0
    assert "ok  access rules of policies" in footnote(folder, marked, "doctor").stdout


def test_doctor_tells_what_the_settings_change(folder: Path) -> None:
    """As for a settings file of an earlier version, where what no rule matched was open."""
    assert footnote(folder, SOURCE + GROUPS, "sync").exit_code == 0
    shown = footnote(folder, SOURCE + LEGAL + GROUPS, "doctor").stdout
    assert "1 of 3 documents match no rule, so nobody may read them" in shown
    assert 'write allow = [] in [[sources]]; else allow = ["everyone"]' in shown
    assert "3 documents have other readers by these settings than at the last sync" in shown
    synced = footnote(folder, SOURCE + LEGAL + GROUPS, "sync")
    assert "3 of them have other readers than before" in synced.stdout
    meant = SOURCE + "allow = []\n" + LEGAL + GROUPS
    assert "ok  access rules of policies" in footnote(folder, meant, "doctor").stdout


def test_explain_shows_the_rule_that_decided(folder: Path) -> None:
    toml = SOURCE + LEGAL + BOARD + GROUPS
    assert footnote(folder, toml, "sync").exit_code == 0
    explain = ("sources", "explain", "legal/board/minutes.md")
    shown = footnote(folder, toml, *explain).stdout
    assert 'decided_by: rule "**/board/**", the last that matches, after "legal/**"\n' in shown
    assert "after_next_sync" not in shown
    facts = json.loads(footnote(folder, SOURCE + LEGAL + GROUPS, *explain, "--json").stdout)
    assert (facts["allow"], facts["rules"]) == (["group:board"], ["legal/**"])
    assert facts["after_next_sync"] == "group:legal"
    rest = footnote(folder, toml, "sources", "explain", "hr/handbook.md").stdout
    assert "decided_by: no rule matches, and no default is written down\n" in rest


def test_a_folder_inside_a_source_with_rules_is_not_synced_for_all(folder: Path) -> None:
    done = footnote(folder, SOURCE + LEGAL + GROUPS, "sync", "policies/legal")
    assert done.exit_code == 2
    assert "footnote sync policies" in done.stderr


def test_a_pattern_that_cannot_be_meant_is_refused_at_the_start(folder: Path) -> None:
    done = footnote(folder, SOURCE + LEGAL.replace("legal/**", "./legal/**") + GROUPS, "sync")
    assert done.exit_code == 2
    assert 'write "legal/**"' in done.stderr


def test_a_group_that_is_nowhere_is_a_warning_where_it_admits(folder: Path) -> None:
    toml = SOURCE + 'allow = ["group:staf"]\n'
    done = footnote(folder, toml, "sync")
    assert done.exit_code == 0
    assert 'Warning: sources: policies names the group "staf", which no directory knows' in done.stderr
    assert (
        '!   groups in access lists: sources: policies names the group "staf"'
        in footnote(folder, toml, "doctor").stdout
    )


def test_a_slack_group_that_is_gone_is_an_error_where_it_is_denied(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"):
        monkeypatch.setenv(name, "xoxb-test" if "BOT" in name else "xapp-test")
    slack = FakeSlack()
    slack.add("S1", "temps", "U1")
    with threaded(slack) as origin:
        toml = (
            f'slack_base_url = "{origin}/api/"\n[[directories]]\nkind = "slack"\n' + SOURCE + 'allow = ["everyone"]\n'
        )
        toml += '[[sources.access]]\npath = "hr/**"\nallow = ["everyone"]\ndeny = ["group:slack:temps"]\n'
        assert footnote(folder, toml, "sync").exit_code == 0
        slack.usergroups.clear()
        done = footnote(folder, toml, "sync")
    assert done.exit_code == 1
    assert 'ERROR: sources: policies, rule "hr/**", names the group "slack:temps"' in done.stderr
    assert "so it stops nobody" in done.stderr


@contextmanager
def threaded(slack: FakeSlack) -> Iterator[str]:
    """The stand-in in a thread of its own: a command has the loop of this one."""
    address, done = Future[str](), asyncio.Event()

    async def serve() -> None:
        async with serving(*slack.routes()) as origin:
            address.set_result(origin)
            await done.wait()

    loop = asyncio.new_event_loop()
    thread = Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    try:
        yield address.result(timeout=30)
    finally:
        loop.call_soon_threadsafe(done.set)
        thread.join(30)
        loop.close()
