"""Passages for the gate's tests, in as few words as a case allows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from retrieval.types import Claim, Document, Passage, Place, Quote, Section, VerdictClass
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


@dataclass(frozen=True, slots=True)
class Case:
    """A claim with quotes over passages, and what the gate should say of it."""

    name: str
    expected: VerdictClass
    claim: Claim
    passages: tuple[Passage, ...]


def group(*rows: tuple[str, ...], source: str, other: str = "", **about: Any) -> tuple[Case, ...]:
    """Cases over one passage "p1" (and "p2", whose text is `other`).

    A row is (name, verdict, claim) with the whole passage as its quote, or (name, verdict, claim, quote, ...).
    A quote "p2: text" is said to stand in p2.
    """
    passages = (passage(source, **about), passage(other or "Nothing of interest stands here.", id="p2", start=9000))
    cases = []
    for name, expected, text, *quotes in rows:
        found = []
        for quote in quotes or [source]:
            id, _, said = quote.partition(": ") if quote[:1] == "p" and quote[1:2].isdigit() else ("p1", "", quote)
            found.append(Quote(id, said))
        cases.append(Case(name, VerdictClass(expected), Claim(text, tuple(found)), passages))
    return tuple(cases)
