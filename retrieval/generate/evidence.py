"""Whether passages answer a question: whether they speak of what it names, and how much of it they cover. Pure.

No score of an index says whether an answer is there. What does: the names and periods of the question
are those of the document, its words stand in the sentence or above it, and the sentence has what the
question asks for (a number, a date, a length of time).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from retrieval.gate.projection import project
from retrieval.generate.actions import says_what_follows, says_who
from retrieval.generate.question_intent import Asked, Kind
from retrieval.generate.thesaurus import RELATED
from retrieval.question.routing import periods
from retrieval.text.quantities import quantities
from retrieval.text.words import STOP, content_set, stem, stem_set
from retrieval.types import Passage

_FEW = 3  # terms of a question of which a name is a large part: the passage itself must speak of it
_PAIR = 2  # documents that share a name and are still few enough to be named by it
_ROOT = 5  # letters of a name's stem that make another word of it
_TIME_WORDS = re.compile(
    r"\b(?:days?|weeks?|months?|years?|hours?|minutes?|quarter\w*|annual\w*|daily|weekly|monthly|yearly|immediate\w*|"
    r"prompt\w*|perpetu\w*|indefinite\w*|until|termination|forthwith|always|permanent\w*|as soon as|as long as|once)\b",
    re.IGNORECASE,
)
_DATE_WORDS = re.compile(
    r"\b(?:upon|after|before|within|by|until|on|date|when|once|prior|following|at the time|immediately|if|during)\b",
    re.I,
)
_ORDERED = {
    "before": re.compile(r"\b(?:before|prior|advance|ahead|earlier|until|preceding|beforehand)\b", re.IGNORECASE),
    "after": re.compile(
        r"\b(?:after|following|from|within|of|upon|later|since|once|then|until|as long as)\b", re.IGNORECASE
    ),
}
_ORDERED["age"] = re.compile(r"\b(?:age[ds]?|years?\s+old|minors?|child(?:ren)?)\b", re.IGNORECASE)
_TO_DO = re.compile(
    r"^(?:please\s+)?(?:to\s[^,]+,\s*(?:please|you|go|send|click|use|visit|follow|contact|open|fill|submit|complete)\b|if\s+you\s+(?:want|wish|would\s+like|need|are\s+ready))"
    r"|^(?:please|send|submit|complete|fill|contact|use|go|click|e-?mail|write|call|report|ask|open|choose|select|visit|follow|"
    r"include|provide|sign|log|register)\b"
    r"|\bplease\s+(?!see\b|note\b|refer\b|understand\b|be\b|read\b|remember\b)\w+|\b(?:should|must|can|may)\s+(?:be\s+\w+ed\b[^.]*?\b(?:to|by|via|through|with|in)\b|\w+[^.]{0,60}\b(?:by|via|through)\b)"
    r"|https?://|\S@\S|\b(?:portal|form)\b",
    re.IGNORECASE,
)
_HOW = re.compile(r"\b(?:by|via|through|using|e-?mail|contact|must|steps|following)\b|:|^to\b", re.IGNORECASE)
_FREE = re.compile(r"\b(?:free|no (?:additional |extra )?(?:charge|cost|fee)s?|without charge)\b", re.IGNORECASE)
_MONEY = re.compile(r"[$€£¥₹]|\b(?:USD|EUR|GBP|CHF|JPY|dollars?|euros?|pounds?|francs?|yen|percent)\b|%", re.IGNORECASE)
_NONE = re.compile(r"\b(?:no|none|all|half|twice)\b")


class Source:
    """What the retrieved passages show of one document: whether it has a name, a period or a word."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        self.title = passages[0].document.title
        self.passages = passages

    @cached_property
    def stems(self) -> frozenset[str]:
        """Of the title, the headings and all passages."""
        return frozenset().union(*map(speaks_of, self.passages))

    @cached_property
    def title_stems(self) -> frozenset[str]:
        return stem_set(self.title)

    @cached_property
    def title_content(self) -> frozenset[str]:
        return content_set(self.title)

    def has(self, name: tuple[str, ...]) -> bool:
        """The name stands in a passage or its headings, or most of its words (or its initials) in the title."""
        return self.titled(name) or any(has_name(passage, name) for passage in self.passages)

    def titled(self, name: tuple[str, ...]) -> bool:
        """Most of a name's words stand in the title, or the word that its initials make."""
        return _titled(self.title, name)

    def in_period(self, years: frozenset[int], quarters: frozenset[str]) -> bool:
        """Whether one of the years and all of the quarters are spoken of."""
        titled = periods(self.title)
        missing, lacking = set(years - titled.years), {q for q in quarters if q not in _quarters(self.title)}
        for text in (t for p in self.passages for t in (*p.section.path, p.text)):
            if (not years or missing != years) and not lacking:
                return True
            there = quantities(text)
            missing -= set(there.years)
            lacking -= {name for name, _ in there.quarters}
        return (not years or missing != years) and not lacking


def _quarters(text: str) -> frozenset[str]:
    return frozenset(f"Q{n}" for _, n in periods(text).quarters)


def _heads(passage: Passage) -> str:
    return "\n".join((passage.document.title, *passage.section.path))


def speaks_of(passage: Passage) -> frozenset[str]:
    """The stems of a passage, its headings and its document's title."""
    return stem_set(_heads(passage)) | stem_set(passage.text)


def has_name(passage: Passage, name: tuple[str, ...]) -> bool:
    """The name stands in the passage or its headings, or most of it in one of them."""
    held = speaks_of(passage)
    if len(name) == 1:
        word = stem(name[0])  # or one that is made of it ("Europe", "European")
        if word in held or (len(word) >= _ROOT and any(s.startswith(word) for s in held)):
            return True
    elif all(stem(w) in held for w in name if w not in STOP):
        return True
    else:
        pairs = [a + b for a, b in pairwise(project(w).key for w in name)]
        keys = [project(text).key for text in (_heads(passage), passage.text)]
        if 2 * sum(any(p in key for key in keys) for p in pairs) >= len(pairs):
            return True
    return any(_titled(heading, name) for heading in passage.section.path)


def _common(name: tuple[str, ...], text: str) -> bool:
    """Whether all words of a name are written small in a text: "Sales" is no name where "sales" are spoken of."""
    return all(re.search(rf"(?<![\w-]){re.escape(word)}(?!\w)", text) for word in name)


def _titled(title: str, name: tuple[str, ...]) -> bool:
    key, stems = project(title).key, stem_set(title)
    held = sum(stem(w) in stems or (len(w) > 2 and project(w).key in key) for w in name)
    return 3 * held >= 2 * len(name) or (len(name) > 2 and "".join(w[0] for w in name) in stems)


@dataclass(frozen=True, slots=True)
class Fit:
    """How a document suits a question: whether it may be quoted at all, whether the question names it, the names
    that its title has, and those that each passage must have.
    """

    fits: bool
    anchored: bool
    titled: tuple[tuple[str, ...], ...] = ()
    wanted: tuple[tuple[str, ...], ...] = ()


def fits(asked: Asked, sources: Mapping[str, Source]) -> dict[str, Fit]:
    """How each document suits the question.

    A name that one title has and the others have not points to its document: the others are not read,
    and where the question cites a document one more name may be missing there (people name a party that
    the document leaves blank). A name of no title must be spoken of: where little else is asked, in the
    passage itself; where a document is cited, in that document. A period must be the document's own.
    """
    pointing = {
        name: ids
        for name in asked.names
        if (ids := {id for id, s in sources.items() if s.titled(name)})
        and (len(ids) < len(sources) or len(sources) <= _PAIR)
    }
    spoken = "\n".join(p.text for s in sources.values() for p in s.passages)
    plain = {name for name in asked.names if name not in pointing and _common(name, spoken)}
    missing = [name for name in asked.names if name not in plain and not any(s.has(name) for s in sources.values())]
    found: dict[str, Fit] = {}
    for id, source in sources.items():
        named = [name for name, ids in pointing.items() if id in ids]
        titled = tuple(name for name in asked.names if source.titled(name))
        elsewhere = bool(pointing) and not named
        rest = tuple(name for name in asked.names if name not in titled and name not in plain)
        lacking = [name for name in rest if not source.has(name)] if pointing or asked.cites else missing
        good = not elsewhere and len(lacking) <= (1 if named and asked.cites else 0)
        wanted = rest if not asked.cites and len(asked.terms) <= _FEW else ()
        found[id] = Fit(good and source.in_period(asked.years, asked.quarters), bool(named), titled, wanted)
    return found


def covered(terms: Iterable[str], held: set[str] | frozenset[str]) -> dict[str, float]:
    """The terms that a text covers, with how well: 1 for the word itself, 0.8 for one that means the same."""
    found = {}
    for term in terms:
        if term in held:
            found[term] = 1.0
        elif RELATED.get(term, frozenset()) & held:
            found[term] = 0.8
    return found


def answers_kind(asked: Asked, text: str, row: bool = False) -> bool:
    """Whether a sentence, or a row of a table, has what the question asks for."""
    if asked.order and not _ORDERED[asked.order].search(text):
        return False
    checks: dict[Kind, Callable[[str], bool]] = {
        Kind.NUMBER: lambda t: bool(quantities(t).amounts) or _NONE.search(t) is not None,
        Kind.SHARE: lambda t: (
            re.search(r"\d\s?%|\bper ?cent|\b(?:half|thirds?|quarters?|majority|all|none)\b", t) is not None
        ),
        Kind.MONEY: lambda t: (
            _FREE.search(t) is not None or (bool(quantities(t).amounts) and (row or _MONEY.search(t) is not None))
        ),
        Kind.TIME: lambda t: bool(_TIME_WORDS.search(t)) or bool(quantities(t).dates),
        Kind.PAST: lambda t: bool(quantities(t).dates) or bool(quantities(t).years),
        Kind.WHO: lambda t: not row and says_who(asked.deed, _objects(asked), t, past=asked.done),
        Kind.FOLLOWS: lambda t: says_what_follows(asked.deed, t),
        Kind.DATE: lambda t: bool(re.search(r"\d", t)) or bool(_DATE_WORDS.search(t)),
    }
    check = checks.get(asked.kind)
    return check is None or check(text)


def _objects(asked: Asked) -> tuple[str, ...]:
    """The terms for what a deed is done to: what stands behind its verb, names only where nothing else does."""
    named = {stem(w) for name in asked.names for w in name}
    behind = asked.terms[asked.terms.index(asked.deed) + 1 :] if asked.deed in asked.terms else asked.terms
    return tuple(t for t in behind if t not in named) or behind


def timely(asked: Asked, said: Sequence[str], title: str) -> float | None:
    """The share of the question's years and quarters that a sentence, or the head of its table, names.

    1 if the question has none; None if the sentence is of another time: it names other years alone, or
    none in a document whose title has other ones.
    """
    wanted = len(asked.years) + len(asked.quarters)
    if not wanted:
        return 1.0
    there = [quantities(text) for text in said]
    named = {year for q in there for year in q.years}
    years = asked.years & named
    quarters = asked.quarters.intersection(name for q in there for name, _ in q.quarters)
    if asked.years and not years:
        of = periods(title).years
        if named or (of and not of & asked.years):
            return None
        if of:
            return 0.5  # said of the document's own year
    return (len(years) + len(quarters)) / wanted


_POINTS = re.compile(
    r"^(?:for (?:more|further) [^.]{0,40}|please|also)?,?\s*(?:please\s+)?(?:see|refer to|read|consult|check out)\b",
    re.IGNORECASE,
)


def points(text: str) -> bool:
    """Whether a sentence only says where to read on: "Please see our policy on leave."."""
    return _POINTS.match(text) is not None


def tells_how(text: str) -> int:
    """How plainly a sentence tells people what to do: 2 outright, 1 in passing, 0 not."""
    return 2 if _TO_DO.search(text) else 1 if _HOW.search(text) else 0


_DEFINES = re.compile(r"\b(?:is|are|means?|includes?|refers? to|consists? of|comprises?|denotes?)\b")
_SUPPLIES = re.compile(r"\b(?:provides?|offers?|runs?|operates?|has|have|maintains?)\s+(?:an?|the)\s+")
_BEFORE, _BEHIND = 9, 5  # words of a subject before "is", of an object after "offers"


def defines(terms: Sequence[str], text: str) -> bool:
    """Whether a sentence says what something is: "A widget is ...", "Acme runs a widget to ..."."""
    verb = _DEFINES.search(text)
    if verb and len(text[: verb.start()].split()) <= _BEFORE and set(terms) <= stem_set(text[: verb.start()]):
        return True
    verb = _SUPPLIES.search(text)
    return verb is not None and set(terms) <= stem_set(" ".join(text[verb.end() :].split()[:_BEHIND]))
