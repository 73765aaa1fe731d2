"""What the sync engine needs from a source, in its own words.

A source is a `Lister` or a `Follower`. What else it can do it says by having the method: `KnowsReaders`,
`KnowsGroups`, `Revalidates`, `OpensAt`, `Watchable`, `Closes`. `connectors.testing` checks all of it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from connectors.access import AccessRules
from retrieval.people import AccessList
from retrieval.standing import Standing as Standing


@dataclass(frozen=True, slots=True)
class Item:
    """A file of a source, not fetched yet.

    `id` is unique in the source and stays when the file is changed, moved or renamed, where the source can say so.
    `path` is where it lies, with `/`: what rules for access and titles match; "" is the same as `id`.
    `name` tells the file's type by its suffix. `token` changes whenever the content may have changed; "" says
    that the source cannot tell, so the content is read. One that begins with "~" may not show a further change of just
    now: the content is read again at the next sync, too. `url` opens the file for a person.
    `readers`: who may read it, where the listing tells that already. None: the source's rules decide, or the
    source is asked (`KnowsReaders`); where neither says anything, nobody.
    """

    id: str
    name: str
    uri: str
    url: str | None
    modified_at: datetime
    token: str
    readers: AccessList | None = None
    path: str = ""

    @property
    def where(self) -> str:
        """What rules match."""
        return self.path or self.id


@dataclass(frozen=True, slots=True)
class ListingFailure:
    """Part of a listing that could not be read: deletes must not be inferred from it."""

    where: str
    reason: str


@dataclass(frozen=True, slots=True)
class Gone:
    """The source says that an item is deleted, by its `id`; or that all is whose path lies `below` a folder."""

    id: str = ""
    below: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """Some of what changed. `cursor` goes on after it: it is kept once all of the page is.

    A cursor is the source's own text, of at most a few MB; what must be remembered between runs can be in it.
    """

    entries: Sequence[Item | Gone | ListingFailure]
    cursor: str


@dataclass(frozen=True, slots=True)
class Tells:
    """What a source can say of its documents, for `footnote sources list` and `doctor`.

    `deletes`: what is gone is told, or missing from a listing. `fingerprints`: items carry tokens.
    `cannot`: what nobody should expect of it, each a sentence.
    """

    deletes: bool = True
    fingerprints: bool = True
    cannot: tuple[str, ...] = ()


class Source(Protocol):
    """A place documents come from: what both kinds have."""

    @property
    def name(self) -> str: ...

    @property
    def place(self) -> Mapping[str, str]:
        """Where it is, without secrets: what the state store keeps of it, such as a folder's path."""
        ...

    @property
    def access(self) -> AccessRules | None:
        """The rules over paths that decide who may read what; None: the source knows the readers itself."""
        ...

    @property
    def tells(self) -> Tells: ...

    async def fetch(self, item: Item) -> bytes:
        """The content of a file. Raises ItemGone, ItemUnreadable, SourceUnavailable."""
        ...


@runtime_checkable
class Lister(Source, Protocol):
    """Kind LISTING: it lists everything; what has the same token as before is not fetched."""

    def list(self) -> AsyncIterator[Item | ListingFailure]:
        """All files. Raises SourceUnavailable when the listing cannot be begun, or breaks off."""
        ...


@runtime_checkable
class Follower(Source, Protocol):
    """Kind CHANGES: it says what changed since a cursor."""

    def changes(self, cursor: str | None) -> AsyncIterator[Page]:
        """What changed since the cursor of a page, then nothing more; None: everything that is there.

        An item may come twice, and one that did not change may come. A cursor of a page in the middle goes on there.
        Raises CursorExpired (then the engine asks with None, and says so), SourceUnavailable.
        """
        ...


@dataclass(frozen=True, slots=True)
class Readers:
    """Who may read an item, with all that it inherits. `because` says by what, for people ("the folder HR")."""

    id: str
    access: AccessList
    because: str = ""


@runtime_checkable
class KnowsReaders(Protocol):
    """A source that has access lists of its own."""

    def readers(self, ids: Sequence[str]) -> AsyncIterator[Readers | ListingFailure]:
        """Who may read each of these items now. What it says nothing of, nobody may read.

        Asked for items before they are published, and for all known ones in a job of its own, so what many
        items share (a folder's list) is best asked once a call. People are "user:E-MAIL" in lower case, or
        "user:PLATFORM:ID"; groups "group:NAME" as directories name them, or `own_group`. What cannot be matched
        to such a name is left out of `allow`; of `deny` it must not be: then nobody may read.
        Raises SourceUnavailable.
        """
        ...


def own_group(source: str, group: str) -> str:
    """The access entry of a group that only this source knows (`KnowsGroups`)."""
    return f"group:@{source}/{group}"


@dataclass(frozen=True, slots=True)
class Group:
    """A group of the source's own, by its stable id, and the entries of its members; groups may be among them."""

    id: str
    members: frozenset[str]


@runtime_checkable
class KnowsGroups(Protocol):
    """A source whose access lists name groups that no directory has."""

    def groups(self) -> AsyncIterator[Group | ListingFailure]:
        """All groups. Of one that is missing nobody is a member, and where it is denied, nobody may read.

        Raises SourceUnavailable.
        """
        ...


@runtime_checkable
class Revalidates(Protocol):
    """A source that can say quickly, of one item, whether it is as it was."""

    async def revalidate(self, item_id: str, token: str) -> Standing:
        """Whether the item still has this token. Nothing is fetched; it is cancelled after 300 ms.

        Raises nothing of its own: what cannot be told is UNKNOWN.
        """
        ...


@runtime_checkable
class LooksUp(Protocol):
    """A source that can find one item, so that a document which changed is read anew without a whole listing."""

    async def item(self, item_id: str) -> Item | None:
        """The item as it is now; None: it is gone. Raises SourceUnavailable."""
        ...


@dataclass(frozen=True, slots=True)
class Spot:
    """Where in a document: as a citation knows it."""

    page: int | None = None
    heading: str = ""
    anchor: str | None = None
    locator: str | None = None


@runtime_checkable
class OpensAt(Protocol):
    """A source whose addresses can lead into a document."""

    def open_at(self, url: str, spot: Spot) -> str:
        """The address that opens the document of `url` there, as near as the source can. Asks nobody."""
        ...


@runtime_checkable
class Watchable(Protocol):
    """A source that can tell when something changes. Others are looked through every so often."""

    def notices(self) -> AsyncIterator[None]:
        """Yields when something has changed and can be read, until closed. Raises SourceUnavailable."""
        ...


@runtime_checkable
class Closes(Protocol):
    """A source that holds connections."""

    async def close(self) -> None: ...
