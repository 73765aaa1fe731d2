"""Typed clause numbers: which lines of a text open a numbered clause, and what it is called.

A marker at the start of a line ("4.", "4.2", "(b)", "ARTICLE IV", "Section 3") counts when it continues
a sequence that is open, or begins one that goes on: "(b)" at the start of a wrapped line does not.
A wrong number is worse than none.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

_KEYWORDS = (
    ("schedule", "annex", "annexure", "appendix", "exhibit", "attachment"),
    ("part", "title"),
    ("chapter",),
    ("article", "item"),
    ("section", "clause", "§"),
)
_RANK = {word: rank for rank, words in enumerate(_KEYWORDS) for word in words}
_KEYWORD = re.compile(
    rf"\s*(?P<word>{'|'.join(w for w in _RANK if w != '§')})\s+(?P<number>\d+[A-Z]?|[IVXLC]+|[A-Z])(?![\w])"
    r"(?P<tail>[.:)]*\s*(?:[-–—]\s*)?)(?P<rest>.*)",
    re.IGNORECASE | re.DOTALL,
)
_PARAGRAPH_SIGN = re.compile(r"\s*(?P<word>§)\s*(?P<number>\d+[a-z]?)(?!\w)(?P<tail>[.:)]*\s*)(?P<rest>.*)", re.DOTALL)
_DECIMAL = re.compile(r"\s*(?P<number>\d{1,3}(?:\.\d{1,3})*)(?P<tail>[.)]?)(?=\s|$|[A-Z])\s*(?P<rest>.*)", re.DOTALL)
_PAREN = re.compile(r"\s*\((?P<number>\d{1,3}|[a-z]{1,5}|[A-Z]{1,5})\)\s*(?P<rest>.*)", re.DOTALL)
_LETTER = re.compile(r"\s*(?P<number>[a-z]{1,5}|[A-Z]{1,5})(?P<tail>[.)])(?:\s+|$)(?P<rest>.*)", re.DOTALL)
_ROMAN = re.compile(r"(?=.)(c{0,3})(xc|xl|l?x{0,3})(ix|iv|v?i{0,3})", re.IGNORECASE | re.ASCII)
_RUN_IN = re.compile(r"(?P<title>[^\n]{2,80}?)(?:[.:]|\s[-–—])(?:\s|$)")
_DIGITS = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}
_CHILDREN = "n.1"  # the style under which a first sub-clause is known by its parent's number


@dataclass(frozen=True, slots=True)
class Clause:
    """A clause that opens at `offset` of its line. `label` is full: "4.2(b)" for a "(b)" under 4.2."""

    offset: int
    level: int
    label: str
    heading: str


@dataclass(frozen=True, slots=True)
class _Marker:
    """One way to read the start of a line. `parts` holds every number of "4.2.1"."""

    style: str
    shown: str
    parts: tuple[int, ...]
    rest: str
    keyword: str = ""

    @property
    def value(self) -> int:
        return self.parts[-1]


@dataclass(slots=True)
class _Frame:
    """An open clause."""

    marker: _Marker
    label: str


@dataclass(slots=True)
class _Outline:
    """The clauses that are open at a line, outermost first."""

    later: Mapping[tuple[str, int], Sequence[int]]
    stack: list[_Frame] = field(default_factory=list)

    def follows(self, style: str, value: int, line: int) -> int | None:
        """The first line after `line` that could carry this number."""
        lines = self.later.get((style, value), ())
        index = bisect_right(lines, line)
        return lines[index] if index < len(lines) else None

    def place(self, marker: _Marker, line: int) -> int | None:
        """The depth at which the marker fits, or None."""
        if marker.keyword:
            return self._place_keyword(marker, line)
        if len(marker.parts) > 1:
            return self._place_decimal(marker)
        return self._place_single(marker, line)

    def _place_keyword(self, marker: _Marker, line: int) -> int | None:
        rank = _RANK[marker.keyword]
        depth = next((d for d, f in enumerate(self.stack) if _rank(f.marker) >= rank), len(self.stack))
        same = [f.marker.value for f in self.stack if f.marker.style == marker.style]
        if same and same[-1] < marker.value <= same[-1] + 2:
            return depth
        begins = marker.value == 1 or self.follows(marker.style, marker.value + 1, line) is not None
        return depth if begins and (not same or marker.value == 1) else None

    def _place_decimal(self, marker: _Marker) -> int | None:
        parts = marker.parts
        for depth in range(len(self.stack) - 1, -1, -1):
            open_ = self.stack[depth].marker
            own = open_.parts if _numeric(open_) else ()
            if len(own) == len(parts) and own[:-1] == parts[:-1]:
                return depth if own[-1] < parts[-1] <= own[-1] + 3 else None
            if own == parts[:-1]:
                return depth + 1 if parts[-1] <= 2 else None
            if len(own) == len(parts) and parts[-2] == own[-2] + 1 and parts[:-2] == own[:-2] and parts[-1] <= 1:
                return depth
        fresh = parts[0] == 1 and parts[-1] <= 1 and not any(_numeric(f.marker) for f in self.stack)
        return len(self.stack) if fresh else None

    def _place_single(self, marker: _Marker, line: int) -> int | None:
        gap = None
        for depth in range(len(self.stack) - 1, -1, -1):
            open_ = self.stack[depth].marker
            if open_.style == marker.style and len(open_.parts) == 1:
                if marker.value == open_.value + 1:
                    return depth
                if marker.value == 1 and self.follows(marker.style, open_.value + 1, line) is None:
                    return depth  # a second list begins, the first never goes on
                if marker.value == open_.value + 2 and _numeric(marker) and gap is None:
                    gap = depth
        excerpt = not self.stack and _numeric(marker)  # a part of a document begins at any number
        if gap is None and (marker.value == 1 or excerpt) and self._goes_on(marker, line):
            return len(self.stack)
        return gap

    def _goes_on(self, marker: _Marker, line: int) -> bool:
        second = self.follows(marker.style, marker.value + 1, line)
        return second is not None or (_numeric(marker) and self.follows(_CHILDREN, marker.value, line) is not None)

    def open(self, marker: _Marker, depth: int) -> str:
        parent = self.stack[depth - 1].label if depth else ""
        label = _label(marker, parent, self.stack[:depth])
        self.stack[depth:] = [_Frame(marker, label)]
        return label


def find_clauses(lines: Sequence[str]) -> list[tuple[Clause, ...]]:
    """For each line the clauses that open in it: none, one, or two for "5. (a) Text"."""
    read = [list(_markers(line)) for line in lines]
    later: dict[tuple[str, int], list[int]] = {}
    for number, markers in enumerate(read):
        for marker in markers:
            later.setdefault((marker.style, marker.value), []).append(number)
            if len(marker.parts) == 2 and marker.value == 1:
                later.setdefault((_CHILDREN, marker.parts[0]), []).append(number)
            inner = list(_markers(marker.rest)) if marker.rest.startswith("(") else []
            for first in inner:
                later.setdefault((first.style, first.value), []).append(number)
    outline = _Outline(later)
    found: list[tuple[Clause, ...]] = []
    for number, line in enumerate(lines):
        following = next((text for text in lines[number + 1 : number + 4] if text.strip()), "")
        found.append(tuple(_open(outline, line, read[number], number, following)))
    return found


def _open(
    outline: _Outline, line: str, markers: Sequence[_Marker], number: int, following: str, offset: int = 0
) -> Iterator[Clause]:
    fits = [(m, d) for m in markers if (d := outline.place(m, number)) is not None]
    if not fits:
        return
    marker, depth = min(fits, key=lambda fit: _distance(outline, fit[0], number))
    label = outline.open(marker, depth)
    at = offset + len(line) - len(marker.rest)
    inner = list(_markers(marker.rest)) if marker.rest.startswith("(") else []
    nested = [m for m in inner if m.value == 1]
    heading = "" if nested else title_of(marker.rest, following)
    if marker.keyword and not marker.rest.strip() and not any(_markers(following)):
        heading = title_of(following, "")  # "ARTICLE I", and its title on the next line
    yield Clause(offset, depth + 1, label, heading)
    yield from _open(outline, marker.rest, nested, number, following, at)


def _distance(outline: _Outline, marker: _Marker, line: int) -> int:
    """How far away the next of the sequence is: tells the roman "(i)" from the one after "(h)"."""
    following = outline.follows(marker.style, marker.value + 1, line)
    return following - line if following is not None else 1_000_000


def _markers(line: str) -> Iterator[_Marker]:
    if (m := _KEYWORD.match(line) or _PARAGRAPH_SIGN.match(line)) and not m["word"][0].islower():
        separated = bool(m["tail"].strip()) or not m["rest"].strip()
        value = _count(m["number"])
        if value is not None and (separated or title_of(m["rest"], "")):
            word = m["word"].casefold()
            yield _Marker(word, line[: m.end("number")].strip(), (value,), m["rest"], keyword=word)
    elif m := _DECIMAL.match(line):
        parts = tuple(int(p) for p in m["number"].split("."))
        if len(parts) > 1:
            yield _Marker("1.1", m["number"], parts, m["rest"])
        elif m["tail"] or (title_of(m["rest"], "") and len(m["rest"]) < 80):
            yield _Marker("1)" if m["tail"] == ")" else "1.", m["number"], parts, m["rest"])
    elif m := _PAREN.match(line) or _LETTER.match(line):
        shape = "({})" if line.lstrip().startswith("(") else f"{{}}{m['tail']}"
        for kind, value in _counts(m["number"]):
            yield _Marker(shape.format(kind), m["number"], (value,), m["rest"])


def _counts(shown: str) -> Iterator[tuple[str, int]]:
    """The numbers that letters may stand for: "i" is one, or nine."""
    if shown.isdigit():
        yield "1", int(shown)
        return
    case = "a" if shown.islower() else "A"
    if len(set(shown)) == 1 and len(shown) <= 3:
        yield case, ord(shown[0].lower()) - ord("a") + 1 + 26 * (len(shown) - 1)
    if _ROMAN.fullmatch(shown):
        yield ("i" if case == "a" else "I"), roman(shown)


def _count(number: str) -> int | None:
    """The value of "3", "7A", "IV" or "B"; None for letters that count nothing."""
    if number[0].isdigit():
        return int(number.rstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"))
    if _ROMAN.fullmatch(number):
        return roman(number)
    return ord(number.lower()) - ord("a") + 1 if len(number) == 1 else None


def roman(number: str) -> int:
    """The value of a roman number up to 399."""
    values = [_DIGITS[c] for c in number.lower()]
    return sum(-v if v < max(values[n:]) else v for n, v in enumerate(values))


def _rank(marker: _Marker) -> int:
    return _RANK[marker.keyword] if marker.keyword else len(_KEYWORDS)


def _numeric(marker: _Marker) -> bool:
    return marker.style.startswith("1") or _rank(marker) in (_RANK["article"], _RANK["section"])


def _label(marker: _Marker, parent: str, above: Sequence[_Frame]) -> str:
    if marker.keyword:
        return marker.shown
    scope = next((f.label + ", " for f in reversed(above) if f.marker.keyword), "")
    if len(marker.parts) > 1:
        apart = any(_rank(f.marker) == 0 for f in above)
        return (scope if apart else "") + marker.shown
    if marker.style.startswith("("):
        return f"{parent}({marker.shown})"
    if not above:
        return marker.shown
    if above[-1].marker.keyword:
        return scope + marker.shown
    if marker.style.endswith(")"):
        return f"{parent}({marker.shown})"
    return f"{parent}, {marker.shown}" if _numeric(marker) else f"{parent}.{marker.shown}"


# --- the title of a clause ----------------------------------------------------------------


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


def find_capitals(lines: Sequence[str]) -> list[tuple[Clause, ...]]:
    """Titles of a text that numbers nothing: lines in capitals, with text below. Their labels are empty."""
    found: list[tuple[Clause, ...]] = []
    for number, line in enumerate(lines):
        words = line.strip()
        letters = sum(c.isalpha() for c in words)
        is_title = words.isupper() and 4 <= len(words) <= 80 and letters >= 0.7 * len(words) and words[-1] not in ",;:"
        below = next((text for text in lines[number + 1 : number + 3] if text.strip()), "")
        found.append((Clause(0, 1, "", words.rstrip(".")),) if is_title and below and not below.isupper() else ())
    return found if sum(map(len, found)) > 1 else [()] * len(lines)


# --- numbers typed into headings ----------------------------------------------------------

_TYPED = re.compile(
    r"(?P<label>(?:Article|Section|Chapter|Part|Schedule|Annex|Appendix|Exhibit|Clause|Item|ARTICLE|SECTION|CHAPTER"
    r"|PART|SCHEDULE|ANNEX|APPENDIX|EXHIBIT|CLAUSE|ITEM)\s+(?:\d+(?:\.\d+)*[A-Z]?|[IVXLC]+|[A-Z])"
    r"|§\s*\d+[a-z]?|\d+(?:\.\d+)+|[A-Z](?:\.\d+)+|\d{1,3}|[A-Z]|[IVXLC]{1,6}|\((?:\d{1,3}|[A-Za-z]{1,4})\)|[a-z])"
    r"(?P<tail>[.):]?)(?=\s|$)\s*(?:[-–—]\s+)?(?P<rest>.*)",
    re.DOTALL,
)


def heading_labels(headings: Sequence[tuple[int, str]]) -> list[tuple[str | None, str]]:
    """(label, title) of each heading, given as (level, text): "4.2 Hotels" is ("4.2", "Hotels").

    A short number is made full with its parent's: "1." under "B." is "B.1". A bare "4" counts as a
    number only when a neighbouring heading of its level goes on with it, or a sub-heading does.
    """
    read = [_TYPED.match(text.strip()) for _, text in headings]
    shown = {(level, m["label"]) for (level, _), m in zip(headings, read, strict=True) if m}
    shown |= {(0, label.split(".")[0]) for _, label in shown if "." in label}  # what a sub-heading goes on with
    parents: list[tuple[int, str]] = []
    found: list[tuple[str | None, str]] = []
    for (level, text), m in zip(headings, read, strict=True):
        while parents and parents[-1][0] >= level:
            parents.pop()
        label = m["label"] if m and _counts_as_number(m, level, shown) else None
        if m is None or label is None:
            found.append((None, text.strip()))
            continue
        parent = next((name for _, name in reversed(parents)), "")
        if label.startswith("("):
            label = parent + label
        elif parent and len(label) <= 4 and "." not in label and not label.startswith("§"):
            label = f"{parent}({label})" if m["tail"] == ")" else f"{parent}{', ' if ' ' in parent else '.'}{label}"
        parents.append((level, label))
        found.append((label, m["rest"].strip()))
    return found


def _counts_as_number(m: re.Match[str], level: int, shown: set[tuple[int, str]]) -> bool:
    label = m["label"]
    if m["tail"] or not label.isalnum():
        return True
    if not label.isdigit():
        return False
    neighbours = {(level, str(int(label) - 1)), (level, str(int(label) + 1)), (0, label)}
    return bool(m["rest"]) and bool(neighbours & shown)
