"""Answers that quote what a document no longer says."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from audit.record import AuditRecord
from audit.search import Filter
from retrieval.ports import Library
from retrieval.text.words import squash
from retrieval.types import Document, Section

MOST = 2_000
"""Code points of a section that are shown as it was, and as it is."""


@dataclass(frozen=True, slots=True)
class Affected:
    """A quote of an answer that its document no longer has.

    `new_version` is "" where the document is gone or cannot be read. `old` is the cited section as it stood, `new` as
    it stands, "" where it is gone; both cut. `shown`: the reply arrived, as far as is recorded.
    """

    record: str
    at: datetime
    question: str
    document: str
    title: str
    section: str
    version: str
    new_version: str
    quote: str
    old: str
    new: str
    shown: bool
    platform: str
    channel: str
    thread: str


class Log(Protocol):
    def all(self, wanted: Filter) -> AsyncIterator[AuditRecord]:
        """Every record that matches. Raises AuditError."""
        ...


async def affected(
    log: Log, library: Library, documents: Iterable[str], chosen: Filter | None = None
) -> AsyncIterator[Affected]:
    """For each of these documents the answers with a quote that its version in force does not have, newest first.

    `chosen` narrows the answers. Raises AuditError.
    """
    delivered: set[str] | None = None
    narrow = replace(chosen or Filter(), event="question", outcome="answered")
    for document_id in documents:
        current = (await library.current([document_id])).get(document_id)
        text = ""
        if current is not None:
            text = squash(await library.text(document_id, current.version, 0, 1 << 30))
        async for record in log.all(replace(narrow, document=document_id)):
            for citation in _dicts(record, "citations"):
                if citation.get("document") != document_id or _holds(citation, current, text):
                    continue
                if delivered is None:
                    delivered = {d.refers_to or "" async for d in log.all(Filter(event="delivery"))}
                yield await _affected(record, citation, current, library, delivered)


def _holds(citation: dict[str, object], current: Document | None, text: str) -> bool:
    """Whether the version in force has the quote, word for word, wherever it stands now."""
    same = current is not None and citation.get("version") == current.version
    return same or (bool(text) and squash(str(citation.get("quote"))) in text)


async def _affected(
    record: AuditRecord,
    citation: dict[str, object],
    current: Document | None,
    library: Library,
    delivered: set[str],
) -> Affected:
    section = citation.get("section")
    known = section if isinstance(section, dict) else {}
    document, version = str(citation.get("document")), str(citation.get("version"))
    titles = {d.get("id"): d.get("title") for d in _dicts(record, "documents")}
    fields = record.fields
    return Affected(
        record=record.id,
        at=record.time,
        question=str(fields.get("question", "")),
        document=document,
        title=str(titles.get(document) or document),
        section=" ".join(str(known[name]) for name in ("label", "heading") if known.get(name)),
        version=version,
        new_version=current.version if current else "",
        quote=str(citation.get("quote", "")),
        old=_snapshot(record, citation)[:MOST],
        new=(await _now(library, current, known))[:MOST],
        shown=str(fields.get("platform")) == "cli" or record.id in delivered,
        platform=str(fields.get("platform", "")),
        channel=str(fields.get("channel", "")),
        thread=str(fields.get("thread", "")),
    )


def _snapshot(record: AuditRecord, citation: dict[str, object]) -> str:
    """The cited section as it stood when it was quoted, from the record."""
    for held in _dicts(record, "sections"):
        start, end, at = held.get("start"), held.get("end"), citation.get("start")
        ours = held.get("document") == citation.get("document") and held.get("version") == citation.get("version")
        if ours and isinstance(start, int) and isinstance(end, int) and isinstance(at, int) and start <= at < end:
            return str(held.get("text", ""))
    return str(citation.get("quote", ""))


async def _now(library: Library, current: Document | None, section: dict[str, object]) -> str:
    """The same section in the version in force: by its id, else by its number, else by its heading."""
    if current is None:
        return ""
    sections = await library.sections(current.id, current.version)
    found = _same(sections, section)
    return await library.text(current.id, current.version, found.start, found.end) if found else ""


def _same(sections: Sequence[Section], wanted: dict[str, object]) -> Section | None:
    for name in ("id", "label", "heading"):
        value = wanted.get(name)
        alike = [section for section in sections if value and getattr(section, name) == value]
        if len(alike) == 1:
            return alike[0]
    return None


def _dicts(record: AuditRecord, name: str) -> list[dict[str, object]]:
    value = record.fields.get(name)
    return [dict(item) for item in value if isinstance(item, dict)] if isinstance(value, list) else []
