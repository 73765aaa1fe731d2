"""Following sources: each job in its order, several sources at once, and again whenever something changes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.settings.values import Settings
from connectors.errors import ConnectorError, SourceBusy, SourceUnavailable, Throttled
from connectors.freshness import Lag, lag
from connectors.kinds import SourceSettings
from connectors.ports import Closes, Source, Watchable
from connectors.report import Failed, Progress, SyncReport
from connectors.state import StateStore
from connectors.sync import SyncEngine
from retrieval.errors import RetrievalError

SELDOM_S = 300
"""How often a source that cannot tell is looked through, where the settings say that the service looks never."""

Told = Callable[[str, SyncReport], None]
Failing = Callable[[str, Exception], None]


def table_of(settings: Settings, name: str) -> SourceSettings:
    """What the settings say of a source; the defaults for a folder that was named on the command line."""
    return next((s for s in settings.sources if s.name == name), SourceSettings(name=name, kind="folder"))


def lag_of(settings: Settings, state: StateStore, name: str) -> Lag:
    """How far a source's documents lag behind it, by its own target and limit."""
    table = table_of(settings, name)
    return lag(state.source(name), datetime.now(UTC), late_s=table.late_after_s, stale_s=table.stale_after_s)


@dataclass(frozen=True, slots=True)
class Syncing:
    """The jobs of a source: groups, documents, readers. What one of them cannot do does not stop the others."""

    settings: Settings
    state: StateStore
    engine: SyncEngine

    async def sync(
        self,
        source: Source,
        *,
        full: bool = False,
        dry_run: bool = False,
        confirm_deletes: bool = False,
        due: bool = False,
        progress: Progress = lambda _document, _pages: None,
    ) -> SyncReport:
        """Follow one source once, and remember how it went. `due`: ask for all readers only when it is time to.

        Raises what `SyncEngine.run` raises.
        """
        if dry_run:
            return await self.engine.run(source, full=full, dry_run=True, confirm_deletes=confirm_deletes)
        adhoc = source.name not in {s.name for s in self.settings.sources}
        self.state.started(source.name, {**source.place, "adhoc": adhoc})
        failed: list[Failed] = []
        try:
            failed += await self._groups(source)
            report = await self.engine.run(source, full=full, confirm_deletes=confirm_deletes, progress=progress)
            failed += await self._readers(source, report, due=due)
        except SourceBusy:
            raise
        except Exception as error:
            wait = datetime.now(UTC) + timedelta(seconds=error.seconds) if isinstance(error, Throttled) else None
            self.state.finished(source.name, str(error), wait)
            raise
        table = table_of(self.settings, source.name)
        self.state.forget_versions(source.name, datetime.now(UTC) - timedelta(days=table.keep_versions_days))
        told = "; ".join(f"{one.document}: {one.reason}" for one in failed[:3])
        self.state.finished(source.name, told or None, complete=True)
        report.failed = sorted([*report.failed, *failed], key=lambda one: one.document)
        return report

    async def _groups(self, source: Source) -> list[Failed]:
        try:
            return await self.engine.groups(source)
        except SourceUnavailable as error:
            return [Failed(f"groups of {source.name}", str(error))]

    async def _readers(self, source: Source, report: SyncReport, *, due: bool) -> list[Failed]:
        known = self.state.source(source.name)
        every = timedelta(seconds=table_of(self.settings, source.name).readers_every_s)
        if due and known and known.readers_at and datetime.now(UTC) - known.readers_at < every:
            return []
        try:
            report.readers_changed += await self.engine.readers(source)
        except (SourceUnavailable, SourceBusy) as error:
            return [Failed(f"readers of {source.name}", str(error))]
        return []

    async def watch(
        self, sources: Sequence[Source], told: Told, failing: Failing = lambda _name, _error: None, *, first: bool
    ) -> None:
        """Follow sources until cancelled, each at its own pace: when it tells of a change, and every so often.

        `first`: at once, too. A run that fails is told, and tried again at its next time.
        """
        async with asyncio.TaskGroup() as group:
            for source in sources:
                notice = asyncio.Event()
                if isinstance(source, Watchable):
                    group.create_task(self._listen(source, source.name, notice, failing))
                group.create_task(self._again_and_again(source, notice, told, failing, first))

    async def _listen(self, source: Watchable, name: str, notice: asyncio.Event, failing: Failing) -> None:
        while True:
            try:
                async for _ in source.notices():
                    notice.set()
            except ConnectorError as error:
                failing(name, error)
            await asyncio.sleep(SELDOM_S)

    async def _again_and_again(
        self, source: Source, notice: asyncio.Event, told: Told, failing: Failing, first: bool
    ) -> None:
        if first:
            notice.set()
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(notice.wait(), self._pause(source.name))
            notice.clear()
            try:
                told(source.name, await self.sync(source, due=True))
            except (ConnectorError, RetrievalError, OSError) as error:
                failing(source.name, error)

    def _pause(self, name: str) -> float:
        """Seconds until a source is looked through again; longer where its server asked for that."""
        every = float(table_of(self.settings, name).every_s or self.settings.sync_every_s or SELDOM_S)
        known = self.state.source(name)
        if known is None or known.retry_at is None:
            return every
        return max(every, (known.retry_at - datetime.now(UTC)).total_seconds())


async def close(sources: Sequence[Source]) -> None:
    """Close the connections of sources."""
    for source in sources:
        if isinstance(source, Closes):
            await source.close()
