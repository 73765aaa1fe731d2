"""Groups from Microsoft Entra by Microsoft Graph, nested ones included.

Teams people are found by their object id, others by a verified e-mail that is the `mail` of exactly
one enabled user. Needs the application permissions User.Read.All and GroupMember.Read.All.
https://learn.microsoft.com/graph/api/user-getmembergroups (transitive, up to 11,000 groups),
https://learn.microsoft.com/graph/api/user-list-transitivememberof (beyond that, page by page),
https://learn.microsoft.com/graph/throttling
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from yarl import URL

from bot.directory.client import JsonClient, Patience
from bot.directory.file import LONGEST_NAME, MOST_GROUPS, DirectoryDown
from bot.errors import DirectoryUnavailable, PlatformError, SettingsError
from bot.kept import Kept
from bot.teams.config import TeamsConfig
from bot.teams.tokens import TokenSource
from retrieval.outbound.addresses import is_safe
from retrieval.people import Principal

NAME = "Microsoft Graph"
PREFIX = "graph:"
NAMES_SECONDS = 30.0
"""How long is remembered which group a display name belongs to."""
TOO_MANY = "Directory_ResultSizeLimitExceeded"
PATIENCE = Patience()
_PAGE = 999
_MOST_PAGES = 250
_GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII)
_RIGHTS = "Give the app the application permissions User.Read.All and GroupMember.Read.All, with admin consent."


@dataclass(frozen=True, slots=True)
class GraphConfig:
    """Raises SettingsError when it cannot be used safely.

    `secret` empty means the user-assigned managed identity whose client id is `client_id`.
    `display_names` are the groups that are known by their display name too, beside their id.
    `settings` names the settings that the credentials come from, for error messages.
    """

    tenant: str
    client_id: str
    secret: str = field(default="", repr=False)
    settings: str = "the directory's tenant and client_id and FOOTNOTE_GRAPH_CLIENT_SECRET"
    display_names: frozenset[str] = frozenset()
    security_groups_only: bool = True
    base_url: str = "https://graph.microsoft.com/v1.0"
    login_url: str = "https://login.microsoftonline.com"
    patience: Patience = PATIENCE

    def __post_init__(self) -> None:
        if not _GUID.fullmatch(self.tenant.casefold()) or not self.client_id:
            raise SettingsError(f"Microsoft Graph needs the id of a tenant and a client id. Check {self.settings}.")
        for url in (self.base_url, self.login_url):
            if not is_safe(url):
                raise SettingsError(
                    "The addresses of Microsoft Graph must begin with https:// and hold neither a password nor a #."
                )
        for name in self.display_names:
            if _GUID.fullmatch(name.casefold()) or not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
                raise SettingsError(f"display_names: {name!r} is no display name; groups are known by their id anyway.")


class _Beyond(DirectoryUnavailable):
    """Graph would have to answer with more groups than it does at once."""


class GraphDirectory:
    """Implements `Source`. Groups are "graph:ID", and "graph:NAME" for the display names set."""

    name = NAME

    def __init__(self, config: GraphConfig, clock: Callable[[], float] = time.monotonic) -> None:
        self._config = config
        self._base = URL(config.base_url.rstrip("/"))
        self._client = JsonClient(NAME, config.patience)
        self._tokens: TokenSource | None = None
        self._owners: Kept[str, Mapping[str, frozenset[str]]] = Kept(len, clock=clock)

    async def groups(self, person: Principal) -> frozenset[str]:
        user = await self._user(person)
        held = await self._held(user) if user else frozenset[str]()
        names = {PREFIX + group for group in held}
        if held and self._config.display_names:
            for name, owners in (await self._owners.get("", self._find_owners, NAMES_SECONDS)).items():
                if not owners & held:
                    continue
                if len(owners) > 1:
                    # Anybody may make a second group of that name; a denial by it may not be lost either.
                    raise DirectoryUnavailable(
                        f"{len(owners)} groups in Microsoft Entra are called {name!r}; use an id."
                    )
                names.add(PREFIX + name)
        return frozenset(names)

    async def unknown(self, names: frozenset[str]) -> frozenset[str]:
        ours = {name.removeprefix(PREFIX) for name in names if name.startswith(PREFIX)}
        found = {name for name in ours & self._config.display_names if (await self._find_owners())[name]}
        for identity in filter(_GUID.fullmatch, ours):
            if await self._ask("GET", _with(self._base / "groups" / identity, {"$select": "id"})) is not None:
                found.add(identity)
        return frozenset(PREFIX + name for name in ours - found)

    async def check(self) -> list[str]:
        problems = []
        try:
            for kind in ("users", "groups"):
                await self._ask("GET", _with(self._base / kind, {"$select": "id", "$top": "1"}))
            for name, owners in (await self._find_owners()).items():
                if len(owners) != 1:
                    problems.append(f"{len(owners)} groups in Microsoft Entra are called {name!r}; exactly one must be")
        except DirectoryUnavailable as error:
            problems.append(str(error))
        return problems

    async def close(self) -> None:
        await self._client.close()

    async def _user(self, person: Principal) -> str:
        """The user's object id; "" for a person whom this tenant does not know."""
        if person.platform == "teams":
            # A guest has an e-mail here and is found by the id here; others of foreign tenants have no e-mail.
            ours = person.tenant.casefold() == self._config.tenant.casefold() or bool(person.email)
            user = person.user.casefold()
            return user if ours and _GUID.fullmatch(user) else ""
        if not person.email.isascii() or "@" not in person.email:
            return ""
        quoted = person.email.replace("'", "''")
        query = {"$filter": f"mail eq '{quoted}'", "$select": "id,mail,accountEnabled"}
        found = [u for u in await self._all("GET", _with(self._base / "users", query)) if isinstance(u, dict)]
        found = [u for u in found if str(u.get("mail")).casefold() == person.email.casefold()]
        if not found:
            return ""
        user = str(found[0].get("id")).casefold()
        if len(found) > 1 or found[0].get("accountEnabled") is not True or not _GUID.fullmatch(user):
            raise DirectoryUnavailable("The e-mail belongs to several users in Microsoft Entra, or to a disabled one.")
        return user

    async def _held(self, user: str) -> frozenset[str]:
        body = {"securityEnabledOnly": self._config.security_groups_only}
        try:
            ids = await self._all("POST", self._base / "users" / user / "getMemberGroups", body)
        except _Beyond:
            query = {"$select": "id,securityEnabled", "$top": str(_PAGE)}
            found = await self._all("GET", _with(self._base / "users" / user / "transitiveMemberOf", query))
            ids = [o.get("id") for o in found if isinstance(o, dict) and self._counts(o)]
        groups = frozenset(i.casefold() for i in ids if isinstance(i, str) and _GUID.fullmatch(i.casefold()))
        if len(groups) != len(ids):
            raise DirectoryDown(f"{NAME} names groups by something that is no id. Check base_url.")
        return groups

    def _counts(self, found: Mapping[str, Any]) -> bool:
        """Roles and administrative units come along, and are no groups."""
        group = found.get("@odata.type") == "#microsoft.graph.group"
        return group and (found.get("securityEnabled") is True or not self._config.security_groups_only)

    async def _find_owners(self) -> Mapping[str, frozenset[str]]:
        """Ids of the groups that have exactly this display name, for each that is set."""
        owners = {}
        for name in sorted(self._config.display_names):
            quoted = name.replace("'", "''")
            query = {"$filter": f"displayName eq '{quoted}'", "$select": "id,displayName"}
            found = await self._all("GET", _with(self._base / "groups", query))
            # Graph compares without case; a name differs by it.
            mine = [g for g in found if isinstance(g, dict) and g.get("displayName") == name]
            owners[name] = frozenset(str(g.get("id")).casefold() for g in mine)
        return owners

    async def _all(self, verb: str, url: URL, body: Mapping[str, Any] | None = None) -> list[Any]:
        """`value` of all pages; [] for what Graph does not know. Raises _Beyond when Graph asks for another way."""
        found: list[Any] = []
        for _ in range(_MOST_PAGES):
            answer = await self._ask(verb, url, body)
            if answer is None:
                return []
            page, onward = answer.get("value"), answer.get("@odata.nextLink")
            if not isinstance(page, list) or not isinstance(onward, str | None):
                raise DirectoryDown(f"{NAME} answers in a shape that is not its own. Check base_url.")
            found += page
            if len(found) > MOST_GROUPS:
                break
            if onward is None:
                return found
            verb, url, body = "GET", self._onward(onward), None
        raise DirectoryUnavailable(
            f"{NAME} answers more than {MOST_GROUPS} items or {_MOST_PAGES} pages for one person."
        )

    def _onward(self, link: str) -> URL:
        """The next page, which is asked for with our token: so at the same server alone."""
        try:
            url = URL(link, encoded=True)
            if url.origin() == self._base.origin():
                return url
        except ValueError:
            pass
        raise DirectoryDown(f"{NAME} leads to another server for the next page. Check base_url.")

    async def _ask(self, verb: str, url: URL, body: Mapping[str, Any] | None = None) -> Any:
        """The answer's object, or None for what Graph does not know."""
        token = await self._token()
        status, answer = await self._client.ask(verb, url, token, body)
        if status == 401:
            self._token_source().forget(token)
            status, answer = await self._client.ask(verb, url, await self._token(), body)
        code = _code(answer)
        if status == 200 and isinstance(answer, dict):
            return answer
        if status == 404 and code in ("Request_ResourceNotFound", "ResourceNotFound"):
            return None
        if status == 400 and code == TOO_MANY:
            raise _Beyond(f"{NAME} has too many groups for one answer.")
        advice = _RIGHTS if status in (401, 403) else "Check base_url and the tenant."
        raise DirectoryDown(f"{NAME} refuses with status {status} ({code or 'no code'}). {advice}")

    async def _token(self) -> str:
        try:
            return await self._token_source().token()
        except PlatformError as error:
            raise DirectoryDown(f"{NAME}: {error}") from error

    def _token_source(self) -> TokenSource:
        if self._tokens is None:
            config = TeamsConfig(
                self._config.client_id,
                self._config.tenant,
                self._config.secret,
                login_url=self._config.login_url,
                resource=str(self._base.origin()),
                development=not self._config.login_url.startswith("https://"),
                timeout=self._config.patience.timeout,
            )
            self._tokens = TokenSource(config, self._client.session, NAME, self._config.settings)
        return self._tokens


def _with(url: URL, query: Mapping[str, str]) -> URL:
    """Spaces as %20: OData (RFC 3986) knows no +."""
    return URL(f"{url}?{urlencode(query, quote_via=quote, safe='$')}", encoded=True)


def _code(answer: Any) -> str:
    """Only Graph's short code is shown, never its text."""
    error = answer.get("error") if isinstance(answer, dict) else None
    code = error.get("code") if isinstance(error, dict) else None
    return code if isinstance(code, str) and re.fullmatch(r"[A-Za-z_.]{1,80}", code) else ""
