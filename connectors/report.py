"""What a run of the sync engine did: values for the command, the service's log and tests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields


@dataclass(frozen=True, slots=True)
class Failed:
    """A document that is not searchable, and why."""

    document: str
    reason: str


@dataclass(frozen=True, slots=True)
class Covered:
    """How many documents an access rule matches, and for how many it decides: the last that matches does.

    `path` is None for those that no rule matches.
    """

    source: str
    path: str | None
    matched: int
    decided: int
    readers: str


@dataclass(slots=True)
class SyncReport:
    """What a run did. `held` counts documents kept back because too many vanished at once.

    `readers_changed` counts documents that other people may read than before. `rules` is empty for a
    source without access rules; `mistakes` are rules that decide about no document. `anew` says why a
    source was listed from the beginning though it has a cursor.
    """

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    deleted: int = 0
    held: int = 0
    failed: list[Failed] = field(default_factory=list)
    took_ms: int = 0
    readers_changed: int = 0
    rules: list[Covered] = field(default_factory=list)
    mistakes: list[str] = field(default_factory=list)
    anew: list[str] = field(default_factory=list)

    def __add__(self, other: SyncReport) -> SyncReport:
        return SyncReport(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))


Progress = Callable[[str, int], None]
"""Called with the id of each document that is done, and how many pages of it were read."""
