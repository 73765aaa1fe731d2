"""A sync that is killed at one of its stages: `python -m tests.connectors.killed HOME PLACE KIND STAGE`."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from connectors.folder import FolderSource
from connectors.ports import Item, Source
from connectors.state import StateStore
from connectors.sync import SyncEngine
from connectors.testing.fakes import CountingEmbedder, LineParser
from retrieval.index.embedded import EmbeddedIndex
from tests.connectors.worlds import Shelf, ShelfSource

P = ParamSpec("P")
T = TypeVar("T")
STAGES = (
    *("before claim", "after claim", "before fetch", "before parse", "before add", "after add", "after publish"),
    *("after withdraw", "before advance", "after advance", "after remove"),
)
AT = 3
"""The call of a stage that is the last."""


def place(folder: Path, kind: str) -> Source:
    """A folder; or a shelf kept in a file, the second kind of source."""
    if kind == "listing":
        return FolderSource("docs", folder)
    shelf = Shelf()
    told = json.loads((folder.parent / "shelf.json").read_text())
    shelf.files = {i: (p, t, n) for i, (p, t, n) in told["files"].items()}
    shelf.log = told["log"]
    return ShelfSource(shelf, "docs")


class Killer:
    """Ends the process at the stage, without a word to anybody."""

    def __init__(self, stage: str) -> None:
        self._stage = stage
        self._left = AT

    def at(self, stage: str) -> None:
        if stage == self._stage:
            self._left -= 1
            if not self._left:
                os.kill(os.getpid(), signal.SIGKILL)

    def around(self, name: str, call: Callable[P, T]) -> Callable[P, T]:
        def called(*args: P.args, **kwargs: P.kwargs) -> T:
            self.at(f"before {name}")
            result = call(*args, **kwargs)
            self.at(f"after {name}")
            return result

        return called

    def around_async(self, name: str, call: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
        async def called(*args: P.args, **kwargs: P.kwargs) -> T:
            self.at(f"before {name}")
            result = await call(*args, **kwargs)
            self.at(f"after {name}")
            return result

        return called


class Open:
    """What a sync works with, on a home."""

    def __init__(self, home: Path, killer: Killer | None = None) -> None:
        self.state = StateStore(home / "state.db")
        self.embedder = CountingEmbedder()
        self.index = EmbeddedIndex(home / "index", self.embedder.fingerprint)
        parser: Any = LineParser()
        if killer is not None:
            for name in ("claim", "publish", "advance", "remove"):
                setattr(self.state, name, killer.around(name, getattr(self.state, name)))
            for name in ("add", "withdraw"):
                setattr(self.index, name, killer.around_async(name, getattr(self.index, name)))
            parser.parse = killer.around_async("parse", parser.parse)
        self.engine = SyncEngine(self.state, self.index, self.embedder, parser)

    async def close(self) -> None:
        self.state.close()
        await self.index.close()


async def main(arguments: Sequence[str]) -> None:
    home, folder, kind, stage = Path(arguments[0]), Path(arguments[1]), arguments[2], arguments[3]
    killer = Killer(stage)
    source: Any = place(folder, kind)
    fetch: Callable[[Item], Awaitable[bytes]] = source.fetch
    source.fetch = killer.around_async("fetch", fetch)
    opened = Open(home, killer)
    await opened.engine.run(source)
    await opened.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
