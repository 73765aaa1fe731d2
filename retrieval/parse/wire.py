"""Parsed documents as JSON, for the pipe between the sandbox and its children. Never pickle.

A message is its length (8 bytes, big-endian) and that many bytes.
"""

from __future__ import annotations

import base64
import json
from dataclasses import astuple
from typing import Any

from retrieval.types import Attachment, LeftOut, ParsedDocument, Place, Section

LENGTH = 8


def frame(message: bytes) -> bytes:
    return len(message).to_bytes(LENGTH, "big") + message


def encode(parsed: ParsedDocument) -> dict[str, Any]:
    """A JSON value. Lone surrogates, which no UTF-8 can hold, become question marks of the same length."""
    return {
        "title": parsed.title,
        "text": parsed.text,
        "sections": [astuple(s) for s in parsed.sections],
        "places": [astuple(p) for p in parsed.places],
        "left_out": [astuple(item) for item in parsed.left_out],
        "attachments": [(a.name, base64.b64encode(a.content).decode("ascii")) for a in parsed.attachments],
        "atomic": parsed.atomic,
        "joins": parsed.joins,
        "notes": parsed.notes,
        "wholes": parsed.wholes,
    }


def decode(value: dict[str, Any]) -> ParsedDocument:
    """The document of a JSON value. Raises KeyError, TypeError or ValueError for another shape."""
    text = value["text"]
    parsed = ParsedDocument(
        title=_string(value["title"]),
        text=_string(text),
        sections=tuple(Section(s[0], s[1], s[2], tuple(s[3]), *s[4:]) for s in value["sections"]),
        places=tuple(Place(*p) for p in value["places"]),
        left_out=tuple(LeftOut(*item) for item in value["left_out"]),
        attachments=tuple(
            Attachment(name, base64.b64decode(data, validate=True)) for name, data in value["attachments"]
        ),
        atomic=tuple((a, b) for a, b in value["atomic"]),
        joins=tuple(value["joins"]),
        notes=tuple((a, b, c, d) for a, b, c, d in value["notes"]),
        wholes=tuple((a, b) for a, b in value["wholes"]),
    )
    _check(parsed)
    return parsed


def dumps(value: dict[str, Any]) -> bytes:
    """JSON in UTF-8; a lone surrogate becomes "?", so that offsets stay."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not a string")
    return value


def _check(parsed: ParsedDocument) -> None:
    """A child that was taken over must not hand out offsets outside its text."""
    spans = (
        [(s.start, s.end) for s in parsed.sections]
        + [(p.start, p.end) for p in parsed.places]
        + [*parsed.atomic, *parsed.wholes]
    )
    spans += [(j, j + 1) for j in parsed.joins]
    spans += [span for note in parsed.notes for span in (note[:2], note[2:])]
    if not all(0 <= start <= end <= len(parsed.text) for start, end in spans):
        raise ValueError("a span outside the text")
