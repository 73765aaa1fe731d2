"""The web server, as strangers meet it: whoever has proved nothing costs little memory and no one else's time.

A connection has a time for its request's headers and another for its body (bot/service/bodies.py), and there are only
so many. When there are as many as may be, a new one takes the place of the one that has waited longest without a
request that is being answered: so connections that do nothing cannot keep others out. What is no HTTP is answered
with 400 and told in one line; no answer says which software, in which version, gave it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from bot.service.bodies import BODIES, Bodies

log = structlog.get_logger(__name__)

NAME = "Footnote"
CONNECTIONS = 512
HEADERS_S = 10.0
IDLE_S = 75.0  # between two requests: longer than proxies keep a connection by default, which is 60
_LINGER_S = 1.0  # a body that is not read is taken in for so long, that its sender may read the answer
_BUFFER = 1 << 14  # bytes of a connection's body that wait to be read, at most twice
_SWEEP_S = 1.0


class Front:
    """Serves `routes`. Close it."""

    def __init__(
        self,
        routes: Iterable[web.AbstractRouteDef],
        *,
        connections: int = CONNECTIONS,
        headers_s: float = HEADERS_S,
        bodies: Bodies | None = None,
    ) -> None:
        self._most = connections
        self._headers_s = headers_s
        self._waiting: dict[web.RequestHandler, float] = {}  # until when; who began first is first
        self._busy: set[web.RequestHandler] = set()
        self._server: asyncio.Server | None = None
        self._sweeper: asyncio.Task[None] | None = None
        site = web.Application(middlewares=[self._met])
        self._bodies = bodies or Bodies()
        self._bodies.begins, self._bodies.ends = self._reads, self._answers
        site[BODIES] = self._bodies
        site.on_response_prepare.append(_unnamed)
        site.add_routes(routes)
        self._runner = web.AppRunner(site, access_log=None)

    async def open(self, host: str, port: int) -> int:
        """Listen; the port. Raises OSError."""
        await self._runner.setup()
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._connection, host, port, backlog=self._most)
        self._sweeper = asyncio.create_task(self._sweep())
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        if self._sweeper is not None:
            self._sweeper.cancel()
            await asyncio.gather(self._sweeper, return_exceptions=True)
        await self._runner.cleanup()

    def _waits(self, connection: web.RequestHandler, seconds: float) -> None:
        """It is new, between two requests, or sends a body."""
        self._busy.discard(connection)
        self._waiting.pop(connection, None)
        self._waiting[connection] = asyncio.get_running_loop().time() + seconds

    def opened(self, connection: _Connection) -> None:
        if len(self._waiting) + len(self._busy) >= self._most:
            if not self._waiting:  # all are being answered
                self._drop(connection)
                return
            self._drop(next(iter(self._waiting)))
        self._waits(connection, self._headers_s)

    def closed(self, connection: web.RequestHandler) -> None:
        self._waiting.pop(connection, None)
        self._busy.discard(connection)

    def _connection(self) -> _Connection:
        server = self._runner.server
        if server is None:
            raise RuntimeError("a connection before the server was set up")
        return _Connection(self, server)

    @web.middleware
    async def _met(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self._answers(request)
        try:
            return await handler(request)
        finally:
            if request.protocol in self._busy:  # not when it was lost
                self._waits(request.protocol, IDLE_S)

    def _answers(self, request: web.Request) -> None:
        if request.protocol in self._waiting:
            del self._waiting[request.protocol]
            self._busy.add(request.protocol)

    def _reads(self, request: web.Request) -> None:
        if request.protocol in self._busy:
            self._waits(request.protocol, self._bodies.seconds)

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(_SWEEP_S)
            now = asyncio.get_running_loop().time()
            for connection in [c for c, until in self._waiting.items() if until < now]:
                self._drop(connection)

    def _drop(self, connection: web.RequestHandler) -> None:
        """Close at once, with nothing said."""
        self.closed(connection)
        transport = connection.transport
        connection.force_close()
        if isinstance(transport, asyncio.Transport):
            transport.abort()


class _Connection(web.RequestHandler):
    """aiohttp's connection, with a place in the front's count."""

    __slots__ = ("_front",)

    def __init__(self, front: Front, server: web.Server) -> None:
        self._front = front
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            access_log=None,  # type: ignore[arg-type] # as web.Application passes it on
            keepalive_timeout=IDLE_S,
            lingering_time=_LINGER_S,
            read_bufsize=_BUFFER,
            auto_decompress=False,  # nobody who calls us packs bodies, and a small one could become a huge one
        )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._front.opened(self)

    def connection_lost(self, exc: BaseException | None) -> None:
        self._front.closed(self)
        super().connection_lost(exc)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The answer to what is no HTTP, and to a bug of ours."""
        if status >= 500:
            answer = super().handle_error(request, status, exc, message)
        else:
            log.warning("a request was refused: it is no HTTP", peer=request.remote, reason=type(exc).__name__)
            answer = web.Response(status=status, text="The request cannot be read.\n")
            answer.force_close()
        answer.headers["Server"] = NAME
        return answer


async def _unnamed(_: web.Request, answer: web.StreamResponse) -> None:
    answer.headers["Server"] = NAME
