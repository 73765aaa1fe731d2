"""An outcome as Block Kit. Pure: the same outcome gives the same bytes.

Words of documents and people stand in rich text, whose text elements Slack shows as they are: no
mark-up, no mention, no link (https://docs.slack.dev/reference/block-kit/blocks/rich-text-block).
Where Slack reads mark-up (the fallback text, small print) they are escaped.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from urllib.parse import urlsplit

from audit.record import Json
from bot.answering.render import (
    behind,
    closest,
    deep_link,
    markers,
    nearest_line,
    plain,
    source_line,
    source_place,
    sources,
)
from bot.keys import RecordRef
from bot.texts import BAD_ANSWER, CUT, GO_TO_ANSWER, GOOD_ANSWER, NEAREST_SECTIONS, SHOW_PASSAGE, SHOW_PASSAGE_OF
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
    sources = "\n".join(["Sources:", *(f"[{c.n}] {source_line(c)}" for c in answer.citations)])
    tail = f"\n{escape(sources)}\nRecord {escape(outcome.record_id)}"
    room = max(200, TEXT_LIMIT - len(tail))
    return clip(clip(escape(answer.text), room) + tail, TEXT_LIMIT)


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
    if outcome.near is not None:
        for said, cited in closest(outcome.near):
            blocks += _near(outcome.record_id, said, cited)
    if outcome.nearest:
        lines = "\n".join(f"• {nearest_line(p)}" for p in outcome.nearest)[:ANSWER_LIMIT]
        head = _text(f"{NEAREST_SECTIONS}:\n", bold=True)
        blocks.append(_rich([_section([head, *(_text(piece) for piece in _pieces(lines))])]))
    if outcome.notice:
        blocks.append(_small(outcome.notice))
    if outcome.kind is OutcomeKind.ABSTAINED:
        blocks += [_thumbs(outcome.record_id), *_help(outcome)]
    blocks.append(_small(f"Record {outcome.record_id}"))
    return blocks


def _near(record: str, said: Statement, cited: Sequence[Citation]) -> Iterator[Block]:
    """A sentence that is near, where it stands, and a button that shows what is around it."""
    title, place = _titled(cited), f", {source_place(cited)}"
    quote = [_text(piece) for piece in _pieces(shorten(said.text, NEAR_LIMIT))]
    yield _rich([_section([title, _text(place)]), {"type": "rich_text_quote", "elements": [*quote]}, *_more(said.more)])
    yield {"type": "actions", "elements": [_passage_button(record, cited)]}


def _answered(outcome: Outcome, answer: Answer) -> list[Block]:
    """The richest layout that fits, with quotes as long as fit in it."""
    citations = answer.citations
    for layout, limit, shortest in (
        (_own_buttons, ANSWER_LIMIT, SHORTEST),
        (_menu, ANSWER_LIMIT, SHORTEST),
        (_lines_and_menu, ANSWER_LIMIT, 0),
        (_lines_and_menu, 1_000, 0),
        (_lines, ANSWER_LIMIT, 0),
        (_lines, 1_000, 0),
    ):
        if layout is _own_buttons and len(citations) > OWN_BUTTONS:
            continue
        blocks = _fitted(outcome, _said(answer, limit), citations, layout, shortest)
        if blocks is not None:
            return blocks
    return _last_resort(outcome, citations)


def _said(answer: Answer, limit: int) -> list[Block]:
    """The answer's own text, cut at so many characters; what was asked for, and the titles of a form, are bold."""
    runs = [(run.text, run.kind in BOLD) for run in answer.runs() if run.text]
    if sum(len(text) for text, _ in runs) > limit:
        room = limit - len(CUT)
        kept = []
        for text, bold in runs:
            kept.append((text[:room], bold))
            room -= len(kept[-1][0])
        runs = [run for run in kept if run[0]]
        runs.append((CUT, False))
    return [_text(piece, bold=bold) for text, bold in runs for piece in _pieces(text)]


Layout = Callable[[str, Sequence[Citation], int], list[Block]]


def _fitted(
    outcome: Outcome, said: Sequence[Block], citations: Sequence[Citation], layout: Layout, shortest: int
) -> list[Block] | None:
    """The layout with the longest quotes that fit; None when even the shortest do not."""

    def attempt(longest: int) -> list[Block] | None:
        blocks = _framed(outcome, said, layout(outcome.record_id, citations, longest))
        return blocks if size(blocks) <= BUDGET and len(blocks) <= 50 else None

    low, high = shortest, max((len(c.quote) for c in citations), default=0)
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


def _last_resort(outcome: Outcome, citations: Sequence[Citation]) -> list[Block]:
    """More sources than a message holds: as many as fit, and the number of the rest."""
    kept = len(citations)
    while True:
        lines = _lines(outcome.record_id, citations[:kept], 0)
        more = _small(f"{len(citations) - kept} more sources are in the record.")
        blocks = _framed(outcome, [_text(CUT)], [*lines, more])
        if size(blocks) <= BUDGET or not kept:
            return blocks
        kept = kept * 9 // 10


def size(blocks: Sequence[Block]) -> int:
    """Characters of the blocks as JSON."""
    return len(json.dumps(blocks, ensure_ascii=False))


def _framed(outcome: Outcome, said: Sequence[Block], sources: Sequence[Block]) -> list[Block]:
    blocks: list[Block] = [_rich([_section(said)])]
    if outcome.notice:
        blocks.append(_small(outcome.notice))
    blocks.append(_rich([_section([_text("Sources", bold=True)])]))
    return [*blocks, *sources, _thumbs(outcome.record_id), *_help(outcome), _small(f"Record {outcome.record_id}")]


def _own_buttons(record: str, citations: Sequence[Citation], longest: int) -> list[Block]:
    """Each source with its quotes and its own button, which shows all of them."""
    blocks: list[Block] = []
    for source in sources(citations):
        blocks.append(_rich(list(_source(source, longest))))
        blocks.append({"type": "actions", "elements": [_passage_button(record, source)]})
    return blocks


def _passage_button(record: str, source: Sequence[Citation]) -> Block:
    value = str(RecordRef(record, source[-1].n))
    return {"type": "button", "action_id": PASSAGE, "text": _label(SHOW_PASSAGE), "value": value}


def _menu(record: str, citations: Sequence[Citation], longest: int) -> list[Block]:
    """All sources in one block, and one menu for their passages."""
    return [_rich([part for s in sources(citations) for part in _source(s, longest)]), _choice(record, citations)]


def _lines_and_menu(record: str, citations: Sequence[Citation], longest: int) -> list[Block]:
    return [*_lines(record, citations, longest), _choice(record, citations)]


def _choice(record: str, citations: Sequence[Citation]) -> Block:
    options: list[Json] = [
        {"text": {"type": "plain_text", "text": f"Source {c.n}"}, "value": str(RecordRef(record, c.n))}
        for c in citations[:MENU_LIMIT]
    ]
    menu: Block = {
        "type": "static_select",
        "action_id": PASSAGE,
        "placeholder": _label(SHOW_PASSAGE_OF),
        "options": options,
    }
    return {"type": "actions", "elements": [menu]}


def _lines(record: str, citations: Sequence[Citation], longest: int) -> list[Block]:
    """The tightest form: a line a source, the quote behind it as far as it fits."""
    lines = [
        f"[{c.n}] {source_line(c)}" + (f": “{shorten(c.quote, longest)}”{behind(c.more)}" if longest > 1 else "")
        for c in citations
    ]
    pieces = ["\n".join(lines)[i : i + 3_000] for i in range(0, len("\n".join(lines)), 3_000)]
    return [_rich([_section([_text(piece) for piece in pieces])])] if pieces else []


def _source(source: Sequence[Citation], longest: int) -> Iterator[Block]:
    """The title, which opens the document, the place, and each quote."""
    title, place = _titled(source), _text(f", {source_place(source)}")
    yield _section([_text(f"{markers(source)} ", bold=True), title, place])
    for c in source:
        yield {"type": "rich_text_quote", "elements": [_text(piece) for piece in _pieces(shorten(c.quote, longest))]}
        yield from _more(c.more)


def _more(more: str) -> Iterator[Block]:
    """What else belongs to the quote above: our words, outside of it."""
    if more:
        yield _section([_text(f"{behind(more).lstrip()}\n")])


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
    """Our own words; what stands in backticks is shown as code."""
    parts = re.split(r"`([^`\n]+)`", text or " ")
    return [_text(piece, code=bool(i % 2)) for i, part in enumerate(parts) if part for piece in _pieces(part)]


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


def _help(outcome: Outcome) -> list[Block]:
    """The button that asks a person."""
    if not outcome.expert:
        return []
    label = _label(clip(f"Ask {outcome.expert}", 75))
    button: Block = {"type": "button", "action_id": EXPERT, "text": label, "value": outcome.record_id}
    return [{"type": "actions", "elements": [button]}]


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
