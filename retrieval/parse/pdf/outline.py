"""From paragraphs to blocks: clauses, unnumbered headings and bookmarks give the levels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from retrieval.parse.blocks import Block
from retrieval.parse.clauses.numbers import readings
from retrieval.parse.clauses.titles import heading_alone
from retrieval.parse.pdf.clauses import Clause, clauses
from retrieval.parse.pdf.paragraphs import BodyType, Paragraph

LARGER = 1.1  # a heading's type size against the body's
MAX_STYLES = 6
BELOW = 1000  # ranks of headings below every number
SHORT_ROWS = 3
CLOSE = 1.3  # space above a further line of a heading, in line heights
MAX_PAGE_BOOKMARKS = 60


@dataclass(frozen=True, slots=True)
class Bookmark:
    """An entry of the PDF's outline. `depth` counts from 0, `page` from 1."""

    depth: int
    title: str
    page: int


@dataclass(slots=True)
class _Heading:
    rank: float
    label: str | None
    heading: str
    merged: int = 0  # following paragraphs that are part of the heading


def letters(text: str) -> str:
    """Letters and digits alone, lower case: what is compared where spacing and dashes differ."""
    return "".join(c for c in text.casefold() if c.isalnum())


def blocks(
    items: Sequence[Paragraph],
    body: BodyType,
    bookmarks: Sequence[Bookmark],
    printed: Mapping[int, str | None],
    title: str,
) -> Iterator[Block]:
    """The document's blocks in reading order. `printed`: page labels by page; `title` opens no section of its own."""
    named = _bookmarked(items, bookmarks)
    breaks = [at for at in range(len(items)) if _stands_out(items, at, body) and _breaks(items[at], body)]
    numbered, ahead = clauses(items, body, frozenset(named), breaks)
    headings: dict[int, _Heading] = {c.at: _clause_heading(c, items, body) for c in numbered}
    _add_unnumbered(headings, numbered, items, body, named, title, ahead)
    levels = {rank: level for level, rank in enumerate(sorted({h.rank for h in headings.values()}), start=1)}
    skip = 0
    for at, item in enumerate(items):
        if skip:
            skip -= 1
            continue
        heading = headings.get(at)
        text, joins = item.text, item.joins
        if heading is not None:
            skip = heading.merged
            text = "\n".join(i.text for i in items[at : at + 1 + skip])
        yield Block(
            text=text,
            level=levels[heading.rank] if heading else None,
            label=heading.label if heading else None,
            heading=heading.heading if heading else "",
            anchor=f"#page={item.page}" if heading else None,
            page=item.page,
            printed=printed.get(item.page),
            table=item.table,
            joins=joins,
            ahead=at in ahead,
            head=item.table is not None and item.bold,
        )


def _clause_heading(clause: Clause, items: Sequence[Paragraph], body: BodyType) -> _Heading:
    """A clause's heading; a number alone on its line takes the title from the next one. Titles may take more lines."""
    item = items[clause.at]
    bare = not item.text[clause.mark.typed :].strip(" .:–—-")
    if bare and clause.at + 1 < len(items):
        after = items[clause.at + 1]
        near = after.page == item.page and after.table is None and after.gap < 3 and after.rows <= SHORT_ROWS
        alike = after.bold or after.centred or after.size > body.size * LARGER or after.text.isupper()
        if near and alike and heading_alone(after.text, strong=True) and not readings(after.text):
            more = _wrapped(items, clause.at + 1, body)
            lines = items[clause.at + 1 : clause.at + 2 + more]
            return _Heading(clause.rank, clause.label, " ".join(_flat(i.text) for i in lines), merged=1 + more)
    more = _wrapped(items, clause.at, body) if clause.title else 0
    lines = items[clause.at + 1 : clause.at + 1 + more]
    return _Heading(clause.rank, clause.label, " ".join([clause.title, *(_flat(i.text) for i in lines)]), merged=more)


def _wrapped(items: Sequence[Paragraph], at: int, body: BodyType) -> int:
    """How many paragraphs after a heading are its further lines: set like it, and as close as lines are."""
    first, count = items[at], 0
    if first.rows > SHORT_ROWS or not (first.bold or first.size > body.size * LARGER or first.centred):
        return 0
    while at + count + 1 < len(items) and count < SHORT_ROWS:
        line = items[at + count + 1]
        alike = _style(line)[:2] == _style(first)[:2] and line.centred == first.centred and line.page == first.page
        close = line.gap < CLOSE and line.table is None and not line.leaders and line.rows <= SHORT_ROWS
        if not (alike and close and heading_alone(line.text, strong=True)) or readings(line.text):
            break
        count += 1
    return count


def _flat(text: str) -> str:
    return " ".join(text.split())


def _add_unnumbered(
    headings: dict[int, _Heading],
    numbered: Sequence[Clause],
    items: Sequence[Paragraph],
    body: BodyType,
    named: Mapping[int, Bookmark],
    title: str,
    ahead: frozenset[int],
) -> None:
    taken = {at + n for at, h in headings.items() for n in range(h.merged + 1)} | ahead
    found = [at for at in range(len(items)) if at not in taken and (at in named or _stands_out(items, at, body))]
    found = [at for at in found if not (items[at].page == 1 and letters(items[at].text) in letters(title))]
    biggest = max((items[c.at].size for c in numbered), default=0.0)
    styles = sorted({_style(items[at]) for at in found}, reverse=True)
    above = [s for s in styles if numbered and s[0] > biggest * LARGER][:MAX_STYLES]
    further: set[int] = set()  # lines of the heading before
    for at in found:
        if at in further:
            continue
        style = _style(items[at])
        cover = bool(numbered) and items[at].page == 1 and items[numbered[0].at].page > 1
        if style in above and not cover:
            rank = float(above.index(style))
        else:
            rank = BELOW + min(max(styles.index(style) - len(above), 0), MAX_STYLES)
        if at in named and not numbered:
            rank = named[at].depth
        more = 0 if at in named else _wrapped(items, at, body)
        further.update(range(at + 1, at + 1 + more))
        heading = " ".join(_flat(i.text) for i in items[at : at + 1 + more])
        headings[at] = _Heading(rank, None, heading, merged=more)


def _style(item: Paragraph) -> tuple[float, bool, bool]:
    return round(item.size * 2) / 2, item.bold, item.text.isupper()


def _stands_out(items: Sequence[Paragraph], at: int, body: BodyType) -> bool:
    """Whether a paragraph is an unnumbered heading: its type says so, and text follows it."""
    item = items[at]
    larger = item.size > body.size * LARGER
    if item.table is not None or item.leaders or item.rows > SHORT_ROWS or item.size < body.size * 0.9:
        return False
    capitals = item.text.isupper() and item.centred and item.size >= body.size * 0.98
    if not (larger or item.bold or capitals) or not heading_alone(item.text, strong=larger):
        return False
    if any(r.parts is not None or r.own.startswith("(") for r in readings(item.text)):
        return False  # a number that no sequence carries: better no section than a wrong one
    return at + 1 < len(items) and "  " not in item.text


def _breaks(item: Paragraph, body: BodyType) -> bool:
    """Whether an unnumbered heading begins something new, and not just a part of the clause above."""
    return item.size > body.size * 1.25 or (item.centred and item.text.isupper())


def _bookmarked(items: Sequence[Paragraph], bookmarks: Sequence[Bookmark]) -> dict[int, Bookmark]:
    """Index of each paragraph that a bookmark's title names, on the page it points to."""
    pages: dict[int, list[int]] = {}
    for at, item in enumerate(items):
        pages.setdefault(item.page, []).append(at)
    found: dict[int, Bookmark] = {}
    count: Counter[int] = Counter()
    for bookmark in bookmarks:
        count[bookmark.page] += 1
        if count[bookmark.page] > MAX_PAGE_BOOKMARKS:
            continue
        wanted = letters(bookmark.title)
        for at in pages.get(bookmark.page, []):
            text = letters(items[at].text[: 3 * len(bookmark.title) + 20])
            short = items[at].rows <= SHORT_ROWS and items[at].table is None
            if (
                at not in found
                and len(wanted) > 2
                and (text == wanted or (short and text.startswith(wanted) and items[at].lead() > 0))
            ):
                found[at] = bookmark
                break
    return found
