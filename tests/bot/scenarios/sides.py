"""The two platforms behind the same few acts, so that one table of scenarios plays on both.

People act (`say`, `edit`, ...), the platform misbehaves (`trouble`), and `seen` tells what somebody sees of the bot.
"""

from __future__ import annotations

import asyncio
import copy
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol
from urllib.parse import urlsplit

from bot.answering.memory import ThreadMemory
from bot.demo.standins import slack_text
from bot.demo.standins import teams as teams_standin
from bot.demo.standins.slack import SlackStandIn
from bot.demo.standins.slack_world import Fault as SlackFault
from bot.demo.standins.teams import Person, Said, TeamsPlace, TeamsStandin
from bot.demo.standins.teams_checks import as_text, elements
from bot.ports import ChatAdapter, Intake, Viewer
from bot.settings.values import Settings
from bot.slack.adapter import SlackPlatform
from bot.slack.render import EXPERT, PASSAGE
from bot.teams import events as teams_events
from bot.teams.adapter import TeamsPlatform
from bot.texts import ASKED_IN
from tests.servers.slack import config_for, patient_slack
from tests.waiting import LOOK_S

OTHER_TENANT = "99999999-9999-4999-8999-999999999999"
PEOPLE = {
    "ada": "ada@example.com",
    "bob": "bob@example.com",
    "tom": "tom@example.com",  # of the board
    "gil": "gil@partner.example",  # a guest
    "sam": "sam@other.example",  # of another organisation
}
PLACES = ("channel", "private channel", "shared channel", "direct", "group")
TROUBLES = ("busy", "error", "hangs", "drops", "lost", "down")
"""429 with Retry-After; 500; no answer in time; a cut connection; done but answered 500; 500 until `mend`."""

HANG_S = 3_600.0  # until the scenario ends
PATIENT_S = 60.0
"""How long the adapters wait for an answer: a busy machine alone makes no call late."""
IMPATIENT_S = 4.0
"""The same where the platform hangs."""

SLACK_CALLS = {
    "status": "assistant.threads.setStatus",
    "answer": "chat.postMessage",
    "private": "conversations.open",
    "people": "conversations.members",
}
SLACK_TROUBLE = {
    "busy": [SlackFault(status=429, retry_after=1)],
    "error": [SlackFault(status=500)],
    "hangs": [SlackFault(status=500, hang=HANG_S)],
    "drops": [SlackFault(drop=True)],
    "lost": [SlackFault(status=500, done=True)],
    "down": [SlackFault(status=500)] * 100,
}
TEAMS_CALLS = {
    "status": ("POST", "/activities", b'"typing"'),
    "answer": ("POST", "/activities", b'"message"'),
    "private": ("POST", "/v3/conversations", b'"members"'),
    "people": ("GET", "members", b""),
}


@dataclass(frozen=True, slots=True)
class Message:
    """Something a person wrote: where, and what names it there."""

    who: str
    place: str
    id: str
    thread: str


class Side(Protocol):
    name: str
    timeout: float
    """Of the adapter, in seconds."""

    def adapter(self, intake: Intake, viewer: Viewer, memory: ThreadMemory, made: Settings) -> ChatAdapter: ...

    async def connected(self, port: int) -> None:
        """The adapter has started, behind this port."""
        ...

    def open_place(self, kind: str, *members: str) -> str:
        """A place with these people; its name. `direct` is the chat of the first of them with the bot."""
        ...

    async def say(self, who: str, place: str, text: str, thread: str | None, *, mention: bool) -> Message: ...

    async def again(self, message: Message) -> None:
        """The platform delivers the same event once more."""
        ...

    async def edit(self, message: Message, text: str) -> None: ...

    async def delete(self, message: Message) -> None: ...

    async def robot(self, place: str, text: str) -> None:
        """Another bot mentions ours."""
        ...

    async def rate(self, who: str, place: str, *, up: bool) -> None:
        """A thumb under the newest message of the bot that this person sees."""
        ...

    async def show_passage(self, who: str, place: str) -> tuple[str, list[str]]:
        """This person presses "Show the passage" at the newest source they see: the window's words, what is marked."""
        ...

    async def call_expert(self, who: str, place: str) -> None:
        """This person presses the button of the newest message that has one."""
        ...

    async def break_off(self, message: Message) -> None:
        """The connection breaks while the platform delivers a message; it delivers it again over another."""
        ...

    def trouble(self, kind: str, what: str) -> None:
        """What goes wrong with the next "status", "answer", "private" or "people" call."""
        ...

    def mend(self) -> None: ...

    def seen(self, who: str, place: str) -> list[str]:
        """The bot's messages in a place as they stand, then those that only this person sees."""
        ...

    def at_work(self, place: str) -> bool:
        """Whether the platform shows, or in Teams has shown, that the bot is at work there."""
        ...

    def received(self) -> bytes:
        """Every byte that the bot sent."""
        ...

    def markup(self) -> str:
        """Everything that the bot sent to where the platform reads mark-up."""
        ...

    def complaints(self) -> Sequence[str]:
        """What the real platform would have refused."""
        ...


@dataclass
class SlackSide:
    by_http: bool = False
    name: str = "slack"
    timeout: float = PATIENT_S
    slack: SlackStandIn = field(default_factory=patient_slack)
    said: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        flags: dict[str, dict[str, Any]] = {
            "gil": {"is_restricted": True},
            "sam": {"team_id": "T0OTHER", "is_stranger": True},
        }
        for who, email in PEOPLE.items():
            self.slack.world.add_user(self._user(who), who.title(), email, **flags.get(who, {}))

    def _user(self, who: str) -> str:
        return f"U0{who.upper()}"

    def adapter(self, intake: Intake, viewer: Viewer, memory: ThreadMemory, made: Settings) -> ChatAdapter:
        config = config_for(self.slack, socket=not self.by_http)
        follow, rules = made.follow_up_without_mention, made.unmentioned
        config = replace(config, timeout=self.timeout, tries=3, follow_up_without_mention=follow, unmentioned=rules)
        return SlackPlatform(config, intake, viewer, memory.knows)

    async def connected(self, port: int) -> None:
        if self.by_http:
            self.slack.http_url = f"http://127.0.0.1:{port}/slack/events"
        else:
            await self.slack.connected()

    def open_place(self, kind: str, *members: str) -> str:
        users = [self._user(who) for who in members]
        world = self.slack.world
        if kind == "direct":
            return world.dm(users[0])
        slack_kind = {"channel": "channel", "private channel": "group", "shared channel": "channel", "group": "mpim"}
        return world.add_channel(kind, *users, kind=slack_kind[kind], is_ext_shared=kind == "shared channel")

    async def say(self, who: str, place: str, text: str, thread: str | None, *, mention: bool) -> Message:
        world = self.slack.world
        direct = world.kind(place) == "im"
        written = f"<@{world.bot_user}> {text}" if mention and not direct else text
        ts = world.write(self._user(who), place, written, thread)
        events = world.message_events(place, ts)
        for event in events:
            if who == "sam" and direct:
                event["team_id"] = "T0OTHER"
            await self.slack.deliver(event)
        self.said[ts] = events
        return Message(who, place, ts, thread or ts)

    async def again(self, message: Message) -> None:
        for n, event in enumerate(self.said[message.id], 1):
            await self.slack.deliver(copy.deepcopy(event), retry=n)

    async def edit(self, message: Message, text: str) -> None:
        await self.slack.edit(message.place, message.id, f"<@{self.slack.world.bot_user}> {text}")

    async def delete(self, message: Message) -> None:
        await self.slack.delete(message.place, message.id)

    async def robot(self, place: str, text: str) -> None:
        world = self.slack.world
        user = world.add_user("U0ROBOT", "Robot", is_bot=True)
        await self.slack.say(user, place, f"<@{world.bot_user}> {text}", bot_id="B0ROBOT")

    async def rate(self, who: str, place: str, *, up: bool) -> None:
        message = next(m for m in reversed(self._shown(who, place)) if "context_actions" in json.dumps(m.get("blocks")))
        (value,) = {
            button["value"]
            for block in message["blocks"] if block["type"] == "context_actions"
            for element in block["elements"]
            for button in [element["positive_button" if up else "negative_button"]]
        }  # fmt: skip
        await self.slack.press(self._user(who), message, "footnote_feedback", value)

    async def show_passage(self, who: str, place: str) -> tuple[str, list[str]]:
        message, value = self._button(who, place, PASSAGE)
        self.slack.world.viewed.clear()
        await self.slack.press(self._user(who), message, PASSAGE, value)
        view = await self.slack.window()
        while "Reading…" in json.dumps(view, ensure_ascii=False):
            await asyncio.sleep(LOOK_S)
            view = await self.slack.window()
        lines = list(slack_text.lines(view["blocks"]))
        return "\n".join(lines), [line.removeprefix("│ ") for line in lines if line.startswith("│ ")]

    async def call_expert(self, who: str, place: str) -> None:
        message, value = self._button(who, place, EXPERT)
        await self.slack.press(self._user(who), message, EXPERT, value)

    def _button(self, who: str, place: str, action: str) -> tuple[dict[str, Any], str]:
        """The newest message with such a button, and the button's value; private ones are newest."""
        return next(
            (message, str(element["value"]))
            for message in reversed(self._shown(who, place))
            for block in message.get("blocks", ()) if block["type"] == "actions"
            for element in block["elements"] if element["action_id"] == action
        )  # fmt: skip

    async def break_off(self, message: Message) -> None:
        before = list(self.slack.sockets)
        await self.slack.drop_sockets()
        await self.slack.reconnected(before)
        await self.again(message)

    def trouble(self, kind: str, what: str) -> None:
        self.slack.world.faults[SLACK_CALLS[what]].extend(SLACK_TROUBLE[kind])

    def mend(self) -> None:
        self.slack.world.faults.clear()

    def _mine(self, place: str) -> list[dict[str, Any]]:
        world = self.slack.world
        return [m for m in world.messages[place] if m.get("bot_id") == world.bot_id]

    def _alone(self, who: str) -> list[dict[str, Any]]:
        """What this person alone sees."""
        back = ASKED_IN.partition("{")[0]  # the link to where it was asked, which Teams does not have
        return [m for m in self._mine(self.slack.world.dm(self._user(who))) if not m["text"].startswith(back)]

    def _shown(self, who: str, place: str) -> list[dict[str, Any]]:
        """What the bot wrote in a place and to this person alone, as it came."""
        both = {m["ts"]: m for m in (*self._mine(place), *self._alone(who))}
        return [both[ts] for ts in sorted(both)]

    def seen(self, who: str, place: str) -> list[str]:
        world, user = self.slack.world, self._user(who)
        common = self._mine(place) if user in world.members[place] else []
        alone = [m for m in self._alone(who) if m not in common]
        return ["\n".join(slack_text.message_lines(m)) for m in (*common, *alone)]

    def at_work(self, place: str) -> bool:
        return any(channel == place for channel, _ in self.slack.world.statuses)

    def received(self) -> bytes:
        return b"\n".join(self.slack.world.received)

    def markup(self) -> str:
        return "\n".join(_marked(call.arguments) for call in self.slack.world.calls)

    def complaints(self) -> Sequence[str]:
        return self.slack.complaints


@dataclass
class TeamsSide:
    name: str = "teams"
    timeout: float = PATIENT_S
    teams: TeamsStandin = field(default_factory=TeamsStandin)
    places: dict[str, TeamsPlace] = field(default_factory=dict)
    said: dict[str, Said] = field(default_factory=dict)
    port: int = 0

    def _fault(self, kind: str, method: str, path: str, holds: bytes) -> teams_standin.TeamsFault:
        fault = self._of_kind(kind, method, path)
        fault.holds = holds
        return fault

    def _of_kind(self, kind: str, method: str, path: str) -> teams_standin.TeamsFault:
        match kind:
            case "busy":
                return teams_standin.TeamsFault(429, 1, path, method, {"Retry-After": "1"})
            case "hangs":
                return teams_standin.TeamsFault(500, 1, path, method, delay=HANG_S)
            case "drops":
                return teams_standin.TeamsFault(500, 1, path, method, drop=True)
            case "lost":
                return teams_standin.TeamsFault(0, 1, path, method, lost=True)
            case "down":
                return teams_standin.TeamsFault(500, 1_000_000, path, method)
        return teams_standin.TeamsFault(500, 1, path, method)

    def _person(self, who: str) -> Person:
        tenant = OTHER_TENANT if who == "sam" else teams_standin.TENANT
        return Person(who.title(), PEOPLE[who], tenant, "guest" if who == "gil" else "user")

    def adapter(self, intake: Intake, viewer: Viewer, memory: ThreadMemory, made: Settings) -> ChatAdapter:
        follow, rules = made.follow_up_without_mention, made.unmentioned
        config = self.teams.config(timeout=self.timeout, tries=3, follow_up_without_mention=follow, unmentioned=rules)
        return TeamsPlatform(config, intake, viewer=viewer, knows_thread=memory.knows)

    async def connected(self, port: int) -> None:
        self.teams.endpoint = f"http://127.0.0.1:{port}/teams/messages"

    def open_place(self, kind: str, *members: str) -> str:
        people = [self._person(who) for who in members]
        if kind == "direct":
            place = self.teams.personal(people[0])
        elif kind == "group":
            place = self.teams.place("groupChat", *people)
        else:
            types = {"private channel": "private", "shared channel": "shared"}
            place = self.teams.place("channel", *people, channel_type=types.get(kind, "standard"), name=kind)
        self.places[place.id] = place
        return place.id

    async def say(self, who: str, place: str, text: str, thread: str | None, *, mention: bool) -> Message:
        where = self.places[place]
        mentioned = mention and where.kind != "personal"
        said = await self.teams.say(where, self._person(who), text, thread=thread or "", mention=mentioned)
        self.said[said.id] = said
        return Message(who, place, said.id, said.thread)

    async def again(self, message: Message) -> None:
        await self.teams.deliver(self.said[message.id].activity)

    async def edit(self, message: Message, text: str) -> None:
        await self._changed(message, "messageUpdate", "editMessage", text)

    async def delete(self, message: Message) -> None:
        await self._changed(message, "messageDelete", "softDeleteMessage")

    async def _changed(self, message: Message, kind: str, event: str, text: str = "") -> None:
        activity = copy.deepcopy(self.said[message.id].activity)
        if text:
            before = self.teams.message(self.places[message.place], self._person(message.who), text)
            activity |= {"text": before["text"], "attachments": before["attachments"]}
        activity["type"] = kind
        activity["channelData"]["eventType"] = event
        await self.teams.deliver(activity)

    async def robot(self, place: str, text: str) -> None:
        activity = self.teams.message(self.places[place], self._person("bob"), text)
        activity["from"] = {"id": "28:another-bot", "name": "Robot", "role": "bot"}
        await self.teams.deliver(activity)

    async def rate(self, who: str, place: str, *, up: bool) -> None:
        await self.teams.rate(self._visible(who, place)[-1], self._person(who), up)

    async def show_passage(self, who: str, place: str) -> tuple[str, list[str]]:
        answer, _ = self._button(who, place, teams_events.PASSAGE)
        card = await self.teams.passage_card(answer, self._person(who), 1)
        assert isinstance(card, dict), card
        marked = [str(e["text"]) for e in elements(card["content"]) if e.get("highlight")]
        return as_text({"attachments": [card]}), marked

    async def call_expert(self, who: str, place: str) -> None:
        answer, data = self._button(who, place, teams_events.EXPERT)
        press = self.teams.activity("message", self.places[place], self._person(who), thread=answer.thread)
        await self.teams.deliver(press | {"value": data, "replyToId": answer.id})

    def _button(self, who: str, place: str, name: str) -> tuple[Said, dict[str, Any]]:
        """The newest message with such a button, and the button's data."""
        return next(
            (said, element["data"])
            for said in reversed(self._visible(who, place))
            for attachment in said.activity.get("attachments") or ()
            for element in elements(attachment["content"])
            if element.get("type") == "Action.Submit" and name in element["data"]
        )

    async def break_off(self, message: Message) -> None:
        body = json.dumps(self.said[message.id].activity).encode()
        address = urlsplit(self.teams.endpoint)
        _, writer = await asyncio.open_connection(address.hostname, address.port)
        head = (
            f"POST {address.path} HTTP/1.1\r\nHost: {address.netloc}\r\nAuthorization: Bearer {self.teams.sign()}\r\n"
        )
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body[: len(body) // 2])
        await writer.drain()
        writer.transport.abort()
        await self.again(message)

    def trouble(self, kind: str, what: str) -> None:
        self.teams.faults.append(self._fault(kind, *TEAMS_CALLS[what]))

    def mend(self) -> None:
        self.teams.faults.clear()

    def _visible(self, who: str, place: str) -> list[Said]:
        person = self._person(who)
        where = self.teams.personal(person) if self.places[place].kind != "personal" else None
        common = self.teams.answers(self.places[place]) if person in self.places[place].members else []
        return [*common, *(self.teams.answers(where) if where is not None else [])]

    def seen(self, who: str, place: str) -> list[str]:
        return [as_text(said.activity) for said in self._visible(who, place)]

    def at_work(self, place: str) -> bool:
        sent = (r for r in self.teams.received if place in r.path and r.path.endswith("/activities"))
        return any(json.loads(r.body).get("type") == "typing" for r in sent)  # taken or not

    def received(self) -> bytes:
        bodies = [r.body for r in self.teams.received]
        return b"\n".join([*bodies, *(json.dumps(s.activity, ensure_ascii=False).encode() for s in self.teams.said
                                      if s.by == self.teams.bot)])  # fmt: skip

    def markup(self) -> str:
        return "\n".join(str(said.activity.get("text")) for said in self.teams.said if said.by == self.teams.bot)

    def complaints(self) -> Sequence[str]:
        return self.teams.refused


def _marked(value: Any) -> str:
    """The fallback text of a message, and every mrkdwn element below it."""
    if isinstance(value, dict):
        found = (
            [str(value["text"])] if value.get("type") == "mrkdwn" or ("channel" in value and "text" in value) else []
        )
        return "\n".join([*found, *(_marked(inner) for inner in value.values())])
    return "\n".join(_marked(inner) for inner in value) if isinstance(value, list) else ""
