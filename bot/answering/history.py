"""The last question of a place, from the audit log: what `why` explains and `expert` passes on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from audit.log import TransparencyLog
from audit.record import AuditRecord, Json
from audit.search import Filter
from retrieval.people import Principal

LOOKED_THROUGH = 400  # records of a channel; a thread that is older counts as one without a question
PAGE = 50


class History(Protocol):
    async def last(self, place: Mapping[str, Json], reader: Principal) -> AuditRecord | None:
        """The newest question in this place that is no command, with its reply. Raises AuditUnavailable.

        A question that only got a pointer to its earlier answer is passed over: that answer is the one found.

        `place` holds "channel", "channel_kind" and "thread" as far as they exist. Private replies to
        others than `reader` are passed over.
        """
        ...


class NoHistory:
    """Knows of no question."""

    async def last(self, place: Mapping[str, Json], reader: Principal) -> AuditRecord | None:
        return None


class LoggedHistory:
    """Implements `History` over the audit log. Rights are not looked at here: whoever shows it does."""

    def __init__(self, audit: TransparencyLog) -> None:
        self._audit = audit

    async def last(self, place: Mapping[str, Json], reader: Principal) -> AuditRecord | None:
        wanted = Filter(channel=str(place.get("channel") or ""), event="question")
        after: int | None = None
        for _ in range(0, LOOKED_THROUGH, PAGE):
            page = await self._audit.find(wanted, after=after, limit=PAGE)
            for record in page.records:
                found = not (_command(record) or _pointer(record) or _of_another(record, reader))
                if found and _in(record, place, reader):
                    return record
            after = page.next
            if after is None:
                break
        return None


def _in(record: AuditRecord, place: Mapping[str, Json], reader: Principal) -> bool:
    """In a direct chat each message may begin a thread, so there the whole chat counts as one."""
    if any(record.fields.get(name) != getattr(reader, name) for name in ("platform", "tenant")):
        return False
    if place.get("channel_kind") == "direct":
        return record.fields.get("user") == reader.user
    return record.fields.get("thread") == place.get("thread")


def _command(record: AuditRecord) -> bool:
    return record.outcome == "answered" and record.fields.get("statements") is None


def _pointer(record: AuditRecord) -> bool:
    return record.refers_to is not None


def _of_another(record: AuditRecord, reader: Principal) -> bool:
    return record.fields.get("private") is True and record.fields.get("user") != reader.user
