"""Parsed documents to JSON and back, for the state store."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from retrieval.types import LeftOut, ParsedDocument, Place, Section


def dump(parsed: ParsedDocument) -> str:
    """Everything but the text (kept beside it) and the attachments (documents of their own)."""
    return json.dumps(
        {
            "title": parsed.title,
            "sections": [asdict(s) for s in parsed.sections],
            "places": [[p.start, p.end, p.page, p.locator, p.printed] for p in parsed.places],
            "left_out": [[item.what, item.where] for item in parsed.left_out],
            "atomic": parsed.atomic,
            "joins": parsed.joins,
            "notes": parsed.notes,
            "wholes": parsed.wholes,
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )


def load(text: str, tree: str) -> ParsedDocument:
    """The inverse of `dump`."""
    data: dict[str, Any] = json.loads(tree)
    return ParsedDocument(
        title=data["title"],
        text=text,
        sections=_sections(data),
        places=tuple(Place(*p) for p in data["places"]),
        left_out=tuple(LeftOut(*item) for item in data["left_out"]),
        atomic=tuple((start, end) for start, end in data["atomic"]),
        joins=tuple(data["joins"]),
        notes=tuple((a, b, c, d) for a, b, c, d in data.get("notes", ())),
        wholes=tuple((start, end) for start, end in data.get("wholes", ())),
    )


def load_sections(tree: str) -> tuple[Section, ...]:
    """The section tree alone."""
    return _sections(json.loads(tree))


def _sections(data: dict[str, Any]) -> tuple[Section, ...]:
    return tuple(Section(**{**s, "path": tuple(s["path"])}) for s in data["sections"])
