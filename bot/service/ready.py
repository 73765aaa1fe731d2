"""Whether the service can take questions and answer them now: what `/readyz` says."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

import structlog
from aiohttp import web

from bot.ports import ChatAdapter

REMEMBERED_SECONDS = 15.0
"""A platform is asked no more often, however often an orchestrator looks."""
PATIENCE_SECONDS = 8.0

log = structlog.get_logger(__name__)


class Readiness:
    """Asks each platform, and remembers what it said for a while."""

    def __init__(self, adapters: Sequence[ChatAdapter], clock: Callable[[], float] = time.monotonic) -> None:
        self._adapters = tuple(adapters)
        self._clock = clock
        self._lock = asyncio.Lock()
        self._problems: list[str] = []
        self._until = float("-inf")

    async def problems(self) -> list[str]:
        """What keeps the service from its work; [] when nothing does."""
        async with self._lock:
            if self._clock() >= self._until:
                found = await asyncio.gather(*map(self._of, self._adapters))
                self._problems = [problem for problems in found for problem in problems]
                self._until = self._clock() + REMEMBERED_SECONDS
            return self._problems

    async def _of(self, adapter: ChatAdapter) -> list[str]:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await adapter.ready()
        except TimeoutError:
            return [f"{adapter.name} did not say within {PATIENCE_SECONDS:g} seconds whether it works."]

    async def answer(self, _: web.Request) -> web.Response:
        """200 "ok", or 503. The reasons go to our own log: whoever may ask this may not read them."""
        problems = await self.problems()
        for problem in problems:
            log.warning("not ready", problem=problem)
        return web.Response(status=503, text="not ready; the log says why\n") if problems else web.Response(text="ok\n")
