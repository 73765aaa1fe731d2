"""What the state store knows of sources: how their runs went, their cursors, what a listing under way has shown."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from connectors.database import StateDatabase


@dataclass(frozen=True, slots=True)
class SourceState:
    """What is known of a source's runs. `anew`: what a cursor leads through is everything, not what changed."""

    name: str
    config: Mapping[str, Any]
    started_at: datetime | None
    completed_at: datetime | None
    error: str | None
    cursor: str | None = None
    anew: bool = False
    retry_at: datetime | None = None
    readers_at: datetime | None = None
    groups_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Earlier:
    """A version that was in force, from a time to another."""

    version: str
    since: datetime
    until: datetime


_SELECT = (
    "SELECT name, config, started_at, completed_at, error, cursor, anew, retry_at, readers_at, groups_at FROM sources "
)

_UNLISTED = """
SELECT id FROM documents d WHERE source = ? AND parent IS NULL
AND NOT EXISTS(SELECT 1 FROM {table} l WHERE l.source = d.source AND l.item = d.item) ORDER BY id
"""


class SourceRuns(StateDatabase):
    """The part of the state store that only the sync engine and its reports use."""

    def started(self, name: str, config: Mapping[str, Any]) -> None:
        with self._write() as db:
            db.execute(
                "INSERT INTO sources(name, config, started_at) VALUES(?, ?, ?) ON CONFLICT(name) DO UPDATE SET"
                " config = excluded.config, started_at = excluded.started_at",
                (name, json.dumps(dict(config)), datetime.now(UTC).isoformat()),
            )

    def finished(
        self, name: str, error: str | None, retry_at: datetime | None = None, *, complete: bool | None = None
    ) -> None:
        """How a run ended; `retry_at`: the server asked to be left alone until then.

        `complete`: the documents were followed to the end (None: when there was no error).
        """
        done = complete if complete is not None else error is None
        completed = datetime.now(UTC).isoformat() if done else None
        with self._write() as db:
            db.execute(
                "UPDATE sources SET error = ?, completed_at = coalesce(?, completed_at), retry_at = ? WHERE name = ?",
                (error, completed, retry_at.isoformat() if retry_at else None, name),
            )

    def sources(self) -> list[SourceState]:
        return [_source(row) for row in self._read(_SELECT + "ORDER BY name")]

    def source(self, name: str) -> SourceState | None:
        rows = self._read(_SELECT + "WHERE name = ?", (name,))
        return _source(rows[0]) if rows else None

    # --- cursors and listings

    def advance(self, name: str, cursor: str, listed: Iterable[str], *, anew: bool) -> None:
        """Go on from here at the next run: all rows that led here are in the store."""
        with self._write() as db:
            db.execute("INSERT OR IGNORE INTO sources(name, config) VALUES(?, '{}')", (name,))
            db.execute("UPDATE sources SET cursor = ?, anew = ? WHERE name = ?", (cursor, int(anew), name))
            if anew:
                self.mark(name, listed, lasting=True)

    def forget_cursor(self, name: str) -> None:
        with self._write() as db:
            db.execute("UPDATE sources SET cursor = NULL, anew = 0 WHERE name = ?", (name,))
            db.execute("DELETE FROM listed WHERE source = ?", (name,))

    def caught_up(self, name: str) -> None:
        """Everything was seen: from here on the cursor tells changes."""
        with self._write() as db:
            db.execute("UPDATE sources SET anew = 0 WHERE name = ?", (name,))
            db.execute("DELETE FROM listed WHERE source = ?", (name,))

    def mark(self, name: str, items: Iterable[str], *, lasting: bool = False) -> None:
        """Remember that a listing has shown these; `lasting`: for the next run too, else on this connection alone."""
        table = "listed" if lasting else "temp.listing"
        with self._write() as db:
            db.executemany(f"INSERT OR IGNORE INTO {table} VALUES(?, ?)", [(name, item) for item in items])

    def unmark(self, name: str) -> None:
        with self._write() as db:
            db.execute("DELETE FROM temp.listing WHERE source = ?", (name,))

    def unlisted(self, name: str, *, lasting: bool = False) -> list[str]:
        """Documents whose items a whole listing has not shown."""
        table = "listed" if lasting else "temp.listing"
        return [row[0] for row in self._read(_UNLISTED.format(table=table), (name,))]

    # --- earlier versions

    def forget_versions(self, name: str, before: datetime) -> int:
        """Delete what was last in force before that time; returns how many versions."""
        with self._write() as db:
            db.execute("DELETE FROM versions WHERE source = ? AND effective_to < ?", (name, before.isoformat()))
            return db.changes()

    def versions(self, document_id: str) -> list[Earlier]:
        """Versions of a document that were in force, the newest first."""
        rows = self._read(
            "SELECT version, effective_from, effective_to FROM versions WHERE document_id = ?"
            " ORDER BY effective_from DESC",
            (document_id,),
        )
        return [Earlier(v, datetime.fromisoformat(a), datetime.fromisoformat(b)) for v, a, b in rows]

    # --- groups of the sources' own

    def put_groups(self, name: str, groups: Mapping[str, frozenset[str]]) -> None:
        """All groups of a source, by the entry that names each."""
        with self._write() as db:
            db.execute("DELETE FROM own_groups WHERE source = ?", (name,))
            rows = [(name, entry, json.dumps(sorted(members))) for entry, members in groups.items()]
            db.executemany("INSERT INTO own_groups VALUES(?, ?, ?)", rows)
            db.execute("UPDATE sources SET groups_at = ? WHERE name = ?", (datetime.now(UTC).isoformat(), name))

    def own_groups(self) -> dict[str, frozenset[str]]:
        """Members of the groups that only sources know, by the entry that names each."""
        return {entry: frozenset(json.loads(m)) for entry, m in self._read("SELECT id, members FROM own_groups")}

    def readers_asked(self, name: str) -> None:
        with self._write() as db:
            db.execute("UPDATE sources SET readers_at = ? WHERE name = ?", (datetime.now(UTC).isoformat(), name))


def _source(row: Sequence[Any]) -> SourceState:
    name, config, started, completed, error, cursor, anew, *times = row
    retry, readers, groups = map(_time, times)
    return SourceState(
        name, json.loads(config), _time(started), _time(completed), error, cursor, bool(anew), retry, readers, groups
    )


def _time(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value) if value else None
