"""A number read from the start of a text: what it shows, where it stands in its series, and how far it goes."""

from __future__ import annotations

import pytest

from retrieval.parse.clauses.counting import unroman
from retrieval.parse.clauses.numbers import after, readings


@pytest.mark.parametrize(
    ("text", "series", "own", "rest"),
    [
        ("1. Definitions", "decimal.", "1", " Definitions"),
        ("4 Hotels", "decimal", "4", " Hotels"),
        ("4.2 Hotels", "decimal", "4.2", " Hotels"),
        ("4.2.10. Rates", "decimal", "4.2.10", " Rates"),
        ("4.2) Rates", "decimal", "4.2", " Rates"),
        ("4.2(b) Rates", "decimal", "4.2(b)", " Rates"),
        ("(a) first", "(lowerLetter)", "(a)", " first"),
        ("iv) fourth", "lowerRoman)", "(iv)", " fourth"),
        ("Article IV", "article", "Article IV", ""),
        ("ARTICLE 4. TERM", "article", "ARTICLE 4", " TERM"),
        ("Article L. 110-1 Objet", "article L.110-", "Article L. 110-1", " Objet"),
        ("Artículo 2 bis. Plazo", "artículo", "Artículo 2 bis", " Plazo"),
        ("Article 1er - Objet", "article", "Article 1er", " Objet"),
        ("Article premier", "article", "Article premier", ""),
        ("Art. 5 Haftung", "article", "Art. 5", " Haftung"),
        ("Item 7A. Risk", "item", "Item 7A", " Risk"),
        ("Item 9.01 Exhibits", "item 9.", "Item 9.01", " Exhibits"),
        ("Item 1—Business", "item", "Item 1", "Business"),
        ("PART II", "part", "PART II", ""),
        ("Note 5 – Leases", "note", "Note 5", " Leases"),
        ("Section 4.02 Closing", "decimal", "4.02", " Closing"),
        ("SECTION 906 OF THE ACT", "section", "906", " OF THE ACT"),
        ("§ 12 Haftung", "§", "12", " Haftung"),
        ("Titre Ier Dispositions", "titre", "Titre Ier", " Dispositions"),
        ("Titolo primo", "titolo", "Titolo primo", ""),
        ("Erster Abschnitt Begriffe", "abschnitt last", "Erster Abschnitt", " Begriffe"),
        ("2. Hauptstück: Form", "hauptstück last.", "2. Hauptstück", " Form"),
        ("§ 2a Verzug", "§", "2a", " Verzug"),
        ("§§ 3 bis 5 (weggefallen)", "§", "3 bis 5", " (weggefallen)"),
        ("§§ 7a–9 Form", "§", "7a–9", " Form"),
        ("Artikel 1:2 Reikwijdte", "artikel 1:", "Artikel 1:2", " Reikwijdte"),
        ("§ 2 a Verzug", "§", "2 a", " Verzug"),
        ("Schedule A", "schedule", "Schedule A", ""),
        ("IV. Remedies", "upperRoman.", "IV", " Remedies"),
        ("D.2 Licence", "D1", "D.2", " Licence"),
    ],
)
def test_numbers(text: str, series: str, own: str, rest: str) -> None:
    reading = readings(text)[0]
    assert (reading.own, text[len(reading.text) :]) == (own, rest)
    assert reading.series == series


@pytest.mark.parametrize(
    "text",
    [
        "2023-05-01 is a date",
        "1,250 units",
        "12% of sales",
        "$5 million",
        "part i of it",
        "section 5 of the Act",
        "U.S. law",
        "(see below)",
        "3rd quarter",
    ],
)
def test_what_is_no_number(text: str) -> None:
    assert readings(text) == []


def test_letters_that_may_be_roman_are_read_both_ways() -> None:
    assert [(r.series, r.count) for r in readings("(i) first")] == [("(lowerRoman)", 1), ("(lowerLetter)", 9)]


@pytest.mark.parametrize(
    ("one", "other", "follows"),
    [
        ("§ 2", "§ 3", True),
        ("§ 2", "§ 2a", True),
        ("§ 2a", "§ 2b", True),
        ("§ 2a", "§ 3", True),
        ("§ 2", "§ 4", False),
        ("§ 2a", "§ 2", False),
        ("Artículo 2", "Artículo 2 bis", True),
    ],
)
def test_what_comes_next(one: str, other: str, *, follows: bool) -> None:
    assert after(readings(one)[0].place, readings(other)[0].place) is follows


@pytest.mark.parametrize(
    ("text", "value"), [("iv", 4), ("XL", 40), ("xcix", 99), ("ic", None), ("iiii", None), ("abc", None)]
)
def test_roman(text: str, value: int | None) -> None:
    assert unroman(text) == value
