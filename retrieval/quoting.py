"""How a unit is shown: its own words on one line, and the spans that they stand in. Pure."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from retrieval.locators import locate
from retrieval.parse.grid import columns
from retrieval.table_heads import DATED
from retrieval.text.sentences import cells, item_of
from retrieval.text.words import squash
from retrieval.types import Citation, Passage, Slice, Unit, UnitKind

_NAME = 80  # characters of a column's name; a longer one is text
_SCALE = re.compile(
    r"\([^()\n]{0,40}\b(?:thousands|millions|billions|tausend|millionen|milliers|millions)\b[^()\n]{0,60}\)", re.I
)
_BULLETS = re.compile(r"^\s*[-–—•▪◦‣·*●○■□]+\s+", re.MULTILINE)
_PARTED = re.compile(r"[,;、；，](?:\s+[^\W\d_]{1,6})?\s*$", re.MULTILINE)
_WORD = re.compile(r"[^\W\d_]{4}")
_AMOUNT = re.compile(r"^(?:[^\W\d_]{3}|[^\w\s])?\s?[\d.,'\u00a0\u202f]*\d(?!\w)")
_RATE = re.compile(r"(?<=\w)\s+(?:per|pro|par|por|je|al)\s+[^\W\d_]+$", re.I)
"""What makes a rate of an amount, at the end of a column's name: "per night"."""
_GAP = 12  # characters of white space, bullets and numbers between a lead-in and its first item


def statement(unit: Unit) -> str:
    """A unit as printed: an item behind its lead-in, a row with the names of its columns, a list without bullets."""
    if unit.kind is UnitKind.ROW:
        return _row(unit)
    return squash(" ".join((*(s.text for s in unit.lead), _listed(unit))))


def citations(unit: Unit, passage: Passage, first: int) -> list[Citation]:
    """The unit's quotes, numbered from `first`: what introduces it, then itself; one where they stand together."""
    spans: list[Slice] = []
    for part in (*_shown_lead(unit), Slice(unit.start, unit.end, unit.text)):
        last = spans[-1] if spans else None
        between = _between(passage, last, part) if last is not None else None
        if last is not None and between is not None:
            spans[-1] = replace(last, end=part.end, text=last.text + between + part.text)
        else:
            spans.append(part)
    made = [_citation(n, span, passage) for n, span in enumerate(spans, first)]
    return [*made[:-1], replace(made[-1], more=unfinished(unit))]


def unfinished(unit: Unit) -> str:
    """What to say behind a unit: what else belongs to it; "" where it is whole."""
    return "" if unit.kind is UnitKind.LIST else unit.more


def _between(passage: Passage, last: Slice, part: Slice) -> str | None:
    """The text between two spans that nothing but white space, a bullet or a number parts."""
    if not last.end <= part.start <= last.end + _GAP or last.start < passage.start or part.end > passage.end:
        return None
    return passage.text[last.end - passage.start : part.start - passage.start]


def _shown_lead(unit: Unit) -> Sequence[Slice]:
    """What introduces a unit, as far as it is printed with it."""
    if unit.kind is not UnitKind.ROW:
        return unit.lead
    head = _head(unit)
    named = head is not None and _named_cells(head.text, unit.text) is not None
    return [s for s in unit.lead if (s is head and named) or (s is not head and _SCALE.search(s.text))]


def _head(unit: Unit) -> Slice | None:
    """The head of a row's table; a line over the table is none."""
    last = unit.lead[-1] if unit.lead else None
    return last if last is not None and len(cells(last.text.split("\n")[0])) > 1 else None


@dataclass(frozen=True, slots=True)
class Row:
    """A table's row as it is read: its own name, its cells, each with the name of its column, and their scale."""

    head: str  # "Grade"; "" where the first column has no name
    own: str  # "Manager"
    columns: tuple[tuple[str, str], ...]
    scale: str = ""  # "(In millions)"

    @property
    def name(self) -> str:
        return f"{self.head}: {self.own}" if self.head else self.own


def row(unit: Unit) -> Row | None:
    """A row whose cells have names; None where they cannot be told."""
    head = _head(unit)
    named = _named_cells(head.text, unit.text) if head is not None else None
    return replace(named, scale=_scale(unit, head)) if named is not None else None


def _scale(unit: Unit, head: Slice | None) -> str:
    return " ".join(m.group() for s in unit.lead if s is not head and (m := _SCALE.search(s.text)))


def _row(unit: Unit) -> str:
    """A row as a sentence, with the names of its columns and its scale: "Paris: Hotel 210 EUR per night; Open: yes".

    What counts is said behind its name, all else behind a colon; a first cell that is no word keeps its column's name.
    """
    read = row(unit)
    if read is None:
        held = columns(unit.text)
        gap = (
            "" in held[1 : max((n for n, cell in enumerate(held) if cell), default=0)]
        )  # an empty cell between two says which
        return " ".join(
            filter(None, (squash(unit.text) if gap else " | ".join(cells(unit.text)), _scale(unit, _head(unit))))
        )
    told = [_cell(name, cell) for name, cell in read.columns]
    own = read.own if _WORD.search(read.own) else f"{read.head} {read.own}".strip()
    parted = " – " if read.columns and told[0].startswith(f"{read.columns[0][0]}:") else ": "
    return f"{parted.join(filter(None, (own, '; '.join(told))))} {read.scale}".rstrip()


def _cell(name: str, cell: str) -> str:
    """ "Hotel 210 EUR per night" of "Hotel per night" and "210 EUR"; "2023: 12", "Open: yes"."""
    if not name:
        return cell
    if not _AMOUNT.search(cell) or not name[-1].isalpha():
        return f"{name}: {cell}"
    rate = _RATE.search(name)
    if rate and cell.endswith(rate[0]):
        return f"{name[: rate.start()]} {cell}"
    return f"{name[: rate.start()]} {cell}{rate[0]}" if rate else f"{name} {cell}"


def _named_cells(head: str, row: str) -> Row | None:
    """A row with the names of its columns; None where they cannot be told.

    Where the first column has no name: "Revenue; 2023: 12; 2022: 10".
    """
    held, lines = columns(row), [columns(line) for line in head.splitlines() if line.strip()]
    if max(map(len, lines)) == len(held) > 1 and _sure(lines, held):
        names = _names([line for line in lines if len(line) == len(held)])
    else:
        held = cells(row)
        names = _names_in_order([cells(line) for line in head.splitlines() if line.strip()], len(held))
    if not names or any(len(name) > _NAME for name in names):
        return None
    if any(cell and not name for name, cell in zip(names[1:], held[1:], strict=True)):
        return None  # a name stands over several columns: over which, the text does not tell
    first = "" if DATED.search(names[0]) or not held[0] else names[0].rstrip(",:")
    told = zip(names[1:], held[1:], strict=True)
    return Row(first, held[0], tuple((name, cell) for name, cell in told if cell))


def _sure(lines: Sequence[Sequence[str]], row: Sequence[str]) -> bool:
    """Whether a row's cells stand under their names: empty ones count, or none is missing."""
    return any("" in line for line in (*lines, row)) or not DATED.fullmatch(lines[-1][0])


def _names(lines: Sequence[Sequence[str]]) -> list[str]:
    """The name of each column from the lines of a head, top to bottom; what stands over several is said with each."""
    above = [_spread(line) for line in lines[:-1]]
    return [" ".join(dict.fromkeys(filter(None, column))) for column in zip(*above, lines[-1], strict=True)]


def _spread(line: Sequence[str]) -> Sequence[str]:
    """A line of a head over pairs or more: "| 2023 | | 2022 |" names four columns. Any other one stays as it is."""
    filled = [n for n, cell in enumerate(line) if cell and n]
    steps = {b - a for a, b in pairwise((*filled, len(line)))}
    if len(filled) < 2 or len(steps) != 1:
        return line
    return [cell or (line[filled[bisect_right(filled, n) - 1]] if n > filled[0] else "") for n, cell in enumerate(line)]


def _names_in_order(lines: Sequence[Sequence[str]], wanted: int) -> list[str]:
    """The same of a table whose empty cells the text does not show; [] where a cell may be missing."""
    names = max(map(list, reversed(lines)), key=len)
    if len(names) not in (wanted, wanted - 1) or (len(names) == wanted and DATED.fullmatch(names[0])):
        return []
    names = names if len(names) == wanted else ["", *names]
    first, names = names[0], names[1:]
    for line in lines:  # years over names: "2023 | 2022" over "Amount | % | Amount | %"
        over = line[-(len(line) - len(line) % 2) :] if len(line) > 1 else line
        if 1 < len(over) < len(names) and len(names) % len(over) == 0:
            each = len(names) // len(over)
            names = [f"{over[n // each]} {name}" for n, name in enumerate(names)]
    return [first, *names]


def _listed(unit: Unit) -> str:
    """A list without its bullets and numbers, its items parted by semicolons; anything else as it stands.

    So does a list that is one sentence: it has its own marks, and its own words between them.
    """
    if unit.kind is not UnitKind.LIST:
        return unit.text
    lead, _, rest = unit.text.partition("\n")
    if unit.more:
        return _BULLETS.sub("", unit.text) if _PARTED.search(unit.text) else unit.text
    items = [squash(item_of(line)).rstrip(";,. ") for line in rest.splitlines() if line.strip()]
    return f"{squash(lead)} {'; '.join(items)}." if items else unit.text


def _citation(n: int, span: Slice, passage: Passage) -> Citation:
    page, locator = locate(passage.places, span.start, span.end)
    if page is None and locator is None:  # a lead-in far above
        page, locator = span.page, span.locator
    if page is None and locator is None and span.end <= passage.start:  # its place was not stored once
        page = passage.section.page_start if passage.section.start <= span.start else None
    # The innermost section that holds the quote: small clauses share a passage, and each has its own number.
    holders = [s for s in passage.sections if s.start <= span.start and span.end <= s.end]
    section = holders[-1] if holders else passage.section
    return Citation(n, passage.document, section, passage.chunk_id, span.start, span.end, span.text, page, locator)
