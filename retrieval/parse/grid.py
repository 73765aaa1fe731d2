"""Tables as a grid: a merged cell stands in every row and column that it covers.

Rows are joined to one line each, a bar between two columns: as many bars as columns less one, empty
cells counted, so that a row's cells stand under their column's names.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

BAR = " | "
_OWN_BAR = re.compile(r"\s*\|\s*")
MOST_COLUMNS = 256  # a wider span is cut: hostile files claim thousands of columns
_LONGEST = 240  # characters of a merged cell that are said again


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell's text on one line, and over how many columns and rows it stands."""

    text: str
    columns: int = 1
    rows: int = 1


@dataclass(slots=True)
class Grid:
    """Places the rows of one table, top to bottom."""

    _open: dict[int, tuple[str, int]] = field(default_factory=dict)  # by column: text from above, rows it covers yet

    def row(self, cells: Sequence[Cell], *, skipped: int = 0) -> list[str]:
        """The texts of a row, column by column, and of cells from above; `skipped` columns before it are empty."""
        placed = {column: text for column, (text, _) in self._open.items()}
        self._open = {column: (text, rows - 1) for column, (text, rows) in self._open.items() if rows > 1}
        at = skipped
        for cell in cells:
            while at in placed:
                at += 1
            if at >= MOST_COLUMNS:
                break
            again = cell.text if len(cell.text) <= _LONGEST else ""
            width = max(1, min(cell.columns, MOST_COLUMNS - at))
            for column in range(at, at + width):
                placed[column] = cell.text if column == at else again
                if cell.rows > 1:
                    self._open[column] = (again, cell.rows - 1)
            at += width
        said = [c for c in cells if c.text]
        if len(said) == 1 and said[0].columns > 1 and sum(map(bool, placed.values())) <= said[0].columns:
            return [said[0].text]  # a title over the columns, said once
        return [placed.get(column, "") for column in range(max(placed, default=-1) + 1)]


def line(cells: Sequence[str]) -> str:
    """A row on one line; "" for one without text. A bar that a cell has itself stands close, and parts nothing."""
    if not any(cell.strip() for cell in cells):
        return ""
    return BAR.join(_OWN_BAR.sub("|", cell) if "|" in cell else cell for cell in cells).strip()


def columns(row: str) -> list[str]:
    """The cells of such a line, empty ones too."""
    return [cell.strip() for cell in f" {row} ".split(BAR)]
