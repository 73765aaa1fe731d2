"""What is counted in a text of another language, written as in English: the gate then reads it as ever.

"1.234,50 EUR" becomes "1234.50 EUR", "dreißig Tage" "thirty days", "1. März 2026" "1 March 2026", "Abschnitt 4.2"
"section 4.2". The rest of the text stays as it is; only `gate.quantities` reads the result.
"""

from __future__ import annotations

import re
from functools import lru_cache

from retrieval.gate.language.base import Language, unaccented

# "1.234.567,5", "1 234,5" and "1'234,5"; a section number or a date is none of them.
_GROUPED = re.compile(
    r"(?<![\d.,])(\d{1,3}(?:(?P<by>[.'\u00a0\u202f\u2009 ])\d{3})(?:(?P=by)\d{3})*)(?:,(\d+))?(?![\d]|[.,]\d)"
)
_OF = re.compile(r"\b(thousand|million|billion|trillion)\s+(?:de|di|d')\s*(?=\w)")  # "millions de dollars"
_FIRST = re.compile(r"(?<!\w)([\w.-]+)\s+first\s+(?=(?:business days|days|weeks|months|years|hours|quarter)\b)")
_DECIMAL = re.compile(r"(?<![\d.,])(\d+),(\d+)(?![\d]|[.,]\d)")


@lru_cache(maxsize=1024)
def in_english(text: str, language: Language) -> str:
    """The text with its numbers, dates, units, currencies and section words in English."""
    plain = unaccented(text)
    plain = language.dates.sub(lambda m: _date(m, language), plain)
    plain = _GROUPED.sub(_ungrouped, plain)
    plain = _DECIMAL.sub(r"\1.\2", plain)
    plain = language.one.sub("one ", plain)
    plain = language.terms.sub(lambda m: language.english[(m.lastindex or 1) - 1], plain)
    plain = _OF.sub(r"\1 ", plain)
    plain = language.numerals.sub(lambda m: language.spelled[" ".join(m.group().casefold().split())], plain)
    return _FIRST.sub(r"first \1 ", plain)


def _date(m: re.Match[str], language: Language) -> str:
    day, month = m[1], m[2] or m[3]
    english = language.months[month.casefold()]
    return f"{day} {english}{' ' if m.group()[-1].isspace() else ''}" if day else english


def _ungrouped(m: re.Match[str]) -> str:
    whole = re.sub(r"\D", "", m[1])
    return f"{whole}.{m[3]}" if m[3] else whole
