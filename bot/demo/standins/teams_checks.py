"""What Teams refuses in a message, as the stand-in refuses it.

The codes of 400, 403, 404 and 413:
https://learn.microsoft.com/microsoftteams/platform/bots/build-conversational-capability#status-codes-from-bot-conversational-apis

https://learn.microsoft.com/microsoftteams/platform/bots/how-to/bot-messages-ai-generated-content
https://learn.microsoft.com/microsoftteams/platform/bots/how-to/format-your-bot-messages
"""

from __future__ import annotations

import json
import re
import string
from collections.abc import Iterator, Mapping
from typing import Any

MESSAGE_ENTITY = "https://schema.org/Message"
MESSAGE_BYTES = 100 * 1024
CARD = "application/vnd.microsoft.card.adaptive"
CARD_ELEMENTS = frozenset(
    {"TextBlock", "RichTextBlock", "TextRun", "Container", "ActionSet", "ColumnSet", "Column", "FactSet", "Image"}
)
_ESCAPED = re.compile(
    rf"\\([{re.escape(string.punctuation)}])"
)  # https://spec.commonmark.org/0.31.2/#backslash-escapes
_BOLD = re.compile(r"(?<!\\)\*\*(?=\S)(.+?)(?<=\S)(?<!\\)\*\*")
CARD_ACTIONS = frozenset({"Action.OpenUrl", "Action.Submit", "Action.Execute", "Action.ShowCard"})


def problems(activity: Mapping[str, Any], size: int) -> Iterator[str]:
    """Reasons to refuse a message of `size` bytes; none when Teams would show it."""
    if size > MESSAGE_BYTES:
        yield f"the message has {size} bytes, more than {MESSAGE_BYTES}"
    if activity.get("type") != "message":
        yield "type is not message"
    text = activity.get("text")
    if not text and not activity.get("attachments"):
        yield "neither text nor attachments"
    if text is not None and not isinstance(text, str):
        yield "text is no string"
    yield from _entities(activity, text or "")
    for attachment in activity.get("attachments") or ():
        if attachment.get("contentType") != CARD:
            yield f"unknown attachment {attachment.get('contentType')}"
        else:
            yield from card_problems(attachment.get("content"))


def _entities(activity: Mapping[str, Any], text: str) -> Iterator[str]:
    entities = activity.get("entities") or ()
    roots = [e for e in entities if e.get("type") == MESSAGE_ENTITY]
    if len(roots) > 1:
        yield "two root entities"
    for root in roots:
        if root.get("@type") != "Message" or root.get("@context") != "https://schema.org":
            yield "the root entity lacks @type or @context"
        if root.get("additionalType") not in (None, ["AIGeneratedContent"]):
            yield "unknown additionalType"
        yield from _citations(root.get("citation") or (), text)
    for mention in (e for e in entities if e.get("type") == "mention"):
        if not mention.get("text") or mention["text"] not in text:
            yield "a mention whose text does not stand in the message"


def _citations(citations: Any, text: str) -> Iterator[str]:
    if len(citations) > 20:
        yield "more than 20 citations"
    positions = [c.get("position") for c in citations]
    if len(set(positions)) != len(positions):
        yield "a position stands twice"
    for citation in citations:
        position, shown = citation.get("position"), citation.get("appearance") or {}
        if citation.get("@type") != "Claim" or shown.get("@type") != "DigitalDocument":
            yield f"citation {position} lacks its @type"
        if not isinstance(position, int) or f"[{position}]" not in text:
            yield f"the text has no marker for citation {position}"
        if not shown.get("name") or len(shown["name"]) > 80:
            yield f"citation {position}: the name is missing or longer than 80"
        if not shown.get("abstract") or len(shown["abstract"]) > 160:
            yield f"citation {position}: the abstract is missing or longer than 160"
        if "url" in shown and not re.match(r"https?://", shown["url"]):
            yield f"citation {position}: the url is no web address"
        if "text" in shown:
            if shown.get("encodingFormat") != CARD:
                yield f"citation {position}: a card without its encodingFormat"
            yield from _card_in_string(shown["text"])


def _card_in_string(text: object) -> Iterator[str]:
    try:
        card = json.loads(text) if isinstance(text, str) else None
    except ValueError:
        card = None
    yield from card_problems(card)


def card_problems(card: object) -> Iterator[str]:
    """Reasons why Teams would not show an Adaptive Card."""
    if not isinstance(card, dict) or card.get("type") != "AdaptiveCard":
        yield "no Adaptive Card"
        return
    if card.get("version") not in ("1.0", "1.1", "1.2", "1.3", "1.4", "1.5"):
        yield f"Adaptive Card version {card.get('version')} is not shown everywhere"
    for element in elements(card):
        kind = element.get("type")
        if kind not in CARD_ELEMENTS | CARD_ACTIONS:
            yield f"unknown card element {kind}"
        if kind == "Action.OpenUrl" and not re.match(r"https?://", str(element.get("url"))):
            yield "a link that is no web address"


def elements(card: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """All elements and actions of a card, in reading order."""
    for name in ("body", "items", "columns", "inlines", "actions"):
        for element in card.get(name) or ():
            if isinstance(element, dict):
                yield element
                yield from elements(element)
    if isinstance(chosen := card.get("selectAction"), dict):
        yield chosen


def as_text(activity: Mapping[str, Any]) -> str:
    """A message as a person reads it: bold type and Markdown escapes resolved, then the card line by line.

    A link that a card offers in two places stands there once.
    """
    text = re.sub(r"<at>([^<]*)</at>", r"@\1", str(activity.get("text") or ""))
    text = _ESCAPED.sub(r"\1", _BOLD.sub(r"\1", text))
    text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").replace("\u2060", "")
    lines = [line for line in text.split("\n\n") if line]
    for attachment in activity.get("attachments") or ():
        if attachment.get("contentType") != CARD:
            continue
        for element in elements(attachment["content"]):
            if element.get("isVisible") is False:
                continue
            if element.get("type") == "RichTextBlock":
                lines.append("".join(str(run["text"]) for run in element["inlines"]))
            elif element.get("type") == "TextBlock":
                lines.append(str(element["text"]))
            elif element.get("type") == "Action.OpenUrl":
                link = f"{element.get('title', 'Open')}: {element['url']}"
                lines += [link] if link not in lines else []
    return "\n".join(lines)
