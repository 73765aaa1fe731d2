"""Forms of a word meet under one stem; words that mean something else do not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.gate.words import content_of, stem, words


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
    ],
)
def test_forms_of_a_word_meet(forms: str) -> None:
    assert len({stem(w) for w in forms.split()}) == 1, {w: stem(w) for w in forms.split()}


@pytest.mark.parametrize(
    ("one", "other"),
    [("lessor", "lessee"), ("employer", "employee"), ("licensor", "licensee"), ("party", "part"), ("invoice", "voice")],
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


def test_content_leaves_out_grammar_and_numbers() -> None:
    assert content_of("The hotel must not cost 180 EUR") == (stem("hotel"), stem("cost"), stem("eur"))


@given(st.text(max_size=40))
def test_a_stem_is_never_empty(text: str) -> None:
    assert all(stem(w) for w in words(text) if w.replace("'", ""))
