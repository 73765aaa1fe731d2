"""The search index of a log in SQLite: a second file, attached to the session that reads.

It is no part of the log: it holds no proof, may be deleted at any time, and catches up when somebody
searches, so that appending an answer never waits for it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import apsw

from audit.database import Session
from audit.disclosure import values_of
from audit.record import Json
from audit.search import Filter, FilterQuery, mentions, named, plain_conditions, within, words_of

_SCHEMA = """
CREATE TABLE IF NOT EXISTS mention (
    kind TEXT NOT NULL, value TEXT NOT NULL, idx INTEGER NOT NULL,
    PRIMARY KEY (kind, value, idx)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS progress (one INTEGER PRIMARY KEY CHECK (one = 1), next INTEGER NOT NULL) STRICT;
INSERT OR IGNORE INTO progress VALUES (1, 0);
CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5 (text, content = '', tokenize = 'unicode61 remove_diacritics 2');
INSERT INTO words (words, rank) VALUES ('secure-delete', 1);
"""
_COMPARED = (
    (
        "persons, places or documents",
        "SELECT kind, value, idx FROM main.mention WHERE idx < ?",
        "SELECT kind, value, idx FROM found.mention WHERE idx < ?",
    ),
    (
        "words",
        "SELECT term, doc, offset FROM temp.main_words WHERE doc < ?",
        "SELECT term, doc, offset FROM temp.found_words WHERE doc < ?",
    ),
)
EACH = "SELECT value FROM json_each(?)"
_RARE = 1_000
_BATCH = 2_000  # records a transaction


class SqliteSearch:
    """Implements `SearchIndex`. Raises apsw.Error, OSError."""

    def __init__(self, path: Path, log: Session, covered: Callable[[], int]) -> None:
        """`covered` says how many records the signed checkpoint covers."""
        self._path = path
        self._log = log
        self._covered = covered
        try:
            self._index = _open(path)
        except (apsw.CorruptError, apsw.NotADBError):
            # It is derived: when its file is damaged, start it anew.
            for suffix in ("", "-wal", "-shm"):
                Path(f"{path}{suffix}").unlink(missing_ok=True)
            self._index = _open(path)
        log.run("ATTACH ? AS search", (str(path),))

    def catch_up(self) -> None:
        """Index the records appended since the last search, as far as the checkpoint covers them."""
        size = self._covered()
        if self._next() > size:  # made from another log, or from rows that are no records
            self.reset()
        while True:
            start = self._next()
            if start >= size:
                return
            with self._transaction():
                start = self._next()
                rows = self._log.rows(
                    "SELECT entry.idx, body FROM entry LEFT JOIN disclosure USING (idx)"
                    " WHERE entry.idx >= ? AND entry.idx < ? ORDER BY entry.idx",
                    (start, min(size, start + _BATCH)),
                )
                for index, body in rows:
                    self._add(index, values_of(body) if body is not None else {})
                self._index.execute("UPDATE progress SET next = ?", (min(size, start + _BATCH),))

    def conditions(self, wanted: Filter) -> FilterQuery:
        """The most selective source drives, in the order of positions.

        So the first page of a common word or of a rare person costs the same: a few steps of an index.
        """
        self.catch_up()
        parts: list[str] = []
        values: list[str | int] = []
        source, key = "entry", "entry.idx"

        def add(part: str, *given: str | int) -> None:
            parts.append(part)
            values.extend(given)

        names = named(wanted)
        words = _match(wanted.text) if wanted.text is not None else None
        rare = next((pair for pair in names if self._is_rare(*pair)), None)
        if words is not None and rare is None:
            source, key = "search.words AS w CROSS JOIN entry ON entry.idx = w.rowid", "w.rowid"
            add("w.words MATCH ?", words)
        elif names:
            driver = rare or names[0]
            names.remove(driver)
            source, key = "search.mention AS m CROSS JOIN entry ON entry.idx = m.idx", "m.idx"
            add("m.kind = ? AND m.value = ?", *driver)
            if words is not None:
                add("EXISTS (SELECT 1 FROM search.words AS w WHERE w.words MATCH ? AND w.rowid = entry.idx)", words)
        for kind, value in names:
            add("EXISTS (SELECT 1 FROM search.mention WHERE kind = ? AND value = ? AND idx = entry.idx)", kind, value)
        for part, plain in (*plain_conditions(wanted, EACH), *within(key, self._covered())):
            add(part, plain)
        return FilterQuery(source, " AND ".join(parts) or "TRUE", tuple(values), key)

    def forget(self, index: int, before: Mapping[str, Json], after: Mapping[str, Json]) -> None:
        self.catch_up()
        with self._transaction():
            if self._next() <= index:
                return
            for kind, value in mentions(before):
                self._index.execute(
                    "DELETE FROM mention WHERE kind = ? AND value = ? AND idx = ?", (kind, value, index)
                )
            if text := words_of(before):
                self._index.execute("INSERT INTO words (words, rowid, text) VALUES ('delete', ?, ?)", (index, text))
            self._add(index, after)

    def reset(self) -> None:
        with self._transaction():
            self._index.execute("DELETE FROM mention")
            self._index.execute("INSERT INTO words (words) VALUES ('delete-all')")
            self._index.execute("UPDATE progress SET next = 0")

    def scrub(self) -> None:
        """Cut the write-ahead log, so that no erased word is left in it."""
        self.catch_up()
        self._index.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def close(self) -> None:
        self._index.close()

    # --- inside ---

    def _next(self) -> int:
        return int(self._index.execute("SELECT next FROM progress").get)

    def _add(self, index: int, fields: Mapping[str, Json]) -> None:
        self._index.executemany(
            "INSERT OR IGNORE INTO mention VALUES (?, ?, ?)", [(kind, value, index) for kind, value in mentions(fields)]
        )
        if text := words_of(fields):
            self._index.execute("INSERT INTO words (rowid, text) VALUES (?, ?)", (index, text))

    def _is_rare(self, kind: str, value: str) -> bool:
        """Do so few records mention it that looking at each is cheaper than walking the words?"""
        sql = "SELECT count(*) FROM (SELECT 1 FROM mention WHERE kind = ? AND value = ? LIMIT ?)"
        return int(self._index.execute(sql, (kind, value, _RARE)).get) < _RARE

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._index.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._index.execute("ROLLBACK")
            raise
        self._index.execute("COMMIT")


def compare_indexes(index: Path, fresh: Path, log: Session, size: int) -> list[str]:
    """How an index differs from one made anew at `fresh`. Raises apsw.Error, OSError."""
    made = SqliteSearch(fresh, log, lambda: size)
    made.catch_up()
    made.close()
    copy = fresh.with_name("found.db")
    for suffix in ("", "-wal"):
        if Path(f"{index}{suffix}").exists():
            shutil.copyfile(f"{index}{suffix}", f"{copy}{suffix}")
    connection = apsw.Connection(str(fresh))
    try:
        connection.execute("ATTACH ? AS found", (str(copy),))
        end = int(connection.execute("SELECT next FROM found.progress").get)
        if end > size:
            return [f"the search index covers {end} records, the log has {size}"]
        for name in ("main", "found"):
            connection.execute(f"CREATE VIRTUAL TABLE temp.{name}_words USING fts5vocab('{name}', 'words', 'instance')")
        differ = []
        for what, ours, theirs in _COMPARED:
            for verb, one, other in (("lacks", ours, theirs), ("has, and the log has not,", theirs, ours)):
                found = connection.execute(f"{one} EXCEPT {other}", (end, end)).fetchall()
                if found:
                    differ.append(f"the search index {verb} {len(found)} {what}; delete {index}, it is made anew")
        return differ
    finally:
        connection.close()


def _open(path: Path) -> apsw.Connection:
    """The index's connection, its file readable by its owner alone."""
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    connection = apsw.Connection(str(path))
    connection.set_busy_timeout(5000)
    for pragma in ("secure_delete = ON", "journal_mode = WAL", "synchronous = NORMAL", "temp_store = MEMORY"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(_SCHEMA)
    connection.execute("COMMIT")
    return connection


def _match(text: str) -> str:
    """All the words, in any order; nothing of the text is FTS5 syntax."""
    words = ['"' + word.replace('"', '""') + '"' for word in text.split()]
    return " AND ".join(words) or '""'
