"""Two people: one asks, another agrees or refuses, and both are records. The shape of all that needs it.

Erasures, lifting a hold, a retention rule, a new signing key (`audit.approvals` lists them). Verification judges
them by the same rules (`audit.register`), so that an approval which this module would refuse governs nothing.
"""

from __future__ import annotations

from audit.database import Session
from audit.disclosure import seal
from audit.errors import ErasureRefused, RecordUnknown
from audit.events import event
from audit.log import TransparencyLog
from audit.people import same_person
from audit.reading import Reader
from audit.record import AuditRecord, Json
from audit.register import Ruled
from audit.search import FilterQuery, select
from audit.store import Addition, Store


async def ask(
    log: TransparencyLog,
    kind: str,
    outcome: str = "requested",
    *,
    ground: str,
    by: str,
    example: str,
    refers_to: str | None = None,
    said: dict[str, Json] | None = None,
) -> str:
    """Record a request; its id. Raises ErasureRefused without a ground; `example` says what a good one is."""
    if not ground.strip():
        raise ErasureRefused(f"this needs its ground, for example: {example}")
    record = event(kind, outcome, refers_to=refers_to, **{**(said or {}), "ground": ground, "requested_by": by})
    await log.append(record)
    return record.id


async def second(log: TransparencyLog, kind: str, request_id: str, *, by: str) -> Ruled:
    """The request that waits, when `by` may agree to it. Raises ErasureRefused (the same person), RecordUnknown."""
    request = await log.read(lambda view: waiting(view, kind, request_id))
    check_second(str(request.record.fields.get("requested_by")), by)
    return request


def waiting(view: Reader, kind: str, request_id: str) -> Ruled:
    """A request that waits for a second person. Raises RecordUnknown."""
    for ruled in view.register().pending(kind):
        if ruled.record.id == request_id:
            return ruled
    raise RecordUnknown(f"no request {request_id} waits for approval; `footnote audit approve` lists them")


def check_second(asked: str, by: str) -> None:
    """Raises ErasureRefused when whoever requested it may be the one who approves it."""
    if same_person(asked, by):
        raise ErasureRefused(f"{asked} requested this, and {by} may be the same person; another person must approve it")


def agreed(request: Ruled, by: str) -> dict[str, Json]:
    """What an approval says of the two people and the ground."""
    fields = request.record.fields
    return {"ground": fields.get("ground"), "requested_by": fields.get("requested_by"), "approved_by": by}


async def carry_out(log: TransparencyLog, record: AuditRecord, request: str) -> str:
    """Append an approval, unless somebody else was quicker to approve or refuse; its id. Raises RecordUnknown."""

    def write(store: Store) -> None:
        store.write([Addition(seal(record), lambda session, index: once(session, index, record, request))])

    await log.work(write)
    return record.id


def once(session: Session, index: int, record: AuditRecord, request: str) -> None:
    """In the transaction that appends `record`: nobody approved or refused the same before. Raises RecordUnknown."""
    answered(session, index, request, 0, "refused")
    answered(session, index, record.refers_to or "", 0, record.outcome)


def answered(session: Session, index: int, request: str, known: int, outcome: str) -> None:
    """Raises RecordUnknown when before `index` more than the `known` answers of that outcome refer to a request."""
    where = "refers_to = ? AND event <> 'question' AND outcome = ? AND idx < ?"
    found = FilterQuery("entry", where, (request, outcome, index), "idx")
    if session.value(select("count(*)", found), found.values) != known:
        raise RecordUnknown(f"request {request} was answered meanwhile; `footnote audit approve` lists what waits")


async def refuse(log: TransparencyLog, kind: str, request_id: str, *, by: str, reason: str) -> str:
    """Close a request without doing anything; anybody may. Raises RecordUnknown."""
    await log.read(lambda view: waiting(view, kind, request_id))
    record = event(kind, "refused", refers_to=request_id, approved_by=by, reason=reason)
    return await carry_out(log, record, request_id)
