"""The extractive answer: verbatim, short, in order, and none where the passages do not answer."""

from __future__ import annotations

from datetime import UTC, datetime

from retrieval.generate.extractive import ExtractiveGenerator
from retrieval.types import Passage, Question
from retrieval.verify import verify
from tests.retrieval.gate.build import passage

NOW = datetime(2026, 4, 1, tzinfo=UTC)
HOTELS = passage(
    "4.2 Hotels\nHotels cost at most 180 EUR a night, e.g. in Paris. Breakfast is included in that amount. "
    "See Sec. 4.3 for flights."
)


async def answer(question: str, *passages: Passage) -> str | None:
    drafted = await ExtractiveGenerator().draft(Question(question, NOW), passages)
    verified = verify(drafted, passages)
    assert len(verified.verdicts) == len(drafted.claims)
    return verified.answer.text if verified.answer else None


async def test_the_sentence_that_answers_is_quoted_word_for_word() -> None:
    assert await answer("How much may a hotel cost a night?", HOTELS) == (
        "Hotels cost at most 180 EUR a night, e.g. in Paris. [1]"
    )


async def test_no_claims_where_the_passages_do_not_answer() -> None:
    assert await answer("What is the capital of Australia?", HOTELS) is None
    assert await answer("What is the capital of Australia?") is None
