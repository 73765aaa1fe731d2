"""The Web API of the small Slack: each method checks its arguments as Slack does."""

from __future__ import annotations

import asyncio
import copy
import json
import math
import secrets
import sys
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from typing import Any

from aiohttp import web

from bot.demo.standins import slack_checks
from bot.demo.standins.slack_world import Call, Fault, World

SCOPE_OF = {
    "chat.postMessage": "chat:write",
    "chat.update": "chat:write",
    "chat.postEphemeral": "chat:write",
    "assistant.threads.setStatus": "chat:write",
    "chat.getPermalink": "chat:write",
    "users.info": "users:read",
    "users.list": "users:read",
    "usergroups.list": "usergroups:read",
    "conversations.info": "channels:read",
    "conversations.members": "channels:read",
    "conversations.open": "im:write",
    "conversations.history": "channels:history",
    "conversations.replies": "channels:history",
    "assistant.threads.setSuggestedPrompts": "assistant:write",
}
NEEDED = {
    "chat.postMessage": ("channel",),
    "chat.update": ("channel", "ts"),
    "chat.postEphemeral": ("channel", "user"),
    "assistant.threads.setStatus": ("channel_id", "thread_ts"),
    "chat.getPermalink": ("channel", "message_ts"),
    "users.info": ("user",),
    "conversations.info": ("channel",),
    "conversations.members": ("channel",),
    "conversations.open": ("users",),
    "conversations.history": ("channel",),
    "conversations.replies": ("channel", "ts"),
    "views.open": ("trigger_id", "view"),
    "views.update": ("view_id", "view"),
    "assistant.threads.setSuggestedPrompts": ("channel_id", "prompts"),
}
PER_MINUTE = {
    **dict.fromkeys(("users.list", "conversations.list", "usergroups.list", "auth.teams.list"), 20),  # tier 2
    **dict.fromkeys(("conversations.info", "conversations.history", "conversations.replies"), 50),  # tier 3
    **dict.fromkeys(("chat.update", "conversations.open", "users.conversations"), 50),
    **dict.fromkeys(("conversations.members", "users.info", "views.open", "views.update"), 100),
}
"""How many calls of a method Slack takes in a minute: https://docs.slack.dev/apis/web-api/rate-limits, and the tier on
each method's page. chat.postMessage goes by the channel instead, about one a second."""
READS = ("users.", "usergroups.", "conversations.")
REFUSALS = {
    "not_in_channel": "https://docs.slack.dev/reference/methods/chat.postMessage#errors",
    "channel_not_found": "https://docs.slack.dev/reference/methods/chat.postMessage#errors",
    "is_archived": "https://docs.slack.dev/reference/methods/chat.postMessage#errors",
    "restricted_action": "https://docs.slack.dev/reference/methods/chat.postMessage#errors",
    "restricted_action_read_only_channel": "https://docs.slack.dev/reference/methods/chat.postMessage#errors",
    "restricted_action_thread_locked": "https://docs.slack.dev/reference/methods/chat.postMessage#errors",
    "invalid_blocks": "https://docs.slack.dev/reference/methods/chat.postMessage#errors",
    "msg_too_long": "https://docs.slack.dev/reference/methods/chat.postMessage#errors",
    "msg_blocks_too_long": "https://github.com/slackapi/bolt-js/issues/2509",
    "user_not_in_channel": "https://docs.slack.dev/reference/methods/chat.postEphemeral#errors",
    "message_not_found": "https://docs.slack.dev/reference/methods/chat.update#errors",
    "invalid_thread_ts": "https://docs.slack.dev/reference/methods/assistant.threads.setStatus#errors",
}
"""Each refusal of a message that a bot may well meet, and where it is told of. A bot that meets one of them is no bad
citizen, so none of them is a complaint, except where the message itself breaks a documented limit."""

Arguments = dict[str, Any]
Answer = dict[str, Any]


class SlackError(Exception):
    """An `{"ok": false, "error": ...}`."""


class MissingScope(SlackError):
    def __init__(self, scope: str) -> None:
        super().__init__("missing_scope")
        self.scope = scope


class SlackApi:
    def __init__(self, world: World, bot_token: str, app_token: str, ticket: Callable[[], str]) -> None:
        self._world = world
        self._tokens = {"apps.connections.open": app_token}
        self._bot_token = bot_token
        self._ticket = ticket
        self._made: dict[str, deque[float]] = defaultdict(deque)
        self._methods: dict[str, Callable[[Arguments], Answer]] = {
            "apps.connections.open": lambda _: {"url": self._ticket()},
            "assistant.threads.setStatus": self._status,
            "assistant.threads.setSuggestedPrompts": self._prompts,
            "auth.teams.list": self._granted,
            "auth.test": lambda _: self._who(),
            "chat.getPermalink": self._permalink,
            "chat.postEphemeral": self._ephemeral,
            "chat.postMessage": self._post,
            "chat.update": self._update,
            "conversations.history": lambda a: self._page(a, "messages", self._history(a)),
            "conversations.info": lambda a: {"channel": self._channel(a["channel"])},
            "conversations.members": self._members,
            "conversations.open": self._direct,
            "conversations.replies": self._replies,
            "usergroups.list": self._groups,
            "users.info": self._user,
            "users.list": self._list,
            "views.open": self._view,
            "views.update": self._view_update,
        }

    async def handle(self, request: web.Request) -> web.StreamResponse:
        method, raw = request.match_info["method"], await request.read()
        self._world.received.append(raw + request.query_string.encode())
        fault = self._world.faults[method].popleft() if self._world.faults[method] else None
        if fault is not None and not fault.done:
            return await self._fail(request, fault)
        if self._world.minute and (wait := self._limited(method)):
            return await self._fail(request, Fault(429, retry_after=wait))
        arguments: Arguments = {}
        try:
            arguments = await self._arguments(request, method, raw)
            answer = {"ok": True, **self._methods[method](arguments)}
        except SlackError as error:
            answer = {"ok": False, "error": str(error).split(":")[0]}
            if isinstance(error, MissingScope):
                answer["needed"] = error.scope
        self._world.calls.append(Call(method, arguments, dict(request.headers), raw, answer["ok"]))
        if fault is not None:
            return await self._fail(request, fault)
        scopes = self._world.scopes
        headers = {"X-OAuth-Scopes": ",".join(sorted(scopes))} if scopes is not None else {}
        return web.json_response(answer, headers=headers)

    def use_up(self, method: str) -> None:
        """As if somebody had made all calls of a method that a minute allows."""
        self._made[method].extend([time.monotonic()] * PER_MINUTE[method])

    def _limited(self, method: str) -> int:
        """Seconds to wait when the method's tier is used up; 0 when it is not."""
        now, made = time.monotonic(), self._made[method]
        while made and made[0] <= now - self._world.minute:
            made.popleft()
        if len(made) >= PER_MINUTE.get(method, sys.maxsize):
            self._world.limited[method] += 1
            return max(1, math.ceil(made[0] + self._world.minute - now))
        made.append(now)
        return 0

    async def _fail(self, request: web.Request, fault: Fault) -> web.StreamResponse:
        await asyncio.sleep(fault.hang)
        if fault.drop and request.transport is not None:
            request.transport.abort()
        wait = fault.wait or ("" if fault.retry_after is None else str(fault.retry_after))
        headers = {"Retry-After": wait} if wait else {}
        if fault.plain:
            return web.Response(text=fault.plain, status=fault.status, headers=headers)
        answer = {"ok": False, "error": fault.error or ("ratelimited" if fault.status == 429 else "internal_error")}
        return web.json_response(answer, status=fault.status, headers=headers)

    async def _arguments(self, request: web.Request, method: str, raw: bytes) -> Arguments:
        world = self._world
        if method not in self._methods:
            raise self._complain(f"unknown_method: {method}")
        if world.revoked and method not in self._tokens:
            raise SlackError(world.revoked)
        if request.headers.get("Authorization") != f"Bearer {self._tokens.get(method, self._bot_token)}":
            raise self._complain(f"invalid_auth: {method} with another token")
        if request.content_type == "application/json" and raw:
            if method.startswith(READS) and method != "conversations.open":
                raise self._complain(f"invalid_arguments: {method} takes no JSON")
            arguments: Arguments = json.loads(raw)
        else:
            arguments = {**request.query, **(await request.post())}
        for name in NEEDED.get(method, ()):
            if not arguments.get(name):
                raise self._complain(f"invalid_arguments: {method} without {name}")
        scope = self._scope(method, str(arguments.get("channel")))
        if world.scopes is not None and scope not in world.scopes:
            raise MissingScope(scope)
        return arguments

    def _scope(self, method: str, channel: str) -> str:
        """What a call needs: to read, the scope for that kind of conversation.

        https://docs.slack.dev/reference/methods/conversations.history
        """
        scope = SCOPE_OF.get(method, "chat:write")
        if scope.startswith("channels:") and channel in self._world.channels:
            kinds = {"channel": "channels", "group": "groups"}
            kind = self._world.kind(channel)
            scope = f"{kinds.get(kind, kind)}:{scope.partition(':')[2]}"
        return scope

    def _complain(self, complaint: str) -> SlackError:
        self._world.complaints.append(complaint)
        return SlackError(complaint)

    def _check(self, complaints: Iterable[str]) -> None:
        found = list(complaints)
        self._world.complaints += found
        if found:
            raise SlackError(found[0])

    def _who(self) -> Answer:
        """https://docs.slack.dev/reference/methods/auth.test"""
        world, whole = self._world, self._world.whole
        grid = {"enterprise_id": world.team, "is_enterprise_install": True} if whole else {}
        return {"team_id": world.team, "user_id": world.bot_user, "bot_id": world.bot_id, **grid}

    def _granted(self, arguments: Arguments) -> Answer:
        """https://docs.slack.dev/reference/methods/auth.teams.list"""
        teams = self._world.granted if self._world.whole else [self._world.team]
        return self._page(arguments, "teams", [{"id": team, "name": f"The workspace {team}"} for team in teams])

    def _within(self, method: str, arguments: Arguments) -> str:
        """The workspace that is meant. An organisation's token must name one that the app was added to; a workspace's
        is for its own, whatever is named. Errors: https://docs.slack.dev/reference/methods/users.list
        """
        if not self._world.whole:
            return self._world.team
        team = str(arguments.get("team_id") or "")
        if not team:
            raise self._complain(f"missing_argument: {method} with an organisation's token names no team_id")
        if team not in self._world.granted:
            raise SlackError("team_access_not_granted")
        return team

    def _list(self, arguments: Arguments) -> Answer:
        team = self._within("users.list", arguments)
        people = list(self._world.users.values())
        if self._world.whole:
            people = [p for p in people if team in (p["team_id"], *p.get("enterprise_user", {}).get("teams", ()))]
        return self._page(arguments, "members", people)

    def _groups(self, arguments: Arguments) -> Answer:
        """https://docs.slack.dev/reference/methods/usergroups.list"""
        team = self._within("usergroups.list", arguments)
        shown = {"users"} if arguments.get("include_users") == "true" else set()
        groups = [group for group in self._world.usergroups if group["team_id"] == team]
        return {"usergroups": [{k: v for k, v in g.items() if k != "users" or k in shown} for g in groups]}

    # --- reading ------------------------------------------------------------------------

    def _channel(self, channel: str) -> Answer:
        if channel not in self._world.channels:
            raise SlackError("channel_not_found")
        return self._world.channels[channel]

    def _user(self, arguments: Arguments) -> Answer:
        if arguments["user"] not in self._world.users:
            raise SlackError("user_not_found")
        return {"user": self._world.users[arguments["user"]]}

    def _members(self, arguments: Arguments) -> Answer:
        self._channel(arguments["channel"])
        return self._page(arguments, "members", self._world.members[arguments["channel"]])

    def _direct(self, arguments: Arguments) -> Answer:
        user = self._world.users.get(arguments["users"])
        if user is None:
            raise SlackError("user_not_found")
        if user["deleted"]:
            raise SlackError("user_disabled")
        if user["is_bot"]:
            raise SlackError("cannot_dm_bot")
        return {"channel": {"id": self._world.dm(user["id"])}}

    def _permalink(self, arguments: Arguments) -> Answer:
        channel, ts = str(arguments["channel"]), str(arguments["message_ts"])
        self._channel(channel)
        message = self._world.find(channel, ts)
        if message is None:
            raise SlackError("message_not_found")
        address = f"https://example.slack.com/archives/{channel}/p{ts.replace('.', '')}"
        root = message.get("thread_ts", ts)
        return {"channel": channel, "permalink": address if root == ts else f"{address}?thread_ts={root}&cid={channel}"}

    def _history(self, arguments: Arguments) -> list[Answer]:
        self._channel(arguments["channel"])
        oldest = arguments.get("oldest", "0")
        messages = self._world.messages[arguments["channel"]]
        roots = [copy.deepcopy(m) for m in messages if m.get("thread_ts", m["ts"]) == m["ts"] and m["ts"] > oldest]
        for root in roots:
            count = len(self._world.thread(arguments["channel"], root["ts"])) - 1
            root.update({"reply_count": count, "thread_ts": root["ts"]} if count else {})
            self._hide(root, arguments)
        return roots[::-1]

    def _replies(self, arguments: Arguments) -> Answer:
        latest = arguments.get("latest", "9")
        thread = [m for m in self._world.thread(arguments["channel"], arguments["ts"]) if m["ts"] < latest]
        thread = copy.deepcopy(thread)
        if not thread:
            raise SlackError("thread_not_found")
        for message in thread:
            self._hide(message, arguments)
        return self._page(arguments, "messages", thread)

    def _hide(self, message: Answer, arguments: Arguments) -> None:
        if arguments.get("include_all_metadata") != "true" and "metadata" in message:
            message["metadata"] = {}

    def _page(self, arguments: Arguments, key: str, items: list[Any]) -> Answer:
        start, limit = int(arguments.get("cursor") or 0), int(arguments.get("limit") or 100)
        if not 1 <= limit <= 1_000:
            raise self._complain("invalid_limit")
        more = str(start + limit) if start + limit < len(items) else ""
        return {key: items[start : start + limit], "response_metadata": {"next_cursor": more}}

    # --- writing ------------------------------------------------------------------------

    def _target(self, arguments: Arguments) -> str:
        channel = str(arguments["channel"])
        self._channel(channel)
        if self._world.bot_user not in self._world.members[channel]:
            # What an app may not see is not there: a private channel that it has left.
            raise SlackError("not_in_channel" if self._world.kind(channel) == "channel" else "channel_not_found")
        if channel in self._world.closed:
            raise SlackError(self._world.closed[channel])
        root = arguments.get("thread_ts")
        if root is not None and not self._world.thread(channel, root):
            self._world.complaints.append(f"a reply to {root}, where no thread is")
        return channel

    def _taken(self, arguments: Arguments, *, update: bool) -> None:
        """Whether the message is in order, and taken here."""
        self._check(slack_checks.message(arguments, update=update))
        blocks = arguments.get("blocks") or []
        if self._world.dislikes & slack_checks.types(blocks):
            raise SlackError("invalid_blocks")
        if len(arguments.get("text") or "") + (slack_checks.size(blocks) if blocks else 0) > self._world.most_text:
            raise SlackError("msg_too_long")

    def _status(self, arguments: Arguments) -> Answer:
        """https://docs.slack.dev/reference/methods/assistant.threads.setStatus"""
        channel, thread = str(arguments["channel_id"]), str(arguments["thread_ts"])
        self._channel(channel)
        if self._world.bot_user not in self._world.members[channel]:
            raise SlackError("channel_not_found")
        if not self._world.thread(channel, thread):
            raise SlackError("invalid_thread_ts")
        if not isinstance(arguments.get("status"), str):
            raise self._complain("invalid_arguments: setStatus without a status")
        if arguments["status"]:
            self._world.statuses[channel, thread] = arguments["status"]
        else:
            self._world.statuses.pop((channel, thread), None)
        return {}

    def _ephemeral(self, arguments: Arguments) -> Answer:
        """Delivery is not guaranteed: https://docs.slack.dev/reference/methods/chat.postEphemeral"""
        channel, user = self._target(arguments), str(arguments["user"])
        if user not in self._world.members[channel]:
            raise SlackError("user_not_in_channel")
        self._taken(arguments, update=False)
        if user not in self._world.away:
            self._world.ephemerals[channel, user].append({"text": arguments.get("text")})
        return {"message_ts": self._world.stamp()}

    def _post(self, arguments: Arguments) -> Answer:
        channel = self._target(arguments)
        self._taken(arguments, update=False)
        if arguments.get("unfurl_links") is not False or arguments.get("unfurl_media") is not False:
            self._world.complaints.append("links of a message would be unfurled")
        kept = {k: arguments[k] for k in ("text", "blocks", "metadata", "thread_ts") if arguments.get(k) is not None}
        message = {"type": "message", "user": self._world.bot_user, "bot_id": self._world.bot_id, **kept}
        message["ts"] = self._world.stamp()
        self._world.messages[channel].append(message)
        self._world.statuses.pop((channel, message.get("thread_ts", message["ts"])), None)
        return {"channel": channel, "ts": message["ts"], "message": message}

    def _update(self, arguments: Arguments) -> Answer:
        channel = self._target(arguments)
        self._taken(arguments, update=True)
        message = self._world.find(channel, arguments["ts"])
        if message is None:
            raise SlackError("message_not_found")
        if message.get("bot_id") != self._world.bot_id:
            raise self._complain("cant_update_message: of somebody else")
        for key in ("text", "blocks", "metadata"):
            if arguments.get(key) is not None:
                message[key] = arguments[key]
        return {"channel": channel, "ts": message["ts"], "text": message.get("text", "")}

    def _view(self, arguments: Arguments) -> Answer:
        opened = self._world.triggers.pop(arguments["trigger_id"], None)
        if opened is None:
            raise self._complain("invalid_trigger_id: views.open with an unknown or used trigger")
        if time.monotonic() - opened > self._world.trigger_seconds:
            raise self._complain("expired_trigger_id: views.open too long after the click")
        self._check(slack_checks.view(arguments["view"]))
        view = {**arguments["view"], "id": f"V{secrets.token_hex(5).upper()}"}
        self._world.views[view["id"]] = view
        self._world.viewed.set()
        return {"view": view}

    def _view_update(self, arguments: Arguments) -> Answer:
        self._check(slack_checks.view(arguments["view"]))
        if arguments["view_id"] not in self._world.views:
            raise self._complain("not_found: views.update of an unknown view")
        self._world.views[arguments["view_id"]] = {**arguments["view"], "id": arguments["view_id"]}
        return {"view": self._world.views[arguments["view_id"]]}

    def _prompts(self, arguments: Arguments) -> Answer:
        if "thread_ts" in arguments:
            self._world.complaints.append("setSuggestedPrompts with thread_ts fails silently in an agent view")
        prompts = arguments["prompts"]
        if not 1 <= len(prompts) <= 4 or any(set(p) != {"title", "message"} for p in prompts):
            raise self._complain("invalid_arguments: prompts")
        self._world.prompts[arguments["channel_id"]] = prompts
        return {}
