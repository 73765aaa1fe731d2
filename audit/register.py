"""The records that govern others: erasures, holds, retention and keys, judged one by one in the log's order.

Pure: records go in as they were proved, findings and rulings come out. A record that breaks a rule governs
nothing: an approval by whoever requested it erases nothing, a hold that nobody else agreed to lift stands.

Records of form 1 (until version 0.1) are judged by what they could hold: their approvals list no digests, and
one person lifted a hold, applied retention or changed the key. After a record of form 2, one of form 1 counts no more.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any

from audit.check import Finding
from audit.fields import FIELDS
from audit.people import same_person
from audit.record import AuditRecord, Json
from audit.search import Filter, matches

GOVERNANCE = frozenset({"erasure", "hold", "retention", "key"})
ALL = "*"
"""Every field of a record."""

REQUESTS = frozenset(
    {("erasure", "requested"), ("hold", "lift_requested"), ("retention", "requested"), ("key", "requested")}
)
_FIELDS_OF: dict[str, frozenset[str]] = {
    event: frozenset(f.name for f in FIELDS if event in f.events) for f in FIELDS for event in f.events
}


@dataclass(frozen=True, slots=True)
class Ruled:
    """A record that governs others, at its position, with the log's time before it."""

    index: int
    record: AuditRecord
    form: int
    time: datetime


@dataclass(frozen=True, slots=True)
class Taken:
    """A record that lost fields: the digests of its leaf without a field, and the ground of each name."""

    index: int
    record: str
    event: str
    time: datetime  # of the log at its position
    missing: frozenset[str]
    erased: Mapping[str, str]
    left: AuditRecord  # what a filter could still find it by


@dataclass(slots=True)
class Register:
    """What the records so far allow and forbid."""

    requests: dict[str, Ruled] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    rulings: dict[str, Ruled] = field(default_factory=dict)  # approvals of erasures, runs of retention
    approved: dict[str, set[str]] = field(default_factory=dict)  # by request: what was approved of it
    rules: dict[str, Ruled] = field(default_factory=dict)  # retention that two people agreed to
    holds: dict[str, Ruled] = field(default_factory=dict)  # those that stand
    lifted: dict[str, int] = field(default_factory=dict)  # by hold: the position at which it ended
    stood: dict[str, list[Ruled]] = field(default_factory=dict)  # by ruling: the holds at that time

    def add(self, ruled: Ruled) -> Iterator[Finding]:
        """Judge the next record; what is wrong with it. It governs when nothing is."""
        record = ruled.record
        judge = _JUDGES.get((record.event, record.outcome))
        if judge is None:
            return
        found = [Finding(record.id, what) for what in judge(self, ruled)]
        yield from found
        if not found:
            _KEEPERS.get((record.event, record.outcome), _keep_nothing)(self, ruled)

    def pending(self, event: str | None = None) -> list[Ruled]:
        """Requests that wait for a second person, oldest first."""
        return [
            ruled
            for name, ruled in self.requests.items()
            if name not in self.refused and not self._done(ruled) and event in (None, ruled.record.event)
        ]

    def left(self, ruled: Ruled) -> list[str]:
        """Records of an erasure's request that no approval has taken yet."""
        done = self.approved.get(ruled.record.id, set())
        return [name for name in texts(ruled.record.fields.get("records")) if name not in done]

    def _done(self, ruled: Ruled) -> bool:
        if ruled.record.event == "erasure":
            return not self.left(ruled)
        if ruled.record.event == "hold" and ruled.record.refers_to not in self.holds:
            return True
        return ruled.record.id in self.approved

    def check_taken(self, taken: Taken, *, whole: bool = True) -> Iterator[Finding]:
        """Was each field that is gone taken on a ground that names it? With `whole` every ground is known."""
        rest, unnamed = set(taken.missing), 0
        for name, by in sorted(taken.erased.items()):
            ruled = self.rulings.get(by)
            if ruled is None:
                if whole:
                    yield Finding(taken.record, f"field {name} is gone, and no approved erasure names it")
                unnamed += 1
                continue
            why = self._why_not(ruled, taken, name, rest)
            if why:
                yield Finding(taken.record, f"field {name} is gone, and {why}")
            digest = _digest(ruled, taken.record, name)
            if digest is None:
                unnamed += 1
            rest.discard(digest or "")
        if len(rest) != unnamed:
            yield Finding(taken.record, "a field is gone that is not the one that was approved")

    def _why_not(self, ruled: Ruled, taken: Taken, name: str, missing: set[str]) -> str:
        fields = ruled.record.fields
        names = texts(fields.get("names"))
        if taken.event in KEPT_EVENTS and (name not in RELEASED or ruled.record.event != "erasure" or ruled.form < 2):
            return "records of that kind are never erased"
        if taken.record in self.holds or self.lifted.get(taken.record, -1) > ruled.index:
            return "the hold stood when it was approved"
        if taken.record not in texts(fields.get("records")) or (ALL not in names and name not in names):
            return "no approved erasure names it"
        if taken.index > ruled.index:
            return "its approval is older than the record"
        if ruled.record.event == "retention" and ruled.form > 1:
            age = fields.get("age_days")
            if not isinstance(age, int) or ruled.time - taken.time < timedelta(days=age):
                return "its time was not over"
        if ruled.form > 1 and (matter := self._held(ruled, taken)):
            return f"it was under the hold of the matter {matter!r} then"
        if ALL in names:
            return ""
        if ruled.form == 1:
            return "" if name in _FIELDS_OF.get(taken.event, frozenset()) else "such a record never had it"
        digest = _digest(ruled, taken.record, name)
        return "" if digest is not None and digest in missing else "its approval covers another field"

    def _held(self, ruled: Ruled, taken: Taken) -> str:
        """The matter of a hold that kept the record when it was approved; "" where none did for sure.

        The hold lists the records that it kept when it was set. Of later ones, filters ask for what must be there, so
        what finds the record as it is left found it before. A request may lose its own words.
        """
        if taken.record == ruled.record.refers_to:
            return ""
        for hold in self.stood.get(ruled.record.id, ()):
            covers = hold.record.fields.get("covers")
            found = "covers" not in hold.record.erased and matches(Filter.from_json(covers), taken.left)
            if found or _listed(hold.record.fields.get("positions"), taken.index):
                return text(hold.record.fields, "matter") or hold.record.id
        return ""


def _listed(positions: Json, index: int) -> bool:
    """Is a position in one of these runs, each its first and last, in their order?"""
    runs: list[Any] = positions if isinstance(positions, list) else []
    try:
        place = bisect_right(runs, index, key=itemgetter(0))
        return place > 0 and bool(index <= runs[place - 1][1])
    except (TypeError, IndexError, KeyError):  # not what `hold` writes
        return False


RELEASED = frozenset({"ground", "reason", "covers", "matter", "person"})
"""Of them, an erasure may take what people wrote, where it names a person; of a hold only once it is lifted."""

ACCOUNTABLE = frozenset({"by", "requested_by", "approved_by"})
"""Who governed the log: that stays, whoever asks."""

KEPT_EVENTS = frozenset({"erasure", "hold", "retention", "key", "gap", "alarm"})
"""Records that explain the log itself are not erased; they hold no question."""

Judge = Callable[[Register, Ruled], Iterable[str]]


# --- the rules -------------------------------------------------------------------------------


def texts(value: Json) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []


def text(fields: Mapping[str, Json], name: str) -> str:
    found = fields.get(name)
    return found.strip() if isinstance(found, str) else ""


def _digest(ruled: Ruled, record_id: str, name: str) -> str | None:
    """The digest that an approval lists for a field; None where it lists none."""
    listed = ruled.record.fields.get("digests")
    of_record = listed.get(record_id) if isinstance(listed, dict) else None
    digest = of_record.get(name) if isinstance(of_record, dict) else None
    return digest if isinstance(digest, str) else None


def taking_of(fields: Mapping[str, Json]) -> dict[str, tuple[str, ...]]:
    """By record: the fields that a request of an erasure is about."""
    names = tuple(texts(fields.get("names")))
    found = dict.fromkeys(texts(fields.get("records")), names)
    parts = fields.get("parts")
    for part in parts if isinstance(parts, list) else []:
        if isinstance(part, dict):
            of_part = tuple(texts(part.get("names")))
            found.update((record, of_part) for record in texts(part.get("records")) if record in found)
    return found


def _gone(name: str, *records: AuditRecord) -> bool:
    """Was a field erased from one of them? Whether it might be, `check_taken` says."""
    return any(name in record.erased for record in records)


def _requested(_: Register, ruled: Ruled) -> Iterator[str]:
    fields = ruled.record.fields
    if not text(fields, "requested_by"):
        yield "the request names nobody"
    if not text(fields, "ground") and not _gone("ground", ruled.record):
        yield "the request has no ground"


def _lift_requested(register: Register, ruled: Ruled) -> Iterator[str]:
    yield from _requested(register, ruled)
    if ruled.record.refers_to not in register.holds:
        yield "the request is about no hold that stands"


def _agreed(register: Register, ruled: Ruled, request_id: str | None) -> Iterator[str]:
    """Two people, in order: a request that stands, and an approval by somebody else, of the same thing."""
    fields = ruled.record.fields
    request = register.requests.get(request_id or "")
    if request is None or request.record.event != ruled.record.event:
        yield "it approves a request that nobody made before"
        return
    asked = request.record.fields
    if request_id in register.refused:
        yield "it approves a request that was refused"
    if text(fields, "requested_by") != text(asked, "requested_by"):
        yield "it names another person than the one who requested it"
    if not text(fields, "approved_by"):
        yield "it names nobody who approved it"
    elif _same(text(asked, "requested_by"), text(fields, "approved_by"), ruled.form):
        yield "the person who requested it approved it"
    if text(fields, "ground") != text(asked, "ground") and not _gone("ground", ruled.record, request.record):
        yield "its ground is not the one that was requested"


def _same(one: str, other: str, form: int) -> bool:
    return same_person(one, other) if form > 1 else one.casefold() == other.casefold()


def _erasure_approved(register: Register, ruled: Ruled) -> Iterator[str]:
    found = list(_agreed(register, ruled, ruled.record.refers_to))
    yield from found
    if found:
        return
    fields, asked = ruled.record.fields, register.requests[ruled.record.refers_to or ""]
    records = texts(fields.get("records"))
    if set(records) - set(register.left(asked)) or not records or len(set(records)) != len(records):
        yield "it takes records that were not requested, or takes them again"
    if texts(fields.get("names")) != texts(asked.record.fields.get("names")):
        yield "it takes other fields than were requested"
    if ruled.form > 1 and ALL not in texts(fields.get("names")):
        listed = fields.get("digests")
        if not isinstance(listed, dict) or set(listed) - set(records):
            yield "it does not list the digests of the fields that fall"
            return
        meant = taking_of(asked.record.fields)
        if any(not isinstance(d, dict) or set(d) - set(meant.get(record, ())) for record, d in listed.items()):
            yield "it takes other fields of a record than were requested"


def _refused(register: Register, ruled: Ruled) -> Iterator[str]:
    request = register.requests.get(ruled.record.refers_to or "")
    if request is None or request.record.event != ruled.record.event:
        yield "it refuses a request that nobody made before"


def _hold_set(_: Register, ruled: Ruled) -> Iterator[str]:
    record = ruled.record
    if any(not text(record.fields, name) and not _gone(name, record) for name in ("matter", "ground")):
        yield "the hold has no matter or no ground"
    covers = record.fields.get("covers")
    try:
        given = Filter.from_json(covers).as_json()
    except ValueError:
        given = {}
    unread = not isinstance(covers, dict) or set(covers) != set(given)
    if unread and ruled.form > 1 and not _gone("covers", record):
        yield "what the hold covers cannot be read"


def _hold_lifted(register: Register, ruled: Ruled) -> Iterator[str]:
    if ruled.record.refers_to not in register.holds:
        yield "it lifts a hold that does not stand"
    elif ruled.form > 1:
        request_id = text(ruled.record.fields, "request")
        yield from _agreed(register, ruled, request_id)
        request = register.requests.get(request_id)
        if request is not None and request.record.refers_to != ruled.record.refers_to:
            yield "it lifts another hold than was requested"


def _rule_approved(register: Register, ruled: Ruled) -> Iterator[str]:
    yield from _agreed(register, ruled, ruled.record.refers_to)
    request = register.requests.get(ruled.record.refers_to or "")
    if request is not None and rule_of(request.record.fields) != rule_of(ruled.record.fields):
        yield "it approves another rule than was requested"


def _retained(register: Register, ruled: Ruled) -> Iterator[str]:
    if ruled.form == 1:
        return
    rule = register.rules.get(ruled.record.refers_to or "")
    if rule is None:
        yield "it applies a rule that no two people agreed to"
    elif rule_of(rule.record.fields) != rule_of(ruled.record.fields):
        yield "it applies another rule than was approved"
    if ruled.record.fields.get("names") != [ALL]:
        yield "retention takes all fields"


def rule_of(fields: Mapping[str, Json]) -> tuple[Json, ...]:
    """What makes a retention rule that rule."""
    return tuple(fields.get(name) for name in ("age_days", "tenant", "channel", "below_floor"))


def _key_rotated(register: Register, ruled: Ruled) -> Iterator[str]:
    if ruled.form > 1:
        yield from _agreed(register, ruled, ruled.record.refers_to)
        if ruled.record.refers_to in register.approved:
            yield "it approves a request that was carried out before"


_JUDGES: dict[tuple[str, str], Judge] = {
    ("erasure", "requested"): _requested,
    ("erasure", "approved"): _erasure_approved,
    ("erasure", "refused"): _refused,
    ("hold", "set"): _hold_set,
    ("hold", "lift_requested"): _lift_requested,
    ("hold", "lifted"): _hold_lifted,
    ("hold", "refused"): _refused,
    ("retention", "requested"): _requested,
    ("retention", "approved"): _rule_approved,
    ("retention", "refused"): _refused,
    ("retention", "done"): _retained,
    ("key", "requested"): _requested,
    ("key", "rotated"): _key_rotated,
    ("key", "refused"): _refused,
}


# --- what a record that breaks no rule changes -------------------------------------------------


def _keep_nothing(_: Register, __: Ruled) -> None:
    return


def _keep_request(register: Register, ruled: Ruled) -> None:
    register.requests[ruled.record.id] = ruled


def _keep_refusal(register: Register, ruled: Ruled) -> None:
    register.refused.add(ruled.record.refers_to or "")


def _keep_ruling(register: Register, ruled: Ruled) -> None:
    register.rulings[ruled.record.id] = ruled
    register.stood[ruled.record.id] = [*register.holds.values()]
    if ruled.record.event == "erasure":
        register.approved.setdefault(ruled.record.refers_to or "", set()).update(
            texts(ruled.record.fields.get("records"))
        )


def _keep_hold(register: Register, ruled: Ruled) -> None:
    register.holds[ruled.record.id] = ruled


def _keep_lift(register: Register, ruled: Ruled) -> None:
    register.holds.pop(ruled.record.refers_to or "", None)
    register.lifted[ruled.record.refers_to or ""] = ruled.index
    register.approved.setdefault(text(ruled.record.fields, "request"), set()).add(ruled.record.id)


def _keep_rule(register: Register, ruled: Ruled) -> None:
    register.rules[ruled.record.id] = ruled
    register.approved.setdefault(ruled.record.refers_to or "", set()).add(ruled.record.id)


def _keep_key(register: Register, ruled: Ruled) -> None:
    register.approved.setdefault(ruled.record.refers_to or "", set()).add(ruled.record.id)


_KEEPERS: dict[tuple[str, str], Callable[[Register, Ruled], None]] = {
    **dict.fromkeys(REQUESTS, _keep_request),
    **{(event, "refused"): _keep_refusal for event in GOVERNANCE},
    ("erasure", "approved"): _keep_ruling,
    ("retention", "done"): _keep_ruling,
    ("hold", "set"): _keep_hold,
    ("hold", "lifted"): _keep_lift,
    ("retention", "approved"): _keep_rule,
    ("key", "rotated"): _keep_key,
}
