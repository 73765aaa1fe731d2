"""What the conformance tests do at the place that a source reads, and a small product that follows it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from unittest import SkipTest

from connectors.errors import SourceUnavailable
from connectors.ports import Follower, Gone, Item, Lister, ListingFailure, Source
from connectors.report import SyncReport
from connectors.state import StateStore
from connectors.sync import Limits, SyncEngine
from connectors.testing.fakes import CountingEmbedder, LineParser, ListIndex
from retrieval.people import AccessList


class World:
    """A place with documents. Implement what the place can do; tests that need the rest are skipped.

    Paths are such as "hr/travel.txt"; contents are text. Changes made here are seen by a source at once, or
    after `settled`.
    """

    def source(self) -> Source:
        """A new source that reads the place."""
        raise NotImplementedError

    async def put(self, path: str, text: str) -> None:
        """Write a document, or a new version of it."""
        raise NotImplementedError

    async def delete(self, path: str) -> None:
        raise NotImplementedError

    async def rename(self, old: str, new: str) -> None:
        """Rename or move a document."""
        raise SkipTest("documents cannot be renamed there")

    async def rename_folder(self, old: str, new: str) -> None:
        raise SkipTest("there are no folders that can be renamed")

    async def settled(self) -> None:
        """Wait until a change is old enough to be told apart from the next."""

    async def item_id(self, path: str) -> str:
        """What the source calls a document."""
        return path

    async def dated(self, path: str, text: str, at: datetime) -> None:
        """`put`, where the place takes over a time of change that it is told."""
        raise SkipTest("the place sets times itself")

    # --- what goes wrong

    async def fail_after(self, items: int) -> None:
        """Let the next listing break off after so many items, once."""
        raise SkipTest("the place cannot be made to fail")

    async def throttle(self, seconds: float) -> None:
        """Let the next request be refused with a Retry-After of so many seconds, once."""
        raise SkipTest("the place does not throttle")

    async def early(self) -> bool:
        """Whether a request came before the time that the last throttled one was told."""
        return False

    async def expire_cursors(self) -> None:
        raise SkipTest("the source has no cursors")

    # --- who may read

    async def restrict(self, path: str, allow: Sequence[str], deny: Sequence[str] = ()) -> None:
        """Say who may read a document or a folder, by access entries that the place knows."""
        raise SkipTest("the place has no access lists")

    async def open_again(self, path: str) -> None:
        """Take back `restrict`: what lies above decides."""
        raise SkipTest("the place has no access lists")

    async def close(self) -> None:
        """What the sources of this world hold."""


class Follow:
    """The real engine and state store over a world, with small stand-ins for the index, the embedder and parsers."""

    def __init__(self, state: StateStore, limits: Limits) -> None:
        self.state = state
        self.index = ListIndex()
        self.embedder = CountingEmbedder()
        self.engine = SyncEngine(state, self.index, self.embedder, LineParser(), limits=limits)

    async def sync(self, source: Source) -> SyncReport:
        """Documents, groups and readers once. Raises what the engine raises."""
        await self.engine.groups(source)
        report = await self.engine.run(source)
        report.readers_changed += await self.engine.readers(source)
        return report

    async def texts(self) -> dict[str, str]:
        """What may be quoted, by path: the versions in force, as the index holds them."""
        paths = {entry.document.id: entry.origin.path for entry in self.state.entries()}
        return {
            paths[d.id]: "\n".join(
                c.text for c in self.index.chunks if c.document.id == d.id and c.document.version == d.version
            )
            for d in (await self.state.documents()).values()
        }

    async def access(self, path: str) -> AccessList:
        """Who may read the document of a path, groups of the source's own resolved."""
        (entry,) = [e for e in self.state.entries() if e.origin.path == path]
        return (await self.state.access_lists())[entry.document.acl_id]


@asynccontextmanager
async def following(folder: Path, limits: Limits | None = None) -> AsyncIterator[Follow]:
    """A product on an empty home in that folder."""
    state = StateStore(folder / "state.db")
    try:
        yield Follow(state, limits or Limits())
    finally:
        state.close()


async def listed(source: Source) -> dict[str, Item]:
    """All items of a source, by id. Raises SourceUnavailable for gaps."""
    found: dict[str, Item] = {}
    async for entry in entries(source):
        if isinstance(entry, ListingFailure):
            raise SourceUnavailable(f"{entry.where}: {entry.reason}")
        if isinstance(entry, Item):
            found[entry.id] = entry
        else:
            found.pop(entry.id, None)
    return found


async def entries(source: Source) -> AsyncIterator[Item | Gone | ListingFailure]:
    """All that a source says from the beginning."""
    if isinstance(source, Follower):
        async for page in source.changes(None):
            for entry in page.entries:
                yield entry
    elif isinstance(source, Lister):
        async for found in source.list():
            yield found
