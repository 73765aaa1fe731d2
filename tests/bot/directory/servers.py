"""Microsoft Graph, an organisation's endpoint and Slack's user groups as local servers that check what they receive."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from retrieval.people import Principal

TENANT = "11111111-1111-4111-8111-111111111111"
ADA_ID = "aaaaaaaa-0000-4000-8000-000000000001"
BEN_ID = "bbbbbbbb-0000-4000-8000-000000000002"
LEGAL = "99999999-0000-4000-8000-00000000000a"
BOARD = "99999999-0000-4000-8000-00000000000b"
SECRET = "s3cret~of.the-app"

ADA = Principal("slack", "T1", "U1", "ada@example.com")
BEN = Principal("slack", "T1", "U2", "ben@example.com")
TEAMS_ADA = Principal("teams", TENANT, ADA_ID, "ada@example.com")


HANG_S = 3_600.0  # until the server ends
IMPATIENT_S = 3.0  # of those who ask it then


@dataclass
class Fault:
    """Answer the next call in this way. `hang` seconds pass before."""

    status: int = 500
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b"{}"
    hang: float = 0.0


@asynccontextmanager
async def serving(*routes: web.RouteDef) -> AsyncIterator[str]:
    """The address of a server on this machine."""
    app = web.Application()
    app.add_routes(routes)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def failed(faults: deque[Fault]) -> web.Response | None:
    """The answer that is due instead, if any."""
    if not faults:
        return None
    fault = faults.popleft()
    await asyncio.sleep(fault.hang)
    headers = {"Content-Type": "application/json", **fault.headers}
    return web.Response(status=fault.status, headers=headers, body=fault.body)


def graph_error(status: int, code: str) -> web.Response:
    return web.json_response({"error": {"code": code, "message": f"text with {SECRET}"}}, status=status)


@dataclass
class FakeGraph:
    """One tenant. Everything that Graph would not accept is a complaint."""

    users: list[dict[str, Any]] = field(default_factory=list)
    groups: dict[str, dict[str, Any]] = field(default_factory=dict)
    members: dict[str, list[str]] = field(default_factory=dict)
    """Ids of groups by user id, nested ones resolved; and of roles, which transitiveMemberOf lists too."""
    roles: set[str] = field(default_factory=set)
    page: int = 2
    most: int = 11_000
    origin: str = ""
    leads_to: str = ""
    token: str = "token-1"
    rights: frozenset[str] = frozenset({"User.Read.All", "GroupMember.Read.All"})
    calls: list[str] = field(default_factory=list)
    tokens_given: int = 0
    faults: deque[Fault] = field(default_factory=deque)
    complaints: list[str] = field(default_factory=list)
    pages: dict[str, tuple[str, list[Any]]] = field(default_factory=dict)

    def add_user(self, user: str, mail: str, *groups: str, enabled: bool = True) -> None:
        self.users.append({"id": user, "mail": mail, "accountEnabled": enabled, "displayName": "private"})
        self.members[user] = list(groups)

    def add_group(self, group: str, name: str, *, security: bool = True) -> None:
        self.groups[group] = {"id": group, "displayName": name, "securityEnabled": security}

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/{tenant}/oauth2/v2.0/token", self._give_token),
            web.get("/v1.0/users", self._find_users),
            web.get("/v1.0/groups", self._find_groups),
            web.get("/v1.0/groups/{group}", self._one_group),
            web.post("/v1.0/users/{user}/getMemberGroups", self._member_groups),
            web.get("/v1.0/users/{user}/transitiveMemberOf", self._transitive),
        ]

    async def _give_token(self, request: web.Request) -> web.Response:
        form = dict(await request.post())
        scope = f"{self.origin}/.default"
        wanted = {"grant_type": "client_credentials", "client_id": "app", "client_secret": SECRET, "scope": scope}
        if request.match_info["tenant"] != TENANT or form != wanted:
            return web.json_response({"error": "invalid_client", "error_description": SECRET}, status=401)
        self.tokens_given += 1
        self.token = f"token-{self.tokens_given}"
        return web.json_response({"access_token": self.token, "expires_in": 3600, "token_type": "Bearer"})

    async def _refused(self, request: web.Request, right: str) -> web.Response | None:
        self.calls.append(f"{request.method} {request.path_qs}")
        fault = await failed(self.faults)
        if fault is not None:
            return fault
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return graph_error(401, "InvalidAuthenticationToken")
        if "+" in request.raw_path or request.headers.get("ConsistencyLevel"):
            self.complaints.append(f"unfit query: {request.raw_path}")
        return None if right in self.rights else graph_error(403, "Authorization_RequestDenied")

    def _paged(self, request: web.Request, items: list[Any]) -> web.Response:
        path, skip = request.path, request.query.get("$skiptoken")
        if skip is not None:
            place, items = self.pages.pop(skip, ("", []))
            if place != path:
                self.complaints.append(f"page token {skip} used twice or elsewhere")
        size = min(self.page, int(request.query.get("$top", self.page)))
        answer: dict[str, Any] = {"value": items[:size]}
        if items[size:]:
            following = f"t{len(self.calls)}%2B%20x"  # must come back as it was given
            self.pages[following.replace("%2B%20", "+ ")] = (path, items[size:])
            answer["@odata.nextLink"] = f"{self.leads_to or self.origin}{path}?%24skiptoken={following}"
        return web.json_response(answer)

    def _filtered(self, request: web.Request, field_name: str, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
        query = request.query.get("$filter")
        selected = request.query.get("$select", "").split(",")
        if "$skiptoken" not in request.query and selected == [""]:
            self.complaints.append("everything selected")
        if query is not None:
            match = re.fullmatch(rf"{field_name} eq '((?:[^']|'')*)'", query)
            if match is None:
                self.complaints.append(f"filter {query}")
                return []
            wanted = match[1].replace("''", "'").casefold()
            items = [i for i in items if i[field_name].casefold() == wanted]
        return [{k: v for k, v in i.items() if k in selected} for i in items]

    async def _find_users(self, request: web.Request) -> web.Response:
        refused = await self._refused(request, "User.Read.All")
        return refused or self._paged(request, self._filtered(request, "mail", self.users))

    async def _find_groups(self, request: web.Request) -> web.Response:
        refused = await self._refused(request, "GroupMember.Read.All")
        return refused or self._paged(request, self._filtered(request, "displayName", list(self.groups.values())))

    async def _one_group(self, request: web.Request) -> web.Response:
        refused = await self._refused(request, "GroupMember.Read.All")
        if refused is not None:
            return refused
        if request.query.get("$select") != "id":
            self.complaints.append("more of a group than its id")
        group = request.match_info["group"]
        return (
            web.json_response({"id": group}) if group in self.groups else graph_error(404, "Request_ResourceNotFound")
        )

    async def _member_groups(self, request: web.Request) -> web.Response:
        refused = await self._refused(request, "GroupMember.Read.All")
        if refused is not None:
            return refused
        user, asked = request.match_info["user"], await request.json()
        if set(asked) != {"securityEnabledOnly"}:
            self.complaints.append(f"getMemberGroups with {sorted(asked)}")
        if user not in self.members:
            return graph_error(404, "Request_ResourceNotFound")
        held = [g for g in self.members[user] if g in self.groups]
        held = [g for g in held if self.groups[g]["securityEnabled"] or not asked["securityEnabledOnly"]]
        if len(held) > self.most:
            return graph_error(400, "Directory_ResultSizeLimitExceeded")
        return web.json_response({"value": held})

    async def _transitive(self, request: web.Request) -> web.Response:
        refused = await self._refused(request, "GroupMember.Read.All")
        if refused is not None:
            return refused
        items: list[Any] = [{"@odata.type": "#microsoft.graph.directoryRole", "id": r} for r in sorted(self.roles)]
        for group in self.members.get(request.match_info["user"], []):
            shown = {k: self.groups[group][k] for k in ("id", "securityEnabled")}
            items.append({"@odata.type": "#microsoft.graph.group", **shown})
        return self._paged(request, items)


@dataclass
class FakeEndpoint:
    """An organisation's own directory endpoint; `answer` is sent as it is when set."""

    groups: dict[str, list[str]] = field(default_factory=dict)
    answer: bytes | None = None
    received: list[dict[str, Any]] = field(default_factory=list)
    faults: deque[Fault] = field(default_factory=deque)
    secret: str = SECRET

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/groups", self._answer)]

    async def _answer(self, request: web.Request) -> web.Response:
        self.received.append(await request.json())
        fault = await failed(self.faults)
        if fault is not None:
            return fault
        if request.headers.get("Authorization") != f"Bearer {self.secret}":
            return web.json_response({"error": f"not {request.headers.get('Authorization')}"}, status=401)
        if self.answer is not None:
            return web.Response(body=self.answer, content_type="application/json")
        return web.json_response({"groups": self.groups.get(self.received[-1]["email"], [])})


@dataclass
class FakeSlack:
    """Slack's `usergroups.list`. With `granted` the token is an organisation's, for these of its workspaces."""

    granted: list[str] = field(default_factory=list)
    usergroups: list[Any] = field(default_factory=list)
    error: str = ""
    calls: int = 0
    faults: deque[Fault] = field(default_factory=deque)
    complaints: list[str] = field(default_factory=list)

    def add(self, identity: str, handle: str, *users: str, **more: Any) -> None:
        group = {"id": identity, "handle": handle, "users": list(users), "date_delete": 0}
        self.usergroups.append(group | more)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/usergroups.list", self._list),
            web.get("/api/auth.test", self._who),
            web.get("/api/auth.teams.list", self._teams),
        ]

    async def _who(self, _: web.Request) -> web.Response:
        grid = {"enterprise_id": "E0ORG", "is_enterprise_install": True} if self.granted else {}
        return web.json_response({"ok": True, "team_id": "E0ORG" if grid else "T1", "user_id": "UBOT", **grid})

    async def _teams(self, _: web.Request) -> web.Response:
        teams = [{"id": team, "name": team} for team in self.granted]
        return web.json_response({"ok": True, "teams": teams, "response_metadata": {"next_cursor": ""}})

    async def _list(self, request: web.Request) -> web.Response:
        self.calls += 1
        fault = await failed(self.faults)
        if fault is not None:
            return fault
        if request.headers.get("Authorization") != "Bearer xoxb-test":
            self.complaints.append("another token")
        if request.query.get("include_users") != "true":
            self.complaints.append("the members were not asked for")
        if self.error:
            return web.json_response({"ok": False, "error": self.error, "needed": "usergroups:read"})
        team = request.query.get("team_id", "")
        if self.granted and team not in self.granted:
            # https://docs.slack.dev/reference/methods/usergroups.list
            return web.json_response({"ok": False, "error": "team_access_not_granted" if team else "missing_argument"})
        listed = [g for g in self.usergroups if not self.granted or g["team_id"] == team]
        return web.json_response({"ok": True, "usergroups": listed})
