"""The log in PostgreSQL, through psycopg, for several replicas. Blocking, like `audit.sqlite`.

Everything is in the schema `footnote_audit`. The disclosures lie in partitions of `PART` records, so
that after an erasure one small partition is written anew: PostgreSQL would otherwise keep old bytes in
its pages. What finds a record (mentions, words) lies beside its disclosures and is written with them.

Three roles without login carry the rights, each with those of the one before: `footnote_read`,
`footnote_append`, `footnote_erase`. They write through functions alone (`audit.postgres_schema`).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import psycopg
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import TransactionStatus

from audit.database import GOVERNING, Batch, Cut, Row, Run, SearchIndex, Session, Value
from audit.disclosure import values_of
from audit.errors import AuditCorrupt, AuditForbidden, AuditUnavailable, LogMissing
from audit.postgres_schema import PART, SCHEMA, UPGRADE
from audit.record import Json
from audit.search import Filter, FilterQuery, mentions, named, plain_conditions, within, words, words_of

SCHEMA_NAME = "footnote_audit"
OLDEST = 130_000  # PostgreSQL 13
WRITERS = 0x466F6F746E6F7465  # the advisory lock that keeps writers in one line ("Footnote")
LOCK_MS = 1_500  # how long a transaction waits for another process
STATEMENT_MS = 10_000
TRIES = 40  # to rewrite a partition that somebody reads; about 18 s in all

_PASSING = (
    errors.LockNotAvailable,
    errors.QueryCanceled,
    errors.DeadlockDetected,
    errors.SerializationFailure,
    errors.InsufficientPrivilege,
)
_DAMAGED = (errors.DataCorrupted, errors.IndexCorrupted, psycopg.IntegrityError)
_ARGUMENTS = (
    "?, ?, CAST(? AS bytea[]), CAST(? AS bytea[]), CAST(? AS text[]), CAST(? AS text[]), CAST(? AS integer[]),"
    " CAST(? AS bigint[]), CAST(? AS bytea[]), ?, ?, ?"
)
_ROWS = 500  # held in memory at once
_APPEND = f"SELECT append({_ARGUMENTS})"
_GOVERN = f"SELECT govern({_ARGUMENTS}, CAST(? AS text[]))"


class PostgresSession:
    """Implements `Session`. A connection that was lost between two transactions is made anew."""

    def __init__(
        self,
        url: str,
        *,
        schema: str,
        writable: bool = True,
        begin: Sequence[str] = ("BEGIN",),
        prepare: Sequence[tuple[str, str]] = (),
    ) -> None:
        """`begin` starts a transaction; `prepare` are statements with their value, for each new connection.

        Raises psycopg.Error, AuditUnavailable.
        """
        self._url = url
        self._schema = schema
        self._writable = writable
        self._begin = begin
        self._prepare = prepare
        self._inside = False
        self._connection = self._connect()

    def _connect(self) -> psycopg.Connection[Row]:
        connection = psycopg.connect(
            self._url,
            autocommit=True,
            connect_timeout=5,
            application_name="footnote",
            client_encoding="utf8",
            keepalives_idle=30,
            tcp_user_timeout=5_000,
        )
        try:
            for name, value in (
                ("search_path", f"{self._schema}, pg_temp"),
                ("synchronous_commit", "on"),
                ("lock_timeout", f"{LOCK_MS}ms"),
                ("statement_timeout", f"{STATEMENT_MS if self._writable else 0}ms"),
                ("default_transaction_read_only", "off" if self._writable else "on"),
            ):
                connection.execute("SELECT set_config(%s, %s, false)", (name, value))
            if connection.info.server_version < OLDEST:
                raise AuditUnavailable(f"PostgreSQL {connection.info.server_version // 10_000} is too old; 13 or later")
            if connection.execute("SHOW fsync").fetchone() != ("on",):
                raise AuditUnavailable("PostgreSQL runs with fsync off: no record would be durable; turn it on")
            for sql, text in self._prepare:
                connection.execute(_query(sql), (text,))
        except BaseException:
            connection.close()
            raise
        return connection

    def _execute(self, sql: str, values: Sequence[Value] = ()) -> psycopg.Cursor[Row]:
        query = _query(sql) if values else sql.encode()
        try:
            return self._connection.execute(query, values or None, binary=True)
        except psycopg.OperationalError:
            if self._inside or not self._connection.closed:
                raise
            self._connection = self._connect()
            return self._connection.execute(query, values or None, binary=True)

    def rows(self, sql: str, values: Sequence[Value] = ()) -> Iterable[Row]:
        return self._execute(sql, values).fetchall()

    def row(self, sql: str, values: Sequence[Value] = ()) -> Row | None:
        return self._execute(sql, values).fetchone()

    def value(self, sql: str, values: Sequence[Value] = ()) -> Any:
        row = self.row(sql, values)
        return row[0] if row is not None else None

    def run(self, sql: str, values: Sequence[Value] = ()) -> None:
        self._execute(sql, values)

    def many(self, sql: str, values: Sequence[Sequence[Value]]) -> None:
        with self._connection.cursor() as cursor:
            cursor.executemany(_query(sql), values)

    def begin(self) -> None:
        first, *others = self._begin
        self.run(first)
        self._inside = True
        try:
            for sql in others:
                self.run(sql)
        except psycopg.Error:
            self.rollback()
            raise

    def commit(self) -> None:
        self.run("COMMIT")
        self._inside = False

    def rollback(self) -> None:
        self._inside = False
        if not self._connection.closed and self._connection.info.transaction_status != TransactionStatus.IDLE:
            self._connection.execute("ROLLBACK")

    def close(self) -> None:
        self._connection.close()

    def abandon(self) -> None:
        try:
            self._connection.close()
        except psycopg.Error:
            return  # the server ends what is left of it


class PostgresDatabase:
    """Implements `Database` on one database of a server."""

    each = "SELECT json_array_elements_text(CAST(? AS json))"
    gone = "(SELECT CAST(json_object_agg(name, by) AS text) FROM erased WHERE erased.idx = entry.idx)"

    def __init__(self, url: str) -> None:
        """`url` as libpq takes it: "postgresql://user@host/database". Raises AuditUnavailable."""
        self.url = url  # may hold a password
        self._without_permit = False  # the tables were made or changed by the transaction that goes on
        try:
            parts = conninfo_to_dict(url)
        except psycopg.Error:
            # Not its message: that may hold the password.
            raise AuditUnavailable(
                "FOOTNOTE_DATABASE_URL is no address of a PostgreSQL database; write postgresql://user@host/database"
            ) from None
        self.where = f"in PostgreSQL {parts.get('host') or 'localhost'}/{parts.get('dbname') or ''}"

    def writer(self) -> PostgresSession:
        line = f"SELECT pg_advisory_xact_lock({WRITERS})"
        return PostgresSession(self.url, schema=SCHEMA_NAME, begin=("BEGIN", line))

    def reader(self) -> PostgresSession:
        # An erasure empties a partition for a moment, which an old snapshot would take for the truth.
        begin = ("BEGIN ISOLATION LEVEL REPEATABLE READ", "LOCK TABLE disclosure IN ACCESS SHARE MODE")
        return PostgresSession(self.url, schema=SCHEMA_NAME, writable=False, begin=begin)

    def inspect(self) -> PostgresSession:
        session = self.reader()
        if session.value("SELECT to_regclass('footnote_audit.state')") is None:
            session.close()
            raise LogMissing(f"there is no audit log {self.where}")
        return session

    def fingerprint(self) -> object:
        return None  # a reading session sees one state of the log, whoever writes

    def check_index(self, session: Session, size: int) -> Sequence[str]:
        wrong = 0
        for start in range(0, size, _ROWS):
            sql = "SELECT body, mentions, words FROM disclosure WHERE idx >= ? AND idx < ?"
            for body, who, said in session.rows(sql, (start, min(size, start + _ROWS))):
                fields = values_of(body)
                wrong += (who, said) != (
                    sorted(_mention(*pair) for pair in mentions(fields)),
                    _words(words_of(fields)),
                )
        return [f"{wrong} records are found by other names or words than they hold"] if wrong else []

    def create(self, session: Session) -> None:
        if session.value("SELECT to_regclass('footnote_audit.state')") is None:
            encoding = session.value("SHOW server_encoding")
            if encoding != "UTF8":
                raise AuditUnavailable(f"the database {self.where} is encoded in {encoding}; make one in UTF8")
            for statement in SCHEMA:
                session.run(statement)
            self._without_permit = True
        elif session.value("SELECT to_regclass('footnote_audit.pen')") is None:
            for statement in self._upgrade(session):
                session.run(statement)
            self._without_permit = True

    def _upgrade(self, session: Session) -> Sequence[str]:
        """What the tables of an earlier version lack. Raises AuditUnavailable when this login is not their owner."""
        owner = "SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = to_regclass('footnote_audit.state')"
        if not session.value(owner):
            raise AuditUnavailable(
                f"the audit log {self.where} was made by an earlier version, whose roles could write to its tables;"
                " run `footnote doctor` once as the login that owns them"
            )
        return UPGRADE

    def permit(self, session: Session, following: bytes) -> None:
        if self._without_permit:
            session.run("INSERT INTO pen VALUES (1, ?) ON CONFLICT (one) DO NOTHING", (following,))
        self._without_permit = False

    def append(self, session: Session, batch: Batch) -> None:
        found = [_found_by(sealed.record.fields) for sealed in batch.records]
        values: list[Value] = [
            batch.permit,
            batch.following,
            [sealed.leaf for sealed in batch.records],
            [sealed.body for sealed in batch.records],
            [mentioned for mentioned, _ in found],
            [words for _, words in found],
            [level for level, _, _ in batch.tiles],
            [n for _, n, _ in batch.tiles],
            [hashes for _, _, hashes in batch.tiles],
            batch.edge,
            batch.checkpoint,
            batch.signer,
        ]
        if any((s.record.event, s.record.outcome) in GOVERNING for s in batch.records):
            session.run(_GOVERN, (*values, batch.keys))
        else:
            session.run(_APPEND, values)

    def erase(self, session: Session, by: str, cuts: Sequence[Cut]) -> None:
        found = [_found_by(cut.left) for cut in cuts]
        values = ([cut.index for cut in cuts], [m for m, _ in found], [w for _, w in found])
        fields = session.value(
            "SELECT erase(?, CAST(? AS bigint[]), CAST(? AS text[]), CAST(? AS text[]))", (by, *values)
        )
        if fields != sum(len(cut.gone) for cut in cuts):
            raise AuditCorrupt(f"the log {self.where} would erase {fields} other fields than were approved")

    def note_copy(self, session: Session, path: str, first: int, last: int, record: str) -> None:
        session.run("SELECT note_copy(?, ?, ?, ?)", (path, first, last, record))

    def finished(self, session: Session, removed: Sequence[str]) -> None:
        session.run("SELECT finished(CAST(? AS text[]))", (list(removed),))

    def search(self, session: Session, covered: Callable[[], int]) -> SearchIndex:
        return _Search(covered)

    @contextmanager
    def translated(self) -> Iterator[None]:
        try:
            yield
        except (errors.InsufficientPrivilege, errors.ReadOnlySqlTransaction) as error:
            raise AuditForbidden(
                f"the audit log {self.where} may not be used so by this role: {error}; grant it footnote_append"
                " (the bot), footnote_read (whoever reads) or footnote_erase (whoever approves an erasure)"
            ) from error
        except _PASSING as error:
            raise AuditUnavailable(f"another process holds the audit log {self.where} too long: {error}") from error
        except _DAMAGED as error:
            raise AuditCorrupt(f"the audit log {self.where} is damaged: {error}; run: footnote audit verify") from error
        except (psycopg.Error, OSError) as error:
            raise AuditUnavailable(
                f"the audit log {self.where} cannot be used: {error}; check the server, its disk and the address"
            ) from error

    def passing(self, error: BaseException | None) -> bool:
        return isinstance(error, _PASSING)

    async def scrub(self, run: Run, indexes: Sequence[int], salts: frozenset[bytes]) -> tuple[str, ...]:
        """Write the partitions of the erased records anew, then leave the write-ahead log behind."""
        for part in sorted({index // PART for index in indexes}):
            await self._rewrite(run, part)
        return await asyncio.to_thread(self._cut_wal)

    async def _rewrite(self, run: Run, part: int) -> None:
        """Shortly each time, until no reader stands in the way: appends wait meanwhile."""
        for attempt in range(TRIES):
            try:
                await run(lambda session: session.run("SELECT rewrite_part(?)", (part,)))
                return
            except AuditUnavailable as error:
                if not isinstance(error.__cause__, errors.LockNotAvailable) or attempt == TRIES - 1:
                    raise
            await asyncio.sleep(0.02 * (attempt + 1))

    def _cut_wal(self) -> tuple[str, ...]:
        """Start a new segment and a checkpoint: the segments before it are removed. What stays is said."""
        left: list[str] = []
        with self.translated():
            session = self.writer()
            try:
                session.run("SELECT set_config('statement_timeout', '0', false)")
                try:
                    session.run("SELECT pg_switch_wal()")
                    session.run("CHECKPOINT")
                    if session.value("SHOW wal_recycle") == "on":
                        left.append(f"old write-ahead segments {self.where}, until reused (set wal_recycle = off)")
                except errors.InsufficientPrivilege:
                    left.append(f"the write-ahead log {self.where}, until the server's next checkpoints")
                if session.value("SHOW archive_mode") != "off":
                    left.append(f"the archive of the write-ahead log {self.where}")
            finally:
                session.close()
        return tuple(left)


class _Search:
    """Implements `SearchIndex`: what finds a record is written, and erased, with the record."""

    def __init__(self, covered: Callable[[], int]) -> None:
        self._covered = covered

    def catch_up(self) -> None: ...

    def forget(self, index: int, before: Mapping[str, Json], after: Mapping[str, Json]) -> None: ...

    def reset(self) -> None: ...

    def scrub(self) -> None: ...

    def close(self) -> None: ...

    def conditions(self, wanted: Filter) -> FilterQuery:
        """Partitions are walked in the order of positions, so a first page looks into few of them."""
        parts: list[str] = []
        values: list[str | int | Sequence[str]] = []
        if names := named(wanted):
            parts.append("d.mentions @> CAST(? AS text[])")
            values.append([_mention(*pair) for pair in names])
        if wanted.text is not None:
            words = _words(wanted.text)
            parts.append("d.words @> CAST(? AS text[])" if words else "FALSE AND CAST(? AS text[]) IS NULL")
            values.append(words)
        source, key = ("disclosure AS d JOIN entry ON entry.idx = d.idx", "d.idx") if parts else ("entry", "entry.idx")
        for part, value in (*plain_conditions(wanted, PostgresDatabase.each), *within(key, self._covered())):
            parts.append(part)
            values.append(value)
        return FilterQuery(source, " AND ".join(parts) or "TRUE", tuple(values), key)


def _found_by(fields: Mapping[str, Json]) -> tuple[str, str]:
    """What a record can be found by: mentions, words; each a list as JSON."""
    named = sorted(_mention(*pair) for pair in mentions(fields))
    return json.dumps(named, ensure_ascii=False), json.dumps(_words(words_of(fields)), ensure_ascii=False)


def _mention(kind: str, value: str) -> str:
    return f"{kind} {value}".replace("\0", "")[:500]


def _words(text: str) -> list[str]:
    """Words without case and accents. A longer one than 60 letters is found by its first 60."""
    return sorted({word[:60] for word in words(text)})


@lru_cache(256)
def _query(sql: str) -> bytes:
    """psycopg's way to write placeholders. Our SQL has no other "?" and no "%"."""
    return sql.replace("?", "%s").encode()
