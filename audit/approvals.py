"""All that waits for a second person, of whatever kind, and its approval (`audit.agreement` is their shape)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from audit import agreement
from audit.erase import Erased, approve_erasure
from audit.holds import approve_lift
from audit.log import TransparencyLog
from audit.note import PublicKey
from audit.places import Holder
from audit.reading import Reader
from audit.record import AuditRecord, Json
from audit.register import texts
from audit.retention import approve_rule


@dataclass(frozen=True, slots=True)
class WaitingRequest:
    """A request that waits for a second person. `what` says it in words."""

    id: str
    event: str
    what: str
    ground: str
    requested_by: str


async def pending(log: TransparencyLog) -> list[WaitingRequest]:
    """Everything that waits, oldest first."""
    return await log.read(_pending)


async def approve(
    log: TransparencyLog, request_id: str, *, by: str, holders: Sequence[Holder] = ()
) -> Erased | PublicKey | str:
    """Approve a request of any kind and carry it out. Raises ErasureRefused (the same person), RecordUnknown.

    `holders` are the places outside the log that an erasure reaches. Returns what an erasure did, the new public
    key, or the id of the record that says so.
    """
    kind = await _kind(log, request_id)
    if kind == "hold":
        return await approve_lift(log, request_id, by=by)
    if kind == "retention":
        return await approve_rule(log, request_id, by=by)
    if kind == "key":
        return await approve_rotation(log, request_id, by=by)
    return await approve_erasure(log, request_id, by=by, holders=holders)


async def refuse(log: TransparencyLog, request_id: str, *, by: str, reason: str) -> str:
    """Close a request; anybody may. Raises RecordUnknown."""
    return await agreement.refuse(log, await _kind(log, request_id), request_id, by=by, reason=reason)


async def _kind(log: TransparencyLog, request_id: str) -> str:
    kinds = {one.id: one.event for one in await pending(log)}
    return kinds.get(request_id, "erasure")


async def request_rotation(log: TransparencyLog, *, ground: str, by: str, revoked: int | None = None) -> str:
    """Ask for a new signing key; another person agrees with `approve_rotation`. The request's id.

    With `revoked`, the old key was lost: its signatures are believed up to a tree of so many records.
    """
    said: dict[str, Json] = {} if revoked is None else {"revoked": revoked}
    return await agreement.ask(log, "key", ground=ground, by=by, example="yearly change", said=said)


async def approve_rotation(log: TransparencyLog, request_id: str, *, by: str) -> PublicKey:
    """Change the signing key. Raises ErasureRefused (the same person), RecordUnknown, AuditUnavailable."""
    request = await agreement.second(log, "key", request_id, by=by)
    revoked = request.record.fields.get("revoked")
    both = agreement.agreed(request, by)
    return await log.rotate_key(
        request_id,
        both,
        revoked if isinstance(revoked, int) else None,
        lambda session, index, record: agreement.once(session, index, record, request_id),
    )


def _pending(view: Reader) -> list[WaitingRequest]:
    found = []
    for ruled in view.register().pending():
        record = ruled.record
        ground, by = (str(record.fields.get(name)) for name in ("ground", "requested_by"))
        found.append(WaitingRequest(record.id, record.event, _in_words(record), ground, by))
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
