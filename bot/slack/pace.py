"""New messages of a channel, one about a second: what Slack allows before it answers 429.

https://docs.slack.dev/apis/web-api/rate-limits ("one message per second per channel", short bursts are let through)
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable

from bot.errors import PlatformBusy

MOST_CHANNELS = 10_000


class MessagePace:
    """A channel that was quiet may have `burst` messages at once, then one each `interval` seconds.

    `clock` gives seconds that only grow, `sleep` waits so many. Channels do not wait for each other.
    """

    def __init__(
        self,
        interval: float,
        burst: int,
        longest: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._interval = interval
        self._burst = burst
        self._longest = longest
        self._clock = clock
        self._sleep = sleep
        self._due: OrderedDict[str, float] = OrderedDict()  # when the channel's next message is due, without bursts

    async def turn(self, channel: str) -> None:
        """Wait for the channel's turn. Raises PlatformBusy, at once, when that is more than `longest` seconds away.

        Turns are given in the order in which they are asked for.
        """
        now = self._clock()
        due = max(self._due.get(channel, now), now)
        wait = due - now - (self._burst - 1) * self._interval
        if wait > self._longest:
            raise PlatformBusy(f"Slack takes about one message a second in {channel}, and many wait.", wait)
        self._set(channel, due + self._interval)
        if wait > 0:
            await self._sleep(wait)

    def hold(self, channel: str, seconds: float) -> None:
        """Slack asked to wait: no message goes there before, and then no burst."""
        resumed = self._clock() + seconds + (self._burst - 1) * self._interval
        self._set(channel, max(self._due.get(channel, 0.0), resumed))

    def _set(self, channel: str, due: float) -> None:
        self._due[channel] = due
        self._due.move_to_end(channel)
        while len(self._due) > MOST_CHANNELS:
            self._due.popitem(last=False)
