"""From offsets in the canonical text to the page, or what stands for one, in the original."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from retrieval.types import Place

_WORD_LAST = re.compile(r"\w{1,6}\. [^\W\d_]{4}")  # "1. Abschnitt"
_CELLS = re.compile(r"^(?P<sheet>.+!)(?P<first>[A-Z]+\d+)(?::(?P<last>[A-Z]+\d+))?$", re.DOTALL)


def cited(label: str, sign: str = "") -> str:
    """A label as it is cited: "Section 4.2"; "Article IV" and "Schedule 1, 2" say themselves what they are.

    `sign` is what the document sets before the number instead of a word: "§ 8".
    """
    if sign:
        return f"{sign} {label}"
    named = label[:1] == "§" or (label[:1].isalpha() and " " in label) or _WORD_LAST.match(label) is not None
    return label if named else f"Section {label}"


def within(places: Sequence[Place], start: int, end: int) -> tuple[Place, ...]:
    """The places that [start, end) touches, in order. An empty span touches the place it stands in."""
    end = max(end, start + 1)
    first = max(0, bisect_right(places, start, key=lambda p: p.start) - 1)
    last = bisect_left(places, end, lo=first, key=lambda p: p.start)
    return tuple(p for p in places[first:last] if p.end > start)


def locate(places: Sequence[Place], start: int, end: int) -> tuple[int | None, str | None]:
    """Page (from 1) and locator of the span [start, end): where its first character stands.

    Cells of one sheet are joined into a range: "Limits!A12:D12" and "Limits!A14:D14" give "Limits!A12:D14".
    """
    touched = within(places, start, end)
    if not touched:
        return None, None
    return touched[0].page, join_locators([p.locator for p in touched])


def join_locators(locators: Sequence[str | None]) -> str | None:
    """One locator for neighbouring places: a cell range, or the first of the others."""
    named = [locator for locator in locators if locator]
    if len(named) < 2:
        return named[0] if named else None
    first, last = _CELLS.match(named[0]), _CELLS.match(named[-1])
    if first and last and first["sheet"] == last["sheet"]:
        return f"{first['sheet']}{first['first']}:{last['last'] or last['first']}"
    return named[0]
