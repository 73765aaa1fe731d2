"""What a monitoring system should know of the audit log, as Prometheus reads it; served on a port of its own.

Counts and times alone: nothing here names a person, a document or a question.
https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import structlog
from aiohttp import web

from audit.errors import AuditError
from audit.log import TransparencyLog
from audit.reading import Reader
from audit.search import Filter

log = structlog.get_logger(__name__)

CONTENT = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(slots=True)
class Outside:
    """How the last comparison with the checkpoints outside went. Times in seconds since 1970; 0: there was none."""

    compared_at: float = 0.0
    agrees: bool = True


class Metrics:
    """Answers `/metrics`."""

    def __init__(self, audit: TransparencyLog, outside: Outside) -> None:
        self._audit = audit
        self._outside = outside

    async def answer(self, _: web.Request) -> web.Response:
        try:
            counts = await self._audit.read(_counts)
        except AuditError as error:
            log.warning("the audit log cannot be read for metrics", error=str(error))
            counts = {}
        text = "".join(self._lines(counts))
        return web.Response(body=text.encode(), headers={"Content-Type": CONTENT})

    def _lines(self, counts: dict[str, int]) -> Iterator[str]:
        yield from _metric("footnote_audit_readable", "The audit log can be read.", int(bool(counts)))
        for name, (kind, meaning) in _COUNTED.items():
            if name in counts:
                yield from _metric(name, meaning, counts[name], kind)
        if self._outside.compared_at:
            at = round(self._outside.compared_at)
            meaning = "When the log was last compared with the checkpoints kept outside."
            yield from _metric("footnote_audit_checkpoint_compared_timestamp_seconds", meaning, at)
            meaning = "The log extends every checkpoint that is kept outside. 0 is an alarm."
            yield from _metric("footnote_audit_checkpoint_agrees", meaning, int(self._outside.agrees))


_COUNTED = {
    "footnote_audit_records": ("gauge", "Records that the signed checkpoint covers."),
    "footnote_audit_alarms_total": ("counter", "Alarms in the log: it is not the one whose checkpoints are kept."),
    "footnote_audit_gaps_total": ("counter", "Gaps in the log: times in which it could not record."),
}


def _counts(view: Reader) -> dict[str, int]:
    size = view.size()
    return {
        "footnote_audit_records": size,
        "footnote_audit_alarms_total": view.extent(Filter(event="alarm"), size)[0],
        "footnote_audit_gaps_total": view.extent(Filter(event="gap"), size)[0],
    }


def _metric(name: str, meaning: str, value: int, kind: str = "gauge") -> Iterator[str]:
    yield f"# HELP {name} {meaning}\n# TYPE {name} {kind}\n{name} {value}\n"
