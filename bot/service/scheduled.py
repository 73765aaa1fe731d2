"""What `footnote serve` does on its own: sync the sources, keep the audit log's promises, say that it lives."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import structlog

from audit.errors import AuditError, ErasureRefused, LogForked
from audit.events import configuration, heartbeat, operating_system_user
from audit.publish import publish_checkpoint
from audit.retention import Rule, retain
from audit.search import Filter
from audit.taking import finish_erasures
from bot.service.metrics import Outside
from bot.wiring.app import App, configuration_sha256
from bot.wiring.configuration import changes, snapshot
from bot.wiring.sources import configured
from bot.wiring.syncing import lag_of
from connectors.errors import ConnectorError
from connectors.freshness import Freshness
from connectors.report import SyncReport
from retrieval.errors import RetrievalError

DAY_S = 86_400
LOOK_S = 60  # how often it is looked whether a source is behind
SERVICE = "footnote serve"

log = structlog.get_logger(__name__)


async def started(app: App) -> None:
    """At the start: finish what a crash interrupted, and record other settings than last time."""
    await finish_erasures(app.audit)
    digest = configuration_sha256(app.settings)
    last = await app.audit.find(Filter(event="configuration"), limit=1)
    before = last.records[0].fields if last.records else {}
    if before.get("configuration_sha256") != digest:
        known, now = before.get("settings"), snapshot(app.settings)
        changed = changes(known if isinstance(known, dict) else {}, now)
        by, software = operating_system_user(), app.ask.version
        record = configuration(sha256=digest, software=software, changes=changed, settings=now, by=by)
        await app.audit.append(record)


async def regularly(app: App, outside: Outside | None = None) -> None:
    """Everything that repeats, until cancelled. A run that fails is logged, and tried again at its next time.

    `outside` is told how the log compares with its checkpoints outside.
    """
    seen = outside or Outside()
    settings = app.settings
    async with asyncio.TaskGroup() as group:
        if settings.sync_every_s:
            group.create_task(app.syncing.watch(configured(settings), _followed, _not_followed, first=True))
            group.create_task(_every("freshness", LOOK_S, lambda: late(app)))
        group.create_task(_every("heartbeat", settings.heartbeat_every_s, lambda: _beat(app)))
        if settings.checkpoint_folder is not None:
            folder = settings.checkpoint_folder
            group.create_task(_every("checkpoint", settings.checkpoint_every_s, lambda: _checkpoint(app, folder, seen)))
        if settings.retention:
            group.create_task(_every("retention", DAY_S, lambda: _retain(app)))


async def _every(name: str, seconds: int, work: Callable[[], Awaitable[None]]) -> None:
    while seconds:
        try:
            await work()
        except (AuditError, ConnectorError, RetrievalError, OSError) as error:
            log.warning("a regular task failed; it is tried again", task=name, error=str(error), after_s=seconds)
        await asyncio.sleep(seconds)


def _followed(name: str, report: SyncReport) -> None:
    for mistake in report.mistakes:
        log.warning("an access rule decides about no document", source=name, rule=mistake)
    for why in report.anew:
        log.warning("a source is listed anew", source=name, why=why)
    done = {"added": report.added, "changed": report.changed, "deleted": report.deleted, "held": report.held}
    log.info("synced", source=name, not_searchable=len(report.failed), **done)


def _not_followed(name: str, error: Exception) -> None:
    log.warning("a sync failed", source=name, error=str(error))


async def late(app: App) -> None:
    """Tell operators of sources that were not read to their end for longer than their target."""
    for source in app.settings.sources:
        lag = lag_of(app.settings, app.state, source.name)
        if lag.freshness in (Freshness.LATE, Freshness.STALE):
            log.warning("ALERT: a source is behind", source=source.name, seconds=lag.seconds, state=lag.freshness.value)


async def _beat(app: App) -> None:
    await app.audit.append(heartbeat(software=app.ask.version))


async def _checkpoint(app: App, folder: Path, seen: Outside) -> None:
    """Keep the signed checkpoint outside the log, which must extend all that are kept there already."""
    try:
        await publish_checkpoint(app.audit, folder)
    except LogForked as error:
        seen.compared_at, seen.agrees = time.time(), False
        log.critical(
            "ALARM: the audit log was changed behind its back",
            error=str(error),
            notes=[*getattr(error, "__notes__", ())],
        )
        return
    seen.compared_at, seen.agrees = time.time(), True


async def _retain(app: App) -> None:
    rules = [
        Rule(timedelta(days=r.days), r.tenant, r.channel, below_floor=r.below_floor) for r in app.settings.retention
    ]
    sure = all(r.below_floor_confirmed for r in app.settings.retention if r.below_floor)
    for rule in rules:
        try:
            done = await retain(app.audit, [rule], by=SERVICE, confirm_below_floor=sure)
        except ErasureRefused as error:
            log.warning("a retention rule of the settings is not applied", days=rule.age.days, error=str(error))
            continue
        log.info("retention applied", days=rule.age.days, erased=done.erased, held=done.held)
