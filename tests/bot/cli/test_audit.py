"""The audit commands as people use them: each look is recorded, and an erasure is listed, approved and certified."""

from __future__ import annotations

import json
import os
import pwd
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from audit import events
from bot.cli import cli


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents" / "travel.md").write_text("# Travel\n\n## 4.2 Hotels\n\nA hotel costs at most 180 EUR.\n")
    assert footnote("sync", "documents").exit_code == 0
    return tmp_path / ".footnote"


def footnote(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments)


def listed(*arguments: str) -> list[dict[str, Any]]:
    found = footnote("audit", "list", "--json", *arguments)
    assert found.exit_code in (0, 1), found.output
    records: list[dict[str, Any]] = json.loads(found.stdout)
    return records


DASHED = ["-5 EUR more for a hotel?", "--what does a hotel cost", "- how much is a hotel?", "-h", "-"]


def test_a_question_may_begin_with_a_dash(home: Path) -> None:
    for text in DASHED[:-1]:
        done = footnote("ask", text, "--json")
        assert json.loads(done.stdout)["outcome"] in ("answered", "abstained"), done.output
        assert listed("--limit", "1")[0]["fields"]["question"] == text
    done = CliRunner().invoke(cli, ["ask", "-", "--json"], input="What does a hotel cost?\n")
    assert json.loads(done.stdout)["outcome"] == "answered"
    assert footnote("ask", "What does a hotel cost?", "--nonsense").exit_code == 2


def test_a_question_at_the_terminal_records_who_asked(home: Path) -> None:
    for arguments, user in ((("--as", "ada@example.com"), "ada@example.com"), ((), "anyone")):
        footnote("ask", "What does a hotel cost?", *arguments)
        fields = listed("--limit", "1")[0]["fields"]
        assert fields["user"] == user
        assert fields["by"] == f"{pwd.getpwuid(os.getuid()).pw_name} (uid {os.getuid()})"


def test_each_look_leaves_a_record(home: Path, tmp_path: Path) -> None:
    footnote("ask", "What does a hotel cost?")
    assert footnote("audit", "verify").exit_code == 0
    checkpoint = footnote("audit", "checkpoint")
    assert checkpoint.exit_code == 0
    footnote("audit", "approve")
    whats = [one["fields"]["what"] for one in listed("--event", "access")]
    assert whats[:3] == ["approvals", "checkpoint", "verify"]
    (tmp_path / "kept.txt").write_text(checkpoint.stdout)
    assert footnote("audit", "verify", "--since", "kept.txt", "--no-record").exit_code == 0
    assert [one["fields"]["what"] for one in listed("--event", "access")].count("verify") == 1
    (home / "audit" / "log.db").unlink()
    for name in ("log.db-wal", "log.db-shm"):
        (home / "audit" / name).unlink(missing_ok=True)
    assert footnote("audit", "verify").exit_code == 1
    assert not (home / "audit" / "log.db").exists()


def test_an_erasure_is_listed_approved_and_certified(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for who in ("eve@example.com", "ada@example.com"):
        footnote("ask", "What does a hotel cost?", "--as", who)
    listed("--person", "eve@example.com")
    done = footnote("audit", "erase", "--person", "eve@example.com", "--ground", "letter 4711")
    assert done.exit_code == 0, done.output
    assert "known as cli:eve@example.com" in done.stdout or "known as eve@example.com" in done.stdout
    assert "1  the log, their own question records" in done.stdout
    request = done.stdout.split("footnote audit approve ")[1].strip()
    waiting = footnote("audit", "approve")
    assert request in waiting.stdout
    assert "the log, others' access records that name them: filter" in waiting.stdout
    assert footnote("audit", "approve", request).exit_code == 1  # the same person
    monkeypatch.setattr(events, "operating_system_user", lambda: "grace (uid 7001)")
    carried_out = footnote("audit", "approve", request)
    assert carried_out.exit_code == 0, carried_out.output
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    certificate = footnote("audit", "certificate", request)
    assert "approved by grace (uid 7001)" in certificate.stdout
    (tmp_path / "certificate.txt").write_text(certificate.stdout)
    assert footnote("audit", "verify", "certificate.txt").exit_code == 0
    assert footnote("audit", "verify").exit_code == 0
    assert listed("--person", "eve@example.com") == []
    assert len(listed("--person", "ada@example.com")) == 1


def test_a_spreadsheet_is_sealed_and_marked(home: Path, tmp_path: Path) -> None:
    footnote("ask", "What does a hotel cost?")
    done = footnote("audit", "export", "all.csv", "--format", "csv", "--bom")
    assert "Exported 1 answers to " in done.stdout, done.output
    assert (tmp_path / "all.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    assert footnote("audit", "verify", "all.csv").exit_code == 0
    (tmp_path / "all.csv").write_bytes((tmp_path / "all.csv").read_bytes().replace(b"180", b"990"))
    bad = footnote("audit", "verify", "all.csv")
    assert (bad.exit_code, "all.csv is not the one" in bad.stdout) == (1, True)
