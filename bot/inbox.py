"""Events that arrived, durable before the platform is acknowledged, and how far each has come.

new -> (record id, status line) -> recorded (the exact reply, kept until it is shown) -> done.
When an event is done its text is dropped; the key stays, so that a late retry is still known.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import apsw

from audit.record import Json, Receipt
from bot.errors import InboxUnavailable
from bot.types import ChannelKind, Incoming, IncomingKind, Reply

_SCHEMA = """
CREATE TABLE IF NOT EXISTS events(
  seq INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, event TEXT NOT NULL, state TEXT NOT NULL,
  record_id TEXT, status_id TEXT, reply TEXT, arrived_at TEXT NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS events_state ON events(state) WHERE state <> 'done';
"""
KEEP_KEYS = timedelta(days=3)  # Slack retries for minutes, Teams for hours at most

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Pending:
    """An event that is not done, and how far it has come."""

    incoming: Incoming
    state: str  # "new" | "recorded" | "showing" | "unrecorded"
    record_id: str | None
    status_id: str | None
    reply: Reply | None


class Inbox:
    """SQLite through apsw; one thread does all writing, so the event loop never waits for the disk."""

    def __init__(self, path: Path) -> None:
        """Open or create the inbox. Raises InboxUnavailable."""
        self._path = path
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="inbox")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = apsw.Connection(str(path))
            self._db.set_busy_timeout(5_000)
            self._db.execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON")
            self._db.execute(_SCHEMA)
        except (apsw.Error, OSError) as error:
            raise self._unavailable(error) from error

    def _unavailable(self, error: Exception) -> InboxUnavailable:
        return InboxUnavailable(f"The inbox {self._path} cannot be used: {error}. Check the disk and the rights.")

    async def _do(self, work: Callable[[], T]) -> T:
        def guarded() -> T:
            try:
                with self._db:
                    result = work()
            except apsw.Error as error:
                raise self._unavailable(error) from error
            return result

        return await asyncio.get_running_loop().run_in_executor(self._thread, guarded)

    async def accept(self, incoming: Incoming) -> bool:
        """Durable when it returns; False when this key is known already. Raises InboxUnavailable."""
        event, now = json.dumps(event_json(incoming), ensure_ascii=False), datetime.now(UTC).isoformat()

        def insert() -> bool:
            self._db.execute(
                "INSERT OR IGNORE INTO events(key, event, state, arrived_at) VALUES(?, ?, 'new', ?)",
                (incoming.key, event, now),
            )
            return self._db.changes() > 0

        return await self._do(insert)

    async def pending(self) -> list[Pending]:
        """Everything that is not done, oldest first: what a restart has to finish."""
        sql = "SELECT event, state, record_id, status_id, reply FROM events WHERE state <> 'done' ORDER BY seq"
        rows = await self._do(lambda: list(self._db.execute(sql)))
        return [Pending(_from_json(json.loads(e)), s, r, m, _reply(p)) for e, s, r, m, p in rows]

    async def _update(self, sql: str, *values: str | None) -> None:
        await self._do(lambda: self._db.execute(sql, values) and None)

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
        """A private reply is about to be sent: sending it twice could not be noticed."""
        await self._update("UPDATE events SET state = 'showing' WHERE key = ?", key)

    async def unrecorded(self, key: str) -> None:
        """The log could not write and the asker got the fixed text: a gap to be recorded later."""
        await self._update("UPDATE events SET state = 'unrecorded', event = ? WHERE key = ?", _blank(key), key)

    async def done(self, key: str) -> None:
        """Shown. The text is dropped, the key kept; keys of long ago go."""
        oldest = (datetime.now(UTC) - KEEP_KEYS).isoformat()
        await self._update(
            "UPDATE events SET state = 'done', event = '', reply = NULL, status_id = NULL WHERE key = ?", key
        )
        await self._update("DELETE FROM events WHERE state = 'done' AND arrived_at < ?", oldest)

    async def close(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._db.close)
        self._thread.shutdown()


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
