"""Which numbered paragraphs of a PDF are clauses: its layout, fed to the engine that reads every format's numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from retrieval.parse.clauses.contents import between, contents, dividers
from retrieval.parse.clauses.marks import ClauseMark
from retrieval.parse.clauses.numbers import readings
from retrieval.parse.clauses.outline import SectionCandidate, place_all
from retrieval.parse.clauses.sequence import Line, find
from retrieval.parse.clauses.titles import run_in_title
from retrieval.parse.clauses.words import OUTER
from retrieval.parse.pdf.paragraphs import BodyType, Paragraph

CLAUSES = 10  # rank of the outermost clauses
_NOTE_SIGN = re.compile(r"\((?:\d{1,2}|[a-z])\)\s")


@dataclass(frozen=True, slots=True)
class Clause:
    """A paragraph that opens a numbered part. `rank`: smaller stands higher; `title`: "" when it has none."""

    at: int
    mark: ClauseMark
    rank: int
    label: str
    title: str


def clauses(
    items: Sequence[Paragraph], body: BodyType, outlined: frozenset[int] = frozenset(), breaks: Sequence[int] = ()
) -> tuple[list[Clause], frozenset[int]]:
    """The clauses of a document in reading order, labels full ("4.2(b)"), and the paragraphs of divider pages, which
    belong to the part that they announce.

    `outlined` are paragraphs that a bookmark names. `breaks` are paragraphs in order that begin something
    new without a number (a centred title): no list goes on beyond one.
    """
    apart = frozenset(breaks)
    lines = [_line(items, at, body, strong=at in outlined, breaks=at in apart) for at in range(len(items))]
    said_again = dividers(lines)
    again = contents(lines) | said_again.keys() | _over_a_list(items)
    lines = [replace(line, text="") if at in again else line for at, line in enumerate(lines)]
    found = [(at, marks[0].mark) for at, marks in enumerate(find(lines)) if marks]
    placed = place_all([SectionCandidate(None, mark) for _, mark in found])
    made = [
        Clause(at, mark, CLAUSES + place.level, place.label, _title(items[at], mark.typed))
        for (at, mark), place in zip(found, placed, strict=True)
        if place.label and not place.label.startswith("(")  # an item of nothing: a note, more often than not
    ]
    return made, between(said_again, [clause.at for clause in made])


def _line(items: Sequence[Paragraph], at: int, body: BodyType, *, strong: bool, breaks: bool) -> Line:
    item = items[at]
    quiet = item.table is not None or item.leaders or _is_note(items, at, body)
    length = max((len(r.text) for r in readings(item.text)), default=0)
    rest = item.text[length:].strip(" \n–—-:")
    lead = item.lead(item.text.find(rest) if rest else len(item.text))
    capitals = bool(rest) and rest.upper() == rest and sum(c.isalpha() for c in rest) > 3
    return Line(
        text="" if quiet else item.text,
        strong=strong or item.bold or item.size > body.size * 1.08 or lead > 2 or capitals,
        indent=item.x0,
        breaks=breaks,
    )


def _title(item: Paragraph, typed: int) -> str:
    rest = item.text[typed:].strip(" \n–—-:")
    return run_in_title(rest, item.lead(item.text.find(rest) if rest else len(item.text)), item.bold)


def _is_note(items: Sequence[Paragraph], at: int, body: BodyType) -> bool:
    """Whether "(1) ..." is a note: below a table, or set smaller than the text."""
    if not _NOTE_SIGN.match(items[at].text):
        return False
    if items[at].size < body.size * 0.96:
        return True
    above = at - 1
    while above >= 0 and items[above].page == items[at].page and _NOTE_SIGN.match(items[above].text):
        above -= 1
    return above >= 0 and items[above].table is not None and items[above].page == items[at].page


def _over_a_list(items: Sequence[Paragraph]) -> set[int]:
    """ "PART I" right over rows of a table of contents: it says so again later."""
    found = set()
    last: dict[str, int] = {}
    named = [(at, r) for at, item in enumerate(items) for r in readings(item.text)[:1] if r.word and r.known]
    for at, reading in named:
        last[reading.own.casefold()] = at
    for at, reading in named:
        rest = items[at].text[len(reading.text) :].strip(" .:–—-")
        after = items[at + 1] if at + 1 < len(items) else None
        listed = after is not None and (after.table is not None or after.leaders)
        if last[reading.own.casefold()] > at and listed and reading.word in OUTER and len(rest) < 8:
            found.add(at)
    return found
