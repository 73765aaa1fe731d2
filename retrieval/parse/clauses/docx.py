"""Numbers typed as text: "4.2 Hotels", "(b) ...", "ARTICLE IV".

A typed number counts only where it stands at the beginning of a heading or paragraph and fits the
sequence of the numbers around it: a wrong number is worse than none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from retrieval.parse.docx.formats import unletters, unroman
from retrieval.parse.docx.labels import OUTER_WORDS, Mark, clean, named, parts_of
from retrieval.text.number_words import ONES

_GAP = 3  # clauses that may be missing from a sequence ("Reserved")
_AHEAD = 80  # paragraphs in which the second item of a list is looked for
_WORDS = (
    "article|section|sec\\.|§{1,2}|clause|schedule|annex|annexure|appendix|exhibit|attachment|part|chapter|"
    "item|rule|paragraph|title|artikel|abschnitt|anlage|anhang|teil"
)
_COUNTS = ONES[1:13]
_WORDED = re.compile(
    rf"({_WORDS})\s*(\d{{1,3}}(?:\.\d{{1,3}})*[a-z]?|[ivxlc]+|[a-z]|{'|'.join(_COUNTS)})(?=[\s.:,–—)-]|$)[.:]?",
    re.IGNORECASE,
)
_MULTI = re.compile(r"\d{1,3}(?:\.\d{1,3})+\.?(?=[\s:–—]|$)")
_SINGLE = re.compile(r"\d{1,3}(?:[.)](?=\s|$)|(?=\s))")
_BRACKET = re.compile(r"\((?:\d{1,3}|[a-z]{1,5}|[A-Z]{1,5})\)(?=\s|$)")
_LETTER = re.compile(r"(?:[ivxl]{1,6}|[IVXL]{1,6}|[a-z]|[A-Z])[.)](?=\s)")
_QUANTITY = re.compile(
    r"\s+(?:million|billion|thousand|percent|per cent|times|hours?|days?|weeks?|months?|years?|euros?|dollars?|"
    r"EUR|USD|GBP|CHF|Mio|Mrd|Prozent|[%€$£]|kg|km|m²)(?!\w)",
    re.IGNORECASE,
)
_MONTH = re.compile(
    r"\s+(?:jan(?:uary|uar)?|feb(?:ruary|ruar)?|mar(?:ch)?|märz|apr(?:il)?|may|mai|june?|juni|july?|juli|aug(?:ust)?|"
    r"sept?(?:ember)?|o[ck]t(?:ober)?|nov(?:ember)?|de[cz](?:ember)?)\b\.?(?:\s+\d{4}|$)",
    re.IGNORECASE,
)
_STOPPED = re.compile(r"\s*(?:[.:–—-]|$)|\t")


@dataclass(frozen=True, slots=True)
class Line:
    """A paragraph for this purpose: its text (tabs kept) and what is known of it."""

    text: str
    heading: bool  # a heading style or outline level
    bold: bool = False  # begins bold or underlined
    mark: Mark | None = None  # its computed number
    numbered: bool = False  # numbered or bulleted by Word: typed numbers do not count
    indent: int | None = None


@dataclass(frozen=True, slots=True)
class _Token:
    """What a line seems to begin with. `series` names the look, `count` the position in it."""

    text: str
    own: str
    half: bool
    series: str
    count: int
    parts: tuple[int, ...] | None = None
    word: str = ""
    named: str = ""


_Following = Sequence[Sequence[_Token]]
"""What the lines after one seem to begin with."""


@dataclass(slots=True)
class _State:
    """The numbers in force: the last decimal number of each length, and the open lists, outermost first."""

    decimals: dict[int, tuple[int, ...]] = field(default_factory=dict)
    lists: list[tuple[str, int]] = field(default_factory=list)
    words: dict[str, int] = field(default_factory=dict)

    def number(self, parts: tuple[int, ...]) -> None:
        self.decimals = {n: p for n, p in self.decimals.items() if n < len(parts)}
        self.decimals[len(parts)] = parts
        for n in range(1, len(parts)):  # 1.1 stands in 1, whether or not that was seen
            if self.decimals.get(n) != parts[:n]:
                self.decimals[n] = parts[:n]
        self.lists.clear()

    def item(self, series: str, count: int) -> None:
        names = [name for name, _ in self.lists]
        if series in names:
            del self.lists[names.index(series) :]
        self.lists.append((series, count))

    def last(self, series: str) -> int:
        return next((count for name, count in self.lists if name == series), 0)


def find_typed(lines: Sequence[Line]) -> list[Mark | None]:
    """The typed number of each line, None where it has none that counts."""
    state = _State()
    found: list[Mark | None] = []
    read = [[] if line.numbered else _tokens(line.text, line.heading or line.bold) for line in lines]
    for index, line in enumerate(lines):
        mark = _accept(line, read[index], state, read[index + 1 : index + 1 + _AHEAD])
        found.append(mark)
        computed = line.mark
        if computed is not None and computed.parts is not None and not computed.bracketed:
            state.number(computed.parts)
        elif line.heading and mark is None:
            state.lists.clear()
    return found


def _accept(line: Line, readings: Sequence[_Token], state: _State, following: _Following) -> Mark | None:
    def goes_on(token: _Token) -> bool:
        return token.count == 1 + (state.words.get(token.word, 0) if token.word else state.last(token.series))

    for token in sorted(readings, key=goes_on, reverse=True):
        if not _fits(token, line, state, following):
            continue
        if token.word and token.parts is None:
            state.words[token.word] = token.count
            state.lists.clear()
            if token.word in OUTER_WORDS:
                state.decimals.clear()
            else:
                state.number((token.count,))
        elif token.parts is not None and not _is_item(token, state):
            state.number(token.parts)
        else:
            state.item(token.series, token.count)
            return _mark(token, line, item=True)
        return _mark(token, line, item=False)
    return None


def _mark(token: _Token, line: Line, *, item: bool) -> Mark:
    parts = token.parts
    if token.word and parts is None:
        parts = (token.count,)
    decimal = token.parts is not None and not item
    return Mark(
        own=token.own,
        key="typed" if decimal else f"typed:{token.series}",
        depth=len(token.parts) - 1 if decimal and token.parts else 0,
        first=0,
        parts=parts,
        word=token.word,
        shape=token.series,
        half=token.half,
        restarted=token.count == 1,
        indent=line.indent,
        typed=len(token.text),
        named=token.named,
    )


def _tokens(text: str, heading: bool) -> list[_Token]:
    """Every reading of a line's beginning, the likelier first."""
    found = _WORDED.match(text)
    if found:
        return _worded(found)
    found = _MULTI.match(text)
    if found:
        own, half = clean(found[0])
        parts = tuple(int(p) for p in own.split("."))
        return [_Token(found[0], own, half, "decimal", parts[-1], parts)]
    found = _SINGLE.match(text)
    if found and _is_amount(found[0], text[found.end() :]):
        return []
    if found and (found[0][-1:] in ".)" or text[found.end() :][:1] == "\t" or heading):
        own, half = clean(found[0])
        count = int(own.strip("()"))
        return [_Token(found[0], own, half, "decimal" + found[0].lstrip("0123456789"), count, (count,))]
    found = _BRACKET.match(text) or _LETTER.match(text)
    return _lettered(found[0]) if found else []


def _is_amount(number: str, rest: str) -> bool:
    """Whether a lone number counts days or begins a date: "3 months ended", "1. January 2026"."""
    return bool(_MONTH.match(rest)) or (number[-1:].isdigit() and bool(_QUANTITY.match(rest)))


def _worded(found: re.Match[str]) -> list[_Token]:
    own, _ = clean(found[0])
    full = named(found[0])
    word, tail = found[1].lower(), found[2]
    if own[:1].isdigit():  # "Section 4.2": the word is dropped, and the number stands for itself
        parts = parts_of(own)
        return [_Token(found[0], own, False, "decimal", parts[-1], parts, named=full)] if parts else []
    parts = parts_of(own)
    if parts is not None and len(parts) > 1:
        return [_Token(found[0], own, False, f"{word} decimal", parts[-1], parts, word)]
    readings = (
        _COUNTS.index(tail.lower()) + 1 if tail.lower() in _COUNTS else None,
        int(tail) if tail.isdigit() else None,
        unroman(tail) if len(tail) > 1 or tail in "IVX" else None,  # "Appendix C" is the third one
        unletters(tail) if len(tail) == 1 else None,
    )
    return [_Token(found[0], own, False, word, count, None, word) for count in readings if count]


def _lettered(text: str) -> list[_Token]:
    own, half = clean(text)
    body = own.strip("()")
    frame = text.replace(body, "{}")
    case = "upper" if body[:1].isupper() else "lower"
    if body.isdigit():
        return [_Token(text, own, half, frame.format("decimal"), int(body))]
    readings = (("Roman", unroman(body)), ("Letter", unletters(body)))
    return [_Token(text, own, half, frame.format(case + name), count) for name, count in readings if count]


def _is_item(token: _Token, state: _State) -> bool:
    """Whether a lone decimal ("1.") counts items of a list rather than clauses of the document."""
    if token.parts is None or len(token.parts) > 1 or token.word:
        return False
    if state.last(token.series) and token.count == state.last(token.series) + 1:
        return True
    top = state.decimals.get(1)
    return top is not None and token.count == 1


def _fits(token: _Token, line: Line, state: _State, following: _Following) -> bool:
    if token.word and token.parts is None:
        return _word_fits(token, line, state)
    if token.parts is not None and len(token.parts) > 1:
        return _decimal_fits(token, line, state)
    if token.parts is not None:
        return _single_fits(token, line, state, following)
    last = state.last(token.series)
    if token.count == last + 1 and last:
        return not _better_as_roman(token, following)
    return token.count == 1 and _continues(token, following)


def _word_fits(token: _Token, line: Line, state: _State) -> bool:
    if not line.heading and not _stopped(token, line):
        return False
    last = state.words.get(token.word, 0)
    if line.heading:
        return token.count > last or token.count == 1
    return token.count in (last + 1, 1)


def _stopped(token: _Token, line: Line) -> bool:
    """Whether a plain paragraph's number is set off from what follows, as that of a clause is."""
    rest = line.text[len(token.text) :]
    short = len(line.text.split()) <= 12 and line.text.rstrip()[-1:] not in ".;,"
    return token.text[-1:] in ".:" or bool(_STOPPED.match(rest)) or line.bold or short


def _decimal_fits(token: _Token, line: Line, state: _State) -> bool:
    parts = token.parts or ()
    rest = line.text[len(token.text) :]
    if not line.heading and _QUANTITY.match(rest):  # "2.5 million euros were spent"
        return False
    last, outer = state.decimals.get(len(parts)), state.decimals.get(len(parts) - 1)
    below = outer is not None and outer == parts[:-1]
    if last is not None and last[:-1] == parts[:-1]:
        gap = parts[-1] - last[-1]
        return gap > 0 and (line.heading or gap <= (1 if rest.lstrip()[:1].islower() else _GAP))
    if below:
        return line.heading or parts[-1] in (0, 1)
    if line.heading:
        return last is None or parts > last
    if last is None:
        return outer is None and parts[-1] in (0, 1) and not state.decimals and parts[0] == 1
    following = (*last[:-2], last[-2] + 1)
    return parts[:-1] == following and parts[-1] in (0, 1)


def _single_fits(token: _Token, line: Line, state: _State, following: _Following) -> bool:
    if state.last(token.series) and token.count == state.last(token.series) + 1:
        return True
    top = state.decimals.get(1)
    marked = token.text[-1:] in ".)" or line.text[len(token.text) :][:1] == "\t"
    if top is not None and 0 < token.count - top[0] <= (_GAP if line.heading and marked else 1):
        return True
    if line.heading:
        return token.count <= 1 if top is None else token.count == 1 and _continues(token, following)
    return token.count == 1 and (_continues(token, following) or (line.bold and top is None))


def _continues(token: _Token, following: _Following) -> bool:
    """Whether a later line goes on with this first number: (b) after (a), 2. or 1.1 after 1."""
    for readings in following:
        for other in readings:
            if other.series == token.series and other.count == token.count + 1:
                return True
            if other.parts is not None and token.parts is not None and other.parts == (*token.parts, 1):
                return True
    return False


def _better_as_roman(token: _Token, following: _Following) -> bool:
    """(i) after (h): a Roman one when (ii) comes before (j)."""
    roman = unroman(token.own.strip("()"))
    if not token.series.endswith(("Letter)", "Letter.")) or roman != 1:
        return False
    for readings in following:
        for other in readings:
            if other.own.strip("()").lower() == "ii":
                return True
            if other.own.strip("()").lower() == "j":
                return False
    return False
