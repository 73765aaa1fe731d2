"""The label of a table's row over several lines: "Head of a" above "large office | 5,000" is one row.

A line of one cell may also be the title of the rows below it. It is a part of a label where the words go on in lower
case, or where the two lines stand closer than the rows of the table do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from statistics import median

from retrieval.parse.pdf.rows import Row

_LINE = 1.75  # of the type size: lines of one cell stand closer
_CLOSER = 0.8  # of the usual distance of two rows
_LEFT = 3.0  # points in which two lines begin alike
_INDENT = 14.0  # points by which a further line may be set in
_MOST = 4  # lines of a label


def joined(rows: Sequence[Row]) -> list[Row]:
    """The rows of a page, those that are one made one."""
    usual = _usual(rows)
    made: list[Row] = []
    lines = 1  # of the last row made
    for at, row in enumerate(rows):
        last = made[-1] if made else None
        if last is None or row.table is None or last.table != row.table or lines >= _MOST or not _near(last, row):
            made.append(row)
            lines = 1
        elif _heads(last, row, rows[at + 1 : at + 2], usual.get(row.table, 0.0)):
            made[-1] = _one(last, row, row)
            lines += 1
        elif _goes_on(last, row):
            made[-1] = _one(last, row, last)
            lines += 1
        else:
            made.append(row)
            lines = 1
    return made


def _usual(rows: Sequence[Row]) -> dict[int, float]:
    """The usual distance of two rows of several cells, by table, in points; 0 where there is none."""
    steps: dict[int, list[float]] = {}
    for one, two in pairwise(rows):
        if one.table is not None and one.table == two.table and len(one.cells) > 1 and len(two.cells) > 1:
            steps.setdefault(one.table, []).append(one.foot - two.y)
    return {table: median(of) for table, of in steps.items()}


def _near(above: Row, row: Row) -> bool:
    step = above.foot - row.y
    return (
        above.upright
        and row.upright
        and above.run == row.run
        and 0.5 * row.size < step < _LINE * row.size
        and abs(above.size - row.size) < 0.12 * row.size
        and (above.weights[-1] == row.lead or above.weight == row.weight)
    )


def _heads(above: Row, row: Row, below: Sequence[Row], usual: float) -> bool:
    """Whether a line of one cell is the beginning of the label of the row below it."""
    if len(above.cells) > 1 or len(row.cells) < 2 or abs(above.x0 - row.x0) > _LEFT or above.x1 > row.edges[1][0]:
        return False
    if any(c.isdigit() for c in row.cells[0][:1]) or above.cells[0].rstrip()[-1:] in ":.":
        return False
    alike = any(len(b.cells) > 1 and b.table == row.table and _lower(b.cells[0]) for b in below)
    if _lower(row.cells[0]):  # more than one row in lower case are rows of their own, below their title
        return not alike
    return usual > 0 and above.foot - row.y < _CLOSER * usual


def _goes_on(above: Row, row: Row) -> bool:
    """Whether a line of one cell goes on with the label of the row above it."""
    return len(row.cells) == 1 and _lower(row.cells[0]) and -_LEFT < row.x0 - above.x0 < _INDENT


def _lower(text: str) -> bool:
    return text[:1].islower() and len(text) > 1


def _one(above: Row, row: Row, main: Row) -> Row:
    """The two lines as one row; `main` is the one with further cells."""
    glue = "" if above.cells[0].endswith("-") else " "
    label = f"{above.cells[0]}{glue}{row.cells[0]}"
    edge = (min(above.edges[0][0], row.edges[0][0]), max(above.edges[0][1], row.edges[0][1]))
    return replace(
        main,
        cells=[label, *main.cells[1:]],
        edges=[edge, *main.edges[1:]],
        x0=min(above.x0, row.x0),
        x1=max(above.x1, row.x1),
        y=above.y,
        foot=min(above.foot, row.foot),
        weights=[*above.weights, *row.weights],
        lead=above.lead,
        words=above.words + row.words,
        placed=None,
    )
