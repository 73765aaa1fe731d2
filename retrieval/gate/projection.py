"""Where a quote stands in a passage, and the source slice that replaces it.

Models and PDF extractors disagree on white space, ligatures, hyphens and quotation marks, so a quote
is searched on letters and digits alone (NFKC, case-folded), with a map back to source offsets. What
that projection cannot see and must not be lost (how digits are grouped, signs, %, currency, "not")
is compared on the slice itself.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache
from itertools import compress

from retrieval.text.words import straight, word_set, words

_CURRENCY = "$€£¥₹"
_NUMBER = re.compile(
    rf"(?P<open>\(\s*)?(?P<minus>(?<![\w)])[-−–]\s?(?=[\d{_CURRENCY}(.]))?(?P<money>[{_CURRENCY}]\s*)?(?P<inner>[-−(]\s*)?"
    r"(?P<digits>\d+(?:[.,'’]\d+)*)\s*(?P<close>\))?\s*(?P<percent>[%‰])?\s*(?P<late>\))?"
)
_WIDE = re.compile(r"[\x00-\x7f]?[^\x00-\x7f]+")
_NOISE = re.compile(r"[\x00-/:-@\[-`{-\x7f]+")
_IS_LETTER = bytes(b < 128 and chr(b).isalnum() for b in range(256))
_NO_LETTERS = bytes(b for b in range(128) if not chr(b).isalnum())
_DIGIT = re.compile(r"\d")
_CAN_NOT = re.compile(r"\bcan\s+not\b", re.IGNORECASE)
_NEGATIONS = word_set("no not never none nor neither without cannot except unless nothing nobody nowhere only")
_NEGATIVE_PREFIX = re.compile(r"^(?:un|in|im|il|ir|non|dis|mis|anti|de)$")
_CLOSING = ".,;:!?)]}\"'”’»"


class Projection:
    """Letters and digits of a text: key[i] stands for text[starts[i]:ends[i]].

    One source character (or a base and its combining marks) may give several of the key ("ﬁ" -> "fi").
    The offsets are worked out when the first of them is asked for: most keys are only searched.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self.key = _key(text)

    @cached_property
    def _offsets(self) -> tuple[Sequence[int], Sequence[int]]:
        plain = _WIDE.sub(lambda m: _mask(m.group()), straight(self._text))
        if plain.isascii():
            starts = list(compress(range(len(plain)), plain.encode().translate(_IS_LETTER)))
            return starts, ()  # one character each
        return _slow_offsets(self._text)

    def span(self, first: int, last: int) -> tuple[int, int]:
        """Source offsets [start, end) of key[first:last], which must not be empty."""
        starts, ends = self._offsets
        return starts[first], ends[last - 1] if ends else starts[last - 1] + 1


@lru_cache(maxsize=1024)
def project(text: str) -> Projection:
    """The letters-and-digits projection of a text. Superscripts and fractions are no digits of it."""
    return Projection(text)


def _key(text: str) -> str:
    text = straight(text)
    if text.isascii():
        return text.encode().lower().translate(None, _NO_LETTERS).decode()
    return _NOISE.sub("", _WIDE.sub(lambda m: _folded(m.group()), text).lower())


@lru_cache(maxsize=4096)
def _folded(run: str) -> str:
    """What a few characters give of the key; ASCII among them may stay as it is."""
    return "".join([given for _, _, given in _clusters(run)])


@lru_cache(maxsize=4096)
def _mask(run: str) -> str:
    """The run with "a" for what gives one character of the key and a blank for what gives none.

    A character beyond ASCII where anything gives more than one, or two give one: then this is no use.
    """
    found = [(end - start, given) for start, end, given in _clusters(run)]
    if any(len(given) > 1 or (given and length > 1) for length, given in found):
        return "\x80"
    return "".join(("a" if given.isalnum() else " ") * length for length, given in found)


def _slow_offsets(text: str) -> tuple[list[int], list[int]]:
    starts: list[int] = []
    ends: list[int] = []
    for start, end, given in _clusters(text):
        count = len(_NOISE.sub("", given))
        starts += [start] * count
        ends += [end] * count
    return starts, ends


def _clusters(text: str) -> Iterator[tuple[int, int, str]]:
    """Every character with its combining marks: where it stands, and what it gives of the key."""
    at = 0
    while at < len(text):
        start = at
        at += 1
        while at < len(text) and text[at] > "\x7f" and unicodedata.combining(text[at]):
            at += 1
        yield start, at, text[start].lower() if at == start + 1 and text[start] <= "\x7f" else _fold(text[start:at])


@lru_cache(maxsize=4096)
def _fold(cluster: str) -> str:
    if unicodedata.category(cluster[0]) == "No":
        return ""  # a footnote mark or "½": read as a sign, not as digits
    folded = unicodedata.normalize("NFKC", cluster).casefold()
    return "".join(c for c in folded if c.isalnum() or (unicodedata.combining(c) and cluster[0].isalnum()))


def find(quote: str, text: str) -> tuple[int, int] | None:
    """[start, end) of the slice of `text` that the quote stands for; None when it stands nowhere.

    The first occurrence wins whose digits, signs, %, currency and negations are the quote's own.
    """
    key = project(quote).key
    if not key:
        return None
    within = project(text)
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
    found: list[tuple[bool, str, str, str]] = []
    if not _DIGIT.search(text):
        return found
    for m in _NUMBER.finditer(text):
        bracketed = bool(m["open"] or (m["inner"] or "").startswith("(")) and bool(m["close"] or m["late"])
        minus = bool(m["minus"]) or (m["inner"] or "")[:1] in ("-", "−")
        digits = unicodedata.normalize("NFKC", m["digits"]).replace("’", "'")
        found.append((bracketed or minus, (m["money"] or "").strip(), digits, m["percent"] or ""))
    return found


def negations(text: str) -> list[str]:
    """The negating words of a text in order; "can not" and "cannot" are the same."""
    joined = _CAN_NOT.sub("cannot", text) if "not" in text.casefold() else text
    return [w if w in _NEGATIONS else "n't" for w in words(joined) if w in _NEGATIONS or w.endswith("n't")]


def _flips(text: str, start: int, matched: int) -> bool:
    """Whether widening to whole words put a negative prefix before what the quote says ("un|able")."""
    return bool(_NEGATIVE_PREFIX.match(text[start:matched].casefold()))
