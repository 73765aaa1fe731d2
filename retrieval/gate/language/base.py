"""What the gate knows of a language beside English: data in a module each, put together here.

Everything is written without accents and in small letters, and read in texts made `flat` the same way.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from retrieval.text.number_words import ONES, TENS
from retrieval.text.words import straight, visible, word_set

ORDER = ("", "most", "least", "exempt", "only", "except", "forbid", "advise", "oblige", "permit", "not")
"""The kinds of marks (see `gate.marks`) as they are read: what one has read is blanked out for the next."""


def listed(words: str) -> list[str]:
    """Words parted by blanks."""
    return words.split()


_GAP = r"(?:(?!(?:{joins})\s)[^\s,;:.]+(?:[.,]\d+)*\s+){{0,10}}?"
_MONTHS_IN_ORDER = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_UNITS = word_set("days hours minutes weeks months years nights quarters business_days")


@dataclass(frozen=True, slots=True, eq=False)  # there is one of each
class Language:
    """`common` are words that tell the language. `months`, `terms`, `spelled` and `one` turn what is counted into
    English. `marks` are (kind, pattern) pairs in ORDER. `nouns` says that every noun has a capital.
    """

    code: str
    name: str
    common: frozenset[str]
    dates: re.Pattern[str]
    months: Mapping[str, str]
    terms: re.Pattern[str]  # a group a line
    english: tuple[str, ...]
    numerals: re.Pattern[str]
    spelled: Mapping[str, str]
    one: re.Pattern[str]
    marks: tuple[tuple[str, re.Pattern[str]], ...]
    nouns: bool = False


def language(
    code: str,
    name: str,
    *,
    common: str,
    months: str,
    numbers: Mapping[int, str],
    one: str,
    joins: str,
    terms: str,
    marks: Mapping[str, str],
    nouns: bool = False,
) -> Language:
    """Put a language together.

    `numbers` names numbers from 2 on, several names parted by "|"; `one` are the articles that count before a
    unit; `joins` are the words that a gap does not reach over ("and"). A line of `terms` is
    `English = form form ...`, "_" standing for a blank. A line of `marks` is a phrase: a blank is any white
    space, "_" stands for up to ten words, "#" for an amount that follows.
    """
    spelled = {word: _english(value) for value, words in numbers.items() for word in words.split("|")}
    forms_of = {english.strip(): forms.split() for english, _, forms in map(_halves, terms.strip().splitlines())}
    units = [form for english, forms in forms_of.items() if english.replace(" ", "_") in _UNITS for form in forms]
    forms = [form for line in forms_of.values() for form in line]
    named = dict(zip(months.split(), _MONTHS_IN_ORDER, strict=True))
    amount = rf"(?=\s+(?:(?:eur|usd|gbp|chf|jpy|aed|us)\s?)?[$€£(]?\s?(?:\d|(?:{_either(spelled)})\b))"
    return Language(
        code,
        name,
        word_set(common) | frozenset(w for w in (*named, *spelled, *forms) if w.isalpha() and len(w) > 2),
        re.compile(
            rf"\b(\d{{1,2}})\s?(?:\.|er|[º°ª])?\s+(?:de\s+|di\s+)?({_either(named)})\b(?:\s+(?:de\s+|del\s+|di\s+)?(?=\d{{4}}))?"
            rf"|\b({_either(named)})\b(?=\s+(?:de\s+|del\s+|di\s+)?\d{{4}}\b)(?:\s+(?:de|del|di)(?=\s))?",
            re.IGNORECASE,
        ),
        named,
        _word("|".join(f"({_form(forms)})" for forms in forms_of.values())),
        tuple(forms_of),
        _word(_either(spelled)),
        spelled,
        re.compile(rf"(?<!\w)(?<!\bet )(?<!\by )(?<!\be )(?:{one})\s+(?={_form(units)}(?!\w))", re.IGNORECASE),
        tuple((kind, _phrases(marks[kind], amount, _GAP.format(joins=joins))) for kind in ORDER if kind in marks),
        nouns,
    )


def _halves(line: str) -> tuple[str, str, str]:
    return line.partition(" = ")


def _english(value: int) -> str:
    if value >= 1000:
        return "thousand" if value == 1000 else f"{_english(value // 1000)} thousand"
    if value >= 100:
        return "hundred" if value == 100 else f"{ONES[value // 100]} hundred"
    if value < 20:
        return ONES[value]
    return TENS[value // 10] + (f"-{ONES[value % 10]}" if value % 10 else "")


def _either(words: Iterable[str]) -> str:
    return "|".join(re.escape(word).replace(r"\ ", r"\s+") for word in sorted(words, key=len, reverse=True))


def _form(forms: Iterable[str]) -> str:
    return "(?:" + "|".join(sorted((f.replace("_", r"\s+") for f in forms), key=len, reverse=True)) + ")"


def _word(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w])(?:{pattern})(?!\w)", re.IGNORECASE)


def _phrases(lines: str, amount: str, gap: str) -> re.Pattern[str]:
    found = []
    for line in lines.strip().splitlines():
        phrase = re.sub(r"\((?!\?)", "(?:", line.strip())
        phrase = phrase.replace("_ ", "\0").replace("#", amount).replace(" ", r"\s+").replace("\0", gap)
        found.append(phrase)
    return re.compile(rf"(?<!\w)(?:{'|'.join(found)})(?:(?<=['\s])|(?!\w))")


@lru_cache(maxsize=1024)
def unaccented(text: str) -> str:
    """Without accents, soft hyphens and typographic signs; letters keep their case."""
    if text.isascii():
        return text
    spread = unicodedata.normalize("NFKD", visible(straight(text)).replace("ß", "ss"))
    return "".join(c for c in spread if not unicodedata.combining(c))


@lru_cache(maxsize=1024)
def flat(text: str) -> str:
    """Unaccented, in small letters, on one line."""
    return " ".join(unaccented(text).casefold().split())
