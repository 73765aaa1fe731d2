"""The state store: which version of which document is in force.

One transaction publishes a version, so that no reader sees two versions or none. The index is
derived from what is here; every hit is checked against it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, TypeVar

import apsw

from connectors import codec
from connectors.access import NOBODY
from connectors.members import Members
from connectors.runs import SourceRuns, SourceState
from retrieval.people import AccessList
from retrieval.types import Document, ParsedDocument, Section

__all__ = [
    "CURRENT",
    "HELD",
    "PENDING",
    "UNREADABLE",
    "DocumentState",
    "Origin",
    "SourceState",
    "StateStore",
    "access_id",
]

_COLUMNS = (
    "id, source, parent, status, reason, version, title, uri, url, sha256, acl_id, media_type, modified_at,"
    " token, parser, synced_at, item, path, name, effective_from, because"
)
_SELECT = "SELECT {} FROM documents ".format(_COLUMNS)  # noqa: S608, UP032
_PUT = f"INSERT OR REPLACE INTO documents({_COLUMNS}) VALUES({', '.join('?' * 21)})"
_IN_FORCE = "WHERE status = 'current' AND id IN (SELECT value FROM json_each(?))"
TREES = 256  # section trees kept in memory
T = TypeVar("T")
CURRENT, HELD, UNREADABLE, PENDING = "current", "held", "unreadable", "pending"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a document comes from: its item ("" for an attachment, whose carrier is `parent`), and how it was read.

    `because` is what its readers come from, where the source says so.
    """

    item: str
    path: str
    name: str
    token: str
    parser: str
    parent: str | None = None
    because: str = ""


@dataclass(frozen=True, slots=True)
class DocumentState:
    """A document as the state store knows it. `reason` says why it is not searchable, when it is not.

    PENDING: seen at the source, and not read yet. `since` is when its version came into force, as far as is known.
    """

    document: Document
    origin: Origin
    status: str  # CURRENT | HELD | UNREADABLE | PENDING
    reason: str
    synced_at: datetime
    since: datetime

    @property
    def parent(self) -> str | None:
        return self.origin.parent

    @property
    def token(self) -> str:
        return self.origin.token

    @property
    def parser(self) -> str:
        return self.origin.parser


@dataclass(slots=True)
class _Cache:
    """Read since the last change of the store."""

    stamp: int
    documents: dict[str, Document] | None = None
    access: dict[str, AccessList] | None = None
    trees: dict[tuple[str, str], tuple[Section, ...]] = field(default_factory=dict)


def access_id(access: AccessList) -> str:
    """16 hex digits that name an access list by its entries."""
    return hashlib.sha256(json.dumps([sorted(access.allow), sorted(access.deny)]).encode()).hexdigest()[:16]


class StateStore(SourceRuns):
    """Implements `retrieval.ports.Library`. Not thread-safe: use it from the event loop's thread."""

    _cache: _Cache | None = None

    def _changed(self) -> None:
        self._cache = None

    def _read_tree(self, load: Callable[[], T]) -> T:
        try:
            return load()
        except ValueError as error:
            raise self._unavailable(error) from error

    # --- documents, for the sync engine

    def entry(self, document_id: str) -> DocumentState | None:
        rows = self._read(_SELECT + "WHERE id = ?", (document_id,))
        return _entry(rows[0]) if rows else None

    def entries(self, source: str | None = None) -> list[DocumentState]:
        """All documents, of one source or of all, by id."""
        rows = self._read(_SELECT + "WHERE source = coalesce(?, source) ORDER BY id", (source,))
        return [_entry(row) for row in rows]

    def each(self, source: str) -> Iterator[DocumentState]:
        """The documents of a source one by one, attachments left out. Nothing may be written meanwhile."""
        try:
            for row in self._db.execute(_SELECT + "WHERE source = ? AND parent IS NULL", (source,)):
                yield _entry(row)
        except apsw.Error as error:
            raise self._unavailable(error) from error

    def of_items(self, source: str, items: Iterable[str]) -> dict[str, DocumentState]:
        """The documents of these items of a source, by item."""
        rows = self._read(
            _SELECT + "WHERE source = ? AND parent IS NULL AND item IN (SELECT value FROM json_each(?))",  # noqa: S608
            (source, json.dumps(list(items))),
        )
        return {entry.origin.item: entry for entry in map(_entry, rows)}

    def below(self, source: str, folder: str) -> list[str]:
        """Items of a source whose path lies below a folder."""
        start = folder.rstrip("/") + "/"
        rows = self._read(
            "SELECT item FROM documents WHERE source = ? AND parent IS NULL AND substr(path, 1, ?) = ?",
            (source, len(start), start),
        )
        return [row[0] for row in rows]

    def claim(self, source: str, documents: Sequence[tuple[Document, Origin]]) -> dict[str, str]:
        """Keep a place for documents not seen before, in one step; gives each one's id by its item.

        The id is the item's, with the source's name before it where another source has that already.
        """
        ids = {}
        with self._write() as db:
            self._put_access(db, NOBODY)
            taken = dict(
                self._read(
                    "SELECT id, source FROM documents WHERE id IN (SELECT value FROM json_each(?))",
                    (json.dumps([origin.item for _, origin in documents]),),
                )
            )
            for document, origin in documents:
                bare = taken.get(origin.item, source) == source
                ids[origin.item] = origin.item if bare else f"{source}:{origin.item}"
                placed = replace(document, id=ids[origin.item], acl_id=access_id(NOBODY))
                values = _values(placed, origin, PENDING, document.modified_at.isoformat())
                db.execute(_PUT.replace("OR REPLACE", "OR IGNORE"), values)
        return ids

    def publish(self, document: Document, access: AccessList, parsed: ParsedDocument, origin: Origin) -> None:
        """Make this version the one in force, in one step; the one before is kept among the earlier versions."""
        now = datetime.now(UTC)
        with self._write() as db:
            self._put_access(db, access)
            since = self._supersede(db, document, now)
            db.execute(_PUT, _values(document, origin, CURRENT, since.isoformat()))
            db.execute(
                "INSERT OR REPLACE INTO texts VALUES(?, ?, ?, ?)",
                (document.id, document.version, parsed.text, codec.dump(parsed)),
            )

    def _supersede(self, db: apsw.Connection, document: Document, now: datetime) -> datetime:
        """Put the version in force, if it is another one, among the earlier; since when the new one counts.

        What a source says of the time of a change is believed only within what was seen: a restored or copied
        file carries an old date.
        """
        before = self.entry(document.id)
        if before is None or before.status == PENDING:
            rows = db.execute("SELECT max(effective_to) FROM versions WHERE document_id = ?", (document.id,))
            last = next(iter(rows))[0]
            floor = datetime.fromisoformat(str(last)) if last else datetime.min.replace(tzinfo=UTC)
            return min(max(document.modified_at, floor), now)
        if before.document.version == document.version and before.status != UNREADABLE:
            return before.since
        since = document.modified_at if before.synced_at < document.modified_at <= now else now
        self._keep(db, document.id, since)
        return since

    def _keep(self, db: apsw.Connection, document_id: str, until: datetime) -> None:
        """Put the stored text of a document among its earlier versions."""
        db.execute(
            "INSERT OR REPLACE INTO versions SELECT d.id, t.version, d.effective_from, ?, d.source, d.title, d.uri,"
            " d.url, d.sha256, d.acl_id, d.media_type, d.modified_at, t.text, t.tree"
            " FROM documents d JOIN texts t ON t.document_id = d.id WHERE d.id = ?",
            (until.isoformat(), document_id),
        )
        db.execute("DELETE FROM texts WHERE document_id = ?", (document_id,))

    def retire(self, document: Document, access: AccessList, reason: str, origin: Origin) -> None:
        """Say that the document's present version is not searchable; the old one is not in force either."""
        now = datetime.now(UTC)
        with self._write() as db:
            self._put_access(db, access)
            self._keep(db, document.id, now)
            db.execute(_PUT, _values(document, origin, UNREADABLE, now.isoformat(), reason))

    def _put_access(self, db: apsw.Connection, access: AccessList) -> None:
        values = (access_id(access), json.dumps(sorted(access.allow)), json.dumps(sorted(access.deny)))
        db.execute("INSERT OR IGNORE INTO access_lists VALUES(?, ?, ?)", values)

    def seen(self, document_ids: Iterable[str], origin: Origin, url: str | None) -> None:
        """The content is as it was: remember the new token, place and address, for a document and its attachments."""
        with self._write() as db:
            for document_id in document_ids:
                db.execute(
                    "UPDATE documents SET token = ?, url = ?, path = ?,"
                    " status = CASE status WHEN 'held' THEN 'current' ELSE status END WHERE id = ?",
                    (origin.token, url, origin.path, document_id),
                )
                if origin.item:
                    db.execute(
                        "UPDATE documents SET name = ? WHERE id = ? AND item = ?",
                        (origin.name, document_id, origin.item),
                    )

    def allow(self, readers: Mapping[str, AccessList], because: Mapping[str, str] | None = None) -> None:
        """Other people may read these documents; nothing else of them has changed."""
        told = because or {}
        with self._write() as db:
            for document_id, access in readers.items():
                self._put_access(db, access)
                db.execute(
                    "UPDATE documents SET acl_id = ?, because = ? WHERE id = ?",
                    (access_id(access), told.get(document_id, ""), document_id),
                )

    def remove(self, document_id: str) -> None:
        """Nobody is quoted this any more; what it said is kept among the earlier versions."""
        with self._write() as db:
            self._keep(db, document_id, datetime.now(UTC))
            db.execute("DELETE FROM documents WHERE id = ?", (document_id,))

    def hold(self, document_ids: Sequence[str]) -> None:
        """Keep these documents but cite them no more, until someone decides."""
        with self._write() as db:
            db.executemany(
                "UPDATE documents SET status = 'held' WHERE id = ? AND status = 'current'", [(i,) for i in document_ids]
            )

    def paths(self, source: str) -> list[str]:
        """Paths of all documents of a source, attachments left out."""
        return [
            row[0] for row in self._read("SELECT path FROM documents WHERE source = ? AND parent IS NULL", (source,))
        ]

    def count(self, source: str) -> int:
        """How many documents of a source are known, attachments left out."""
        rows = self._read("SELECT count(*) FROM documents WHERE source = ? AND parent IS NULL", (source,))
        return int(rows[0][0])

    def source_of(self, document_id: str) -> str | None:
        """The source that a document, or what an attachment is attached to, is of."""
        rows = self._read(
            "SELECT source FROM documents WHERE id IN (SELECT value FROM json_each(?)) LIMIT 1",
            (json.dumps([document_id, document_id.partition("!/")[0]]),),
        )
        return rows[0][0] if rows else None

    def longest_unasked(self, source: str) -> list[str]:
        """Items of a source; first those whose readers were asked for longest ago."""
        rows = self._read(
            "SELECT item FROM documents WHERE source = ? AND parent IS NULL ORDER BY asked_at, id", (source,)
        )
        return [row[0] for row in rows]

    def asked(self, document_ids: Sequence[str]) -> None:
        """The source has said who may read these."""
        now = datetime.now(UTC).isoformat()
        with self._write() as db:
            db.executemany("UPDATE documents SET asked_at = ? WHERE id = ?", [(now, i) for i in document_ids])

    def family_ids(self, document_id: str) -> list[str]:
        """A document's attachments, and theirs."""
        found = []
        for child in self.children(document_id):
            found += [child, *self.family_ids(child)]
        return found

    def children(self, parent: str) -> list[str]:
        return [row[0] for row in self._read("SELECT id FROM documents WHERE parent = ?", (parent,))]

    def parsed(self, document_id: str) -> ParsedDocument | None:
        """The stored version, to index it again without its source."""
        rows = self._read("SELECT text, tree FROM texts WHERE document_id = ?", (document_id,))
        return self._read_tree(lambda: codec.load(*rows[0])) if rows else None

    # --- earlier versions

    def in_force_still(self, moment: datetime) -> dict[str, Document]:
        """Documents whose version of now was in force at that moment."""
        rows = self._read(_SELECT + "WHERE status = 'current' AND effective_from < ?", (moment.isoformat(),))
        return {row[0]: _entry(row).document for row in rows}

    def in_force(self, moment: datetime) -> dict[str, Document]:
        """Documents whose version at that moment, which began before it, is not in force any more.

        Their access list is the one of now, where the document is still there.
        """
        rows = self._read(
            "SELECT v.document_id, v.version, v.title, v.uri, v.url, v.sha256, coalesce(d.acl_id, v.acl_id), v.source,"
            " v.media_type, v.modified_at, v.effective_from, v.effective_to"
            " FROM versions v LEFT JOIN documents d ON d.id = v.document_id"
            " WHERE v.effective_from < ?1 AND ?1 <= v.effective_to ORDER BY v.effective_from",
            (moment.isoformat(),),
        )
        return {row[0]: _earlier(row) for row in rows}

    def changed_since(self, since: datetime | None) -> list[str]:
        """Documents of which a version ended, since a time; None: ever."""
        rows = self._read(
            "SELECT DISTINCT document_id FROM versions WHERE effective_to >= ? ORDER BY document_id",
            (since.isoformat() if since else "",),
        )
        return [row[0] for row in rows]

    def earlier(self, document_id: str, version: str, moment: datetime) -> ParsedDocument | None:
        """A version that was in force at that moment; None: it is not kept."""
        rows = self._read(
            "SELECT text, tree FROM versions WHERE document_id = ? AND version = ? AND effective_from < ?"
            " ORDER BY effective_from DESC LIMIT 1",
            (document_id, version, moment.isoformat()),
        )
        return self._read_tree(lambda: codec.load(*rows[0])) if rows else None

    # --- Library

    async def current(self, document_ids: Sequence[str]) -> Mapping[str, Document]:
        rows = self._read(_SELECT + _IN_FORCE, (json.dumps(list(document_ids)),))
        return {row[0]: _entry(row).document for row in rows}

    async def access_lists(self) -> Mapping[str, AccessList]:
        cache = self._cached()
        if cache.access is None:
            rows = self._read("SELECT id, allow, deny FROM access_lists")
            groups = Members(self.own_groups())
            cache.access = {
                i: groups.resolved(AccessList(frozenset(json.loads(a)), frozenset(json.loads(d)))) for i, a, d in rows
            }
        return cache.access

    async def text(self, document_id: str, version: str, start: int, end: int) -> str:
        rows = self._read(
            "SELECT substr(text, ?, ?) FROM texts WHERE document_id = ? AND version = ?",
            (start + 1, max(end - start, 0), document_id, version),
        )
        return str(rows[0][0]) if rows else ""

    async def sections(self, document_id: str, version: str) -> tuple[Section, ...]:
        key = (document_id, version)
        trees = self._cached().trees
        if key not in trees:
            rows = self._read("SELECT tree FROM texts WHERE document_id = ? AND version = ?", key)
            trees[key] = self._read_tree(lambda: codec.load_sections(rows[0][0])) if rows else ()
            if len(trees) > TREES:
                trees.pop(next(iter(trees)))
        return trees[key]

    async def documents(self) -> Mapping[str, Document]:
        cache = self._cached()
        if cache.documents is None:
            rows = self._read(_SELECT + "WHERE status = 'current'")
            cache.documents = {row[0]: _entry(row).document for row in rows}
        return cache.documents

    def _cached(self) -> _Cache:
        """What was read since the last change: data_version moves when another process commits, our own
        commits drop the cache."""
        stamp = int(self._read("PRAGMA data_version")[0][0])
        if self._cache is None or self._cache.stamp != stamp:
            self._cache = _Cache(stamp)
        return self._cache


def _values(d: Document, origin: Origin, status: str, since: str, reason: str = "") -> tuple[Any, ...]:
    """A row of `documents`, in the order of `_COLUMNS`."""
    return (
        *(d.id, d.source, origin.parent, status, reason, d.version, d.title, d.uri, d.url, d.sha256, d.acl_id),
        *(d.media_type, d.modified_at.isoformat(), origin.token, origin.parser, datetime.now(UTC).isoformat()),
        *(origin.item, origin.path, origin.name, since, origin.because),
    )


def _entry(row: tuple[Any, ...]) -> DocumentState:
    i, source, parent, status, reason, version, title, uri, url, sha, acl, media, modified, token, *rest = row
    parser, synced, item, path, name, since, because = rest
    document = _document((i, version, title, uri, url, sha, acl, source, media, modified, since))
    origin = Origin(item, path, name, token, parser, parent, because)
    began = datetime.fromisoformat(since)
    return DocumentState(document, origin, status, reason, datetime.fromisoformat(synced), began)


def _earlier(row: Sequence[Any]) -> Document:
    *held, until = row
    return replace(_document(held), effective_to=datetime.fromisoformat(until).date())


def _document(held: Sequence[Any]) -> Document:
    i, version, title, uri, url, sha, acl, source, media, modified, since = held
    return Document(
        id=i,
        version=version,
        title=title,
        uri=uri,
        url=url,
        sha256=sha,
        acl_id=acl,
        source=source,
        media_type=media,
        modified_at=datetime.fromisoformat(modified),
        effective_from=datetime.fromisoformat(since).date(),
    )
