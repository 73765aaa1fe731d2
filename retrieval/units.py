"""From a parsed document to what can be quoted: whole sentences, list items with their lead-in, table rows with their
head. Pure; made once at sync, beside the chunks.

A unit is the smallest text that may be shown alone. What would mislead without its neighbour is one unit with it: a
sentence that goes on with an exception or an alternative, a short list under the words that introduce it.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile

from retrieval.gate.injection import Paragraphs, speaks_to_machine
from retrieval.locators import locate
from retrieval.parse.wholes import kinds, mark
from retrieval.table_heads import HEAD_ROWS, head_rows
from retrieval.text.connectives import goes_on, joins
from retrieval.text.sentences import Kind, Piece, pieces
from retrieval.types import Chunk, ParsedDocument, Place, Section, Slice, Unit, UnitKind

_WHOLE_LIST = 420  # characters of a list that is one unit with its lead-in
_WHOLE_RULE = 600  # characters of a list that is one sentence, and one unit
_LONGEST = 900  # characters of a unit that takes in what follows it
_LEAD = 400  # characters of a lead-in or a head; longer ones are paragraphs or tables of text
_CAPTION = 160  # characters of the line over a table that belongs to it
_BETWEEN = 2  # lines between two rows of one table ("Current assets:")
_BETWEEN_LENGTH = 60
_FEWEST = 3  # words; a shorter line that is neither marked nor introduced is a label
_ENTRIES = 4  # rows from which on names with growing page numbers are a table of contents
_SPACE = re.compile(r"\s+")


def units(parsed: ParsedDocument, chunks: Sequence[Chunk]) -> tuple[tuple[Unit, ...], ...]:
    """The units of each chunk, in reading order: those that begin in it. Vectors are left empty."""
    starts = [c.start for c in chunks]
    found: list[list[Unit]] = [[] for _ in chunks]
    for made in read(parsed.text, parsed.sections, parsed.joins, parsed.wholes, parsed.atomic, parsed.heads):
        at = bisect_right(starts, made.start) - 1
        if at >= 0:
            lead = tuple(_placed(part, chunks[at], parsed.places) for part in made.lead)
            found[at].append(replace(made, id=f"{chunks[at].id}.{len(found[at])}", lead=lead))
    return tuple(map(tuple, found))


def _placed(part: Slice, chunk: Chunk, places: Sequence[Place]) -> Slice:
    """A lead-in with its place, where its chunk does not hold it: the chunk has no more than its own places."""
    if part.start >= chunk.start:
        return part
    page, locator = locate(places, part.start, part.end)
    return replace(part, page=page, locator=locator)


def read(
    text: str,
    sections: Sequence[Section] = (),
    joins: Sequence[int] = (),
    wholes: Sequence[tuple[int, int]] = (),
    tables: Sequence[tuple[int, int]] = (),
    heads: Sequence[tuple[int, int]] = (),
) -> tuple[Unit, ...]:
    """The units of a text, without ids. `joins` are the offsets of line-end hyphens that words run over, `wholes` the
    lists that are one sentence, `tables` the spans of tables: one with a head of its own goes on with none above;
    `heads` those of rows that are set as heads.
    """
    begins, marked = (frozenset(start for start, _ in of) for of in (tables, heads))
    return tuple(_Reader(text, tuple(sections), tuple(joins), tuple(wholes), Paragraphs(text), begins, marked).units())


def said(unit: Unit) -> str:
    """What a unit says with what introduces it: for search and for selection."""
    return "\n".join((*(s.text for s in unit.lead), unit.text))


@dataclass(frozen=True, slots=True)
class _Line:
    """A piece with the section it stands in; `head` where it is that section's own heading."""

    piece: Piece
    section: int
    head: bool


@dataclass(frozen=True, slots=True)
class _List:
    """The lines [first, stop) of a list that is one sentence, without its lead-in."""

    first: int
    stop: int


@dataclass(slots=True)
class _Reader:
    text: str
    sections: tuple[Section, ...]
    joins: tuple[int, ...]
    wholes: tuple[tuple[int, int], ...]
    paragraphs: Paragraphs
    begins: frozenset[int]  # where tables do
    marked: frozenset[int]  # where rows begin that are set as heads
    planted: dict[tuple[int, int], bool] = field(default_factory=dict)  # by paragraph: whether it speaks to a machine

    def units(self) -> Iterator[Unit]:
        lines = self._lines()
        lists = self._lists(lines)
        at = 0
        while at < len(lines):
            line = lines[at]
            if line.piece.kind is Kind.ROW:
                stop = self._table_end(lines, at)
                yield from self._table(lines[at:stop], lines[at - 1] if at else None)
                at = stop
            elif at in lists:
                yield from self._whole(lines, at, lists)
                at = lists[at].stop
            elif line.head:
                at += 1
            elif self._introduces(lines, at):
                stop = self._list_end(lines, at + 1)
                yield from self._list(line, lines[at + 1 : stop])
                at = max(stop, at + 1)
            else:
                stop = self._sentence_end(lines, at)
                yield from self._unit(line, lines[stop - 1].piece.end)
                at = stop

    # --- lines

    def _lines(self) -> list[_Line]:
        starts = [s.start for s in self.sections]
        found = []
        for piece in pieces(self.text):
            section = bisect_right(starts, piece.start) - 1
            body, head = self._below_heading(piece, section)
            found.append(_Line(replace(piece, body=body), section, head))
        return found

    def _below_heading(self, piece: Piece, section: int) -> tuple[int, bool]:
        """Where a piece begins that its section's heading runs into; whether it is the heading alone."""
        if section < 0 or piece.kind is Kind.ROW:
            return piece.body, False
        heading, start = self.sections[section].heading, self.sections[section].start
        if not heading or piece.start > start + _LEAD:
            return piece.body, False
        begins = self.text.find(heading, start, start + len(heading) + 60)
        if begins < 0 or piece.start > begins or begins > piece.end:
            return piece.body, False
        after = begins + len(heading)
        if after >= piece.end or not self.text[after : piece.end].strip(" .:#*_\n"):
            return piece.body, len(heading) < _CAPTION
        if self.text[after : after + 1] == "\n":
            return after + len(self.text[after : piece.end]) - len(self.text[after : piece.end].lstrip()), False
        return piece.body, False

    def _inside(self, inner: int, outer: int) -> bool:
        """Whether a section is another one, or stands in it."""
        if inner == outer or outer < 0:
            return True
        return inner >= 0 and self.sections[inner].end <= self.sections[outer].end

    # --- sentences

    def _sentence_end(self, lines: Sequence[_Line], at: int) -> int:
        """The line after the last that the sentence at `at` takes in: exceptions, conditions, alternatives."""
        stop = at + 1
        while stop < len(lines):
            line, last = lines[stop], lines[stop - 1].piece
            if line.head or line.piece.kind is Kind.ROW or line.section != lines[at].section:
                break
            follows = self.text[line.piece.body : line.piece.end]
            near = self.text[last.end : line.piece.start].count("\n") < 2
            if not (near and goes_on(follows)) and not joins(self.text[lines[at].piece.body : last.end]):
                break
            if line.piece.end - lines[at].piece.body > _LONGEST:
                break
            stop += 1
        return stop

    def _unit(
        self, line: _Line, end: int, lead: tuple[Slice, ...] = (), kind: UnitKind | None = None, more: str = ""
    ) -> Iterator[Unit]:
        piece = line.piece
        start = piece.body
        marked = piece.body > piece.start
        while start < end and self.text[start].isspace():
            start += 1
        said = self.text[start:end]
        label = not lead and kind is None and self._label(piece, said, marked)
        if start >= end or label or self._planted(start, end):
            return
        told = UnitKind.ITEM if marked or lead else UnitKind.SENTENCE
        heading, joined = self._heading(line.section), self._joined(start, end)
        yield Unit("", kind or told, start, end, said, lead, heading, joined, more=more)

    def _label(self, piece: Piece, said: str, marked: bool) -> bool:
        """Whether this is a heading or a label, which says nothing alone."""
        if " | " in said or not any(c.isalnum() for c in said):
            return True
        return piece.kind is Kind.FRAGMENT and not marked and (len(said.split()) < _FEWEST or not _has_digit(said))

    def _planted(self, start: int, end: int) -> bool:
        """Whether the text gives orders to a language model: that is no statement of the document's."""
        begin, stop = held = self.paragraphs.around(start, end)
        if held not in self.planted:
            self.planted[held] = speaks_to_machine(self.text[begin:stop])
        return self.planted[held]

    def _heading(self, section: int) -> str:
        return " > ".join(p for p in self.sections[section].path if p) if section >= 0 else ""

    def _joined(self, start: int, end: int) -> str:
        """The text as search sees it: its line-end hyphens joined. "" where there is none."""
        parts: list[str] = []
        at = start
        for join in self.joins[bisect_left(self.joins, start) : bisect_left(self.joins, end)]:
            parts.append(self.text[at:join])
            after = _SPACE.match(self.text, join + 1, end)
            at = after.end() if after else join + 1
        return "".join((*parts, self.text[at:end])) if parts else ""

    def _slice(self, start: int, end: int) -> Slice:
        return Slice(start, end, self.text[start:end])

    # --- lists and questions

    def _introduces(self, lines: Sequence[_Line], at: int) -> bool:
        """Whether a line introduces what follows it: it ends with a colon, or asks what the next line answers."""
        line = lines[at]
        last = self.text[line.piece.end - 1]
        if last not in ":?：？" or line.piece.end - line.piece.body > _LEAD or at + 1 == len(lines):
            return False
        following = lines[at + 1]
        return (
            following.piece.kind is not Kind.ROW
            and not following.head
            and self._inside(following.section, line.section)
        )

    def _list_end(self, lines: Sequence[_Line], at: int) -> int:
        """The line after the last item that the line before `at` introduces."""
        asks = self.text[lines[at - 1].piece.end - 1] in "?？"
        opened = lines[at - 1].section
        stop = at
        while stop < len(lines):
            line = lines[stop]
            marked = line.piece.body > line.piece.start
            if line.piece.kind is Kind.ROW or line.head or not self._inside(line.section, opened):
                break
            if stop > at and not marked and (asks or not self._runs_on(lines, stop, at)):
                break
            stop += 1
            if asks and not marked:
                break  # the answer is one sentence, or a list
        return stop

    def _runs_on(self, lines: Sequence[_Line], at: int, first: int) -> bool:
        """Whether an unmarked line goes on with the item before it, which is one of a marked list."""
        begun = lines[first].piece
        if begun.body == begun.start:
            return False
        return "\n" not in self.text[lines[at - 1].piece.end : lines[at].piece.start]

    def _list(self, opening: _Line, items: Sequence[_Line]) -> Iterator[Unit]:
        asks = self.text[opening.piece.end - 1] in "?？"
        start, end = opening.piece.body, items[-1].piece.end
        if not asks and end - start <= _WHOLE_LIST and len(items) > 1:
            yield from self._unit(opening, end, kind=UnitKind.LIST)
            return
        lead = (self._slice(start, opening.piece.end),)
        at = 0
        while at < len(items):
            stop = self._sentence_end(items, at)
            while stop < len(items) and items[stop].piece.body == items[stop].piece.start and not asks:
                if items[stop].piece.end - items[at].piece.body > _LONGEST:
                    break
                stop += 1  # what runs on in the item
            yield from self._unit(items[at], items[stop - 1].piece.end, lead)
            at = stop

    # --- lists that are one sentence

    def _lists(self, lines: Sequence[_Line]) -> dict[int, _List]:
        """Those lists, by the line of their lead-in's last sentence."""
        starts = [line.piece.start for line in lines]
        found = {}
        for start, end in self.wholes:
            at, stop = bisect_left(starts, start), bisect_left(starts, end)
            first = next((n for n in range(at + 1, stop) if self._opens(lines, n)), stop)
            if first < stop and not any(_is_row(line) for line in lines[first - 1 : stop]):
                found[first - 1] = _List(first, stop)
        return found

    def _opens(self, lines: Sequence[_Line], at: int) -> bool:
        """Whether a line begins an item: it has a mark, at the beginning of a line of the text."""
        piece = lines[at].piece
        return piece.body > piece.start and "\n" in self.text[lines[at - 1].piece.end : piece.start]

    def _whole(
        self, lines: Sequence[_Line], at: int, lists: Mapping[int, _List], above: tuple[Slice, ...] = (), more: str = ""
    ) -> Iterator[Unit]:
        """The list below line `at`: one unit where it is short, else its items, each behind the lead-in and with a
        sign that it is a part. `above` are the lead-ins of the lists that it stands in, `more` is their sign.
        """
        opening, held = lines[at], lists[at]
        items = self._items(lines, held)
        more = self._together(lines, items) or more
        said = self._slice(opening.piece.body, opening.piece.end)
        lead = above if len(said.text) > _LONGEST else (*above, said)
        begins = opening
        if opening.head:  # a heading that the list goes on with is shown before it
            first_item = lines[held.first]
            begins = replace(first_item, piece=replace(first_item.piece, body=first_item.piece.start))
        if lines[held.stop - 1].piece.end - begins.piece.body <= _WHOLE_RULE:
            shown = lead if opening.head else above
            yield from self._unit(begins, lines[held.stop - 1].piece.end, shown, UnitKind.LIST, more)
            return
        for first, stop in self._alternatives(lines, items):
            yield from self._item(lines, first, stop, lists, lead, more)

    def _item(
        self, lines: Sequence[_Line], at: int, stop: int, lists: Mapping[int, _List], lead: tuple[Slice, ...], more: str
    ) -> Iterator[Unit]:
        """An item at lines [at, stop), and the lists in it."""
        while at < stop:
            if at in lists and lists[at].stop <= stop:
                yield from self._whole(lines, at, lists, lead, more)
                at = lists[at].stop
                continue
            end = next((n for n in range(at + 1, stop) if n in lists), stop)
            yield from self._unit(lines[at], lines[end - 1].piece.end, lead, more=more)
            at = end

    def _items(self, lines: Sequence[_Line], held: _List) -> list[tuple[int, int]]:
        """The lines [first, stop) of each item; those of lists in an item belong to it."""
        opens = [n for n in range(held.first, held.stop) if self._opens(lines, n)]
        shapes = kinds([self.text[lines[n].piece.start : lines[n].piece.end] for n in opens])
        firsts = [n for n, shape in zip(opens, shapes, strict=True) if shape == shapes[0]]
        return list(zip(firsts, (*firsts[1:], held.stop), strict=True))

    def _alternatives(self, lines: Sequence[_Line], items: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
        """The items, those that offer the next one ("...; or") together with it."""
        at = 0
        while at < len(items):
            first, stop = items[at]
            begun = lines[first].piece.body
            at += 1
            while at < len(items) and joins(self.text[begun : lines[stop - 1].piece.end]):
                if lines[items[at][1] - 1].piece.end - begun > _LONGEST:
                    break
                stop = items[at][1]
                at += 1
            yield first, stop

    def _together(self, lines: Sequence[_Line], items: Sequence[tuple[int, int]]) -> str:
        """E.g. "part of (a) to (f), which belong together"."""
        first, last = (mark(self.text[lines[n].piece.start : lines[n].piece.end]) for n in (items[0][0], items[-1][0]))
        if not first or not last:
            return f"part of {len(items)} points, which belong together" if len(items) > 1 else ""
        return f"part of {first} {'and' if len(items) == 2 else 'to'} {last}, which belong together"

    # --- tables

    def _table_end(self, lines: Sequence[_Line], at: int) -> int:
        """The line after the last row of the table that begins at `at`; short lines between its rows belong to it."""
        stop = at + 1
        while stop < len(lines):
            row = next((n for n in range(stop, min(stop + 1 + _BETWEEN, len(lines))) if _is_row(lines[n])), None)
            if row is None or not _caption(self.text[lines[stop - 1].piece.end : lines[row].piece.start]):
                break
            if any(line.head for line in lines[stop:row]) or self._begins(lines, row):
                break
            stop = row + 1
        return stop

    def _begins(self, lines: Sequence[_Line], at: int) -> bool:
        """Whether a row begins a table that has a head of its own."""
        if lines[at].piece.start not in self.begins:
            return False
        rows = list(takewhile(_is_row, lines[at : at + HEAD_ROWS + 1]))
        return 0 < self._head_rows(rows) < len(rows)

    def _table(self, lines: Sequence[_Line], before: _Line | None) -> Iterator[Unit]:
        rows = [line for line in lines if _is_row(line)]
        if self._contents(rows):
            return
        count = self._head_rows(rows)
        head = self._slice(rows[0].piece.start, rows[count - 1].piece.end) if count else None
        lead = (*self._over(rows[0], before), *((head,) if head and len(head.text) <= _LEAD else ()))
        for line in rows[count:] if count < len(rows) else rows:
            own = () if count == len(rows) else lead
            yield from self._row(line, own)

    def _row(self, line: _Line, lead: tuple[Slice, ...]) -> Iterator[Unit]:
        start, end = line.piece.start, line.piece.end
        if self._planted(start, end):
            return
        yield Unit("", UnitKind.ROW, start, end, self.text[start:end], lead, self._heading(line.section))

    def _over(self, first: _Line, before: _Line | None) -> tuple[Slice, ...]:
        """The line over a table, which says what it holds, or in what unit ("(in millions)")."""
        if before is None or before.head or _is_row(before) or not self._inside(first.section, before.section):
            return ()
        said = self.text[before.piece.start : before.piece.end]
        short = len(said) <= _CAPTION and not said.endswith((".", ";"))
        return (self._slice(before.piece.start, before.piece.end),) if short else ()

    def _head_rows(self, rows: Sequence[_Line]) -> int:
        """How many rows are the head of a table; 0 where nothing tells that the first one is."""
        marked = sum(1 for _ in takewhile(lambda line: line.piece.start in self.marked, rows[:HEAD_ROWS]))
        if 0 < marked < len(rows):
            return marked
        return head_rows([self.text[line.piece.start : line.piece.end] for line in rows])

    def _contents(self, rows: Sequence[_Line]) -> bool:
        """Whether the rows are a table of contents: names with page numbers that grow."""
        held = [self.text[line.piece.start : line.piece.end] for line in rows]
        ends = [row.replace("|", " ").split()[-1] for row in held if row[:1].isalpha()]
        pages = [int(end) for end in ends if end.isdecimal() and len(end) < 4]
        return len(pages) >= _ENTRIES and 4 * len(pages) >= 3 * len(rows) and pages == sorted(pages)


def _is_row(line: _Line) -> bool:
    return line.piece.kind is Kind.ROW


def _has_digit(text: str) -> bool:
    return any(c.isdigit() for c in text)


def _caption(between: str) -> bool:
    """Whether what stands between two rows may be a line of the same table: nothing, or "Current assets:"."""
    lines = between.strip().split("\n")
    return len(lines) <= _BETWEEN and all(
        len(line) <= _BETWEEN_LENGTH and not line.endswith((".", ";")) for line in lines
    )
