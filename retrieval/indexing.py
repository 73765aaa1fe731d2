"""From a parsed version to searchable chunks: the same way for a sync and for a rebuild."""

from __future__ import annotations

from retrieval.chunk import chunk
from retrieval.ports import Embedder, Index
from retrieval.types import Chunk, Document, ParsedDocument


async def put(index: Index, embedder: Embedder, document: Document, parsed: ParsedDocument) -> int:
    """Cut, embed and add one document version; returns the number of chunks.

    Raises IndexUnavailable, IndexMismatch, EmbedderUnavailable.
    """
    chunks = chunk(document, parsed)
    vectors = await embedder.embed([embedding_text(c) for c in chunks])
    await index.add(chunks, vectors)
    return len(chunks)


def embedding_text(part: Chunk) -> str:
    """What the embedder sees: the title and headings say what the clause alone may not."""
    return "\n".join(filter(None, (part.document.title, " > ".join(part.section.path), part.search_text)))
