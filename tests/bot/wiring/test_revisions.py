"""Questions asked while documents are revised: nothing replaced is quoted, and no version is ever missing."""

from __future__ import annotations

import asyncio
import hashlib
import math
import re
import struct
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bot.settings.values import Settings
from bot.wiring.app import App, open_app
from connectors.folder import FolderSource
from connectors.ports import Source
from connectors.testing.fakes import LineParser
from connectors.testing.world import World
from retrieval.embed.minilm import DIMENSIONS
from retrieval.ports import Embedder, Parser
from retrieval.text.words import squash
from tests.connectors.worlds import FolderWorld
from tests.waiting import until

GENERATED = 100


class Words:
    """Implements `Embedder`: texts with the same words lie near each other, at no cost."""

    fingerprint = "words"
    dimensions = DIMENSIONS

    async def embed(self, texts: Sequence[str]) -> list[bytes]:
        return [self._vector(text) for text in texts]

    def _vector(self, text: str) -> bytes:
        vector = [0.0] * self.dimensions
        for word in re.findall(r"\w+", text.casefold()):
            vector[int.from_bytes(hashlib.blake2b(word.encode(), digest_size=4).digest()) % self.dimensions] += 1.0
        length = math.sqrt(sum(x * x for x in vector)) or 1.0
        return struct.pack(f"<{self.dimensions}f", *(x / length for x in vector))


@dataclass(slots=True)
class Told:
    """What was quoted in a reply that was asked for at `began`."""

    began: float
    quotes: Sequence[tuple[str, str, str]]  # path, version, quote


@dataclass(slots=True)
class Watch:
    """What is seen while documents are revised: replies, when each old text was replaced, moments that must not be."""

    app: App
    questions: Sequence[str]
    replaced: dict[str, tuple[float, str]] = field(default_factory=dict)  # path -> when, the new text
    told: list[Told] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    async def ask(self) -> None:
        n = 0
        while True:
            began = time.monotonic()
            asked = await self.app.ask_as(self.questions[n % len(self.questions)], None)
            shown = asked.outcome.answer or asked.outcome.near
            paths = {e.document.id: e.origin.path for e in self.app.state.entries()}
            cited = shown.citations if shown else ()
            self.told.append(Told(began, [(paths[c.document.id], c.document.version, c.quote) for c in cited]))
            n += 1
            await asyncio.sleep(0)

    async def look(self, paths: frozenset[str]) -> None:
        """Each document is there in one version, and the index can find that version."""
        while True:
            current = await self.app.state.documents()
            held = await self.app.index.versions()
            again = await self.app.state.documents()
            there = {e.origin.path for e in self.app.state.entries() if e.status == "current"}
            self.wrong += [f"{path} is not there" for path in paths - there]
            self.wrong += [
                f"{i} {d.version} cannot be found"
                for i, d in current.items()
                if again.get(i) == d and d.version not in held.get(i, {})
            ]
            await asyncio.sleep(0.02)

    def stale(self) -> list[str]:
        """Quotes of replies to questions asked after a version was replaced, that only the old version has."""
        return [
            f"{path}: {quote}"
            for told in self.told
            for path, _, quote in told.quotes
            if path in self.replaced and told.began > self.replaced[path][0]
            if words(quote) not in words(self.replaced[path][1])
        ]


def words(text: str) -> str:
    """Markdown's signs and white space left out: a quote stands in the document's text without them."""
    return " ".join(re.findall(r"\w+", squash(re.sub(r"\]\([^)]*\)|\{%.*?%\}", " ", text))))


@asynccontextmanager
async def product(home: Path, *, lines: bool = False) -> AsyncIterator[App]:
    """`lines`: read by the engine tests' parser, which starts no process for each document."""

    def cheap(_: Embedder) -> Embedder:
        return Words()

    def parser(real: Parser) -> Parser:
        return LineParser() if lines else real

    async with open_app(Settings(home=home, sync_every_s=0), wrap_embedder=cheap, wrap_parser=parser) as app:
        yield app


async def revised(app: App, world: World, source: Source, texts: Sequence[tuple[str, str]], watch: Watch) -> None:
    """Publish new texts one after the other while questions are asked and the store is watched."""
    paths = frozenset(e.origin.path for e in app.state.entries())
    tasks = [asyncio.create_task(watch.ask()), asyncio.create_task(watch.look(paths))]
    for path, text in texts:
        await world.put(path, text)
        report = await app.sync(source)
        assert (report.failed, report.changed) == ([], 1), path
        watch.replaced[path] = (time.monotonic(), text)
        for task in tasks:
            if task.done():
                task.result()
    asked = len(watch.told)

    async def each_once_more() -> bool:
        return len(watch.told) >= asked + len(watch.questions)

    await until(each_once_more)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_generated_revisions(tmp_path: Path) -> None:
    def text(topic: str, revision: int) -> str:
        return (
            f"# {topic.title()} policy\n\nThe limit for {topic} is {revision * 7 + 100} EUR in revision {revision}.\n"
        )

    topics = ("hotels", "trains", "meals", "taxis", "gifts")
    world = FolderWorld(tmp_path)
    source = FolderSource("docs", world.folder)
    for topic in topics:
        await world.put(f"{topic}.md", text(topic, 0))
    new = [(f"{topics[n % 5]}.md", text(topics[n % 5], n)) for n in range(1, GENERATED + 1)]
    async with product(tmp_path / "home", lines=True) as app:
        await app.sync(source)
        watch = Watch(app, [f"What is the limit for {topic}?" for topic in topics])
        await revised(app, world, source, new, watch)
    assert watch.wrong == []
    assert watch.stale() == []
    assert sum(len(told.quotes) for told in watch.told) > 5
