"""Which rows of a table are its head, where the file does not say so. Pure.

A row that is taken for a head names the cells below it in every quote, so that a wrong one makes a false statement:
where it is not sure there is none, and rows are shown as they stand.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from retrieval.parse.grid import columns
from retrieval.text.sentences import cells

HEAD_ROWS = 3
_HEAD_CELL = 60  # characters; a row with a longer cell is no head
_DAYS = 31
DATED = re.compile(
    r"(?:FY\s?'?)?(?:(?:19|20)\d\d|\d\d)|(?:19|20)\d\d\b|\b(?:Q[1-4]|H[12])\b|\b(?:ended|months|quarter|year)\b",
    re.IGNORECASE,
)
_FIGURES = re.compile(r"[($€£¥+\s\-–—]*(?:[A-Z]{3}\s)?\d[\d,.']*\s?(?:%|[A-Z]{3}|bn|m|pp|bps|x)?[)%*\s$€£]*|[–—-]+")
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_AMOUNT = re.compile(r"[%€$£¥]|\b[A-Z]{3}\b|\d[.,]\d")
_ASIDE = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_NUMBERED = re.compile(r"[^\d]*[^\W\d_]{2,}\.?\s*\d{1,2}[A-Za-z]?")
_NUMBER = re.compile(r"\d[\d.,'’\u00a0\u202f]*")


def head_rows(rows: Sequence[str]) -> int:
    """How many of the rows are the head; 0 where the first row may be as well one of the others.

    A row of years or dates and a row of names beside it are one head, and so are rows that merged cells join.
    """
    count, dates_above = 0, False
    above: list[str] = []
    for at, row in enumerate(rows[:HEAD_ROWS]):
        held, placed = cells(row), columns(row)
        if any(len(cell) > _HEAD_CELL or is_figure(cell) for cell in held) or any(map(_is_value, held[1:])):
            break
        dated = all(_is_dated(cell) for cell in held[1:])
        figures = dates_above and any(_FIGURES.fullmatch(cell) and not _YEAR.fullmatch(cell) for cell in held)
        further = at == 0 or _names_below(above, placed)
        further = further or ((dated or dates_above) and _goes_on(above, placed))
        if figures or not further:
            break
        count, dates_above, above = at + 1, dated, placed
    return count if count and (len(above) > 2 or _alike([columns(row) for row in rows[count:]])) else 0


def _alike(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the second of two columns holds amounts of one kind, or the first one figures: of names and particulars,
    which have no head, each row has its own kind.
    """
    if rows and all(is_figure(row[0]) for row in rows if row):
        return True
    kinds = {_NUMBER.sub("0", row[-1]).casefold() for row in rows if len(row) == 2 and row[-1]}
    amounts = [row[-1] for row in rows if len(row) == 2 and (is_figure(row[-1]) or _is_value(row[-1]))]
    return bool(amounts) and len(amounts) == len(rows) and len(kinds) == 1


def _goes_on(above: Sequence[str], row: Sequence[str]) -> bool:
    """Whether a row has no name of its own, or the row above not a name for each column: both are one head."""
    return not row[:1] or not row[0] or not above[:1] or not above[0] or sum(map(bool, above)) < sum(map(bool, row))


def _names_below(above: Sequence[str], row: Sequence[str]) -> bool:
    """Whether a row goes on with a head that stands over several of its columns, or whose cells reach down to it."""
    if len(above) != len(row):
        return False
    if any(a and a == b for a, b in zip(above, row, strict=True)):
        return True
    spans = any(a and a == b for a, b in pairwise(above))
    gaps = any(b and not a for a, b in zip(above[1:], row[1:], strict=True))
    return bool(spans and not (above[0] and row[0])) or bool(gaps and above[0] and not row[0])


def _is_dated(cell: str) -> bool:
    """Whether a cell names a time ("2023", "Three months ended March 31, 2023"), and no amount ("120 EUR per year")."""
    if DATED.fullmatch(cell):
        return True
    rest = [int(n) for n in re.findall(r"\d+", re.sub(r"\b[QH][1-4]\b|\bFY\s?'?\d\d\b", "", _YEAR.sub("", cell)))]
    return DATED.search(cell) is not None and not _AMOUNT.search(cell) and all(n <= _DAYS for n in rest)


def _is_value(cell: str) -> bool:
    """Whether a cell says how much ("30 days", "up to EUR 500") and names no column ("Tier 1", "Limit (2 nights)")."""
    bare = _ASIDE.sub("", cell).strip()
    if not any(c.isdigit() for c in bare) or DATED.fullmatch(bare):
        return False
    if _NUMBERED.fullmatch(bare):
        return _AMOUNT.search(bare) is not None
    return not (_YEAR.search(bare) and _is_dated(bare)) and not re.search(r"\b[QH][1-4]\b|\bFY", bare)


def is_figure(cell: str) -> bool:
    if DATED.fullmatch(cell):
        return False
    digits = sum(c.isdigit() for c in cell)
    return _FIGURES.fullmatch(cell) is not None or (digits > sum(c.isalpha() for c in cell) and not _YEAR.search(cell))
