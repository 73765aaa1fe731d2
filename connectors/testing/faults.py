"""Sources that misbehave, around one that does not: the engine must come through, whatever the source is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from connectors.access import AccessRules
from connectors.errors import ItemGone, SourceUnavailable
from connectors.ports import Follower, Item, Lister, ListingFailure, Page, Source, Tells

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Faults:
    """Breaks off or hangs after so many items or pages, tells all `twice`, or loses the item `vanishing`."""

    breaks_after: int | None = None
    hangs_after: int | None = None
    twice: bool = False
    vanishing: str = ""


class _Around:
    """What every wrapper passes on, and where it fails."""

    def __init__(self, source: Source, faults: Faults) -> None:
        self._source = source
        self._faults = faults
        self.fetched: list[str] = []
        """Items that were fetched."""

    @property
    def name(self) -> str:
        return self._source.name

    @property
    def place(self) -> Mapping[str, str]:
        return self._source.place

    @property
    def access(self) -> AccessRules | None:
        return self._source.access

    @property
    def tells(self) -> Tells:
        return self._source.tells

    async def fetch(self, item: Item) -> bytes:
        if item.id == self._faults.vanishing:
            raise ItemGone("is gone since it was listed")
        self.fetched.append(item.id)
        return await self._source.fetch(item)

    async def _told(self, found: AsyncIterator[T]) -> AsyncIterator[T]:
        count = 0
        async for one in found:
            if count == self._faults.breaks_after:
                raise SourceUnavailable("broken off, as the test wants")
            if count == self._faults.hangs_after:
                await asyncio.Event().wait()
            count += 1
            yield one
            if self._faults.twice:
                yield one


class FaultyLister(_Around):
    """A `Lister` with `Faults`, item by item."""

    def __init__(self, source: Lister, faults: Faults) -> None:
        super().__init__(source, faults)
        self._lister = source

    def list(self) -> AsyncIterator[Item | ListingFailure]:
        return self._told(self._lister.list())


class FaultyFollower(_Around):
    """A `Follower` with `Faults`, page by page."""

    def __init__(self, source: Follower, faults: Faults) -> None:
        super().__init__(source, faults)
        self._follower = source

    def changes(self, cursor: str | None) -> AsyncIterator[Page]:
        return self._told(self._follower.changes(cursor))


def faulty(
    source: Source,
    *,
    breaks_after: int | None = None,
    hangs_after: int | None = None,
    twice: bool = False,
    vanishing: str = "",
) -> FaultyFollower | FaultyLister:
    """The wrapper for the source's kind. The faults are those of `Faults`."""
    faults = Faults(breaks_after, hangs_after, twice, vanishing)
    if isinstance(source, Follower):
        return FaultyFollower(source, faults)
    if isinstance(source, Lister):
        return FaultyLister(source, faults)
    raise TypeError(f"{source.name} is neither a Lister nor a Follower")
