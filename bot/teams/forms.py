"""A message in ever smaller forms, for when Teams refuses it: without buttons, as text, in parts. Pure.

Made from the card itself, whatever it holds, so that each form says what the message says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from audit.record import Json
from bot.answering.parting import parted
from bot.teams.render import escape
from bot.texts import PART
from bot.types import Form

LABEL = "https://schema.org/Message"
TEXT_LIMIT = 9_000  # characters; 28 KB, which some clouds and tenants still hold to, are 14,000 in UTF-16
PART_LIMIT = 3_000
_TOKEN = re.compile(r"\[(?:\\.|[^\[\]\\])*\]\([^()\s]*\)|\\.|&[a-z]+;|[^\s\\\[&]+|\s+|.", re.DOTALL)
_CONTROLS = ("actions", "selectAction", "isVisible")  # what is hidden is shown by a control
_INSIDE = ("body", "items", "columns", "rows", "cells", "facts")

Payload = Mapping[str, Json]


def smaller(payload: Payload) -> Sequence[Form]:
    """Of a message activity: `text` in Markdown, `entities`, `attachments` with Adaptive Cards."""
    forms: list[Form] = []
    cards = [card for a in _list(payload.get("attachments")) if isinstance(a, Mapping) for card in [a.get("content")]]
    if cards:
        quiet = _quiet(payload.get("attachments"))
        if quiet != payload.get("attachments"):
            forms.append(Form("without controls", ({**payload, "attachments": quiet},)))
    said = [str(payload.get("text") or ""), *(line for card in cards for line in _lines(card))]
    text = "\n\n".join(line for line in said if line.strip())
    base: dict[str, Json] = {"type": "message", "textFormat": "markdown"}
    label = _label(payload)
    if len(text) <= TEXT_LIMIT:
        forms.append(Form("text", ({**base, "text": text, **label},)))
    first, *rest = parted(text, PART_LIMIT, _TOKEN, "[\\&")
    if rest:
        # Each names the record, so that it is found again; where messages are compared with the log, the first counts.
        record = next((line for line in reversed(said) if line.startswith("Record ")), "")
        pieces = [first, *(f"{PART.format(n=n)} {piece}" for n, piece in enumerate(rest, 2))]
        if rest[-1].endswith(record):
            pieces[-1] = pieces[-1].removesuffix(record).rstrip()
        forms.append(Form("text in parts", tuple({**base, "text": f"{piece}\n\n{record}"} for piece in pieces)))
    return forms


def _quiet(value: Json) -> Json:
    """The same without actions."""
    if isinstance(value, list):
        kept = (_quiet(v) for v in value if not (isinstance(v, Mapping) and v.get("type") == "ActionSet"))
        return [*kept]
    if isinstance(value, Mapping):
        return {name: _quiet(inner) for name, inner in value.items() if name not in _CONTROLS}
    return value


def _label(payload: Payload) -> dict[str, Json]:
    """The AI label, where the message has it; citations would be refused without their markers."""
    for entity in _list(payload.get("entities")):
        if isinstance(entity, Mapping) and entity.get("type") == LABEL and "additionalType" in entity:
            return {"entities": [{name: value for name, value in entity.items() if name != "citation"}]}
    return {}


def _lines(element: Json) -> Iterator[str]:
    """A card's lines as Markdown. Its texts know no mark-up, so they are escaped; links stay links."""
    if not isinstance(element, Mapping):
        return
    if element.get("type") == "RichTextBlock":
        text = "".join(_run(run) for run in _list(element.get("inlines")))
        yield from (line for line in text.splitlines() if line.strip())
    elif isinstance(element.get("text"), str):
        yield from (escape(line) for line in str(element["text"]).splitlines() if line.strip())
    elif element.get("type") == "Action.OpenUrl":
        yield f"[{escape(str(element.get('title') or element.get('url')))}]({element.get('url')})"
    elif "title" in element and "value" in element:
        yield f"{escape(str(element['title']))} {escape(str(element['value']))}"
    for name in (*_INSIDE, "actions"):
        for inner in _list(element.get(name)):
            yield from _lines(inner)


def _run(run: Json) -> str:
    if not isinstance(run, Mapping):
        return escape(str(run))
    lines = "\n".join(escape(line) for line in str(run.get("text") or "").splitlines())
    action = run.get("selectAction")
    if isinstance(action, Mapping) and action.get("type") == "Action.OpenUrl":
        return f"[{lines}]({action.get('url')})"
    return lines


def _list(value: Json) -> list[Json]:
    return list(value) if isinstance(value, list) else []
