"""The log in one SQLite file, through apsw. Blocking: `audit.log` calls it from its writer thread.

Tables: `entry` (leaves in tree order, never changed), `disclosure` (salts and values, deletable),
`erased` (names of fields that are gone), `tile` (hashes of full tiles, and the growing ones above
level 0), `state` (one row: size, edge, signed checkpoint), `key` (public keys in order), `copy`
(exports that hold records). Every transaction moves all of them together.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apsw

from audit.disclosure import Sealed, microseconds, values_of
from audit.errors import AuditCorrupt, AuditError, AuditUnavailable, RecordExists
from audit.note import Checkpoint, SigningKey, load_or_create_key, open_checkpoint
from audit.record import Receipt
from audit.tree import TILE, Edge, leaf_hash, root_of

OLDEST_SQLITE = (3, 51, 3)  # before it, two connections can corrupt a WAL (the "WAL-reset bug")
FORMAT = "1"
BUSY_MS = 1500  # how long a transaction waits for another process

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS entry (
    idx INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, event TEXT NOT NULL, outcome TEXT NOT NULL,
    time INTEGER NOT NULL, refers_to TEXT, leaf BLOB NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS entry_time ON entry (time);
CREATE INDEX IF NOT EXISTS entry_refers ON entry (refers_to) WHERE refers_to IS NOT NULL;
CREATE INDEX IF NOT EXISTS entry_event ON entry (event, idx) WHERE event <> 'question';
CREATE TABLE IF NOT EXISTS disclosure (idx INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS erased (
    idx INTEGER NOT NULL, name TEXT NOT NULL, by TEXT NOT NULL, PRIMARY KEY (idx, name)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tile (
    level INTEGER NOT NULL, n INTEGER NOT NULL, hashes BLOB NOT NULL, PRIMARY KEY (level, n)) STRICT;
CREATE TABLE IF NOT EXISTS key (n INTEGER PRIMARY KEY, vkey TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE IF NOT EXISTS copy (
    path TEXT PRIMARY KEY, first INTEGER NOT NULL, last INTEGER NOT NULL, record TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS state (
    one INTEGER PRIMARY KEY CHECK (one = 1), size INTEGER NOT NULL, edge BLOB NOT NULL,
    checkpoint TEXT NOT NULL, signer TEXT NOT NULL) STRICT;
"""

_BUSY = (apsw.BusyError, apsw.LockedError)
_DAMAGED = (apsw.CorruptError, apsw.NotADBError, apsw.FormatError)


@dataclass(frozen=True, slots=True)
class Entry:
    """One record to append. `also` runs in the same transaction, with the connection and the index."""

    sealed: Sealed
    also: Callable[[Any, int], None] | None = None


def check_library() -> None:
    """Raises AuditUnavailable when the linked SQLite can corrupt a log that two processes write."""
    version = tuple(int(part) for part in apsw.sqlite_lib_version().split("."))
    if version < OLDEST_SQLITE:
        needed = ".".join(map(str, OLDEST_SQLITE))
        raise AuditUnavailable(
            f"SQLite {apsw.sqlite_lib_version()} can corrupt a log with two writers; install apsw {needed} or newer"
        )


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """apsw's and the system's errors, in the log's words."""
    try:
        yield
    except _BUSY as error:
        raise AuditUnavailable(f"another process holds the audit log {path} too long: {error}") from error
    except _DAMAGED as error:
        raise AuditCorrupt(f"the audit log {path} is damaged: {error}; run: footnote audit verify") from error
    except (apsw.Error, OSError) as error:
        raise AuditUnavailable(
            f"the audit log {path} cannot be used: {error}; check disk space and health, then ask again"
        ) from error


def connect(path: Path, *, vfs: str | None = None, writable: bool = True) -> apsw.Connection:
    """A connection with every setting that durability and erasure rest on. Raises apsw.Error."""
    flags = apsw.SQLITE_OPEN_READWRITE | (apsw.SQLITE_OPEN_CREATE if writable else 0)
    connection = apsw.Connection(str(path), flags=flags, vfs=vfs)
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
    return connection


class Store:
    """The one connection that writes. Not thread-safe: one thread opens, writes and closes."""

    def __init__(self, path: Path, key_path: Path, origin: str, vfs: str | None = None) -> None:
        self.path = path
        self.key_path = key_path
        self.origin = origin
        self._vfs = vfs
        self._connection: apsw.Connection | None = None
        self._key: SigningKey | None = None

    @property
    def open(self) -> bool:
        return self._connection is not None

    def start(self) -> None:
        """Open, create when new, recover after a crash, check the head. Raises AuditUnavailable, AuditCorrupt."""
        check_library()
        with translated(self.path):
            if not self.path.exists():
                os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
            self._connection = connect(self.path, vfs=self._vfs)
            try:
                self._prepare(self._connection)
            except (apsw.Error, OSError, AuditError):
                self.abandon()
                raise

    def abandon(self) -> None:
        """Close after an error: nothing is written, synced or checkpointed through these descriptors again."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        try:
            connection.close(True)
        except apsw.Error:
            return  # the descriptors are gone; what stands on the disk decides

    def stop(self) -> None:
        """Close in good order."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with translated(self.path):
                connection.close()

    def write(self, entries: Sequence[Entry]) -> list[Receipt | RecordExists]:
        """Append all in one durable transaction; a record that stands there already gives its old receipt.

        Raises AuditUnavailable or AuditCorrupt, and nothing is appended; `open` is False when the
        connection had to be given up.
        """
        if self._connection is None:
            raise AuditUnavailable(f"the audit log {self.path} is not open")
        try:
            with translated(self.path):
                return self._transact(self._connection, entries)
        except (AuditUnavailable, AuditCorrupt) as error:
            if not isinstance(error.__cause__, _BUSY):
                self.abandon()
            raise

    def run(self, work: Callable[[apsw.Connection], None]) -> None:
        """Something outside a transaction (a checkpoint, a vacuum). Raises AuditUnavailable."""
        if self._connection is None:
            raise AuditUnavailable(f"the audit log {self.path} is not open")
        with translated(self.path):
            work(self._connection)

    def rotated(self, key: SigningKey) -> None:
        """From now on sign with this key (its `key` record is being written)."""
        self._key = key

    @property
    def key(self) -> SigningKey:
        if self._key is None:
            raise AuditUnavailable(f"the audit log {self.path} is not open")
        return self._key

    # --- inside ---

    def _prepare(self, connection: apsw.Connection) -> None:
        connection.execute("BEGIN IMMEDIATE")
        try:
            connection.execute(_SCHEMA)
            state = connection.execute("SELECT size, edge, checkpoint, signer FROM state").get
            if state is None:
                self._found(connection)
            else:
                self._check_head(connection, *state)
            connection.execute("COMMIT")
        except (apsw.Error, OSError, AuditError):
            if not connection.get_autocommit():
                connection.execute("ROLLBACK")
            raise

    def _found(self, connection: apsw.Connection) -> None:
        """Start an empty log: name, key, checkpoint of size 0."""
        self._key = key = load_or_create_key(self.key_path, self.origin)
        self.origin = key.public.name
        connection.execute("INSERT INTO meta VALUES ('format', ?), ('origin', ?)", (FORMAT, self.origin))
        connection.execute("INSERT INTO key (vkey) VALUES (?)", (str(key.public),))
        note = key.sign_note(Checkpoint(self.origin, 0, Edge().root()).text())
        connection.execute("INSERT INTO state VALUES (1, 0, x'', ?, ?)", (note, str(key.public)))

    def _check_head(self, connection: apsw.Connection, size: int, edge: bytes, note: str, signer: str) -> None:
        """The cheap checks of a start; `audit verify` does the rest."""
        meta = dict(connection.execute("SELECT name, value FROM meta"))
        if meta.get("format") != FORMAT:
            raise AuditCorrupt(f"{self.path} has format {meta.get('format')!r}; this version reads {FORMAT!r}")
        self.origin = meta["origin"]
        self._key = self._signing_key(signer)
        head = open_checkpoint(note, [self._key.public])
        last = connection.execute("SELECT max(idx) FROM entry").get
        count = 0 if last is None else last + 1
        if (head.origin, head.size) != (self.origin, size) or count != size or _edge(size, edge).root() != head.root:
            raise AuditCorrupt(
                f"{self.path}: the signed checkpoint of {head.size} records does not fit the {count} stored ones;"
                " keep the file and run: footnote audit verify"
            )

    def _signing_key(self, signer: str) -> SigningKey:
        """The private key whose public half the head names; finishes a rotation that a crash cut short."""
        following = self.key_path.with_name(self.key_path.name + ".next")
        for path in (self.key_path, following):
            if path.exists():
                key = load_or_create_key(path, self.origin)
                if str(key.public) == signer:
                    if path == following:
                        following.replace(self.key_path)
                    return key
        raise AuditCorrupt(
            f"{self.key_path} is not the key that signed the audit log; restore it from the backup"
            f" (the log is signed by {signer})"
        )

    def _transact(self, connection: apsw.Connection, entries: Sequence[Entry]) -> list[Receipt | RecordExists]:
        connection.execute("BEGIN IMMEDIATE")
        try:
            results = self._append(connection, entries)
            connection.execute("COMMIT")
        except (apsw.Error, AuditError):
            if not connection.get_autocommit():
                connection.execute("ROLLBACK")
            raise
        return results

    def _append(self, connection: apsw.Connection, entries: Sequence[Entry]) -> list[Receipt | RecordExists]:
        size, edge_bytes, signer = connection.execute("SELECT size, edge, signer FROM state").get
        if str(self.key.public) != signer and not any(entry.sealed.record.event == "key" for entry in entries):
            self._key = self._signing_key(signer)  # another process changed the key
        edge = _edge(size, edge_bytes)
        known = _known(connection, [entry.sealed.record.id for entry in entries])
        results: list[Receipt | RecordExists] = []
        for entry in entries:
            record = entry.sealed.record
            if record.id in known:
                results.append(_again(connection, entry.sealed, known[record.id]))
                continue
            index, hashed = edge.size, leaf_hash(entry.sealed.leaf)
            receipt = known[record.id] = Receipt(record.id, index, hashed.hex())
            _insert(connection, entry.sealed, index)
            edge.add(hashed)
            if edge.size % TILE == 0:
                _complete_tile(connection, edge.size)
            if entry.also is not None:
                entry.also(connection, index)
            results.append(receipt)
        if edge.size != size or str(self.key.public) != signer:
            note = self.key.sign_note(Checkpoint(self.origin, edge.size, edge.root()).text())
            connection.execute(
                "UPDATE state SET size = ?, edge = ?, checkpoint = ?, signer = ?",
                (edge.size, b"".join(edge.hashes), note, str(self.key.public)),
            )
        return results


def _insert(connection: apsw.Connection, sealed: Sealed, index: int) -> None:
    record = sealed.record
    micros = microseconds(record.time)
    connection.execute(
        "INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?)",
        (index, record.id, record.event, record.outcome, micros, record.refers_to, sealed.leaf),
    )
    connection.execute("INSERT INTO disclosure VALUES (?, ?)", (index, sealed.body))


def _known(connection: apsw.Connection, ids: Sequence[str]) -> dict[str, Receipt]:
    rows = connection.execute(
        "SELECT id, idx, leaf FROM entry WHERE id IN (SELECT value FROM json_each(?))", (json.dumps(ids),)
    )
    return {record_id: Receipt(record_id, index, leaf_hash(leaf).hex()) for record_id, index, leaf in rows}


def _again(connection: apsw.Connection, sealed: Sealed, old: Receipt) -> Receipt | RecordExists:
    """The same record appended twice (a retry after a crash) is one record; another one is an error."""
    row = connection.execute("SELECT event, outcome, time, refers_to FROM entry WHERE idx = ?", (old.index,)).get
    body = connection.execute("SELECT body FROM disclosure WHERE idx = ?", (old.index,)).get
    record = sealed.record
    same = row == (record.event, record.outcome, microseconds(record.time), record.refers_to)
    if same and body is not None and values_of(body) == values_of(sealed.body):
        return old
    return RecordExists(f"record {record.id} is in the log already, with other content; use a new id")


def _edge(size: int, data: bytes) -> Edge:
    try:
        return Edge(size, [data[i : i + 32] for i in range(0, len(data), 32)])
    except ValueError as error:
        raise AuditCorrupt(f"the stored edge of the tree is damaged: {error}") from error


def _complete_tile(connection: apsw.Connection, size: int) -> None:
    """256 more leaves: store their hashes, and the tile's root in the tile above, and so on up."""
    leaves = connection.execute("SELECT leaf FROM entry WHERE idx >= ? ORDER BY idx", (size - TILE,))
    hashes = b"".join(leaf_hash(leaf) for (leaf,) in leaves)
    connection.execute("INSERT INTO tile VALUES (0, ?, ?)", (size // TILE - 1, hashes))
    level, full = 0, size // TILE
    while True:
        root = root_of(hashes[i : i + 32] for i in range(0, len(hashes), 32))
        level, n = level + 1, (full - 1) // TILE
        connection.execute(
            "INSERT INTO tile VALUES (?, ?, ?)"
            " ON CONFLICT (level, n) DO UPDATE SET hashes = CAST(hashes || excluded.hashes AS BLOB)",
            (level, n, root),
        )
        if full % TILE:
            return
        hashes = connection.execute("SELECT hashes FROM tile WHERE level = ? AND n = ?", (level, n)).get
        full //= TILE
