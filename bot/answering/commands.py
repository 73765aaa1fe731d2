"""Words that are no question: help, sources, why, expert, forget. They work the same on every platform."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from audit.record import Json
from bot.answering.experts import WORDS
from bot.answering.history import History, NoHistory
from bot.answering.why import why
from bot.keys import ThreadKey
from bot.texts import HELP, NO_EXPERT_HERE, NO_SOURCES
from retrieval.people import Principal
from retrieval.ports import Library
from retrieval.types import Document

LISTED = 30


@dataclass(frozen=True, slots=True)
class Commands:
    """`forget` clears a thread's memory and returns how many questions were in it."""

    library: Library
    forget: Callable[[ThreadKey], int]
    history: History = field(default_factory=NoHistory)

    async def reply(
        self,
        text: str,
        thread: ThreadKey,
        acl_ids: frozenset[str],
        *,
        sources: frozenset[str] | None = None,
        place: Mapping[str, Json] | None = None,
        asker: Principal | None = None,
    ) -> str | None:
        """The reply to a command, or None when the text is a question.

        `acl_ids` are the access lists that everyone who sees the reply passes; `sources` names those that
        answers draw on here (None: all). `place` and `asker` say
        where and by whom it was asked, for `why`.
        """
        word = " ".join(text.strip().strip("?!.`").casefold().split())
        if word in ("", "help", "hello", "hi"):
            return HELP
        if word in ("sources", "what can you answer from"):
            return _list(await self.library.documents(), acl_ids, sources)
        if word == "why" and asker is not None:
            return await why(self.history, self.library, place or {}, asker, acl_ids)
        if word in WORDS:  # where there is somebody to mention, the worker sees to it
            return NO_EXPERT_HERE
        if word == "forget":
            return f"Done. I have forgotten {self.forget(thread)} earlier question(s) of this thread."
        return None


def _list(documents: Mapping[str, Document], acl_ids: frozenset[str], sources: frozenset[str] | None) -> str:
    """Titles that everyone who sees the reply may read; the number of the others is not told either."""
    here = (d for d in documents.values() if sources is None or d.source in sources)
    readable = sorted({d.title for d in here if d.acl_id in acl_ids}, key=str.casefold)
    if not readable:
        return NO_SOURCES
    lines = [f"I can answer from these {len(readable)} documents:", *(f"• {title}" for title in readable[:LISTED])]
    if len(readable) > LISTED:
        lines.append(f"… and {len(readable) - LISTED} more.")
    return "\n".join(lines)
