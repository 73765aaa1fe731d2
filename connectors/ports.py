"""What the sync engine needs from a source, in its own words."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from retrieval.types import AccessList


@dataclass(frozen=True, slots=True)
class Item:
    """A file of a source, not fetched yet.

    `id` is unique in the source. `token` changes whenever the content may have changed; "" says
    that the source cannot tell, so the content is read. `url` opens the file for a person.
    """

    id: str
    name: str
    uri: str
    url: str | None
    modified_at: datetime
    token: str
    access: AccessList


@dataclass(frozen=True, slots=True)
class ListingFailure:
    """Part of a listing that could not be read: deletes must not be inferred from it."""

    where: str
    reason: str


class Source(Protocol):
    """A place documents come from."""

    @property
    def name(self) -> str: ...

    @property
    def place(self) -> Mapping[str, str]:
        """Where it is, without secrets: what the state store keeps of it, such as a folder's path."""
        ...

    def list(self) -> AsyncIterator[Item | ListingFailure]:
        """All files. Raises SourceUnavailable when nothing can be listed."""
        ...

    async def fetch(self, item: Item) -> bytes:
        """The content of a file. Raises ItemUnreadable, SourceUnavailable."""
        ...


@runtime_checkable
class Watchable(Protocol):
    """A source that can tell when something changes. Others are looked through every so often."""

    def changes(self) -> AsyncIterator[None]:
        """Yields when something has changed and can be read, until closed. Raises SourceUnavailable."""
        ...
