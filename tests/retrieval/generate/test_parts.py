"""An answer in the organisation's form, over the real client and a model server that checks the schema it gets."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from retrieval.answer_form import AnswerForm, read_form, structured
from retrieval.generate.fallback import FORMLESS, MODEL_DOWN, MODEL_FAILED, CheckedGenerator
from retrieval.generate.openai_generator import Limits, OpenAIGenerator
from retrieval.generate.prompt import HouseStyle, prompt
from retrieval.types import Draft, Question, Verified
from tests.retrieval.fakes import WordSelector
from tests.retrieval.gate.build import passage
from tests.servers.model import Answer, ModelServer, fails, parts, prompted, says

QUESTION = Question("How much may a hotel cost a night?", datetime(2026, 4, 1, tzinfo=UTC))
RULE = "Hotels cost at most 180 EUR a night."
EXTRA = "Breakfast is included in that amount."
PASSAGES = [passage(f"{RULE} {EXTRA} Dearer hotels are not permitted.", id="c1")]
DEARER = "Dearer hotels are not permitted."
FORM = read_form(
    json.dumps(
        {
            "type": "object",
            "properties": {
                "summary": {"type": "string", "description": "One sentence for the traveller."},
                "notes": {"type": "array", "items": {"type": "string"}},
                "ruling": {"enum": ["permitted", "not permitted"]},
            },
            "required": ["summary"],
        }
    )
)
GOOD = [(RULE, [("P1", RULE)])]
WRONG = [("Hotels cost at most 280 EUR a night.", [("P1", RULE)])]
NOTES = [(EXTRA, [("P1", EXTRA)])]
RULING = ("not permitted", [(DEARER, [("P1", DEARER)])])


async def answer(*script: Answer, form: AnswerForm = FORM) -> tuple[Verified, Draft, ModelServer]:
    async with ModelServer(*script) as server:
        limits = Limits(timeout=60, attempts=1, pause=0.001)
        model = OpenAIGenerator("tiny", api_key=None, base_url=server.url, limits=limits, style=HouseStyle(form=form))
        try:
            verified, draft = await CheckedGenerator(WordSelector(), model, form).answer(QUESTION, PASSAGES)
        finally:
            await model.close()
    return verified, draft, server


async def test_each_part_comes_back_with_its_verified_text() -> None:
    verified, draft, server = await answer(parts(summary=GOOD, notes=NOTES, ruling=RULING))
    assert verified.answer is not None
    assert structured(verified.answer) == {"summary": RULE, "notes": [EXTRA], "ruling": "not permitted"}
    assert draft.use.fallback == ""
    body = server.requests[0]
    assert list(body["response_format"]["json_schema"]["schema"]["properties"]) == ["summary", "notes", "ruling"]
    assert "One sentence for the traveller." in prompted(body)
    assert "claims in each part" in prompted(body)


async def test_a_part_that_fell_is_repaired_in_its_place() -> None:
    verified, _, server = await answer(parts(summary=WRONG, notes=NOTES), parts(summary=GOOD))
    assert verified.answer is not None
    assert structured(verified.answer) == {"summary": RULE, "notes": [EXTRA]}
    assert verified.answer.text.startswith(f"Summary: {RULE}")
    assert 'summary "Hotels cost at most 280 EUR a night.": ' in prompted(server.requests[1])
    assert len(server.requests) == 2


async def test_a_value_that_no_claim_carries_is_repaired() -> None:
    lie = ("permitted", [(DEARER, [("P1", DEARER)])])
    verified, _, server = await answer(parts(summary=GOOD, ruling=lie), parts(ruling=RULING))
    assert verified.answer is not None
    assert structured(verified.answer) == {"summary": RULE, "ruling": "not permitted"}
    assert "do not say “permitted”" in prompted(server.requests[1])


async def test_what_is_not_repaired_is_left_out() -> None:
    lie = ("permitted", [(DEARER, [("P1", DEARER)])])
    verified, _, _ = await answer(parts(summary=GOOD, ruling=lie))
    assert verified.answer is not None
    assert structured(verified.answer) == {"summary": RULE}
    assert "permitted" not in verified.answer.text


@pytest.mark.parametrize(
    ("script", "why"),
    [
        pytest.param([parts(summary=WRONG)], MODEL_FAILED, id="nothing passes"),
        pytest.param([fails(401)], MODEL_DOWN, id="the model is down"),
        pytest.param([says('{"claims": []}')], MODEL_DOWN, id="an answer without the form"),
    ],
)
async def test_the_documents_own_words_fill_no_part_and_say_so(script: Sequence[Answer], why: str) -> None:
    verified, draft, _ = await answer(*script)
    assert verified.answer is not None
    assert verified.answer.text == f"{RULE} [1]"
    assert (verified.answer.parts, structured(verified.answer)) == ((), None)
    assert draft.use.fallback == f"{why} {FORMLESS}"


async def test_without_a_model_the_answer_has_no_parts_and_says_so() -> None:
    verified, draft = await CheckedGenerator(WordSelector(), form=FORM).answer(QUESTION, PASSAGES)
    assert verified.answer is not None and verified.answer.parts == ()
    assert draft.use.fallback == FORMLESS


async def test_a_model_that_fills_nothing_is_believed() -> None:
    verified, draft, server = await answer(parts())
    assert verified.answer is None
    assert (draft.use.fallback, len(server.requests)) == ("", 1)


async def test_an_endpoint_without_schemas_reads_the_form_in_the_prompt() -> None:
    refused = fails(400, "response_format json_schema is not supported")
    loose = says(json.dumps({"summary": [{"text": RULE, "quotes": [{"passage": "P1", "quote": RULE}]}]}))
    verified, draft, server = await answer(refused, loose)
    assert verified.answer is not None
    assert structured(verified.answer) == {"summary": RULE}
    assert server.requests[1]["response_format"] == {"type": "json_object"}
    assert draft.use.parameters["response_format"] == "json_object"


def test_the_template_names_the_form() -> None:
    other = read_form(json.dumps({"type": "object", "properties": {"summary": {"type": "string"}}}))
    hashes = [prompt(QUESTION, PASSAGES, HouseStyle(form=f)).template_sha256 for f in (None, FORM, other, FORM)]
    assert len(set(hashes)) == 3
    assert hashes[1] == hashes[3]
