"""From a question to the passages that may be used to answer it."""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Protocol

from retrieval.indexing import made_now
from retrieval.ports import Embedder, Library
from retrieval.question.routing import Router
from retrieval.question.search_terms import SearchTerms, analysed
from retrieval.thread import direction, embedded
from retrieval.types import Document, Hit, Passage, Query, Question, Section

_ROUNDS = 3  # searches, each asking for more, while hits fall away because they are not current
_DENSE = 0.2  # share of digits in a passage from which on more digits say no more
_TITLES_SHARE = 20  # titles are read again only after this many times what reading them took: 5 % of the time


@dataclass(frozen=True, slots=True)
class RetrievalSettings:
    """How passages are ranked: one setting for clauses, rules and filings (see docs/retrieval.md).

    `alpha` weighs vectors against keywords (0 to 1; 0 = keywords alone). `document_weight` and
    `section_weight` scale the keyword scores of the whole document and of the section around a
    passage, `neighbour_weight` the scores of the passages before and after it. `name_weight` and
    `period_weight` are added for a document whose title has the names and the year or quarter of
    the question; `figure_weight`, where a figure is asked for, for a passage full of digits. There
    `figure_alpha` stands in for `alpha`: vectors know little of tables.
    In a thread `thread_weight` is added for the documents shown last, and `thread_share` turns the question's vector to
    the question before. 0 = off for each. `overfetch` is how many times `limit` the index is then asked for at first.
    """

    alpha: float = 0.35
    document_weight: float = 0.7
    section_weight: float = 0.0
    neighbour_weight: float = 0.15
    name_weight: float = 0.6
    period_weight: float = 0.5
    figure_weight: float = 0.6
    figure_alpha: float = 0.2
    thread_weight: float = 0.5
    thread_share: float = 0.3
    overfetch: int = 5


class Searched(Protocol):
    async def search(self, query: Query) -> tuple[Hit, ...]:
        """As an `Index` does. Raises IndexUnavailable."""
        ...

    async def known(
        self, words: Sequence[str], acl_ids: frozenset[str], document_ids: frozenset[str] | None = None, most: int = 1
    ) -> Mapping[str, int]:
        """As an `Index` does. Raises IndexUnavailable."""
        ...


class Retriever:
    """Searches within what the audience may read, and believes the library, not the index, about what is in force."""

    def __init__(
        self, index: Searched, embedder: Embedder, library: Library, settings: RetrievalSettings | None = None
    ) -> None:
        self._index = index
        self._embedder = embedder
        self._library = library
        self._settings = settings or RetrievalSettings()
        self._titles: Mapping[str, Document] | None = None
        self._router = Router({})
        self._stale_at = 0.0

    async def retrieve(
        self,
        question: Question,
        acl_ids: frozenset[str],
        *,
        limit: int = 12,
        sources: frozenset[str] | None = None,
    ) -> tuple[Passage, ...]:
        """At most `limit` passages, best first, named "p1", "p2", ... in that order.

        `acl_ids` are the access lists that the whole audience passes; `sources` names those that count
        (None: all). Every passage is of the current version of its document, whose access list holds
        now. Raises IndexUnavailable,
        IndexMismatch, EmbedderUnavailable.
        """
        text = question.text.strip()
        if not text or not acl_ids or limit <= 0:
            return ()
        asked = analysed(text)
        own = await embedded(self._embedder, text)
        vector = (await direction(self._embedder, question, own, self._settings.thread_share)).astype("<f4").tobytes()
        query = self._of_thread(question, await self._query(asked, vector, acl_ids))
        query = replace(query, document_ids=await self._of(sources))
        # Only figures change the index's order; without them a few more than wanted make up for stale hits.
        count = limit * max(1, self._settings.overfetch) if asked.numeric else limit + limit // 2
        for _ in range(_ROUNDS):
            hits = await self._index.search(replace(query, limit=count))
            current = await self._library.current(sorted({hit.chunk.document.id for hit in hits}))
            kept = self._in_order(asked, _in_force(hits, current, acl_ids, sources))
            if len(kept) >= limit or len(hits) < count:
                break
            count *= 4
        return tuple([await self._passage(n, hit, current) for n, hit in enumerate(kept[:limit], start=1)])

    async def known(
        self, words: Sequence[str], acl_ids: frozenset[str], *, sources: frozenset[str] | None = None, most: int = 1
    ) -> Mapping[str, int]:
        """In how many chunks each stem stands, see `retrieval.ports.Index`. The index may lag behind the library: what
        is told of its words must stand in passages too. Raises IndexUnavailable.
        """
        return await self._index.known(words, acl_ids, await self._of(sources), most)

    async def _of(self, sources: frozenset[str] | None) -> frozenset[str] | None:
        """The ids of the documents of these sources."""
        if sources is None:
            return None
        documents = await self._library.documents()
        return frozenset(d.id for d in documents.values() if d.source in sources)

    async def _passage(self, n: int, hit: Hit, current: Mapping[str, Document]) -> Passage:
        """A passage with the sections that share it, so that a quote is cited by the innermost one."""
        passage = _passage(n, hit, current)
        all_sections = await self._library.sections(passage.document.id, passage.document.version)
        touched = touching(all_sections, passage.start, passage.end)
        if hit.chunk.units is None:
            passage = replace(passage, units=await made_now(self._embedder, passage, touched))
        return replace(passage, sections=touched) if len(touched) > 1 else passage

    async def _query(self, asked: SearchTerms, vector: bytes, acl_ids: frozenset[str]) -> Query:
        settings = self._settings
        preferred: Mapping[str, float] = {}
        if settings.name_weight or settings.period_weight:
            router = await self._routes()
            preferred = router.route(asked.text, acl_ids, name=settings.name_weight, period=settings.period_weight)
        return Query(
            text=asked.keywords,
            vector=vector,
            acl_ids=acl_ids,
            limit=0,
            alpha=settings.figure_alpha if asked.numeric else settings.alpha,
            document_weight=settings.document_weight,
            section_weight=settings.section_weight,
            preferred=preferred,
            neighbour_weight=settings.neighbour_weight,
        )

    def _of_thread(self, question: Question, query: Query) -> Query:
        """With the documents shown last preferred, where the question is read with its thread."""
        if not question.own or not question.memory:
            return query
        held = dict.fromkeys(question.memory[-1].document_ids, self._settings.thread_weight)
        added = {id_: query.preferred.get(id_, 0.0) + weight for id_, weight in held.items()}
        return replace(query, preferred={**query.preferred, **added})

    async def _routes(self) -> Router:
        """The titles of the library. While a sync changes it all the time they may be some seconds old."""
        began = time.monotonic()
        if began >= self._stale_at:
            documents = await self._library.documents()
            if documents is not self._titles:
                self._router = await asyncio.to_thread(Router, documents)
                self._titles = documents
            self._stale_at = time.monotonic() + _TITLES_SHARE * (time.monotonic() - began)
        return self._router

    def _in_order(self, asked: SearchTerms, hits: Sequence[Hit]) -> Sequence[Hit]:
        """Where a figure is asked for, passages full of figures first: tables, which say little in words."""
        weight = self._settings.figure_weight
        if not asked.numeric or not weight:
            return hits
        scored = [replace(h, score=h.score + weight * min(1.0, _digits(h.chunk.text) / _DENSE)) for h in hits]
        return sorted(scored, key=lambda h: -h.score)


def _digits(text: str) -> float:
    """The share of digits in a text."""
    return sum(map(text.count, "0123456789")) / max(1, len(text))


def _in_force(
    hits: tuple[Hit, ...], current: Mapping[str, Document], acl_ids: frozenset[str], sources: frozenset[str] | None
) -> list[Hit]:
    """The hits of current versions that the audience may read now, each chunk once."""
    kept: dict[str, Hit] = {}
    for hit in hits:
        document = current.get(hit.chunk.document.id)
        if document is None or document.version != hit.chunk.document.version or document.acl_id not in acl_ids:
            continue
        if sources is not None and document.source not in sources:
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
        units=chunk.units or (),
        score=round(hit.score * 1_000_000),
    )


def touching(sections: Sequence[Section], start: int, end: int) -> tuple[Section, ...]:
    """Those of a document, which stand in reading order, that share characters with [start, end)."""
    before_end = bisect_left(sections, end, key=_START)
    return tuple([section for section in sections[:before_end] if start < section.end])


_START = attrgetter("start")
