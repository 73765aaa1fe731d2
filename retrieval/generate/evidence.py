"""Whether a sentence answers a question: what the question asks for, and how much of it is covered."""

from __future__ import annotations

from dataclasses import dataclass

from retrieval.gate.words import content, word_set, words

_FRAMING = word_set(
    """consider considering according accord document documents agreement question answer tell explain describe
    state states stated mention mentions mentioned indicate indicates specify specifies specified include includes
    clause section provision please say says know find give"""
)
"""Words that frame a question rather than name what is asked."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question taken apart. `terms` are stems of content words, in order, without repeats."""

    text: str
    terms: tuple[str, ...]


def take_apart(text: str) -> Asked:
    terms = content(w for w in words(text) if w not in _FRAMING)
    return Asked(text, tuple(dict.fromkeys(terms)))
