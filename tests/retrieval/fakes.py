"""Fakes that implement the core's ports, and makers of chunks."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from retrieval.people import AccessList
from retrieval.selection import Chosen, ModelUse, Selection
from retrieval.text.stems import stems
from retrieval.types import Chunk, Document, Hit, Passage, Place, Query, Question, Section


class HashEmbedder:
    """A deterministic embedder: words hashed into 32 directions, so texts with common words are near."""

    def __init__(self, salt: str = "") -> None:
        self.salt = salt
        self.calls: list[list[str]] = []

    @property
    def fingerprint(self) -> str:
        return f"hash:{self.salt}"

    @property
    def dimensions(self) -> int:
        return 32

    async def embed(self, texts: Sequence[str]) -> list[bytes]:
        self.calls.append(list(texts))
        return [self.vector(text) for text in texts]

    def vector(self, text: str) -> bytes:
        total = np.zeros(32, np.float32)
        for word in [self.salt, *words(text)]:
            seed = int.from_bytes(hashlib.sha256(word.encode("utf-8", "replace")).digest()[:8], "big")
            total += np.random.default_rng(seed).normal(size=32).astype(np.float32)
        return bytes((total / np.linalg.norm(total)).astype("<f4").tobytes())


def words(text: str) -> list[str]:
    """Lower-cased words with a plain plural s cut off: the fake's idea of stemming."""
    return [w[:-1] if len(w) > 3 and w.endswith("s") else w for w in re.findall(r"\w+", text.casefold())]


def document(id_: str, *, version: str = "2026-01-01.00000000", title: str = "", acl_id: str = "all") -> Document:
    return Document(
        id=id_,
        version=version,
        title=title or id_,
        uri=f"file:///{id_}",
        sha256=hashlib.sha256(f"{id_}{version}".encode("utf-8", "replace")).hexdigest(),
        acl_id=acl_id,
        source="tests",
        media_type="text/plain",
        modified_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


def chunks(of: Document, *texts: str, path: tuple[str, ...] = ()) -> tuple[Chunk, ...]:
    """One chunk a text, each a section of its own: "1 Part", "2 Part", ..."""
    made = []
    start = 0
    for n, text in enumerate(texts):
        end = start + len(text)
        heading = (path[-1] if path else f"{n + 1} Part").partition(" ")
        section = Section(
            id=hashlib.sha256(f"{of.id}/{n}".encode("utf-8", "replace")).hexdigest()[:16],
            label=heading[0],
            heading=heading[2],
            path=path or (f"{n + 1} Part",),
            start=start,
            end=end,
            page_start=n + 1,
            page_end=n + 1,
        )
        id_ = hashlib.sha256(f"{of.id}\0{section.path}\0{n}\0{text}".encode("utf-8", "replace")).hexdigest()[:32]
        places = (Place(start, end, page=n + 1),)
        made.append(Chunk(id_, of, section, n, start, end, text, text, places))
        start = end + 1
    return tuple(made)


class WordSelector:
    """Implements `retrieval.ports.Selector` by common words: sure where a unit has three of the question's."""

    async def select(self, question: Question, passages: Sequence[Passage]) -> Selection:
        asked = set(words(question.text))
        scored = [(len(asked & set(words(u.text))), u.id) for p in passages for u in p.units]
        best = sorted((s for s in scored if s[0]), key=lambda s: -s[0])[:1]
        sure = bool(best) and best[0][0] > 2
        return Selection(tuple(Chosen(id_) for _, id_ in best), sure, ModelUse("extractive"))


class FakeIndex:
    """Implements `retrieval.ports.Index` in a dict, with plain word counts: the model for the real ones."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], list[tuple[Chunk, bytes]]] = {}

    async def add(self, chunks: Sequence[Chunk], vectors: Sequence[bytes]) -> None:
        rows = list(zip(chunks, vectors, strict=True))
        if rows:
            self.rows[rows[0][0].document.id, rows[0][0].document.version] = rows

    async def withdraw(self, document_id: str, *, keep: str | None = None) -> None:
        for key in [key for key in self.rows if key[0] == document_id and key[1] != keep]:
            del self.rows[key]

    async def search(self, query: Query) -> tuple[Hit, ...]:
        asked = set(words(query.text))
        hits = []
        for (id_, _), rows in self.rows.items():
            if query.document_ids is not None and id_ not in query.document_ids:
                continue
            title = rows[0][0].document.title
            whole = len(asked & set(words(" ".join([title, *(c.search_text for c, _ in rows)]))))
            for chunk, vector in rows:
                if chunk.document.acl_id not in query.acl_ids:
                    continue
                text = " ".join([title, *chunk.section.path, chunk.search_text])
                keyword = len(asked & set(words(text))) / max(1, len(asked))
                cosine = 0.0
                if query.vector:
                    cosine = float(np.frombuffer(query.vector, "<f4") @ np.frombuffer(vector, "<f4"))
                alpha = query.alpha if query.vector else 0.0
                extra = query.document_weight * whole / max(1, len(asked)) + query.preferred.get(id_, 0.0)
                if keyword > 0 or (query.vector and alpha > 0):
                    score = alpha * cosine + (1 - alpha) * keyword + extra
                    hits.append(Hit(chunk, score, keyword, cosine, extra))
        return tuple(sorted(hits, key=lambda h: (-h.score, h.chunk.document.id, h.chunk.ordinal))[: query.limit])

    async def known(
        self, words: Sequence[str], acl_ids: frozenset[str], document_ids: frozenset[str] | None = None, most: int = 1
    ) -> Mapping[str, int]:
        count: Counter[str] = Counter()
        for (id_, _), rows in self.rows.items():
            for chunk, _ in rows:
                if chunk.document.acl_id in acl_ids and (document_ids is None or id_ in document_ids):
                    count.update(set(stems(" ".join([chunk.document.title, *chunk.section.path, chunk.search_text]))))
        return {word: min(most, count[word]) for word in words if count[word]}

    async def set_access(self, document_id: str, acl_id: str) -> None:
        for key, rows in self.rows.items():
            if key[0] == document_id:
                self.rows[key] = [(replace(c, document=replace(c.document, acl_id=acl_id)), v) for c, v in rows]

    async def check(self) -> str:
        return "a fake"

    async def clear(self) -> None:
        self.rows.clear()

    async def versions(self) -> Mapping[str, Mapping[str, int]]:
        found: dict[str, dict[str, int]] = {}
        for (id_, version), rows in self.rows.items():
            found.setdefault(id_, {})[version] = len(rows)
        return found

    async def close(self) -> None:
        return None


class FakeLibrary:
    """Implements `retrieval.ports.Library` over given documents."""

    def __init__(self, *documents: Document, access: Mapping[str, AccessList] | None = None) -> None:
        self.held = {d.id: d for d in documents}
        self.access = dict(access or {})
        self.texts: dict[tuple[str, str], str] = {}
        self.trees: dict[tuple[str, str], tuple[Section, ...]] = {}

    async def current(self, document_ids: Sequence[str]) -> Mapping[str, Document]:
        return {id_: self.held[id_] for id_ in document_ids if id_ in self.held}

    async def access_lists(self) -> Mapping[str, AccessList]:
        return self.access

    async def text(self, document_id: str, version: str, start: int, end: int) -> str:
        return self.texts.get((document_id, version), "")[start:end]

    async def sections(self, document_id: str, version: str) -> tuple[Section, ...]:
        return self.trees.get((document_id, version), ())

    async def documents(self) -> Mapping[str, Document]:
        return self.held
