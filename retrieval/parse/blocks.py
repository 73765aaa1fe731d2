"""Blocks in, ParsedDocument out: the one place where canonical text and sections are made.

A format's parser yields the paragraphs, headings, clauses and table rows of a file in reading
order; `assemble` joins them and does all arithmetic on offsets, so that exactness is proved once.
`from_spans` does the same over a text that must stay as it is, such as a plain text file.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from retrieval.locators import join_locators, within
from retrieval.parse.deleted import has_struck, named, unmarked, without
from retrieval.parse.raised import NoteMark, Writer, is_shifted, links
from retrieval.parse.wholes import wholes
from retrieval.types import Attachment, LeftOut, ParsedDocument, Place, Section

SEPARATOR = "\n"
_NAME = 300  # characters of a heading that name its section, in every part of it too
_ANCHOR = 500
_SIGN = re.compile(r"§{1,2}")


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, heading, clause or table row.

    `level` (1 = top) says that the block opens a section; it ends where a block of the same or a
    smaller level starts. `label` is the number as displayed ("4.2(b)", full and unambiguous),
    `heading` the title without the number ("" for a clause that has none). `text` is what the
    reader sees, the number included. Neighbouring blocks with the same `table` are one table.
    `joins` are offsets in `text` of line-end hyphens. `ahead`: it belongs to the section that the next block opens,
    as a divider page does to its chapter. `head`: a row that is set as the head of its table is.
    """

    text: str
    level: int | None = None
    label: str | None = None
    heading: str = ""
    anchor: str | None = None
    page: int | None = None
    printed: str | None = None
    locator: str | None = None
    table: int | None = None
    joins: tuple[int, ...] = ()
    ahead: bool = False
    head: bool = False


@dataclass(slots=True)
class _Open:
    """A section whose end is not known yet."""

    level: int
    block: Block
    path: tuple[str, ...]
    start: int
    sign: str = ""
    end: int = -1


def assemble(
    title: str,
    blocks: Iterable[Block],
    *,
    left_out: Sequence[LeftOut] = (),
    attachments: Sequence[Attachment] = (),
) -> ParsedDocument:
    """Join blocks with line breaks into the canonical text and cut its sections, places and tables.

    Empty blocks are dropped. Text before the first heading becomes a section with no heading and an
    empty path. The result's sections stand in reading order; a parent's span holds its children's.
    Raised and lowered runs (`raised.py`) are written out.
    """
    given = [block for block in blocks if block.text.strip()]
    writer = Writer(block.text for block in given)
    placed: list[tuple[int, Block]] = []
    marks: list[NoteMark] = []
    offset = 0
    for found in given:
        block = _named(found) if has_struck(found.text) else found
        block = _written(block, writer, offset, marks) if is_shifted(block.text) else block
        placed.append((offset, block))
        offset += len(block.text) + len(SEPARATOR)
    text = SEPARATOR.join(block.text for _, block in placed)
    parsed = _cut(writer.write(without(title)).unmarked, text, placed, left_out, attachments)
    if not marks:
        return parsed
    return replace(parsed, notes=links(marks, [(start, b.text) for start, b in placed if b.level is None]))


def _named(block: Block) -> Block:
    """A block whose struck-out parts are named; they are no part of its number."""
    made = named(block.text)
    return replace(
        block,
        text=made.text,
        label=unmarked(block.label) if block.label else block.label,
        heading=named(block.heading).text,
        joins=tuple(made.at(j) for j in block.joins),
    )


def _written(block: Block, writer: Writer, offset: int, marks: list[NoteMark]) -> Block:
    """A block whose runs are written out; its note marks are added to `marks`."""
    written = writer.write(block.text)
    marks.extend(replace(m, start=m.start + offset, end=m.end + offset) for m in written.marks)
    return replace(
        block,
        text=written.text,
        label=writer.write(block.label).unmarked if block.label else block.label,
        heading=writer.write(block.heading).unmarked,
        joins=tuple(written.at(j) for j in block.joins),
    )


def from_spans(
    title: str,
    text: str,
    spans: Iterable[tuple[int, Block]],
    *,
    left_out: Sequence[LeftOut] = (),
    attachments: Sequence[Attachment] = (),
) -> ParsedDocument:
    """Cut sections, places and tables of a text that exists already: (offset, block) in reading order.

    The blocks must hold every character of `text` that is not white space. Raises ValueError for a
    block that does not stand at its offset, or for text between blocks.
    """
    placed: list[tuple[int, Block]] = []
    offset = 0
    for start, block in spans:
        if text[offset:start].strip() or start < offset or not text.startswith(block.text, start):
            raise ValueError(f"the block at offset {start} does not continue the text from {offset}")
        offset = start + len(block.text)
        if block.text.strip():
            placed.append((start, block))
    if text[offset:].strip():
        raise ValueError(f"no block holds the text from offset {offset}")
    return _cut(title, text, placed, left_out, attachments)


def _cut(
    title: str,
    text: str,
    placed: Sequence[tuple[int, Block]],
    left_out: Sequence[LeftOut],
    attachments: Sequence[Attachment],
) -> ParsedDocument:
    """Sections, places, tables and joins of blocks that stand at their offsets in `text`."""
    opened: list[_Open] = []
    stack: list[_Open] = []
    places: list[Place] = []
    tables: list[tuple[int, int]] = []
    table: int | None = None
    joins: list[int] = []
    last = 0  # where the text ended that may belong to an open section
    ahead: int | None = None  # where text began that belongs to the next one
    for start, block in placed:
        end = start + len(block.text)
        if block.ahead and block.level is None:
            ahead = start if ahead is None else ahead
        else:
            if block.level is not None or not opened:
                _open_section(block, start if ahead is None else ahead, last, stack, opened)
            last, ahead = end, None
        _add_place(places, block, start, end)
        if block.table is not None and block.table == table:
            tables[-1] = (tables[-1][0], end)
        elif block.table is not None:
            tables.append((start, end))
        table = block.table
        joins.extend(start + j for j in block.joins)
    if placed and not opened:
        _open_section(placed[0][1], placed[0][0], last, stack, opened)
    for section in opened:
        section.end = section.end if section.end >= 0 else len(text)
    return ParsedDocument(
        title=title,
        text=text,
        sections=_number(opened, places),
        places=tuple(places),
        left_out=tuple(left_out),
        attachments=tuple(attachments),
        atomic=tuple(tables),
        joins=tuple(joins),
        heads=tuple((at, at + len(block.text)) for at, block in placed if block.head and block.table is not None),
        wholes=wholes([(start, block.text) for start, block in placed if block.table is None]),
    )


def _open_section(block: Block, start: int, last: int, stack: list[_Open], opened: list[_Open]) -> None:
    """Open a section at `start`; those it ends reach to `last`, where the block before it ended."""
    level = block.level if block.level is not None else 0  # 0: the text before the first heading
    while stack and (stack[-1].level >= level or stack[-1].level == 0):
        stack.pop().end = last
    parent = stack[-1].path if stack else ()
    name = " ".join(filter(None, (block.label, _short(block.heading))))
    section = _Open(level, block, (*parent, name) if name else parent, start, _sign(block, stack))
    stack.append(section)
    opened.append(section)


def _sign(block: Block, around: Sequence[_Open]) -> str:
    """The "§" that a number is written with, and that its label leaves out: its own, or that of the part around it
    whose label its own begins with.
    """
    label = block.label or ""
    if not label or "§" in label or label[0].isalpha():
        return ""
    if found := _SIGN.match(block.text):
        return found[0]
    held = (part for part in reversed(around) if part.sign and part.block.label)
    return next((part.sign for part in held if label.startswith(part.block.label or "")), "")


def _short(heading: str) -> str:
    """A heading on one line, cut where a whole paragraph is set as one: it is kept with all that stands below."""
    line = " ".join(heading.split())
    return line if len(line) <= _NAME else line[:_NAME].rsplit(" ", 1)[0] + " …"


def _anchor(block: Block) -> str | None:
    return block.anchor if block.anchor is not None and len(block.anchor) <= _ANCHOR else None


def _add_place(places: list[Place], block: Block, start: int, end: int) -> None:
    if block.page is None and block.locator is None:
        return
    last = places[-1] if places else None
    same = last is not None and (last.page, last.locator, last.printed) == (block.page, block.locator, block.printed)
    if last is not None and same:
        places[-1] = Place(last.start, end, last.page, last.locator, last.printed)
    else:
        places.append(Place(start, end, block.page, block.locator, block.printed))


def _number(opened: Sequence[_Open], places: Sequence[Place]) -> tuple[Section, ...]:
    """Sections with ids: a hash of the path, and of a count where two parts share a path."""
    seen: dict[tuple[str, ...], int] = {}
    sections = []
    for item in opened:
        count = seen[item.path] = seen.get(item.path, -1) + 1
        touched = within(places, item.start, item.end)
        pages = [p.page for p in touched if p.page is not None]
        sections.append(
            Section(
                id=section_id(item.path, count),
                label=item.block.label if item.level else None,
                heading=_short(item.block.heading) if item.level else "",
                path=item.path,
                start=item.start,
                end=item.end,
                page_start=pages[0] if pages else None,
                page_end=pages[-1] if pages else None,
                locator=join_locators([p.locator for p in touched]),
                anchor=_anchor(item.block) or (f"#page={pages[0]}" if pages else None),
                sign=item.sign,
            )
        )
    return tuple(sections)


def section_id(path: tuple[str, ...], count: int = 0) -> str:
    """16 hex digits that name a section by its path; `count` tells parts with equal paths apart."""
    name = "\x1f".join(unicodedata.normalize("NFC", part) for part in path) + f"\x1e{count}"
    return hashlib.sha256(name.encode()).hexdigest()[:16]
