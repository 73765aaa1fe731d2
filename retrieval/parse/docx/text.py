"""The text of one paragraph of a DOCX file, as Word shows it with all changes accepted.

Tracked insertions are text, deletions and moved-away text are not (ECMA-376 Part 1, 17.13.5);
hidden text is left out and reported; fields show their result.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from lxml import etree

from retrieval.parse.deleted import is_kept, struck
from retrieval.parse.docx.fields import CONTENTS, LINKED, UNCOUNTED, Fields, form_text, kind_of
from retrieval.parse.docx.package import MC, W
from retrieval.parse.docx.styles import RunLook, Style, Styles, number, paragraph_of, value
from retrieval.parse.docx.symbols import symbol
from retrieval.parse.figures import touch
from retrieval.parse.formula import linear
from retrieval.parse.raised import lowered, note_mark, raised

_XML_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
_INSIDE = {"ins", "moveTo", "hyperlink", "smartTag", "customXml", "dir", "bdo", "sdtContent", "sdt", "rubyBase"}
_GONE = {"del", "moveFrom"}
_KNOWN = ("http://schemas.microsoft.com/office/", "http://schemas.openxmlformats.org/")
_GRAPHICS = {
    "blip": "image",
    "imagedata": "image",
    "chart": "chart",
    "relIds": "diagram",
    "OLEObject": "embedded object",
    "textpath": "WordArt",
    "control": "ActiveX control",
}
_BLANKS = str.maketrans({"\n": " ", "\r": " ", "\t": " ", "\u2028": " ", "\u2029": " ", "\u00ad": None})
_TINY = 3  # half-points: text of 1.5 points or less is not meant to be read


@dataclass(slots=True)
class TextRun:
    """Text of one look."""

    text: str
    bold: bool = False
    underline: bool = False


@dataclass(slots=True)
class Note:
    """A footnote or endnote where it is referred to."""

    mark: str  # "1", or the mark the author chose
    kind: str  # "footnote" | "endnote"
    id: str


@dataclass(slots=True)
class ReadParagraph:
    """A paragraph as read, before numbers and sections.

    `goes_on` says that its mark is not there: "deleted" or "hidden", so that the next paragraph
    joins it. `title` is the part before a style separator, where there is one. `struck`: some of its
    text is struck out, and so not here.
    """

    style: Style = field(default_factory=Style)
    pieces: list[TextRun] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    boxes: list[etree._Element] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    goes_on: str = ""
    title: str | None = None
    level: int | None = None  # the list level the paragraph itself gives; a style's counts less
    struck: bool = False
    parted: bool = False  # something stands after what was read that is not given: a figure ends there

    @property
    def text(self) -> str:
        return "".join(piece.text for piece in self.pieces).strip()


def local(element: etree._Element) -> str:
    """An element's name without its namespace; "" for an unexpanded entity."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def chosen(alternate: etree._Element) -> etree._Element | None:
    """The branch of mc:AlternateContent that Word takes (Part 3, 9.3): read once, never twice."""
    for branch in alternate.iterchildren(MC + "Choice"):
        needed = (branch.get("Requires") or "").split()
        if needed and all((branch.nsmap.get(p) or "").startswith(_KNOWN) for p in needed):
            return branch
    return alternate.find(MC + "Fallback")


def _floats(graphic: etree._Element) -> bool:
    """Whether a picture stands beside the text, and not in its line (20.4.2.3; VML says it in a style)."""
    if next(graphic.iter("{*}inline"), None) is not None:
        return False
    placed = any("position:absolute" in (e.get("style") or "").replace(" ", "") for e in graphic.iter("{*}shape"))
    return placed or next(graphic.iter("{*}anchor"), None) is not None


def _custom_mark(reference: etree._Element) -> str:
    """The mark that the author chose for a note: the text after its reference, in the same run."""
    return next((t.text.strip() for t in reference.itersiblings(W + "t") if t.text and t.text.strip()), "*")


class Inline:
    """Reads the paragraphs of one part in order; fields and note counts live as long as the part."""

    def __init__(self, root: etree._Element | None, styles: Styles, mark: Callable[[str], str]) -> None:
        self._styles = styles
        self._fields = Fields(root)
        self._mark = mark  # kind of note -> its next mark
        self.shaded = False  # whether a fill stands behind what is read: white text is then legitimate

    def paragraph(self, element: etree._Element) -> ReadParagraph:
        ppr = element.find(W + "pPr")
        named = self._styles.paragraph(value(ppr, "pStyle"))
        out = ReadParagraph(style=replace(paragraph_of(ppr), id=named.id, name=named.name).over(named))
        out.level = number(value(ppr, "numPr", "ilvl"))
        rpr = ppr.find(W + "rPr") if ppr is not None else None
        if rpr is not None and any(rpr.find(W + gone) is not None for gone in _GONE):
            out.goes_on = "deleted"
        elif self._styles.run(named.look, rpr).vanish:
            out.goes_on = "hidden"
        self._inside(element, out)
        return out

    def skip(self, element: etree._Element) -> None:
        """Pass over what is not shown (a deleted row), so that fields that begin or end in it stay right."""
        for mark in element.iter(W + "fldChar"):
            self._fields.mark(mark)

    def _inside(self, parent: etree._Element, out: ReadParagraph) -> None:
        for child in parent:
            name = local(child)
            if name == "r":
                self._run(child, out)
            elif name in _GONE:
                self.skip(child)
            elif name in _INSIDE:
                self._inside(child, out)
            elif name == "fldSimple":
                self._simple(child, out)
            elif name == "AlternateContent":
                branch = chosen(child)
                if branch is not None:
                    self._inside(branch, out)
            elif name in {"oMath", "oMathPara"}:
                self._math(child, out)
            elif name == "subDoc":
                out.left.append("linked sub-document, not opened")

    def _simple(self, element: etree._Element, out: ReadParagraph) -> None:
        kind = kind_of(element.get(W + "instr") or "")
        self._report(kind, out)
        if kind not in CONTENTS:
            self._inside(element, out)

    def _math(self, element: etree._Element, out: ReadParagraph) -> None:
        text = linear(element)
        before = out.pieces[-1].text[-1:] if out.pieces else ""
        self._add(f" {text}" if before.isalnum() and text[:1].isalnum() else text, RunLook(), out)
        out.parted = True

    def _run(self, run: etree._Element, out: ReadParagraph) -> None:
        look = self._styles.run(out.style.look, run.find(W + "rPr"))
        self._run_parts(run, look, out)

    def _run_parts(self, run: etree._Element, look: RunLook, out: ReadParagraph) -> None:
        for child in run:
            name = local(child)
            if name == "fldChar":
                self._field(child, look, out)
            elif name == "instrText":
                self._fields.say(child.text or "")
            elif name == "AlternateContent":
                branch = chosen(child)
                if branch is not None:
                    self._run_parts(branch, look, out)
            elif name == "ruby":
                base = child.find(W + "rubyBase")
                if base is not None:
                    self._inside(base, out)
            elif not self._fields.showing:
                continue
            elif name in {"drawing", "pict", "object"}:
                if not look.vanish:
                    self._graphic(child, out)
                    out.parted |= not _floats(child)
            elif name in {"footnoteReference", "endnoteReference"}:
                self._note(child, name.removesuffix("Reference"), look, out)
            elif name == "commentReference":
                out.left.append("comment")
            else:
                self._add(self._characters(child, name, out), look, out)

    def _characters(self, element: etree._Element, name: str, out: ReadParagraph) -> str:
        if name == "t":
            text = (element.text or "").translate(_BLANKS)
            return text if element.get(_XML_SPACE) == "preserve" else text.strip(" ")
        if name in {"tab", "ptab"}:
            return "\t"  # told from a space while typed numbers are looked for; a space in the end
        if name in {"br", "cr"}:
            return "\n"
        if name == "noBreakHyphen":
            return "-"
        if name == "sym":
            found = symbol(element.get(W + "font") or "", element.get(W + "char") or "")
            if found is None:
                out.left.append("symbol of an unknown font")
                out.parted = True
            return found or ""
        return ""

    def _add(self, text: str, look: RunLook, out: ReadParagraph) -> None:
        if not text or not self._fields.showing:
            return
        shaded = self.shaded or look.shaded or out.style.shaded
        tiny = look.half_points is not None and look.half_points <= _TINY
        if look.vanish or tiny or (look.white and not shaded):
            if text.strip():
                out.left.append("hidden text")
            return
        if look.strike and not is_kept():
            if text.strip():
                out.struck = out.parted = True
                out.left.append("struck-out text")
            return
        if out.struck and out.pieces and out.pieces[-1].text[-1:] == " ":
            text = text.lstrip(" ")  # one of the two blanks around what is struck out
        if out.parted and out.pieces and touch(out.pieces[-1].text, text):
            text = " " + text
        out.parted = False
        text = raised(text) if look.shift == 1 else lowered(text) if look.shift == -1 else text
        text = struck(text) if look.strike else text
        out.pieces.append(TextRun(text, bool(look.bold), bool(look.underline)))

    def _field(self, element: etree._Element, look: RunLook, out: ReadParagraph) -> None:
        begun = self._fields.mark(element)
        if begun is None:
            return
        self._report(begun.name, out)
        if not begun.result:
            self._add(form_text(begun), look, out)

    def _report(self, kind: str, out: ReadParagraph) -> None:
        if kind in CONTENTS:
            out.left.append(CONTENTS[kind])
        elif kind in UNCOUNTED:
            out.left.append("automatic number field")
        elif kind in LINKED:
            out.left.append("linked file, not opened")

    def _note(self, element: etree._Element, kind: str, look: RunLook, out: ReadParagraph) -> None:
        custom = element.get(W + "customMarkFollows") in {"1", "true", "on"}
        mark = _custom_mark(element) if custom else self._mark(kind)
        if look.vanish or (look.strike and not is_kept()):
            return
        out.notes.append(Note(mark, kind, element.get(W + "id") or ""))
        if not custom:
            out.pieces.append(TextRun(note_mark(mark), bool(look.bold), bool(look.underline)))

    def _graphic(self, element: etree._Element, out: ReadParagraph) -> None:
        for child in element:
            name = local(child)
            if name == "AlternateContent":
                branch = chosen(child)
                if branch is not None:
                    self._graphic(branch, out)
            elif name == "txbxContent":
                out.boxes.append(child)
            else:
                if name in _GRAPHICS:
                    out.left.append(_GRAPHICS[name])
                self._graphic(child, out)
