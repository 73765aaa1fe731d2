"""Whether passages answer a question: what it asks for, and how much of that they cover. Pure.

No score of an index says whether an answer is there. What does: the names and periods of the question
are those of the document, its words stand in the sentence or above it, and the sentence has what the
question asks for (a number, a date, a length of time).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from retrieval.gate.projection import project
from retrieval.gate.quantities import quantities
from retrieval.gate.support import wanted
from retrieval.gate.words import STOP, content_of, stem, word_set, words
from retrieval.generate.thesaurus import RELATED
from retrieval.types import Passage

FRAMING = word_set(
    """consider considering accord document documents agreement contract question questions answer answers tell explain
    describe state states stated mention mentions mentioned indicate indicates specify specifies specified include
    includes included including contain contains clause clauses section provision provisions please give given find
    show list summarise summarize know want like happen happens case cases certain circumstance circumstances various
    particular specific specifically regard regarding relate related concern concerning whether possible detail details
    information term terms context type types kind kinds way ways thing things outline discuss define elaborate
    set forth restrict restricts prevent prevents ensure role purpose purposes base based use used using follow
    make makes made take need needs must allow allows require requires permit permits anything something someone
    currently current actual actually generally typically mean means new different main key important name names"""
)
"""Words that frame a question rather than name what is asked. They count only when nothing else is left."""

_FRAMING_STEMS = frozenset(map(stem, FRAMING))
_CAPITAL = re.compile(r"[^\W\d_][\w&’'.-]*[\w&]|[^\W\d_]")
_START = re.compile(r"(?:^|[.!?:;]\s+|[\"“(])\s*$")
_CALENDAR = word_set(
    """january february march april may june july august september october november december monday tuesday wednesday
    thursday friday saturday sunday q1 q2 q3 q4 h1 h2 fy i english german french yes no ok hi hello"""
)
# Kinds of documents and roles of parties: capitalised in contracts, and the names of nobody.
_TYPES = word_set(
    """agreement policy policies code report handbook manual procedure guideline guidelines contract deed act rules
    terms conditions form memorandum annual non disclosure nondisclosure confidentiality mutual nda standard template
    party parties receiving disclosing recipient discloser confidential proprietary supplier vendor buyer seller
    purchaser customer client employer employee lender borrower landlord tenant lessor lessee licensor licensee
    contractor consultant owner user member director directors board committee management representative unknown
    effective date services service product products data personal controller processor regulator authority person"""
)
_OWNERS = word_set(
    "company organisation organization firm group bank employer fund team department it that this year today"
)
_FOLLOWED = re.compile(r"\s+[A-Z]")
_SUFFIXES = word_set("inc ltd llc plc corp co gmbh ag sa nv bv limited corporation company group holdings the of and")


class Kind(StrEnum):
    """What an answer must have."""

    ANY = "any"
    NUMBER = "number"  # how much, how many, what percentage
    TIME = "time"  # how long, how often
    DATE = "date"  # when


_KINDS = (
    (Kind.TIME, r"\bhow (?:long|soon|often|late|early|quickly|fast)\b|\b(?:notice|retention) period\b"),
    (Kind.DATE, r"\bwhen\s+(?:is|are|was|were|did|does|do|will|must|should|can)\b|\bwhat date\b|\bdeadline\b"),
    (Kind.NUMBER, r"\bhow (?:much|many|high|large|big|old|far)\b"),
    (Kind.NUMBER, r"\bwhat (?:percentage|percent|proportion|amount|number|share)\b"),
)  # fmt: skip
# What names the kind of answer need not stand in it: "five years" answers "what is the retention period".
_KIND_STEMS = {
    Kind.ANY: frozenset[str](),
    Kind.NUMBER: frozenset(
        map(stem, word_set("amount number percentage percent proportion share total maximum minimum"))
    ),
    Kind.TIME: frozenset(map(stem, word_set("period duration long soon often time length"))),
    Kind.DATE: frozenset(map(stem, word_set("date deadline time day"))),
}
_TIME_WORDS = re.compile(
    r"\b(?:days?|weeks?|months?|years?|hours?|minutes?|quarter\w*|annual\w*|daily|weekly|monthly|yearly|immediate\w*|"
    r"prompt\w*|perpetu\w*|indefinite\w*|until|termination|forthwith|always|permanent\w*|as soon as|as long as|once)\b",
    re.IGNORECASE,
)
_DATE_WORDS = re.compile(
    r"\b(?:upon|after|before|within|by|until|on|date|when|once|prior|following|at the time|immediately|if|during)\b",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question taken apart.

    `terms` are stems of content words in order, without repeats; `names` are runs of capitalised words,
    each a tuple of lower-case words; `years` and `quarters` the periods it names.
    """

    text: str
    terms: tuple[str, ...]
    names: tuple[tuple[str, ...], ...] = ()
    years: frozenset[int] = frozenset()
    quarters: frozenset[str] = frozenset()
    kind: Kind = Kind.ANY


def take_apart(text: str) -> Asked:
    counted = quantities(text)
    order = list(dict.fromkeys(content_of(text)))
    kind = next((kind for kind, pattern in _KINDS if re.search(pattern, text, re.IGNORECASE)), Kind.ANY)
    kept = wanted(text) - _FRAMING_STEMS - _KIND_STEMS[kind]
    plain = [t for t in order if t in kept]
    names = tuple(_names(text))
    return Asked(
        text,
        tuple(plain if len(plain) > 1 else order),
        names,
        frozenset(counted.years),
        frozenset(name for name, _ in counted.quarters),
        kind,
    )


def _names(text: str) -> Iterable[tuple[str, ...]]:
    """Runs of capitalised words, not counting the first word of a sentence; "X's Y" are two names."""
    if text.isupper():
        return
    run: list[str] = []
    end = -1
    for match in _CAPITAL.finditer(text):
        word = match.group()
        plain = word.casefold().replace("’", "'")
        possessive = plain.endswith(("'s", "s'"))
        plain = plain.removesuffix("'s").removesuffix("'")
        owner = possessive and plain not in _OWNERS and _FOLLOWED.match(text, match.end()) is not None
        capital = (owner or any(c.isupper() for c in word)) and plain not in STOP | _CALENDAR
        if capital and _START.search(text[: match.start()]) and not any(c.isupper() for c in word[1:]):
            capital = False
        joined = run and text[end : match.start()].strip() in ("", "&", ",") and "," not in text[end : match.start()]
        if run and not (capital and joined):
            yield from _named(run)
            run = []
        if capital:
            run.append(plain)
            end = match.end()
            if possessive:
                yield from _named(run)
                run = []
    yield from _named(run)


def _named(run: Sequence[str]) -> Iterable[tuple[str, ...]]:
    parts = tuple(p for w in run for p in words(w) if p not in _SUFFIXES | _TYPES | FRAMING and not p.isdigit())
    if parts:
        yield parts


class Source:
    """What the retrieved passages show of one document: whether it has a name or a period."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        heads = dict.fromkeys([passages[0].document.title, *(part for p in passages for part in p.section.path)])
        self.title = "\n".join(heads)
        self.text = "\n".join((self.title, *(p.text for p in passages)))
        self.stems = {stem(w) for w in words(self.text)}
        self.title_stems = {stem(w) for w in words(self.title)}
        self._title_key = project(self.title).key
        self._key = project(self.text).key

    def has(self, name: tuple[str, ...]) -> bool:
        """The name stands in the text as one, or most of its words (or its initials) in the title."""
        if len(name) == 1:
            return stem(name[0]) in self.stems or self.titled(name)
        pairs = [a + b for a, b in pairwise(project(w).key for w in name)]
        return 2 * sum(p in self._key for p in pairs) >= len(pairs) or self.titled(name)

    def titled(self, name: tuple[str, ...]) -> bool:
        """Most of a name's words stand in the title or a heading, or the word that its initials make."""
        held = sum(stem(w) in self.title_stems or (len(w) > 2 and project(w).key in self._title_key) for w in name)
        return 3 * held >= 2 * len(name) or (len(name) > 2 and "".join(w[0] for w in name) in self.title_stems)


@dataclass(frozen=True, slots=True)
class Fit:
    """How a document suits a question: whether it may be quoted at all, and whether the question names it."""

    fits: bool
    anchored: bool


def fits(asked: Asked, sources: Mapping[str, Source]) -> dict[str, Fit]:
    """How each document suits the question.

    A name that one title has and the others have not points to its document: the others are not read,
    and one more name may be missing there (people name a party that the document leaves blank). A name
    of no title must at least be spoken of in what was retrieved. A period must be the document's own.
    """
    pointing = {
        name: ids
        for name in asked.names
        if (ids := {id for id, s in sources.items() if s.titled(name)}) and len(ids) < max(2, len(sources))
    }
    missing = [name for name in asked.names if not any(s.has(name) for s in sources.values())]
    found: dict[str, Fit] = {}
    for id, source in sources.items():
        named = [name for name, ids in pointing.items() if id in ids]
        elsewhere = bool(pointing) and not named
        lacking = [n for n in asked.names if not source.has(n)] if pointing else missing
        good = not elsewhere and len(lacking) <= (1 if named else 0) and _in_period(asked, source)
        found[id] = Fit(good, bool(named))
    return found


def _in_period(asked: Asked, source: Source) -> bool:
    if not asked.years and not asked.quarters:
        return True
    there = quantities(source.text)
    return asked.years <= set(there.years) and asked.quarters <= {name for name, _ in there.quarters}


def covered(terms: Iterable[str], held: set[str] | frozenset[str]) -> dict[str, float]:
    """The terms that a text covers, with how well: 1 for the word itself, 0.8 for one that means the same."""
    found = {}
    for term in terms:
        if term in held:
            found[term] = 1.0
        elif RELATED.get(term, frozenset()) & held:
            found[term] = 0.8
    return found


def answers_kind(kind: Kind, text: str) -> bool:
    """Whether a sentence has what the question asks for."""
    checks: dict[Kind, Callable[[str], bool]] = {
        Kind.ANY: lambda t: True,
        Kind.NUMBER: lambda t: bool(quantities(t).amounts) or bool(re.search(r"\b(?:no|none|all|half|twice)\b", t)),
        Kind.TIME: lambda t: bool(_TIME_WORDS.search(t)) or bool(quantities(t).dates),
        Kind.DATE: lambda t: bool(re.search(r"\d", t)) or bool(_DATE_WORDS.search(t)),
    }
    return checks[kind](text)
