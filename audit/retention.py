"""Retention by rule: after their time, records lose all their fields. Proofs stay; holds are respected.

Two people agree to a rule once; from then on it is applied without asking.

The floor is six months (EU AI Act, articles 19 and 26(6)): a shorter rule works only when the rule
says `below_floor` and the call confirms it, so that nobody shortens it by a slip.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from audit.agreement import agreed, ask, carry_out, second
from audit.errors import ErasureRefused
from audit.events import event
from audit.holds import standing_holds
from audit.log import TransparencyLog
from audit.reading import Reader
from audit.record import Json
from audit.register import ALL, KEPT_EVENTS, Register, rule_of
from audit.search import Filter, matches
from audit.taking import BATCH, check_holds, take_out

FLOOR = timedelta(days=184)
RULE_FIELDS = ("age_days", "tenant", "channel", "below_floor")


@dataclass(frozen=True, slots=True)
class Rule:
    """Records older than `age` go; only those of a tenant or a channel, when one is named."""

    age: timedelta
    tenant: str | None = None
    channel: str | None = None
    below_floor: bool = False

    def fields(self) -> dict[str, Json]:
        """As records say it; a rule without a tenant or a channel has none."""
        said: dict[str, Json] = {"age_days": self.age.days, "tenant": self.tenant, "channel": self.channel}
        said["below_floor"] = self.below_floor or None
        return {name: value for name, value in said.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Retained:
    """What a run did: its records, how many records lost their fields, how many a hold kept."""

    records: tuple[str, ...]
    erased: int
    held: int


def check_floor(rule: Rule, *, confirmed: bool) -> None:
    """Raises ErasureRefused for a rule below the floor that was not said twice."""
    if rule.age < FLOOR and not (rule.below_floor and confirmed):
        raise ErasureRefused(
            f"a retention of {rule.age.days} days is below the floor of {FLOOR.days} days (EU AI Act, article 26);"
            " to mean it, set below_floor in the rule and confirm it in the call"
        )


async def request_rule(
    log: TransparencyLog, rule: Rule, *, ground: str, by: str, confirm_below_floor: bool = False
) -> str:
    """Ask that a rule be applied from now on; another person agrees with `approve_rule`. The request's id."""
    check_floor(rule, confirmed=confirm_below_floor)
    example = "the policy that says so"
    return await ask(log, "retention", ground=ground, by=by, example=example, said=rule.fields())


async def approve_rule(log: TransparencyLog, request_id: str, *, by: str) -> str:
    """Agree to a rule that somebody else requested. Raises ErasureRefused (the same person), RecordUnknown."""
    request = await second(log, "retention", request_id, by=by)
    asked = {name: request.record.fields.get(name) for name in RULE_FIELDS}
    record = event("retention", "approved", refers_to=request_id, **asked, **agreed(request, by))
    return await carry_out(log, record, request_id)


async def retain(
    log: TransparencyLog,
    rules: Sequence[Rule],
    *,
    by: str,
    now: datetime | None = None,
    confirm_below_floor: bool = False,
) -> Retained:
    """Apply rules that two people agreed to (`request_rule`, `approve_rule`).

    Ages count by the log's own time: neither a clock that is ahead nor a record that claims to be old makes
    anything due. Raises ErasureRefused for a rule nobody approved, or below the floor and not said twice.
    """
    for rule in rules:
        check_floor(rule, confirmed=confirm_below_floor)
    moment = now if now is not None else datetime.now(UTC)
    made: list[str] = []
    erased = kept = 0
    for rule in rules:
        ground, due, under = await log.read(partial(_due, rule=rule, now=moment))
        kept += under
        for start in range(0, len(due), BATCH):
            batch = due[start : start + BATCH]
            record = event("retention", "done", refers_to=ground, records=batch, names=[ALL], by=by, **rule.fields())
            await take_out(log, record, dict.fromkeys(batch, (ALL,)), check_holds)
            made.append(record.id)
            erased += len(batch)
    return Retained(tuple(made), erased, kept)


def approval_of(register: Register, rule: Rule) -> str | None:
    """The record by which two people agreed to this rule; None: they did not."""
    said = rule_of(rule.fields())
    return next((name for name, one in register.rules.items() if rule_of(one.record.fields) == said), None)


def _due(view: Reader, rule: Rule, now: datetime) -> tuple[str, list[str], int]:
    """The rule's approval, the records whose time is over and that still have fields; how many a hold keeps."""
    ground = approval_of(view.register(), rule)
    if ground is None:
        raise ErasureRefused(
            f"no two people agreed to a retention of {rule.age.days} days; request it with `footnote audit retain`,"
            " and let another person run `footnote audit approve`"
        )
    wanted = Filter(tenant=rule.tenant, channel=rule.channel)
    standing = standing_holds(view)
    due: list[str] = []
    kept = 0
    for record_id in view.older(min(now, view.time()) - rule.age):
        known = view.get(record_id)
        stored = view.proved(record_id) if known is not None and known.fields else None
        if stored is None or stored.record.event in KEPT_EVENTS or not matches(wanted, stored.record):
            continue
        if any(matches(one.covers, stored.record) for one in standing):
            kept += 1
        else:
            due.append(stored.record.id)
    return ground, due, kept
