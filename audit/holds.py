"""Legal holds: while one stands, nothing it covers is erased, by request or by rule."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from audit.errors import ErasureRefused, RecordUnknown
from audit.events import event
from audit.log import TransparencyLog
from audit.people import same_person
from audit.reading import Reader
from audit.record import AuditRecord, Json
from audit.register import Ruled
from audit.search import Filter


@dataclass(frozen=True, slots=True)
class Hold:
    """A matter and the records it keeps."""

    id: str
    matter: str
    covers: Filter
    ground: str
    by: str


async def hold(log: TransparencyLog, *, matter: str, covers: Filter, ground: str, by: str) -> str:
    """Set a hold on what `covers` finds, now and later; the hold's id. An empty filter holds everything."""
    if not matter.strip() or not ground.strip():
        raise ErasureRefused("a hold needs the matter's name and its ground")
    record = event("hold", "set", matter=matter, covers=covers.as_json(), ground=ground, by=by)
    await log.append(record)
    return record.id


async def request_lift(log: TransparencyLog, hold_id: str, *, ground: str, by: str) -> str:
    """Ask that a hold end; another person agrees with `approve_lift`. The request's id.

    Raises ErasureRefused without a ground, RecordUnknown when no such hold stands.
    """
    if not ground.strip():
        raise ErasureRefused("lifting a hold needs its ground")
    if hold_id not in {standing.id for standing in await holds(log)}:
        raise RecordUnknown(f"no hold {hold_id} stands; `footnote audit hold` lists them")
    record = event("hold", "lift_requested", refers_to=hold_id, ground=ground, requested_by=by)
    await log.append(record)
    return record.id


async def approve_lift(log: TransparencyLog, request_id: str, *, by: str) -> str:
    """End a hold, as somebody else requested. Raises ErasureRefused (the same person), RecordUnknown."""
    request = await log.read(lambda view: waiting(view, "hold", request_id))
    check_second(request, by)
    record = event("hold", "lifted", refers_to=request.record.refers_to, request=request_id, **agreed(request, by))
    await log.append(record)
    return record.id


async def holds(log: TransparencyLog) -> list[Hold]:
    """The holds that stand, oldest first."""
    return await log.read(standing_holds)


def standing_holds(view: Reader) -> list[Hold]:
    """From the records themselves, each proved: no index is asked."""
    return [_hold(ruled.record) for ruled in view.register().holds.values()]


def waiting(view: Reader, event: str, request_id: str) -> Ruled:
    """A request that waits for a second person. Raises RecordUnknown."""
    for ruled in view.register().pending(event):
        if ruled.record.id == request_id:
            return ruled
    raise RecordUnknown(f"no request {request_id} waits for approval; `footnote audit approve` lists them")


def check_second(request: Ruled, by: str) -> None:
    """Raises ErasureRefused when whoever requested it may be the one who approves it."""
    asked = str(request.record.fields.get("requested_by"))
    if same_person(asked, by):
        raise ErasureRefused(f"{asked} requested this, and {by} may be the same person; another person must approve it")


def agreed(request: Ruled, by: str) -> dict[str, Json]:
    """What an approval says of the two people and the ground."""
    fields = request.record.fields
    return {"ground": fields.get("ground"), "requested_by": fields.get("requested_by"), "approved_by": by}


def _hold(record: AuditRecord) -> Hold:
    fields = record.fields
    return Hold(
        record.id,
        str(fields.get("matter", "")),
        filter_from_json(fields.get("covers")),
        str(fields.get("ground", "")),
        str(fields.get("by", "")),
    )


def filter_from_json(value: Json) -> Filter:
    """What `Filter.as_json` wrote."""
    given = value if isinstance(value, dict) else {}

    def text(name: str) -> str | None:
        return found if isinstance(found := given.get(name), str) else None

    def time(name: str) -> datetime | None:
        return datetime.fromisoformat(found) if (found := text(name)) else None

    records = given.get("records")
    return Filter(
        since=time("since"),
        until=time("until"),
        person=text("person"),
        channel=text("channel"),
        document=text("document"),
        version=text("version"),
        section=text("section"),
        outcome=text("outcome"),
        event=text("event"),
        text=text("text"),
        tenant=text("tenant"),
        records=frozenset(map(str, records)) if isinstance(records, list) else None,
    )
