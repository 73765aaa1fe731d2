"""Records of events that are no question: what the bot, the command line and this package append.

Each is about another record (`refers_to`) where there is one. Field names are those of `audit.fields`.
"""

from __future__ import annotations

import os
import pwd
from datetime import UTC, datetime

from audit.canonical import clean
from audit.record import AuditLog, AuditRecord, Json, new_record_id
from audit.values import to_json


def event(name: str, outcome: str, *, refers_to: str | None = None, **fields: object) -> AuditRecord:
    """A record of now. Values are made JSON and texts cleaned; None values are left out."""
    kept: dict[str, Json] = {key: to_json(value) for key, value in fields.items() if value is not None}
    return AuditRecord(new_record_id(), name, datetime.now(UTC), outcome, kept, refers_to)


def delivery(record_id: str, *, platform: str, channel: str, message: str, outcome: str = "posted") -> AuditRecord:
    """The reply is on the platform under this message id ("posted"), or is known not to be ("failed")."""
    return event("delivery", outcome, refers_to=record_id, platform=platform, channel=channel, message=message)


def feedback(record_id: str, *, platform: str, user: str, vote: str, reason: str = "") -> AuditRecord:
    """`vote` is "up" or "down"."""
    return event("feedback", vote, refers_to=record_id, platform=platform, user=user, reason=reason)


def review(record_id: str, *, actor: str, verdict: str, note: str = "") -> AuditRecord:
    """A reviewer's judgement of an answer."""
    return event("review", verdict, refers_to=record_id, actor=actor, note=note)


def configuration(*, sha256: str, software: str, changes: dict[str, Json]) -> AuditRecord:
    """The service started with other settings than before; secrets are never among `changes`."""
    return event("configuration", "changed", configuration_sha256=sha256, software=software, changes=changes)


def heartbeat(*, software: str) -> AuditRecord:
    """The service runs and the log can write, though nobody asked anything."""
    return event("heartbeat", "alive", software=software)


def ignored(*, platform: str, channel: str, what: str) -> AuditRecord:
    """An event that is no question (a bot's message, a delete), recorded as what it is."""
    return event("ignored", "ignored", platform=platform, channel=channel, what=what)


def access(
    *,
    actor: str,
    action: str,
    record: str | None = None,
    found: int | None = None,
    wanted: dict[str, Json] | None = None,
) -> AuditRecord:
    """Somebody read the log: `action` is "list", "show", "search", "verify", "replay", "stats", ..."""
    return event("access", "done", refers_to=record, actor=actor, action=action, found=found, filter=wanted)


async def note_access(
    log: AuditLog, *, actor: str, action: str, record: str | None = None, wanted: dict[str, Json] | None = None
) -> str:
    """Append the access record before anything is shown; its id. Raises AuditUnavailable."""
    noted = access(actor=actor, action=action, record=record, wanted=wanted)
    await log.append(noted)
    return noted.id


def operating_system_user() -> str:
    """Who runs this process, as the operating system says (not the environment): "ada (uid 1000)"."""
    uid = os.getuid()
    try:
        return f"{clean(pwd.getpwuid(uid).pw_name)} (uid {uid})"
    except KeyError:
        return f"uid {uid}"
