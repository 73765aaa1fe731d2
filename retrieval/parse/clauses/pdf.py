"""Which numbered paragraphs are clauses, and their full labels.

A number alone proves nothing: "3.5 million" and "(a)" in a list look alike. A paragraph becomes a clause
when its number continues a sequence, or begins one that goes on, or stands in heading type. Everything
else stays plain text: a wrong number is worse than none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from retrieval.parse.clauses.pdf_numbers import OUTER, WORDS, Number, number_of
from retrieval.parse.pdf.heading_titles import run_in_title
from retrieval.parse.pdf.paragraphs import Body, Paragraph

AHEAD = 200  # paragraphs searched for the number that continues a sequence
DECIMAL, DOTTED, BRACKET = 60, 58, 70  # ranks; the words' are 10 to 50

_REFERENCE = re.compile(
    r"(?:OF|of|to|and|or|in|is|are|was|were|under|above|below|hereof|through|which|that|for|shall|will)\b|[,;)]"
)


@dataclass(slots=True)
class Clause:
    """A paragraph that opens a numbered part. `rank`: smaller stands higher; `title`: "" when it has none."""

    at: int
    number: Number
    rank: int
    label: str
    title: str
    styled: bool
    series: str = ""
    count: int = 0
    x0: float = 0.0


@dataclass(frozen=True, slots=True)
class Candidate:
    """A paragraph with a number in front, and how much its type looks like a heading's."""

    at: int
    number: Number
    rest: str
    title: str
    styled: bool
    x0: float
    page: int


def candidates(items: Sequence[Paragraph], body: Body, outlined: frozenset[int]) -> list[Candidate]:
    """Every paragraph outside tables that starts with a number. `outlined`: those that a bookmark names."""
    found = []
    for at, item in enumerate(items):
        number = number_of(item.text) if item.table is None and not item.leaders else None
        if number is None:
            continue
        rest = item.text[number.length :].strip(" \n–—-:")
        skip = item.text.find(rest) if rest else len(item.text)
        lead = item.lead(skip)
        title = run_in_title(rest, lead, item.bold)
        larger = item.size > body.size * 1.08
        capitals = bool(rest) and rest.upper() == rest and sum(c.isalpha() for c in rest) > 3
        styled = item.bold or larger or lead > 2 or capitals or at in outlined
        found.append(Candidate(at, number, rest, title, styled, item.x0, item.page))
    return found


def clauses(
    items: Sequence[Paragraph], body: Body, outlined: frozenset[int] = frozenset(), breaks: Sequence[int] = ()
) -> list[Clause]:
    """The clauses of a document in reading order, labels full ("4.2(b)").

    `breaks` are paragraphs in order that begin something new without a number (a centred title): no list
    goes on beyond one.
    """
    found = candidates(items, body, outlined)
    listed = _contents(found, items)
    resolver = _Resolver([c for c in found if c.at not in listed], items, breaks)
    return resolver.resolve()


def _contents(found: Sequence[Candidate], items: Sequence[Paragraph]) -> set[int]:
    """Paragraphs of a table of contents: a dense run of numbers that all come again later."""
    named = [c for c in found if c.number.kind in WORDS or c.number.kind == "decimal"]
    last: dict[str, int] = {c.number.shown.casefold(): c.at for c in named}
    result = {c.at for c in named if last[c.number.shown.casefold()] > c.at and _over_a_list(c, items)}
    run: list[Candidate] = []
    for c in [*named, None]:
        if run and (c is None or sum(len(items[i].text) for i in range(run[-1].at, c.at)) > 260):
            again = [r for r in run if last[r.number.shown.casefold()] > run[-1].at]
            if len(run) >= 4 and len(again) >= 0.5 * len(run):
                result.update(r.at for r in run)
            run = []
        if c is not None:
            run.append(c)
    return result


def _over_a_list(c: Candidate, items: Sequence[Paragraph]) -> bool:
    """Whether "PART I" stands right over rows of a table of contents."""
    after = items[c.at + 1] if c.at + 1 < len(items) else None
    bare = c.number.kind in OUTER and c.rest.casefold() in ("", "page")
    return bare and after is not None and (after.table is not None or after.leaders)


class _Resolver:
    """Goes through the candidates once, with the open clauses on a stack."""

    def __init__(self, found: Sequence[Candidate], items: Sequence[Paragraph], breaks: Sequence[int]) -> None:
        self.found, self.items = found, items
        self.breaks = list(reversed(breaks))
        self.stack: list[Clause] = []
        self.last: dict[str, Clause] = {}  # the last clause of each kind
        self.used: set[str] = set()
        self.result: list[Clause] = []

    def resolve(self) -> list[Clause]:
        for index, candidate in enumerate(self.found):
            kind = candidate.number.kind
            while self.breaks and self.breaks[-1] < candidate.at:
                self.breaks.pop()
                while self.stack and self.stack[-1].rank >= DOTTED:
                    self.stack.pop()
            accept = self._worded if kind in WORDS else getattr(self, f"_{kind}")
            clause: Clause | None = accept(index, candidate)
            if clause is not None:
                self._push(clause)
        return _told_apart(self.result)

    def _push(self, clause: Clause) -> None:
        while self.stack and self.stack[-1].rank >= clause.rank:
            self.stack.pop()
        clause.label = self._label(clause)
        self.stack.append(clause)
        self.used.add(clause.label)
        self.last[clause.number.kind] = clause
        if clause.number.kind == "decimal" and len(clause.number.values) == 1:
            self.last["top"] = clause
        if clause.number.kind in OUTER:
            for kind in ("decimal", "top", "section", "dotted", "article"):
                self.last.pop(kind, None)
        self.result.append(clause)

    def _label(self, clause: Clause) -> str:
        number = clause.number
        parent = self.stack[-1] if self.stack else None
        if number.kind == "bracket" and parent is not None:
            return parent.label + number.shown
        if number.kind in ("decimal", "dotted", "section") and parent is not None:
            outer = next((c for c in self.stack if c.number.kind in OUTER | {"article", "item", "note"}), None)
            if outer is not None and not _includes(outer.number, number):
                anew = outer.number.kind in OUTER and outer.number.kind not in ("part", "title", "book")
                if anew or (len(number.values) < 2 and outer.number.kind != "part") or number.shown in self.used:
                    return f"{outer.label}, {number.shown}"
        return number.shown

    # --- words ---------------------------------------------------------------------------

    def _worded(self, index: int, c: Candidate) -> Clause | None:
        number, kind = c.number, c.number.kind
        if _REFERENCE.match(c.rest) or (c.rest[:1].islower() and not c.styled):
            return None
        alone = not c.rest or c.title != ""
        if kind == "exhibit" and (len(number.values) > 1 or self.items[c.at].gap < 4):
            return None  # a list of exhibits
        if kind in ("section", "clause"):
            known = self.last.get(kind)
            if not (c.styled and alone) and not (self._follows(known, number) and (number.closed or c.title)):
                return None
        elif kind == "note":
            if not ((c.styled or number.closed) and alone and c.rest) or not self._counts_on(c):
                return None
        elif not alone or not (c.styled or number.closed or not c.rest or self.items[c.at].centred):
            return None
        if not c.styled and self.items[c.at].words > 14 and kind not in ("section", "clause"):
            return None
        rank = WORDS[kind] * 10 + (len(number.values) - 1 if kind in ("section", "clause") and number.values else 0)
        return self._clause(c, rank)

    def _counts_on(self, c: Candidate) -> bool:
        """Whether a note's number is the first, the next, or, in heading type, a little further on."""
        known, count = self.last.get("note"), c.number.counts[0][1]
        if known is None:
            return count == 1 or (c.styled and count <= 40)
        return count in (1, known.count + 1) or (c.styled and known.count < count <= known.count + 4)

    # --- 1. and 1.1 ----------------------------------------------------------------------

    def _decimal(self, index: int, c: Candidate) -> Clause | None:
        number, known = c.number, self.last.get("decimal")
        if number.values[0] > 99 or (c.rest[:1].islower() and not self._follows(known, number)):
            return None
        in_filing = any(s.number.kind in ("item", "note") for s in self.stack)
        if len(number.values) == 1:
            if not number.closed and not (c.styled and c.title):
                return None
            if in_filing and not (c.styled and c.title):
                return None
            if not self._top(index, c, known):
                return None
        elif not self._deep(index, c, known):
            return None
        return self._clause(c, DECIMAL + len(number.values))

    def _top(self, index: int, c: Candidate, known: Clause | None) -> bool:
        """Whether "N." opens a clause: the next of its series, or the first of one that goes on."""
        count = c.number.values[0]
        last = self.last.get("top") if known is not None else None
        if last is not None:
            alike = abs(last.x0 - c.x0) < 12 and (last.styled == c.styled or bool(c.title) == bool(last.title))
            if count == last.count + 1 and alike:
                return True
            return c.styled and bool(c.title) and last.styled and last.count < count <= last.count + 5 and alike
        if known is not None and count == known.number.values[0] + 1 and c.title:
            return True
        return self._goes_on(index, c) and (count == 1 or c.styled) and (c.styled or c.x0 < 40)

    def _deep(self, index: int, c: Candidate, known: Clause | None) -> bool:
        values = c.number.values
        if self._follows(known, c.number):
            return True
        article = next((s for s in reversed(self.stack) if s.number.kind in WORDS), None)
        begins = values[-1] in (0, 1) and (article is None or _includes(article.number, c.number))
        if c.styled and c.title and (known is None or values > known.number.values):
            return begins or known is not None or self._goes_on(index, c)
        return begins and self._goes_on(index, c)

    def _follows(self, known: Clause | None, number: Number) -> bool:
        """Whether a decimal number comes next: a child of the last, or the next of it or of a part around it."""
        if known is None or not number.values or not known.number.values:
            return False
        old, new = known.number.values, number.values
        if new[:-1] == old and new[-1] in (0, 1):
            return True
        if len(new) > len(old):
            return False
        around = old[: len(new)]
        return new == (*around[:-1], around[-1] + 1) or (
            len(new) == len(old) and len(new) > 1 and new == (*old[:-2], old[-2] + 1, 1)
        )

    def _goes_on(self, index: int, c: Candidate) -> bool:
        """Whether the number after this one, or its first child, comes later, set alike."""
        values = c.number.values
        following = (*values[:-1], values[-1] + 1)
        for other in self.found[index + 1 : index + 1 + AHEAD]:
            same_kind = other.number.kind == c.number.kind
            if same_kind and other.number.values == (*values, 1):
                return True
            if (
                same_kind
                and other.number.values == following
                and abs(other.x0 - c.x0) < 12
                and other.styled == c.styled
            ):
                return True
        return False

    # --- (a) and A. ----------------------------------------------------------------------

    def _bracket(self, index: int, c: Candidate) -> Clause | None:
        carriers = {"decimal", "section", "clause", "article", "bracket", "dotted", "schedule", "annex", "appendix"}
        inner = [s for s in self.stack if s.number.kind == "bracket"]
        if not self.stack or self.stack[-1].number.kind not in carriers or sum(x.isalpha() for x in c.rest) < 3:
            return None
        if any(s.number.kind in ("item", "note") for s in self.stack):
            return None  # in filings these are footnotes of tables
        parent = self.stack[-1]
        deeper = bool(inner) and c.x0 > inner[-1].x0 + 8
        starts = [s for s, n in c.number.counts if n == 1 and self._second(index, s)]
        starts = [s for s in starts if not any(open_clause.series == s for open_clause in inner)] if deeper else starts
        if deeper and starts and not any(abs(s.x0 - c.x0) < 8 and _next_of(s, c.number) for s in inner):
            return self._open(c, parent, starts[0])
        for open_clause in reversed(inner):
            series = _next_of(open_clause, c.number)
            if series and abs(open_clause.x0 - c.x0) < 30:
                return self._clause(c, open_clause.rank, series, open_clause.count + 1)
        if starts and not any(s.series == starts[0] for s in inner):
            return self._open(c, parent, starts[0])
        return None

    def _open(self, c: Candidate, parent: Clause, series: str) -> Clause:
        return self._clause(c, max(parent.rank, BRACKET) + 1, series, 1)

    def _second(self, index: int, series: str) -> bool:
        """Whether a second of a bracketed series comes before the next clause around it ends the list."""
        for other in self.found[index + 1 : index + 1 + AHEAD]:
            if other.number.kind == "bracket" and (series, 2) in other.number.counts:
                return True
            ends = other.number.kind in WORDS or (other.number.kind == "decimal" and other.styled)
            if ends and (other.styled or other.number.closed):
                return False
        return False

    def _dotted(self, index: int, c: Candidate) -> Clause | None:
        if not (c.styled and c.title) or any(s.number.kind in ("item", "note") for s in self.stack):
            return None
        known = self.last.get("dotted")
        if known is not None:
            series = _next_of(known, c.number)
            if series:
                return self._clause(c, known.rank, series, known.count + 1)
        for series, count in c.number.counts:
            if count == 1 and any(
                o.number.kind == "dotted" and (series, 2) in o.number.counts and o.styled
                for o in self.found[index + 1 : index + 1 + AHEAD]
            ):
                decimals = any(s.number.kind == "decimal" for s in self.stack)
                return self._clause(c, DECIMAL + 7 if decimals else DOTTED, series, 1)
        return None

    def _clause(self, c: Candidate, rank: int, series: str = "", count: int | None = None) -> Clause:
        counted = c.number.counts[0][1] if count is None else count
        return Clause(c.at, c.number, rank, c.number.shown, c.title, c.styled, series, counted, c.x0)


def _next_of(known: Clause, number: Number) -> str:
    """The series in which a number comes right after a clause; "" when it does not."""
    return next((s for s, n in number.counts if s == known.series and n == known.count + 1), "")


def _includes(outer: Number, number: Number) -> bool:
    """Whether a decimal spells out the part around it: 4.01 of Article IV."""
    if outer.kind in OUTER or len(number.values) < 2:
        return False
    return any(n == number.values[0] for _, n in outer.counts)


def _told_apart(found: list[Clause]) -> list[Clause]:
    """Items that come again in another part carry its label: "PART II, Item 1"."""
    part: Clause | None = None
    owners: list[Clause | None] = []
    seen: dict[str, set[int]] = {}
    for clause in found:
        part = clause if clause.number.kind == "part" else part
        owners.append(part)
        if clause.number.kind == "item":
            seen.setdefault(clause.label.casefold(), set()).add(part.at if part else -1)
    return [
        replace(clause, label=f"{owner.label}, {clause.label}")
        if clause.number.kind == "item" and owner is not None and len(seen[clause.label.casefold()]) > 1
        else clause
        for clause, owner in zip(found, owners, strict=True)
    ]
