"""Retention by rule: after their time, records lose all their fields. Proofs stay; holds are respected.

The floor is six months (EU AI Act, articles 19 and 26(6)): a shorter rule works only when the rule
says `below_floor` and the call confirms it, so that nobody shortens it by a slip.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from audit.erase import ALL, KEPT_EVENTS, carry_out
from audit.errors import ErasureRefused
from audit.events import event
from audit.holds import held
from audit.log import TransparencyLog
from audit.reading import Reader
from audit.search import Filter

FLOOR = timedelta(days=184)
BATCH = 500  # records a `retention` record


@dataclass(frozen=True, slots=True)
class Rule:
    """Records older than `age` go; only those of a tenant or a channel, when one is named."""

    age: timedelta
    tenant: str | None = None
    channel: str | None = None
    below_floor: bool = False


@dataclass(frozen=True, slots=True)
class Retained:
    """What a run did: its records, how many records lost their fields, how many a hold kept."""

    records: tuple[str, ...]
    erased: int
    held: int


async def retain(
    log: TransparencyLog,
    rules: Sequence[Rule],
    *,
    by: str,
    now: datetime | None = None,
    confirm_below_floor: bool = False,
) -> Retained:
    """Apply the rules. Raises ErasureRefused for a rule below the floor that was not said twice."""
    moment = now if now is not None else datetime.now(UTC)
    for rule in rules:
        if rule.age < FLOOR and not (rule.below_floor and confirm_below_floor):
            raise ErasureRefused(
                f"a retention of {rule.age.days} days is below the floor of {FLOOR.days} days (EU AI Act, article 26);"
                " to mean it, set below_floor in the rule and confirm it in the call"
            )
    made: list[str] = []
    erased = kept = 0
    for rule in rules:
        due, under = await log.read(partial(_due, rule=rule, now=moment))
        kept += under
        for start in range(0, len(due), BATCH):
            batch = due[start : start + BATCH]
            record = event(
                "retention",
                "done",
                records=batch,
                names=[ALL],
                by=by,
                age_days=rule.age.days,
                tenant=rule.tenant,
                channel=rule.channel,
            )
            done = await carry_out(log, record, batch, [ALL])
            made.append(done.record)
            erased += done.records
    return Retained(tuple(made), erased, kept)


def _due(view: Reader, rule: Rule, now: datetime) -> tuple[list[str], int]:
    """Ids of the records whose time is over and that still have fields; how many a hold keeps."""
    under = held(view)
    due: list[str] = []
    kept = 0
    for stored in view.scan(Filter(until=now - rule.age, tenant=rule.tenant, channel=rule.channel)):
        if stored.record.event in KEPT_EVENTS or not stored.record.fields:
            continue
        if stored.index in under:
            kept += 1
        else:
            due.append(stored.record.id)
    return due, kept
