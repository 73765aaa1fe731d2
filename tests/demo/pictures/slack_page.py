"""A Slack thread as a page: the blocks that the adapter sent, drawn by a small renderer of our own. Pure."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.slack.events import plain_text

Shape = Mapping[str, Any]

STYLE = """
body { margin: 0; background: #fff; color: #1d1c1d; font: 15px/1.45 Lato, 'Liberation Sans', sans-serif; }
header { border-bottom: 1px solid #ddd; padding: 10px 20px; font-weight: 900; font-size: 17px; }
header small { color: #616061; font-weight: 400; margin-left: 8px; }
.message { display: flex; padding: 8px 20px; }
.message.private { background: #f8f8f8; }
.face { width: 36px; height: 36px; border-radius: 6px; color: #fff; font-weight: 700; text-align: center;
  line-height: 36px; flex: none; margin-right: 10px; }
.body { flex: 1; min-width: 0; }
.who { font-weight: 900; } .who time { color: #616061; font-weight: 400; font-size: 12px; margin-left: 6px; }
.app { background: #ddd; border-radius: 2px; color: #616061; font-size: 10px; font-weight: 700; padding: 1px 3px;
  margin-left: 5px; }
.note { color: #616061; font-size: 12px; }
.said, .part { white-space: pre-wrap; overflow-wrap: anywhere; }
.block { margin: 4px 0; }
blockquote { border-left: 4px solid #ddd; margin: 4px 0; padding: 1px 0 1px 12px; white-space: pre-wrap; }
.context { color: #616061; font-size: 13px; }
.mention { background: #e8f5fa; border-radius: 3px; color: #1264a3; padding: 0 2px; }
code { border: 1px solid #ddd; border-radius: 3px; background: #f7f7f7; color: #c01343; font-size: 12px;
  padding: 1px 3px; }
a { color: #1264a3; text-decoration: none; }
button, .menu { background: #fff; border: 1px solid #bbb; border-radius: 8px; color: #1d1c1d;
  font: 700 13px Lato, 'Liberation Sans', sans-serif; padding: 4px 11px 5px; margin-right: 8px; }
.thumb { background: none; border: 0; padding: 2px 4px; }
.thumb svg { width: 16px; height: 16px; vertical-align: -3px; }
.thumb svg path { fill: none; stroke: #616061; stroke-width: 1.6; stroke-linejoin: round; }
"""
THUMB = "M7 10v10H3V10h4zm0 1 4-8c1.5 0 2.5 1 2.5 2.5V9H20c1 0 1.7 1 1.5 2l-1.5 7c-.2 1-1 2-2 2H7"
COLOURS = ("#4a154b", "#2c6e49", "#9a5b13", "#1f3a5f")


@dataclass(frozen=True, slots=True)
class Line:
    """A message of a thread, and who wrote it. `private`: only the person who asked sees it."""

    who: str
    message: Shape
    bot: bool = False
    private: bool = False


def page(channel: str, lines: Sequence[Line], bot_user: str) -> str:
    """The whole page. Words of messages are escaped: what is shown is what was sent."""
    people = list(dict.fromkeys(line.who for line in lines if not line.bot))
    shown = "".join(_message(line, people, bot_user) for line in lines)
    title = f"<header>Thread<small>{html.escape(channel)}</small></header>"
    return f"<!doctype html><meta charset=utf-8><style>{STYLE}</style>{title}{shown}"


def _message(line: Line, people: Sequence[str], bot_user: str) -> str:
    colour = COLOURS[-1] if line.bot else COLOURS[people.index(line.who) % 3]
    face = "[1]" if line.bot else html.escape(line.who[:1])
    who = html.escape(line.who) + ("<span class=app>APP</span>" if line.bot else "")
    note = "<div class=note>Only visible to you</div>" if line.private else ""
    blocks = line.message.get("blocks") or []
    said = "".join(_blocks(blocks)) if blocks else _typed(str(line.message.get("text") or ""), bot_user)
    return (
        f"<div class='message{' private' if line.private else ''}'>"
        f"<div class=face style='background:{colour}'>{face}</div>"
        f"<div class=body>{note}<div class=who>{who}</div>{said}</div></div>"
    )


def _typed(text: str, bot_user: str) -> str:
    """Plain text as Slack shows it, with a mention of the bot as a pill."""
    mentions = f"<@{bot_user}>" in text
    pill = "<span class=mention>@Footnote</span> " if mentions else ""
    return f"<div class=said>{pill}{html.escape(plain_text(text, bot_user))}</div>"


def _blocks(blocks: Sequence[Shape]) -> Iterator[str]:
    for block in blocks:
        match block["type"]:
            case "rich_text":
                inner = "".join(_rich(part) for part in block["elements"])
            case "context":
                inner = "<span class=context>" + " ".join(_words(e) for e in block["elements"]) + "</span>"
            case "section":
                inner = f"<div class=part>{_words(block['text'])}</div>"
            case "actions" | "context_actions":
                inner = "".join(_control(e) for e in block["elements"])
            case kind:
                raise ValueError(f"a block of the type {kind!r} cannot be drawn")
        yield f"<div class=block>{inner}</div>"


def _rich(part: Shape) -> str:
    inner = "".join(_inline(e) for e in part["elements"])
    match part["type"]:
        case "rich_text_section":
            return f"<div class=part>{inner}</div>"
        case "rich_text_quote":
            return f"<blockquote>{inner}</blockquote>"
        case kind:
            raise ValueError(f"rich text of the type {kind!r} cannot be drawn")


def _inline(element: Shape) -> str:
    if element["type"] == "user":
        return f"<span class=mention>@{html.escape(element['user_id'])}</span>"
    shown = html.escape(element["fallback"] if element["type"] == "date" else element["text"])
    style = element.get("style") or {}
    for name, tag in (("bold", "b"), ("italic", "i"), ("code", "code")):
        if style.get(name):
            shown = f"<{tag}>{shown}</{tag}>"
    return f"<a href='#'>{shown}</a>" if element["type"] == "link" else shown


def _words(text: Shape) -> str:
    """A text object; our adapter's mrkdwn is escaped already and holds no mark-up."""
    said = str(text["text"])
    return html.escape(html.unescape(said) if text["type"] == "mrkdwn" else said)


def _control(element: Shape) -> str:
    if element["type"] == "feedback_buttons":
        up = f"<button class=thumb><svg viewBox='0 0 24 24'><path d='{THUMB}'/></svg></button>"
        flipped = f"<path transform='rotate(180 12 12)' d='{THUMB}'/>"
        return up + f"<button class=thumb><svg viewBox='0 0 24 24'>{flipped}</svg></button>"
    if element["type"] == "static_select":
        return f"<span class=menu>{_words(element['placeholder'])} ▾</span>"
    return f"<button>{_words(element['text'])}</button>"
