"""Documents and chunks as JSON text, for the record that an index keeps beside its own structures.

ASCII JSON: a lone surrogate in a broken document survives the way through any store.
"""

from __future__ import annotations

import json
from typing import Any

from retrieval.codec import Unfit, as_object, as_row, each, from_json, from_row, member
from retrieval.types import Chunk, Document, Place, Section

_CHUNK = ("id", "ordinal", "start", "end", "text", "search_text")


def dump_document(document: Document) -> str:
    return json.dumps(as_object(document))


def load_document(text: str, acl_id: str) -> Document:
    """The document as it was added, under the access list that holds now. Raises ValueError."""
    values = json.loads(text)
    return from_json(Document, {**values, "acl_id": acl_id} if isinstance(values, dict) else values)


def dump_chunk(chunk: Chunk) -> str:
    """Everything of a chunk but its document."""
    values: dict[str, Any] = {name: getattr(chunk, name) for name in _CHUNK}
    if values["search_text"] == values["text"]:
        values["search_text"] = None
    values["section"] = as_row(chunk.section)
    values["places"] = [as_row(place) for place in chunk.places]
    return json.dumps(values)


def load_chunk(text: str, document: Document) -> Chunk:
    """Raises ValueError."""
    values = json.loads(text)
    section, places = from_row(Section, member(values, "section")), each(Place, member(values, "places"), from_row)
    id_, ordinal, start, end, said, search_text = (values.get(name) for name in _CHUNK)
    if search_text is None:
        search_text = said
    if not all(type(t) is str for t in (id_, said, search_text)) or not all(
        type(n) is int for n in (ordinal, start, end)
    ):
        raise Unfit("no chunk: a part of it is of another type")
    return Chunk(id_, document, section, ordinal, start, end, said, search_text, places)
