"""Workbooks and CSV: each row a line of cells as the reader sees them, with the range it stands in.

What a reader does not see (hidden sheets, rows, columns, formulas never calculated) is left out and
reported. Values come from openpyxl; what its streaming reader skips comes from the sheet's XML.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, cast

from lxml import etree
from openpyxl import load_workbook
from openpyxl.utils import get_column_letter, range_boundaries
from openpyxl.utils.exceptions import (
    CellCoordinatesException,
    InvalidFileException,
    NamedRangeException,
    SheetTitleException,
)

from retrieval.errors import DocumentUnreadable
from retrieval.parse.archive import Archive, open_archive
from retrieval.parse.blocks import Block, assemble
from retrieval.parse.deleted import is_kept, struck
from retrieval.parse.figures import GAP, apart
from retrieval.parse.grid import MOST_COLUMNS, line
from retrieval.parse.numfmt import show
from retrieval.parse.raised import lowered, raised
from retrieval.parse.text import decoded, lines_of
from retrieval.parse.titling import file_title, title_of, words_of
from retrieval.parse.workbook import NS, STRUCK, prepared
from retrieval.types import LeftOut, ParsedDocument

MAX_ROWS = 100_000  # rows with text, of a workbook or a CSV file
MAX_CELLS = 2_000_000  # places between a row's first and last cell, of a workbook
_COLUMNS = 16_384  # of a sheet

_VENDOR = (InvalidFileException, CellCoordinatesException, NamedRangeException, SheetTitleException)
_PARTS = (("vbaProject.bin", "macros"), ("xl/charts/", "chart"), ("xl/media/", "picture"), ("omments", "comments"))
_GAP = 20  # more empty cells than this inside a row are shown as one


@dataclass(slots=True)
class _Hidden:
    """What openpyxl's streaming reader does not tell of a sheet."""

    rows: set[int] = field(default_factory=set)
    columns: bytearray = field(default_factory=lambda: bytearray(_COLUMNS + 1))  # 1 where one is hidden
    merges: list[tuple[int, int, int, int]] = field(default_factory=list)  # first column, row, last column, row
    uncached: list[str] = field(default_factory=list)  # formulas without a value

    def column(self, number: int) -> bool:
        return number <= _COLUMNS and bool(self.columns[number])


@dataclass(slots=True)
class _Budget:
    """What may still be read of a file."""

    rows: int = MAX_ROWS
    cells: int = MAX_CELLS
    tables: int = 0


def parse_xlsx(name: str, content: bytes) -> ParsedDocument:
    """Read a workbook. Raises ParserLimit, EncryptedDocument, DocumentUnreadable."""
    archive = open_archive(content)
    archive.refuse_entities()
    try:
        return _read(name, *prepared(content, archive))
    except (*_VENDOR, etree.LxmlError) as error:
        raise DocumentUnreadable("The file is damaged: its workbook cannot be read.") from error


def _read(name: str, content: bytes, archive: Archive) -> ParsedDocument:
    book = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
    budget = _Budget()
    left_out: list[LeftOut] = []
    blocks: list[Block] = []
    for sheet in cast("list[Any]", book.worksheets):
        if sheet.sheet_state != "visible":
            left_out.append(LeftOut("hidden sheet", sheet.title))
            continue
        hidden = _look(archive, sheet._worksheet_path)  # no public name tells which part holds a sheet
        blocks.append(Block(sheet.title, level=1, heading=sheet.title))
        blocks.extend(_rows(sheet, hidden, budget, left_out))
    left_out += [LeftOut(what, "workbook") for mark, what in _PARTS if any(mark in n for n in archive.names)]
    title = book.properties.title if book.properties else None
    book.close()
    has_rows = any(b.level is None for b in blocks)
    words = words_of("\n".join(block.text for block in blocks))
    return assemble(title_of(name, (str(title or ""),), words), blocks if has_rows else (), left_out=left_out)


def _look(archive: Archive, part: str) -> _Hidden:
    """Hidden rows and columns, merged cells and formulas without a value, from the sheet's XML."""
    found = _Hidden()
    data = archive.read(part.lstrip("/"))
    try:
        events = etree.iterparse(io.BytesIO(data), resolve_entities=False, no_network=True, load_dtd=False)
        for _, element in events:
            _note(found, element)
            if element.tag in (f"{NS}row", f"{NS}mergeCell", f"{NS}col"):
                element.clear()
                while element.getprevious() is not None and element.getparent() is not None:
                    del element.getparent()[0]
    except etree.LxmlError as error:
        raise DocumentUnreadable("The file is damaged: a sheet cannot be read.") from error
    return found


def _note(found: _Hidden, element: Any) -> None:
    tag = element.tag
    if tag == f"{NS}row" and element.get("hidden") in ("1", "true"):
        found.rows.add(int(element.get("r") or 0))
    elif tag == f"{NS}col" and element.get("hidden") in ("1", "true"):
        first, last = max(0, int(element.get("min"))), min(_COLUMNS, int(element.get("max")))
        found.columns[first : last + 1] = b"\1" * max(0, last + 1 - first)
    elif tag == f"{NS}mergeCell" and len(found.merges) < 20_000:
        first_column, first_row, last_column, last_row = range_boundaries(element.get("ref") or "")
        if None not in (first_column, first_row, last_column, last_row):
            found.merges.append((first_column or 0, first_row or 0, last_column or 0, last_row or 0))
    elif tag == f"{NS}c" and element.find(f"{NS}f") is not None and not (element.findtext(f"{NS}v") or ""):
        inline = element.find(f"{NS}is")
        if inline is None and element.get("t") != "str":
            found.uncached.append(element.get("r") or "")


@dataclass(slots=True)
class _Line:
    """A visible row: its texts by column; `title`: one cell that stands over all its columns."""

    number: int
    cells: dict[int, str]
    title: bool = False
    bold: bool = False


def _rows(sheet: Any, hidden: _Hidden, budget: _Budget, left_out: list[LeftOut]) -> Iterator[Block]:
    """The visible rows of a sheet; a row without text ends a table."""
    where = sheet.title if sheet.title.replace("_", "").isalnum() else "'" + sheet.title.replace("'", "''") + "'"
    sheet.reset_dimensions()  # a far cell must not make every row 16,384 cells wide
    merged = _Merged(hidden.merges)
    gone: list[str] = []
    seen_hidden = False
    skipped_columns: set[int] = set()
    table: list[_Line] = []
    for number, row in enumerate(sheet.iter_rows(), 1):
        budget.cells -= len(row)
        cells = {c.column: _shown(c, gone) for c in row if c.value is not None}
        if not any(text.strip() for text in cells.values()):
            if table and not cells:
                yield from _table(table, where, budget)
                table = []
            continue
        if number in hidden.rows:
            seen_hidden = True
            continue
        if budget.rows <= 0 or budget.cells < 0:
            left_out.append(LeftOut("rows above the limit of one file", f"{where}!{number} and below"))
            break
        budget.rows -= 1
        skipped_columns |= {c for c in cells if cells[c].strip() and hidden.column(c)}
        found = merged.fill(number, cells)
        budget.cells -= len(found.cells)  # merged cells are said again in each row
        found.cells = {c: t for c, t in found.cells.items() if not hidden.column(c)}
        found.bold = _bold(row, hidden)
        if any(t.strip() for t in found.cells.values()):
            table.append(found)
    yield from _table(table, where, budget)
    if seen_hidden:
        left_out.append(LeftOut("hidden rows", sheet.title))
    left_out += [
        LeftOut("hidden column", f"{sheet.title}, column {get_column_letter(c)}") for c in sorted(skipped_columns)
    ]
    left_out += _listed("formula without a stored value", where, hidden.uncached)
    left_out += _listed("struck-out text", where, gone)


def _bold(row: Sequence[Any], hidden: _Hidden) -> bool:
    """Whether all that is seen in a row is set bold, as the head of a table is."""
    shown = [c for c in row if c.value is not None and str(c.value).strip() and not hidden.column(c.column)]
    return bool(shown) and all(c.font is not None and c.font.b for c in shown)


def _listed(what: str, where: str, cells: Sequence[str]) -> list[LeftOut]:
    """One entry for a kind of cell, the first ten named."""
    more = f" and {len(cells) - 10} more" if len(cells) > 10 else ""
    return [LeftOut(what, f"{where}!{', '.join(cells[:10])}{more}")] if cells else []


def _shown(cell: Any, gone: list[str]) -> str:
    """A cell as its reader sees it; where struck-out text is left out it is named in `gone`."""
    text = show(cell.value, cell.number_format)
    font = cell.font
    through = bool(font is not None and font.strike and text.strip())
    if through and not is_kept():
        gone.append(cell.coordinate)
        return ""
    if STRUCK in text:
        gone.append(cell.coordinate)
        text = apart(text.replace(f" {STRUCK} ", " ").replace(STRUCK, GAP))
    aligned = font.vertAlign if font is not None else None
    text = raised(text) if aligned == "superscript" else lowered(text) if aligned == "subscript" else text
    return struck(text) if through else text


def _table(rows: Sequence[_Line], where: str, budget: _Budget) -> Iterator[Block]:
    """The rows of a table, from its first column on: an empty cell before or between others counts."""
    budget.tables += 1
    first = min((c for row in rows for c, text in row.cells.items() if text.strip()), default=1)
    last = max((c for row in rows if not row.title for c, text in row.cells.items() if text.strip()), default=1)
    for row in rows:
        filled = sorted(c for c, text in row.cells.items() if text.strip())
        parts = [] if row.title else [""] * min(filled[0] - first, _GAP)
        parts.append(_flat(row.cells[filled[0]]))
        for before, column in () if row.title else pairwise(filled):
            empty = column - before - 1
            parts += [""] * (empty if empty <= _GAP else 1)
            parts.append(_flat(row.cells[column]))
        parts += [] if row.title or last - filled[-1] > _GAP else [""] * (last - filled[-1])
        start, end = get_column_letter(first), get_column_letter(filled[-1])
        span = f"{start}{row.number}" if first == filled[-1] else f"{start}{row.number}:{end}{row.number}"
        yield Block(line(parts), locator=f"{where}!{span}", table=budget.tables, head=row.bold)


def _flat(text: str) -> str:
    """A cell on one line: its own line breaks would look like rows."""
    return " ".join(text.split())


class _Merged:
    """Cells merged over several rows and columns: the reader sees them in each."""

    def __init__(self, merges: Sequence[tuple[int, int, int, int]]) -> None:
        self._starts: dict[int, list[tuple[int, int, int]]] = {}  # by first row: first and last column, last row
        for column, row, last_column, last_row in merges:
            place = (column, min(last_column, column + MOST_COLUMNS), last_row)
            self._starts.setdefault(row, []).append(place)
        self._open: dict[int, tuple[int, str]] = {}  # by column: last row and text

    def fill(self, number: int, cells: dict[int, str]) -> _Line:
        """The row of these cells with what is merged into it."""
        self._open = {c: (last, text) for c, (last, text) in self._open.items() if last >= number}
        found = {**{c: text for c, (_, text) in self._open.items()}, **cells}
        own = [c for c, text in cells.items() if text.strip()]
        title = False
        for column, last_column, last_row in self._starts.get(number, ()):
            text = cells.get(column, "")
            if not text.strip():
                continue
            title = title or (own == [column] and last_column > column and not self._open)
            for covered in range(column, last_column + 1):
                found[covered] = text
                if last_row > number:
                    self._open[covered] = (last_row, text)
        return _Line(number, found, title)


# --- CSV ------------------------------------------------------------------------------------


def parse_csv(name: str, content: bytes) -> ParsedDocument:
    """Read comma-, semicolon-, tab- or bar-separated text. Raises UnsupportedFormat, DocumentUnreadable."""
    text, notes = decoded(content)
    text = lines_of(text)
    csv.field_size_limit(1_000_000)
    try:
        dialect: Any = csv.Sniffer().sniff(text[:16_384], ",;\t|")
    except csv.Error:
        dialect = csv.get_dialect("excel-tab" if name.lower().endswith((".tsv", ".tab")) else "excel")
    left_out = list(notes)
    try:
        blocks = list(_records(csv.reader(io.StringIO(text, newline=""), dialect), left_out))
    except csv.Error as error:
        raise DocumentUnreadable(f"The file is damaged: it cannot be read as CSV ({error}).") from error
    return assemble(file_title(name), blocks, left_out=left_out)


def _records(records: Iterable[list[str]], left_out: list[LeftOut]) -> Iterator[Block]:
    table = 0
    rows = 0
    for record in records:
        first = getattr(records, "line_num", 0) - sum(cell.count("\n") for cell in record)
        if not any(cell.strip() for cell in record):
            table += 1
            continue
        if rows == MAX_ROWS:
            left_out.append(LeftOut("rows above the limit of one file", f"line {first} and below"))
            return
        rows += 1
        yield Block(line([_flat(cell) for cell in record]), locator=f"line {first}", table=table)
