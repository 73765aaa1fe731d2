"""The real client against a local server that speaks OpenAI's embeddings protocol, failures included."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Callable
from typing import Any

import numpy as np
import pytest
from aiohttp import web

from retrieval.embed.openai_embedder import OpenAIEmbedder
from retrieval.errors import EmbedderUnavailable

Answer = Callable[[dict[str, Any]], web.StreamResponse]


def vectors(body: dict[str, Any], size: int = 3) -> web.Response:
    rows = [[float(len(text)) + 1, 2.0, 2.0, *[0.0] * 10][:size] for text in body["input"]]
    data = [{"object": "embedding", "index": n, "embedding": row} for n, row in enumerate(rows)]
    usage = {"prompt_tokens": 1, "total_tokens": 1}
    return web.json_response({"object": "list", "model": body["model"], "usage": usage, "data": data[::-1]})


def failure(status: int, **headers: str) -> Answer:
    return lambda _: web.json_response(
        {"error": {"message": "no", "type": "t"}},
        status=status,
        headers={k.replace("_", "-"): v for k, v in headers.items()},
    )


class Endpoint:
    """Plays `script` request by request, then answers well. Records what arrived."""

    def __init__(self) -> None:
        self.script: list[Answer] = []
        self.bodies: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.answers = asyncio.Event()
        self.answers.set()
        self.url = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.bodies.append(body := await request.json())
        self.keys.append(request.headers["Authorization"])
        await self.answers.wait()
        return self.script.pop(0)(body) if self.script else vectors(body)


@pytest.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    server, app = Endpoint(), web.Application()
    app.router.add_post("/v1/embeddings", server.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    server.url = f"http://{host}:{port}/v1"
    yield server
    await runner.cleanup()


@pytest.fixture
async def embedder(endpoint: Endpoint) -> AsyncIterator[OpenAIEmbedder]:
    made = OpenAIEmbedder(
        "small", dimensions=3, api_key="k1", base_url=endpoint.url, timeout=60, attempts=3, pause=0.01
    )
    yield made
    await made.close()


async def test_vectors_come_in_order_and_of_unit_length(endpoint: Endpoint, embedder: OpenAIEmbedder) -> None:
    got = [np.frombuffer(v, "<f4") for v in await embedder.embed(["", "four", "x" * 9])]
    want = [np.array([n, 2, 2], np.float32) for n in (2, 5, 10)]
    for a, b in zip(got, want, strict=True):
        assert np.allclose(a, b / np.linalg.norm(b))
    assert endpoint.keys == ["Bearer k1"]
    assert endpoint.bodies == [{"model": "small", "input": [" ", "four", "x" * 9], "encoding_format": "float"}]


async def test_many_texts_go_in_several_requests(endpoint: Endpoint, embedder: OpenAIEmbedder) -> None:
    assert len(await embedder.embed(["t"] * 300)) == 300
    assert [len(body["input"]) for body in endpoint.bodies] == [128, 128, 44]
    assert await embedder.embed([]) == []


@pytest.mark.parametrize(
    "script",
    [
        [failure(429, Retry_After="0")],
        [failure(500), failure(503)],
        [failure(529, Retry_After="0"), failure(408)],
    ],
    ids=["429 with Retry-After", "500 then 503", "529 then 408"],
)
async def test_a_passing_failure_is_tried_again(
    endpoint: Endpoint, embedder: OpenAIEmbedder, script: list[Answer]
) -> None:
    endpoint.script = list(script)
    assert len(await embedder.embed(["one"])) == 1
    assert len(endpoint.bodies) == len(script) + 1


@pytest.mark.parametrize(
    ("script", "message", "requests"),
    [
        ([failure(500)] * 3, r"fails \(HTTP 500\)", 3),
        ([failure(429)] * 3, r"limits the rate \(HTTP 429\)", 3),
        ([failure(429, Retry_After="3600")], "limits the rate", 1),
        ([failure(401)], "FOOTNOTE_EMBEDDING_API_KEY", 1),
        ([failure(403)], "the right to use this model", 1),
        ([failure(404)], "does not know model small", 1),
        ([failure(400)], r"refuses the request \(HTTP 400\)", 1),
        ([lambda b: vectors(b, 5)], r"shape \(1, 5\).*FOOTNOTE_EMBEDDING_DIMENSIONS", 1),
        ([lambda _: web.json_response({"data": [{"index": 0, "embedding": [0, 0, 0]}]})], "without a direction", 1),
        ([lambda _: web.json_response({"data": [{"index": 0, "embedding": ["a", "b", "c"]}]})], "another form", 1),
        ([lambda _: web.json_response({"data": [{"index": 0, "embedding": [10**400, 1, 1]}]})], "another form", 1),
        ([lambda _: web.json_response({"data": ["a"]})], "another form", 1),
        ([lambda _: web.json_response({"data": {"a": 1}})], "another form", 1),
        ([lambda _: web.json_response({"hello": 1})], "another form|nonsense", 1),
        ([lambda _: web.Response(text="<html>", content_type="text/html")], "another form|nonsense", 1),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_lasting_failure_says_what_to_do(
    endpoint: Endpoint, embedder: OpenAIEmbedder, script: list[Answer], message: str, requests: int
) -> None:
    endpoint.script = list(script)
    with pytest.raises(EmbedderUnavailable, match=message):
        await embedder.embed(["one"])
    assert len(endpoint.bodies) == requests


async def test_a_server_that_hangs_is_a_timeout(endpoint: Endpoint) -> None:
    endpoint.answers.clear()
    embedder = OpenAIEmbedder("small", dimensions=3, api_key="k", base_url=endpoint.url, timeout=3, attempts=2, pause=0)
    with pytest.raises(EmbedderUnavailable, match="does not answer in time"):
        await embedder.embed(["one"])
    assert len(endpoint.bodies) == 2
    await embedder.close()


async def test_no_server_is_a_clear_error() -> None:
    embedder = OpenAIEmbedder("m", dimensions=3, api_key="", base_url="http://127.0.0.1:9/v1", attempts=2, pause=0)
    with pytest.raises(EmbedderUnavailable, match=r"127\.0\.0\.1:9 cannot be reached"):
        await embedder.embed(["one"])
    await embedder.close()


def _refuses_over(most: int, status: int = 422) -> Answer:
    """As Text Embeddings Inference: `batch size 128 > maximum allowed batch size 32`."""

    def answer(body: dict[str, Any]) -> web.StreamResponse:
        if len(body["input"]) <= most:
            return vectors(body)
        said = {"error": f"batch size {len(body['input'])} > maximum allowed batch size {most}", "type": "Validation"}
        return web.json_response(said, status=status)

    return answer


@pytest.mark.parametrize("status", [400, 413, 422])
async def test_a_server_that_takes_fewer_texts_gets_fewer(
    endpoint: Endpoint, embedder: OpenAIEmbedder, status: int
) -> None:
    endpoint.script = [_refuses_over(32, status)] * 20
    got = await embedder.embed([f"{'x' * n}" for n in range(150)])
    assert [round(float(np.frombuffer(v, "<f4")[0] / np.frombuffer(v, "<f4")[1] * 2)) for v in got] == [
        2,
        *range(2, 151),
    ]
    assert [len(body["input"]) for body in endpoint.bodies] == [128, 64, 32, 32, 32, 32, 22]
    await embedder.embed(["t"] * 40)
    assert [len(body["input"]) for body in endpoint.bodies[7:]] == [32, 8]


async def test_a_text_that_is_refused_alone_does_not_make_later_requests_small(
    endpoint: Endpoint, embedder: OpenAIEmbedder
) -> None:
    endpoint.script = [failure(413)] * 2
    with pytest.raises(EmbedderUnavailable, match="fails"):
        await embedder.embed(["a", "b", "c"])
    await embedder.embed(["t"] * 128)
    assert [len(body["input"]) for body in endpoint.bodies] == [3, 1, 128]


async def test_the_number_of_texts_is_a_setting(endpoint: Endpoint) -> None:
    embedder = OpenAIEmbedder("small", dimensions=3, api_key="k", base_url=endpoint.url, batch=10, timeout=60)
    await embedder.embed(["t"] * 25)
    assert [len(body["input"]) for body in endpoint.bodies] == [10, 10, 5]
    await embedder.close()


def _with(change: Callable[[int, dict[str, Any]], dict[str, Any]]) -> Answer:
    """The vectors in the order of the texts, each item changed."""

    def answer(body: dict[str, Any]) -> web.StreamResponse:
        rows = [[float(len(text)) + 1, 2.0, 2.0] for text in body["input"]]
        return web.json_response({"data": [change(n, {"index": n, "embedding": row}) for n, row in enumerate(rows)]})

    return answer


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda n, item: {"embedding": item["embedding"]}, id="no index"),
        pytest.param(lambda n, item: {**item, "index": 0}, id="the same index"),
        pytest.param(lambda n, item: {**item, "index": None}, id="index null"),
        pytest.param(
            lambda n, item: {
                **item,
                "embedding": base64.b64encode(np.array(item["embedding"], "<f4").tobytes()).decode(),
            },
            id="base64 though numbers were asked for",
        ),
    ],
)
async def test_vectors_come_in_other_forms(
    endpoint: Endpoint, embedder: OpenAIEmbedder, change: Callable[[int, dict[str, Any]], dict[str, Any]]
) -> None:
    endpoint.script = [_with(change)]
    got = await embedder.embed(["four", "x" * 9])
    want = [np.array([n, 2, 2], np.float32) for n in (5, 10)]
    for a, b in zip(got, want, strict=True):
        assert np.allclose(np.frombuffer(a, "<f4"), b / np.linalg.norm(b))


async def test_a_server_that_does_not_know_the_form_is_asked_without_it(
    endpoint: Endpoint, embedder: OpenAIEmbedder
) -> None:
    endpoint.script = [
        lambda _: web.json_response(
            {"detail": [{"type": "extra_forbidden", "loc": ["body", "encoding_format"]}]}, status=422
        )
    ]
    assert len(await embedder.embed(["a", "b"])) == 2
    assert [("encoding_format" in body, len(body["input"])) for body in endpoint.bodies] == [(True, 2), (False, 2)]
