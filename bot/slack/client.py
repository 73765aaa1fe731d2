"""Calls of Slack's Web API: a time-out on each, repeated where that is safe, errors in our words."""

from __future__ import annotations

import asyncio
import logging
import random
import re
import traceback
from collections.abc import AsyncIterator, Mapping
from typing import Any

import aiohttp
import tenacity
from slack_sdk.errors import SlackApiError, SlackRequestError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.http_retry.request import HttpRequest
from slack_sdk.http_retry.response import HttpResponse
from slack_sdk.http_retry.state import RetryState
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import (
    PlatformBusy,
    PlatformDenied,
    PlatformError,
    PlatformRefused,
    PlatformUnauthorized,
    PlatformUnsure,
)
from bot.slack.config import SlackConfig
from retrieval.outbound.over_aiohttp import bounded_session

UNAUTHORIZED = {
    "invalid_auth": "the token is wrong; check SLACK_BOT_TOKEN",
    "not_authed": "no token was sent; check SLACK_BOT_TOKEN",
    "token_revoked": "the token was revoked; install the app again and set SLACK_BOT_TOKEN",
    "token_expired": "the token has expired; install the app again and set SLACK_BOT_TOKEN",
    "account_inactive": "the app was removed from the workspace; install it again",
    "not_allowed_token_type": "a token of the wrong kind was used; xoxb- is the bot's, xapp- the app's",
}
"""What is wrong with the token itself, whatever it was used for."""
DENIED = {
    "not_in_channel": "the bot is not in the channel; invite it there",
    "channel_not_found": "the bot cannot see the channel; invite it there",
    "is_archived": "the channel is archived",
    "restricted_action": "the workspace does not let the bot post there",
    "restricted_action_read_only_channel": "nobody may post in the channel",
    "restricted_action_thread_only_channel": "only replies in threads are taken there",
    "restricted_action_non_threadable_channel": "the channel takes no replies in threads",
    "restricted_action_thread_locked": "the thread is locked",
    "cannot_reply_to_message": "the message that it would reply to takes no replies, or is gone",
    "user_not_in_channel": "the person is not in the channel",
    "ekm_access_denied": "the workspace's administrators have suspended posting",
    "enterprise_is_restricted": "the organisation's administrators do not let the app do this",
    "team_access_not_granted": "the app was not added to this workspace of the organisation",
    "access_denied": "the workspace's administrators do not let the app do this",
    "no_permission": "the app was removed from the conversation or the workspace",
}
INSTALLED = {
    "invalid_auth": "the workspace's token is wrong; open /slack/install there again",
    "token_revoked": "the workspace's token was revoked; open /slack/install there again",
    "token_expired": "the workspace's token has expired; open /slack/install there again",
    "account_inactive": "the app was removed from the workspace; open /slack/install there again",
}
"""What to say instead where tokens come from installations."""
_CHANCE = random.SystemRandom()
FAILURES = (SlackApiError, SlackRequestError, aiohttp.ClientError, TimeoutError, AttributeError, ValueError)
"""What the SDK raises; the last two when something between us and Slack answers in its place."""
_SECRETS = re.compile(r"x(?:ox[a-z]|app|oxe\.xox[a-z])-[\w.-]+|(?<=ticket=)[^&\s'\"]+|(?<=Bearer )\S+")


class Unsure(PlatformUnsure):
    """A call failed in a way that leaves open whether Slack carried it out."""


class Unreached(Unsure):
    """No connection was made, so Slack did certainly not carry it out."""


class Hidden(PlatformDenied):
    """The token sees no such conversation, or its bot is not in it: it is elsewhere, private, or gone."""


class _Refused(PlatformRefused):
    """Slack answered with an error of this code."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


class Redacted(logging.Filter):
    """Takes tokens and socket tickets out of what the vendor's code logs."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = _SECRETS.sub("(secret)", record.getMessage()), None
        if record.exc_info and record.exc_info[0] is not None:
            text = "".join(traceback.format_exception(*record.exc_info)).rstrip()
            record.exc_info, record.exc_text = None, _SECRETS.sub("(secret)", text)
        return True


def vendor_logger(name: str) -> logging.Logger:
    """A logger for Bolt and the SDK. Never below INFO: at DEBUG they log whole requests."""
    logger = logging.getLogger(name)
    logger.setLevel(logging.INFO)
    if not any(isinstance(f, Redacted) for f in logger.filters):
        logger.addFilter(Redacted())
    return logger


class _WaitAsTold(AsyncRateLimitErrorRetryHandler):
    """Honours Retry-After unless it asks for more than `longest_wait`; then the caller is told."""

    def __init__(self, config: SlackConfig) -> None:
        super().__init__(max_retry_count=config.tries)
        self._config = config

    async def _can_retry_async(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> bool:
        limited = response is not None and response.status_code == 429
        return limited and response is not None and _retry_after(response.headers) <= self._config.longest_wait

    async def prepare_for_next_attempt_async(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> None:
        """The vendor's own fails on a Retry-After that is no whole number."""
        state.next_attempt_requested = True
        spread = _CHANCE.random() * self._config.first_pause
        await asyncio.sleep(_retry_after(response.headers if response is not None else {}) + spread)
        state.increment_current_attempt()


def _retry_after(headers: Mapping[str, Any]) -> float:
    value = next((v for k, v in headers.items() if k.lower() == "retry-after"), "1")
    try:
        return float(value[0] if isinstance(value, list) else value)
    except ValueError:
        return 1.0


class SlackClient:
    """`call` for everything. `web` is the SDK's client, for Bolt and Socket Mode."""

    def __init__(self, config: SlackConfig) -> None:
        self._config = config
        self.scopes: frozenset[str] = frozenset()
        """What the bot token may do, as Slack said with the last answer."""
        self.web = AsyncWebClient(
            token=config.bot_token,
            base_url=config.base_url,
            timeout=max(1, int(config.timeout)),
            logger=vendor_logger("footnote.slack"),
            # Not the SDK's own handlers: they repeat a POST after a lost connection and may post twice.
            retry_handlers=[_WaitAsTold(config)],
        )

    async def start(self) -> None:
        """One session for all calls. With a session of ours the SDK sets no time-out, so it is set here."""
        if self.web.session is None or self.web.session.closed:
            self.web.session = bounded_session(self._config.timeout, unpack=True)

    async def stop(self) -> None:
        if self.web.session is not None:
            await self.web.session.close()
            self.web.session = None

    async def read(self, api: str, **arguments: str | int | bool) -> dict[str, Any]:
        """A call that changes nothing, repeated after failures. Raises PlatformError."""
        params = {k: str(v).lower() if isinstance(v, bool) else v for k, v in arguments.items()}
        return await self._repeat(api, "GET", params)

    async def write(self, api: str, arguments: Mapping[str, Any], *, again: bool) -> dict[str, Any]:
        """A call that changes something; `again` says that doing it twice equals doing it once.

        Raises PlatformError; when not `again`, Unsure after a failure that leaves it open whether it was done.
        """
        if again:
            return await self._repeat(api, "POST", arguments)
        return await self._once(api, "POST", arguments)

    async def pages(self, api: str, key: str, limit: int = 200, **arguments: str | int | bool) -> AsyncIterator[Any]:
        """The items under `key` of all pages. Raises PlatformError."""
        cursor = ""
        while True:
            more: dict[str, str | int | bool] = {**arguments, "limit": limit, **({"cursor": cursor} if cursor else {})}
            data = await self.read(api, **more)
            for item in data.get(key, ()):
                yield item
            cursor = (data.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return

    async def open_socket(self) -> str:
        """A one-time address for Socket Mode. Raises PlatformError."""
        try:
            response = await self.web.apps_connections_open(app_token=self._config.app_token)
        except FAILURES as error:
            raise translate("apps.connections.open", error, "SLACK_APP_TOKEN") from error
        return str(response["url"])

    async def _repeat(self, api: str, verb: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        retrying = tenacity.AsyncRetrying(
            stop=tenacity.stop_after_attempt(self._config.tries),
            wait=tenacity.wait_exponential(multiplier=self._config.first_pause, max=5)
            + tenacity.wait_random(0, self._config.first_pause),
            retry=tenacity.retry_if_exception_type(Unsure),
            reraise=True,
        )
        result: dict[str, Any] = await retrying(self._once, api, verb, arguments)
        return result

    async def _once(self, api: str, verb: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        body: dict[str, Any] = {"params": dict(arguments)} if verb == "GET" else {"json": dict(arguments)}
        try:
            async with self._patience():
                response = await self.web.api_call(api, http_verb=verb, **body)
        except FAILURES as error:
            raise translate(api, error, "" if self._config.installed else "SLACK_BOT_TOKEN") from error
        granted = response.headers.get("x-oauth-scopes") or response.headers.get("X-OAuth-Scopes")
        if granted:
            self.scopes = frozenset(scope.strip() for scope in granted.split(","))
        data = response.data
        return data if isinstance(data, dict) else {}

    def _patience(self) -> asyncio.Timeout:
        """An end for a call with all its waiting for Retry-After."""
        return asyncio.timeout(self._config.timeout + self._config.tries * (self._config.longest_wait + 1))


def translate(api: str, error: Exception, setting: str = "SLACK_BOT_TOKEN") -> PlatformError:
    """The one table from the vendor's errors to ours. `setting` holds the token; "": an installation does."""
    if isinstance(error, aiohttp.ClientConnectorError):
        return Unreached(f"Slack cannot be reached for {api}: {error}. Check the network and any proxy.")
    if isinstance(error, TimeoutError | aiohttp.ClientError):
        return Unsure(f"Slack did not answer {api}: {type(error).__name__}. It is tried again.")
    if isinstance(error, AttributeError | ValueError):
        return Unsure(f"The answer to {api} is not Slack's. Is a proxy in between? Check the network.")
    if not isinstance(error, SlackApiError):
        return PlatformError(f"Slack cannot be asked {api}: {error}.")
    response = error.response
    status = getattr(response, "status_code", None) or getattr(response, "status", None) or 0
    data = getattr(response, "data", None)
    data = data if isinstance(data, dict) else {}
    code = str(data.get("error") or "")
    if status == 429 or code in ("ratelimited", "rate_limited"):
        wait = _retry_after(response.headers)
        return PlatformBusy(f"Slack asks to wait {wait:g} seconds before {api}.", wait)
    if status >= 500 or code in ("internal_error", "fatal_error", "service_unavailable", "request_timeout") or not code:
        return Unsure(f"Slack failed at {api} ({code or f'status {status}'}). It is tried again.")
    if code == "missing_scope":
        needed = data.get("needed") or "(not told)"
        if setting == "SLACK_APP_TOKEN":
            return PlatformDenied(
                f"Slack refuses {api}: the app token lacks the scope {needed}. "
                "Make one that has it under Basic Information > App-Level Tokens, and set SLACK_APP_TOKEN."
            )
        return PlatformDenied(
            f"Slack refuses {api}: the bot lacks the scope {needed}. "
            "Add it to the app (footnote manifest slack prints all scopes) and install the app again."
        )
    why = (UNAUTHORIZED | DENIED if setting else UNAUTHORIZED | DENIED | INSTALLED).get(code)
    if why:
        refusal = Hidden if code in ("channel_not_found", "not_in_channel") else PlatformDenied
        kind = PlatformUnauthorized if code in UNAUTHORIZED else refusal
        return kind(f"Slack refuses {api}: {why.replace('SLACK_BOT_TOKEN', setting or 'SLACK_BOT_TOKEN')} ({code}).")
    detail = "; ".join((data.get("response_metadata") or {}).get("messages") or ())
    return _Refused(f"Slack refuses {api}: {code}{f' ({detail})' if detail else ''}.", code)


def code_of(error: PlatformError) -> str:
    """Slack's error code, when it gave one that is no matter of rights."""
    return error.code if isinstance(error, _Refused) else ""
