"""The command as a person or a script uses it: shapes, exit codes, and how quickly help comes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from bot.cli import cli
from bot.docs import pages
from tests.servers.commands import MAIN, footnote, run
from tests.servers.embedding import lend_model

APP_ID = "12345678-90ab-cdef-1234-567890abcdef"
HEAVY = {
    *("pydantic", "pydantic_settings", "structlog", "apsw", "aiohttp", "numpy", "onnxruntime", "Stemmer"),
    *("weaviate", "openai", "slack_bolt", "slack_sdk", "botbuilder", "lxml", "openpyxl", "pypdfium2", "rich.progress"),
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with two synced documents and one that cannot be read."""
    folder = tmp_path_factory.mktemp("cli")
    documents = folder / "documents"
    documents.mkdir()
    (documents / "travel.md").write_text(
        "# Travel Policy\n\n## 4.2 Hotels\n\nHotels cost at most 180 EUR a night. Breakfast is included.\n"
    )
    (documents / "leave.txt").write_text("Leave\n\n1. Days\n1.1 Every employee has 27 days of annual leave a year.\n")
    (documents / "broken.pdf").write_bytes(b"%PDF-1.7 nonsense")
    lend_model(folder / "home")
    done = footnote(folder / "home", "sync", str(documents), "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["added"], report["changed"], report["deleted"]) == (2, 0, 0)
    assert [f["document"] for f in report["failed"]] == ["broken.pdf"]
    return folder / "home"


def test_help_is_light() -> None:
    code = "import sys, bot.cli; print(sorted(m for m in sys.modules))"
    loaded = set(eval(subprocess.check_output([sys.executable, "-c", code], text=True)))
    assert not loaded & HEAVY
    assert "asyncio" not in loaded


def test_every_command_argument_and_option_is_explained() -> None:
    def unexplained(command: Any, path: tuple[str, ...]) -> list[str]:
        found = [" ".join((*path, str(p.name))) for p in command.params if not p.help]
        found += [] if command.help else [" ".join(path)]
        return found + [
            x for name, c in getattr(command, "commands", {}).items() for x in unexplained(c, (*path, name))
        ]

    assert unexplained(get_command(cli), ("footnote",)) == []


@pytest.mark.skipif(sys.platform != "linux", reason="threads are counted in /proc")
@pytest.mark.parametrize(("given", "more"), [({}, False), ({"OPENBLAS_NUM_THREADS": "3"}, True)])
def test_arrays_are_computed_in_one_thread_unless_somebody_chose(given: dict[str, str], more: bool) -> None:
    code = (
        "import bot.cli as c, os\n"
        "def work():\n"
        "    import numpy as np\n"
        "    np.ones((600, 600), np.float32) @ np.ones((600, 600), np.float32)\n"
        "    print(len(os.listdir('/proc/self/task')))\n"
        "c.cli = work\nc.main()"
    )
    threads = int(subprocess.check_output([sys.executable, "-c", code], text=True, env={**os.environ, **given}))
    assert (threads > 1) == more


def test_an_answer_has_the_promised_shape(home: Path) -> None:
    done = footnote(home, "ask", "What do hotels cost a night?", "--json")
    assert done.returncode == 0, done.stderr
    reply = json.loads(done.stdout)
    assert reply["outcome"] == "answered"
    (citation,) = reply["citations"]
    assert (citation["document"], citation["section"], citation["heading"]) == ("travel.md", "4.2", "Hotels")
    assert citation["title"] == "Travel Policy"
    assert citation["quote"] == "Hotels cost at most 180 EUR a night."
    assert set(citation) >= {"n", "page", "version", "start", "end", "locator", "url"}
    assert reply["record"]
    assert isinstance(reply["took_ms"], int)
    shown = footnote(home, "audit", "show", reply["record"], "--json")
    assert json.loads(shown.stdout)["fields"]["question"] == "What do hotels cost a night?"


def test_a_person_reads_section_and_quote(home: Path) -> None:
    done = footnote(home, "ask", "What do hotels cost a night?")
    assert "Travel Policy, Section 4.2 Hotels" in done.stdout
    assert done.stdout.count("Hotels cost at most 180 EUR a night.") == 1, "the answer is its quote"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("ask", "Who won the football world cup in 1998?"), 1, "could not find this"),
        (("ask", "   "), 2, "the question is empty"),
        (("ask", "hotels " * 15_000), 1, "I read at most 4,000"),
        (("sync", "no-such-folder"), 2, "no folder or source"),
        (("inspect", "no-such-file"), 2, "cannot be read"),
        (("inspect", "documents/broken.pdf"), 1, "not searchable"),
        (("audit", "show", "nothing"), 1, "there is no record"),
        (("audit", "export", "x", "--format", "word"), 2, "no format 'word'"),
        (("sources", "explain", "nothing"), 1, "no document"),
        (("nonsense",), 2, "No such command"),
        (("serve",), 2, "Neither Slack nor Teams is set up"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_goes_wrong_is_said_with_the_right_code(
    home: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    inspects = arguments[0] == "inspect"
    done = run(MAIN, *arguments, cwd=home.parent) if inspects else footnote(home, *arguments)
    assert (done.returncode, said in done.stdout + done.stderr) == (code, True), done.stdout + done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("variable", "value", "code", "said"),
    [
        ("FOOTNOTE_WEAVIATE_URL", "http://127.0.0.1:9", 3, "Weaviate"),
        ("FOOTNOTE_NONSENSE", "1", 2, "FOOTNOTE_NONSENSE"),
        ("FOOTNOTE_HOME", "/proc/nowhere", 0, "hotels"),  # the command line wins
    ],
)
def test_settings_that_cannot_work(home: Path, variable: str, value: str, code: int, said: str) -> None:
    done = footnote(home, "ask", "What do hotels cost a night?", env={**os.environ, variable: value})
    assert done.returncode == code, done.stdout + done.stderr
    assert said.casefold() in (done.stdout + done.stderr).casefold()
    assert "Traceback" not in done.stderr


def test_a_home_that_cannot_be_made_is_said() -> None:
    done = footnote(Path("/proc/nowhere"), "ask", "What do hotels cost?")
    assert (done.returncode, "cannot be made" in done.stderr) == (2, True), done.stderr


def test_a_model_that_is_down_is_said_and_the_sentences_stand_in(home: Path) -> None:
    environment = {**os.environ, "FOOTNOTE_MODEL": "m", "FOOTNOTE_MODEL_BASE_URL": "http://127.0.0.1:9/v1"}
    done = footnote(home, "ask", "What do hotels cost a night?", "--json", env=environment)
    reply = json.loads(done.stdout)
    assert reply["outcome"] == "answered"
    assert "not available" in reply["notice"]
    assert reply["citations"][0]["quote"] == "Hotels cost at most 180 EUR a night."


def test_the_log_can_be_listed_exported_and_verified(home: Path, tmp_path: Path) -> None:
    footnote(home, "ask", "What do hotels cost a night?")
    listed = json.loads(footnote(home, "audit", "list", "--json").stdout)
    assert listed[0]["event"] == "question"
    for kind in ("jsonl", "csv"):
        done = footnote(home, "audit", "export", str(tmp_path / f"log.{kind}"), "--format", kind, "--json")
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["records"] > 0
    whole = footnote(home, "audit", "verify", "--json")
    assert json.loads(whole.stdout)["ok"] is True
    good = footnote(home, "audit", "verify", str(tmp_path / "log.jsonl"), "--json")
    assert (good.returncode, json.loads(good.stdout)["findings"]) == (0, [])
    text = (tmp_path / "log.jsonl").read_text()
    (tmp_path / "forged.jsonl").write_text(text.replace("180 EUR", "990 EUR", 1))
    bad = footnote(home, "audit", "verify", str(tmp_path / "forged.jsonl"), "--json")
    assert (bad.returncode, json.loads(bad.stdout)["ok"]) == (1, False)


def test_a_changed_document_is_in_force_in_the_next_answer(tmp_path: Path) -> None:
    documents, home = tmp_path / "documents", tmp_path / "home"
    documents.mkdir()
    file = documents / "travel.md"
    file.write_text("# Travel Policy\n\n## Hotels\n\nHotels cost at most 180 EUR a night.\n")
    lend_model(home)
    footnote(home, "sync", str(documents))
    first = json.loads(footnote(home, "ask", "What do hotels cost a night?", "--json").stdout)
    file.write_text("# Travel Policy\n\n## Hotels\n\nHotels cost at most 210 EUR a night.\n")
    assert json.loads(footnote(home, "sync", "--json").stdout)["changed"] == 1
    second = json.loads(footnote(home, "ask", "What do hotels cost a night?", "--json").stdout)
    assert "180" in first["answer"]
    assert "210" in second["answer"]
    assert "180" not in json.dumps(second)
    assert first["citations"][0]["version"] != second["citations"][0]["version"]
    file.unlink()
    footnote(home, "sync")
    gone = footnote(home, "ask", "What do hotels cost a night?", "--json")
    assert gone.returncode == 1
    assert json.loads(gone.stdout)["citations"] == []


def test_the_command_is_installed(home: Path) -> None:
    """As people start it; the other tests fork a process that has loaded it."""
    command = [str(Path(sys.executable).with_name("footnote")), "--home", str(home), "ask", "What do hotels cost?"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=home.parent, timeout=600)
    assert (done.returncode, "Hotels cost at most 180 EUR a night." in done.stdout) == (0, True), done.stderr


def test_inspect_prints_the_tree(home: Path) -> None:
    done = run(MAIN, "inspect", "documents/travel.md", "--json", cwd=home.parent)
    assert done.returncode == 0, done.stderr
    tree = json.loads(done.stdout)
    section = next(s for s in tree["sections"] if s["label"] == "4.2")
    assert tree["text"][section["start"] : section["end"]].startswith("4.2 Hotels")
    assert section["path"] == ["Travel Policy", "4.2 Hotels"]


def test_the_documentations_tables_are_current() -> None:
    for page, text in pages().items():
        assert page.read_text("utf-8") == text, "run `make docs`"


def test_the_slack_manifest_follows_the_settings(tmp_path: Path) -> None:
    done = run(MAIN, *("manifest", "slack", "--name", "Quill", "--url", "https://bot.example.com"), cwd=tmp_path)
    manifest = json.loads(done.stdout)
    assert manifest["display_information"]["name"] == "Quill"
    assert manifest["settings"]["event_subscriptions"]["request_url"] == "https://bot.example.com/slack/events"
    assert "message.channels" in manifest["settings"]["event_subscriptions"]["bot_events"]
    (tmp_path / "footnote.toml").write_text(
        'suggested_questions = ["What may a hotel cost?"]\nfollow_up_without_mention = false\n'
    )
    manifest = json.loads(run(MAIN, "manifest", "slack", cwd=tmp_path).stdout)
    prompt = {"title": "What may a hotel cost?", "message": "What may a hotel cost?"}
    assert manifest["features"]["agent_view"]["suggested_prompts"] == [prompt]
    assert manifest["settings"]["socket_mode_enabled"] is True
    assert "message.channels" not in manifest["settings"]["event_subscriptions"]["bot_events"]


@pytest.mark.parametrize(
    ("toml", "options", "channels", "chats"),
    [
        ("", (), True, False),
        ("follow_up_without_mention = false", (), False, False),
        ("follow_up_without_mention = false", ("--read-threads",), True, False),
        ("", ("--no-read-threads",), False, False),
        ("", ("--no-read-threads", "--reconcile"), True, True),
        ("follow_up_without_mention = false\nteams_reconcile = true", (), True, True),
        ('[[channels]]\nid = "19:c"\nwithout_mention = "always"', (), True, True),
    ],
)
def test_the_teams_package_asks_for_what_the_settings_need(
    tmp_path: Path, toml: str, options: tuple[str, ...], channels: bool, chats: bool
) -> None:
    command = ["manifest", "teams", "--app-id", APP_ID, "--domain", "bot.example.com", "-o", "app.zip"]
    (tmp_path / "footnote.toml").write_text(toml)
    done = run(MAIN, *command, *options, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(tmp_path / "app.zip") as package:
        assert sorted(package.namelist()) == ["color.png", "manifest.json", "outline.png"]
        manifest = json.loads(package.read("manifest.json"))
    assert manifest["bots"][0]["botId"] == APP_ID
    assert ("authorization" in manifest) is (channels or chats)
    assert ("ChannelMessage.Read.Group" in json.dumps(manifest)) is channels
    assert ("ChatMessage.Read.Chat" in json.dumps(manifest)) is chats


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (["--app-id", "x"], "is no id like"),
        (["--domain", "https://x"], "is no host name"),
        (["-o", "/proc/nowhere/app.zip"], "cannot be written"),
    ],
)
def test_a_package_that_cannot_be_made_is_said(tmp_path: Path, change: list[str], said: str) -> None:
    options = ("--app-id", APP_ID, "--domain", "bot.example.com", *change)
    done = run(MAIN, "manifest", "teams", *options, cwd=tmp_path)
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr
    assert "Traceback" not in done.stderr
