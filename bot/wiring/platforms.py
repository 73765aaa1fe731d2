"""The chat platforms. A new one is a room of its own with a `PlatformKind` in it, and an entry here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.errors import SettingsError
from bot.slack.kind import SLACK
from bot.teams.kind import TEAMS

if TYPE_CHECKING:
    from bot.answering.memory import ThreadMemory
    from bot.platform import PlatformKind
    from bot.ports import ChatAdapter, Intake, Viewer
    from bot.settings.values import Settings

PLATFORMS: tuple[PlatformKind, ...] = (SLACK, TEAMS)


def platforms() -> tuple[PlatformKind, ...]:
    """All that there are, set up or not."""
    return PLATFORMS


def platform_named(name: str) -> PlatformKind:
    """Raises SettingsError when there is none of that name."""
    for kind in PLATFORMS:
        if kind.name == name:
            return kind
    raise SettingsError(f"there is no chat platform {name!r}; there are: {', '.join(k.name for k in PLATFORMS)}.")


def build(settings: Settings, intake: Intake, viewer: Viewer, memory: ThreadMemory) -> list[ChatAdapter]:
    """The adapters that are set up. Raises SettingsError when one is incomplete."""
    built = (kind.build(settings, intake, viewer, memory) for kind in PLATFORMS)
    return [adapter for adapter in built if adapter is not None]


def none_set_up() -> str:
    """What is said where `build` made none, without a full stop."""
    return f"neither {' nor '.join(kind.title for kind in PLATFORMS)} is set up"


def how_to_set_up() -> str:
    """The settings of each platform, one after the other."""
    return ", or ".join(kind.setup for kind in PLATFORMS)
