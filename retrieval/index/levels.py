"""What a chunk is found by beside its own text: the section around it, the head of its page."""

from __future__ import annotations

from collections.abc import Sequence

from retrieval.types import Chunk

HEAD = 250
"""Characters at the top of a page that name what stands on it: "Consolidated Balance Sheets (in millions)"."""


def section_numbers(chunks: Sequence[Chunk]) -> list[int]:
    """For each chunk of a document version the number, from 0, of the section it is scored with.

    That is the section around its own, with the neighbours there; its own where there is none.
    """
    found: dict[tuple[str, ...], int] = {}
    return [found.setdefault(c.section.path[:-1] or c.section.path, len(found)) for c in chunks]


def page_heads(chunks: Sequence[Chunk]) -> list[str]:
    """For each chunk of a document version the first HEAD characters of the page it begins on.

    "" where the chunk holds the head itself, and where there are no pages.
    """
    heads: dict[int, str] = {}
    for chunk in chunks:
        for place in chunk.places:
            end = min(place.start + HEAD, place.end)
            if place.page is not None and chunk.start < end and place.start < chunk.end:
                part = chunk.text[max(0, place.start - chunk.start) : end - chunk.start]
                heads[place.page] = f"{heads.get(place.page, '')} {part}".strip()
    return [_head(chunk, heads) for chunk in chunks]


def _head(chunk: Chunk, heads: dict[int, str]) -> str:
    place = chunk.places[0] if chunk.places else None
    if place is None or place.page is None or chunk.start <= place.start:
        return ""
    return heads.get(place.page, "")
