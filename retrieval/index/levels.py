"""Which section a chunk is scored with, for keyword scores at the level of sections."""

from __future__ import annotations

from collections.abc import Sequence

from retrieval.types import Chunk


def section_numbers(chunks: Sequence[Chunk]) -> list[int]:
    """For each chunk of a document version the number, from 0, of the section it is scored with.

    That is the section around its own, with the neighbours there; its own where there is none.
    """
    found: dict[tuple[str, ...], int] = {}
    return [found.setdefault(c.section.path[:-1] or c.section.path, len(found)) for c in chunks]
