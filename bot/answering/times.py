"""A time in our own words: the same for everybody, and found again by who can show it in a reader's own zone. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

_SAID = re.compile(r"\b(\d{4}-\d\d-\d\d \d\d:\d\d) UTC\b", re.ASCII)


def said_time(at: datetime) -> str:
    """E.g. "2026-03-01 09:30 UTC"."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def timed(text: str) -> Iterator[str | datetime]:
    """A text with its times as times, everything else as it stands."""
    at = 0
    for found in _SAID.finditer(text):
        try:
            time = datetime.strptime(found[1], "%Y-%m-%d %H:%M").replace(tzinfo=UTC)
        except ValueError:
            continue
        yield from (text[at : found.start()], time)
        at = found.end()
    yield text[at:]
