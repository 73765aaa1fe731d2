"""The Bot Framework SDK, behind our own words. The only module that knows botbuilder.

Its support ended in 2025; a successor replaces this module and nothing else. What it does wrong is
mended here: an Entity loses everything but its type, busy answers are not retried, tokens and keys are
fetched by blocking calls.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar, TypeVar

import aiohttp
from botbuilder.core import InvokeResponse, TurnContext
from botbuilder.integration.aiohttp import CloudAdapter
from botbuilder.schema import (
    Activity,
    Attachment,
    ChannelAccount,
    ConversationAccount,
    ConversationParameters,
    Entity,
)
from botframework.connector import BotFrameworkConnectorConfiguration
from botframework.connector.aio import ConnectorClient
from botframework.connector.auth import AuthenticateRequestResult, BotFrameworkAuthentication, ClaimsIdentity
from botframework.connector.auth.connector_factory import ConnectorFactory
from msrest.exceptions import ClientException
from msrest.pipeline import Request, Response
from msrest.pipeline.async_abc import AsyncHTTPPolicy, AsyncHTTPSender, AsyncPipeline
from msrest.pipeline.universal import RawDeserializer
from msrest.universal_http.async_abc import AsyncClientResponse
from multidict import CIMultiDict
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception_type,
    retry_if_not_exception_type,
    stop_after_attempt,
    wait_exponential_jitter,
)
from yarl import URL

from audit.record import Json
from bot.errors import (
    PlatformBusy,
    PlatformDenied,
    PlatformError,
    PlatformRefused,
    PlatformUnauthorized,
    PlatformUnsure,
)
from bot.teams.auth import TokenVerifier, Unauthorized
from bot.teams.config import TeamsConfig
from bot.teams.people import Member
from bot.teams.tokens import TokenSource
from retrieval.outbound.over_aiohttp import read_bounded

T = TypeVar("T")

PAGE_SIZE = 500  # the most that Teams gives at once
MAX_MEMBERS = 30_000  # a team has at most 25,000
ERROR_TEXT = 300
CLOSED = frozenset(
    {
        *("BotDisabledByAdmin", "BotNotInConversationRoster", "ConversationBlockedByUser", "InvalidBotApiHost"),
        *("ForbiddenOperationException", "MessageWritesBlocked", "NotEnoughPermissions"),
    }
)
"""Codes of a 403 that are about the place or the app, whatever the message holds:
https://learn.microsoft.com/microsoftteams/platform/bots/build-conversational-capability#status-codes-from-bot-conversational-apis
"""


NOT_OURS = (
    "Teams refuses the bot's token. Check TEAMS_APP_ID, TEAMS_APP_PASSWORD and TEAMS_APP_TENANTID, and that the bot is "
    "still registered in Azure"
)


class NotThere(PlatformError):
    """The conversation, message or person does not exist, or not any more."""


class RefusedHere(PlatformDenied, PlatformRefused):
    """A 403 that does not say what it is about: the place, or what the message holds."""


class _Refused(Exception):
    """An answer of Teams that is no success."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status
        self.retry_after = _seconds(headers.get("Retry-After"))
        self.code = _error_code(body)


class _TryAgain(_Refused):
    """One that passes: 412 and 429 (too fast), 401 (an old token), 5xx."""


class _Unreachable(Exception):
    """No answer at all, and Teams was certainly not told anything."""


class _Lost(_Unreachable):
    """No answer, and no telling what Teams did."""


# --- sending ------------------------------------------------------------------------------


class _WireEntity(Entity):  # type: ignore[misc]
    """The SDK's Entity writes its type only; this one writes every field it was given."""

    _attribute_map: ClassVar[dict[str, dict[str, str]]] = {
        "type": {"key": "type", "type": "str"},
        "additional_properties": {"key": "", "type": "{object}"},
    }


class _Token(AsyncHTTPPolicy[Any, Any]):
    """Adds the bot's token without blocking the event loop, as the SDK's credentials would."""

    def __init__(self, tokens: TokenSource) -> None:
        super().__init__()
        self._tokens = tokens

    async def send(self, request: Request[Any], **kwargs: Any) -> Response[Any, Any]:
        assert self.next is not None
        token = await self._tokens.token()
        if token:
            request.http_request.headers["Authorization"] = f"Bearer {token}"
        try:
            response = await self.next.send(request, **kwargs)
        except _Refused as refused:
            if refused.status == 401:
                self._tokens.forget(token)
            raise
        self._tokens.taken()
        return response


class _Answer(AsyncClientResponse):
    def __init__(self, request: Any, response: aiohttp.ClientResponse, body: bytes) -> None:
        super().__init__(request, response)
        self.status_code = response.status
        self.headers = CIMultiDict(response.headers)
        self.reason = response.reason
        self._body = body

    def body(self) -> bytes:
        return self._body


class _Sender(AsyncHTTPSender[Any, Any]):
    """Sends over our aiohttp session; the SDK's sender would use threads and follow redirects with our token."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def __aexit__(self, *exc_details: object) -> None:
        """The session is the adapter's to close."""

    async def send(self, request: Request[Any], **config: Any) -> Response[Any, Any]:
        sent = request.http_request
        url = URL(sent.url, encoded=True)
        try:
            async with self._session.request(
                sent.method, url, data=sent.data, headers=sent.headers, allow_redirects=False
            ) as response:
                body = await read_bounded(response)
        except aiohttp.ClientConnectorError as error:
            raise _Unreachable(type(error).__name__) from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise _Lost(type(error).__name__) from error
        if response.status >= 300:
            passing = response.status in (401, 412, 429) or response.status >= 500
            raise (_TryAgain if passing else _Refused)(response.status, response.headers, body)
        return Response(request, _Answer(sent, response, body))


class _Clients(ConnectorFactory):  # type: ignore[misc]
    """Makes connector clients for addresses that are on the list, one for each."""

    def __init__(self, config: TeamsConfig, session: aiohttp.ClientSession, tokens: TokenSource) -> None:
        self._config = config
        self._session = session
        self._tokens = tokens
        self._made: dict[str, ConnectorClient] = {}

    async def create(self, service_url: str, audience: str = "") -> ConnectorClient:
        return self.client(service_url)

    def client(self, service_url: str) -> ConnectorClient:
        """Raises PlatformDenied for an address that is not Teams'."""
        if not self._config.trusts(service_url):
            raise PlatformDenied(f"The reply address {service_url!r} is not one of Teams'; nothing was sent there.")
        if service_url not in self._made:
            if len(self._made) >= 64:
                self._made.clear()
            # The SDK chains the credentials it is given into a pipeline that is then not used: so two of them.
            unused = _Token(self._tokens)
            configuration = BotFrameworkConnectorConfiguration(unused, service_url)
            configuration.custom_pipeline = AsyncPipeline(
                [configuration.user_agent_policy, _Token(self._tokens), RawDeserializer()], _Sender(self._session)
            )
            self._made[service_url] = ConnectorClient(unused, service_url, custom_configuration=configuration)
        return self._made[service_url]


# --- receiving ----------------------------------------------------------------------------

Turn = Callable[[Mapping[str, Any]], Awaitable[Mapping[str, Json] | None]]
"""Handles an authenticated activity; gives the body that answers an invoke, or None."""


class _Authentication(BotFrameworkAuthentication):  # type: ignore[misc]
    """Our check of tokens in the place where CloudAdapter asks for one."""

    def __init__(self, verifier: TokenVerifier, clients: _Clients, resource: str) -> None:
        self._verifier = verifier
        self._clients = clients
        self._resource = resource

    async def authenticate_request(self, activity: Activity, auth_header: str) -> AuthenticateRequestResult:
        claims = await self._verifier.verify(auth_header, activity.channel_id, activity.service_url)
        result = AuthenticateRequestResult()
        result.claims_identity = ClaimsIdentity(dict(claims), True)
        result.audience = self._resource
        result.connector_factory = self._clients
        return result

    async def authenticate_streaming_request(
        self, auth_header: str, channel_id_header: str
    ) -> AuthenticateRequestResult:
        raise Unauthorized("streaming connections are not taken")

    def create_connector_factory(self, claims_identity: ClaimsIdentity) -> ConnectorFactory:
        return self._clients

    async def create_user_token_client(self, claims_identity: ClaimsIdentity) -> None:
        """Nobody signs in through this bot."""


class BotConnector:
    """Teams, as the adapter needs it. Every call that sends raises PlatformError and its kinds."""

    def __init__(
        self, config: TeamsConfig, session: aiohttp.ClientSession, tokens: TokenSource, verifier: TokenVerifier
    ) -> None:
        self._config = config
        self._clients = _Clients(config, session, tokens)
        self._adapter = CloudAdapter(_Authentication(verifier, self._clients, config.resource))

    async def receive(self, header: str, raw: Mapping[str, Any], turn: Turn) -> tuple[int, Mapping[str, Json] | None]:
        """Authenticate an activity, then run its turn: HTTP status and JSON body of the answer.

        Raises Unauthorized, KeysUnavailable, and what the turn raises. The SDK sees the frame alone: its
        model would lose fields, and stumble over misshapen ones.
        """

        async def on_turn(context: TurnContext) -> None:
            body = await turn(raw)
            if body is not None:
                value = InvokeResponse(status=200, body=dict(body))
                await context.send_activity(Activity(type="invokeResponse", value=value))

        answer = await self._adapter.process_activity(header, _frame(raw), on_turn)
        if answer is None:
            return 202, None  # stored; the reply comes later
        return int(answer.status), answer.body

    async def send(
        self, service_url: str, conversation: str, bot: str, payload: Mapping[str, Json], *, once: bool = False
    ) -> str:
        """Post a message into a conversation or, with `;messageid=`, into a thread; its id.

        It is "" where Teams parts the message into its text and its cards: then it names neither. An answer of Teams is
        believed, a 5xx too (https://learn.microsoft.com/microsoftteams/platform/bots/build-conversational-capability
        #status-codes-retry-guidance). Without one it is sent again, or with `once` PlatformUnsure is raised.
        """
        activity = _activity(payload, conversation, bot)
        client = self._clients.client(service_url)
        made = await self._call(lambda: client.conversations.send_to_conversation(conversation, activity), once=once)
        return str(made.id or "") if made is not None else ""

    async def update(
        self, service_url: str, conversation: str, bot: str, message: str, payload: Mapping[str, Json]
    ) -> str:
        """Replace a message of ours. Raises NotThere when it is gone."""
        activity = _activity(payload, conversation, bot)
        activity.id = message
        client = self._clients.client(service_url)
        await self._call(lambda: client.conversations.update_activity(conversation, message, activity))
        return message

    async def open_chat(self, service_url: str, tenant: str, bot: str, user: str) -> str:
        """The personal chat with a person; made when there is none."""
        parameters = ConversationParameters(
            is_group=False,
            bot=ChannelAccount(id=bot),
            members=[ChannelAccount(id=user)],
            tenant_id=tenant,
            channel_data={"tenant": {"id": tenant}},
        )
        client = self._clients.client(service_url)
        made = await self._call(lambda: client.conversations.create_conversation(parameters))
        if made is None or not made.id:
            raise PlatformError("Teams opened a personal chat but did not name it.")
        return str(made.id)

    async def members(self, service_url: str, conversation: str) -> Sequence[Member] | None:
        """All members, page by page; None when there are more than MAX_MEMBERS."""
        read = self._clients.client(service_url).conversations.get_teams_conversation_paged_members
        found: list[Member] = []
        mark: str | None = None
        while len(found) <= MAX_MEMBERS:
            page = await self._call(partial(read, conversation, PAGE_SIZE, mark))
            found += [_member(m) for m in page.members or ()]
            mark = page.continuation_token
            if not mark:
                return found
        return None

    async def member(self, service_url: str, conversation: str, user: str) -> Member | None:
        """One member; None when Teams does not know the person here."""
        client = self._clients.client(service_url)
        try:
            found = await self._call(lambda: client.conversations.get_conversation_member(conversation, user))
        except NotThere:
            return None
        return _member(found)

    async def _call(self, call: Callable[[], Awaitable[T]], *, once: bool = False) -> T:
        """Try a few times, as long apart as Teams asks. The one table from the SDK's errors to ours.

        `once`: what may have been done is not done again, PlatformUnsure is raised.
        """
        passing = retry_if_exception_type((_TryAgain, _Unreachable))
        retrying = AsyncRetrying(
            retry=passing & retry_if_not_exception_type(_Lost) if once else passing,
            stop=self._give_up,
            wait=_wait,
            reraise=True,
        )

        async def attempt() -> T:
            return await call()

        try:
            return await retrying(attempt)
        except _Refused as refused:
            raise _translated(refused) from refused
        except _Lost as error:
            kind = PlatformUnsure if once else PlatformError
            raise kind(f"Teams did not answer ({error}). It is tried again later.") from error
        except _Unreachable as error:
            raise PlatformError(f"Teams cannot be reached ({error}). It is tried again later.") from error
        except (ClientException, ValueError) as error:
            raise PlatformError(f"Teams answered something unreadable ({type(error).__name__}).") from error

    def _give_up(self, state: RetryCallState) -> bool:
        error = state.outcome.exception() if state.outcome is not None else None
        wait = error.retry_after if isinstance(error, _TryAgain) else None
        too_long = wait is not None and wait > self._config.longest_wait
        again = isinstance(error, _TryAgain) and error.status == 401 and state.attempt_number >= 2
        return too_long or again or stop_after_attempt(self._config.tries)(state)


_backoff = wait_exponential_jitter(multiplier=0.2, max=10.0, jitter=0.2)


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome is not None else None
    if isinstance(error, _TryAgain) and error.retry_after is not None:
        return error.retry_after
    return _backoff(state)


def _translated(refused: _Refused) -> PlatformError:
    said = f"HTTP {refused.status}" + (f", {refused.code}" if refused.code else "")
    if refused.status == 429:
        return PlatformBusy(f"Teams asks to send more slowly ({said}).", refused.retry_after or 30.0)
    if refused.status == 401:
        return PlatformUnauthorized(f"{NOT_OURS} ({said}).")
    if refused.status == 403:
        return (PlatformDenied if refused.code in CLOSED else RefusedHere)(
            f"Teams refuses the bot here ({said}). Check that the app is installed for this team or person."
        )
    if refused.status in (404, 410):
        return NotThere(f"Teams does not know this conversation, message or person ({said}).")
    if refused.status in (400, 413):
        return PlatformRefused(f"Teams refuses the message ({said}).")
    return PlatformError(f"Teams refuses the request ({said}).")


def _seconds(header: str | None) -> float | None:
    """Retry-After in seconds (RFC 9110, section 10.2.3); Teams sends no dates."""
    return float(header) if header and header.isascii() and header.isdecimal() else None


def _error_code(body: bytes) -> str:
    try:
        return str(json.loads(body)["error"]["code"])[:ERROR_TEXT]
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""


def _frame(raw: Mapping[str, Any]) -> Activity:
    def text(name: str) -> str | None:
        value = raw.get(name)
        return value if isinstance(value, str) else None

    return Activity(
        type=text("type"),
        id=text("id"),
        name=text("name"),
        channel_id=text("channelId"),
        service_url=text("serviceUrl"),
        conversation=ConversationAccount(),
        recipient=ChannelAccount(),
        from_property=ChannelAccount(),
    )


def _activity(payload: Mapping[str, Json], conversation: str, bot: str) -> Activity:
    """Our payload as the SDK's model, so that its serialiser writes every field."""
    fields: dict[str, Any] = dict(payload)
    return Activity(
        type=fields.get("type", "message"),
        text=fields.get("text") or None,
        text_format=fields.get("textFormat"),
        entities=[
            _WireEntity(type=e["type"], additional_properties={k: v for k, v in e.items() if k != "type"})
            for e in fields.get("entities", ())
        ]
        or None,
        attachments=[
            Attachment(content_type=a["contentType"], content=a["content"]) for a in fields.get("attachments", ())
        ]
        or None,
        channel_data=fields.get("channelData"),
        from_property=ChannelAccount(id=bot),
        conversation=ConversationAccount(id=conversation),
    )


def _member(account: Any) -> Member:
    more: Mapping[str, Any] = account.additional_properties or {}
    email = getattr(account, "email", None) or more.get("email")
    name = getattr(account, "user_principal_name", None) or more.get("userPrincipalName")
    name = name if name and "#EXT#" not in name else None
    return Member(
        id=account.id or "",
        object_id=account.aad_object_id or more.get("objectId") or "",
        email=email or name or "",
        tenant=(getattr(account, "tenant_id", None) or more.get("tenantId") or "").casefold(),
        role=(getattr(account, "user_role", None) or more.get("userRole") or "").casefold(),
    )
