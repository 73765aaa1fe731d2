"""What a person sees of Slack's blocks, as lines of text."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Shape = Mapping[str, Any]


def message_lines(message: Shape) -> list[str]:
    """The blocks, or the text where there are none."""
    if message.get("blocks"):
        return [line for line in lines(message["blocks"]) if line.strip()]
    return html.unescape(message.get("text") or "").splitlines()


def lines(blocks: Sequence[Shape]) -> Iterator[str]:
    for block in blocks:
        kind = block["type"]
        if kind == "rich_text":
            for part in block["elements"]:
                start = "│ " if part["type"] == "rich_text_quote" else ""
                said = "".join(_inline(element) for element in part["elements"])
                yield from (start + line for line in said.splitlines())
        elif kind == "context":
            yield from (html.unescape(element["text"]) for element in block["elements"])
        elif kind in ("section", "header"):
            yield from _text(block["text"]).splitlines()
        elif kind in ("actions", "context_actions"):
            yield "  ".join(_control(element) for element in block["elements"])
        elif kind == "input":
            yield f"{_text(block['label'])} [          ]"


def _text(shape: Shape) -> str:
    text = str(shape["text"])
    return html.unescape(text) if shape["type"] == "mrkdwn" else text


def _inline(element: Shape) -> str:
    if element["type"] in ("user", "usergroup"):
        return f"@{element.get('user_id') or element.get('usergroup_id')}"
    if element["type"] == "date":
        return str(element["fallback"])
    if element["type"] == "link":
        return f"{element['text']} ({element['url']})"
    return str(element["text"])


def _control(element: Shape) -> str:
    if element["type"] == "feedback_buttons":
        return f"[{_text(element['positive_button']['text'])}]  [{_text(element['negative_button']['text'])}]"
    if element["type"] == "static_select":
        return f"[{_text(element['placeholder'])} ▾]"
    return f"[{_text(element['text'])}]"
