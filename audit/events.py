"""Records of events that are no question, and who reads the log.

Each is about another record (`refers_to`) where there is one. Field names are those of `audit.fields`.
What comes from a chat platform (feedback, deliveries, ignored events) is made by the bot.
"""

from __future__ import annotations

import os
import pwd
from datetime import UTC, datetime

from audit.record import AuditRecord, Json, new_record_id
from retrieval.codec import clean, to_json


def event(name: str, outcome: str, *, refers_to: str | None = None, **fields: object) -> AuditRecord:
    """A record of now. Values are made JSON and texts cleaned; None values are left out."""
    kept: dict[str, Json] = {key: to_json(value) for key, value in fields.items() if value is not None}
    return AuditRecord(new_record_id(), name, datetime.now(UTC), outcome, kept, refers_to)


def review(record_id: str, *, by: str, verdict: str, note: str = "") -> AuditRecord:
    """A reviewer's judgement of an answer."""
    return event("review", verdict, refers_to=record_id, by=by, note=note)


def configuration(
    *, sha256: str, software: str, changes: dict[str, Json], settings: dict[str, Json] | None = None, by: str = ""
) -> AuditRecord:
    """The service was started, `by` whom, with other settings than before; secrets are never among them."""
    return event(
        "configuration",
        "changed",
        configuration_sha256=sha256,
        software=software,
        changes=changes,
        settings=settings,
        by=by or None,
    )


def heartbeat(*, software: str) -> AuditRecord:
    """The service runs and the log can write, though nobody asked anything."""
    return event("heartbeat", "alive", software=software)


def access(
    *, by: str, what: str, record: str | None = None, found: int | None = None, wanted: dict[str, Json] | None = None
) -> AuditRecord:
    """Somebody read the log: `what` is "list", "show", "search", "verify", "replay", "stats", ..."""
    return event("access", "shown", refers_to=record, by=by, what=what, found=found, filter=wanted)


def operating_system_user() -> str:
    """Who runs this process, as the operating system says (not the environment): "ada (uid 1000)"."""
    uid = os.getuid()
    try:
        return f"{clean(pwd.getpwuid(uid).pw_name)} (uid {uid})"
    except KeyError:
        return f"uid {uid}"
