"""Answers without a model: the shortest sentences of the passages that answer, word for word.

1. Only documents that have the names and periods of the question are read.
2. Their sentences and table rows are scored by the question's words that they cover, rare words more.
3. The best one must cover enough of what is asked, and have the kind of answer asked for; else no claims.
4. A few more may join where they add something; all are printed in reading order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from retrieval.gate.evidence import Weights
from retrieval.gate.injection import around, speaks_to_machine
from retrieval.gate.sentences import Kind as PieceKind
from retrieval.gate.sentences import Piece, cells, pieces
from retrieval.gate.words import content_of, squash
from retrieval.generate.evidence import Asked, Source, answers_kind, covered, fits, take_apart
from retrieval.types import Claim, Draft, ModelUse, Passage, Question, Quote

_SENTENCES = 3
# How many of the question's words a sentence must cover: at least so many, in shares between these. A long
# question is never covered whole; a short one is only answered by a sentence that has nearly all of it.
_NAMED = (1.5, 0.18, 0.35)  # where the question names the document
_UNNAMED = (3.2, 0.3, 0.65)  # where it does not
_JOINS = 0.6  # score of a further sentence, of the best one's
_NAME = 40  # characters; a longer cell of a table's first row names no column
_LONG = 450  # characters; longer sentences are worth less


@dataclass(frozen=True, slots=True)
class _Candidate:
    passage: Passage
    rank: int
    piece: Piece
    text: str
    header: tuple[int, int] | None  # of the table that a row stands in
    inside: frozenset[str]
    coverage: float  # share of the question's weight in the sentence, its headings and title
    least: float
    score: float


class ExtractiveGenerator:
    """Implements the Generator port. Needs nothing but the passages; raises nothing."""

    async def draft(self, question: Question, passages: Sequence[Passage]) -> Draft:
        chosen = select(take_apart(question.text), passages)
        return Draft(tuple(map(_claim, chosen)), ModelUse("extractive"))


def select(asked: Asked, passages: Sequence[Passage]) -> list[_Candidate]:
    """The sentences that answer, in reading order; none when the passages do not answer."""
    weights = Weights(passages)
    if not asked.terms:
        return []
    found = sorted(_candidates(asked, passages, weights), key=lambda c: -c.score)
    best = next((c for c in found if c.coverage >= c.least and answers_kind(asked.kind, c.text)), None)
    if best is None:
        return []
    chosen, have = [best], set(best.inside)
    for other in found:
        if len(chosen) == _SENTENCES or other.score < _JOINS * best.score:
            break
        new = other.inside - have
        if other is not best and new and other.passage.document.id == best.passage.document.id:
            chosen.append(other)
            have |= new
    return sorted(chosen, key=lambda c: (c.rank, c.piece.start))


def _candidates(asked: Asked, passages: Sequence[Passage], weights: Weights) -> list[_Candidate]:
    groups: dict[str, list[Passage]] = {}
    for passage in passages:
        groups.setdefault(passage.document.id, []).append(passage)
    sources = {id: Source(group) for id, group in groups.items()}
    suits = fits(asked, sources)
    named = {p for name in asked.names for p in content_of(" ".join(name))}
    found: list[_Candidate] = []
    for rank, passage in enumerate(passages):
        how = suits[passage.document.id]
        if not how.fits:
            continue
        terms = asked.terms
        if how.anchored:
            title = set(content_of(sources[passage.document.id].title))
            terms = tuple(t for t in asked.terms if not (t in named and t in title)) or asked.terms
        count, lowest, highest = _NAMED if how.anchored else _UNNAMED
        least = min(highest, max(lowest, count / len(terms)))
        found += _scored(terms, passage, rank, weights, least)
    return found


def _scored(terms: Sequence[str], passage: Passage, rank: int, weights: Weights, least: float) -> list[_Candidate]:
    total = sum(map(weights, terms))
    above = covered(terms, set(content_of("\n".join((passage.document.title, *passage.section.path)))))
    found: list[_Candidate] = []
    header: tuple[int, int] | None = None
    last: Piece | None = None
    parts = pieces(passage.text)
    for at, piece in enumerate(parts):
        first = piece.kind is PieceKind.ROW and (last is None or last.kind is not PieceKind.ROW)
        last = piece
        if first:
            header = (piece.start, piece.end)
            if at + 1 < len(parts) and parts[at + 1].kind is PieceKind.ROW:
                continue  # a table's header says nothing without a row
        text = passage.text[piece.body : piece.end]
        if piece.kind is PieceKind.FRAGMENT or speaks_to_machine(around(passage.text, piece.start, piece.end)):
            continue
        inside = covered(terms, set(content_of(text)))
        if not inside:
            continue
        table = header if piece.kind is PieceKind.ROW and header != (piece.start, piece.end) else None
        over = above if table is None else above | covered(terms, set(content_of(passage.text[slice(*table)])))
        own = sum(weights(t) * share for t, share in inside.items())
        both = own + sum(weights(t) * share for t, share in over.items() if t not in inside)
        score = (own + 0.3 * (both - own)) / total + 0.15 / (1 + rank) - max(0, len(text) - _LONG) / 4000
        # Where nothing names the document, neither rare words alone nor common ones alone are enough.
        counted = len(inside.keys() | over.keys()) / len(terms)
        coverage = min(both / total, counted)
        found.append(_Candidate(passage, rank, piece, text, table, frozenset(inside), coverage, least, score))
    return found


def _claim(chosen: _Candidate) -> Claim:
    """The sentence as printed. A row stands with its header: "Grade: Manager; Hotel: 180 EUR"."""
    quote = Quote(chosen.passage.id, chosen.text)
    if chosen.piece.kind is not PieceKind.ROW:
        return Claim(squash(chosen.text), (quote,))
    row = cells(chosen.text)
    if chosen.header is None:
        return Claim(" | ".join(row), (quote,))
    head = chosen.passage.text[slice(*chosen.header)]
    names = cells(head)
    quotes = (Quote(chosen.passage.id, head), quote)
    if len(names) == len(row) and all(len(name) <= _NAME for name in names):
        return Claim("; ".join(f"{name}: {cell}" for name, cell in zip(names, row, strict=True)), quotes)
    return Claim(" | ".join(row), quotes)
