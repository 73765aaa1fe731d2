"""One way to call endpoints of OpenAI's protocol: addresses, keys, waits and failures as they are in the world."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from aiohttp import web

from retrieval.errors import GeneratorUnavailable
from retrieval.outbound.over_openai import Endpoint, Named, Pace, RequestRefused
from retrieval.outbound.waits import retry_after

NAMED = Named("model endpoint", "FOOTNOTE_MODEL", "FOOTNOTE_MODEL", "FOOTNOTE_MODEL_TIMEOUT_S", GeneratorUnavailable)
QUICK = Pace(timeout=60, attempts=3, pause=0.001)


class Server:
    """Answers every POST with `status`, `body` and `headers`; notes what arrived."""

    def __init__(self, status: int = 200, body: object = None, headers: Mapping[str, str] | None = None) -> None:
        self.status, self.body, self.headers = status, body, headers
        self.seen: list[web.Request] = []
        self.url = ""

    async def serve(self, request: web.Request) -> web.StreamResponse:
        self.seen.append(request)
        await request.read()
        if isinstance(self.body, str):
            return web.Response(text=self.body, status=self.status, headers=self.headers, content_type="text/html")
        return web.json_response(self.body, status=self.status, headers=self.headers)


@asynccontextmanager
async def serving(server: Server) -> AsyncIterator[Server]:
    app = web.Application()
    app.router.add_post("/{path:.*}", server.serve)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield server
    finally:
        await runner.cleanup()


async def called(server: Server, path: str = "/v1", pace: Pace = QUICK) -> object:
    async with serving(server):
        endpoint = Endpoint(
            NAMED, "gpt-x", api_key="sk-secret", base_url=f"{server.url}{path}", pace=pace, most_bytes=100_000
        )
        try:
            return await endpoint.call("/chat/completions", {"model": "gpt-x"})
        finally:
            await endpoint.close()


@pytest.mark.parametrize(
    ("address", "arrives"),
    [
        ("/v1", "/v1/chat/completions"),
        ("/v1/", "/v1/chat/completions"),
        ("/v1/chat/completions", "/v1/chat/completions"),
        ("/v1?tier=flex", "/v1/chat/completions?tier=flex"),
        ("/openai/v1/?api-version=preview", "/openai/v1/chat/completions?api-version=preview"),
        (
            "/openai/deployments/d1?api-version=2024-10-21",
            "/openai/deployments/d1/chat/completions?api-version=2024-10-21",
        ),
        (
            "/openai/deployments/d1/chat/completions?api-version=2024-10-21",
            "/openai/deployments/d1/chat/completions?api-version=2024-10-21",
        ),
        ("/openai?api-version=2024-10-21", "/openai/deployments/gpt-x/chat/completions?api-version=2024-10-21"),
        ("/?api-version=2024-10-21", "/openai/deployments/gpt-x/chat/completions?api-version=2024-10-21"),
    ],
)
async def test_addresses_are_taken_as_operators_copy_them(address: str, arrives: str) -> None:
    server = Server(body={"ok": 1})
    assert await called(server, address) == {"ok": 1}
    (request,) = server.seen
    assert request.path_qs == arrives
    azure = "api-version" in address
    assert request.headers.get("api-key") == ("sk-secret" if azure else None)
    assert request.headers.get("Authorization") == (None if azure else "Bearer sk-secret")


NOW = datetime.now(UTC)


@pytest.mark.parametrize(
    ("headers", "least", "most"),
    [
        ({"retry-after": "3"}, 3, 3),
        ({"retry-after": " 1.5 "}, 1.5, 1.5),
        ({"retry-after": "-4"}, 0, 0),
        ({"retry-after-ms": "250", "retry-after": "1"}, 0.25, 0.25),
        ({"retry-after": format_datetime(NOW + timedelta(hours=2), usegmt=True)}, 6_000, 7_201),
        ({"retry-after": format_datetime(NOW - timedelta(days=2), usegmt=True)}, 0, 0),
        ({"retry-after": "Fri, 31 Dec 2199 23:59:59"}, 10**8, 10**11),
    ],
)
def test_every_form_of_retry_after_is_understood(headers: dict[str, str], least: float, most: float) -> None:
    found = retry_after(headers)
    assert found is not None
    assert least <= found <= most


@pytest.mark.parametrize(
    "value",
    [
        *("", "soon", "nan", "inf", "1e999", "12 monkeys", "\N{ARABIC-INDIC DIGIT ONE}\0"),
        pytest.param("Mon, 1 Jan 2024 00:00:00 +99999999999999", id="a zone beyond all"),
        pytest.param(f"1 Jan {'9' * 30} 00:00:00 GMT", id="a year beyond all"),
    ],
)
def test_a_wait_that_is_none_leaves_it_to_us(value: str) -> None:
    assert retry_after({"retry-after": value}) is None


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        (400, {"error": {"code": "content_filter", "message": "m"}}, "content filter"),
        (400, {"error": {"message": "m", "innererror": {"code": "ResponsibleAIPolicyViolation"}}}, "content filter"),
        (400, {"error": {"code": "context_length_exceeded", "message": "m"}}, "takes less text"),
    ],
)
async def test_a_refusal_that_no_other_form_mends_is_named(status: int, body: object, says: str) -> None:
    with pytest.raises(RequestRefused) as caught:
        await called(Server(status, body))
    assert caught.value.final
    assert says in str(caught.value.failure)


@pytest.mark.parametrize(
    "body",
    [{"error": "no"}, {"error": {"message": 5, "code": ["a"]}}, {"detail": [{"loc": [1]}]}, [1, 2], "no JSON", None, 7],
    ids=repr,
)
@pytest.mark.parametrize("status", [400, 401, 404, 422, 429, 500])
async def test_a_failure_of_any_form_is_an_error_of_ours(status: int, body: Any) -> None:
    with pytest.raises((GeneratorUnavailable, RequestRefused)) as caught:
        await called(Server(status, body), pace=Pace(timeout=60, attempts=1))
    assert f"HTTP {status}" in str(getattr(caught.value, "failure", caught.value))


async def test_a_page_instead_of_an_answer_is_named() -> None:
    with pytest.raises(GeneratorUnavailable, match=r"a page \(text/html\)"):
        await called(Server(body="<html>sign in</html>"))


async def test_a_wait_beyond_the_deadline_is_not_begun() -> None:
    server = Server(429, {"error": {"message": "slow down"}}, {"Retry-After": "15"})
    with pytest.raises(GeneratorUnavailable, match="limits the rate"):
        await called(server, pace=Pace(timeout=60, deadline=10, attempts=5))
    assert len(server.seen) == 1
