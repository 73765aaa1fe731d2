"""What the sync engine needs from a source, in its own words."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from connectors.access import AccessRules
from retrieval.people import AccessList


@dataclass(frozen=True, slots=True)
class Item:
    """A file of a source, not fetched yet.

    `id` is unique in the source: its path there, with `/`, which access rules match. `token` changes
    whenever the content may have changed; "" says that the source cannot tell, so the content is read.
    `url` opens the file for a person. `matching` are the numbers of the source's access rules that
    match; the last of them decided `access`.
    """

    id: str
    name: str
    uri: str
    url: str | None
    modified_at: datetime
    token: str
    access: AccessList
    matching: tuple[int, ...] = ()


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

    @property
    def access(self) -> AccessRules | None:
        """The rules over item ids that decide who may read what; None: the source knows the readers itself."""
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
