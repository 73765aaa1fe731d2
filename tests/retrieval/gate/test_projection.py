"""The letters-and-digits projection: every found slice says what the quote says, at the offsets it claims."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.gate.projection import find, negations, project, signs
from retrieval.text.sentences import pieces

TEXT = st.text(alphabet=st.sampled_from("abcdeNOTno 0123456789.,%€$()-–\n“”éöﬁßİ²½\u0301\u00ad\u00a0日本"), max_size=60)


@given(TEXT)
def test_every_key_character_maps_into_the_text(text: str) -> None:
    projection = project(text)
    for at in range(len(projection.key)):
        start, end = projection.span(at, at + 1)
        assert 0 <= start < end <= len(text)
        assert projection.key[at] in project(text[start:end]).key


@given(TEXT, TEXT)
def test_spans_run_in_order_and_their_slices_project_to_the_key(left: str, right: str) -> None:
    projection = project(left + right)
    if projection.key:
        start, end = projection.span(0, len(projection.key))
        assert project((left + right)[start:end]).key == projection.key


@given(TEXT, TEXT)
def test_what_is_found_is_a_slice_with_the_same_digits_signs_and_negations(quote: str, text: str) -> None:
    place = find(quote, text)
    if place is not None:
        piece = text[slice(*place)]
        assert 0 <= place[0] < place[1] <= len(text)
        assert project(quote).key in project(piece).key
        assert signs(quote) == signs(piece)
        assert negations(quote) == negations(piece)


@given(TEXT, st.text(alphabet="abc de.", min_size=3, max_size=30).filter(lambda t: project(t).key != ""), TEXT)
def test_whole_words_of_a_text_are_found_in_it(before: str, quote: str, after: str) -> None:
    text = f"{before} | {quote} | {after}"
    place = find(quote, text)
    assert place is not None
    assert project(quote).key in project(text[slice(*place)]).key


@given(st.text(alphabet="abcdefgé ﬁ", min_size=1, max_size=40))
def test_normal_forms_find_each_other(text: str) -> None:
    key = project(text).key
    assert project(unicodedata.normalize("NFC", text)).key == key
    assert project(unicodedata.normalize("NFD", text)).key == key
    assert project(unicodedata.normalize("NFKC", text)).key == key


@pytest.mark.parametrize(
    ("quote", "text", "slice_"),
    [
        ("nder", "The tender closes.", "tender"),
        ("1,000", "It is 1,000 EUR.", "1,000"),
        ("5%", "It is (5)%.", None),
        ("000 EUR", "It is 1,000 EUR.", None),
        ("4.2", "It is 14.2 now.", None),
        ("a fee (of 5", "There is a fee (of 5) today.", "a fee (of 5)"),
        ("able to pay", "He is unable to pay.", None),
        ("not able", "A notable case.", None),
        ("notable", "He is not able.", None),
        ("第二条", "第一条 第二条", "第二条"),
        ("第三条", "第一条 第二条", None),
        ("see [1", "Do see [1] for more.", "see [1]"),
    ],
)
def test_edges(quote: str, text: str, slice_: str | None) -> None:
    place = find(quote, text)
    assert (None if place is None else text[slice(*place)]) == slice_


@given(TEXT)
def test_pieces_are_ordered_and_trimmed(text: str) -> None:
    last = 0
    for piece in pieces(text):
        assert last <= piece.start <= piece.body <= piece.end <= len(text)
        assert text[piece.start : piece.end].strip() == text[piece.start : piece.end] != ""
        last = piece.end
