"""Number formats of ECMA-376 Part 1, 17.18.59 (ST_NumberFormat): from a count to what is printed."""

from __future__ import annotations

import re
from collections.abc import Callable

from retrieval.parse.clauses.counting import cardinal, letters, ordinal_words, roman

_RUSSIAN = "абвгдежзиклмнопрстуфхцчшщыэюя"  # 29 letters: the spec leaves out ё, й, ъ and ь
_CHINESE = "〇一二三四五六七八九"


def ordinal(count: int) -> str:
    """1st, 2nd, 3rd, 4th, 11th."""
    suffix = "th" if count % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(count % 10, "th")
    return f"{count}{suffix}"


def chinese(count: int) -> str | None:
    """Counting numerals below 100, as chineseCounting and its Japanese and Taiwanese twins print them."""
    tens, rest = divmod(count, 10)
    if count >= 100:
        return None
    if not tens:
        return _CHINESE[count]
    return (_CHINESE[tens] if tens > 1 else "") + "十" + (_CHINESE[rest] if rest else "")


def _circled(count: int) -> str | None:
    return chr(0x2460 + count - 1) if count <= 20 else None


def _chicago(count: int) -> str:
    rounds, index = divmod(count - 1, 4)
    return "*†‡§"[index] * (rounds + 1)


_POSITIVE: dict[str, Callable[[int], str | None]] = {
    "lowerRoman": roman,
    "upperRoman": lambda n: roman(n).upper(),
    "lowerLetter": letters,
    "upperLetter": lambda n: letters(n).upper(),
    "russianLower": lambda n: letters(n, _RUSSIAN),
    "russianUpper": lambda n: letters(n, _RUSSIAN).upper(),
    "chicago": _chicago,
    "decimalEnclosedCircle": _circled,
    "decimalEnclosedParen": lambda n: chr(0x2474 + n - 1) if n <= 20 else None,
    "decimalEnclosedFullstop": lambda n: chr(0x2488 + n - 1) if n <= 20 else None,
    "chineseCounting": chinese,
    "chineseCountingThousand": chinese,
    "japaneseCounting": chinese,
    "taiwaneseCounting": chinese,
    "taiwaneseCountingThousand": chinese,
}
_ENGLISH: dict[str, Callable[[int], str]] = {
    "ordinal": ordinal,
    "cardinalText": lambda n: cardinal(n).capitalize(),
    "ordinalText": lambda n: ordinal_words(n).capitalize(),
}
_ANY: dict[str, Callable[[int], str]] = {
    "decimal": str,
    "decimalZero": lambda n: f"{n:02d}",
    "hex": lambda n: f"{n:X}",
    "numberInDash": lambda n: f"- {n} -",
    "decimalHalfWidth": str,
    "decimalFullWidth": lambda n: "".join(chr(0xFF10 + int(d)) for d in str(n)),
}


def format_count(count: int, name: str, pattern: str = "", language: str = "") -> str | None:
    """What format `name` prints for a count; None where we cannot say (a wrong number is worse than none).

    `pattern` is w:format of a custom format, e.g. "001, 002, 003, ...". `language` is the document's
    ("en-GB"): the word formats are known in English alone.
    """
    if name in {"none", "bullet"}:
        return ""
    if name == "custom":
        zeros = re.match(r"(0*)1, ", pattern)
        return str(count).zfill(len(zeros[1]) + 1) if zeros and count >= 0 else None
    if count < 0 or count > 999_999:
        return None
    if name in _ANY:
        return _ANY[name](count)
    if count == 0 or count > 32767:
        return None
    if name in _POSITIVE:
        return _POSITIVE[name](count)
    if name in _ENGLISH and (not language or language.lower().startswith("en")):
        return _ENGLISH[name](count)
    return None
