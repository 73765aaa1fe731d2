"""Steps 1 and 2 of the gate: was the passage retrieved, and where does the quote stand in it?"""

from __future__ import annotations

from retrieval.gate.evidence import Found, Problem, Shelf
from retrieval.gate.projection import find, project
from retrieval.text.shown import STRUCK_END, STRUCK_OUT
from retrieval.text.words import words
from retrieval.types import Passage, Quote, VerdictClass

_FRAGMENT = 2  # words that a spliced fragment has at least
_FRAGMENTS = 6  # more pieces than this are no splice but another text


def locate_quote(quote: Quote, shelf: Shelf) -> Found | Problem:
    """The place of a quote, or why it has none: fabricated, misattributed or spliced."""
    shown = _shorten(quote.text)
    if not project(quote.text).key:
        return Problem(VerdictClass.FABRICATED, "a quote is empty")
    passage = shelf.passages.get(quote.passage_id)
    if passage is not None:
        place = find(quote.text, passage.text)
        if place is not None:
            if _within_struck(passage.text, place[0]):
                return Problem(VerdictClass.UNSUPPORTED, f"“{shown}” is struck out in the document")
            return Found(passage, *place)
    elsewhere = next((p for p in shelf.passages.values() if p is not passage and _stands(quote.text, p)), None)
    if elsewhere is not None:
        return Problem(VerdictClass.MISATTRIBUTED, f"“{shown}” stands in another passage than the one cited")
    if passage is None:
        return Problem(VerdictClass.MISATTRIBUTED, f"the passage cited for “{shown}” was not retrieved")
    if _spliced(quote.text, passage):
        return Problem(VerdictClass.SPLICED, f"“{shown}” joins fragments that do not stand together")
    return Problem(VerdictClass.FABRICATED, f"“{shown}” does not stand in the cited passage")


def _within_struck(text: str, start: int) -> bool:
    """Whether a quote begins inside of struck-out text that is kept: it would be shown without its mark."""
    opened = text.rfind(STRUCK_OUT, 0, start)
    return opened >= 0 and STRUCK_END not in text[opened:start]


def _stands(text: str, passage: Passage) -> bool:
    return find(text, passage.text) is not None


def _spliced(text: str, passage: Passage) -> bool:
    """Whether the quote falls apart into a few fragments that each stand in the passage.

    Greedy: the longest run of words that stands in the passage is taken off the front, again and again.
    """
    tokens = words(text)
    key = project(passage.text).key
    keys = [project(t).key for t in tokens]
    at = pieces = 0
    while at < len(tokens):
        length = 0
        while at + length < len(tokens) and "".join(keys[at : at + length + 1]) in key:
            length += 1
        last = at + length == len(tokens)
        if length < _FRAGMENT and not (last and length and pieces):
            return False
        at += length
        pieces += 1
        if pieces > _FRAGMENTS:
            return False
    return pieces > 1


def _shorten(text: str, limit: int = 60) -> str:
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1] + "…"
