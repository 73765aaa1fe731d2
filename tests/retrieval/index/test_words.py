from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.text.stems import asked, pairs, stems, title_stems


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
        ("re\u0301sume\u0301 résumé RÉSUMÉ", ["resum", "resum", "resum"]),
        ("Øre Łódź Straße İstanbul þing œuvre ĳ", ["ore", "lodz", "strass", "istanbul", "thing", "oeuvr", "ij"]),
        ("м² ﬁnance ２０２６ № ½", ["м2", "financ", "2026", "½"]),
        ("Ёлка йод Ελλάδα", ["ёлка", "йод", "ελλάδα"]),
        ("हिन्दी कानून", ["हिन्दी", "कानून"]),
        ("snake_case a-b", ["snake", "case", "a", "b"]),
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


def test_pairs_skip_stop_words() -> None:
    assert pairs(stems("The rights of the Receiving Party")) == ["right_receiv", "receiv_parti"]
    assert pairs(stems("hotel")) == []


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Travel policy", {"travel", "polici"}),
        ("NDA-SeaTrust_v2", {"nda", "seatrust", "v2", "sea", "trust"}),
        ("ACMECorp", {"acmecorp", "acm", "corp"}),
        ("IPv6", {"ipv6"}),
    ],
)
def test_a_title_is_found_whole_and_by_its_parts(title: str, expected: set[str]) -> None:
    assert expected <= set(title_stems(title))
