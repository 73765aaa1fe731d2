"""A Teams conversation as a page: the activities that the adapter sent, cards drawn by the `adaptivecards` package.

https://www.npmjs.com/package/adaptivecards. The message text is the adapter's Markdown: paragraphs and
backslash escapes; each [n] that the citation entity names becomes a marker.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.demo.standins.teams_checks import CARD, MESSAGE_ENTITY

STYLE = """
body { margin: 0; background: #f5f5f5; color: #242424; font: 14px/1.43 'Open Sans', 'Liberation Sans', sans-serif; }
header { background: #fff; border-bottom: 1px solid #e0e0e0; padding: 10px 20px; font-weight: 700; font-size: 16px; }
header small { color: #616161; font-weight: 400; margin-left: 8px; font-size: 12px; }
.message { display: flex; padding: 7px 20px; }
.face { width: 32px; height: 32px; border-radius: 16px; color: #fff; font-weight: 700; font-size: 13px;
  text-align: center; line-height: 32px; flex: none; margin-right: 10px; }
.body { flex: 1; min-width: 0; }
.who { color: #616161; font-size: 12px; margin-bottom: 2px; } .who b { color: #242424; }
.ai { background: #e6e6e6; border-radius: 3px; color: #424242; font-size: 10px; padding: 1px 5px; margin-left: 6px; }
.said { background: #fff; border-radius: 6px; padding: 8px 14px; overflow-wrap: anywhere; }
.mine .said { background: #e8ebfa; }
.said p { margin: 0 0 4px; } .said p:last-child { margin: 0; }
.mention { color: #5b5fc7; font-weight: 600; }
.cite { background: #ebebeb; border-radius: 4px; color: #424242; font-size: 11px; padding: 0 5px; margin-left: 2px;
  vertical-align: 1px; }
.card { background: #fff; border: 1px solid #e0e0e0; border-radius: 6px; margin-top: 6px; }
.thumbs svg { width: 15px; height: 15px; margin: 5px 8px 0 2px; }
.thumbs path { fill: none; stroke: #616161; stroke-width: 1.6; stroke-linejoin: round; }
.card a { color: #5b5fc7; text-decoration: none; }
.ac-pushButton { background: #fff; border: 1px solid #d1d1d1; border-radius: 4px; color: #242424; cursor: pointer;
  font: 600 12px 'Open Sans', sans-serif; padding: 4px 12px; overflow: hidden; text-overflow: ellipsis; }
"""
HOST = {
    "fontFamily": "'Open Sans', 'Liberation Sans', sans-serif",
    "fontSizes": {"small": 12, "default": 14, "medium": 14, "large": 18, "extraLarge": 24},
    "fontWeights": {"lighter": 300, "default": 400, "bolder": 600},
    "lineHeights": {"small": 16, "default": 20, "medium": 20, "large": 24, "extraLarge": 32},
    "spacing": {"small": 4, "default": 8, "medium": 12, "large": 16, "extraLarge": 20, "padding": 12},
    "separator": {"lineThickness": 1, "lineColor": "#e0e0e0"},
    "actions": {
        "maxActions": 6,
        "spacing": "default",
        "buttonSpacing": 8,
        "actionsOrientation": "horizontal",
        "actionAlignment": "left",
    },
}
THUMB = "M7 10v10H3V10h4zm0 1 4-8c1.5 0 2.5 1 2.5 2.5V9H20c1 0 1.7 1 1.5 2l-1.5 7c-.2 1-1 2-2 2H7"
DRAW = """
for (const place of document.querySelectorAll('.card')) {
  const card = new AdaptiveCards.AdaptiveCard();
  card.hostConfig = new AdaptiveCards.HostConfig(HOST);
  card.parse(JSON.parse(place.dataset.card));
  place.replaceChildren(card.render());
}
"""


@dataclass(frozen=True, slots=True)
class Line:
    """A message of a conversation as it stands, and who wrote it."""

    who: str
    activity: Mapping[str, Any]
    bot: bool = False


def page(place: str, lines: Sequence[Line], library: str) -> str:
    """The whole page; `library` is the source of the `adaptivecards` package's browser build."""
    shown = "".join(_message(line) for line in lines)
    title = f"<header>{html.escape(place)}</header>"
    draw = f"<script>{library}</script><script>{DRAW.replace('HOST', json.dumps(HOST))}</script>"
    return f"<!doctype html><meta charset=utf-8><style>{STYLE}</style>{title}{shown}{draw}"


def _message(line: Line) -> str:
    activity = line.activity
    root: Mapping[str, Any] = next((e for e in activity.get("entities") or () if e.get("type") == MESSAGE_ENTITY), {})
    label = "<span class=ai>AI-generated</span>" if "AIGeneratedContent" in root.get("additionalType", ()) else ""
    cited = {c["position"]: c["appearance"]["name"] for c in root.get("citation") or ()}
    colour, face = ("#1f3a5f", "[1]") if line.bot else ("#8764b8", html.escape(line.who[:1]))
    cards = "".join(
        f"<div class=card data-card='{html.escape(json.dumps(a['content']))}'></div>"
        for a in activity.get("attachments") or ()
        if a["contentType"] == CARD
    )
    looped = (activity.get("channelData") or {}).get("feedbackLoop")
    return (
        f"<div class='message{'' if line.bot else ' mine'}'>"
        f"<div class=face style='background:{colour}'>{face}</div>"
        f"<div class=body><div class=who><b>{html.escape(line.who)}</b>{label}</div>"
        f"<div class=said>{_text(str(activity.get('text') or ''), cited)}</div>{cards}{_thumbs() if looped else ''}"
        "</div></div>"
    )


def _text(markdown: str, cited: Mapping[int, str]) -> str:
    """The adapter's Markdown: it escapes everything but its own citation markers and paragraphs."""
    markdown = re.sub(r"<at>([^<]*)</at>", "\0@\\1\1", markdown)
    text = html.escape(html.unescape(markdown))

    def marker(found: re.Match[str]) -> str:
        return f"<span class=cite>{found[1]}</span>" if int(found[1]) in cited else found[0]

    text = re.sub(r"(?<!\\)\[(\d+)\]", marker, text)
    text = re.sub(r"(?<!\\)\*\*(.+?)(?<!\\)\*\*", r"<b>\1</b>", text)
    text = re.sub(r"\\([\\`*_\[\]#|~\-+&gt;.)])", r"\1", text)
    text = text.replace("\0", "<span class=mention>").replace("\1", "</span>")
    return "".join(f"<p>{part}</p>" for part in text.split("\n\n") if part.strip())


def _thumbs() -> str:
    up, down = f"<path d='{THUMB}'/>", f"<path transform='rotate(180 12 12)' d='{THUMB}'/>"
    return "<div class=thumbs>" + "".join(f"<svg viewBox='0 0 24 24'>{p}</svg>" for p in (up, down)) + "</div>"
