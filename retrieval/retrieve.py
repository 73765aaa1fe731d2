"""From a question to the passages that may be used to answer it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from retrieval.ports import Embedder, Index, Library
from retrieval.types import Document, Hit, Passage, Query, Question

_ROUNDS = 3  # searches, each asking for more, while hits fall away because they are not current


@dataclass(frozen=True, slots=True)
class RetrievalSettings:
    """How passages are ranked.

    `alpha` weighs vectors against keywords (0 to 1; 0 = keywords alone). `document_weight` and
    `section_weight` scale the keyword scores of the whole document and of the section around a
    passage (0 = off). `overfetch` is how many times `limit` the index is asked for at first.
    """

    alpha: float = 0.4
    document_weight: float = 1.0
    section_weight: float = 0.0
    overfetch: int = 3


class Retriever:
    """Searches within what the audience may read, and believes the library, not the index, about what is in force."""

    def __init__(
        self, index: Index, embedder: Embedder, library: Library, settings: RetrievalSettings | None = None
    ) -> None:
        self._index = index
        self._embedder = embedder
        self._library = library
        self._settings = settings or RetrievalSettings()

    async def retrieve(self, question: Question, acl_ids: frozenset[str], *, limit: int = 12) -> tuple[Passage, ...]:
        """At most `limit` passages, best first, named "p1", "p2", ... in that order.

        `acl_ids` are the access lists that the whole audience passes. Every passage is of the
        current version of its document, whose access list holds now. Raises IndexUnavailable,
        IndexMismatch, EmbedderUnavailable.
        """
        text = question.text.strip()
        if not text or not acl_ids or limit <= 0:
            return ()
        [vector] = await self._embedder.embed([text])
        count = limit * max(1, self._settings.overfetch)
        for _ in range(_ROUNDS):
            hits = await self._index.search(self._query(text, vector, acl_ids, count))
            current = await self._library.current(sorted({hit.chunk.document.id for hit in hits}))
            kept = _in_force(hits, current, acl_ids)
            if len(kept) >= limit or len(hits) < count:
                break
            count *= 4
        return tuple([await self._passage(n, hit, current) for n, hit in enumerate(kept[:limit], start=1)])

    async def _passage(self, n: int, hit: Hit, current: Mapping[str, Document]) -> Passage:
        """A passage with the sections that share it, so that a quote is cited by the innermost one."""
        passage = _passage(n, hit, current)
        all_sections = await self._library.sections(passage.document.id, passage.document.version)
        touched = tuple(s for s in all_sections if s.start < passage.end and passage.start < s.end)
        return replace(passage, sections=touched) if len(touched) > 1 else passage

    def _query(self, text: str, vector: bytes, acl_ids: frozenset[str], limit: int) -> Query:
        settings = self._settings
        return Query(
            text=text,
            vector=vector,
            acl_ids=acl_ids,
            limit=limit,
            alpha=settings.alpha,
            document_weight=settings.document_weight,
            section_weight=settings.section_weight,
        )


def _in_force(hits: tuple[Hit, ...], current: Mapping[str, Document], acl_ids: frozenset[str]) -> list[Hit]:
    """The hits of current versions that the audience may read now, each chunk once."""
    kept: dict[str, Hit] = {}
    for hit in hits:
        document = current.get(hit.chunk.document.id)
        if document is None or document.version != hit.chunk.document.version or document.acl_id not in acl_ids:
            continue
        kept.setdefault(hit.chunk.id, hit)
    return list(kept.values())


def _passage(n: int, hit: Hit, current: Mapping[str, Document]) -> Passage:
    chunk = hit.chunk
    return Passage(
        id=f"p{n}",
        document=current[chunk.document.id],
        section=chunk.section,
        chunk_id=chunk.id,
        start=chunk.start,
        end=chunk.end,
        text=chunk.text,
        places=chunk.places,
        score=round(hit.score * 1_000_000),
    )
