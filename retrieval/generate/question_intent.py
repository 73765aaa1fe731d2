"""What a question asks for: its words, names, periods, and the kind of answer it wants. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from retrieval.gate.support import wanted
from retrieval.generate.actions import asks_what_follows, deed, is_past, undone
from retrieval.generate.thesaurus import SPELLED
from retrieval.question.routing import periods
from retrieval.question.vocabulary import FRAMES
from retrieval.text.numerals import UNITS
from retrieval.text.quantities import quantities
from retrieval.text.words import STOP, content_of, stem, word_set, words

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
    even some policy policies rule rules okay ok fine worth count counts considered offer offers offered dollars
    euros else else's compare compares compared comparison versus vs"""
)
"""Words that frame a question rather than name what is asked. They count only when nothing else is left."""

_FRAMING_STEMS = frozenset(map(stem, FRAMING))
_CAPITAL = re.compile(r"(?<![^\W_])[^\W\d_][\w&’'.-]*[\w&]|(?<![^\W_])[^\W\d_]")
_START = re.compile(r"(?:^|[.!?:;]\s+|[\"“(])\s*$")
_CALENDAR = word_set(
    """january february march april may june july august september october november december monday tuesday wednesday
    thursday friday saturday sunday fy cy english german french yes no ok hi hello usd eur gbp chf jpy cad aud"""
)
_PERIOD = re.compile(r"(?:(?:fy|cy)\d{2,4}|(?:19|20)\d\d|[qh][1-4]|[1-4][qh]){1,3}(?:\d\d)?")  # "fy2019", "2023q1"
_YEAR_END = re.compile(
    r"\b(?:at|by|as of|as at|for|in|during)?\s*(?:the\s+)?(?:year[\s-]end|(?:end|close) of)\s+"
    r"(?:the\s+)?(?:fiscal\s+|financial\s+|full\s+)?(?:year\s+)?(?=(?:FY\s?)?'?\d\d|Q[1-4])",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r".+?(?:[.?!](?=\s|$)|$)\s*", re.DOTALL)
_INSTRUCTS = re.compile(
    r"\b(?:answers?|respon(?:d|se)|round|judge?ments?|calculate|extract)\b|^\s*if\b.*\b(?:state|explain|say)\b",
    re.IGNORECASE,
)
# Where accounts say something is no part of what is asked for.
_STATEMENTS = (
    r"(?:(?:consolidated\s+)?(?:balance\s+sheets?|income\s+statements?|cash\s+flow\s+statements?|"
    r"statements?\s+of\s+(?:income|operations|earnings|cash\s+flows?|financial\s+position))(?:\s+statements?)?)"
)
_WHERE = re.compile(
    rf"(?:\b(?:by\s+)?(?:using|drawing|considering|taking|calculating|on|from|in|within|of|into)\b[^,?]{{0,90}}?)?\bthe\s+{_STATEMENTS}"
    rf"(?:\s+and\s+(?:the\s+)?{_STATEMENTS})?,?",
    re.IGNORECASE,
)
# Kinds of documents and roles of parties: capitalised in contracts, and the names of nobody.
_TYPES = word_set(
    """agreement policy policies code report handbook manual procedure guideline guidelines contract deed act rules
    terms conditions form memorandum annual non disclosure nondisclosure confidentiality mutual nda standard template
    party parties receiving disclosing recipient discloser confidential proprietary supplier vendor buyer seller
    purchaser customer client buyer employer employee lender borrower landlord tenant lessor lessee licensor licensee
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
_PLAIN = word_set(
    """new old current existing standard template signed written executed draft model sample whole entire present
    applicable relevant original final full main first second last latest previous former prior future other own
    supply supplier service services employment employee consulting consultancy licence license lease loan credit
    rental purchase sale sales distribution partnership framework master confidentiality disclosure nondisclosure
    merger shareholder shareholders franchise agency customer vendor client contractor data processing maintenance
    support software subscription insurance settlement separation severance joint venture commercial legal mutual
    bilateral unilateral one-way two-way settlement guarantee trust research development collaboration"""
)  # before "agreement" they say which kind it is, not whose
_SMALL = re.compile(
    r"\b(?:under|in|of|by)\s+(?:the\s+)?([a-z]\w+?)(?:['’]s)?\s+(?:mutual\s+)?(?:NDA|agreement|contract|undertaking|deed)\b"
)
_OPENING = re.compile(r"[^;:?]{3,160}[;:]\s")  # "Acme's Supply Agreement; may it be ended?"
_FOLLOWED = re.compile(r"\s+[A-Z]")
_SUFFIXES = word_set("inc ltd llc plc corp co gmbh ag sa nv bv limited corporation company group holdings the of and")
_NAMELESS = _SUFFIXES | _TYPES | FRAMING | _CALENDAR
# Units for the gate, content in a question: "business continuity", "a quarterly dividend".
_KEPT = frozenset(map(stem, word_set("business working full night trading approval consent quarterly cost")))
_AGED = re.compile(
    r"\b\d{1,3}[\s-]+years?[\s-]+olds?\b|(?<=\bhow )old\b(?=\s+(?:must|should|do|does|need)\b)", re.IGNORECASE
)
_TOTAL = re.compile(r"\btotal\b(?=\s+(?:number|amount|count)\b)", re.IGNORECASE)
_CURRENT = re.compile(r"\bcurrent\s+(?:assets|liabilit|ratio|portion|maturit|tax)", re.IGNORECASE)
_CONTRACTED = re.compile(r"(?<=\bwhat)['’]s\b|(?<=\bwho)['’]s\b", re.IGNORECASE)
_KEPT_STEMS = frozenset({stem("current")})
# Abbreviations that a question makes for itself: "cash conversion cycle (CCC)", "DIO is defined as".
_OWN = re.compile(r"\(\s*([A-Z]{2,5})\s*\)|\b([A-Z]{2,5}) is defined as\b")
_FIGURE = re.compile(
    r"(?<![\w.,])\d+(?:[.,]\d+)*(?![\w])|\b(?:two|three|four|five|six|seven|eight|nine|ten)\b|(?<=more than )one\b",
    re.IGNORECASE,
)


class Kind(StrEnum):
    """What an answer must have."""

    ANY = "any"
    NUMBER = "number"  # how many
    SHARE = "share"  # what percentage
    MONEY = "money"  # how much something costs or pays
    TIME = "time"  # how long, how often
    DATE = "date"  # when, by when
    PAST = "past"  # when something was
    HOW = "how"  # how to do something
    WHAT = "what"  # what something is
    WHO = "who"  # who does something
    FOLLOWS = "follows"  # what happens if


_KINDS = (
    (Kind.TIME, r"\bhow (?:long|soon|often|late|early|quickly|fast)\b|\b(?:notice|retention) period\b"),
    (Kind.PAST, r"\bwhen\s+(?:was|were|did)\b|\b(?:what|which) year\b"),
    (Kind.DATE, r"\bwhen\s+(?:is|are|was|were|did|does|do|will|must|should|can)\b|\bwhat date\b|\bdeadline\b"),
    (Kind.MONEY, r"\bhow much\b(?=[^?]*\b(?:costs?|charged?|pays?|paid|fees?|prices?)\b)"),
    (
        Kind.MONEY,
        r"\bwhat(?:'s| is| are| was| were)? the (?:\w+ ){0,2}(?:price|fee|cost)s?\b(?! of (?:sales|goods|revenue))",
    ),
    (Kind.NUMBER, r"\bhow (?:much|many|high|large|big|old|age|far)\b"),
    (Kind.SHARE, r"\b(?:what|which) (?:percentage|percent|proportion|share) of\b"),
    (Kind.NUMBER, r"\bwhat\s+(?:(?:is|are|was|were)\s+the\s+)?(?:percentage|percent|proportion|amount|number|share)\b"),
    (Kind.HOW, r"\bhow (?:do|can|could|should|must|would|to)\b(?! not)"),
    (Kind.WHAT, r"^\s*what(?:['’]s|\s+is|\s+are)\s+(?:an?\s+|the\s+)?(?:[\w&’'-]+\s*){1,3}?(?:\bunder\b[^?]*)?\?*\s*$"),
    (Kind.WHAT, r"^\s*what\s+(?:counts?|qualif(?:y|ies)|is\s+considered|is\s+regarded)\s+(?:as|to\s+be)?\b"),
    (Kind.WHAT, r"^\s*what\s+(?:does|do)\b.*\bmeans?\b|\bwhat is meant by\b|\bdefinition of\b"),
)  # fmt: skip
# What names the kind of answer need not stand in it: "five years" answers "what is the retention period".
_KIND_STEMS = {
    Kind.ANY: frozenset[str](),
    Kind.NUMBER: frozenset(map(stem, word_set("amount number percentage percent proportion share maximum minimum"))),
    Kind.SHARE: frozenset(map(stem, word_set("percentage percent proportion share"))),
    Kind.MONEY: frozenset(map(stem, word_set("amount cost costs price prices fee fees much total"))),
    Kind.TIME: frozenset(map(stem, word_set("period duration long soon often time length"))),
    Kind.DATE: frozenset(map(stem, word_set("date deadline time day"))),
    Kind.PAST: frozenset(map(stem, word_set("date time year"))),
    Kind.HOW: frozenset[str](),
    Kind.WHAT: frozenset(map(stem, word_set("meant definition"))),
    Kind.WHO: frozenset[str](),
    Kind.FOLLOWS: frozenset[str](),
}
_MAY_I = re.compile(
    r"\s*(?:(?:can|may|could)\s+(?:i|we|people|anyone|someone)|am\s+i|are\s+we|is\s+(?:it|\w+)\s+(?:ok|okay|fine|allowed))\b",
    re.IGNORECASE,
)
_COUNTED = re.compile(r"\bhow many\s+((?:[^\W\d_]+[\s-]+){0,3}[^\W\d_]+)", re.IGNORECASE)
_PLURALS = word_set("people children staff personnel men women headcount")
_OF_OTHERS = re.compile(
    r"^\s*(?i:does|do|did|will|is|are|has|have|can|may|must)\s+(?:(?i:the)\s+)?(?:[A-Z]\w+|(?i:company|firm|organi[sz]ation|employer))\b(?<!\bI)"
)
_ORDER = re.compile(
    r"\bhow\s+(?:long|soon|early|far|late|many|much)\b[^?]*?\b(?P<order>before|prior\s+to|ahead\s+of|after)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question taken apart.

    `terms` are stems of content words in order, without repeats; `names` are runs of capitalised words,
    each a tuple of lower-case words; `years` and `quarters` ("Q2") the periods it names.
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
    figures: frozenset[str] = frozenset()  # numbers it names, as written, but no years
    counted: str = ""  # stem of what is counted: "how many employees"
    rest: tuple[str, ...] = ()  # stems of words that frame, or name the kind of answer: they decide between equals
    of_others: bool = False  # whether a company does something: "does Acme sell data?"
    deed: str = ""  # stem of the verb of "who founded Acme?", or of what is left undone: "what happens if I don't pay?"
    may_i: bool = False  # whether something is allowed: "can I share it?"
    done: bool = False  # that verb is of the past


def take_apart(text: str) -> Asked:
    """The question without its framing, its abbreviations spelled out."""
    for short, long in SPELLED:
        text = short.sub(long, text)
    text = _CONTRACTED.sub(" is", text)
    own = frozenset(stem(w.casefold()) for found in _OWN.findall(text) for w in found if w)
    named = tuple(name for name in (*_names(text), *_papers(text)) if not own.issuperset(map(stem, name)))
    text = _question_of(text)
    for frame in FRAMES:
        text = frame.sub(" ", text)
    text = _WHERE.sub(" ", text)
    text = _TOTAL.sub(" ", _YEAR_END.sub(" in ", text))
    said, counted = periods(text), quantities(text)
    turned = _ORDER.search(text)
    aged = _AGED.search(text) is not None
    text = _AGED.sub("age", text)
    order = [t for t in dict.fromkeys(content_of(text)) if not _PERIOD.fullmatch(t)]
    kind = _kind(text)
    framing = _FRAMING_STEMS - _KEPT_STEMS if _CURRENT.search(text) else _FRAMING_STEMS
    kept = (wanted(text) | _KEPT.intersection(order)) - framing - _KIND_STEMS[kind] - own
    plain = [t for t in order if t in kept]
    if len(plain) < 2:  # units count where little else is said: "my first day"
        kept = frozenset(order) - framing - _KIND_STEMS[kind] - own
        plain = [t for t in order if t in kept]
    return Asked(
        text,
        tuple(plain or order),
        named,
        frozenset(counted.years) | said.years,
        frozenset(name for name, _ in counted.quarters) | {f"Q{n}" for _, n in said.quarters},
        kind,
        *_naming(text, named),
        "age" if aged else "" if turned is None else "after" if turned["order"].casefold() == "after" else "before",
        frozenset(f.casefold() for f in _FIGURE.findall(text) if not _PERIOD.fullmatch(f)),
        _counted(text),
        tuple(t for t in order if t not in kept),
        _OF_OTHERS.search(text) is not None,
        deed(text) if kind is Kind.WHO else undone(text) if kind is Kind.FOLLOWS else "",
        _MAY_I.match(text) is not None,
        is_past(text),
    )


def _kind(text: str) -> Kind:
    if deed(text):
        return Kind.WHO
    if asks_what_follows(text):
        return Kind.FOLLOWS
    return next((kind for kind, pattern in _KINDS if re.search(pattern, text, re.IGNORECASE)), Kind.ANY)


def _question_of(text: str) -> str:
    """The text without sentences on how to answer: "Round your answer to two decimals."."""
    said = _SENTENCE.findall(text)
    kept = [s for s in said if "?" in s or not _INSTRUCTS.search(s)]
    return "".join(kept) if kept else text


def _counted(text: str) -> str:
    """The stem of the word for what is counted: of "how many vacation days" that of "vacation", days being a unit."""
    many = _COUNTED.search(text)
    said = words(many.group(1)) if many else ()
    at = next((n for n, w in enumerate(said) if w in _PLURALS or (w.endswith("s") and len(w) > 3)), None)
    counted = said[: at + 1] if at is not None else said[:1]
    return next((stem(w) for w in reversed(counted) if w not in UNITS and w not in STOP), "")


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
        if (
            capital
            and _START.search(text[: match.start()])
            and not possessive
            and not any(c.isupper() for c in word[1:])
        ):
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


def _papers(text: str) -> Iterable[tuple[str, ...]]:
    """Names written small beside the kind of document that they name: "the thoughtbot NDA", "thoughtbot's NDA"."""
    for match in _SMALL.finditer(text):
        word = match.group(1)
        if word not in STOP and word not in FRAMING and word not in _PLAIN:
            yield from _named([word])


def _naming(text: str, names: Sequence[tuple[str, ...]]) -> tuple[frozenset[str], bool]:
    """Stems of the words that only stand in runs like "the Supply Agreement between Acme and Globex", or in an opening
    like "Acme's Supply Agreement;"; whether there is one with a kind of document in it.
    """
    parts = {p for name in names for p in name}
    inside: list[str] = []
    outside: list[str] = []
    cites = False
    opening = _OPENING.match(text)
    if opening and not _PAPERS.isdisjoint(words(opening.group())):
        inside += words(opening.group())
        cites = True
        text = text[opening.end() :]
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
    parts = tuple(
        p for w in run for p in words(w) if p not in _NAMELESS and not p.isdigit() and not _PERIOD.fullmatch(p)
    )
    if parts:
        yield parts
