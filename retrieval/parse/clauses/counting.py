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


# First to twelfth, stems and their endings: law counts its books, parts and final provisions in words.
_ORDINALS = (
    ("primer segund tercer cuart quint sext séptim octav noven décim undécim duodécim", "o a"),
    ("primeir segund terceir quart quint sext sétim oitav non décim", "o a"),
    ("prim second terz quart quint sest settim ottav non decim undicesim dodicesim", "o a"),
    ("premi deuxièm troisièm quatrièm cinquièm sixièm septièm huitièm neuvièm dixièm onzièm douzièm", "er ère e"),
    ("erst zweit dritt viert fünft sechst siebt acht neunt zehnt elft zwölft", "er e es"),
    ("eerst tweed derd viert vijfd zesd zevend achtst negend tiend elfd twaalfd", "e"),
)
_ONLY = "único única unico unica unique einziger einzige einziges enig enige"
_ORDINAL = {ordinal_words(n): n for n in range(1, 31)}
_ORDINAL |= {
    stem + end: n for stems, ends in _ORDINALS for n, stem in enumerate(stems.split(), 1) for end in ends.split()
}
_ORDINAL |= {"primer": 1, "tercer": 3, "vierde": 4, "seconde": 2} | dict.fromkeys(_ONLY.split(), 1)
_COUNTS = {cardinal(n): n for n in range(1, 31)} | _ORDINAL
ORDINALS = "|".join(sorted(_ORDINAL, key=len, reverse=True))
"""An alternation of ordinal words: "Erster Teil", "First Schedule"."""
NUMBER_WORDS = "|".join(sorted(_COUNTS, key=len, reverse=True))
"""An alternation of the words that may number a part: "Article Two", "Cláusula primera", "Article premier"."""


def unword(text: str) -> int | None:
    """The count of a number word in any case; None for other text."""
    return _COUNTS.get(text.casefold())
