"""What a chat platform's room offers to the rest of the house. `bot.wiring.platforms` lists the platforms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:  # help lists the platforms, and shall be quick
    from audit.reconcile import ComparedLog, Posted
    from audit.record import Json
    from bot.answering.memory import ThreadMemory
    from bot.ports import ChatAdapter, Intake, Viewer
    from bot.settings.values import Settings
    from bot.types import Outcome


SET_URL = "set public_url, and `footnote doctor` calls the running service by it"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One check of `footnote doctor`. `detail` says what is there, or what to do."""

    check: str
    ok: bool
    detail: str
    warning: bool = False  # fine, but most likely not what is meant


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a platform wants to know of an app: JSON to print, or bytes for the file `path`; `then` says what next."""

    content: Json | bytes
    path: Path | None = None
    then: str = ""


@dataclass(frozen=True, slots=True)
class Period:
    """Which messages `audit reconcile` asks for: from `since` until before `until`, of one channel or of all.

    `also` are further places, as the platform's operators name them.
    """

    since: datetime
    until: datetime
    channel: str | None = None
    also: Sequence[str] = ()


@dataclass(slots=True)
class Gathered:
    """The bot's messages, the places that were not looked into (with the reason), and which of those should be."""

    posted: list[Posted] = field(default_factory=list)
    unseen: dict[str, str] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)


class PlatformKind(Protocol):
    """A chat platform before it is started. Its libraries are imported by the methods, so that help stays quick."""

    @property
    def name(self) -> str:
        """As in records and on the command line, e.g. "slack"."""
        ...

    @property
    def title(self) -> str:
        """As people know it, e.g. "Slack"."""
        ...

    @property
    def setup(self) -> str:
        """Which settings set it up: what follows "Set", e.g. "TEAMS_APP_ID with TEAMS_APP_PASSWORD"."""
        ...

    def build(self, settings: Settings, intake: Intake, viewer: Viewer, memory: ThreadMemory) -> ChatAdapter | None:
        """None when it is not set up. Raises SettingsError when that is incomplete."""
        ...

    def render(self, outcome: Outcome) -> Mapping[str, Json]:
        """As the adapter renders it, for `audit replay`."""
        ...

    def manifest(self, *args: Any, **options: Any) -> Manifest:
        """The command `footnote manifest NAME`: its parameters and its first line are the command's.

        Raises SettingsError.
        """
        ...

    async def messages(self, settings: Settings, log: ComparedLog, period: Period) -> Gathered:
        """The bot's messages, asked of the platform now. Raises SettingsError, PlatformError, AuditError."""
        ...

    async def checks(self, settings: Settings, log: ComparedLog) -> list[CheckResult]:
        """What `doctor` looks at beside the adapter's own `check`. Raises nothing that a check is about."""
        ...
