"""The state store as it stood at a moment: which versions were in force then."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from connectors.state import StateStore
from retrieval.people import AccessList
from retrieval.types import Document, ParsedDocument, Section


class AsOf:
    """Implements `retrieval.ports.Library`. Who may read is decided by the access lists of now.

    Of a document that is deleted those count that it had last.
    """

    def __init__(self, state: StateStore, moment: datetime) -> None:
        self._state = state
        self._moment = moment
        self._earlier = state.in_force(moment)
        self._documents = state.in_force_still(moment) | self._earlier

    def replaced(self) -> Iterator[tuple[Document, ParsedDocument]]:
        """The versions in force then that are not in force now: the index does not have them."""
        for document in self._earlier.values():
            parsed = self._state.earlier(document.id, document.version, self._moment)
            if parsed is not None:
                yield document, parsed

    async def current(self, document_ids: Sequence[str]) -> Mapping[str, Document]:
        return {i: self._documents[i] for i in document_ids if i in self._documents}

    async def access_lists(self) -> Mapping[str, AccessList]:
        return await self._state.access_lists()

    async def text(self, document_id: str, version: str, start: int, end: int) -> str:
        if document_id not in self._earlier:
            return await self._state.text(document_id, version, start, end)
        parsed = self._state.earlier(document_id, version, self._moment)
        return parsed.text[start:end] if parsed else ""

    async def sections(self, document_id: str, version: str) -> tuple[Section, ...]:
        if document_id not in self._earlier:
            return await self._state.sections(document_id, version)
        parsed = self._state.earlier(document_id, version, self._moment)
        return parsed.sections if parsed else ()

    async def documents(self) -> Mapping[str, Document]:
        return self._documents
