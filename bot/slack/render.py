"""An outcome as Block Kit. Pure: the same outcome gives the same bytes.

Words of documents and people stand in rich text, whose text elements Slack shows as they are: no
mark-up, no mention, no link (https://docs.slack.dev/reference/block-kit/blocks/rich-text-block).
Where Slack reads mark-up (the fallback text, small print) they are escaped.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from audit.record import Json
from bot.answering.render import (
    as_read,
    behind,
    closest,
    deep_link,
    nearest_line,
    plain,
    short_place,
    source_line,
    sources,
    unsaid,
)
from bot.answering.times import said_time, timed
from bot.keys import RecordRef
from bot.texts import (
    AI_LABEL,
    BAD_ANSWER,
    CUT,
    GO_TO_ANSWER,
    GOOD_ANSWER,
    NEAREST_SECTIONS,
    SHOW_PASSAGE,
    SHOW_PASSAGE_AT,
    SHOW_PASSAGE_OF,
)
from bot.types import Expert, Outcome, OutcomeKind
from retrieval.runs import RunKind
from retrieval.text.shown import shown, shown_line
from retrieval.types import Answer, Citation, Statement

BUDGET = 11_500  # characters of JSON over all blocks; Slack refuses somewhere above 13,000
TEXT_LIMIT = 3_900  # chat.update takes 4,000 characters of `text`
ANSWER_LIMIT = 4_000
NEAR_LIMIT = 900  # characters of a sentence that is near but no answer
OWN_BUTTONS = 5  # with more sources than this, one menu instead of a button for each
SHORTEST = 60  # no quote is cut below this many characters while there is another way
MENU_LIMIT = 100  # options Slack takes in a menu
PASSAGE = "footnote_passage"
FEEDBACK = "footnote_feedback"
EXPERT = "footnote_expert"
EVENT = "footnote_answer"
PART_EVENT = f"{EVENT}_part"
"""Of the parts behind the first, so that one answer is not counted as several."""
BOLD = (RunKind.ASKED, RunKind.TITLE)

Block = dict[str, Json]


def escape(text: str) -> str:
    """Text for a place where Slack reads mark-up (https://docs.slack.dev/messaging/formatting-message-text)."""
    return shown(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def render(outcome: Outcome) -> dict[str, Json]:
    """`text`, `blocks` and `metadata` of the message. Every citation is named, however long the answer."""
    answer = outcome.told
    blocks = _answered(outcome, answer) if answer else _told(outcome)
    return {"text": fallback(outcome), "blocks": [*blocks], "metadata": mark(EVENT, {"record": outcome.record_id})}


def mark(event_type: str, payload: dict[str, Json]) -> dict[str, Json]:
    """Message metadata; anybody in the workspace may read it."""
    return {"event_type": event_type, "event_payload": payload}


def fallback(outcome: Outcome) -> str:
    """What notifications and screen readers get: everything, or what fits, sources before quotes."""
    whole = escape(plain(outcome))
    if len(whole) <= TEXT_LIMIT:
        return whole
    answer = outcome.told
    if answer is None:
        return clip(whole, TEXT_LIMIT)
    named = (f"[{at}] {source_line(source)}" for at, source in enumerate(sources(answer.citations), 1))
    tail = "\n".join(["", "Sources:", *map(escape, named), f"Record {escape(outcome.record_id)}"])
    room = max(200, TEXT_LIMIT - len(tail))
    said = "".join(run.text for run in answer.runs(as_read(answer)))
    return clip(clip(escape(said), room) + tail, TEXT_LIMIT)


def clip(escaped: str, limit: int) -> str:
    """At most `limit` characters of escaped text, never half an entity."""
    if len(escaped) <= limit:
        return escaped
    return re.sub(r"&[a-z]{0,3}$", "", escaped[: limit - 1]) + "…"


def _told(outcome: Outcome) -> list[Block]:
    """An outcome without an answer: why, and the nearest sections."""
    body = outcome.text if len(outcome.text) <= ANSWER_LIMIT else outcome.text[: ANSWER_LIMIT - 1] + "…"
    link: list[Block] = (
        [_text(" "), {"type": "link", "url": outcome.link, "text": GO_TO_ANSWER}] if outcome.link else []
    )
    blocks: list[Block] = [_rich([_section([*_spoken(body), *link])])]
    near = closest(outcome.near) if outcome.near is not None else []
    buttons: list[Json] = []
    for at, (said, cited) in enumerate(near, 1):
        number = at if len(near) > 1 else 0
        blocks.append(_near(said, cited, number))
        buttons.append(_passage_button(outcome.record_id, cited, number))
    if outcome.nearest:
        lines = "\n".join(f"• {nearest_line(p)}" for p in outcome.nearest)[:ANSWER_LIMIT]
        head = _text(f"{NEAREST_SECTIONS}:\n", bold=True)
        blocks.append(_rich([_section([head, *(_text(piece) for piece in _pieces(lines))])]))
    if outcome.notice:
        blocks.append(_small(outcome.notice))
    blocks += _row([*buttons, *_help(outcome)])
    if outcome.kind is OutcomeKind.ABSTAINED:
        blocks.append(_thumbs(outcome.record_id))
    blocks.append(_small(AI_LABEL if buttons else f"Record {outcome.record_id}"))
    return blocks


def _near(said: Statement, cited: Sequence[Citation], number: int) -> Block:
    """A sentence that is near, and where it stands; with a number where there are several."""
    quote = [_text(piece) for piece in _pieces(shorten(said.text, NEAR_LIMIT))]
    first = [_text(f"{number}. ", bold=True)] if number else []
    place = _section([*first, _titled(cited), _text(f", {short_place(cited)}")])
    return _rich([place, {"type": "rich_text_quote", "elements": [*quote]}, *_more([said.more])])


def _answered(outcome: Outcome, answer: Answer) -> list[Block]:
    """The richest layout that fits, with quotes as long as fit in it."""
    told = _Told(answer, sources(answer.citations), outcome.record_id)
    for layout, limit, shortest in (
        (_with_buttons, ANSWER_LIMIT, SHORTEST),
        (_with_menu, ANSWER_LIMIT, SHORTEST),
        (_lines_and_menu, ANSWER_LIMIT, 0),
        (_lines_and_menu, 1_000, 0),
        (_lines, ANSWER_LIMIT, 0),
        (_lines, 1_000, 0),
    ):
        if layout is _with_buttons and len(told.sources) > OWN_BUTTONS:
            continue
        blocks = _fitted(outcome, told, limit, layout, shortest)
        if blocks is not None:
            return blocks
    return _last_resort(outcome, told)


@dataclass(frozen=True, slots=True)
class _Told:
    """An answer, its sources as people count them, and its record."""

    answer: Answer
    sources: Sequence[tuple[Citation, ...]]
    record: str

    def first(self, count: int) -> _Told:
        return _Told(self.answer, self.sources[:count], self.record)


def _said(answer: Answer, limit: int) -> list[Block]:
    """The answer's own text, cut at so many characters; what was asked for, and the titles of a form, are bold."""
    runs = [(run.text, run.kind in BOLD) for run in answer.runs(as_read(answer)) if run.text]
    if sum(len(text) for text, _ in runs) > limit:
        room = limit - len(CUT)
        kept = []
        for text, bold in runs:
            kept.append((text[:room], bold))
            room -= len(kept[-1][0])
        runs = [run for run in kept if run[0]]
        runs.append((CUT, False))
    return [_text(piece, bold=bold) for text, bold in runs for piece in _pieces(text)]


Layout = Callable[[_Told, int, bool], tuple[list[Block], list[Json]]]
"""What is below the answer, and the controls of the row under it: of the answer, the longest quote, all of it said."""


def _fitted(outcome: Outcome, told: _Told, limit: int, layout: Layout, shortest: int) -> list[Block] | None:
    """The layout with the longest quotes that fit; None when even the shortest do not."""
    said = _said(told.answer, limit)
    whole = len(told.answer.text) <= limit

    def attempt(longest: int) -> list[Block] | None:
        blocks = _framed(outcome, said, *layout(told, longest, whole))
        return blocks if size(blocks) <= BUDGET and len(blocks) <= 50 else None

    low, high = shortest, max((len(c.quote) for source in told.sources for c in source), default=0)
    best = attempt(high) if high >= low else attempt(low)
    if best is not None or high <= low:
        return best
    best = attempt(low)
    while best is not None and high - low > 1:  # low fits, high does not
        middle = (low + high) // 2
        tried = attempt(middle)
        if tried is None:
            high = middle
        else:
            low, best = middle, tried
    return best


def _last_resort(outcome: Outcome, told: _Told) -> list[Block]:
    """More sources than a message holds: as many as fit, and the number of the rest."""
    kept = len(told.sources)
    while True:
        lines, _ = _lines(told.first(kept), 0, False)
        more = _small(f"{len(told.sources) - kept} more sources are in the record.")
        blocks = _framed(outcome, [_text(CUT)], [*lines, more], [])
        if size(blocks) <= BUDGET or not kept:
            return blocks
        kept = kept * 9 // 10


def size(blocks: Sequence[Block]) -> int:
    """Characters of the blocks as JSON."""
    return len(json.dumps(blocks, ensure_ascii=False))


def _framed(outcome: Outcome, said: Sequence[Block], sources: Sequence[Block], controls: Sequence[Json]) -> list[Block]:
    """The answer, its sources, one row of controls, and small print; the record's id where no window shows it."""
    blocks: list[Block] = [_rich([_section(said)])]
    if outcome.notice:
        blocks.append(_small(outcome.notice))
    blocks += [*sources, *_row([*controls, *_help(outcome)]), _thumbs(outcome.record_id)]
    return [*blocks, _small(AI_LABEL if controls else f"{AI_LABEL} Record {outcome.record_id}")]


def _row(controls: Sequence[Json]) -> list[Block]:
    return [{"type": "actions", "elements": [*controls]}] if controls else []


def _with_buttons(told: _Told, longest: int, whole: bool) -> tuple[list[Block], list[Json]]:
    """Each source with its quotes, and a button for each, which shows all of them."""
    several = len(told.sources) > 1
    buttons: list[Json] = [
        _passage_button(told.record, source, at if several else 0) for at, source in enumerate(told.sources, 1)
    ]
    return _sources(told, longest, whole), buttons


def _passage_button(record: str, source: Sequence[Citation], at: int) -> Block:
    """Shows the passage of a source: of the one there is, or of number `at`."""
    value = str(RecordRef(record, source[-1].n))
    label = _label(SHOW_PASSAGE_AT.format(n=at) if at else SHOW_PASSAGE)
    named = f"{PASSAGE}_{at}" if at > 1 else PASSAGE  # no two in a block may be the same
    return {"type": "button", "action_id": named, "text": label, "value": value}


def _with_menu(told: _Told, longest: int, whole: bool) -> tuple[list[Block], list[Json]]:
    """The same with one menu for all passages."""
    return _sources(told, longest, whole), [_choice(told)]


def _lines_and_menu(told: _Told, longest: int, whole: bool) -> tuple[list[Block], list[Json]]:
    return _lines(told, longest, whole)[0], [_choice(told)]


def _choice(told: _Told) -> Block:
    options: list[Json] = [
        {"text": {"type": "plain_text", "text": f"Source {at}"}, "value": str(RecordRef(told.record, source[-1].n))}
        for at, source in enumerate(told.sources[:MENU_LIMIT], 1)
    ]
    return {
        "type": "static_select",
        "action_id": PASSAGE,
        "placeholder": _label(SHOW_PASSAGE_OF),
        "options": options,
    }


def _lines(told: _Told, longest: int, whole: bool) -> tuple[list[Block], list[Json]]:
    """The tightest form: a line a source, its quotes behind it as far as they fit."""
    lines = []
    for at, source in enumerate(told.sources, 1):
        quoted = _quoted(told, source, whole) if longest > 1 else ()
        quotes = " ".join(f"“{shorten(c.quote, longest)}”{behind(c.more)}" for c in quoted)
        lines.append(f"[{at}] {source_line(source)}" + (f": {quotes}" if quotes else ""))
    text = "\n".join(lines)
    pieces = [text[i : i + 3_000] for i in range(0, len(text), 3_000)]
    return [_rich([_section([_text(piece) for piece in pieces])])] if pieces else [], []


def _quoted(told: _Told, source: Sequence[Citation], whole: bool) -> Sequence[Citation]:
    """What is quoted below the answer: all that does not stand in it word for word, or all, when it is cut."""
    return unsaid(told.answer, source) if whole else source


def _sources(told: _Told, longest: int, whole: bool) -> list[Block]:
    """For each source its title, which opens the document, its place, and its quotes as one."""
    parts: list[Block] = []
    for at, source in enumerate(told.sources, 1):
        quoted = _quoted(told, source, whole)
        quotes = [shorten(c.quote, longest) for c in quoted]
        parts.append(_section([_text(f"[{at}] ", bold=True), _titled(source), _text(f", {short_place(source)}")]))
        if quotes:
            elements = [_text(piece) for piece in _pieces("\n".join(quotes))]
            parts.append({"type": "rich_text_quote", "elements": [*elements]})
        parts += _more([c.more for c in quoted])
    return [_rich(parts)] if parts else []


def _more(more: Sequence[str]) -> list[Block]:
    """What else belongs to the quotes above: our words, outside of them."""
    return [_section([_text(f"{behind(one).lstrip()}\n")]) for one in more if one]


def _titled(source: Sequence[Citation]) -> Block:
    """The document's title, which opens it where it can be opened."""
    document = source[0].document
    link = deep_link(document, source[-1].section, source[-1].page)
    title: Block = _text(document.title, bold=True)
    if link is not None and openable(link) and len(document.title) <= 3_000:
        title |= {"type": "link", "url": link}
    return title


def openable(url: str) -> bool:
    """Only web addresses become links, and none longer than Slack takes."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc) and len(url) <= 2_000 and url.isprintable()


def shorten(quote: str, longest: int) -> str:
    """The quote, or its beginning and end around an ellipsis when it is longer than `longest` characters."""
    if len(quote) <= longest:
        return quote
    room = max(longest - 3, 2)
    head = (room + 1) // 2
    return f"{quote[:head]} … {quote[len(quote) - (room - head) :]}"


def _pieces(text: str) -> list[str]:
    text = shown(text)
    return [text[i : i + 3_000] for i in range(0, len(text), 3_000)] or [" "]


def _spoken(text: str) -> list[Block]:
    """Our own words; what stands in backticks is shown as code, a time in the reader's zone."""
    parts = re.split(r"`([^`\n]+)`", text or " ")
    return [
        _at(said) if isinstance(said, datetime) else _text(piece, code=bool(i % 2))
        for i, part in enumerate(parts)
        for said in ([part] if i % 2 else timed(part))
        for piece in (_pieces(said) if isinstance(said, str) else [""])
        if said
    ]


def _at(time: datetime) -> Block:
    """A time in the zone of whoever reads it (https://docs.slack.dev/reference/block-kit/block-elements/date-element)."""
    said: Block = {"type": "date", "timestamp": int(time.timestamp()), "format": "{date_short}, {time}"}
    return {**said, "fallback": said_time(time)}


def _text(text: str, *, bold: bool = False, code: bool = False) -> Block:
    style: dict[str, Json] = {**({"bold": True} if bold else {}), **({"code": True} if code else {})}
    return {"type": "text", "text": shown(text) or " ", **({"style": style} if style else {})}


def _section(elements: Sequence[Block]) -> Block:
    return {"type": "rich_text_section", "elements": [*elements]}


def _rich(elements: Sequence[Block]) -> Block:
    return {"type": "rich_text", "elements": [*elements]}


def _label(text: str) -> Block:
    return {"type": "plain_text", "text": shown_line(text), "emoji": False}


def _small(text: str) -> Block:
    element: Block = {"type": "mrkdwn", "text": clip(escape(text), 2_000), "verbatim": True}
    return {"type": "context", "elements": [element]}


def linking(text: str, url: str, label: str) -> list[Block]:
    """Our own words with a link in the place of "{link}"."""
    before, _, after = text.partition("{link}")
    link: Block = {"type": "link", "url": url, "text": label}
    return [_rich([_section([_text(before), link, *([_text(after)] if after else [])])])]


def _help(outcome: Outcome) -> list[Json]:
    """The button that asks a person."""
    if not outcome.expert:
        return []
    label = _label(clip(f"Ask {outcome.expert}", 75))
    return [{"type": "button", "action_id": EXPERT, "text": label, "value": outcome.record_id}]


def call(expert: Expert, text: str, question: str, record: str) -> dict[str, Json]:
    """The message that asks an expert: the one message with a mention. The question is shown as it is."""
    group = expert.address("slack").startswith("S")
    mention: Block = {"type": "usergroup", "usergroup_id": expert.address("slack")}
    if not group:
        mention = {"type": "user", "user_id": expert.address("slack")}
    quote: Block = {"type": "rich_text_quote", "elements": [_text(piece) for piece in _pieces(question)]}
    return {
        "text": clip(escape(f"{expert.name}: {text} “{question}”"), TEXT_LIMIT),
        "blocks": [_rich([_section([mention, _text(f" {text}")]), quote]), _small(f"Record {record}")],
        "metadata": mark(EXPERT, {"record": record}),
    }


def _thumbs(record: str) -> Block:
    element: Block = {
        "type": "feedback_buttons",
        "action_id": FEEDBACK,
        "positive_button": {"text": _label(GOOD_ANSWER), "value": f"up:{record}"},
        "negative_button": {"text": _label(BAD_ANSWER), "value": f"down:{record}"},
    }
    return {"type": "context_actions", "elements": [element]}
