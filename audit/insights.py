"""What a reviewer asks of the whole log: which answers a document touched, and how many of what there are."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

from audit.log import TransparencyLog
from audit.reading import Reader
from audit.record import AuditRecord, Json
from audit.search import Filter, select


@dataclass(frozen=True, slots=True)
class Stats:
    """Counts over a time: records by event, questions by outcome, people, tokens; latency in microseconds."""

    records: int
    events: dict[str, int]
    outcomes: dict[str, int]
    people: int
    dropped: int
    tokens_in: int
    tokens_out: int
    p50_us: int
    p95_us: int

    def as_json(self) -> dict[str, Json]:
        return {
            "records": self.records,
            "events": dict(self.events),
            "outcomes": dict(self.outcomes),
            "people": self.people,
            "dropped_claims": self.dropped,
            "tokens_in": self.tokens_in,
            "tokens_out": self.tokens_out,
            "p50_us": self.p50_us,
            "p95_us": self.p95_us,
        }


async def affected(
    log: TransparencyLog, document: str, *, version: str | None = None, section: str | None = None
) -> AsyncIterator[AuditRecord]:
    """The answers that cited a document (one version, one section), newest first."""
    async for record in log.all(Filter(document=document, version=version, section=section, event="question")):
        yield record


async def stats(log: TransparencyLog, *, since: datetime | None = None, until: datetime | None = None) -> Stats:
    return await log.read(lambda view: _count(view, Filter(since=since, until=until)))


def _count(view: Reader, wanted: Filter) -> Stats:
    found = view.conditions(wanted)
    rows = view.session.rows(select("event, count(*)", found, "GROUP BY event"), found.values)
    events: dict[str, int] = dict(rows)
    sql = select("outcome, count(*)", found, "AND event = 'question' GROUP BY outcome")
    outcomes: dict[str, int] = dict(view.session.rows(sql, found.values))
    people: set[str] = set()
    totals: list[int] = []
    tokens_in = tokens_out = dropped = 0
    for stored in view.scan(Filter(since=wanted.since, until=wanted.until, event="question")):
        fields = stored.record.fields
        if isinstance(user := fields.get("user"), str):
            people.add(f"{fields.get('platform')}:{user}")
        timings = fields.get("timings_us")
        if isinstance(timings, dict) and isinstance(total := timings.get("total"), int):
            totals.append(total)
        tokens_in += _number(fields.get("tokens_in"))
        tokens_out += _number(fields.get("tokens_out"))
        claims = fields.get("dropped")
        dropped += len(claims) if isinstance(claims, list) else 0
    totals.sort()
    return Stats(
        records=sum(events.values()),
        events=events,
        outcomes=outcomes,
        people=len(people),
        dropped=dropped,
        tokens_in=tokens_in,
        tokens_out=tokens_out,
        p50_us=totals[len(totals) // 2] if totals else 0,
        p95_us=totals[len(totals) * 95 // 100] if totals else 0,
    )


def _number(value: Json) -> int:
    return value if isinstance(value, int) else 0
