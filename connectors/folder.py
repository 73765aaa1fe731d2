"""A folder as a source: every regular file in it, links not followed."""

from __future__ import annotations

import asyncio
import os
import stat
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Literal, Self
from urllib.parse import quote

from pydantic import Field, model_validator

from connectors.access import OPEN, AccessRules
from connectors.errors import ItemGone, ItemUnreadable, SourceUnavailable
from connectors.kinds import Link, SourceKind, SourceSettings, Surroundings
from connectors.ports import Item, ListingFailure, Standing, Tells

MAX_FILE_BYTES = 200_000_000
_FRESH_SECONDS = 2.0  # a file changed this recently may change again within its timestamp
_SETTLED_SECONDS = 0.7  # quiet for so long, a changed file is read
_AT_ONCE = 1_000  # files looked at before the engine goes on with them
_IGNORED = ("~$*", ".*", "*.tmp", "*.part", "*.crdownload", "Thumbs.db", "*.swp", "*~")


class FolderSource:
    """A `Lister` that is `Revalidates`, `LooksUp` and `Watchable`. An item's id is its path in the folder, with `/`."""

    tells = Tells(cannot=("who may read a file there: your access rules decide",))

    def __init__(
        self, name: str, root: Path, *, access: AccessRules = OPEN, url: str | None = None, hard_links: bool = False
    ) -> None:
        """`url` is the address of the folder for people, e.g. "https://intranet.example/docs".

        `hard_links`: read files with several names, too. One of them may lie where other people write.
        """
        self._hard_links = hard_links
        self._name = name
        self._root = root
        self._access = access
        self._url = url

    @property
    def name(self) -> str:
        return self._name

    @property
    def access(self) -> AccessRules | None:
        return self._access

    @property
    def root(self) -> Path:
        return self._root

    @property
    def place(self) -> Mapping[str, str]:
        return {"path": str(self._root)}

    async def notices(self) -> AsyncIterator[None]:
        """When something below the folder has changed, and was then quiet for a moment."""
        from watchfiles import awatch  # a notifying library: needed by who watches alone

        try:
            async for _ in awatch(self._root, step=500):
                await asyncio.sleep(_SETTLED_SECONDS)
                yield
        except FileNotFoundError as error:
            raise SourceUnavailable(f"{self._root} cannot be watched: there is no such folder.") from error

    async def list(self) -> AsyncIterator[Item | ListingFailure]:
        if not self._root.is_dir():
            raise SourceUnavailable(
                f"{self._root} is not a folder that can be read. Check the path, and that this user may open it."
            )
        walk = self._walk(self._root)
        while found := await asyncio.to_thread(lambda: list(islice(walk, _AT_ONCE))):
            for entry in found:
                yield entry

    def _walk(self, folder: Path) -> Iterator[Item | ListingFailure]:
        try:
            with os.scandir(folder) as scan:
                entries = sorted(scan, key=lambda e: e.name)
        except OSError as error:
            yield ListingFailure(self._relative(folder), error.strerror or str(error))
            return
        for entry in entries:
            if any(fnmatchcase(entry.name, pattern) for pattern in _IGNORED):
                continue
            path = Path(entry.path)
            try:
                info = entry.stat(follow_symlinks=False)
            except OSError as error:
                yield ListingFailure(self._relative(path), error.strerror or str(error))
                continue
            if stat.S_ISDIR(info.st_mode):
                yield from self._walk(path)
            elif stat.S_ISREG(info.st_mode):  # a link could lead out of the folder, a device never end
                yield self._item(path, info)

    def _relative(self, path: Path) -> str:
        name = path.relative_to(self._root).as_posix()
        return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")

    def _item(self, path: Path, info: os.stat_result) -> Item:
        relative = self._relative(path)
        return Item(
            id=relative,
            name=PurePosixPath(relative).name,
            uri=path.absolute().as_uri(),
            url=f"{self._url.rstrip('/')}/{quote(relative)}" if self._url else None,
            modified_at=datetime.fromtimestamp(max(info.st_mtime, 0), UTC),
            token=self._token(info) if self._settled(info) else f"~{self._token(info)}",
        )

    def _token(self, info: os.stat_result) -> str:
        # A file that may no longer be read is read anew, so that it is noticed.
        marked = ":linked" if self._foreign(info) else ""
        return f"{info.st_size}:{info.st_mtime_ns}:{info.st_ctime_ns}:{info.st_ino}{marked}"

    @staticmethod
    def _settled(info: os.stat_result) -> bool:
        return time.time() - max(info.st_mtime, info.st_ctime) > _FRESH_SECONDS

    def _foreign(self, info: os.stat_result) -> bool:
        return info.st_nlink > 1 and not self._hard_links

    async def fetch(self, item: Item) -> bytes:
        return await asyncio.to_thread(self._read, item)

    async def revalidate(self, item_id: str, token: str) -> Standing:
        return await asyncio.to_thread(self._standing, item_id, token)

    async def item(self, item_id: str) -> Item | None:
        return await asyncio.to_thread(self._look, item_id)

    def _look(self, item_id: str) -> Item | None:
        path = self._root / item_id
        try:
            info = path.stat(follow_symlinks=False)
        except (FileNotFoundError, NotADirectoryError) as error:
            if self._root.is_dir():
                return None
            raise SourceUnavailable(f"{self._root} is not a folder that can be read.") from error
        except OSError as error:
            raise SourceUnavailable(f"{path} cannot be looked at: {error.strerror}.") from error
        return self._item(path, info) if stat.S_ISREG(info.st_mode) else None

    def _standing(self, item_id: str, token: str) -> Standing:
        try:
            info = (self._root / item_id).stat(follow_symlinks=False)
        except (FileNotFoundError, NotADirectoryError):
            return Standing.GONE if self._root.is_dir() else Standing.UNKNOWN  # a share that is not mounted
        except OSError:
            return Standing.UNKNOWN
        return Standing.SAME if self._token(info) == token.removeprefix("~") else Standing.CHANGED

    def _read(self, item: Item) -> bytes:
        path = self._root / item.id
        try:
            # O_NOFOLLOW: the file may have become a link since it was listed.
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except (FileNotFoundError, NotADirectoryError) as error:
            if "\ufffd" in item.id:  # it cannot be said how the name is written
                raise ItemUnreadable("has a name that is no UTF-8; rename it") from error
            raise ItemGone("is gone since it was listed") from error
        except OSError as error:
            raise ItemUnreadable(f"cannot be opened: {error.strerror}") from error
        with os.fdopen(handle, "rb") as file:
            info = os.fstat(file.fileno())
            if not stat.S_ISREG(info.st_mode):
                raise ItemUnreadable("is not a regular file")
            if self._foreign(info):
                raise ItemUnreadable(
                    f"has {info.st_nlink} names (hard links), so it may come from outside the folder; "
                    "copy it, or set hard_links = true in the source"
                )
            if info.st_size > MAX_FILE_BYTES:
                raise ItemUnreadable(f"is larger than {MAX_FILE_BYTES // 1_000_000} MB")
            try:
                return file.read(MAX_FILE_BYTES + 1)
            except OSError as error:
                raise ItemUnreadable(f"cannot be read: {error.strerror}") from error


class FolderSettings(SourceSettings):
    """A folder, or a mounted share."""

    kind: Literal["folder"] = Field(default="folder", description="The kind of source")
    path: Path = Field(description="The folder; relative to the settings file")
    url: Link | None = Field(default=None, description="Address of the folder for people, for links")
    hard_links: bool = Field(default=False, description="Also read files that have several names (hard links)")

    @model_validator(mode="after")
    def _paths_begin_at_the_folder(self) -> Self:
        root = self.path.as_posix().rstrip("/") + "/"
        for rule in self.access:
            inside = rule.path.removeprefix(root)
            if self.path.is_absolute() and inside != rule.path:
                raise ValueError(f'access: paths begin at the folder: instead of "{rule.path}" write "{inside}"')
        return self


def _build(settings: FolderSettings, surroundings: Surroundings) -> FolderSource:
    root = (surroundings.base / settings.path).resolve()
    return FolderSource(settings.name, root, access=settings.rules(), url=settings.url, hard_links=settings.hard_links)


FOLDER = SourceKind(FolderSettings, _build)
