"""The model's client against a local server: what is sent, what comes back, and every way to fail."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime

import pytest
from aiohttp import web

from retrieval.errors import GeneratorUnavailable
from retrieval.generate.endpoint import ChatEndpoint, Limits
from retrieval.generate.prompt import HouseStyle
from retrieval.select.model import ModelSelector
from retrieval.selection import Chosen, Selection
from retrieval.types import Question
from tests.retrieval.gate.build import passage
from tests.servers.model import Answer, Body, ModelServer, completion, fails, picks, prompted, raw, says

QUESTION = Question("How much may a hotel cost?", datetime(2026, 4, 1, tzinfo=UTC))
HOTELS = passage("Hotels cost at most 180 EUR a night.", id="chunk-77")
GOOD = picks(1)
QUICK = Limits(timeout=60, attempts=3, pause=0.001)
"""Short pauses, and long enough for answers on a busy machine."""
IMPATIENT = Limits(timeout=3, attempts=3, pause=0.001)
"""Where the endpoint does not answer."""


async def select(
    *script: Answer, limits: Limits = QUICK, style: HouseStyle | None = None
) -> tuple[Selection, ModelServer]:
    async with ModelServer(*script) as server:
        chat = ChatEndpoint("ft:tiny", api_key="sk-test", base_url=server.url, limits=limits)
        try:
            return await ModelSelector(chat, style or HouseStyle()).select(QUESTION, [HOTELS]), server
        finally:
            await chat.close()


async def test_units_come_back_with_their_ids() -> None:
    selection, server = await select(GOOD)
    assert (selection.chosen, selection.sure) == ((Chosen(HOTELS.units[0].id),), True)
    assert server.keys == ["Bearer sk-test"]
    body = server.requests[0]
    assert body["model"] == "ft:tiny"
    assert body["response_format"]["json_schema"]["schema"]["required"] == ["units"]


async def test_the_use_of_the_model_is_told_for_the_record() -> None:
    use = (await select(GOOD))[0].use
    again = (await select(GOOD))[0].use
    assert (use.generator, use.model, use.tokens_in, use.tokens_out) == ("openai", "tiny", 100, 20)
    assert use.parameters["asked_model"] == "ft:tiny"
    assert use.parameters["temperature"] == 0
    assert all(isinstance(v, str | int) for v in use.parameters.values())
    assert len(use.prompt_sha256) == len(use.template_sha256) == 64
    assert use.prompt_sha256 == again.prompt_sha256


async def test_the_house_style_is_in_the_prompt() -> None:
    style = HouseStyle(tone="Formal.", claims=2, words=17, language="German", compressed=True, translate=True)
    _, server = await select(GOOD, style=style)
    said = prompted(server.requests[0])
    for part in ("Style: Formal.", "at most 2.", "At most 17 words", "translation of the unit into German"):
        assert part in said


async def test_no_passages_no_call() -> None:
    async with ModelServer(GOOD) as server:
        chat = ChatEndpoint("tiny", api_key=None, base_url=server.url)
        assert (await ModelSelector(chat, HouseStyle()).select(QUESTION, [])).chosen == ()
        await chat.close()
    assert server.requests == []


async def _silent(body: Body) -> web.StreamResponse:
    await asyncio.Event().wait()
    return web.json_response(completion("{}"))


@pytest.mark.parametrize(
    "script",
    [
        pytest.param((fails(500), GOOD), id="500"),
        pytest.param((fails(503), fails(502), GOOD), id="503 and 502"),
        pytest.param((fails(429, headers={"Retry-After": "0"}), GOOD), id="429 with Retry-After"),
        pytest.param((fails(429), GOOD), id="429 without"),
        pytest.param((_silent, GOOD), id="time-out"),
    ],
)
async def test_what_passes_is_tried_again(script: tuple[Answer, ...]) -> None:
    selection, server = await select(*script, limits=IMPATIENT if _silent in script else QUICK)
    assert len(selection.chosen) == 1
    assert len(server.requests) == len(script)


@pytest.mark.parametrize(
    ("answer", "says_what", "calls"),
    [
        pytest.param(fails(500), "fails (HTTP 500)", 3, id="500 for ever"),
        pytest.param(fails(429), "limits the rate", 3, id="429 for ever"),
        pytest.param(fails(429, headers={"Retry-After": "3600"}), "limits the rate", 1, id="429 for an hour"),
        pytest.param(fails(429, code="insufficient_quota"), "limits the rate", 1, id="quota spent"),
        pytest.param(fails(401), "FOOTNOTE_MODEL_API_KEY", 1, id="wrong key"),
        pytest.param(fails(403), "right to use this model", 1, id="no right"),
        pytest.param(fails(404), "does not know model ft:tiny", 1, id="unknown model"),
        pytest.param(fails(400), "refuses the request", 7, id="bad request, whatever its form"),
        pytest.param(says(None, refusal="I will not."), "refuses to answer", 1, id="refusal"),
        pytest.param(says("{}", finish="content_filter"), "content filter", 1, id="content filter"),
        pytest.param(says('{"units": [', finish="length"), "cut off at 2000 tokens", 1, id="cut off"),
        pytest.param(says(""), "empty", 1, id="empty"),
        pytest.param(says(None), "empty", 1, id="no content"),
        pytest.param(says("Hotels cost 180."), "no JSON", 1, id="prose"),
        pytest.param(says("No unit answers; [1] is of taxis."), "no JSON", 1, id="prose with a number in brackets"),
        pytest.param(says("[" * 100_000), "no JSON", 1, id="deep nesting"),
        pytest.param(says("null"), "no JSON of the form", 1, id="null"),
        pytest.param(says('{"answer": 1}'), "no JSON of the form", 1, id="other keys"),
        pytest.param(says('{"units": "all"}'), "no JSON of the form", 1, id="units as a string"),
        pytest.param(raw('{"choices": []}'), "no message", 1, id="no choices"),
        pytest.param(raw("<html>", "text/html"), "a page (text/html)", 1, id="a web page"),
        pytest.param(raw("{nonsense"), "no JSON", 1, id="a broken body"),
        pytest.param(_silent, "does not answer in time", 3, id="time-out for ever"),
    ],
)
async def test_every_failure_says_what_to_do(answer: Answer, says_what: str, calls: int) -> None:
    async with ModelServer(answer) as server:
        limits = IMPATIENT if answer is _silent else QUICK
        chat = ChatEndpoint("ft:tiny", api_key="sk-secret", base_url=server.url, limits=limits)
        with pytest.raises(GeneratorUnavailable) as caught:
            await ModelSelector(chat, HouseStyle()).select(QUESTION, [HOTELS])
        await chat.close()
    assert says_what in str(caught.value)
    assert "sk-secret" not in str(caught.value)
    assert len(server.requests) == calls


async def test_an_endpoint_that_is_not_there() -> None:
    async with ModelServer(GOOD) as server:
        gone = server.url
    chat = ChatEndpoint("tiny", api_key=None, base_url=gone, limits=QUICK)
    with pytest.raises(GeneratorUnavailable, match="cannot be reached"):
        await ModelSelector(chat, HouseStyle()).select(QUESTION, [HOTELS])
    await chat.close()


async def test_a_server_that_does_not_know_a_parameter_is_asked_without_it() -> None:
    selection, server = await select(
        fails(400, "response_format json_schema is not supported"),
        fails(400, "Unsupported value", param="temperature"),
        GOOD,
    )
    assert len(selection.chosen) == 1
    assert server.requests[-1]["response_format"] == {"type": "json_object"}
    assert "temperature" not in server.requests[-1]
    assert selection.use.parameters["response_format"] == "json_object"


CHOICE = json.dumps({"units": [{"id": 1, "words": None}]})


def message(**fields: object) -> Answer:
    """A completion whose message has these fields."""

    async def answer(body: Body) -> web.StreamResponse:
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", **fields}}
        return web.json_response({**completion(""), "choices": [choice]})

    return answer


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(says(f"```json\n{CHOICE}\n```"), id="a code fence"),
        pytest.param(says(f"```JSON\n{CHOICE}\n```\nHope this helps!"), id="a fence in capitals, and a closing line"),
        pytest.param(says(f"Here is the answer: {CHOICE} As you see, unit 1."), id="prose around it"),
        pytest.param(says(f'<think>Maybe {{"units": []}}? No: {{}} fits.</think>\n{CHOICE}'), id="a think block"),
        pytest.param(says(f"thinking {{ about it\n</think>{CHOICE}"), id="a think block without its beginning"),
        pytest.param(message(content=[{"type": "text", "text": CHOICE}]), id="content as parts"),
        pytest.param(message(content=[{"text": CHOICE[:9]}, {"text": CHOICE[9:]}]), id="content in two parts"),
        pytest.param(message(content=None, reasoning_content=f"I choose {CHOICE}"), id="all of it taken for reasoning"),
        pytest.param(says('{"units": [{"id": 1}, {"id": {}}, 7, null, "x"]}'), id="bad items beside a good one"),
        pytest.param(says('{"units": ["1"]}'), id="an id as a text"),
        pytest.param(says("[1]"), id="a list alone"),
        pytest.param(says(f"```\n[{CHOICE}]\n```"), id="the answer in a list"),
        pytest.param(says('```json\n[{"id": 1}]\n```'), id="a list in a fence"),
        pytest.param(says("<think>[2] or [1]?</think>[1]"), id="a list behind thoughts"),
        pytest.param(says("The units that answer:\n[\n  1\n]\nHope this helps!"), id="a list on lines of its own"),
        pytest.param(says('As [3] says: {"units": [1]} and not [2]'), id="numbers in brackets around an object"),
        pytest.param(says('{"units": [1]}'), id="an id as a number"),
    ],
)
async def test_answers_are_wrapped_in_many_ways(answer: Answer) -> None:
    selection, _ = await select(answer)
    assert [c.unit for c in selection.chosen] == [HOTELS.units[0].id]


def _only(*known: str) -> Answer:
    """Takes a request with these parameters alone, and says no more than that it refuses."""

    async def answer(body: Body) -> web.StreamResponse:
        extra = set(body) - {"model", "messages", *known}
        refused = extra or ("system" not in known and body["messages"][0]["role"] == "system")
        return await (fails(422, "cannot be processed") if refused else says(CHOICE))(body)

    return answer


@pytest.mark.parametrize(
    ("answers", "sent"),
    [
        pytest.param(
            [fails(400, "Unrecognized request argument supplied: max_completion_tokens"), says(CHOICE)],
            {"max_tokens": 2_000},
            id="max_tokens for max_completion_tokens",
        ),
        pytest.param(
            [fails(400, "This model does not support structured outputs"), says(CHOICE)],
            {"response_format": {"type": "json_object"}},
            id="a schema refused without its name",
        ),
        pytest.param(
            [
                fails(400, "'response_format.type' must be 'json_schema' or 'text'"),
                *[fails(400, "json_object")],
                says(CHOICE),
            ],
            {"max_completion_tokens": 2_000},
            id="neither schema nor object",
        ),
        pytest.param(
            [fails(400, "System role not supported"), _only("max_tokens")], {"max_tokens": 2_000}, id="no rules"
        ),
        pytest.param([_only()], {}, id="nothing but messages"),
    ],
)
async def test_an_endpoint_that_knows_less_is_asked_for_less(answers: list[Answer], sent: dict[str, object]) -> None:
    selection, server = await select(*answers)
    assert len(selection.chosen) == 1
    assert sent.items() <= server.requests[-1].items()
    assert "How much may a hotel cost?" in prompted(server.requests[-1])


async def test_a_request_that_is_refused_in_every_form_leaves_the_next_one_whole() -> None:
    async with ModelServer(*[fails(400)] * 7, GOOD) as server:
        chat = ChatEndpoint("tiny", api_key=None, base_url=server.url, limits=QUICK)
        selector = ModelSelector(chat, HouseStyle())
        with pytest.raises(GeneratorUnavailable):
            await selector.select(QUESTION, [HOTELS])
        await selector.select(QUESTION, [HOTELS])
        await chat.close()
    assert server.requests[-1] == server.requests[0]


async def test_all_requests_of_one_answer_share_one_deadline() -> None:
    async with ModelServer(_silent) as server:
        limits = Limits(timeout=60, attempts=3, deadline=3, pause=0.001)
        chat = ChatEndpoint("tiny", api_key=None, base_url=server.url, limits=limits)
        with pytest.raises(GeneratorUnavailable, match=r"in 3 s"):
            await ModelSelector(chat, HouseStyle()).select(QUESTION, [HOTELS])
        await chat.close()
