"""Microsoft Teams as a `Platform`, and the way of its events into the inbox."""

from __future__ import annotations

import asyncio
import json
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

import structlog
from aiohttp import web

from audit.record import Json
from bot.answering.channels import Heard, for_us
from bot.errors import (
    InboxUnavailable,
    PlatformDenied,
    PlatformError,
    PlatformRefused,
    PlatformUnauthorized,
    PlatformUnseen,
    PlatformUnsure,
)
from bot.keys import ThreadKey
from bot.ports import Intake, Viewer
from bot.service.bodies import read_body
from bot.teams.auth import KeySet, KeysUnavailable, TokenVerifier, Unauthorized
from bot.teams.config import PATHS, TeamsConfig
from bot.teams.connector import NOT_OURS, BotConnector, NotThere
from bot.teams.events import (
    PLATFORM,
    BadActivity,
    came_to_a_chat,
    changes_members,
    passage_asked,
    translate,
)
from bot.teams.forms import smaller
from bot.teams.messages import TeamsMessages, part_of
from bot.teams.people import TeamsPeople
from bot.teams.render import call, chat_link, passage_window, render, text_message, text_window, welcome
from bot.teams.tokens import TokenSource
from bot.teams.typing import Typing, address
from bot.texts import EXPERT_ELSEWHERE, NO_PRIVATE_CHAT, PASSAGE_GONE, PASSAGE_UNAVAILABLE, PRIVATE_NOTE
from bot.types import ChannelKind, Expert, Form, Incoming, IncomingKind, Outcome, People, Reply
from retrieval.outbound.over_aiohttp import bounded_session

REMEMBERED = 4_096
STOP_SECONDS = 5.0

log = structlog.get_logger(__name__)
K = TypeVar("K")
V = TypeVar("V")


class _Recent(Generic[K, V]):
    """The last few thousand pairs."""

    def __init__(self) -> None:
        self._pairs: OrderedDict[K, V] = OrderedDict()

    def put(self, key: K, value: V) -> None:
        self._pairs[key] = value
        self._pairs.move_to_end(key)
        while len(self._pairs) > REMEMBERED:
            self._pairs.popitem(last=False)

    def get(self, key: K) -> V | None:
        return self._pairs.get(key)


class TeamsPlatform:
    """Implements `Platform`. `start` before the first call; `stop` at the end.

    A request is authenticated, translated and stored, then acknowledged: Teams gives up after some
    10 seconds, so the answer comes later, by its conversation reference.
    """

    def __init__(
        self,
        config: TeamsConfig,
        intake: Intake,
        *,
        viewer: Viewer | None = None,
        knows_thread: Callable[[ThreadKey], bool] = lambda thread: False,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        history: TeamsMessages | None = None,
    ) -> None:
        """`viewer` stands behind the "Show the passage" buttons; without one there are none. `history` reads threads,
        to find an answer again after a crash; it is closed with this.

        `knows_thread` says whether a question was answered in a thread lately.
        """
        self._config = config
        self._intake = intake
        self._viewer = viewer
        self._knows_thread = knows_thread
        self._clock = clock
        self._parts: _Parts | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._history = history
        self._typing = Typing(self._type)
        self._private: _Recent[tuple[str, str, int], str] = _Recent()
        self._records: _Recent[tuple[str, str], str] = _Recent()
        self._followed: _Recent[ThreadKey, bool] = _Recent()

    @property
    def name(self) -> str:
        return PLATFORM

    async def start(self) -> None:
        """Open the HTTP session. Does not talk to Teams: `check` does."""
        if self._parts is None:
            self._parts = _Parts(self._config)

    async def stop(self) -> None:
        """Finish what is being sent, for some seconds, and close the session."""
        await self._typing.stop()
        if self._history is not None:
            await self._history.close()
        if self._tasks:
            _, left = await asyncio.wait(self._tasks, timeout=STOP_SECONDS)
            for task in left:
                task.cancel()
        if self._parts is not None:
            parts, self._parts = self._parts, None
            await parts.session.close()

    async def check(self) -> list[str]:
        """What keeps Teams from working, for `footnote doctor`; [] when nothing does."""
        if self._parts is None:
            await self.start()
            try:
                return await self.check()
            finally:
                await self.stop()
        found = []
        try:
            await self._ready.keys.check()
        except KeysUnavailable as error:
            found.append(str(error))
        try:
            await self._ready.tokens.token()
        except PlatformError as error:
            found.append(str(error))
        if not self._config.authenticates:
            found.append("TEAMS_APP_ID is empty: authentication is off. This is for development on one machine only.")
        return found

    async def ready(self) -> list[str]:
        try:
            await self._ready.tokens.token()
        except PlatformError as error:
            return [str(error)]
        return [f"{NOT_OURS}."] if self._ready.tokens.refused else []

    @property
    def _ready(self) -> _Parts:
        if self._parts is None:
            raise PlatformError("The Teams adapter is not started.")
        return self._parts

    # --- what arrives ---------------------------------------------------------------------

    def routes(self) -> list[web.RouteDef]:
        """Where Teams sends activities: the messaging endpoint of the Azure bot."""
        return [web.post(path, self._receive) for path in PATHS]

    async def _receive(self, request: web.Request) -> web.StreamResponse:
        if self._parts is None:
            raise web.HTTPServiceUnavailable(headers={"Retry-After": "2"})
        header = request.headers.get("Authorization", "")
        try:
            await self._ready.verifier.bearer(header)  # before the body is read
            raw = await self._read(request)
            status, body = await self._ready.connector.receive(header, raw, self._turn)
        except Unauthorized as error:
            log.warning("a request to the Teams endpoint was refused", reason=str(error))
            raise web.HTTPUnauthorized(text="Not authorized.") from error
        except BadActivity as error:
            raise web.HTTPBadRequest(text=str(error)) from error
        except (InboxUnavailable, KeysUnavailable) as error:
            # Not stored, or not checked: Teams sends it again.
            log.error("an event of Teams could not be taken", reason=str(error))
            raise web.HTTPServiceUnavailable(headers={"Retry-After": "2"}) from error
        return web.Response(status=status) if body is None else web.json_response(body, status=status)

    async def _read(self, request: web.Request) -> Mapping[str, Any]:
        """The body as a JSON object, with a limit."""
        if request.content_type != "application/json":
            raise web.HTTPUnsupportedMediaType
        try:
            body = json.loads(await read_body(request, self._config.max_body))
        except (ValueError, RecursionError) as error:
            raise web.HTTPBadRequest(text="The body is not JSON.") from error
        if not isinstance(body, dict) or not isinstance(body.get("type"), str):
            raise web.HTTPBadRequest(text="The body is not a Teams activity.")
        return body

    async def _turn(self, activity: Mapping[str, Any]) -> Mapping[str, Json] | None:
        incoming = translate(activity, self._clock(), concerns=self._concerns, record_of=self._record_of)
        if changes_members(activity):
            self._ready.people.forget()
        asked = passage_asked(activity)
        if asked is not None and self._viewer is not None:
            return await self._passage(self._viewer, incoming, *asked)  # the viewer records the access
        new = await self._intake.accept(incoming)
        if new and came_to_a_chat(activity):
            self._later(self._welcome(incoming))
        if incoming.kind is IncomingKind.QUESTION:
            self._followed.put(ThreadKey.of(incoming), True)
        return {} if incoming.kind is IncomingKind.FEEDBACK else None

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _welcome(self, incoming: Incoming) -> None:
        try:
            await self._send(incoming, welcome(self._config.suggested_prompts))
        except PlatformError as error:
            log.warning("a welcome could not be shown", key=incoming.key, reason=str(error))

    async def _passage(self, viewer: Viewer, incoming: Incoming, record: str, n: int) -> Mapping[str, Json]:
        """The window for "Show the passage"; Teams waits for it, so it is short of time."""
        try:
            async with asyncio.timeout(self._config.window_seconds):
                reader = await self._ready.people.person(incoming)
                view = await viewer.passage(record, n, reader)
        except (PlatformError, TimeoutError) as error:
            log.warning("a passage could not be shown", record=record, reason=str(error))
            return text_window(PASSAGE_UNAVAILABLE, record)
        return passage_window(view) if view is not None else text_window(PASSAGE_GONE, record)

    def _concerns(self, heard: Heard) -> bool:
        return for_us(heard, self._config.heard(heard.incoming.channel), self._ours)

    def _ours(self, thread: ThreadKey) -> bool:
        return self._followed.get(thread) is not None or self._knows_thread(thread)

    def _record_of(self, channel: str, message: str) -> str | None:
        return self._records.get((channel, message))

    # --- Platform ---------------------------------------------------------------------------

    async def people(self, incoming: Incoming) -> People:
        return await self._ready.people.people(incoming)

    def render(self, outcome: Outcome) -> Mapping[str, Json]:
        return render(outcome, passages=self._viewer is not None)

    def smaller(self, payload: Mapping[str, Json]) -> Sequence[Form]:
        return smaller(payload)

    async def post_status(self, incoming: Incoming, text: str) -> str:
        """Teams' own sign, three dots, which has no text."""
        self._typing.begin(incoming)
        return ""

    async def post_text(self, incoming: Incoming, text: str, replace: str | None) -> str:
        await self._typing.end(incoming)
        return await self._show(incoming, text_message(text), replace, once=False)

    async def post_call(self, incoming: Incoming, expert: Expert, text: str, question: str, record_id: str) -> str:
        """After a crash between sending and noting it, it may be sent again: Teams tells no message from another."""
        user = await self._ready.people.find(incoming, expert.address("teams"))
        if user is None:
            return await self._send(incoming, text_message(EXPERT_ELSEWHERE.format(name=expert.name)))
        return await self._send(incoming, call(expert.name, user, text, question))

    async def said_before(self, incoming: Incoming) -> str:
        """Teams shows a bot no message but those to it: what somebody quoted is all that is known."""
        return str(incoming.reference.get("quoted") or "")

    async def find_posted(self, incoming: Incoming, message: str) -> str | None:
        """Teams tells neither whether a message is still there nor its address; that of a chat's can be made."""
        return chat_link(incoming.channel, message) if incoming.channel_kind is ChannelKind.GROUP else ""

    async def post(self, incoming: Incoming, reply: Reply, replace: str | None, *, again: bool = False) -> str:
        await self._typing.end(incoming)
        if reply.private and incoming.channel_kind is not ChannelKind.DIRECT:
            return await self._post_privately(incoming, reply, replace, again=again)
        record = reply.receipt.record_id
        message = await self._found(incoming, record, _part(reply)) if again and replace is None else None
        if message is None:
            try:
                message = await self._show(incoming, reply.payload, replace, once=True)
            except NotThere as error:  # the thread was deleted, or the bot removed
                raise PlatformDenied(str(error)) from error
        if message:
            self._records.put((incoming.channel, message), record)
        return message

    async def _found(self, incoming: Incoming, record: str, part: int) -> str | None:
        """The message that shows a record, or a part of it, as Microsoft Graph shows the thread. Raises PlatformError.

        Teams gives a bot no other way to look: where Graph does not let us read, PlatformUnseen is raised.
        """
        if self._history is None or incoming.channel_kind is ChannelKind.DIRECT:
            raise PlatformUnseen("Teams does not let a bot read the chat, so an answer cannot be looked for.")
        since = incoming.received_at
        try:
            if incoming.channel_kind is ChannelKind.GROUP:
                posted = await self._history.chat(incoming.channel, since, part)
            else:
                group = await self._history.group(str(incoming.reference.get("team") or ""))
                if not group:
                    raise PlatformUnseen("Teams does not say of which team the channel is.")
                posted = await self._history.thread(group, incoming.channel, incoming.thread, since, part)
        except (PlatformDenied, PlatformUnauthorized, NotThere) as error:
            raise PlatformUnseen(str(error)) from error
        return next((p.message for p in posted if p.record == record), None)

    async def _post_privately(self, incoming: Incoming, reply: Reply, replace: str | None, *, again: bool) -> str:
        """The reply to the asker's personal chat, then the neutral line in the thread, once for all its parts."""
        part = _part(reply)
        done = (incoming.key, reply.receipt.record_id, part)
        message = self._private.get(done)
        if message is None:
            if again:
                raise PlatformUnseen("Teams does not let a bot read a personal chat.")
            try:
                message = await self._send_privately(incoming, reply)
            except PlatformRefused:
                raise
            except (PlatformDenied, NotThere) as error:
                log.warning("no personal chat with the asker", key=incoming.key, reason=str(error))
                return await self._show(incoming, text_message(NO_PRIVATE_CHAT), replace, once=False)
            self._private.put(done, message)
        if part > 1:
            return message
        try:
            await self._show(incoming, text_message(PRIVATE_NOTE), replace, once=False)
        except (PlatformDenied, NotThere) as error:  # the answer has arrived
            log.warning("the thread could not be told of a private answer", key=incoming.key, reason=str(error))
        except PlatformError as error:
            raise PlatformUnsure(f"The answer is in the personal chat, the thread was not told. {error}") from error
        return message

    async def _send_privately(self, incoming: Incoming, reply: Reply) -> str:
        service_url, bot, user = (str(incoming.reference[name]) for name in ("service_url", "bot", "user"))
        try:
            chat = await self._ready.connector.open_chat(service_url, incoming.tenant, bot, user)
        except PlatformRefused as error:
            raise PlatformDenied(str(error)) from error
        message = await self._ready.connector.send(service_url, chat, bot, reply.payload, once=True)
        if message:
            self._records.put((chat, message), reply.receipt.record_id)
        return message

    async def _show(self, incoming: Incoming, payload: Mapping[str, Json], replace: str | None, *, once: bool) -> str:
        """In place of a message, which may be repeated, or as a new one; `once`: never as two."""
        service_url, conversation, bot = address(incoming)
        if replace:
            try:
                return await self._ready.connector.update(service_url, conversation, bot, replace, payload)
            except NotThere:  # somebody deleted it
                pass
        return await self._send(incoming, payload, once=once)

    async def _send(self, incoming: Incoming, payload: Mapping[str, Json], *, once: bool = False) -> str:
        service_url, conversation, bot = address(incoming)
        return await self._ready.connector.send(service_url, conversation, bot, payload, once=once)

    async def _type(self, incoming: Incoming) -> None:
        await self._send(incoming, {"type": "typing"})


def _part(reply: Reply) -> int:
    """Which part of an answer in parts a message is; 1 for any other."""
    return part_of(str(reply.payload.get("text") or ""))


class _Parts:
    """What lives as long as the HTTP session."""

    def __init__(self, config: TeamsConfig) -> None:
        self.session = bounded_session(config.timeout, proxies=not config.development)
        self.keys = KeySet(self.session, config)
        self.tokens = TokenSource(config, self.session)
        self.verifier = TokenVerifier(config, self.keys)
        self.connector = BotConnector(config, self.session, self.tokens, self.verifier)
        self.people = TeamsPeople(config, self.connector)
