"""Which chat adapters the settings make, and what is said when they are incomplete."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.answering.memory import ThreadMemory
from bot.errors import SettingsError
from bot.settings.values import load
from bot.wiring.platforms import build
from tests.bot.slack.fakes import MemoryIntake, MemoryViewer

SECRETS = ("xoxb-sekrit", "xapp-sekrit", "client-sekrit", "signing-sekrit")
TOKEN = {"SLACK_BOT_TOKEN": "xoxb-sekrit"}
SOCKET = {"SLACK_APP_TOKEN": "xapp-sekrit"}
SIGNED = {"SLACK_SIGNING_SECRET": "signing-sekrit"}
ID = {"SLACK_CLIENT_ID": "12.34"}
TWO = {"FOOTNOTE_SLACK_TEAMS": '["T0ACME", "T0BETA"]'}
ANY = {"FOOTNOTE_SLACK_TEAMS": '["any"]'}
SECRET = {"SLACK_CLIENT_SECRET": "client-sekrit"}


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[ThreadMemory]:
    memory = ThreadMemory(tmp_path / "memory.db", timedelta(hours=1))
    yield memory
    memory.close()


def made(monkeypatch: pytest.MonkeyPatch, home: Path, memory: ThreadMemory, variables: dict[str, str]) -> list[str]:
    """The names of the adapters' classes."""
    monkeypatch.chdir(home)
    for name in (*TOKEN, *SOCKET, *SIGNED, *ID, *SECRET, *TWO):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    adapters = build(load(home), MemoryIntake(), MemoryViewer(), memory)
    assert all(adapter.name == "slack" for adapter in adapters)
    return [type(adapter).__name__ for adapter in adapters]


@pytest.mark.parametrize(
    ("variables", "wanted"),
    [
        ({}, []),
        (SIGNED, []),
        (TOKEN | SOCKET, ["SlackPlatform"]),
        (TOKEN | SIGNED, ["SlackPlatform"]),
        (ID | SECRET | SIGNED | TWO, ["SlackWorkspaces"]),
        (ID | SECRET | SIGNED | ANY, ["SlackWorkspaces"]),
    ],
    ids="+".join,
)
def test_what_is_set_up(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    memory: ThreadMemory,
    variables: dict[str, str],
    wanted: list[str],
) -> None:
    assert made(monkeypatch, tmp_path, memory, variables) == wanted


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        (TOKEN, "SLACK_APP_TOKEN for Socket Mode or SLACK_SIGNING_SECRET"),
        (ID, "SLACK_CLIENT_SECRET and SLACK_SIGNING_SECRET"),
        (SECRET, "SLACK_CLIENT_ID and SLACK_SIGNING_SECRET"),
        (ID | SECRET, "SLACK_SIGNING_SECRET"),
        (ID | SIGNED, "SLACK_CLIENT_SECRET"),
        (SECRET | SIGNED, "SLACK_CLIENT_ID"),
        (ID | SECRET | SIGNED | SOCKET, "Unset SLACK_APP_TOKEN"),
        (TOKEN | SIGNED | ID | SECRET, "for several"),
        (TOKEN | SIGNED | SECRET, "for several"),
        (ID | SECRET | SIGNED, r'Say which in slack_teams.*or \["any"\] alone'),
        (ID | SECRET | SIGNED | {"FOOTNOTE_SLACK_TEAMS": '["any", "T0ACME"]'}, "Say which in slack_teams"),
        (TOKEN | SIGNED | ANY, "goes with SLACK_CLIENT_ID"),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, dict) else "",
)
def test_what_is_incomplete(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, memory: ThreadMemory, variables: dict[str, str], message: str
) -> None:
    with pytest.raises(SettingsError, match=message) as caught:
        made(monkeypatch, tmp_path, memory, variables)
    assert not [s for s in SECRETS if s in str(caught.value)]


def test_a_secret_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, memory: ThreadMemory) -> None:
    (tmp_path / "secret").write_text("client-sekrit\n")
    monkeypatch.setenv("SLACK_CLIENT_SECRET_FILE", str(tmp_path / "secret"))
    assert made(monkeypatch, tmp_path, memory, ID | SIGNED | TWO) == ["SlackWorkspaces"]
