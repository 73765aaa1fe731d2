"""Texts made plain, one character for one where offsets must stay."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.text.words import straight, visible


@pytest.mark.parametrize(
    "text",
    [
        "The “Buyer’s” duty – 5% — isn't ‘new’",
        "Don't; can’t… won't",
        "A\u00a0b • c",
        "plain words only, no marks",
        "'x' y's",
    ],
)
def test_typographic_marks_read_as_plain_ones(text: str) -> None:
    plain = text.translate(str.maketrans("’‘“”–—•\u00a0…", "''\"\"--* ."))
    assert straight(text) == plain


@given(st.text(max_size=40))
def test_each_character_stays_in_its_place(text: str) -> None:
    assert len(straight(text)) == len(text)


def test_what_cannot_be_seen_is_dropped() -> None:
    assert visible("the Sup\u00adplier’s o\u200bffice\ufeff") == "the Supplier’s office"
