"""What `verify` makes of a draft as a whole: canonical offsets, numbering, labels from the index alone."""

from __future__ import annotations

import pytest

from retrieval.types import Claim, Draft, ModelUse, Place, Quote, VerdictClass
from retrieval.verify import verify
from tests.retrieval.gate.build import passage

USE = ModelUse("test")
HOTELS = passage("Hotels cost at most 180 EUR a night. Breakfast is included in that amount.")


def draft(*claims: Claim) -> Draft:
    return Draft(claims, USE)


def claim(text: str, *quotes: str, id: str = "p1") -> Claim:
    return Claim(text, tuple(Quote(id, q) for q in quotes))


def test_the_printed_quote_is_the_source_slice_at_canonical_offsets() -> None:
    source = passage("Hotels cost\nat most  180 EUR a night.", start=5000)
    verified = verify(
        draft(claim("Hotels cost at most 180 EUR a night.", "hotels cost at most 180 EUR a night")), [source]
    )
    assert verified.answer is not None
    (citation,) = verified.answer.citations
    assert citation.quote == "Hotels cost\nat most  180 EUR a night"
    assert (citation.start, citation.end) == (5000, 5000 + len(citation.quote))
    assert citation.document is source.document
    assert citation.section is source.section
    assert (citation.page, citation.locator) == (7, None)


def test_the_page_is_where_the_quote_stands_not_where_the_passage_starts() -> None:
    text = "Hotels cost at most 180 EUR a night. Breakfast is included in that amount."
    cut = text.index("Breakfast")
    source = passage(text, start=100)
    places = (Place(100, 100 + cut, page=7), Place(100 + cut, 100 + len(text), page=8))
    moved = type(source)(
        source.id, source.document, source.section, source.chunk_id, source.start, source.end, text, places, 1
    )
    verified = verify(draft(claim("Breakfast is included.", "Breakfast is included")), [moved])
    assert verified.answer is not None
    assert verified.answer.citations[0].page == 8


def test_a_claim_that_fails_falls_and_the_others_stand() -> None:
    good = claim("Breakfast is included in that amount.", "Breakfast is included in that amount.")
    bad = claim("Lunch is included.", "Lunch is included in that amount.")
    verified = verify(draft(bad, good), [HOTELS])
    assert verified.answer is not None
    assert verified.answer.text == "Breakfast is included in that amount. [1]"
    assert [v.verdict for v in verified.verdicts] == [VerdictClass.FABRICATED, VerdictClass.SUPPORTED]
    assert [v.claim for v in verified.verdicts] == [bad, good]


def test_no_claim_left_is_no_answer() -> None:
    verified = verify(draft(claim("Lunch is included.", "Lunch is included.")), [HOTELS])
    assert verified.answer is None
    assert verify(draft(), [HOTELS]).answer is None
    assert verify(draft(), []).verdicts == ()


def test_a_place_cited_twice_has_one_number() -> None:
    quote = "Breakfast is included in that amount."
    verified = verify(
        draft(claim("Breakfast is included.", quote), claim("The amount has breakfast included.", quote)), [HOTELS]
    )
    assert verified.answer is not None
    assert [s.citations for s in verified.answer.statements] == [(1,), (1,)]
    assert len(verified.answer.citations) == 1


def test_markers_of_the_generators_own_are_not_printed() -> None:
    verified = verify(draft(claim("Breakfast is  included [7].", "Breakfast is included")), [HOTELS])
    assert verified.answer is not None
    assert verified.answer.text == "Breakfast is included. [1]"


def test_a_claim_without_words_or_quotes_falls() -> None:
    verified = verify(draft(claim("", "Breakfast is included"), claim("Breakfast is included.")), [HOTELS])
    assert [v.verdict for v in verified.verdicts] == [VerdictClass.UNSUPPORTED] * 2


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("Hotels cost at most 180\u200b0 EUR a night.", "‹U+200B›"),
        ("Hotels cost at most \u202e081 EUR\u202c a night.", "‹U+202E›"),
        ("Hotels cost at most 180 EUR\x1b[8m not\x1b[0m a night.", "‹U+001B›"),
        ("Hotels cost at most 180 EUR a night.\ud800", "‹U+D800›"),
        ("Hotels cost at most 18O EUR a night.", "18O"),
        ("Hotels cost at most 18О EUR a night.", "18О‹U+041E›"),
        ("Hotels cost at most １80 EUR a night.", "１80‹U+FF11›"),
        ("Hotels cost at most ١٨٠ EUR a night.", "١٨٠"),
    ],
)
def test_a_claim_of_characters_that_deceive_falls(said: str, reason: str) -> None:
    (verdict,) = verify(draft(claim(said, "Hotels cost at most 180 EUR a night.")), [HOTELS]).verdicts
    assert (verdict.verdict, reason in verdict.reason) == (VerdictClass.UNSUPPORTED, True), verdict.reason


def test_what_the_document_writes_in_such_digits_may_be_said_so() -> None:
    source = passage("Zimmer O2 kostet 180 EUR. مدة ١٨٠ يوم.")
    verified = verify(draft(claim("Zimmer O2 kostet 180 EUR.", "Zimmer O2 kostet 180 EUR.")), [source])
    assert verified.answer is not None
