"""Which words of a sentence or row were asked for: the amount, the date or the person that a question wants. Pure.

What a question wants is told by its interrogative, of which each language has a few; where that tells nothing, the
one figure of a sentence is meant. Of several figures the nearest to the question's own words is; where two are as
near, both are, and where more are, none. Bold changes no statement: a word too many or too few is no error of fact.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from enum import Enum

from retrieval.text.number_words import ONES, TENS
from retrieval.text.stems import STOP_WORDS, asked, stems

Span = tuple[int, int]


class Wanted(Enum):
    """The kind of answer that a question wants."""

    FIGURE = "how much, how many, how long"
    TIME = "when, until when"
    NAME = "who"
    ANY = "what, which, or words alone"
    NOTHING = "why, how, or whether: no figure is asked for"


_DEGREE = "much|many|long|often|old|far|high|large|big|late|soon|early|fast|quickly"
_ASKS = (
    (
        Wanted.FIGURE,
        rf"\bhow (?:{_DEGREE})\b|\bwie ?(?:viele?n?|lange|oft|hoch|alt|weit|schnell|sp[aä]t)\b|\bcombien\b"
        r"|\bcu[aá]nt[oa]s?\b|^quant[oaie]s?\b|\bhoe ?(?:veel|lang|vaak|oud|hoog)\b",
    ),
    (
        Wanted.TIME,
        r"^(?:\w+ )?(?:when|wann|quand|cu[aá]ndo|quando|wanneer)\b|\b(?:what|which) (?:date|day|time|year|month)\b",
    ),
    (Wanted.NAME, r"^(?:by |to )?(?:who|whom|wer|wem|wen|qui|qui[eé]n(?:es)?|quem|chi)\b"),
    (
        Wanted.NOTHING,
        r"^what (?:happens|happened|if|should|must|can|may|do|does)\b"
        r"|^(?:is|are|was|were|do|does|did|can|could|may|must|shall|should|will|would|has|have|why|how)\b"
        r"|^(?:warum|wieso|weshalb|wie|pourquoi|comment|por ?qu[eéê]|c[oó]mo|perch[eé]|come|waarom|hoe)\b",
    ),
)
_PATTERNS = tuple((wanted, re.compile(said, re.IGNORECASE)) for wanted, said in _ASKS)

_DATE = (
    r"\b\d{1,2}(?:st|nd|rd|th|\.)?\s(?:day of |of |de )?[^\W\d_]{3,10}\.?,?\s(?:of |de )?(?:19|20)\d\d\b"
    r"|\b[A-Z][^\W\d_]{2,9}\.?\s(?:\d{1,2}(?:st|nd|rd|th)?,?\s)?(?:19|20)\d\d\b"
    r"|\b(?:19|20)\d\d-\d\d-\d\d\b|\b\d{1,2}[./]\d{1,2}[./](?:19|20)\d\d\b"
)
_NUMBER = (
    r"(?:(?:[$€£¥₹]|\b[A-Z]{3}\b)\s?)?(?<![\w.,§#-])[-−]?\d+(?:[.,:'’\u00a0\u202f]\d+|(?<=\d) \d{3}(?!\d))*"
    r"(?:\s?[-–]\s?\d+(?:[.,:]\d+)?)?(?![-–/]?\d)(?:\s?[%‰$€£¥₹])?"
)
_SMALL = "|".join(sorted({*ONES[2:], *filter(None, TENS), "half"}, key=len, reverse=True))
_SPELLED = rf"\b(?:{_SMALL})(?:-(?:{_SMALL}))?(?:\s\(\d+\))?(?![\w-])"
_FIGURE = re.compile(rf"(?P<date>{_DATE})|(?P<number>{_NUMBER})|(?P<spelled>(?i:{_SPELLED}))")
_BEHIND = re.compile(
    r"[\s-](?:(?:business|working|calendar|consecutive|full|trading)\s)?[^\W\d_]+(?:['’](?=\s))?", re.I
)
_PER = re.compile(r"\s(?:per|pro|par|por|je|a|an)\s[^\W\d_]{3,}\b", re.I)
_SCALE = re.compile(r"\s(?:thousand|millions?|billions?|trillion|bn|m|tausend|millionen|milliarden)\b", re.I)
_REFERRED = re.compile(
    r"(?:\b(?:section|clause|article|page|line|rule|annex|appendix|schedule|level|grade|no|nr|art)s?\.?)\s?$", re.I
)
_UPPER = re.compile(r"[A-Z][\w'’&.-]*(?:(?: (?:of|and|the|for|de|von|van|der|du|del|&)){0,2} [A-Z][\w'’&.-]*)*")
_TIMES = frozenset(stems("second minute hour day week month quarter year"))
_CLOCK = re.compile(r"\d:\d\d|\b(?:19|20)\d\d\b|\d\s[A-Z][^\W\d_]{2}")
_CLAUSE = re.compile(r"[;,:.](?=\s)|\band\b|\bor\b")
_MOST = 2  # that are as near to the question; of more none stands out
_REACH = 8  # words from a figure within which those of the question count
_CELLS = re.compile(r";\s")


def wanted(question: str) -> Wanted:
    """The kind of answer that a question wants, by its interrogative."""
    said = " ".join(question.split())
    return next((kind for kind, pattern in _PATTERNS if pattern.search(said)), Wanted.ANY)


def carried(question: str, texts: Sequence[str]) -> list[int]:
    """For each text 1 where it has what the question wants (an amount, a time, a name), -1 where it lacks it; 0 where
    the question wants nothing that can be told from the form of a text.
    """
    kind = wanted(question)
    if kind is Wanted.NAME:
        return [1 if _names(text, question) else -1 for text in texts]
    if kind in (Wanted.FIGURE, Wanted.TIME):
        return [1 if _figures(text, kind, question) else -1 for text in texts]
    return [0] * len(texts)


def highlights(question: str, text: str, row: Sequence[str] = ()) -> tuple[Span, ...]:
    """Half-open offsets into `text`, in order; () where nothing stands out. `row` are the cells of a row's text."""
    kind = wanted(question)
    if kind is Wanted.NOTHING:
        return ()
    if len(row) > 1:
        named = _cells(text, row)
        if named:
            return _column(question, text, named) or _alone(_figures(text, kind, question))
    if kind is Wanted.NAME:
        return _alone(_names(text, question))
    figures = _figures(text, kind, question)
    return _alone(figures) if kind is Wanted.ANY else _nearest(question, text, figures)


def _alone(found: Sequence[Span]) -> tuple[Span, ...]:
    return tuple(found) if len(found) == 1 else ()


# --- rows


def _cells(text: str, row: Sequence[str]) -> list[tuple[str, Span]]:
    """The cells in a row's text, each with the words that stand beside it up to the next: the name of its column."""
    found = []
    at = 0
    for cell in row:
        start = text.find(cell, at)
        if start < 0:
            return []
        found.append((start, start + len(cell)))
        at = start + len(cell)
    ends = [start for start, _ in found[1:]] + [len(text)]
    named = []
    before = 0
    for (start, end), following in zip(found, ends, strict=True):
        parted = _CELLS.search(text, end, following)
        stop = parted.start() if parted else end if following < len(text) else following
        named.append((f"{text[before:start]} {text[end:stop]}", (start, end)))
        before = max(stop, end)
    return named


def _column(question: str, text: str, named: Sequence[tuple[str, Span]]) -> tuple[Span, ...]:
    """The cell whose column the question names best, if it does not say what stands there."""
    terms, said = set(asked(question)), set(stems(question))
    names = [set(stems(name)) - STOP_WORDS for name, _ in named]
    common = Counter(stem for name in names for stem in name)
    scored = [
        (sum(1 / common[stem] for stem in name & terms), span)
        for name, (_, span) in zip(names, named, strict=True)
        if not set(stems(text[span[0] : span[1]])) <= said
    ]
    best = max((score for score, _ in scored), default=0.0)
    return _alone([span for score, span in scored if score == best]) if best else ()


# --- sentences


def _figures(text: str, kind: Wanted, question: str) -> list[Span]:
    """The amounts, periods and dates of a text that the question does not name itself."""
    found = []
    known = {_plain(m.group()) for m in _FIGURE.finditer(question)}
    for match in _FIGURE.finditer(text):
        if _REFERRED.search(text, 0, match.start()) or _plain(match.group()) in known:
            continue
        start, end = match.span()
        if not match["date"]:
            end = _with_unit(text, end)
        if kind is not Wanted.TIME or match["date"] or _is_time(text[start:end]):
            found.append((start, end))
    return found


def _plain(figure: str) -> str:
    return re.sub(r"[^\w]", "", figure).casefold()


def _with_unit(text: str, end: int) -> int:
    """Behind what a number counts: "EUR 1.35 million", "6 months", "5 business days", "210 EUR per night"."""
    if scale := _SCALE.match(text, end):
        end = scale.end()
    unit = _BEHIND.match(text, end)
    if unit is not None and not set(stems(unit.group())) & STOP_WORDS:
        end = unit.end()
    per = _PER.match(text, end)
    return per.end() if per is not None else end


def _is_time(figure: str) -> bool:
    return bool(set(stems(figure)) & _TIMES) or _CLOCK.search(figure) is not None


def _names(text: str, question: str) -> list[Span]:
    """What is written with a capital that no sentence gives it, and that the question does not name."""
    known = set(stems(question))
    short = set(re.findall(r"\w+", question))
    found = []
    for match in _UPPER.finditer(text):
        start, end = match.span()
        while (first := text[start:end].split(" ")[0]).casefold() in STOP_WORDS and start + len(first) < end:
            start += len(first) + 1
        end = start + len(text[start:end].rstrip(".-'’"))
        said = stems(text[start:end])
        opens = start == 0 or text[:start].rstrip().endswith((".", ":", "?", "!"))
        initials = "".join(c for c in text[start:end] if c.isupper())
        if said and not set(said) & known and initials not in short and not (opens and len(said) == 1):
            found.append((start, end))
    return found


def _nearest(question: str, text: str, found: Sequence[Span]) -> tuple[Span, ...]:
    """Those that stand nearest to the question's words, which count the more the nearer they are."""
    if len(found) < 2:
        return tuple(found)
    terms = set(asked(question))
    scores = [sum(_weights(text, span, terms)) for span in found]
    best = max(scores)
    kept = [span for span, score in zip(found, scores, strict=True) if score >= 0.9 * best]
    return tuple(kept) if len(kept) <= _MOST else ()


def _weights(text: str, span: Span, terms: set[str]) -> Iterator[float]:
    inside = set(stems(text[span[0] : span[1]])) & terms
    yield from (1.0 for _ in inside)
    before = stems(_CLAUSE.split(text[: span[0]])[-1])[::-1]
    after = stems(_CLAUSE.split(text[span[1] :])[0])
    for words in (before, after):
        seen: set[str] = set()
        for distance, word in enumerate(words[:_REACH], 1):
            if word in terms and word not in seen:
                seen.add(word)
                yield 1 / (1 + distance / _REACH)
