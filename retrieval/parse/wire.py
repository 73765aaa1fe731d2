"""Parsed documents as JSON, for the pipe between the sandbox and its children. Never pickle.

A message is its length (8 bytes, big-endian) and that many bytes.
"""

from __future__ import annotations

import base64
import json
from typing import Any

from retrieval.codec import as_row, each, from_json, from_row, member, spans
from retrieval.types import Attachment, LeftOut, ParsedDocument, Place, Section

LENGTH = 8


def frame(message: bytes) -> bytes:
    return len(message).to_bytes(LENGTH, "big") + message


def encode(parsed: ParsedDocument) -> dict[str, Any]:
    """A JSON value. Lone surrogates, which no UTF-8 can hold, become question marks of the same length."""
    return {
        "title": parsed.title,
        "text": parsed.text,
        "sections": [as_row(s) for s in parsed.sections],
        "places": [as_row(p) for p in parsed.places],
        "left_out": [as_row(item) for item in parsed.left_out],
        "attachments": [(a.name, base64.b64encode(a.content).decode("ascii")) for a in parsed.attachments],
        "atomic": parsed.atomic,
        "joins": parsed.joins,
        "notes": parsed.notes,
        "wholes": parsed.wholes,
        "heads": parsed.heads,
    }


def decode(value: object) -> ParsedDocument:
    """The document of a JSON value. Raises ValueError for another shape, or a part of another type."""
    parsed = ParsedDocument(
        title=from_json(str, member(value, "title")),
        text=from_json(str, member(value, "text")),
        sections=each(Section, member(value, "sections"), from_row),
        places=each(Place, member(value, "places"), from_row),
        left_out=each(LeftOut, member(value, "left_out"), from_row),
        attachments=each(Attachment, member(value, "attachments"), _attachment),
        atomic=spans(member(value, "atomic")),
        joins=spans(member(value, "joins"), 1),
        notes=spans(member(value, "notes"), 4),
        wholes=spans(member(value, "wholes")),
        heads=spans(member(value, "heads")),
    )
    _check(parsed)
    return parsed


def _attachment(kind: type[Attachment], row: object) -> Attachment:
    name, content = each(str, row)
    return kind(name, base64.b64decode(content, validate=True))


def dumps(value: dict[str, Any]) -> bytes:
    """JSON in UTF-8; a lone surrogate becomes "?", so that offsets stay."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _check(parsed: ParsedDocument) -> None:
    """A child that was taken over must not hand out offsets outside its text."""
    named = [(s.start, s.end) for s in parsed.sections] + [(p.start, p.end) for p in parsed.places]
    named += [*parsed.atomic, *parsed.wholes, *parsed.heads, *((j, j + 1) for j in parsed.joins)]
    named += [span for note in parsed.notes for span in (note[:2], note[2:])]
    if not all(0 <= start <= end <= len(parsed.text) for start, end in named):
        raise ValueError("a span outside the text")
