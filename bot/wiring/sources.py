"""From settings to sources, and back from a name on the command line."""

from __future__ import annotations

from pathlib import Path

from bot.settings.values import Settings, SourceSettings, settings_file
from connectors.folder import AccessRule, FolderSource
from connectors.state import StateStore
from retrieval.types import AccessList


def configured(settings: Settings) -> list[FolderSource]:
    """The sources of the settings file."""
    return [_folder(source) for source in settings.sources]


def _folder(source: SourceSettings) -> FolderSource:
    rules = [AccessRule(a.path, AccessList(frozenset(a.allow), frozenset(a.deny))) for a in source.access]
    default = AccessList(frozenset(source.allow))
    path = (settings_file().parent / source.path).resolve()
    return FolderSource(source.name, path, default=default, rules=rules, url=source.url)


def find(settings: Settings, state: StateStore, name: str | None) -> list[FolderSource]:
    """The source of that name, or a folder of that path (readable by everyone); None: all that are known."""
    named = {source.name: source for source in configured(settings)}
    if name is None:
        adhoc = [FolderSource(s.name, Path(s.config["path"])) for s in state.sources() if s.config.get("adhoc")]
        return [*named.values(), *(s for s in adhoc if s.name not in named)]
    if name in named:
        return [named[name]]
    path = Path(name).resolve()
    if not path.is_dir():
        return []
    same = [source for source in named.values() if source.root == path]
    return same or [FolderSource(f"folder:{path}", path)]
