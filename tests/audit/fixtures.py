"""Records and logs for the tests of the audit log."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from audit.record import AuditRecord, Json, new_record_id

START = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


def record(number: int = 0, *, event: str = "question", outcome: str = "answered", **fields: Json) -> AuditRecord:
    """A small record; `number` moves its time and makes its text its own."""
    return AuditRecord(
        id=new_record_id(),
        event=event,
        time=START + timedelta(seconds=number),
        outcome=outcome,
        fields={"platform": "slack", "user": f"U{number % 3}", "question": f"What is limit number {number}?", **fields},
    )
