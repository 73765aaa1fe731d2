"""Is this caller Teams? Signed tokens checked against the Bot Framework's published keys.

After "Authentication with the Bot Connector API": https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-authentication
The SDK's own check fetches keys with a blocking call and answers bad tokens with 500; this one does neither.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
import jwt

from bot.teams.config import TeamsConfig
from retrieval.outbound.over_aiohttp import read_bounded

CHANNEL = "msteams"
KEYS_SECONDS = 24 * 3600.0
LEEWAY_SECONDS = 300


class Unauthorized(Exception):
    """The caller did not prove to be Teams. The message says why, for our log; the caller gets 401."""


class KeysUnavailable(Exception):
    """The published keys cannot be fetched, so nobody can be checked: the caller gets 503 and retries."""


@dataclass(frozen=True, slots=True)
class IssuerKey:
    """A public key and the channels it may speak for (empty: not restricted)."""

    key: jwt.PyJWK
    endorsements: frozenset[str]


# of fetching keys: of the connection, and of an answer that is none
_FAILURES = (
    *(aiohttp.ClientError, TimeoutError, jwt.PyJWTError),
    *(ValueError, LookupError, TypeError, AttributeError, RecursionError),
)


class KeySet:
    """The issuer's public keys, fetched when first needed, then daily, or when a new key id turns up."""

    def __init__(self, session: aiohttp.ClientSession, config: TeamsConfig) -> None:
        self._session = session
        self._url = config.openid_metadata_url
        self._https_only = not config.development
        self._pause = config.keys_pause
        self._keys: Mapping[str, IssuerKey] = {}
        self._fetched = float("-inf")
        self._tried = float("-inf")
        self._lock = asyncio.Lock()

    async def find(self, key_id: str) -> IssuerKey:
        """Raises Unauthorized for an unknown key id, KeysUnavailable when there are no keys at all."""
        if key_id in self._keys and time.monotonic() - self._fetched < KEYS_SECONDS:
            return self._keys[key_id]
        async with self._lock:
            if time.monotonic() - self._tried >= self._pause or not self._keys:
                await self._refresh()
        if key_id not in self._keys:
            raise Unauthorized("the token is signed with an unknown key")
        return self._keys[key_id]

    async def check(self) -> None:
        """Fetch now. Raises KeysUnavailable."""
        async with self._lock:
            self._keys = await self._fetch()

    async def _refresh(self) -> None:
        try:
            self._keys = await self._fetch()
            self._fetched = time.monotonic()
        except KeysUnavailable:
            if not self._keys:  # older keys are better than none: the issuer changes them over days
                raise
        finally:
            self._tried = time.monotonic()

    async def _fetch(self) -> Mapping[str, IssuerKey]:
        try:
            metadata = await self._get(self._url)
            jwks_url = str(metadata["jwks_uri"])
            if self._https_only and not jwks_url.startswith("https://"):
                raise KeysUnavailable(f"The key set's address {jwks_url!r} in {self._url} is not https.")
            published = (await self._get(jwks_url))["keys"]
            return {str(k["kid"]): _signing_key(k) for k in published if k.get("kty") == "RSA" and "kid" in k}
        except _FAILURES as error:
            raise KeysUnavailable(
                f"The keys that prove Teams' requests cannot be fetched from {self._url}: "
                f"{type(error).__name__} {error}. Check that this machine may reach it."
            ) from error

    async def _get(self, url: str) -> Any:
        async with self._session.get(url, allow_redirects=False) as response:
            response.raise_for_status()
            return json.loads(await read_bounded(response))


def _signing_key(published: Mapping[str, Any]) -> IssuerKey:
    return IssuerKey(
        jwt.PyJWK({**published, "alg": "RS256"}),
        frozenset(str(e) for e in published.get("endorsements", ())),
    )


class TokenVerifier:
    """Decides from the Authorization header and the activity whether Teams sent it."""

    def __init__(self, config: TeamsConfig, keys: KeySet) -> None:
        self._config = config
        self._keys = keys

    async def verify(self, header: str, channel_id: str | None, service_url: str | None) -> Mapping[str, Any]:
        """The token's claims. Raises Unauthorized, KeysUnavailable.

        The service address is where replies with our token go, so it must be both signed and on the list.
        """
        # 1. The channel is Teams: others (Direct Line, Web Chat) let the sender choose who they are.
        if channel_id != CHANNEL:
            raise Unauthorized("the activity is not from the Teams channel")
        # 2. The address is one of Teams'.
        if not service_url or not self._config.trusts(service_url):
            raise Unauthorized("the activity's service address is not one of Teams'")
        claims = await self.bearer(header)
        # 5. The address is the signed one.
        if self._config.authenticates and claims.get("serviceurl", claims.get("serviceUrl")) != service_url:
            raise Unauthorized("the activity's service address is not the signed one")
        return claims

    async def bearer(self, header: str) -> Mapping[str, Any]:
        """What the token alone proves, before the activity is read. Raises Unauthorized, KeysUnavailable."""
        if not self._config.authenticates:
            return {}
        # 3. The token is signed by a published key that may speak for Teams.
        token = _bearer(header)
        try:
            head = jwt.get_unverified_header(token)
        except jwt.PyJWTError as error:
            raise Unauthorized("the token cannot be read") from error
        if head.get("alg") != "RS256":
            raise Unauthorized("the token is not signed with RS256")
        key = await self._keys.find(str(head.get("kid", "")))
        if key.endorsements and CHANNEL not in key.endorsements:
            raise Unauthorized("the signing key may not speak for Teams")
        # 4. It is from the Bot Framework, for this bot, and in force.
        return self._claims(token, key)

    def _claims(self, token: str, key: IssuerKey) -> Mapping[str, Any]:
        try:
            claims: Mapping[str, Any] = jwt.decode(
                token,
                key.key,
                algorithms=["RS256"],
                audience=[self._config.app_id, self._config.app_id.casefold()],
                issuer=self._config.token_issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "iss", "aud"]},
            )
        except jwt.PyJWTError as error:
            raise Unauthorized(f"the token does not hold: {error}") from error
        return claims


def _bearer(header: str) -> str:
    scheme, _, token = header.partition(" ")
    if scheme.casefold() != "bearer" or not token.strip():
        raise Unauthorized("no bearer token")
    return token.strip()
