"""Microsoft Graph's side of the stand-in: the messages of channels and chats, to apps that may read them.

https://learn.microsoft.com/graph/api/channel-list-messages, https://learn.microsoft.com/graph/api/chat-list-messages
"""

from __future__ import annotations

import html
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol
from urllib.parse import quote

from aiohttp import web

from bot.demo.standins.teams_checks import CARD, as_text
from bot.demo.standins.teams_world import Said, TeamsPlace

CHANNEL_RIGHT = "ChannelMessage.Read.Group"
CHAT_RIGHT = "ChatMessage.Read.Chat"
CHAT_QUERY = {"$orderby", "$filter"}
DATES = ("lastModifiedDateTime", "createdDateTime")


class GraphWorld(Protocol):
    """What the stand-in's Graph knows of its Teams."""

    app_id: str
    tenant: str
    base: str
    bot: str
    said: list[Said]
    deleted: list[Said]

    def find_place(self, conversation: str) -> TeamsPlace | None: ...

    def audience_of(self, request: web.Request) -> str | None:
        """Which service the token of a request is for."""
        ...


class GraphSide:
    """`grant` what owners agree to. `complaints` are what Graph would not have liked, `calls` what was asked."""

    def __init__(self, world: GraphWorld, page: int) -> None:
        self._world = world
        self._page = page
        self.granted: set[str] = set()
        self.hides_senders_of_deleted = False
        self.leads_to = ""  # another server, which the next page is said to be at
        self.calls: list[str] = []
        self.complaints: list[str] = []

    def routes(self) -> list[web.RouteDef]:
        channel = "/graph/v1.0/teams/{team}/channels/{channel}/messages"
        return [
            web.get("/teams/v3/teams/{team}", self._team),
            web.get(channel, self._channel),
            web.get(channel + "/{message}/replies", self._replies),
            web.get("/graph/v1.0/chats/{chat}/messages", self._chat),
        ]

    def grant(self, *places: TeamsPlace) -> None:
        """Their owners agree that the app reads along."""
        self.granted |= {place.group if place.kind == "channel" else place.id for place in places}

    async def _team(self, request: web.Request) -> web.Response:
        """Of the Bot Connector: a team by the id of its thread."""
        asked = request.match_info["team"]
        found = next((p for p in self._places() if p.kind == "channel" and p.team_id == asked), None)
        if found is None:
            return _error(404, "NotFound", "no such team")
        return web.json_response({"id": asked, "name": "The Team", "aadGroupId": found.group})

    def _places(self) -> list[TeamsPlace]:
        conversations = {said.conversation for said in (*self._world.said, *self._world.deleted)}
        return [place for c in conversations if (place := self._world.find_place(c)) is not None]

    async def _channel(self, request: web.Request) -> web.Response:
        place = self._world.find_place(request.match_info["channel"])
        refused = self._refused(request, place, request.match_info["team"], {"$top", "$expand", "$skiptoken"})
        if refused is not None or place is None:
            return refused or _error(404, "NotFound", "no such channel")
        expand = request.query.get("$expand")
        if expand not in (None, "replies"):
            return _error(400, "BadRequest", f"expand {expand}")
        messages = self._messages(place)
        shown = []
        for root in [m for m in messages if m.thread == m.id][::-1]:
            thread = self._shown(root)
            if expand:
                replies = [m for m in messages if m.thread == root.id and m is not root][::-1]
                address = f"{self._address(place)}/{root.id}/replies"
                page = self._paged(address, [self._shown(m) for m in replies], 0, self._page, {})
                thread["replies"] = page["value"]
                if "@odata.nextLink" in page:
                    thread["replies@odata.nextLink"] = page["@odata.nextLink"]
            shown.append(thread)
        return self._answer(request, self._address(place), shown)

    async def _replies(self, request: web.Request) -> web.Response:
        place = self._world.find_place(request.match_info["channel"])
        refused = self._refused(request, place, request.match_info["team"], {"$top", "$skiptoken"})
        if refused is not None or place is None:
            return refused or _error(404, "NotFound", "no such channel")
        root = request.match_info["message"]
        replies = [m for m in self._messages(place) if m.thread == root and m.id != root][::-1]
        return self._answer(request, f"{self._address(place)}/{root}/replies", [self._shown(m) for m in replies])

    async def _chat(self, request: web.Request) -> web.Response:
        place = self._world.find_place(request.match_info["chat"])
        refused = self._refused(request, place, "", {"$top", "$skiptoken", *CHAT_QUERY})
        if refused is not None or place is None:
            return refused or _error(404, "NotFound", "no such chat")
        found = sorted(self._messages(place), key=lambda m: m.modified, reverse=True)
        order, wanted = request.query.get("$orderby", ""), request.query.get("$filter", "")
        if wanted:
            name, _, rest = wanted.partition(" ")
            comparison, _, time = rest.partition(" ")
            if name not in DATES or order != f"{name} desc" or comparison not in ("gt", "lt"):
                self.complaints.append(f"the filter {wanted!r} with the order {order!r} would be ignored")
            else:
                start = datetime.fromisoformat(time)
                found = [m for m in found if (m.modified > start) == (comparison == "gt")]
        return self._answer(request, f"/graph/v1.0/chats/{place.id}/messages", [self._shown(m) for m in found])

    # --- rights and pages -----------------------------------------------------------------

    def _refused(
        self, request: web.Request, place: TeamsPlace | None, team: str, known: set[str]
    ) -> web.Response | None:
        self.calls.append(request.path_qs)
        if self._world.audience_of(request) != self._world.base:
            return _error(401, "InvalidAuthenticationToken", "Access token validation failure. Invalid audience.")
        if unknown := set(request.query) - known:
            return _error(400, "BadRequest", f"Query option {sorted(unknown)[0]} is not allowed.")
        top = request.query.get("$top", "20")
        if not top.isdecimal() or not 1 <= int(top) <= 50:
            return _error(400, "BadRequest", f"The limit of 50 for the Top query has been exceeded: {top}")
        in_team = bool(team)
        if place is None or in_team != (place.kind == "channel") or (in_team and place.group != team):
            return _error(404, "NotFound", "No thread of this id")
        right = "Chat.Read.All" if place.kind == "personal" else CHANNEL_RIGHT if in_team else CHAT_RIGHT
        if (place.group if in_team else place.id) not in self.granted or place.kind == "personal":
            return _error(403, "Forbidden", f"Missing role permissions on the request. API requires one of '{right}'.")
        return None

    def _answer(self, request: web.Request, path: str, items: Sequence[Mapping[str, Any]]) -> web.Response:
        start = int(request.query.get("$skiptoken", "0"))
        size = min(int(request.query.get("$top", "20")), self._page)
        kept = {name: value for name, value in request.query.items() if name != "$skiptoken"}
        return web.json_response(self._paged(path, items, start, size, kept))

    def _paged(
        self, path: str, items: Sequence[Mapping[str, Any]], start: int, size: int, query: Mapping[str, str]
    ) -> dict[str, Any]:
        answer: dict[str, Any] = {"value": list(items[start : start + size])}
        answer["@odata.count"] = len(answer["value"])
        if start + size < len(items):
            more = {**query, "$skiptoken": str(start + size)}
            asked = "&".join(f"{name}={quote(value)}" for name, value in more.items())
            answer["@odata.nextLink"] = f"{self.leads_to or self._world.base}{quote(path)}?{asked}"
        return answer

    # --- chatMessage ----------------------------------------------------------------------

    def _address(self, place: TeamsPlace) -> str:
        return f"/graph/v1.0/teams/{place.group}/channels/{place.id}/messages"

    def _messages(self, place: TeamsPlace) -> list[Said]:
        found = [s for s in (*self._world.said, *self._world.deleted) if s.conversation == place.id]
        return sorted(found, key=lambda s: int(s.id))

    def _shown(self, said: Said) -> dict[str, Any]:
        """https://learn.microsoft.com/graph/api/resources/chatmessage"""
        gone = said.deleted_at is not None
        return {
            "id": said.id,
            "replyToId": said.thread if said.thread and said.thread != said.id else None,
            "messageType": "message",
            "createdDateTime": _stamp(said.created),
            "lastModifiedDateTime": _stamp(said.modified),
            "deletedDateTime": _stamp(said.deleted_at) if said.deleted_at else None,
            "from": None if gone and self.hides_senders_of_deleted else self._sender(said),
            "body": {"contentType": "html", "content": "" if gone else _body(said.activity)},
            "attachments": [] if gone else _attachments(said.activity),
        }

    def _sender(self, said: Said) -> dict[str, Any]:
        if said.by == self._world.bot:
            bot = {"id": self._world.app_id, "displayName": "Footnote", "applicationIdentityType": "bot"}
            return {"application": bot, "device": None, "user": None}
        return {"application": None, "device": None, "user": {"id": said.by, "userIdentityType": "aadUser"}}


def _body(activity: Mapping[str, Any]) -> str:
    lines = as_text({"text": activity.get("text")}).split("\n")
    marks = "".join(f'<attachment id="{n}"></attachment>' for n, _ in enumerate(activity.get("attachments") or ()))
    return "".join(f"<p>{html.escape(line)}</p>" for line in lines if line) + marks


def _attachments(activity: Mapping[str, Any]) -> list[dict[str, Any]]:
    cards = [a for a in activity.get("attachments") or () if a.get("contentType") == CARD]
    return [
        {"id": str(n), "contentType": CARD, "contentUrl": None, "content": json.dumps(card["content"], indent=2)}
        for n, card in enumerate(cards)
    ]


def _stamp(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{time.microsecond // 1000:03}Z"


def _error(status: int, code: str, message: str) -> web.Response:
    return web.json_response({"error": {"code": code, "message": message, "innerError": {}}}, status=status)
