"""A home made by an earlier version goes on working: its log verifies, its records replay, its documents answer.

`home-0.1.0.tar.gz` is what `footnote demo --keep` of 0.1.0 left, after an erasure by two people and a legal hold.
"""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import pytest

from tests.servers.commands import footnote
from tests.servers.embedding import lend_model

MADE = Path(__file__).parent / "home-0.1.0.tar.gz"
ANSWERED = "1a221443b6f2b5ccdd3d"
ERASED = "1a2214439f33670a687c"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("earlier") / "home"
    with tarfile.open(MADE) as archive:
        archive.extractall(folder, filter="data")
    lend_model(folder)
    return folder


def test_its_log_verifies(home: Path) -> None:
    done = footnote(home, "audit", "verify", "--json")
    verdict = json.loads(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    assert verdict["ok"]
    assert verdict["records"] >= 25
    assert verdict["findings"] == []


def test_an_answer_of_it_replays(home: Path) -> None:
    done = footnote(home, "audit", "replay", ANSWERED)
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_was_erased_is_shown_as_erased(home: Path) -> None:
    done = footnote(home, "audit", "show", ERASED)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "dog" not in done.stdout
    assert "erased" in done.stdout


def test_its_hold_stands(home: Path) -> None:
    done = footnote(home, "audit", "hold")
    assert "Harbour v. Pine" in done.stdout, done.stdout + done.stderr


def test_its_documents_answer(home: Path) -> None:
    done = footnote(home, "ask", "How many days of annual leave do I have?", "--json")
    reply = json.loads(done.stdout)
    assert reply["outcome"] == "answered", reply
    assert reply["record"]
