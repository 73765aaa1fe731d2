"""What a directory said, remembered for a short while: `bot.kept` says what that promises of a right taken away."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Protocol

import structlog

from bot.directory.file import DirectoryDown
from bot.kept import MOST_WEIGHT, Kept
from retrieval.people import Principal

log = structlog.get_logger(__name__)

LOOKUPS = 8
PAUSE_SECONDS = 2.0
LONGEST_PAUSE = 60.0
LOOKUP_SECONDS = 20.0


class GroupSource(Protocol):
    """A directory that is asked for one person at a time."""

    @property
    def name(self) -> str: ...

    async def groups(self, person: Principal) -> frozenset[str]:
        """Raises DirectoryUnavailable for this person, DirectoryDown when it answers for nobody."""
        ...

    async def unknown(self, names: frozenset[str]) -> frozenset[str]:
        """As in `Groups`. Raises DirectoryUnavailable."""
        ...

    async def check(self) -> list[str]: ...

    async def close(self) -> None: ...


class Pause:
    """Leaves a directory that is down alone for a moment, and says so once in the service's log."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._down: DirectoryDown | None = None
        self._until = 0.0

    def check(self) -> None:
        """Raises DirectoryDown while the pause lasts."""
        if self._down is not None and self._clock() < self._until:
            raise self._down

    def begin(self, error: DirectoryDown) -> DirectoryDown:
        self._down = error
        self._until = self._clock() + min(max(PAUSE_SECONDS, error.retry_after), LONGEST_PAUSE)
        log.warning("directory_down", error=str(error))
        return error

    def end(self) -> None:
        self._down = None


Person = tuple[str, str, str, str]


class CachedDirectory:
    """Implements `Groups` over a source. People in no group are remembered as well, failures are not.

    A source that is down is left alone for a moment, so that the many readers of a channel do not
    wait for it one after another.
    """

    def __init__(
        self,
        source: GroupSource,
        seconds: float,
        *,
        most: int = MOST_WEIGHT,
        longest: float = LOOKUP_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source = source
        self._seconds = seconds
        self._longest = longest
        self._pause = Pause(clock)
        self._kept: Kept[Person, frozenset[str]] = Kept(len, most, clock)
        self._gate = asyncio.Semaphore(LOOKUPS)

    async def groups(self, person: Principal) -> frozenset[str]:
        return await self._get(person, self._seconds)

    async def fresh(self, person: Principal) -> frozenset[str]:
        return await self._get(person, 0.0)

    async def unknown(self, names: frozenset[str]) -> frozenset[str]:
        return await self._source.unknown(names)

    async def check(self) -> list[str]:
        return await self._source.check()

    async def close(self) -> None:
        await self._source.close()

    async def _get(self, person: Principal, seconds: float) -> frozenset[str]:
        key = (person.platform, person.tenant, person.user, person.email)
        return await self._kept.get(key, lambda: self._ask(person), seconds)

    async def _ask(self, person: Principal) -> frozenset[str]:
        async with self._gate:
            self._pause.check()
            try:
                async with asyncio.timeout(self._longest):
                    groups = await self._source.groups(person)
            except TimeoutError as error:
                late = DirectoryDown(f"{self._source.name} did not answer within {self._longest:g} seconds.")
                raise self._pause.begin(late) from error
            except DirectoryDown as error:
                self._pause.begin(error)
                raise
            self._pause.end()
            return groups
