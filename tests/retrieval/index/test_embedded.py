from __future__ import annotations

import asyncio
import multiprocessing
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from retrieval.errors import IndexMismatch, IndexUnavailable
from retrieval.index.embedded import EmbeddedIndex
from retrieval.types import Query
from tests.retrieval.fakes import HashEmbedder, chunks, document

EMBEDDER = HashEmbedder()


def ask(text: str, limit: int = 10, *, document_weight: float = 0.0, section_weight: float = 0.0) -> Query:
    vector = EMBEDDER.vector(text)
    return Query(text, vector, frozenset({"all"}), limit, 0.5, document_weight, section_weight)


async def fill(index: EmbeddedIndex, *names: str, text: str = "hotel rules") -> None:
    for name in names:
        await index.add(chunks(document(name), f"{text} {name}"), [EMBEDDER.vector(f"{text} {name}")])


async def test_another_embedder_is_refused_until_the_index_is_cleared(tmp_path: Path) -> None:
    index = EmbeddedIndex(tmp_path, "one")
    await fill(index, "a")
    await index.close()
    other = EmbeddedIndex(tmp_path, "two")
    with pytest.raises(IndexMismatch, match=r"built with the embedder one.*not two.*footnote index rebuild"):
        await fill(other, "b")
    with pytest.raises(IndexMismatch):
        await other.search(ask("hotel"))
    with pytest.raises(IndexMismatch):
        await other.check()
    assert len(await other.search(Query("hotel", b"", frozenset({"all"}), 10, 0.0))) == 1
    await other.clear()
    assert await other.check() == "embedded"
    assert await other.search(ask("hotel")) == ()
    await fill(other, "b")
    assert [h.chunk.document.id for h in await other.search(ask("hotel"))] == ["b"]
    await other.close()


async def test_vectors_of_another_size_are_refused(tmp_path: Path) -> None:
    index = EmbeddedIndex(tmp_path, "one")
    await fill(index, "a")
    with pytest.raises(IndexMismatch, match="128 bytes"):
        await index.add(chunks(document("b"), "x"), [b"\0" * 64])
    with pytest.raises(IndexMismatch):
        await index.search(Query("hotel", b"\0" * 64, frozenset({"all"}), 10, 0.5))
    assert list(await index.versions()) == ["a"]
    await index.close()


async def test_wrong_calls_change_nothing(tmp_path: Path) -> None:
    index = EmbeddedIndex(tmp_path, "one")
    two = (*chunks(document("a"), "x"), *chunks(document("b"), "y"))
    with pytest.raises(ValueError, match="several document versions"):
        await index.add(two, [EMBEDDER.vector("x")] * 2)
    with pytest.raises(ValueError, match="2 chunks with 1 vectors"):
        await index.add(two, [EMBEDDER.vector("x")])
    assert await index.versions() == {}
    await index.close()


def write(folder: Path, name: str) -> None:
    async def run() -> None:
        index = EmbeddedIndex(folder, "one")
        for n in range(10):
            await fill(index, f"{name}{n}")
        await index.close()

    asyncio.run(run())


async def test_processes_write_to_one_folder_at_the_same_time(tmp_path: Path) -> None:
    index = EmbeddedIndex(tmp_path, "one")
    spawn = multiprocessing.get_context("spawn")
    others = [spawn.Process(target=write, args=(tmp_path, name)) for name in ("x", "y")]
    for other in others:
        other.start()
    found = set()
    while any(other.is_alive() for other in others):
        found |= {h.chunk.document.id for h in await index.search(ask("hotel", 50))}
        await asyncio.sleep(0.01)
    assert [other.exitcode for other in others] == [0, 0]
    hits = await index.search(ask("hotel", 50))
    assert {h.chunk.document.id for h in hits} == {f"{name}{n}" for name in "xy" for n in range(10)} >= found
    await index.close()


async def test_searches_and_writes_at_the_same_time_see_whole_versions(tmp_path: Path) -> None:
    index = EmbeddedIndex(tmp_path, "one")

    async def rewrite() -> None:
        for n in range(30):
            made = chunks(document("a", version=f"v{n}"), *(f"hotel {n} {k}" for k in range(5)))
            await index.add(made, [EMBEDDER.vector(c.text) for c in made])
            await index.withdraw("a", keep=f"v{n}")

    writing = asyncio.create_task(rewrite())
    while not writing.done():
        hits = await index.search(ask("hotel", 50))
        versions: dict[str, int] = {}
        for hit in hits:
            versions[hit.chunk.document.version] = versions.get(hit.chunk.document.version, 0) + 1
        assert set(versions.values()) <= {5}
        await asyncio.sleep(0)
    await writing
    await index.close()


async def test_the_same_index_answers_the_same_way_however_it_was_filled(tmp_path: Path) -> None:
    names = [f"d{n}" for n in range(40)]
    one, other = EmbeddedIndex(tmp_path / "one", "f"), EmbeddedIndex(tmp_path / "other", "f")
    for name in names:
        await fill(one, name)
        await one.search(ask("hotel"))  # loads it piece by piece
    await fill(other, *reversed(names))
    weighted: list[dict[str, float]] = [{}, {"document_weight": 1.0}, {"document_weight": 1.0, "section_weight": 0.5}]
    for weights in weighted:
        for text in ("hotel rules", "hotel d17", "d3 d4 unknown"):
            first, second = await one.search(ask(text, 12, **weights)), await other.search(ask(text, 12, **weights))
            assert [(h.chunk.document.id, h.score) for h in first] == [(h.chunk.document.id, h.score) for h in second]
    for index in (one, other):
        await index.close()


async def test_scores_tell_nothing_of_documents_that_may_not_be_read(tmp_path: Path) -> None:
    alone, among = EmbeddedIndex(tmp_path / "alone", "f"), EmbeddedIndex(tmp_path / "among", "f")
    for index in (alone, among):
        await fill(index, "a", "b", "c")
    for n in range(50):
        secret = chunks(document(f"s{n}", acl_id="board"), f"hotel merger secret {n}", "rules " * 50)
        await among.add(secret, [EMBEDDER.vector(c.text) for c in secret])
    for text in ("hotel rules", "merger secret hotel"):
        query = ask(text, document_weight=1.0, section_weight=1.0)
        assert await among.search(query) == await alone.search(query)
    for index in (alone, among):
        await index.close()


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("block", "UPDATE block SET stems = x'00'"),
        ("block", "UPDATE block SET vectors = x'000000'"),
        ("block", "DELETE FROM block"),
        ("chunk", "DELETE FROM chunk"),
        ("chunk", "UPDATE chunk SET record = '{'"),
        ("chunk", "UPDATE chunk SET record = '{}'"),
        ("meta", "DELETE FROM meta WHERE key = 'generation'"),
        ("meta", "DROP TABLE meta"),
    ],
)
async def test_a_damaged_index_says_what_to_do(tmp_path: Path, table: str, change: str) -> None:
    index = EmbeddedIndex(tmp_path, "one")
    await fill(index, "a")
    db = sqlite3.connect(tmp_path / "index.db")
    db.execute(change)
    db.commit()
    db.close()
    with pytest.raises(IndexUnavailable, match=r"index\.db cannot be used.*footnote index rebuild"):
        await index.search(ask("hotel"))
    await index.close()


async def test_a_foreign_file_and_a_closed_index_are_clear_errors(tmp_path: Path) -> None:
    index = EmbeddedIndex(tmp_path / "good", "one")
    await index.close()
    await index.close()
    with pytest.raises(IndexUnavailable):
        await index.search(ask("hotel"))
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "index.db").write_bytes(b"no database" * 1000)
    with pytest.raises(IndexUnavailable, match="Check the disk"):
        EmbeddedIndex(tmp_path / "bad", "one")
    (tmp_path / "file").write_text("")
    with pytest.raises(IndexUnavailable):
        EmbeddedIndex(tmp_path / "file", "one")


async def test_a_chunk_the_keywords_miss_is_found_in_the_right_document(tmp_path: Path) -> None:
    """The lists hold 100 chunks; the named document's chunks stand below them and come up by its weight."""
    index = EmbeddedIndex(tmp_path, "one")
    noise = np.eye(32, dtype="<f4")
    for n in range(150):
        made = chunks(document(f"n{n:03}", title="Other"), "termination termination notice")
        await index.add(made, [noise[n % 8].tobytes()])
    made = chunks(document("target", title="Globex master agreement"), "termination " + "filler words " * 60, "parties")
    await index.add(made, [noise[20].tobytes(), noise[21].tobytes()])
    query = Query("termination notice Globex agreement", noise[0].tobytes(), frozenset({"all"}), 3, 0.5)
    weighted = Query(query.text, query.vector, query.acl_ids, 3, 0.5, document_weight=3.0)
    assert {h.chunk.document.id for h in await index.search(weighted)} >= {"target"}
    await index.close()
