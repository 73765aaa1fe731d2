"""From settings to sources, and back from a name on the command line."""

from __future__ import annotations

from pathlib import Path

from bot.settings.values import Settings, settings_file
from connectors.folder import FolderSource
from connectors.kinds import Surroundings
from connectors.ports import Source
from connectors.registry import build
from connectors.state import StateStore


def configured(settings: Settings) -> list[Source]:
    """The sources of the settings file. Raises SourceUnavailable."""
    surroundings = Surroundings(base=settings_file().parent)
    return [build(source, surroundings) for source in settings.sources]


def find(settings: Settings, state: StateStore, name: str | None) -> list[Source]:
    """The source of that name, or a folder of that path (readable by everyone); None: all that are known.

    Raises SourceUnavailable.
    """
    named = {source.name: source for source in configured(settings)}
    if name is None:
        adhoc = [FolderSource(s.name, Path(s.config["path"])) for s in state.sources() if s.config.get("adhoc")]
        return [*named.values(), *(s for s in adhoc if s.name not in named)]
    if name in named:
        return [named[name]]
    path = Path(name).resolve()
    if not path.is_dir():
        return []
    folder = FolderSource(f"folder:{path}", path)
    same = [source for source in named.values() if source.place == folder.place]
    return same or [folder]
