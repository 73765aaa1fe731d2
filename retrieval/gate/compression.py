"""Is a sentence an ordered compression of one unit? Pure; it knows no word of any language but function words.

The words that say something are the unit's own, in its order (Clarke and Lapata 2008, doi:10.1613/jair.2433: sentence
compression by deletion), and what is left out takes nothing along: no negation, condition, duty, bound or time; no head
whose complement stays; no part of a name or of an amount; no member of one pair for that of another. How often it errs,
by kind of error, stands in docs/answers.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from retrieval.gate.function_words import TURNS, Kind
from retrieval.gate.problem import Problem
from retrieval.gate.tokens import Token, language_of, tokens
from retrieval.text.connectives import goes_on
from retrieval.text.words import SENTENCE
from retrieval.verdicts import VerdictClass

_FREE = frozenset({Kind.IDLE, Kind.WEAK})  # on neither side asked for
_PREPOSITIONS = frozenset({Kind.LINK, Kind.WEAK})
_ENDS = ".;!?"
_MOST_MATCHES = 12


@dataclass(frozen=True)
class Match:
    """Where the words of a sentence stand in its quote: positions in `source`, in order."""

    wanted: tuple[Token, ...]
    source: tuple[Token, ...]
    kept: tuple[int, ...]
    quote: str

    @cached_property
    def held(self) -> frozenset[int]:
        return frozenset(self.kept)

    @property
    def first(self) -> int:
        return self.kept[0]

    @property
    def last(self) -> int:
        return self.kept[-1]

    @cached_property
    def left_out(self) -> tuple[int, ...]:
        """Positions outside the match that say something."""
        return tuple(n for n, t in enumerate(self.source) if n not in self.held and t.kind is not Kind.IDLE)

    @cached_property
    def runs(self) -> tuple[tuple[int, tuple[int, ...], int], ...]:
        """What is left out between two words that are kept: (before, left out, after)."""
        found = []
        for a, b in zip(self.kept, self.kept[1:], strict=False):
            run = tuple(n for n in range(a + 1, b) if self.source[n].kind is not Kind.IDLE)
            if run:
                found.append((a, run, b))
        return tuple(found)

    def says(self, *kinds: Kind) -> bool:
        return any(self.source[n].kind in kinds for n in self.kept)

    def neighbour(self, at: int, step: int) -> int | None:
        """The word that says something beside `at`, where no punctuation parts the two."""
        n = at + step
        while 0 <= n < len(self.source):
            if self.source[max(n, n - step)].gap:
                return None
            if self.source[n].kind is not Kind.IDLE:
                return n
            n += step
        return None

    def touching(self, at: int, step: int) -> int | None:
        """The very next word, where nothing parts the two: with a word it makes a phrase."""
        n = at + step
        if not 0 <= n < len(self.source) or self.source[max(n, at)].gap:
            return None
        return n


def stands(text: str, quote: str) -> Problem | None:
    """Why `text` may not stand over `quote`, which is one unit as it is shown; None where it may."""
    return _judged(text, quote, _RULES)


def says(value: str, quote: str) -> bool:
    """Whether a unit says a value, which is no sentence: its words in order, with nothing that turns them round."""
    return _judged(value, quote, (_denied, _conditions)) is None


Rule = Callable[["Match"], Problem | None]


def _judged(text: str, quote: str, rules: Sequence[Rule]) -> Problem | None:
    language = language_of(quote)
    said, source = tokens(text, language), tokens(quote, language)
    wanted = tuple(token for token in said if token.kind not in _FREE)
    if not any(token.kind in (Kind.WORD, Kind.NUMBER, Kind.DUTY) for token in wanted):
        return Problem(VerdictClass.UNSUPPORTED, "it states nothing that can be checked")
    strange = _strange(wanted, source)
    if strange is not None:
        return strange
    problem = None
    for kept in _matches(wanted, source):
        match = Match(wanted, source, _with_weak(said, source, kept), quote)
        found = next((why for rule in rules if (why := rule(match)) is not None), None)
        if found is None:
            return None
        problem = problem or found
    return problem or Problem(VerdictClass.SPLICED, "its words stand in another order in the quote")


def _strange(wanted: Sequence[Token], source: Sequence[Token]) -> Problem | None:
    """A word that the quote does not have."""
    held = {(t.kind, t.form) for t in source}
    for token in wanted:
        if (token.kind, token.form) not in held:
            number = token.kind is Kind.NUMBER
            verdict = VerdictClass.WRONG_NUMBER if number else VerdictClass.FABRICATED
            return Problem(verdict, f"“{token.word}” does not stand in the quote")
    return None


def _matches(wanted: Sequence[Token], source: Sequence[Token]) -> Iterator[tuple[int, ...]]:
    """Where the words stand in order, the tightest first: from each beginning on, drawn together from its end."""
    found: dict[tuple[int, ...], int] = {}
    for start, token in enumerate(source):
        if not _same(token, wanted[0]):
            continue
        ahead = _walk(wanted, source, range(start, len(source)))
        if ahead is None:
            break
        back = _walk(wanted[::-1], source, range(ahead[-1], start - 1, -1))
        tight = tuple(reversed(back)) if back is not None else ahead
        for kept in (tight, ahead):
            found.setdefault(kept, kept[-1] - kept[0])
    yield from sorted(found, key=lambda kept: found[kept])[:_MOST_MATCHES]


def _walk(wanted: Sequence[Token], source: Sequence[Token], way: range) -> tuple[int, ...] | None:
    at: list[int] = []
    for n in way:
        if len(at) < len(wanted) and _same(source[n], wanted[len(at)]):
            at.append(n)
    return tuple(at) if len(at) == len(wanted) else None


def _same(one: Token, other: Token) -> bool:
    return one.kind is other.kind and one.form == other.form


def _with_weak(said: Sequence[Token], source: Sequence[Token], kept: tuple[int, ...]) -> tuple[int, ...]:
    """With the weak prepositions of the quote before words before which the sentence has one, too."""
    found = set(kept)
    listed = [n for n, token in enumerate(said) if token.kind not in _FREE]
    for mine, theirs in zip(listed, kept, strict=True):
        if _before(said, mine) is not None and (weak := _before(source, theirs)) is not None:
            found.add(weak)
    return tuple(sorted(found))


def _before(text: Sequence[Token], at: int) -> int | None:
    n = at - 1
    while n >= 0 and text[n].kind is Kind.IDLE:
        n -= 1
    return n if n >= 0 and text[n].kind is Kind.WEAK else None


# --- what may not be left out ---------------------------------------------------------------


def _turned(match: Match) -> Problem | None:
    """A word that turns the statement round, between its words or in the clause before them."""
    return _left_out(match, TURNS, TURNS - {Kind.TIME})


def _denied(match: Match) -> Problem | None:
    """The same of a value: what denies or bounds it; who must or may, and when, is another matter."""
    before = match.neighbour(match.first, -1)
    if before is not None and match.source[before].kind is Kind.BOUND:
        return _reversed(match.source[before])
    return _left_out(match, TURNS - {Kind.TIME, Kind.DUTY}, frozenset({Kind.NOT, Kind.CONDITION}))


def _left_out(match: Match, within: frozenset[Kind], before: frozenset[Kind]) -> Problem | None:
    source = match.source
    for _, run, _ in match.runs:
        for n in run:
            if source[n].kind in within:
                return _reversed(source[n])
    for n in range(match.first - 1, -1, -1):
        if any(mark in source[n + 1].gap for mark in _ENDS):
            break
        if source[n].kind in before:
            return _reversed(source[n])
    beyond = match.neighbour(match.last, 1)
    if beyond is not None and source[beyond].kind is Kind.NOT:
        return _reversed(source[beyond])
    return None


def _conditions(match: Match) -> Problem | None:
    """A condition or exception anywhere in the unit; a sentence that takes something back."""
    for n in match.left_out:
        if match.source[n].kind is Kind.CONDITION:
            return _reversed(match.source[n])
    for sentence in SENTENCE.split(match.quote)[1:]:
        said = tokens(sentence, language_of(match.quote))
        if goes_on(sentence) and not {t.form for t in said} <= {t.form for t in match.wanted}:
            return Problem(VerdictClass.REVERSED, "the quote goes on with an exception")
    return None


def _paired(match: Match) -> Problem | None:
    """Of two lists that are read side by side, and of two clauses alike, nothing changes sides."""
    if match.left_out and any(token.kind is Kind.TOGETHER for token in match.source):
        return Problem(VerdictClass.SPLICED, "the quote pairs the members of two lists")
    kept = {match.source[n].form for n in match.kept if match.source[n].kind in (Kind.WORD, Kind.LINK)}
    for _, run, _ in match.runs:
        for n in run:
            if match.source[n].kind is Kind.WORD and match.source[n].form in kept:
                return Problem(VerdictClass.SPLICED, f"the quote says “{match.source[n].word}” of two things")
        if any(match.source[n].kind is Kind.AND for n in run[1:-1]):
            return Problem(VerdictClass.SPLICED, "what it joins stands apart in the quote")
    return None


def _whole_names(match: Match) -> Problem | None:
    """A part of a name, or of a defined term."""
    for n in match.kept:
        if not match.source[n].name:
            continue
        for step in (-1, 1):
            beside = match.touching(n, step)
            if beside is not None and beside not in match.held and match.source[beside].name:
                return Problem(VerdictClass.UNSUPPORTED, f"“{match.source[beside].word}” belongs to the name")
    return None


def _whole_amounts(match: Match) -> Problem | None:
    """A number without what it counts, or without its bound or currency."""
    for n in match.kept:
        if match.source[n].kind is not Kind.NUMBER:
            continue
        for step in (-1, 1):
            beside = match.touching(n, step)
            if beside is None or beside in match.held:
                continue
            if match.source[beside].kind in (Kind.WORD, Kind.NUMBER, Kind.BOUND):
                return Problem(
                    VerdictClass.WRONG_NUMBER, f"“{match.source[n].word}” without “{match.source[beside].word}”"
                )
    return None


def _governed(match: Match) -> Problem | None:
    """A head is left out whose complement stays ("the parent of the Supplier"), or the head of a word that stays."""
    source = match.source
    for at in match.kept:
        before = match.neighbour(at, -1)
        if before is None or before in match.held or source[before].kind not in _PREPOSITIONS:
            continue
        if source[at].kind not in _PREPOSITIONS:
            return Problem(
                VerdictClass.UNSUPPORTED, f"what stands before “{source[before].word} {source[at].word}” is left out"
            )
    beside = match.touching(match.first, -1)
    if beside is not None and source[beside].kind is Kind.WORD and source[match.first].kind is Kind.WORD:
        return Problem(
            VerdictClass.UNSUPPORTED, f"“{source[beside].word}” is left out before “{source[match.first].word}”"
        )
    beside = match.touching(match.last, 1)
    if beside is not None and source[beside].kind is Kind.WORD and source[match.last].kind is Kind.WORD:
        return Problem(
            VerdictClass.UNSUPPORTED, f"“{source[beside].word}” is left out behind “{source[match.last].word}”"
        )
    return None


def _within(match: Match) -> Problem | None:
    """What is only mentioned: in quotation marks or brackets, or behind a colon, with nothing of what is around it."""
    inside = outside = 0
    for n, depth in enumerate(_depths(match.source)):
        if n in match.held:
            inside = max(inside, 1) if depth else 9
        elif match.source[n].kind is not Kind.IDLE and not depth:
            outside = 1
    if inside == 1 and outside:
        return Problem(VerdictClass.UNSUPPORTED, "the quote only mentions it, in quotation marks or brackets")
    colon = next((n for n in range(match.first, 0, -1) if ":" in match.source[n].gap), None)
    if colon is not None:
        return Problem(VerdictClass.UNSUPPORTED, "what introduces it in the quote is left out")
    return None


def _depths(source: Sequence[Token]) -> list[int]:
    depths: list[int] = []
    brackets, quoted = 0, False
    for token in source:
        for mark in token.gap:
            brackets = max(0, brackets + (mark in "([") - (mark in ")]"))
            quoted = not quoted if mark == '"' else (quoted or mark in "«„") and mark != "»"
        depths.append(brackets + quoted)
    return depths


def _narrowed(match: Match) -> Problem | None:
    """Where it permits or denies, what narrows its subject or object stays."""
    source = match.source
    behind = match.neighbour(match.last, 1)
    if behind is not None and behind not in match.held:
        open_ended = match.says(Kind.NOT) or any(source[n].form == "may" for n in match.kept)
        if source[behind].kind is Kind.TIME or (open_ended and source[behind].kind in (*_PREPOSITIONS, Kind.BOUND)):
            return Problem(VerdictClass.UNSUPPORTED, f"“{source[behind].word} …” narrows it in the quote")
    return None


def _reversed(token: Token) -> Problem:
    return Problem(VerdictClass.REVERSED, f"“{token.word}” is left out")


_RULES: tuple[Rule, ...] = (
    _turned,
    _conditions,
    _paired,
    _whole_names,
    _whole_amounts,
    _governed,
    _within,
    _narrowed,
)
