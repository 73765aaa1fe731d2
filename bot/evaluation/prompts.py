"""The prompt that a model saw, made again from the record of an answer and the documents as they stand."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from audit.record import AuditRecord, Json
from retrieval.chunk import chunk
from retrieval.codec import Unfit, clean, from_json
from retrieval.generate.prompt import HouseStyle, Prompt, prompt
from retrieval.question.followup import fresh
from retrieval.types import Document, ParsedDocument, Passage, Place, Question, Section, Turn, Unit
from retrieval.units import units

CHANGED = "a document that the model read has changed since, or is gone"
OTHERWISE = (
    "the prompt cannot be made again as the model saw it: the house style, or how documents are read, has changed"
)
ERASED = "its fields were erased"


class Stored(Protocol):
    async def current(self, document_ids: Sequence[str]) -> Mapping[str, Document]:
        """Those in force."""
        ...

    def parsed(self, document_id: str) -> ParsedDocument | None:
        """The text and tree of the version in force."""
        ...


@dataclass(frozen=True, slots=True)
class Sent:
    """A prompt, the passages that stand in it, and the style that it was made with."""

    prompt: Prompt
    passages: tuple[Passage, ...]
    style: HouseStyle


class Again:
    """Where the record has the prompt's hash, the prompt is the very one; else the one that a model would have got."""

    def __init__(self, stored: Stored, styles: Sequence[HouseStyle]) -> None:
        self._stored = stored
        self._styles = styles
        self._units: dict[tuple[str, str], Mapping[str, tuple[Unit, ...]]] = {}

    async def sent(self, record: AuditRecord) -> Sent | str:
        """What a model got for the question of this record; in words why it cannot be told."""
        try:
            question, passages = _question(record), _passages(record)
        except (KeyError, TypeError, ValueError, Unfit):
            return ERASED
        whole = [await self._whole(passage, text) for passage, text in passages]
        held = tuple(passage for passage in whole if passage is not None)
        if not held or len(held) < len(whole):
            return CHANGED
        seen = str(record.fields.get("prompt_sha256") or "")
        for style in self._styles:
            for read in _read(question):
                shown = tuple(fresh(read, held)) if read.own else held
                made = prompt(question, shown, style)
                if made.names and seen in ("", made.prompt_sha256):
                    return Sent(made, shown, style)
        return OTHERWISE

    async def _whole(self, passage: Passage, text_sha256: str) -> Passage | None:
        """A passage with its text and units, while its document is in force in the same version."""
        document = (await self._stored.current([passage.document.id])).get(passage.document.id)
        if document is None or document.version != passage.document.version:
            return None
        parsed = self._stored.parsed(document.id)
        text = parsed.text[passage.start : passage.end] if parsed is not None else ""
        if parsed is None or hashlib.sha256(clean(text).encode()).hexdigest() != text_sha256:
            return None
        known = self._units.get((document.id, document.version))
        if known is None:
            chunks = chunk(document, parsed)
            known = {c.id: held for c, held in zip(chunks, units(parsed, chunks), strict=True)}
            self._units[document.id, document.version] = known
        return replace(passage, text=text, units=known.get(passage.chunk_id, ()))


def _question(record: AuditRecord) -> Question:
    memory = from_json(tuple[Turn, ...], record.fields["memory"])
    asked_at = datetime.fromisoformat(str(record.fields["asked_at"]))
    return Question(str(record.fields["searched"]), asked_at, memory)


def _read(question: Question) -> list[Question]:
    """As it stands, and, where it ends with what its thread was about, as read with its thread."""
    about = f" ({question.memory[-1].about})" if question.memory else ""
    inside = len(about) > len(" ()") and question.text.endswith(about)
    return [question, *([replace(question, own=question.text.removesuffix(about))] if inside else [])]


def _passages(record: AuditRecord) -> list[tuple[Passage, str]]:
    """The retrieved passages without text and units, and the hash of each text."""
    documents = {(d["id"], d["version"]): from_json(Document, d) for d in _objects(record.fields["documents"])}
    return [
        (_passage(item, documents[item["document"], item["version"]]), str(item["text_sha256"]))
        for item in _objects(record.fields["passages"])
        if item.get("context", True)
    ]


def _passage(item: Mapping[str, Json], document: Document) -> Passage:
    return Passage(
        str(item["id"]),
        document,
        from_json(Section, item["section"]),
        str(item["chunk_id"]),
        int(str(item["start"])),
        int(str(item["end"])),
        "",
        from_json(tuple[Place, ...], item["places"]),
        int(str(item["score_millionths"])),
    )


def _objects(value: Json) -> list[dict[str, Json]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
