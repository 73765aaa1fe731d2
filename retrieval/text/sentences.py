"""Where sentences, list items and table rows begin and end, as offsets into the text they stand in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from retrieval.text.words import word_set

_ABBREVIATIONS = word_set(
    """mr mrs ms dr prof sr jr st no nos sec secs art arts para paras cl ch chap fig figs p pp vol vols ed eds
    e.g i.e cf viz vs v al approx est incl excl resp ca c dept div inc ltd co corp llc l.l.c plc bros assoc reg
    regs stat exh app appx sch ref refs max min tel ext jan feb mar apr jun jul aug sep sept oct nov dec
    mon tue wed thu fri sat sun a.m p.m u.s.c c.f.r hon gov gen"""
)
# An abbreviation that also ends sentences ends one when a new sentence plainly starts after it.
_MAY_END = word_set("etc inc ltd co corp llc l.l.c plc u.s u.k e.u u.n u.a.e u.s.a a.m p.m al jr sr ph.d s.a b.v n.v")
_STARTERS = word_set(
    """the a an this that these those it its in on at for if when where while we you they he she our your their such
    no any all each every however unless upon subject to neither nothing as by with without after before during
    under and but or notwithstanding additionally therefore furthermore moreover accordingly although because since
    pursuant most many some several both there here approximately until"""
)
_END = re.compile(  # a note's mark may follow: "year.[1]"
    r"(?<![.!?。！？])[.!?。！？]+[\"”’')\]»]*(?:\[[^\[\]\s]{1,9}\])*(?=\s|$)"
)
_NEXT = re.compile(r"\s*(?P<first>\S?)")
_STARTER = re.compile(r"[\"“'(]?([A-Za-z]{1,40})")
_WIDE = re.compile(r"\s{3,}")
_MARKER = re.compile(
    r"\s*(?:[-–—•▪◦‣·*●○■□]+\s+"
    r"|(?:section|sec\.|article|art\.|clause|§)\s*\d+(?:\.\d+)*\.?\)?(?:\([a-z0-9]{1,4}\))*[.:\s–—-]\s*"
    r"|\d{1,3}(?:\.\d{1,3})+\.?(?:\s*\([a-zA-Z0-9]{1,4}\))*\s+"
    r"|\d{1,3}[.)°º]\s+|(?-i:[IVXLC]{1,5})\s?[–—-]\s+|\([a-zA-Z0-9]{1,5}\)\s*|[a-zA-Z][.)]\s+|[ivxlc]{1,5}[.)]\s+)",
    re.IGNORECASE,
)
_ITEM = re.compile(
    r"\s*(?:[-–—•▪◦‣·*●○■□]\s|\[[^\[\]\s]{1,9}\]\s|\(?[a-zA-Z0-9]{1,4}[.)°º]\s|[IVXLC]{1,5}\s?[–—-]\s|\d{1,3}(?:\.\d{1,3})+\.?\s|#)"
)
_OPEN = re.compile(
    r"(?:[,(-]|\b(?:and|or|of|the|a|an|to|in|for|by|with|from|on|at|as|before|after|until|under|over|than|but|if|when|that|which|this|its|any|all))\s*$",
    re.I,
)
_ASKED = re.compile(
    r"(?:how|what|when|where|why|who|which)\b(?:\s+(?:to|if|about|are|is|does|do|we|you|this|can|must)\b)?", re.I
)
_LIST_MARK = re.compile(r"[-–—•▪◦‣·*●○■□]|\(?[A-Za-z0-9]{1,5}[.):]{0,2}|\(?\d+(?:\.\d+)*[.)]?(?:\([a-zA-Z0-9]+\))*:?")
_CELLS = re.compile(r"\t+|\s\|\s|\s*\|\s*$|^\s*\|\s*")
_FIGURES = re.compile(r"\d[^\d\s]*\s\D*\d")
_LONGEST_WORD = 64  # characters: no longer one is an abbreviation
_LONGEST_MARKER = 80
_REMEMBERED = 10_000  # characters: not whole documents
_FIGURE = re.compile(r"[($€£\-–—]*\s?\d[\d,.]*\s?[%)]*|[–—-]+|n/?a", re.IGNORECASE)


class Kind(StrEnum):
    PROSE = "prose"
    ROW = "row"  # of a table
    FRAGMENT = "fragment"  # a heading or a label: no sentence


@dataclass(frozen=True, slots=True)
class Piece:
    """A sentence, a row or a fragment at [start, end); `body` is where it begins without its number or bullet."""

    start: int
    body: int
    end: int
    kind: Kind


def pieces(text: str) -> tuple[Piece, ...]:
    """The text's pieces in order; white space between them belongs to none. Those of short texts are remembered."""
    return _remembered(text) if len(text) <= _REMEMBERED else _cut(text)


@lru_cache(maxsize=2048)
def _remembered(text: str) -> tuple[Piece, ...]:
    return _cut(text)


def _cut(text: str) -> tuple[Piece, ...]:
    found: list[Piece] = []
    for start, end, row in _paragraphs(text):
        if row:
            found.append(Piece(start, start, end, Kind.ROW))
        else:
            found += (_piece(text, a, b) for a, b in _sentences(text, start, end))
    return tuple(found)


def cells(row: str) -> list[str]:
    """The cells of a table row as printed, empty ones left out."""
    return [c for c in (" ".join(part.split()) for part in _parts(row)) if c and c != "|"]


def _parts(row: str) -> list[str]:
    """A row cut at its bars and tabs; its white space is drawn together first, since a search through a long blank
    takes a time that grows with its square."""
    return _CELLS.split(_WIDE.sub(lambda blank: "\t" if "\t" in blank[0] else "  ", row))


def item_of(line: str) -> str:
    """A line without its bullets and numbers."""
    at = 0
    while (marker := _MARKER.match(line, at)) and marker.end() < len(line):
        at = marker.end()
    return line[at:]


def _piece(text: str, start: int, end: int) -> Piece:
    body = start
    while (marker := _MARKER.match(text, body, end)) and marker.end() < end:
        body = marker.end()
    return Piece(start, body, end, Kind.FRAGMENT if _fragment(text[body:end]) else Kind.PROSE)


def _fragment(sentence: str) -> bool:
    """Whether this is a heading or label: short, without an end, or capitalised word by word."""
    tokens = sentence.split()
    if len(tokens) < 3:
        return True
    if sentence.rstrip("\"”’')]»")[-1:] in ".!?。！？;":
        return len(tokens) < 4 and not any(t[:1].islower() for t in tokens)
    if sentence.isupper() or (len(tokens) <= 12 and _ASKED.match(sentence) and sentence[:1].isupper()):
        return True
    named = [
        t for t in tokens if t[:1].isalpha() and t.casefold() not in _STARTERS and t.casefold() not in ("of", "and")
    ]
    capital = sum(t[:1].isupper() for t in named)
    return len(tokens) <= 12 and (capital >= 0.75 * len(named) or len(tokens) <= 5)


def _paragraphs(text: str) -> Iterator[tuple[int, int, bool]]:
    """Runs of lines that belong together, and single table rows, as (start, end, is a row)."""
    begun: int | None = None
    item = False
    last = ""
    last_end = 0
    for start, end in _lines(text):
        line = text[start:end]
        row = _is_row(line)
        if begun is not None and (row or not line.strip() or _breaks(last, line) or (item and _closed(last, line))):
            yield begun, last_end, False
            begun = None
        if row:
            yield start + len(line) - len(line.lstrip()), start + len(line.rstrip()), True
        elif line.strip():
            if begun is None:
                begun, item = start, _ITEM.match(text, start) is not None
            last, last_end = line, end
    if begun is not None:
        yield begun, last_end, False


def _lines(text: str) -> Iterator[tuple[int, int]]:
    at = 0
    while at <= len(text):
        stop = text.find("\n", at)
        stop = len(text) if stop < 0 else stop
        yield at, stop
        at = stop + 1


def _is_row(line: str) -> bool:
    if "\t" in line or "|" in line:
        parts = [c for c in (p.strip() for p in _parts(line)) if c]
        if len(parts) > 2 or (len(parts) == 2 and (" | " in line or not _LIST_MARK.fullmatch(parts[0]))):
            return True
    if line.rstrip().endswith(".") or not _FIGURES.search(line):
        return False
    words = line.split()
    figures = sum(bool(_FIGURE.fullmatch(w)) and any(c.isdigit() for c in w) for w in words)
    return figures >= 2 and 2 * figures >= len(words)


def _breaks(last: str, line: str) -> bool:
    """Whether a line break ends a paragraph: not where a long line runs on into the next."""
    ended = last.rstrip()
    if ended[-1:] in ".!?:;。！？" or ended.endswith((".”", '."', ".)")) or _ITEM.match(line):
        return True
    first = line.lstrip()[:1]
    if first.islower():
        return False
    return len(ended) < 50 or ended.isupper() != line.strip().isupper()


def _closed(last: str, line: str) -> bool:
    """Whether an item of a list, which needs no full stop, ends before this line."""
    return line.lstrip()[:1].isupper() and not _OPEN.search(last)


def _sentences(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    at = start
    for match in _END.finditer(text, start, end):
        if match.end() < end and not _ends(text, at, match.start(), match.end(), end):
            continue
        yield from _trimmed(text, at, match.end())
        at = match.end()
    yield from _trimmed(text, at, end)


def _trimmed(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start < end:
        yield start, end


def _ends(text: str, start: int, dot: int, after: int, end: int) -> bool:
    """Whether the full stop at `dot` ends a sentence that began at `start`."""
    following = _NEXT.match(text, after, end)
    first = following["first"] if following is not None else ""
    if following is None or not first:
        return True
    if text[dot] != "." or text[dot : dot + 3] == "...":
        return not first.islower()
    if first.islower() or first in ",;:)]":
        return False
    word = _last_word(text[max(start, dot - _LONGEST_WORD) : dot])
    starter = _STARTER.match(text, following.start("first"), end)
    begins = starter is not None and starter.group(1).casefold() in _STARTERS and starter.group(1)[0].isupper()
    if after - start <= _LONGEST_MARKER and _MARKER.fullmatch(text[start:after] + " "):
        return False  # "4.2. " or "a. " numbers what follows
    if word in _MAY_END:
        return begins
    if word in _ABBREVIATIONS:
        return False
    if len(word) == 1 and word.isalpha():
        return begins  # an initial ("J. Smith"), or "Annex B. The ..."
    return True


def _last_word(text: str) -> str:
    """The word that a text ends with, in lower case; "" where white space ends it."""
    return text.split()[-1].lstrip("(\"“'[").casefold() if text and not text[-1].isspace() else ""
