"""From a question to its recorded reply, without a model: `python -m bench.ask [CHUNKS ...]` (default 1000 10000).

In process and warm, on the embedded index and, where the program is built, on a real Weaviate. The
documents' vectors are made up (embedding 10,000 chunks takes minutes and is measured by bench.index);
questions are embedded by the real model. Ends with a sync of new files and of unchanged ones.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import struct
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from bot.settings.values import Settings
from bot.wiring.app import App, open_app
from connectors.folder import FolderSource
from connectors.state import Origin, access_id
from retrieval import indexing
from retrieval.parse.blocks import Block, assemble
from retrieval.people import EVERYONE, AccessList
from retrieval.ports import Embedder
from retrieval.types import Document
from tests.servers.gotools import CACHE
from tests.servers.weaviate import running

QUESTIONS = 200
SECTIONS = 50
VOCABULARY = """
agreement supplier invoice payment notice termination liability confidential employee travel hotel
approval limit budget report quarter revenue audit policy contract delivery goods warranty insurance
claim damages interest bank account tax record retention privacy security access device password
training board director meeting shareholder dividend merger purchase licence software service
support fee discount renewal breach
"""
WORDS = VOCABULARY.split()


class MadeUp:
    """Implements `Embedder`: random vectors for documents, the real model for the questions."""

    def __init__(self, real: Embedder) -> None:
        self._real = real
        self._random = random.Random(1)
        self.loading = True

    @property
    def fingerprint(self) -> str:
        return self._real.fingerprint

    @property
    def dimensions(self) -> int:
        return self._real.dimensions

    async def embed(self, texts: Sequence[str]) -> list[bytes]:
        return [self._vector() for _ in texts] if self.loading else await self._real.embed(texts)

    def _vector(self) -> bytes:
        values = [self._random.gauss(0, 1) for _ in range(self.dimensions)]
        length = sum(v * v for v in values) ** 0.5
        return struct.pack(f"<{len(values)}f", *(v / length for v in values))


def sentence(draw: random.Random, number: int) -> str:
    subject, verb, rest = draw.choice(WORDS), draw.choice(("must", "may", "shall")), draw.sample(WORDS, 9)
    return f"The {subject} {verb} be settled within {number} days of the {' '.join(rest)}."


def document(number: int) -> tuple[Document, str, list[Block]]:
    draw = random.Random(number)
    title = f"{draw.choice(WORDS)} {draw.choice(WORDS)} policy {number}".title()
    blocks = [Block(title, level=1, heading=title)]
    for n in range(1, SECTIONS):
        heading = f"{draw.choice(WORDS)} {draw.choice(WORDS)}".title()
        blocks.append(Block(f"{n} {heading}", level=2, label=str(n), heading=heading))
        blocks.append(Block(" ".join(sentence(draw, draw.randint(2, 90)) for _ in range(5))))
    access = access_id(AccessList(frozenset({EVERYONE})))
    made = Document(
        f"{number}.md", "2026-01-01.00000000", title, "bench:", "0" * 64, access, "bench", "text/markdown",
        datetime(2026, 1, 1, tzinfo=UTC),
    )  # fmt: skip
    return made, title, blocks


async def fill(app: App, chunks: int) -> None:
    made_up = app.embedder
    assert isinstance(made_up, MadeUp)
    made_up.loading = True
    access = AccessList(frozenset({EVERYONE}))
    for number in range(max(1, chunks // SECTIONS)):
        described, title, blocks = document(number)
        parsed = assemble(title, blocks)
        await indexing.put(app.index, made_up, described, parsed)
        app.state.publish(described, access, parsed, Origin(described.id, described.id, described.id, "", "bench"))
    made_up.loading = False


def questions() -> list[str]:
    draw = random.Random(99)
    return [
        f"When must the {draw.choice(WORDS)} {draw.choice(WORDS)} be settled after the {draw.choice(WORDS)}?"
        for _ in range(QUESTIONS)
    ]


async def measure(app: App, name: str) -> None:
    asked = questions()
    for text in asked[:20]:
        await app.ask_as(text, None)
    took: list[float] = []
    outcomes: dict[str, int] = {}
    for text in asked:
        began = time.perf_counter()
        done = await app.ask_as(text, None)
        took.append((time.perf_counter() - began) * 1000)
        outcomes[done.outcome.kind.value] = outcomes.get(done.outcome.kind.value, 0) + 1
    cuts = statistics.quantiles(took, n=100, method="inclusive")
    print(f"ask, {name:24} p50 {cuts[49]:6.1f} ms  p99 {cuts[98]:6.1f} ms  {outcomes}")


async def syncs(folder: Path) -> None:
    documents = folder / "documents"
    documents.mkdir()
    for number in range(40):
        described, title, blocks = document(number)
        body = [f"# {title}" if b.level == 1 else f"## {b.text}" if b.level else b.text for b in blocks[:13]]
        (documents / described.id).write_text("\n\n".join(body), "utf-8")
    async with open_app(Settings(home=folder / "sync")) as app:
        source = FolderSource("bench", documents)
        first = await app.sync(source)
        chunks = sum(n for versions in (await app.index.versions()).values() for n in versions.values())
        await asyncio.sleep(2.1)
        await app.sync(source)
        again = await app.sync(source)
    seconds = first.took_ms / 1000
    print(f"sync, new: {first.added} files, {chunks} chunks, {chunks / seconds:.0f} chunks/s")
    print(f"sync, unchanged: {again.unchanged} files in {again.took_ms} ms")


async def on_weaviate(chunks: int) -> None:
    with tempfile.TemporaryDirectory() as scratch, running(Path(scratch) / "server") as server:
        settings = Settings(home=Path(scratch) / "home", weaviate_url=server.url, weaviate_grpc_port=server.grpc_port)
        async with open_app(settings, wrap_embedder=MadeUp) as app:
            await fill(app, chunks)
            await measure(app, f"Weaviate, {chunks} chunks")


async def main(sizes: Sequence[int]) -> None:
    for chunks in sizes:
        with tempfile.TemporaryDirectory() as scratch:
            home = Path(scratch)
            async with open_app(Settings(home=home), wrap_embedder=MadeUp) as app:
                await fill(app, chunks)
                await measure(app, f"embedded, {chunks} chunks")
        if (CACHE / "weaviate-server").is_file():
            await on_weaviate(chunks)
    with tempfile.TemporaryDirectory() as scratch:
        await syncs(Path(scratch))


if __name__ == "__main__":
    asyncio.run(main([int(a) for a in sys.argv[1:]] or [1_000, 10_000]))
