"""Which lines open a numbered clause: those whose number continues a sequence, or begins one that goes on.

A number alone proves nothing: "3.5 million", "(a)" in running text and "Section 5 of the Act" look like
clauses. It counts where it comes next, where a later line goes on with it, or where the line is a heading; a
document may begin anywhere ("§ 5"), leave numbers out and start lists again. A wrong number is worse than none.
Every format feeds its lines here, with what it knows of their look.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from retrieval.parse.clauses.marks import ClauseMark
from retrieval.parse.clauses.numbers import NumberReading, after, readings
from retrieval.parse.clauses.words import FILING, NOTE, OUTER, SECTION, rank_of

_GAP = 3  # clauses that may be missing from a sequence ("Reserved")
_AHEAD = 300  # lines in which the number that goes on is looked for
_SHORT = 12  # words of a line that may be a title
_FAR = 1_000_000
_NEAR = 8.0  # points in which two indents are the same

_QUANTITY = re.compile(
    r"\s+(?:million|billion|thousand|percent|per cent|times|hours?|days?|weeks?|months?|years?|euros?|dollars?|"
    r"EUR|USD|GBP|CHF|Mio|Mrd|Prozent|[%€$£]|kg|km|m²)(?!\w)(?!\s?\d)",
    re.IGNORECASE,
)
_MONTH = re.compile(
    r"\s+(?:jan(?:uary|uar)?|feb(?:ruary|ruar)?|mar(?:ch)?|märz|apr(?:il)?|may|mai|june?|juni|july?|juli|aug(?:ust)?|"
    r"sept?(?:ember)?|o[ck]t(?:ober)?|nov(?:ember)?|de[cz](?:ember)?)\b\.?(?:\s+\d{4}|$)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Line:
    """A line or paragraph for this purpose: its text (tabs kept) and what is known of it.

    `outline` is the level of a real heading, from 0. `strong` says that its type sets it apart (bold, larger,
    centred). `mark` is a number that the format computes; where `numbered`, typed numbers do not count.
    `indent` is in points. `runs_on`: it goes on from the line before. `breaks`: an unnumbered title, beyond
    which no list goes on. `splits`: a second clause may open inside it, as in "5. (a) Text".
    """

    text: str
    outline: int | None = None
    strong: bool = False
    mark: ClauseMark | None = None
    numbered: bool = False
    indent: float | None = None
    runs_on: bool = False
    breaks: bool = False
    splits: bool = False

    @property
    def heading(self) -> bool:
        return self.outline is not None


@dataclass(frozen=True, slots=True)
class FoundNumber:
    """A number that counts, at `offset` of its line."""

    offset: int
    mark: ClauseMark


@dataclass(slots=True)
class _Run:
    """A list, or the row of clauses, that is open: its look and how far it has come."""

    series: str
    place: tuple[int, int]
    line: Line
    apart: bool = False  # it began beyond a title that ended what stood above

    def next(self, reading: NumberReading) -> bool:
        return self.alike(reading) and after(self.place, reading.place)

    def alike(self, reading: NumberReading) -> bool:
        """Whether a number has the run's look; "2 Fees" and "3. Term" may both be clauses of one document."""
        one, other = self.series, reading.series
        loose = self.line.heading or (reading.single and ")" not in one + other)
        return one == other or (loose and _bare(one) == _bare(other))


@dataclass(slots=True)
class _State:
    """The numbers in force: the last decimal number of each length, the clauses, and the lists, outermost first."""

    decimals: dict[int, tuple[int, ...]] = field(default_factory=dict)
    top: _Run | None = None
    lists: list[_Run] = field(default_factory=list)
    words: dict[str, tuple[int, int]] = field(default_factory=dict)
    lowest: int = -1  # the rank of those that stand lowest
    scopes: dict[str, int] = field(default_factory=dict)  # in which part, counted, each worded number came last
    fresh: bool = False  # something new began above the clauses: they may start again
    broken: bool = False  # an unnumbered title ended every clause: an item has none to belong to
    holder: str = ""  # the word of the part that was opened last
    opened: str = ""  # and its number

    def number(self, parts: tuple[int, ...]) -> None:
        self.broken = False
        self.decimals = {n: p for n, p in self.decimals.items() if n < len(parts)}
        for n in range(1, len(parts) + 1):  # 1.1 stands in 1, whether or not that was seen
            self.decimals[n] = parts[:n]
        self.lists.clear()

    def begin(self, run: _Run) -> None:
        """Open a list: instead of one of its look, or within it where it is indented more."""
        same = next((n for n, r in enumerate(self.lists) if r.series == run.series), None)
        if same is not None and not _deeper(run.line, self.lists[same].line):
            del self.lists[same:]
        self.lists.append(run)

    def stop(self, outline: int | None) -> None:
        """An unnumbered heading: lists below its level end."""
        self.fresh = True
        self.lists = [
            run
            for run in self.lists
            if outline is not None and run.line.outline is not None and run.line.outline < outline
        ]


def find(lines: Sequence[Line]) -> list[tuple[FoundNumber, ...]]:
    """The typed numbers of each line: none, one, or more where it `splits`."""
    return _Reader(lines).run()


class _Reader:
    """Goes through the lines once, with the open sequences in `state`, looking ahead through an index."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self.lines = lines
        self.state = _State()
        self.parts = 0
        self.untitled = False  # the line before is a number alone: this one may be its title
        self.passed = False  # a number that was doubtful stands between here and the last one that counts
        self.nested: set[str] = set()  # series whose items hold lists that count from 1
        self.read = [[] if line.numbered else readings(line.text) for line in lines]
        self.later: dict[tuple[str, object], list[int]] = {}
        for at, found in enumerate(self.read):
            for reading in found:
                for inner in [reading, *self._inner(lines[at].text, reading)]:
                    self.later.setdefault((inner.series, inner.place), []).append(at)
                    self.later.setdefault(("parts", inner.parts), []).append(at)
                    if inner.multi and inner.parts and lines[at].heading:
                        self.later.setdefault(("below", inner.parts[:-1]), []).append(at)

    def run(self) -> list[tuple[FoundNumber, ...]]:
        found: list[tuple[FoundNumber, ...]] = []
        for at, line in enumerate(self.lines):
            marks = tuple(self._accept(line, self.read[at], at, 0))
            found.append(marks)
            computed = line.mark
            if computed is not None and computed.parts is not None and not computed.bracketed:
                self.state.number(computed.parts)
            elif not marks and (line.heading or line.breaks) and computed is None:
                self.state.stop(line.outline)
                self.state.broken |= line.breaks and not self.untitled
            self.untitled = bool(marks) and line.text.strip(" .:–—-") == marks[0].mark.own
        return found

    def _inner(self, text: str, reading: NumberReading) -> list[NumberReading]:
        rest = text[len(reading.text) :].lstrip()
        return readings(rest) if rest.startswith("(") else []

    def _accept(self, line: Line, options: Sequence[NumberReading], at: int, offset: int) -> Iterator[FoundNumber]:
        fitting = [r for r in options if self._fits(r, line, at)]
        if not fitting:
            self.passed |= any(r.parts is not None and self._doubtful(r, line) for r in options)
            return
        self.passed = False
        chosen = min(fitting, key=lambda r: (self._distance(r, at), not self._continued(r)))
        yield FoundNumber(offset, self._apply(chosen, line, at))
        rest = line.text[len(chosen.text) :]
        skip = len(line.text) - len(rest.lstrip())
        inner = [r for r in self._inner(line.text, chosen) if r.place == (1, 0) and self._goes_on(r, at)]
        within = replace(line, text=rest.lstrip(), outline=None, strong=False)
        if inner and line.splits:
            yield from self._accept(within, inner, at, offset + skip)
        elif inner:  # it stays in its line, and the next line goes on with it
            self.state.begin(_Run(inner[0].series, inner[0].place, within))

    # --- what a number changes -----------------------------------------------------------

    def _apply(self, r: NumberReading, line: Line, at: int) -> ClauseMark:
        state = self.state
        if r.word:
            self.parts += rank_of(r.word) < state.lowest
            state.lowest = max(state.lowest, rank_of(r.word))
            state.holder, state.opened = r.word, r.own
            state.words[r.series], state.scopes[r.series] = r.place, self.parts
            state.lists.clear()
            state.fresh, state.broken = True, False
            if r.word in OUTER:
                state.decimals.clear()
                state.top = None
            elif r.parts is not None:
                state.number(r.parts)
            return self._mark(r, line, f"typed:{r.series}")
        if r.multi:
            state.number(r.parts or ())
            return self._mark(r, line, "typed")
        run = self._run_of(r, line)
        if r.single and (run is state.top if run is not None else self._is_clause(r, line, at)):
            apart = state.broken if run is None else run.apart
            state.number(r.parts or ())
            state.top, state.fresh = _Run(r.series, r.place, line, apart), False
            return replace(self._mark(r, line, "typed"), endless=apart)
        if run is None:
            state.begin(_Run(r.series, r.place, line))
        else:
            del state.lists[state.lists.index(run) + 1 :]
            run.place, run.line = r.place, line
        nested = sum(open_.series == r.series for open_ in state.lists) - 1
        return self._mark(r, line, f"typed:{r.series}" + (f"#{nested}" if nested else ""))

    def _mark(self, r: NumberReading, line: Line, key: str) -> ClauseMark:
        return ClauseMark(
            own=r.own,
            key=key,
            depth=len(r.parts) - 1 if key == "typed" and r.parts else 0,
            first=0,
            parts=r.parts if key == "typed" or r.word or r.single else None,
            word="" if r.named else r.word,
            shape=r.series,
            half=r.half,
            restarted=r.count == 1,
            indent=line.indent,
            typed=len(r.text),
            rank=SECTION if r.named else rank_of(r.word) if r.word else None,
            named=r.named,
        )

    # --- what fits -----------------------------------------------------------------------

    def _fits(self, r: NumberReading, line: Line, at: int) -> bool:
        if line.runs_on and not line.strong and not line.heading:
            return False
        if r.word:
            return self._word_fits(r, line, at)
        if self._doubtful(r, line):
            return False
        if r.multi:
            return self._decimal_fits(r, line, at)
        if r.single:
            return self._single_fits(r, line, at)
        return self._item_fits(r, line, at)

    def _doubtful(self, r: NumberReading, line: Line) -> bool:
        """Whether a plain number stands where footnotes, exhibits or signatures are counted."""
        state = self.state
        rest = line.text[len(r.text) :].strip()
        if line.heading or (line.strong and (rest[:1].isupper() or not rest)) or r.named:
            return False
        filed = state.holder in FILING and ("decimal" in r.series or r.multi)
        return filed or (state.broken and bool(state.words) and (r.place == (1, 0) or not state.lists))

    def _word_fits(self, r: NumberReading, line: Line, at: int) -> bool:
        last = self.state.words.get(r.series)
        rest = line.text[len(r.text) :].strip()
        if last == r.place and self.state.scopes.get(r.series) == self.parts:
            return False  # a divider, or a running title, says it again
        if line.heading:
            counted = r.known or self._goes_on(r, at) or (last is not None and after(last, r.place))
            return counted and (last is None or r.place > last or r.count == 1)
        if not r.known or not _set_off(r, line, rest):
            return False
        if rank_of(r.word) == NOTE and not (line.strong and rest):
            return False
        if last is not None and after(last, r.place):
            return True
        if last is not None and r.count > 1 and r.place <= last:
            return False
        evident = line.strong or not rest or self._goes_on(r, at) or self._opens_list(at, r)
        return evident or (r.closed and r.count == 1)

    def _decimal_fits(self, r: NumberReading, line: Line, at: int) -> bool:
        parts, decimals = r.parts or (), self.state.decimals
        rest = line.text[len(r.text) :]
        if not line.heading and (_QUANTITY.match(rest) or (not r.closed and rest.strip()[:1] in (*",;)%",))):
            return False
        if line.heading:
            return True
        lower = rest.lstrip()[:1].islower()
        sure = line.strong and not lower
        last, outer = decimals.get(len(parts)), decimals.get(len(parts) - 1)
        first = parts[-1] in (0, 1)
        if last is not None and last[:-1] == parts[:-1]:
            gap = parts[-1] - last[-1]
            return (gap > 0 and (sure or gap <= (1 if lower and not self._goes_on(r, at) else _GAP))) or self._suffixed(
                r, gap
            )
        if outer is not None and outer == parts[:-1]:
            return sure or first or (parts[-1] <= _GAP and not lower and self._goes_on(r, at))
        if last is not None and parts[:-1] == (*last[:-2], last[-2] + 1) and first:
            return True
        if sure and (last is None or parts > last):
            return True
        if last is None and outer is None and first and not decimals and parts[0] == 1:
            return True
        return (first or not decimals) and not lower and self._goes_on(r, at)

    def _suffixed(self, r: NumberReading, gap: int) -> bool:
        return gap == 0 and r.place[1] == 1

    def _single_fits(self, r: NumberReading, line: Line, at: int) -> bool:
        rest = line.text[len(r.text) :]
        if _MONTH.match(rest) or (r.text[-1:].isdigit() and _QUANTITY.match(rest)):
            return False
        marked = r.closed or rest[:1] == "\t"
        goes_on = self._goes_on(r, at)
        if not marked and not line.heading and not (goes_on and (line.strong or _titled(rest))):
            top = self.state.top
            return top is not None and top.series == r.series and top.next(r) and rest.lstrip()[:1].isupper()
        if self._run_of(r, line) is not None:
            return True
        top = self.state.top
        if top is not None and top.alike(r) and r.place > top.place:
            near = r.count - top.place[0] <= _GAP
            if near and (line.heading or line.strong) and marked:
                return True
            if (line.heading and marked) or (near and goes_on and not rest.lstrip()[:1].islower()):
                return True
        if line.heading:
            return (marked and top is None) or (r.count <= 1 and top is None and not rest[:1].isdigit()) or goes_on
        if r.count == 1 and r.closed and top is None and rest.lstrip()[:1].isupper() and self._opens_part(at):
            return True
        if r.count == 1 or top is None or self.state.fresh:
            return goes_on or (line.strong and top is None and r.count == 1)
        return False

    def _item_fits(self, r: NumberReading, line: Line, at: int) -> bool:
        if self._run_of(r, line) is not None:
            return True
        goes_on = self._goes_on(r, at)
        if line.heading and r.closed and (r.count == 1 or len(r.own.strip("()")) > 1 or goes_on):
            return True
        if r.count == 1:
            return goes_on and not self.state.broken and not self.passed
        for run in self.state.lists:
            if run.series == r.series and 0 < r.count - run.place[0] <= 2 and goes_on:
                return True
        beneath = not self.state.lists and (self.state.fresh or self.state.decimals) and at > 0
        return bool(beneath) and goes_on and "decimal" in r.series and r.count <= 99 and self._opened_before(at)

    # --- looking around ------------------------------------------------------------------

    def _run_of(self, r: NumberReading, line: Line) -> _Run | None:
        """The open list, or the clauses, that a number continues: the one that looks most like its line."""
        runs = [run for run in reversed(self.state.lists) if run.next(r)]
        top = self.state.top
        if r.single and top is not None and top.next(r):
            runs.append(top)
        return max(runs, key=lambda run: (_likeness(run.line, line), run.series == r.series), default=None)

    def _is_clause(self, r: NumberReading, line: Line, at: int) -> bool:
        """Whether a number that starts counting counts clauses of the document, not items of a list in one."""
        top = self.state.top
        if self.state.lists and not self._free(r, line, at):
            self.nested.update(run.series for run in self.state.lists)
            return False
        if top is None or r.count > 1 or (not line.heading and self._first(("parts", (1, 1)), at) is not None):
            return True
        if self.state.fresh and not _deeper(line, top.line):
            return not line.heading or top.line.outline == line.outline
        if line.heading or _deeper(line, top.line):
            return False
        above = self._above(at)
        if above is not None and self.lines[above].text.rstrip().endswith(":"):
            return False
        following = self._first((top.series, (top.place[0] + 1, 0)), at)
        return following is None

    def _free(self, r: NumberReading, line: Line, at: int) -> bool:
        """Whether a number that starts counting leaves the open lists: recitals and parties come to their end there."""
        lists = self.state.lists
        if any(run.line.heading and (not line.heading or _deeper_heading(line, run.line)) for run in lists):
            return False
        if self._first(("parts", (r.count, 1)), at) is not None:
            return True
        return not any(run.series in self.nested or self._resumes(run, at) for run in lists)

    def _resumes(self, run: _Run, at: int) -> bool:
        """Whether a list goes on after a line, before one of its look starts again."""
        following = self._first((run.series, (run.place[0] + 1, 0)), at)
        again = self._first((run.series, (1, 0)), at)
        return following is not None and (again is None or following < again)

    def _above(self, at: int) -> int | None:
        """The line before that is not empty."""
        return next((n for n in range(at - 1, max(at - 4, -1), -1) if self.lines[n].text.strip()), None)

    def _continued(self, r: NumberReading) -> bool:
        if r.word:
            last = self.state.words.get(r.series)
            return last is not None and after(last, r.place)
        top = self.state.top
        return any(run.next(r) for run in self.state.lists) or (r.single and top is not None and top.next(r))

    def _first(self, key: tuple[str, object], at: int) -> int | None:
        """The first line after `at` that could carry this number."""
        lines = self.later.get(key, ())
        index = bisect_right(lines, at)
        return lines[index] if index < len(lines) and lines[index] <= at + _AHEAD else None

    def _distance(self, r: NumberReading, at: int) -> int:
        """How far away the next of the sequence is: tells the Roman "(i)" from the one after "(h)"."""
        n, suffix = r.place
        found = [self._first((r.series, place), at) for place in ((n + 1, 0), (n + 1, 1), (n, suffix + 1))]
        return min((line - at for line in found if line is not None), default=_FAR)

    def _goes_on(self, r: NumberReading, at: int) -> bool:
        """Whether a later line goes on with this number, before its list starts again."""
        distance = self._distance(r, at)
        if r.multi and r.parts:
            following = self._first(("parts", (*r.parts[:-1], r.parts[-1] + 1)), at)
            distance = min(distance, following - at if following is not None else _FAR)
        if r.parts is not None:
            if self.lines[at].heading and self._first(("below", r.parts), at) is not None:
                return True
            for child in ((*r.parts, 0), (*r.parts, 1)):
                if self._first(("parts", child), at) is not None:
                    return True
        if r.single and ")" not in r.series:
            distance = min([distance, *(self._distance(replace(r, series="decimal" + t), at) for t in ("", "."))])
        again = self._first((r.series, (1, 0)), at) if not r.multi else None
        return distance < _FAR and (again is None or at + distance <= again)

    def _opens_list(self, at: int, r: NumberReading) -> bool:
        """Whether the next line that is not empty is the first item of a list, or a part that stands lower: "Teil 1
        Allgemeines" above "§ 1".
        """
        below = next((n for n in range(at + 1, min(at + 4, len(self.lines))) if self.lines[n].text.strip()), None)
        if below is None:
            return False
        return any(
            (b.known and rank_of(b.word) > rank_of(r.word)) if b.word else b.place == (1, 0) for b in self.read[below]
        )

    def _opens_part(self, at: int) -> bool:
        """Whether a part with clauses of its own, or its title, stands right above: its first may be its only one."""
        state, above = self.state, self._above(at)
        if state.holder not in OUTER or not state.fresh or above is None:
            return False
        over = self._above(above)
        return any(
            r.word in OUTER and r.own == state.opened
            for n in (above, *([over] if over is not None and not self.read[above] else []))
            for r in self.read[n]
        )

    def _opened_before(self, at: int) -> bool:
        """Whether the line before that is not empty has a number: an extract may begin within its list."""
        above = self._above(at)
        return above is not None and bool(self.read[above])


def _bare(series: str) -> str:
    return series.rstrip(".):")


def _set_off(r: NumberReading, line: Line, rest: str) -> bool:
    """Whether a plain line's worded number is set off from what follows, as that of a clause is."""
    if not rest:
        return True
    if rest[0] in ",;)" or (rest[0].islower() and not r.closed):
        return False
    tabbed = line.text[len(r.text) :][:1] == "\t"
    short = len(line.text.split()) <= _SHORT and line.text.rstrip()[-1:] not in ".;,"
    return r.closed or tabbed or line.strong or short


def _titled(rest: str) -> bool:
    """Whether what follows a bare number looks like a title: short, with a capital, ending like no sentence."""
    rest = rest.strip()
    return rest[:1].isupper() and len(rest) < 80 and rest[-1:] not in ".;,:"


def _deeper(line: Line, other: Line) -> bool:
    """Whether a line is indented more than another; False where either indent is unknown."""
    return line.indent is not None and other.indent is not None and line.indent > other.indent + _NEAR


def _deeper_heading(line: Line, other: Line) -> bool:
    return line.outline is not None and other.outline is not None and line.outline > other.outline


def _likeness(one: Line, other: Line) -> int:
    near = one.indent is None or other.indent is None or abs(one.indent - other.indent) <= _NEAR
    return 4 * (one.outline == other.outline) + 2 * near + (one.strong == other.strong)
