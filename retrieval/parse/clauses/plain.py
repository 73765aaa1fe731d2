"""Plain text: which lines open a clause or a titled part, by their numbers, capitals and wrapping alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from retrieval.parse.clauses.contents import contents
from retrieval.parse.clauses.numbers import readings
from retrieval.parse.clauses.outline import SectionCandidate, place_all
from retrieval.parse.clauses.sequence import Line, find
from retrieval.parse.clauses.wrapping import full_width, wrapped

_RUN_IN = re.compile(r"(?P<title>[^\n]{2,80}?)(?:[.:]|\s[-–—])(?:\s|$)")
_TITLE, _SENTENCE = 6, 4  # words: of a title at most, of a sentence at least
_CHARACTER = 5.0  # points: about the width of one


@dataclass(frozen=True, slots=True)
class ClauseStart:
    """A clause that opens at `offset` of its line. `label` is full: "4.2(b)" for a "(b)" under 4.2."""

    offset: int
    level: int
    label: str
    heading: str


def find_clauses(lines: Sequence[str]) -> list[tuple[ClauseStart, ...]]:
    """For each line the clauses that open in it: none, one, or more for "5. (a) Text"."""
    width = full_width(lines)
    made = [_line(text, lines[n - 1] if n else "", width) for n, text in enumerate(lines)]
    listed = contents(made)
    found = find([replace(line, text="") if n in listed else line for n, line in enumerate(made)])
    places = iter(place_all([SectionCandidate(None, f.mark) for marks in found for f in marks]))
    result: list[tuple[ClauseStart, ...]] = []
    for n, (text, marks) in enumerate(zip(lines, found, strict=True)):
        following = next((below for below in lines[n + 1 : n + 4] if below.strip()), "")
        clauses = []
        for i, f in enumerate(marks):
            start = 0 if i == 0 else len(text) - len(text.lstrip()) + f.offset
            rest = text[start:].lstrip()[f.mark.typed :]
            placed = next(places)
            heading = "" if i + 1 < len(marks) else _heading(f.mark.word, rest, following)
            clauses.append(ClauseStart(start, placed.level, placed.label or "", heading))
        result.append(tuple(clauses))
    return _closed_off(lines, result)


def _closed_off(lines: Sequence[str], found: list[tuple[ClauseStart, ...]]) -> list[tuple[ClauseStart, ...]]:
    """The clauses, and titles without a number below the last one ("Final provisions"), where none stand above: those
    would be titles within clauses.
    """
    numbered = [n for n, clauses in enumerate(found) if clauses]
    if len(numbered) < 2:
        return found
    titles = [n for n in range(numbered[0] + 1, len(lines)) if not found[n] and _is_title(lines, n, found)]
    if titles and titles[0] > numbered[-1]:
        level = min(clause.level for n in numbered for clause in found[n])
        for n in titles:
            found[n] = (ClauseStart(0, level, "", lines[n].strip()),)
    return found


def _is_title(lines: Sequence[str], n: int, found: Sequence[tuple[ClauseStart, ...]]) -> bool:
    """Whether a short line stands between sentences: above it one ended, below it one begins."""
    text, above = lines[n].strip(), lines[n - 1].strip()
    words = text.split()
    if not 0 < len(words) <= _TITLE or not text[0].isupper() or not text[-1].isalpha() or readings(text):
        return False
    if found[n - 1] or (above and above[-1] not in ".!?"):
        return False
    below = n + 1 if n + 1 < len(lines) and lines[n + 1].strip() else n + 2
    if below >= len(lines) or found[below] or not lines[below].strip()[:1].isupper():
        return False
    end = below
    while end + 1 < len(lines) and lines[end + 1].strip():
        end += 1
    return len(lines[below].split()) >= _SENTENCE and lines[end].strip()[-1:] == "."


def _heading(word: str, rest: str, following: str) -> str:
    rest = rest.lstrip(" \t.:–—-") if word else rest
    if word and not rest.strip() and not readings(following.strip()):
        return title_of(following, "")  # "ARTICLE I", and its title on the next line
    return title_of(rest, following)


def _line(text: str, above: str, width: int) -> Line:
    stripped = text.strip()
    return Line(
        stripped,
        strong=stripped.isupper() and sum(c.isalpha() for c in stripped) > 3,
        indent=_CHARACTER * (len(text.expandtabs()) - len(text.expandtabs().lstrip())),
        runs_on=wrapped(above, width),
        splits=True,
    )


def title_of(rest: str, following: str) -> str:
    """The title that follows a number: the whole line, or the words before its first full stop.

    "" when the clause begins with its text. `following` is the next line: a title is not continued.
    """
    rest = rest.strip()
    if not rest or not (rest[0].isupper() or rest[0].isdigit() or rest[0] in "“\"'("):
        return ""
    words = rest.split()
    if len(rest) <= 100 and rest[-1] not in ".;,:":
        continued = following.strip()[:1].islower()
        if _titled(words) or (len(words) <= 6 and not continued and following.strip() != ""):
            return rest
        if not following.strip() and len(words) <= 6:
            return rest
    if (m := _RUN_IN.match(rest)) and len(m["title"].split()) <= 8 and _titled(m["title"].split(), 0.75):
        return m["title"].strip()
    return ""


def _titled(words: Sequence[str], share: float = 0.6) -> bool:
    """Whether most longer words begin with a capital letter."""
    long = [w for w in words if sum(c.isalpha() for c in w) > 3]
    capital = sum(next(c for c in w if c.isalpha()).isupper() for w in long)
    return 0 < len(words) <= 12 and capital >= share * len(long) and words[0][:1] not in "("


def find_capitals(lines: Sequence[str]) -> list[tuple[ClauseStart, ...]]:
    """Titles of a text that numbers nothing: lines in capitals, with text below. Their labels are empty."""
    found: list[tuple[ClauseStart, ...]] = []
    for number, line in enumerate(lines):
        words = line.strip()
        letters = sum(c.isalpha() for c in words)
        is_title = words.isupper() and 4 <= len(words) <= 80 and letters >= 0.7 * len(words) and words[-1] not in ",;:"
        below = next((text for text in lines[number + 1 : number + 3] if text.strip()), "")
        found.append((ClauseStart(0, 1, "", words.rstrip(".")),) if is_title and below and not below.isupper() else ())
    return found if sum(map(len, found)) > 1 else [()] * len(lines)
