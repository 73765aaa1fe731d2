"""What cannot be seen is shown, what a script needs is left alone, and digits that are none are found."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.text.shown import hidden, shown, shown_line

PLAIN = [
    "Hotels cost at most 180 EUR a night.",
    "two\nlines\tand a column",
    "Verträge, naïve café, №5, 10\u202f000 €, 5\u00a0%",
    "e\u0301 decomposed",
    "§ 4.2 “quoted” — and… ² ½",
    "می\u200cخواهم",  # a joiner that Persian needs
    "क्\u200dष",
    "\u200fשלום (100) עולם\u200f",
    "👩\u200d⚖️ ❤️ 1️⃣",
    "Donau\u00addampf\u00adschiff",
    "Договор № 15 от 2026 г.",
    "数量は100個です",
    "٣٠٠ يوم",
    "⠓⠕⠞⠑⠇⠀⠼⠁⠓⠚",
]


@pytest.mark.parametrize("text", PLAIN)
def test_what_people_write_stays_as_it_is(text: str) -> None:
    assert (hidden(text), shown(text)) == ("", text)


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("\x1b[2Jgone", "‹U+001B›[2Jgone"),
        ("a\x00b\x07c\x7f\x9b", "a‹U+0000›b‹U+0007›c‹U+007F›‹U+009B›"),
        ("over\rwritten", "over‹U+000D›written"),
        ("invoice\u202egpj.exe", "invoice‹U+202E›gpj.exe"),
        ("\u2066isolated\u2069", "‹U+2066›isolated‹U+2069›"),
        ("10\u200b0 EUR", "10‹U+200B›0 EUR"),
        ("10\u00ad0 EUR", "10‹U+00AD›0 EUR"),
        ("le\u200cgal", "le‹U+200C›gal"),
        ("\ufefftext", "‹U+FEFF›text"),
        ("a\u2028b", "a‹U+2028›b"),
        ("tag\U000e0041", "tag‹U+E0041›"),
        ("fill\u3164er", "fill‹U+3164›er"),
        ("a\ufe0fb", "a‹U+FE0F›b"),
        ("(1\u200f00)", "(1‹U+200F›00)"),
        ("half \ud83d a pair", "half ‹U+D83D› a pair"),
        ("\ufdd0", "‹U+FDD0›"),
        ("18\u28000 EUR", "18‹U+2800›0 EUR"),
        ("18\u2800\u28000 EUR", "18‹U+2800›‹U+2800›0 EUR"),
        ("1\U0001d1590 EUR", "1‹U+1D159›0 EUR"),
        ("1ОО EUR", "1ОО‹U+041E› EUR"),
        ("１00 EUR", "１00‹U+FF11› EUR"),
    ],
)
def test_what_cannot_be_seen_or_is_no_digit_is_marked(text: str, marked: str) -> None:
    assert shown(text) == marked
    assert shown(marked) == marked


def test_a_line_stays_one() -> None:
    assert shown_line("a\nERROR: b\tc") == "a‹U+000A›ERROR: b‹U+0009›c"


def test_every_character_of_these_properties_is_found() -> None:
    """Between two words nothing excuses any of them."""
    for code in range(0x110000):
        character = chr(code)
        category = unicodedata.category(character)
        bidi = unicodedata.bidirectional(character) in {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
        if (category in ("Cc", "Cf", "Cs", "Zl", "Zp") or bidi) and character not in "\n\t\u00ad":
            assert hidden(f"at {character} most") == character, hex(code)


@given(st.text())
def test_what_is_shown_can_be_printed_and_shown_again(text: str) -> None:
    once = shown(text)
    assert hidden(once) == ""
    assert shown(once) == once
    once.encode()
