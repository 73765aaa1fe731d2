"""From a parsed document to the units of the index.

A chunk is one section leaf. Small leaves under one parent share a chunk (cited as the parent's
section), long ones are split at sentence ends, tables stay whole or are split at rows. Where a
group of small leaves ends depends on their names alone, so that an edit of one clause changes one
chunk, and the others keep their ids and vectors.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from retrieval.locators import within
from retrieval.types import Chunk, Document, ParsedDocument, Section

# Lengths in code points. all-MiniLM-L6-v2 sees 256 word pieces, about 1,100 characters of contract English.
TARGET = 950
WHOLE = 1200  # text up to this length is not split
LIMIT = 1400  # no chunk is longer
SMALL = 160  # a leaf below this length shares a chunk with its neighbours

_PARAGRAPH = re.compile(r"\n\s*")
_SENTENCE = re.compile(r"(?<!\bNo)(?<!\bNos)(?<!\bInc)(?<!\bArt)(?<!\bSec)[.!?;][\"')\]’”]*\s+(?=[\w(\"'“‘\[])")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class _Segment:
    """A span of the text and the section it is cited as."""

    section: int
    start: int
    end: int

    @property
    def length(self) -> int:
        return self.end - self.start


def chunk(document: Document, parsed: ParsedDocument) -> tuple[Chunk, ...]:
    """Cut a document version into chunks, in reading order.

    Every character that is not white space is in exactly one chunk; `text` is
    parsed.text[start:end]. `places` holds every page or row the chunk touches.
    """
    parents = _parents(parsed.sections)
    pieces: list[_Segment] = []
    for section, group in _groups(parsed, parents):
        if len(group) == 1:
            pieces.extend(_Segment(section, *cut) for cut in _split(parsed, group[0].start, group[0].end))
        else:
            pieces.append(_Segment(section, group[0].start, group[-1].end))
    counts: dict[str, int] = {}
    chunks: list[Chunk] = []
    for piece in pieces:
        section_of = parsed.sections[piece.section]
        text = parsed.text[piece.start : piece.end]
        key = _key(document.id, section_of.path, text)
        count = counts[key] = counts.get(key, -1) + 1
        chunks.append(
            Chunk(
                id=hashlib.sha256(f"{key}\x1e{count}".encode()).hexdigest()[:32],
                document=document,
                section=section_of,
                ordinal=len(chunks),
                start=piece.start,
                end=piece.end,
                text=text,
                search_text=_search_text(parsed, piece.start, piece.end),
                places=within(parsed.places, piece.start, piece.end),
            )
        )
    return tuple(chunks)


def _key(document_id: str, path: tuple[str, ...], text: str) -> str:
    return "\x1f".join((document_id, *(unicodedata.normalize("NFC", part) for part in path), "", text))


# --- which leaves share a chunk -----------------------------------------------------------


def _parents(sections: Sequence[Section]) -> list[int | None]:
    """For each section, the index of the one that holds it."""
    stack: list[int] = []
    parents: list[int | None] = []
    for number, section in enumerate(sections):
        while stack and not (sections[stack[-1]].start <= section.start and section.end <= sections[stack[-1]].end):
            stack.pop()
        parents.append(stack[-1] if stack else None)
        stack.append(number)
    return parents


def _segments(parsed: ParsedDocument) -> list[_Segment]:
    """Every section's own text, white space trimmed. Together they hold the whole document."""
    bounds = [0, *(s.start for s in parsed.sections[1:]), len(parsed.text)]
    segments = []
    for number in range(len(parsed.sections)):
        start, end = _trim(parsed.text, bounds[number], bounds[number + 1])
        if start < end:
            segments.append(_Segment(number, start, end))
    return segments


def _groups(parsed: ParsedDocument, parents: Sequence[int | None]) -> Iterator[tuple[int, list[_Segment]]]:
    """Runs of segments that share a chunk, with the section the chunk is cited as.

    A run may begin with the parent's own text (its title, or the words that introduce a list).
    """
    inner = {p for p in parents if p is not None}
    run: list[_Segment] = []
    parent: int | None = None
    for segment in _segments(parsed):
        small = segment.length < SMALL and segment.section not in inner
        fits = not run or segment.end - run[0].start <= TARGET
        if run and small and fits and parents[segment.section] == parent:
            run.append(segment)
        else:
            if run:
                yield _close(run, parent)
            opens = segment.section in inner and segment.length < TARGET - SMALL
            parent = segment.section if opens else parents[segment.section]
            run = [segment]
            if not (opens or (small and parent is not None)):
                yield segment.section, run
                run = []
        if run and run[-1].section != parent and _ends_group(parsed.sections[run[-1].section]):
            yield _close(run, parent)
            run = []
    if run:
        yield _close(run, parent)


def _close(run: list[_Segment], parent: int | None) -> tuple[int, list[_Segment]]:
    return (run[0].section if len(run) == 1 or parent is None else parent), run


def _ends_group(section: Section) -> bool:
    """One name in five ends a group: a boundary that no edit of a neighbour's text can move."""
    return int(section.id[:8], 16) % 5 == 0


# --- long leaves -------------------------------------------------------------------------


def _split(parsed: ParsedDocument, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Spans of at most LIMIT characters that together hold all of [start, end) but white space."""
    while end - start > WHOLE and not _one_table(parsed, start, end):
        left = end - start
        cut = _cut(parsed, start, end, start + (left // 2 if left < 2 * TARGET else TARGET))
        yield _trim(parsed.text, start, cut)
        start = _trim(parsed.text, cut, end)[0]
    if start < end:
        yield start, end


def _one_table(parsed: ParsedDocument, start: int, end: int) -> bool:
    return end - start <= LIMIT and any(a <= start and end <= b for a, b in _tables(parsed, start, end))


def _tables(parsed: ParsedDocument, start: int, end: int) -> Sequence[tuple[int, int]]:
    """The tables that [start, end) touches."""
    first = bisect_right(parsed.atomic, start, key=lambda span: span[1])
    return parsed.atomic[first : bisect_left(parsed.atomic, end, lo=first, key=lambda span: span[0])]


def _cut(parsed: ParsedDocument, start: int, end: int, target: int) -> int:
    """Where the piece that begins at `start` ends: near `target`, at most LIMIT away.

    In this order: the end of a paragraph or row, of a sentence, of any paragraph, of a word. A table, or a
    list that is one sentence, is never cut where it fits into one piece: the piece ends before or after it.
    """
    text, low, high = parsed.text, start + (target - start) // 2, min(start + LIMIT, end - 1)
    tables = _tables(parsed, start, high + 1)
    wholes = parsed.wholes[bisect_left(parsed.wholes, (start - LIMIT,)) : bisect_left(parsed.wholes, (high + 1,))]
    whole = [t for t in (*tables, *wholes) if t[1] - t[0] <= LIMIT and t[0] < end and start < t[1]]
    joins = parsed.joins[bisect_left(parsed.joins, start) : bisect_left(parsed.joins, high)]

    def cuts(pattern: re.Pattern[str], low: int) -> list[int]:
        found = (m.end() for m in pattern.finditer(text, start, high) if m.end() >= low)
        return [c for c in found if not any(a < c < b for a, b in whole) and not (joins and _rstrip(text, c) in joins)]

    paragraphs = [*cuts(_PARAGRAPH, start + 1), *(edge for t in whole for edge in t if start < edge <= high)]
    near = [p for p in paragraphs if abs(p - target) <= SMALL or (p >= low and any(a < p <= b for a, b in tables))]
    if near:
        return _nearest(near, target)
    if sentences := cuts(_SENTENCE, low):
        return _nearest(sentences, target)
    if paragraphs:
        return _nearest(paragraphs, target)
    words = cuts(_SPACE, start + 1)
    return words[-1] if words else high


def _nearest(cuts: Sequence[int], target: int) -> int:
    return min(cuts, key=lambda cut: (abs(cut - target), cut))


def _rstrip(text: str, end: int) -> int:
    """The offset of the last character before `end` that is not white space."""
    while end > 0 and text[end - 1].isspace():
        end -= 1
    return end - 1


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    return start, max(start, _rstrip(text, end) + 1)


# --- what keywords and vectors see -------------------------------------------------------


def _search_text(parsed: ParsedDocument, start: int, end: int) -> str:
    """The slice with its line-end hyphens joined, after the header row of a table it continues."""
    parts: list[str] = []
    offset = start
    for join in parsed.joins[bisect_left(parsed.joins, start) : bisect_left(parsed.joins, end)]:
        parts.append(parsed.text[offset:join])
        after = _SPACE.match(parsed.text, join + 1, end)
        offset = after.end() if after else join + 1
    parts.append(parsed.text[offset:end])
    headers = []
    for first, last in _tables(parsed, start, end):
        ends = parsed.text.find("\n", first, last)
        if first < start and 0 <= ends <= start:
            headers.append(parsed.text[first : min(ends, first + SMALL)])
    return "\n".join((*headers, "".join(parts)))
