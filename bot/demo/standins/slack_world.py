"""The state of the small Slack: people, channels, messages, and the events that people's acts cause."""

from __future__ import annotations

import asyncio
import copy
import itertools
import json
import re
import secrets
import time
from collections import Counter, defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

TEAM = "T0FOOTNOTE"
GRID_TEAM = "T0GRIDONE"  # a workspace of an organisation
BOT_USER = "U0FOOTNOTE"
BOT_ID = "B0FOOTNOTE"
_MENTIONED = re.compile(r"<@(\w+)(?:\|[^<>]*)?>")
PLACES = {"channel": "C", "group": "G", "mpim": "G", "im": "D"}


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the Web API as it arrived."""

    method: str
    arguments: Mapping[str, Any]
    headers: Mapping[str, str]
    raw: bytes
    ok: bool


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with a call. `done`: it is carried out first, and then looks as if it failed.

    `plain` answers with text instead of JSON, `wait` is a Retry-After of any form.
    """

    status: int = 200
    error: str = ""
    retry_after: int | None = None
    hang: float = 0.0
    drop: bool = False
    done: bool = False
    plain: str = ""
    wait: str = ""


@dataclass(slots=True)
class World:
    team: str = TEAM
    trigger_seconds: float = 3.0
    bot_user: str = BOT_USER
    bot_id: str = BOT_ID
    users: dict[str, dict[str, Any]] = field(default_factory=dict)
    usergroups: list[dict[str, Any]] = field(default_factory=list)
    """Each with its `team_id`."""
    granted: list[str] = field(default_factory=lambda: [GRID_TEAM])
    """Workspaces of an organisation that the app was added to."""
    channels: dict[str, dict[str, Any]] = field(default_factory=dict)
    members: dict[str, list[str]] = field(default_factory=dict)
    messages: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    views: dict[str, dict[str, Any]] = field(default_factory=dict)
    viewed: asyncio.Event = field(default_factory=asyncio.Event)
    prompts: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    received: list[bytes] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    faults: dict[str, deque[Fault | None]] = field(default_factory=lambda: defaultdict(deque))
    """What becomes of the next calls of a method; None: one that goes as usual."""
    scopes: set[str] | None = None
    revoked: str = ""
    """What every call with the bot's token is answered: token_revoked, account_inactive or the like."""
    tickets: set[str] = field(default_factory=set)
    secrets: list[str] = field(default_factory=list)
    triggers: dict[str, float] = field(default_factory=dict)
    hears_channels: bool = True
    minute: float = 0.0
    """Seconds that count as the minute of the rate limits by tier; 0: no limits."""
    limited: Counter[str] = field(default_factory=Counter)
    """Calls answered with 429 for the tier's sake, by method."""
    statuses: dict[tuple[str, str], str] = field(default_factory=dict)
    """What stands under a thread while an app is at work: Slack takes it away with the app's next message there."""
    closed: dict[str, str] = field(default_factory=dict)
    """Channels where nothing may be posted, and the code that says so, such as restricted_action or is_archived."""
    dislikes: set[str] = field(default_factory=set)
    """Types of blocks and elements that are refused, however well made: invalid_blocks."""
    most_text: int = 40_000
    """Characters of a message, blocks included; more is msg_too_long."""
    away: set[str] = field(default_factory=set)
    """People who are not at Slack now: what is shown to them alone is lost."""
    ephemerals: dict[tuple[str, str], list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    """By channel and person, until that person reloads."""
    _clock: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        self.add_user(self.bot_user, "Footnote", is_bot=True)

    # --- who and where ------------------------------------------------------------------

    def add_user(self, user: str, name: str, email: str = "", **flags: Any) -> str:
        """A person, with the flags of users.info, e.g. is_restricted=True or team_id="T0OTHER"."""
        profile = {"display_name": name, **({"email": email} if email else {})}
        known = {"team_id": self.team, "is_bot": False, "deleted": False, "is_email_confirmed": bool(email)}
        self.users[user] = {"id": user, "name": name, "profile": profile, **known, **flags}
        return user

    def add_group(self, group: str, handle: str, *users: str, team: str = "") -> None:
        """A user group of a workspace."""
        shape = {"id": group, "team_id": team or self.team, "handle": handle, "users": list(users), "date_delete": 0}
        self.usergroups.append(shape)

    def add_channel(self, name: str, *people: str, kind: str = "channel", **flags: Any) -> str:
        """A channel with the bot and these people in it; kind "channel", "group" (private), "mpim" or "im"."""
        channel = f"{PLACES[kind]}{len(self.channels):08X}"
        shape = {"id": channel, "name": name, "is_im": kind == "im", "is_mpim": kind == "mpim"}
        shared = {"is_private": kind != "channel", "is_ext_shared": False, "is_pending_ext_shared": False}
        self.channels[channel] = shape | shared | flags
        self.members[channel] = [self.bot_user, *people]
        return channel

    def dm(self, user: str) -> str:
        """The direct channel of a person and the bot."""
        for channel, shape in self.channels.items():
            if shape["is_im"] and user in self.members[channel]:
                return channel
        return self.add_channel("", user, kind="im", user=user)

    def kind(self, channel: str) -> str:
        shape = self.channels[channel]
        if shape["is_im"]:
            return "im"
        return "mpim" if shape["is_mpim"] else ("group" if shape["is_private"] else "channel")

    def name_of(self, message: Mapping[str, Any]) -> str:
        return str(self.users.get(message.get("user", ""), {}).get("name", message.get("user", "somebody")))

    @property
    def whole(self) -> bool:
        """Whether the app is installed for a whole Grid organisation, of which `team` is the id then."""
        return self.team.startswith("E")

    # --- messages -----------------------------------------------------------------------

    def stamp(self) -> str:
        return f"{int(time.time())}.{next(self._clock):06d}"

    def write(self, user: str, channel: str, text: str, thread: str | None, **more: Any) -> str:
        ts = self.stamp()
        shape = {"type": "message", "user": user, "text": text, "ts": ts, "team": self.team, **more}
        if thread is not None:
            shape["thread_ts"] = thread
        self.messages[channel].append(shape)
        return ts

    def find(self, channel: str, ts: str) -> dict[str, Any] | None:
        return next((m for m in self.messages[channel] if m["ts"] == ts), None)

    def thread(self, channel: str, root: str) -> list[dict[str, Any]]:
        return [m for m in self.messages[channel] if m.get("thread_ts", m["ts"]) == root]

    def replies(self, channel: str, root: str) -> list[dict[str, Any]]:
        """The bot's messages in a thread."""
        return [m for m in self.thread(channel, root) if m.get("bot_id") == self.bot_id]

    def reload(self, user: str) -> None:
        """A person opens Slack anew, or on another device: ephemeral messages are gone."""
        for place in [p for p in self.ephemerals if p[1] == user]:
            del self.ephemerals[place]

    # --- events -------------------------------------------------------------------------

    def envelope(self, event: dict[str, Any], channel: str | None = None) -> dict[str, Any]:
        shared = bool(channel and self.channels[channel].get("is_ext_shared"))
        return {
            "type": "event_callback",
            "token": "legacy",
            "team_id": GRID_TEAM if self.whole else self.team,
            "api_app_id": "A0FOOTNOTE",
            "event": {"event_ts": self.stamp(), **event},
            "event_id": f"Ev{secrets.token_hex(5).upper()}",
            "event_time": int(time.time()),
            "authorizations": [{"user_id": self.bot_user, "is_bot": True, **self._authorized()}],
            "is_ext_shared_channel": shared,
        }

    def _authorized(self) -> dict[str, Any]:
        """Which installation an event is for: https://docs.slack.dev/apis/events-api/#authorizations"""
        if self.whole:
            return {"enterprise_id": self.team, "team_id": GRID_TEAM, "is_enterprise_install": True}
        return {"team_id": self.team}

    def message_events(self, channel: str, ts: str) -> list[dict[str, Any]]:
        """In a channel a mention comes as `app_mention` and, when the app hears channels, as `message` too."""
        message = copy.deepcopy(self.find(channel, ts))
        assert message is not None
        kind, events = self.kind(channel), []
        if kind != "im" and self.bot_user in _MENTIONED.findall(message["text"]):
            events.append({**message, "type": "app_mention", "channel": channel})
        if kind in ("im", "mpim") or self.hears_channels:
            events.append({**message, "channel": channel, "channel_type": kind})
        return [self.envelope(event, channel) for event in events]

    def edited(self, channel: str, ts: str, text: str) -> dict[str, Any]:
        message = self.find(channel, ts)
        assert message is not None
        before = copy.deepcopy(message)
        message["text"], message["edited"] = text, {"user": message["user"], "ts": self.stamp()}
        return self._change("message_changed", channel, {"message": copy.deepcopy(message), "previous_message": before})

    def deleted(self, channel: str, ts: str) -> dict[str, Any]:
        message = self.find(channel, ts)
        assert message is not None
        self.messages[channel].remove(message)
        return self._change("message_deleted", channel, {"deleted_ts": ts, "previous_message": message})

    def _change(self, subtype: str, channel: str, more: dict[str, Any]) -> dict[str, Any]:
        head = {"type": "message", "subtype": subtype, "channel": channel, "channel_type": self.kind(channel)}
        return self.envelope({**head, "hidden": True, "ts": self.stamp(), **more}, channel)

    def opened(self, user: str) -> dict[str, Any]:
        return self.envelope({"type": "app_home_opened", "user": user, "channel": self.dm(user), "tab": "messages"})

    # --- clicks -------------------------------------------------------------------------

    def new_ticket(self) -> str:
        ticket = secrets.token_hex(16)
        self.tickets.add(ticket)
        self.secrets.append(ticket)
        return ticket

    def new_trigger(self) -> str:
        trigger = secrets.token_hex(8)
        self.triggers[trigger] = time.monotonic()
        return trigger

    def pressed(self, user: str, message: dict[str, Any], action_id: str, value: str) -> dict[str, Any]:
        assert f'"{value}"' in json.dumps(message["blocks"]), f"the message has no control of the value {value}"
        channel = next((c for c, all_ in self.messages.items() if message in all_), message.get("channel"))
        menu = "static_select" in json.dumps(message["blocks"]) and action_id.endswith("passage")
        chosen = {"selected_option": {"value": value}} if menu else {"value": value}
        container = {"type": "message", "message_ts": message["ts"], "channel_id": channel}
        if message.get("thread_ts"):
            container["thread_ts"] = message["thread_ts"]
        return {
            "type": "block_actions",
            "user": {"id": user, "team_id": self.team},
            **self._pressed_in(),
            "api_app_id": "A0FOOTNOTE",
            "container": container,
            "channel": {"id": channel},
            "message": message,
            "trigger_id": self.new_trigger(),
            "actions": [{"action_id": action_id, "action_ts": self.stamp(), "block_id": "b", **chosen}],
        }

    def _pressed_in(self) -> dict[str, Any]:
        if self.whole:
            grid = {"enterprise": {"id": self.team, "name": "The organisation"}, "is_enterprise_install": True}
            return {"team": {"id": GRID_TEAM, "enterprise_id": self.team}, **grid}
        return {"team": {"id": self.team}, "is_enterprise_install": False}

    def submitted(self, user: str, view: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
        return {
            "type": "view_submission",
            "user": {"id": user, "team_id": self.team},
            **self._pressed_in(),
            "trigger_id": self.new_trigger(),
            "view": {**view, "state": {"values": values}},
        }
