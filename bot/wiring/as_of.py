"""Questions about what documents said on an earlier day."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.answering.ask import Ask
from bot.wiring.app import App, whole_words
from connectors.as_of import AsOf
from retrieval import indexing
from retrieval.embed.cache import CachedEmbedder
from retrieval.embed.recent import RecentEmbedder
from retrieval.index.embedded import EmbeddedIndex
from retrieval.mending import Mending
from retrieval.ports import Index
from retrieval.retrieve import Retriever
from retrieval.select.embedded import EmbeddedSelector
from retrieval.thread import FollowUps
from retrieval.types import Hit, Query


class PresentAndEarlier:
    """What a search finds in two indexes: that of now, and one of versions that were in force."""

    def __init__(self, present: Index, earlier: Index) -> None:
        self._indexes = present, earlier

    async def search(self, query: Query) -> tuple[Hit, ...]:
        found = await asyncio.gather(*(index.search(query) for index in self._indexes))
        hits = sorted((hit for hits in found for hit in hits), key=lambda hit: -hit.score)
        return tuple(hits[: query.limit])

    async def known(
        self, words: Sequence[str], acl_ids: frozenset[str], document_ids: frozenset[str] | None = None, most: int = 1
    ) -> Mapping[str, int]:
        found = await asyncio.gather(*(index.known(words, acl_ids, document_ids, most) for index in self._indexes))
        total: Counter[str] = Counter()
        for counts in found:
            total.update(counts)
        return {word: min(count, most) for word, count in total.items()}


@asynccontextmanager
async def as_of(app: App, day: date) -> AsyncIterator[Ask]:
    """The use case, from the versions in force at the end of that day (UTC).

    The versions that are not in force any more are indexed for the question, in the home; their vectors are kept from
    when they were. Raises IndexUnavailable, EmbedderUnavailable.
    """
    library = AsOf(app.state, datetime.combine(day, time.min, UTC) + timedelta(days=1))
    with TemporaryDirectory(prefix="as-of-", dir=app.settings.home) as folder:
        cached = CachedEmbedder(app.embedder, app.settings.home / "embeddings.db")
        earlier = EmbeddedIndex(Path(folder), app.embedder.fingerprint)
        try:
            for document, parsed in library.replaced():
                await indexing.put(earlier, cached, document, parsed)
            both = PresentAndEarlier(app.index, earlier)
            asking = RecentEmbedder(app.embedder)
            retriever = Retriever(both, asking, library)
            follow = FollowUps(retriever, EmbeddedSelector(asking), Mending(retriever, whole_words))
            yield replace(
                app.ask, library=library, retriever=retriever, repeats=None, confirm=None, as_of=day, follow=follow
            )
        finally:
            await earlier.close()
