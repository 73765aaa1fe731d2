"""Places headings and numbered paragraphs in a tree, and labels them.

One pass learns which lists run on through several numbered parts (clauses 1 to 5 in Part A, 6 to 9
in Part B: cited without the part), a second one labels.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby

from retrieval.parse.clauses.marks import ClauseMark, alone, chain
from retrieval.parse.clauses.words import ARTICLES, ATTACHMENTS, CHAPTERS, DIVISION, NOTE, OUTER, SECTION

_SAME_INDENT = 6.0  # points: a twelfth of an inch
_CASES = ("decimal", "Letter", "Roman")


@dataclass(frozen=True, slots=True)
class SectionCandidate:
    """A paragraph that opens a section: a heading (`outline` 0 to 8), a numbered one, both, or one set apart by
    its look; `size` compares looks where they are known."""

    outline: int | None
    mark: ClauseMark | None
    size: float | None = None


@dataclass(frozen=True, slots=True)
class PlacedSection:
    """Where a section stands (1 = top), and its label."""

    level: int
    label: str | None


@dataclass(slots=True, eq=False)
class _Open:
    level: int
    label: str | None
    candidate: SectionCandidate
    serial: int  # tells parts with equal labels apart
    around: str | None = None  # the label of the part that its list is chained to

    @property
    def mark(self) -> ClauseMark | None:
        return self.candidate.mark

    @property
    def heading(self) -> bool:
        return self.candidate.outline is not None


@dataclass(slots=True)
class _Series:
    """What one list has done so far: its run, and the last label at each depth with its surroundings."""

    run: int = 0
    last: dict[int, tuple[str, str | None]] = field(default_factory=dict)


class _Pass:
    """`running`: lists that run on through several parts. `again`: worded numbers that come more than once.
    `divided`: sections hold articles here, as in European law, and not the other way round."""

    def __init__(self, running: frozenset[tuple[str, int]], again: frozenset[str], *, divided: bool) -> None:
        self._running = running
        self._again = again
        self._divided = divided
        self._stack: list[_Open] = []
        self._series: dict[str, _Series] = {}
        self.around: dict[tuple[str, int], set[int]] = {}
        self._count = 0

    def place(self, candidate: SectionCandidate) -> PlacedSection:
        mark = candidate.mark
        level = self._level(candidate)
        while self._stack and self._stack[-1].level >= level:
            self._stack.pop()
        label, around = (None, None) if mark is None else self._label(mark)
        self._count += 1
        self._stack.append(_Open(level, label, candidate, self._count, around))
        return PlacedSection(level, label)

    def _level(self, candidate: SectionCandidate) -> int:
        mark, outline = candidate.mark, candidate.outline
        if mark is not None and mark.word in ATTACHMENTS and mark.first == mark.depth > 0:
            return 1  # "Appendix A" as a deep level of the list that numbers the clauses
        if outline is not None:
            above = self._parent_by_number(mark) if mark is not None else None
            part = self._plain_part(outline, mark)
            return max(outline + 1, *(item.level + 1 if item is not None else 0 for item in (above, part)))
        if mark is None:
            return self._level_by_size(candidate.size)
        return self._level_by_number(mark) or self._level_by_list(mark) or self._level_by_place(mark)

    def _level_by_size(self, size: float | None) -> int:
        """A paragraph that is a heading by its look: beside those of its size, below all that is larger or numbered."""
        for item in reversed(self._stack):
            other = item.candidate.size
            if size is None or (other is not None and other < size) or (item.mark is not None and _is_item(item.mark)):
                continue
            beside = item.mark is None and not item.heading and other == size
            return item.level if beside else item.level + 1
        return 1

    def _plain_part(self, outline: int, mark: ClauseMark | None) -> _Open | None:
        """The part without a heading's style in which a heading stands: "Part A" between a schedule and its clauses."""
        rank = self._rank(mark) if mark is not None else None
        for at in range(len(self._stack) - 1, -1, -1):
            item = self._stack[at]
            own = self._rank(item.mark) if item.mark is not None else None
            if item.heading or item.mark is None or own is None or own > DIVISION or item.mark.typed == 0:
                continue
            holder = next((o.candidate.outline for o in reversed(self._stack[:at]) if o.heading), None)
            if (holder is None or holder < outline) and (rank is None or rank > own):
                return item
        return None

    def _rank(self, mark: ClauseMark) -> int | None:
        return DIVISION if self._divided and _is_section(mark) else mark.rank

    def _parent_by_number(self, mark: ClauseMark) -> _Open | None:
        """The open part whose number this one continues by one more count: 4 of 4.2."""
        if mark.parts is None or len(mark.parts) < 2:
            return None
        for item in reversed(self._stack):
            if item.mark is not None and item.mark.parts == mark.parts[:-1] and item.mark.word not in OUTER:
                return item
        return None

    def _level_by_number(self, mark: ClauseMark) -> int | None:
        if not mark.typed or mark.parts is None or mark.depth == 0:
            return None
        parent = self._parent_by_number(mark)
        return parent.level + 1 if parent is not None else None

    def _level_by_list(self, mark: ClauseMark) -> int | None:
        """Beside or below an open item of the same list."""
        between: _Open | None = None
        lowest: _Open | None = None
        for item in reversed(self._stack):
            other = item.mark
            if other is None:
                between = between or item
            elif other.key == mark.key:
                lowest = item
                if other.depth == mark.depth:
                    return item.level
                if other.depth < mark.depth:
                    below = item.level + mark.depth - other.depth
                    return max(below, between.level + 1) if between is not None else below
        if lowest is None or lowest.mark is None:
            return None
        return max(1, lowest.level - (lowest.mark.depth - mark.depth))

    def _level_by_place(self, mark: ClauseMark) -> int:
        """A list that is new here: beside an item of the same look, else below what is open."""
        rank = self._rank(mark)
        if rank is not None and (mark.typed or rank <= ARTICLES):
            return 1 if mark.word in ATTACHMENTS else self._level_of_part(rank)
        if mark.key == "typed":
            held = (i for i in reversed(self._stack) if i.heading or i.mark is None or not _is_item(i.mark))
            return next((item.level + 1 for item in held), 1)  # clauses stand in no list: recitals end above them
        for item in reversed(self._stack):
            other = item.mark
            if item.heading or other is None:
                break
            if other.shape == mark.shape and not _further_in(mark, other):
                return item.level
        for item in reversed(self._stack):
            other = item.mark
            if item.heading or other is None or other.rank is not None or not _further_in(other, mark):
                return item.level + 1
        return 1

    def _level_of_part(self, rank: int) -> int:
        """A part, chapter or article: below a heading without a number, or a part that stands higher."""
        for item in reversed(self._stack):
            if item.mark is None and item.heading:
                return item.level + 1
            above = self._rank(item.mark) if item.mark is not None else None
            if above is not None and above < rank:
                return item.level + 1
        return 1

    def _label(self, mark: ClauseMark) -> tuple[str, str | None]:
        series = self._series.setdefault(mark.key, _Series())
        if mark.restarted and mark.depth == 0:
            series.run += 1
        outside = next((o for o in reversed(self._stack) if o.label and o.mark and o.mark.key != mark.key), None)
        own = [o for o in self._stack if o.mark is not None and o.mark.key == mark.key]
        label, around = self._chained(mark, series, own, outside)
        series.last = {d: kept for d, kept in series.last.items() if d < mark.depth}
        series.last[mark.depth] = (label, outside.label if outside else None)
        return label, around

    def _chained(
        self, mark: ClauseMark, series: _Series, own: Sequence[_Open], outside: _Open | None
    ) -> tuple[str, str | None]:
        """The label, and the label of the outside part it is chained to (None: none)."""
        # 1. The number leaves out outer levels of its own list: those come first.
        if mark.first > 0 and not mark.endless and not _of_attachment(mark, own):
            above = next((o for o in reversed(own) if o.mark and o.mark.depth < mark.first and o.label), None)
            if above is not None and above.label is not None:
                return chain(above.label, mark, same=True), above.around
            kept = [entry for d, entry in series.last.items() if d < mark.first]
            if kept and kept[-1][1] == (outside.label if outside else None):
                return chain(kept[-1][0], mark, same=True), None
        # 2. The list stands in a part whose label an outer level of the list already took, or did not.
        if own:
            around = own[-1].around
            return (chain(around, mark, same=False) if around else alone(mark)), around
        # 3. The list stands in a numbered part that it neither spells out nor runs on through.
        if outside is None or outside.label is None or outside.mark is None or mark.endless:
            return alone(mark), None
        if not self._encloses(outside.mark, mark) or includes(outside.mark, mark):
            return alone(mark), None
        self.around.setdefault((mark.key, series.run), set()).add(outside.serial)
        if (mark.key, series.run) in self._running and not mark.bracketed:
            return alone(mark), None
        return chain(outside.label, mark, same=_kin(outside.mark, mark)), outside.label

    def _encloses(self, outer: ClauseMark, mark: ClauseMark) -> bool:
        """Whether a numbered part stands in the label of what it holds: no clause holds a schedule, and
        articles that count on through chapters are cited without them."""
        if mark.word in ATTACHMENTS or (outer.word == "item" and mark.key == "typed"):
            return False
        if mark.word in OUTER:
            return outer.word in ATTACHMENTS
        rank, above = self._rank(mark), self._rank(outer)
        if rank is None or outer.word in ATTACHMENTS or mark.own.casefold() in self._again:
            return True
        if mark.rank == SECTION:
            return rank == DIVISION or above is None or above == ARTICLES
        return rank not in (ARTICLES, NOTE) and mark.word not in CHAPTERS

    def running(self) -> frozenset[tuple[str, int]]:
        return frozenset(run for run, parts in self.around.items() if len(parts) > 1)


def _of_attachment(mark: ClauseMark, own: Sequence[_Open]) -> bool:
    """Whether the outermost number that is shown is that of a schedule: A.1 of Appendix A, in no clause."""
    words = [mark.word, *(o.mark.word for o in own if o.mark is not None and o.mark.depth == mark.first)]
    return any(word in ATTACHMENTS for word in words)


def includes(outer: ClauseMark, mark: ClauseMark) -> bool:
    """Whether a number already spells out the number of the part it stands in: 4.01 of Article IV."""
    if outer.parts is None or mark.parts is None or outer.word in OUTER:
        return False
    return len(mark.parts) > len(outer.parts) and mark.parts[: len(outer.parts)] == outer.parts


def _kin(outer: ClauseMark, mark: ClauseMark) -> bool:
    """Whether two typed series are levels of one outline: "B." and "1." give B.1."""
    kinds = [next((c for c in _CASES if c in m.shape), "") for m in (outer, mark)]
    dotted = all(m.typed and not m.word and m.shape.endswith(".") for m in (outer, mark))
    return dotted and kinds[0] != kinds[1]


def _again(candidates: Sequence[SectionCandidate]) -> frozenset[str]:
    """Worded numbers that come more than once."""
    counts = Counter(c.mark.own.casefold() for c in candidates if c.mark is not None and c.mark.rank is not None)
    return frozenset(own for own, count in counts.items() if count > 1)


def _divided(candidates: Sequence[SectionCandidate]) -> bool:
    """Whether sections hold articles: more articles follow one another than sections do."""
    marks = [c.mark for c in candidates if c.mark is not None]
    ranks = [m.rank for m in marks if m.rank == ARTICLES or (m.rank == SECTION and _is_section(m))]
    longest = {rank: max((len(list(run)) for r, run in groupby(ranks) if r == rank), default=0) for rank in set(ranks)}
    return SECTION in longest and longest.get(ARTICLES, 0) > longest[SECTION]


def _is_item(mark: ClauseMark) -> bool:
    return mark.typed > 0 and mark.rank is None and mark.key != "typed"


def _is_section(mark: ClauseMark) -> bool:
    return mark.word == "section" or mark.named.casefold().startswith("sec")


def _further_in(mark: ClauseMark, other: ClauseMark) -> bool:
    """Whether `mark` is indented more than `other`; False where either indent is unknown."""
    return mark.indent is not None and other.indent is not None and mark.indent > other.indent + _SAME_INDENT


def place_all(candidates: Sequence[SectionCandidate]) -> list[PlacedSection]:
    """Level and label of every section, in reading order."""
    again, divided = _again(candidates), _divided(candidates)
    first = _Pass(frozenset(), again, divided=divided)
    kept = [first.place(candidate) for candidate in candidates]
    running = first.running()
    if not running:
        return kept
    second = _Pass(running, again, divided=divided)
    return [second.place(candidate) for candidate in candidates]
