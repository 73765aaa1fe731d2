"""Where the words of a sentence stand in a unit, in order. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from retrieval.gate.function_words import JOINS, Kind
from retrieval.gate.tokens import Token
from retrieval.verdicts import Problem, VerdictClass

FREE = frozenset({Kind.IDLE, Kind.WEAK})
"""On neither side asked for."""
_OPENING = frozenset({Kind.LINK, Kind.CONDITION, Kind.TIME, Kind.BOUND})
_MOST_MATCHES = 12


@dataclass(frozen=True)
class Match:
    """Where the words of a sentence stand in its quote: positions in `source`, in order."""

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


def strange(wanted: Sequence[Token], source: Sequence[Token]) -> Problem | None:
    """A word that the quote does not have."""
    held = {(t.kind, t.form) for t in source}
    for token in wanted:
        if (token.kind, token.form) not in held:
            number = token.kind is Kind.NUMBER
            verdict = VerdictClass.WRONG_NUMBER if number else VerdictClass.FABRICATED
            return Problem(verdict, f"“{token.word}” does not stand in the quote")
    return None


def matches(wanted: Sequence[Token], source: Sequence[Token]) -> Iterator[tuple[int, ...]]:
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


def orders(said: Sequence[Token], listed: list[int]) -> Iterator[list[int]]:
    """The sentence's words as they are, and with two of its phrases exchanged, of which one begins with a word of
    grammar: "Upon request, X gives Y" is "X gives Y upon request".
    """
    yield listed
    opens = [n for n in range(len(listed)) if n and _opens(said, listed, n)]
    if _opens(said, listed, 0):
        for middle in range(1, len(listed)):
            yield [*listed[middle:], *listed[:middle]]
    for middle in opens:
        for first in range(middle):
            yield [*listed[:first], *listed[middle:], *listed[first:middle]]
        for last in range(middle + 1, len(listed)) if middle in opens else ():
            yield [*listed[:middle], *listed[last:], *listed[middle:last]]


def _opens(said: Sequence[Token], listed: Sequence[int], at: int) -> bool:
    return said[listed[at]].kind in _OPENING or _before(said, listed[at]) is not None


def moved_whole(said: Sequence[Token], order: Sequence[int], kept: Sequence[int], match: Match) -> bool:
    """Whether the phrases that were exchanged stand whole in the quote, in one clause."""
    breaks = [n for n in range(1, len(order)) if order[n] != order[n - 1] + 1 and not _near(said, order, n)]
    for n in breaks:
        before = match.touching(kept[n - 1], 1)
        if before is not None and match.source[before].kind is Kind.WORD and before not in match.held:
            return False
        if any(match.source[at].kind in JOINS or ";" in match.source[at].gap for at in range(*kept[n - 1 : n + 1])):
            return False
    return True


def _near(said: Sequence[Token], order: Sequence[int], n: int) -> bool:
    """Whether only words that say nothing of their own stand between two that follow each other."""
    return order[n] > order[n - 1] and all(t.kind in FREE for t in said[order[n - 1] + 1 : order[n]])


def with_weak(
    said: Sequence[Token], order: Sequence[int], source: Sequence[Token], kept: tuple[int, ...]
) -> tuple[int, ...]:
    """With the weak prepositions of the quote before words before which the sentence has one, too."""
    found = set(kept)
    for mine, theirs in zip(order, kept, strict=True):
        if _before(said, mine) is not None and (weak := _before(source, theirs)) is not None:
            found.add(weak)
    return tuple(sorted(found))


def _before(text: Sequence[Token], at: int) -> int | None:
    n = at - 1
    while n >= 0 and text[n].kind is Kind.IDLE:
        n -= 1
    return n if n >= 0 and text[n].kind is Kind.WEAK else None
