"""From a parsed version to searchable chunks: the same way for a sync and for a rebuild."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace

from retrieval.chunk import chunk
from retrieval.ports import Embedder, Index
from retrieval.types import Chunk, Document, ParsedDocument, Passage, Section, Slice, Unit
from retrieval.units import read, units
from retrieval.vectors import packed


async def put(index: Index, embedder: Embedder, document: Document, parsed: ParsedDocument) -> int:
    """Cut, embed and add one document version with its units; returns the number of chunks.

    Raises IndexUnavailable, IndexMismatch, EmbedderUnavailable.
    """
    chunks, found = await asyncio.to_thread(_cut, document, parsed)  # a large document takes seconds
    texts = [embedding_text(c) for c in chunks]
    texts += [unit_text(document.title, unit) for held in found for unit in held]
    vectors = await embedder.embed(texts)
    chunks = tuple(_with_units(chunks, found, vectors[len(chunks) :]))
    await index.add(chunks, vectors[: len(chunks)])
    return len(chunks)


async def made_now(embedder: Embedder, passage: Passage, sections: Sequence[Section]) -> tuple[Unit, ...]:
    """The units of a passage that an earlier version indexed without them: slower, and what introduces a list or
    heads a table is seen only within the passage. A rebuild of the index makes them once. Raises EmbedderUnavailable.
    """
    shift = passage.start
    inside = [s for s in sections if s.start >= shift] or [passage.section]
    moved = [replace(s, start=s.start - shift, end=s.end - shift) for s in inside]
    found = [
        replace(
            unit,
            id=f"{passage.chunk_id}.{n}",
            start=unit.start + shift,
            end=unit.end + shift,
            lead=tuple(Slice(s.start + shift, s.end + shift, s.text) for s in unit.lead),
        )
        for n, unit in enumerate(read(passage.text, moved))
    ]
    vectors = await embedder.embed([unit_text(passage.document.title, unit) for unit in found])
    return tuple(replace(u, vector=packed(v)) for u, v in zip(found, vectors, strict=True))


def embedding_text(part: Chunk) -> str:
    """What the embedder sees: the title and headings say what the clause alone may not."""
    return "\n".join(filter(None, (part.document.title, " > ".join(part.section.path), part.search_text)))


def unit_text(title: str, unit: Unit) -> str:
    """The same of a unit, with the words that introduce it."""
    return "\n".join(filter(None, (title, unit.heading, *(s.text for s in unit.lead), unit.joined or unit.text)))


def _cut(document: Document, parsed: ParsedDocument) -> tuple[tuple[Chunk, ...], tuple[tuple[Unit, ...], ...]]:
    chunks = chunk(document, parsed)
    return chunks, units(parsed, chunks)


def _with_units(chunks: Sequence[Chunk], found: Sequence[Sequence[Unit]], vectors: Sequence[bytes]) -> Iterator[Chunk]:
    at = 0
    for part, held in zip(chunks, found, strict=True):
        made = vectors[at : at + len(held)]
        at += len(held)
        yield replace(part, units=tuple(replace(u, vector=packed(v)) for u, v in zip(held, made, strict=True)))
