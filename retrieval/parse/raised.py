"""Raised and lowered type in plain text: a figure stays the figure that the document prints.

"EUR 1,200" with a raised 1 is a sum with a note, never 1,2001. A reader of a format wraps such runs
(`raised`, `lowered`, `note_mark`) in non-characters of Unicode, which no document holds as text;
`blocks.assemble` has them written out here, once for every format:

- a note mark in brackets, "1,200[1]", as the note itself begins, "[1] Excluding VAT";
- an exponent as "m²" after a unit and "1.05^2" after a figure; an index as "CO₂" or "x_2";
- a fraction of raised and lowered digits as "5 1/2"; ordinals and the like ("1st") as they stand.

No two digits of different height ever touch.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import itemgetter

_RAISED, _LOWERED, _NOTE, _END = "\ufdd0", "\ufdd1", "\ufdd2", "\ufdd3"
NEXT = "\ufdd9"
"""Stands after a run that ends with its element: the next run is another mark, not more of this one."""
_RUN = re.compile(f"([{_RAISED}{_LOWERED}{_NOTE}])([^{_RAISED}-{_END}]*){_END}?")
_OURS = re.compile(f"[{_RAISED}-{_END}{NEXT}]")
_MARKS = re.compile(f"(?:[{_RAISED}{_NOTE}][^{_RAISED}-{_END}]*{_END}{NEXT}\\s*){{2,}}")
_LONGEST = 14  # characters: longer raised text is a line of its own, not a mark

_SYMBOLS = "*†‡§¶#‖"
_MARK = re.compile(rf"[\[(]?(\d{{1,3}}|[A-Za-z]|[ivxlc]{{1,6}}|[{_SYMBOLS}]{{1,4}})[\])]?[.:]?")
_SIGNED = re.compile(r"[+−–-]\s?\w{1,4}|(?=.*\w)[\w.,()]*(?:\s?[+−–*×·/^-]\s?[\w.,()]+)+")
_ORDINAL = re.compile(r"(?:st|nd|rd|th|er?|re|d|n?de|e|ème|o|a|os|as|º|ª|s|r)\.?", re.IGNORECASE)
_FIGURE = re.compile(r"\d(?:[\d.,’']*\d)?$")
_WORD = re.compile(r"[^\W\d_]+$")
_FORMULA = re.compile(r"\((?=[^()]*\d)[^()]*[+−–×·*/-][^()]*\)$")
_GROWTH = re.compile(r"[01][.,](?:\d{2}|\d{4,})")  # a factor such as 1.05; 1,200 and 1.200 are thousands
_OPENS = re.compile(rf"[\[(]?(\d{{1,3}}|[A-Za-z]|[{_SYMBOLS}]{{1,4}})(?:[\])][.:]?|[.:])?\s+\S")
_OPERATORS = "×·*=^+−÷"
_LENGTHS = frozenset(("m", "km", "hm", "dm", "cm", "mm", "µm", "μm", "nm"))
_AFTER_FIGURE = frozenset(("ft", "in", "yd", "mi", "s"))  # "in" and "mi" are words elsewhere
_CENTS = re.compile(r"\d{2}|[.,]\d{2}")
_PRICE = re.compile(r"(?:(?P<sign>\S)|(?<![A-Z])(?:EUR|USD|GBP|CHF|CAD|AUD))\s?$")
_PRICED = re.compile(r"\s?(?:(?P<sign>\S)|(?:EUR|USD|GBP|CHF|CAD|AUD)(?!\w))")
_UP = str.maketrans("0123456789+-−–", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁻")
_DOWN = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def raised(text: str) -> str:
    """Text that stands above the line."""
    return f"{_RAISED}{_without(text)}{_END}" if text.strip() else text


def lowered(text: str) -> str:
    """Text that stands below the line."""
    return f"{_LOWERED}{_without(text)}{_END}" if text.strip() else text


def note_mark(text: str) -> str:
    """A mark that the file itself says to be a note's: where it is referred to, or where the note begins."""
    return f"{_NOTE}{_without(text)}{_END}" if text.strip() else text


def marked(text: str) -> str:
    """A raised text that is several marks of its own, "1" and "2" linked to a note each; "" for any other."""
    return text.strip().removesuffix(NEXT) if _MARKS.fullmatch(text.strip()) else ""


def is_shifted(text: str) -> bool:
    """Whether any run of `text` is raised, lowered or a note mark."""
    return _OURS.search(text) is not None


def _without(text: str) -> str:
    return _OURS.sub("", text)


@dataclass(frozen=True, slots=True)
class NoteMark:
    """A note mark at [start, end) of a text as written out; `opens`: it begins its line, as a note does."""

    start: int
    end: int
    name: str
    opens: bool


@dataclass(slots=True)
class Written:
    """A text with its shifted runs written out, its note marks, and where its characters went."""

    text: str
    marks: list[NoteMark] = field(default_factory=list)
    _moves: list[tuple[int, int]] = field(default_factory=list)  # from raw offset on, to offset

    @property
    def unmarked(self) -> str:
        """The text without its note marks, for headings and titles."""
        parts, at = [], 0
        for mark in self.marks:
            parts.append(self.text[at : mark.start])
            at = mark.end
        return "".join((*parts, self.text[at:]))

    def at(self, offset: int) -> int:
        """Where the character at `offset` of the text with runs stands now."""
        start, now = 0, 0
        for raw, placed in self._moves:
            if raw > offset:
                break
            start, now = raw, placed
        return now + offset - start


class Writer:
    """Writes out the runs of one document; `texts` are all its paragraphs, which tell which notes there are."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._noted: set[str] = set()  # marks that begin a line above the line
        self._perhaps: set[str] = set()  # marks that begin a line
        self._counted = False  # a first note mark stands somewhere
        for text in texts:
            self._counted |= any(_name(run[2]) == "1" and run[1] != _LOWERED for run in _RUN.finditer(text))
            if found := _RUN.match(text.lstrip()):
                if (mark := _name(found[2])) and found[1] != _LOWERED:
                    self._noted.add(mark)
            elif (plain := _OPENS.match(text)) is not None:
                self._perhaps.add(plain[1])

    def write(self, text: str) -> Written:
        """The text without runs; each is named as what it is."""
        if not is_shifted(text):
            return Written(text)
        out = Written("")
        parts: list[str] = []
        length, plain = 0, _without(text).strip()
        for kind, run, start, after in _runs(text):
            before = "".join(parts[-40:])[-60:]
            shown = run if not kind else self._shown(kind, run, before, after, whole=run.strip() == plain)
            if not kind and parts and _touch(before, run):
                shown = " " + run
            out._moves.append((start, length + len(shown) - len(run) if not kind else length))
            if kind and shown.strip().startswith("[") and (named := _name(run)):
                left = length + len(shown) - len(shown.lstrip())
                opens = not before.strip() or before.endswith("| ")
                out.marks.append(NoteMark(left, length + len(shown.rstrip()), named, opens))
            parts.append(shown)
            length += len(shown)
        out.text = "".join(parts)
        return out

    def _shown(self, kind: str, run: str, before: str, after: str, *, whole: bool) -> str:
        bare = run.strip()
        if kind == _NOTE:
            return _bracketed(run, after, opens=not before.strip())
        if whole or len(bare) > _LONGEST:
            return f" {run}" if _touch(before, run) else run
        if kind == _LOWERED:
            return _index(run, before, after)
        if not before.strip() or before.endswith("| "):
            opens = bool(_name(bare)) and not bare.isalpha()
            return _bracketed(run, after, opens=True) if opens or bare in self._noted else run
        what = self._kind(bare, before, after)
        if what == "note":
            return _bracketed(run, after, opens=False)
        if what == "cents":
            return ("," if "." in _FIGURE.findall(before.rstrip())[0] else ".") + bare
        return _power(run, before, after) if what == "power" else run

    def _kind(self, run: str, before: str, after: str) -> str:
        """ "note", "power", or "" for what stands as it is."""
        name = _name(run)
        base = before.rstrip()
        if not re.search(r"\d", run):
            return self._letters(run, name, base)
        if _SIGNED.fullmatch(run) and not _is_list(run):
            return "power"
        word = _WORD.search(base)
        if word is not None:
            return self._after_word(word[0], base, run, name)
        figure = _FIGURE.search(base)
        if figure is not None and _CENTS.fullmatch(run) and run[0] in ".,":
            return ""
        if figure is not None and _CENTS.fullmatch(run) and self._is_price(base[: figure.start()], after, name):
            return "cents"
        if name in self._noted and not (figure and figure[0] == "10" and _last(base, figure) in "×·*x"):
            return "note"
        if figure is not None:
            return "power" if self._factor(figure, base, after, name) else "note"
        if base.endswith(")") and _FORMULA.search(base):
            return "power"
        return "note"

    def _is_price(self, before: str, after: str, name: str) -> bool:
        """Whether two raised digits are cents: beside a currency, in a document that counts no notes so far."""
        signs = (_PRICE.search(before), _PRICED.match(after))
        priced = any(m is not None and (not m["sign"] or unicodedata.category(m["sign"]) == "Sc") for m in signs)
        return priced and not self._counted and name not in self._noted | self._perhaps

    def _after_word(self, word: str, base: str, run: str, name: str) -> str:
        measured = base[: -len(word)].rstrip()[-1:].isdigit()
        if run in ("2", "3") and (word in _LENGTHS or (measured and word in _AFTER_FIGURE)):
            return "power"
        alone = len(word) == 1 and not base[: -len(word)][-1:].isalnum()
        return "power" if alone and name not in self._noted and name not in self._perhaps else "note"

    def _factor(self, figure: re.Match[str], base: str, after: str, name: str) -> bool:
        """Whether a figure carries an exponent rather than a note."""
        if name in self._perhaps:
            return False
        last, following = _last(base, figure), after.lstrip()[:1]
        if figure[0] == "10" or _GROWTH.fullmatch(figure[0]):
            return True
        return bool((last and last in _OPERATORS) or (following and following in _OPERATORS))

    def _letters(self, run: str, name: str, base: str) -> str:
        if run.strip(_SYMBOLS) == "":
            return "note"
        if name and name in self._noted and not (base[-1:].isdigit() and _ORDINAL.fullmatch(run)):
            return "note"
        if len(run) == 1 and base[-1:].isdigit() and name in self._noted:
            return "note"
        figure = _FIGURE.search(base)
        if _SIGNED.fullmatch(run) or (base.endswith(")") and len(run) <= 2 and _FORMULA.search(base)):
            return "power"
        if len(run) == 1 and not _ORDINAL.fullmatch(run):
            word = _WORD.search(base)
            variable = word is not None and len(word[0]) == 1
            return "power" if variable or figure is not None else ""
        return "power" if figure is not None and "." in figure[0] and len(run) <= 2 else ""


def links(marks: Sequence[NoteMark], lines: Sequence[tuple[int, str]]) -> tuple[tuple[int, int, int, int], ...]:
    """(start, end of a mark; start, end of its note) for every mark whose note is in the document.

    `marks` stand in the canonical text, `lines` are its paragraphs with their offsets. The nearest note
    below counts, else the last one above; a line that merely begins with the mark counts only below.
    """
    notes: dict[str, list[tuple[int, int]]] = {}
    ends = {start: start + len(text) for start, text in lines}
    for mark in marks:
        if mark.opens and mark.start in ends:
            notes.setdefault(mark.name, []).append((mark.start, ends[mark.start]))
    typed: dict[str, list[tuple[int, int]]] = {}
    wanted = {m.name for m in marks if not m.opens} - notes.keys()
    for start, text in lines if wanted else ():
        found = _OPENS.match(text)
        if found is not None and found[1] in wanted:
            typed.setdefault(found[1], []).append((start, start + len(text)))
    result = []
    for mark in marks:
        if mark.opens:
            continue
        there = notes.get(mark.name, [])
        known = there or typed.get(mark.name, [])
        below = bisect_right(known, mark.start, key=itemgetter(0))
        if below < len(known) or there:
            start, end = known[below] if below < len(known) else there[-1]
            result.append((mark.start, mark.end, start, end))
    return tuple(result)


# --- pieces --------------------------------------------------------------------------------


def _runs(text: str) -> Iterator[tuple[str, str, int, str]]:
    """(kind, text, offset in `text`, what follows) of each run, plain ones too; fractions made plain."""
    found: list[tuple[str, str, int]] = []
    at = 0
    for match in _RUN.finditer(text):
        if match.start() > at:
            found.append(("", _without(text[at : match.start()]), at))
        if found and found[-1][0] == match[1] != _NOTE:
            found[-1] = (match[1], found[-1][1] + match[2], found[-1][2])
        else:
            found.append((match[1], match[2], match.start()))
        at = match.end()
    if at < len(text):
        found.append(("", _without(text[at:]), at))
    for n, (kind, run, start) in enumerate(found):
        if kind == _RAISED and _fraction(found[n : n + 3]):
            before = found[n - 1][1] if n else ""
            found[n] = ("", (" " if before[-1:].isdigit() else "") + run.strip(), start)
            found[n + 1] = ("", "/", found[n + 1][2])
            found[n + 2] = ("", found[n + 2][1].strip(), found[n + 2][2])
    for n, (kind, run, start) in enumerate(found):
        yield kind, run, start, "".join(f[1] for f in found[n + 1 : n + 3])


def _fraction(runs: Sequence[tuple[str, str, int]]) -> bool:
    if len(runs) < 3 or runs[2][0] != _LOWERED or runs[1][0] or runs[1][1].strip() not in ("/", "⁄"):
        return False
    return runs[0][1].strip().isdecimal() and runs[2][1].strip().isdecimal()


def _touch(before: str, run: str) -> bool:
    return before[-1:].isdigit() and run[:1].isdigit()


def _last(base: str, figure: re.Match[str]) -> str:
    """The character before a figure, a space skipped."""
    return base[: figure.start()].rstrip()[-1:]


def _name(run: str) -> str:
    """The mark of a note without its brackets; "" for what is none."""
    found = _MARK.fullmatch(run.strip())
    return found[1] if found else ""


def _is_list(run: str) -> bool:
    """Several marks: "1, 2" or "3-5"."""
    return re.fullmatch(r"\d{1,2}(?:\s?[,;–-]\s?\d{1,2})+", run) is not None


def _bracketed(run: str, after: str, *, opens: bool) -> str:
    bare = run.strip()
    inner = _name(bare) or (bare[1:-1].strip() if bare[:1] + bare[-1:] in ("()", "[]") else bare)
    space = " " if opens and after[:1] and not after[:1].isspace() else ""
    lead = run[: len(run) - len(run.lstrip())] if not opens else ""
    return f"{lead}[{inner}]{run[len(run.rstrip()) :]}{space}"


def _power(run: str, before: str, after: str) -> str:
    bare = run.strip()
    if bare.translate(_UP) != bare and before[-1:].isalpha() and not re.search(r"[^\d+−–-]", bare):
        shown = bare.translate(_UP)
    else:
        shown = f"^{bare}" if re.fullmatch(r"[+−–-]?[\w.,]+", bare) else f"^({bare})"
    return shown + (" " if after[:1].isdigit() else run[len(run.rstrip()) :])


def _index(run: str, before: str, after: str) -> str:
    bare = run.strip()
    if not before[-1:].isalnum() and before[-1:] not in tuple(")]"):
        return run
    if bare.isdecimal() and before[-1:].isalpha():
        shown = bare.translate(_DOWN)
    else:
        shown = f"_{bare}" if re.fullmatch(r"\w+", bare) else f"_({bare})"
    return shown + (" " if after[:1].isdigit() else run[len(run.rstrip()) :])
