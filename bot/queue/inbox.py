"""Events that arrived, durable before the platform is acknowledged, and how far each has come.

new -> (record id, status line) -> recorded (the exact reply, kept until it is shown) -> showing (it is being
sent) -> shown (the delivery's record is still to be written) -> done. When
an event is done its text is dropped; the key stays, so that a late retry is still known.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from audit.record import Json, Receipt, new_record_id
from bot.errors import InboxUnavailable
from bot.queue.inbox_store import InboxStore
from bot.types import ChannelKind, Incoming, IncomingKind, Reply

_PENDING = "SELECT event, state, record_id, status_id, reply FROM events WHERE state <> 'done'"
KEEP_KEYS = timedelta(days=3)  # Slack retries for minutes, Teams for hours at most
KEEP_SHOWN = timedelta(days=90)  # a thumb may come late
CLEAN_EVERY = 1_000  # events between two looks for what is too old

T = TypeVar("T")
_Work = Callable[[], Any]


@dataclass(frozen=True, slots=True)
class PartsShown:
    """Of a reply in several messages: the form, whether it is for the asker alone, and those that stand there."""

    form: str
    private: bool
    messages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PendingEvent:
    """An event that is not done, and how far it has come."""

    incoming: Incoming
    state: str  # "new" | "recorded" | "showing" | "shown" | "unrecorded"
    record_id: str | None
    status_id: str | None
    reply: Reply | None
    parts: PartsShown | None = None


@dataclass(frozen=True, slots=True)
class WaitingEvent:
    """What the queue needs to know of an event that is not done."""

    key: str
    platform: str
    tenant: str
    user: str
    thread: str
    kind: IncomingKind


@dataclass(frozen=True, slots=True)
class Earlier:
    """What is known of an event afterwards: its record, when it arrived, whether nothing is left to do."""

    record_id: str | None
    arrived_at: datetime
    done: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """A reply on the platform. `delivery_id` and `at` are those of its delivery record, so that it is made once."""

    message: str
    delivery_id: str
    at: datetime
    private: bool


class Inbox:
    """One thread does all the work, so the event loop never waits for the disk or the server.

    What is asked for while that is busy is committed together, as one transaction.
    """

    def __init__(self, store: InboxStore) -> None:
        """Open or create the inbox. Raises InboxUnavailable."""
        self._store = store
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="inbox")
        self._asked: list[tuple[_Work, asyncio.Future[Any]]] = []
        self._committing: asyncio.Task[None] | None = None
        self._done = 0
        self._db = store.open()

    @property
    def shared(self) -> bool:
        """May other replicas work at this inbox too?"""
        return self._store.shared

    def hold(self) -> None:
        """Be the one that answers, until `close`, where only one may. Raises InboxUnavailable."""
        self._store.hold()

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
            except InboxUnavailable as error:
                for _, done in asked:
                    if not done.done():
                        done.set_exception(error)
                continue
            for (_, done), result in zip(asked, results, strict=True):
                if not done.done():  # whoever asked may have been cancelled
                    done.set_result(result)
        self._committing = None

    def _batch(self, works: Sequence[_Work]) -> list[Any]:
        with self._store.translated():
            self._db.begin()
            try:
                results = [work() for work in works]
                self._db.commit()
            except BaseException:
                self._db.rollback()
                raise
        return results

    async def accept(self, incoming: Incoming) -> bool:
        """Durable when it returns; False when this key is known already. Raises InboxUnavailable."""
        event, now = json.dumps(event_json(incoming), ensure_ascii=True), datetime.now(UTC).isoformat()

        def insert() -> bool:
            sql = (
                "INSERT INTO events(key, event, state, arrived_at) VALUES(?, ?, 'new', ?)"
                " ON CONFLICT (key) DO NOTHING RETURNING seq"
            )
            return self._db.row(sql, (incoming.key, event, now)) is not None

        return await self._do(insert)

    async def earlier(self, key: str) -> Earlier | None:
        """An event that was accepted in the last days, done or not."""
        sql = "SELECT record_id, arrived_at, state FROM events WHERE key = ?"
        row = await self._do(lambda: self._db.row(sql, (key,)))
        return Earlier(row[0], datetime.fromisoformat(row[1]), row[2] == "done") if row is not None else None

    async def pending(self) -> list[PendingEvent]:
        """Everything that is not done, oldest first."""
        rows = await self._do(lambda: list(self._db.rows(f"{_PENDING} ORDER BY seq")))
        return [_pending(row) for row in rows]

    async def get(self, key: str) -> PendingEvent | None:
        """An event that is not done; None when it is, was never accepted, or another replica took it over."""
        sql = f"{_PENDING} AND key = ?{self._store.mine}"
        row = await self._do(lambda: self._db.row(sql, (key,)))
        return _pending(row) if row is not None else None

    async def waiting(self) -> list[WaitingEvent]:
        """What a restart has to finish, oldest first, without the texts; what others left is taken over."""
        sql = f"{_PENDING}{self._store.mine} ORDER BY seq"

        def look() -> list[WaitingEvent]:
            self._store.take_over(self._db)
            return [_waiting(json.loads(row[0])) for row in self._db.rows(sql)]

        return await self._do(look)

    async def _update(self, sql: str, *values: str | None) -> None:
        """Change an event of ours; its key is the last value. Raises InboxUnavailable when it is ours no more."""

        def change() -> bool:
            return self._db.row(f"{sql} WHERE key = ?{self._store.mine} RETURNING seq", values) is not None

        if not await self._do(change):
            raise InboxUnavailable(f"The event {values[-1]} is not in this inbox, or another replica took it over.")

    async def claim(self, key: str, record_id: str) -> None:
        """Fix the record id before anything is recorded under it."""
        await self._update("UPDATE events SET record_id = ?", record_id, key)

    async def status_posted(self, key: str, message_id: str) -> None:
        await self._update("UPDATE events SET status_id = ?", message_id, key)

    async def recorded(self, key: str, reply: Reply) -> None:
        """The log has the record: from here on the question is not asked again, only shown."""
        await self._update("UPDATE events SET state = 'recorded', reply = ?", _reply_json(reply), key)

    async def showing(self, key: str) -> None:
        """A reply is about to be sent: after a crash it is looked for before it is sent again."""
        await self._update("UPDATE events SET state = 'showing'", key)

    async def parts_shown(self, key: str, reply: Reply, parts: PartsShown) -> None:
        """So far: after a crash the rest is sent."""
        await self._update("UPDATE events SET reply = ?", _reply_json(reply, parts), key)

    async def not_shown(self, key: str) -> None:
        """It was not sent, after all: it may be sent again."""
        await self._update("UPDATE events SET state = CASE state WHEN 'showing' THEN 'recorded' ELSE state END", key)

    async def shown(self, incoming: Incoming, reply: Reply, message: str) -> Shown:
        """The asker can see the reply. What is left is to record that."""
        now, delivery = datetime.now(UTC), new_record_id()
        record, place = reply.receipt.record_id, (incoming.platform, message, incoming.channel, incoming.user)

        def keep() -> None:
            self._db.run("DELETE FROM shown WHERE record_id = ?", (record,))
            sql = "INSERT INTO shown VALUES(?, ?, ?, ?, ?, ?, ?, ?)"
            self._db.run(sql, (record, *place, int(reply.private), delivery, now.isoformat()))
            self._db.run("UPDATE events SET state = 'shown' WHERE key = ?", (incoming.key,))

        await self._do(keep)
        return Shown(message, delivery, now, reply.private)

    async def shown_as(self, record_id: str) -> Shown | None:
        """How the reply of a record was shown, if it was."""
        sql = "SELECT message, delivery_id, at, private FROM shown WHERE record_id = ?"
        row = await self._do(lambda: self._db.row(sql, (record_id,)))
        return Shown(row[0], row[1], datetime.fromisoformat(row[2]), bool(row[3])) if row is not None else None

    async def record_of(self, incoming: Incoming) -> str | None:
        """The record that the message an event is about shows: in this channel, or privately to this person.

        Messages have names that are unique within a conversation only, and a private reply stands in
        another conversation than its question.
        """
        sql = 'SELECT record_id, channel, "user", private FROM shown WHERE platform = ? AND message = ?'
        about = (incoming.platform, incoming.message)
        rows = await self._do(lambda: list(self._db.rows(f"{sql} ORDER BY at DESC", about)))
        here = [record for record, channel, _, _ in rows if channel == incoming.channel]
        alone = [record for record, _, user, private in rows if private and user == incoming.user]
        return next(iter(here + alone), None)

    async def unrecorded(self, key: str) -> None:
        """The log could not write and the asker got the fixed text: a gap to be recorded later."""
        await self._update("UPDATE events SET state = 'unrecorded', event = ?, status_id = NULL", _blank(key), key)

    async def done(self, key: str) -> None:
        """Nothing is left to do. The text is dropped, the key kept; keys of long ago go."""
        self._done += 1
        clean = self._done % CLEAN_EVERY == 1
        now = datetime.now(UTC)

        def end() -> None:
            sql = "UPDATE events SET state = 'done', event = '', reply = NULL, status_id = NULL WHERE key = ?"
            self._db.run(sql, (key,))
            if clean:
                keys, replies = (now - KEEP_KEYS).isoformat(), (now - KEEP_SHOWN).isoformat()
                self._db.run("DELETE FROM events WHERE state = 'done' AND arrived_at < ?", (keys,))
                self._db.run("DELETE FROM shown WHERE at < ?", (replies,))

        await self._do(end)

    async def close(self) -> None:
        """What was asked for is committed first."""
        if self._committing is not None:
            await self._committing
        await asyncio.get_running_loop().run_in_executor(self._thread, self._db.close)
        self._thread.shutdown()
        self._store.close()


def _waiting(event: Mapping[str, Any]) -> WaitingEvent:
    key, platform, tenant, user, thread = (event[name] for name in ("key", "platform", "tenant", "user", "thread"))
    return WaitingEvent(key, platform, tenant, user, thread, IncomingKind(event["kind"]))


def _pending(row: tuple[Any, ...]) -> PendingEvent:
    event, state, record_id, status_id, reply = row
    return PendingEvent(_from_json(json.loads(event)), state, record_id, status_id, *_reply(reply))


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


def _reply_json(reply: Reply, parts: PartsShown | None = None) -> str:
    data = {"payload": reply.payload, "private": reply.private, "receipt": asdict(reply.receipt)}
    return json.dumps(data | ({"parts": asdict(parts)} if parts else {}))


def _reply(text: str | None) -> tuple[Reply | None, PartsShown | None]:
    if text is None:
        return None, None
    data = json.loads(text)
    parts = data.get("parts")
    shown = PartsShown(parts["form"], parts["private"], tuple(parts["messages"])) if parts else None
    return Reply(data["payload"], data["private"], Receipt(**data["receipt"])), shown
