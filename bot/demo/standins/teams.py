"""Teams on this machine: a Bot Connector, an issuer of tokens, and people who write to the bot.

Everything goes over HTTP on the loopback interface, with signed tokens both ways. What arrives is
checked as Teams would, and every byte is kept.
"""

from __future__ import annotations

import asyncio
import functools
import json
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import aiohttp
import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa

from bot.demo.standins.teams_checks import MESSAGE_BYTES, as_text, card_problems, elements, problems
from bot.demo.standins.teams_graph import GraphSide
from bot.demo.standins.teams_world import APP_ID, ISSUER, TENANT, Person, Received, Said, TeamsFault, TeamsPlace
from bot.teams.config import TeamsConfig

__all__ = ["APP_ID", "ISSUER", "TENANT", "Person", "Received", "Said", "TeamsFault", "TeamsPlace", "TeamsStandin"]


@functools.cache
def _first_key() -> rsa.RSAPrivateKey:
    """One for all stand-ins of a process: making one takes a while."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class TeamsStandin:
    """`async with TeamsStandin() as teams:`, then set `endpoint` to the bot's address and let people talk."""

    def __init__(self, *, app_id: str = APP_ID, tenant: str = TENANT, page: int = 2, issuer: str = ISSUER) -> None:
        """`issuer` is that of a cloud: it signs what comes to the bot, and takes only tokens that are for it."""
        self.app_id = app_id
        self.issuer = issuer
        self.tenant = tenant
        self.bot = f"28:{app_id}"
        self.password = secrets.token_urlsafe(24)
        self.endpoint = ""
        self.received: list[Received] = []
        self.said: list[Said] = []
        self.deleted: list[Said] = []
        self.graph = GraphSide(self, page)
        self.faults: list[TeamsFault] = []
        self.refused: list[str] = []
        self.blocked: set[str] = set()  # ids of people whom the bot may not write to
        self.closed: dict[str, str] = {}  # places where the bot may not write: the code of the 403, by the place's id
        self.dislikes: set[str] = set()  # card elements that are refused, however well made: 400
        self.most_bytes = MESSAGE_BYTES  # of a message; some clouds have taken 28 KB alone
        self.splits = False  # a message with text and cards becomes two, and no id is told
        self.gone = False  # the bot's registration was deleted: no token of it is taken
        self.typed: list[str] = []  # where the bot has typed, its thread included
        self._page = page
        self._places: dict[str, TeamsPlace] = {}
        self._tokens: dict[str, str] = {}  # the service that each is for
        self.endorsements = ["msteams"]
        self.key_id = "standin-1"
        self.key = _first_key()
        self._ids = 1_700_000_000_000
        self._runner: web.AppRunner | None = None
        self._client: aiohttp.ClientSession | None = None
        self.base = ""

    # --- life ---------------------------------------------------------------------------

    async def __aenter__(self) -> TeamsStandin:
        app = web.Application(client_max_size=2_000_000, middlewares=[self._keep])
        app.add_routes(
            [
                web.get("/openid/.well-known/openidconfiguration", self._metadata),
                web.get("/openid/keys", self._keys),
                web.post("/login/{tenant}/oauth2/v2.0/token", self._login),
                web.get("/identity", self._identity),
                web.post("/teams/v3/conversations", self._open),
                web.post("/teams/v3/conversations/{conversation}/activities", self._post),
                web.post("/teams/v3/conversations/{conversation}/activities/{id}", self._post),
                web.put("/teams/v3/conversations/{conversation}/activities/{id}", self._update),
                web.delete("/teams/v3/conversations/{conversation}/activities/{id}", self._delete),
                web.get("/teams/v3/conversations/{conversation}/pagedmembers", self._members),
                web.get("/teams/v3/conversations/{conversation}/members/{member}", self._member),
                *self.graph.routes(),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.base = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        self._client = aiohttp.ClientSession()
        return self

    async def __aexit__(self, *error: object) -> None:
        if self._client is not None:
            await self._client.close()
        if self._runner is not None:
            await self._runner.cleanup()

    @property
    def service_url(self) -> str:
        return f"{self.base}/teams/"

    def config(self, **changes: Any) -> TeamsConfig:
        """Settings that point the adapter here instead of to Microsoft."""
        settings: dict[str, Any] = {
            "app_id": self.app_id,
            "tenant_id": self.tenant,
            "app_password": self.password,
            "openid_metadata_url": f"{self.base}/openid/.well-known/openidconfiguration",
            "token_issuer": self.issuer,
            "resource": self.issuer,
            "login_url": f"{self.base}/login",
            "development": True,
        }
        return TeamsConfig(**{**settings, **changes})

    # --- people write to the bot ----------------------------------------------------------

    def place(
        self, kind: str, *members: Person, channel_type: str = "standard", name: str = "", team: str = ""
    ) -> TeamsPlace:
        """Make a channel ("channel"), a group chat ("groupChat") or a personal chat ("personal")."""
        suffix = {"channel": "@thread.tacv2", "groupChat": "@thread.v2"}.get(kind, "@unq.gbl.spaces")
        made = TeamsPlace(f"19:{secrets.token_hex(8)}{suffix}", kind, members, channel_type, name, team)
        self._places[made.id] = made
        return made

    def personal(self, person: Person) -> TeamsPlace:
        """The personal chat between a person and the bot."""
        for place in self._places.values():
            if place.kind == "personal" and place.members == (person,):
                return place
        return self.place("personal", person)

    def change_members(self, place: TeamsPlace, *members: Person) -> TeamsPlace:
        """The same place with other members."""
        self._places[place.id] = replace(place, members=members)
        return self._places[place.id]

    def find_place(self, conversation: str) -> TeamsPlace | None:
        """The place of an id."""
        return self._places.get(conversation)

    def message(
        self, place: TeamsPlace, person: Person, text: str, *, thread: str = "", mention: bool | None = None
    ) -> dict[str, Any]:
        """A message activity as Teams sends it; in channels and group chats it mentions the bot."""
        mention = place.kind != "personal" if mention is None else mention
        made = self.activity("message", place, person, thread=thread)
        made["text"], made["textFormat"] = text, "plain"
        made["attachments"] = [{"contentType": "text/html", "content": f"<p>{text}</p>"}]
        if mention:
            made["text"] = f"<at>Footnote</at> {text}"
            mentioned = {"id": self.bot, "name": "Footnote"}
            made["entities"].append({"type": "mention", "text": "<at>Footnote</at>", "mentioned": mentioned})
        return made

    def activity(self, kind: str, place: TeamsPlace, person: Person, *, thread: str = "") -> dict[str, Any]:
        """The frame that all activities have."""
        number = self.next_id()
        conversation = place.id
        data: dict[str, Any] = {"tenant": {"id": self.tenant if person.role == "guest" else person.tenant}}
        if place.kind == "channel":
            conversation = f"{place.id};messageid={thread or number}"
            data |= {"team": {"id": place.team_id}, "channel": {"id": place.id, "type": place.channel_type}}
        return {
            "type": kind,
            "id": number,
            "timestamp": datetime.now(UTC).isoformat(),
            "channelId": "msteams",
            "serviceUrl": self.service_url,
            "from": {"id": person.id, "name": person.name, "aadObjectId": person.object_id},
            "recipient": {"id": self.bot, "name": "Footnote"},
            "conversation": {
                "id": conversation,
                "conversationType": place.kind,
                "isGroup": place.kind != "personal",
                "tenantId": person.tenant,
            },
            "channelData": data,
            "entities": [{"type": "clientInfo", "locale": "en-US", "country": "US", "platform": "Web"}],
            "locale": "en-US",
        }

    async def say(
        self, place: TeamsPlace, person: Person, text: str, *, thread: str = "", mention: bool | None = None
    ) -> Said:
        """A person writes; the bot is told, again and again while it answers 5xx, as Teams does."""
        activity = self.message(place, person, text, thread=thread, mention=mention)
        said = Said(activity["id"], place.id, thread or activity["id"], person.name, activity)
        self.said.append(said)
        for _ in range(5):
            status, _body = await self.deliver(activity)
            if status < 500:
                break
            await asyncio.sleep(0.2)
        return said

    async def rate(self, answer: Said, person: Person, up: bool, reason: str = "") -> tuple[int, bytes]:
        """A person presses a thumb under an answer."""
        activity = self.activity("invoke", self._places[answer.conversation], person, thread=answer.thread)
        reaction = "like" if up else "dislike"
        feedback = json.dumps({"feedbackText": reason})
        activity |= {
            "name": "message/submitAction",
            "replyToId": answer.id,
            "value": {"actionName": "feedback", "actionValue": {"reaction": reaction, "feedback": feedback}},
        }
        return await self.deliver(activity)

    async def show_passage(self, answer: Said, person: Person, n: int) -> str:
        """A person presses "Show the passage" beside source `n`: what the window then says."""
        card = await self.passage_card(answer, person, n)
        return card if isinstance(card, str) else as_text({"attachments": [card]})

    async def passage_card(self, answer: Said, person: Person, n: int) -> dict[str, Any] | str:
        """The same as the card in the window, or as what is wrong with it."""
        buttons = [
            e["data"]
            for attachment in answer.activity.get("attachments") or ()
            for e in elements(attachment["content"])
            if e.get("type") == "Action.Submit" and "passage" in e["data"]
        ]
        activity = self.activity("invoke", self._places[answer.conversation], person, thread=answer.thread)
        # Teams replaces what stood under "msteams" by the type alone.
        pressed = next(b for b in buttons if b["passage"]["n"] >= n)  # one button for the quotes of one section
        data = {**pressed, "msteams": None, "type": "task/fetch"}
        activity |= {
            "name": "task/fetch",
            "replyToId": answer.id,
            "value": {"data": data, "context": {"theme": "default"}},
        }
        status, body = await self.deliver(activity)
        if status != 200:
            return f"HTTP {status}"
        shown = json.loads(body)["task"]["value"]["card"]
        return next(card_problems(shown["content"]), "") or shown

    async def deliver(self, activity: Mapping[str, Any], *, token: str | None = None) -> tuple[int, bytes]:
        """Send an activity to the bot with a signed token (or the given one, or none for ""); its answer."""
        assert self._client is not None
        token = self.sign() if token is None else token
        headers = {"Content-Type": "application/json; charset=utf-8"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        async with self._client.post(self.endpoint, data=json.dumps(activity), headers=headers) as response:
            return response.status, await response.read()

    def sign(self, **changes: Any) -> str:
        """A token as the Bot Framework signs it; `changes` replace claims (None drops one), `kid` and `key`."""
        now = int(time.time())
        key, kid = changes.pop("key", self.key), changes.pop("kid", self.key_id)
        claims = {
            "serviceurl": self.service_url,
            "iss": self.issuer,
            "aud": self.app_id,
            "nbf": now - 5,
            "exp": now + 3600,
            **changes,
        }
        kept = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(kept, key, algorithm="RS256", headers={"kid": kid})

    # --- what the bot wrote ----------------------------------------------------------------

    def thread(self, place: TeamsPlace, thread: str = "") -> Sequence[Said]:
        """The messages of a place or of one of its threads, as they stand."""
        return [s for s in self.said if s.conversation == place.id and (not thread or s.thread == thread)]

    def answers(self, place: TeamsPlace, thread: str = "") -> Sequence[Said]:
        """The bot's own messages there."""
        return [s for s in self.thread(place, thread) if s.by == self.bot]

    def bytes_received(self) -> bytes:
        """Every byte of every request body."""
        return b"\n".join(r.body for r in self.received)

    def rotate_key(self) -> None:
        """Sign with a new key from now on, as the issuer does every few weeks."""
        self.key_id = f"standin-{secrets.token_hex(4)}"
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def next_id(self) -> str:
        self._ids += 1
        return str(self._ids)

    # --- HTTP --------------------------------------------------------------------------------

    @web.middleware
    async def _keep(self, request: web.Request, handler: Any) -> web.StreamResponse:
        """Keep what came; answer with a planned fault, or as Teams does; refuse a missing token."""
        body = await request.read()
        status = 500
        try:
            fault = self._next_fault(request, body)
            response = await self._before(request, fault) if fault is not None else None
            if response is None and request.path.startswith("/teams/") and not self._authorized(request):
                response = _error(401, "Unauthorized", "Authorization has been denied for this request.")
            if response is None:
                response = await handler(request)
            if fault is not None and fault.lost and request.transport is not None:
                request.transport.close()
            status = response.status
            return response
        except web.HTTPException as error:
            status = error.status
            raise
        finally:
            self.received.append(Received(request.method, request.path, dict(request.headers), body, status))

    def _next_fault(self, request: web.Request, body: bytes) -> TeamsFault | None:
        for fault in self.faults:
            meant = fault.path in request.path and fault.method in ("", request.method) and fault.holds in body
            if fault.times > 0 and meant:
                fault.times -= 1
                return fault
        return None

    async def _before(self, request: web.Request, fault: TeamsFault) -> web.StreamResponse | None:
        await asyncio.sleep(fault.delay)
        if fault.drop and request.transport is not None:
            request.transport.close()
        if not fault.status:
            return None
        return web.Response(
            status=fault.status, headers=fault.headers, body=fault.body, content_type=fault.content_type
        )

    def _authorized(self, request: web.Request) -> bool:
        return not self.gone and self.audience_of(request) == self.issuer

    def audience_of(self, request: web.Request) -> str | None:
        """Which service the token of a request is for."""
        return self._tokens.get(request.headers.get("Authorization", "").removeprefix("Bearer "))

    async def _metadata(self, request: web.Request) -> web.Response:
        return web.json_response({"issuer": self.issuer, "jwks_uri": f"{self.base}/openid/keys"})

    async def _keys(self, request: web.Request) -> web.Response:
        jwk = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        key = {"kty": "RSA", "use": "sig", "kid": self.key_id, "n": jwk["n"], "e": jwk["e"]}
        return web.json_response({"keys": [{**key, "endorsements": self.endorsements}]})

    async def _login(self, request: web.Request) -> web.Response:
        form = await request.post()
        audience = str(form.get("scope")).removesuffix("/.default")
        good = (
            form.get("grant_type") == "client_credentials"
            and form.get("client_id") == self.app_id
            and form.get("client_secret") == self.password
            and audience in (self.issuer, self.base)
            and request.match_info["tenant"] == self.tenant
        )
        if not good:
            return web.json_response({"error": "invalid_client", "error_description": "AADSTS7000215"}, status=401)
        token = secrets.token_urlsafe(32)
        self._tokens[token] = audience
        return web.json_response({"token_type": "Bearer", "expires_in": 3599, "access_token": token})

    async def _identity(self, request: web.Request) -> web.Response:
        """The managed identity's endpoint of an App Service."""
        good = (
            request.headers.get("X-IDENTITY-HEADER")
            and request.query.get("client_id") == self.app_id
            and request.query.get("resource") == self.issuer
        )
        if not good:
            return web.json_response({"statusCode": 400, "message": "no such identity"}, status=400)
        token = secrets.token_urlsafe(32)
        self._tokens[token] = self.issuer
        answer = {"access_token": token, "expires_on": str(int(time.time()) + 3600), "resource": self.issuer}
        return web.json_response({**answer, "token_type": "Bearer", "client_id": self.app_id})

    def revoke_tokens(self) -> None:
        """Every token given to the bot stops working."""
        self._tokens.clear()

    async def _open(self, request: web.Request) -> web.Response:
        asked = await request.json()
        members = asked.get("members") or []
        tenant = asked.get("tenantId") or asked.get(
            "tenantID"
        )  # Teams reads names in any case; the SDK writes the latter
        if asked.get("isGroup") or len(members) != 1 or tenant != self.tenant:
            return self._refuse(400, "BadSyntax", "a personal chat has one member and a tenant")
        person = next((p for place in self._places.values() for p in place.members if p.id == members[0]["id"]), None)
        if person is None or person.id in self.blocked:
            return self._refuse(403, "ForbiddenOperationException", "The bot is not installed for this person.")
        return web.json_response({"id": self.personal(person).id}, status=201)

    async def _post(self, request: web.Request) -> web.Response:
        activity = await request.json()
        full = request.match_info["conversation"]
        conversation, _, root = full.partition(";messageid=")
        place = self._places.get(conversation)
        if place is None:
            return self._refuse(404, "ConversationNotFound", full)
        if root and not any(s.thread == root for s in self.thread(place)):
            return self._refuse(404, "ConversationNotFound", f"no message {root} in {conversation}")
        if (code := self.closed.get(conversation)) is not None:
            return _error(403, code, "The bot may not write here.")
        if activity.get("type") == "typing":
            self.typed.append(full)
            return web.json_response({"id": self.next_id()}, status=201)
        refused = await self._check(request, activity)
        if refused is not None:
            return refused
        said = Said(self.next_id(), conversation, root or conversation, self.bot, activity)
        said.thread = said.thread if root else ("" if place.kind != "channel" else said.id)
        self.said.append(said)
        parted = self.splits and activity.get("text") and activity.get("attachments")
        return web.json_response({} if parted else {"id": said.id}, status=201)

    async def _update(self, request: web.Request) -> web.Response:
        activity = await request.json()
        conversation = request.match_info["conversation"].partition(";messageid=")[0]
        said = self._mine(conversation, request.match_info["id"])
        if said is None:
            return self._refuse(404, "ActivityNotFoundInConversation", request.match_info["id"])
        refused = await self._check(request, activity)
        if refused is not None:
            return refused
        said.activity, said.edits, said.modified = activity, said.edits + 1, datetime.now(UTC)
        return web.json_response({"id": said.id})

    async def _delete(self, request: web.Request) -> web.Response:
        said = self._mine(request.match_info["conversation"].partition(";messageid=")[0], request.match_info["id"])
        if said is None:
            return self._refuse(404, "ActivityNotFoundInConversation", request.match_info["id"])
        self.delete(said)
        return web.Response(status=200)

    def delete(self, said: Said) -> None:
        """Somebody deletes a message: nobody sees it any more, and Graph says when."""
        self.said.remove(said)
        self.deleted.append(said)
        said.modified = said.deleted_at = datetime.now(UTC)

    def _mine(self, conversation: str, message: str) -> Said | None:
        return next(
            (s for s in self.said if (s.conversation, s.id, s.by) == (conversation, message, self.bot)),
            None,
        )

    async def _check(self, request: web.Request, activity: Any) -> web.Response | None:
        counted = json.dumps(activity, ensure_ascii=False).encode("utf-16-le")  # as Teams counts
        size = max(len(counted), len(await request.read()))
        if size > self.most_bytes:
            return _error(413, "MessageSizeTooBig", "Message size too large.")
        found = list(problems(activity, size))
        cards = [a["content"] for a in activity.get("attachments") or ()]
        if self.dislikes & {str(element.get("type")) for card in cards for element in elements(card)}:
            return _error(400, "Bad Argument", "An element of the card is not taken here.")
        if (activity.get("from") or {}).get("id") != self.bot:
            found.append("not from the bot")
        return self._refuse(400, "BadSyntax", "; ".join(found)) if found else None

    def _refuse(self, status: int, code: str, message: str) -> web.Response:
        self.refused.append(message)
        return _error(status, code, message)

    async def _members(self, request: web.Request) -> web.Response:
        place = self._places.get(request.match_info["conversation"])
        if place is None:
            return self._refuse(404, "ConversationNotFound", request.match_info["conversation"])
        start = int(request.query.get("continuationToken", "0"))
        page = place.members[start : start + self._page]
        answer: dict[str, Any] = {"members": [p.account() for p in page]}
        if start + self._page < len(place.members):
            answer["continuationToken"] = str(start + self._page)
        return web.json_response(answer)

    async def _member(self, request: web.Request) -> web.Response:
        place = self._places.get(request.match_info["conversation"])
        found = [p for p in place.members if p.id == request.match_info["member"]] if place is not None else []
        if not found:
            return _error(404, "MemberNotFoundInConversation", request.match_info["member"])
        return web.json_response(found[0].account())


def _error(status: int, code: str, message: str) -> web.Response:
    return web.json_response({"error": {"code": code, "message": message}}, status=status)
