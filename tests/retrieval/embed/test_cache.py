from __future__ import annotations

from pathlib import Path

import pytest

from retrieval.embed.cache import CachedEmbedder
from retrieval.errors import EmbedderUnavailable
from tests.retrieval.fakes import HashEmbedder


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


def test_a_damaged_file_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "cache.db").write_bytes(b"not a database" * 1000)
    with pytest.raises(EmbedderUnavailable, match="delete it"):
        CachedEmbedder(HashEmbedder(), tmp_path / "cache.db")
