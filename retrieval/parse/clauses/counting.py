"""Roman numerals, letters and number words, and the counts they stand for."""

from __future__ import annotations

import re

from retrieval.text.number_words import ONES, TENS

_ROMAN = (
    (1000, "m"),
    (900, "cm"),
    (500, "d"),
    (400, "cd"),
    (100, "c"),
    (90, "xc"),
    (50, "l"),
    (40, "xl"),
    (10, "x"),
    (9, "ix"),
    (5, "v"),
    (4, "iv"),
    (1, "i"),
)
_IRREGULAR = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}
_WELL_FORMED = re.compile(r"(?=.)m{0,3}(cm|cd|d?c{0,3})(xc|xl|l?x{0,3})(ix|iv|v?i{0,3})", re.ASCII)


def roman(count: int) -> str:
    """Lower-case Roman numeral of a positive count."""
    out = ""
    for worth, letters_ in _ROMAN:
        times, count = divmod(count, worth)
        out += letters_ * times
    return out


def unroman(text: str) -> int | None:
    """The count of a well-formed Roman numeral in either case; None for other text."""
    low = text.lower()
    if not _WELL_FORMED.fullmatch(low):
        return None
    total, rest = 0, low
    for worth, letters_ in _ROMAN:
        while rest.startswith(letters_):
            total, rest = total + worth, rest[len(letters_) :]
    return total


def letters(count: int, alphabet: str = "abcdefghijklmnopqrstuvwxyz") -> str:
    """a to z, then aa, bb ... zz, aaa: the letter is repeated (ECMA-376 Part 1, 17.18.59 lowerLetter)."""
    rounds, index = divmod(count - 1, len(alphabet))
    return alphabet[index] * (rounds + 1)


def unletters(text: str) -> int | None:
    """The count of a repeated letter in either case ("bb" = 28); None for other text."""
    low = text.lower()
    if not re.fullmatch(r"([a-z])\1*", low):
        return None
    return (len(low) - 1) * 26 + ord(low[0]) - ord("a") + 1


def cardinal(count: int) -> str:
    """English words below a million: "one hundred twenty-one"."""
    if count < 20:
        return ONES[count]
    if count < 100:
        tens, rest = divmod(count, 10)
        return f"{TENS[tens]}-{ONES[rest]}" if rest else f"{TENS[tens]}"
    worth, name = (100, "hundred") if count < 1000 else (1000, "thousand")
    head, rest = divmod(count, worth)
    return f"{cardinal(head)} {name}" + (f" {cardinal(rest)}" if rest else "")


def ordinal_words(count: int) -> str:
    """English ordinal words below a million: "twenty-first"."""
    words = cardinal(count)
    cut = max(words.rfind(" "), words.rfind("-")) + 1
    head, last = words[:cut], words[cut:]
    if last in _IRREGULAR:
        return f"{head}{_IRREGULAR[last]}"
    return f"{head}{last[:-1]}ieth" if last.endswith("y") else f"{head}{last}th"


_SPANISH = "primer segund tercer cuart quint sext séptim octav noven décim undécim duodécim"
_COUNTS = {cardinal(n): n for n in range(1, 31)} | {ordinal_words(n): n for n in range(1, 31)}
_COUNTS |= {stem + end: n for n, stem in enumerate(_SPANISH.split(), 1) for end in ("o", "a")}
_COUNTS |= {"premier": 1, "première": 1, "primer": 1}
NUMBER_WORDS = "|".join(sorted(_COUNTS, key=len, reverse=True))
"""An alternation of the words that may number a part: "Article Two", "Cláusula primera", "Article premier"."""


def unword(text: str) -> int | None:
    """The count of a number word in any case; None for other text."""
    return _COUNTS.get(text.casefold())
