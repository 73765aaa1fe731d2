"""How fast both indexes search and the embedder embeds: `python -m bench.index [--large] [--json]`.

The contenders take turns query by query, so that a busy machine slows them alike; Weaviate's own
client with the same query, filter and properties is one of them, and ratios are to it. A result
outside the query's access lists ends the run. Weaviate is passed over when its server is not built
(the tests build it).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import platform
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import weaviate
from weaviate.classes.query import Filter, HybridFusion
from weaviate.collections import CollectionAsync

from retrieval.embed.minilm import MiniLM
from retrieval.index.embedded import EmbeddedIndex
from retrieval.index.weaviate import WeaviateIndex
from retrieval.text.stems import asked
from retrieval.types import Chunk, Document, Place, Query, Section
from tests.servers.gotools import CACHE
from tests.servers.weaviate import running

FINGERPRINT = "bench"
A_DOCUMENT = 50  # chunks
LISTS = 20  # access lists; a query may see half of them
WORDS = 30_000
ROUNDS = 150
LIMIT = 8

Search = Callable[[Query], Awaitable[Sequence[tuple[str, str]]]]  # -> (access list, text) of each hit


class Corpus:
    """Chunks of 120 words whose frequencies follow Zipf's law, with random directions as vectors."""

    def __init__(self, seed: int = 1) -> None:
        self.dice = np.random.default_rng(seed)
        weights = 1 / np.arange(1, WORDS + 1)
        self.weights = weights / weights.sum()

    def text(self, count: int) -> str:
        return " ".join(f"w{n}" for n in self.dice.choice(WORDS, size=count, p=self.weights))

    def vectors(self, count: int) -> list[bytes]:
        rows = self.dice.normal(size=(count, 384)).astype("<f4")
        return [row.tobytes() for row in rows / np.linalg.norm(rows, axis=1, keepdims=True)]

    def document(self, n: int) -> list[Chunk]:
        written = datetime(2026, 1, 1, tzinfo=UTC)
        of = Document(f"d{n}", "v1", self.text(6), "", "", f"list{n % LISTS}", "bench", "text/plain", written)
        made = []
        for k in range(A_DOCUMENT):
            text = self.text(120)
            path = (f"{k // 5} {self.text(2)}", f"{k} {self.text(2)}")
            section = Section(f"{n}.{k}", str(k), "", path, k * 1000, k * 1000 + len(text), k, k)
            places = (Place(section.start, section.end, page=k + 1),)
            made.append(Chunk(f"{n}.{k}", of, section, k, section.start, section.end, text, text, places))
        return made

    def query(self) -> Query:
        allowed = frozenset(f"list{n}" for n in self.dice.choice(LISTS, LISTS // 2, replace=False))
        return Query(self.text(8), self.vectors(1)[0], allowed, LIMIT, 0.4)


def port(index: EmbeddedIndex | WeaviateIndex, document_weight: float) -> Search:
    async def search(query: Query) -> Sequence[tuple[str, str]]:
        asked_for = Query(query.text, query.vector, query.acl_ids, query.limit, query.alpha, document_weight)
        return [(h.chunk.document.acl_id, h.chunk.text) for h in await index.search(asked_for)]

    return search


def raw(collection: CollectionAsync[Any, Any]) -> Search:
    async def search(query: Query) -> Sequence[tuple[str, str]]:
        answer = await collection.query.hybrid(
            query=" ".join(asked(query.text)),
            vector=np.frombuffer(query.vector, "<f4").tolist(),
            alpha=query.alpha,
            query_properties=["body", "path", "title"],
            fusion_type=HybridFusion.RELATIVE_SCORE,
            limit=query.limit,
            filters=Filter.by_property("acl_id").contains_any(sorted(query.acl_ids)),
            return_properties=["acl_id", "record"],
        )
        return [(o.properties["acl_id"], o.properties["record"]) for o in answer.objects]

    return search


async def contenders(
    stack: AsyncExitStack, folder: Path, corpus: Corpus, size: int
) -> tuple[dict[str, Search], dict[str, float]]:
    """Searches by name on filled indexes, and how many chunks a second each index took."""
    embedded = EmbeddedIndex(folder / "embedded", FINGERPRINT)
    stack.push_async_callback(embedded.close)
    indexes: dict[str, EmbeddedIndex | WeaviateIndex] = {"embedded": embedded}
    searches: dict[str, Search] = {}
    if (CACHE / "weaviate-server").is_file():
        server = stack.enter_context(running(folder / "weaviate"))
        index = WeaviateIndex(server.url, FINGERPRINT, grpc_port=server.grpc_port)
        stack.push_async_callback(index.close)
        await index.clear()
        indexes["weaviate"] = index
        at = urlsplit(server.url)
        client = weaviate.use_async_with_local(
            host=at.hostname or "", port=at.port or 0, grpc_port=server.grpc_port, skip_init_checks=True
        )
        await client.connect()
        stack.push_async_callback(client.close)
        [name] = [name for name in await client.collections.list_all() if "Chunk_" in name]
        searches["weaviate's own client"] = raw(client.collections.use(name))
    rates = dict.fromkeys(indexes, 0.0)
    for n in range(max(1, size // A_DOCUMENT)):
        made = corpus.document(n)
        vectors = corpus.vectors(len(made))
        for label, one in indexes.items():
            before = time.perf_counter()
            await one.add(made, vectors)
            rates[label] += time.perf_counter() - before
    for label, one in indexes.items():
        searches[label] = port(one, 0.0)
        searches[f"{label}, with whole documents"] = port(one, 1.0)
    return searches, {label: round(size / took) for label, took in rates.items()}


async def race(searches: dict[str, Search], corpus: Corpus) -> dict[str, tuple[float, float]]:
    """p50 and p99 in milliseconds by contender."""
    took: dict[str, list[float]] = {name: [] for name in searches}
    for n in range(ROUNDS + 5):
        query = corpus.query()
        for name, search in searches.items():
            before = time.perf_counter()
            hits = await search(query)
            spent = time.perf_counter() - before
            if any(acl_id not in query.acl_ids for acl_id, _ in hits) or not hits:
                raise SystemExit(f"{name} broke the access filter or found nothing")
            if n >= 5:  # the first ones load and connect
                took[name].append(spent * 1000)
    return {name: (float(np.percentile(t, 50)), float(np.percentile(t, 99))) for name, t in took.items()}


async def searching(size: int) -> dict[str, Any]:
    corpus = Corpus()
    with tempfile.TemporaryDirectory() as folder:
        async with AsyncExitStack() as stack:
            searches, rates = await contenders(stack, Path(folder), corpus, size)
            await asyncio.sleep(5)  # Weaviate writes its memtables to disk
            times = await race(searches, corpus)
    base = times.get("weaviate's own client", (float("nan"), 0.0))[0]
    rows = {}
    for name, (p50, p99) in times.items():
        rows[name] = {"p50_ms": round(p50, 2), "p99_ms": round(p99, 2), "ratio": round(p50 / base, 2)}
    return {"chunks": size, "search": rows, "added_per_s": rates}


async def embedding() -> dict[str, float]:
    """Texts of about 200 word pieces a second, and the time of one question."""
    subjects = ("hotels", "trains", "suppliers", "audits", "records", "notices", "limits", "reports")
    sentence = "The company reimburses {a} for {b} when the manager approved them in writing before the trip. "
    texts = ["".join(sentence.format(a=a, b=b) for b in subjects) + a for a in subjects for _ in range(16)]
    with tempfile.TemporaryDirectory() as folder:
        embedder = MiniLM(Path(folder))
        await embedder.embed(["warm"])
        before = time.perf_counter()
        await embedder.embed(texts)
        rate = len(texts) / (time.perf_counter() - before)
        took = []
        for n in range(200):
            before = time.perf_counter()
            await embedder.embed([f"How many nights of hotel may I claim on trip {n}?"])
            took.append((time.perf_counter() - before) * 1000)
        await embedder.close()
    p50, p99 = np.percentile(took, [50, 99]).tolist()
    return {"texts_per_s": round(rate, 1), "question_p50_ms": round(p50, 2), "question_p99_ms": round(p99, 2)}


async def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.index", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--sizes", default="1000,10000", help="numbers of chunks, with commas")
    parser.add_argument("--large", action="store_true", help="100,000 chunks too (about five minutes)")
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    options = parser.parse_args(arguments)
    sizes = [int(n) for n in options.sizes.split(",")] + ([100_000] if options.large else [])
    embed = await embedding()
    runs = [await searching(size) for size in sizes]
    if options.json:
        print(json.dumps({"python": platform.python_version(), "embedding": embed, "runs": runs}))
        return
    question = f"{embed['question_p50_ms']} / {embed['question_p99_ms']} ms"
    print(f"embedding: {embed['texts_per_s']} texts/s, a question {question}")
    for run in runs:
        print(f"\n{run['chunks']} chunks, k = {LIMIT}, half of {LISTS} access lists")
        print(f"added a second: {run['added_per_s']}")
        print(f"{'':36}{'p50 ms':>9}{'p99 ms':>9}{'ratio':>8}")
        for name, row in run["search"].items():
            print(f"{name:36}{row['p50_ms']:9.2f}{row['p99_ms']:9.2f}{row['ratio']:8.2f}")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
