"""What a text is found by: its words without case and accents."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.search import words


@given(st.text(max_size=40) | st.text("aé\u0301\u0308Åß\u0345ﬁ ²_x\u0e31\u093f", max_size=12))
def test_every_mark_is_dropped_and_nothing_else(text: str) -> None:
    letters = [c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c)]
    assert words(text) == words("".join(letters))
    assert not any(unicodedata.combining(letter) for word in words(text) for letter in word)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Hôtel HOTEL ho\u0302tel", {"hotel"}),
        ("Straße", {"strasse"}),
        ("", set()),
        ("4.2 Hotels", {"4", "2", "hotels"}),
    ],
)
def test_known_words(text: str, found: set[str]) -> None:
    assert words(text) == found
