"""What a directory or a platform said, remembered for a short while: bounded in number and in time.

The promise, for an age limit of N seconds: a lookup gets what was asked for at most N seconds before the lookup
began. So a right that is taken away holds no longer than N seconds; with N = 0 not even for the next lookup.
Lookups of one key at one time share one call where that keeps the promise, and its failure too.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from bot.errors import BotError

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

MOST_WEIGHT = 500_000
"""One for each person remembered, and one for each group of each."""


@dataclass(frozen=True, slots=True)
class _Outcome(Generic[V]):
    """What a call gave; the `turn`-th of all calls, made at `asked`."""

    turn: int
    asked: float
    value: V | None
    error: BotError | None = None


@dataclass(slots=True)
class _Line(Generic[V]):
    """Those who wait for one key, and the last call that was made for them."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: int = 0
    last: _Outcome[V] | None = None


class Kept(Generic[K, V]):
    """Values by key. When they weigh more than `most` together, those not used for longest go."""

    def __init__(
        self,
        weigh: Callable[[V], int],
        most: int = MOST_WEIGHT,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._weigh = weigh
        self._most = most
        self._clock = clock
        self._kept: OrderedDict[K, _Outcome[V]] = OrderedDict()
        self._lines: dict[K, _Line[V]] = {}
        self._weight = 0
        self._turn = 0

    @property
    def weight(self) -> int:
        """Of all that is remembered."""
        return self._weight

    async def get(self, key: K, load: Callable[[], Awaitable[V]], seconds: float) -> V:
        """The value, asked for at most so many seconds before this call. Raises what `load` raises."""
        arrived, turn = self._clock(), self._turn
        kept = self._kept.get(key)
        if kept is not None and arrived - kept.asked < seconds:
            self._kept.move_to_end(key)
            return _opened(kept)
        line = self._lines.setdefault(key, _Line())
        line.waiting += 1
        try:
            async with line.lock:
                last = line.last
                if last is None or not (last.turn > turn or (last.error is None and arrived - last.asked < seconds)):
                    last = line.last = await self._call(key, load)
        finally:
            line.waiting -= 1
            if not line.waiting:
                del self._lines[key]
        return _opened(last)

    def has(self, key: K, seconds: float) -> bool:
        """Whether a value is kept that was asked for at most so many seconds ago."""
        kept = self._kept.get(key)
        return kept is not None and self._clock() - kept.asked < seconds

    def put(self, key: K, value: V) -> None:
        """Keep a value that was just learnt in passing."""
        self._turn += 1
        self._remember(key, _Outcome(self._turn, self._clock(), value))

    def forget(self, key: K) -> None:
        """Ask anew at the next `get`."""
        self._weight -= self._weight_of(self._kept.pop(key, None))

    async def _call(self, key: K, load: Callable[[], Awaitable[V]]) -> _Outcome[V]:
        self._turn += 1
        turn, asked = self._turn, self._clock()
        try:
            outcome = _Outcome(turn, asked, await load())
        except BotError as error:
            return _Outcome(turn, asked, None, error)
        self._remember(key, outcome)
        return outcome

    def _remember(self, key: K, outcome: _Outcome[V]) -> None:
        self._weight -= self._weight_of(self._kept.pop(key, None))
        self._kept[key] = outcome
        self._weight += self._weight_of(outcome)
        while self._weight > self._most:
            self._weight -= self._weight_of(self._kept.popitem(last=False)[1])

    def _weight_of(self, outcome: _Outcome[V] | None) -> int:
        return 0 if outcome is None or outcome.value is None else 1 + self._weigh(outcome.value)


def _opened(outcome: _Outcome[V]) -> V:
    if outcome.error is not None:
        raise outcome.error
    assert outcome.value is not None
    return outcome.value
