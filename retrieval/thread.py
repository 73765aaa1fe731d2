"""Whether a question of a thread stands alone, and how near a unit is to what the thread has shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from retrieval.ports import Embedder, Selector
from retrieval.question.followup import with_thread
from retrieval.types import Passage, Question

Floats = NDArray[np.float32]


class Retrieves(Protocol):
    async def retrieve(
        self, question: Question, acl_ids: frozenset[str], *, sources: frozenset[str] | None = None
    ) -> tuple[Passage, ...]:
        """See `retrieval.retrieve.Retriever`."""
        ...


class Mend(Protocol):
    async def __call__(self, question: Question, acl_ids: frozenset[str], sources: frozenset[str] | None) -> Question:
        """See `retrieval.mending.Mending`."""
        ...


@dataclass(frozen=True, slots=True)
class FollowUps:
    """Reads a question as it was meant (`mend`), and alone where that gives a sure answer, else with its thread: so a
    change of topic is seen.
    """

    retriever: Retrieves
    selector: Selector
    mend: Mend

    async def __call__(self, question: Question, acl_ids: frozenset[str], sources: frozenset[str] | None) -> Question:
        """The question as it is to be searched and answered. Raises IndexUnavailable, EmbedderUnavailable."""
        question = await self.mend(question, acl_ids, sources)
        inside = with_thread(question)
        if inside is question:
            return question
        passages = await self.retriever.retrieve(question, acl_ids, sources=sources)
        alone = await self.selector.select(question, [p for p in passages if p.context])
        return question if alone.sure else inside


async def direction(embedder: Embedder, question: Question, own: Floats, share: float) -> Floats:
    """The vector of the question, `own`, turned by `share` to the question before where it is read with its thread.

    Raises EmbedderUnavailable.
    """
    if not question.own or not question.memory:
        return own
    before = await embedded(embedder, question.memory[-1].question)
    mixed = own + np.float32(share) * before
    return np.asarray(mixed / max(float(np.linalg.norm(mixed)), 1e-9), np.float32)


async def embedded(embedder: Embedder, text: str) -> Floats:
    """The vector of a text. Raises EmbedderUnavailable."""
    [vector] = await embedder.embed([text])
    return np.frombuffer(vector, "<f4")


def near_thread(question: Question, places: Sequence[tuple[str, int, int]]) -> Floats:
    """For each place (document, start, end) from 0 to 2: 1 for standing in the document shown last, and up to 1 more
    for standing close to what was shown of it. 0 for a question that stands alone.
    """
    before = question.memory[-1] if question.own and question.memory else None
    if before is None:
        return np.zeros(len(places), np.float32)
    found = []
    for document, start, end in places:
        gaps = [max(0, start - s.end, s.start - end) for s in before.shown if s.document_id == document]
        close = float(np.exp(-min(gaps) / _NEAR)) if gaps else 0.0
        found.append(float(document in before.document_ids[:1]) + close)
    return np.array(found, np.float32)


_NEAR = 1_500.0  # characters; farther than a page or so is not beside what was shown
