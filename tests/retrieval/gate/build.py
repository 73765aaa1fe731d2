"""Passages and units for tests, in as few words as a case allows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from retrieval.types import Document, Passage, Place, Section, Unit
from retrieval.units import read


def passage(
    text: str,
    *,
    id: str = "p1",
    title: str = "Travel Policy",
    path: tuple[str, ...] = ("4 Travel", "4.2 Hotels"),
    label: str | None = "4.2",
    start: int = 1000,
    page: int | None = 7,
) -> Passage:
    """A passage of a policy. It starts in the middle of a document, so that local offsets show."""
    end = start + len(text)
    document = Document(
        id=f"{title}.pdf",
        version="2026-03-01.1a2b3c4d",
        title=title,
        uri=f"file:///{title}.pdf",
        sha256="1a2b3c4d" * 8,
        acl_id="everyone",
        source="folder",
        media_type="application/pdf",
        modified_at=datetime(2026, 3, 1, tzinfo=UTC),
    )
    heading = path[-1].split(" ", 1)[-1] if path else ""
    section = Section(f"s-{id}", label, heading, path, start, end, page, page)
    places = (Place(start, end, page=page),) if page is not None else ()
    found = [
        replace(unit, id=f"c-{id}.{n}", start=unit.start + start, end=unit.end + start)
        for n, unit in enumerate(read(text))
    ]
    return Passage(id, document, section, f"c-{id}", start, end, text, places, 1_000_000, units=tuple(found))


def unit(text: str) -> Unit:
    """The one unit of a text, or the last of a list or table."""
    return passage(text).units[-1]
