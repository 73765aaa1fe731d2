"""The receiving side: Bolt over Socket Mode and signed HTTP. An event is stored before Slack is acknowledged.

Bolt's own order (acknowledge, then listen) is turned round by `process_before_response`. When the
inbox cannot store an event, HTTP gets 503 and the socket gets no acknowledgement: Slack sends it again.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from secrets import token_urlsafe
from typing import Any
from urllib.parse import parse_qs

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.response import BoltResponse
from slack_sdk.signature import SignatureVerifier

from bot.errors import InboxUnavailable, PlatformError
from bot.service.bodies import read_body
from bot.service.loop import knock
from bot.slack.client import SlackClient, vendor_logger
from bot.slack.clouds import domain
from bot.slack.config import SlackConfig

ANYTHING = re.compile(".*", re.DOTALL)
BOLT = "footnote.slack.bolt"
SOCKET = "footnote.slack.socket"
EVENTS_PATH = "/slack/events"
MOST_BYTES = 2_000_000  # of a request
_RECENT_S = 300
_SIGNATURE = re.compile(r"v0=[0-9a-f]{64}")

Body = Mapping[str, Any]
Handler = Callable[[Body], Awaitable[Mapping[str, Any] | None]]
"""Returns what the acknowledgement carries. Raises InboxUnavailable, PlatformError: no acknowledgement."""


def bolt_app(client: SlackClient, config: SlackConfig, on_event: Handler, on_click: Handler) -> AsyncApp:
    """The app whose listeners take everything Slack may send: an event without a listener would get 404."""

    async def authorize() -> AuthorizeResult:
        # Bolt's own way asks auth.test at the first event and acknowledges, and so loses it, when that fails.
        return AuthorizeResult(enterprise_id=None, team_id=None, bot_token=config.bot_token)

    logger = vendor_logger(BOLT)
    logger.setLevel("ERROR")  # at its start Bolt warns that `authorize` makes the client's token needless
    app = AsyncApp(
        name="footnote",
        logger=logger,
        client=client.web,
        authorize=authorize,
        signing_secret=config.signing_secret or "unused: events come by the socket",
        process_before_response=True,
        ssl_check_enabled=False,
        ignoring_self_events_enabled=False,  # our own messages are told apart in `hear`
    )

    logger.setLevel("INFO")

    async def event(body: dict[str, Any]) -> None:
        await on_event(body)

    async def click(body: dict[str, Any], ack: Callable[..., Awaitable[Any]]) -> None:
        await ack(**(await on_click(body) or {}))

    async def failed(error: Exception, logger: Any) -> BoltResponse:
        if isinstance(error, InboxUnavailable | PlatformError):
            logger.error("An event was not stored, so Slack is not told that it arrived: %s", error)
            return BoltResponse(status=503, body="not stored; send it again")
        logger.error("A bug kept an event from being stored", exc_info=error)
        return BoltResponse(status=500, body="not stored; send it again")

    app.event(ANYTHING)(event)
    for register in (app.action, app.view_submission, app.view_closed, app.shortcut, app.command, app.options):
        register(ANYTHING)(click)
    app.error(failed)
    return app


def events_route(app: AsyncApp, config: SlackConfig) -> list[web.RouteDef]:
    """POST /slack/events, for events and clicks. Empty without a signing secret: nothing could be verified."""
    if not config.signing_secret.strip():
        return []
    verifier = SignatureVerifier(config.signing_secret)

    async def receive(request: web.Request) -> web.StreamResponse:
        raw = await signed_body(verifier, request)
        return unreadable(raw, request) or await dispatch(app, as_bolt(raw, request))

    return [web.post(EVENTS_PATH, receive)]


async def way_in(url: str, secret: str) -> str:
    """What keeps a signed event from reaching the service behind a public address; "" when one does.

    Raises PlatformError. https://docs.slack.dev/reference/events/url_verification
    """
    challenge = token_urlsafe(16)
    body = json.dumps({"type": "url_verification", "challenge": challenge}).encode()
    verifier, stamp = SignatureVerifier(secret), str(int(time.time()))
    signature = str(verifier.generate_signature(timestamp=stamp, body=body))
    headers = {"Content-Type": "application/json", "X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": signature}
    came = await knock(url, EVENTS_PATH, body, headers)
    if came.status == 200 and challenge.encode() in came.body:
        return ""
    if came.status == 401:
        return f"the service at {url} has another signing secret than these settings, or its clock is minutes away"
    return f"{url}{EVENTS_PATH} answers with status {came.status}, not as Footnote: does the proxy lead to its port?"


async def signed_body(verifier: SignatureVerifier, request: web.Request) -> bytes:
    """The body of a request that Slack sent within the last five minutes. Raises HTTPUnauthorized, and as `read_body`.

    What the headers tell is checked before the body is read, the signature before anything is parsed.
    https://docs.slack.dev/authentication/verifying-requests-from-slack
    """
    if not _may_be_signed(verifier, request.headers):
        raise _unauthorized()
    raw = await read_body(request, MOST_BYTES)
    if not signed(verifier, raw, request.headers):
        raise _unauthorized()
    return raw


def _unauthorized() -> web.HTTPUnauthorized:
    text = json.dumps({"error": "the signature is missing, wrong or older than five minutes"})
    return web.HTTPUnauthorized(text=text, content_type="application/json")


def unreadable(raw: bytes, request: web.Request) -> web.Response | None:
    """The answer to a request that nobody can read; None for a good one."""
    if not _readable(raw, request.content_type):
        return web.json_response({"error": "the body is neither JSON nor a form with a payload"}, status=400)
    return None


def as_bolt(raw: bytes, request: web.Request) -> AsyncBoltRequest:
    """A request that is not `unreadable`, parsed."""
    return AsyncBoltRequest(body=raw.decode(), query=request.query_string, headers=dict(request.headers))


async def dispatch(app: AsyncApp, request: AsyncBoltRequest) -> web.StreamResponse:
    """Let the listeners have it; the answer is the acknowledgement, or says that there is none."""
    return await to_aiohttp_response(await app.async_dispatch(request))


def _may_be_signed(verifier: SignatureVerifier, headers: Mapping[str, str]) -> bool:
    """Whether there is a time of the last five minutes, and something that has the form of a signature."""
    stamp = headers.get("X-Slack-Request-Timestamp", "")
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) < 15):
        return False
    recent = abs(verifier.clock.now() - int(stamp)) <= _RECENT_S
    return recent and _SIGNATURE.fullmatch(headers.get("X-Slack-Signature", "")) is not None


def signed(verifier: SignatureVerifier, raw: bytes, headers: Mapping[str, str]) -> bool:
    """Whether Slack sent this within the last five minutes."""
    if not _may_be_signed(verifier, headers):
        return False
    try:
        return bool(verifier.is_valid(raw, headers["X-Slack-Request-Timestamp"], headers["X-Slack-Signature"]))
    except UnicodeDecodeError:  # Slack sends UTF-8
        return False


def _readable(raw: bytes, content_type: str) -> bool:
    """Whether Bolt can parse the body; it raises otherwise."""
    try:
        text = raw.decode()
        if content_type != "application/json" and not text.startswith("{"):
            payload = parse_qs(text).get("payload")
            return payload is None or isinstance(json.loads(payload[-1]), dict)
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


class Socket:
    """A Socket Mode connection that comes back by itself."""

    def __init__(self, app: AsyncApp, client: SlackClient, config: SlackConfig) -> None:
        self._client = client
        self._pause = config.ping_interval
        self._timeout = config.timeout
        self._domain = domain(config.base_url)
        self._handler: Any = AsyncSocketModeHandler(  # half of its methods have no types
            app,
            config.app_token,
            logger=vendor_logger(SOCKET),
            web_client=client.web,
            ping_interval=config.ping_interval,
        )
        self._watch: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Connect. Raises PlatformError when that fails; the vendor's own loop would try for ever."""
        try:
            self._handler.client.wss_uri = await self._client.open_socket()
            self._watch = asyncio.create_task(self._fresh_addresses())
            async with asyncio.timeout(2 * self._timeout):
                await self._handler.connect_async()
        except TimeoutError as error:
            raise PlatformError(
                f"Slack's socket does not open. Let the network pass connections to wss-primary.{self._domain} and "
                f"wss-backup.{self._domain}, port 443."
            ) from error

    async def connected(self) -> bool:
        return bool(await self._handler.client.is_connected())

    async def _fresh_addresses(self) -> None:
        """An address opens once. The vendor's loop repeats a used one, so it is dropped while nothing is connected."""
        client = self._handler.client
        while True:
            await asyncio.sleep(self._pause / 4)  # so within the pause of the vendor's loop
            if client.current_session is None or client.current_session.closed:
                client.wss_uri = None

    async def stop(self) -> None:
        client = self._handler.client
        await self._handler.close_async()
        tasks = [self._watch, client.message_processor, client.message_receiver, client.current_session_monitor]
        for task in tasks:
            if task is not None:
                task.cancel()
        await asyncio.gather(*(task for task in tasks if task is not None), return_exceptions=True)
