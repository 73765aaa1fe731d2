"""Answers without a model: the shortest sentences of the passages that answer, word for word.

1. Only documents that have the names and periods of the question are read.
2. Their sentences and table rows are scored by the question's words that they cover, rare words more.
3. The best one must cover enough of what is asked, and have the kind of answer asked for; else no claims.
4. A few more may join where they add something; all are printed in reading order.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise, product

from retrieval.gate.evidence import Weights
from retrieval.gate.support import initials
from retrieval.generate.actions import acts, forbids_or_defines, of_another
from retrieval.generate.evidence import (
    Fit,
    Source,
    answers_kind,
    covered,
    defines,
    fits,
    has_name,
    points,
    tells_how,
    timely,
)
from retrieval.generate.passage_text import DATED, Part, read
from retrieval.generate.question_intent import Asked, Kind, take_apart
from retrieval.generate.thesaurus import RELATED
from retrieval.question.routing import periods
from retrieval.text.numerals import NUMERAL_WORDS
from retrieval.text.sentences import Kind as PieceKind
from retrieval.text.sentences import cells
from retrieval.text.words import content_of, content_set, squash, stem, words
from retrieval.types import Claim, Draft, ModelUse, Passage, Question, Quote

_SENTENCES = 3
_STRICT = frozenset({Kind.WHO, Kind.FOLLOWS})  # what joins must have the kind of answer, too
# How many of the question's words a sentence must cover: at least so many, in shares between these. A long
# question is never covered whole; a short one is only answered by a sentence that has nearly all of it.
_NAMED = (1.2, 0.14, 0.36)  # where the question names the document
_UNNAMED = (2.3, 0.18, 0.6)  # where it does not
# The same of what all passages of the document say together: a word that the search did not find is not there.
_SPOKEN = (2.0, 0.2, 0.55)
_JOINS = 0.7  # score of a further sentence, of the best one's
_NEAR = 0.85  # score of a sentence that tells how, to stand for the best one
_ROW_JOINS = 0.8  # the same of a row: tables have many alike
_LIGHTEST = (
    0.6  # weight of a word that every passage has: what was searched for is there, and must be in the answer too
)
_NAME = 40  # characters; a longer cell of a table's first row names no column
_TOGETHER = 0.25  # for words that stand together as in the question
_TO_YOU = ("You ", "Your ", "Users ")
_ADDRESSED = 0.15  # off for what readers may do, where it is asked what others do
_TELLS = 0.15  # by how plainly, for a sentence that tells what to do, where that is asked
_UNTIMELY = 0.4  # off for a sentence that names none of the periods asked about
_EQUAL = 0.97  # score of a neighbour that says as much as the best sentence, of the best one's
_ABOUT = 0.3  # off for a sentence about the document itself
_LONG = 160  # characters; longer sentences are worth less
_DRAG = 3000  # characters more that cost as much as all the words of the question
_SCALE = re.compile(r"\([^()\n]{0,40}\b(?:thousands|millions|billions)\b[^()\n]{0,60}\)", re.IGNORECASE)
_SUMS = frozenset(map(stem, ("total", "number", "average", "count", "end", "year")))
_COUNTERS = frozenset(NUMERAL_WORDS.split("|")) | {"no", "none", "all", "both", "half"}
_NEAR_BY = 5  # words between a number and what it counts
_FULL = (".", "!", ".)", ".”", '."')
_ENDS = (";", ":", ",")
_LOOSE = 0.15  # off for words that are no sentence, without what introduces them
_ITEM = 0.05  # off for an item of a list
_DEFINES = 0.4  # for a sentence that says what something is, where that is asked
_FIGURE = 0.4  # for a sentence with a number of the question
_REST = 0.06  # by the share of framing words that are there too
_TITLE = 4  # content words of a title that names one thing, or two
_FIRST = 4  # words that a sentence is about
_BARE = 0.15  # off for a row of running text of which nothing says what its columns are
_TOLD = 60  # characters; a longer cell is running text
_NO_YEAR = 9999
_OLD = 0.1  # off for a document of an earlier year than another, where no year is asked for
_LABEL = 0.2  # for a row, by the share of its name that was asked for
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
    good = [
        c for c in found if c.coverage >= c.least and answers_kind(asked, c.part.text, c.part.kind is PieceKind.ROW)
    ]
    if not good:
        return []
    best = good[0]
    if asked.kind is Kind.HOW:
        near = [c for c in good if c.score >= _NEAR * best.score]
        best = max(near, key=lambda c: (tells_how(c.part.text), c.score))
    chosen = _joined(asked, best, found, good)
    return sorted(chosen, key=lambda c: (c.rank != best.rank, c.rank, c.part.start))


def _joined(
    asked: Asked, best: _Candidate, found: Sequence[_Candidate], good: Sequence[_Candidate]
) -> list[_Candidate]:
    """The best sentence with the few of its document that add something."""
    chosen, have = [best], set(best.inside)
    for other in found:
        if len(chosen) == _SENTENCES or other.score < _JOINS * best.score:
            break
        if other.part.kind is PieceKind.ROW and other.score < _ROW_JOINS * best.score:
            continue
        if asked.kind in _STRICT and other not in good:
            continue
        if other.part.about or other.passage.document.id != best.passage.document.id or _said(other, chosen):
            continue
        new = other.inside - have
        equal = other.passage is best.passage and other.score >= _EQUAL * best.score
        if new or (equal and len(chosen) < 2):
            chosen.append(other)
            have |= new
    return chosen


def _said(other: _Candidate, chosen: Sequence[_Candidate]) -> bool:
    """Whether a candidate is one of those chosen, a part of one, or an item of the same list."""
    part = other.part
    for c in chosen:
        if c.passage is other.passage:
            begins = part.start if part.header is None or part.kind is PieceKind.ROW else part.header[0]
            began = c.part.start if c.part.header is None or c.part.kind is PieceKind.ROW else c.part.header[0]
            if begins < c.part.end and began < part.end:
                return True
    return False


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
    years = [_year(p) for p in passages if suits[p.document.id].anchored]
    newest = 0 if asked.years else max((y for y in years if y != _NO_YEAR), default=0)
    found: list[_Candidate] = []
    for rank, passage in enumerate(passages):
        how = suits[passage.document.id]
        if not how.fits or not all(has_name(passage, name) for name in how.wanted):
            continue
        terms = _left(asked, how, everywhere)
        spoken = sources[passage.document.id].stems | initials(passage.document.title)
        spoken_of = sum(map(weights, covered(terms, spoken))) / sum(map(weights, terms))
        if spoken_of < _least(_SPOKEN, len(terms)):
            continue
        least = _least(_NAMED if how.anchored else _UNNAMED, len(terms))
        scored = _scored(asked, terms, passage, rank, weights, least)
        found += [replace(c, score=c.score - _OLD) for c in scored] if _year(passage) < newest else scored
    return found


def _least(share: tuple[float, float, float], terms: int) -> float:
    count, lowest, highest = share
    return min(highest, max(lowest, count / terms))


def _year(passage: Passage) -> int:
    """The latest year that a document's title names; a title without one is of no year at all, and never old."""
    return max(periods(passage.document.title).years, default=_NO_YEAR)


def _left(asked: Asked, how: Fit, everywhere: frozenset[str]) -> tuple[str, ...]:
    """The terms that an answer must cover: what names the document is no part of it."""
    naming = asked.naming
    if not asked.cites and not set(asked.names) <= set(how.titled):
        naming = naming & {stem(w) for name in how.titled for w in name}
    left = tuple(t for t in asked.terms if t not in naming) or asked.terms
    return tuple(t for t in left if t not in everywhere) or left


def _scored(
    asked: Asked,
    terms: Sequence[str],
    passage: Passage,
    rank: int,
    weights: Weights,
    least: float,
) -> list[_Candidate]:
    total = sum(map(weights, terms))
    above = covered(terms, _above(passage))
    wanted = frozenset(terms).union(*(RELATED.get(t, frozenset()) for t in terms))
    pairs = _pairs(asked.terms, tuple(terms))
    found: list[_Candidate] = []
    reading = read(passage)
    opening = _opening(asked, terms, passage, reading.parts)
    for part in reading.parts:
        opens = part is opening
        if (part.stems.isdisjoint(wanted) and not opens) or reading.planted(part):
            continue
        head = "" if part.header is None else passage.text[slice(*part.header)]
        at = timely(asked, (part.text, head), _heads(passage))
        if at is None:
            continue
        if asked.may_i and _loose(part) and not part.header:
            continue  # an item without what introduces it: whether it is allowed or forbidden, nobody can tell
        inside = covered(terms, part.stems)
        if asked.of_others and asked.names and of_another(asked.names, part.text):
            continue
        over = above | covered(terms, content_set(head)) if head else above
        if (asked.counted and not _counts(asked, part, head)) or (asked.kind is Kind.WHAT and not _names(terms, part)):
            continue
        own = sum(weights(t) * share for t, share in inside.items())
        both = own + sum(weights(t) * share for t, share in over.items() if t not in inside)
        score = (own + 0.3 * (both - own)) / total + 0.15 / (1 + rank) - max(0, len(part.text) - _LONG) / _DRAG
        if pairs:  # "first day" together is more than both words apart
            together = {pairs[pair] for pair in map(frozenset, pairwise(part.order)) if pair in pairs}
            score += _TOGETHER * len(together) / (len(asked.terms) - 1)
        score += _LEADING * len(inside.keys() & set(part.order[:4])) / len(terms)
        score += _manner(asked, terms, part)
        score += _REST * len(covered(asked.rest, part.stems)) / max(1, len(asked.rest))
        score -= _UNTIMELY * (1 - at)
        # Where nothing names the document, neither rare words alone nor common ones alone are enough.
        counted = len(inside.keys() | over.keys()) / len(terms)
        coverage = min(both / total, counted)
        said_of = terms[0] in part.order[:_FIRST] or (asked.kind is Kind.WHAT and defines(terms, part.text))
        if len(terms) == 1 and not above and not asked.counted and not said_of:
            coverage = 0.0  # a word in passing is no answer where one word is all that is asked
        if opens:
            coverage, score = 1.0, score + _DEFINES
        found.append(_Candidate(passage, rank, part, frozenset(inside), coverage, least, score))
    return found


@lru_cache(maxsize=256)
def _pairs(asked: tuple[str, ...], terms: tuple[str, ...]) -> dict[frozenset[str], int]:
    """Neighbours among what is asked, each as itself or, but for names, as a word that means the same."""
    found: dict[frozenset[str], int] = {}
    for at, pair in enumerate(pairwise(asked)):
        alike = [(t, *RELATED.get(t, ())) if set(pair) <= set(terms) else (t,) for t in pair]
        found |= dict.fromkeys(map(frozenset, product(*alike)), at)
    return found


def _loose(part: Part) -> bool:
    """Whether a part is no whole sentence."""
    return part.kind is PieceKind.PROSE and not part.items and not part.text.endswith(_FULL)


def _names(terms: Sequence[str], part: Part) -> bool:
    """Whether a row is one of what is asked about: one of its cells is little else. Sentences are not held to this."""
    said = (content_set(cell) for cell in cells(part.text)) if part.kind is PieceKind.ROW else ()
    return part.kind is not PieceKind.ROW or any(2 * len(covered(cell, set(terms))) >= len(cell) > 0 for cell in said)


def _counts(asked: Asked, part: Part, head: str) -> bool:
    """Whether a sentence speaks of what is counted; a row of something else ("Employee benefits") does not."""
    if part.kind is PieceKind.ROW and not covered((asked.counted,), content_set(head)):
        label = content_set(cells(part.text)[0])
        return len(covered(label, frozenset(asked.terms) | _SUMS)) == len(label) > 0
    if part.kind is PieceKind.ROW:
        return True
    said = words(part.text)
    things = {asked.counted} | RELATED.get(asked.counted, frozenset())
    at = [n for n, word in enumerate(said) if stem(word) in things]
    return any(_counter(word) and any(abs(n - m) <= _NEAR_BY for m in at) for n, word in enumerate(said))


def _counter(word: str) -> bool:
    return word[0].isdigit() or word in _COUNTERS


def _manner(asked: Asked, terms: Sequence[str], part: Part) -> float:
    """What the way a sentence is put adds to its score, or takes off."""
    score = 0.0
    if _loose(part):
        score -= _ITEM if part.header or part.text.endswith(_ENDS) else _LOOSE
    if part.about or points(part.text):
        score -= _ABOUT
    if part.kind is PieceKind.ROW:
        if not part.header and any(len(cell) > _TOLD for cell in cells(part.text)):
            score -= _BARE
        label = content_of(cells(part.text)[0])
        score += _LABEL * len(covered(terms, frozenset(label))) / max(1, len(label))
    if asked.kind is Kind.HOW:
        score += _TELLS * tells_how(part.text)
    if asked.of_others and part.text.startswith(_TO_YOU):
        score -= _ADDRESSED
    if asked.of_others and acts(asked.names, terms[0], part.text):
        score += _ADDRESSED
    if asked.kind is Kind.WHAT and defines(terms, part.text):
        score += _DEFINES
    if not asked.figures.isdisjoint(words(part.text)):
        score += _FIGURE
    return score


def _opening(asked: Asked, terms: Sequence[str], passage: Passage, parts: Sequence[Part]) -> Part | None:
    """The statement at the head of a section, or of a document, that is about nothing but what is asked: its title
    names it, and what it says first tells what that is, or forbids it.
    """
    if asked.kind is not Kind.WHAT or passage.start > passage.section.start or not parts:
        return None
    title = content_of(passage.section.path[-1] if passage.section.path else passage.document.title)
    first = parts[0]
    if len(title) > _TITLE or not set(terms) <= set(title) or first.kind is not PieceKind.PROSE:
        return None
    return first if forbids_or_defines(passage.text[first.start : first.end]) else None


def _above(passage: Passage) -> frozenset[str]:
    """Stems, and initials as a word, of the title and the headings over a passage."""
    return content_set(_heads(passage)) | initials(passage.document.title)


def _heads(passage: Passage) -> str:
    return "\n".join((passage.document.title, *passage.section.path))


def _claim(chosen: _Candidate) -> Claim:
    """The sentence as printed. A row stands with its header: "Grade: Manager; Hotel: 180 EUR"."""
    part, passage = chosen.part, chosen.passage
    quote = Quote(passage.id, part.text)
    head = "" if part.header is None else passage.text[slice(*part.header)]
    if part.kind is not PieceKind.ROW:
        said = _listed(part, passage.text)
        if head and not (part.text.endswith(_FULL) and part.text[:1].isupper()):
            return Claim(f"{squash(head)} {said}", (Quote(passage.id, head), quote))
        return Claim(said, (quote,))
    row = cells(part.text)
    named = _named_cells(head, row) if head else None
    said, quotes = (" | ".join(row), (quote,)) if named is None else (named, (Quote(passage.id, head), quote))
    scale = _SCALE.search(passage.text, 0, part.start)
    if scale is None or scale.group() in head:
        return Claim(said, quotes)
    return Claim(f"{said} {scale.group()}", (Quote(passage.id, scale.group()), *quotes))


def _named_cells(head: str, row: Sequence[str]) -> str | None:
    """A row with the names of its columns; None where they cannot be told.

    "Grade: Manager; Hotel: 180 EUR". Where the first column has no name: "Revenue; 2023: 12; 2022: 10".
    """
    lines = [cells(line) for line in head.splitlines() if line.strip()]
    names = max(reversed(lines), key=len)
    if len(names) not in (len(row), len(row) - 1) or any(len(name) > _NAME for name in names):
        return None
    first = "" if len(names) < len(row) else names[0].rstrip(",:")
    if len(names) == len(row) and DATED.fullmatch(first):
        return None  # a cell is empty: which one, the text does not tell
    first = "" if DATED.search(first) else first
    names = names[len(names) - len(row) + 1 :]
    for line in lines:  # years over names: "2023 | 2022" over "Amount | % | Amount | %"
        over = line[-(len(line) - len(line) % 2) :] if len(line) > 1 else line
        if 1 < len(over) < len(names) and len(names) % len(over) == 0:
            each = len(names) // len(over)
            names = [f"{over[n // each]} {name}" for n, name in enumerate(names)]
    told = [f"{name}: {cell}" for name, cell in zip(names, row[1:], strict=True)]
    return "; ".join([f"{first}: {row[0]}" if first else row[0], *told])


def _listed(part: Part, text: str) -> str:
    """A sentence on one line; a list without its bullets and numbers, its items parted by semicolons."""
    if not part.items:
        return squash(part.text)
    lead = text[part.start : part.items[0][0]]
    lead = lead[: lead.rindex(":") + 1]
    items = [squash(text[start:end]).rstrip(";,. ") for start, end in part.items]
    return f"{squash(lead)} {'; '.join(items)}."
