"""What a passage's text says, taken apart once and kept: sentences, rows and lists with the stems of their words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from retrieval.gate.injection import around, speaks_to_machine
from retrieval.text.sentences import Kind, Piece, cells, pieces
from retrieval.text.words import STOP, content_of, content_set, straight
from retrieval.types import Passage

_MOST_ITEMS = 4  # of a list, printed after the words that introduce it
_CAPTIONS = 2  # lines between two rows of one table
_CAPTION = 60  # characters of a line between the rows of a table
_ENTRIES = 4
_HEAD_ROWS = 3
_HEAD_CELL = 60  # characters; a row with a longer cell is no head
DATED = re.compile(
    r"(?:FY\s?'?)?(?:(?:19|20)\d\d|\d\d)|(?:19|20)\d\d\b|\b(?:Q[1-4]|H[12])\b|\b(?:ended|months|quarter|year)\b",
    re.IGNORECASE,
)
_FIGURES = re.compile(r"[($€£¥+\s\-–—]*(?:[A-Z]{3}\s)?\d[\d,.']*\s?(?:%|[A-Z]{3}|bn|m|pp|bps|x)?[)%*\s$€£]*|[–—-]+")
_POINTERS = ("How ", "What ", "Why ", "When ", "Where ", "Who ")  # links to other pages
_ADDRESS = re.compile(r"https?://|\bwww\.|\S@\S")
_LISTED = 420  # characters of a list that are printed
# "This page explains how remote work is done": about the document, not about what is asked.
_ABOUT = re.compile(
    r"^(?:this|the\s+following|these)\s+(?:\w+\s+){0,2}?(?:page|document|deck|policy|guide|section|article|notice|statement|"
    r"terms|handbook|presentation|manual|chapter|faqs?)\b[^.]{0,90}?\b(?:explains?|describes?|says?|outlines?|covers?|"
    r"sets?\s+out|summari[sz]es?|provides?\s+(?:an\s+)?(?:overview|information|guidance)|answers?|"
    r"is\s+(?:for|about|intended)|applies\s+to)\b"
    r"|^(?:the\s+(?:following|above)|this)\s+(?:\w+\s+)?(?:table|chart|graph|schedule|summary)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Part:
    """A sentence, a table row, or the words that introduce a list with its first items, at [start, end).

    `order` are the stems of its content words as they stand, `stems` the same as a set. `header` is where
    the head of its table stands, or the words that introduce the list it is an item of; `items` where the
    items of the list do that it introduces.
    """

    kind: Kind
    start: int
    end: int
    text: str
    order: tuple[str, ...]
    stems: frozenset[str]
    header: tuple[int, int] | None = None
    items: tuple[tuple[int, int], ...] = ()
    about: bool = False  # speaks of the document itself


@dataclass(frozen=True, slots=True)
class Reading:
    """The parts of a text that can be quoted, and whether any of it may speak to a language model."""

    text: str
    parts: tuple[Part, ...]

    def planted(self, part: Part) -> bool:
        """Whether the part stands in a paragraph that gives orders to a language model."""
        return speaks_to_machine(self.text) and speaks_to_machine(around(self.text, part.start, part.end))


def read(passage: Passage) -> Reading:
    """The parts of a passage; its headings are none of them."""
    headings = {" ".join(s.heading.split()) for s in (passage.section, *passage.sections) if s.heading}
    return _read(passage.text, tuple(sorted(headings)))


@lru_cache(maxsize=2048)
def _read(text: str, headings: tuple[str, ...]) -> Reading:
    listed = pieces(text)
    parts: list[Part] = []
    header: tuple[int, int] | None = None
    opened: tuple[int, int] | None = None
    contents = _contents([text[p.start : p.end] for p in listed if p.kind is Kind.ROW])
    last = -1  # where the row before ended
    for at, piece in enumerate(listed):
        row = piece.kind is Kind.ROW
        if row:
            if last < 0 or not _caption(text[last : piece.start]):
                header = _header(text, listed[at:])
            last = piece.end
            if header and piece.end <= header[1]:
                if piece.end < header[1] or _goes_on(text, piece.end, listed[at + 1 :]):
                    continue  # a table's header says nothing without a row
                header = None  # a row alone
        body = piece.body if row else _below_heading(text, piece, headings)
        # Headings, and questions of the document's own, are no answers.
        if body >= piece.end or piece.kind is Kind.FRAGMENT or text[piece.end - 1] == "?":
            continue
        if not row and (_titled(text[body : piece.end]) or " | " in text[body : piece.end]):
            continue
        if row or piece.body == piece.start:
            opened = None  # the list that was open is over
        end = piece.end
        items: tuple[tuple[int, int], ...] = ()
        if not row and text[piece.end - 1] == ":":
            items = _items(text, listed[at + 1 :], headings)
            if not items:
                continue  # it promises a list that is not here
            end = items[-1][1]
            opened = (body, piece.end)
        if row and contents:
            continue
        lead = opened if not row and piece.body > piece.start and not items else None
        parts.append(_part(text, piece.kind, body, end, header if row else lead, items))
    return Reading(text, tuple(parts))


def _contents(rows: Sequence[str]) -> bool:
    """Whether the rows are a table of contents: names with page numbers that grow."""
    ends = [row.replace("|", " ").split()[-1] for row in rows if row[:1].isalpha()]
    pages = [int(end) for end in ends if end.isdecimal() and len(end) < 4]
    return len(pages) >= _ENTRIES and 4 * len(pages) >= 3 * len(rows) and pages == sorted(pages)


def _caption(between: str) -> bool:
    """Whether what stands between two rows may be a line of the same table: nothing, or "Current assets:"."""
    lines = between.strip().split("\n")
    return len(lines) <= _CAPTIONS and all(len(line) <= _CAPTION and not line.endswith((".", ";")) for line in lines)


def _goes_on(text: str, end: int, after: Sequence[Piece]) -> bool:
    """Whether a table has another row after `end`."""
    row = next((piece for piece in after[: _CAPTIONS + 1] if piece.kind is Kind.ROW), None)
    return row is not None and _caption(text[end : row.start])


def _header(text: str, rows: Sequence[Piece]) -> tuple[int, int] | None:
    """Where the head of a table stands that begins with these rows; None where the first row holds figures.

    A row of years or dates and a row of names beside it are one head.
    """
    end, dates_above = None, False
    for at, piece in enumerate(rows[:_HEAD_ROWS]):
        said = cells(text[piece.start : piece.end])
        named = piece.kind is Kind.ROW and all(len(cell) <= _HEAD_CELL and not _is_figure(cell) for cell in said)
        dated = named and all(DATED.search(cell) for cell in said[1:])
        if not named or (at and not (dated or dates_above)):
            break
        end, dates_above = piece.end, dated
    return None if end is None else (rows[0].start, end)


def _is_figure(cell: str) -> bool:
    return _FIGURES.fullmatch(cell) is not None and not DATED.fullmatch(cell)


def _titled(sentence: str) -> bool:
    """Whether this is written as a title, though it ends with a full stop: "You Must Have a Good Reason."."""
    count = 0
    for token in sentence.split():
        if token[:1].islower() and token not in STOP:
            return False
        count += token[:1].isupper()
    return 3 < count < 13


def _part(
    text: str, kind: Kind, start: int, end: int, header: tuple[int, int] | None, items: tuple[tuple[int, int], ...]
) -> Part:
    said = text[start:end]
    return Part(
        kind, start, end, said, content_of(said), content_set(said), header, items, _ABOUT.match(said) is not None
    )


def _below_heading(text: str, piece: Piece, headings: tuple[str, ...]) -> int:
    """Where a sentence begins that a heading runs into; the end of what is a heading alone."""
    said = text[piece.body : piece.end]
    for heading in headings:
        if not straight(said).startswith(straight(heading)):
            continue
        rest = said[len(heading) :]
        if not rest.strip(" .:"):
            return piece.end
        if rest[:1] == "\n":
            return piece.end - len(rest.lstrip())
    return piece.body


def _items(text: str, after: tuple[Piece, ...], headings: tuple[str, ...]) -> tuple[tuple[int, int], ...]:
    """The first items of the list that a colon opens."""
    found: list[tuple[int, int]] = []
    for piece in after[:_MOST_ITEMS]:
        marked = piece.body > piece.start
        said = text[piece.body : piece.end]
        if piece.kind is Kind.FRAGMENT and (said.startswith(_POINTERS) or not (marked or _ADDRESS.search(said))):
            break  # another page, or the head of a table
        if piece.kind is Kind.ROW or " ".join(text[piece.start : piece.end].split()) in headings:
            break
        if found and (not marked or piece.end - found[0][0] > _LISTED):
            break
        found.append((piece.body, piece.end))
        if not marked:
            break
    return tuple(found)
