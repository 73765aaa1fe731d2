"""The sign that an answer is under way: typing, sent again while it lasts, once for each conversation."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from bot.errors import PlatformError
from bot.types import ChannelKind, Incoming

EVERY_SECONDS = 3.0
"""Clients show it for three seconds, and more often it is not to be sent (Bot Framework Activity, A6000 and A6001):
https://github.com/microsoft/botframework-sdk/blob/main/specs/botframework-activity/botframework-activity.md#typing-activity
"""
LONGEST_SECONDS = 60.0  # then whoever wants it asks again
LAST_SECONDS = 2.0  # an answer does not wait longer for a sign under way

log = structlog.get_logger(__name__)


class Typing:
    """`send` sends it once. Nobody waits for it, and where it cannot be shown it is not."""

    def __init__(self, send: Callable[[Incoming], Awaitable[None]], every_s: float = EVERY_SECONDS) -> None:
        self._send = send
        self._every_s = every_s
        self._asked: dict[str, set[str]] = {}  # keys of questions, by conversation
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def begin(self, incoming: Incoming) -> None:
        conversation = address(incoming)[1]
        self._asked.setdefault(conversation, set()).add(incoming.key)
        if conversation not in self._tasks:
            self._tasks[conversation] = asyncio.create_task(self._type(conversation, incoming))

    async def end(self, incoming: Incoming) -> None:
        """No more of it for this question; none comes after this for its conversation, if it was the last one there."""
        conversation = address(incoming)[1]
        asked = self._asked.get(conversation, set())
        asked.discard(incoming.key)
        task = self._tasks.get(conversation)
        if not asked and task is not None:
            await self._stop(conversation, task)

    async def stop(self) -> None:
        for conversation, task in list(self._tasks.items()):
            await self._stop(conversation, task)

    async def _stop(self, conversation: str, task: asyncio.Task[None]) -> None:
        task.cancel()
        await asyncio.wait({task}, timeout=LAST_SECONDS)
        self._forget(conversation, task)  # it may not even have begun

    def _forget(self, conversation: str, task: asyncio.Task[None] | None) -> None:
        if self._tasks.get(conversation) is task:
            del self._tasks[conversation]
            self._asked.pop(conversation, None)

    async def _type(self, conversation: str, incoming: Incoming) -> None:
        rounds = 1 if incoming.channel_kind in _CHANNELS else max(1, int(LONGEST_SECONDS / self._every_s))
        try:
            for _ in range(rounds):
                await self._send(incoming)
                await asyncio.sleep(self._every_s)
        except PlatformError as error:
            log.info("Teams did not show that a question is being worked on", key=incoming.key, reason=str(error))
        except Exception:
            log.exception("a bug kept Teams from showing that a question is being worked on", key=incoming.key)
        finally:
            self._forget(conversation, asyncio.current_task())


_CHANNELS = frozenset({ChannelKind.CHANNEL, ChannelKind.PRIVATE_CHANNEL})  # they show it hardly anywhere


def address(incoming: Incoming) -> tuple[str, str, str]:
    """Service address, conversation (with its thread), and the bot's id there."""
    return (
        str(incoming.reference["service_url"]),
        str(incoming.reference["conversation"]),
        str(incoming.reference["bot"]),
    )
