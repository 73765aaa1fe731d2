"""One run over one source: from what it lists or tells to what is published, retired, deleted and held."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Coroutine, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from connectors.access import NOBODY
from connectors.errors import ItemGone, ItemUnreadable, SourceUnavailable
from connectors.ports import Follower, Gone, Item, KnowsReaders, Lister, ListingFailure, Readers, Source
from connectors.report import Covered, Failed, Progress, SyncReport
from connectors.state import PENDING, UNREADABLE, DocumentState, Origin, StateStore, access_id
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
PROVISIONAL = "~"  # what tokens begin with that may not show a further change
WINDOW = 200  # items that are compared, asked about and worked on together
T = TypeVar("T")


async def patient(found: AsyncIterator[T], seconds: float, source: str) -> AsyncIterator[T]:
    """What a source gives, as long as it gives something. Raises SourceUnavailable for one that hangs."""
    while True:
        try:
            yield await asyncio.wait_for(anext(found), seconds)
        except StopAsyncIteration:
            return
        except TimeoutError as error:
            raise SourceUnavailable(f"the source {source!r} has said nothing for {seconds:.0f} s.") from error


async def side_by_side(work: Iterable[Coroutine[Any, Any, None]]) -> None:
    """All of these at once. Raises what the first that fails raises; the others end then."""
    try:
        async with asyncio.TaskGroup() as group:
            for one in work:
                group.create_task(one)
    except ExceptionGroup as several:
        raise several.exceptions[0] from None  # the others only followed from it


@dataclass(frozen=True, slots=True)
class Tools:
    """What runs share: `parses` and `writes` bound what all of them do at once."""

    state: StateStore
    index: Index
    embedder: Embedder
    parser: Parser
    parses: asyncio.Semaphore
    writes: asyncio.Semaphore


@dataclass(slots=True)
class Run:
    """The state of one run over one source. `fetches` bounds the files in flight."""

    tools: Tools
    source: Source
    parser_version: str
    titles: TitleRules
    full: bool
    dry_run: bool
    confirmed: bool
    report: SyncReport
    fetches: asyncio.Semaphore
    patience: float
    progress: Progress
    unknown: list[str] = field(default_factory=list)  # paths that a dry run met first

    @property
    def state(self) -> StateStore:
        return self.tools.state

    # --- from the source

    async def listing(self, source: Lister, patience: float) -> bool:
        """All that it lists; whether the listing is whole."""
        gaps = 0
        self.state.unmark(source.name)
        window: list[Item] = []
        async for found in patient(source.list(), patience, source.name):
            if isinstance(found, ListingFailure):
                gaps += 1
                self.report.failed.append(Failed(found.where, found.reason))
                continue
            window.append(found)
            if len(window) == WINDOW:
                await self.window(window)
                window = []
        await self.window(window)
        if not gaps:
            await self.missing(self.state.unlisted(source.name))
        self.state.unmark(source.name)
        return not gaps

    async def pages(self, source: Follower, cursor: str | None, patience: float, *, anew: bool) -> bool:
        """What changed since a cursor, or everything; whether all of it was told."""
        again = [_item(entry) for entry in self.state.each(source.name) if self._to_read_again(entry)]
        for start in range(0, len(again), WINDOW):
            await self.window(again[start : start + WINDOW], mark=False)
        lasting = anew and not self.dry_run
        if not lasting:
            self.state.unmark(source.name)
        gaps = False
        async for page in patient(source.changes(cursor), patience, source.name):
            last = {_key(entry): entry for entry in page.entries}  # what comes later holds
            items = [entry for entry in last.values() if isinstance(entry, Item)]
            for start in range(0, len(items), WINDOW):
                await self.window(items[start : start + WINDOW], mark=not lasting)
            for entry in last.values():
                if isinstance(entry, Gone):
                    await self.gone(entry)
                elif isinstance(entry, ListingFailure):
                    gaps = True
                    self.report.failed.append(Failed(entry.where, entry.reason))
            # What could not be listed comes again only from here: the cursor does not go past it.
            if not gaps and not self.dry_run:
                self.state.advance(source.name, page.cursor, [item.id for item in items], anew=anew)
        if anew and not gaps:
            await self.missing(self.state.unlisted(source.name, lasting=lasting))
            if not self.dry_run:
                self.state.caught_up(source.name)
        return not gaps

    def _to_read_again(self, entry: DocumentState) -> bool:
        """What was told before and not read, or read in another way: the source will not tell it again."""
        lost = entry.status == PENDING or (entry.status == UNREADABLE and not entry.token)
        return lost or entry.parser != self.parser_version

    async def window(self, listed: Sequence[Item], *, mark: bool = True) -> None:
        """Some items, each once: those that are as they were are noted, the others read."""
        items = list({item.id: item for item in listed}.values())
        known = self.state.of_items(self.source.name, [item.id for item in items])
        wanted = [item for item in items if not self._same(known.get(item.id), item)]
        told = isinstance(self.source, Follower)  # then an item may have been told for its readers' sake
        access = await self._decide(items, asked=items if told else wanted)
        for item in items:
            entry = known.get(item.id)
            if entry is not None and self._same(entry, item):
                await self._as_it_was(entry, item, access.get(item.id))
                self.progress(entry.document.id, 0)
        ids = self._places([item for item in wanted if item.id not in known])

        async def handle(item: Item) -> None:
            entry = known.get(item.id)
            document_id = entry.document.id if entry else ids[item.id]
            async with self.fetches:
                pages = await self._item(document_id, item, entry, access[item.id] or NOBODY)
            self.progress(document_id, pages)

        await side_by_side(handle(item) for item in wanted)
        if mark:
            self.state.mark(self.source.name, [item.id for item in items])

    def _same(self, entry: DocumentState | None, item: Item) -> bool:
        settled = item.token and not item.token.startswith(PROVISIONAL)
        return bool(entry and self._as_read(entry) and settled and item.token == entry.token)

    def _as_read(self, entry: DocumentState) -> bool:
        return entry.status != PENDING and entry.parser == self.parser_version and not self.full

    def _places(self, items: Sequence[Item]) -> dict[str, str]:
        """Ids for documents not seen before."""
        if self.dry_run:
            self.unknown += [item.where for item in items]
            return {item.id: item.id for item in items}
        made = [(self._document(item.id, item, "", item.name, NOBODY), self._origin(item, token="")) for item in items]
        return self.state.claim(self.source.name, made) if made else {}

    async def _decide(self, items: Sequence[Item], *, asked: Sequence[Item]) -> dict[str, AccessList | None]:
        """Who may read each item; None where nobody was asked, and it stays as it was."""
        rules = self.source.access
        if rules is not None:
            return {item.id: rules.decide(item.where).access for item in items}
        found: dict[str, AccessList | None] = {item.id: item.readers for item in items}
        open_ = [item.id for item in asked if item.readers is None]
        if not isinstance(self.source, KnowsReaders):
            return found | dict.fromkeys(open_, NOBODY)
        if open_ and not self.dry_run:
            found |= dict.fromkeys(open_, NOBODY)
            async for told in patient(self.source.readers(open_), self.patience, self.source.name):
                if isinstance(told, Readers) and told.id in found:
                    found[told.id] = told.access
        return found

    # --- a document

    async def _item(self, document_id: str, item: Item, known: DocumentState | None, access: AccessList) -> int:
        """Fetch and read a document; how many pages were read."""
        try:
            content = await asyncio.wait_for(self.source.fetch(item), self.patience)
        except ItemGone:
            await self._vanished(document_id, known)
            return 0
        except (ItemUnreadable, TimeoutError) as error:
            reason = str(error) or f"the source has not given it within {self.patience:.0f} s"
            document = self._document(document_id, item, "", item.name, access)
            await self._retire(document, access, reason, self._origin(item, token=""), known)  # and try again
            return 0
        sha256 = await asyncio.to_thread(lambda: hashlib.sha256(content).hexdigest())
        if known and self._as_read(known) and sha256 == known.document.sha256:
            await self._as_it_was(known, item, access)
            return 0
        if self.dry_run:
            self._count(known)
            return 0
        return await self._read(document_id, item, content, sha256, known, access, self._origin(item), depth=0)

    async def _as_it_was(self, known: DocumentState, item: Item, access: AccessList | None) -> None:
        if known.status == UNREADABLE:
            self.report.failed.append(Failed(known.document.id, known.reason))
        else:
            self.report.unchanged += 1
        if self.dry_run:
            return
        family = [known.document.id, *self.state.family_ids(known.document.id)]
        if access is not None and access_id(access) != known.document.acl_id:
            if self.source.access is None:  # else `apply_rules` has counted it
                self.report.readers_changed += 1
            for document_id in family:  # the state store, which decides, comes last
                await self.tools.index.set_access(document_id, access_id(access))
            self.state.allow(dict.fromkeys(family, access))
        origin = replace(self._origin(item), parser=known.parser, because=known.origin.because)
        if origin != known.origin or item.url != known.document.url or known.status not in ("current", UNREADABLE):
            self.state.seen(family, origin, item.url)

    async def _vanished(self, document_id: str, known: DocumentState | None) -> None:
        """Listed, and gone before it could be fetched: the source says that it is deleted."""
        if known is not None and known.status != PENDING:
            self.report.deleted += 1
        if not self.dry_run:
            await self._remove(document_id)

    def _origin(self, item: Item, *, token: str | None = None) -> Origin:
        return Origin(item.id, item.where, item.name, item.token if token is None else token, self.parser_version)

    def _document(self, document_id: str, item: Item, sha256: str, title: str, access: AccessList) -> Document:
        return Document(
            id=document_id,
            version=f"{item.modified_at:%Y-%m-%d}.{sha256[:8]}",
            title=title,
            uri=item.uri,
            url=item.url,
            sha256=sha256,
            acl_id=access_id(access),
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
        access: AccessList,
        origin: Origin,
        depth: int,
    ) -> int:
        document = self._document(document_id, item, sha256, item.name, access)
        try:
            async with self.tools.parses:
                parsed = await self.tools.parser.parse(item.name, content)
            if not parsed.text.strip():
                raise DocumentUnreadable("there is no text in it")
        except DocumentUnreadable as error:
            await self._retire(document, access, str(error), origin, known)
            return 0
        document = replace(document, title=self.titles.title(item.where, parsed) or item.name)
        await self._publish(document, access, parsed, origin)
        self._count(known)
        await self._attachments(document, item, parsed.attachments, access, origin, depth)
        return max((place.page or 0 for place in parsed.places), default=0)

    async def _publish(self, document: Document, access: AccessList, parsed: ParsedDocument, origin: Origin) -> None:
        tools = self.tools
        async with tools.writes:
            await indexing.put(tools.index, tools.embedder, document, parsed)
            tools.state.publish(document, access, parsed, origin)
            await tools.index.withdraw(document.id, keep=document.version)

    async def _attachments(
        self,
        parent: Document,
        item: Item,
        attachments: tuple[Attachment, ...],
        access: AccessList,
        origin: Origin,
        depth: int,
    ) -> None:
        """Attachments are documents of their own, with their carrier's readers and life."""
        kept = set()
        for attachment in attachments if depth < MAX_ATTACHMENT_DEPTH else ():
            child_id = f"{parent.id}!/{attachment.name}"
            if child_id in kept:
                continue
            kept.add(child_id)
            sha256 = hashlib.sha256(attachment.content).hexdigest()
            child = replace(item, id=child_id, name=attachment.name, path=child_id)
            known = self.state.entry(child_id)
            own = replace(origin, item="", name=attachment.name, parent=parent.id)
            await self._read(child_id, child, attachment.content, sha256, known, access, own, depth + 1)
        for child_id in self.state.children(parent.id):
            if child_id not in kept:
                await self._remove(child_id)

    async def _retire(
        self, document: Document, access: AccessList, reason: str, origin: Origin, known: DocumentState | None
    ) -> None:
        """The present version cannot be read, so the old one is no longer in force either."""
        self.report.failed.append(Failed(document.id, reason))
        if self.dry_run:
            return
        self.state.retire(document, access, reason, origin)
        if known is not None:
            await self.tools.index.withdraw(document.id)
            for child in self.state.children(document.id):
                await self._remove(child)

    def _count(self, known: DocumentState | None) -> None:
        if known is None or known.status == PENDING:
            self.report.added += 1
        else:
            self.report.changed += 1

    # --- what is gone

    async def _remove(self, document_id: str) -> None:
        for child in self.state.children(document_id):
            await self._remove(child)
        self.state.remove(document_id)  # first: from here on nobody is quoted to
        await self.tools.index.withdraw(document_id)

    async def gone(self, told: Gone) -> None:
        """What the source says is deleted is so at once, however much it is."""
        items = [told.id] if told.id else self.state.below(self.source.name, told.below)
        for entry in self.state.of_items(self.source.name, items).values():
            self.report.deleted += 1
            if not self.dry_run:
                await self._remove(entry.document.id)

    async def missing(self, gone: Sequence[str]) -> None:
        """What a whole listing has not shown is gone; too much at once is held, not cited, and reported."""
        everything = self.state.count(self.source.name)
        held = len(gone) > GUARD_DOCUMENTS and len(gone) > GUARD_SHARE * everything and not self.confirmed
        if held:
            self.report.held = len(gone)
        else:
            self.report.deleted += len(gone)
        if self.dry_run:
            return
        if held:
            self.state.hold([i for parent in gone for i in (parent, *self.state.family_ids(parent))])
            return
        for document_id in gone:
            await self._remove(document_id)

    # --- who may read

    async def apply_rules(self) -> None:
        """Let the rules of now decide about what is known already, whatever the source lists or whether it answers."""
        if self.source.access is None:
            return
        changed: dict[str, AccessList] = {}
        for entry in self.state.each(self.source.name):
            if entry.status == PENDING:
                continue
            access = self.source.access.decide(entry.origin.path).access
            if access_id(access) != entry.document.acl_id:
                self.report.readers_changed += 1
                changed |= dict.fromkeys([entry.document.id, *self.state.family_ids(entry.document.id)], access)
        if self.dry_run:
            return
        # The state store, which decides, comes last: a crash before it leaves the change to the next run.
        for document_id, access in changed.items():
            await self.tools.index.set_access(document_id, access_id(access))
        self.state.allow(changed)

    def cover(self, complete: bool) -> None:
        """Report what each rule covers; what covers nothing is a mistake, unless the listing has gaps."""
        rules = self.source.access
        if rules is None or not rules.rules:
            return
        paths = sorted({*self.state.paths(self.source.name), *self.unknown})
        coverage = rules.coverage(map(rules.decide, paths))
        for rule, matched, decided in zip(rules.rules, coverage.matched, coverage.decided, strict=True):
            self.report.rules.append(Covered(self.source.name, rule.path, matched, decided, rule.access.described))
        rest = coverage.unmatched
        self.report.rules.append(Covered(self.source.name, None, rest, rest, rules.otherwise.described))
        if complete:
            self.report.mistakes = rules.mistakes(coverage, paths)


def _key(entry: Item | Gone | ListingFailure) -> tuple[str, str]:
    if isinstance(entry, ListingFailure):
        return "failure", entry.where
    if isinstance(entry, Gone) and not entry.id:
        return "below", entry.below
    return "item", entry.id


def _item(entry: DocumentState) -> Item:
    """An item as it was told, to be read again."""
    document, origin = entry.document, entry.origin
    return Item(origin.item, origin.name, document.uri, document.url, document.modified_at, "", path=origin.path)
