"""Where a quote stands in a passage, and the source slice that replaces it.

Models and PDF extractors disagree on white space, ligatures, hyphens and quotation marks, so a quote
is searched on letters and digits alone (NFKC, case-folded), with a map back to source offsets. What
that projection cannot see and must not be lost (how digits are grouped, signs, %, currency, "not")
is compared on the slice itself.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from retrieval.gate.words import word_set, words

_CURRENCY = "$€£¥₹"
_NUMBER = re.compile(
    rf"(?P<open>\(\s*)?(?P<minus>(?<![\w)])[-−–]\s?(?=[\d{_CURRENCY}(.]))?(?P<money>[{_CURRENCY}]\s*)?(?P<inner>[-−(]\s*)?"
    r"(?P<digits>\d+(?:[.,'’]\d+)*)\s*(?P<close>\))?\s*(?P<percent>[%‰])?\s*(?P<late>\))?"
)
_NEGATIONS = word_set("no not never none nor neither without cannot except unless nothing nobody nowhere only")
_NEGATIVE_PREFIX = re.compile(r"^(?:un|in|im|il|ir|non|dis|mis|anti|de)$")
_CLOSING = ".,;:!?)]}\"'”’»"


@dataclass(frozen=True, slots=True)
class Projection:
    """Letters and digits of a text: key[i] stands for text[starts[i]:ends[i]].

    One source character (or a base and its combining marks) may give several of the key ("ﬁ" -> "fi").
    """

    key: str
    starts: Sequence[int]
    ends: Sequence[int]

    def span(self, first: int, last: int) -> tuple[int, int]:
        """Source offsets [start, end) of key[first:last], which must not be empty."""
        return self.starts[first], self.ends[last - 1]


def project(text: str) -> Projection:
    """The letters-and-digits projection of a text. Superscripts and fractions are no digits of it."""
    folded = text.casefold()
    if len(folded) == len(text) and (text.isascii() or (_is_plain(text) and _is_plain(folded))):
        starts = [at for at, c in enumerate(folded) if c.isalnum()]
        return Projection("".join(filter(str.isalnum, folded)), starts, [at + 1 for at in starts])
    return _project_clusters(text)


def _is_plain(text: str) -> bool:
    """Whether every character stands for itself alone: nothing to compose, no compatibility form."""
    return unicodedata.is_normalized("NFKC", text) and not any(map(unicodedata.combining, text))


def _project_clusters(text: str) -> Projection:
    parts: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    at = 0
    while at < len(text):
        stop = at + 1
        while stop < len(text) and unicodedata.combining(text[stop]):
            stop += 1
        run = _fold(text[at:stop])
        parts.append(run)
        starts += [at] * len(run)
        ends += [stop] * len(run)
        at = stop
    return Projection("".join(parts), starts, ends)


def _fold(cluster: str) -> str:
    if unicodedata.category(cluster[0]) == "No":
        return ""  # a footnote mark or "½": read as a sign, not as digits
    folded = unicodedata.normalize("NFKC", cluster).casefold()
    return "".join(c for c in folded if c.isalnum() or (unicodedata.combining(c) and cluster[0].isalnum()))


def find(quote: str, text: str, projection: Projection | None = None) -> tuple[int, int] | None:
    """[start, end) of the slice of `text` that the quote stands for; None when it stands nowhere.

    The first occurrence wins whose digits, signs, %, currency and negations are the quote's own.
    """
    key = project(quote).key
    if not key:
        return None
    within = projection or project(text)
    at = within.key.find(key)
    while at >= 0:
        start, end = _widen(text, *within.span(at, at + len(key)), quote)
        if _same(quote, text[start:end]) and not _flips(text, start, within.span(at, at + 1)[0]):
            return start, end
        at = within.key.find(key, at + 1)
    return None


def _widen(text: str, start: int, end: int, quote: str) -> tuple[int, int]:
    """Out to whole words and to the signs that belong to a number, never beyond the text."""
    start, end = _whole_words(text, start, end)
    number = _number_around(text, start) if text[start].isdecimal() else None
    if number is not None:
        start = min(start, number[0])
    if end < len(text) and text[end - 1].isdecimal():
        tail = re.compile(r"\)?\s?[%‰]\)?|\)").match(text, end)
        if tail is not None and (tail.group() != ")" or _opens(text, start, end)):
            end = tail.end()
    if end < len(text) and text[end] in _CLOSING and quote.rstrip()[-1:] in _CLOSING:
        end += 1
    if end < len(text) and text[end] in ")]" and _opens(text, start, end):
        end += 1
    if start and text[start - 1] in "([\"'“‘«" and quote.lstrip()[:1] == text[start - 1]:
        start -= 1
    return start, end


def _whole_words(text: str, start: int, end: int) -> tuple[int, int]:
    while start and text[start].isalnum() and text[start - 1].isalnum():
        start -= 1
    while end < len(text) and text[end - 1].isalnum() and text[end].isalnum():
        end += 1
    for _ in range(2):  # "1,000" and "4.2": a number is one word
        if start > 1 and text[start].isdecimal() and text[start - 1] in ".,'’" and text[start - 2].isdecimal():
            start -= 2
            while start and text[start - 1].isdecimal():
                start -= 1
        if end + 1 < len(text) and text[end - 1].isdecimal() and text[end] in ".,'’" and text[end + 1].isdecimal():
            end += 2
            while end < len(text) and text[end].isdecimal():
                end += 1
    return start, end


def _number_around(text: str, start: int) -> tuple[int, int] | None:
    """The number whose digits start at `start`, with the sign and currency before it."""
    for match in _NUMBER.finditer(text, max(0, start - 6), min(len(text), start + 40)):
        if match.start("digits") == start:
            opened = match["open"] is not None and not (match["close"] or match["late"])
            return (match.end("open") if opened else match.start()), match.end()
    return None


def _opens(text: str, start: int, end: int) -> bool:
    inside = text[start:end]
    return inside.count("(") > inside.count(")") or inside.count("[") > inside.count("]")


def _same(quote: str, piece: str) -> bool:
    return signs(quote) == signs(piece) and negations(quote) == negations(piece)


def signs(text: str) -> list[tuple[bool, str, str, str]]:
    """Every number of a text as (negative or bracketed, currency sign, digits as grouped, percent sign)."""
    found = []
    for m in _NUMBER.finditer(text):
        bracketed = bool(m["open"] or (m["inner"] or "").startswith("(")) and bool(m["close"] or m["late"])
        minus = bool(m["minus"]) or (m["inner"] or "")[:1] in ("-", "−")
        digits = unicodedata.normalize("NFKC", m["digits"]).replace("’", "'")
        found.append((bracketed or minus, (m["money"] or "").strip(), digits, m["percent"] or ""))
    return found


def negations(text: str) -> list[str]:
    """The negating words of a text in order; "can not" and "cannot" are the same."""
    joined = re.sub(r"\bcan\s+not\b", "cannot", text, flags=re.IGNORECASE)
    return [w if w in _NEGATIONS else "n't" for w in words(joined) if w in _NEGATIONS or w.endswith("n't")]


def _flips(text: str, start: int, matched: int) -> bool:
    """Whether widening to whole words put a negative prefix before what the quote says ("un|able")."""
    return bool(_NEGATIVE_PREFIX.match(text[start:matched].casefold()))
