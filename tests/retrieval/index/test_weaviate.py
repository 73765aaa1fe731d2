"""What is Weaviate's alone: errors, names, batches. The promises stand in the conformance suite."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from retrieval.errors import IndexMismatch, IndexUnavailable
from retrieval.index.weaviate import WeaviateIndex
from retrieval.ports import Index
from retrieval.types import Query
from tests.retrieval.fakes import HashEmbedder, chunks, document
from tests.servers.weaviate import Server, running

EMBEDDER = HashEmbedder()
QUERY = Query("hotel", EMBEDDER.vector("hotel"), frozenset({"all"}), 5, 0.5, document_weight=1.0)
CALLS: dict[str, Callable[[Index], Awaitable[object]]] = {
    "add": lambda index: index.add(chunks(document("a"), "hotel"), [EMBEDDER.vector("hotel")]),
    "withdraw": lambda index: index.withdraw("a"),
    "search": lambda index: index.search(QUERY),
    "set_access": lambda index: index.set_access("a", "b"),
    "versions": lambda index: index.versions(),
}


@pytest.mark.parametrize("call", CALLS)
async def test_a_server_that_never_ran_is_a_clear_error(call: str) -> None:
    index = WeaviateIndex("http://127.0.0.1:9", "f", grpc_port=10, timeout=2)
    with pytest.raises(IndexUnavailable, match=r"Weaviate at http://127\.0\.0\.1:9 .*(Check|Run)"):
        await CALLS[call](index)
    await index.close()


@pytest.mark.slow
async def test_a_server_that_goes_away_is_a_clear_error_in_every_call(tmp_path: Path) -> None:
    """All calls at once: each takes as long as an index waits."""
    with running(tmp_path) as server:
        patient, index = (WeaviateIndex(server.url, "f", grpc_port=server.grpc_port, timeout=t) for t in (60, 10))
        for call in CALLS.values():
            await call(patient)
        await patient.close()
        await index.versions()
    ends = await asyncio.gather(*(call(index) for call in CALLS.values()), return_exceptions=True)
    for end in ends:
        assert isinstance(end, IndexUnavailable)
        assert "Weaviate at" in str(end)
    await index.close()


async def test_a_closed_index_is_a_clear_error(weaviate_server: Server) -> None:
    index = WeaviateIndex(weaviate_server.url, "closed", grpc_port=weaviate_server.grpc_port)
    await index.versions()
    await index.close()
    await index.close()
    with pytest.raises(IndexUnavailable, match="used after close"):
        await index.search(QUERY)


async def test_embedders_and_installations_do_not_see_each_other(weaviate_server: Server) -> None:
    def made(fingerprint: str, name: str) -> WeaviateIndex:
        return WeaviateIndex(weaviate_server.url, fingerprint, grpc_port=weaviate_server.grpc_port, name=name)

    one, other, neighbour = made("one", "apart"), made("other", "apart"), made("one", "apart2")
    for index in (one, other, neighbour):
        await index.clear()
    await CALLS["add"](one)
    assert len(await one.search(QUERY)) == 1
    for index in (other, neighbour):
        assert await index.search(QUERY) == ()
        assert await index.versions() == {}
    await CALLS["add"](neighbour)
    await other.clear()  # a rebuild with another embedder removes the old one's collections
    assert await neighbour.search(QUERY) != ()
    with pytest.raises(IndexUnavailable):
        await one.search(QUERY)
    for index in (one, other, neighbour):
        await index.close()


async def test_vectors_of_another_size_are_refused_and_leave_nothing(weaviate_server: Server) -> None:
    index = WeaviateIndex(weaviate_server.url, "size", grpc_port=weaviate_server.grpc_port, name="size")
    await index.clear()
    await CALLS["add"](index)
    with pytest.raises(IndexMismatch, match="footnote index rebuild"):
        await index.add(chunks(document("b"), "hotel"), [b"\0\0\x80\x3f" * 8])
    assert list(await index.versions()) == ["a"]
    assert [h.chunk.document.id for h in await index.search(QUERY)] == ["a"]
    await index.close()


async def test_a_long_document_goes_in_several_batches(weaviate_server: Server) -> None:
    index = WeaviateIndex(weaviate_server.url, "long", grpc_port=weaviate_server.grpc_port, name="long")
    await index.clear()
    made = chunks(document("long"), *(f"clause {n} about hotels" for n in range(600)))
    await index.add(made, await EMBEDDER.embed([c.text for c in made]))
    assert await index.versions() == {"long": {document("long").version: 600}}
    query = Query("clause 599", EMBEDDER.vector("clause 599 about hotels"), frozenset({"all"}), 1000, 0.5)
    hits = await index.search(query)
    assert len(hits) == 600
    assert hits[0].chunk.ordinal == 599
    await index.set_access("long", "moved")
    assert await index.search(query) == ()
    await index.withdraw("long")
    assert await index.versions() == {}
    await index.close()
