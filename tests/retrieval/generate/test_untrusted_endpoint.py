"""Whatever a model's endpoint sends back is a draft, or GeneratorUnavailable: then the verbatim answer stands in."""

from __future__ import annotations

import asyncio
import gzip
import json
from typing import Any

import pytest
from aiohttp import web
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.canonical import canonical
from retrieval.errors import GeneratorUnavailable
from retrieval.generate.openai_generator import Limits, OpenAIGenerator
from retrieval.types import Draft
from tests.retrieval.generate.test_openai_generator import HOTELS, QUESTION
from tests.servers.model import Answer, Body, ModelServer, completion, raw, says

PATIENT = Limits(timeout=10, deadline=20, attempts=2, pause=0.001, most_bytes=100_000)


async def asked(*script: Answer, limits: Limits = PATIENT) -> tuple[Draft | GeneratorUnavailable, int]:
    """What became of a question, and how often the endpoint was asked."""
    async with ModelServer(*script) as server:
        generator = OpenAIGenerator("ft:tiny", api_key="sk-test", base_url=server.url, limits=limits)
        try:
            return await generator.draft(QUESTION, [HOTELS]), len(server.requests)
        except GeneratorUnavailable as error:
            return error, len(server.requests)
        finally:
            await generator.close()


def with_(**changed: Any) -> Answer:
    return raw(json.dumps({**completion('{"claims": []}'), **changed}))


def message(value: Any) -> Answer:
    return with_(choices=[{"index": 0, "finish_reason": "stop", "message": value}])


def claim(text: str) -> Answer:
    return says(json.dumps({"claims": [{"text": text, "quotes": [{"passage": "P1", "quote": "Hotels"}]}]}))


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(with_(choices="all"), id="choices are a text"),
        pytest.param(with_(choices=[1]), id="choices are numbers"),
        pytest.param(with_(choices={"a": 1}), id="choices are a map"),
        pytest.param(message("hi"), id="message is a text"),
        pytest.param(message({"content": ["a"]}), id="content is a list"),
        pytest.param(message({"content": {"a": 1}}), id="content is a map"),
        pytest.param(with_(usage="much"), id="usage is a text"),
        pytest.param(raw("[1, 2]"), id="a list"),
        pytest.param(raw("7"), id="a number"),
        pytest.param(raw("null"), id="null"),
        pytest.param(raw("[" * 50_000), id="brackets"),
        pytest.param(raw('{"choices": ' + "9" * 5_000 + "}"), id="a long number"),
        pytest.param(claim("\ud800"), id="half a character"),
        pytest.param(claim("a\0b"), id="a character that no text has"),
        pytest.param(claim("a" * 8_001), id="a long claim"),
        pytest.param(says('{"claims": [{"text": "a", "quotes": [1]}]}'), id="quotes are numbers"),
    ],
)
async def test_another_form_is_no_answer(answer: Answer) -> None:
    became, calls = await asked(answer)
    assert isinstance(became, GeneratorUnavailable)
    assert calls == 1


async def test_what_goes_into_the_record_is_checked() -> None:
    became, _ = await asked(with_(model="x" * 10_000, usage={"prompt_tokens": -5, "completion_tokens": "many"}))
    assert isinstance(became, Draft)
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


async def test_a_redirect_is_not_followed_with_the_key() -> None:
    async with ModelServer(says('{"claims": []}')) as other:

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
            st.sampled_from(["choices", "message", "content", "usage", "model", "claims", "text", "quotes", "refusal"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=60, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(JSON, JSON, st.booleans())
def test_anything_is_a_draft_or_unavailable(body: Any, said: Any, whole: bool) -> None:
    """And a draft can be written to the log."""
    answer = raw(json.dumps(body)) if whole else says(json.dumps(said))
    became, _ = asyncio.run(asked(answer))
    if isinstance(became, Draft):
        canonical([claim.text for claim in became.claims])
        canonical(became.use.model)
