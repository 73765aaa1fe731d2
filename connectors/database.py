"""The state store's file: SQLite through apsw, its tables, and how those of earlier versions are brought up to date."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw

from connectors.errors import StateUnavailable

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
CREATE TABLE IF NOT EXISTS listed(
  source TEXT NOT NULL, item TEXT NOT NULL, PRIMARY KEY(source, item)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS versions(
  document_id TEXT NOT NULL, version TEXT NOT NULL, effective_from TEXT NOT NULL, effective_to TEXT NOT NULL,
  source TEXT NOT NULL, title TEXT NOT NULL, uri TEXT NOT NULL, url TEXT, sha256 TEXT NOT NULL,
  acl_id TEXT NOT NULL, media_type TEXT NOT NULL, modified_at TEXT NOT NULL, text TEXT NOT NULL, tree TEXT NOT NULL,
  PRIMARY KEY(document_id, effective_from)) STRICT;
CREATE INDEX IF NOT EXISTS versions_source ON versions(source);
CREATE TABLE IF NOT EXISTS own_groups(
  source TEXT NOT NULL, id TEXT NOT NULL, members TEXT NOT NULL, PRIMARY KEY(source, id)) STRICT, WITHOUT ROWID;
CREATE TEMP TABLE listing(source TEXT NOT NULL, item TEXT NOT NULL, PRIMARY KEY(source, item)) WITHOUT ROWID;
"""

# Columns that a table of an earlier version lacks. `item` is what the source calls a document ("" for an attachment).
_ADDED = {
    "documents": (
        "item TEXT NOT NULL DEFAULT ''",
        "path TEXT NOT NULL DEFAULT ''",
        "name TEXT NOT NULL DEFAULT ''",
        "effective_from TEXT NOT NULL DEFAULT ''",
        "because TEXT NOT NULL DEFAULT ''",
        "asked_at TEXT NOT NULL DEFAULT ''",
    ),
    "sources": (
        "cursor TEXT",
        "anew INTEGER NOT NULL DEFAULT 0",
        "retry_at TEXT",
        "readers_at TEXT",
        "groups_at TEXT",
    ),
}

# Before there was `item`, an id that another source had already got its source's name in front.
_ITEMS = """
UPDATE documents SET item = CASE
    WHEN substr(id, 1, length(source) + 1) = source || ':' AND EXISTS(
        SELECT 1 FROM documents other WHERE other.id = substr(documents.id, length(documents.source) + 2)
        AND other.source != documents.source)
    THEN substr(id, length(source) + 2) ELSE id END
WHERE parent IS NULL AND item = '';
UPDATE documents SET path = item WHERE path = '';
UPDATE documents SET name = path WHERE name = '';
UPDATE documents SET effective_from = modified_at WHERE effective_from = '';
"""


class StateDatabase:
    """Not thread-safe: use it from the event loop's thread."""

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
            self._bring_up()
        except (apsw.Error, OSError) as error:
            raise self._unavailable(error) from error

    def _bring_up(self) -> None:
        for table, columns in _ADDED.items():
            if len(_missing(self._db, table, columns)):
                self._db.execute("BEGIN IMMEDIATE")
                with self._db:  # another process may have been first
                    for column in _missing(self._db, table, columns):
                        self._db.execute(f"ALTER TABLE {table} ADD COLUMN {column}")
                    if table == "documents":
                        self._db.execute(_ITEMS)
                self._db.execute("COMMIT")
        self._db.execute("CREATE INDEX IF NOT EXISTS documents_item ON documents(source, item)")

    def _unavailable(self, error: Exception) -> StateUnavailable:
        return StateUnavailable(
            f"The state store {self._path} cannot be used: {error}. Check the disk and the folder's rights; "
            "if the file is damaged, move it away and run `footnote sync --full`."
        )

    @contextmanager
    def _write(self) -> Iterator[apsw.Connection]:
        """One transaction; nested ones belong to the outermost."""
        try:
            if self._db.in_transaction:
                yield self._db
            else:
                self._db.execute("BEGIN IMMEDIATE")
                try:
                    yield self._db
                except BaseException:
                    self._db.execute("ROLLBACK")
                    raise
                self._db.execute("COMMIT")
        except apsw.Error as error:
            raise self._unavailable(error) from error
        finally:
            self._changed()

    def _changed(self) -> None:
        """What is kept of the store in memory may be out of date."""

    def _read(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        try:
            return list(self._db.execute(sql, tuple(values)))
        except apsw.Error as error:
            raise self._unavailable(error) from error

    @property
    def folder(self) -> Path:
        """Where the store lies: the home."""
        return self._path.parent

    def close(self) -> None:
        self._db.close()


def _missing(db: apsw.Connection, table: str, columns: Sequence[str]) -> list[str]:
    there = {row[1] for row in db.execute(f"PRAGMA table_info({table})")}
    return [column for column in columns if column.split()[0] not in there]
