"""What a document's source says of it, just before it is quoted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Standing(StrEnum):
    """Whether a version is still the one at the source."""

    SAME = "same"
    CHANGED = "changed"
    GONE = "gone"
    UNKNOWN = "unknown"


MOVED = frozenset({Standing.CHANGED, Standing.GONE})
"""What may not be quoted any more."""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What was said of one version. `at`: when it was last known to be the one at the source; None: never since.

    `overdue`: its source was not read to its end for longer than its limit.
    """

    document: str
    version: str
    standing: Standing
    at: datetime | None
    overdue: bool = False
