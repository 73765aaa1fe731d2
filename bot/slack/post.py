"""Showing something in a Slack thread: once, also after a failure that leaves it open whether it was shown."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from audit.record import Json
from bot.errors import PlatformBusy, PlatformDenied, PlatformError
from bot.slack.client import SlackClient, Unreached, Unsure, code_of
from bot.slack.config import SlackConfig
from bot.slack.events import Identity
from bot.slack.pace import Pace
from bot.slack.render import EVENT, TEXT_LIMIT, clip, escape, mark
from bot.texts import PRIVATE_NOTE, UNCONFIRMED
from bot.types import ChannelKind, Incoming, Reply

STATUS_EVENT = "footnote_status"
REMEMBERED = 1_000
GONE = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})
LITERAL: dict[str, Json] = {"parse": "none", "link_names": False}
"""chat.update would otherwise make links and mentions of plain words in the fallback text."""
QUIET: dict[str, Json] = {**LITERAL, "unfurl_links": False, "unfurl_media": False}


class SlackPoster:
    def __init__(self, client: SlackClient, config: SlackConfig, pace: Pace | None = None) -> None:
        """`pace` spaces out the new messages of a channel; by default as the settings say."""
        self._client = client
        self._config = config
        self._pace = pace or Pace(config.message_seconds, config.burst, config.longest_turn)
        self._whispered: OrderedDict[str, str] = OrderedDict()  # ts of private replies by record, for a while

    async def status(self, incoming: Incoming, text: str, me: Identity) -> str:
        """A new line in the thread; returns its ts. Raises PlatformError."""
        found = mark(STATUS_EVENT, {"key": incoming.key})
        return await self._once(incoming, {"text": escape(text), "metadata": found}, me, look_first=False)

    async def reply(self, incoming: Incoming, reply: Reply, replace: str | None, me: Identity) -> str:
        """The reply in place of `replace`, or as a new message; a private one to the asker alone."""
        if reply.private and incoming.channel_kind is not ChannelKind.DIRECT:
            return await self._privately(incoming, reply, replace)
        body = {key: reply.payload[key] for key in ("text", "blocks", "metadata") if key in reply.payload}
        if replace is not None and await self._update(incoming, replace, body):
            return replace
        return await self._once(incoming, body, me, look_first=True)

    async def call(self, incoming: Incoming, body: Mapping[str, Json], me: Identity) -> str:
        """A new message, since an edited one notifies nobody; not again when it stands there already."""
        return await self._once(incoming, body, me, look_first=True)

    async def text(self, incoming: Incoming, text: str, replace: str | None, me: Identity) -> str:
        """A fixed text without blocks, in place of `replace` or as a new message."""
        body: dict[str, Json] = {"text": clip(escape(text), TEXT_LIMIT), "blocks": []}
        if replace is not None and await self._update(incoming, replace, body):
            return replace
        same = hashlib.sha256(text.encode()).hexdigest()[:16]
        marked = mark(STATUS_EVENT, {"key": incoming.key, "text": same})
        return await self._once(incoming, {"text": body["text"], "metadata": marked}, me, look_first=True)

    async def _privately(self, incoming: Incoming, reply: Reply, replace: str | None) -> str:
        arguments: dict[str, Json] = {
            "channel": incoming.channel,
            "user": incoming.user,
            "thread_ts": incoming.thread,
            "text": reply.payload["text"],
            "blocks": reply.payload.get("blocks"),
            **LITERAL,
        }
        record = reply.receipt.record_id
        if record not in self._whispered:  # an ephemeral message can be neither found nor updated
            try:
                data = await self._client.write("chat.postEphemeral", arguments, again=False)
                self._whispered[record] = str(data.get("message_ts") or "")
            except Unreached:
                raise
            except Unsure:
                self._whispered[record] = ""  # it may stand there: not a second time
            while len(self._whispered) > REMEMBERED:
                self._whispered.popitem(last=False)
        if replace is not None:
            note = PRIVATE_NOTE if self._whispered[record] else UNCONFIRMED
            await self._update(incoming, replace, {"text": escape(note), "blocks": []})
        return self._whispered[record]

    async def _update(self, incoming: Incoming, ts: str, body: Mapping[str, Json]) -> bool:
        """False when the message is gone. Doing it twice equals doing it once."""
        arguments = {"channel": incoming.channel, "ts": ts, **LITERAL, **body}
        try:
            await self._client.write("chat.update", arguments, again=True)
        except PlatformError as error:
            if code_of(error) in GONE:
                return False
            raise
        return True

    async def _once(self, incoming: Incoming, body: Mapping[str, Json], me: Identity, *, look_first: bool) -> str:
        """Post, unless the message with this metadata stands in the thread already.

        chat.postMessage has no idempotency key, so after an open failure the thread is read first.
        """
        arguments = {"channel": incoming.channel, "thread_ts": incoming.thread, **QUIET, **body}
        look = look_first
        for attempt in range(1, self._config.tries + 1):
            if look:
                found = await self._find(incoming, body["metadata"], me)
                if found is not None:
                    return found
            try:
                return await self._new(incoming.channel, arguments)
            except Unsure:
                if attempt == self._config.tries:
                    raise
                look = True
        raise AssertionError("unreachable")

    async def _new(self, channel: str, arguments: Mapping[str, Json]) -> str:
        """A new message when it is the channel's turn; returns its ts. Raises PlatformError."""
        await self._pace.turn(channel)
        try:
            return str((await self._client.write("chat.postMessage", arguments, again=False))["ts"])
        except PlatformBusy as error:
            self._pace.hold(channel, error.retry_after)
            raise

    async def link(self, channel: str, ts: str) -> str | None:
        """The address of a message; None when it is gone. Raises PlatformError."""
        try:
            data = await self._client.read("chat.getPermalink", channel=channel, message_ts=ts)
        except PlatformError as error:
            if code_of(error) in GONE:
                return None
            raise
        return str(data.get("permalink") or "")

    async def _find(self, incoming: Incoming, metadata: Json, me: Identity) -> str | None:
        """Our message with this metadata in the thread; None also when the thread may not be read."""
        try:
            async for message in self._client.pages(
                "conversations.replies",
                "messages",
                channel=incoming.channel,
                ts=incoming.thread,
                include_all_metadata=True,
            ):
                if ours(message, me) and _same(message.get("metadata"), metadata):
                    return str(message["ts"])
        except PlatformDenied:
            return None
        return None

    async def answers(self, channel: str, oldest: str | None, me: Identity) -> list[tuple[str, str]]:
        """Record id and ts of our answers in a channel, in its threads too. Raises PlatformError."""
        wanted: dict[str, str | int | bool] = {"channel": channel, "include_all_metadata": True}
        found: dict[str, str] = {}
        async for root in self._client.pages(
            "conversations.history", "messages", 200, **wanted, **({"oldest": oldest} if oldest else {})
        ):
            thread = [root]
            if root.get("reply_count"):
                replies = self._client.pages("conversations.replies", "messages", 200, ts=str(root["ts"]), **wanted)
                thread = [message async for message in replies]
            for message in thread:
                metadata = message.get("metadata") or {}
                if ours(message, me) and metadata.get("event_type") == EVENT:
                    found[str(message["ts"])] = str((metadata.get("event_payload") or {}).get("record") or "")
        return [(record, ts) for ts, record in sorted(found.items())]


def ours(message: Mapping[str, Any], me: Identity) -> bool:
    return bool(message.get("bot_id") == me.bot or message.get("user") == me.user)


def _same(metadata: Any, wanted: Json) -> bool:
    """Slack adds nothing to metadata, but the order of keys is its own."""
    return bool(metadata) and isinstance(wanted, dict) and all(metadata.get(k) == v for k, v in wanted.items())
