"""The SDK stays behind one module, and what it does wrong is mended there."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

from botbuilder.schema import Activity, Entity

import bot
from bot.teams.connector import _activity
from bot.teams.render import render
from tests.bot.teams.support import answered

VENDOR = {"botbuilder", "botframework", "msrest"}


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names


def test_one_module_knows_the_sdk() -> None:
    folder = Path(bot.__file__).parent
    assert [p.name for p in sorted(folder.rglob("*.py")) if imported(p) & VENDOR] == ["connector.py"]


def test_the_stand_in_and_the_manifest_do_not_load_the_sdk() -> None:
    look = (
        "import sys, bot.demo.standins.teams, bot.teams.manifest; print(sorted({m.split('.')[0] for m in sys.modules}))"
    )
    loaded = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True).stdout
    assert "'aiohttp'" in loaded
    assert not [name for name in (*VENDOR, "tests", "pytest") if f"'{name}'" in loaded]


def test_an_entity_keeps_its_fields_on_the_wire() -> None:
    """The SDK's own Entity writes its type only: this is why ours exists."""
    payload = render(answered())
    assert isinstance(payload["entities"], list)
    theirs = Activity(entities=[Entity().deserialize(payload["entities"][0])]).serialize()["entities"][0]
    assert set(theirs) == {"type"}
    ours = _activity(payload, "19:x", "28:y").serialize()["entities"][0]
    assert ours == payload["entities"][0]
