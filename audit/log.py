"""The audit log: many appends share one fsync, and an append that is not durable in time is an error.

A writer thread owns the one connection that writes, to SQLite or PostgreSQL. It takes everything
that waits, appends it in one transaction and answers all callers at once, so that the cost of an
fsync is shared. Several processes may append to one log; the database's write lock and the `state`
row keep them in one line.

After an I/O error the connection is given up, never retried: a second fsync on the same descriptor
may claim success for pages the first one lost (PostgreSQL's "fsyncgate"). The log reopens, lets
the database recover, and appends a `gap` record before anything else. What was refused is noted beside the
log before its caller is told (`audit.gaps`), so that a restart loses no gap.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import queue
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

from audit.database import Database, Session
from audit.disclosure import seal
from audit.errors import (
    AuditCorrupt,
    AuditError,
    AuditForbidden,
    AuditUnavailable,
    RecordExists,
    RecordInvalid,
    RecordUnknown,
)
from audit.files import alone, put_in_place
from audit.gaps import GapNotes
from audit.keyring import Paths, remember, signers
from audit.note import PublicKey, SigningKey, rotation_signature, write_key
from audit.reading import Reader
from audit.record import AuditRecord, Json, Receipt, new_record_id
from audit.sealing import Sealer
from audit.search import Filter, Page
from audit.sqlite import SqliteDatabase
from audit.store import Addition, Store

PATIENCE = 2.0  # seconds; a slower log counts as unavailable
MOST_IN_BATCH = 512
GAP = 0.001  # seconds without a further append after which a batch is written
LINGER = 0.02  # seconds that a batch may take to gather
AGAIN = 0.01  # seconds between two tries while another process holds the log
START = 15.0  # seconds that a start waits for it
NOTING = 2.0  # seconds that noting a refusal may take before the caller is told
T = TypeVar("T")


@dataclass(slots=True, eq=False)
class _Waiting:
    """An append, or a piece of work for the writer thread, and who waits for it."""

    record: AuditRecord | None
    done: asyncio.Future[Receipt]
    loop: asyncio.AbstractEventLoop
    work: Callable[[Store], None] | None = None
    also: Callable[[Session, int], None] | None = None
    entry: Addition | None = None  # once it is sealed
    abandoned: bool = False
    expired: bool = False


class TransparencyLog:
    """Implements `audit.record.AuditLog`. Made by `open`, ended by `close`."""

    def __init__(self, database: Database, store: Store, paths: Paths, patience: float) -> None:
        self.paths = paths
        self.database = database
        self._store = store
        self._patience = patience
        self._queue: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._gaps = GapNotes(paths.gaps)
        self._trouble = False  # something was refused that no `gap` record says yet
        self._reader = self.reader()
        self._thread = threading.Thread(target=self._write_all, name="audit-writer", daemon=True)
        self._closed = False
        self._sealer = Sealer()
        self._together = 0  # appends of the last batch

    @classmethod
    async def open(
        cls,
        folder: Path,
        *,
        database: Database | None = None,
        origin: str | None = None,
        patience: float | None = None,
    ) -> TransparencyLog:
        """Open the log whose key is in `folder`, or found one with a fresh key.

        `database` is where the records are (default: SQLite in the same folder). `origin` names a new
        log in its checkpoints (default: footnote-audit/ and 16 random hex digits); an existing log keeps
        its name. `patience` is how long, in seconds, an append may take (default: PATIENCE). Raises AuditUnavailable,
        AuditCorrupt.
        """
        paths, place = Paths(folder), database if database is not None else SqliteDatabase(folder)
        store = Store(place, paths, origin or f"footnote-audit/{os.urandom(8).hex()}")
        log = cls(place, store, paths, PATIENCE if patience is None else patience)
        ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        log._thread = threading.Thread(
            target=log._start, args=(ready, asyncio.get_running_loop()), name="audit-writer", daemon=True
        )
        log._thread.start()
        await ready
        return log

    async def close(self) -> None:
        """Write what waits, then close. Appends after it raise AuditUnavailable."""
        if self._closed:
            return
        self._closed = True
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)
        await self._reader.close()

    async def __aenter__(self) -> TransparencyLog:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    # --- writing ---

    async def append(self, record: AuditRecord) -> Receipt:
        """Durable when it returns. Raises AuditUnavailable, RecordInvalid; show no content then.

        Appending the very same record again gives the first one's receipt; another record with its id
        raises RecordExists.
        """
        return await self.append_with(record)

    async def append_with(self, record: AuditRecord, also: Callable[[Session, int], None] | None = None) -> Receipt:
        """Append, and change the disclosures in the same transaction (erasure, copies of exports)."""
        return await self._submit(record, also=also)

    async def work(self, work: Callable[[Store], None]) -> None:
        """Run something in the writer thread, between two batches, however long it takes."""
        await self._submit(None, work)

    async def sign(self, text: str) -> str:
        """A signed note over `text` (it ends with a line break) by the log's key. Raises AuditUnavailable."""
        notes: list[str] = []
        await self.work(lambda store: notes.append(store.key.sign_note(text)))
        return notes[0]

    async def rotate_key(
        self,
        request: str,
        agreed: Mapping[str, Json],
        revoked: int | None = None,
        check: Callable[[Session, int, AuditRecord], None] = lambda session, index, record: None,
    ) -> PublicKey:
        """Make a new signing key; a `key` record that the old one signed names it. Raises AuditUnavailable.

        `request` is the record that asked for it, `agreed` who agreed (`audit.approvals` sees to both). With
        `revoked` the old key is believed up to a tree of so many records. `check` raises, in the transaction, what
        forbids it.
        """
        made: list[SigningKey] = []

        def change(store: Store) -> None:
            # Two at once would each write `key.next` over the other's, and with it the only copy of a key that signs.
            with alone(self.paths.folder):
                rotate(store)

        def rotate(store: Store) -> None:
            old, new = store.settled(), SigningKey.generate(store.origin)
            write_key(self.paths.following, new, replace=True)

            def handover(size: int) -> AuditRecord:
                fields: dict[str, Json] = {
                    **agreed,
                    "old_key": str(old.public),
                    "new_key": str(new.public),
                    "size": size,
                    "signature": rotation_signature(old, new.public, size, revoked),
                }
                if revoked is not None:
                    fields["revoked"] = revoked
                return AuditRecord(new_record_id(), "key", datetime.now(UTC), "rotated", fields, request)

            def entry(size: int) -> Addition:
                record = handover(size)
                return Addition(seal(record), lambda session, index: check(session, index, record))

            try:
                store.hand_over(entry, new)
            except RecordUnknown:  # somebody was quicker, so this key signs nothing
                self.paths.following.unlink(missing_ok=True)
                raise
            put_in_place(self.paths.following, self.paths.key)
            remember(self.paths, new.public)
            made.append(new)

        await self.work(change)
        return made[0].public

    # --- reading ---

    async def get(self, record_id: str) -> AuditRecord | None:
        """A record with the fields that are left; `erased` names the others. None when unknown."""
        return await self._reader.call(lambda view: view.get(record_id))

    async def find(self, wanted: Filter, *, after: int | None = None, limit: int = 50) -> Page:
        """One page of the records that match, newest first; `Page.next` continues it."""
        return await self._reader.call(lambda view: view.find(wanted, after=after, limit=limit))

    async def all(self, wanted: Filter, *, page: int = 200) -> AsyncIterator[AuditRecord]:
        """Every record that matches, newest first, in constant memory."""
        after: int | None = None
        while True:
            found = await self.find(wanted, after=after, limit=page)
            for record in found.records:
                yield record
            if found.next is None:
                return
            after = found.next

    async def referring(self, record_id: str) -> Sequence[AuditRecord]:
        """The records about a record, oldest first: its delivery, feedback, reviews, access, erasures."""
        return await self._reader.call(lambda view: view.referring(record_id))

    async def size(self) -> int:
        """How many records the log holds."""
        return await self._reader.call(lambda view: view.size())

    async def receipt(self, record_id: str) -> Receipt | None:
        return await self._reader.call(lambda view: view.receipt(record_id))

    async def checkpoint(self) -> str:
        """The signed note over the whole log: what to keep outside, for `verify --since`."""
        return await self._reader.call(lambda view: view.checkpoint())

    def reader(self) -> Reader:
        """A connection of its own, for long reads; whoever asks for it closes it."""
        return Reader(self.database, partial(signers, self.paths))

    async def read(self, work: Callable[[Reader], T]) -> T:
        """Run a reading function in the reader's thread."""
        return await self._reader.call(work)

    # --- inside: the caller's side ---

    async def _submit(
        self,
        record: AuditRecord | None,
        work: Callable[[Store], None] | None = None,
        also: Callable[[Session, int], None] | None = None,
    ) -> Receipt:
        if self._closed:
            raise AuditUnavailable("the audit log is closed; start the service again")
        loop = asyncio.get_running_loop()
        waiting = _Waiting(record, loop.create_future(), loop, work, also)
        self._queue.put(waiting)
        if work is not None:
            return await waiting.done
        timer = loop.call_later(self._patience, self._expire, waiting)
        try:
            return await waiting.done
        except AuditUnavailable as error:
            if waiting.expired and record is not None:
                with suppress(TimeoutError):  # the disk of the notes may hang too
                    await asyncio.wait_for(asyncio.to_thread(self._note, error, [record.id]), NOTING)
            raise
        finally:
            waiting.abandoned = True  # for a caller that was cancelled: skip it when it still waits
            timer.cancel()

    def _expire(self, waiting: _Waiting) -> None:
        waiting.abandoned = True
        if not waiting.done.done():
            waiting.expired = True
            waiting.done.set_exception(
                AuditUnavailable(f"the audit log took more than {self._patience:g} s; check {self.database.where}")
            )

    # --- inside: the writer thread ---

    def _start(self, ready: asyncio.Future[None], loop: asyncio.AbstractEventLoop) -> None:
        try:
            with _locked(self.paths.folder):
                self._start_store()
                self._gaps.reserve()
        except Exception as error:  # noqa: BLE001  # whoever opens the log would wait for ever
            self._store.abandon()
            _call(loop, _fail, ready, _told(error))
            return
        self._trouble = self._gaps.waiting()  # of an earlier run
        self._try_recover()
        _call(loop, _finish, ready, None)
        self._write_all()

    def _start_store(self) -> None:
        """Wait for writers of other processes: on a busy machine they may hold the log for a while."""
        end = time.monotonic() + START
        while True:
            try:
                return self._store.start()
            except AuditUnavailable as error:
                if not self._passes(error) or time.monotonic() > end:
                    raise
            time.sleep(AGAIN)

    def _write_all(self) -> None:
        """The thread's life: take what waits, write it, answer."""
        ended = False
        while not ended:
            batch, ended = self._take()
            works = [waiting for waiting in batch if waiting.work is not None]
            appends = [waiting for waiting in batch if waiting.record is not None and not waiting.abandoned]
            self._together = len(appends)
            if appends:
                self._write(self._sealed(appends))
            for waiting in works:
                self._do(waiting)
        self._sealer.close()
        try:
            self._store.stop()
        except AuditError:
            self._store.abandon()  # all that was acknowledged is durable; the next start recovers

    def _take(self) -> tuple[list[_Waiting], bool]:
        """What waits now. Where several wrote together last time, they may be about to come again: wait a moment."""
        batch: list[_Waiting] = []
        item = self._queue.get()
        end = time.monotonic() + LINGER
        while item is not None:
            batch.append(item)
            if len(batch) >= MOST_IN_BATCH:
                return batch, False
            linger = item.work is None and len(batch) < self._together and time.monotonic() < end
            try:
                item = self._queue.get(timeout=GAP) if linger else self._queue.get_nowait()
            except queue.Empty:
                return batch, False
        return batch, True

    def _sealed(self, batch: Sequence[_Waiting]) -> list[_Waiting]:
        """Those whose records are valid; the others are told."""
        good: list[_Waiting] = []
        results = self._sealer.seal([waiting.record for waiting in batch if waiting.record is not None])
        for waiting, result in zip(batch, results, strict=True):
            if isinstance(result, RecordInvalid):
                _call(waiting.loop, _fail, waiting.done, result)
            else:
                waiting.entry = Addition(result, waiting.also)
                good.append(waiting)
        return good

    def _write(self, batch: Sequence[_Waiting]) -> None:
        while batch and self._write_once(batch):
            time.sleep(AGAIN)
            batch = [waiting for waiting in batch if not waiting.abandoned]

    def _write_once(self, batch: Sequence[_Waiting]) -> bool:
        """Write, and answer all. True: another process was busy, so it is tried again while somebody still waits."""
        entries = [waiting.entry for waiting in batch if waiting.entry is not None]
        try:
            self._recover()
            results = self._store.write(entries)
        except Exception as unexpected:  # noqa: BLE001  # the thread goes on, and the callers are told
            error = _told(unexpected)
            if not isinstance(unexpected, AuditError):
                self._store.abandon()
            if self._store.open and self._passes(error):
                return True
            self._note(error, [entry.sealed.record.id for entry in entries])
            _answer(batch, [_unavailable(error)] * len(batch))
            if not self._store.open:
                self._try_recover()
            return False
        _answer(batch, results)
        return False

    def _passes(self, error: AuditError) -> bool:
        return not isinstance(error, AuditForbidden) and self.database.passing(error.__cause__)

    def _do(self, waiting: _Waiting) -> None:
        try:
            self._recover()
            if waiting.work is not None:
                waiting.work(self._store)
        except Exception as error:  # noqa: BLE001  # likewise
            failure = _told(error)
            _call(waiting.loop, _fail, waiting.done, failure)
            if not self._store.open:
                self._note(failure, [])
                self._try_recover()
            return
        _call(waiting.loop, _finish, waiting.done, Receipt("", -1, ""))

    def _note(self, error: AuditError, records: Sequence[str]) -> None:
        """Before anybody is told. Where not even that can be written, the inbox still knows what it asked for."""
        if isinstance(error, AuditForbidden):
            return  # not the log's trouble: this login may not write, and could not write a gap either
        with suppress(OSError):
            self._gaps.add(str(error), records)
        self._trouble = True

    def _try_recover(self) -> None:
        try:
            self._recover()
        except (AuditUnavailable, AuditCorrupt):
            return  # the next append tries again, on fresh descriptors

    def _recover(self) -> None:
        """Reopen when the connection was given up, and say in the log that something was refused."""
        if not self._store.open:
            with _locked(self.paths.folder):
                self._store.start()
        if self._trouble:
            self._trouble = False
            try:
                self._gaps.move(self._record_gaps)
            except OSError:
                return  # the notes cannot be read or emptied now: they are kept for the next start
            except AuditError:
                self._trouble = True
                raise

    def _record_gaps(self, gaps: Sequence[AuditRecord]) -> None:
        self._store.write([Addition(seal(gap)) for gap in gaps])  # one that stands there came before a crash


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """One process at a time opens a log (creation and recovery). Raises AuditUnavailable."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise AuditUnavailable(f"the audit folder {folder} cannot be used: {error}; check its rights") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _told(error: Exception) -> AuditError:
    """What the caller is told: an error that nobody foresaw ends neither the thread nor the waiting."""
    if isinstance(error, AuditError):
        return error
    failure = AuditUnavailable(f"the audit log failed: {type(error).__name__}: {error}")
    failure.__cause__ = error
    return failure


def _unavailable(error: AuditError) -> AuditUnavailable:
    return error if isinstance(error, AuditUnavailable) else AuditUnavailable(str(error))


def _answer(batch: Sequence[_Waiting], results: Sequence[Receipt | RecordExists | AuditUnavailable]) -> None:
    """Resolve the futures of a batch with one call into each event loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[_Waiting, Receipt | AuditError]]] = {}
    for waiting, result in zip(batch, results, strict=True):
        by_loop.setdefault(waiting.loop, []).append((waiting, result))
    for loop, answers in by_loop.items():
        _call(loop, _settle, answers)


def _settle(answers: Sequence[tuple[_Waiting, Receipt | AuditError]]) -> None:
    for waiting, result in answers:
        if isinstance(result, AuditError):
            _fail(waiting.done, result)
        else:
            _finish(waiting.done, result)


def _finish(future: asyncio.Future[T], value: T) -> None:
    if not future.done():
        future.set_result(value)


def _fail(future: asyncio.Future[T], error: AuditError) -> None:
    if not future.done():
        future.set_exception(error)


def _call(loop: asyncio.AbstractEventLoop, function: Callable[..., None], *args: object) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(function, *args)
