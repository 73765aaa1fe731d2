"""What `verify` makes of a selection as a whole: canonical offsets, numbering, labels from the index alone."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.gate.worded import check
from retrieval.quoting import statement
from retrieval.selection import Chosen, ModelUse, Selection
from retrieval.types import Passage, Place, Verified
from retrieval.verdicts import VerdictClass
from retrieval.verify import verify
from tests.retrieval.gate.build import passage

USE = ModelUse("test")
TEXT = "Hotels cost at most 180 EUR a night. Breakfast is included in that amount."
HOTELS = passage(TEXT)
RULE, MEAL = (unit.id for unit in HOTELS.units)


def chosen(*units: Chosen | str, sure: bool = True) -> Selection:
    return Selection(tuple(Chosen(u) if isinstance(u, str) else u for u in units), sure, USE)


def worded(unit: str, text: str, *passages: Passage) -> Verified:
    return verify(chosen(Chosen(unit, text=text)), passages or [HOTELS], compressed=True)


def test_the_printed_quote_is_the_source_slice_at_canonical_offsets() -> None:
    source = passage("Hotels cost\nat most  180 EUR a night.", start=5000)
    verified = verify(chosen(source.units[0].id), [source])
    assert verified.answer is not None
    (citation,) = verified.answer.citations
    assert citation.quote == "Hotels cost\nat most  180 EUR a night."
    assert (citation.start, citation.end) == (5000, 5000 + len(citation.quote))
    assert (citation.document, citation.section) == (source.document, source.section)
    assert (citation.page, citation.locator) == (7, None)
    assert verified.answer.text == "Hotels cost at most 180 EUR a night. [1]"


def test_the_page_is_where_the_quote_stands_not_where_the_passage_starts() -> None:
    cut = TEXT.index("Breakfast")
    source = passage(TEXT, start=100)
    moved = replace(source, places=(Place(100, 100 + cut, page=7), Place(100 + cut, 100 + len(TEXT), page=8)))
    verified = verify(chosen(source.units[1].id), [moved])
    assert verified.answer is not None
    assert verified.answer.citations[0].page == 8


def test_a_unit_that_was_not_retrieved_falls_and_the_others_stand() -> None:
    verified = verify(chosen("elsewhere", MEAL), [HOTELS])
    assert verified.answer is not None
    assert verified.answer.text == "Breakfast is included in that amount. [1]"


def test_nothing_chosen_is_no_answer() -> None:
    for selection in (chosen(), chosen("elsewhere")):
        assert verify(selection, [HOTELS]) == Verified(None, ())


def test_what_is_not_sure_is_only_near() -> None:
    verified = verify(chosen(RULE, sure=False), [HOTELS])
    assert verified.answer is None
    assert verified.nearest is not None
    assert verified.nearest.text == "Hotels cost at most 180 EUR a night. [1]"


def test_a_place_cited_twice_has_one_number() -> None:
    verified = verify(chosen(Chosen(MEAL, text="Breakfast is included."), Chosen(MEAL)), [HOTELS], compressed=True)
    assert verified.answer is not None
    assert [s.citations for s in verified.answer.statements] == [(1,), (1,)]
    assert len(verified.answer.citations) == 1


def test_markers_of_a_models_own_are_not_printed() -> None:
    verified = worded(MEAL, "Breakfast is  included [7].")
    assert verified.answer is not None
    assert verified.answer.text == "Breakfast is included. [1]"


CHARACTERS = st.text(st.characters(codec=None), max_size=60)


@settings(max_examples=300, derandomize=True, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([RULE, MEAL, "x"]), CHARACTERS, CHARACTERS, CHARACTERS), max_size=4))
def test_with_quotes_nothing_is_stated_that_is_not_the_sources(said: list[tuple[str, str, str, str]]) -> None:
    """Whatever a model says: the statements are the units, and each quote is a slice of the document."""
    picked = [Chosen(u, words=words, text=text, translation=other) for u, words, text, other in said]
    verified = verify(chosen(*picked), [HOTELS])
    own = {statement(unit) for unit in HOTELS.units}
    for answer in filter(None, (verified.answer, verified.nearest)):
        assert {s.text for s in answer.statements} <= own
        for c in answer.citations:
            assert c.quote == TEXT[c.start - HOTELS.start : c.end - HOTELS.start]


def test_a_sentence_with_a_character_that_nobody_sees_is_replaced() -> None:
    verified = worded(RULE, "Hotels cost at most 180\u200b EUR a night.")
    assert verified.verdicts[0].verdict is VerdictClass.UNSUPPORTED
    assert "‹U+200B›" in verified.verdicts[0].reason
    assert verified.answer is not None
    assert verified.answer.text == "Hotels cost at most 180 EUR a night. [1]"


@pytest.mark.parametrize("strange", "\u0301\u0336\u2800\ue000\U000f0000\u00ad\u00b4\U0001f4a3")
def test_nothing_stands_that_a_comparison_of_words_passes_over(strange: str) -> None:
    for said in (f"Hotels cost at most 180{strange} EUR a night.", f"Hotels co{strange}st at most 180 EUR a night."):
        verified = worded(RULE, said)
        assert verified.verdicts[0].verdict is not VerdictClass.SUPPORTED
        assert verified.answer is not None
        assert strange not in verified.answer.text


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_accents_of_the_quote_stand(form: Literal["NFC", "NFD"]) -> None:
    text = unicodedata.normalize(form, "Das Café zählt nicht, wenn es für Gäste geöffnet ist.")
    assert check(text, passage(text).units[0]) is None


def test_digits_that_are_none_do_not_stand() -> None:
    for said in ("18O", "18О", "１80", "١٨٠", "180.0", "-180"):
        verified = worded(RULE, f"Hotels cost at most {said} EUR a night")
        assert verified.verdicts[0].verdict is not VerdictClass.SUPPORTED, said
