"""How a workspace installs the app: OAuth 2.0, as https://docs.slack.dev/authentication/installing-with-oauth has it.

Bolt's own flow does not serve: it logs the code, lets time-outs through, and keeps every token it gets.
"""

from __future__ import annotations

import asyncio
import hmac
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import structlog
from aiohttp import encode_basic_auth, web
from slack_sdk.oauth import AuthorizeUrlGenerator
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import BotError, PlatformDenied, PlatformError
from bot.slack.client import FAILURES, SlackClient, Unsure, code_of, translate, vendor_logger
from bot.slack.config import WorkspacesConfig
from bot.slack.events import is_organisation
from bot.slack.manifest import needed
from bot.slack.store import TEAM, Installations, Installed, States

INSTALL_PATH = "/slack/install"
REDIRECT_PATH = "/slack/oauth_redirect"
COOKIE = "__Host-footnote_install"  # the prefix: no other host of the domain can set it (RFC 6265bis, 4.1.3.2)
AGAIN = f"Start again at {INSTALL_PATH}."
_QUIET = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff"}
_SETTINGS = "Footnote's own settings are wrong: its administrator must check SLACK_CLIENT_ID and SLACK_CLIENT_SECRET."
REFUSED = {
    "invalid_code": f"Slack does not know this code. {AGAIN}",
    "code_already_used": f"This code was used before. {AGAIN}",
    "code_expired": f"This took too long. {AGAIN}",
    "invalid_client_id": _SETTINGS,
    "bad_client_secret": _SETTINGS,
    "bad_redirect_uri": "The app's redirect address is wrong: its administrator must take the manifest from "
    "footnote manifest slack --url.",
    "invalid_team_for_non_distributed_app": "The app may only be installed in its own workspace: its administrator "
    "must activate its distribution under Manage Distribution.",
}

log = structlog.get_logger(__name__)


class _Stopped(Exception):
    """An installation ends here; the person is told why."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class InstallFlow:
    """GET /slack/install and GET /slack/oauth_redirect."""

    def __init__(self, config: WorkspacesConfig, store: Installations) -> None:
        self._config = config
        self._store = store
        self._states = States(config.folder / "states", config.state_seconds, config.client_secret)
        scopes = needed(follow_ups=config.listens, user_groups=config.user_groups)
        parts = urlsplit(config.base_url)
        self._urls = AuthorizeUrlGenerator(
            client_id=config.client_id,
            scopes=sorted(scopes),
            authorization_url=f"{parts.scheme}://{parts.netloc}/oauth/v2/authorize",
        )

    def routes(self) -> list[web.RouteDef]:
        # No HEAD: it would begin or end an installation for whoever looks at a link.
        return [
            web.get(INSTALL_PATH, self._install, allow_head=False),
            web.get(REDIRECT_PATH, self._return, allow_head=False),
        ]

    def begins_at(self, state: str) -> str:
        """Slack's page where a person agrees."""
        return str(self._urls.generate(state))

    async def _install(self, request: web.Request) -> web.StreamResponse:
        state = self._states.issue()
        response = web.Response(status=302, headers={"Location": self.begins_at(state), **_QUIET})
        seconds = int(self._config.state_seconds)
        response.set_cookie(COOKIE, state, max_age=seconds, path="/", secure=True, httponly=True, samesite="Lax")
        return response

    async def _return(self, request: web.Request) -> web.StreamResponse:
        try:
            installed = await self._finish(request)
        except _Stopped as stop:
            log.warning("an app was not installed", status=stop.status, reason=str(stop))
            response = _page(stop.status, str(stop))
        except BotError as error:
            log.error("an app was not installed", error=str(error))
            response = _page(503, f"Footnote could not finish the installation. {AGAIN}")
        else:
            log.info("the app was installed", team=installed.team, name=installed.name, by=installed.by)
            then = "Now add it to its workspaces, in Slack's administration" if is_organisation(installed.team) else ""
            told = f"Footnote is installed in {installed.name}. {then or 'You can close this page'}."
            response = _page(200, told)
        response.del_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="Lax")
        return response

    async def _finish(self, request: web.Request) -> Installed:
        # 1. The browser that comes back is the one that began, lately, and it comes for the first time.
        state, cookie = request.query.get("state", ""), request.cookies.get(COOKIE, "")
        same = hmac.compare_digest(state.encode("utf-8", "replace"), cookie.encode("utf-8", "replace"))
        if not state or not same or not await self._states.consume(state):
            raise _Stopped(400, f"This installation was not begun here, was finished before, or took too long. {AGAIN}")
        # 2. The person agreed.
        if request.query.get("error"):
            raise _Stopped(200, f"Nothing was installed, since it was cancelled in Slack. {AGAIN}")
        code = request.query.get("code", "")
        if not code:
            raise _Stopped(400, f"Slack sent no code. {AGAIN}")
        # 3. Slack gives a token for the code.
        told = await self._exchange(code)
        # 4. It is one that we serve; else it is given back.
        why = self._refusal(told)
        if why:
            await self._give_back(told)
            raise _Stopped(403, why)
        # 5. Kept, under the workspace that Slack names for the token itself.
        installed = await self._installed(told)
        try:
            await self._store.save(installed)
        except PlatformDenied as error:
            await self._give_back(told)
            raise _Stopped(403, str(error)) from error
        return installed

    async def _exchange(self, code: str) -> Mapping[str, Any]:
        """https://docs.slack.dev/reference/methods/oauth.v2.access; once, since a code counts once."""
        config = self._config
        client = AsyncWebClient(
            base_url=config.base_url,
            timeout=max(1, int(config.timeout)),
            logger=vendor_logger("footnote.slack"),
            retry_handlers=[],
        )
        try:
            async with asyncio.timeout(config.timeout):
                # Not the SDK's oauth_v2_access: it uses a class that aiohttp is about to drop.
                who = {"Authorization": encode_basic_auth(config.client_id, config.client_secret)}
                response = await client.api_call("oauth.v2.access", data={"code": code}, headers=who)
        except FAILURES as error:
            failure = translate("oauth.v2.access", error, "")
            if isinstance(failure, Unsure):
                raise _Stopped(502, f"Slack did not answer. {AGAIN}") from None
            raise _Stopped(502, REFUSED.get(code_of(failure), f"{failure} {AGAIN}")) from None
        return response.data if isinstance(response.data, dict) else {}

    def _refusal(self, told: Mapping[str, Any]) -> str:
        """Why this installation is not served; "" when it is."""
        team, token = _place(told).get("id"), told.get("access_token")
        if not isinstance(team, str) or not TEAM.fullmatch(team):
            return f"Slack named no workspace. {AGAIN}"
        if self._config.allowed_teams and team not in self._config.allowed_teams:
            what = "organisation" if is_organisation(team) else "workspace"
            return f"The {what} {team} is not allowed here. Footnote's administrator can add it to slack_teams."
        if told.get("token_type") != "bot" or not isinstance(token, str) or not token.startswith("xoxb-"):
            if told.get("refresh_token"):
                return "The app's tokens expire: its administrator must leave Token Rotation off."
            return f"Slack gave no bot token. {AGAIN}"
        return ""

    async def _installed(self, told: Mapping[str, Any]) -> Installed:
        """With who we are there, asked with the new token. Raises PlatformError."""
        team, token = str(_place(told)["id"]), str(told["access_token"])
        begun = int(time.time())
        client = SlackClient(self._config.workspace(team, token))
        me = await client.read("auth.test")
        if team not in (me.get("team_id"), me.get("enterprise_id") if is_organisation(team) else None):
            raise PlatformError(f"Slack gave a token of {me.get('team_id')} for {team}.")
        return Installed(
            team=team,
            name=str(_place(told).get("name") or team),
            bot_token=token,
            bot_user=str(me.get("user_id") or ""),
            bot_id=str(me.get("bot_id") or ""),
            by=str(_part(told, "authed_user").get("id") or ""),
            at=begun,
        )

    async def _give_back(self, told: Mapping[str, Any]) -> None:
        """Revoke a token that we shall not use; best effort."""
        token = str(told.get("access_token") or "")
        if not token.startswith(("xoxb-", "xoxe.xoxb-")):
            return
        try:
            client = SlackClient(self._config.workspace("", token))
            await client.write("auth.revoke", {}, again=True)
        except PlatformError as error:
            log.warning("a token that is not used could not be revoked", error=str(error))


def _place(told: Mapping[str, Any]) -> Mapping[str, Any]:
    """The workspace that has installed the app, or the organisation, as a whole."""
    return _part(told, "enterprise" if told.get("is_enterprise_install") is True else "team")


def _part(told: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = told.get(name)
    return part if isinstance(part, Mapping) else {}


def _page(status: int, text: str) -> web.Response:
    return web.Response(status=status, text=text + "\n", headers=_QUIET)  # plain text: nothing in it is read as HTML
