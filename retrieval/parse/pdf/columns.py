"""The columns of a PDF table: where a row has no cell in one, an empty cell stands, so that cells stand under names.

A PDF draws words, no tables. The columns are those of the rows with the most cells, and further ones that rows of
figures show between them. A row whose cells cannot be told apart so stays as it is drawn, with fewer bars.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Protocol

MOST = 60  # columns of a table on a page: more are a drawing, and take long
_SLACK = 1.0  # points that neighbouring columns may overlap by
_WHOLE = 0.8  # of a column's width: a cell that covers so much of two stands over both
_NEAR = 0.5  # of the type size beside a column that a cell may stand

Span = tuple[float, float]


class Drawn(Protocol):
    cells: list[str]
    edges: list[Span]
    size: float
    upright: bool


def columns(rows: Sequence[Drawn], is_figure: Callable[[str], bool]) -> list[Span]:
    """(x0, x1) of each column, left to right; [] where the rows of a table do not agree on them."""
    several = [row for row in rows if len(row.cells) > 1 and row.upright]
    most = max((len(row.cells) for row in several), default=0)
    found: list[Span] = []
    if most > MOST:
        return found
    for row in several:
        if len(row.cells) == most:
            known = found or row.edges
            found = [(min(a, c), max(b, d)) for (a, b), (c, d) in zip(known, row.edges, strict=True)]
    for row in several:
        if len(row.cells) < most and any(is_figure(cell) for cell in row.cells[1:]):
            for edge in row.edges:
                at = _between(found, edge)
                if at is not None and len(found) < MOST:
                    found.insert(at, edge)
    apart = all(one[1] <= two[0] + _SLACK for one, two in pairwise(found))
    return found if apart else []


def placed(row: Drawn, found: Sequence[Span]) -> list[str] | None:
    """The row's cells, one a column, empty ones too; None where two would stand in one, or out of order."""
    if not row.upright or len(row.cells) < 2:
        return None
    made = [""] * len(found)
    last = -1
    for cell, edge in zip(row.cells, row.edges, strict=True):
        at = _column(edge, found, row.size)
        if at is None or at <= last:
            return None
        made[at] = cell
        last = at
    return made


def _between(found: Sequence[Span], edge: Span) -> int | None:
    """Where a further column belongs; None where the cell stands in one that is there."""
    if any(edge[0] < right and left < edge[1] for left, right in found):
        return None
    return sum(left < edge[0] for left, _ in found)


def _column(edge: Span, found: Sequence[Span], size: float) -> int | None:
    """The column that a cell stands in; of one that stands over several, the first."""
    middle = (edge[0] + edge[1]) / 2
    over = [n for n, (left, right) in enumerate(found) if left < edge[1] and edge[0] < right]
    if len(over) == 1 and found[over[0]][0] <= middle <= found[over[0]][1]:
        return over[0]
    covered = [
        n
        for n in over
        if min(found[n][1], edge[1]) - max(found[n][0], edge[0]) >= _WHOLE * max(found[n][1] - found[n][0], 0.1)
    ]
    if len(covered) > 1:
        return covered[0]
    if (inside := next((n for n in over if found[n][0] <= middle <= found[n][1]), None)) is not None:
        return inside
    touched = [
        n for n, (left, right) in enumerate(found) if left - _NEAR * size < edge[1] and edge[0] < right + _NEAR * size
    ]
    if touched:
        return touched[0]
    return next((n for n in reversed(range(len(found))) if found[n][0] < middle), None)
