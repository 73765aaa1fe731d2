from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.question.spelling import halves, slips, spelled_out, typed


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("What is the expences limit?", ["What", "expences", "limit"]),
        ("may Acmee pay us", []),
        ("Expences for a taxi", ["Expences", "taxi"]),
        ("Yes. Expences too", ["Expences"]),
        ("what does Petersen GmbH charge", ["what", "does", "charge"]),
        ("form AB-1234, policy_v2 and SOX404 apply", ["form", "apply"]),
        ("write to anna.meyer@example.com or www.example.com now please", ["write", "please"]),
        ("how much do iPhones cost", ["much", "cost"]),
        ("WHAT IS THE EXPENCES LIMIT", ["WHAT", "EXPENCES", "LIMIT"]),
        ("Wie hoch ist die Hotelkostn Grenze", ["hoch", "Hotelkostn", "Grenze"]),
        ("出張費はいくらですか", []),
        ("was kostet ein hotel für 180€", ["kostet", "hotel"]),
        ("1234 56.7 § 4", []),
    ],
)
def test_a_word_that_may_be_mistyped_is_letters_alone_and_no_name(question: str, words: list[str]) -> None:
    found = typed(question)
    assert [w.word for w in found if w.word in words] == words
    assert not {"Petersen", "GmbH", "Acmee", "iPhones", "AB", "policy", "anna", "example"} & {w.word for w in found}
    assert all(question[w.start : w.end] == w.word for w in found)


REAL = {"shed", "well", "wed", "its", "were", "ill"}


@pytest.mark.parametrize(
    ("question", "read"),
    [
        ("dont i get it", "do not i get it"),
        ("Doesnt it carry over", "Does not it carry over"),
        ("cant i", "can not i"),
        ("I can’t, I won't", "I can not, I will not"),
        ("theyre late and weve paid", "they're late and we've paid"),
        ("the shed, well, were ill", "the shed, well, were ill"),
        ("the company's needs, lets say", "the company's needs, lets say"),
        ("dont.txt", "do not.txt"),
        ("what is it", "what is it"),
    ],
)
def test_apostrophes_that_were_left_out_are_put_back(question: str, read: str) -> None:
    assert spelled_out(question, REAL.__contains__) == read


@given(st.text("abcdefgh", min_size=5, max_size=9), st.integers(0, 3), st.data())
def test_every_single_slip_is_among_the_readings_of_its_result(word: str, kind: int, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(word) - 2))
    letter = data.draw(st.sampled_from("aexz"))
    made = (
        word[:at] + letter + word[at:],
        word[:at] + word[at + 1 :],
        word[:at] + letter + word[at + 1 :],
        word[:at] + word[at + 1] + word[at] + word[at + 2 :],
    )[kind]
    likely, other = slips(made)
    assert made == word or word in (likely if kind in (1, 3) else [*likely, *other])


def test_other_alphabets_have_slips_of_their_own() -> None:
    assert "договор" in slips("дагавор"[:3] + "овор")[1]
    assert "kostenerstattung" in slips("kostenerstatung")[0]


def test_a_compound_may_have_a_letter_of_its_own_between_its_parts() -> None:
    assert ("per", "diem") in halves("perdiem")
    assert ("arbeit", "zimmer") in halves("arbeitszimmer")
    assert ("reisekosten", "erstattung") in halves("reisekostenerstattung")
