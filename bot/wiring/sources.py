"""From settings to sources, and back from a name on the command line."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from bot.errors import SettingsError
from bot.settings.files import settings_file
from bot.settings.secret_files import secret
from bot.settings.values import Settings
from connectors.access import CLOSED, OPEN
from connectors.folder import FolderSource
from connectors.kinds import Surroundings
from connectors.ports import Follower, KnowsGroups, KnowsReaders, OpensAt, Revalidates, Source, Watchable
from connectors.registry import build
from connectors.state import StateStore


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a source can do, by the methods that it has and what it says of itself."""

    kind: str  # "listing" or "changes"
    deletes: bool
    fingerprints: bool
    readers: bool
    groups: bool
    revalidates: bool
    opens_at: bool
    notices: bool
    cannot: tuple[str, ...]

    @property
    def described(self) -> str:
        """For people, in one line."""
        words = {
            "deletes": self.deletes,
            "what has not changed": self.fingerprints,
            "who may read": self.readers,
            "members of groups": self.groups,
            "whether a version is the latest": self.revalidates,
            "places in documents": self.opens_at,
            "changes as they happen": self.notices,
        }
        how = "tells changes since last time" if self.kind == "changes" else "lists everything"
        able = ", ".join(word for word, can in words.items() if can)
        return f"{how}; tells {able or 'nothing else'}" + (
            f"; cannot tell {'; '.join(self.cannot)}" if self.cannot else ""
        )


def abilities(source: Source) -> Abilities:
    """What a source can do."""
    return Abilities(
        "changes" if isinstance(source, Follower) else "listing",
        source.tells.deletes,
        source.tells.fingerprints,
        source.access is None and isinstance(source, KnowsReaders),
        isinstance(source, KnowsGroups),
        isinstance(source, Revalidates),
        isinstance(source, OpensAt),
        isinstance(source, Watchable),
        source.tells.cannot,
    )


def configured(settings: Settings) -> list[Source]:
    """The sources of the settings file. Raises SourceUnavailable."""
    surroundings = Surroundings(settings_file().parent, lambda name: secret(name, os.environ))
    return [build(source, surroundings) for source in settings.sources]


def find(settings: Settings, state: StateStore, name: str | None) -> list[Source]:
    """The source of that name, or a folder of that path (readable by everyone); None: all that are known.

    Raises SourceUnavailable; SettingsError when the folder has files of a source with access rules.
    """
    named = {source.name: source for source in configured(settings)}
    if name is None:
        known = [(s.name, Path(s.config["path"])) for s in state.sources() if s.config.get("adhoc")]
        adhoc = [_adhoc(name, path, named.values()) for name, path in known]
        return [*named.values(), *(s for s in adhoc if s.name not in named)]
    if name in named:
        return [named[name]]
    path = Path(name).resolve()
    if not path.is_dir():
        return []
    folder = FolderSource(f"folder:{path}", path)
    same = [source for source in named.values() if source.place == folder.place]
    inside = _protected(path, named.values())
    if inside and not same:
        raise SettingsError(
            f"{path} overlaps the source {inside.name!r}, which has rules on who may read what: synced on its own, "
            f"everybody could read it. Write: footnote sync {inside.name}"
        )
    return same or [folder]


def _protected(path: Path, sources: Iterable[Source]) -> Source | None:
    """A source that not everyone may read the whole of, and that holds some of that folder's files."""
    for source in sources:
        root = source.place.get("path")
        if root and source.access != OPEN and (path.is_relative_to(root) or Path(root).is_relative_to(path)):
            return source
    return None


def _adhoc(name: str, path: Path, named: Iterable[Source]) -> FolderSource:
    """A folder that was named on the command line once; closed when a source with rules now has its files."""
    return FolderSource(name, path, access=CLOSED if _protected(path, named) else OPEN)
