"""What the audit log keeps of an event beside a question's own record. Pure but for new ids and the time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from audit.record import AuditRecord, Json, new_record_id
from bot.queue.inbox import Shown
from bot.types import Incoming, Reply
from retrieval.codec import clean


def gap_record(record_id: str | None, reason: str) -> AuditRecord:
    """Says in the log, once it writes again, that a question went unrecorded or unseen."""
    return AuditRecord(new_record_id(), "gap", datetime.now(UTC), "failed", {"reason": reason}, record_id)


def place_of(incoming: Incoming) -> Mapping[str, Json]:
    """Where a question was asked, for its record."""
    return {
        "key": incoming.key,
        "channel": incoming.channel,
        "channel_kind": incoming.channel_kind.value,
        "thread": incoming.thread,
        "message": incoming.message,
    }


def _who(incoming: Incoming) -> Mapping[str, Json]:
    return {"platform": incoming.platform, "tenant": incoming.tenant, "user": incoming.user}


def event_record(incoming: Incoming, record_id: str) -> AuditRecord:
    """Feedback, or an event that is no question, as what it is.

    The time of every record is that of its making: the log's times go forward, however long an event waited.
    """
    fields: dict[str, Json] = {**_who(incoming), **place_of(incoming), "text": clean(incoming.text)}
    fields["asked_at"] = incoming.received_at.astimezone(UTC).isoformat()
    now = datetime.now(UTC)
    return AuditRecord(record_id, incoming.kind.value, now, "recorded", fields, refers_to=incoming.about)


def withheld_record(incoming: Incoming, reply: Reply) -> AuditRecord:
    """That a reply was not shown: it held no answer, and the message had not been said to the bot."""
    fields: dict[str, Json] = {**_who(incoming), **place_of(incoming)}
    return AuditRecord(new_record_id(), "delivery", datetime.now(UTC), "withheld", fields, reply.receipt.record_id)


def delivery_record(incoming: Incoming, reply: Reply, shown: Shown, form: str = "") -> AuditRecord:
    """That a reply was shown, where, and in which form, if it was not shown whole."""
    fields: dict[str, Json] = {
        **_who(incoming),
        **place_of(incoming),
        "reply_message": shown.message,
        "private": shown.private,
        **({"form": form} if form else {}),
        "shown_at": shown.at.astimezone(UTC).isoformat(),
    }
    if team := incoming.reference.get("team"):
        fields["team"] = team
    now = datetime.now(UTC)
    return AuditRecord(shown.delivery_id, "delivery", now, "delivered", fields, reply.receipt.record_id)


def unconfirmed_record(incoming: Incoming, reply: Reply) -> AuditRecord:
    """That a reply may have been shown: the platform did not say so, and the asker was told to look."""
    fields: dict[str, Json] = {**_who(incoming), **place_of(incoming), "private": reply.private}
    return AuditRecord(new_record_id(), "delivery", datetime.now(UTC), "unconfirmed", fields, reply.receipt.record_id)
