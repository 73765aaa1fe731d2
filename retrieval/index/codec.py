"""Documents and chunks as JSON text, for the record that an index keeps beside its own structures.

ASCII JSON: a lone surrogate in a broken document survives the way through any store.
"""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

from retrieval.codec import Unfit, as_object, as_row, each, from_json, from_row, member
from retrieval.types import Chunk, Document, Place, Section, Slice, Unit, UnitKind

_UNIT = 9  # parts of a unit that an earlier version stored; since then one more
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
    if chunk.units is not None:
        values["units"] = [_dump_unit(unit, chunk) for unit in chunk.units]
    return json.dumps(values)


def _dump_unit(unit: Unit, chunk: Chunk) -> list[Any]:
    """Small: its text is cut from the chunk's again, unless it runs on beyond it; its vector is base64."""
    inside = chunk.text[unit.start - chunk.start : unit.end - chunk.start] == unit.text
    lead, text = [as_row(s) for s in unit.lead], None if inside else unit.text
    vector = base64.b64encode(unit.vector).decode("ascii")
    return [unit.id, unit.kind.value, unit.start, unit.end, text, lead, unit.heading, unit.joined, vector, unit.more]


def _load_unit(row: object, chunk: Chunk) -> Unit:
    """Raises ValueError."""
    if not isinstance(row, list) or len(row) not in (_UNIT, _UNIT + 1):
        raise Unfit("no unit: it has another number of parts")
    id_, kind, start, end, text, lead, heading, joined, vector = row[:_UNIT]
    more = row[_UNIT] if len(row) > _UNIT else ""
    if (
        type(start) is not int
        or type(end) is not int
        or not all(type(t) is str for t in (id_, heading, joined, vector, more))
    ):
        raise Unfit("no unit: a part of it is of another type")
    text = chunk.text[start - chunk.start : end - chunk.start] if text is None else text
    if type(text) is not str:
        raise Unfit("no unit: its text is none")
    held = base64.b64decode(vector, validate=True)
    return Unit(id_, UnitKind(kind), start, end, text, each(Slice, lead, from_row), heading, joined, held, more)


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
    chunk = Chunk(id_, document, section, ordinal, start, end, said, search_text, places)
    held = values.get("units")
    if held is None:  # an earlier version made it
        return chunk
    if not isinstance(held, list):
        raise Unfit("no chunk: its units are no list")
    return replace(chunk, units=tuple(_load_unit(row, chunk) for row in held))
