"""A small Slack on this machine: Web API, Socket Mode, signed requests. It checks and records what it gets.

People act through `say`, `edit`, `delete`, `press` and `submit`; each returns after the bot has
acknowledged, or has not. `complaints` lists what real Slack would have refused or misread.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import itertools
import json
import time
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from aiohttp import ClientSession, ClientTimeout, WSMsgType, web

from bot.demo.standins import slack_text
from bot.demo.standins.slack_api import SlackApi
from bot.demo.standins.slack_world import World

ACK_WITHIN = 3.0
STUCK = 120.0  # seconds; the bot would have come long before


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one event: `status` is 200 for an acknowledgement, 0 for none within three seconds."""

    status: int
    body: str = ""

    @property
    def acknowledged(self) -> bool:
        return self.status == 200


@dataclass(slots=True)
class SlackStandIn:
    """`await start()`, then give `base_url` to the bot. With `http_url` events go there, signed; else by the socket."""

    bot_token: str = field(default="xoxb-stand-in-1234567890")
    app_token: str = field(default="xapp-stand-in-1234567890")
    signing_secret: str = field(default="stand-in-signing-secret")
    http_url: str | None = None
    ack_within: float = ACK_WITHIN
    refuse_sockets: int = 0
    world: World = field(default_factory=World)
    sockets: dict[web.WebSocketResponse, asyncio.BaseTransport] = field(default_factory=dict)
    deliveries: list[Delivery] = field(default_factory=list)
    _open: asyncio.Event = field(default_factory=asyncio.Event)
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)
    _waiting: dict[str, asyncio.Future[dict[str, Any]]] = field(default_factory=dict)
    _numbers: itertools.count[int] = field(default_factory=itertools.count)
    _runner: web.AppRunner | None = None
    _port: int = 0
    _api: SlackApi = field(init=False)

    def __post_init__(self) -> None:
        self._api = SlackApi(self.world, self.bot_token, self.app_token, self._ticket)

    # --- life ---------------------------------------------------------------------------

    async def start(self, port: int = 0) -> None:
        app = web.Application(client_max_size=2**22)
        app.router.add_route("*", "/api/{method}", self.answer)
        app.router.add_get("/link", self._link)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        self._port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        for socket in list(self.sockets):
            await socket.close()
        if self._runner is not None:
            await self._runner.cleanup()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._port}/api/"

    def expect(self, token: str) -> None:
        """From now on this is the bot's token here: the app was installed again."""
        self.bot_token = token
        self._api = SlackApi(self.world, token, self.app_token, self._ticket)

    def use_up(self, method: str) -> None:
        """From now on a call of this method is told to wait, until the world's `minute` is over."""
        self._api.use_up(method)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """One call of the Web API, for a server that stands before several workspaces. Its path names `method`."""
        return await self._api.handle(request)

    @property
    def complaints(self) -> list[str]:
        return self.world.complaints

    # --- Socket Mode --------------------------------------------------------------------

    def _ticket(self) -> str:
        return f"ws://127.0.0.1:{self._port}/link?ticket={self.world.new_ticket()}"

    async def _link(self, request: web.Request) -> web.StreamResponse:
        ticket = request.query.get("ticket", "")
        if ticket not in self.world.tickets:
            self.world.complaints.append("a socket was opened with a used or unknown ticket")
            return web.Response(status=401)
        self.world.tickets.discard(ticket)
        if self.refuse_sockets > 0:
            self.refuse_sockets -= 1
            return web.Response(status=503)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        assert request.transport is not None
        self.sockets[socket] = request.transport
        self._open.set()
        self._arrived.set()
        await socket.send_json({"type": "hello", "num_connections": len(self.sockets)})
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                self.world.received.append(message.data.encode())
                answer = json.loads(message.data)
                waiting = self._waiting.pop(answer.get("envelope_id", ""), None)
                if waiting is not None and not waiting.done():
                    waiting.set_result(answer)
        del self.sockets[socket]
        if not self.sockets:
            self._open.clear()
        return socket

    async def drop_sockets(self, *, politely: bool = False) -> None:
        """End all connections: by a disconnect message first, or without a word."""
        for socket, transport in list(self.sockets.items()):
            if politely:
                await socket.send_json({"type": "disconnect", "reason": "refresh_requested"})
            elif isinstance(transport, asyncio.WriteTransport):
                transport.abort()

    async def connected(self, within: float = STUCK) -> None:
        """Wait for a socket."""
        async with asyncio.timeout(within):
            await self._open.wait()

    async def reconnected(self, before: Collection[web.WebSocketResponse], within: float = STUCK) -> None:
        """Wait until a socket other than those of `before` is open."""
        async with asyncio.timeout(within):
            while not set(self.sockets) - set(before):
                self._arrived.clear()
                await self._arrived.wait()

    # --- delivery -----------------------------------------------------------------------

    async def deliver(self, payload: dict[str, Any], kind: str = "events_api", retry: int = 0) -> Delivery:
        """One delivery of an event ("events_api") or of a click ("interactive")."""
        if self.http_url is not None:
            delivery = await self._by_http(payload, kind, retry)
        else:
            delivery = await self._by_socket(payload, kind, retry)
        self.deliveries.append(delivery)
        return delivery

    async def _by_socket(self, payload: dict[str, Any], kind: str, retry: int) -> Delivery:
        await self.connected()
        envelope = f"envelope-{next(self._numbers)}"
        waiting = self._waiting[envelope] = asyncio.get_running_loop().create_future()
        body = {"type": kind, "envelope_id": envelope, "payload": payload, "accepts_response_payload": True}
        if kind == "events_api":
            body |= {"retry_attempt": retry, "retry_reason": "timeout" if retry else ""}
        try:
            await list(self.sockets)[-1].send_json(body)
            answer = await asyncio.wait_for(waiting, self.ack_within)
        except TimeoutError:
            return Delivery(0)
        finally:
            self._waiting.pop(envelope, None)
        return Delivery(200, json.dumps(answer.get("payload")) if answer.get("payload") else "")

    async def _by_http(self, payload: dict[str, Any], kind: str, retry: int) -> Delivery:
        if kind == "events_api":
            body, content_type = json.dumps(payload).encode(), "application/json"
        else:
            body, content_type = (
                urlencode({"payload": json.dumps(payload)}).encode(),
                "application/x-www-form-urlencoded",
            )
        headers = {"X-Slack-Retry-Num": str(retry), "X-Slack-Retry-Reason": "http_timeout"} if retry else {}
        return await self.send(body, self.signature(body) | headers | {"Content-Type": content_type})

    async def send(self, body: bytes, headers: dict[str, str]) -> Delivery:
        """Any bytes with any headers, as a forger might."""
        assert self.http_url is not None
        async with ClientSession(timeout=ClientTimeout(total=self.ack_within)) as session:
            try:
                async with session.post(self.http_url, data=body, headers=headers) as response:
                    return Delivery(response.status, await response.text())
            except TimeoutError:
                return Delivery(0)

    def signature(self, body: bytes, *, at: float | None = None, secret: str | None = None) -> dict[str, str]:
        """The headers that prove that Slack sent `body`."""
        stamp = str(int(time.time() if at is None else at))
        key = (secret or self.signing_secret).encode()
        digest = hmac.new(key, f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
        return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}"}

    # --- people -------------------------------------------------------------------------

    async def say(self, user: str, channel: str, text: str, thread: str | None = None, **more: Any) -> str:
        """A message of a person, and the events it causes; returns its ts."""
        ts = self.world.write(user, channel, text, thread, **more)
        for event in self.world.message_events(channel, ts):
            await self.deliver(event)
        return ts

    async def ask(self, user: str, channel: str, text: str, thread: str | None = None) -> str:
        """A message that mentions the bot."""
        return await self.say(user, channel, f"<@{self.world.bot_user}> {text}", thread)

    async def edit(self, channel: str, ts: str, text: str) -> None:
        await self.deliver(self.world.edited(channel, ts, text))

    async def delete(self, channel: str, ts: str) -> None:
        await self.deliver(self.world.deleted(channel, ts))

    async def open_messages(self, user: str) -> None:
        """A person opens the bot's messages tab."""
        await self.deliver(self.world.opened(user))

    async def press(self, user: str, message: dict[str, Any], action_id: str, value: str) -> Delivery:
        """A click on a control of a message; fails when the message has no such control."""
        return await self.deliver(self.world.pressed(user, message, action_id, value), "interactive")

    async def submit(self, user: str, view: dict[str, Any], values: dict[str, Any]) -> Delivery:
        """A window's form, filled in and sent."""
        return await self.deliver(self.world.submitted(user, view, values), "interactive")

    async def window(self, within: float = STUCK) -> dict[str, Any]:
        """The window that is open, once one is."""
        async with asyncio.timeout(within):
            await self.world.viewed.wait()
        return list(self.world.views.values())[-1]

    # --- what is there to see -----------------------------------------------------------

    def transcript(self, channel: str, root: str, viewer: str | None = None) -> list[str]:
        """A thread as a person sees it, with what the bot wrote to `viewer` alone since it began."""
        seen: list[str] = []
        for message in self.world.thread(channel, root):
            seen.append(f"{self.world.name_of(message)}:")
            seen += [f"    {line}" for line in slack_text.message_lines(message)]
        direct = self.world.dm(viewer) if viewer is not None else channel
        for message in self.world.messages[direct] if direct != channel else ():
            if message["ts"] > root and message.get("bot_id") == self.world.bot_id:
                seen.append(f"{self.world.name_of(message)} (direct message, only you can see this):")
                seen += [f"    {line}" for line in slack_text.message_lines(message)]
        return seen

    def counts(self) -> dict[str, int]:
        """Calls by method."""
        made: dict[str, int] = defaultdict(int)
        for call in self.world.calls:
            made[call.method] += 1
        return dict(made)
