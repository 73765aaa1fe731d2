"""Questions whose message was edited or deleted: answered once, in the place of the answer that is there."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Protocol

from audit.record import AuditRecord
from bot.answering.asking import question_in
from bot.answering.repeats import fold
from bot.queue.inbox import Inbox
from bot.types import ChannelKind, Incoming, IncomingKind

MEND = timedelta(minutes=5)
"""Within it an edit mends the question; later it is recorded as what it is, and the answer stays as it is."""
MOST = 10_000


class RecordReader(Protocol):
    async def get(self, record_id: str) -> AuditRecord | None: ...


class Amending:
    def __init__(self, inbox: Inbox, audit: RecordReader) -> None:
        self._inbox = inbox
        self._audit = audit
        self._overtaken: set[str] = set()  # keys of questions whose message was changed since

    def heard(self, incoming: Incoming) -> None:
        """An event was accepted: what it amends need not be answered any more, if it is not yet."""
        if incoming.amends is not None:
            if len(self._overtaken) >= MOST:
                self._overtaken.clear()  # most of them were answered long ago
            self._overtaken.add(incoming.amends)

    def overtaken(self, key: str) -> bool:
        """Whether the message of a question was edited or deleted. Until this process ends: then it is answered."""
        return key in self._overtaken

    def forget(self, key: str) -> None:
        self._overtaken.discard(key)

    async def mends(self, incoming: Incoming) -> bool:
        """Whether an edited question is to be answered: it says something else now, and was asked lately.

        One that was not for us before, such as one without a mention, is like a new one.
        """
        earlier = await self._inbox.earlier(incoming.amends) if incoming.amends is not None else None
        record = await self._audit.get(earlier.record_id) if earlier is not None and earlier.record_id else None
        if earlier is None or record is None or record.event != "question":
            return True  # it was not answered, and is overtaken now
        before = str(record.fields.get("question") or "")
        changed = fold(question_in(incoming.text)) != fold(question_in(before))
        return changed and incoming.received_at - earlier.arrived_at <= MEND

    async def answer_before(self, incoming: Incoming) -> str | None:
        """The message that shows the answer to the question as it was, where the new one may take its place."""
        earlier = await self._inbox.earlier(incoming.amends) if incoming.amends is not None else None
        shown = await self._inbox.shown_as(earlier.record_id) if earlier is not None and earlier.record_id else None
        if shown is None or (shown.private and incoming.channel_kind is not ChannelKind.DIRECT):
            return None
        return shown.message or None


def as_note(incoming: Incoming) -> Incoming:
    """An edit that mends nothing, as what is recorded of it."""
    what = f"the question was edited; it now reads: {incoming.text}"
    return replace(incoming, kind=IncomingKind.IGNORED, text=what)
