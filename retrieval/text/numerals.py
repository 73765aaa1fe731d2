"""Names of numbers, scales, units and currencies, and what they are worth. Data, and the reading of "thirty-one"."""

from __future__ import annotations

import re
from decimal import Decimal

from retrieval.text.number_words import ONES, TENS

_SMALL = (
    {name: value for value, name in enumerate(ONES)}
    | {name: value * 10 for value, name in enumerate(TENS) if name}
    | {"dozen": 12}
)
_LARGE = {"hundred": 100, "thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}

NUMERAL_WORDS = "|".join(sorted((*_SMALL, *_LARGE), key=len, reverse=True))

SCALES = {
    "thousand": 1_000, "thousands": 1_000, "k": 1_000, "million": 1_000_000, "millions": 1_000_000, "m": 1_000_000,
    "mn": 1_000_000, "mm": 1_000_000, "mio": 1_000_000, "billion": 1_000_000_000, "billions": 1_000_000_000,
    "bn": 1_000_000_000, "b": 1_000_000_000, "trillion": 1_000_000_000_000, "tn": 1_000_000_000_000,
    "lakh": 100_000, "crore": 10_000_000,
}  # fmt: skip

CURRENCIES = {
    "$": "USD", "US$": "USD", "USD": "USD", "dollar": "USD", "dollars": "USD", "C$": "CAD", "CA$": "CAD",
    "CAD": "CAD", "A$": "AUD", "AU$": "AUD", "AUD": "AUD", "HK$": "HKD", "HKD": "HKD", "S$": "SGD", "SGD": "SGD",
    "NZ$": "NZD", "NZD": "NZD", "€": "EUR", "EUR": "EUR", "euro": "EUR", "euros": "EUR", "£": "GBP", "GBP": "GBP",
    "pounds": "GBP", "pound": "GBP", "¥": "JPY", "JPY": "JPY", "yen": "JPY", "CHF": "CHF", "francs": "CHF",
    "₹": "INR", "INR": "INR", "rupees": "INR", "CNY": "CNY", "RMB": "CNY", "yuan": "CNY", "AED": "AED",
    "dirhams": "AED", "SEK": "SEK", "NOK": "NOK", "DKK": "DKK", "PLN": "PLN", "BRL": "BRL", "R$": "BRL", "ZAR": "ZAR",
}  # fmt: skip

_ONE = Decimal(1)
_TIME = {
    "second": ("second", _ONE), "minute": ("minute", _ONE), "hour": ("hour", _ONE), "day": ("day", _ONE),
    "calendar day": ("day", _ONE), "consecutive day": ("day", _ONE), "business day": ("business day", _ONE),
    "working day": ("business day", _ONE), "trading day": ("trading day", _ONE), "night": ("night", _ONE),
    "week": ("day", Decimal(7)), "month": ("month", _ONE), "calendar month": ("month", _ONE),
    "quarter": ("quarter", _ONE), "year": ("month", Decimal(12)), "calendar year": ("month", Decimal(12)),
    "full year": ("month", Decimal(12)), "full day": ("day", _ONE),
}  # fmt: skip
UNITS: dict[str, tuple[str, Decimal]] = {
    **_TIME,
    **{f"{name}s": unit for name, unit in _TIME.items()},
    "%": ("%", _ONE), "percent": ("%", _ONE), "per cent": ("%", _ONE), "percentage points": ("%", _ONE),
    "percentage point": ("%", _ONE), "pp": ("%", _ONE), "basis points": ("%", Decimal("0.01")),
    "basis point": ("%", Decimal("0.01")), "bps": ("%", Decimal("0.01")), "bp": ("%", Decimal("0.01")),
    "‰": ("‰", _ONE), "times": ("times", _ONE), "km": ("km", _ONE), "kilometres": ("km", _ONE),
    "kilometers": ("km", _ONE), "miles": ("mile", _ONE), "mile": ("mile", _ONE), "kg": ("kg", _ONE),
}  # fmt: skip
"""Unit as written -> its name and how many of that name it is worth ("years" are 12 months)."""


def spelled(phrase: str) -> int | None:
    """The value of "thirty", "twenty-five", "two hundred and fifty thousand"; None when it is none."""
    total = current = 0
    seen = False
    for word in re.split(r"[\s-]+", phrase.casefold().strip()):
        if word == "and":
            continue
        if word in _SMALL:
            current += _SMALL[word]
        elif word == "hundred":
            current = max(current, 1) * 100
        elif word in _LARGE:
            total += max(current, 1) * _LARGE[word]
            current = 0
        else:
            return None
        seen = True
    return total + current if seen else None
