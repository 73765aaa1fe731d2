"""What needs two people: one asks, another approves or refuses, and both are records.

Erasures, lifting a hold, a retention rule, a new signing key. Verification judges them by the same rules
(`audit.register`), so that an approval which this module would refuse governs nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from audit.erase import Erased, approve_erasure
from audit.errors import ErasureRefused
from audit.events import event
from audit.holds import agreed, approve_lift, check_second, waiting
from audit.log import TransparencyLog
from audit.note import PublicKey
from audit.reading import Reader
from audit.record import AuditRecord
from audit.register import texts
from audit.retention import approve_rule


@dataclass(frozen=True, slots=True)
class Waiting:
    """A request that waits for a second person. `what` says it in words."""

    id: str
    event: str
    what: str
    ground: str
    requested_by: str


async def pending(log: TransparencyLog) -> list[Waiting]:
    """Everything that waits, oldest first."""
    return await log.read(_pending)


async def approve(log: TransparencyLog, request_id: str, *, by: str) -> Erased | PublicKey | str:
    """Approve a request of any kind and carry it out. Raises ErasureRefused (the same person), RecordUnknown.

    Returns what an erasure did, the new public key, or the id of the record that says so.
    """
    kinds = {one.id: one.event for one in await pending(log)}
    kind = kinds.get(request_id, "erasure")
    if kind == "hold":
        return await approve_lift(log, request_id, by=by)
    if kind == "retention":
        return await approve_rule(log, request_id, by=by)
    if kind == "key":
        return await approve_rotation(log, request_id, by=by)
    return await approve_erasure(log, request_id, by=by)


async def refuse(log: TransparencyLog, request_id: str, *, by: str, reason: str) -> str:
    """Close a request; anybody may. Raises RecordUnknown."""
    kinds = {one.id: one.event for one in await pending(log)}
    kind = kinds.get(request_id, "erasure")
    await log.read(lambda view: waiting(view, kind, request_id))
    record = event(kind, "refused", refers_to=request_id, approved_by=by, reason=reason)
    await log.append(record)
    return record.id


async def request_rotation(log: TransparencyLog, *, ground: str, by: str, revoked: int | None = None) -> str:
    """Ask for a new signing key; another person agrees with `approve_rotation`. The request's id.

    With `revoked`, the old key was lost: its signatures are believed up to a tree of so many records.
    """
    if not ground.strip():
        raise ErasureRefused("a new key needs its ground, for example: yearly change, or key lost on 2026-03-01")
    record = event("key", "requested", ground=ground, requested_by=by, revoked=revoked)
    await log.append(record)
    return record.id


async def approve_rotation(log: TransparencyLog, request_id: str, *, by: str) -> PublicKey:
    """Change the signing key. Raises ErasureRefused (the same person), RecordUnknown, AuditUnavailable."""
    request = await log.read(lambda view: waiting(view, "key", request_id))
    check_second(request, by)
    revoked = request.record.fields.get("revoked")
    return await log.rotate_key(request_id, agreed(request, by), revoked if isinstance(revoked, int) else None)


def _pending(view: Reader) -> list[Waiting]:
    found = []
    for ruled in view.register().pending():
        record = ruled.record
        ground, by = (str(record.fields.get(name)) for name in ("ground", "requested_by"))
        found.append(Waiting(record.id, record.event, _in_words(record), ground, by))
    return found


def _in_words(record: AuditRecord) -> str:
    fields = record.fields
    if record.event == "erasure":
        return f"erase {', '.join(texts(fields.get('names')))} of {len(texts(fields.get('records')))} records"
    if record.event == "hold":
        return f"lift the hold {record.refers_to}"
    if record.event == "retention":
        of = "".join(f", {name} {fields[name]}" for name in ("tenant", "channel") if fields.get(name))
        return f"erase records older than {fields.get('age_days')} days{of}, from now on"
    revoked = fields.get("revoked")
    return "sign with a new key" + (f", believe the old one up to {revoked} records" if revoked is not None else "")
