"""From a Slack event to an Incoming. Pure.

Shapes: https://docs.slack.dev/reference/events/message and .../app_mention. A mention in a channel
arrives twice, as `app_mention` and as `message`; both give the same key and the same question.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from audit.record import Json
from bot.answering.channels import Heard
from bot.keys import ChannelKey, ExpertKey
from bot.types import ChannelKind, Incoming, IncomingKind

KINDS = {
    "im": ChannelKind.DIRECT,
    "mpim": ChannelKind.GROUP,
    "channel": ChannelKind.CHANNEL,
    "group": ChannelKind.PRIVATE_CHANNEL,
}
SPOKEN = {"file_share", "thread_broadcast", "me_message"}  # subtypes in which a person says something
_MENTION = re.compile(r"<(?:@|!subteam\^)")
_PERSON = re.compile(r"<@([^<>|]*)(?:\|[^<>]*)?>")
_MARKUP = re.compile(r"<([^<>]*)>")

Event = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the bot is in its workspace, from auth.test."""

    team: str
    user: str
    bot: str


def mentions(text: str, user: str) -> bool:
    """Whether a message's text mentions a person: `<@U0ADA>` or `<@U0ADA|ada>`. Ids may begin alike."""
    return any(match[1] == user for match in _PERSON.finditer(text))


def plain_text(text: str, bot_user: str) -> str:
    """What a person typed, without the mention of the bot and without Slack's markup."""

    def spoken(match: re.Match[str]) -> str:
        body, _, label = match[1].partition("|")
        if body == f"@{bot_user}":
            return " "
        if body.startswith(("@", "#")):
            return f"{body[0]}{label.lstrip('@#') or body[1:]}"
        if body.startswith("!"):
            return label or "@" + body[1:].split("^")[0]
        return label or body.removeprefix("mailto:")

    said = html.unescape(_MARKUP.sub(spoken, text))
    return re.sub(r"[ \t]{2,}", " ", said).strip() if mentions(text, bot_user) else said.strip()


def spoken(message: Event, bot_user: str) -> str:
    """What a message says: its own words, and where there are none those that it forwards."""
    own = plain_text(_text(message), bot_user)
    if own:
        return own
    attachments = message.get("attachments")
    shared = [a for a in attachments if isinstance(a, Mapping)] if isinstance(attachments, Sequence) else []
    return "\n".join(plain_text(_text(a), bot_user) for a in shared if a.get("is_share") or a.get("is_msg_unfurl"))


def workspace(body: Event, me: Identity) -> str:
    """The workspace whose installation an event is for; the organisation, where that has installed the app as a whole.

    The outer `team_id` is where it began, which in a shared channel or on Grid may be another:
    https://docs.slack.dev/apis/events-api/#authorizations, https://docs.slack.dev/enterprise/developing-for-enterprise-orgs
    """
    first = _authorized(body)
    if first.get("is_enterprise_install") is True and first.get("enterprise_id"):
        return str(first["enterprise_id"])
    return str(first.get("team_id") or body.get("team_id") or me.team)


def _authorized(body: Event) -> Mapping[str, Any]:
    authorizations = body.get("authorizations")
    first = authorizations[0] if isinstance(authorizations, Sequence) and authorizations else {}
    return first if isinstance(first, Mapping) else {}


def is_organisation(place: str) -> bool:
    """Whether an id is that of a Grid organisation, rather than of a workspace."""
    return place.startswith("E")


def hear(
    body: Event, me: Identity, allowed: frozenset[str], now: datetime, known: Mapping[str, ChannelKind]
) -> Heard | None:
    """Translate an `event_callback`; None when it is no message, or one of our own.

    `allowed` are the workspaces we answer; `known` are channel kinds seen before, since `app_mention`
    does not tell the kind.
    """
    event: Event = body["event"]
    if event.get("type") not in ("message", "app_mention") or not isinstance(event.get("channel"), str):
        return None
    subtype = str(event["subtype"]) if event.get("subtype") else None
    if subtype in ("message_changed", "message_deleted"):
        return _changed(body, me, allowed, now, known)
    if event.get("user") == me.user or event.get("bot_id") == me.bot or not event.get("ts"):
        return None
    mentioned = event["type"] == "app_mention" or mentions(_text(event), me.user)
    incoming = _incoming(body, event, me, now, known)
    by_bot = event.get("bot_id") or event.get("user") == "USLACKBOT"
    if (subtype is not None and subtype not in SPOKEN) or by_bot or not event.get("user"):
        what = "a message of another bot" if by_bot else f"a message of the kind {subtype}"
        incoming = _ignored(incoming, what)
    elif (foreign := _foreign(body, event, incoming.tenant, allowed)) is not None:
        incoming = _ignored(incoming, f"a question from the workspace {foreign}, which is not allowed")
    elif moment := _edited_at(event):
        incoming = _amended(incoming, moment)  # Slack tells of a mention again when its message is edited
    to_others = _MENTION.search(_text(event)) is not None
    return Heard(incoming, mentioned or incoming.channel_kind is ChannelKind.DIRECT, to_others)


def _foreign(body: Event, event: Event, tenant: str, allowed: frozenset[str]) -> str | None:
    """The workspace that a question comes from, if its people are not answered: another than that of the event, or in a
    shared channel that of whoever writes there."""
    writer = str(event.get("user_team") or event.get("team") or tenant)
    shared = bool(body.get("is_ext_shared_channel"))
    home = tenant
    if is_organisation(tenant):
        if not is_organisation(writer):
            shared = False  # any workspace may be one of the organisation's: people's profiles tell
        if tenant not in allowed:  # then some of its workspaces are, and it was asked in one
            home = str(_within(body, event, tenant).get("workspace") or tenant)
    return next((team for team in (home, writer if shared else home) if team not in allowed), None)


def _changed(
    body: Event, me: Identity, allowed: frozenset[str], now: datetime, known: Mapping[str, ChannelKind]
) -> Heard | None:
    """An edit or a delete of somebody's message: the question as it reads now, or that it is gone."""
    event: Event = body["event"]
    before, after = _inner(event, "previous_message"), _inner(event, "message")
    inner = {**before, **after}
    if inner.get("user") == me.user or inner.get("bot_id") == me.bot or not inner.get("ts"):
        return None
    deleted = event["subtype"] == "message_deleted" or after.get("subtype") == "tombstone"
    if not deleted and _text(before) == _text(after):
        return None  # a link preview, a reply counter: nobody edited anything
    moment = _edited_at(after) or str(event.get("ts") or event.get("event_ts") or "")
    shape = {**inner, "channel": event["channel"], "channel_type": event.get("channel_type")}
    incoming = _incoming(body, shape, me, now, known)
    mentioned = any(mentions(_text(m), me.user) for m in (before, after))
    addressed = mentioned or incoming.channel_kind is ChannelKind.DIRECT
    if deleted:
        ignored = _ignored(incoming, "the question was deleted", f"{incoming.key}:deleted:{moment}")
        return Heard(replace(ignored, amends=incoming.key), addressed)
    if not _asked(inner) or _foreign(body, inner, incoming.tenant, allowed) is not None:
        what = f"the question was edited; it now reads: {incoming.text}"
        return Heard(_ignored(incoming, what, f"{incoming.key}:edited:{moment}"), addressed)
    return Heard(_amended(incoming, moment), addressed, _MENTION.search(_text(after)) is not None and not mentioned)


def _asked(message: Event) -> bool:
    """Whether a person says something in it."""
    by_bot = message.get("bot_id") or message.get("user") == "USLACKBOT"
    return (not message.get("subtype") or message["subtype"] in SPOKEN) and not by_bot and bool(message.get("user"))


def _amended(incoming: Incoming, moment: str) -> Incoming:
    """The question that an edit makes of another one; the same however Slack tells of the edit."""
    return replace(incoming, key=f"{incoming.key}:edited:{moment}", amends=incoming.key)


def _edited_at(message: Event) -> str:
    return str(_inner(message, "edited").get("ts") or "")


def _incoming(body: Event, event: Event, me: Identity, now: datetime, known: Mapping[str, ChannelKind]) -> Incoming:
    team, channel, ts = workspace(body, me), str(event["channel"]), str(event.get("ts") or "")
    kind = KINDS.get(str(event.get("channel_type"))) or known.get(channel)
    if kind is None:
        kind = ChannelKind.DIRECT if channel.startswith("D") else ChannelKind.CHANNEL
    return Incoming(
        key=f"slack:{team}:{channel}:{ts}",
        platform="slack",
        kind=IncomingKind.QUESTION,
        tenant=team,
        user=str(event.get("user") or event.get("bot_id") or ""),
        channel=channel,
        channel_kind=kind,
        thread=str(event.get("thread_ts") or ts),
        message=ts,
        text=spoken(event, me.user),
        received_at=now,
        reference={"external": bool(body.get("is_ext_shared_channel")), **_within(body, event, team)},
    )


def _within(body: Event, event: Event, tenant: str) -> dict[str, Json]:
    """The workspace, where the organisation has installed the app: some calls must name one."""
    team = _authorized(body).get("team_id") or event.get("team") or body.get("team_id")
    return {"workspace": str(team)} if is_organisation(tenant) and team else {}


def _text(message: Event) -> str:
    text = message.get("text")
    return text if isinstance(text, str) else ""


def _inner(event: Event, name: str) -> Event:
    inner = event.get(name)
    return inner if isinstance(inner, Mapping) else {}


def _ignored(incoming: Incoming, what: str, key: str | None = None) -> Incoming:
    return Incoming(
        key=key or incoming.key,
        platform="slack",
        kind=IncomingKind.IGNORED,
        tenant=incoming.tenant,
        user=incoming.user,
        channel=incoming.channel,
        channel_kind=incoming.channel_kind,
        thread=incoming.thread,
        message=incoming.message,
        text=what,
        received_at=incoming.received_at,
        reference=incoming.reference,
    )


def call(click: Mapping[str, Any], record: str, kind: ChannelKind | None, now: datetime) -> Incoming:
    """A press on the button that asks an expert. The same for everybody's press: an expert is asked once."""
    pressed = feedback(click, record, "", "", now)
    key = ExpertKey(ChannelKey.of(pressed), record)
    return replace(pressed, key=str(key), kind=IncomingKind.EXPERT, channel_kind=kind or pressed.channel_kind)


def feedback(click: Mapping[str, Any], record: str, text: str, moment: str, now: datetime) -> Incoming:
    """A thumb, or the reason for one. `click` has team, user, channel, message and thread ids."""
    channel = str(click["channel"])
    return Incoming(
        key=f"slack:{click['team']}:{channel}:{click['message']}:feedback:{click['user']}:{moment}",
        platform="slack",
        kind=IncomingKind.FEEDBACK,
        tenant=str(click["team"]),
        user=str(click["user"]),
        channel=channel,
        channel_kind=ChannelKind.DIRECT if channel.startswith("D") else ChannelKind.CHANNEL,
        thread=str(click["thread"]),
        message=str(click["message"]),
        text=text,
        received_at=now,
        about=record,
    )
