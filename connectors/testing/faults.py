"""Sources that misbehave, around one that does not: the engine must come through, whatever the source is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping

from connectors.access import AccessRules
from connectors.errors import ItemGone, SourceUnavailable
from connectors.ports import Follower, Item, Lister, ListingFailure, Page, Source, Tells


class _Around:
    """What every wrapper passes on."""

    def __init__(self, source: Source) -> None:
        self._source = source
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
        self.fetched.append(item.id)
        return await self._source.fetch(item)


class FaultyLister(_Around):
    """A `Lister` that breaks off or hangs after so many items, tells all `twice`, or loses the item `vanishing`."""

    def __init__(
        self,
        source: Lister,
        *,
        breaks_after: int | None = None,
        hangs_after: int | None = None,
        twice: bool = False,
        vanishing: str = "",
    ) -> None:
        super().__init__(source)
        self._lister = source
        self._breaks_after = breaks_after
        self._hangs_after = hangs_after
        self._twice = twice
        self._vanishing = vanishing

    async def list(self) -> AsyncIterator[Item | ListingFailure]:
        count = 0
        async for found in self._lister.list():
            if count == self._breaks_after:
                raise SourceUnavailable("broken off, as the test wants")
            if count == self._hangs_after:
                await asyncio.Event().wait()
            count += 1
            yield found
            if self._twice:
                yield found

    async def fetch(self, item: Item) -> bytes:
        if item.id == self._vanishing:
            raise ItemGone("is gone since it was listed")
        return await super().fetch(item)


class FaultyFollower(_Around):
    """A `Follower` of the same faults, page by page."""

    def __init__(
        self,
        source: Follower,
        *,
        breaks_after: int | None = None,
        hangs_after: int | None = None,
        twice: bool = False,
        vanishing: str = "",
    ) -> None:
        super().__init__(source)
        self._follower = source
        self._breaks_after = breaks_after
        self._hangs_after = hangs_after
        self._twice = twice
        self._vanishing = vanishing

    async def changes(self, cursor: str | None) -> AsyncIterator[Page]:
        count = 0
        async for page in self._follower.changes(cursor):
            if count == self._breaks_after:
                raise SourceUnavailable("broken off, as the test wants")
            if count == self._hangs_after:
                await asyncio.Event().wait()
            count += 1
            yield page
            if self._twice:
                yield page

    async def fetch(self, item: Item) -> bytes:
        if item.id == self._vanishing:
            raise ItemGone("is gone since it was listed")
        return await super().fetch(item)


def faulty(
    source: Source,
    *,
    breaks_after: int | None = None,
    hangs_after: int | None = None,
    twice: bool = False,
    vanishing: str = "",
) -> FaultyFollower | FaultyLister:
    """The wrapper for the source's kind."""
    if isinstance(source, Follower):
        return FaultyFollower(
            source, breaks_after=breaks_after, hangs_after=hangs_after, twice=twice, vanishing=vanishing
        )
    if isinstance(source, Lister):
        return FaultyLister(
            source, breaks_after=breaks_after, hangs_after=hangs_after, twice=twice, vanishing=vanishing
        )
    raise TypeError(f"{source.name} is neither a Lister nor a Follower")
