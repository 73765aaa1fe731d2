"""An embedder that never embeds the same text twice. SQLite through apsw."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import apsw

from retrieval.errors import EmbedderUnavailable
from retrieval.ports import Embedder

_SCHEMA = """
CREATE TABLE IF NOT EXISTS vector (key BLOB PRIMARY KEY, vector BLOB NOT NULL);
"""
_PAGES = (4096, 8192, 16384, 32768, 65536)
_BESIDE = 48  # bytes of a row beside its vector: the key, and what SQLite keeps of each
_SLICE = 256  # texts embedded between two writes: what a crash can lose
_LOOKUP = 500  # keys a SELECT


class CachedEmbedder:
    """Implements `retrieval.ports.Embedder` over another one.

    The key is the SHA-256 of the text and the inner embedder's fingerprint; no text is stored.
    Meant for documents: hand questions to the inner embedder, they need no memory.
    `embedded` counts the texts that reached the inner embedder, `found` those that did not.
    """

    def __init__(self, inner: Embedder, path: Path) -> None:
        """Open or create the cache file. Raises EmbedderUnavailable."""
        self._inner = inner
        self._path = path
        self._lock = threading.Lock()
        self.embedded = 0
        self.found = 0
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = apsw.Connection(str(path))
            self._db.set_busy_timeout(10_000)
            self._db.execute(f"PRAGMA page_size = {page_size(inner.dimensions)}")  # of a new file
            # NORMAL: a power cut may lose the last vectors, which are then made again.
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")  # apsw runs only the first of several pragmas
            self._db.execute(_SCHEMA)
        except (apsw.Error, OSError) as error:
            raise self._unavailable(error) from error

    @property
    def fingerprint(self) -> str:
        return self._inner.fingerprint

    @property
    def dimensions(self) -> int:
        return self._inner.dimensions

    async def embed(self, texts: Sequence[str]) -> list[bytes]:
        """As the inner embedder; what was embedded before comes from the cache. Raises EmbedderUnavailable."""
        keys = [
            hashlib.sha256(f"{self.fingerprint}\0{text}".encode("utf-8", "surrogatepass")).digest() for text in texts
        ]
        known = dict(await asyncio.to_thread(self._get, sorted(set(keys))))
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        self.found += len(texts) - len(missing)
        todo = list(missing)
        for at in range(0, len(todo), _SLICE):
            part = todo[at : at + _SLICE]
            made = dict(zip(part, await self._inner.embed([missing[key] for key in part]), strict=True))
            self.embedded += len(part)
            await asyncio.to_thread(self._put, made)
            known.update(made)
        return [known[key] for key in keys]

    async def close(self) -> None:
        await asyncio.to_thread(self._db.close)

    def _get(self, keys: Sequence[bytes]) -> Mapping[bytes, bytes]:
        found: dict[bytes, bytes] = {}
        try:
            with self._lock:
                for at in range(0, len(keys), _LOOKUP):
                    part = keys[at : at + _LOOKUP]
                    marks = ",".join("?" * len(part))
                    found.update(self._db.execute(f"SELECT key, vector FROM vector WHERE key IN ({marks})", part))  # noqa: S608
        except apsw.Error as error:
            raise self._unavailable(error) from error
        size = 4 * self.dimensions
        return {key: vector for key, vector in found.items() if len(vector) == size}

    def _put(self, made: Mapping[bytes, bytes]) -> None:
        try:
            with self._lock, self._db:
                self._db.executemany("INSERT OR REPLACE INTO vector VALUES (?, ?)", made.items())
        except apsw.Error as error:
            raise self._unavailable(error) from error

    def _unavailable(self, error: Exception) -> EmbedderUnavailable:
        return EmbedderUnavailable(
            f"The cache of embeddings {self._path} cannot be used: {error}. Check the disk and the folder's rights; "
            "if the file is damaged, delete it: it fills again."
        )


def page_size(dimensions: int) -> int:
    """Bytes of a page that vectors of so many 32-bit numbers fill well: a row is never parted between pages.

    SQLite keeps a row that fits in its page, whatever it leaves empty: two vectors of 1.5 KB fill 4 KB by three
    quarters, five of them 8 KB by 96 %.
    """
    size = 4 * dimensions
    return next((page for page in _PAGES if page <= 1.1 * size * (page // (size + _BESIDE))), _PAGES[-1])
