"""Small stand-ins that implement the core's ports, for the sync engine."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Mapping, Sequence
from dataclasses import replace

from retrieval.errors import DocumentUnreadable
from retrieval.parse.blocks import Block, assemble
from retrieval.types import Attachment, Chunk, Hit, ParsedDocument, Query


class CountingEmbedder:
    """Implements `Embedder`; remembers every text it was asked for."""

    fingerprint = "counting"
    dimensions = 4

    def __init__(self) -> None:
        self.texts: list[str] = []

    async def embed(self, texts: Sequence[str]) -> list[bytes]:
        self.texts += texts
        return [struct.pack("<4f", *hashlib.sha256(t.encode()).digest()[:4]) for t in texts]


class ListIndex:
    """Implements `Index` over a list; `fail_on` makes a call raise, as a crash would end it."""

    def __init__(self) -> None:
        self.chunks: list[Chunk] = []
        self.calls: list[str] = []
        self.fail_on: str | None = None

    def _called(self, name: str) -> None:
        self.calls.append(name)
        if self.fail_on == name:
            raise RuntimeError(f"crashed in {name}")

    async def add(self, chunks: Sequence[Chunk], vectors: Sequence[bytes]) -> None:
        self._called("add")
        keys = {(c.document.id, c.document.version) for c in chunks}
        self.chunks = [c for c in self.chunks if (c.document.id, c.document.version) not in keys] + list(chunks)

    async def withdraw(self, document_id: str, *, keep: str | None = None) -> None:
        self._called("withdraw")
        self.chunks = [c for c in self.chunks if c.document.id != document_id or c.document.version == keep]

    async def known(
        self, words: Sequence[str], acl_ids: frozenset[str], document_ids: frozenset[str] | None = None, most: int = 1
    ) -> Mapping[str, int]:
        raise AssertionError("a sync asks for no words")

    async def search(self, query: Query) -> tuple[Hit, ...]:
        words = query.text.casefold().split()
        hits = [
            Hit(c, sum(w in c.text.casefold() for w in words))
            for c in self.chunks
            if c.document.acl_id in query.acl_ids
        ]
        return tuple(sorted((h for h in hits if h.score), key=lambda h: -h.score)[: query.limit])

    async def set_access(self, document_id: str, acl_id: str) -> None:
        self._called("set_access")
        self.chunks = [
            replace(c, document=replace(c.document, acl_id=acl_id)) if c.document.id == document_id else c
            for c in self.chunks
        ]

    async def versions(self) -> Mapping[str, Mapping[str, int]]:
        found: dict[str, dict[str, int]] = {}
        for c in self.chunks:
            versions = found.setdefault(c.document.id, {})
            versions[c.document.version] = versions.get(c.document.version, 0) + 1
        return found

    async def check(self) -> str:
        return "a fake"

    async def clear(self) -> None:
        self._called("clear")
        self.chunks.clear()

    async def close(self) -> None:
        """Nothing to close."""


class LineParser:
    """Implements `Parser`: a line a paragraph, "# x" a heading, "attach NAME TEXT" an attachment."""

    async def parse(self, name: str, content: bytes) -> ParsedDocument:
        text = content.decode()
        if "unreadable" in text:
            raise DocumentUnreadable("it says so itself")
        lines = text.splitlines()
        blocks = [
            Block(line.removeprefix("# "), level=1, heading=line[2:]) if line.startswith("# ") else Block(line)
            for line in lines
            if not line.startswith("attach ")
        ]
        pairs = [line.split(" ", 2)[1:] for line in lines if line.startswith("attach ")]
        return assemble(name, blocks, attachments=[Attachment(n, t.encode()) for n, t in pairs])
