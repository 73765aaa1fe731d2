"""From placed words to rows in reading order: cells, columns, tables.

The order in which a page is drawn is nearly always its reading order, so it is kept; a part is moved
only when it plainly stands above, or in the column left of, what was drawn before it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise, takewhile
from statistics import median

from retrieval.parse import grid
from retrieval.parse.pdf.columns import columns, placed
from retrieval.parse.pdf.heights import SMALLER, on_the_line, text_of
from retrieval.parse.pdf.page import PageText, Word

CELL_GAP = 1.1  # a gap this many times the type size parts two cells; justified text stays below
FIGURE_GAP = 0.6  # between two figures: a group of digits in one stands closer
COLUMN_ROWS = 6  # fewer rows side by side are no columns
MAX_LINES = 1_000  # of a page whose order is looked at: the time grows with their square
MAX_STACK = 5  # lines of a cell
MAX_CELL = 5  # words of a cell in a column of cells
PROSE_WORDS = 3.5  # mean words a line, from which on it is prose and not cells

_NUMERIC = re.compile(
    r"[($€£¥+\-–—−~<>]*\s*[$€£¥]?\s*[\d.,]*\d[\d.,]*\s*(?:%|x|bps|pts|[KMB]n?)?\s*\)?%?|[$€£¥—–−-]|N/?[AM]|\*+|[()%]+",
    re.I,
)
_FOOTNOTE = re.compile(r"\(\d\)")
_GLUE_LEFT = re.compile(r"[)%]+|\)%")
_ENDS_FIGURE = re.compile(r"[\d)–—-]$")  # "%" belongs to such a cell; below "EUR" it is a column of its own
_GLUE_RIGHT = re.compile(r"[(]?[$€£¥][(]?|US\$")
_LEADERS = re.compile(r"(?:\.\s?){4,}\s*[\divxlc-]{0,6}$|…{2,}")
ENUMERATOR = re.compile(
    r"\(?(?:\d{1,3}(?:\.\d{1,3}){0,5}|[A-Za-z]|[ivxlcIVXLC]{1,6})[.)]+|\d{1,3}(?:\.\d{1,3}){1,5}|[•·▪◦‣●○■□–—*-]"
    r"|(?:Item|Note|Article|Section|Part|Schedule|§)\s*[\dA-Z.]{1,7}[.:]?",
    re.I,
)


@dataclass(slots=True)
class Row:
    """One line of type. `cells` are its texts, `edges` their (x0, x1) in points."""

    cells: list[str]
    edges: list[tuple[float, float]]
    x0: float
    x1: float
    y: float
    size: float
    weight: int
    lead: int  # weight of the first words
    weights: list[int]  # of each word
    words: int
    hyphen: bool = False
    upright: bool = True
    run: int = 0  # rows of one run stand in one column, top to bottom
    table: int | None = None
    foot: float = 0.0  # the lowest baseline
    placed: list[str] | None = None  # of a table's row: a cell a column, empty ones too

    @property
    def text(self) -> str:
        return grid.line(self.placed or self.cells) if self.table is not None else "  ".join(self.cells)

    @property
    def leaders(self) -> bool:
        return bool(_LEADERS.search(self.cells[-1])) or any(_LEADERS.fullmatch(c) for c in self.cells)


@dataclass(slots=True)
class _Run:
    """Lines drawn from top to bottom without a jump."""

    lines: list[list[Word]] = field(default_factory=list)

    def box(self) -> tuple[float, float, float, float]:
        words = [w for line in self.lines for w in line]
        return min(w.x0 for w in words), min(w.y for w in words), max(w.x1 for w in words), max(w.y for w in words)


def rows_of(page: PageText) -> list[Row]:
    """The rows of a page in reading order, tables marked with ids from 0."""
    lines = _split_columns(_stacked(_merged(_straight(page.lines)), page.width), page.width)
    rows = [_row(line, number) for number, run in enumerate(_ordered(_runs(lines))) for line in run.lines]
    _mark_tables(rows)
    return rows


def place(rows: Sequence[Row]) -> None:
    """Put the cells of each table under one another."""
    tables: dict[int, list[Row]] = {}
    for row in rows:
        if row.table is not None:
            tables.setdefault(row.table, []).append(row)
    for held in tables.values():
        found = columns(held, lambda cell: _NUMERIC.fullmatch(on_the_line(cell)) is not None)
        for row in held if found else ():
            row.placed = placed(row, found)


def _straight(lines: Sequence[list[Word]]) -> list[list[Word]]:
    """Lines cut where the baseline jumps (a superscript does not), words with a way back to the left too."""
    result: list[list[Word]] = []
    for line in lines:
        current: list[Word] = []
        for word in line:
            if current:
                last = current[-1]
                jump = abs(word.y - last.y) > 0.7 * max(word.size, last.size) and word.upright
                back = word.x0 < last.x0 - 1 and word.upright and abs(word.y - last.y) > 0.3 * word.size
                if jump or back or word.upright != last.upright:
                    result.append(current)
                    current = []
            current.append(word)
        if current:
            result.append(current)
    return result


def _base(line: Sequence[Word]) -> float:
    return median(w.y for w in line)


def _merged(lines: Sequence[list[Word]]) -> list[list[Word]]:
    """Lines that continue to the right on the same baseline are one row."""
    result: list[list[Word]] = []
    for line in lines:
        if _is_mark(line) and _put_in(result, line):
            continue
        last = result[-1] if result else None
        if last and last[-1].upright and line[0].upright and not last[-1].hyphen:
            above = _base(line) - _base(last)
            close = abs(above) < 0.35 * max(last[-1].size, line[0].size)
            close = close or (0 < above < 0.8 * last[0].size and line[0].size < 0.8 * last[0].size and len(line) < 4)
            close = close or (len(last) <= 2 and _opens_note(last[-1], line[0]))
            if close and line[0].x0 >= last[-1].x1 - 1:
                last.extend(line)
                continue
        result.append(list(line))
    return result


def _opens_note(mark: Word, word: Word) -> bool:
    """Whether a small word stands a little above the next one: a note that begins with its mark."""
    return (
        mark.size < SMALLER * word.size and 0 < mark.y - word.y < 0.8 * word.size and word.x0 - mark.x1 < 2 * word.size
    )


def _is_mark(line: Sequence[Word]) -> bool:
    """Whether a line may be a raised or lowered mark that is drawn after the line it stands in."""
    return len(line) <= 2 and line[0].upright and sum(len(w.text) for w in line) <= 6


def _put_in(lines: Sequence[list[Word]], mark: Sequence[Word]) -> bool:
    """Put a mark between the words of one of the last lines, where it stands; False where it fits in none."""
    x, y = mark[0].x0, mark[0].y
    for line in reversed(lines[-6:]):
        for n, word in enumerate(line):
            near = line[n + 1].x0 if n + 1 < len(line) else word.x1
            size = word.size
            between = word.x1 - 0.2 * size <= x and mark[-1].x1 <= near + 0.2 * size and n + 1 < len(line)
            if mark[0].size < SMALLER * size and between and -0.5 * size < y - word.y < 0.8 * size and word.y != y:
                line[n + 1 : n + 1] = mark
                return True
    return False


def _stacked(lines: Sequence[list[Word]], width: float) -> list[list[Word]]:
    """Cells of several short lines, drawn one cell after the other, joined to one row: column titles, above all."""
    result: list[list[Word]] = []
    bottom = -1  # index in `lines` of the last line that a row of stacks took
    for i, line in enumerate(lines):
        if i <= bottom:
            continue
        last = result[-1] if result else None
        if last is None or not _next_cell(lines[i - 1], line):
            result.append(list(line))
            continue
        above = 1
        while above < min(MAX_STACK, len(result)) and _under(result[-above - 1], result[-above]):
            above += 1
        end, cell = i + 1, list(line)
        while end < len(lines) and end - i < MAX_STACK and _under(lines[end - 1], lines[end]):
            if lines[end][0].x0 < lines[i - 1][-1].x1:
                break  # a row of the table below
            cell.extend(lines[end])
            end += 1
        first = [w for part in result[-above:] for w in part]
        if not (_cell_text(first, width) and _cell_text(cell, width)) or first[0].y > line[0].y + 3 * line[0].size:
            result.append(list(line))
            continue
        result[-above:] = [[*first, *cell]]
        bottom = end - 1
    return result


def _next_cell(last: Sequence[Word], line: Sequence[Word]) -> bool:
    """Whether a line steps up and to the right: the top of the next cell of the same row."""
    step = line[0].y - last[-1].y
    return (
        line[0].upright
        and last[-1].upright
        and 0.35 * line[0].size < step < 5 * line[0].size
        and line[0].x0 > last[-1].x1
    )


def _under(upper: Sequence[Word], lower: Sequence[Word]) -> bool:
    """Whether a line stands right under another and belongs to the same cell."""
    step = upper[-1].y - lower[0].y
    overlap = min(upper[-1].x1, lower[-1].x1) > max(upper[0].x0, lower[0].x0)
    return overlap and 0.5 * lower[0].size < step < 1.7 * lower[0].size and abs(upper[0].size - lower[0].size) < 1


def _cell_text(words: Sequence[Word], width: float) -> bool:
    numeric = sum(bool(_NUMERIC.fullmatch(w.text)) and not _FOOTNOTE.fullmatch(w.text) for w in words)
    return len(words) <= 40 and numeric * 3 <= len(words) and max(w.x1 for w in words[-8:]) - words[-1].x0 < 0.5 * width


# --- columns and order -------------------------------------------------------------------


def _segments(line: Sequence[Word]) -> list[list[Word]]:
    parts: list[list[Word]] = []
    for word in line:
        last = parts[-1][-1] if parts else None
        if last is not None and _one_cell(last, word):
            parts[-1].append(word)
        else:
            parts.append([word])
    return parts


def _one_cell(left: Word, right: Word) -> bool:
    """Whether two words stand in one cell. Two figures that are one stand closer than words do."""
    gap, size = right.x0 - left.x1, max(left.size, right.size)
    if gap <= FIGURE_GAP * size:
        return True
    return gap <= CELL_GAP * size and not (left.text[-1:].isdigit() and right.text[:1].isdigit())


def _split_columns(lines: list[list[Word]], width: float) -> list[list[Word]]:
    """Two columns drawn line by line across the gutter are cut at it; anything else is left alone."""
    halves: list[tuple[int, list[Word], list[Word]]] = []
    for i, line in enumerate(lines):
        parts = _segments(line)
        if len(parts) == 2:
            halves.append((i, parts[0], parts[1]))
    if len(halves) < COLUMN_ROWS:
        return lines
    gutter = median((left[-1].x1 + right[0].x0) / 2 for _, left, right in halves)
    starts = median(right[0].x0 for _, _, right in halves)
    halves = [h for h in halves if h[1][-1].x1 < starts - 4 and abs(h[2][0].x0 - starts) < 0.1 * width]
    sides = ([h[1] for h in halves], [h[2] for h in halves])
    if len(halves) < COLUMN_ROWS or not all(map(_prose, sides)):
        return lines
    if not (all(_wide(side, width) for side in sides) or _beside(*sides)):
        return lines
    first, last = halves[0][0], halves[-1][0]
    cut = {i: (left, right) for i, left, right in halves}
    across = [i for i in range(first, last + 1) if i not in cut and lines[i][0].x0 < gutter < lines[i][-1].x1]
    if len(across) > len(halves) * 0.2:
        return lines
    result, left_side, right_side = lines[:first], [], []
    for i in range(first, last + 1):
        if i in cut:
            left_side.append(cut[i][0])
            right_side.append(cut[i][1])
        elif i in across:
            result.extend([*left_side, *right_side, lines[i]])
            left_side, right_side = [], []
        else:
            (left_side if lines[i][-1].x1 < starts else right_side).append(lines[i])
    return [*result, *left_side, *right_side, *lines[last + 1 :]]


def _prose(lines: Sequence[Sequence[Word]]) -> bool:
    words = [w for line in lines for w in line]
    numeric = sum(bool(_NUMERIC.fullmatch(w.text)) for w in words)
    return len(words) >= PROSE_WORDS * len(lines) and numeric < len(words) * 0.2


def _wide(lines: Sequence[Sequence[Word]], width: float) -> bool:
    return median(line[-1].x1 - line[0].x0 for line in lines) > 0.22 * width


def _beside(left: Sequence[Sequence[Word]], right: Sequence[Sequence[Word]]) -> bool:
    """Whether lines side by side are two narrow columns of text, not the cells of a table: sentences run on from line
    to line in both, and do not begin at the same height in both.
    """
    if not (_flows(left) and _flows(right)):
        return False
    begins = [[at for at, line in enumerate(side) if at and line[0].text[:1].isupper()] for side in (left, right)]
    both, either = len(set(begins[0]) & set(begins[1])), len(set(begins[0]) | set(begins[1]))
    return both < 2 or 2 * both < either


def _flows(lines: Sequence[Sequence[Word]]) -> bool:
    on = sum(a[-1].text[-1:] not in ".;:!?" and b[0].text[:1].islower() for a, b in pairwise(lines))
    return 3 * on >= len(lines) - 1 > 0


def _runs(lines: Sequence[list[Word]]) -> list[_Run]:
    runs: list[_Run] = []
    for line in lines:
        last = runs[-1].lines[-1] if runs else None
        down = last is not None and _base(line) <= _base(last) + 0.35 * line[0].size
        if last is not None and down and line[0].upright == last[0].upright:
            runs[-1].lines.append(line)
        else:
            runs.append(_Run([line]))
    return runs


def _ordered(runs: list[_Run]) -> list[_Run]:
    """Runs in reading order, and table columns drawn one after the other joined to rows."""
    if not 1 < len(runs) < 60 or sum(len(run.lines) for run in runs) > MAX_LINES:  # a drawing: no order to restore
        return runs
    result: list[_Run] = []
    for run in runs:
        if result and _join_rows(result[-1], run):
            continue
        at = len(result)
        while at and _before(run, result[at - 1]):
            at -= 1
        result.insert(at, run)
    return result


def _before(late: _Run, early: _Run) -> bool:
    lx0, ly0, lx1, ly1 = late.box()
    ex0, ey0, ex1, ey1 = early.box()
    if not late.lines[0][0].upright or not early.lines[0][0].upright:
        return False
    if min(lx1, ex1) > max(lx0, ex0):  # one above the other
        return ly0 > ey1
    overlap = min(ly1, ey1) - max(ly0, ey0)
    sides = lx1 < ex0 and overlap > 0.5 * min(ly1 - ly0, ey1 - ey0)
    return sides and min(len(late.lines), len(early.lines)) >= 3 and _prose(late.lines) and _prose(early.lines)


def _join_rows(first: _Run, second: _Run) -> bool:
    """Join a column of cells to the rows left of it; False when it is none."""
    both = first.lines, second.lines
    if min(map(len, both)) >= COLUMN_ROWS and all(map(_prose, both)) and _beside(*both):
        return False
    cells = list(takewhile(lambda line: len(line) <= MAX_CELL, second.lines))
    pairs, alone = [], []
    for line in cells:
        near = min(first.lines, key=lambda other: abs(_base(other) - _base(line)))
        level = abs(_base(near) - _base(line)) < 0.35 * line[0].size
        if level and near[-1].x1 >= line[0].x0:
            return False
        if level:
            pairs.append((near, line))
        else:
            alone.append(line)
    if len(pairs) < max(2, 2 * len(alone)) or len({id(near) for near, _ in pairs}) < len(pairs):
        return False
    for near, line in pairs:
        near.extend(line)
    first.lines = sorted([*first.lines, *alone], key=_base, reverse=True) if alone else first.lines
    first.lines.extend(second.lines[len(cells) :])
    return True


# --- cells and tables --------------------------------------------------------------------


def _row(line: Sequence[Word], run: int) -> Row:
    cells: list[str] = []
    edges: list[tuple[float, float]] = []
    for part in _segments(line):
        text = text_of(part)
        if cells and _GLUE_LEFT.fullmatch(text) and _ENDS_FIGURE.search(cells[-1]):
            cells[-1] += text
            edges[-1] = (edges[-1][0], part[-1].x1)
        elif cells and _GLUE_RIGHT.fullmatch(cells[-1]):
            cells[-1] += " " + text
            edges[-1] = (edges[-1][0], part[-1].x1)
        else:
            cells.append(text)
            edges.append((part[0].x0, part[-1].x1))
    return Row(
        cells=cells,
        edges=edges,
        x0=line[0].x0,
        x1=max(w.x1 for w in line),
        y=_base(line),
        size=median(w.size for w in line),
        weight=min(w.weight for w in line if any(c.isalnum() for c in w.text))
        if any(c.isalnum() for w in line for c in w.text)
        else 0,
        lead=line[0].weight,
        weights=[w.weight for w in line],
        words=len(line),
        hyphen=line[-1].hyphen,
        upright=line[0].upright,
        run=run,
        foot=min(w.y for w in line),
    )


def _tabular(row: Row) -> bool:
    """Whether a row alone looks like a table's: numbers in its cells, or three of them."""
    if len(row.cells) < 2 or not row.upright:
        return False
    rest = row.cells[1:]
    if len(row.cells) == 2 and ENUMERATOR.fullmatch(row.cells[0]) and not _NUMERIC.fullmatch(rest[0]):
        return False
    return len(row.cells) >= 3 or any(_NUMERIC.fullmatch(on_the_line(cell)) for cell in rest)


def _aligned(one: Row, other: Row) -> bool:
    """Whether two rows of several cells share a cell edge beyond the first cell."""
    return any(abs(a[0] - b[0]) < 3 or abs(a[1] - b[1]) < 3 for a in one.edges[1:] for b in other.edges[1:])


def _mark_tables(rows: list[Row]) -> None:
    sure = [_tabular(row) for row in rows]
    for i in range(1, len(rows)):
        one, two = rows[i - 1], rows[i]
        several = len(one.cells) > 1 and len(two.cells) > 1
        listed = ENUMERATOR.fullmatch(one.cells[0]) and ENUMERATOR.fullmatch(two.cells[0])
        if several and not listed and _aligned(one, two):
            sure[i - 1] = sure[i] = True
    table, i = 0, 0
    while i < len(rows):
        if not sure[i]:
            i += 1
            continue
        end = _table_end(rows, sure, i)
        if end - i > 1 or len(rows[i].cells) > 2:
            for row in rows[_table_start(rows, i, end) : end]:
                row.table = table
            table += 1
        i = end


def _table_start(rows: Sequence[Row], start: int, end: int) -> int:
    """Index of the first header row above a table: column titles over its cells, up to three of them."""
    columns = min(row.edges[1][0] for row in rows[start:end] if len(row.cells) > 1)
    at = start
    while at > max(0, start - 3):
        row = rows[at - 1]
        near = row.run == rows[at].run and 0 < row.y - rows[at].y < (4.5 if len(row.cells) > 1 else 2.2) * row.size
        if not near or row.table is not None or not row.upright or not (row.x0 > columns - 60 or len(row.cells) > 1):
            break
        if row.words > 16 or ENUMERATOR.fullmatch(row.cells[0]):
            break
        at -= 1
    return at


def _table_end(rows: Sequence[Row], sure: Sequence[bool], start: int) -> int:
    """Index after the last row of the table at `start`; up to three one-cell rows (labels) may stand within it."""
    end, i = start + 1, start + 1
    while i < len(rows) and i - end <= 3:
        gap = rows[i - 1].y - rows[i].y
        if rows[i].run != rows[start].run or not 0 <= gap < (4.2 if sure[i] else 3.2) * rows[i].size:
            break
        if sure[i]:
            end = i + 1
        elif rows[i].words > 14 and rows[i].x1 > max(r.x1 for r in rows[start:end]) - 20:
            break  # a full line of prose ends a table
        i += 1
    return end
