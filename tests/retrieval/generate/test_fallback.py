"""Draft, verify, repair once, fall back, over the real client and a local model server."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime

from retrieval.generate.fallback import MODEL_DOWN, MODEL_FAILED, CheckedGenerator
from retrieval.generate.openai_generator import Limits, OpenAIGenerator
from retrieval.types import Draft, Question, Verdict, VerdictClass, Verified, Wording
from tests.retrieval.fakes import WordSelector
from tests.retrieval.gate.build import passage
from tests.servers.model import Answer, ModelServer, claims, fails, prompted, says, stated

QUESTION = Question("How much may a hotel cost a night?", datetime(2026, 4, 1, tzinfo=UTC))
PASSAGES = [passage("Hotels cost at most 180 EUR a night. Breakfast is included in that amount.", id="c1")]
QUOTE = "Hotels cost at most 180 EUR a night."
GOOD = ("A hotel costs at most 180 EUR a night.", [("P1", QUOTE)])
WRONG = ("A hotel costs at most 280 EUR a night.", [("P1", QUOTE)])
OTHER = ("Breakfast is included.", [("P1", "Breakfast is included in that amount.")])


async def answer(*script: Answer) -> tuple[Verified, Draft, ModelServer]:
    async with ModelServer(*script) as server:
        limits = Limits(timeout=60, attempts=1, pause=0.001)
        model = OpenAIGenerator("tiny", api_key=None, base_url=server.url, limits=limits)
        checked = CheckedGenerator(WordSelector(), model)
        verified, draft = await checked.answer(QUESTION, PASSAGES)
        await model.close()
    return verified, draft, server


def classes(verdicts: Sequence[Verdict]) -> list[str]:
    return [v.verdict.value for v in verdicts]


async def test_without_a_model_the_answer_is_verbatim_and_no_fallback() -> None:
    verified, draft = await CheckedGenerator(WordSelector()).answer(QUESTION, PASSAGES)
    assert verified.answer is not None
    assert verified.answer.text == f"{QUOTE} [1]"
    assert (draft.use.generator, draft.use.fallback) == ("extractive", "")


async def test_a_good_answer_takes_one_call() -> None:
    verified, draft, server = await answer(claims(GOOD))
    assert verified.answer is not None
    assert verified.answer.text == "A hotel costs at most 180 EUR a night. [1]"
    assert draft.use.fallback == ""
    assert len(server.requests) == 1


async def test_a_claim_that_fell_is_repaired_once() -> None:
    verified, draft, server = await answer(claims(OTHER, WRONG), claims(GOOD))
    assert verified.answer is not None
    assert verified.answer.text == "Breakfast is included. [1] A hotel costs at most 180 EUR a night. [2]"
    assert classes(verified.verdicts) == ["wrong number", "supported", "supported"]
    assert len(server.requests) == 2
    assert "“280 EUR” is not in the quotes" in prompted(server.requests[1])
    assert draft.use.parameters["rounds"] == 2
    assert draft.use.tokens_in == 200


async def test_what_stood_stands_when_the_repair_fails() -> None:
    for second in (claims(WRONG), fails(500)):
        verified, draft, server = await answer(claims(OTHER, WRONG), second)
        assert verified.answer is not None
        assert verified.answer.text == "Breakfast is included. [1]"
        assert draft.use.fallback == ""
        assert len(server.requests) == 2


async def test_the_documents_own_words_stand_in_when_nothing_passes() -> None:
    verified, draft, server = await answer(claims(WRONG))
    assert verified.answer is not None
    assert verified.answer.text == f"{QUOTE} [1]"
    assert draft.use.fallback == MODEL_FAILED
    assert draft.use.parameters["error"] == "“280 EUR” is not in the quotes"
    assert verified.verdicts[-1].verdict is VerdictClass.WRONG_NUMBER
    assert len(server.requests) == 2


async def test_the_documents_own_words_stand_in_when_the_model_is_down() -> None:
    verified, draft, _ = await answer(fails(401))
    assert verified.answer is not None
    assert (draft.use.generator, draft.use.fallback) == ("extractive", MODEL_DOWN)
    assert "FOOTNOTE_MODEL_API_KEY" in str(draft.use.parameters["error"])


async def test_a_model_that_finds_no_answer_is_believed() -> None:
    verified, draft, server = await answer(claims())
    assert verified.answer is None
    assert draft.use.fallback == ""
    assert len(server.requests) == 1


def translated(text: str, source: str = QUOTE) -> Answer:
    return says(json.dumps({"claims": [stated(text, [("P1", QUOTE)], source)]}))


GERMAN = "Hotels kosten höchstens 180 EUR pro Nacht."
FALSE = "Hotels kosten höchstens 280 EUR pro Nacht."
POLISH = "Hotele kosztują najwyżej 180 EUR za noc."


async def test_an_answer_in_the_language_of_the_asker_is_marked_and_its_quote_is_the_original() -> None:
    verified, draft, server = await answer(translated(GERMAN))
    assert verified.answer is not None
    assert verified.answer.text == f"{GERMAN} [1] (translated)"
    assert verified.answer.citations[0].quote == QUOTE
    assert draft.use.fallback == ""
    assert "faithful translation" in prompted(server.requests[0])


async def test_a_translation_that_fails_is_repaired() -> None:
    verified, _, server = await answer(translated(FALSE), translated(GERMAN))
    assert verified.answer is not None
    assert verified.answer.text == f"{GERMAN} [1] (translated)"
    assert "“280 EUR” is not in the quotes" in prompted(server.requests[1])


async def test_the_original_stands_where_the_translation_fails_again() -> None:
    for second in (translated(FALSE), fails(500)):
        verified, draft, _ = await answer(translated(FALSE), second)
        assert verified.answer is not None
        assert verified.answer.text == f"{QUOTE} [1]"
        assert [s.wording for s in verified.answer.statements] == [Wording.ORIGINAL]
        assert draft.use.fallback == ""


async def test_the_original_stands_in_a_language_that_is_not_checked() -> None:
    verified, _, server = await answer(translated(POLISH))
    assert verified.answer is not None
    assert [(s.text, s.wording) for s in verified.answer.statements] == [(QUOTE, Wording.ORIGINAL)]
    assert len(server.requests) == 1


async def test_what_is_translated_is_held_to_the_quotes() -> None:
    lie = translated(FALSE, "Hotels cost at most 280 EUR a night.")
    verified, draft, _ = await answer(lie)
    assert verified.answer is not None
    assert verified.answer.text == f"{QUOTE} [1]"
    assert draft.use.fallback == MODEL_FAILED
