"""What a reviewer may ask of the log, and the derived index that answers it.

The index (`search.db`) is no part of the log: it holds no proof, may be deleted at any time, and
catches up when somebody searches, so that appending an answer never waits for it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import apsw

from audit.disclosure import microseconds, values_of
from audit.record import AuditRecord, Json

_SCHEMA = """
CREATE TABLE IF NOT EXISTS mention (
    kind TEXT NOT NULL, value TEXT NOT NULL, idx INTEGER NOT NULL,
    PRIMARY KEY (kind, value, idx)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS progress (one INTEGER PRIMARY KEY CHECK (one = 1), next INTEGER NOT NULL) STRICT;
INSERT OR IGNORE INTO progress VALUES (1, 0);
CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5 (text, content = '', tokenize = 'unicode61 remove_diacritics 2');
INSERT INTO words (words, rank) VALUES ('secure-delete', 1);
"""

_RARE = 1_000
TEXT_FIELDS = ("question", "searched", "statements", "text", "citations", "reason", "what")


@dataclass(frozen=True, slots=True)
class Filter:
    """Which records. Everything that is given must hold.

    `since` is inclusive, `until` exclusive. `person` is a user id, "platform:user" or an e-mail
    address; `section` a section's label, heading or id; `text` words that must all occur.
    """

    since: datetime | None = None
    until: datetime | None = None
    person: str | None = None
    channel: str | None = None
    document: str | None = None
    version: str | None = None
    section: str | None = None
    outcome: str | None = None
    event: str | None = None
    text: str | None = None
    tenant: str | None = None
    records: frozenset[str] | None = None

    def as_json(self) -> dict[str, Json]:
        """For access records: only what is given."""
        given: dict[str, Json] = {}
        for name in self.__dataclass_fields__:
            value = getattr(self, name)
            if isinstance(value, datetime):
                given[name] = value.isoformat()
            elif isinstance(value, frozenset):
                given[name] = [*sorted(value)]
            elif value is not None:
                given[name] = value
        return given


@dataclass(frozen=True, slots=True)
class Page:
    """Some records that match, newest first, and where to go on (None: that was all)."""

    records: tuple[AuditRecord, ...]
    next: int | None
    indexes: tuple[int, ...] = ()  # of the records, in the tree


def open_search(path: Path) -> apsw.Connection:
    """The index's connection, its file readable by its owner alone. Raises apsw.Error, OSError."""
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


def catch_up(search: apsw.Connection, log: apsw.Connection, batch: int = 2000) -> None:
    """Index the records appended since the last search. Raises apsw.Error."""
    while True:
        start = search.execute("SELECT next FROM progress").get
        if log.execute("SELECT max(idx) FROM entry").get in (None, start - 1):
            return
        search.execute("BEGIN IMMEDIATE")
        with _committed(search):
            start = search.execute("SELECT next FROM progress").get
            rows = log.execute(
                "SELECT entry.idx, body FROM entry LEFT JOIN disclosure USING (idx)"
                " WHERE entry.idx >= ? ORDER BY entry.idx LIMIT ?",
                (start, batch),
            )
            for index, body in rows:
                index_record(search, index, values_of(body) if body is not None else {})
                start = index + 1
            search.execute("UPDATE progress SET next = ?", (start,))


class _committed:
    """Commit at the end of the block, roll back on an error."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, *_: object) -> None:
        self._connection.execute("COMMIT" if kind is None else "ROLLBACK")


def index_record(search: apsw.Connection, index: int, fields: Mapping[str, Json]) -> None:
    search.executemany(
        "INSERT OR IGNORE INTO mention VALUES (?, ?, ?)", [(kind, value, index) for kind, value in mentions(fields)]
    )
    text = words_of(fields)
    if text:
        search.execute("INSERT INTO words (rowid, text) VALUES (?, ?)", (index, text))


def forget_record(search: apsw.Connection, index: int, before: Mapping[str, Json], after: Mapping[str, Json]) -> None:
    """Take a record's fields out of the index and put back what is left of them. Raises apsw.Error."""
    search.execute("BEGIN IMMEDIATE")
    with _committed(search):
        if search.execute("SELECT next FROM progress").get <= index:
            return
        for kind, value in mentions(before):
            search.execute("DELETE FROM mention WHERE kind = ? AND value = ? AND idx = ?", (kind, value, index))
        text = words_of(before)
        if text:
            search.execute("INSERT INTO words (words, rowid, text) VALUES ('delete', ?, ?)", (index, text))
        index_record(search, index, after)


def reset(search: apsw.Connection) -> None:
    """Empty the index. Raises apsw.Error."""
    search.execute("BEGIN IMMEDIATE")
    with _committed(search):
        search.execute("DELETE FROM mention")
        search.execute("INSERT INTO words (words) VALUES ('delete-all')")
        search.execute("UPDATE progress SET next = 0")


def mentions(fields: Mapping[str, Json]) -> set[tuple[str, str]]:
    """(kind, folded value) of everything a record can be found by."""
    found: set[tuple[str, str]] = set()
    platform, user = fields.get("platform"), fields.get("user")
    for name in ("user", "email", "by", "requested_by", "approved_by"):
        if isinstance(value := fields.get(name), str) and value:
            found.add(("person", value.casefold()))
    if isinstance(user, str) and isinstance(platform, str):
        found.add(("person", f"{platform}:{user}".casefold()))
    for kind in ("channel", "tenant"):
        if isinstance(value := fields.get(kind), str) and value:
            found.add((kind, value.casefold()))
    for item in _objects(fields.get("citations")):
        document, version, section = (item.get(name) for name in ("document", "version", "section"))
        if isinstance(document, str):
            found.add(("document", document.casefold()))
            found.add(("version", f"{document}@{version}".casefold()))
        if isinstance(section, dict):
            label, heading = section.get("label") or "", section.get("heading") or ""
            names = (section.get("id"), label, heading, f"{label} {heading}")
            found |= {("section", name.strip().casefold()) for name in names if isinstance(name, str) and name.strip()}
    return found


def words_of(fields: Mapping[str, Json]) -> str:
    return "\n".join(text for name in TEXT_FIELDS for text in _texts(fields.get(name)))


def _texts(value: Json) -> Iterator[str]:
    """The prose of a field: a text, or the texts and quotes inside its objects."""
    if isinstance(value, str):
        yield value
    for item in _objects(value):
        for name in ("text", "quote"):
            if isinstance(text := item.get(name), str):
                yield text


def _objects(value: Json) -> Iterator[dict[str, Json]]:
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, dict))


@dataclass(frozen=True, slots=True)
class Found:
    """SQL for a filter: FROM, WHERE with its parameters, and the column to page and sort by.

    The most selective source drives, in the order of positions, so that the first page of a common
    word or of a rare person costs the same: a few steps of an index.
    """

    source: str
    where: str
    values: tuple[str | int, ...]
    key: str


def conditions(wanted: Filter, search: apsw.Connection) -> Found:
    """How to find what a filter wants. Raises apsw.Error."""
    parts: list[str] = []
    values: list[str | int] = []
    source, key = "entry", "entry.idx"

    def add(part: str, *given: str | int) -> None:
        parts.append(part)
        values.extend(given)

    named = _mentioned(wanted)
    words = _match(wanted.text) if wanted.text is not None else None
    rare = next((pair for pair in named if _is_rare(search, *pair)), None)
    if words is not None and rare is None:
        source, key = "search.words AS w CROSS JOIN entry ON entry.idx = w.rowid", "w.rowid"
        add("w.words MATCH ?", words)
    elif named:
        driver = rare or named[0]
        named.remove(driver)
        source, key = "search.mention AS m CROSS JOIN entry ON entry.idx = m.idx", "m.idx"
        add("m.kind = ? AND m.value = ?", *driver)
        if words is not None:
            add("EXISTS (SELECT 1 FROM search.words AS w WHERE w.words MATCH ? AND w.rowid = entry.idx)", words)
    for kind, value in named:
        add("EXISTS (SELECT 1 FROM search.mention WHERE kind = ? AND value = ? AND idx = entry.idx)", kind, value)
    if wanted.since is not None:
        add("entry.time >= ?", microseconds(wanted.since))
    if wanted.until is not None:
        add("entry.time < ?", microseconds(wanted.until))
    if wanted.outcome is not None:
        add("entry.outcome = ?", wanted.outcome)
    if wanted.event is not None:
        add("entry.event = ?", wanted.event)
    if wanted.records is not None:
        add("entry.id IN (SELECT value FROM json_each(?))", json.dumps(sorted(wanted.records)))
    return Found(source, " AND ".join(parts) or "1", tuple(values), key)


def _mentioned(wanted: Filter) -> list[tuple[str, str]]:
    """(kind, value) of what is looked up by name, the rarest kind first."""
    named: list[tuple[str, str]] = []
    if wanted.document is not None and wanted.version is not None:
        named.append(("version", f"{wanted.document}@{wanted.version}".casefold()))
    elif wanted.document is not None:
        named.append(("document", wanted.document.casefold()))
    for kind in ("section", "channel", "tenant"):
        if (value := getattr(wanted, kind)) is not None:
            named.append((kind, value.casefold()))
    return [("person", wanted.person.casefold()), *named] if wanted.person is not None else named


def _is_rare(search: apsw.Connection, kind: str, value: str) -> bool:
    """Do so few records mention it that looking at each is cheaper than walking the words?"""
    sql = "SELECT count(*) FROM (SELECT 1 FROM mention WHERE kind = ? AND value = ? LIMIT ?)"
    return int(search.execute(sql, (kind, value, _RARE)).get) < _RARE


def select(columns: str, found: Found, *tail: str) -> str:
    """The query. Only this package's own texts go into it; what a caller gives is bound as a parameter."""
    return " ".join(("SELECT", columns, "FROM", found.source, "WHERE", found.where, *tail))


def _match(text: str) -> str:
    """All the words, in any order; nothing of the text is FTS5 syntax."""
    words = ['"' + word.replace('"', '""') + '"' for word in text.split()]
    return " AND ".join(words) or '""'
