from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import apsw
import pytest

from retrieval.embed.cache import CachedEmbedder
from retrieval.errors import EmbedderUnavailable
from tests.retrieval.fakes import HashEmbedder


class WideEmbedder(HashEmbedder):
    """Vectors of another width."""

    def __init__(self, wide: int) -> None:
        super().__init__()
        self._wide = wide

    @property
    def dimensions(self) -> int:
        return self._wide

    async def embed(self, texts: Sequence[str]) -> list[bytes]:
        return [os.urandom(4 * self._wide) for _ in texts]


async def test_an_unchanged_text_is_never_embedded_again(tmp_path: Path) -> None:
    inner = HashEmbedder()
    first = CachedEmbedder(inner, tmp_path / "deep" / "cache.db")
    plain = await inner.embed(["a", "b", "a", ""])
    inner.calls.clear()
    assert await first.embed(["a", "b", "a", ""]) == plain
    assert inner.calls == [["a", "b", ""]]
    await first.close()
    again = CachedEmbedder(inner, tmp_path / "deep" / "cache.db")
    assert await again.embed(["b", "new", "a"]) == await inner.embed(["b", "new", "a"])
    assert inner.calls[1] == ["new"]
    assert (again.embedded, again.found) == (1, 2)
    await again.close()


async def test_embedders_do_not_share_vectors(tmp_path: Path) -> None:
    one, other = HashEmbedder(salt="one"), HashEmbedder(salt="other")
    for inner in (one, other, one):
        cached = CachedEmbedder(inner, tmp_path / "cache.db")
        assert cached.fingerprint == inner.fingerprint
        assert await cached.embed(["text"]) == await inner.embed(["text"])
        await cached.close()


async def test_many_texts_are_kept_in_slices(tmp_path: Path) -> None:
    inner = HashEmbedder()
    cached = CachedEmbedder(inner, tmp_path / "cache.db")
    texts = [f"text {n}" for n in range(700)]
    vectors = await cached.embed(texts)
    assert [len(call) for call in inner.calls] == [256, 256, 188]
    assert await cached.embed(list(reversed(texts))) == list(reversed(vectors))
    assert cached.embedded == 700
    await cached.close()


@pytest.mark.parametrize("dimensions", [8, 256, 384, 768, 1024, 1536, 3072])
async def test_the_file_is_little_more_than_its_vectors(tmp_path: Path, dimensions: int) -> None:
    inner = WideEmbedder(dimensions)
    cached = CachedEmbedder(inner, tmp_path / "cache.db")
    texts = [f"text {n}" for n in range(4_000_000 // (4 * dimensions + 300))]
    await cached.embed(texts)
    await cached.close()
    share = (tmp_path / "cache.db").stat().st_size / (4 * dimensions * len(texts))
    assert share <= (1.2 if dimensions >= 256 else 5), share  # a key and SQLite's own take more than a tiny vector


async def test_a_file_of_an_earlier_version_serves_on(tmp_path: Path) -> None:
    with apsw.Connection(str(tmp_path / "cache.db")) as connection:
        connection.execute("CREATE TABLE vector (key BLOB PRIMARY KEY, vector BLOB NOT NULL) WITHOUT ROWID")
    for _ in range(2):
        inner = HashEmbedder()
        cached = CachedEmbedder(inner, tmp_path / "cache.db")
        assert await cached.embed(["a", "b"]) == await inner.embed(["a", "b"])
        await cached.close()
    assert cached.found == 2


def test_a_damaged_file_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "cache.db").write_bytes(b"not a database" * 1000)
    with pytest.raises(EmbedderUnavailable, match="delete it"):
        CachedEmbedder(HashEmbedder(), tmp_path / "cache.db")
