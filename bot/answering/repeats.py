"""A question asked again in its thread: the answer given still stands, so the reply points to it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

import structlog

from audit.errors import AuditError
from audit.question import restore
from audit.record import AuditRecord
from bot.answering.times import said_time
from bot.keys import ThreadKey
from bot.texts import POINTER, POINTER_DIRECT
from retrieval.codec import to_json
from retrieval.people import Audience
from retrieval.ports import Library
from retrieval.types import Answer, Seal

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Posted:
    """Where an answer stands: since when people see it, and its address ("" where the platform has none)."""

    at: datetime
    url: str = ""


Find = Callable[[str], Awaitable[Posted | None]]
"""Where the answer of a record (its id) stands; None: nobody sees it any more."""


@dataclass(frozen=True, slots=True)
class Repeated:
    """The first answer, its documents as they are in force now, and where it stands."""

    record_id: str
    answer: Answer
    posted: Posted


class Remembered(Protocol):
    def answered(self, thread: ThreadKey, folded: str) -> str | None:
        """The record of the answer to this question in this thread, if it is remembered."""
        ...


class Recorded(Protocol):
    async def get(self, record_id: str) -> AuditRecord | None:
        """Raises AuditError."""
        ...


@dataclass(frozen=True, slots=True)
class Repeats:
    memory: Remembered
    audit: Recorded
    library: Library

    async def find(
        self,
        thread: ThreadKey,
        searched: str,
        audience: Audience,
        permitted: frozenset[str],
        sources: frozenset[str] | None,
        find: Find,
    ) -> Repeated | None:
        """The answer that was given, if it may be pointed to; None: answer anew. Raises RetrievalError.

        It must have been shown to everyone here, for the same readers, and each document that it
        quotes must be in force in the same version, of `sources`, and within `permitted` (access list ids).
        """
        record_id = self.memory.answered(thread, fold(searched))
        if record_id is None:
            return None
        try:
            record = await self.audit.get(record_id)
            answer = restore(record).answer if record is not None else None
        except AuditError as error:
            log.warning("an earlier answer cannot be read, so it is given anew", record=record_id, error=str(error))
            return None
        if record is None or answer is None or not answer.citations or record.outcome != "answered":
            return None
        if record.fields.get("private") is not False or record.fields.get("audience") != to_json(audience):
            return None
        current = await self.library.current(sorted({c.document.id for c in answer.citations}))
        documents = [current.get(c.document.id) for c in answer.citations]
        for citation, document in zip(answer.citations, documents, strict=True):
            if document is None or document.version != citation.document.version or document.acl_id not in permitted:
                return None
            if sources is not None and document.source not in sources:
                return None
        posted = await find(record_id)
        if posted is None:
            return None
        cited = tuple(replace(c, document=current[c.document.id]) for c in answer.citations)
        return Repeated(record_id, replace(answer, citations=cited, seal=Seal.RESTORED), posted)


def pointer(posted: Posted, *, direct: bool) -> str:
    """What is said instead of the answer."""
    return (POINTER_DIRECT if direct else POINTER).format(at=said_time(posted.at))


def fold(question: str) -> str:
    """A question without what does not change it: case, spacing, punctuation at its edges and between words.

    Signs inside numbers and names stay ("4.2", "Q&A"), and so does a sign before a number ("-5").
    """
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", question).casefold())
    words = (re.sub(r"^[^\w+\-−€$£%§]+|[^\w%€$£§+#]+$", "", word) for word in text.split())
    return " ".join(word for word in words if word)
