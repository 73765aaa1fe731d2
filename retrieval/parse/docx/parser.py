"""DOCX: numbered, exact sections from Word files (ECMA-376 Part 1).

Numbers are computed as Word prints them; see docs/docx-numbering.md for the rule of labels. A DOCX
file holds no pages: sections carry none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from lxml import etree

from retrieval.errors import ParserLimit
from retrieval.locators import cited
from retrieval.parse.blocks import Block, assemble
from retrieval.parse.clauses.contents import between, contents, dividers, table_notes
from retrieval.parse.clauses.numbers import readings
from retrieval.parse.clauses.outline import SectionCandidate, place_all
from retrieval.parse.clauses.sequence import Line, find
from retrieval.parse.docx.body import BodyReader, Item
from retrieval.parse.docx.entries import Entries, TextLine, note_items
from retrieval.parse.docx.formats import format_count
from retrieval.parse.docx.headings import heading_of, title_below, title_line
from retrieval.parse.docx.numbering import Numbering
from retrieval.parse.docx.package import Package, W
from retrieval.parse.docx.styles import Styles, number, value
from retrieval.parse.docx.text import Inline, Note
from retrieval.parse.titling import first_headings, title_of, words_of
from retrieval.types import LeftOut, ParsedDocument

_NEAR = 120  # characters of a heading that places what was left out
_DC_TITLE = "{http://purl.org/dc/elements/1.1/}title"
_LINKED = {
    "attachedTemplate": "external template, not opened",
    "image": "linked image, not opened",
    "oleObject": "linked object, not opened",
    "subDocument": "linked sub-document, not opened",
    "frame": "linked frame, not opened",
    "aFChunk": "linked document chunk, not opened",
}


def parse_docx(name: str, content: bytes) -> ParsedDocument:
    """Read a Word file. `name` gives the title where the file has none.

    Raises DocumentUnreadable and its kinds: EncryptedDocument, UnsupportedFormat, ParserLimit.
    """
    try:
        return _Document(Package(content)).parsed(name)
    except RecursionError as error:
        raise ParserLimit("The Word file is nested deeper than a document can be; it was not read.") from error


class _Document:
    """One file being read: its parts, and how many notes were met so far."""

    def __init__(self, package: Package) -> None:
        self._package = package
        self._styles = Styles(package.related("styles"))
        self._settings = package.related("settings")
        self._root = package.xml(package.main)
        self._noted: dict[str, int] = {}

    def parsed(self, name: str) -> ParsedDocument:
        entries = self._entries()
        blocks, left = _blocks(entries)
        left += self._apart()
        return assemble(self._title(name, entries, blocks), blocks, left_out=tuple(dict.fromkeys(left)))

    def _entries(self) -> list[TextLine]:
        found: list[TextLine] = []
        body = self._root.find(W + "body") if self._root is not None else None
        if body is None:
            return found
        inline = Inline(self._root, self._styles, self._note_mark)
        inline.shaded = _coloured(self._root)
        reader = BodyReader(inline, self._styles)
        numbering = Numbering(self._package.related("numbering"), self._styles)
        notes = {kind: self._notes(kind) for kind in ("footnote", "endnote")}

        def note(reference: Note) -> Sequence[Item]:
            return notes[reference.kind](reference.id)

        Entries(numbering, reader, note, found).add(reader.read(body))
        return found

    def _notes(self, kind: str) -> Callable[[str], Sequence[Item]]:
        root = self._package.related(f"{kind}s")
        return note_items(root, kind, BodyReader(Inline(root, self._styles, self._note_mark), self._styles))

    def _note_mark(self, kind: str) -> str:
        """The next note's mark: footnotes count 1, 2, endnotes i, ii, unless the settings differ (17.11)."""
        properties = self._settings.find(f"{W}{kind}Pr") if self._settings is not None else None
        self._noted[kind] = self._noted.get(kind, (number(value(properties, "numStart")) or 1) - 1) + 1
        count = self._noted[kind]
        usual = "lowerRoman" if kind == "endnote" else "decimal"
        return format_count(count, value(properties, "numFmt") or usual) or str(count)

    def _title(self, name: str, entries: Sequence[TextLine], blocks: Sequence[Block]) -> str:
        core = next((r.target for r in self._package.relations("") if r.kind == "core-properties"), None)
        root = self._package.xml(core) if core else None
        said = root.findtext(_DC_TITLE) if root is not None else None
        styled = next((e.body for e in entries if e.style == "title" and e.body), "")
        line = title_line(entries[0].pieces) if entries else ""
        words = words_of("\n".join(block.text for block in blocks))
        return title_of(name, (said or "", styled, "" if readings(line) else line, *first_headings(blocks)), words)

    def _apart(self) -> list[LeftOut]:
        """What the package holds beside the text, and what it would have us follow."""
        package, left = self._package, []
        relations = package.relations(package.main)
        for kind in ("header", "footer"):
            parts = [package.xml(r.target) for r in relations if r.kind == kind and not r.external]
            if any("".join(t.text or "" for t in part.iter(W + "t")).strip() for part in parts if part is not None):
                left.append(LeftOut("header and footer", f"page {kind}s"))
        settings = next((r.target for r in relations if r.kind == "settings" and not r.external), "")
        for relation in [*relations, *(package.relations(settings) if settings else [])]:
            if relation.external and relation.kind in _LINKED:
                left.append(LeftOut(_LINKED[relation.kind], "document"))
        if any(name.lower().endswith("vbaproject.bin") for name in package.names):
            left.append(LeftOut("macro", "document"))
        return left


def _coloured(root: etree._Element | None) -> bool:
    """Whether the page has a background: white text may then be meant to be read."""
    background = root.find(W + "background") if root is not None else None
    return background is not None and (background.get(W + "color") or "auto").upper() not in {"AUTO", "FFFFFF"}


def _blocks(entries: Sequence[TextLine]) -> tuple[list[Block], list[LeftOut]]:
    """Blocks in reading order, and what was left out, named by the section where it stood."""
    lines = [_line(entry) for entry in entries]
    listed = contents(lines)
    left: list[LeftOut] = [LeftOut("table of contents", "beginning")] if listed else []
    entries = [entry for at, entry in enumerate(entries) if at not in listed]
    lines = [line for at, line in enumerate(lines) if at not in listed]
    said_again = dividers(lines)
    quiet = said_again.keys() | table_notes([e.text for e in entries], [e.table for e in entries])
    lines = [replace(line, text="") if at in quiet else line for at, line in enumerate(lines)]
    for entry, typed in zip(entries, find(lines), strict=True):
        entry.mark = entry.mark or (typed[0].mark if typed else None)
    headings = [_heading(entry, entries[i + 1 : i + 2]) for i, entry in enumerate(entries)]
    opening = [i for i, entry in enumerate(entries) if i not in said_again and _opens(entry, headings[i])]
    placed = place_all([SectionCandidate(entries[i].outline, entries[i].mark) for i in opening])
    place = dict(zip(opening, placed, strict=True))
    blocks: list[Block] = []
    ahead = between(said_again, opening)
    where = "beginning"
    for index, entry in enumerate(entries):
        at = place.get(index)
        if at is not None:
            where = _named(at.label, headings[index]) or where
        left += [LeftOut(what, where) for what in entry.left]
        if at is None:
            blocks.append(Block(entry.text, table=entry.table, ahead=index in ahead, head=entry.head))
        else:
            blocks.append(Block(entry.text, at.level, at.label, headings[index], table=entry.table))
    return blocks, left


def _opens(entry: TextLine, heading: str) -> bool:
    if entry.plain or not entry.text:
        return False
    return entry.mark is not None or (entry.outline is not None and bool(heading))


def _heading(entry: TextLine, following: Sequence[TextLine]) -> str:
    skip = entry.mark.typed if entry.mark is not None else 0
    if entry.mark is not None and entry.mark.word and not entry.body[skip:].strip(" \t.:–—-"):
        # "ARTICLE I" on a line of its own: the title is the line below it.
        below = next((e for e in following if e.mark is None and e.outline is None and not e.plain), None)
        return title_below(below.pieces) if below is not None else ""
    item = entry.mark is not None and entry.mark.bracketed
    return heading_of(entry.pieces, skip, styled=entry.outline is not None, item=item, title=entry.title)


def _line(entry: TextLine) -> Line:
    first = entry.pieces[0] if entry.pieces else None
    return Line(
        text="" if entry.plain or entry.line is not None else entry.body,
        outline=entry.outline,
        strong=first is not None and (first.bold or first.underline),
        mark=entry.mark,
        numbered=entry.plain or bool(entry.shown),
        indent=entry.indent / 20 if entry.indent is not None else None,
    )


def _named(label: str | None, heading: str) -> str:
    if label is None:
        return f"“{heading[:_NEAR]}”" if heading else ""
    return cited(label)
