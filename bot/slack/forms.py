"""A message in ever smaller forms, for when Slack refuses it: without controls, as text, in parts. Pure.

Made from the blocks themselves, whatever they are, so that each form says what the message says.
Mark-up of texts: https://docs.slack.dev/messaging/formatting-message-text
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from audit.record import Json
from bot.answering.parting import parted
from bot.slack.render import PART_EVENT, TEXT_LIMIT, escape, mark
from bot.types import Form

CONTROLS = frozenset({"actions", "context_actions", "input"})
PART_LIMIT = 2_000
_TOKEN = re.compile(r"<[^<>]*>|&[a-z]+;|[^<&\s]+|\s+|.", re.DOTALL)

Payload = Mapping[str, Json]


def smaller(payload: Payload) -> Sequence[Form]:
    """`payload` has `text`, `blocks` and `metadata`; so have the messages of the forms."""
    metadata = payload.get("metadata")
    blocks = [block for block in _list(payload.get("blocks")) if isinstance(block, Mapping)]
    text = "\n".join(line for block in blocks for line in _lines(block)) or str(payload.get("text") or "")
    about = _record(metadata)
    if "record" in about and str(about["record"]) not in text:  # no window tells it any more
        text = f"{text}\nRecord {about['record']}"
    quiet: list[Json] = [_without_accessory(block) for block in blocks if block.get("type") not in CONTROLS]
    forms: list[Form] = []
    if quiet and quiet != payload.get("blocks"):
        forms.append(Form("without controls", ({**payload, "blocks": quiet},)))
    if blocks and len(text) <= TEXT_LIMIT:
        forms.append(Form("text", ({"text": text, "blocks": [], "metadata": metadata},)))
    first, *rest = parted(text, PART_LIMIT, _TOKEN, "<&")
    if rest:
        more: list[Payload] = [
            {"text": part, "blocks": [], "metadata": mark(PART_EVENT, {**about, "part": n})}
            for n, part in enumerate(rest, 2)
        ]
        forms.append(Form("text in parts", ({"text": first, "blocks": [], "metadata": metadata}, *more)))
    return forms


def _lines(block: Payload) -> Iterator[str]:
    """What a block says, as lines of Slack's mark-up; controls say nothing."""
    kind = block.get("type")
    if kind in CONTROLS:
        return
    if kind == "rich_text":
        for part in _list(block.get("elements")):
            yield from _rich(part)
        return
    if kind == "table":
        for row in _list(block.get("rows")):
            yield " | ".join(" ".join(_lines_of(cell)) for cell in _list(row))
        return
    for name in ("title", "text", "fields", "elements"):
        value = block.get(name)
        for said in value if isinstance(value, list) else [value]:
            yield from _lines_of(said)


def _lines_of(said: Json) -> Iterator[str]:
    """Of a text object, or of a block that stands in another one."""
    if not isinstance(said, Mapping):
        return
    if said.get("type") == "mrkdwn":
        yield from str(said.get("text") or "").splitlines()
    elif said.get("type") in ("plain_text", "raw_text"):
        yield from escape(str(said.get("text") or "")).splitlines()
    else:
        yield from _lines(said)


def _rich(part: Json) -> Iterator[str]:
    if not isinstance(part, Mapping):
        return
    if part.get("type") == "rich_text_list":
        for item in _list(part.get("elements")):
            yield from (f"• {line}" for line in _rich(item))
        return
    said = "".join(_inline(element) for element in _list(part.get("elements")))
    if part.get("type") == "rich_text_quote":
        said = f"“{said}”"
    yield from (line for line in said.splitlines() if line.strip())


def _inline(element: Json) -> str:
    if not isinstance(element, Mapping):
        return ""
    if element.get("type") == "date":
        return f"<!date^{element.get('timestamp')}^{element.get('format')}|{escape(str(element.get('fallback')))}>"
    text = escape(str(element.get("text") or ""))
    if element.get("type") == "link":
        label = text.replace("|", "¦")
        return f"<{element.get('url')}|{label}>" if label else f"<{element.get('url')}>"
    return text


def _without_accessory(block: Payload) -> dict[str, Json]:
    return {name: value for name, value in block.items() if name != "accessory"}


def _record(metadata: Json) -> dict[str, Json]:
    payload = metadata.get("event_payload") if isinstance(metadata, Mapping) else None
    return dict(payload) if isinstance(payload, Mapping) else {}


def _list(value: Json) -> list[Json]:
    return list(value) if isinstance(value, list) else []
