"""The log's tables as one line of records: the writing side. Blocking: `audit.log` calls it from its writer thread."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from audit.database import FORMAT, Database, Session
from audit.disclosure import Sealed, microseconds, values_of
from audit.errors import AuditCorrupt, AuditUnavailable, RecordExists
from audit.note import Checkpoint, SigningKey, load_or_create_key, open_checkpoint
from audit.record import Receipt
from audit.search import Found, select
from audit.tree import TILE, Edge, leaf_hash, root_of


@dataclass(frozen=True, slots=True)
class Entry:
    """One record to append. `also` runs in the same transaction, with the session and the index."""

    sealed: Sealed
    also: Callable[[Session, int], None] | None = None


class Store:
    """The one connection that writes. Not thread-safe: one thread opens, writes and closes."""

    def __init__(self, database: Database, key_path: Path, origin: str) -> None:
        self.key_path = key_path
        self.origin = origin
        self._database = database
        self._session: Session | None = None
        self._key: SigningKey | None = None

    @property
    def open(self) -> bool:
        return self._session is not None

    def start(self) -> None:
        """Open, create when new, recover after a crash, check the head. Raises AuditUnavailable, AuditCorrupt."""
        with self._database.translated():
            self._session = self._database.writer()
            try:
                self._prepare(self._session)
            except BaseException:
                self.abandon()
                raise

    def abandon(self) -> None:
        """Close after an error: nothing is written, synced or checkpointed through these descriptors again."""
        session, self._session = self._session, None
        if session is not None:
            session.abandon()

    def stop(self) -> None:
        """Close in good order."""
        session, self._session = self._session, None
        if session is not None:
            with self._database.translated():
                session.close()

    def write(self, entries: Sequence[Entry]) -> list[Receipt | RecordExists]:
        """Append all in one durable transaction; a record that stands there already gives its old receipt.

        Raises AuditUnavailable or AuditCorrupt, and nothing is appended; `open` is False when the
        connection had to be given up.
        """
        try:
            with self._database.translated():
                return self._transact(self._opened(), entries)
        except (AuditUnavailable, AuditCorrupt) as error:
            if not self._database.passing(error.__cause__):
                self.abandon()
            raise

    def run(self, work: Callable[[Session], None]) -> None:
        """Something outside a transaction (a checkpoint, a vacuum). Raises AuditUnavailable."""
        with self._database.translated():
            work(self._opened())

    def rotated(self, key: SigningKey) -> None:
        """From now on sign with this key (its `key` record is being written)."""
        self._key = key

    @property
    def key(self) -> SigningKey:
        if self._key is None:
            raise self._closed()
        return self._key

    # --- inside ---

    def _closed(self) -> AuditUnavailable:
        return AuditUnavailable(f"the audit log {self._database.where} is not open")

    def _opened(self) -> Session:
        if self._session is None:
            raise self._closed()
        return self._session

    def _prepare(self, session: Session) -> None:
        session.begin()
        try:
            self._database.create(session)
            state = session.row("SELECT size, edge, checkpoint, signer FROM state")
            if state is None:
                self._found(session)
            else:
                self._check_head(session, *state)
            session.commit()
        except BaseException:
            session.rollback()
            raise

    def _found(self, session: Session) -> None:
        """Start an empty log: name, key, checkpoint of size 0."""
        self._key = key = load_or_create_key(self.key_path, self.origin)
        self.origin = key.public.name
        session.many("INSERT INTO meta VALUES (?, ?)", [("format", FORMAT), ("origin", self.origin)])
        session.run("INSERT INTO key (vkey) VALUES (?)", (str(key.public),))
        note = key.sign_note(Checkpoint(self.origin, 0, Edge().root()).text())
        session.run("INSERT INTO state VALUES (1, 0, ?, ?, ?)", (b"", note, str(key.public)))

    def _check_head(self, session: Session, size: int, edge: bytes, note: str, signer: str) -> None:
        """The cheap checks of a start; `audit verify` does the rest."""
        where = self._database.where
        meta: dict[str, str] = dict(session.rows("SELECT name, value FROM meta"))
        if meta.get("format") != FORMAT:
            raise AuditCorrupt(f"{where} has format {meta.get('format')!r}; this version reads {FORMAT!r}")
        self.origin = meta["origin"]
        self._key = self._signing_key(signer)
        head = open_checkpoint(note, [self._key.public])
        last = session.value("SELECT max(idx) FROM entry")
        count = 0 if last is None else last + 1
        if (head.origin, head.size) != (self.origin, size) or count != size or _edge(size, edge).root() != head.root:
            raise AuditCorrupt(
                f"{where}: the signed checkpoint of {head.size} records does not fit the {count} stored ones;"
                " keep what is there and run: footnote audit verify"
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

    def _transact(self, session: Session, entries: Sequence[Entry]) -> list[Receipt | RecordExists]:
        session.begin()
        try:
            results = self._append(session, entries)
            session.commit()
        except BaseException:
            session.rollback()
            raise
        return results

    def _append(self, session: Session, entries: Sequence[Entry]) -> list[Receipt | RecordExists]:
        row = session.row("SELECT size, edge, signer FROM state")
        if row is None:
            raise AuditCorrupt(f"{self._database.where} has lost its head; keep what is there, restore the backup")
        size, edge_bytes, signer = row
        if str(self.key.public) != signer and not any(entry.sealed.record.event == "key" for entry in entries):
            self._key = self._signing_key(signer)  # another process changed the key
        edge = _edge(size, edge_bytes)
        known = self._known(session, [entry.sealed.record.id for entry in entries])
        results: list[Receipt | RecordExists] = []
        waiting: list[tuple[int, Sealed]] = []
        for entry in entries:
            record = entry.sealed.record
            if record.id in known:
                self._insert(session, waiting)
                results.append(_again(session, entry.sealed, known[record.id]))
                continue
            index, hashed = edge.size, leaf_hash(entry.sealed.leaf)
            receipt = known[record.id] = Receipt(record.id, index, hashed.hex())
            waiting.append((index, entry.sealed))
            edge.add(hashed)
            if edge.size % TILE == 0 or entry.also is not None:
                self._insert(session, waiting)
            if edge.size % TILE == 0:
                _complete_tile(session, edge.size)
            if entry.also is not None:
                entry.also(session, index)
            results.append(receipt)
        self._insert(session, waiting)
        if edge.size != size or str(self.key.public) != signer:
            note = self.key.sign_note(Checkpoint(self.origin, edge.size, edge.root()).text())
            session.run(
                "UPDATE state SET size = ?, edge = ?, checkpoint = ?, signer = ?",
                (edge.size, b"".join(edge.hashes), note, str(self.key.public)),
            )
        return results

    def _insert(self, session: Session, waiting: list[tuple[int, Sealed]]) -> None:
        """Write the records that wait, and leave none: many rows by one statement are the cheapest."""
        if not waiting:
            return
        rows = [(index, sealed.record, sealed.leaf) for index, sealed in waiting]
        session.many(
            "INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?)",
            [(index, r.id, r.event, r.outcome, microseconds(r.time), r.refers_to, leaf) for index, r, leaf in rows],
        )
        self._database.disclose(session, waiting)
        waiting.clear()

    def _known(self, session: Session, ids: Sequence[str]) -> dict[str, Receipt]:
        found = Found("entry", f"id IN ({self._database.each})", (json.dumps(ids),), "idx")
        rows = session.rows(select("id, idx, leaf", found), found.values)
        return {record_id: Receipt(record_id, index, leaf_hash(leaf).hex()) for record_id, index, leaf in rows}


def _again(session: Session, sealed: Sealed, old: Receipt) -> Receipt | RecordExists:
    """The same record appended twice (a retry after a crash) is one record; another one is an error."""
    row = session.row("SELECT event, outcome, time, refers_to FROM entry WHERE idx = ?", (old.index,))
    body = session.value("SELECT body FROM disclosure WHERE idx = ?", (old.index,))
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


def _complete_tile(session: Session, size: int) -> None:
    """256 more leaves: store their hashes, and the tile's root in the tile above, and so on up."""
    leaves = session.rows("SELECT leaf FROM entry WHERE idx >= ? ORDER BY idx", (size - TILE,))
    hashes = b"".join(leaf_hash(leaf) for (leaf,) in leaves)
    session.run("INSERT INTO tile VALUES (0, ?, ?)", (size // TILE - 1, hashes))
    level, full = 0, size // TILE
    while True:
        root = root_of(hashes[i : i + 32] for i in range(0, len(hashes), 32))
        level, n = level + 1, (full - 1) // TILE
        below = session.value("SELECT hashes FROM tile WHERE level = ? AND n = ?", (level, n)) or b""
        hashes = below + root
        session.run(
            "INSERT INTO tile VALUES (?, ?, ?) ON CONFLICT (level, n) DO UPDATE SET hashes = excluded.hashes",
            (level, n, hashes),
        )
        if full % TILE:
            return
        full //= TILE
