"""Parsed documents as the state store keeps them: the text in a column of its own, the rest as JSON."""

from __future__ import annotations

import json

from retrieval.codec import Unfit, as_object, as_row, each, from_json, from_row, member, spans
from retrieval.types import LeftOut, ParsedDocument, Place, Section


def dump(parsed: ParsedDocument) -> str:
    """Everything but the text (kept beside it) and the attachments (documents of their own)."""
    return json.dumps(
        {
            "title": parsed.title,
            "sections": [as_object(s) for s in parsed.sections],
            "places": [as_row(p) for p in parsed.places],
            "left_out": [as_row(item) for item in parsed.left_out],
            "atomic": parsed.atomic,
            "joins": parsed.joins,
            "notes": parsed.notes,
            "wholes": parsed.wholes,
            "heads": parsed.heads,
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )


def load(text: str, tree: str) -> ParsedDocument:
    """The inverse of `dump`. Raises Unfit."""
    data = _parsed(tree)
    return ParsedDocument(
        title=from_json(str, member(data, "title")),
        text=text,
        sections=each(Section, member(data, "sections")),
        places=each(Place, member(data, "places"), from_row),
        left_out=each(LeftOut, member(data, "left_out"), from_row),
        atomic=spans(member(data, "atomic")),
        joins=spans(member(data, "joins"), 1),
        notes=spans(data.get("notes", ()), 4),  # documents of earlier versions have none of these
        wholes=spans(data.get("wholes", ())),
        heads=spans(data.get("heads", ())),
    )


def load_sections(tree: str) -> tuple[Section, ...]:
    """The section tree alone. Raises Unfit."""
    return each(Section, member(_parsed(tree), "sections"))


def _parsed(tree: str) -> dict[str, object]:
    data = json.loads(tree)
    if not isinstance(data, dict):
        raise Unfit("no tree of a document")
    return data
