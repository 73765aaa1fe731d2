"""From a Teams activity, as JSON, to what the inbox keeps. Pure.

Activity schema: https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-api-reference#activity-object
"""

from __future__ import annotations

import hashlib
import html
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from html.parser import HTMLParser
from typing import Any

from audit.record import Json
from bot.answering.channels import Heard
from bot.keys import ChannelKey, ExpertKey, RecordRef
from bot.types import ChannelKind, Incoming, IncomingKind

PLATFORM = "teams"
FEEDBACK_INVOKE = "message/submitAction"
PASSAGE_INVOKE = "task/fetch"
PASSAGE = "passage"  # names the data of a "Show the passage" button
EXPERT = "expert"  # and that of the button that asks an expert
REASON_LIMIT = 2_000

_AT = re.compile(r"</?at(?:\s[^<>]*)?>", re.IGNORECASE)
_BLOCKS = frozenset({"p", "div", "br", "li", "ul", "ol", "tr", "table", "blockquote", "pre", "h1", "h2", "h3"})


class BadActivity(ValueError):
    """The body is no activity that Teams would send; the caller gets 400."""


@dataclass(frozen=True, slots=True)
class Where:
    """The parts of an activity that say where it happened and who did it."""

    tenant: str
    user: str
    channel: str
    kind: ChannelKind
    root: str
    message: str
    reference: Mapping[str, Json]


def translate(
    activity: Mapping[str, Any],
    received_at: datetime,
    *,
    concerns: Callable[[Heard], bool] = lambda heard: heard.addressed,
    record_of: Callable[[str, str], str | None] = lambda channel, message: None,
) -> Incoming:
    """What became of an authenticated activity. Raises BadActivity.

    `concerns` says whether a message is for us;
    `record_of` finds the record that a message of ours (channel, message id) shows.
    """
    place = _where(activity)
    kind = _text(activity, "type")
    base = Incoming(
        key=_key(activity, place, kind),
        platform=PLATFORM,
        kind=IncomingKind.IGNORED,
        tenant=place.tenant,
        user=place.user,
        channel=place.channel,
        channel_kind=place.kind,
        thread=place.root,
        message=place.message,
        text=_what(activity, kind),
        received_at=received_at,
        reference=place.reference,
    )
    if kind == "invoke" and _text(activity, "name") == FEEDBACK_INVOKE:
        return _feedback(activity, base, record_of)
    first = replace(base, key=_key(activity, place, "message"))
    if kind == "messageDelete" and place.message:
        return replace(base, amends=first.key)
    edited = kind == "messageUpdate" and _text(_object(activity, "channelData"), "eventType") == "editMessage"
    if edited and place.message:
        now = _message(activity, base, concerns)
        return replace(now, amends=first.key) if now.kind is IncomingKind.QUESTION else base
    if kind != "message":
        return base
    return _message(activity, base, concerns)


def _message(activity: Mapping[str, Any], base: Incoming, concerns: Callable[[Heard], bool]) -> Incoming:
    sender = _object(activity, "from")
    if sender.get("role") == "bot" or _text(sender, "id").startswith("28:"):
        return replace(base, text="a bot's message")
    if isinstance(activity.get("value"), dict) and not _text(activity, "text"):
        about = _record(_object(_object(activity, "value"), EXPERT))
        if about is not None:
            key = ExpertKey(ChannelKey.of(base), about.record_id)
            return replace(base, kind=IncomingKind.EXPERT, key=str(key), about=about.record_id, text="")
        return replace(base, text="a card's button")
    mentions = [e for e in _list(activity, "entities") if e.get("type") == "mention"]
    ours = [m for m in mentions if _object(m, "mentioned").get("id") == _object(activity, "recipient").get("id")]
    asked = replace(base, kind=IncomingKind.QUESTION, text=question_text(activity, ours))
    addressed = base.channel_kind is ChannelKind.DIRECT or bool(ours)
    in_threads = base.channel_kind is not ChannelKind.GROUP  # a chat has none
    if not concerns(Heard(asked, addressed, bool(mentions), in_threads)):
        return replace(base, text="a message that does not mention the bot")
    return replace(asked, addressed=addressed)


def question_text(activity: Mapping[str, Any], ours: Sequence[Mapping[str, Any]]) -> str:
    """The question as plain text, without the mentions of the bot (`ours`).

    Only each mention's own text goes, once: a bot named "Policy" must not eat the word "Policy".
    """
    text = _text(activity, "text")
    if not text.strip():
        return _from_html(activity, {_text(_object(m, "mentioned"), "name") for m in ours})
    for mention in ours:
        if own := _text(mention, "text"):
            text = text.replace(own, "", 1)
    text = _AT.sub("", text)
    if _text(activity, "textFormat") == "xml":
        text = html_text(text)
    return _tidy(html.unescape(text))


def _from_html(activity: Mapping[str, Any], names: Iterable[str]) -> str:
    for attachment in _list(activity, "attachments"):
        content = attachment.get("content")
        if attachment.get("contentType") == "text/html" and isinstance(content, str):
            return _tidy(html_text(content, frozenset(names)))
    return ""


def _tidy(text: str) -> str:
    lines = (" ".join(line.replace("\xa0", " ").split()) for line in text.splitlines())
    return "\n".join(line for line in lines if line)


class _Text(HTMLParser):
    def __init__(self, mentions: frozenset[str]) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._mentions = mentions
        self._in_mention = False
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "style"):
            self._silent += 1
        if tag == "span" and "Mention" in (dict(attrs).get("itemtype") or ""):
            self._in_mention = True
        if tag in _BLOCKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style"):
            self._silent = max(0, self._silent - 1)
        if tag == "span":
            self._in_mention = False
        if tag in _BLOCKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent and not (self._in_mention and data in self._mentions):
            self.parts.append(data)


def html_text(markup: str, mentions: frozenset[str] = frozenset()) -> str:
    """The text of an HTML message; mention spans with one of these names are left out."""
    parser = _Text(mentions)
    parser.feed(markup)
    parser.close()
    return "".join(parser.parts)


def _feedback(activity: Mapping[str, Any], base: Incoming, record_of: Callable[[str, str], str | None]) -> Incoming:
    """https://learn.microsoft.com/microsoftteams/platform/bots/how-to/bot-messages-ai-generated-content#feedback-buttons"""
    value = _object(activity, "value")
    action = _object(value, "actionValue")
    reaction = {"like": "up", "dislike": "down"}.get(_text(action, "reaction"))
    if value.get("actionName") != "feedback" or reaction is None:
        return base
    reason = _reason(action.get("feedback"))
    message = _text(activity, "replyToId")
    return replace(
        base,
        kind=IncomingKind.FEEDBACK,
        text=f"{reaction}: {reason}" if reason else reaction,
        message=message or base.message,
        about=record_of(base.channel, message),
    )


def _reason(feedback: object) -> str:
    """What the person wrote: `{"feedbackText": "..."}`, as an object or as JSON in a string."""
    if isinstance(feedback, str):
        try:
            feedback = json.loads(feedback)
        except ValueError:
            return _tidy(str(feedback))[:REASON_LIMIT]
    if isinstance(feedback, dict):
        return _tidy(_text(feedback, "feedbackText"))[:REASON_LIMIT]
    return ""


def _where(activity: Mapping[str, Any]) -> Where:
    conversation, sender = _object(activity, "conversation"), _object(activity, "from")
    full, message = _text(conversation, "id"), _text(activity, "id")
    if not full or not _text(activity, "type"):
        raise BadActivity("The activity has no type or no conversation.")
    data = _object(activity, "channelData")
    tenant = _text(_object(data, "tenant"), "id").casefold()  # conversation.tenantId is not always set
    channel, _, root = full.partition(";messageid=")
    kind = _kind(conversation, data)
    if kind in (ChannelKind.DIRECT, ChannelKind.GROUP):
        root = channel  # chats have no threads: the whole chat is one
    root = root or _text(activity, "replyToId") or message
    bot = _object(activity, "recipient")
    in_thread = kind in (ChannelKind.CHANNEL, ChannelKind.PRIVATE_CHANNEL) and bool(root)
    reference: dict[str, Json] = {
        "service_url": _text(activity, "serviceUrl"),
        "conversation": f"{channel};messageid={root}" if in_thread else full,
        "bot": _text(bot, "id"),
        "user": _text(sender, "id"),
    }
    if _channel_type(data) == "shared":
        reference["shared"] = True
    if in_thread and (team := _team(data)):
        reference["team"] = team
    if quoted := _quoted(activity):
        reference["quoted"] = quoted
    user = _text(sender, "aadObjectId") or _text(sender, "id")
    return Where(tenant, user, channel, kind, root, message, reference)


def _quoted(activity: Mapping[str, Any]) -> str:
    """The beginning of the person's message that this one quotes; "" for none, and for one of an app's."""
    for attachment in _list(activity, "attachments"):
        content = attachment.get("content")
        if attachment.get("contentType") != "messageReference" or not isinstance(content, str):
            continue
        try:
            told = json.loads(content)
        except ValueError:
            continue
        if isinstance(told, dict) and not _object(_object(told, "messageSender"), "application"):
            return _tidy(_text(told, "messagePreview"))[:REASON_LIMIT]
    return ""


def _kind(conversation: Mapping[str, Any], data: Mapping[str, Any]) -> ChannelKind:
    """An unknown kind counts as a channel: there the whole audience must be known."""
    match _text(conversation, "conversationType"):
        case "personal":
            return ChannelKind.DIRECT
        case "groupChat":
            return ChannelKind.GROUP
        case _:
            return ChannelKind.PRIVATE_CHANNEL if _channel_type(data) == "private" else ChannelKind.CHANNEL


def _team(data: Mapping[str, Any]) -> str:
    """The id of the team's Microsoft 365 group, as Microsoft Graph wants it; where Teams does not say it, which is
    with most messages, that of its thread, from which the Bot Connector tells the group's.
    """
    team = _object(data, "team")
    return (_text(team, "aadGroupId") or _text(team, "id"))[:200]


def _channel_type(data: Mapping[str, Any]) -> str:
    """ "standard", "private", "shared", or "" where Teams does not say."""
    return _text(_object(data, "channel"), "type").casefold()


def _key(activity: Mapping[str, Any], place: Where, kind: str) -> str:
    """The same for every delivery. Edits and deletes carry the id of the message they are about."""
    conversation = _text(_object(activity, "conversation"), "id")
    parts = [PLATFORM, place.tenant, conversation]
    if kind == "message" and place.message:
        return ":".join([*parts, place.message])
    content = json.dumps(activity, sort_keys=True, ensure_ascii=True)
    mark = place.message if kind == "invoke" and place.message else hashlib.sha256(content.encode()).hexdigest()[:16]
    return ":".join([*parts, kind, mark])


def _what(activity: Mapping[str, Any], kind: str) -> str:
    """What an ignored event is, without what people wrote."""
    match kind:
        case "messageUpdate":
            undone = _text(_object(activity, "channelData"), "eventType") == "undeleteMessage"
            return "a message was restored" if undone else "a message was edited"
        case "messageDelete":
            return "a message was deleted"
        case "conversationUpdate":
            event = _text(_object(activity, "channelData"), "eventType")
            if event:
                return f"the conversation changed: {event}"[:100]
            came, went = len(_list(activity, "membersAdded")), len(_list(activity, "membersRemoved"))
            return f"the conversation changed: {came} came, {went} went"
        case "installationUpdate":
            return f"the app's installation changed: {_text(activity, 'action')}"[:100]
        case "invoke":
            return f"a call that the bot does not know: {_text(activity, 'name')}"[:100]
        case _:
            return f"an event of the type {kind}"[:100]


def passage_asked(activity: Mapping[str, Any]) -> tuple[str, int] | None:
    """Record and number of the citation whose "Show the passage" was pressed; None for other events."""
    if activity.get("type") != "invoke" or activity.get("name") != PASSAGE_INVOKE:
        return None
    asked = _object(_object(_object(activity, "value"), "data"), PASSAGE)
    about, n = _record(asked), asked.get("n")
    return (about.record_id, n) if about and isinstance(n, int) and not isinstance(n, bool) else None


def _record(data: Mapping[str, Any]) -> RecordRef | None:
    """The record that a button's data name; None where they name none."""
    about = RecordRef.read(_text(data, "record"))
    return about if about is not None and about.n is None else None


def came_to_a_chat(activity: Mapping[str, Any]) -> bool:
    """Whether this says that a person has installed the bot in the personal chat."""
    return (
        activity.get("type") == "installationUpdate"
        and _text(activity, "action") == "add"  # "add-upgrade" is an update of what they have
        and _text(_object(activity, "conversation"), "conversationType") == "personal"
    )


def changes_members(activity: Mapping[str, Any]) -> bool:
    """Whether what is known of a place's members is out of date after this."""
    return activity.get("type") in ("conversationUpdate", "installationUpdate")


def _object(of: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = of.get(name)
    return value if isinstance(value, dict) else {}


def _list(of: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    value = of.get(name)
    return [v for v in value if isinstance(v, dict)] if isinstance(value, list) else []


def _text(of: Mapping[str, Any], name: str) -> str:
    value = of.get(name)
    return value if isinstance(value, str) else ""
