"""The bot's own token, which goes with everything it sends to Teams.

Client credentials (RFC 6749, section 4.4) of a single-tenant app, or a user-assigned managed identity.
https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
"""

from __future__ import annotations

import asyncio
import json
import math
import time
from typing import Any

import aiohttp
import msal
import requests

from bot.errors import PlatformError, PlatformUnauthorized
from bot.teams.config import TeamsConfig
from retrieval.outbound.over_aiohttp import read_bounded

EARLY_SECONDS = 300.0
_HOUR = 3600.0
REFUSED_SECONDS = 300.0  # longer than the pauses after which a question is tried again
SETTINGS = "TEAMS_APP_ID, TEAMS_APP_PASSWORD and TEAMS_APP_TENANTID"


class TokenSource:
    """Fetches a token when there is none in force; many callers share one fetch."""

    def __init__(
        self, config: TeamsConfig, session: aiohttp.ClientSession, purpose: str = "Teams", settings: str = SETTINGS
    ) -> None:
        """`purpose` and `settings`, the names of those the credentials come from, stand in error messages."""
        self._config = config
        self._session = session
        self._purpose = purpose
        self._settings = settings
        self._token = ""
        self._until = 0.0
        self._lock = asyncio.Lock()
        self._identity: Any = None
        self._refused = float("-inf")

    @property
    def refused(self) -> bool:
        """Whether the service that the tokens are for has refused one lately, and taken none since."""
        return time.monotonic() - self._refused < REFUSED_SECONDS

    async def token(self) -> str:
        """An access token; "" when authentication is off. Raises PlatformUnauthorized, PlatformError."""
        if not self._config.authenticates:
            return ""
        async with self._lock:
            if not self._token or time.monotonic() >= self._until:
                asked = time.monotonic()
                fetch = self._by_secret if self._config.app_password else self._by_identity
                self._token, lifetime = await fetch()
                self._until = asked + max(lifetime - EARLY_SECONDS, lifetime / 2)
            return self._token

    def forget(self, token: str) -> None:
        """Teams refused this token: get a new one next time."""
        self._refused = time.monotonic()
        if token == self._token:
            self._token = ""

    def taken(self) -> None:
        """The service took a token of ours."""
        self._refused = float("-inf")

    async def _by_secret(self) -> tuple[str, float]:
        url = f"{self._config.login_url.rstrip('/')}/{self._config.tenant_id}/oauth2/v2.0/token"
        form = {
            "grant_type": "client_credentials",
            "client_id": self._config.app_id,
            "client_secret": self._config.app_password,
            "scope": f"{self._config.resource}/.default",
        }
        try:
            async with self._session.post(url, data=form, allow_redirects=False) as response:
                answer = json.loads(await read_bounded(response))
        except (aiohttp.ClientError, TimeoutError, ValueError, RecursionError) as error:
            raise PlatformError(
                f"No token for {self._purpose}: {url} cannot be reached ({type(error).__name__}). "
                "Check that this machine may reach it."
            ) from error
        return _read(answer, f"Check {self._settings}.")

    async def _by_identity(self) -> tuple[str, float]:
        """msal knows the hosts' different endpoints, and blocks: so in a thread."""
        if self._identity is None:
            http = requests.Session()
            identity = msal.UserAssignedManagedIdentity(client_id=self._config.app_id)
            self._identity = msal.ManagedIdentityClient(identity, http_client=http)
        ask = self._identity.acquire_token_for_client
        try:
            async with asyncio.timeout(self._config.timeout):
                answer = await asyncio.to_thread(ask, resource=self._config.resource)
        except (requests.RequestException, TimeoutError, ValueError) as error:
            raise PlatformError(
                f"No token for {self._purpose}: the managed identity did not answer ({type(error).__name__}). "
                f"Give this host the user-assigned identity of the bot, or set its secret: {self._settings}."
            ) from error
        return _read(answer, f"Check that the client id is that of an identity given to this host: {self._settings}.")


def _read(answer: Any, advice: str) -> tuple[str, float]:
    """Only the error's code is shown: what else stands there may name secrets."""
    if isinstance(answer, dict) and isinstance(answer.get("access_token"), str):
        return answer["access_token"], _lifetime(answer.get("expires_in"))
    code = answer.get("error", "no token in the answer") if isinstance(answer, dict) else "no JSON in the answer"
    raise PlatformUnauthorized(f"Microsoft gives the bot no token ({str(code)[:80]}). {advice}")


def _lifetime(told: object) -> float:
    """Seconds; what is no number of them counts as an hour."""
    try:
        seconds = float(str(told))
    except ValueError:
        return _HOUR
    return seconds if 0 <= seconds < math.inf else _HOUR
