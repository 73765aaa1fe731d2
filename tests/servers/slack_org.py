"""Several workspaces of the small Slack behind one address, and the side of Slack where apps are installed."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import ClientResponse, ClientSession, ClientTimeout, encode_basic_auth, web
from yarl import URL

from bot.demo.standins.slack import SlackStandIn
from bot.demo.standins.slack_world import GRID_TEAM, World
from bot.keys import ThreadKey
from bot.ports import Intake, Viewer
from bot.slack.config import WorkspacesConfig
from bot.slack.install import COOKIE
from bot.slack.workspaces import SlackWorkspaces
from tests.waiting import STUCK_S

CLIENT_ID = "1234567890.9876543210"
CLIENT_SECRET = "stand-in-client-secret"
SIGNING_SECRET = "stand-in-signing-secret"
ORG = "E0ORG"
ACME, BETA = "T0ACME", "T0BETA"


def workspace(team: str) -> SlackStandIn:
    """A workspace in which channels and people have the same ids as in every other one."""
    world = World(team=team, trigger_seconds=STUCK_S, bot_user=f"U{team}", bot_id=f"B{team}")
    slack = SlackStandIn(bot_token="(not installed)", signing_secret=SIGNING_SECRET, ack_within=STUCK_S, world=world)
    grid = {"enterprise_user": {"enterprise_id": team, "teams": [GRID_TEAM, "T0GRIDTWO"]}} if world.whole else {}
    home = GRID_TEAM if world.whole else team
    world.add_user("U0ADA", f"Ada of {team}", f"ada@{team.lower()}.example", team_id=home, **grid)
    world.add_channel("general", "U0ADA")
    return slack


@dataclass(slots=True)
class SlackOrg:
    """`answer` changes what oauth.v2.access says; `refuse` is an error it answers with instead."""

    spaces: dict[str, SlackStandIn] = field(default_factory=lambda: {t: workspace(t) for t in (ACME, BETA)})
    tokens: dict[str, str] = field(default_factory=dict)  # team by token
    calls: list[tuple[str, str]] = field(default_factory=list)  # token, method
    revoked: list[str] = field(default_factory=list)
    codes: dict[str, str] = field(default_factory=dict)
    secrets: list[str] = field(default_factory=list)
    answer: dict[str, Any] = field(default_factory=dict)
    refuse: str = ""
    status: int = 200
    base_url: str = ""
    bot_url: str = ""
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    _runner: web.AppRunner | None = None

    async def start(self) -> None:
        app = web.Application()
        app.router.add_post("/api/oauth.v2.access", self._access)
        app.router.add_get("/oauth/v2/authorize", self._authorize)
        app.router.add_route("*", "/api/{method}", self._call)
        self._runner, self.base_url = await _serve(app)
        self.base_url += "/api/"

    async def stop(self) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    @property
    def complaints(self) -> list[str]:
        return [c for slack in self.spaces.values() for c in slack.complaints]

    # --- Slack's side -------------------------------------------------------------------

    async def _authorize(self, request: web.Request) -> web.Response:
        """The page where a person agrees: with `team` to that workspace, without it not."""
        assert request.query["client_id"] == CLIENT_ID
        assert request.query["user_scope"] == ""
        back = URL(f"{self.bot_url}/slack/oauth_redirect")
        team = request.query.get("team")
        if team is None:
            raise web.HTTPFound(back.with_query(error="access_denied", state=request.query["state"]))
        code = f"code-{next(self._numbers)}-of-{team}"
        self.codes[code] = team
        self.secrets.append(code)
        raise web.HTTPFound(back.with_query(code=code, state=request.query["state"]))

    async def _access(self, request: web.Request) -> web.Response:
        code = str((await request.post()).get("code"))
        if request.headers.get("Authorization") != encode_basic_auth(CLIENT_ID, CLIENT_SECRET):
            return web.json_response({"ok": False, "error": "bad_client_secret"})
        if self.refuse or self.status != 200:
            return web.json_response({"ok": False, "error": self.refuse or "internal_error"}, status=self.status)
        team = self.codes.pop(code, None)
        if team is None:
            return web.json_response({"ok": False, "error": "invalid_code"})
        token = f"xoxb-{team}-{next(self._numbers)}"
        self.tokens[token] = team
        self.secrets.append(token)
        self.spaces[team].bot_token = token
        told = {
            "ok": True,
            "access_token": token,
            "token_type": "bot",
            "scope": "chat:write",
            "bot_user_id": self.spaces[team].world.bot_user,
            "app_id": "A0FOOTNOTE",
            "team": None if team.startswith("E") else {"id": team, "name": f"The {team} company"},
            "enterprise": {"id": team, "name": f"The {team} organisation"} if team.startswith("E") else None,
            "authed_user": {"id": "U0ADA"},
            "is_enterprise_install": team.startswith("E"),
        }
        return web.json_response(told | self.answer)

    async def _call(self, request: web.Request) -> web.StreamResponse:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        method = request.match_info["method"]
        self.calls.append((token, method))
        team = self.tokens.get(token)
        if team is None:
            return web.json_response({"ok": False, "error": "account_inactive"})
        if method == "auth.revoke":
            self.revoked.append(token)
            del self.tokens[token]
            return web.json_response({"ok": True, "revoked": True})
        slack = self.spaces[team]
        slack.expect(token)
        return await slack.answer(request)

    # --- people -------------------------------------------------------------------------

    async def visit(self, path: str, cookie: str = "", method: str = "GET") -> tuple[ClientResponse, str]:
        """A page of the bot as a browser sees it; redirects are not followed."""
        headers = {"Cookie": f"{COOKIE}={cookie}"} if cookie else {}
        async with (
            ClientSession(timeout=ClientTimeout(total=120)) as session,
            session.request(method, self.bot_url + path, headers=headers, allow_redirects=False) as response,
        ):
            return response, await response.text()

    async def begin(self, team: str | None) -> tuple[str, str]:
        """Open /slack/install and agree in Slack, or not; returns where Slack sends the browser, and its cookie."""
        response, _ = await self.visit("/slack/install")
        assert response.status == 302
        address = URL(response.headers["Location"])
        cookie = response.cookies[COOKIE].value
        self.secrets.append(cookie)
        async with ClientSession() as session:
            asked = address.update_query(team=team) if team else address
            async with session.get(asked, allow_redirects=False) as agreed:
                back = URL(agreed.headers["Location"])
        return back.raw_path_qs, cookie

    async def install(self, team: str) -> tuple[int, str]:
        """The whole way; returns the last page's status and text."""
        path, cookie = await self.begin(team)
        response, text = await self.visit(path, cookie)
        return response.status, text


async def _serve(app: web.Application) -> tuple[web.AppRunner, str]:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    return runner, f"http://{host}:{port}"


def config_for(org: SlackOrg, folder: Path, *teams: str, **more: Any) -> WorkspacesConfig:
    """Settings that reach the stand-in, with short waits; `teams` are those that may install."""
    short: dict[str, Any] = {"timeout": 2.0, "first_pause": 0.01, "longest_wait": 3.0, "base_url": org.base_url}
    short["message_seconds"] = 0.0
    allowed = frozenset(teams)
    return WorkspacesConfig(CLIENT_ID, CLIENT_SECRET, SIGNING_SECRET, folder, allowed_teams=allowed, **short, **more)


@asynccontextmanager
async def serving(
    org: SlackOrg,
    config: WorkspacesConfig,
    intake: Intake,
    viewer: Viewer,
    known: Callable[[ThreadKey], bool] = lambda thread: False,
) -> AsyncIterator[SlackWorkspaces]:
    """The adapter behind a real HTTP server, which Slack is told of."""
    platform = SlackWorkspaces(config, intake, viewer, known)
    app = web.Application()
    app.add_routes(platform.routes())
    runner, org.bot_url = await _serve(app)
    for slack in org.spaces.values():
        slack.http_url = f"{org.bot_url}/slack/events"
    try:
        await platform.start()
        yield platform
    finally:
        await platform.stop()
        await runner.cleanup()
