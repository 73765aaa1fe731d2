"""Answers without a model: the shortest sentences of the passages that answer, word for word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from retrieval.gate.evidence import Weights
from retrieval.gate.sentences import Kind, pieces
from retrieval.gate.words import content_of, squash
from retrieval.generate.evidence import Asked, take_apart
from retrieval.types import Claim, Draft, ModelUse, Passage, Question, Quote

_SENTENCES = 3
_COVERED = 0.5


@dataclass(frozen=True, slots=True)
class _Candidate:
    passage: Passage
    rank: int
    start: int
    text: str
    covered: frozenset[str]
    score: float


class ExtractiveGenerator:
    """Implements the Generator port. Needs nothing but the passages; raises nothing."""

    async def draft(self, question: Question, passages: Sequence[Passage]) -> Draft:
        chosen = select(take_apart(question.text), passages)
        claims = tuple(Claim(squash(c.text), (Quote(c.passage.id, c.text),)) for c in chosen)
        return Draft(claims, ModelUse("extractive"))


def select(asked: Asked, passages: Sequence[Passage]) -> list[_Candidate]:
    """The sentences that answer, in reading order; none when the passages do not answer."""
    weights = Weights(passages)
    total = sum(map(weights, asked.terms))
    if not total:
        return []
    found = sorted(_candidates(asked, passages, weights), key=lambda c: -c.score)
    chosen: list[_Candidate] = []
    have: set[str] = set()
    for candidate in found[:20]:
        if not chosen or (candidate.covered - have and candidate.score >= 0.7 * chosen[0].score):
            chosen.append(candidate)
            have |= candidate.covered
        if len(chosen) == _SENTENCES:
            break
    if not chosen or sum(map(weights, chosen[0].covered)) < _COVERED * total:
        return []
    return sorted(chosen, key=lambda c: (c.rank, c.start))


def _candidates(asked: Asked, passages: Sequence[Passage], weights: Weights) -> list[_Candidate]:
    terms = frozenset(asked.terms)
    total = sum(map(weights, terms))
    found = []
    for rank, passage in enumerate(passages):
        around = terms & set(content_of("\n".join((passage.document.title, *passage.section.path))))
        for piece in pieces(passage.text):
            if piece.kind is Kind.FRAGMENT:
                continue
            text = passage.text[piece.body : piece.end]
            inside = terms & set(content_of(text))
            if not inside:
                continue
            covered = frozenset(inside | around)
            score = (sum(map(weights, inside)) + 0.5 * sum(map(weights, covered - inside))) / total
            score += 0.2 / (1 + rank) - len(text) / 10_000
            found.append(_Candidate(passage, rank, piece.body, text, covered, score))
    return found
