"""Events that arrived, durable before the platform is acknowledged, and how far each has come.

new -> (record id, status line) -> recorded (the exact reply, kept until it is shown) -> shown (the
delivery's record is still to be written) -> done. A private reply is `showing` while it is sent. When
an event is done its text is dropped; the key stays, so that a late retry is still known.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import apsw

from audit.record import Json, Receipt, new_record_id
from bot.errors import InboxUnavailable
from bot.types import ChannelKind, Incoming, IncomingKind, Reply

_SCHEMA = """
CREATE TABLE IF NOT EXISTS events(
  seq INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, event TEXT NOT NULL, state TEXT NOT NULL,
  record_id TEXT, status_id TEXT, reply TEXT, arrived_at TEXT NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS events_state ON events(state) WHERE state <> 'done';
CREATE TABLE IF NOT EXISTS shown(
  record_id TEXT PRIMARY KEY, platform TEXT NOT NULL, message TEXT NOT NULL, channel TEXT NOT NULL, user TEXT NOT NULL,
  private INTEGER NOT NULL, delivery_id TEXT NOT NULL, at TEXT NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS shown_message ON shown(platform, message);
"""
_PENDING = "SELECT event, state, record_id, status_id, reply FROM events WHERE state <> 'done' "
_WAITING = """
SELECT key, event ->> 'platform', event ->> 'tenant', event ->> 'user', event ->> 'thread', event ->> 'kind'
FROM events WHERE state <> 'done' ORDER BY seq
"""
KEEP_KEYS = timedelta(days=3)  # Slack retries for minutes, Teams for hours at most
KEEP_SHOWN = timedelta(days=90)  # a thumb may come late
CLEAN_EVERY = 1_000  # events between two looks for what is too old

T = TypeVar("T")
_Work = Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Pending:
    """An event that is not done, and how far it has come."""

    incoming: Incoming
    state: str  # "new" | "recorded" | "showing" | "shown" | "unrecorded"
    record_id: str | None
    status_id: str | None
    reply: Reply | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """What the queue needs to know of an event that is not done."""

    key: str
    platform: str
    tenant: str
    user: str
    thread: str
    kind: IncomingKind


@dataclass(frozen=True, slots=True)
class Shown:
    """A reply on the platform. `delivery_id` and `at` are those of its delivery record, so that it is made once."""

    message: str
    delivery_id: str
    at: datetime


class Inbox:
    """SQLite through apsw; one thread does all the work, so the event loop never waits for the disk.

    What is asked for while the disk is busy is committed together, by one sync of the disk.
    """

    def __init__(self, path: Path) -> None:
        """Open or create the inbox. Raises InboxUnavailable."""
        self._path = path
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="inbox")
        self._asked: list[tuple[_Work, asyncio.Future[Any]]] = []
        self._committing: asyncio.Task[None] | None = None
        self._done = 0
        self._lock = -1
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = apsw.Connection(str(path))
            self._db.set_busy_timeout(5_000)
            # One by one: apsw stops at the first statement that gives a row.
            for pragma in ("journal_mode = WAL", "synchronous = FULL", "secure_delete = ON"):
                self._db.execute(f"PRAGMA {pragma}")
            self._db.execute(_SCHEMA)
        except (apsw.Error, OSError) as error:
            raise self._unavailable(error) from error

    def _unavailable(self, error: Exception) -> InboxUnavailable:
        return InboxUnavailable(f"The inbox {self._path} cannot be used: {error}. Check the disk and the rights.")

    def hold(self) -> None:
        """Keep every other process from answering what is in this inbox, until `close`. Raises InboxUnavailable."""
        lock = self._path.with_name(self._path.name + ".lock")
        try:
            self._lock = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise InboxUnavailable(
                f"Another `footnote serve` answers from {self._path}, or {lock} cannot be locked ({error.strerror}): "
                "two would answer everything twice. Stop the other, or give this one a home of its own."
            ) from error

    async def _do(self, work: Callable[[], T]) -> T:
        """Durable when it returns. Raises InboxUnavailable."""
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._asked.append((work, done))
        if self._committing is None:
            self._committing = asyncio.create_task(self._commit())
        return await done

    async def _commit(self) -> None:
        """Batches, until nobody asks for anything. They share a transaction: all of it is durable, or nothing."""
        loop = asyncio.get_running_loop()
        while self._asked:
            asked, self._asked = self._asked, []
            try:
                results = await loop.run_in_executor(self._thread, self._batch, [work for work, _ in asked])
            except (apsw.Error, UnicodeError) as error:
                for _, done in asked:
                    if not done.done():
                        done.set_exception(self._unavailable(error))
                continue
            for (_, done), result in zip(asked, results, strict=True):
                if not done.done():  # whoever asked may have been cancelled
                    done.set_result(result)
        self._committing = None

    def _batch(self, works: Sequence[_Work]) -> list[Any]:
        results: list[Any] = []
        with self._db:
            results += [work() for work in works]
        return results

    async def accept(self, incoming: Incoming) -> bool:
        """Durable when it returns; False when this key is known already. Raises InboxUnavailable."""
        event, now = json.dumps(event_json(incoming), ensure_ascii=True), datetime.now(UTC).isoformat()

        def insert() -> bool:
            self._db.execute(
                "INSERT OR IGNORE INTO events(key, event, state, arrived_at) VALUES(?, ?, 'new', ?)",
                (incoming.key, event, now),
            )
            return self._db.changes() > 0

        return await self._do(insert)

    async def pending(self) -> list[Pending]:
        """Everything that is not done, oldest first."""
        rows = await self._do(lambda: list(self._db.execute(_PENDING + "ORDER BY seq")))
        return [_pending(row) for row in rows]

    async def get(self, key: str) -> Pending | None:
        """An event that is not done; None when it is, or was never accepted."""
        rows = await self._do(lambda: list(self._db.execute(_PENDING + "AND key = ?", (key,))))
        return _pending(rows[0]) if rows else None

    async def waiting(self) -> list[Waiting]:
        """What a restart has to finish, oldest first, without the texts."""
        rows = await self._do(lambda: list(self._db.execute(_WAITING)))
        return [Waiting(r[0], r[1], r[2], r[3], r[4], IncomingKind(r[5])) for r in rows]

    async def _update(self, sql: str, *values: str | None) -> None:
        def change() -> None:
            self._db.execute(sql, values)

        await self._do(change)

    async def claim(self, key: str, record_id: str) -> None:
        """Fix the record id before anything is recorded under it."""
        await self._update("UPDATE events SET record_id = ? WHERE key = ?", record_id, key)

    async def status_posted(self, key: str, message_id: str) -> None:
        await self._update("UPDATE events SET status_id = ? WHERE key = ?", message_id, key)

    async def recorded(self, key: str, reply: Reply) -> None:
        """The log has the record: from here on the question is not asked again, only shown."""
        data = json.dumps({"payload": reply.payload, "private": reply.private, "receipt": asdict(reply.receipt)})
        await self._update("UPDATE events SET state = 'recorded', reply = ? WHERE key = ?", data, key)

    async def showing(self, key: str) -> None:
        """A private reply is about to be sent: after a crash, sending it twice could not be noticed."""
        await self._update("UPDATE events SET state = 'showing' WHERE key = ?", key)

    async def not_shown(self, key: str) -> None:
        """It was not sent, after all: it may be sent again."""
        await self._update("UPDATE events SET state = 'recorded' WHERE key = ? AND state = 'showing'", key)

    async def shown(self, incoming: Incoming, reply: Reply, message: str) -> Shown:
        """The asker can see the reply. What is left is to record that."""
        now, delivery = datetime.now(UTC), new_record_id()
        record, place = reply.receipt.record_id, (incoming.platform, message, incoming.channel, incoming.user)

        def keep() -> None:
            sql = "INSERT OR REPLACE INTO shown VALUES(?, ?, ?, ?, ?, ?, ?, ?)"
            self._db.execute(sql, (record, *place, int(reply.private), delivery, now.isoformat()))
            self._db.execute("UPDATE events SET state = 'shown' WHERE key = ?", (incoming.key,))

        await self._do(keep)
        return Shown(message, delivery, now)

    async def shown_as(self, record_id: str) -> Shown | None:
        """How the reply of a record was shown, if it was."""
        sql = "SELECT message, delivery_id, at FROM shown WHERE record_id = ?"
        rows = await self._do(lambda: list(self._db.execute(sql, (record_id,))))
        return Shown(rows[0][0], rows[0][1], datetime.fromisoformat(rows[0][2])) if rows else None

    async def record_of(self, incoming: Incoming) -> str | None:
        """The record that the message an event is about shows: in this channel, or privately to this person.

        Messages have names that are unique within a conversation only, and a private reply stands in
        another conversation than its question.
        """
        sql = "SELECT record_id, channel, user, private FROM shown WHERE platform = ? AND message = ? ORDER BY at DESC"
        about = (incoming.platform, incoming.message)
        rows = await self._do(lambda: list(self._db.execute(sql, about)))
        here = [record for record, channel, _, _ in rows if channel == incoming.channel]
        alone = [record for record, _, user, private in rows if private and user == incoming.user]
        return next(iter(here + alone), None)

    async def unrecorded(self, key: str) -> None:
        """The log could not write and the asker got the fixed text: a gap to be recorded later."""
        await self._update(
            "UPDATE events SET state = 'unrecorded', event = ?, status_id = NULL WHERE key = ?", _blank(key), key
        )

    async def done(self, key: str) -> None:
        """Nothing is left to do. The text is dropped, the key kept; keys of long ago go."""
        self._done += 1
        clean = self._done % CLEAN_EVERY == 1
        now = datetime.now(UTC)

        def end() -> None:
            sql = "UPDATE events SET state = 'done', event = '', reply = NULL, status_id = NULL WHERE key = ?"
            self._db.execute(sql, (key,))
            if clean:
                keys, replies = (now - KEEP_KEYS).isoformat(), (now - KEEP_SHOWN).isoformat()
                self._db.execute("DELETE FROM events WHERE state = 'done' AND arrived_at < ?", (keys,))
                self._db.execute("DELETE FROM shown WHERE at < ?", (replies,))

        await self._do(end)

    async def close(self) -> None:
        """What was asked for is committed first."""
        if self._committing is not None:
            await self._committing
        await asyncio.get_running_loop().run_in_executor(self._thread, self._db.close)
        self._thread.shutdown()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def _pending(row: tuple[Any, ...]) -> Pending:
    event, state, record_id, status_id, reply = row
    return Pending(_from_json(json.loads(event)), state, record_id, status_id, _reply(reply))


def _blank(key: str) -> str:
    """An event without content, for a gap that waits to be recorded."""
    empty = Incoming(
        key, "", IncomingKind.IGNORED, "", "", "", ChannelKind.DIRECT, "", "", "", datetime.fromtimestamp(0, UTC)
    )
    return json.dumps(event_json(empty))


def event_json(incoming: Incoming) -> Mapping[str, Json]:
    """An event as it is stored."""
    return {
        **asdict(incoming),
        "received_at": incoming.received_at.isoformat(),
        "reference": dict(incoming.reference),
    }


def _from_json(data: dict[str, Any]) -> Incoming:
    return Incoming(
        **{
            **data,
            "kind": IncomingKind(data["kind"]),
            "channel_kind": ChannelKind(data["channel_kind"]),
            "received_at": datetime.fromisoformat(data["received_at"]),
        }
    )


def _reply(text: str | None) -> Reply | None:
    if text is None:
        return None
    data = json.loads(text)
    return Reply(data["payload"], data["private"], Receipt(**data["receipt"]))
