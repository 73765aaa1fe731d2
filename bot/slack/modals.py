"""The windows that open behind a button. Pure."""

from __future__ import annotations

import json

from audit.record import Json
from bot.slack.render import Block, openable
from bot.texts import FEEDBACK_ASKED, FEEDBACK_TITLE, OPEN_DOCUMENT, PASSAGE_TITLE
from bot.types import PassageView
from retrieval.text.shown import shown

WHY = "footnote_why"
AROUND = 20_000  # characters shown before and after the quote
PIECE = 3_000


def passage(view: PassageView) -> dict[str, Json]:
    """The whole section with its quotes marked, in words of the document as they stand there."""
    head: list[Json] = [_text(view.title, bold=True), _text(f"\n{view.where}" if view.where else " ")]
    if view.url is not None and openable(view.url):
        head += [_text("\n"), {"type": "link", "url": view.url, "text": OPEN_DOCUMENT}]
    # Each quote begins and ends a line of its own in the window.
    before, after = view.before[-AROUND:].rstrip("\n"), view.after[:AROUND].lstrip("\n")
    parts: list[Json] = [_part("rich_text_section", [*head])]
    if before.strip():
        parts.append(_part("rich_text_section", _pieces(("… " if len(view.before) > AROUND else "") + before)))
    parts.append(_part("rich_text_quote", _pieces(view.quote, bold=True)))
    for between, quote in view.more:
        if between.strip():
            parts.append(_part("rich_text_section", _pieces(between.strip("\n"))))
        parts.append(_part("rich_text_quote", _pieces(quote, bold=True)))
    if after.strip():
        parts.append(_part("rich_text_section", _pieces(after + (" …" if len(view.after) > AROUND else ""))))
    blocks: list[Json] = [{"type": "rich_text", "elements": parts}]
    return _modal(PASSAGE_TITLE, [*blocks, _small(f"Record {view.record}")] if view.record else blocks)


def no_passage(text: str, record: str) -> dict[str, Json]:
    """A window that says why there is no passage, and which record it would be of."""
    said: Json = {"type": "section", "text": {"type": "plain_text", "text": text, "emoji": False}}
    return _modal(PASSAGE_TITLE, [said, _small(f"Record {record}")])


def message(title: str, text: str) -> dict[str, Json]:
    """A window with a line of our own."""
    return _modal(title, [{"type": "section", "text": {"type": "plain_text", "text": text, "emoji": False}}])


def why(about: dict[str, Json]) -> dict[str, Json]:
    """Asks what was wrong with an answer. `about` comes back with what the person writes."""
    box: Block = {
        "type": "input",
        "block_id": WHY,
        "label": {"type": "plain_text", "text": FEEDBACK_ASKED},
        "element": {"type": "plain_text_input", "action_id": WHY, "multiline": True, "max_length": 2_000},
    }
    modal = _modal(FEEDBACK_TITLE, [box])
    modal["callback_id"] = WHY
    modal["submit"] = {"type": "plain_text", "text": "Send"}
    modal["private_metadata"] = json.dumps(about, sort_keys=True)
    return modal


def _modal(title: str, blocks: list[Json]) -> dict[str, Json]:
    return {
        "type": "modal",
        "title": {"type": "plain_text", "text": title},
        "close": {"type": "plain_text", "text": "Close"},
        "blocks": blocks,
    }


def _small(text: str) -> Json:
    return {"type": "context", "elements": [{"type": "plain_text", "text": text, "emoji": False}]}


def _part(kind: str, elements: list[Json]) -> Json:
    return {"type": kind, "elements": elements}


def _text(text: str, *, bold: bool = False) -> Json:
    element: dict[str, Json] = {"type": "text", "text": shown(text) or " "}
    if bold:
        element["style"] = {"bold": True}
    return element


def _pieces(text: str, *, bold: bool = False) -> list[Json]:
    text = shown(text)
    return [_text(text[i : i + PIECE], bold=bold) for i in range(0, len(text), PIECE)] or [_text(" ")]
