"""A record as rows of a table: one an answer, one a citation. For CSV and Parquet."""

from __future__ import annotations

from collections.abc import Iterator

from audit.disclosure import timestamp
from audit.reading import Stored
from audit.record import Json
from audit.tree import leaf_hash

Cell = str | int | None

ANSWER_COLUMNS: dict[str, type] = {
    "record": str,
    "index": int,
    "time": str,
    "outcome": str,
    "platform": str,
    "tenant": str,
    "user": str,
    "email": str,
    "channel": str,
    "channel_kind": str,
    "question": str,
    "searched": str,
    "answer": str,
    "text": str,
    "citations": int,
    "dropped": int,
    "generator": str,
    "model": str,
    "tokens_in": int,
    "tokens_out": int,
    "total_us": int,
    "software": str,
    "posted_sha256": str,
    "trace_id": str,
    "erased": str,
    "leaf_hash": str,
}

CITATION_COLUMNS: dict[str, type] = {
    "record": str,
    "n": int,
    "document": str,
    "title": str,
    "version": str,
    "sha256": str,
    "section": str,
    "heading": str,
    "path": str,
    "page": int,
    "locator": str,
    "start": int,
    "end": int,
    "quote": str,
    "url": str,
}


NEEDED = frozenset((*ANSWER_COLUMNS, "timings_us", "statements", "citations", "dropped", "documents"))
"""The fields that rows are made of."""


def answer_row(stored: Stored) -> dict[str, Cell]:
    record, fields = stored.record, stored.record.fields
    row: dict[str, Cell] = {name: _cell(fields.get(name)) for name in ANSWER_COLUMNS}
    timings = fields.get("timings_us")
    row |= {
        "record": record.id,
        "index": stored.index,
        "time": timestamp(record.time),
        "outcome": record.outcome,
        "answer": answer_text(fields.get("statements")),
        "citations": len(_objects(fields.get("citations"))),
        "dropped": len(_objects(fields.get("dropped"))),
        "total_us": _cell(timings.get("total")) if isinstance(timings, dict) else None,
        "erased": " ".join(record.erased),
        "leaf_hash": leaf_hash(stored.leaf).hex(),
    }
    return row


def citation_rows(stored: Stored) -> Iterator[dict[str, Cell]]:
    fields = stored.record.fields
    documents = {(d.get("id"), d.get("version")): d for d in _objects(fields.get("documents"))}
    for item in _objects(fields.get("citations")):
        document = documents.get((item.get("document"), item.get("version")), {})
        section = item.get("section")
        section = section if isinstance(section, dict) else {}
        path = section.get("path")
        row: dict[str, Cell] = {name: _cell(item.get(name)) for name in CITATION_COLUMNS}
        row |= {
            "record": stored.record.id,
            "title": _cell(document.get("title")),
            "sha256": _cell(document.get("sha256")),
            "url": _cell(document.get("url")),
            "section": _cell(section.get("label")),
            "heading": _cell(section.get("heading")),
            "path": " > ".join(map(str, path)) if isinstance(path, list) else "",
        }
        yield row


def answer_text(statements: Json) -> str:
    """The statements with their markers, as `Answer.text` prints them; "" when there is no answer."""
    parts = []
    for statement in _objects(statements):
        numbers = statement.get("citations")
        marks = "".join(f" [{n}]" for n in numbers) if isinstance(numbers, list) else ""
        parts.append(f"{statement.get('text')}{marks}")
    return " ".join(parts)


def _objects(value: Json) -> list[dict[str, Json]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _cell(value: Json) -> Cell:
    return value if isinstance(value, (str, int)) and not isinstance(value, bool) else None
