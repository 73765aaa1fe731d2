"""Answers without a model: the shortest sentences of the passages that answer, word for word.

1. Only documents that have the names and periods of the question are read.
2. Their sentences and table rows are scored by the question's words that they cover, rare words more.
3. The best one must cover enough of what is asked, and have the kind of answer asked for; else no claims.
4. A few more may join where they add something; all are printed in reading order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from retrieval.gate.evidence import Weights
from retrieval.gate.sentences import Kind as PieceKind
from retrieval.gate.sentences import cells
from retrieval.gate.support import initials
from retrieval.gate.words import content_set, squash, stem
from retrieval.generate.evidence import Asked, Kind, Source, answers_kind, covered, fits, take_apart, tells_how, timely
from retrieval.generate.reading import Part, read
from retrieval.generate.thesaurus import RELATED
from retrieval.types import Claim, Draft, ModelUse, Passage, Question, Quote

_SENTENCES = 3
# How many of the question's words a sentence must cover: at least so many, in shares between these. A long
# question is never covered whole; a short one is only answered by a sentence that has nearly all of it.
_NAMED = (1.5, 0.18, 0.42)  # where the question names the document
_UNNAMED = (2.3, 0.18, 0.6)  # where it does not
_JOINS = 0.6  # score of a further sentence, of the best one's
_LIGHTEST = (
    0.6  # weight of a word that every passage has: what was searched for is there, and must be in the answer too
)
_NAME = 40  # characters; a longer cell of a table's first row names no column
_TOGETHER = 0.25  # for words that stand together as in the question
_TELLS = 0.2  # for a sentence that tells what to do, where that is asked
_UNTIMELY = 0.4  # off for a sentence that names none of the periods asked about
_EQUAL = 0.97  # score of a neighbour that says as much as the best sentence, of the best one's
_ABOUT = 0.3  # off for a sentence about the document itself
_LONG = 160  # characters; longer sentences are worth less
_DRAG = 3000  # characters more that cost as much as all the words of the question
_ENDS = (".", "!", ";", ":", ",", ".)", ".”", '."')
_LOOSE = 0.15  # off for an item of a list that is no sentence of its own
_LEADING = 0.1  # for a sentence that begins with the words of the question


@dataclass(frozen=True, slots=True)
class _Candidate:
    passage: Passage
    rank: int
    part: Part
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
    if not asked.terms:
        return []
    found = sorted(_candidates(asked, passages, Weights(passages, _LIGHTEST)), key=lambda c: -c.score)
    good = [c for c in found if c.coverage >= c.least and answers_kind(asked, c.part.text)]
    if not good:
        return []
    best = good[0]
    if asked.kind is Kind.HOW:
        near = (c for c in good if c.score >= _JOINS * best.score and tells_how(c.part.text))
        best = next(near, best)
    chosen, have = [best], set(best.inside)
    for other in found:
        if len(chosen) == _SENTENCES or other.score < _JOINS * best.score:
            break
        if other is best or other.part.about or other.passage.document.id != best.passage.document.id:
            continue
        new = other.inside - have
        equal = other.passage is best.passage and other.score >= _EQUAL * best.score
        if new or (equal and len(chosen) < 2):
            chosen.append(other)
            have |= new
    return sorted(chosen, key=lambda c: (c.rank, c.part.start))


def _candidates(asked: Asked, passages: Sequence[Passage], weights: Weights) -> list[_Candidate]:
    groups: dict[str, list[Passage]] = {}
    for passage in passages:
        groups.setdefault(passage.document.id, []).append(passage)
    sources = {id: Source(group) for id, group in groups.items()}
    suits = fits(asked, sources)
    everywhere = frozenset(stem(w) for name in asked.names for w in name)  # tells no document from another
    everywhere = (
        everywhere.intersection(*(s.title_content for s in sources.values())) if len(sources) > 1 else frozenset()
    )
    found: list[_Candidate] = []
    for rank, passage in enumerate(passages):
        how = suits[passage.document.id]
        if not how.fits:
            continue
        terms = asked.terms
        if how.anchored or asked.cites:
            terms = tuple(t for t in asked.terms if t not in asked.naming) or asked.terms
        terms = tuple(t for t in terms if t not in everywhere) or terms
        count, lowest, highest = _NAMED if how.anchored else _UNNAMED
        least = min(highest, max(lowest, count / len(terms)))
        found += _scored(asked, terms, passage, rank, weights, least)
    return found


def _scored(
    asked: Asked, terms: Sequence[str], passage: Passage, rank: int, weights: Weights, least: float
) -> list[_Candidate]:
    total = sum(map(weights, terms))
    above = covered(terms, _above(passage))
    wanted = frozenset(terms).union(*(RELATED.get(t, frozenset()) for t in terms))
    pairs = set(map(frozenset, pairwise(asked.terms)))
    found: list[_Candidate] = []
    reading = read(passage)
    for part in reading.parts:
        if part.stems.isdisjoint(wanted) or reading.planted(part):
            continue
        head = "" if part.header is None else passage.text[slice(*part.header)]
        inside = covered(terms, part.stems)
        over = above | covered(terms, content_set(head)) if head else above
        own = sum(weights(t) * share for t, share in inside.items())
        both = own + sum(weights(t) * share for t, share in over.items() if t not in inside)
        score = (own + 0.3 * (both - own)) / total + 0.15 / (1 + rank) - max(0, len(part.text) - _LONG) / _DRAG
        if pairs:  # "first day" together is more than both words apart
            score += _TOGETHER * len(pairs.intersection(map(frozenset, pairwise(part.order)))) / len(pairs)
        score += _LEADING * len(inside.keys() & set(part.order[:4])) / len(terms)
        if part.kind is PieceKind.PROSE and not part.items and not part.text.endswith(_ENDS):
            score -= _LOOSE
        if part.about:
            score -= _ABOUT
        score -= _UNTIMELY * (1 - timely(asked, part.text, head))
        if asked.kind is Kind.HOW and tells_how(part.text):
            score += _TELLS
        # Where nothing names the document, neither rare words alone nor common ones alone are enough.
        counted = len(inside.keys() | over.keys()) / len(terms)
        coverage = min(both / total, counted)
        found.append(_Candidate(passage, rank, part, frozenset(inside), coverage, least, score))
    return found


def _above(passage: Passage) -> frozenset[str]:
    """Stems, and initials as a word, of the title and the headings over a passage."""
    heads = "\n".join((passage.document.title, *passage.section.path))
    return content_set(heads) | initials(passage.document.title)


def _claim(chosen: _Candidate) -> Claim:
    """The sentence as printed. A row stands with its header: "Grade: Manager; Hotel: 180 EUR"."""
    part, passage = chosen.part, chosen.passage
    quote = Quote(passage.id, part.text)
    if part.kind is not PieceKind.ROW:
        return Claim(_listed(part, passage.text), (quote,))
    row = cells(part.text)
    if part.header is None:
        return Claim(" | ".join(row), (quote,))
    head = passage.text[slice(*part.header)]
    names = cells(head)
    quotes = (Quote(passage.id, head), quote)
    if len(names) == len(row) and all(len(name) <= _NAME for name in names):
        return Claim("; ".join(f"{name}: {cell}" for name, cell in zip(names, row, strict=True)), quotes)
    return Claim(" | ".join(row), quotes)


def _listed(part: Part, text: str) -> str:
    """A sentence on one line; a list without its bullets and numbers, its items parted by semicolons."""
    if not part.items:
        return squash(part.text)
    lead = text[part.start : part.items[0][0]]
    lead = lead[: lead.rindex(":") + 1]
    items = [squash(text[start:end]).rstrip(";,. ") for start, end in part.items]
    return f"{squash(lead)} {'; '.join(items)}."
