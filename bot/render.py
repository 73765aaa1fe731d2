"""The words of a reply that are the same on every platform. Pure."""

from __future__ import annotations

from bot.types import Outcome, OutcomeKind
from retrieval.types import Citation, Document, Passage, Section

STATUS = "Looking in your documents…"
PRIVATE_NOTE = "I have answered this privately."


def section_name(section: Section) -> str:
    """E.g. "Section 4.2 Hotels", "Hotels", "Section 4.2(b) of Hotels"; "" for text without a heading."""
    if section.label and section.heading:
        return f"{_numbered(section.label)} {section.heading}"
    if section.label:
        above = next((p for p in reversed(section.path[:-1]) if p), "")
        return f"{_numbered(section.label)} ({above})" if above else _numbered(section.label)
    return section.heading


def _numbered(label: str) -> str:
    return label if label[:1].isalpha() and " " in label else f"Section {label}"


def where(section: Section, page: int | None, locator: str | None) -> str:
    """E.g. "Section 4.2 Hotels, page 7" or "Limits, Limits!A12:D14"."""
    place = f"page {page}" if page is not None else (locator or "")
    return ", ".join(part for part in (section_name(section), place) if part)


def source_line(citation: Citation) -> str:
    """E.g. "Travel Policy, Section 4.2 Hotels, page 7, version 2026-03-01.1a2b3c4d"."""
    parts = (
        citation.document.title,
        where(citation.section, citation.page, citation.locator),
        f"version {citation.document.version}",
    )
    return ", ".join(part for part in parts if part)


def deep_link(document: Document, section: Section, page: int | None) -> str | None:
    """The document's address, opened at the page or the heading where the source allows it."""
    if document.url is None:
        return None
    if "#" in document.url:
        return document.url
    if page is not None and document.media_type == "application/pdf":
        return f"{document.url}#page={page}"
    return document.url + (section.anchor or "")


def nearest_line(passage: Passage) -> str:
    """One line about a passage that is near but does not answer."""
    page = passage.places[0].page if passage.places else None
    locator = passage.places[0].locator if passage.places else None
    place = where(passage.section, page, locator)
    return f"{passage.document.title}, {place}" if place else passage.document.title


def plain(outcome: Outcome) -> str:
    """A whole reply as plain text: what notifications, the terminal and screen readers get."""
    lines: list[str] = []
    if outcome.kind is OutcomeKind.ANSWERED and outcome.answer is not None:
        lines.append(outcome.answer.text)
        if outcome.notice:
            lines.append(outcome.notice)
        lines.append("Sources:")
        lines += [f"[{c.n}] {source_line(c)}\n    “{c.quote}”" for c in outcome.answer.citations]
    else:
        lines.append(outcome.text)
        if outcome.nearest:
            lines.append("The nearest sections I found:")
            lines += [f"• {nearest_line(p)}" for p in outcome.nearest]
    lines.append(f"Record {outcome.record_id}")
    return "\n".join(lines)


def reply_json(outcome: Outcome) -> dict[str, object]:
    """The fixed shape that scripts get; `answer` is the text shown when there is no answer."""
    citations = outcome.answer.citations if outcome.answer else ()
    return {
        "outcome": outcome.kind.value,
        "answer": outcome.answer.text if outcome.answer else outcome.text,
        "citations": [
            {
                "n": c.n,
                "document": c.document.id,
                "title": c.document.title,
                "section": c.section.label,
                "heading": c.section.heading,
                "path": list(c.section.path),
                "page": c.page,
                "version": c.document.version,
                "quote": c.quote,
                "start": c.start,
                "end": c.end,
                "locator": c.locator,
                "url": deep_link(c.document, c.section, c.page),
            }
            for c in citations
        ],
        "nearest": [
            {"document": p.document.id, "section": p.section.label, "heading": p.section.heading}
            for p in outcome.nearest
        ],
        "notice": outcome.notice,
        "record": outcome.record_id,
    }
