"""Running headers, footers and page numbers: what repeats at the edge of the pages, peeled from outside in."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

from retrieval.parse.pdf.rows import Row

MAX_PEELED = 5  # rows at each edge
ZONE = 0.15  # of the page's height: running text stands so near the edge, or next to a page number
MIN_REPEATS = 3
TITLE_LINES = 3  # of running text at the top of a page, from which on it is a title
YEARS = 1_900  # from here on a number is a year sooner than a page's
NEAR_PAGES = 3  # a running text comes back within so many pages (odd and even pages differ, a figure page has none)

_NUMBER = re.compile(
    r"(?:page\s*)?[-–—|\s]*(?P<label>(?:[A-Z]{1,2}-)?\d{1,4}|[ivxlc]{1,7})(?:\s*(?:of|/)\s*\d{1,4})?[-–—|\s]*",
    re.IGNORECASE,
)
HEAD_GAP = 2.4  # type sizes from the head of a table to the row under it: running text stands further off
NOTE_LINES = 4  # of a note at the foot of a page
_NOTE = re.compile("([\ufdd0\ufdd2][^\ufdd3]+\ufdd3|[*†‡]+|\\([0-9a-z]{1,2}\\))")
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
            content = _of_table if top else _of_note
            running = {i for i in running if (row := edge[i]) is not None and not content(row, kept[i])}
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
        if top:
            _say_once(pages, kept, taken)
    return kept, taken, printed


def _say_once(pages: Sequence[list[Row]], kept: list[list[Row]], taken: list[list[Row]]) -> None:
    """Give back the title of a report that stands over each of its pages, where it is said first, or anew.

    A running header has a line or two; a block of more names the table below, its period and its unit.
    """
    said: set[str] = set()
    for i, rows in enumerate(taken):
        if len(rows) < TITLE_LINES:
            continue
        before = {_DIGITS.sub("#", row.text): row.text for row in (taken[i - 1] if i else ())}
        new = [
            r for r in rows if r.text not in said and not _NUMBER.fullmatch(r.text.strip()) and not _turns(r, before)
        ]
        said.update(row.text for row in rows)
        if new:
            back = {id(row) for row in (*kept[i], *new)}
            kept[i] = [row for row in pages[i] if id(row) in back]
            taken[i] = [row for row in rows if id(row) not in back]


def _turns(row: Row, before: dict[str, str]) -> bool:
    """Whether a row counts pages: it is that of the page before, but for a number that is one higher."""
    last = before.get(_DIGITS.sub("#", row.text))
    numbers = zip(_DIGITS.findall(last or ""), _DIGITS.findall(row.text), strict=False)
    changed = [(int(a), int(b)) for a, b in numbers if a != b]
    return last is not None and any(changed == [(a, a + 1)] and a < YEARS for a, _ in changed)


def _outermost(page: Sequence[Row], top: bool) -> Row | None:
    upright = [row for row in page if row.upright]
    if len(upright) < 2:
        return None  # never take the only row of a page
    return max(upright, key=lambda r: r.y) if top else min(upright, key=lambda r: r.y)


def _in_zone(row: Row, height: float, top: bool) -> bool:
    return row.y > (1 - ZONE) * height if top else row.y < ZONE * height


def _of_table(row: Row, page: Sequence[Row]) -> bool:
    """Whether a row is a head of the table that stands right under it: its cells stand over the table's columns."""
    below = sorted((r for r in page if r.y < row.y and r.upright), key=lambda r: -r.y)[:8]
    if row.table is None or not below or below[0].table != row.table or row.foot - below[0].y > HEAD_GAP * row.size:
        return False
    columns = [edge for r in below if r.table == row.table for edge in r.edges[1:]]
    over = sum(any(_over(edge, column) for column in columns) for edge in row.edges)
    return over >= 2 or (len(row.cells) == 1 and row.x0 > min(r.x0 for r in below) + 3 * row.size)


def _over(head: tuple[float, float], column: tuple[float, float]) -> bool:
    ends = (head[0] - column[0], head[1] - column[1], (sum(head) - sum(column)) / 2)
    return any(abs(off) < 4 for off in ends)


def _of_note(row: Row, page: Sequence[Row]) -> bool:
    """Whether a row is a note, or its second or third line, whose mark stands elsewhere on the page."""
    above = sorted((r for r in page if r.y >= row.y and r.upright), key=lambda r: r.y)[:NOTE_LINES]
    for n, line in enumerate(above):
        if n and line.y - above[n - 1].y > 1.6 * row.size:
            return False
        if (found := _NOTE.match(line.text)) and not _NUMBER.fullmatch(line.text.strip()):
            return any(found[1] in other.text for other in page if other is not line)
    return False


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
