"""How far a source's documents may lag behind it: as a value, with a target and a limit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from connectors.runs import SourceState

LATE_S = 900
STALE_S = 86_400


class Freshness(StrEnum):
    FRESH = "fresh"
    LATE = "late"  # above the target: operators are told
    STALE = "stale"  # above the limit: replies say so
    NEVER = "never"  # no run was ever complete


@dataclass(frozen=True, slots=True)
class Lag:
    """`seconds` since a source was last read to its end; None: never."""

    seconds: int | None
    freshness: Freshness


def lag(source: SourceState | None, now: datetime, *, late_s: int = LATE_S, stale_s: int = STALE_S) -> Lag:
    """How a source stands. `late_s` and `stale_s` are its target and its limit."""
    if source is None or source.completed_at is None:
        return Lag(None, Freshness.NEVER)
    seconds = int((now - source.completed_at).total_seconds())
    if seconds >= stale_s:
        return Lag(seconds, Freshness.STALE)
    return Lag(seconds, Freshness.LATE if seconds >= late_s else Freshness.FRESH)
