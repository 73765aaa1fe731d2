"""Forms of a word meet under one stem; words that mean something else do not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.text.words import content_of, stem, words


@pytest.mark.parametrize(
    "forms",
    [
        "disclose discloses disclosed disclosing disclosure disclosures",
        "terminate terminates terminated terminating termination",
        "reimburse reimburses reimbursed reimbursing reimbursement",
        "agree agrees agreed agreeing agreement agreements",
        "party parties",
        "permit permits permitted permitting",
        "notify notifies notified",
        "exceed exceeds exceeded exceeding",
        "retain retains retained retaining retention",
        "pay pays paid paying",
        "use uses used using",
        "authorise authorised authorising authorisation authorize authorized authorizing authorization",
        "recognise recognised recognize recognized",
    ],
)
def test_forms_of_a_word_meet(forms: str) -> None:
    assert len({stem(w) for w in forms.split()}) == 1, {w: stem(w) for w in forms.split()}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("lessor", "lessee"),
        ("employer", "employee"),
        ("licensor", "licensee"),
        ("party", "part"),
        ("invoice", "voice"),
        ("appeal", "app"),
    ],
)
def test_other_words_do_not(one: str, other: str) -> None:
    assert stem(one) != stem(other)


def test_words_join_broken_lines_and_drop_what_cannot_be_seen() -> None:
    assert words("Reim-\nbursement of the Sup\u00adplier’s o\ufb03ce") == (
        "reimbursement",
        "of",
        "the",
        "supplier's",
        "office",
    )


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
    assert words(text) == words(plain)


@given(st.text(alphabet="ab'’ -“”–éß1.", max_size=40))
def test_words_are_the_same_with_and_without_letters_beyond_ascii_around(text: str) -> None:
    assert words(f"{text} | é")[:-1] == words(text)


def test_content_leaves_out_grammar_and_numbers() -> None:
    assert content_of("The hotel must not cost 180 EUR") == (stem("hotel"), stem("cost"), stem("eur"))


@given(st.text(max_size=40))
def test_a_stem_is_never_empty(text: str) -> None:
    assert all(stem(w) for w in words(text) if w.replace("'", ""))
