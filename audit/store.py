"""The log's tables as one line of records: the writing side. Blocking: `audit.log` calls it from its writer thread."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from audit.database import FORMAT, Batch, Database, Session
from audit.disclosure import Sealed, microseconds, values_of
from audit.errors import AuditCorrupt, AuditUnavailable, RecordExists
from audit.files import put_in_place
from audit.keyring import Paths, remember
from audit.note import Checkpoint, SigningKey, load_or_create_key, open_checkpoint
from audit.record import Receipt
from audit.search import FilterQuery, select
from audit.tree import TILE, Edge, leaf_hash, root_of

ROTATED = ("key", "rotated")
"""Event and outcome of the record that hands over to a new key."""


@dataclass(frozen=True, slots=True)
class Addition:
    """One record to append. `also` runs in the same transaction, with the session and the index."""

    sealed: Sealed
    also: Callable[[Session, int], None] | None = None


_Entries = Callable[[int], Sequence[Addition]]
"""What to append to a log of so many records."""


class Store:
    """The one connection that writes. Not thread-safe: one thread opens, writes and closes."""

    def __init__(self, database: Database, paths: Paths, origin: str) -> None:
        self.paths = paths
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
            self._settle()

    def settled(self) -> SigningKey:
        """The key that signs the log now, also after another process changed it, in its place.

        Raises AuditUnavailable, AuditCorrupt.
        """
        with self._database.translated():
            signer = self._opened().value("SELECT signer FROM state")
            if str(self.key.public) != signer:
                self._key = self._signing_key(signer)
            self._settle()
        return self.key

    def _settle(self) -> None:
        """The key that signs the log is in its place; at a founding, and after a crash, it was not yet."""
        if self.paths.following.exists():
            following = load_or_create_key(self.paths.following, self.origin)
            if str(following.public) == str(self.key.public):
                put_in_place(self.paths.following, self.paths.key)
        remember(self.paths, self.key.public)

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

    def write(self, entries: Sequence[Addition]) -> list[Receipt | RecordExists]:
        """Append all in one durable transaction; a record that stands there already gives its old receipt.

        Raises AuditUnavailable or AuditCorrupt, and nothing is appended; `open` is False when the
        connection had to be given up.
        """
        return self._guarded(lambda _: entries, None)

    def hand_over(self, entry: Callable[[int], Addition], successor: SigningKey) -> None:
        """Append the `key` record that `entry` makes for the tree size it ends; from there on sign with `successor`.

        Raises AuditUnavailable, AuditCorrupt.
        """
        self._guarded(lambda size: [entry(size + 1)], successor)
        self._key = successor

    def _guarded(self, entries: _Entries, successor: SigningKey | None) -> list[Receipt | RecordExists]:
        try:
            with self._database.translated():
                return self._transact(self._opened(), entries, successor)
        except (AuditUnavailable, AuditCorrupt) as error:
            if not self._database.passing(error.__cause__):
                self.abandon()
            raise

    def run(self, work: Callable[[Session], None]) -> None:
        """Something outside a transaction (a checkpoint, a vacuum). Raises AuditUnavailable."""
        with self._database.translated():
            work(self._opened())

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
            size = 0 if state is None else state[0]
            self._database.permit(session, hashlib.sha256(self.key.permit(size)).digest())
            session.commit()
        except BaseException:
            session.rollback()
            raise

    def _found(self, session: Session) -> None:
        """Start an empty log: name, key, checkpoint of size 0."""
        for path in (self.paths.key, self.paths.public):
            if path.exists():
                raise AuditCorrupt(
                    f"{path} says that there was an audit log, and {self._database.where} has none: it was deleted, or"
                    f" this is another database. Restore it from the backup. To begin a new log instead, move"
                    f" {self.paths.folder} away and keep it"
                )
        self._key = key = load_or_create_key(self.paths.following, self.origin)
        self.origin = key.public.name
        session.many("INSERT INTO meta VALUES (?, ?)", [("format", FORMAT), ("origin", self.origin)])
        session.run("INSERT INTO key (vkey) VALUES (?)", (str(key.public),))
        note = key.sign_note(Checkpoint(self.origin, 0, Edge().root(), datetime.now(UTC)).text())
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
        for path in (self.paths.key, self.paths.following):
            if path.exists():
                key = load_or_create_key(path, self.origin)
                if str(key.public) == signer:
                    return key
        raise AuditCorrupt(
            f"{self.paths.key} is not the key that signed the audit log; restore it from the backup"
            f" (the log is signed by {signer})"
        )

    def _transact(self, session: Session, make: _Entries, successor: SigningKey | None) -> list[Receipt | RecordExists]:
        session.begin()
        try:
            results = self._append(session, make, successor)
            session.commit()
        except BaseException:
            session.rollback()
            raise
        return results

    def _append(self, session: Session, make: _Entries, successor: SigningKey | None) -> list[Receipt | RecordExists]:
        row = session.row("SELECT size, edge, signer FROM state")
        if row is None:
            raise AuditCorrupt(f"{self._database.where} has lost its head; keep what is there, restore the backup")
        size, edge_bytes, signer = row
        if str(self.key.public) != signer:
            self._key = self._signing_key(signer)  # another process changed the key
        self._check_room(session, size)
        entries = make(size)
        edge = _edge(size, edge_bytes)
        known = self._known(session, [entry.sealed.record.id for entry in entries], size)
        results: list[Receipt | RecordExists | None] = []
        fresh: list[Addition] = []
        for entry in entries:
            record = entry.sealed.record
            if record.id in known:
                results.append(None)
                continue
            hashed = leaf_hash(entry.sealed.leaf)
            receipt = known[record.id] = Receipt(record.id, edge.size, hashed.hex())
            edge.add(hashed)
            fresh.append(entry)
            results.append(receipt)
        if fresh:
            self._database.append(session, self._batch(session, size, edge, fresh, successor or self.key))
        for position, entry in enumerate(fresh, size):
            if entry.also is not None:
                entry.also(session, position)
        return [
            receipt if receipt is not None else _again(session, entry.sealed, known[entry.sealed.record.id])
            for entry, receipt in zip(entries, results, strict=True)
        ]

    def _batch(self, session: Session, size: int, edge: Edge, fresh: Sequence[Addition], signer: SigningKey) -> Batch:
        records = [entry.sealed for entry in fresh]
        rotations = [sealed.record for sealed in records if (sealed.record.event, sealed.record.outcome) == ROTATED]
        return Batch(
            start=size,
            records=records,
            tiles=_new_tiles(session, size, [sealed.leaf for sealed in records]),
            edge=b"".join(edge.hashes),
            checkpoint=signer.sign_note(Checkpoint(self.origin, edge.size, edge.root(), datetime.now(UTC)).text()),
            signer=str(signer.public),
            keys=[str(record.fields["new_key"]) for record in rotations],
            permit=self.key.permit(size),
            following=hashlib.sha256(signer.permit(edge.size)).digest(),
        )

    def _check_room(self, session: Session, size: int) -> None:
        """Nothing stands where the next records belong.

        Rows there may be forged, or be real ones whose checkpoint was put back to an older one: they are
        neither written over nor followed, a person must look.
        """
        for table in ("entry", "disclosure"):
            found = FilterQuery(table, "idx >= ?", (size,), "idx")
            if session.value(select("idx", found, "LIMIT 1"), found.values) is not None:
                raise AuditCorrupt(
                    f"{self._database.where} holds rows past its signed checkpoint of {size} records;"
                    " nothing is recorded until somebody looks: keep what is there and run: footnote audit verify"
                )

    def _known(self, session: Session, ids: Sequence[str], size: int) -> dict[str, Receipt]:
        where = f"id IN ({self._database.each}) AND idx >= 0 AND idx < ?"
        found = FilterQuery("entry", where, (json.dumps(ids), size), "idx")
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


def _new_tiles(session: Session, size: int, leaves: Sequence[bytes]) -> list[tuple[int, int, bytes]]:
    """(level, n, hashes) of the rows that change when these leaves follow `size` others.

    Level 0 has a row for each full tile, the levels above one for each tile that has begun. Tiles follow from
    the leaves: a row that stands where one belongs is no tile of ours, and gives way.
    """
    made: dict[tuple[int, int], bytes] = {}
    first, end = size // TILE, (size + len(leaves)) // TILE
    if first == end:
        return []
    row = _leaf_hashes(session, first * TILE, size) + [leaf_hash(leaf) for leaf in leaves]
    for tile in range(first, end):
        start = (tile - first) * TILE
        hashes = row[start : start + TILE]
        level, n, place = 0, tile, TILE - 1
        made[level, n] = b"".join(hashes)
        while place == TILE - 1:  # a full tile is one more hash of the level above
            root = root_of(hashes)
            level, (n, place) = level + 1, divmod(n, TILE)
            hashes = [*_hashes(session, made, level, n, place), root]
            made[level, n] = b"".join(hashes)
    return [(level, n, hashes) for (level, n), hashes in made.items()]


def _leaf_hashes(session: Session, start: int, end: int) -> list[bytes]:
    leaves = session.rows("SELECT leaf FROM entry WHERE idx >= ? AND idx < ? ORDER BY idx", (start, end))
    return [leaf_hash(leaf) for (leaf,) in leaves]


def _hashes(session: Session, made: dict[tuple[int, int], bytes], level: int, n: int, width: int) -> list[bytes]:
    """The first `width` hashes of a tile, worked out from the leaves where its row is missing or cut short."""
    if not width:
        return []
    if not level:
        return _leaf_hashes(session, n * TILE, n * TILE + width)
    row = made.get((level, n)) or session.value("SELECT hashes FROM tile WHERE level = ? AND n = ?", (level, n)) or b""
    if len(row) >= width * 32:
        return [row[i : i + 32] for i in range(0, width * 32, 32)]
    return [root_of(_hashes(session, made, level - 1, n * TILE + i, TILE)) for i in range(width)]
