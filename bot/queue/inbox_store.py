"""Where the inbox keeps its tables: SQLite for one process, PostgreSQL for several replicas.

Both understand the same SQL. A replica works at the events it owns; in PostgreSQL each event belongs to
the replica that accepted it, and another takes it over when that one is gone: a replica holds a lock of
its session as long as it lives, so nobody has to guess from the time.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

import apsw

from audit.database import Session
from audit.errors import AuditUnavailable
from audit.sqlite import SqliteSession, cut_wal
from bot.errors import InboxUnavailable

_SQLITE = """
CREATE TABLE IF NOT EXISTS events(
  seq INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, event TEXT NOT NULL, state TEXT NOT NULL,
  record_id TEXT, status_id TEXT, reply TEXT, arrived_at TEXT NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS events_state ON events(state) WHERE state <> 'done';
CREATE TABLE IF NOT EXISTS shown(
  record_id TEXT PRIMARY KEY, platform TEXT NOT NULL, message TEXT NOT NULL, channel TEXT NOT NULL,
  "user" TEXT NOT NULL, private INTEGER NOT NULL, delivery_id TEXT NOT NULL, at TEXT NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS shown_message ON shown(platform, message);
"""
_OWNER = "CAST(current_setting('footnote.owner') AS bigint)"
_POSTGRES = f"""
CREATE SCHEMA IF NOT EXISTS footnote_inbox;
CREATE TABLE IF NOT EXISTS events(
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, key text NOT NULL UNIQUE, event text NOT NULL,
  state text NOT NULL, record_id text, status_id text, reply text, arrived_at text NOT NULL,
  owner bigint NOT NULL DEFAULT {_OWNER});
CREATE INDEX IF NOT EXISTS events_state ON events(owner, seq) WHERE state <> 'done';
CREATE TABLE IF NOT EXISTS shown(
  record_id text PRIMARY KEY, platform text NOT NULL, message text NOT NULL, channel text NOT NULL,
  "user" text NOT NULL, private integer NOT NULL, delivery_id text NOT NULL, at text NOT NULL);
CREATE INDEX IF NOT EXISTS shown_message ON shown(platform, message)
"""
# Statistics would keep values where no erasure reaches them. TRUNCATE gives a table a new file: the old one goes.
_FORGETTING = (
    "ALTER TABLE events ALTER key SET STATISTICS 0, ALTER event SET STATISTICS 0, ALTER reply SET STATISTICS 0",
    'ALTER TABLE shown ALTER message SET STATISTICS 0, ALTER channel SET STATISTICS 0, ALTER "user" SET STATISTICS 0',
    """
CREATE OR REPLACE FUNCTION rewrite() RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = footnote_inbox, pg_temp SET lock_timeout = 5000 AS $$
BEGIN
    LOCK TABLE events, shown IN ACCESS EXCLUSIVE MODE;
    CREATE TEMPORARY TABLE kept_events ON COMMIT DROP AS SELECT * FROM events;
    CREATE TEMPORARY TABLE kept_shown ON COMMIT DROP AS SELECT * FROM shown;
    TRUNCATE events, shown;
    INSERT INTO events OVERRIDING SYSTEM VALUE SELECT * FROM pg_temp.kept_events ORDER BY seq;
    INSERT INTO shown SELECT * FROM pg_temp.kept_shown;
    DROP TABLE pg_temp.kept_events, pg_temp.kept_shown;
END $$""",
)
_GRANT = """
DO $$ BEGIN
  REVOKE ALL ON FUNCTION rewrite FROM PUBLIC;
  GRANT USAGE ON SCHEMA footnote_inbox TO footnote_append, footnote_erase;
  GRANT SELECT, INSERT, UPDATE, DELETE ON events, shown TO footnote_append, footnote_erase;
  GRANT EXECUTE ON FUNCTION rewrite TO footnote_erase;
EXCEPTION WHEN undefined_object THEN NULL; END $$
"""
# A lock that can be had belongs to nobody: its replica is gone. The inner query names each owner once.
_TAKE_OVER = """
UPDATE events SET owner = OWNER WHERE state <> 'done' AND owner IN (
  SELECT gone FROM (SELECT DISTINCT owner AS gone FROM events WHERE state <> 'done' AND owner <> OWNER OFFSET 0) AS o
  WHERE pg_try_advisory_xact_lock(gone))
""".replace("OWNER", _OWNER)


_UNMADE = """
SELECT to_regclass('footnote_inbox.shown') IS NULL OR (
    to_regprocedure('footnote_inbox.rewrite()') IS NULL AND (
        SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = to_regclass('footnote_inbox.shown')))
"""
_REWRITES = """
SELECT CASE WHEN to_regprocedure('footnote_inbox.rewrite()') IS NULL THEN false
    ELSE has_function_privilege('footnote_inbox.rewrite()', 'EXECUTE') END
"""


def _create(session: Session) -> None:
    """The tables, made by one of the replicas that start together."""
    session.begin()
    session.run("SELECT pg_advisory_xact_lock(hashtext('footnote_inbox'))")
    for statement in (*_POSTGRES.split(";\n"), *_FORGETTING, _GRANT):
        session.run(statement)
    session.commit()


class InboxStore(Protocol):
    """Opens the tables, and says what is ours in them. `where` is for messages."""

    where: str
    shared: bool
    mine: str
    """A condition on `events` for what this process works at; begins with AND, or is empty."""

    def open(self) -> Session:
        """A session that writes. Raises InboxUnavailable."""
        ...

    def hold(self) -> None:
        """Be the one that answers, where only one may. Raises InboxUnavailable."""
        ...

    def take_over(self, session: Session) -> None:
        """Make ours what belonged to a process that is gone."""
        ...

    def scrub(self, session: Session) -> tuple[str, ...]:
        """Leave no bytes of rows that were removed; says where some may be left all the same."""
        ...

    def translated(self) -> AbstractContextManager[None]:
        """The database's errors become InboxUnavailable."""
        ...

    def close(self) -> None: ...


class SqliteStore:
    """Implements `InboxStore` on a file, for one process."""

    shared = False
    mine = ""

    def __init__(self, path: Path) -> None:
        self.where = str(path)
        self._path = path
        self._lock = -1

    def open(self) -> SqliteSession:
        with self.translated():
            self._path.parent.mkdir(parents=True, exist_ok=True)
            session = SqliteSession(self._path, writable=True)
            session.run(_SQLITE)
        return session

    def hold(self) -> None:
        """Keep every other process from answering what is in this inbox, until `close`."""
        lock = self._path.with_name(self._path.name + ".lock")
        try:
            self._lock = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise InboxUnavailable(
                f"Another `footnote serve` answers from {self._path}, or {lock} cannot be locked ({error.strerror}): "
                "two would answer everything twice. Stop the other, or give this one a home of its own."
            ) from error

    def take_over(self, session: Session) -> None:
        return  # a process alone owns everything

    def scrub(self, session: Session) -> tuple[str, ...]:
        return cut_wal(session.connection, self._path) if isinstance(session, SqliteSession) else ()

    @contextmanager
    def translated(self) -> Iterator[None]:
        try:
            yield
        except (apsw.Error, OSError, UnicodeError) as error:
            raise InboxUnavailable(
                f"The inbox {self._path} cannot be used: {error}. Check the disk and the rights."
            ) from error

    def close(self) -> None:
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


class PostgresStore:
    """Implements `InboxStore` in a database, for several replicas. Its sessions are one replica."""

    shared = True
    mine = f" AND owner = {_OWNER}"

    def __init__(self, url: str) -> None:
        """Raises AuditUnavailable when `url` is none."""
        from audit.postgres import PostgresDatabase  # psycopg loads libpq

        self._database = PostgresDatabase(url)
        self._url = url
        self.where = self._database.where

    def open(self) -> Session:
        from audit.postgres import PostgresSession

        owner = secrets.randbits(62) + 1
        with self.translated():
            session = PostgresSession(
                self._url,
                schema="footnote_inbox",
                prepare=(
                    ("SELECT set_config('footnote.owner', ?, false)", str(owner)),
                    ("SELECT pg_advisory_lock(CAST(? AS bigint))", str(owner)),
                ),
            )
            try:
                if session.value(_UNMADE):
                    _create(session)
            except BaseException:
                session.abandon()
                raise
        return session

    def hold(self) -> None:
        return  # several may answer: each event has one owner

    def take_over(self, session: Session) -> None:
        session.run(_TAKE_OVER)

    def scrub(self, session: Session) -> tuple[str, ...]:
        if session.value(_REWRITES):
            session.run("SELECT footnote_inbox.rewrite()")
            return ()
        return (f"old pages of the inbox {self.where}: its owner runs `footnote doctor` once, or VACUUM FULL",)

    @contextmanager
    def translated(self) -> Iterator[None]:
        import psycopg  # as above

        try:
            yield
        except (psycopg.Error, AuditUnavailable, OSError, UnicodeError) as error:
            raise InboxUnavailable(f"The inbox {self.where} cannot be used: {error}. Check the server.") from error

    def close(self) -> None:
        return  # the session held everything
