"""What Slack accepts: limits and shapes of messages and windows. Pure; each function returns complaints.

https://docs.slack.dev/reference/block-kit/blocks, .../reference/methods/chat.postMessage
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

BLOCKS_JSON = 13_000
_ENTITY = re.compile(r"&(?!amp;|lt;|gt;)")
_LINK = re.compile(r"<https?://[!-;=?-{}~]+(?:\|([^<>|]*))?>")  # printable ASCII without <, > and |
_STYLES = {"bold", "italic", "strike", "code"}

Shape = Mapping[str, Any]


def message(arguments: Shape, *, update: bool) -> Iterator[str]:
    """Complaints about the text, blocks and metadata of chat.postMessage and chat.update."""
    text = arguments.get("text") or ""
    if not text and not arguments.get("blocks"):
        yield "no_text: neither text nor blocks"
    if len(text) > (4_000 if update else 40_000):
        yield f"msg_too_long: text of {len(text)} characters"
    ours = str((arguments.get("metadata") or {}).get("event_type")).startswith("footnote_answer")
    yield from markup(_LINK.sub(r"\1", text) if ours else text, "text")
    if arguments.get("parse") != "none":
        yield "without parse=none Slack makes links and mentions of plain words"
    yield from blocks(arguments.get("blocks") or [], 50)
    if len(json.dumps(arguments.get("blocks") or [], ensure_ascii=False)) > BLOCKS_JSON:
        yield "msg_blocks_too_long"
    metadata = arguments.get("metadata")
    if (metadata or {}).get("event_type") != "footnote_expert" and _mentions(arguments.get("blocks") or []):
        yield "a mention in a message that asks no expert"
    if metadata is not None and not (
        isinstance(metadata.get("event_type"), str) and isinstance(metadata.get("event_payload"), dict)
    ):
        yield "invalid_metadata_format"


def types(shapes: Any) -> set[str]:
    """Of all blocks and elements below."""
    if isinstance(shapes, dict):
        own = {str(shapes["type"])} if "type" in shapes else set()
        return own.union(*(types(value) for value in shapes.values()))
    return set().union(*map(types, shapes)) if isinstance(shapes, list) else set()


def size(shapes: Any) -> int:
    """Characters of blocks."""
    return len(json.dumps(shapes, ensure_ascii=False))


def markup(text: str, where: str) -> Iterator[str]:
    """The product writes no mark-up of its own but links in answers, so each sequence comes from somebody's words."""
    if "<" in text or ">" in text:
        yield f"{where}: unescaped < or >, which Slack reads as a mention or link: {text[:80]!r}"
    if _ENTITY.search(text):
        yield f"{where}: an unescaped &: {text[:80]!r}"


def view(shape: Shape) -> Iterator[str]:
    """Complaints about a modal."""
    if shape.get("type") != "modal":
        yield f"invalid view type {shape.get('type')!r}"
    for part in ("title", "submit", "close"):
        if part == "title" or part in shape:
            yield from _plain(shape.get(part), 24, part)
    if len(shape.get("private_metadata") or "") > 3_000:
        yield "private_metadata is longer than 3000"
    if len(json.dumps(shape)) > 250_000:
        yield "view_too_large"
    if any(b.get("type") == "input" for b in shape.get("blocks", ())) and "submit" not in shape:
        yield "a view with an input needs submit"
    yield from blocks(shape.get("blocks") or [], 100)


def blocks(shapes: Sequence[Shape], most: int) -> Iterator[str]:
    if len(shapes) > most:
        yield f"invalid_blocks: {len(shapes)} blocks, {most} at most"
    ids = [b["block_id"] for b in shapes if b.get("block_id")]
    if len(ids) != len(set(ids)) or any(len(i) > 255 for i in ids):
        yield "invalid_blocks: block_id repeated or too long"
    for number, shape in enumerate(shapes):
        for complaint in _block(shape):
            yield f"invalid_blocks: block {number}: {complaint}"


def _mentions(shapes: Any) -> bool:
    if isinstance(shapes, dict):
        return shapes.get("type") in ("user", "usergroup", "broadcast", "channel") or _mentions([*shapes.values()])
    return isinstance(shapes, list) and any(_mentions(shape) for shape in shapes)


def _block(shape: Shape) -> Iterator[str]:
    kind, elements = shape.get("type"), shape.get("elements") or []
    if kind == "rich_text":
        yield from _count(elements, 1, 10_000)
        for part in elements:
            yield from _rich(part)
    elif kind == "section":
        yield from _words(shape.get("text"), 3_000)
    elif kind == "context":
        yield from _count(elements, 1, 10)
        for element in elements:
            yield from _words(element, 3_000)
    elif kind in ("actions", "context_actions"):
        yield from _count(elements, 1, 25 if kind == "actions" else 5)
        names = [e.get("action_id") for e in elements]
        if len(set(names)) != len(names):
            yield "action_id repeated"
        for element in elements:
            yield from _element(element)
    elif kind == "header":
        yield from _plain(shape.get("text"), 150, "header")
    elif kind == "input":
        yield from _plain(shape.get("label"), 2_000, "label")
        if (shape.get("element") or {}).get("type") != "plain_text_input":
            yield "unexpected input element"
    elif kind != "divider":
        yield f"unknown block type {kind!r}"


def _rich(part: Shape) -> Iterator[str]:
    if part.get("type") not in ("rich_text_section", "rich_text_quote", "rich_text_preformatted"):
        yield f"unknown rich text part {part.get('type')!r}"
    yield from _count(part.get("elements") or [], 1, 10_000)
    for element in part.get("elements") or []:
        if element.get("type") in ("user", "usergroup"):
            named = element.get("user_id") or element.get("usergroup_id") or ""
            if not re.fullmatch(r"[UWS][A-Z0-9]{2,}", named) or len(element) != 2:
                yield f"a mention of {named!r}"
            continue
        if element.get("type") == "date":
            if (
                not isinstance(element.get("timestamp"), int)
                or not element.get("format")
                or not element.get("fallback")
            ):
                yield f"a date without timestamp, format or fallback: {element}"
            continue
        if element.get("type") not in ("text", "link"):
            yield f"unknown rich text element {element.get('type')!r}"
        if element.get("type") == "link" and not re.match(r"https?://[^\s<>]+$", element.get("url") or ""):
            yield f"a link to {element.get('url')!r}"
        if not isinstance(element.get("text"), str) or not 0 < len(element["text"]) <= 3_000:
            yield "rich text of no or more than 3000 characters"
        if set(element) - {"type", "text", "url", "style"} or set(element.get("style") or {}) - _STYLES:
            yield f"unknown fields in {element}"


def _element(element: Shape) -> Iterator[str]:
    kind = element.get("type")
    if not 0 < len(element.get("action_id") or "") <= 255:
        yield "action_id is missing or longer than 255"
    if kind == "button":
        yield from _plain(element.get("text"), 75, "button")
        if len(element.get("value") or "") > 2_000:
            yield "a button's value is longer than 2000"
    elif kind == "static_select":
        yield from _plain(element.get("placeholder"), 150, "placeholder")
        yield from _count(element.get("options") or [], 1, 100)
        for option in element.get("options") or []:
            yield from _plain(option.get("text"), 75, "option")
            if not 0 < len(option.get("value") or "") <= 150:
                yield "an option's value is empty or longer than 150"
    elif kind == "feedback_buttons":
        for name in ("positive_button", "negative_button"):
            yield from _plain((element.get(name) or {}).get("text"), 75, name)
            if not 0 < len((element.get(name) or {}).get("value") or "") <= 2_000:
                yield f"{name} has no value"
    else:
        yield f"unknown element {kind!r}"


def _words(text: Any, most: int) -> Iterator[str]:
    if not isinstance(text, dict) or text.get("type") not in ("mrkdwn", "plain_text"):
        yield "no text object"
        return
    if not 0 < len(text.get("text") or "") <= most:
        yield f"text is empty or longer than {most}"
    if text["type"] == "mrkdwn":
        yield from markup(text["text"], "mrkdwn")
        if text.get("verbatim") is not True:
            yield "mrkdwn without verbatim: Slack would make links and mentions of plain words"


def _plain(text: Any, most: int, where: str) -> Iterator[str]:
    if not isinstance(text, dict) or text.get("type") != "plain_text":
        yield f"{where}: plain_text is needed"
    elif not 0 < len(text.get("text") or "") <= most:
        yield f"{where}: empty or longer than {most}"


def _count(items: Sequence[Any], least: int, most: int) -> Iterator[str]:
    if not least <= len(items) <= most:
        yield f"{len(items)} elements, {least} to {most} are allowed"
