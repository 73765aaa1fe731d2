"""From the names and periods of a question to the documents it is about. Pure.

Titles alone are compared, and only of documents that the asker may read: numbers of documents are
counted among those, so an answer tells nothing of the others.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from math import log

from retrieval.question.vocabulary import FRAMING
from retrieval.text.stems import STOP_WORDS, stems, title_stems
from retrieval.types import Document

_YEAR = re.compile(r"(?<![\d.,])(?:FY\s?'?)?((?:19|20)\d\d)(?!\d)|\bFY\s?'?(\d\d)\b", re.IGNORECASE)
_QUARTER = re.compile(
    r"\b(?:Q([1-4])|([1-4])Q)(?:\s*(?:of|in)?\s*(?:the\s+)?(?:fiscal\s+(?:year\s+)?)?(?:FY)?\s*'?((?:20)?\d\d))?(?!\d)"
    r"|((?:19|20)\d\d)\s?Q([1-4])\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W_]+(?:['’&.-][^\W_]+)*")
_POSSESSIVE = re.compile(r"['’]s?\b")


@dataclass(frozen=True, slots=True)
class Periods:
    """Years, and quarters as (year, quarter), that a text names."""

    years: frozenset[int]
    quarters: frozenset[tuple[int, int]]


def periods(text: str) -> Periods:
    """E.g. "Q2 of FY2023" -> year 2023, quarter (2023, 2); "FY19" -> year 2019."""
    years = {int(a or f"20{b}") for a, b in _YEAR.findall(text)}
    quarters = set()
    for first, second, year, other, third in _QUARTER.findall(text):
        full = year or other
        if full:
            of = int(full if len(full) == 4 else f"20{full}")
            years.add(of)
            quarters.add((of, int(first or second or third)))
    return Periods(frozenset(years), frozenset(quarters))


@dataclass(frozen=True, slots=True)
class _Title:
    acl_id: str
    periods: Periods


class Router:
    """Titles of one state of the library, looked up by their words."""

    def __init__(self, documents: Mapping[str, Document]) -> None:
        self._titles: dict[str, _Title] = {}
        self._by_word: dict[str, list[str]] = {}
        self._counts: Counter[str] = Counter(d.acl_id for d in documents.values())
        for id_, document in documents.items():
            self._titles[id_] = _Title(document.acl_id, periods(document.title))
            for word in _title_words(document.title):
                self._by_word.setdefault(word, []).append(id_)

    def route(self, question: str, acl_ids: frozenset[str], *, name: float, period: float) -> dict[str, float]:
        """What each document is given for the names and periods the question shares with its title.

        The document with the most of the rare words gets `name`, and `period` on top when it is of the
        latest period the question names (half of it for an earlier one). Empty when no name is shared.
        """
        total = sum(self._counts[acl_id] for acl_id in acl_ids)
        scores: dict[str, float] = {}
        for word in _names(question):
            held = [id_ for id_ in self._by_word.get(word, ()) if self._titles[id_].acl_id in acl_ids]
            if held and len(held) <= max(3, total // 12):
                for id_ in held:
                    scores[id_] = scores.get(id_, 0.0) + log(1 + total / len(held))
        if not scores:
            return {}
        high = max(scores.values())
        asked = periods(question)
        given = {id_: name * score / high for id_, score in scores.items() if 2 * score >= high}
        return {id_: value + period * _agreement(asked, self._titles[id_].periods) for id_, value in given.items()}


def _agreement(asked: Periods, of: Periods) -> float:
    """1: the title is of the latest period asked for; 0.5: of an earlier one; 0: of another or of none."""
    if asked.quarters and of.quarters:
        return 1.0 if max(asked.quarters) in of.quarters else 0.0
    if not asked.years or not of.years:
        return 0.0
    if max(asked.years) in of.years:
        return 1.0 if not of.quarters else 0.75
    return 0.5 if asked.years & of.years else 0.0


def _names(question: str) -> set[str]:
    """Stems of what may be a name: words with a capital or a digit, and initials ("J&J")."""
    found: set[str] = set()
    words = _WORD.findall(_POSSESSIVE.sub(" ", question))
    for n, word in enumerate(words):
        if word[0].isupper() or any(c.isdigit() or c.isupper() for c in word):
            found.update(stems(word))
            capitals = "".join(c for c in word if c.isupper())
            if len(capitals) > 1:
                found.add(f"={capitals.casefold()}")
            if n and words[n - 1][0].isupper():
                found.update(stems(words[n - 1] + word))
    return {f for f in found if f not in STOP_WORDS and f not in FRAMING and not f.isdigit()}


@lru_cache(maxsize=100_000)
def _title_words(title: str) -> frozenset[str]:
    """The stems of a title, neighbours written as one word, and initials of words that follow each other."""
    words = _WORD.findall(_POSSESSIVE.sub(" ", title))
    found = set(_joined(words))
    found.update(title_stems(title))
    return frozenset(f for f in found if not f.isdigit())


def _joined(words: list[str]) -> Iterable[str]:
    named = [w for w in words if w[0].isupper()]
    for a, b in pairwise(named):
        yield from stems(a + b)
    for size in (2, 3, 4):
        for at in range(len(named) - size + 1):
            yield "=" + "".join(w[0] for w in named[at : at + size]).casefold()
