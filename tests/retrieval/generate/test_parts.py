"""An answer in the organisation's form, over the real client and a model server that checks the schema it gets."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from retrieval.answer_form import AnswerForm, read_form, structured
from retrieval.answering import FORMLESS, MODEL_DOWN, Answering
from retrieval.generate.endpoint import ChatEndpoint, Limits
from retrieval.generate.prompt import HouseStyle, prompt
from retrieval.select.model import ModelSelector
from retrieval.selection import ModelUse
from retrieval.types import Question, Verified
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
FILLED = parts(summary=[1], notes=[2], ruling=("not permitted", [3]))


async def answer(*script: Answer, form: AnswerForm = FORM) -> tuple[Verified, ModelUse, ModelServer]:
    async with ModelServer(*script) as server:
        limits = Limits(timeout=60, attempts=1, pause=0.001)
        chat = ChatEndpoint("tiny", api_key=None, base_url=server.url, limits=limits)
        try:
            model = ModelSelector(chat, HouseStyle(form=form))
            verified, use = await Answering(WordSelector(), model, form).answer(QUESTION, PASSAGES)
        finally:
            await chat.close()
    return verified, use, server


async def test_each_part_comes_back_with_its_verified_text() -> None:
    verified, use, server = await answer(FILLED)
    assert verified.answer is not None
    assert structured(verified.answer) == {"summary": RULE, "notes": [EXTRA], "ruling": "not permitted"}
    assert use.fallback == ""
    body = server.requests[0]
    assert list(body["response_format"]["json_schema"]["schema"]["properties"]) == ["summary", "notes", "ruling"]
    assert "One sentence for the traveller." in prompted(body)
    assert "at most 4 in each part" in prompted(body)


async def test_a_value_that_no_unit_says_is_left_out() -> None:
    verified, _, server = await answer(parts(summary=[1], ruling=("permitted", [3])))
    assert verified.answer is not None
    assert structured(verified.answer) == {"summary": RULE}
    assert "permitted" not in verified.answer.text
    assert [v.reason for v in verified.verdicts] == ["the unit does not say “permitted”"]
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("script", "why"),
    [
        pytest.param([parts(ruling=("permitted", [3]))], "", id="nothing fits"),
        pytest.param([parts(summary=[99])], "", id="no such unit"),
        pytest.param([parts()], "", id="nothing chosen"),
        pytest.param([fails(401)], MODEL_DOWN, id="the model is down"),
        pytest.param([says('{"units": []}')], MODEL_DOWN, id="an answer without the form"),
    ],
)
async def test_the_documents_own_words_fill_no_part_and_say_so(script: Sequence[Answer], why: str) -> None:
    verified, use, _ = await answer(*script)
    assert verified.answer is not None
    assert verified.answer.text == f"{RULE} [1]"
    assert (verified.answer.parts, structured(verified.answer)) == ((), None)
    assert use.fallback == f"{why} {FORMLESS}".strip()


async def test_without_a_model_the_answer_has_no_parts_and_says_so() -> None:
    verified, use = await Answering(WordSelector(), form=FORM).answer(QUESTION, PASSAGES)
    assert verified.answer is not None and verified.answer.parts == ()
    assert use.fallback == FORMLESS


async def test_an_endpoint_without_schemas_reads_the_form_in_the_prompt() -> None:
    refused = fails(400, "response_format json_schema is not supported")
    loose = says(json.dumps({"summary": [1]}))
    verified, use, server = await answer(refused, loose)
    assert verified.answer is not None
    assert structured(verified.answer) == {"summary": RULE}
    assert server.requests[1]["response_format"] == {"type": "json_object"}
    assert use.parameters["response_format"] == "json_object"


def test_the_template_names_the_form() -> None:
    other = read_form(json.dumps({"type": "object", "properties": {"summary": {"type": "string"}}}))
    hashes = [prompt(QUESTION, PASSAGES, HouseStyle(form=f)).template_sha256 for f in (None, FORM, other, FORM)]
    assert len(set(hashes)) == 3
    assert hashes[1] == hashes[3]
