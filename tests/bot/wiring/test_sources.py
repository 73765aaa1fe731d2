"""From settings and command lines to sources."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.errors import SettingsError
from bot.settings.values import Settings, load
from bot.wiring.access import problems
from bot.wiring.app import open_app
from bot.wiring.sources import configured, find
from connectors.access import CLOSED, OPEN
from connectors.folder import FolderSettings, FolderSource
from connectors.ports import Item, ListingFailure, Source, Tells
from connectors.state import StateStore
from retrieval.people import AccessList


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
    assert source.place == {"path": str(tmp_path / "etc" / "docs")}
    assert isinstance(source, FolderSource)
    items = {i.id: i async for i in source.list() if isinstance(i, Item)}
    assert readers(source, "a.txt") == AccessList(frozenset())  # closed, where no default is written down
    assert readers(source, "legal/b.txt") == AccessList(frozenset({"group:legal"}), frozenset({"user:eve@example.com"}))
    assert items["legal/b.txt"].url == "https://intranet.example/docs/legal/b.txt"


def readers(source: Source, path: str) -> AccessList:
    assert source.access is not None
    return source.access.decide(path).access


def written(extra: str) -> None:
    file = Path(os.environ["FOOTNOTE_SETTINGS"])
    file.write_text('[[sources]]\nname = "docs"\npath = "docs"\n' + extra)


async def test_a_default_that_is_written_down_counts(tmp_path: Path) -> None:
    written('allow = ["everyone"]\n[[sources.access]]\npath = "legal/**"\nallow = ["group:legal"]\n')
    (source,) = configured(load())
    assert readers(source, "a.txt") == AccessList(frozenset({"everyone"}))


async def test_the_case_of_letters_is_a_setting() -> None:
    written('ignore_case = true\n[[sources.access]]\npath = "LEGAL/**"\nallow = ["group:legal"]\n')
    (source,) = configured(load())
    assert readers(source, "legal/b.txt") == AccessList(frozenset({"group:legal"}))


def test_a_pattern_that_cannot_be_meant_stops_the_start(tmp_path: Path) -> None:
    written('[[sources.access]]\npath = "legal\\\\**"\nallow = ["group:legal"]\n')
    with pytest.raises(SettingsError, match=r'sources\.0\.access\.0\.path.*write "/" there, as in "legal/\*\*"'):
        load()
    root = (tmp_path / "etc" / "docs").as_posix()
    Path(os.environ["FOOTNOTE_SETTINGS"]).write_text(
        f'[[sources]]\nname = "docs"\npath = "{root}"\n'
        f'[[sources.access]]\npath = "{root}/legal/**"\nallow = ["group:legal"]\n'
    )
    with pytest.raises(SettingsError, match='write "legal/'):
        load()


def test_a_folder_with_files_of_a_source_with_rules_is_not_opened_to_all(tmp_path: Path) -> None:
    """Nor when it was synced on its own before the source had rules."""
    state = StateStore(tmp_path / "state.db")
    legal = tmp_path / "etc" / "docs" / "legal"
    for folder in (legal, tmp_path / "etc", tmp_path):
        with pytest.raises(SettingsError, match="footnote sync docs"):
            find(load(), state, str(folder))
    state.started(f"folder:{legal}", {"path": str(legal), "adhoc": True})
    assert [s.access == CLOSED for s in find(load(), state, None)] == [False, True]
    assert "nobody may read it" in problems(load(), state)[f"folder:{legal}"][0]
    written("")
    assert [s.access == OPEN for s in find(load(), state, None)] == [True, True]
    state.close()


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


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('name = "a"\nkind = "attic"', "sources.0.kind: there is no kind of source 'attic'; there are: azblob"),
        ('name = "a"\nkind = "folder"', "sources.0.path: Field required"),
        ('name = "a"\npath = "docs"\nbucket = "b"', "sources.0.bucket: is not a setting"),
        ('name = "a"\npath = "docs"\nallow = ["usr:eve@example.com"]', "sources.0.allow.0: Value error, 'usr:eve@exa"),
    ],
)
def test_a_wrong_table_is_told_by_field(tmp_path: Path, table: str, said: str) -> None:
    (tmp_path / "etc" / "footnote.toml").write_text(f"[[sources]]\n{table}\n")
    with pytest.raises(SettingsError, match="The settings are wrong") as caught:
        load()
    assert said in str(caught.value)


def test_a_kind_of_another_distribution_is_found_by_its_entry_point(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As an installed wheel leaves it: a module, and the folder that says what it brings."""
    (tmp_path / "attic_of_theirs.py").write_text(ATTIC)
    info = tmp_path / "attic-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: attic\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[footnote.connectors]\nattic = attic_of_theirs:KIND\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "etc" / "footnote.toml").write_text('[[sources]]\nname = "old"\nkind = "attic"\nshelf = 3\n')
    made = load()
    (source,) = configured(made)
    assert (source.name, source.place) == ("old", {"shelf": "3"})
    assert '"shelf":3' in made.model_dump_json()  # what a record's configuration_sha256 names


ATTIC = """
from connectors.kinds import SourceKind, SourceSettings

class AtticSettings(SourceSettings):
    shelf: int

class Attic:
    def __init__(self, settings, surroundings):
        self.name, self.place = settings.name, {"shelf": str(settings.shelf)}
        self.access = settings.rules()

KIND = SourceKind(AtticSettings, Attic)
"""


class Pigeons:
    """A source that can tell when something changes: at each `told`. It lists one note."""

    name = "pigeons"
    place: Mapping[str, str] = {}
    access = None
    tells = Tells()

    def __init__(self) -> None:
        self.told = asyncio.Event()
        self.note = b"The limit is 100 EUR."

    async def list(self) -> AsyncIterator[Item | ListingFailure]:
        access = AccessList(frozenset({"everyone"}))
        yield Item("note.txt", "note.txt", "note:1", None, datetime(2026, 1, 1, tzinfo=UTC), "", access)

    async def fetch(self, item: Item) -> bytes:
        return self.note

    async def notices(self) -> AsyncIterator[None]:
        while True:
            await self.told.wait()
            self.told.clear()
            yield


async def test_watching_takes_any_source_that_can_tell(tmp_path: Path) -> None:
    folder = tmp_path / "etc" / "docs"
    made = Settings(home=tmp_path / "home", sources=(FolderSettings(name="docs", path=folder),))
    pigeons, seen = Pigeons(), asyncio.Queue[str]()
    async with open_app(made) as app:
        watch = asyncio.create_task(
            app.syncing.watch([*configured(made), pigeons], lambda name, _: seen.put_nowait(name), first=False)
        )
        pigeons.told.set()
        assert await asyncio.wait_for(seen.get(), 30) == "pigeons"
        assert await app.state.text("note.txt", f"2026-01-01.{SHA}", 0, 100) == "The limit is 100 EUR."
        writing = asyncio.create_task(_write_until_seen(folder / "a.txt"))  # nobody says when the folder is watched
        assert await asyncio.wait_for(seen.get(), 30) == "docs"
        for task in (writing, watch):
            task.cancel()
        await asyncio.gather(writing, watch, return_exceptions=True)
        assert {"a.txt", "legal/b.txt", "note.txt"} == set(await app.state.documents())


SHA = "bdbb582d"


async def _write_until_seen(file: Path) -> None:
    n = 0
    while True:
        n += 1
        whole = file.with_suffix(".tmp")  # ignored by the source, so that no sync reads half a file
        await asyncio.to_thread(whole.write_text, f"version {n}")
        whole.replace(file)
        await asyncio.sleep(3)
