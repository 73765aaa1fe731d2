"""What number a line may begin with: "4.2", "(b)", "ARTICLE IV", "§ 2a", "Article L. 110-1".

A line may be read in more than one way: "(i)" is the first item or the ninth. Which reading holds, and whether
any does, its neighbours decide (`sequence.py`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from retrieval.parse.clauses.counting import NUMBER_WORDS, ORDINALS, unletters, unroman, unword
from retrieval.parse.clauses.marks import clean, named
from retrieval.parse.clauses.words import ALONE, DROPPED, NUMBERED, PATTERN, family

_SUBS = r"(?:\([A-Za-z0-9]{1,5}\)){0,8}"
_LATIN = ("bis", "ter", "quater", "quinquies", "sexies", "septies", "octies", "novies", "decies")
_SUFFIX = (
    rf"(?:\s?(?:{'|'.join(_LATIN)})(?!\w)|(?-i:er|[a-z]{{1,2}}|[A-Z]{{1,2}})(?!\w)"
    r"|(?-i:\s[a-z])(?=\s*(?:$|[.:)–—]|(?-i:[A-ZÄÖÜ])))|\.?[ºª°])?"
)
_RANGE = re.compile(
    r"(?P<sign>§§)\s?(?P<first>\d{1,4})(?P<suffix>[a-z]?)\s?(?:[^\W\d_]{1,3}|[–-])\s?\d{1,4}[a-z]?(?!\w)"
)
_WORDED = re.compile(
    rf"(?P<word>(?:{PATTERN})(?!\w)\.?|§{{1,2}})(?P<kind>\s[^\W\d_]{{4,20}}(?=\s+(?:{NUMBER_WORDS})(?!\w)))?\s*"
    rf"(?P<number>(?:[A-Z]{{1,2}}\*?\.\s?)?\d{{1,4}}(?:[.:-]\d{{1,4}})*{_SUFFIX}|[ivxlc]+(?:er|re)?(?!\w)|{NUMBER_WORDS}|[a-z](?!\w))"
    rf"(?P<sub>{_SUBS})(?P<end>\s*[.:]+(?=\s|$)|\s*[–—](?=\s|\w)|\s+-(?=\s)|-{{1,2}}(?=\s|[A-Z])|(?=[\s,)]|$))",
    re.IGNORECASE,
)
_WORD_LAST = re.compile(
    rf"(?:(?P<count>{ORDINALS})|(?-i:(?P<number>\d{{1,2}}|[IVXLC]{{1,6}})\.(?=\s+(?:{NUMBERED})(?!\w))))"
    rf"\s+(?P<word>{PATTERN})(?P<end>\s*[.:]+(?=\s|$)|\s*[–—](?=\s|\w)|\s+-(?=\s)|(?=[\s,)]|$))",
    re.IGNORECASE,
)
_ALONE = re.compile(rf"(?P<word>{ALONE})(?:\s[^\W\d_]{{4,20}})?\s*[.:]?(?=\s*$|(?<=[.:])\s+[^\W\d_])", re.IGNORECASE)
_NUMBER = re.compile(rf"(?P<code>[A-Z]{{1,2}}\*?\.\s?)?(?P<path>\d+(?:[.:-]\d+)*)(?P<suffix>{_SUFFIX})", re.IGNORECASE)
_ANY_WORD = re.compile(r"(?P<word>[^\W\d_]{3,20})\s+(?P<number>\d{1,3}|[IVXLC]{1,6}|[A-Z])(?P<end>[.:]?)(?=\s|$|[–—])")
_MULTI = re.compile(
    rf"(?P<path>\d{{1,3}}(?:\.\d{{1,3}}){{1,6}})(?P<suffix>[A-Za-z]?)(?P<sub>{_SUBS})[.):]?(?=\s|$|–|—)"
)
_LETTERED = re.compile(r"(?P<letter>[A-Z])\.?(?P<path>\d{1,3}(?:\.\d{1,3})*)[.):]?(?=\s|$)")
_SINGLE = re.compile(
    rf"(?P<path>\d{{1,3}})(?P<suffix>[a-z]?)(?P<sub>{_SUBS})(?P<tail>[.):](?=\s|$|[A-Z])|\s[–—-](?=\s+[^\W\d_])|(?=\s|$))"
)
_BRACKET = re.compile(r"\((?P<body>\d{1,3}[a-z]?|[a-z]{1,6}|[A-Z]{1,6})\)(?=\s|$|[A-Z“\"])")
_LETTER = re.compile(r"(?P<body>[ivxl]{1,6}|[IVXL]{1,6}|[a-z]|[A-Z]|([a-z])\2)[.)](?=\s|$)")


@dataclass(frozen=True, slots=True)
class NumberReading:
    """One way to read a line's beginning.

    `text` is the number as it stands, `own` the number cited ("4.2", "(b)", "Article IV"). `series` names its look:
    numbers of one list share it. `place` is its position there: (2, 0) for 2, (2, 1) for 2a. `parts` are
    the counts that it spells out ((4, 2) for 4.2), None for items. `word` is the family of a leading word.
    """

    text: str
    own: str
    series: str
    place: tuple[int, int]
    parts: tuple[int, ...] | None = None
    word: str = ""
    named: str = ""
    half: bool = False
    closed: bool = False
    known: bool = True  # False: a word that is in no table

    @property
    def count(self) -> int:
        return self.place[0]

    @property
    def multi(self) -> bool:
        return self.parts is not None and len(self.parts) > 1

    @property
    def single(self) -> bool:
        """A number alone: "4", "4.", "4)"."""
        return self.parts is not None and len(self.parts) == 1 and not self.word


def after(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether a place comes right after another: 3 or 2a after 2, 3 or 2b after 2a."""
    return (other[0] == one[0] + 1 and other[1] <= 1) or (other[0] == one[0] and other[1] == one[1] + 1)


def readings(text: str) -> list[NumberReading]:
    """Every reading of a line's beginning, the likelier first."""
    if found := _RANGE.match(text):  # "§§ 3 bis 5 (weggefallen)"
        place = (int(found["first"]), _suffix(found["suffix"]))
        return [NumberReading(found[0], clean(found[0])[0], "§", place, place[:1], "§", named=named(found[0]))]
    if found := _WORDED.match(text):
        return _worded(found)
    if (found := _WORD_LAST.match(text)) and not text[0].islower():
        return _word_last(found)
    if found := _MULTI.match(text):
        return [_multi(found)]
    if found := _SINGLE.match(text):
        return [_single(found)]
    if found := _BRACKET.match(text) or _LETTER.match(text):
        return _lettered(found[0], found["body"])
    if found := _LETTERED.match(text):
        path = tuple(int(p) for p in found["path"].split("."))
        own, _ = clean(found[0])
        return [NumberReading(found[0], own, f"{found['letter']}{len(path)}", (path[-1], 0), closed=True)]
    if (found := _ALONE.match(text)) and text[0].isupper():
        return _alone(found)
    if found := _ANY_WORD.match(text):
        return _unknown(found)
    return []


def _worded(found: re.Match[str]) -> list[NumberReading]:
    word = family(found["word"])
    if found["word"][:1].islower() or (found["number"].islower() and len(found["number"]) == 1):
        return []  # "section 5 of the Act", "Section a"
    text = found[0].rstrip("–—-").rstrip() if found["end"].strip() in ("-", "–", "—") else found[0]
    dropped = word in DROPPED
    own = clean(text)[0] if dropped else named(text)
    closed = bool(found["end"].strip())
    made = []
    for series, place, parts in _places(found["number"], found["sub"]):
        multi = len(parts) > 1 and word in ("section", "sec", "clause", "§", "paragraph", "rule", "ziffer")
        kind = (found["kind"] or "").casefold()
        made.append(
            NumberReading(
                found[0],
                own,
                "decimal" if multi else f"{word}{kind} {series}".strip(),
                place,
                parts,
                "" if multi else word,
                named=named(text) if dropped else "",
                closed=closed,
            )
        )
    return made


def _word_last(found: re.Match[str]) -> list[NumberReading]:
    """A number before its word: "Erster Teil", "1. Abschnitt", "First Schedule"."""
    word, number = family(found["word"]), found["number"] or ""
    count = unword(found["count"]) if found["count"] else int(number) if number.isdigit() else unroman(number)
    if not count:
        return []
    own = named(found[0]).rstrip("–—- ")
    series = f"{word} last" + "." * bool(number)
    closed = bool(found["end"].strip())
    return [NumberReading(found[0], own, series, (count, 0), (count,), word, closed=closed)]


def _places(number: str, sub: str) -> list[tuple[str, tuple[int, int], tuple[int, ...]]]:
    """Series, place and parts of what follows a word."""
    if found := _NUMBER.fullmatch(number):
        path = tuple(int(p) for p in re.split(r"[.:-]", found["path"]))
        code = (found["code"] or "").strip().upper()
        suffix = found["suffix"].strip().lower().lstrip(".")
        stem = re.sub(r"\d+$", "", found["path"])
        return [(code + stem, (path[-1], _suffix(suffix)), (*path, *_counts_of(sub)))]
    if (count := unword(number)) is not None:
        return [("", (count, 0), (count,))]
    number = re.sub(r"(?<=[IVXLC])e?re?$", "", number)  # "Titre Ier"
    counts = [unroman(number) if len(number) > 1 or number in "IVXivx" else None]
    counts.append(unletters(number) if len(number) == 1 else None)
    return [("", (count, 0), (count,)) for count in counts if count]


def _suffix(text: str) -> int:
    """The order of "a" in 2a and of "bis" in 12 bis; 0 for none and for ordinal marks."""
    if text in _LATIN:
        return _LATIN.index(text) + 1
    return 0 if text in ("", "er", "º", "ª", "°") else sum((ord(c) - 96) * 26**n for n, c in enumerate(reversed(text)))


def _counts_of(subs: str) -> tuple[int, ...]:
    """The counts of the brackets in "4.2(b)"."""
    bodies = re.findall(r"\(([^)]*)\)", subs)
    return tuple(int(b) if b.isdigit() else unletters(b) or unroman(b) or 0 for b in bodies)


def _multi(found: re.Match[str]) -> NumberReading:
    own = found["path"] + found["suffix"] + found["sub"]
    parts = tuple(int(p) for p in found["path"].split("."))
    subs = _counts_of(found["sub"])
    place = (subs or parts)[-1], _suffix(found["suffix"].lower()) if not subs else 0
    return NumberReading(found[0], own, "decimal", place, (*parts, *subs), closed=found[0][-1:] in ".):")


def _single(found: re.Match[str]) -> NumberReading:
    own, half = clean(found[0])
    subs = _counts_of(found["sub"])
    count = int(found["path"])
    if subs:
        return NumberReading(found[0], own, "decimal", (subs[-1], 0), (count, *subs), closed=True)
    place = (count, _suffix(found["suffix"]))
    return NumberReading(
        found[0], own, "decimal" + found["tail"], place, (count,), half=half, closed=bool(found["tail"])
    )


def _lettered(text: str, body: str) -> list[NumberReading]:
    own, half = clean(text)
    frame = text.replace(body, "{}")
    if body[:1].isdigit():
        number = re.match(r"\d+", body)
        count = int(number[0]) if number else 0
        return [
            NumberReading(text, own, frame.format("decimal"), (count, _suffix(body.lstrip("0123456789"))), closed=True)
        ]
    case = "upper" if body[:1].isupper() else "lower"
    counts = (("Roman", unroman(body)), ("Letter", unletters(body)))
    return [
        NumberReading(text, own, frame.format(case + name), (count, 0), half=half, closed=True)
        for name, count in counts
        if count
    ]


def _alone(found: re.Match[str]) -> list[NumberReading]:
    """A part that is the only one of its kind: "ANNEX", "Disposición final. Entrada en vigor"."""
    own, word = named(found[0]).rstrip(".:"), family(found["word"])
    closed = found[0].rstrip()[-1:] in ".:"
    if " " in own and not own.split()[1].islower():
        return []
    return [NumberReading(found[0], own, f"{own.casefold()} alone", (1, 0), None, word, closed=closed)]


def _unknown(found: re.Match[str]) -> list[NumberReading]:
    """A word of no table with a number after it: only counting tells whether it names a part."""
    word, number = found["word"].casefold(), found["number"]
    if not found["word"][:1].isupper():
        return []
    counts = (int(number),) if number.isdigit() else (unroman(number), unletters(number) if len(number) == 1 else None)
    return [
        NumberReading(found[0], named(found[0]), word, (n, 0), (n,), word, closed=bool(found["end"]), known=False)
        for n in counts
        if n
    ]


def enumerator(text: str) -> bool:
    """Whether a text is nothing but the number of a list item: "(a)", "1.", "iv)"."""
    found = readings(text.strip())
    return any(r.text == text.strip() and r.closed and not r.word for r in found)
