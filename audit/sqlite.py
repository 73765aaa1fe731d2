"""The log in one SQLite file, through apsw. Blocking; each session stays in the thread that made it."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

import apsw

from audit.database import Batch, Cut, Row, Run, SearchIndex, Session, Value
from audit.disclosure import microseconds
from audit.errors import AuditCorrupt, AuditUnavailable, LogMissing
from audit.sqlite_search import EACH, SqliteSearch, compare_indexes

OLDEST_SQLITE = (3, 51, 3)  # before it, two connections can corrupt a WAL (the "WAL-reset bug")
BUSY_MS = 1500  # how long a transaction waits for another process
TRIES = 40  # to cut the write-ahead log; about 16 s in all

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS entry (
    idx INTEGER PRIMARY KEY CHECK (idx >= 0), id TEXT NOT NULL UNIQUE, event TEXT NOT NULL, outcome TEXT NOT NULL,
    time INTEGER NOT NULL, refers_to TEXT, leaf BLOB NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS entry_time ON entry (time);
CREATE INDEX IF NOT EXISTS entry_refers ON entry (refers_to) WHERE refers_to IS NOT NULL;
CREATE INDEX IF NOT EXISTS entry_event ON entry (event, idx) WHERE event <> 'question';
CREATE TABLE IF NOT EXISTS disclosure (
    idx INTEGER PRIMARY KEY CHECK (idx >= 0), body BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS erased (
    idx INTEGER NOT NULL CHECK (idx >= 0), name TEXT NOT NULL, by TEXT NOT NULL,
    PRIMARY KEY (idx, name)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tile (
    level INTEGER NOT NULL CHECK (level >= 0), n INTEGER NOT NULL CHECK (n >= 0),
    hashes BLOB NOT NULL CHECK (length(hashes) % 32 = 0 AND length(hashes) <= 8192), PRIMARY KEY (level, n)) STRICT;
CREATE TABLE IF NOT EXISTS key (n INTEGER PRIMARY KEY, vkey TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE IF NOT EXISTS copy (
    path TEXT PRIMARY KEY, first INTEGER NOT NULL, last INTEGER NOT NULL, record TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS state (
    one INTEGER PRIMARY KEY CHECK (one = 1), size INTEGER NOT NULL CHECK (size >= 0), edge BLOB NOT NULL,
    checkpoint TEXT NOT NULL, signer TEXT NOT NULL) STRICT;
"""

_BUSY = (apsw.BusyError, apsw.LockedError)
_DAMAGED = (apsw.CorruptError, apsw.NotADBError, apsw.FormatError, UnicodeDecodeError)  # texts may hold any bytes
_AT_ONCE = (64, 16, 4, 1)  # rows a statement; few sizes, so that their statements stay prepared
_SALT = re.compile(rb'([A-Za-z0-9_-]{22})"')


def check_library() -> None:
    """Raises AuditUnavailable when the linked SQLite can corrupt a log that two processes write."""
    version = tuple(int(part) for part in apsw.sqlite_lib_version().split("."))
    if version < OLDEST_SQLITE:
        needed = ".".join(map(str, OLDEST_SQLITE))
        raise AuditUnavailable(
            f"SQLite {apsw.sqlite_lib_version()} can corrupt a log with two writers; install apsw {needed} or newer"
        )


class SqliteSession:
    """Implements `Session`. `connection` is apsw's own."""

    def __init__(
        self,
        path: Path,
        *,
        writable: bool,
        vfs: str | None = None,
        uri: str | None = None,
        copies: TemporaryDirectory[str] | None = None,
        new: bool = False,
    ) -> None:
        """A connection with every setting that durability and erasure rest on. Raises apsw.Error.

        With `uri` it is opened so, and for reading alone; `copies` is removed when it is closed. A `new` file that
        is abandoned before its first commit is removed.
        """
        flags = apsw.SQLITE_OPEN_READWRITE | (apsw.SQLITE_OPEN_CREATE if writable else 0)
        if uri is not None:
            flags = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
        self._copies = copies
        self._new = path if new else None
        self.connection = connection = apsw.Connection(uri or str(path), flags=flags, vfs=vfs)
        self._begin = "BEGIN IMMEDIATE" if writable else "BEGIN"
        try:
            connection.set_busy_timeout(BUSY_MS)
            if writable:
                for pragma in ("secure_delete = ON", "journal_mode = WAL", "synchronous = FULL"):
                    connection.execute(f"PRAGMA {pragma}")
                connection.wal_autocheckpoint(4000)
            for pragma in ("temp_store = MEMORY", "trusted_schema = OFF", "cache_size = -8000"):
                connection.execute(f"PRAGMA {pragma}")
            if not writable:
                connection.execute("PRAGMA query_only = ON")
        except apsw.Error:
            connection.close()
            raise

    def rows(self, sql: str, values: Sequence[Value] = ()) -> Iterable[Row]:
        return self.connection.execute(sql, values)

    def row(self, sql: str, values: Sequence[Value] = ()) -> Row | None:
        return self.connection.execute(sql, values).fetchone()

    def value(self, sql: str, values: Sequence[Value] = ()) -> Any:
        row = self.row(sql, values)
        return row[0] if row is not None else None

    def run(self, sql: str, values: Sequence[Value] = ()) -> None:
        self.connection.execute(sql, values).fetchall()

    def many(self, sql: str, values: Sequence[Sequence[Value]]) -> None:
        self.connection.executemany(sql, values)

    def begin(self) -> None:
        self.connection.execute(self._begin)

    def commit(self) -> None:
        self.connection.execute("COMMIT")
        self._new = None

    def rollback(self) -> None:
        if not self.connection.get_autocommit():
            self.connection.execute("ROLLBACK")

    def close(self) -> None:
        self.connection.close()
        if self._copies is not None:
            self._copies.cleanup()

    def abandon(self) -> None:
        self.connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        with suppress(apsw.Error):
            self.connection.close(True)
        if self._new is not None:  # a founding that was refused leaves nothing that looks like a log
            for path in (self._new, _wal(self._new), self._new.with_name(self._new.name + "-shm")):
                path.unlink(missing_ok=True)


def _wal(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


def cut_wal(connection: apsw.Connection, path: Path) -> tuple[str, ...]:
    """Write the write-ahead log out and cut it, so that no removed bytes are left in it; what is left is said."""
    for attempt in range(TRIES):
        if not connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").get[0]:
            return ()
        time.sleep(0.01 * (attempt + 1))
    return (f"{_wal(path)}, until no other process reads {path}",)


def inspected(path: Path) -> SqliteSession:
    """A connection that leaves the folder as it is: no journal, no shared memory is made beside the file.

    A file without a write-ahead log is whole, and read as it stands; one that is open elsewhere is read with its
    log; one that was copied with its log is read from a private copy, which is removed at the end.
    """
    log, shared = _wal(path), path.with_name(path.name + "-shm")
    if not log.exists() or (not log.stat().st_size and not shared.exists()):
        return SqliteSession(path, writable=False, uri=f"file:{quote(str(path.absolute()))}?immutable=1")
    if shared.exists():
        return SqliteSession(path, writable=False, uri=f"file:{quote(str(path.absolute()))}?mode=ro")
    copies = TemporaryDirectory(prefix="footnote-verify-")
    for one in (path, log):
        shutil.copyfile(one, Path(copies.name) / one.name)
    return SqliteSession(Path(copies.name) / path.name, writable=False, copies=copies)


class SqliteDatabase:
    """Implements `Database` on two files of a folder: the log, and its search index."""

    each = EACH
    gone = "(SELECT json_group_object(name, by) FROM erased WHERE erased.idx = entry.idx)"

    def __init__(self, folder: Path, vfs: str | None = None) -> None:
        """`vfs` names a registered SQLite VFS, for whoever writes."""
        self.path = folder / "log.db"
        self.search_path = folder / "search.db"
        self.where = str(self.path)
        self._vfs = vfs

    def writer(self) -> SqliteSession:
        check_library()
        new = not self.path.exists()
        if new:
            os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
        return SqliteSession(self.path, writable=True, vfs=self._vfs, new=new)

    def reader(self) -> SqliteSession:
        return SqliteSession(self.path, writable=False)

    def inspect(self) -> SqliteSession:
        if not self.path.is_file() or not self.path.stat().st_size:
            raise LogMissing(f"there is no audit log {self.path}")
        session = inspected(self.path)
        if session.value("SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'state'") != 1:
            session.close()
            raise LogMissing(f"{self.path} is no audit log")
        return session

    def fingerprint(self) -> object:
        return [(p.stat().st_mtime_ns, p.stat().st_size) for p in (self.path, _wal(self.path)) if p.exists()]

    def check_index(self, session: Session, size: int) -> Sequence[str]:
        damaged = [str(row[0]) for row in session.rows("PRAGMA integrity_check(5)")]
        wrong = [] if damaged == ["ok"] else [f"SQLite finds {self.path} damaged: {what}" for what in damaged]
        if not self.search_path.exists():
            return wrong
        with TemporaryDirectory(prefix="footnote-index-") as folder:
            return wrong + compare_indexes(self.search_path, Path(folder) / "search.db", session, size)

    def create(self, session: Session) -> None:
        session.run(_SCHEMA)

    def permit(self, session: Session, following: bytes) -> None:
        return  # whoever may write to the file may write anything

    def append(self, session: Session, batch: Batch) -> None:
        rows = [(index, sealed, sealed.record) for index, sealed in enumerate(batch.records, batch.start)]
        _insert(
            session,
            "INSERT INTO entry VALUES",
            [(i, r.id, r.event, r.outcome, microseconds(r.time), r.refers_to, sealed.leaf) for i, sealed, r in rows],
        )
        _insert(session, "INSERT INTO disclosure VALUES", [(index, sealed.body) for index, sealed, _ in rows])
        session.many(
            "INSERT INTO tile VALUES (?, ?, ?) ON CONFLICT (level, n) DO UPDATE SET hashes = excluded.hashes",
            batch.tiles,
        )
        session.many("INSERT INTO key (vkey) VALUES (?)", [(key,) for key in batch.keys])
        session.run(
            "UPDATE state SET size = ?, edge = ?, checkpoint = ?, signer = ?",
            (batch.start + len(rows), batch.edge, batch.checkpoint, batch.signer),
        )

    def erase(self, session: Session, by: str, cuts: Sequence[Cut]) -> None:
        session.many("UPDATE disclosure SET body = ? WHERE idx = ?", [(cut.body, cut.index) for cut in cuts])
        session.many(
            "INSERT INTO erased VALUES (?, ?, ?)", [(cut.index, name, by) for cut in cuts for name in cut.gone]
        )
        session.run(
            "INSERT INTO meta VALUES ('scrub', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", (by,)
        )

    def note_copy(self, session: Session, path: str, first: int, last: int, record: str) -> None:
        session.run(
            "INSERT INTO copy VALUES (?, ?, ?, ?) ON CONFLICT (path) DO UPDATE"
            " SET first = excluded.first, last = excluded.last, record = excluded.record",
            (path, first, last, record),
        )

    def finished(self, session: Session, removed: Sequence[str]) -> None:
        session.many("DELETE FROM copy WHERE path = ?", [(path,) for path in removed])
        session.run("DELETE FROM meta WHERE name = 'scrub'")

    def search(self, session: Session, covered: Callable[[], int]) -> SearchIndex:
        return SqliteSearch(self.search_path, session, covered)

    @contextmanager
    def translated(self) -> Iterator[None]:
        try:
            yield
        except _BUSY as error:
            raise AuditUnavailable(f"another process holds the audit log {self.path} too long: {error}") from error
        except _DAMAGED as error:
            raise AuditCorrupt(f"the audit log {self.path} is damaged: {error}; run: footnote audit verify") from error
        except (apsw.Error, OSError) as error:
            raise AuditUnavailable(
                f"the audit log {self.path} cannot be used: {error}; check disk space and health, then ask again"
            ) from error

    def passing(self, error: BaseException | None) -> bool:
        return isinstance(error, _BUSY)

    async def scrub(self, run: Run, indexes: Sequence[int], salts: frozenset[bytes]) -> tuple[str, ...]:
        """secure_delete has overwritten the fields; cut the write-ahead log to nothing, and look whether it is so.

        Where a salt is still found, the whole file is rewritten.
        """
        await self._cut_wal(run)
        if await asyncio.to_thread(holds_any, self.path, salts):
            await run(lambda session: session.run("VACUUM"))
            await self._cut_wal(run)
            if await asyncio.to_thread(holds_any, self.path, salts):
                raise AuditUnavailable(
                    f"{self.path} still holds bytes of erased fields; close other readers and approve again"
                )
        return ()

    async def _cut_wal(self, run: Run) -> None:
        """Shortly each time, until no reader stands in the way."""
        busy = [1]

        def cut(session: Session) -> None:
            session.run("PRAGMA busy_timeout = 50")
            try:
                busy[0] = session.value("PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                session.run(f"PRAGMA busy_timeout = {BUSY_MS}")

        for attempt in range(TRIES):
            await run(cut)
            if not busy[0]:
                return
            await asyncio.sleep(0.02 * (attempt + 1))
        raise AuditUnavailable(
            f"another process reads {self.path} for too long to finish the erasure; stop it, then start again"
        )


def _insert(session: Session, into: str, rows: Sequence[Sequence[Value]]) -> None:
    """Many rows a statement: after each one the thread may wait for its turn with the interpreter."""
    at = 0
    for size in _AT_ONCE:
        row = f"({', '.join('?' * len(rows[0]))})"
        while len(rows) - at >= size:
            values = [value for one in rows[at : at + size] for value in one]
            session.run(f"{into} {', '.join([row] * size)}", values)
            at += size


def holds_any(path: Path, salts: frozenset[bytes], *, block: int = 1 << 22) -> bool:
    """Does a database or its write-ahead log hold any of these salts? One pass, however many there are."""
    for file_path in (path, path.with_name(path.name + "-wal")):
        if not salts or not file_path.exists():
            continue
        with file_path.open("rb") as file:
            tail = b""
            while data := file.read(block):
                window = tail + data
                if any(found[1] in salts for found in _SALT.finditer(window)):
                    return True
                tail = window[-22:]
    return False
