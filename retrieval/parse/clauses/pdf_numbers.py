"""Numbers at the start of a paragraph: "1.", "1.1", "(a)", "Article IV", "Item 7A.", "Note 5", "PART II"."""

from __future__ import annotations

import re
from dataclasses import dataclass

WORDS = {
    "part": 1,
    "title": 1,
    "book": 1,
    "schedule": 1,
    "annex": 1,
    "annexure": 1,
    "appendix": 1,
    "exhibit": 1,
    "attachment": 1,
    "chapter": 2,
    "article": 2,
    "item": 3,
    "section": 4,
    "clause": 4,
    "note": 5,
}
"""Leading words and how high their parts stand, 1 outermost."""

OUTER = frozenset({"part", "title", "book", "schedule", "annex", "annexure", "appendix", "exhibit", "attachment"})
"""Parts that may number their clauses anew."""

_DIGIT_ROMAN = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}
_ROMAN = re.compile(r"(?=[ivxlc])(?:x?c|l?x{0,3}|xl|c{0,3}l?x{0,3})(?:ix|iv|v?i{0,3})", re.IGNORECASE)
_WORDED = re.compile(
    r"(?:(?P<word>" + "|".join(WORDS) + r")\s+|(?P<sign>§{1,2}|sec\.)\s*)"
    r"(?P<number>\d{1,4}(?:\.\d{1,3})*[A-Z]?|[IVXLC]{1,7}|[A-Z])(?P<sub>(?:\([A-Za-z0-9]{1,5}\))*)"
    r"(?P<end>\s*(?:[.:]+(?=\s|$)|[–—]|-+(?=\s|$))|(?=\s|$))",
    re.IGNORECASE,
)
_DECIMAL = re.compile(r"(?P<number>\d{1,3}(?:\.\d{1,3}){0,5})(?P<sub>(?:\([A-Za-z0-9]{1,5}\))*)(?P<end>[.)]?)(?=\s|$)")
_BRACKETED = re.compile(
    r"(?:\((?P<full>[A-Za-z]|[ivxlcIVXLC]{1,6}|[a-z]{2}|\d{1,2})\)|(?P<half>[A-Za-z]|[ivxlc]{1,6})\))(?=\s|$)"
)
_DOTTED = re.compile(r"(?P<number>[IVXLC]{1,6}|[A-Z])\.(?=\s|$)")


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it stands: `kind` "part".."note", "decimal", "bracket" or "dotted"; `shown` without closing marks.

    `counts` are the readings of its last place, most likely first: "(i)" is 1 (roman) or 9 (letter).
    `values` are the places of a decimal ((4, 2)). `closed` says that a full stop, dash or bracket follows.
    """

    kind: str
    shown: str
    counts: tuple[tuple[str, int], ...]
    values: tuple[int, ...]
    length: int
    closed: bool


def roman(text: str) -> int | None:
    """The value of a roman number up to 399; None when it is none."""
    if not _ROMAN.fullmatch(text):
        return None
    total, last = 0, 0
    for char in reversed(text.lower()):
        value = _DIGIT_ROMAN[char]
        total += value if value >= last else -value
        last = max(last, value)
    return total


def readings(text: str) -> tuple[tuple[str, int], ...]:
    """What a number's last place may count: its series ("1", "a", "A", "i", "I") and value."""
    if text.isdigit():
        return (("1", int(text)),)
    found: list[tuple[str, int]] = []
    if len(text) == 1 or (len(text) == 2 and text[0] == text[1]):
        value = ord(text[0].lower()) - 96 + 26 * (len(text) - 1)
        found.append(("a" if text.islower() else "A", value))
    value_roman = roman(text)
    if value_roman is not None:
        found.append(("i" if text.islower() else "I", value_roman))
    return tuple(found)


def number_of(text: str) -> Number | None:
    """The number that a paragraph starts with, or None."""
    for match in (_worded(text), _decimal(text), _bracketed(text), _dotted(text)):
        if match is not None:
            return match
    return None


def _worded(text: str) -> Number | None:
    found = _WORDED.match(text)
    if not found:
        return None
    word = found["word"].lower() if found["word"] else "section"
    own, sub = found["number"], found["sub"]
    if own.isalpha() and not own.isupper():
        return None  # "Note a", "part i" in running text
    shown = own + sub if word in ("section", "clause") else f"{found['word']} {own}{sub}"
    head = re.match(r"\d+", own)
    places = tuple(int(p) for p in re.findall(r"\d+", own)) if head else ()
    counts = (("1", int(head[0])),) if head else readings(own)[::-1]
    return Number(word, shown, counts, places, found.end(), bool(found["end"].strip()))


def _decimal(text: str) -> Number | None:
    found = _DECIMAL.match(text)
    if not found:
        return None
    places = tuple(int(p) for p in found["number"].split("."))
    if len(found["number"]) > 1 and any(p.startswith("0") and len(p) > 1 for p in found["number"].split(".")[:1]):
        return None
    return Number(
        "decimal", found["number"] + found["sub"], (("1", places[-1]),), places, found.end(), bool(found["end"])
    )


def _bracketed(text: str) -> Number | None:
    found = _BRACKETED.match(text)
    if not found:
        return None
    inner = found["full"] or found["half"]
    counts = readings(inner)
    return Number("bracket", f"({inner})", counts, (), found.end(), True) if counts else None


def _dotted(text: str) -> Number | None:
    found = _DOTTED.match(text)
    if not found:
        return None
    return Number("dotted", found["number"], readings(found["number"])[::-1], (), found.end(), True)
