"""The sync engine: makes the index and the state store follow a source.

Order for a changed document: parse, embed, add the new version to the index (no search returns
it yet), publish it in the state store (one transaction, the switch), withdraw the old one. A cursor is kept
after the rows that led to it. A crash at any point leaves one version in force, and the next run mends the rest.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from connectors.access import NOBODY
from connectors.errors import CursorExpired, SourceUnavailable
from connectors.following import Run, Tools, patient
from connectors.lease import lease
from connectors.ports import (
    Follower,
    Gone,
    Group,
    KnowsGroups,
    KnowsReaders,
    Lister,
    ListingFailure,
    LooksUp,
    Readers,
    Source,
    own_group,
)
from connectors.report import Failed, Progress, SyncReport
from connectors.state import DocumentState, StateStore, access_id
from connectors.titles import TitleRules
from retrieval import indexing
from retrieval.parse import formats
from retrieval.people import AccessList
from retrieval.ports import Embedder, Index, Parser

READERS_AT_ONCE = 200  # documents whose readers are written in one step


@dataclass(frozen=True, slots=True)
class Limits:
    """What may be in flight: files fetched of one source, files parsed and versions written of all; and for how many
    seconds a source may say nothing while it lists, or while it gives a file.
    """

    fetches: int = 4
    parses: int = 2
    writes: int = 2
    listing_s: float = 300.0
    fetch_s: float = 300.0


class SyncEngine:
    """Bad documents are reported and never stop a run. Runs over several sources may go on at the same time."""

    def __init__(
        self,
        state: StateStore,
        index: Index,
        embedder: Embedder,
        parser: Parser,
        parser_version: str = formats.VERSION,
        titles: Mapping[str, TitleRules] = MappingProxyType({}),
        limits: Limits | None = None,
    ) -> None:
        """`parser_version` names how documents are read; documents read in another way are read anew.

        `titles` are the sources' rules for titles, by name.
        """
        self._titles = titles
        self._parser_version = parser_version
        self._state = state
        self._index = index
        self._embedder = embedder
        self._limits = limits or Limits()
        self._tools = Tools(
            state,
            index,
            embedder,
            parser,
            asyncio.Semaphore(self._limits.parses),
            asyncio.Semaphore(self._limits.writes),
        )

    async def run(
        self,
        source: Source,
        *,
        full: bool = False,
        dry_run: bool = False,
        confirm_deletes: bool = False,
        progress: Progress = lambda _document, _pages: None,
    ) -> SyncReport:
        """Follow a source's documents once. `full` reads every document anew; `dry_run` only counts.

        Raises SourceBusy, SourceUnavailable, StateUnavailable, IndexUnavailable, IndexMismatch, EmbedderUnavailable.
        """
        began = time.monotonic()
        run = self._begin(source, full, dry_run, confirm_deletes, progress)
        if dry_run:
            await self._follow(run)
        else:
            with lease(self._state.folder / "leases", source.name):
                await self.mend(source.name)
                await self._follow(run)
        run.report.failed.sort(key=lambda f: f.document)
        run.report.took_ms = round((time.monotonic() - began) * 1000)
        return run.report

    async def refresh(self, source: Source, items: Sequence[str]) -> bool:
        """Read these items anew, and nothing else; False where the source cannot find one item alone.

        Raises what `run` raises.
        """
        if not isinstance(source, LooksUp):
            return False
        run = self._begin(source, False, False, False, lambda _document, _pages: None)
        with lease(self._state.folder / "leases", source.name):
            found = {item: await asyncio.wait_for(source.item(item), self._limits.listing_s) for item in items}
            await run.window([item for item in found.values() if item is not None], mark=False)
            for item_id, item in found.items():
                if item is None:
                    await run.gone(Gone(item_id))
        return True

    def _begin(self, source: Source, full: bool, dry_run: bool, confirm_deletes: bool, progress: Progress) -> Run:
        titles = self._titles.get(source.name, TitleRules())
        return Run(
            self._tools,
            source,
            self._parser_version + titles.version,
            titles,
            full,
            dry_run,
            confirm_deletes,
            SyncReport(),
            asyncio.Semaphore(self._limits.fetches),
            self._limits.fetch_s,
            progress,
        )

    async def _follow(self, run: Run) -> None:
        await run.apply_rules()
        if isinstance(run.source, Follower):
            complete = await self._changes(run, run.source)
        elif isinstance(run.source, Lister):
            complete = await run.listing(run.source, self._limits.listing_s)
        else:
            raise SourceUnavailable(f"the source {run.source.name!r} can neither list its documents nor tell changes.")
        run.cover(complete)

    async def _changes(self, run: Run, source: Follower) -> bool:
        if run.full and not run.dry_run:
            self._state.forget_cursor(source.name)
        known = self._state.source(source.name)
        cursor = known.cursor if known and not run.full else None
        anew = known is None or cursor is None or known.anew
        try:
            return await run.pages(source, cursor, self._limits.listing_s, anew=anew)
        except CursorExpired as error:
            if cursor is None:
                raise SourceUnavailable(f"the source {source.name!r} cannot be listed: {error}") from error
            run.report.anew.append(f"{source.name}: {error}")
            if not run.dry_run:
                self._state.forget_cursor(source.name)
        try:
            return await run.pages(source, None, self._limits.listing_s, anew=True)
        except CursorExpired as error:
            raise SourceUnavailable(f"the source {source.name!r} cannot be listed: {error}") from error

    async def readers(self, source: Source) -> int:
        """Ask a source who may read its documents now; returns for how many that changed.

        Those that were asked for longest ago come first, so that a job that was cut off goes on. What a whole
        answer says nothing of, nobody may read. Raises SourceBusy, SourceUnavailable, IndexUnavailable.
        """
        if source.access is not None or not isinstance(source, KnowsReaders):
            return 0
        with lease(self._state.folder / "leases", f"readers of {source.name}"):
            left = dict.fromkeys(self._state.longest_unasked(source.name))
            changed = 0
            batch: list[Readers] = []
            async for found in patient(source.readers(list(left)), self._limits.listing_s, source.name):
                told = found if isinstance(found, Readers) else _unknown(found)
                if told.id in left:
                    del left[told.id]
                    batch.append(told)
                if len(batch) >= READERS_AT_ONCE:
                    changed += await self._allow(source.name, batch)
                    batch = []
            batch += [Readers(item, NOBODY, "the source says nothing of its readers") for item in left]
            changed += await self._allow(source.name, batch)
            self._state.readers_asked(source.name)
        return changed

    async def _allow(self, source: str, told: Sequence[Readers]) -> int:
        entries = self._state.of_items(source, [readers.id for readers in told])
        lists: dict[str, AccessList] = {}
        because: dict[str, str] = {}
        changed = 0
        for readers in told:
            entry = entries.get(readers.id)
            if entry is None:
                continue
            family = [entry.document.id, *self._state.family_ids(entry.document.id)]
            lists |= dict.fromkeys(family, readers.access)
            because |= dict.fromkeys(family, readers.because)
            if access_id(readers.access) != entry.document.acl_id:
                changed += 1
                for document_id in family:
                    await self._index.set_access(document_id, access_id(readers.access))
        self._state.allow(lists, because)
        self._state.asked(list(lists))
        return changed

    async def groups(self, source: Source) -> list[Failed]:
        """Ask a source for the members of its own groups; returns those it cannot tell. Raises SourceUnavailable."""
        if not isinstance(source, KnowsGroups):
            return []
        found: dict[str, frozenset[str]] = {}
        failed = []
        async for group in patient(source.groups(), self._limits.listing_s, source.name):
            if isinstance(group, Group):
                found[own_group(source.name, group.id)] = group.members
            else:
                failed.append(Failed(group.where, group.reason))
        self._state.put_groups(source.name, found)
        return failed

    async def mend(self, source: str | None = None) -> int:
        """Make the index hold exactly the versions in force, of one source or of all; returns how many it mended.

        Nobody else may be at the source's documents.
        """
        held = await self._index.versions()
        documents = await self._state.documents()
        mended = 0
        for document_id in held.keys() - documents.keys():
            if source in (None, self._state.source_of(document_id)):
                await self._index.withdraw(document_id)
                mended += 1
        for document_id, document in documents.items():
            if source not in (None, document.source):
                continue
            versions = held.get(document_id, {})
            if document.version not in versions:
                parsed = self._state.parsed(document_id)
                if parsed is not None:
                    await indexing.put(self._index, self._embedder, document, parsed)
                    mended += 1
            if versions.keys() - {document.version}:
                await self._index.withdraw(document_id, keep=document.version)
        return mended


def _unknown(failure: ListingFailure) -> Readers:
    return Readers(failure.where, NOBODY, f"the source could not tell: {failure.reason}")


def item_entries(state: StateStore, source: str) -> dict[str, DocumentState]:
    """The documents of a source by their path, attachments left out."""
    return {entry.origin.path: entry for entry in state.entries(source) if entry.parent is None}
