"""The client of sources: redirects, credentials, waits, addresses inside the house."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TypeAlias

import pytest
from aiohttp import web

from connectors.errors import ItemGone, ItemUnreadable, SourceUnavailable, Throttled
from connectors.http import AddressRefused, Http, OutsideOnly, Tenants, is_public

Answer: TypeAlias = Callable[[web.Request], web.Response]


@asynccontextmanager
async def server(answer: Answer, port: int) -> AsyncIterator[str]:
    async def handle(request: web.Request) -> web.StreamResponse:
        return answer(request)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        await runner.cleanup()


async def bearer() -> dict[str, str]:
    return {"Authorization": "Bearer secret-of-tests"}


async def test_credentials_do_not_leave_the_origin(unused_tcp_port_factory: Callable[[], int]) -> None:
    seen: dict[str, str | None] = {}

    def other(request: web.Request) -> web.Response:
        seen[request.path] = request.headers.get("Authorization")
        return web.Response(body=b"content")

    async with AsyncExitStack() as stack:
        theirs = await stack.enter_async_context(server(other, unused_tcp_port_factory()))

        def home(request: web.Request) -> web.Response:
            seen[request.path] = request.headers.get("Authorization")
            if request.path in ("/file", "/api"):
                return web.Response(status=302, headers={"Location": f"{theirs}/signed"})
            return (
                web.Response(status=302, headers={"Location": "/here"}) if request.path == "/moved" else web.Response()
            )

        base = await stack.enter_async_context(server(home, unused_tcp_port_factory()))
        http = await stack.enter_async_context(Http(base, headers=bearer).closing())
        assert await http.content("file") == b"content"
        assert seen["/signed"] is None
        assert (await http.get("moved")).url.endswith("/here")
        assert seen["/here"] == "Bearer secret-of-tests"
        with pytest.raises(SourceUnavailable, match="which is not followed"):
            await http.get("api")


@pytest.mark.parametrize(
    ("status", "error"),
    [(401, SourceUnavailable), (403, ItemUnreadable), (404, ItemGone), (410, ItemGone), (501, SourceUnavailable)],
)
async def test_a_refusal_is_told_as_what_it_is(status: int, error: type[Exception], unused_tcp_port: int) -> None:
    async with server(lambda _: web.Response(status=status), unused_tcp_port) as base, Http(base).closing() as http:
        with pytest.raises(error) as caught:
            await http.get("x")
        assert type(caught.value) is error
        assert (await http.get("x", accept=frozenset({status}))).status == status


async def test_a_tenant_is_left_alone_by_all_its_sources(unused_tcp_port: int) -> None:
    asked: list[float] = []

    def answer(request: web.Request) -> web.Response:
        asked.append(time.monotonic())
        return web.Response(status=429, headers={"Retry-After": "1"}) if len(asked) == 1 else web.Response()

    tenants = Tenants()
    async with server(answer, unused_tcp_port) as base:
        one = Http(base, tenant="t", tenants=tenants)
        other = Http(base, tenant="t", tenants=tenants)
        async with one.closing(), other.closing():
            await one.get("x")
            tenants.rest("t", 1.0)
            began = time.monotonic()
            await other.get("x")
            assert asked[1] - asked[0] >= 1.0
            assert asked[2] - began >= 0.9
            tenants.rest("t", 4_000)
            with pytest.raises(Throttled) as caught:
                await one.get("x")
            assert 3_900 < caught.value.seconds <= 4_000
            assert len(asked) == 3


async def test_more_than_is_read_is_no_file(unused_tcp_port: int) -> None:
    async with server(lambda _: web.Response(body=b"x" * 5_000), unused_tcp_port) as base, Http(base).closing() as http:
        with pytest.raises(ItemUnreadable, match="larger"):
            await http.content("x", most_bytes=4_999)


async def test_pages_that_lead_in_a_circle_end(unused_tcp_port: int) -> None:
    async with (
        server(lambda _: web.json_response({"next": "x"}), unused_tcp_port) as base,
        Http(base).closing() as http,
    ):
        assert [page async for page in http.pages("x", lambda told, _: "x")] == [{"next": "x"}]


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1::1", True),
        *[(private, False) for private in ("127.0.0.1", "10.1.2.3", "192.168.0.1", "169.254.169.254", "100.64.0.1")],
        *[
            (private, False)
            for private in ("::1", "fe80::1%eth0", "fd00::1", "::ffff:10.0.0.1", "0.0.0.0", "224.0.0.1")
        ],
    ],
)
def test_which_addresses_are_public(address: str, public: bool) -> None:
    assert is_public(address) is public


async def test_no_address_inside_the_house_is_reached(unused_tcp_port: int) -> None:
    reached: list[str] = []

    def answer(request: web.Request) -> web.Response:
        reached.append(request.path)
        return web.Response()

    async with server(answer, unused_tcp_port) as base:
        for host in ("127.0.0.1", "localhost", "[::ffff:127.0.0.1]"):
            async with Http(f"http://{host}:{unused_tcp_port}", outside_only=True).closing() as http:
                with pytest.raises(SourceUnavailable, match=r"not public|not a public"):
                    await http.get("x")
    assert (base != "", reached) == (True, [])
    resolver = OutsideOnly()
    with pytest.raises(AddressRefused):
        await resolver.resolve("localhost", 80)
    await resolver.close()
