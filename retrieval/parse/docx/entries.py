"""From what stands in the body to entries: the numbered, readable lines that become blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from lxml import etree

from retrieval.parse.clauses.marks import ClauseMark
from retrieval.parse.docx.body import BodyReader, BodyTable, Item, TableRow
from retrieval.parse.docx.labels import mark_of
from retrieval.parse.docx.numbering import Number, Numbering
from retrieval.parse.docx.text import Note, ReadParagraph, TextRun
from retrieval.parse.grid import Cell, Grid, line
from retrieval.parse.raised import note_mark

_BLANKS = " \t\n"


@dataclass(slots=True)
class TextLine:
    """One line of the canonical text to be.

    `shown` is its computed number with what follows it, `pieces` its text (tabs kept), trimmed.
    `plain` entries (notes, text boxes, most table rows) never open a section.
    """

    shown: str = ""
    pieces: list[TextRun] = field(default_factory=list)
    number: Number | None = None
    mark: ClauseMark | None = None
    outline: int | None = None
    indent: int | None = None
    style: str = ""
    title: str | None = None
    plain: bool = False
    table: int | None = None
    line: str | None = None  # the whole text of a table row
    head: bool = False  # a row that is set as the head of its table
    left: list[str] = field(default_factory=list)

    @property
    def body(self) -> str:
        return "".join(piece.text for piece in self.pieces)

    @property
    def text(self) -> str:
        """What the reader sees: number, suffix and text, tabs as spaces."""
        whole = self.line if self.line is not None else (self.shown + self.body).strip(_BLANKS)
        return whole.replace("\t", " ")


class Entries:
    """Counts numbers in reading order while it turns the body's items into entries."""

    def __init__(
        self, numbering: Numbering, body: BodyReader, note: Callable[[Note], Sequence[Item]], found: list[TextLine]
    ) -> None:
        self._numbering = numbering
        self._body = body
        self._note = note
        self._found = found
        self._tables = 0
        self._notes: dict[str, Numbering] = {}
        self._said: set[tuple[str, str]] = set()

    def add(self, items: Sequence[Item], *, plain: bool = False) -> None:
        for item in items:
            if isinstance(item, BodyTable):
                self._add_table(item, plain=plain)
                continue
            entry = self.entry(item)
            entry.plain = plain
            self._found.append(entry)
            self._add_apart([item])

    def entry(self, paragraph: ReadParagraph) -> TextLine:
        """A paragraph with its number counted."""
        style = paragraph.style
        number = self._count(paragraph)
        entry = TextLine(
            pieces=_trimmed(paragraph.pieces),
            number=number,
            outline=style.outline if style.outline is not None and 0 <= style.outline <= 8 else None,
            indent=style.indent,
            style=style.name,
            title=paragraph.title,
            left=list(paragraph.left),
        )
        if number is not None and not (paragraph.struck and not paragraph.text):  # struck out, number and all
            entry.indent = number.indent if number.indent is not None else style.indent
            entry.mark = mark_of(number, entry.indent)
            entry.shown = number.shown + number.suffix if number.shown else ""
            if number.unknown:
                entry.left.append("number in a format we cannot print")
        return entry

    def _count(self, paragraph: ReadParagraph) -> Number | None:
        style = paragraph.style
        if not style.num_id:  # 17.9.18: numId 0 takes a style's number away
            return None
        level = paragraph.level
        if level is None:
            level = self._numbering.level_of_style(style.num_id, style.chain)
        if level is None:
            level = style.ilvl
        return self._numbering.next(style.num_id, level or 0)

    def _add_table(self, table: BodyTable, *, plain: bool) -> None:
        self._tables += 1
        number, apart, grid = self._tables, list[ReadParagraph](), Grid()
        for row in table.rows:
            entry = self._row(row, apart, grid)
            entry.table = number
            entry.plain = plain or entry.mark is None or entry.outline is None
            self._found.append(entry)
        self._add_apart(apart)

    def _row(self, row: TableRow, apart: list[ReadParagraph], grid: Grid) -> TextLine:
        """A row on one line. It opens a section only where it begins with a numbered heading."""
        first: TextLine | None = None
        left: list[str] = []
        cells = []
        plain = False
        for at, box in enumerate(row.cells):
            entries = list(self._cell(box.items, apart))
            plain |= any(not piece.bold for e in entries for piece in e.pieces if piece.text.strip())
            if at == 0:
                first = next((e for e in entries if e.text), None)
            left += [what for e in entries for what in e.left]
            text = " ".join(" ".join(e.text.split("\n")) for e in entries if e.text)
            cells.append(Cell(text, box.columns, box.rows))
        entry = first if first is not None and first.line is None else TextLine()
        entry.line = line(grid.row(cells, skipped=row.skipped))
        entry.left = left
        entry.head = row.head or not plain
        return entry

    def _cell(self, cell: Sequence[Item], apart: list[ReadParagraph]) -> Iterator[TextLine]:
        for item in cell:
            if isinstance(item, BodyTable):
                grid = Grid()
                yield from [self._row(row, apart, grid) for row in item.rows]
            else:
                apart.append(item)
                yield self.entry(item)

    def _add_apart(self, paragraphs: Sequence[ReadParagraph]) -> None:
        """Text boxes and notes of paragraphs, after them."""
        for paragraph in paragraphs:
            for box in paragraph.boxes:
                self._within(self._numbering.fresh(), partial(self._add_box, box))
            for note in paragraph.notes:
                if (note.kind, note.id) in self._said:
                    continue  # its mark stands there; a long note that many refer to would be a document's most text
                self._said.add((note.kind, note.id))
                lists = self._notes.setdefault(note.kind, self._numbering.fresh())
                self._within(lists, partial(self._add_note, note))

    def _add_box(self, box: etree._Element) -> None:
        self.add(self._body.box(box), plain=True)

    def _within(self, lists: Numbering, read: Callable[[], None]) -> None:
        """Read a story that counts its lists apart from the body."""
        outer, self._numbering = self._numbering, lists
        try:
            read()
        finally:
            self._numbering = outer

    def _add_note(self, note: Note) -> None:
        entries = [self.entry(item) for item in self._note(note) if isinstance(item, ReadParagraph)]
        text = "\n".join(entry.text for entry in entries if entry.text)
        left = [what for entry in entries for what in entry.left]
        self._found.append(TextLine(line=f"{note_mark(note.mark)} {text}" if text else "", plain=True, left=left))


def note_items(root: etree._Element | None, tag: str, body: BodyReader) -> Callable[[str], Sequence[Item]]:
    """What stands in the note of an id; nothing for an id that is not there."""
    by_id = {item.get(item.tag.rpartition("}")[0] + "}id"): item for item in (root if root is not None else ())}

    def read(note_id: str) -> Sequence[Item]:
        found = by_id.get(note_id)
        return body.read(found) if found is not None and found.tag.endswith("}" + tag) else ()

    return read


def _trimmed(pieces: Sequence[TextRun]) -> list[TextRun]:
    kept = [TextRun(p.text, p.bold, p.underline) for p in pieces if p.text]
    while kept and not kept[0].text.strip(_BLANKS):
        kept.pop(0)
    while kept and not kept[-1].text.strip(_BLANKS):
        kept.pop()
    if kept:
        kept[0].text = kept[0].text.lstrip(_BLANKS)
        kept[-1].text = kept[-1].text.rstrip(_BLANKS)
    return kept
