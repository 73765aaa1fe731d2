"""Choose, verify, choose anew: over the real client, a local model server and a selector."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime

import pytest
from aiohttp import web

from retrieval.answering import MODEL_DOWN, MODEL_DOWN_ALONE, Answering
from retrieval.generate.checker import ModelChecker
from retrieval.generate.endpoint import ChatEndpoint, Limits
from retrieval.generate.prompt import HouseStyle
from retrieval.select.model import ModelSelector
from retrieval.selection import ModelUse
from retrieval.types import Question, Verified, Wording
from tests.retrieval.fakes import WordSelector
from tests.retrieval.gate.build import passage
from tests.servers.model import Answer, Body, ModelServer, fails, picks, prompted, says

QUESTION = Question("How much may a hotel cost a night?", datetime(2026, 4, 1, tzinfo=UTC))
RULE = "Hotels in Paris cost at most 180 EUR a night."
MEAL = "Breakfast is included in that amount."
PASSAGES = [passage(f"{RULE} {MEAL}", id="c1")]
QUICK = Limits(timeout=60, attempts=1, pause=0.001)
YES, NO = (says(json.dumps({"reason": f"because {answer}", "answer": answer})) for answer in ("yes", "no"))


async def answer(
    *script: Answer, style: HouseStyle | None = None, second: Answer | None = None, believed: bool = False
) -> tuple[Verified, ModelUse, ModelServer]:
    style = style or HouseStyle()
    async with ModelServer(*script) as server, ModelServer(second or YES) as other:
        chat = ChatEndpoint("tiny", api_key=None, base_url=server.url, limits=QUICK)
        judge = ChatEndpoint("judge", api_key=None, base_url=other.url, limits=QUICK)
        answering = Answering(
            WordSelector(),
            ModelSelector(chat, style),
            style.form,
            compressed=style.compressed,
            checker=ModelChecker(judge) if second is not None else None,
            believed=believed,
        )
        verified, use = await answering.answer(QUESTION, PASSAGES)
        await chat.close()
        await judge.close()
    return verified, use, server


def text(verified: Verified) -> str:
    assert verified.answer is not None
    return verified.answer.text


async def test_without_a_model_the_selector_chooses() -> None:
    verified, use = await Answering(WordSelector()).answer(QUESTION, PASSAGES)
    assert text(verified) == f"{RULE} [1]"
    assert (use.generator, use.fallback) == ("extractive", "")


async def test_a_model_names_units_in_the_order_in_which_they_answer() -> None:
    verified, use, server = await answer(picks(2, 1))
    assert text(verified) == f"{MEAL} [1] {RULE} [2]"
    assert (use.generator, use.model, use.fallback) == ("openai", "tiny", "")
    assert len(server.requests) == 1
    assert f"[1] {RULE}\n[2] {MEAL}" in prompted(server.requests[0])


async def test_words_that_are_the_answer_are_marked_where_they_stand() -> None:
    verified, _, _ = await answer(picks((1, {"words": "180 EUR"}), (2, {"words": "20 EUR"})))
    assert verified.answer is not None
    first, second = verified.answer.statements
    assert [first.text[a:b] for a, b in first.highlights] == ["180 EUR"]
    assert second.highlights == ()


@pytest.mark.parametrize(
    "content",
    ['{"units": [1]}', '{"units": ["1"]}', '{"units": ["[1]"]}', "[1]", '{"units": [{"id": "1"}]}',
     '{"units": [{"id": "unit 1", "words": 7}]}', '{"units": [99, {"words": "x"}, null, {"id": 1}]}'],
)  # fmt: skip
async def test_small_models_may_name_units_as_they_can(content: str) -> None:
    verified, use, _ = await answer(says(content))
    assert text(verified) == f"{RULE} [1]"
    assert use.parameters.get("unknown_units", 0) == (3 if "99" in content else 0)


async def test_what_a_model_chose_too_much_is_counted_in_the_record() -> None:
    _, use, _ = await answer(picks(1, 2), style=HouseStyle(claims=1))
    assert use.parameters.get("units_beyond_the_limit") == 1
    _, use, _ = await answer(picks(1, *[99] * 30))
    assert use.parameters.get("unknown_units") == 30


@pytest.mark.parametrize("script", [picks(), picks(99)], ids=["nothing", "an unknown unit"])
async def test_a_model_that_chooses_nothing_is_not_believed(script: Answer) -> None:
    verified, use, server = await answer(script)
    assert text(verified) == f"{RULE} [1]"
    assert (use.generator, use.fallback, use.parameters["tried"]) == ("extractive", "", "tiny")
    assert use.parameters["error"] == "the model chose nothing"
    assert len(server.requests) == 1


async def test_a_model_that_was_measured_to_be_better_is_believed() -> None:
    verified, use, _ = await answer(picks(), believed=True)
    assert (verified.answer, verified.nearest, use.generator) == (None, None, "openai")


async def test_the_selector_stands_in_when_the_model_is_down_and_the_reply_says_so() -> None:
    verified, use, _ = await answer(fails(401))
    assert text(verified) == f"{RULE} [1]"
    assert (use.generator, use.fallback) == ("extractive", MODEL_DOWN)
    assert "FOOTNOTE_MODEL_API_KEY" in str(use.parameters["error"])


async def test_a_reply_without_an_answer_says_that_the_model_is_down() -> None:
    class Blank(WordSelector):
        pass

    async with ModelServer(fails(401)) as server:
        chat = ChatEndpoint("tiny", api_key=None, base_url=server.url, limits=QUICK)
        asked = Question("Is parking free?", QUESTION.asked_at)
        verified, use = await Answering(Blank(), ModelSelector(chat, HouseStyle())).answer(asked, PASSAGES)
        await chat.close()
    assert verified.answer is None
    assert use.fallback == MODEL_DOWN_ALONE


SHORT = HouseStyle(compressed=True)
SHORTER = "Hotels cost at most 180 EUR a night."
WRONG = "Hotels cost at most 280 EUR a night."


async def test_by_default_a_model_words_nothing() -> None:
    verified, _, _ = await answer(says(json.dumps({"units": [{"id": 1, "words": None, "text": SHORTER}]})))
    assert text(verified) == f"{RULE} [1]"


async def test_a_compression_stands_and_is_marked_as_one() -> None:
    verified, _, _ = await answer(picks((2, {"text": "Breakfast is included."})), style=SHORT)
    assert verified.answer is not None
    (said,) = verified.answer.statements
    assert (said.text, said.wording, said.source_text) == ("Breakfast is included.", Wording.COMPRESSED, MEAL)
    assert verified.answer.citations[0].quote == MEAL


async def test_what_does_not_pass_is_replaced_by_its_quote() -> None:
    verified, _, server = await answer(picks((1, {"text": WRONG}), 2), style=SHORT)
    assert text(verified) == f"{RULE} [1] {MEAL} [2]"
    assert [(v.claim.text, v.verdict.value) for v in verified.verdicts] == [(WRONG, "wrong number")]
    assert len(server.requests) == 1


async def test_a_second_opinion_stands_in_the_record_and_decides() -> None:
    included = picks((2, {"text": "Breakfast is included."}))
    kept, _, _ = await answer(included, style=SHORT, second=YES)
    assert text(kept) == "Breakfast is included. [1]"
    replaced, _, _ = await answer(included, style=SHORT, second=NO)
    assert text(replaced) == f"{MEAL} [1]"
    assert [(o.follows, o.reason, o.quote) for o in (*kept.opinions, *replaced.opinions)] == [
        (True, "because yes", MEAL),
        (False, "because no", MEAL),
    ]
    assert "because no" in replaced.verdicts[0].reason


@pytest.mark.parametrize("second", [fails(500), says("yes"), says('{"answer": 5}')])
async def test_without_an_opinion_that_can_be_read_the_quote_stands(second: Answer) -> None:
    verified, _, _ = await answer(picks((2, {"text": "Breakfast is included."})), style=SHORT, second=second)
    assert text(verified) == f"{MEAL} [1]"


async def test_a_translation_stands_below_and_is_marked_as_unchecked() -> None:
    style = HouseStyle(translate=True, language="German")
    german = "Hotels in Paris kosten höchstens 180 EUR pro Nacht."
    planted = "Siehe https://evil.example"
    script = picks((1, {"translation": german}), (2, {"translation": planted}))
    verified, _, server = await answer(script, style=style)
    assert text(verified) == f"{RULE} [1]\nTranslation, not checked: {german}\n{MEAL} [2]"
    assert "into German" in prompted(server.requests[0])


async def _silent(body: Body) -> web.StreamResponse:
    await asyncio.Event().wait()
    return web.Response()


async def test_a_model_that_takes_too_long_gives_way_to_the_selector() -> None:
    async with ModelServer(_silent) as server:
        chat = ChatEndpoint("tiny", api_key=None, base_url=server.url, limits=Limits(timeout=60, deadline=60))
        answering = Answering(WordSelector(), ModelSelector(chat, HouseStyle()), deadline=0.5)
        verified, use = await answering.answer(QUESTION, PASSAGES)
        await chat.close()
    assert text(verified) == f"{RULE} [1]"
    assert use.fallback == MODEL_DOWN
    assert "FOOTNOTE_MODEL_TIMEOUT_S" in str(use.parameters["error"])


async def test_a_question_that_is_answered_again_gets_no_more_time() -> None:
    async with ModelServer(_silent) as server:
        chat = ChatEndpoint("tiny", api_key=None, base_url=server.url, limits=Limits(timeout=60, deadline=60))
        answering = Answering(WordSelector(), ModelSelector(chat, HouseStyle()), deadline=60)
        since = asyncio.get_running_loop().time() - 60
        async with asyncio.timeout(30):
            verified, use = await answering.answer(QUESTION, PASSAGES, since)
        await chat.close()
    assert text(verified) == f"{RULE} [1]"
    assert use.fallback == MODEL_DOWN


async def test_a_second_opinion_that_takes_too_long_is_none() -> None:
    async with ModelServer(picks((1, {"text": SHORTER}))) as server, ModelServer(_silent) as other:
        chat = ChatEndpoint("tiny", api_key=None, base_url=server.url, limits=QUICK)
        judge = ChatEndpoint("judge", api_key=None, base_url=other.url, limits=Limits(timeout=60, deadline=60))
        answering = Answering(
            WordSelector(), ModelSelector(chat, SHORT), compressed=True, checker=ModelChecker(judge), deadline=8
        )
        verified, use = await answering.answer(QUESTION, PASSAGES)
        await chat.close()
        await judge.close()
    assert text(verified) == f"{RULE} [1]"
    assert use.generator == "openai"
    assert [opinion.follows for opinion in verified.opinions] == [False]
