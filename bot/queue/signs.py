"""Signs that a question is being worked on: the platform's own, renewed while they are needed, or status lines."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import structlog

from bot.errors import BotError
from bot.ports import Platform
from bot.queue.inbox import Inbox
from bot.texts import STATUS
from bot.types import Incoming

GREETERS = 4  # signs shown at the same time for questions that wait their turn
RENEW_SECONDS = 60.0  # Slack lets its sign go after two minutes
END_SECONDS = 2.0  # for those under way at a stop; a line that is cut off stays as a spare one

log = structlog.get_logger(__name__)


class Signs:
    def __init__(self, inbox: Inbox, platforms: Mapping[str, Platform], renew_s: float = RENEW_SECONDS) -> None:
        self._inbox = inbox
        self._platforms = platforms
        self._renew_s = renew_s
        self._waiting: asyncio.Queue[str] = asyncio.Queue()
        self._calls: dict[str, asyncio.Task[str]] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._ended: set[str] = set()
        self._greeters: list[asyncio.Task[None]] = []

    def start(self, wanted: Callable[[str], bool]) -> None:
        """Show what is asked for. `wanted` says whether the question of a key is still being worked on."""
        self._greeters = [asyncio.create_task(self._greet(wanted)) for _ in range(GREETERS)]

    async def stop(self, grace_s: float) -> None:
        for timer in self._timers.values():
            timer.cancel()
        if self._calls:
            await asyncio.wait(self._calls.values(), timeout=min(grace_s, END_SECONDS))
        ending = [*self._greeters, *self._calls.values()]
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)

    def want(self, key: str) -> None:
        """A question that waits its turn shall have a sign, so that nobody looks at silence."""
        self._waiting.put_nowait(key)

    async def show(self, incoming: Incoming) -> str | None:
        """Shown once, whoever asks: the id of a status line, None for a sign that passes. Raises PlatformError."""
        call = self._calls.get(incoming.key)
        if call is None or (call.done() and (call.cancelled() or call.exception() is not None)):
            call = self._calls[incoming.key] = asyncio.create_task(self._show(incoming))
        return await asyncio.shield(call) or None

    async def over(self, key: str) -> None:
        """No sign after this: an answer takes away the one that is there, but not one that comes later."""
        self._ended.add(key)
        call = self._calls.pop(key, None)
        if call is not None and not call.done():
            await asyncio.wait({call})
        self._drop_timer(key)

    def forget(self, key: str) -> None:
        """The question is out of hand, done or put aside: its sign is not renewed."""
        self._drop_timer(key)
        self._ended.discard(key)
        call = self._calls.get(key)
        if call is not None and call.done():
            del self._calls[key]

    def _drop_timer(self, key: str) -> None:
        timer = self._timers.pop(key, None)
        if timer is not None:
            timer.cancel()

    async def _show(self, incoming: Incoming) -> str:
        message = await self._platforms[incoming.platform].post_status(incoming, STATUS)
        if message:
            await self._inbox.status_posted(incoming.key, message)
        else:
            later = asyncio.get_running_loop().call_later
            self._timers[incoming.key] = later(self._renew_s, self._renew, incoming.key)
        return message

    def _renew(self, key: str) -> None:
        self._timers.pop(key, None)
        self._calls.pop(key, None)
        self.want(key)

    async def _greet(self, wanted: Callable[[str], bool]) -> None:
        while True:
            key = await self._waiting.get()
            try:
                pending = await self._inbox.get(key)
                unanswered = pending is not None and pending.state == "new"
                unanswered = unanswered and wanted(key) and key not in self._ended
                if pending and unanswered and pending.incoming.addressed and pending.status_id is None:
                    await self.show(pending.incoming)
            except BotError as error:
                log.warning("a status could not be shown yet", key=key, error=str(error))
            except Exception:
                log.exception("a bug kept a status from being shown", key=key)
