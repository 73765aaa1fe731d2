from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.index.words import asked, stems


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The hotels' costs", ["the", "hotel", "cost"]),
        ("Section 4.2(b)", ["section", "4", "2", "b"]),
        ("naïve Übernachtung", ["naiv", "ubernachtung"]),
        ("出張費 x", ["出", "張", "費", "x"]),
        ("", []),
        ("\ud800 broken", ["broken"]),
        ("a" * 200 + " b", ["b"]),
        ("terminated termination terminates", ["termin", "termin", "termin"]),
    ],
)
def test_stems(text: str, expected: list[str]) -> None:
    assert stems(text) == expected


@given(st.text())
def test_any_text_has_stems_that_are_single_words(text: str) -> None:
    for stem in stems(text):
        assert stem.split() == [stem]


def test_a_question_is_asked_by_its_content() -> None:
    assert asked("What is the limit for hotels, and what for a hotel in Paris?") == ["limit", "hotel", "pari"]
    assert asked("what is it") == ["what", "is", "it"]
    assert asked("must not") == ["not"]
    assert asked("?!") == []
