"""Running headers, footers and page numbers: what repeats at the edge of the pages, peeled from outside in."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

from retrieval.parse.pdf.rows import Row

MAX_PEELED = 5  # rows at each edge
ZONE = 0.15  # of the page's height: running text stands so near the edge, or next to a page number
MIN_REPEATS = 3
NEAR_PAGES = 3  # a running text comes back within so many pages (odd and even pages differ, a figure page has none)

_NUMBER = re.compile(
    r"(?:page\s*)?[-–—|\s]*(?P<label>(?:[A-Z]{1,2}-)?\d{1,4}|[ivxlc]{1,7})(?:\s*(?:of|/)\s*\d{1,4})?[-–—|\s]*",
    re.IGNORECASE,
)
_DIGITS = re.compile(r"\d+")
_ROMAN = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}


def peel(
    pages: Sequence[list[Row]], heights: Sequence[float]
) -> tuple[list[list[Row]], list[list[Row]], list[str | None]]:
    """The pages without their running rows, the rows taken out of each, and the printed page numbers.

    A row is taken out when it stands outermost and the same text (digits apart) stands outermost on
    pages nearby, or when it is a page number that counts on from page to page. `heights` in points.
    """
    kept = [list(page) for page in pages]
    taken: list[list[Row]] = [[] for _ in pages]
    printed: list[str | None] = [None] * len(pages)
    for top in (True, False):
        for _ in range(MAX_PEELED):
            edge = [_outermost(page, top) for page in kept]
            zoned = [
                row
                if row is not None and (_in_zone(row, height, top) or (not top and page and page[-1].y < row.y))
                else None
                for row, height, page in zip(edge, heights, taken, strict=True)
            ]
            running = _counting(edge) | _repeated(zoned) | _twice(zoned, taken)
            if not running:
                break
            for i in running:
                row = edge[i]
                if row is None:
                    continue
                kept[i].remove(row)
                taken[i].append(row)
                found = _NUMBER.fullmatch(row.text.strip())
                if found and printed[i] is None:
                    printed[i] = found["label"]
    return kept, taken, printed


def _outermost(page: Sequence[Row], top: bool) -> Row | None:
    upright = [row for row in page if row.upright]
    if len(upright) < 2:
        return None  # never take the only row of a page
    return max(upright, key=lambda r: r.y) if top else min(upright, key=lambda r: r.y)


def _in_zone(row: Row, height: float, top: bool) -> bool:
    return row.y > (1 - ZONE) * height if top else row.y < ZONE * height


def _repeated(edge: Sequence[Row | None]) -> set[int]:
    """Pages whose outermost row comes back on pages nearby, at about the same height or size."""
    groups: dict[tuple[str, int], list[int]] = defaultdict(list)
    for i, row in enumerate(edge):
        if row is not None:
            key = _DIGITS.sub("#", " ".join(row.text.casefold().split()))
            if any(c.isalpha() for c in key) and len(key) < 250:
                groups[key, round(row.size)].append(i)
    result: set[int] = set()
    for members in groups.values():
        close: list[int] = []
        for i in members:
            if close and i - close[-1] > NEAR_PAGES:
                result.update(_enough(close, edge))
                close = []
            close.append(i)
        result.update(_enough(close, edge))
    return result


def _twice(edge: Sequence[Row | None], taken: Sequence[list[Row]]) -> set[int]:
    """Neighbours with the same row at the same height, further in than a running row: the header of a short chapter."""
    result: set[int] = set()
    for i in range(len(edge) - 1):
        one, two = edge[i], edge[i + 1]
        if one and two and taken[i] and taken[i + 1] and one.text == two.text and abs(one.y - two.y) < 2:
            result |= {i, i + 1}
    return result


def _enough(pages: Sequence[int], edge: Sequence[Row | None]) -> Sequence[int]:
    total = sum(row is not None for row in edge)
    if len(pages) < min(MIN_REPEATS, max(2, total)):
        return ()
    rows = [edge[i] for i in pages]
    digits = {row.text for row in rows if row is not None}
    heights = sorted(row.y for row in rows if row is not None)
    steady = heights[-1] - heights[0] < 40 or len(digits) == 1
    return pages if steady else ()


def _counting(edge: Sequence[Row | None]) -> set[int]:
    """Pages whose outermost row is a page number: it grows with the pages, as the one beside it does."""
    values: dict[int, tuple[str, int]] = {}
    for i, row in enumerate(edge):
        found = _NUMBER.fullmatch(row.text.strip()) if row is not None else None
        if found:
            prefix, _, number = found["label"].rpartition("-")
            values[i] = (prefix, _value(number))
    result: set[int] = set()
    for i, (prefix, value) in values.items():
        for j in (i + 1, i + 2, i - 1, i - 2):
            other = values.get(j)
            if other is not None and other == (prefix, value + j - i):
                result.add(i)
                break
    return result


def _value(number: str) -> int:
    if number.isdigit():
        return int(number)
    total, last = 0, 0
    for char in reversed(number.lower()):
        value = _ROMAN[char]
        total += value if value >= last else -value
        last = max(last, value)
    return total
