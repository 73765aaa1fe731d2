"""Slack: implements `bot.ports.Platform`, and hands what arrives to an `Intake`."""

from __future__ import annotations

import asyncio
import json
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import structlog
from aiohttp import web
from slack_bolt.async_app import AsyncBoltRequest

from audit.errors import AuditError
from audit.record import Json
from bot.answering.channels import for_us
from bot.errors import BotError, InboxUnavailable, PlatformDenied, PlatformError
from bot.keys import ANY, RecordRef, ThreadKey
from bot.ports import Intake, Viewer
from bot.slack import modals, render
from bot.slack.client import SlackClient
from bot.slack.config import SlackConfig
from bot.slack.events import Identity, call, feedback, hear, is_organisation
from bot.slack.forms import smaller
from bot.slack.manifest import needed
from bot.slack.people import Counted, SlackPeople
from bot.slack.post import SlackPoster
from bot.slack.receive import Body, Socket, bolt_app, dispatch, events_route
from bot.texts import NOT_SAVED, PASSAGE_GONE, PASSAGE_LOADING, PASSAGE_TITLE, PASSAGE_UNAVAILABLE
from bot.types import Expert, Form, Incoming, Outcome, People, Reply
from retrieval.errors import RetrievalError

OPEN_WITHIN = 1.2  # seconds; Slack lets a window open within 3 of the click
THUMBS = ("up", "down")
MOST_THUMBS = 4_096

log = structlog.get_logger(__name__)


class SlackPlatform:
    """One workspace. `start` first; then `routes` serve HTTP, or the socket is open.

    Events are acknowledged after `intake.accept` returned. Every call of Slack has a time-out.
    `identity` is who we are, where that is known; else Slack is asked at the start.
    """

    def __init__(
        self,
        config: SlackConfig,
        intake: Intake,
        viewer: Viewer,
        knows_thread: Callable[[ThreadKey], bool] = lambda thread: False,
        identity: Identity | None = None,
    ) -> None:
        self._config = config
        self._intake = intake
        self._viewer = viewer
        self._knows_thread = knows_thread
        self._client = SlackClient(config)
        self._people = SlackPeople(self._client, config)
        self._poster = SlackPoster(self._client, config)
        self._app = bolt_app(self._client, config, self._on_event, self._on_click)
        self._socket: Socket | None = None
        self._identity = identity
        self._tasks: set[asyncio.Task[None]] = set()
        self._thumbs: OrderedDict[tuple[str, str], str] = OrderedDict()
        """How people's thumbs stand, by user and record, of those pressed lately."""
        self._asked_why: set[tuple[str, str]] = set()

    # --- life ---------------------------------------------------------------------------

    async def start(self) -> None:
        """Learn who we are, and open the socket when there is an app token. Raises PlatformError."""
        await self._client.start()
        try:
            await self._begin()
        except PlatformError:
            await self.stop()
            raise

    async def _begin(self) -> None:
        if self._identity is None:
            told = await self._client.read("auth.test")
            for problem in self._missing_scopes():
                log.warning(problem)
            whole = told.get("is_enterprise_install") is True and told.get("enterprise_id")
            place = str(whole or told["team_id"])  # an organisation's token is for all of its workspaces
            self._identity = Identity(place, str(told["user_id"]), str(told.get("bot_id") or ""))
        if self._config.app_token:
            self._socket = Socket(self._app, self._client, self._config)
            await self._socket.start()

    async def stop(self) -> None:
        """Close the socket, finish the windows that are being opened, close the connections."""
        if self._socket is not None:
            await self._socket.stop()
            self._socket = None
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=self._config.timeout)
            for task in late:
                task.cancel()
        await self._client.stop()

    def routes(self) -> list[web.RouteDef]:
        """POST /slack/events, when there is a signing secret."""
        return events_route(self._app, self._config)

    async def receive(self, request: AsyncBoltRequest) -> web.StreamResponse:
        """An event or a click that came by HTTP, its signature checked."""
        return await dispatch(self._app, request)

    async def check(self) -> list[str]:
        """What is wrong with the tokens and scopes, each with what to do; empty when all is well. Needs no `start`."""
        problems: list[str] = []
        try:
            await self._client.read("auth.test")
        except PlatformError as error:
            problems.append(str(error))
        else:
            problems += self._missing_scopes()
        if self._config.app_token:
            try:
                await self._client.open_socket()
            except PlatformError as error:
                problems.append(str(error))
        return problems

    def _missing_scopes(self) -> list[str]:
        """What to do about each scope that the last call showed to be lacking."""
        scopes = needed(follow_ups=self._config.listens, user_groups=self._config.user_groups)
        return [
            f"The bot lacks the scope {scope}: add it under OAuth & Permissions and install the app again."
            for scope in (sorted(scopes - self._client.scopes) if self._client.scopes else [])
        ]

    async def unconfirmed(self) -> Counted:
        """How many members have an address that does not count. Raises PlatformError."""
        return await self._people.unconfirmed(self._me())

    async def ready(self) -> list[str]:
        problems = [] if await self.connected() else ["The connection to Slack (Socket Mode) is closed."]
        try:
            await self._client.read("auth.test")
        except PlatformError as error:
            problems.append(str(error))
        return problems

    async def connected(self) -> bool:
        """Whether events can arrive: always by HTTP; by Socket Mode while the socket is open."""
        return self._socket is None or await self._socket.connected()

    # --- Platform -----------------------------------------------------------------------

    @property
    def name(self) -> str:
        return "slack"

    async def people(self, incoming: Incoming) -> People:
        return await self._people.people(incoming, self._me())

    def render(self, outcome: Outcome) -> Mapping[str, Json]:
        return render.render(outcome)

    async def post_status(self, incoming: Incoming, text: str) -> str:
        await self._poster.status(incoming, f"is {text[:1].lower()}{text[1:]}")  # Slack puts the app's name before it
        return ""

    async def post(self, incoming: Incoming, reply: Reply, replace: str | None, *, again: bool = False) -> str:
        return await self._poster.reply(incoming, reply, replace, self._me(), again=again)

    def smaller(self, payload: Mapping[str, Json]) -> Sequence[Form]:
        return smaller(payload)

    async def post_text(self, incoming: Incoming, text: str, replace: str | None) -> str:
        return await self._poster.text(incoming, text, replace, self._me())

    async def post_call(self, incoming: Incoming, expert: Expert, text: str, question: str, record_id: str) -> str:
        body = render.call(expert, text, question, record_id)
        return await self._poster.call(incoming, body, self._me())

    async def said_before(self, incoming: Incoming) -> str:
        return await self._poster.before(incoming, self._me())

    async def find_posted(self, incoming: Incoming, message: str) -> str | None:
        return await self._poster.link(incoming.channel, message)

    async def messages(self, channel: str, oldest: str | None) -> list[tuple[str, str]]:
        """Record id and ts of our answers in threads begun after `oldest` (a ts). Raises PlatformError."""
        return await self._poster.answers(channel, oldest, self._me())

    def _me(self) -> Identity:
        if self._identity is None:
            raise PlatformError("The Slack adapter has not started: it does not know who it is yet.")
        return self._identity

    # --- what arrives -------------------------------------------------------------------

    async def _on_event(self, body: Body) -> None:
        event: Mapping[str, Any] = body["event"]
        me = self._me()
        if event.get("type") == "app_home_opened":
            if event.get("tab") == "messages" and event.get("channel"):
                self._later(self._suggest(str(event["channel"])))
            return
        if event.get("type") == "user_change":
            self._people.forget(str((event.get("user") or {}).get("id")))
            return
        allowed = self._config.allowed_teams or frozenset({me.team})
        heard = hear(body, me, allowed, datetime.now(UTC), self._people.kinds)
        if heard is not None and for_us(heard, self._config.heard(heard.incoming.channel), self._ours):
            await self._intake.accept(replace(heard.incoming, addressed=heard.addressed))

    def _ours(self, thread: ThreadKey) -> bool:
        """With one token for one workspace it does not matter which of those that share a channel began the thread."""
        tenant = thread.channel.tenant if self._config.installed else ANY
        return self._knows_thread(replace(thread, channel=replace(thread.channel, tenant=tenant)))

    async def _suggest(self, channel: str) -> None:
        # Without thread_ts: with it the call fails silently in an agent view.
        prompts = [{"title": title, "message": text} for title, text in self._config.suggested_prompts]
        arguments = {"channel_id": channel, "prompts": prompts}
        await self._client.write("assistant.threads.setSuggestedPrompts", arguments, again=True)

    async def _on_click(self, body: Body) -> Mapping[str, Any] | None:
        if body.get("type") == "view_submission" and body["view"].get("callback_id") == modals.WHY:
            return await self._on_reason(body)
        if body.get("type") != "block_actions" or not body.get("actions"):
            return None
        action: Mapping[str, Any] = body["actions"][0]
        value = str(action.get("value") or (action.get("selected_option") or {}).get("value") or "")
        thumb, _, rest = value.partition(":")
        about = RecordRef.read(rest if thumb in THUMBS else value)
        if about is None:
            return None
        record = about.record_id
        if str(action.get("action_id")).startswith(render.PASSAGE) and about.n is not None:
            self._later(self._show_passage(str(body["trigger_id"]), record, about.n, str(body["user"]["id"])))
        if action.get("action_id") == render.FEEDBACK and thumb in THUMBS:
            await self._on_thumb(body, action, thumb, record)
        if action.get("action_id") == render.EXPERT:
            click = self._click(body)
            kind = self._people.kinds.get(str(click["channel"]))
            await self._intake.accept(call(click, record, kind, datetime.now(UTC)))
        return None

    def _click(self, body: Body) -> dict[str, Json]:
        """Who pressed a control of which message, where."""
        me = self._me()
        container: Mapping[str, Any] = body.get("container") or {}
        message = str(container.get("message_ts") or "")
        thread = container.get("thread_ts") or (body.get("message") or {}).get("thread_ts") or message
        return {
            "team": me.team if is_organisation(me.team) else str((body.get("team") or {}).get("id") or me.team),
            "user": str(body["user"]["id"]),
            "channel": str(container.get("channel_id") or (body.get("channel") or {}).get("id") or ""),
            "message": message,
            "thread": str(thread),
        }

    async def _on_thumb(self, body: Body, action: Mapping[str, Any], thumb: str, record: str) -> None:
        click = self._click(body)
        moment = str(action.get("action_ts") or "")
        who = (str(click["user"]), record)
        before = self._thumbs.get(who)
        if before == thumb:
            return  # it stands already, and has had its window
        self._thumbs[who] = thumb  # before it is stored: a double click is two at the same time
        try:
            await self._intake.accept(feedback(click, record, thumb, moment, datetime.now(UTC)))
        except BaseException:
            self._thumbs[who] = before or ""
            raise
        self._thumbs.move_to_end(who)
        while len(self._thumbs) > MOST_THUMBS:
            self._asked_why.discard(self._thumbs.popitem(last=False)[0])
        if thumb == "down" and who not in self._asked_why:
            self._asked_why.add(who)
            window = modals.why({**click, "record": record})
            self._later(self._open(str(body["trigger_id"]), window))

    async def _on_reason(self, body: Body) -> Mapping[str, Any] | None:
        about: dict[str, Any] = json.loads(body["view"].get("private_metadata") or "{}")
        written = ((body["view"].get("state") or {}).get("values") or {}).get(modals.WHY) or {}
        reason = str((written.get(modals.WHY) or {}).get("value") or "").strip()
        if not reason or RecordRef.read(str(about.get("record", ""))) is None:
            return None
        click = {**about, "user": str(body["user"]["id"])}
        moment = f"why:{body['view'].get('id')}"
        try:
            await self._intake.accept(feedback(click, about["record"], f"down: {reason}", moment, datetime.now(UTC)))
        except InboxUnavailable as error:
            log.error(
                "a reason for a thumbs-down was not stored; the person was asked to send it again", error=str(error)
            )
            return {"response_action": "errors", "errors": {modals.WHY: NOT_SAVED}}
        return None

    async def _show_passage(self, trigger: str, record: str, n: int, user: str) -> None:
        """Open the passage; when reading it takes long, a window that waits, since the click's right to open ends."""
        reading = asyncio.create_task(self._passage(record, n, user))
        await asyncio.wait({reading}, timeout=OPEN_WITHIN)
        if reading.done():
            await self._open(trigger, reading.result())
            return
        opened = await self._open(trigger, modals.message(PASSAGE_TITLE, PASSAGE_LOADING))
        arguments = {"view_id": (opened.get("view") or {}).get("id"), "view": await reading}
        await self._client.write("views.update", arguments, again=True)

    async def _passage(self, record: str, n: int, user: str) -> dict[str, Json]:
        """The rights of whoever clicked are checked now, not those of whoever asked."""
        try:
            view = await self._viewer.passage(record, n, await self._people.person(user, self._me()))
        except (BotError, RetrievalError, AuditError) as error:
            log.warning("a passage could not be shown", record=record, error=str(error))
            return modals.no_passage(PASSAGE_UNAVAILABLE, record)
        return modals.passage(view) if view is not None else modals.no_passage(PASSAGE_GONE, record)

    async def _open(self, trigger: str, view: Mapping[str, Json]) -> dict[str, Any]:
        return await self._client.write("views.open", {"trigger_id": trigger, "view": view}, again=False)

    def _later(self, work: Coroutine[Any, Any, Any]) -> None:
        """What need not be done before Slack is acknowledged, and may be lost."""

        async def guarded() -> None:
            try:
                await work
            except PlatformDenied as error:
                log.error("Slack refused", error=str(error))
            except PlatformError as error:
                log.warning("Slack did not do what was asked", error=str(error))

        task = asyncio.create_task(guarded())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
