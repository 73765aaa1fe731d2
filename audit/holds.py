"""Legal holds: while one stands, nothing it covers is erased, by request or by rule."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from audit.errors import ErasureRefused, RecordUnknown
from audit.events import event
from audit.log import TransparencyLog
from audit.reading import Reader
from audit.record import AuditRecord, Json
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


async def lift_hold(log: TransparencyLog, hold_id: str, *, ground: str, by: str) -> str:
    """End a hold. Raises RecordUnknown when no such hold stands."""
    if hold_id not in {standing.id for standing in await holds(log)}:
        raise RecordUnknown(f"no hold {hold_id} stands; `footnote audit hold` lists them")
    record = event("hold", "lifted", refers_to=hold_id, ground=ground, by=by)
    await log.append(record)
    return record.id


async def holds(log: TransparencyLog) -> list[Hold]:
    """The holds that stand, oldest first."""
    return await log.read(standing_holds)


def standing_holds(view: Reader) -> list[Hold]:
    records = [stored.record for stored in view.of_event("hold")]
    lifted = {record.refers_to for record in records if record.outcome == "lifted"}
    return [_hold(record) for record in records if record.outcome == "set" and record.id not in lifted]


def held(view: Reader) -> dict[int, str]:
    """Position of each record under a hold, and the matter."""
    return {index: standing.matter for standing in standing_holds(view) for index in view.indexes(standing.covers)}


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
