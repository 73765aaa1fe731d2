"""Slack for several workspaces, over signed HTTP: one `SlackPlatform` for each that has installed the app."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import structlog
from aiohttp import web
from slack_sdk.signature import SignatureVerifier

from audit.record import Json
from bot.errors import InboxUnavailable, PlatformError, PlatformUnauthorized
from bot.keys import ThreadKey
from bot.ports import Intake, Viewer
from bot.slack import render
from bot.slack.adapter import SlackPlatform
from bot.slack.config import WorkspacesConfig
from bot.slack.events import Identity, hear
from bot.slack.forms import smaller
from bot.slack.install import INSTALL_PATH, InstallFlow
from bot.slack.receive import EVENTS_PATH, as_bolt, signed_body, unreadable
from bot.slack.store import Installed
from bot.types import Expert, Form, Incoming, IncomingKind, Outcome, People, Reply

NOBODY = "-"  # no user's and no bot's id

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Live:
    installed: Installed
    platform: SlackPlatform


class _OwnIntake:
    """Only a workspace's own people are heard through its bot; others share a channel with it."""

    def __init__(self, team: str, intake: Intake) -> None:
        self._team = team
        self._intake = intake

    async def accept(self, incoming: Incoming) -> bool:
        if incoming.kind is not IncomingKind.IGNORED and incoming.tenant != self._team:
            what = f"a click from the workspace {incoming.tenant} on a message of the workspace {self._team}"
            incoming = replace(incoming, kind=IncomingKind.IGNORED, text=what, about=None)
        return await self._intake.accept(incoming)


class SlackWorkspaces:
    """`start` first; then `routes` serve events, clicks and installations.

    A workspace's platform is made at its first event and used for what is of that workspace alone; at most
    `max_workspaces` are installed, so at most so many are made. Installations are read anew for each event.
    """

    def __init__(
        self,
        config: WorkspacesConfig,
        intake: Intake,
        viewer: Viewer,
        knows_thread: Callable[[ThreadKey], bool] = lambda thread: False,
    ) -> None:
        self._config = config
        self._intake = intake
        self._viewer = viewer
        self._knows_thread = knows_thread
        self._store = config.installations()
        self._flow = InstallFlow(config, self._store)
        self._verifier = SignatureVerifier(config.signing_secret)
        self._live: dict[str, _Live] = {}
        self._changing = asyncio.Lock()
        self._ending: set[asyncio.Task[None]] = set()
        self._running = False

    # --- life ---------------------------------------------------------------------------

    async def start(self) -> None:
        """Asks nothing of Slack. Raises PlatformError when the installations cannot be read."""
        teams = await self._store.teams()
        self._running = True
        if not self._config.allowed_teams:
            log.warning(
                "any workspace may install the app, so nobody's e-mail counts; set slack_teams to say which may"
            )
        log.info("workspaces that have installed the app", teams=teams)

    async def stop(self) -> None:
        """Stop every workspace's platform."""
        async with self._changing:
            self._running = False
            live, self._live = self._live, {}
        for one in live.values():
            self._end(one)
        await asyncio.gather(*self._ending)

    def routes(self) -> list[web.RouteDef]:
        """POST /slack/events, and the two of an installation."""
        return [web.post(EVENTS_PATH, self._receive), *self._flow.routes()]

    async def ready(self) -> list[str]:
        """A workspace whose token is refused holds up none of the others: `check` names it."""
        return []

    async def check(self) -> list[str]:
        """What is wrong, workspace by workspace, with what to do. Needs no `start`."""
        teams = await self._store.teams()
        if not teams:
            return [f"No workspace has installed the app: run footnote serve, and open {INSTALL_PATH} of its address."]
        problems: list[str] = []
        for team in teams:
            try:
                installed = await self._installed(team)
            except PlatformError as error:
                problems.append(str(error))
                continue
            if installed is None:
                problems.append(f"{team} has installed the app, but is not in slack_teams: it gets no answers.")
                continue
            found = await self._make(installed).check()
            problems += [f"{installed.name} ({team}): {problem}" for problem in found]
        return problems

    async def each(self) -> AsyncIterator[tuple[str, SlackPlatform]]:
        """The platform of every workspace that is installed and allowed, with its name, for as long as it is looked at.

        Needs no `start`. Raises PlatformError when an installation cannot be read.
        """
        for team in await self._store.teams():
            installed = await self._installed(team)
            if installed is None:
                continue
            platform = self._make(installed)
            await platform.start()
            try:
                yield f"{installed.name} ({team})", platform
            finally:
                await platform.stop()

    # --- Platform -----------------------------------------------------------------------

    @property
    def name(self) -> str:
        return "slack"

    async def people(self, incoming: Incoming) -> People:
        return await (await self._of(incoming)).people(incoming)

    def render(self, outcome: Outcome) -> Mapping[str, Json]:
        return render.render(outcome)

    async def post_status(self, incoming: Incoming, text: str) -> str:
        return await (await self._of(incoming)).post_status(incoming, text)

    async def post(self, incoming: Incoming, reply: Reply, replace: str | None, *, again: bool = False) -> str:
        return await (await self._of(incoming)).post(incoming, reply, replace, again=again)

    def smaller(self, payload: Mapping[str, Json]) -> Sequence[Form]:
        return smaller(payload)

    async def post_text(self, incoming: Incoming, text: str, replace: str | None) -> str:
        return await (await self._of(incoming)).post_text(incoming, text, replace)

    async def post_call(self, incoming: Incoming, expert: Expert, text: str, question: str, record_id: str) -> str:
        return await (await self._of(incoming)).post_call(incoming, expert, text, question, record_id)

    async def said_before(self, incoming: Incoming) -> str:
        return await (await self._of(incoming)).said_before(incoming)

    async def find_posted(self, incoming: Incoming, message: str) -> str | None:
        return await (await self._of(incoming)).find_posted(incoming, message)

    async def _of(self, incoming: Incoming) -> SlackPlatform:
        platform = await self._platform(incoming.tenant)
        if platform is None:
            raise PlatformUnauthorized(
                f"The workspace {incoming.tenant} has not installed the app, or is not in slack_teams: "
                f"nothing can be posted there. Open {INSTALL_PATH} to install it."
            )
        return platform

    # --- workspaces ---------------------------------------------------------------------

    async def _installed(self, team: str) -> Installed | None:
        """The installation, when the workspace may have one. Raises PlatformError."""
        if self._config.allowed_teams and team not in self._config.allowed_teams:
            return None
        return await self._store.find(team)

    async def _platform(self, team: str) -> SlackPlatform | None:
        """Started, and with the token that is installed now; None without an installation. Raises PlatformError."""
        async with self._changing:
            if not self._running:
                raise PlatformError("The Slack adapter is not running.")
            installed = await self._installed(team)
            live = self._live.get(team)
            if live is not None and live.installed == installed:
                return live.platform
            if live is not None:
                self._end(self._live.pop(team))
            if installed is None:
                return None
            platform = self._make(installed)
            await platform.start()
            self._live[team] = _Live(installed, platform)
            return platform

    def _make(self, installed: Installed) -> SlackPlatform:
        team = installed.team

        me = Identity(team, installed.bot_user, installed.bot_id)
        config = self._config.workspace(team, installed.bot_token)
        return SlackPlatform(config, _OwnIntake(team, self._intake), self._viewer, self._knows_thread, me)

    def _end(self, live: _Live) -> None:
        """Stop it beside the others: it may have a window to finish."""
        task = asyncio.create_task(live.platform.stop())
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def _forget(self, team: str, event_time: int) -> None:
        """The app was removed. Not when that was before it was installed: Slack repeats events."""
        async with self._changing:
            installed = await self._store.find(team)
            if installed is not None and event_time < installed.at:
                return
            await self._store.remove(team)
            live = self._live.pop(team, None)
        if live is not None:
            self._end(live)
        log.info("the app was removed from a workspace", team=team)

    # --- what arrives -------------------------------------------------------------------

    async def _receive(self, request: web.Request) -> web.StreamResponse:
        raw = await signed_body(self._verifier, request)
        refused = unreadable(raw, request)
        if refused is not None:
            return refused
        bolt = as_bolt(raw, request)
        body: Mapping[str, Any] = bolt.body
        if body.get("type") == "url_verification":
            return web.json_response({"challenge": body.get("challenge")})
        whole = bolt.context.is_enterprise_install and bolt.context.enterprise_id
        team = str(whole or bolt.context.team_id or "")
        try:
            if _removed(body):
                await self._forget(team, int(body.get("event_time") or time.time()))
                return web.Response()
            platform = await self._platform(team)
            if platform is None:
                await self._ignore(team, body)
                return web.Response()
        except (InboxUnavailable, PlatformError) as error:
            log.error("An event was not stored, so Slack is not told that it arrived", error=str(error))
            return web.Response(status=503, text="not stored; send it again")
        return await platform.receive(bolt)

    async def _ignore(self, team: str, body: Mapping[str, Any]) -> None:
        """What a workspace without an installation says to us is recorded, without its words."""
        what = f"a question from the workspace {team}, in which the app is not installed or not allowed"
        event = body.get("event")
        if isinstance(event, Mapping) and not event.get("bot_id") and not event.get("subtype"):
            heard = hear(body, Identity(team, NOBODY, NOBODY), frozenset(), datetime.now(UTC), {})
            if heard is not None and heard.addressed:
                await self._intake.accept(replace(heard.incoming, tenant=team, text=what))
                return
        log.warning("ignored: the workspace has not installed the app, or is not in slack_teams", team=team)


def _removed(body: Mapping[str, Any]) -> bool:
    """Whether our token there is gone. https://docs.slack.dev/reference/events/tokens_revoked"""
    event = body.get("event")
    if body.get("type") != "event_callback" or not isinstance(event, Mapping):
        return False
    tokens = event.get("tokens")
    revoked = event.get("type") == "tokens_revoked" and isinstance(tokens, Mapping) and bool(tokens.get("bot"))
    return revoked or event.get("type") == "app_uninstalled"
