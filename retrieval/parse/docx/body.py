"""The body of a DOCX file: paragraphs and tables in reading order, joined where a mark is gone."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from lxml import etree

from retrieval.parse.docx.package import W
from retrieval.parse.docx.styles import Styles, number, on, shade_of, value
from retrieval.parse.docx.text import Inline, ReadParagraph, TextRun, chosen, local
from retrieval.parse.grid import MOST_COLUMNS

_INSIDE = {"sdtContent", "customXml", "ins", "moveTo"}
_CONTENTS_STYLE = re.compile(r"toc (\d|heading)")


@dataclass(slots=True)
class Box:
    """A table cell, and over how many columns and rows it stands (17.4.17, 17.4.84). `at` is its first column."""

    items: list[Item]
    at: int
    columns: int = 1
    rows: int = 1


@dataclass(slots=True)
class TableRow:
    """A table row: its cells, without those that a cell above covers. `skipped` columns before them are empty."""

    cells: list[Box] = field(default_factory=list)
    skipped: int = 0
    width: int = 0
    head: bool = False  # said to be repeated at the top of each page


@dataclass(slots=True)
class BodyTable:
    """A table of more than one column; other tables are read as the paragraphs they hold."""

    rows: list[TableRow] = field(default_factory=list)


Item = ReadParagraph | BodyTable


class BodyReader:
    """Reads block content: the document's body, a cell, a text box, a note."""

    def __init__(self, inline: Inline, styles: Styles) -> None:
        self._inline = inline
        self._styles = styles

    def read(self, container: etree._Element) -> list[Item]:
        """What a container holds, with its paragraphs joined."""
        found: list[Item] = []
        self._collect(container, found)
        return _joined(found)

    def box(self, container: etree._Element) -> list[Item]:
        """A text box: its fill is unknown, so white text in it is taken as readable."""
        return self._behind(True, container)

    def _collect(self, container: etree._Element, found: list[Item]) -> None:
        for child in container:
            name = local(child)
            if name == "p":
                found.append(self._paragraph(child))
            elif name == "tbl":
                self._table(child, found)
            elif name == "sdt":
                self._control(child, found)
            elif name in _INSIDE:
                self._collect(child, found)
            elif name == "AlternateContent":
                branch = chosen(child)
                if branch is not None:
                    self._collect(branch, found)
            elif name == "altChunk":
                found.append(ReadParagraph(left=["embedded document chunk"]))

    def _paragraph(self, element: etree._Element) -> ReadParagraph:
        out = self._inline.paragraph(element)
        frame = element.find(f"{W}pPr/{W}framePr")
        if frame is not None and (frame.get(W + "dropCap") or "none") != "none":
            out.goes_on = "deleted"  # a drop cap is the first letter of the paragraph that follows
        if _CONTENTS_STYLE.match(out.style.name):
            return ReadParagraph(left=["table of contents"] if out.text else out.left)
        return out

    def _control(self, element: etree._Element, found: list[Item]) -> None:
        content = element.find(W + "sdtContent")
        gallery = value(element, "sdtPr", "docPartObj", "docPartGallery") or ""
        if gallery == "Table of Contents":
            found.append(ReadParagraph(left=["table of contents"]))
            if content is not None:  # read for its fields' sake, and dropped
                self._collect(content, [])
        elif content is not None:
            self._collect(content, found)

    def _table(self, element: etree._Element, found: list[Item]) -> None:
        whole = shade_of(element.find(W + "tblPr"))
        shaded = bool(whole) or self._styles.shades(value(element, "tblPr", "tblStyle"))
        table, left = BodyTable(), ReadParagraph()
        open_cells: dict[int, Box] = {}
        for tr in _through(element, "tr"):
            properties = tr.find(W + "trPr")
            if properties is not None and properties.find(W + "del") is not None:
                self._inline.skip(tr)
                continue
            row = self._row(tr, shaded, open_cells)
            if on(properties, "hidden"):
                left.left.append("hidden table row")
            elif row.width:
                table.rows.append(row)
        found.append(left)
        if all(row.width == 1 for row in table.rows):
            found.extend(item for row in table.rows for box in row.cells for item in box.items)
        else:
            found.append(table)

    def _row(self, tr: etree._Element, shaded: bool, open_cells: dict[int, Box]) -> TableRow:
        """A row; `open_cells` are those above that go on, by their first column, and are kept up to date."""
        skipped = _count(tr, "trPr", "gridBefore", least=0)
        said = tr.find(f"{W}trPr/{W}tblHeader")
        head = said is not None and said.get(W + "val") not in ("0", "false", "off")
        row, at, above = TableRow(skipped=skipped, head=head), skipped, dict(open_cells)
        open_cells.clear()
        for tc in _through(tr, "tc"):
            properties = tc.find(W + "tcPr")
            if properties is not None and properties.find(W + "cellDel") is not None:
                self._inline.skip(tc)
                continue
            box = Box(
                self._behind(shaded or bool(shade_of(properties)), tc), at, _count(tc, "tcPr", "gridSpan", least=1)
            )
            merged = properties.find(W + "vMerge") if properties is not None else None
            goes_on = merged is not None and merged.get(W + "val", "continue") == "continue" and at in above
            if goes_on:
                above[at].rows += 1
                open_cells[at] = above[at]
            else:
                row.cells.append(box)
                if merged is not None:
                    open_cells[at] = box
            row.width += 1
            at += box.columns
        return row

    def _behind(self, shaded: bool, container: etree._Element) -> list[Item]:
        before, self._inline.shaded = self._inline.shaded, self._inline.shaded or shaded
        try:
            return self.read(container)
        finally:
            self._inline.shaded = before


def _count(element: etree._Element, *path: str, least: int) -> int:
    """A number of columns; `least` where none is told, or none that a table can have."""
    told = number(value(element, *path))
    return least if told is None else min(max(told, least), MOST_COLUMNS)


def _through(parent: etree._Element, wanted: str) -> list[etree._Element]:
    """Rows or cells, those inside content controls and custom XML too."""
    found: list[etree._Element] = []
    for child in parent:
        name = local(child)
        if name == wanted:
            found.append(child)
        elif name in {"sdt", "sdtContent", "customXml", "ins", "moveTo"}:
            found.extend(_through(child, wanted))
    return found


def _joined(found: list[Item]) -> list[Item]:
    """Paragraphs whose mark is deleted or hidden, run into the next one."""
    done: list[Item] = []
    waiting: ReadParagraph | None = None
    for item in found:
        current = item
        if waiting is not None and isinstance(item, ReadParagraph):
            joined = _join(waiting, item)
            if joined is None:
                done.append(waiting)
            else:
                current = joined
        elif waiting is not None:
            done.append(_closed(waiting))
        waiting = None
        if isinstance(current, ReadParagraph) and current.goes_on:
            waiting = current
        else:
            done.append(current)
    if waiting is not None:
        done.append(_closed(waiting))
    return done


def _join(first: ReadParagraph, second: ReadParagraph) -> ReadParagraph | None:
    """One paragraph of two; None where the second one keeps a number of its own.

    A deleted mark leaves the properties of the mark that remains, the second one's (17.13.5.15). A
    hidden mark (a style separator) leaves the number and style of the first one, whose text is then
    a run-in heading; hidden altogether, the first one leaves nothing, and does not count.
    """
    if first.goes_on == "deleted" or not any(piece.text.strip() for piece in first.pieces):
        if first.goes_on == "deleted":
            first.pieces += second.pieces  # not the other way round: a thousand joins would copy a thousand times
            second.pieces = first.pieces
        second.notes[:0] = first.notes
        second.boxes[:0] = first.boxes
        second.left[:0] = first.left
        second.struck |= first.struck
        return second
    if second.style.num_id:
        return None
    if second.text and not first.pieces[-1].text[-1:].isspace() and not second.pieces[0].text[:1].isspace():
        second.pieces.insert(0, TextRun(" "))
    first.title = first.title or first.text
    first.pieces += second.pieces
    first.notes += second.notes
    first.boxes += second.boxes
    first.left += second.left
    first.struck |= second.struck
    first.goes_on = second.goes_on
    return first


def _closed(paragraph: ReadParagraph) -> ReadParagraph:
    """A paragraph that nothing follows: its mark is gone, and with it a number of an empty one."""
    if paragraph.text:
        return paragraph
    return ReadParagraph(notes=paragraph.notes, boxes=paragraph.boxes, left=paragraph.left)
