"""Places for the conformance tests: a folder, and a small service of our own that tells changes and knows readers."""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from connectors.access import AccessRules
from connectors.errors import CursorExpired, ItemGone, SourceUnavailable
from connectors.folder import FolderSource
from connectors.ports import Gone, Group, Item, ListingFailure, Page, Readers, Spot, Standing, Tells
from connectors.testing.world import World
from retrieval.people import AccessList


class FolderWorld(World):
    def __init__(self, folder: Path) -> None:
        self.folder = folder / "documents"
        self.folder.mkdir()

    def source(self) -> FolderSource:
        return FolderSource("docs", self.folder)

    async def put(self, path: str, text: str) -> None:
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / path).write_text(text)

    async def dated(self, path: str, text: str, at: datetime) -> None:
        await self.put(path, text)
        os.utime(self.folder / path, (at.timestamp(), at.timestamp()))

    async def delete(self, path: str) -> None:
        (self.folder / path).unlink()

    async def rename(self, old: str, new: str) -> None:
        (self.folder / new).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / old).rename(self.folder / new)

    async def rename_folder(self, old: str, new: str) -> None:
        (self.folder / old).rename(self.folder / new)

    async def settled(self) -> None:
        await asyncio.sleep(2.2)


@dataclass(slots=True)
class Shelf:
    """A service: files by number, changes by number, folders with access lists."""

    files: dict[str, tuple[str, str, int]] = field(default_factory=dict)  # id -> path, text, revision
    log: list[str] = field(default_factory=list)  # ids, as they changed
    lists: dict[str, AccessList] = field(default_factory=dict)
    members: dict[str, frozenset[str]] = field(default_factory=dict)
    first: int = 0  # cursors before it are expired
    broken_after: int | None = None
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def named(self, path: str) -> str:
        return next(i for i, (there, _, _) in self.files.items() if there == path)


class ShelfSource:
    """Implements `Follower`, `KnowsReaders`, `KnowsGroups`, `Revalidates` and `OpensAt`. Two entries a page."""

    access: AccessRules | None = None
    tells = Tells()

    def __init__(self, shelf: Shelf, name: str = "shelf") -> None:
        self.shelf = shelf
        self.name = name
        self.place: Mapping[str, str] = {"service": "shelf"}

    async def changes(self, cursor: str | None) -> AsyncIterator[Page]:
        shelf = self.shelf
        kind, _, at = (cursor or "all:0").partition(":")
        if kind == "log" and int(at) < shelf.first:
            raise CursorExpired("the service has forgotten what changed since then")
        position, end = int(at), len(shelf.log)
        told = sorted(shelf.files) if kind == "all" else list(dict.fromkeys(shelf.log[position:end]))
        told = told[position:] if kind == "all" else told
        for n in range(0, max(len(told), 1), 2):
            if shelf.broken_after is not None and n >= shelf.broken_after:
                shelf.broken_after = None
                raise SourceUnavailable("the service fails (HTTP 500)")
            part = told[n : n + 2]
            last = n + 2 >= len(told)
            middle = f"all:{position + n + 2}" if kind == "all" else f"log:{position}"
            yield Page([self._entry(i) for i in part], f"log:{end}" if last else middle)

    def _entry(self, item_id: str) -> Item | Gone:
        if item_id not in self.shelf.files:
            return Gone(item_id)
        path, _, revision = self.shelf.files[item_id]
        name = path.rpartition("/")[2]
        url = f"https://shelf.example/{item_id}"
        changed = datetime(2026, 1, 1, tzinfo=UTC)
        return Item(item_id, name, f"shelf:{item_id}", url, changed, str(revision), path=path)

    async def fetch(self, item: Item) -> bytes:
        if item.id not in self.shelf.files:
            raise ItemGone("is gone since it was listed")
        return self.shelf.files[item.id][1].encode()

    async def readers(self, ids: Sequence[str]) -> AsyncIterator[Readers | ListingFailure]:
        for item_id in ids:
            if item_id in self.shelf.files:
                path = self.shelf.files[item_id][0]
                above = [path, *(str(p) for p in Path(path).parents)]
                where = next((p for p in above if p in self.shelf.lists), None)
                if where is not None:
                    yield Readers(item_id, self.shelf.lists[where], f"the list of {where}")

    async def groups(self) -> AsyncIterator[Group | ListingFailure]:
        for name, members in self.shelf.members.items():
            yield Group(name, members)

    async def revalidate(self, item_id: str, token: str) -> Standing:
        if item_id not in self.shelf.files:
            return Standing.GONE
        return Standing.SAME if str(self.shelf.files[item_id][2]) == token else Standing.CHANGED

    def open_at(self, url: str, spot: Spot) -> str:
        return f"{url}#page={spot.page}" if spot.page else url


class ShelfWorld(World):
    def __init__(self) -> None:
        self.shelf = Shelf()

    def source(self) -> ShelfSource:
        return ShelfSource(self.shelf)

    async def put(self, path: str, text: str) -> None:
        there = [i for i, (p, _, _) in self.shelf.files.items() if p == path]
        number = next(self.shelf.numbers)
        item_id = there[0] if there else f"id{number:06}"
        self.shelf.files[item_id] = (path, text, number)
        self.shelf.log.append(item_id)

    async def delete(self, path: str) -> None:
        item_id = self.shelf.named(path)
        del self.shelf.files[item_id]
        self.shelf.log.append(item_id)

    async def rename(self, old: str, new: str) -> None:
        item_id = self.shelf.named(old)
        _, text, revision = self.shelf.files[item_id]
        self.shelf.files[item_id] = (new, text, revision)
        self.shelf.log.append(item_id)

    async def rename_folder(self, old: str, new: str) -> None:
        for path, _, _ in list(self.shelf.files.values()):
            if path.startswith(f"{old}/"):
                await self.rename(path, new + path.removeprefix(old))

    async def item_id(self, path: str) -> str:
        return self.shelf.named(path)

    async def fail_after(self, items: int) -> None:
        self.shelf.broken_after = items

    async def expire_cursors(self) -> None:
        self.shelf.first = len(self.shelf.log) + 1
        self.shelf.log.append("never was")

    async def restrict(self, path: str, allow: Sequence[str], deny: Sequence[str] = ()) -> None:
        self.shelf.lists[path] = AccessList(frozenset(allow), frozenset(deny))

    async def open_again(self, path: str) -> None:
        del self.shelf.lists[path]
