"""Lines that say again what stands elsewhere: typed tables of contents, and dividers that repeat a chapter.

They are known by what they are: lines that come again, in their order, as headings of the document.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from itertools import accumulate

from retrieval.parse.clauses.numbers import NumberReading, readings
from retrieval.parse.clauses.sequence import Line

_PAGE = re.compile(
    r"(?:\s*(?:\.\s?){3,}|\s*…+|\s*_{3,}|\t+\s*|\s{2,})\s*(?:[A-Z]{1,2}-)?(?:\d{1,4}|[ivxlc]{1,7})\s*$", re.IGNORECASE
)
_NOTE_MARK = re.compile(r"\((?:\d{1,2}|[a-z])\)(?!\w)")
_SPACE = re.compile(r"\s{3,}")
_TRAILING = re.compile(r"\s+\d{1,4}\s*$")
_LEAST = 3  # lines of a table of contents
_LONGEST = 200  # characters of a line in one
_APART = 5  # lines between a divider and the heading that it announces
_SPAN = 40  # lines between them, empty ones too
_SHORT = 12  # words of a line between them


def contents(lines: Sequence[Line]) -> frozenset[int]:
    """Lines of tables of contents: a run whose lines (nearly all) come again after it, in order."""
    shown = [_shown(line) for line in lines]
    where: dict[str, list[int]] = {}
    for at, text in enumerate(shown):
        if text:
            where.setdefault(text, []).append(at)
    words = [0, *accumulate(len(line.text.split()) for line in lines)]
    found: set[int] = set()
    run: list[int] = []
    misses = 0
    for at, line in enumerate([*lines, None]):
        if line is not None and not line.text.strip():
            continue
        again = line is not None and not line.heading and bool(shown[at]) and where[shown[at]][-1] > at
        paged = line is not None and not line.heading and _paged(line.text)
        if again or paged:
            run.append(at)
            misses = 0
            continue
        misses += 1
        if run and (misses > 1 or line is None or len(line.text) > _LONGEST):
            found.update(_table(run, lines, shown, where, words))
            run, misses = [], 0
    return frozenset(found)


def _table(
    run: Sequence[int], lines: Sequence[Line], shown: Sequence[str], where: dict[str, list[int]], words: Sequence[int]
) -> list[int]:
    """The lines of a run, where it is a table of contents. `words` counts those before each line."""
    end = run[-1]
    again = [at for at in run if shown[at] and where[shown[at]][-1] > end]
    if again:
        # The run may have gone on into the first headings that it names.
        first = min(_after(where[shown[at]], at) for at in again)
        if first <= end:
            run = [at for at in run if at < first]
            end = run[-1] if run else end
            again = [at for at in run if shown[at] and where[shown[at]][-1] > end]
    paged = [at for at in run if _paged(lines[at].text)]
    if len(run) < _LEAST or not _dense(run, words):
        return []
    if len(paged) >= 0.7 * len(run):
        return list(run) if len(again) >= 0.4 * len(run) else []
    numbered = [at for at in run if readings(lines[at].text)]
    enough = len(again) >= 0.7 * len(run) and len(numbered) >= 0.5 * len(run)
    return list(run) if enough and _told(run, again, shown, where, words) else []


def _dense(run: Sequence[int], words: Sequence[int]) -> bool:
    """Whether nothing but titles stands between the lines."""
    return words[run[-1] + 1] - words[run[0]] <= 15 * len(run)


def _told(
    run: Sequence[int], again: Sequence[int], shown: Sequence[str], where: dict[str, list[int]], words: Sequence[int]
) -> bool:
    """Whether the lines come again in their order, with text between: two parts that say the same are no contents."""
    later = [_after(where[shown[at]], run[-1]) for at in again]
    if later != sorted(later):
        return False
    said = sum(words[at + 1] - words[at] for at in run)
    between = words[later[-1]] - words[later[0]] - sum(words[at + 1] - words[at] for at in set(later) - {later[-1]})
    return 2 * between >= said


def _after(places: Sequence[int], at: int) -> int:
    """The first of ascending places after one; there is one."""
    return places[bisect_right(places, at)]


def _paged(text: str) -> bool:
    """Whether a line ends with the number of a page. Its end alone is looked at, with its white space drawn together:
    a search through a long line takes a time that grows with the cube of its length.
    """
    return _PAGE.search(_SPACE.sub("  ", text[-_LONGEST:])) is not None


def _shown(line: Line) -> str:
    """What a line says without its page number, as it is compared; "" for one that is no title."""
    text = line.text.strip()
    if not text or len(text) > _LONGEST:
        return ""
    text = _SPACE.sub("  ", text)
    cut = _PAGE.sub("", text)
    cut = _TRAILING.sub("", cut) if cut == text else cut
    return "".join(c for c in cut.casefold() if c.isalnum())


def dividers(lines: Sequence[Line]) -> dict[int, int]:
    """Lines such as "CHAPTER 2" on a page of its own, each with the heading right after it that says it again."""
    last: dict[tuple[str, tuple[int, int]], int] = {}
    found: dict[int, int] = {}
    for at, line in enumerate(lines):
        for reading in _worded(line):
            key = (reading.series, reading.place)
            before = last.get(key)
            if before is not None and _near(lines, before, at) and lines[before].heading <= line.heading:
                found[before] = at
            last[key] = at
    return found


def between(found: Mapping[int, int], opening: Collection[int]) -> frozenset[int]:
    """The lines of dividers, and those between each and its heading: they belong to what the heading opens, unless a
    line of `opening` opens something between them.
    """
    parted = {before for before, at in found.items() if any(before < n < at for n in opening)}
    return frozenset(n for before, at in found.items() if before not in parted for n in range(before, at))


def table_notes(texts: Sequence[str], tables: Sequence[int | None]) -> frozenset[int]:
    """Paragraphs right below a table that begin with a mark which stands in it: its notes, and no clauses.

    `tables` has the table of each paragraph, None outside of one.
    """
    found: set[int] = set()
    marks: set[str] = set()
    table: int | None = None
    for at, (text, inside) in enumerate(zip(texts, tables, strict=True)):
        if inside is not None:
            marks = marks if inside == table else set()
            marks.update(m[0] for m in _NOTE_MARK.finditer(text) if m.start())
            table = inside
            continue
        opening = _NOTE_MARK.match(text.lstrip())
        if table is not None and opening is not None and (opening[0] in marks or at - 1 in found):
            found.add(at)
        else:
            table = None
    return frozenset(found)


def _worded(line: Line) -> list[NumberReading]:
    return [] if line.numbered else [r for r in readings(line.text) if r.word and r.known]


def _near(lines: Sequence[Line], before: int, at: int) -> bool:
    if at - before > _SPAN:
        return False
    between = [line for line in lines[before + 1 : at] if line.text.strip()]
    return len(between) <= _APART and all(len(line.text.split()) <= _SHORT for line in between)
