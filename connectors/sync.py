"""The sync engine: makes the index and the state store follow a source.

Order for a changed document: parse, embed, add the new version to the index (no search returns
it yet), publish it in the state store (one transaction, the switch), withdraw the old one. A crash
at any point leaves one version in force, and the next run mends the rest.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from connectors.access import AccessDecision
from connectors.errors import ItemUnreadable
from connectors.ports import Item, ListingFailure, Source
from connectors.state import HELD, UNREADABLE, DocumentState, StateStore, access_id
from connectors.titles import TitleRules
from retrieval import indexing
from retrieval.errors import DocumentUnreadable
from retrieval.parse import formats
from retrieval.people import AccessList
from retrieval.ports import Embedder, Index, Parser
from retrieval.types import Attachment, Document, ParsedDocument

GUARD_DOCUMENTS = 10
GUARD_SHARE = 0.10
"""More deletes than both, inferred from a listing, are held until a person decides."""

MAX_ATTACHMENT_DEPTH = 3


@dataclass(frozen=True, slots=True)
class Failed:
    """A document that is not searchable, and why."""

    document: str
    reason: str


@dataclass(frozen=True, slots=True)
class Covered:
    """How many documents an access rule matches, and for how many it decides: the last that matches does.

    `path` is None for those that no rule matches.
    """

    source: str
    path: str | None
    matched: int
    decided: int
    readers: str


@dataclass(slots=True)
class SyncReport:
    """What a run did. `held` counts documents kept back because too many vanished at once.

    `readers_changed` counts documents that other people may read than before. `rules` is empty for a
    source without access rules; `mistakes` are rules that decide about no document.
    """

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    deleted: int = 0
    held: int = 0
    failed: list[Failed] = field(default_factory=list)
    took_ms: int = 0
    readers_changed: int = 0
    rules: list[Covered] = field(default_factory=list)
    mistakes: list[str] = field(default_factory=list)

    def __add__(self, other: SyncReport) -> SyncReport:
        return SyncReport(
            self.added + other.added,
            self.changed + other.changed,
            self.unchanged + other.unchanged,
            self.deleted + other.deleted,
            self.held + other.held,
            self.failed + other.failed,
            self.took_ms + other.took_ms,
            self.readers_changed + other.readers_changed,
            self.rules + other.rules,
            self.mistakes + other.mistakes,
        )


Progress = Callable[[str], None]
"""Called with the id of each document that is done."""


class SyncEngine:
    """One run at a time over one source; bad documents are reported and never stop a run."""

    def __init__(
        self,
        state: StateStore,
        index: Index,
        embedder: Embedder,
        parser: Parser,
        parser_version: str = formats.VERSION,
        titles: Mapping[str, TitleRules] = MappingProxyType({}),
    ) -> None:
        """`parser_version` names how documents are read; documents read in another way are read anew.

        `titles` are the sources' rules for titles, by name.
        """
        self._titles = titles
        self._parser_version = parser_version
        self._state = state
        self._index = index
        self._embedder = embedder
        self._parser = parser

    async def run(
        self,
        source: Source,
        *,
        full: bool = False,
        dry_run: bool = False,
        confirm_deletes: bool = False,
        progress: Progress = lambda _: None,
    ) -> SyncReport:
        """Follow a source once. `full` reads every document anew; `dry_run` only counts.

        Raises SourceUnavailable, StateUnavailable, IndexUnavailable, IndexMismatch, EmbedderUnavailable.
        """
        began = time.monotonic()
        report = SyncReport()
        titles = self._titles.get(source.name, TitleRules())
        run = _Run(
            self._state,
            self._index,
            self._embedder,
            self._parser,
            self._parser_version + titles.version,
            source,
            full,
            dry_run,
            report,
            titles,
        )
        await run.readers()
        listed: dict[str, Item] = {}
        complete = True
        gate = asyncio.Semaphore(2)  # parsing (in children) overlaps with embedding

        async def handle(item: Item) -> None:
            async with gate:
                await run.item(item)
                progress(item.id)

        try:
            async with asyncio.TaskGroup() as group:
                async for item in source.list():
                    if isinstance(item, ListingFailure):
                        complete = False
                        report.failed.append(Failed(item.where, item.reason))
                    else:
                        listed[run.document_id(item.id)] = item
                        group.create_task(handle(item))
        except ExceptionGroup as several:
            raise several.exceptions[0] from None  # the others only followed from it
        run.rules(list(listed.values()), complete)
        if complete:
            await run.deletes(listed.keys(), confirm_deletes)
        report.failed.sort(key=lambda f: f.document)
        report.took_ms = round((time.monotonic() - began) * 1000)
        return report

    async def mend(self) -> int:
        """Make the index hold exactly the versions in force; returns how many documents were mended."""
        held = await self._index.versions()
        documents = await self._state.documents()
        mended = 0
        for document_id in held.keys() - documents.keys():
            await self._index.withdraw(document_id)
            mended += 1
        for document_id, document in documents.items():
            versions = held.get(document_id, {})
            if document.version not in versions:
                parsed = self._state.parsed(document_id)
                if parsed is not None:
                    await indexing.put(self._index, self._embedder, document, parsed)
                    mended += 1
            if versions.keys() - {document.version}:
                await self._index.withdraw(document_id, keep=document.version)
        return mended


@dataclass(slots=True)
class _Run:
    """The state of one run over one source."""

    state: StateStore
    index: Index
    embedder: Embedder
    parser: Parser
    parser_version: str
    source: Source
    full: bool
    dry_run: bool
    report: SyncReport
    titles: TitleRules

    def document_id(self, item_id: str) -> str:
        """The item's id; with the source's name before it when another source has that id already."""
        return f"{self.source.name}:{item_id}" if _taken(self.state, item_id, self.source.name) else item_id

    async def readers(self) -> None:
        """Let the rules of now decide about what is known already, whatever the source lists or whether it answers."""
        if self.source.access is None:
            return
        changed: dict[str, AccessList] = {}
        for path, entry in item_entries(self.state, self.source.name).items():
            access = self.source.access.decide(path).access
            if access_id(access) != entry.document.acl_id:
                self.report.readers_changed += 1
                changed |= dict.fromkeys([entry.document.id, *self._family_ids(entry)], access)
        if self.dry_run:
            return
        # The state store, which decides, comes last: a crash before it leaves the change to the next run.
        for document_id, access in changed.items():
            await self.index.set_access(document_id, access_id(access))
        self.state.allow(changed)

    def rules(self, listed: Sequence[Item], complete: bool) -> None:
        """Report what each rule covers; what covers nothing is a mistake, unless the listing has gaps."""
        rules = self.source.access
        if rules is None or not rules.rules:
            return
        coverage = rules.coverage([AccessDecision(item.access, item.matching) for item in listed])
        for rule, matched, decided in zip(rules.rules, coverage.matched, coverage.decided, strict=True):
            self.report.rules.append(Covered(self.source.name, rule.path, matched, decided, rule.access.described))
        rest = coverage.unmatched
        self.report.rules.append(Covered(self.source.name, None, rest, rest, rules.otherwise.described))
        if complete:
            self.report.mistakes = rules.mistakes(coverage, [item.id for item in listed])

    async def item(self, item: Item) -> None:
        document_id = self.document_id(item.id)
        known = self.state.entry(document_id)
        fresh = known is not None and known.parser == self.parser_version and not self.full
        if known and fresh and item.token and item.token == known.token:
            await self._as_it_was(known, item)
            return
        try:
            content = await self.source.fetch(item)
        except ItemUnreadable as error:
            await self._retire(self._document(document_id, item, "", item.name), item, str(error), known)
            return
        sha256 = await asyncio.to_thread(lambda: hashlib.sha256(content).hexdigest())
        if known and fresh and sha256 == known.document.sha256:
            await self._as_it_was(known, item)
            return
        if self.dry_run:
            self._count(known)
            return
        await self._read(document_id, item, content, sha256, known, depth=0)

    async def _as_it_was(self, known: DocumentState, item: Item) -> None:
        if known.status == UNREADABLE:
            self.report.failed.append(Failed(known.document.id, known.reason))
        else:
            self.report.unchanged += 1
        if self.dry_run:
            return
        moved = access_id(item.access) != known.document.acl_id
        if self.source.access is None:  # else `readers` has counted it
            self.report.readers_changed += moved
        if moved or item.token != known.token or item.url != known.document.url or known.status == HELD:
            for document_id in (*self._family_ids(known), known.document.id):  # as in `readers`
                if moved:
                    await self.index.set_access(document_id, access_id(item.access))
                self.state.seen(document_id, item.token, item.access, item.url)

    def _family(self, document_id: str) -> list[DocumentState]:
        """The attachments of a document, and theirs."""
        found = []
        for child in self.state.children(document_id):
            entry = self.state.entry(child)
            found += [entry] if entry else []
            found += self._family(child)
        return found

    def _family_ids(self, entry: DocumentState) -> list[str]:
        return [e.document.id for e in self._family(entry.document.id)]

    def _document(self, document_id: str, item: Item, sha256: str, title: str) -> Document:
        return Document(
            id=document_id,
            version=f"{item.modified_at:%Y-%m-%d}.{sha256[:8]}",
            title=title,
            uri=item.uri,
            url=item.url,
            sha256=sha256,
            acl_id=access_id(item.access),
            source=self.source.name,
            media_type=formats.media_type(item.name),
            modified_at=item.modified_at,
        )

    async def _read(
        self,
        document_id: str,
        item: Item,
        content: bytes,
        sha256: str,
        known: DocumentState | None,
        depth: int,
        parent: str | None = None,
    ) -> None:
        document = self._document(document_id, item, sha256, item.name)
        try:
            parsed = await self.parser.parse(item.name, content)
            if not parsed.text.strip():
                raise DocumentUnreadable("there is no text in it")
        except DocumentUnreadable as error:
            await self._retire(document, item, str(error), known, parent)
            return
        document = self._document(document_id, item, sha256, self.titles.title(item.id, parsed) or item.name)
        await self._publish(document, item.access, parsed, item.token, parent)
        self._count(known)
        await self._attachments(document, item, parsed.attachments, depth)

    async def _publish(
        self, document: Document, access: AccessList, parsed: ParsedDocument, token: str, parent: str | None
    ) -> None:
        await indexing.put(self.index, self.embedder, document, parsed)
        self.state.publish(document, access, parsed, token=token, parser=self.parser_version, parent=parent)
        await self.index.withdraw(document.id, keep=document.version)

    async def _attachments(self, parent: Document, item: Item, attachments: tuple[Attachment, ...], depth: int) -> None:
        """Attachments are documents of their own, with their carrier's readers and life."""
        kept = set()
        for attachment in attachments if depth < MAX_ATTACHMENT_DEPTH else ():
            child_id = f"{parent.id}!/{attachment.name}"
            if child_id in kept:
                continue
            kept.add(child_id)
            sha256 = hashlib.sha256(attachment.content).hexdigest()
            child = Item(child_id, attachment.name, item.uri, item.url, item.modified_at, item.token, item.access)
            known = self.state.entry(child_id)
            await self._read(child_id, child, attachment.content, sha256, known, depth + 1, parent.id)
        for child_id in self.state.children(parent.id):
            if child_id not in kept:
                await self._remove(child_id)

    async def _retire(
        self, document: Document, item: Item, reason: str, known: DocumentState | None, parent: str | None = None
    ) -> None:
        """The present version cannot be read, so the old one is no longer in force either."""
        self.report.failed.append(Failed(document.id, reason))
        if self.dry_run:
            return
        self.state.retire(document, item.access, reason, token=item.token, parser=self.parser_version, parent=parent)
        if known is not None:
            await self.index.withdraw(document.id)
            for entry in self._family(document.id):
                await self._remove(entry.document.id)

    def _count(self, known: DocumentState | None) -> None:
        if known is None:
            self.report.added += 1
        else:
            self.report.changed += 1

    async def _remove(self, document_id: str) -> None:
        for child in self.state.children(document_id):
            await self._remove(child)
        self.state.remove(document_id)  # first: from here on nobody is quoted to
        await self.index.withdraw(document_id)

    async def deletes(self, listed: AbstractSet[str], confirmed: bool) -> None:
        """What the source no longer lists is gone; too much at once is held, not cited, and reported."""
        entries = [e for e in self.state.entries(self.source.name) if e.parent is None]
        gone = [e.document.id for e in entries if e.document.id not in listed]
        held = len(gone) > GUARD_DOCUMENTS and len(gone) > GUARD_SHARE * len(entries) and not confirmed
        if held:
            self.report.held = len(gone)
        else:
            self.report.deleted = len(gone)
        if self.dry_run:
            return
        if held:
            self.state.hold([i for parent in gone for i in (parent, *(e.document.id for e in self._family(parent)))])
            return
        for document_id in gone:
            await self._remove(document_id)


def _taken(state: StateStore, item_id: str, source: str) -> bool:
    entry = state.entry(item_id)
    return entry is not None and entry.document.source != source


def item_entries(state: StateStore, source: str) -> dict[str, DocumentState]:
    """The documents of a source by their item's id (attachments left out): `document_id` the other way round."""
    found = {}
    for entry in state.entries(source):
        if entry.parent is None:
            name = entry.document.id
            bare = name.removeprefix(f"{source}:")
            found[bare if bare != name and _taken(state, bare, source) else name] = entry
    return found


def lag_seconds(completed_at: datetime | None, now: datetime) -> int | None:
    """How old a source's last complete run is; None when there was none."""
    return None if completed_at is None else int((now - completed_at).total_seconds())
