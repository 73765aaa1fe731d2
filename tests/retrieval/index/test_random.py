"""Random writes against a plain model: after every step the index knows what the model knows."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from retrieval.index.embedded import EmbeddedIndex
from retrieval.index.weaviate import WeaviateIndex
from retrieval.ports import Index
from retrieval.types import Chunk, Query
from tests.retrieval.fakes import FakeIndex, HashEmbedder, chunks, document
from tests.servers.weaviate import Server

EMBEDDER = HashEmbedder()
WORDS = ["hotel", "train", "meal", "limit", "policy", "board", "notice", "term", "supplier", "audit"]
ACCESS = ("red", "blue", "green")


@pytest.fixture
async def weaviate(weaviate_server: Server) -> AsyncIterator[WeaviateIndex]:
    made = WeaviateIndex(weaviate_server.url, EMBEDDER.fingerprint, grpc_port=weaviate_server.grpc_port)
    await made.clear()
    yield made
    await made.close()


def parts(dice: random.Random) -> tuple[Chunk, ...]:
    of = document(f"d{dice.randrange(8)}", version=f"v{dice.randrange(3)}", acl_id=dice.choice(ACCESS), title="t")
    texts = [" ".join(dice.choices(WORDS, k=dice.randint(1, 6))) for _ in range(dice.randint(1, 4))]
    return chunks(of, *texts)


async def step(dice: random.Random, *indexes: Index) -> None:
    what = dice.randrange(10)
    made, id_ = parts(dice), f"d{dice.randrange(8)}"
    keep, acl = dice.choice([None, "v0", "v1"]), dice.choice(ACCESS)
    for index in indexes:
        if what < 6:
            await index.add(made, await EMBEDDER.embed([c.search_text for c in made]))
        elif what < 8:
            await index.withdraw(id_, keep=keep)
        else:
            await index.set_access(id_, acl)


async def seen(index: Index, query: Query) -> set[tuple[str, str, int, str, str]]:
    return {
        (h.chunk.document.id, h.chunk.document.version, h.chunk.ordinal, h.chunk.text, h.chunk.document.acl_id)
        for h in await index.search(query)
    }


async def compare(dice: random.Random, index: Index, model: FakeIndex) -> None:
    assert await index.versions() == await model.versions()
    text = " ".join(dice.sample(WORDS, 2))
    allowed = frozenset(dice.sample(ACCESS, dice.randint(0, 3)))
    weight = dice.choice([0.0, 1.0])
    everything = Query(text, EMBEDDER.vector(text), allowed, 200, 0.5, document_weight=weight)
    assert await seen(index, everything) == await seen(model, everything)
    keywords = Query(text, b"", allowed, 200, 0.0)
    assert await seen(index, keywords) == await seen(model, keywords)


@pytest.mark.parametrize("seed", range(5))
async def test_the_embedded_index_agrees_with_the_model(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    index, other, model = (EmbeddedIndex(tmp_path, "f"), EmbeddedIndex(tmp_path, "f"), FakeIndex())
    for n in range(200):
        # Two instances write to one folder in turn, as two processes would.
        await step(dice, index if n % 3 else other, model)
        if n % 7 == 0:
            await compare(dice, index, model)
            await compare(dice, other, model)
    await compare(dice, index, model)
    for one in (index, other):
        await one.close()
    again = EmbeddedIndex(tmp_path, "f")
    await compare(dice, again, model)
    await again.close()


@pytest.mark.slow
async def test_weaviate_agrees_with_the_model(weaviate: WeaviateIndex) -> None:
    dice, model = random.Random(7), FakeIndex()
    for n in range(150):
        await step(dice, weaviate, model)
        if n % 5 == 0:
            await compare(dice, weaviate, model)
    await compare(dice, weaviate, model)


async def test_both_engines_put_the_same_chunk_first(tmp_path: Path, weaviate: WeaviateIndex) -> None:
    embedded = EmbeddedIndex(tmp_path, EMBEDDER.fingerprint)
    names = ("Acme", "Globex", "Initech", "Umbrella", "Hooli")
    subjects = ("hotel limit", "train class", "meal allowance", "notice term", "audit right")
    for name in names:
        made = chunks(document(name, title=f"{name} contract"), *(f"{name} and its {s} in detail" for s in subjects))
        for index in (embedded, weaviate):
            await index.add(made, await EMBEDDER.embed([c.search_text for c in made]))
    for name in names:
        for n, subject in enumerate(subjects):
            text = f"What is the {subject} of {name}?"
            for alpha, weight in ((0.0, 0.0), (0.3, 1.0), (0.5, 0.0)):
                query = Query(text, EMBEDDER.vector(text), frozenset({"all"}), 5, alpha, weight, section_weight=weight)
                for index in (embedded, weaviate):
                    [first, *_] = await index.search(query)
                    assert (first.chunk.document.id, first.chunk.ordinal) == (name, n), (text, alpha, index)
    await embedded.close()
