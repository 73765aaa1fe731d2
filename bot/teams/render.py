"""An outcome as a Teams message: text with markers, citations, the AI label, and a card of sources. Pure.

https://learn.microsoft.com/microsoftteams/platform/bots/how-to/bot-messages-ai-generated-content
https://adaptivecards.io/explorer/ (version 1.5, the newest that Teams shows everywhere)

What documents say is untrusted here: in the message's Markdown it is escaped, in cards it stands in
TextRuns, which know no markup. So a document can neither mention anybody nor place a link.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from string import punctuation
from urllib.parse import quote as encoded

from audit.record import Json
from bot.answering.render import (
    as_read,
    behind,
    closest,
    deep_link,
    nearest_line,
    short_place,
    source_place,
    sources,
    unsaid,
)
from bot.answering.times import timed
from bot.teams.events import EXPERT, PASSAGE
from bot.texts import (
    GO_TO_ANSWER,
    NEAREST_SECTIONS,
    OPEN_DOCUMENT,
    PASSAGE_TITLE,
    SHOW_PASSAGE,
    SHOW_PASSAGE_AT,
    WELCOME,
)
from bot.types import Outcome, PassageView
from retrieval.runs import Run, RunKind
from retrieval.text.shown import shown
from retrieval.types import Answer, Citation, Statement

SIZE_LIMIT = 78_000  # bytes of JSON as UTF-16; Teams refuses messages of about 100 KB
CITATION_LIMIT = 20  # entries in the citation entity; more than that is refused
NAME_LIMIT = 80
ABSTRACT_LIMIT = 160
NEAR_LIMIT = 900  # characters of a sentence that is near but no answer
TEXT_LIMIT = 12_000  # characters of the answer's own text
URL_LIMIT = 2_000
ROW = 5  # buttons of a row before its menu; Teams shows six
PASSAGE_SIDE = 3_000  # characters shown on each side of the quote
CARD = "application/vnd.microsoft.card.adaptive"


_MARKUP = re.compile(r"[\\`*_\[\]#|~]")
_EDGE = re.compile(rf"[\s{re.escape(punctuation)}]?")
_LIST_START = re.compile(r"^(\d*)([-+.)])(?=[-\s]|$)")
"""What makes a list or a rule of a line that begins with it: a dash, a plus, a number with its mark."""


@dataclass(frozen=True, slots=True)
class Fit:
    """How much room there is, in characters: for a quote in the card, for the same in a citation's pop-up,
    and for the answer's own text. `lines` leaves one line for each source.
    """

    quote: int
    pop_up: int
    text: int = TEXT_LIMIT
    lines: bool = False


WHOLE = 1_000_000
FITS = (
    *(Fit(WHOLE, pop_up) for pop_up in (WHOLE, 1_000, 300, 0)),
    *(Fit(quote, 0) for quote in (8_000, 4_000, 2_000, 1_000, 600, 400, 250, 120, 0)),
    Fit(0, 0, lines=True),
    Fit(0, 0, text=3_000, lines=True),
)


def render(outcome: Outcome, *, passages: bool = False) -> Mapping[str, Json]:
    """The message activity without its address. The same outcome gives the same bytes.

    `passages` puts a "Show the passage" button beside each source. Until it fits in SIZE_LIMIT,
    quotes are shortened in the middle, first in the pop-ups; no source is ever left out.
    """
    payload: dict[str, Json] = {}
    for fit in FITS:
        payload = _message(outcome, fit, passages)
        if wire_size(payload) <= SIZE_LIMIT:
            break
    return payload


def wire_size(payload: Mapping[str, Json]) -> int:
    """Bytes of the message as it is sent, or as Teams counts them (in UTF-16), whichever is more."""
    return max(len(json.dumps(payload)), len(json.dumps(payload, ensure_ascii=False).encode("utf-16-le")))


def text_message(text: str) -> dict[str, Json]:
    """A message that holds a fixed text of ours, such as the status line."""
    return {"type": "message", "textFormat": "markdown", "text": _paragraphs(text)}


def chat_link(chat: str, message: str) -> str:
    """Opens a message of a group chat; "" where ids do not look like it.

    https://learn.microsoft.com/microsoftteams/platform/concepts/build-and-test/deep-link-teams
    """
    if not chat.startswith("19:") or not message.isdecimal():
        return ""
    context = encoded('{"contextType":"chat"}', safe="")
    return f"https://teams.microsoft.com/l/message/{encoded(chat, safe='')}/{message}?context={context}"


def welcome(prompts: Sequence[tuple[str, str]]) -> dict[str, Json]:
    """What a person sees when the bot comes to the personal chat; a button writes its message for the person."""
    message = text_message(WELCOME)
    actions: list[Json] = []
    for title, text in prompts:
        data: dict[str, Json] = {"msteams": {"type": "imBack", "value": text}}
        actions.append({"type": "Action.Submit", "title": title, "data": data})
    if actions:
        message["attachments"] = [_attachment(_card([{"type": "ActionSet", "actions": actions}]))]
    return message


def _message(outcome: Outcome, fit: Fit, passages: bool) -> dict[str, Json]:
    answer = outcome.told
    message = text_message(shorten(outcome.text, TEXT_LIMIT))
    message["channelData"] = {"feedbackLoop": {"type": "default"}}
    if answer is not None:
        message["text"] = _answer_text(outcome, fit)
        message["entities"] = [_entity(sources(answer.citations)[:CITATION_LIMIT], fit)]
        message["attachments"] = [_attachment(_sources(outcome, answer, fit, passages))]
        return message
    if outcome.repeats and any(isinstance(said, datetime) for said in timed(outcome.text)):
        return {**message, **_pointing(outcome)}
    if outcome.link:
        message["text"] = f"{message['text']} [{GO_TO_ANSWER}]({outcome.link})"
    if outcome.near is not None:
        message["entities"] = [_entity((), fit)]
    if outcome.near is not None or outcome.nearest or outcome.expert:
        message["attachments"] = [_attachment(_nearest(outcome, passages))]
    else:
        message["text"] = f"{message['text']}\n\n{_small(outcome)}"
    return message


def _pointing(outcome: Outcome) -> dict[str, Json]:
    """Where an earlier answer stands, in a card: only there is a time shown in the reader's own zone.

    https://learn.microsoft.com/adaptive-cards/authoring-cards/text-features#datetime-formatting-and-localization
    """
    said = "".join(_local(part) if isinstance(part, datetime) else part for part in timed(outcome.text))
    opens: list[Json] = [{"type": "Action.OpenUrl", "title": GO_TO_ANSWER, "url": outcome.link}] if outcome.link else []
    body: list[Json] = [{"type": "TextBlock", "text": said, "wrap": True}, *_row(opens), _record(outcome, hidden=False)]
    return {"text": "", "summary": outcome.text, "attachments": [_attachment(_card(body))]}


def _local(time: datetime) -> str:
    stamp = f"{time:%Y-%m-%dT%H:%M:%SZ}"
    return f"{{{{DATE({stamp}, SHORT)}}}}, {{{{TIME({stamp})}}}}"


def _answer_text(outcome: Outcome, fit: Fit) -> str:
    answer = outcome.told
    if answer is None:
        return ""
    room = max(fit.text // max(len(answer.statements), 1), 40)

    marked = as_read(answer)

    def fitted(said: Statement) -> Statement:
        said = marked(said)
        whole = len(said.text) + len(said.translation) <= room
        return said if whole else replace(said, text=shorten(said.text, room), translation="", highlights=())

    runs = [run for run in answer.runs(fitted) if run.text]
    edges = ["", *(run.text for run in runs), ""]
    text = "".join(map(_written, runs, edges, edges[2:])).replace("\n", "\n\n")
    return f"{text}\n\n{_paragraphs(outcome.notice)}" if outcome.notice else text


def _written(run: Run, before: str, after: str) -> str:
    """A run as Markdown. Bold that does not begin and end where a word does would show its asterisks."""
    if run.kind is RunKind.OURS:
        return run.text
    text = escape(run.text)
    apart = all(_EDGE.fullmatch(edge) for edge in (before[-1:], after[:1]))
    if text and (run.kind is RunKind.TITLE or (run.kind is RunKind.ASKED and apart)):
        text = f"**{text}**"
    left, right = (" " if edge.isspace() else "" for edge in (run.text[:1], run.text[-1:]))
    return f"{left}{text}{right}" if text else left


def _small(outcome: Outcome) -> str:
    return f"Record {outcome.record_id}"


# --- text of documents and people ---------------------------------------------------------


def escape(text: str) -> str:
    """Untrusted text for the message's Markdown: shown as it is, on one line."""
    text = shown(" ".join(text.split()))
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = _MARKUP.sub(lambda found: "\\" + found[0], text)
    text = _LIST_START.sub(r"\1\\\2", text)  # the mark, not the number: before a digit a backslash is one
    # Teams turns bare addresses into links; an invisible word joiner keeps them text.
    text = re.sub(r"(?i)\b([a-z][a-z0-9+.-]*:)(?=//)", "\\1\u2060", text)
    text = re.sub(r"(?i)\b(www)\.", "\\1\u2060.", text)
    return re.sub(r"(?i)\b(mailto|tel):", "\\1\u2060:", text)


def _paragraphs(text: str) -> str:
    """Lines of our own text; Teams' Markdown needs an empty line to break one."""
    return "\n\n".join(escape(line) for line in text.splitlines() if line.strip())


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters: the start and the end, an ellipsis between them."""
    if len(text) <= limit:
        return text
    if limit < 10:
        return ""
    head = (limit - 3) * 2 // 3
    return f"{text[:head].rstrip()} … {text[len(text) - (limit - 3 - head) :].lstrip()}"


def _clip(text: str, limit: int) -> str:
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def _link(citation: Citation) -> str | None:
    link = deep_link(citation.document, citation.section, citation.page)
    return link if link is not None and _is_link(link) else None


def _is_link(address: str) -> bool:
    return address.startswith(("https://", "http://")) and len(address) <= URL_LIMIT


# --- the citation entity --------------------------------------------------------------------


def _entity(cited: Sequence[Sequence[Citation]], fit: Fit) -> dict[str, Json]:
    """The one root entity that Teams accepts: the AI label and the sources."""
    entity: dict[str, Json] = {
        "type": "https://schema.org/Message",
        "@type": "Message",
        "@context": "https://schema.org",
        "@id": "",
        "additionalType": ["AIGeneratedContent"],
    }
    return entity | ({"citation": [_claim(at, source, fit) for at, source in enumerate(cited, 1)]} if cited else {})


def _claim(at: int, source: Sequence[Citation], fit: Fit) -> Json:
    appearance: dict[str, Json] = {
        "@type": "DigitalDocument",
        "name": _clip(shown(source[0].document.title), NAME_LIMIT),
        "abstract": _clip(shown(short_place(source)), ABSTRACT_LIMIT),
    }
    if link := _link(source[-1]):
        appearance["url"] = link
    if fit.pop_up:
        card = _card([_run("\n".join(shorten(c.quote, fit.pop_up) for c in source)), *_more([c.more for c in source])])
        appearance["text"] = json.dumps(card, ensure_ascii=False, separators=(",", ":"))
        appearance["encodingFormat"] = CARD
    return {"@type": "Claim", "position": at, "appearance": appearance}


# --- cards ------------------------------------------------------------------------------------


def _attachment(card: dict[str, Json]) -> Json:
    return {"contentType": CARD, "content": card}


def _card(body: list[Json]) -> dict[str, Json]:
    return {
        "type": "AdaptiveCard",
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "version": "1.5",
        "body": body,
    }


def _as_is(text: str) -> str:
    """Untrusted text for a TextRun: what cards would replace by a time, such as {{TIME(...)}}, stays as it is."""
    return re.sub(r"\{(?=\{(?:DATE|TIME)\()", "{\u2060", shown(text))


def _run(text: str, *, bold: bool = False, italic: bool = False, small: bool = False) -> dict[str, Json]:
    """Text without any markup: Adaptive Cards read no Markdown in a TextRun."""
    run: dict[str, Json] = {"type": "TextRun", "text": _as_is(text)}
    if bold:
        run["weight"] = "Bolder"
    if italic:
        run["italic"] = True
    if small:
        run["size"], run["isSubtle"] = "Small", True
    return {"type": "RichTextBlock", "inlines": [run]}


def _sources(outcome: Outcome, answer: Answer, fit: Fit, passages: bool) -> dict[str, Json]:
    """The sources, one row of actions, and the record's id, where "Show the passage" does not tell it."""
    cited = sources(answer.citations)
    passages = passages and not fit.lines
    whole = all(len(s.text) <= fit.text // max(len(answer.statements), 1) for s in answer.statements)
    body: list[Json] = []
    for at, source in enumerate(cited, 1):
        quoted = unsaid(answer, source) if whole else source
        body += _source(at, source, quoted, fit, exact=not passages)
    body += _row([*(_buttons(outcome.record_id, cited) if passages else []), *_help(outcome)])
    return _card([*body, _record(outcome, hidden=passages)])


def _source(
    at: int, source: Sequence[Citation], quoted: Sequence[Citation], fit: Fit, *, exact: bool
) -> Iterator[Json]:
    title, place = _clip(source[0].document.title, NAME_LIMIT), source_place(source) if exact else short_place(source)
    if fit.lines:
        yield _run(f"[{at}] {title}, {_clip(place, ABSTRACT_LIMIT)}")
        return
    items: list[Json] = [_titled(f"[{at}] {title}", source), _close(_run(place, small=True))]
    if fit.quote and quoted:
        quotes = "\n".join(f"“{shorten(c.quote, fit.quote)}”" for c in quoted)
        items += [_close(_run(quotes, italic=True)), *_more([c.more for c in quoted])]
    yield {"type": "Container", "separator": at > 1, "items": items}


def _titled(title: str, source: Sequence[Citation]) -> dict[str, Json]:
    """The document's title, which opens it where it can be opened."""
    block = _run(title, bold=True)
    if link := _link(source[-1]):
        [run] = block["inlines"] if isinstance(block["inlines"], list) else [None]
        if isinstance(run, dict):
            run["selectAction"] = {"type": "Action.OpenUrl", "title": OPEN_DOCUMENT, "url": link}
    return block


def _buttons(record_id: str, cited: Sequence[Sequence[Citation]]) -> list[Json]:
    """What can be done with sources: see them in their place; with a single one, open its document."""
    actions: list[Json] = []
    for at, source in enumerate(cited, 1):
        asked: dict[str, Json] = {"record": record_id, "n": source[-1].n}
        # Opens a window for the person who presses it: https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/task-modules/task-modules-bots
        data: dict[str, Json] = {"msteams": {"type": "task/fetch"}, PASSAGE: asked}
        title = SHOW_PASSAGE_AT.format(n=at) if len(cited) > 1 else SHOW_PASSAGE
        actions.append({"type": "Action.Submit", "title": title, "data": data})
    if len(cited) == 1 and (link := _link(cited[0][-1])):
        actions.append({"type": "Action.OpenUrl", "title": OPEN_DOCUMENT, "url": link})
    return actions


def _row(actions: Sequence[Json]) -> list[Json]:
    """One row of buttons; what it has no room for stands in its menu.

    https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/cards-format#overflow-menu-in-adaptive-cards
    """
    kept = [
        {**action, "mode": "secondary"} if at >= ROW and len(actions) > ROW + 1 and isinstance(action, dict) else action
        for at, action in enumerate(actions)
    ]
    return [{"type": "ActionSet", "actions": kept}] if kept else []


def _record(outcome: Outcome, *, hidden: bool) -> dict[str, Json]:
    """The last block: `bot.teams.messages` finds the record by it, people only where no window tells it."""
    block = _run(_small(outcome), small=True)
    return {**block, "isVisible": False} if hidden else block


def _more(more: Sequence[str]) -> list[Json]:
    """What else belongs to the quotes above: our words, outside of them."""
    return [_close(_run(behind(one).lstrip(), small=True)) for one in more if one]


def _close(block: dict[str, Json]) -> dict[str, Json]:
    """Near to what stands above."""
    return {**block, "spacing": "Small"}


def _nearest(outcome: Outcome, passages: bool) -> dict[str, Json]:
    near = closest(outcome.near) if outcome.near is not None else []
    passages = passages and bool(near)
    body: list[Json] = []
    for at, (said, cited) in enumerate(near, 1):
        title = _clip(cited[0].document.title, NAME_LIMIT)
        place = short_place(cited) if passages else source_place(cited)
        items: list[Json] = [
            _titled(f"{at}. {title}" if len(near) > 1 else title, cited),
            _close(_run(place, small=True)),
            _close(_run(f"“{shorten(said.text, NEAR_LIMIT)}”", italic=True)),
            *_more([said.more]),
        ]
        body.append({"type": "Container", "separator": at > 1, "items": items})
    body += [_run(NEAREST_SECTIONS, bold=True)] if outcome.nearest else []
    body += [_close(_run(f"• {_clip(nearest_line(p), NAME_LIMIT + ABSTRACT_LIMIT)}")) for p in outcome.nearest]
    buttons = _buttons(outcome.record_id, [cited for _, cited in near]) if passages else []
    return _card([*body, *_row([*buttons, *_help(outcome)]), _record(outcome, hidden=passages)])


def _help(outcome: Outcome) -> list[Json]:
    """The button that asks a person."""
    if not outcome.expert:
        return []
    asked: dict[str, Json] = {"record": outcome.record_id}
    return [{"type": "Action.Submit", "title": _clip(f"Ask {outcome.expert}", NAME_LIMIT), "data": {EXPERT: asked}}]


def call(name: str, user: str, text: str, question: str) -> dict[str, Json]:
    """The message that asks an expert: the one message with a mention (of `user`, an id of the roster)."""
    mention = f"<at>{escape(name)}</at>"
    mentioned: dict[str, Json] = {"id": user, "name": name}
    message = text_message("")
    message["text"] = f"{mention} {escape(text)}\n\n“{escape(question)}”"
    message["entities"] = [{"type": "mention", "text": mention, "mentioned": mentioned}]
    return message


def passage_window(view: PassageView) -> dict[str, Json]:
    """The answer to "Show the passage": the section with its quotes marked in it."""
    before = view.before if len(view.before) <= PASSAGE_SIDE else "… " + view.before[-PASSAGE_SIDE:]
    after = view.after if len(view.after) <= PASSAGE_SIDE else view.after[:PASSAGE_SIDE] + " …"
    room = 2 * PASSAGE_SIDE // (1 + len(view.more))
    runs: list[Json] = [_plain_run(before), _marked_run(view.quote, room)]
    for between, quote in view.more:
        runs += [_plain_run(shorten(between, room)), _marked_run(quote, room)]
    runs.append(_plain_run(after))
    body: list[Json] = [
        _run(_clip(view.title, NAME_LIMIT), bold=True),
        _run(_clip(view.where, 2 * ABSTRACT_LIMIT), small=True),
        {"type": "RichTextBlock", "inlines": [run for run in runs if run]},
    ]
    if view.url is not None and _is_link(view.url):
        body.append(
            {
                "type": "ActionSet",
                "actions": [{"type": "Action.OpenUrl", "title": OPEN_DOCUMENT, "url": view.url}],
            }
        )
    if view.record:
        body.append(_run(f"Record {view.record}", small=True))
    return _window(body)


def _plain_run(text: str) -> Json:
    return {"type": "TextRun", "text": _as_is(text)} if text else None


def _marked_run(quote: str, room: int) -> Json:
    return {"type": "TextRun", "text": _as_is(shorten(quote, room)), "highlight": True, "weight": "Bolder"}


def text_window(text: str, record: str) -> dict[str, Json]:
    """A window that says why there is no passage, and which record it would be of."""
    return _window([_run(text), _run(f"Record {record}", small=True)])


def _window(body: list[Json]) -> dict[str, Json]:
    shown: dict[str, Json] = {"title": PASSAGE_TITLE, "width": "large", "height": "large"}
    shown["card"] = _attachment(_card(body))
    return {"task": {"type": "continue", "value": shown}}
