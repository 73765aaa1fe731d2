"""Documents and chunks as JSON text, for the record that an index keeps beside its own structures.

ASCII JSON: a lone surrogate in a broken document survives the way through any store.
"""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import date, datetime
from typing import Any

from retrieval.types import Chunk, Document, Place, Section

_DOCUMENT = tuple(f.name for f in fields(Document))
_SECTION = tuple(f.name for f in fields(Section))
_PLACE = tuple(f.name for f in fields(Place))
_CHUNK = ("id", "ordinal", "start", "end", "text", "search_text")


def dump_document(document: Document) -> str:
    values: dict[str, Any] = {name: getattr(document, name) for name in _DOCUMENT}
    for name in ("modified_at", "effective_from", "effective_to"):
        values[name] = values[name].isoformat() if values[name] else None
    return json.dumps(values)


def load_document(text: str, acl_id: str) -> Document:
    """The document as it was added, under the access list that holds now."""
    values = json.loads(text)
    values["modified_at"] = datetime.fromisoformat(values["modified_at"])
    for name in ("effective_from", "effective_to"):
        values[name] = date.fromisoformat(values[name]) if values[name] else None
    return Document(**values | {"acl_id": acl_id})


def dump_chunk(chunk: Chunk) -> str:
    """Everything of a chunk but its document."""
    values: dict[str, Any] = {name: getattr(chunk, name) for name in _CHUNK}
    if values["search_text"] == values["text"]:
        values["search_text"] = None
    values["section"] = [getattr(chunk.section, name) for name in _SECTION]
    values["places"] = [[getattr(place, name) for name in _PLACE] for place in chunk.places]
    return json.dumps(values)


def load_chunk(text: str, document: Document) -> Chunk:
    values = json.loads(text)
    section = dict(zip(_SECTION, values.pop("section"), strict=True))
    section["path"] = tuple(section["path"])
    if values["search_text"] is None:
        values["search_text"] = values["text"]
    places = tuple(Place(**dict(zip(_PLACE, row, strict=True))) for row in values.pop("places"))
    return Chunk(document=document, section=Section(**section), places=places, **values)
