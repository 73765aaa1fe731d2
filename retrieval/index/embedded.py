"""The default index: one folder, no server. SQLite holds the record; numpy searches it in memory.

The record of a document version is one transaction: its chunks as JSON, its vectors, its stems
(see `postings`). A process keeps what it searches in memory and adds to it what another process
wrote, told by a generation counter. Vector search and BM25 are exact, so the same index answers
the same question in the same way.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import apsw
import numpy as np

from retrieval.errors import IndexMismatch, IndexUnavailable
from retrieval.index import postings
from retrieval.index.codec import dump_chunk, dump_document, load_chunk, load_document
from retrieval.index.levels import page_heads, section_numbers
from retrieval.index.snapshot import RankedChunk, Snapshot, Version, grown
from retrieval.text.stems import stems, title_stems
from retrieval.types import Chunk, Document, Hit, Query

FORMAT = "2"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS version (
    owner INTEGER PRIMARY KEY AUTOINCREMENT, document TEXT NOT NULL, version TEXT NOT NULL, acl_id TEXT NOT NULL,
    chunks INTEGER NOT NULL, record TEXT NOT NULL, UNIQUE (document, version));
CREATE TABLE IF NOT EXISTS block (owner INTEGER PRIMARY KEY, vectors BLOB NOT NULL, stems BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS chunk (
    owner INTEGER NOT NULL, n INTEGER NOT NULL, record TEXT NOT NULL, PRIMARY KEY (owner, n)) WITHOUT ROWID;
INSERT OR IGNORE INTO meta VALUES ('generation', 0);
"""
_LOOKUP = 200  # blocks read in one go
_TRIES = 2  # searches that may lose a race against a writer before writers have to wait for one
_WAIT = 30_000  # milliseconds to wait for another process's transaction

KEPT = 4_000  # decoded chunks, some 5 kB each

T = TypeVar("T")
K = TypeVar("K")
V = TypeVar("V")


class EmbeddedIndex:
    """Implements `retrieval.ports.Index` on the file `index.db` in `folder`.

    `fingerprint` is the embedder's: an index built with another raises IndexMismatch until `clear`.
    Several processes may use one folder; writers wait for each other.
    """

    def __init__(self, folder: Path, fingerprint: str) -> None:
        """Open or create the index. Raises IndexUnavailable."""
        self._path = folder / "index.db"
        self._fingerprint = fingerprint
        self._lock = threading.RLock()
        self._snapshot = Snapshot(-1, (), {})
        self._documents: dict[tuple[int, str], Document] = {}
        self._chunks: dict[tuple[int, int, str], Chunk] = {}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._db = apsw.Connection(str(self._path))
            self._db.set_busy_timeout(_WAIT)
            # NORMAL: a power cut may lose the last documents, and the sync engine adds them again.
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")  # apsw runs only the first of several pragmas
            with self._transaction():
                self._db.execute(_SCHEMA)
                self._meta_default("format", FORMAT)
                self._meta_default("fingerprint", fingerprint)
        except (apsw.Error, OSError) as error:
            raise self._unavailable(error) from error

    async def add(self, chunks: Sequence[Chunk], vectors: Sequence[bytes]) -> None:
        """Add the chunks of one document version in one transaction; the same version is replaced.

        Raises IndexMismatch, IndexUnavailable; ValueError when the chunks are not of one version.
        """
        if len(chunks) != len(vectors):
            raise ValueError(f"{len(chunks)} chunks with {len(vectors)} vectors")
        if len({(c.document.id, c.document.version) for c in chunks}) > 1:
            raise ValueError("the chunks are of several document versions")
        if chunks:
            await self._in_thread(lambda: self._add(chunks, vectors))

    async def withdraw(self, document_id: str, *, keep: str | None = None) -> None:
        """Remove every version of a document but `keep`. Raises IndexUnavailable."""

        def run() -> None:
            with self._lock, self._transaction():
                sql = "SELECT owner FROM version WHERE document = ? AND version IS NOT ?"
                self._delete([owner for (owner,) in self._rows(sql, (document_id, keep))])

        await self._in_thread(run)

    async def search(self, query: Query) -> tuple[Hit, ...]:
        """At most `query.limit` hits, best first. Raises IndexUnavailable, IndexMismatch."""
        return await self._in_thread(lambda: self._search(query))

    async def known(
        self, words: Sequence[str], acl_ids: frozenset[str], document_ids: frozenset[str] | None = None, most: int = 1
    ) -> Mapping[str, int]:
        """In how many chunks each of these stems stands, up to `most`. Raises IndexUnavailable."""
        return await self._in_thread(lambda: self._current(b"").known(words, acl_ids, document_ids, most))

    async def set_access(self, document_id: str, acl_id: str) -> None:
        """Point every version of a document to another access list. Raises IndexUnavailable."""

        def run() -> None:
            with self._lock, self._transaction():
                self._db.execute("UPDATE version SET acl_id = ? WHERE document = ?", (acl_id, document_id))
                if self._db.changes():
                    self._next_generation()

        await self._in_thread(run)

    async def versions(self) -> Mapping[str, Mapping[str, int]]:
        """Number of chunks by document id and version. Raises IndexUnavailable."""

        def run() -> Mapping[str, Mapping[str, int]]:
            found: dict[str, dict[str, int]] = {}
            with self._lock:
                for row in self._rows("SELECT document, version, chunks FROM version"):
                    found.setdefault(row[0], {})[row[1]] = row[2]
            return found

        return await self._in_thread(run)

    async def check(self) -> str:
        """Raises IndexUnavailable, IndexMismatch."""

        def run() -> str:
            with self._lock:
                self._check_fingerprint()
            return "embedded"

        return await self._in_thread(run)

    async def clear(self) -> None:
        """Empty the index and take on this embedder's fingerprint: the start of a rebuild. Raises IndexUnavailable."""

        def run() -> None:
            with self._lock, self._transaction():
                self._db.execute("DELETE FROM version; DELETE FROM block; DELETE FROM chunk")
                self._db.execute("DELETE FROM meta WHERE key = 'size'")
                self._db.execute("UPDATE meta SET value = ? WHERE key = 'fingerprint'", (self._fingerprint,))
                self._db.execute("UPDATE meta SET value = ? WHERE key = 'format'", (FORMAT,))
                self._next_generation()

        await self._in_thread(run)

    async def close(self) -> None:
        def run() -> None:
            with self._lock:
                self._db.close()
                self._snapshot = Snapshot(-1, (), {})

        await self._in_thread(run)

    # --- in a worker thread

    async def _in_thread(self, work: Callable[[], T]) -> T:
        try:
            return await asyncio.to_thread(work)
        except (apsw.Error, _Damaged) as error:
            raise self._unavailable(error) from error

    def _add(self, chunks: Sequence[Chunk], vectors: Sequence[bytes]) -> None:
        document = chunks[0].document
        made = postings.segment(
            [
                (stems(c.search_text), stems(" ".join((*c.section.path, head))))
                for c, head in zip(chunks, page_heads(chunks), strict=True)
            ],
            title_stems(document.title),
            section_numbers(chunks),
            np.zeros((len(chunks), 0), np.float32),
        )
        with self._lock, self._transaction():
            self._check_fingerprint()
            self._check_size(vectors)
            sql = "SELECT owner FROM version WHERE document = ? AND version = ?"
            self._delete([owner for (owner,) in self._rows(sql, (document.id, document.version))])
            self._db.execute(
                "INSERT INTO version (document, version, acl_id, chunks, record) VALUES (?, ?, ?, ?, ?)",
                (document.id, document.version, document.acl_id, len(chunks), dump_document(document)),
            )
            owner = self._db.last_insert_rowid()
            self._db.execute("INSERT INTO block VALUES (?, ?, ?)", (owner, b"".join(vectors), postings.dump(made)))
            rows = [(owner, n, dump_chunk(chunk)) for n, chunk in enumerate(chunks)]
            self._db.executemany("INSERT INTO chunk VALUES (?, ?, ?)", rows)
            self._next_generation()

    def _delete(self, owners: Sequence[int]) -> None:
        for owner in owners:
            for table in ("version", "block", "chunk"):
                self._db.execute(f"DELETE FROM {table} WHERE owner = ?", (owner,))  # noqa: S608
        if owners:
            self._next_generation()

    def _search(self, query: Query) -> tuple[Hit, ...]:
        for _ in range(_TRIES):
            snapshot = self._current(query.vector)
            ranked = snapshot.rank(query)
            hits = self._hits(ranked, snapshot)
            if hits is not None:
                return hits
        # Beside many small writes every race can be lost, so the last try is one read of one state.
        with self._lock, self._db:
            snapshot = self._current(query.vector)
            hits = self._hits(snapshot.rank(query), snapshot)
        if hits is not None:
            return hits
        raise _Damaged("chunks that the index knows are not in it")

    def _current(self, vector: bytes) -> Snapshot:
        """The state now, from memory when nobody wrote since."""
        with self._lock:
            if vector:
                self._check_fingerprint()
                if self._rows("SELECT 1 FROM meta WHERE key = 'size'"):
                    self._check_size([vector])
            generation = int(self._meta("generation"))
            if generation == self._snapshot.generation:
                return self._snapshot
            with self._db:  # one read transaction: all of one generation
                generation = int(self._meta("generation"))
                versions = {row[0]: Version(*row) for row in self._rows("SELECT owner, document, acl_id FROM version")}
                known = {int(o) for part in self._snapshot.parts for o in part.owners}
                new = self._blocks(sorted(versions.keys() - known))
            self._snapshot = grown(self._snapshot, generation, new, versions)
            return self._snapshot

    def _blocks(self, owners: Sequence[int]) -> list[tuple[int, postings.Segment]]:
        found = []
        for at in range(0, len(owners), _LOOKUP):
            part = owners[at : at + _LOOKUP]
            marks = ",".join("?" * len(part))
            sql = f"SELECT b.owner, b.vectors, b.stems, v.chunks FROM block b JOIN version v USING (owner) WHERE b.owner IN ({marks}) ORDER BY b.owner"  # noqa: S608, E501
            for owner, vectors, stored, count in self._rows(sql, part):
                try:
                    matrix = np.frombuffer(vectors, "<f4").reshape(count, -1)
                    found.append((int(owner), postings.load(stored, matrix)))
                except ValueError as error:
                    raise _Damaged(str(error)) from error
        if len(found) != len(owners):
            raise _Damaged("vectors of a document are missing")
        return found

    def _hits(self, ranked: Sequence[RankedChunk], snapshot: Snapshot) -> tuple[Hit, ...] | None:
        """The ranked chunks from the record; None when a writer removed one meanwhile."""
        hits = []
        with self._lock:
            for r in ranked:
                acl_id = snapshot.versions[r.owner].acl_id
                chunk = self._chunks.get((r.owner, r.n, acl_id)) or self._chunk(r.owner, r.n, acl_id)
                if chunk is None:
                    return None
                hits.append(Hit(chunk, r.score, r.keyword, r.vector, r.document))
        return tuple(hits)

    def _chunk(self, owner: int, n: int, acl_id: str) -> Chunk | None:
        """A chunk from the record, kept for the next question; None when it is gone.

        A stored version never changes and its number is never used again, so what is kept stays true.
        """
        document = self._documents.get((owner, acl_id))
        try:
            if document is None:
                found = self._db.execute("SELECT record FROM version WHERE owner = ?", (owner,)).fetchone()
                if found is None:
                    return None
                document = _keep(self._documents, (owner, acl_id), load_document(str(found[0]), acl_id))
            row = self._db.execute("SELECT record FROM chunk WHERE owner = ? AND n = ?", (owner, n)).fetchone()
            return row and _keep(self._chunks, (owner, n, acl_id), load_chunk(str(row[0]), document))
        except (ValueError, KeyError, TypeError) as error:
            raise _Damaged(f"a stored chunk cannot be read: {error}") from error

    def _rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return list(self._db.execute(sql, tuple(values)))

    # --- the meta table

    def _meta(self, key: str) -> str:
        row = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        if row is None:
            raise _Damaged(f"its {key} is missing")
        return str(row[0])

    def _meta_default(self, key: str, value: str) -> None:
        self._db.execute("INSERT OR IGNORE INTO meta VALUES (?, ?)", (key, value))

    def _next_generation(self) -> None:
        self._db.execute("UPDATE meta SET value = value + 1 WHERE key = 'generation'")

    def _check_fingerprint(self) -> None:
        held = self._meta("format"), self._meta("fingerprint")
        if held != (FORMAT, self._fingerprint):
            raise IndexMismatch(
                f"The index {self._path} was built with the embedder {held[1]} (format {held[0]}), "
                f"not {self._fingerprint} (format {FORMAT}). Run `footnote index rebuild`."
            )

    def _check_size(self, vectors: Sequence[bytes]) -> None:
        size = len(vectors[0])
        self._meta_default("size", str(size))
        known = int(self._meta("size"))
        if any(len(v) != known for v in vectors) or not known:
            raise IndexMismatch(
                f"The index {self._path} holds vectors of {known} bytes, and the embedder {self._fingerprint} "
                f"gave one of {size}. Run `footnote index rebuild`."
            )

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """A write transaction that waits for other writers at its start, where waiting is safe."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def _unavailable(self, error: Exception) -> IndexUnavailable:
        return IndexUnavailable(
            f"The index {self._path} cannot be used: {error}. Check the disk and the folder's rights; if the file is "
            "damaged, move it away and run `footnote index rebuild`."
        )


def _keep(kept: dict[K, V], key: K, value: V) -> V:
    """Remember a value, the oldest forgotten beyond KEPT."""
    kept[key] = value
    if len(kept) > KEPT:
        kept.pop(next(iter(kept)))
    return value


class _Damaged(Exception):
    """What SQLite holds is not what this module wrote."""
