"""Access rules as an operator meets them: what `sync` prints, `explain` shows and `doctor` tells."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.cli import cli

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
