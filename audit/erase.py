"""Erasure: chosen fields of chosen records, with their salts, and no bytes of them left.

One person requests, another approves; both are records. The leaf keeps the fields' digests, which
say nothing without the 128-bit salts, so every proof stands as before. A legal hold blocks it.

A person is erased wherever they stand: the request lists what was found in the log (`audit.subject`) and in the other
places (`audit.places`), the approval takes exactly that, and a certificate says what was done (`audit.certificate`).

Gone means: the disclosures in the database and its write-ahead log (how, `Database.scrub` says), the
search index, and exports under the log's own `exports` folder that may hold the records. Copies
elsewhere are listed, for people to see to; so are backups.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

from audit.agreement import answered, check_second, waiting
from audit.certificate import Done, certificate_text
from audit.check import digests_of
from audit.database import Session
from audit.errors import ErasureRefused, RecordUnknown
from audit.events import event
from audit.log import TransparencyLog
from audit.note import PublicKey, open_note
from audit.places import Holder, Subject
from audit.reading import Reader, Stored
from audit.record import AuditRecord, Json, new_record_id
from audit.register import ALL, KEPT_EVENTS, RELEASED, Ruled, taking_of, texts
from audit.sealed import handed_over
from audit.subject import PERSONAL, Person, Traces, traces
from audit.taking import BATCH, Taking, check_holds, meant, proved, take_out

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure did. `copies` are places out of our reach that may hold the fields: exports elsewhere.

    `certificate` is a signed note that says so.
    """

    record: str
    records: int
    fields: int
    removed: tuple[Path, ...]
    copies: tuple[str, ...]
    certificate: str = ""
    places: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PendingErasure:
    """A request that waits for a second person: `records` that no approval has taken yet.

    Of a person also what was found: items by place, and by reason what names them and stays.
    """

    id: str
    records: tuple[str, ...]
    names: tuple[str, ...]
    ground: str
    requested_by: str
    taken: Taking
    person: Person | None = None
    places: Mapping[str, int] = field(default_factory=dict)
    stays: Mapping[str, int] = field(default_factory=dict)


async def request_erasure(
    log: TransparencyLog,
    *,
    ground: str,
    by: str,
    records: Iterable[str] = (),
    person: str | None = None,
    also: Iterable[str] = (),
    names: Sequence[str] = (),
    holders: Sequence[Holder] = (),
) -> PendingErasure:
    """Ask for an erasure: of `records` by id, or of `person` (as `Filter.person` has it), everywhere.

    `names` are the fields (default: `PERSONAL`; `ALL` for every one); `also` further names of the person in texts;
    `holders` the places outside the log. The request names the person until it is carried out.
    Raises ErasureRefused (no ground, a hold, a record that must stay), RecordUnknown, AuditUnavailable.
    """
    if not ground.strip():
        raise ErasureRefused("an erasure needs its ground, for example: GDPR article 17 request of 2026-03-01")
    ids = sorted(set(records))
    if person is not None:
        return await _request_person(log, Person.called(person, also), ids, ground, by, names, holders)
    wanted = tuple(dict.fromkeys(names)) or PERSONAL
    taken = dict.fromkeys(ids, wanted)
    await log.read(lambda view: _check(view, [proved(view, record_id) for record_id in ids], taken))
    if not ids:
        raise RecordUnknown("no record is meant by this erasure; nothing to do")
    record = event("erasure", "requested", records=ids, names=[*wanted], ground=ground, requested_by=by)
    await log.append(record)
    return PendingErasure(record.id, tuple(ids), wanted, ground, by, taken)


async def _request_person(
    log: TransparencyLog,
    person: Person,
    ids: Sequence[str],
    ground: str,
    by: str,
    names: Sequence[str],
    holders: Sequence[Holder],
) -> PendingErasure:
    def look(view: Reader) -> Traces:
        found = traces(view, person, names)
        for record_id in ids:
            found.fall.setdefault(record_id, tuple(names) or PERSONAL)
        _check(view, [proved(view, record_id) for record_id in found.fall], found.fall)
        return found

    found = await _apart(log, look)
    if found.person.named_in(ground):
        raise ErasureRefused(
            "the ground stays in the log: say it without the person's name, for example by the number of their letter"
        )
    subject = Subject(found.person, frozenset(found.own), frozenset(found.asked))
    places = {f"the log, {name}": count for name, count in sorted(found.counts.items())}
    for holder in holders:
        if count := await holder.count(subject):
            places[holder.place.name] = count
    if not found.fall and not places:
        raise RecordUnknown("nobody of that name is in the log, nor in any other place; nothing to do")
    request_id = new_record_id()
    taken = {**found.fall, request_id: ("person",)}
    every = tuple(dict.fromkeys(name for fields in taken.values() for name in fields))
    stays = {why: len(there) for why, there in sorted(found.stay.items())}
    fields: dict[str, Json] = {
        "records": [*taken],
        "names": [*every],
        "parts": _parts(taken),
        "person": {
            "users": [*sorted(found.person.users)],
            "mails": [*sorted(found.person.mails)],
            "names": [*sorted(found.person.names)],
            "own": [*sorted(found.own)],
            "asked": [*sorted(found.asked)],
        },
        "places": {**places},
        "stays": {**stays},
        "ground": ground,
        "requested_by": by,
    }
    await log.append(AuditRecord(request_id, "erasure", datetime.now(UTC), "requested", fields))
    return PendingErasure(request_id, tuple(taken), every, ground, by, taken, found.person, places, stays)


async def pending_erasures(log: TransparencyLog) -> list[PendingErasure]:
    """Requests that nobody has approved or refused yet, oldest first."""
    return await log.read(_pending)


async def approve_erasure(log: TransparencyLog, request_id: str, *, by: str, holders: Sequence[Holder] = ()) -> Erased:
    """Approve and carry out a request. Raises ErasureRefused (the same person, a hold), RecordUnknown.

    Of a person: the log first, then the places of `holders`, then what the request says of them. A crash in between
    leaves the request waiting; whoever approves it again goes on from there.
    """
    # Counted first: whoever answers the same request from now on is noticed, or notices this.
    known = len([one for one in await log.referring(request_id) if one.outcome == "approved"])
    request, subject = await log.read(partial(_request, request_id=request_id))
    check_second(request.requested_by, by)
    for holder in holders:
        if subject is not None and (why := await holder.busy(subject)):
            raise ErasureRefused(why)
    await log.read(lambda view: _check(view, [proved(view, one) for one in request.records], request.taken, request.id))
    others = [record_id for record_id in request.records if record_id != request.id]
    done: list[Erased] = []
    for n in range(0, len(others), BATCH):
        done.append(await _take(log, request, others[n : n + BATCH], by, known + len(done)))
    places, left = await _elsewhere(subject, holders)
    if len(others) < len(request.records):
        done.append(await _take(log, request, [request.id], by, known + len(done)))
    copies = tuple(dict.fromkeys(copy for one in done for copy in one.copies))
    if subject is not None and (since := await _apart(log, partial(_since, person=subject.person))):
        left = [*left, f"{since} records of the log that name them and were made since the request: request them too"]
    erased = Erased(
        done[0].record,
        sum(one.records for one in done) - (len(others) < len(request.records)),
        sum(one.fields for one in done),
        tuple(dict.fromkeys(path for one in done for path in one.removed)),
        (*copies, *left),
        places=places,
    )
    certificate = await _certify(log, request, [one.record for one in done], by, erased)
    return Erased(
        erased.record, erased.records, erased.fields, erased.removed, erased.copies, certificate, erased.places
    )


async def certificate_of(log: TransparencyLog, request_id: str) -> str:
    """The certificate of an erasure that was carried out. Raises RecordUnknown, AuditCorrupt when it is not signed."""
    keys = [PublicKey.parse(key) for key in await log.read(lambda view: view.keys())]
    for record in await log.referring(request_id):
        text = record.fields.get("certificate")
        if (record.event, record.outcome) == ("erasure", "certified") and isinstance(text, str):
            open_note(text, keys)  # a record of that name may have been appended by anybody
            return text
    raise RecordUnknown(f"no erasure {request_id} was carried out; `footnote audit approve` lists those that wait")


# --- inside ----------------------------------------------------------------------------------


async def _apart(log: TransparencyLog, work: Callable[[Reader], T]) -> T:
    """Read the whole log over a connection of its own, so that nobody else waits for it."""
    reader = log.reader()
    try:
        return await reader.call(work)
    finally:
        await reader.close()


async def _take(log: TransparencyLog, request: PendingErasure, records: Sequence[str], by: str, known: int) -> Erased:
    """One approval, as the next after `known` others of the request."""
    taken = {record_id: request.taken[record_id] for record_id in records}
    digests = await log.read(lambda view: _digests(view, taken))
    record = event(
        "erasure",
        "approved",
        refers_to=request.id,
        records=[*records],
        names=[*request.names],
        digests=None if ALL in request.names else digests,
        ground=request.ground or None,
        requested_by=request.requested_by,
        approved_by=by,
    )

    def allowed(session: Session, index: int) -> None:
        answered(session, index, request.id, 0, "refused")
        answered(session, index, request.id, known, "approved")

    def check(view: Reader, targets: Sequence[Stored]) -> None:
        _check(view, targets, taken, request.id)

    fields, removed, copies = await take_out(log, record, taken, check, allowed)
    return Erased(record.id, len(records), fields, removed, copies)


async def _elsewhere(subject: Subject | None, holders: Sequence[Holder]) -> tuple[dict[str, int], list[str]]:
    """Remove a person from the places outside the log: how many items by place, and what may be left."""
    places: dict[str, int] = {}
    left: list[str] = []
    if subject is None:
        return places, left
    for holder in holders:
        places[holder.place.name] = await holder.count(subject)
        left += await holder.erase(subject)
        if still := await holder.count(subject):
            left.append(f"{still} items in {holder.place.name}")
    return places, left


def _since(view: Reader, person: Person) -> int:
    """Records that name a person and could fall, but are in no request."""
    return len(traces(view, person).fall)


async def _certify(
    log: TransparencyLog, request: PendingErasure, approvals: Sequence[str], by: str, done: Erased
) -> str:
    """Sign what was done, and record that."""
    head = await log.read(lambda view: view.head())
    key = await log.read(lambda view: view.keys()[-1])
    said = Done(request.id, approvals, request.requested_by, by, done.records, done.fields, done.places, done.copies)
    rotations = await log.read(handed_over)
    certificate = await log.sign(certificate_text(said, head.origin, key, head.size, head.root, rotations))
    record = event(
        "erasure",
        "certified",
        refers_to=request.id,
        places={**done.places},
        left=[*done.copies],
        certificate=certificate,
        requested_by=request.requested_by,
        approved_by=by,
    )
    await log.append(record)
    return certificate


def _check(view: Reader, targets: Sequence[Stored], taking: Taking, request: str = "") -> None:
    """Raises ErasureRefused where a hold keeps a record, or a record explains the log. The request's own may go."""
    register = view.register()
    others = [stored for stored in targets if stored.record.id != request]
    for stored in others:
        record = stored.record
        if record.event in KEPT_EVENTS and (not set(taking[record.id]) <= RELEASED or record.id in register.holds):
            raise ErasureRefused(f"record {record.id} ({record.event}) explains the log and must stay")
    check_holds(view, others)


def _digests(view: Reader, taking: Taking) -> dict[str, dict[str, str]]:
    """By record and field: the digests that an approval takes."""
    found: dict[str, dict[str, str]] = {}
    for record_id, names in taking.items():
        given = digests_of(proved(view, record_id).claimed())
        found[record_id] = {name: value for name, value in given if meant(name, names)}
    return found


def _parts(taking: Mapping[str, tuple[str, ...]]) -> list[Json]:
    """Records by the fields that go of them."""
    groups: dict[tuple[str, ...], list[Json]] = {}
    for record_id, names in taking.items():
        groups.setdefault(names, []).append(record_id)
    return [{"names": [*names], "records": records} for names, records in groups.items()]


def _pending(view: Reader) -> list[PendingErasure]:
    register = view.register()
    return [_as_pending(ruled, register.left(ruled)) for ruled in register.pending("erasure")]


def _as_pending(ruled: Ruled, left: Sequence[str]) -> PendingErasure:
    fields = ruled.record.fields
    said = fields.get("person")
    return PendingErasure(
        ruled.record.id,
        tuple(left),
        tuple(texts(fields.get("names"))),
        str(fields.get("ground") or ""),
        str(fields.get("requested_by")),
        taking_of(fields),
        _person(said) if isinstance(said, dict) else None,
        _counts(fields.get("places")),
        _counts(fields.get("stays")),
    )


def _person(said: Mapping[str, Json]) -> Person:
    users, mails, names = (frozenset(texts(said.get(name))) for name in ("users", "mails", "names"))
    return Person(users, mails, names)


def _counts(value: Json) -> dict[str, int]:
    return {name: n for name, n in value.items() if isinstance(n, int)} if isinstance(value, dict) else {}


def _request(view: Reader, request_id: str) -> tuple[PendingErasure, Subject | None]:
    ruled = waiting(view, "erasure", request_id)
    pending = _as_pending(ruled, view.register().left(ruled))
    said = ruled.record.fields.get("person")
    if pending.person is None or not isinstance(said, dict):
        return pending, None
    own, asked = (frozenset(texts(said.get(name))) for name in ("own", "asked"))
    return pending, Subject(pending.person, own, asked)
