"""Presentations: each slide a section, its title first, its notes a sub-section."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any, NamedTuple

from lxml import etree
from pptx import Presentation
from pptx.exc import PythonPptxError

from retrieval.errors import DocumentUnreadable
from retrieval.parse.archive import Archive, open_archive
from retrieval.parse.blocks import Block, assemble
from retrieval.parse.deleted import is_kept, struck
from retrieval.parse.figures import GAP, apart
from retrieval.parse.formula import linear
from retrieval.parse.grid import Cell, Grid, line
from retrieval.parse.raised import lowered, raised
from retrieval.parse.strict import rewritten, transitional
from retrieval.parse.titling import first_headings, title_of, words_of
from retrieval.types import LeftOut, ParsedDocument

MAX_SLIDES = 5_000

_TINY = 25_400  # EMU: text below 2 points is there for machines
_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
_D = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_DEPTH = 20  # groups inside groups


def parse_pptx(name: str, content: bytes) -> ParsedDocument:
    """Read a presentation. Raises ParserLimit, EncryptedDocument, DocumentUnreadable."""
    archive = open_archive(content)
    archive.refuse_entities()
    try:
        return _read(name, *rewritten(content, archive, _change))
    except (PythonPptxError, etree.LxmlError, KeyError) as error:
        raise DocumentUnreadable("The file is damaged: its presentation cannot be read.") from error


def _read(name: str, content: bytes, archive: Archive) -> ParsedDocument:
    deck = Presentation(io.BytesIO(content))
    left_out: list[LeftOut] = []
    reader = _Reader(deck.slide_width or 0, deck.slide_height or 0, left_out)
    blocks: list[Block] = []
    for number, slide in enumerate(deck.slides, 1):
        if number > MAX_SLIDES:
            left_out.append(LeftOut("slides above the limit of one file", f"slide {number} and later"))
            break
        if slide._element.get("show") in ("0", "false"):  # no public name tells a hidden slide
            left_out.append(LeftOut("hidden slide", f"slide {number}"))
        else:
            blocks.extend(reader.slide(slide, number))
    if any(n.endswith("vbaProject.bin") for n in archive.names):
        left_out.append(LeftOut("macros", "presentation"))
    words = words_of("\n".join(block.text for block in blocks))
    title = title_of(name, (deck.core_properties.title or "", *first_headings(blocks)), words)
    return assemble(title, blocks, left_out=tuple(dict.fromkeys(left_out)))


class _Box(NamedTuple):
    """Where a shape stands, in EMU; None: nothing says it. Looked up once: a placeholder's is its layout's."""

    left: int | None
    top: int | None
    width: int | None
    height: int | None


class _Reader:
    """Reads slides of one size."""

    def __init__(self, width: int, height: int, left_out: list[LeftOut]) -> None:
        self._width = width
        self._height = height
        self._left_out = left_out
        self._tables = 0

    def slide(self, slide: Any, number: int) -> Iterator[Block]:
        where = f"slide {number}"
        title = slide.shapes.title
        heading = (
            " ".join(self._text(title.text_frame, "").split()) if title is not None and title.has_text_frame else ""
        )
        opened = False
        for text, table, head in self._shapes(slide.shapes, where, title):
            named = heading or f"Slide {number}"
            level, said = (None, "") if opened else (1, named)
            yield Block(text, level=level, heading=said, locator=where, table=table, head=head)
            opened = True
        notes = slide.notes_slide.notes_text_frame if slide.has_notes_slide else None
        said = self._text(notes, where) if notes is not None else ""
        if said.strip():
            if not opened:
                yield Block(heading or f"Slide {number}", level=1, heading=heading or f"Slide {number}", locator=where)
            yield Block(said, level=2, heading="Notes", locator=where)

    def _shapes(
        self, shapes: Iterable[Any], where: str, title: Any, depth: int = 0
    ) -> Iterator[tuple[str, int | None, bool]]:
        """(text, table, whether it is set as a head) in reading order: the title, then downwards and rightwards."""
        titled = title.shape_id if title is not None else None
        found = [(shape, _Box(shape.left, shape.top, shape.width, shape.height)) for shape in shapes]
        for shape, place in sorted(found, key=lambda p: (p[0].shape_id != titled, p[1].top or 0, p[1].left or 0)):
            if self._hidden(shape, place):
                if shape.has_text_frame and shape.text_frame.text.strip():
                    self._left_out.append(LeftOut("hidden text", where))
            elif hasattr(shape, "shapes") and depth < _DEPTH:
                yield from self._shapes(shape.shapes, where, None, depth + 1)
            elif shape.has_text_frame:
                yield from ((text, None, False) for text in self._paragraphs(shape.text_frame, where))
            elif getattr(shape, "has_table", False):
                self._tables += 1
                grid = Grid()
                # one by one, since python-pptx finds each row by counting from the first
                first = shape.table.first_row  # set as its head by the style of the table
                for _, held in groupby(shape.table.iter_cells(), lambda cell: cell._tc.getparent()):
                    row = [cell for cell in held if not cell.is_spanned]
                    cells = [self._cell(cell, where) for cell in row]
                    told = grid.row(cells)
                    if any(cell.text for cell in cells):
                        yield line(told), self._tables, first or all(map(_bold, row))
                    first = False
            else:
                drawn = _Drawing.of(shape)
                yield from ((text, None, False) for text in drawn.texts)
                if drawn.left:
                    self._left_out.append(LeftOut(drawn.left, where))

    def _hidden(self, shape: Any, place: _Box) -> bool:
        if shape._element.xpath("./*[1]/p:cNvPr[@hidden='1' or @hidden='true']"):
            return True
        left, top, width, height = place
        if left is None or top is None or width is None or height is None or not self._width:
            return False
        outside = left >= self._width or top >= self._height
        return outside or left + width <= 0 or top + height <= 0

    def _cell(self, cell: Any, where: str) -> Cell:
        return Cell(" ".join(self._text(cell.text_frame, where).split()), cell.span_width, cell.span_height)

    def _text(self, frame: Any, where: str) -> str:
        """All paragraphs of a frame, a line each; `where` is "" where nothing is to be reported again."""
        return "\n".join(self._paragraph(paragraph, where) for paragraph in frame.paragraphs)

    def _paragraphs(self, frame: Any, where: str) -> Iterator[str]:
        for paragraph in frame.paragraphs:
            runs = paragraph.runs
            if any(r.font.size is not None and r.font.size < _TINY and r.text.strip() for r in runs):
                self._left_out.append(LeftOut("hidden text", where))
                continue
            if text := self._paragraph(paragraph, where).strip():
                yield text

    def _paragraph(self, paragraph: Any, where: str) -> str:
        """A paragraph's text: struck-out runs left out, raised and lowered ones wrapped, equations in one line."""
        parts: list[str] = []
        for run in paragraph._p:  # no public name gives fields and equations beside the runs
            name = etree.QName(run).localname
            if name == "br":
                parts.append("\n")
            elif name in ("r", "fld"):
                text = _plain("".join(t.text or "" for t in run.iterfind(f"{_A}t")))
                look = _look(paragraph, run)
                gone = look.get("strike", "noStrike") != "noStrike"
                if gone and not is_kept():
                    if text.strip() and where:
                        self._left_out.append(LeftOut("struck-out text", where))
                    parts.append(GAP)
                    continue
                height = _height(look.get("baseline", ""))
                after = "".join(parts[-3:]).rstrip(GAP)[-1:] == " "
                text = text.removeprefix(" ") if after else text
                text = raised(text) if height > 0 else lowered(text) if height < 0 else text
                parts.append(struck(text) if gone else text)
            elif (found := next(run.iter(f"{_M}oMath"), None)) is not None:
                parts.append(f" {linear(found)} ")
        return apart("".join(parts))


def _bold(cell: Any) -> bool:
    """Whether all text of a cell is set bold, by its runs or by its text box."""
    runs = [(p, r) for p in cell.text_frame.paragraphs for r in p.runs if r.text.strip()]
    return all(_look(p, r._r).get("b") in ("1", "true") for p, r in runs)


def _look(paragraph: Any, run: Any) -> dict[str, str]:
    """The run's own properties over those that its text box says for paragraphs of this level."""
    own = run.find(f"{_A}rPr")
    body = paragraph._p.getparent()
    base = body.find(f"{_A}lstStyle/{_A}lvl{paragraph.level + 1}pPr/{_A}defRPr") if body is not None else None
    return {**(dict(base.attrib) if base is not None else {}), **(dict(own.attrib) if own is not None else {})}


def _height(baseline: str) -> int:
    """Above (1), below (-1) or on the line, from a share of the type size such as "30000" or "-25%"."""
    return 0 if not baseline.strip("0%") else -1 if baseline.startswith("-") else 1


def _plain(text: str) -> str:
    """Text with line feeds for the vertical tabs that stand for line breaks."""
    return text.replace("\v", "\n").replace("\r", "\n").replace("_x000B_", "\n")


@dataclass(frozen=True, slots=True)
class _Drawing:
    """What is read of a chart, diagram or picture: its texts, and what is left out of it, "" where that is nothing."""

    texts: tuple[str, ...]
    left: str

    @classmethod
    def of(cls, shape: Any) -> _Drawing:
        if getattr(shape, "has_chart", False):
            return cls(_titles(_related(shape, f"{_C}chart", f"{_R}id")), "chart")
        data = _related(shape, f"{_D}relIds", f"{_R}dm")
        if data is not None:
            points = (_joined(point.iterfind(f"{_D}t/{_A}p")) for point in data.iter(f"{_D}pt"))
            return cls(tuple(filter(None, points)), "")
        line = etree.QName(shape._element).localname == "cxnSp"
        return cls((), "" if line else _kind(shape))


def _related(shape: Any, element: str, attribute: str) -> Any:
    """The XML of the part that a frame refers to; None where there is none."""
    found = next(shape._element.iter(element), None)
    name = found.get(attribute) if found is not None else None
    if name is None or name not in shape.part.rels or shape.part.rels[name].is_external:
        return None
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    return etree.fromstring(shape.part.related_part(name).blob, parser)


def _titles(chart: Any) -> tuple[str, ...]:
    """The titles of a chart and its axes; its figures are drawn, and their labels may be rounded or not shown."""
    titles = chart.iter(f"{_C}title") if chart is not None else ()
    return tuple(filter(None, (_joined(title.iter(f"{_A}p")) for title in titles)))


def _joined(paragraphs: Iterable[Any]) -> str:
    said = ("".join(t.text or "" for t in paragraph.iter(f"{_A}t")) for paragraph in paragraphs)
    return " ".join(" ".join(said).split())


def _change(name: str, data: bytes) -> bytes:
    """A part ready for python-pptx, which passes over shapes that stand in alternatives: the branch that is shown."""
    made = transitional(name, data)
    if not name.startswith("ppt/slides/slide") or b"AlternateContent" not in made:
        return made
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    root = etree.fromstring(made, parser)
    for alternate in list(root.iter(f"{_MC}AlternateContent")):
        above = alternate.getparent()
        if above is None or etree.QName(above).localname not in ("spTree", "grpSp"):
            continue  # in a paragraph it is an equation, read where it stands
        branches = (alternate.find(f"{_MC}Choice"), alternate.find(f"{_MC}Fallback"))
        shapes = next(([*branch] for branch in branches if branch is not None and len(branch)), [])
        for shape in shapes:
            alternate.addprevious(shape)
        above.remove(alternate)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def _kind(shape: Any) -> str:
    if etree.QName(shape._element).localname == "pic":
        linked = any(str(key).endswith("}link") for blip in shape._element.iter(f"{_A}blip") for key in blip.attrib)
        return "linked picture, not opened" if linked else "picture"
    return "diagram or object"
