"""From settings and command lines to sources."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.settings.values import load
from bot.wiring.sources import configured, find
from connectors.ports import Item
from connectors.state import StateStore
from retrieval.types import AccessList


@pytest.fixture(autouse=True)
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "etc"
    (folder / "docs" / "legal").mkdir(parents=True)
    (folder / "docs" / "a.txt").write_text("a")
    (folder / "docs" / "legal" / "b.txt").write_text("b")
    (folder / "footnote.toml").write_text(
        '[[sources]]\nname = "docs"\npath = "docs"\nurl = "https://intranet.example/docs"\n'
        '[[sources.access]]\npath = "legal/**"\nallow = ["group:legal"]\ndeny = ["user:eve@example.com"]\n'
    )
    monkeypatch.setenv("FOOTNOTE_SETTINGS", str(folder / "footnote.toml"))
    monkeypatch.chdir(tmp_path)


async def test_paths_are_relative_to_the_settings_file_and_rules_hold(tmp_path: Path) -> None:
    (source,) = configured(load())
    assert source.root == tmp_path / "etc" / "docs"
    items = {i.id: i async for i in source.list() if isinstance(i, Item)}
    assert items["a.txt"].access == AccessList(frozenset({"everyone"}))
    assert items["legal/b.txt"].access == AccessList(frozenset({"group:legal"}), frozenset({"user:eve@example.com"}))
    assert items["legal/b.txt"].url == "https://intranet.example/docs/legal/b.txt"


def test_a_name_a_folder_or_nothing_finds_sources(tmp_path: Path) -> None:
    state = StateStore(tmp_path / "state.db")
    chosen = load()
    assert [s.name for s in find(chosen, state, "docs")] == ["docs"]
    assert [s.name for s in find(chosen, state, str(tmp_path / "etc" / "docs"))] == ["docs"]
    other = tmp_path / "other"
    other.mkdir()
    (adhoc,) = find(chosen, state, "other")
    assert adhoc.name == f"folder:{other}"
    state.started(adhoc.name, {"path": str(other), "adhoc": True})
    assert [s.name for s in find(chosen, state, None)] == ["docs", adhoc.name]
    assert find(chosen, state, "nowhere") == []
    state.close()
