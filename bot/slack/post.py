"""Showing something in a Slack thread: once, also after a failure that leaves it open whether it was shown."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from typing import Any

import structlog

from audit.record import Json
from bot.errors import PlatformBusy, PlatformDenied, PlatformError, PlatformUnseen
from bot.slack.client import SlackClient, Unreached, Unsure, code_of
from bot.slack.config import SlackConfig
from bot.slack.events import Identity, spoken
from bot.slack.pace import MessagePace
from bot.slack.render import EVENT, PART_EVENT, TEXT_LIMIT, clip, escape, linking, mark
from bot.texts import ASKED_IN, NO_PRIVATE_CHAT, PRIVATE_NOTE, THE_QUESTION
from bot.types import ChannelKind, Incoming, Reply

STATUS_EVENT = "footnote_status"
SIGN_SECONDS = 3.0
LATEST = 200  # messages of a direct conversation that are looked through for one of ours
NO_DIRECT = frozenset({"user_not_found", "user_not_visible", "user_disabled", "cannot_dm_bot", "method_not_supported"})
GONE = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})
LITERAL: dict[str, Json] = {"parse": "none", "link_names": False}
"""chat.update would otherwise make links and mentions of plain words in the fallback text."""
QUIET: dict[str, Json] = {**LITERAL, "unfurl_links": False, "unfurl_media": False}


log = structlog.get_logger(__name__)


class SlackPoster:
    def __init__(self, client: SlackClient, config: SlackConfig, pace: MessagePace | None = None) -> None:
        """`pace` spaces out the new messages of a channel; by default as the settings say."""
        self._client = client
        self._config = config
        self._pace = pace or MessagePace(config.message_seconds, config.burst, config.longest_turn)

    async def status(self, incoming: Incoming, text: str) -> None:
        """Slack's own sign under the thread, which a message of ours takes away; "" takes it away, too. It is shown if
        it can be, and nothing waits for it long.

        https://docs.slack.dev/reference/methods/assistant.threads.setStatus
        """
        arguments = {"channel_id": incoming.channel, "thread_ts": incoming.thread, "status": text}
        try:
            async with asyncio.timeout(SIGN_SECONDS):
                await self._client.write("assistant.threads.setStatus", arguments, again=False)
        except (PlatformError, TimeoutError) as error:
            log.info("Slack did not show that a question is being worked on", key=incoming.key, reason=str(error))

    async def reply(self, incoming: Incoming, reply: Reply, replace: str | None, me: Identity, *, again: bool) -> str:
        """The reply in place of `replace`, or as a new message; a private one to the asker alone."""
        if reply.private and incoming.channel_kind is not ChannelKind.DIRECT:
            return await self._privately(incoming, reply, replace, me, again=again)
        body = _body(reply.payload)
        if replace and await self._update(incoming, replace, body):
            await self.status(incoming, "")
            return replace
        return await self._once(incoming.channel, incoming.thread, body, me, look_first=again, must_see=True)

    async def call(self, incoming: Incoming, body: Mapping[str, Json], me: Identity) -> str:
        """A new message, since an edited one notifies nobody; not again when it stands there already."""
        return await self._once(incoming.channel, incoming.thread, body, me, look_first=True)

    async def text(self, incoming: Incoming, text: str, replace: str | None, me: Identity) -> str:
        """A fixed text without blocks, in place of `replace` or as a new message."""
        body: dict[str, Json] = {"text": clip(escape(text), TEXT_LIMIT), "blocks": []}
        if replace and await self._update(incoming, replace, body):
            return replace
        same = hashlib.sha256(text.encode()).hexdigest()[:16]
        marked = mark(STATUS_EVENT, {"key": incoming.key, "text": same})
        return await self._once(
            incoming.channel, incoming.thread, {"text": body["text"], "metadata": marked}, me, look_first=True
        )

    async def _privately(
        self, incoming: Incoming, reply: Reply, replace: str | None, me: Identity, *, again: bool
    ) -> str:
        """The reply to the asker's direct conversation, then the line in the channel that says where it went; both
        lines once for all its parts.

        Not chat.postEphemeral: Slack does not promise that such a message arrives, and it is gone after a reload.
        """
        try:
            direct = await self._direct(incoming.user)
        except PlatformDenied as error:
            log.warning("no direct conversation with the asker", key=incoming.key, reason=str(error))
            return await self.text(incoming, NO_PRIVATE_CHAT, replace, me)
        asked = await self._asked(incoming)
        back: dict[str, Json] = {
            "blocks": [*linking(ASKED_IN, asked or "", THE_QUESTION)],
            "text": ASKED_IN.format(link=escape(asked or "")),
            "metadata": mark(STATUS_EVENT, {"key": incoming.key, "to": direct}),
        }
        later = _is_part(reply.payload)
        if asked and not later:
            await self._once(direct, None, back, me, look_first=True)
        message = await self._once(direct, None, _body(reply.payload), me, look_first=True, must_see=True)
        if later:
            return message
        try:
            await self.text(incoming, PRIVATE_NOTE, replace, me)
        except PlatformDenied as error:  # the answer has arrived, and the link back says where it was asked
            log.warning("the channel could not be told of a private answer", key=incoming.key, reason=str(error))
        return message

    async def _asked(self, incoming: Incoming) -> str | None:
        """The address of the question; None where it is gone, or the channel is closed to us by now."""
        try:
            return await self.link(incoming.channel, incoming.message)
        except PlatformDenied:
            return None

    async def _direct(self, user: str) -> str:
        """The direct conversation with a person; opening it twice gives the same. Raises PlatformError."""
        try:
            opened = await self._client.write("conversations.open", {"users": user}, again=True)
        except PlatformError as error:
            if code_of(error) in NO_DIRECT:
                raise PlatformDenied(str(error)) from error
            raise
        return str((opened.get("channel") or {}).get("id") or "")

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

    async def _once(
        self,
        channel: str,
        thread: str | None,
        body: Mapping[str, Json],
        me: Identity,
        *,
        look_first: bool,
        must_see: bool = False,
    ) -> str:
        """Post, unless the message with this metadata stands in the thread, or outside threads, already.

        chat.postMessage has no idempotency key, so after an open failure the conversation is read first. Where it may
        not be read: PlatformUnseen if we `must_see` it, since two answers would be one too many; else it is posted.
        """
        arguments = {"channel": channel, **({"thread_ts": thread} if thread else {}), **QUIET, **body}
        look = look_first
        for attempt in range(1, self._config.tries + 1):
            try:
                found = await self._find(channel, thread, body["metadata"], me) if look else None
            except PlatformUnseen:
                if must_see:
                    raise
                found = None
            if found is not None:
                return found
            last = attempt == self._config.tries
            try:
                return await self._new(channel, arguments)
            except Unreached as error:
                if last:
                    raise PlatformError(str(error)) from error
            except Unsure:
                if last:
                    raise
                look = True
        raise AssertionError("unreachable")

    async def _new(self, channel: str, arguments: Mapping[str, Json]) -> str:
        """A new message when it is the channel's turn; returns its ts. Raises PlatformError."""
        await self._pace.turn(channel)
        try:
            sent = {name: value for name, value in arguments.items() if name != "blocks" or value}
            return str((await self._client.write("chat.postMessage", sent, again=False))["ts"])
        except PlatformBusy as error:
            self._pace.hold(channel, error.retry_after)
            raise

    async def before(self, incoming: Incoming, me: Identity) -> str:
        """What a person wrote last in the thread before this message; "" where nobody did, or it may not be read."""
        said = ""
        pages = self._client.pages(
            "conversations.replies", "messages", channel=incoming.channel, ts=incoming.thread, latest=incoming.message
        )
        try:
            async for message in pages:
                if not ours(message, me) and message.get("user") and str(message.get("ts")) < incoming.message:
                    said = spoken(message, me.user) or said
        except PlatformDenied:
            return ""
        return said

    async def link(self, channel: str, ts: str) -> str | None:
        """The address of a message; None when it is gone. Raises PlatformError."""
        try:
            data = await self._client.read("chat.getPermalink", channel=channel, message_ts=ts)
        except PlatformError as error:
            if code_of(error) in GONE:
                return None
            raise
        return str(data.get("permalink") or "")

    async def _find(self, channel: str, thread: str | None, metadata: Json, me: Identity) -> str | None:
        """Our message with this metadata, in the thread or among the latest. Raises PlatformUnseen."""
        if thread:
            pages = self._client.pages(
                "conversations.replies", "messages", channel=channel, ts=thread, include_all_metadata=True
            )
        else:
            pages = self._client.pages("conversations.history", "messages", channel=channel, include_all_metadata=True)
        looked = 0
        try:
            async for message in pages:
                if ours(message, me) and _same(message.get("metadata"), metadata):
                    return str(message["ts"])
                looked += 1
                if not thread and looked >= LATEST:
                    break
        except PlatformDenied as error:
            raise PlatformUnseen(str(error)) from error
        except PlatformError as error:
            if code_of(error) != "thread_not_found":
                raise
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


def _body(payload: Mapping[str, Json]) -> dict[str, Json]:
    """The parts of a message that Slack is sent. Without blocks it is told so, since an update would keep old ones."""
    return {"blocks": [], **{key: payload[key] for key in ("text", "blocks", "metadata") if key in payload}}


def _is_part(payload: Mapping[str, Json]) -> bool:
    """Whether a message is a part of an answer behind its first."""
    metadata = payload.get("metadata")
    return isinstance(metadata, Mapping) and metadata.get("event_type") == PART_EVENT


def ours(message: Mapping[str, Any], me: Identity) -> bool:
    return bool(message.get("bot_id") == me.bot or message.get("user") == me.user)


def _same(metadata: Any, wanted: Json) -> bool:
    """Slack adds nothing to metadata, but the order of keys is its own."""
    return bool(metadata) and isinstance(wanted, dict) and all(metadata.get(k) == v for k, v in wanted.items())
