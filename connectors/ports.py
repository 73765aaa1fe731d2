"""What the sync engine needs from a source, in its own words."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

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

    def list(self) -> AsyncIterator[Item | ListingFailure]:
        """All files. Raises SourceUnavailable when nothing can be listed."""
        ...

    async def fetch(self, item: Item) -> bytes:
        """The content of a file. Raises ItemUnreadable, SourceUnavailable."""
        ...
