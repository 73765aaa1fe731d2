"""What lies in Weaviate: the properties of the three collections, and a document version as their objects."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from typing import Any

import numpy as np
from weaviate.classes.config import DataType, Property, Tokenization
from weaviate.classes.data import DataObject
from weaviate.classes.query import Filter
from weaviate.collections.classes.filters import _Filters

from retrieval.index.codec import dump_chunk, dump_document
from retrieval.index.levels import page_heads, section_numbers
from retrieval.text.stems import pairs, stems, title_stems
from retrieval.types import Chunk

LEVELS = ("Chunk", "Section", "Document")
FIELDS = {"Chunk": ["body", "path", "title", "pairs"], "Section": ["body"], "Document": ["body"]}
TITLE_TIMES = 3  # the title's weight in the text of a whole document
_SPACE = uuid.UUID("5f0c1a52-3a4f-5c0e-9c35-0d8f4d1d3a10")  # of the objects' ids (RFC 9562, version 5)


def _key(document_id: str, version: str) -> str:
    return hashlib.sha256(f"{document_id}\0{version}".encode()).hexdigest()[:32]


def of_version(document_id: str, version: str) -> _Filters:
    """What the objects of a document version have, and no others."""
    return Filter.by_property("key").equal(_key(document_id, version))


def properties(level: str) -> list[Property]:
    """The properties of a collection: what is searched by words, what is filtered by, what is only kept."""

    def exact(name: str) -> Property:
        return Property(name=name, data_type=DataType.TEXT, tokenization=Tokenization.FIELD, index_searchable=False)

    def stored(name: str, kind: DataType) -> Property:
        return Property(name=name, data_type=kind, index_filterable=False, index_searchable=False)

    searched = [
        Property(name=name, data_type=DataType.TEXT, tokenization=Tokenization.WHITESPACE, index_filterable=False)
        for name in FIELDS[level]
    ]
    kept = [exact(name) for name in ("document_id", "version", "key", "batch", "acl_id")]
    if level == "Chunk":
        kept += [stored("section", DataType.INT), stored("ordinal", DataType.INT)]
        kept += [stored("record", DataType.TEXT), stored("document", DataType.TEXT)]
    else:
        kept += [stored("number", DataType.INT)]
    return searched + kept


def objects(
    chunks: Sequence[Chunk], vectors: Sequence[bytes], batch: str
) -> dict[str, list[DataObject[dict[str, Any], None]]]:
    """The objects of one document version by level."""
    document = chunks[0].document
    key = _key(document.id, document.version)
    common = {
        "document_id": document.id,
        "version": document.version,
        "key": key,
        "batch": batch,
        "acl_id": document.acl_id,
    }
    title, record = " ".join(title_stems(document.title)), dump_document(document)
    words = [stems(c.search_text) for c in chunks]
    bodies = [" ".join(w) for w in words]
    heads = page_heads(chunks)
    paths = [" ".join(stems(" ".join((*c.section.path, head)))) for c, head in zip(chunks, heads, strict=True)]
    places = section_numbers(chunks)
    made: dict[str, list[DataObject[dict[str, Any], None]]] = {level: [] for level in LEVELS}
    for n, (chunk, vector) in enumerate(zip(chunks, vectors, strict=True)):
        values = common | {"body": bodies[n], "path": paths[n], "title": title, "section": places[n], "ordinal": n}
        values |= {"pairs": " ".join(pairs(words[n])), "record": dump_chunk(chunk), "document": record}
        id_ = uuid.uuid5(_SPACE, f"{key} {chunk.id} {n}")
        made["Chunk"].append(DataObject(values, id_, np.frombuffer(vector, "<f4").tolist()))
    for place in range(max(places) + 1):
        inside = [n for n, p in enumerate(places) if p == place]
        text = " ".join([title, paths[inside[0]], *(bodies[n] for n in inside)])
        made["Section"].append(
            DataObject(common | {"body": text, "number": place}, uuid.uuid5(_SPACE, f"{key} s{place}"))
        )
    text = " ".join([*[title] * TITLE_TIMES, *bodies])
    values = common | {"body": text, "number": len(chunks)}
    made["Document"].append(DataObject(values, uuid.uuid5(_SPACE, f"{key} d")))
    return made
