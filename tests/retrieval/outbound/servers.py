"""A local server that behaves as a hostile one might; it notes the requests that arrive."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

MEGABYTE = 1 << 20


class Hostile:
    """`url` is its address; `seen` are the paths and cookies that arrived."""

    def __init__(self) -> None:
        self.url = ""
        self.seen: list[tuple[str, str | None]] = []

    async def serve(self, request: web.Request) -> web.StreamResponse:
        self.seen.append((request.path, request.headers.get("Cookie")))
        kind = request.path.rpartition("/")[2]
        if kind == "redirect":
            raise web.HTTPFound(f"{self.url}/elsewhere")
        if kind == "cookie":
            return web.Response(text="{}", headers={"Set-Cookie": "session=1; Path=/"})
        if kind == "large":
            return await self._pieces(request, [b"x" * MEGABYTE] * 64)
        if kind == "bomb":
            return web.Response(body=gzip.compress(bytes(64 * MEGABYTE)), headers={"Content-Encoding": "gzip"})
        if kind == "packed":
            return web.Response(body=gzip.compress(b'{"a": 1}'), headers={"Content-Encoding": "gzip"})
        if kind == "strange":
            return web.Response(body=b"x", headers={"Content-Encoding": "br"})
        if kind == "drip":
            return await self._pieces(request, [b"x"] * 10_000, pause=0.05)
        return web.Response(text='{"a": 1}')

    async def _pieces(self, request: web.Request, pieces: list[bytes], pause: float = 0) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        try:
            for piece in pieces:
                await answer.write(piece)
                await asyncio.sleep(pause)
        except ConnectionError:
            pass  # the client has had enough
        return answer


@asynccontextmanager
async def hostile() -> AsyncIterator[Hostile]:
    made = Hostile()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", made.serve)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield made
    finally:
        await runner.cleanup()
