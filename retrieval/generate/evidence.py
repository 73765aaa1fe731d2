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
from functools import cached_property
from itertools import pairwise

from retrieval.gate.projection import project
from retrieval.gate.quantities import quantities
from retrieval.gate.support import wanted
from retrieval.gate.words import STOP, content_of, content_set, stem, stem_set, word_set, words
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
    currently current actual actually generally typically mean means new different main key important name names
    even some policy policies rule rules"""
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
_PAPERS = word_set(
    "agreement contract policy report nda code handbook manual undertaking deed lease charter letter terms"
)
_RUN = re.compile(
    r"(?:\b[A-Z0-9][\w&’'.-]*|\b(?:and|or|between|of|for|with|by|from|the)\b|&)"
    r"(?:[ -]+(?:[A-Z0-9][\w&’'.-]*|(?:and|between|of|for|with|by|from|the|in)\b|&))*"
)
_FOLLOWED = re.compile(r"\s+[A-Z]")
_SUFFIXES = word_set("inc ltd llc plc corp co gmbh ag sa nv bv limited corporation company group holdings the of and")


_ROOT = 5  # letters of a name's stem that make another word of it
_KEPT = frozenset(
    map(stem, word_set("business working full night trading"))
)  # units for the gate, content in a question
_AGED = re.compile(r"\b\d{1,3}[\s-]+years?[\s-]+olds?\b", re.IGNORECASE)


class Kind(StrEnum):
    """What an answer must have."""

    ANY = "any"
    NUMBER = "number"  # how much, how many, what percentage
    TIME = "time"  # how long, how often
    DATE = "date"  # when
    HOW = "how"  # how to do something


_KINDS = (
    (Kind.TIME, r"\bhow (?:long|soon|often|late|early|quickly|fast)\b|\b(?:notice|retention) period\b"),
    (Kind.DATE, r"\bwhen\s+(?:is|are|was|were|did|does|do|will|must|should|can)\b|\bwhat date\b|\bdeadline\b"),
    (Kind.NUMBER, r"\bhow (?:much|many|high|large|big|old|far)\b"),
    (Kind.NUMBER, r"\bwhat (?:percentage|percent|proportion|amount|number|share)\b"),
    (Kind.HOW, r"\bhow (?:do|can|could|should|must|would|to)\b(?! not)"),
)  # fmt: skip
# What names the kind of answer need not stand in it: "five years" answers "what is the retention period".
_KIND_STEMS = {
    Kind.ANY: frozenset[str](),
    Kind.NUMBER: frozenset(
        map(stem, word_set("amount number percentage percent proportion share total maximum minimum"))
    ),
    Kind.TIME: frozenset(map(stem, word_set("period duration long soon often time length"))),
    Kind.DATE: frozenset(map(stem, word_set("date deadline time day"))),
    Kind.HOW: frozenset[str](),
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


_ORDER = re.compile(
    r"\bhow\s+(?:long|soon|early|far|late|many|much)\b[^?]*?\b(?P<order>before|prior\s+to|ahead\s+of|after)\b",
    re.IGNORECASE,
)
_ORDERED = {
    "before": re.compile(r"\b(?:before|prior|advance|ahead|earlier|until|preceding|beforehand)\b", re.IGNORECASE),
    "after": re.compile(r"\b(?:after|following|from|within|of|upon|later|since|once)\b", re.IGNORECASE),
}
_ORDERED["age"] = re.compile(r"\b(?:age[ds]?|years?\s+old|minors?|child(?:ren)?)\b", re.IGNORECASE)
_TO_DO = re.compile(
    r"^(?:please\s+)?(?:to|if\s+you\s+(?:want|wish|would\s+like|need|are\s+ready))\b"
    r"|^(?:please|send|submit|complete|fill|contact|use|go|click|e-?mail|write|call|report|ask|open|choose|select|visit|follow|"
    r"include|provide|sign|log|register)\b"
    r"|\b(?:by|via|through|using|e-?mail|form|contact|portal|must|steps|following)\b|:",
    re.IGNORECASE,
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
    naming: frozenset[str] = frozenset()  # stems of words that stand beside names alone
    cites: bool = False  # names a document as such: "the Supply Agreement between Acme and Globex"
    order: str = ""  # "before", "after": the length of time that is asked for is one before or after something; "age"


def take_apart(text: str) -> Asked:
    counted = quantities(text)
    named = tuple(_names(text))
    turned = _ORDER.search(text)
    aged = _AGED.search(text) is not None
    text = _AGED.sub("age", text)
    order = list(dict.fromkeys(content_of(text)))
    kind = next((kind for kind, pattern in _KINDS if re.search(pattern, text, re.IGNORECASE)), Kind.ANY)
    kept = (wanted(text) | _KEPT.intersection(order)) - _FRAMING_STEMS - _KIND_STEMS[kind]
    plain = [t for t in order if t in kept]
    return Asked(
        text,
        tuple(plain if len(plain) > 1 else order),
        named,
        frozenset(counted.years),
        frozenset(name for name, _ in counted.quarters),
        kind,
        *_naming(text, named),
        "age" if aged else "" if turned is None else "after" if turned["order"].casefold() == "after" else "before",
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


def _naming(text: str, names: Sequence[tuple[str, ...]]) -> tuple[frozenset[str], bool]:
    """Stems of the words that only stand in runs like "the Supply Agreement between Acme and Globex"; whether there
    is such a run with a kind of document in it.
    """
    parts = {p for name in names for p in name}
    inside: list[str] = []
    outside: list[str] = []
    cites = False
    for match in _RUN.finditer(text):
        run = words(match.group())
        if parts.intersection(w.removesuffix("'s") for w in run):
            inside += run
            cites = cites or not _PAPERS.isdisjoint(run)
        else:
            outside += run
    outside += words(_RUN.sub(" ", text))
    return frozenset(map(stem, inside)) - frozenset(map(stem, outside)), cites


def _named(run: Sequence[str]) -> Iterable[tuple[str, ...]]:
    parts = tuple(p for w in run for p in words(w) if p not in _SUFFIXES | _TYPES | FRAMING and not p.isdigit())
    if parts:
        yield parts


class Source:
    """What the retrieved passages show of one document: whether it has a name or a period."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        heads = dict.fromkeys([passages[0].document.title, *(part for p in passages for part in p.section.path)])
        self.title = "\n".join(heads)
        self.texts = (self.title, *(p.text for p in passages))

    @cached_property
    def stems(self) -> frozenset[str]:
        return frozenset().union(*map(stem_set, self.texts))

    @cached_property
    def title_stems(self) -> frozenset[str]:
        return stem_set(self.title)

    @cached_property
    def title_content(self) -> frozenset[str]:
        return content_set(self.title)

    def has(self, name: tuple[str, ...]) -> bool:
        """The name stands in the text as one, or most of its words (or its initials) in the title."""
        if len(name) == 1:
            return self._has_word(stem(name[0])) or self.titled(name)
        if all(stem(w) in self.stems for w in name if w not in STOP):
            return True
        pairs = [a + b for a, b in pairwise(project(w).key for w in name)]
        keys = [project(text).key for text in self.texts]
        return 2 * sum(any(p in key for key in keys) for p in pairs) >= len(pairs) or self.titled(name)

    def _has_word(self, word: str) -> bool:
        """The word, or one that is made of it ("Europe", "European")."""
        return word in self.stems or (len(word) >= _ROOT and any(s.startswith(word) for s in self.stems))

    def titled(self, name: tuple[str, ...]) -> bool:
        """Most of a name's words stand in the title or a heading, or the word that its initials make."""
        title = project(self.title).key
        held = sum(stem(w) in self.title_stems or (len(w) > 2 and project(w).key in title) for w in name)
        return 3 * held >= 2 * len(name) or (len(name) > 2 and "".join(w[0] for w in name) in self.title_stems)

    def in_period(self, years: frozenset[int], quarters: frozenset[str]) -> bool:
        """Whether the years and quarters are spoken of."""
        missing, lacking = set(years), set(quarters)
        for text in self.texts:
            if not missing and not lacking:
                break
            there = quantities(text)
            missing -= set(there.years)
            lacking -= {name for name, _ in there.quarters}
        return not missing and not lacking


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
        good = not elsewhere and len(lacking) <= (1 if named else 0) and source.in_period(asked.years, asked.quarters)
        found[id] = Fit(good, bool(named))
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


def answers_kind(asked: Asked, text: str) -> bool:
    """Whether a sentence has what the question asks for."""
    if asked.order and not _ORDERED[asked.order].search(text):
        return False
    checks: dict[Kind, Callable[[str], bool]] = {
        Kind.NUMBER: lambda t: bool(quantities(t).amounts) or bool(re.search(r"\b(?:no|none|all|half|twice)\b", t)),
        Kind.TIME: lambda t: bool(_TIME_WORDS.search(t)) or bool(quantities(t).dates),
        Kind.DATE: lambda t: bool(re.search(r"\d", t)) or bool(_DATE_WORDS.search(t)),
    }
    check = checks.get(asked.kind)
    return check is None or check(text)


def timely(asked: Asked, *texts: str) -> float:
    """The share of the question's years and quarters that a sentence, or the head of its table, names; 1 if none."""
    wanted = len(asked.years) + len(asked.quarters)
    if not wanted:
        return 1.0
    said = [quantities(text) for text in texts]
    years = asked.years.intersection(year for q in said for year in q.years)
    quarters = asked.quarters.intersection(name for q in said for name, _ in q.quarters)
    return (len(years) + len(quarters)) / wanted


def tells_how(text: str) -> bool:
    """Whether a sentence tells people what to do."""
    return _TO_DO.search(text) is not None
