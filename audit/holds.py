"""Legal holds: while one stands, nothing it covers is erased, by request or by rule."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

from audit.agreement import agreed, ask, carry_out, second
from audit.errors import ErasureRefused, RecordUnknown
from audit.events import event
from audit.log import TransparencyLog
from audit.reading import Reader
from audit.record import AuditRecord, Json
from audit.search import Filter, matches


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
    positions = await log.read(partial(_positions, covers=covers))
    record = event("hold", "set", matter=matter, covers=covers.as_json(), positions=positions, ground=ground, by=by)
    await log.append(record)
    return record.id


async def request_lift(log: TransparencyLog, hold_id: str, *, ground: str, by: str) -> str:
    """Ask that a hold end; another person agrees with `approve_lift`. The request's id.

    Raises ErasureRefused without a ground, RecordUnknown when no such hold stands.
    """
    if hold_id not in {standing.id for standing in await holds(log)}:
        raise RecordUnknown(f"no hold {hold_id} stands; `footnote audit hold` lists them")
    example = "the matter was settled on 2026-03-01"
    return await ask(log, "hold", "lift_requested", ground=ground, by=by, example=example, refers_to=hold_id)


async def approve_lift(log: TransparencyLog, request_id: str, *, by: str) -> str:
    """End a hold, as somebody else requested. Raises ErasureRefused (the same person), RecordUnknown."""
    request = await second(log, "hold", request_id, by=by)
    record = event("hold", "lifted", refers_to=request.record.refers_to, request=request_id, **agreed(request, by))
    return await carry_out(log, record, request_id)


async def holds(log: TransparencyLog) -> list[Hold]:
    """The holds that stand, oldest first."""
    return await log.read(standing_holds)


def standing_holds(view: Reader) -> list[Hold]:
    """From the records themselves, each proved: no index is asked."""
    return [_hold(ruled.record) for ruled in view.register().holds.values()]


def _positions(view: Reader, covers: Filter) -> list[Json] | None:
    """First and last position of each run of records that are kept already; None where their leaves say it.

    So verification knows of them whatever is erased of them later. The index only proposes: the records decide.
    """
    if replace(covers, since=None, until=None, outcome=None, event=None, records=None) == Filter():
        return None
    runs: list[list[int]] = []
    for stored in view.scan(covers):
        if not matches(covers, stored.record):
            continue
        if runs and runs[-1][1] == stored.index - 1:
            runs[-1][1] = stored.index
        else:
            runs.append([stored.index, stored.index])
    return [[first, last] for first, last in runs]


def _hold(record: AuditRecord) -> Hold:
    fields = record.fields
    return Hold(
        record.id,
        str(fields.get("matter", "")),
        Filter.from_json(fields.get("covers")),
        str(fields.get("ground", "")),
        str(fields.get("by", "")),
    )
