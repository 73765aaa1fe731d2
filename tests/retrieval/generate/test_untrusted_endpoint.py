"""Whatever a model's endpoint sends back is a selection, or GeneratorUnavailable: then the embedded one counts."""

from __future__ import annotations

import asyncio
import gzip
import json
import time
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.canonical import canonical
from retrieval.errors import GeneratorUnavailable
from retrieval.generate.endpoint import ChatEndpoint, Limits
from retrieval.generate.prompt import HouseStyle
from retrieval.select.model import ModelSelector
from retrieval.selection import Selection
from tests.retrieval.generate.test_endpoint import HOTELS, QUESTION
from tests.servers.model import Answer, Body, ModelServer, completion, raw, says

PATIENT = Limits(timeout=10, deadline=20, attempts=2, pause=0.001, most_bytes=100_000)


async def asked(*script: Answer, limits: Limits = PATIENT) -> tuple[Selection | GeneratorUnavailable, int]:
    """What became of a question, and how often the endpoint was asked."""
    async with ModelServer(*script) as server:
        chat = ChatEndpoint("ft:tiny", api_key="sk-test", base_url=server.url, limits=limits)
        try:
            selector = ModelSelector(chat, HouseStyle(compressed=True))
            return await selector.select(QUESTION, [HOTELS]), len(server.requests)
        except GeneratorUnavailable as error:
            return error, len(server.requests)
        finally:
            await chat.close()


def with_(**changed: Any) -> Answer:
    return raw(json.dumps({**completion('{"units": []}'), **changed}))


def message(value: Any) -> Answer:
    return with_(choices=[{"index": 0, "finish_reason": "stop", "message": value}])


def worded(text: str) -> Answer:
    return says(json.dumps({"units": [{"id": 1, "words": text, "text": text}]}))


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(with_(choices="all"), id="choices are a text"),
        pytest.param(with_(choices=[1]), id="choices are numbers"),
        pytest.param(with_(choices={"a": 1}), id="choices are a map"),
        pytest.param(message("hi"), id="message is a text"),
        pytest.param(message({"content": ["a"]}), id="content is a list"),
        pytest.param(message({"content": {"a": 1}}), id="content is a map"),
        pytest.param(raw("[1, 2]"), id="a list"),
        pytest.param(raw("7"), id="a number"),
        pytest.param(raw("null"), id="null"),
        pytest.param(raw("[" * 50_000), id="brackets"),
        pytest.param(raw('{"choices": ' + "9" * 5_000 + "}"), id="a long number"),
    ],
)
async def test_another_form_is_no_answer(answer: Answer) -> None:
    became, calls = await asked(answer)
    assert isinstance(became, GeneratorUnavailable)
    assert calls == 1


@pytest.mark.parametrize("text", ["\ud800", "a\0b", "a" * 8_001], ids=["half", "nul", "long"])
async def test_a_text_that_no_record_could_hold_counts_as_not_said(text: str) -> None:
    became, _ = await asked(worded(text))
    assert isinstance(became, Selection)
    assert [(c.words, c.text) for c in became.chosen] == [("", "")]


async def test_what_goes_into_the_record_is_checked() -> None:
    became, _ = await asked(with_(model="x" * 10_000, usage={"prompt_tokens": -5, "completion_tokens": "many"}))
    assert isinstance(became, Selection)
    assert (became.use.model, became.use.tokens_in, became.use.tokens_out) == ("ft:tiny", 0, 0)


async def test_a_large_answer_is_asked_for_once() -> None:
    became, calls = await asked(raw("x" * 200_000))
    assert "more than 100000 bytes" in str(became)
    assert calls == 1


async def test_a_packed_answer_is_measured_unpacked() -> None:
    async def bomb(_: Body) -> web.StreamResponse:
        return web.Response(body=gzip.compress(bytes(50_000_000)), headers={"Content-Encoding": "gzip"})

    became, _ = await asked(bomb)
    assert "more than 100000 bytes" in str(became)


async def test_an_object_that_never_ends_is_not_read_again_and_again() -> None:
    """The service answers nobody else while it reads."""

    async def took(opened: int) -> float:
        begun = time.process_time()
        became, _ = await asked(
            says('{"a":' * opened + "[" + "1.5e3," * 250_000), limits=replace(PATIENT, most_bytes=2_000_000)
        )
        assert isinstance(became, GeneratorUnavailable)
        return time.process_time() - begun

    assert await took(50) < 5 * await took(1)


async def test_a_redirect_is_not_followed_with_the_key() -> None:
    async with ModelServer(says('{"units": []}')) as other:

        async def elsewhere(_: Body) -> web.StreamResponse:
            raise web.HTTPTemporaryRedirect(f"{other.url}/chat/completions")

        became, _ = await asked(elsewhere)
        assert "redirect" in str(became)
        assert not other.requests


async def test_all_attempts_have_one_deadline() -> None:
    async def late(_: Body) -> web.StreamResponse:
        await asyncio.sleep(30)
        return web.Response()

    became, calls = await asked(late, limits=Limits(timeout=3, deadline=1, attempts=9, pause=0.001))
    assert "does not answer in 1 s" in str(became)
    assert calls == 1


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["choices", "message", "content", "usage", "model", "units", "text", "id", "words", "refusal"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=60, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(JSON, JSON, st.booleans())
def test_anything_is_a_selection_or_unavailable(body: Any, said: Any, whole: bool) -> None:
    """And a selection can be written to the log."""
    answer = raw(json.dumps(body)) if whole else says(json.dumps(said))
    became, _ = asyncio.run(asked(answer))
    if isinstance(became, Selection):
        canonical([f"{c.text} {c.words}" for c in became.chosen])
        canonical(became.use.model)
