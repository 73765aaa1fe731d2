"""A number read from the start of a text: what it shows and how far it goes."""

from __future__ import annotations

import pytest

from retrieval.parse.clauses.pdf_numbers import number_of, roman


@pytest.mark.parametrize(
    ("text", "kind", "shown", "rest"),
    [
        ("1. Definitions", "decimal", "1", " Definitions"),
        ("4.2 Hotels", "decimal", "4.2", " Hotels"),
        ("4.2.10. Rates", "decimal", "4.2.10", " Rates"),
        ("4.2(b) Rates", "decimal", "4.2(b)", " Rates"),
        ("(a) first", "bracket", "(a)", " first"),
        ("iv) fourth", "bracket", "(iv)", " fourth"),
        ("Article IV", "article", "Article IV", ""),
        ("ARTICLE 4. TERM", "article", "ARTICLE 4", " TERM"),
        ("Item 7A. Risk", "item", "Item 7A", " Risk"),
        ("Item 1—Business", "item", "Item 1", "Business"),
        ("PART II", "part", "PART II", ""),
        ("Note 5 – Leases", "note", "Note 5", " Leases"),
        ("Section 4.02 Closing", "section", "4.02", " Closing"),
        ("§ 12 Haftung", "section", "12", " Haftung"),
        ("Schedule A", "schedule", "Schedule A", ""),
        ("IV. Remedies", "dotted", "IV", " Remedies"),
    ],
)
def test_numbers(text: str, kind: str, shown: str, rest: str) -> None:
    number = number_of(text)
    assert number is not None
    assert (number.kind, number.shown, text[number.length :]) == (kind, shown, rest)


@pytest.mark.parametrize(
    "text",
    [
        "2023-05-01 is a date",
        "1,250 units",
        "12% of sales",
        "$5 million",
        "NOTES to the accounts",
        "part i of it",
        "U.S. law",
        "(see below)",
        "3rd quarter",
    ],
)
def test_what_is_no_number(text: str) -> None:
    assert number_of(text) is None


@pytest.mark.parametrize(
    ("text", "value"), [("iv", 4), ("XL", 40), ("xcix", 99), ("ic", None), ("iiii", None), ("abc", None)]
)
def test_roman(text: str, value: int | None) -> None:
    assert roman(text) == value
