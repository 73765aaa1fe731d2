"""The state store: which version of which document is in force. SQLite through apsw.

One transaction publishes a version, so that no reader sees two versions or none. The index is
derived from what is here; every hit is checked against it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import apsw

from connectors import codec
from connectors.errors import StateUnavailable
from retrieval.people import AccessList
from retrieval.types import Document, ParsedDocument, Section

_SCHEMA = """
CREATE TABLE IF NOT EXISTS access_lists(id TEXT PRIMARY KEY, allow TEXT NOT NULL, deny TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS documents(
  id TEXT PRIMARY KEY, source TEXT NOT NULL, parent TEXT, status TEXT NOT NULL, reason TEXT NOT NULL,
  version TEXT NOT NULL, title TEXT NOT NULL, uri TEXT NOT NULL, url TEXT, sha256 TEXT NOT NULL,
  acl_id TEXT NOT NULL, media_type TEXT NOT NULL, modified_at TEXT NOT NULL,
  token TEXT NOT NULL, parser TEXT NOT NULL, synced_at TEXT NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS documents_source ON documents(source);
CREATE TABLE IF NOT EXISTS texts(
  document_id TEXT PRIMARY KEY, version TEXT NOT NULL, text TEXT NOT NULL, tree TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS sources(
  name TEXT PRIMARY KEY, config TEXT NOT NULL, started_at TEXT, completed_at TEXT, error TEXT) STRICT;
"""

_SELECT = (
    "SELECT id, source, parent, status, reason, version, title, uri, url, sha256, acl_id, media_type, modified_at,"
    " token, parser, synced_at FROM documents "
)
_PUT = "INSERT OR REPLACE INTO documents VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_IN_FORCE = "WHERE status = 'current' AND id IN (SELECT value FROM json_each(?))"
TREES = 256  # section trees kept in memory
T = TypeVar("T")
CURRENT, HELD, UNREADABLE = "current", "held", "unreadable"


@dataclass(frozen=True, slots=True)
class DocumentState:
    """A document as the state store knows it. `reason` says why it is not searchable, when it is not."""

    document: Document
    parent: str | None
    status: str  # CURRENT | HELD | UNREADABLE
    reason: str
    token: str
    parser: str
    synced_at: datetime


@dataclass(frozen=True, slots=True)
class SourceState:
    """What is known of a source's runs."""

    name: str
    config: Mapping[str, Any]
    started_at: datetime | None
    completed_at: datetime | None
    error: str | None


@dataclass(slots=True)
class _Cache:
    """Read since the last change of the store."""

    stamp: int
    documents: dict[str, Document] | None = None
    trees: dict[tuple[str, str], tuple[Section, ...]] = field(default_factory=dict)


def access_id(access: AccessList) -> str:
    """16 hex digits that name an access list by its entries."""
    return hashlib.sha256(json.dumps([sorted(access.allow), sorted(access.deny)]).encode()).hexdigest()[:16]


class StateStore:
    """Implements `retrieval.ports.Library`. Not thread-safe: use it from the event loop's thread."""

    def __init__(self, path: Path) -> None:
        """Open or create the store. Raises StateUnavailable."""
        self._path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = apsw.Connection(str(path))
            self._db.set_busy_timeout(10_000)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.execute(_SCHEMA)
        except (apsw.Error, OSError) as error:
            raise self._unavailable(error) from error
        self._cache: _Cache | None = None

    def _unavailable(self, error: Exception) -> StateUnavailable:
        return StateUnavailable(
            f"The state store {self._path} cannot be used: {error}. Check the disk and the folder's rights; "
            "if the file is damaged, move it away and run `footnote sync --full`."
        )

    @contextmanager
    def _write(self) -> Iterator[apsw.Connection]:
        try:
            with self._db:
                yield self._db
        except apsw.Error as error:
            raise self._unavailable(error) from error
        finally:
            self._cache = None

    def _read(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        try:
            return list(self._db.execute(sql, tuple(values)))
        except apsw.Error as error:
            raise self._unavailable(error) from error

    def _read_tree(self, load: Callable[[], T]) -> T:
        try:
            return load()
        except ValueError as error:
            raise self._unavailable(error) from error

    def close(self) -> None:
        self._db.close()

    # --- documents, for the sync engine

    def entry(self, document_id: str) -> DocumentState | None:
        rows = self._read(_SELECT + "WHERE id = ?", (document_id,))
        return _entry(rows[0]) if rows else None

    def entries(self, source: str | None = None) -> list[DocumentState]:
        """All documents, of one source or of all, by id."""
        rows = self._read(_SELECT + "WHERE source = coalesce(?, source) ORDER BY id", (source,))
        return [_entry(row) for row in rows]

    def publish(
        self,
        document: Document,
        access: AccessList,
        parsed: ParsedDocument,
        *,
        token: str,
        parser: str,
        parent: str | None = None,
    ) -> None:
        """Make this version the one in force, in one step; the text of the old one is gone."""
        with self._write() as db:
            self._put_access(db, access)
            self._put(db, document, CURRENT, "", token, parser, parent)
            db.execute(
                "INSERT OR REPLACE INTO texts VALUES(?, ?, ?, ?)",
                (document.id, document.version, parsed.text, codec.dump(parsed)),
            )

    def retire(
        self, document: Document, access: AccessList, reason: str, *, token: str, parser: str, parent: str | None = None
    ) -> None:
        """Say that the document's present version is not searchable; the old one is not in force either."""
        with self._write() as db:
            self._put_access(db, access)
            self._put(db, document, UNREADABLE, reason, token, parser, parent)
            db.execute("DELETE FROM texts WHERE document_id = ?", (document.id,))

    def _put_access(self, db: apsw.Connection, access: AccessList) -> None:
        values = (access_id(access), json.dumps(sorted(access.allow)), json.dumps(sorted(access.deny)))
        db.execute("INSERT OR IGNORE INTO access_lists VALUES(?, ?, ?)", values)

    def _put(
        self, db: apsw.Connection, d: Document, status: str, reason: str, token: str, parser: str, parent: str | None
    ) -> None:
        values = (
            *(d.id, d.source, parent, status, reason, d.version, d.title, d.uri, d.url, d.sha256, d.acl_id),
            *(d.media_type, d.modified_at.isoformat(), token, parser, datetime.now(UTC).isoformat()),
        )
        db.execute(_PUT, values)

    def seen(self, document_id: str, token: str, access: AccessList, url: str | None) -> None:
        """The content is as it was: remember the new token, access list and address."""
        with self._write() as db:
            self._put_access(db, access)
            db.execute(
                "UPDATE documents SET token = ?, acl_id = ?, url = ?,"
                " status = CASE status WHEN 'held' THEN 'current' ELSE status END WHERE id = ?",
                (token, access_id(access), url, document_id),
            )

    def allow(self, readers: Mapping[str, AccessList]) -> None:
        """Other people may read these documents; nothing else of them has changed."""
        with self._write() as db:
            for document_id, access in readers.items():
                self._put_access(db, access)
                db.execute("UPDATE documents SET acl_id = ? WHERE id = ?", (access_id(access), document_id))

    def remove(self, document_id: str) -> None:
        with self._write() as db:
            db.execute("DELETE FROM documents WHERE id = ?", (document_id,))
            db.execute("DELETE FROM texts WHERE document_id = ?", (document_id,))

    def hold(self, document_ids: Sequence[str]) -> None:
        """Keep these documents but cite them no more, until someone decides."""
        with self._write() as db:
            db.executemany("UPDATE documents SET status = 'held' WHERE id = ?", [(i,) for i in document_ids])

    def children(self, parent: str) -> list[str]:
        return [row[0] for row in self._read("SELECT id FROM documents WHERE parent = ?", (parent,))]

    def parsed(self, document_id: str) -> ParsedDocument | None:
        """The stored version, to index it again without its source."""
        rows = self._read("SELECT text, tree FROM texts WHERE document_id = ?", (document_id,))
        return self._read_tree(lambda: codec.load(*rows[0])) if rows else None

    # --- sources

    def started(self, name: str, config: Mapping[str, Any]) -> None:
        with self._write() as db:
            db.execute(
                "INSERT INTO sources(name, config, started_at) VALUES(?, ?, ?) ON CONFLICT(name) DO UPDATE SET"
                " config = excluded.config, started_at = excluded.started_at",
                (name, json.dumps(dict(config)), datetime.now(UTC).isoformat()),
            )

    def finished(self, name: str, error: str | None) -> None:
        completed = None if error else datetime.now(UTC).isoformat()
        with self._write() as db:
            db.execute(
                "UPDATE sources SET error = ?, completed_at = coalesce(?, completed_at) WHERE name = ?",
                (error, completed, name),
            )

    def sources(self) -> list[SourceState]:
        rows = self._read("SELECT name, config, started_at, completed_at, error FROM sources ORDER BY name")
        return [SourceState(n, json.loads(c), _time(s), _time(f), e) for n, c, s, f, e in rows]

    # --- Library

    async def current(self, document_ids: Sequence[str]) -> Mapping[str, Document]:
        rows = self._read(_SELECT + _IN_FORCE, (json.dumps(list(document_ids)),))
        return {row[0]: _entry(row).document for row in rows}

    async def access_lists(self) -> Mapping[str, AccessList]:
        rows = self._read("SELECT id, allow, deny FROM access_lists")
        return {i: AccessList(frozenset(json.loads(a)), frozenset(json.loads(d))) for i, a, d in rows}

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


def _time(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value) if value else None


def _entry(row: tuple[Any, ...]) -> DocumentState:
    (i, source, parent, status, reason, version, title, uri, url, sha, acl, media, modified, token, parser, synced) = (
        row
    )
    document = Document(
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
    )
    return DocumentState(document, parent, status, reason, token, parser, datetime.fromisoformat(synced))
