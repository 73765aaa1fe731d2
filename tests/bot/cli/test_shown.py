"""What a terminal would act on is written out, whatever it comes from: names, titles, questions, errors."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.cli import cli
from retrieval.text.shown import hidden
from tests.servers.commands import run

NAME = "no\x1b[2Jtes\u202e\nERROR: forged.md"
SHOWN = "no‹U+001B›[2Jtes‹U+202E›‹U+000A›ERROR: forged.md"


def footnote(*arguments: str) -> Result:
    done = CliRunner().invoke(cli, arguments)
    assert not hidden(done.stdout), arguments
    assert not hidden(done.stderr), arguments
    return done


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    documents = tmp_path / "documents"
    documents.mkdir()
    (documents / NAME).write_text("# Tra\x1bvel\u202e Policy\n\n## Ho\u2066tels\n\nHotels cost at most 180 EUR.\n")
    (documents / ("broken" + NAME.replace(".md", ".pdf"))).write_bytes(b"%PDF-1.7 nonsense")
    return documents


def test_nothing_reaches_the_terminal_unseen(folder: Path) -> None:
    synced = footnote("sync", str(folder))
    assert synced.exit_code == 0
    assert f"  not searchable: broken{SHOWN.replace('.md', '.pdf')}: " in synced.stdout
    assert f"\n{SHOWN}  " in footnote("sources", "list").stdout
    assert f"document: {SHOWN.partition('‹U+000A›')[0]}" in footnote("sources", "explain", NAME).stdout
    assert "ERROR: forged" not in [line[:13] for line in footnote("sources", "explain", NAME).stdout.splitlines()]
    inspected = footnote("inspect", str(folder / NAME))
    assert "Policy" in inspected.stdout
    assert "tels" in inspected.stdout
    asked = footnote("ask", "What do hotels cost?\x1b\u202e")
    assert "180 EUR" in asked.stdout
    listed = footnote("audit", "list")
    assert "What do hotels cost?‹U+001B›‹U+202E›" in listed.stdout
    record = listed.stdout.split()[0]
    footnote("audit", "show", record)
    shown = footnote("audit", "show", record, "--json")
    assert json.loads(shown.stdout)["fields"]["question"] == "What do hotels cost?\x1b\u202e"


@pytest.mark.parametrize(
    "arguments",
    [
        *(("sync", NAME), ("sources", "explain", NAME), ("inspect", NAME)),
        *(("doctor", NAME), ("audit", "hold", NAME), ("audit", "list", "--" + NAME), ("--" + NAME,), (NAME,)),
    ],
)
def test_errors_do_neither(folder: Path, arguments: tuple[str, ...]) -> None:
    done = footnote(*arguments)
    assert done.exit_code != 0
    assert "Traceback" not in done.stderr


def test_a_traceback_tells_no_values() -> None:
    """A fault of ours must not print tokens or questions that lie in local variables."""
    code = (
        "import bot.cli, bot.cli.documents as d\n"
        "def work(*a, **k):\n    token = 'xoxb-' + 'secret'\n    raise RuntimeError('a fault')\n"
        "d.settings = work\nbot.cli.main()"
    )
    done = run(code, "sync")
    assert "a fault" in done.stderr
    assert "xoxb-secret" not in done.stderr + done.stdout
