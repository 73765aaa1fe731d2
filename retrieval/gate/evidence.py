"""What one claim is judged by: its located quotes, what the index says around them, and word weights."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from retrieval.gate.language.detect import ENGLISH, language_of
from retrieval.text.words import content_set, squash
from retrieval.types import Passage, VerdictClass


@dataclass(frozen=True, slots=True)
class Found:
    """A quote's place: `passage.text[start:end]` is the slice that is printed in its stead."""

    passage: Passage
    start: int
    end: int

    @property
    def text(self) -> str:
        return self.passage.text[self.start : self.end]


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a claim falls."""

    verdict: VerdictClass
    reason: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """A claim's text beside the source slices of its quotes.

    `context` is what the index says about where the quotes stand (title, heading path); `surroundings`
    are the whole passages, where units and scales of tables are said. `verbatim`: the claim is its quote, word for
    word and whole, so that there is no number to change and nothing to turn round. `language` is that of claim and
    quotes, where it is one that the gate knows; else English, whose rules then find little.
    """

    claim: str
    found: tuple[Found, ...]
    weights: Weights
    quotes: str
    context: str
    surroundings: str
    verbatim: bool = False
    language: str = ENGLISH


def evidence_of(claim: str, found: Sequence[Found], weights: Weights) -> Evidence:
    above: list[str] = []
    for f in found:
        above += [f.passage.document.title, *f.passage.section.path, f.passage.section.heading]
    quotes = "\n".join(f.text for f in found)
    languages = {language_of(claim), language_of(quotes)} - {""}
    return Evidence(
        claim=claim,
        found=tuple(found),
        weights=weights,
        quotes=quotes,
        context="\n".join(dict.fromkeys(part for part in above if part)),
        surroundings="\n".join(dict.fromkeys(f.passage.text for f in found)),
        verbatim=squash(claim).rstrip(".") == squash(quotes).rstrip("."),
        language=languages.pop() if len(languages) == 1 else ENGLISH,
    )


class Weights:
    """Inverse document frequency of stems over the retrieved passages, the only corpus the gate knows.

    idf = ln(1 + (n - df + 0.5) / (df + 0.5)) as in BM25 (Robertson and Zaragoza 2009); a word of no
    passage weighs as much as one of a single passage. Never below `least`: a word of every passage still counts.
    """

    def __init__(self, passages: Sequence[Passage], least: float = 0.2) -> None:
        self._passages = passages
        self._least = least
        self._known: dict[str, float] = {}

    @cached_property
    def _frequency(self) -> Mapping[str, int]:
        counts: Counter[str] = Counter()
        for passage in self._passages:
            counts.update(content_set(passage.text))
        return counts

    def __call__(self, stem: str) -> float:
        if stem not in self._known:
            self._known[stem] = self._weigh(stem)
        return self._known[stem]

    def _weigh(self, stem: str) -> float:
        n, df = len(self._passages), max(1, self._frequency.get(stem, 0))
        return max(self._least, math.log(1 + (n - df + 0.5) / (df + 0.5)))


class Shelf:
    """The retrieved passages by id; of two with one id the first."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        self.passages = {p.id: p for p in reversed(passages)}
