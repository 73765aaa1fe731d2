"""Asking sources, before a reply is recorded, whether what it quotes is still there; and reading anew what is not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime

import structlog

from bot.settings.values import Settings
from bot.wiring.sources import find
from bot.wiring.syncing import Syncing, close, lag_of
from connectors.errors import ConnectorError, SourceBusy
from connectors.freshness import Freshness
from connectors.ports import Revalidates, Source
from connectors.state import DocumentState, StateStore
from retrieval.errors import RetrievalError
from retrieval.standing import Confirmed, Standing
from retrieval.types import Document

ASK_S = 0.3
"""All sources together are waited for this long."""
READ_S = 5.0
"""What has changed is read anew within this time, or the reply says that it is being updated."""
CLOSE_S = 60.0
_AGAIN_S = 0.2  # a run that another process has begun is looked for this often

log = structlog.get_logger(__name__)


class Revalidator:
    """Implements `bot.answering.ask.Confirm`."""

    def __init__(self, settings: Settings, state: StateStore, syncing: Syncing) -> None:
        self._settings = settings
        self._state = state
        self._syncing = syncing
        self._sources: dict[str, Source] = {}
        self._running: dict[str, asyncio.Task[None]] = {}

    async def check(self, documents: Sequence[Document]) -> tuple[Confirmed, ...]:
        """What the sources say of these versions, all asked at once, within 300 ms."""
        asked = {d.id: asyncio.create_task(self._standing(d)) for d in documents}
        if asked:
            await asyncio.wait(asked.values(), timeout=ASK_S)
        found = []
        for document in documents:
            task = asked[document.id]
            said = task.result() if task.done() else Standing.UNKNOWN
            task.cancel()
            source = self._state.source(document.source)
            at = datetime.now(UTC) if said is Standing.SAME else source.completed_at if source else None
            lag = lag_of(self._settings, self._state, document.source)
            overdue = said is not Standing.SAME and lag.freshness is Freshness.STALE
            found.append(Confirmed(document.id, document.version, said, at, overdue))
        return tuple(found)

    async def _standing(self, document: Document) -> Standing:
        entry = self._carrier(document.id)
        if entry is None or entry.document.source != document.source:
            return Standing.UNKNOWN
        source: object = self._source(document.source)
        if not isinstance(source, Revalidates):
            return Standing.UNKNOWN
        try:
            return await source.revalidate(entry.origin.item, entry.token)
        except (ConnectorError, OSError) as error:
            log.warning(
                "a source could not say whether a document is as it was", source=document.source, error=str(error)
            )
            return Standing.UNKNOWN

    def _carrier(self, document_id: str) -> DocumentState | None:
        """The document, or what it is attached to."""
        entry = self._state.entry(document_id)
        while entry is not None and entry.parent is not None:
            entry = self._state.entry(entry.parent)
        return entry

    def _source(self, name: str) -> Source | None:
        if name not in self._sources:
            try:
                found = {one.name: one for one in find(self._settings, self._state, None)}
                self._sources = found | self._sources  # those in use stay: `close` must reach them
            except ConnectorError as error:
                log.warning("the sources cannot be set up", error=str(error))
        return self._sources.get(name)

    async def refresh(self, documents: Sequence[Document]) -> None:
        """Read these anew, now; what takes longer goes on behind the reply."""
        for name in {document.source for document in documents}:
            source = self._source(name)
            items = [e.origin.item for d in documents if d.source == name and (e := self._carrier(d.id)) is not None]
            if source is not None and name not in self._running:
                task = asyncio.create_task(self._read(source, items))
                self._running[name] = task
                task.add_done_callback(lambda _, name=name: self._running.pop(name, None))  # type: ignore[misc]
        running = [self._running[d.source] for d in documents if d.source in self._running]
        if running:
            await asyncio.wait(running, timeout=READ_S)

    async def _read(self, source: Source, items: Sequence[str]) -> None:
        until = time.monotonic() + READ_S
        while True:
            try:
                if not await self._syncing.engine.refresh(source, items):
                    await self._syncing.sync(source, due=True)
                return
            except SourceBusy:
                if time.monotonic() > until:
                    return  # the run that is under way brings it
                await asyncio.sleep(_AGAIN_S)
            except (ConnectorError, RetrievalError, OSError) as error:
                log.warning("a changed document could not be read anew", source=source.name, error=str(error))
                return

    async def close(self) -> None:
        """What is being read anew is read to its end, within a minute: a reply may have said that it is."""
        if self._running:
            await asyncio.wait(list(self._running.values()), timeout=CLOSE_S)
        for task in list(self._running.values()):
            task.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)
        await close(list(self._sources.values()))
