"""Blocks of marked-up text (HTML, Markdown): sections by headings, styled paragraphs, numbered lists and numbers.

A page may set its headings in plain paragraphs: they are known by their numbers, and by a look (bold, larger,
centred) that sets them apart from the text. Ordered lists are clauses where they are the document's own outline.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from retrieval.parse.blocks import Block
from retrieval.parse.clauses.contents import between, contents, dividers, table_notes
from retrieval.parse.clauses.marks import ClauseMark
from retrieval.parse.clauses.numbers import readings
from retrieval.parse.clauses.outline import PlacedSection, SectionCandidate, place_all
from retrieval.parse.clauses.sequence import Line, find
from retrieval.parse.clauses.titles import heading_alone, run_in_title
from retrieval.parse.clauses.wrapping import HARD, SOFT, breaks, closed, full_width, shown, wrapped

_LARGER = 1.1  # a heading's type size against the text's
_MOST_STRONG = 0.5  # share of paragraphs that may be set apart: more are no headings
_TITLE_WORDS = 25
_LISTED_TITLE = 8  # words of a list item that is a title
_MARKS = " .:–—-\n"
_LINE = re.compile(r"line (\d+)")


@dataclass(frozen=True, slots=True)
class ListNumber:
    """What an ordered list prints before a paragraph: `shown` with its full stop, as the `ordinal`-th number.

    `outer` names the outermost list, `depth` counts ordered lists from 0; `first` tells the list's first item.
    """

    shown: str
    outer: int
    depth: int
    first: bool
    ordinal: int


@dataclass(frozen=True, slots=True)
class FlowBlock:
    """A block and its look. `lead`: letters set bold at its beginning. `size`: of its type, in points or any
    other unit. `look` names the style. `listed`: it stands in a list; `item`: the number that it begins with."""

    block: Block
    lead: int = 0
    centred: bool = False
    size: float = 0.0
    look: str = ""
    listed: bool = False
    item: ListNumber | None = None
    anchor: str | None = None
    before: str = ""  # the line end of its paragraph that it stood after

    @property
    def bold(self) -> bool:
        return self.lead > 0 and self.lead >= len(self.text)

    @property
    def text(self) -> str:
        """The paragraph without the number that its list prints."""
        return self.block.text[len(self.item.shown) :].lstrip() if self.item is not None else self.block.text


def outlined(pieces: Sequence[FlowBlock]) -> list[Block]:
    """The blocks, those that open a section with level, full label and heading."""
    pieces = _parted(_single(pieces))
    body = _body(pieces)
    counted = _counted(pieces)
    strong = [_strong(piece, body) for piece in pieces]
    lines = [_line(piece, counted, strong=said) for piece, said in zip(pieces, strong, strict=True)]
    said_again = dividers(lines)
    blocks = [piece.block for piece in pieces]
    notes = table_notes([block.text for block in blocks], [block.table for block in blocks])
    again = contents(lines) | said_again.keys() | notes
    lines = [replace(line, text="") if at in again else line for at, line in enumerate(lines)]
    typed = find(lines)
    marks = [line.mark or (found[0].mark if found else None) for line, found in zip(lines, typed, strict=True)]
    titles = {at + 1 for at, mark in enumerate(marks) if mark is not None and _titled_below(pieces, lines, marks, at)}
    apart = _set_apart(pieces, strong, marks, titles | again, body)
    opening = [at for at, p in enumerate(pieces) if marks[at] is not None or p.block.level is not None or at in apart]
    placed = place_all(
        [SectionCandidate(lines[at].outline, marks[at], round(pieces[at].size, 1) + strong[at] / 20) for at in opening]
    )
    places = dict(zip(opening, placed, strict=True))
    made = [_block(pieces, at, places.get(at), marks[at], titles) for at in range(len(pieces))]
    for at in between(said_again, opening):
        made[at] = replace(made[at], ahead=True)
    return made


def _block(
    pieces: Sequence[FlowBlock], at: int, placed: PlacedSection | None, mark: ClauseMark | None, titles: set[int]
) -> Block:
    piece = pieces[at]
    if placed is None:
        return piece.block
    block = replace(piece.block, anchor=piece.block.anchor or piece.anchor)
    if mark is None:
        return replace(block, level=placed.level, heading=" ".join(block.text.split()))
    rest = piece.text[mark.typed :].strip(_MARKS)
    if not rest and at + 1 in titles:
        heading = " ".join(pieces[at + 1].text.split())
    elif block.level is not None:
        heading = rest
    else:
        text = piece.text[mark.typed :].lstrip(_MARKS)
        heading = run_in_title(text, max(0, piece.lead - (len(piece.text) - len(text))), piece.bold)
    return replace(block, level=placed.level, label=placed.label, heading=heading)


def _line(piece: FlowBlock, counted: frozenset[int], *, strong: bool) -> Line:
    block, item = piece.block, piece.item
    if block.level is not None:
        return Line(block.text, outline=block.level - 1, strong=True)
    if item is not None and item.outer in counted:
        return Line(block.text, strong=strong, mark=_computed(item), numbered=True)
    quiet = block.table is not None or (piece.listed and item is not None) or block.text.startswith("- ")
    return Line("" if quiet else block.text, strong=strong, numbered=quiet)


def _computed(item: ListNumber) -> ClauseMark:
    own = item.shown.strip(" .)")
    half = item.shown.rstrip().endswith(")")
    return ClauseMark(
        own=f"({own})" if half else own,
        key=f"list:{item.outer}",
        depth=item.depth,
        first=item.depth,
        parts=(int(own),) if own.isdigit() and item.depth == 0 else None,
        word="",
        shape="list",
        half=half,
        restarted=item.first,
    )


# --- line ends in a paragraph ------------------------------------------------------------------


def _parted(pieces: Sequence[FlowBlock]) -> list[FlowBlock]:
    """Paragraphs cut at the ends of those lines after which a clause begins, as "(a)" after "if:" with no blank line
    between; the engine that knows all numbers of the document decides.
    """
    cut = [_lines(piece) for piece in pieces]
    if all(len(lines) == 1 for lines in cut):
        return [line for lines in cut for line in lines]
    width = full_width([line.block.text for lines in cut for line in lines if len(lines) > 1])
    fed = [_fed(lines, n, width) for lines in cut for n in range(len(lines))]
    marks = iter(find(fed))
    made: list[FlowBlock] = []
    for lines in cut:
        opens = [bool(next(marks)) for _ in lines]
        last = lines[0]
        for n, line in enumerate(lines[1:], 1):
            ahead = n + 1 < len(lines) and opens[n + 1] and closed(line.block.text)
            titled = lines[n - 1].bold and line.lead > 2  # a heading above that of the clause
            if opens[n] and (closed(lines[n - 1].block.text) or ahead or titled):
                made.append(_whole(last))
                last = line
            else:
                last = replace(last, block=replace(last.block, text=last.block.text + line.before + line.block.text))
        made.append(_whole(last))
    return made


def _lines(piece: FlowBlock) -> list[FlowBlock]:
    """The lines of a paragraph, each with its place and with what stands before it."""
    text = piece.block.text
    ends = [] if piece.block.level is not None or piece.block.table is not None else breaks(text)
    if not ends or (piece.listed and piece.item is None):
        return [_whole(piece)]
    found = []
    for n, (start, end) in enumerate(zip([0, *(at + 1 for at in ends)], [*ends, len(text)], strict=True)):
        block = replace(piece.block, text=text[start:end], locator=_further(piece.block.locator, text[:start]))
        bold = min(max(0, piece.lead - start), end - start)
        before = text[start - 1 : start] if n else ""
        line = replace(piece, block=block, lead=bold, before=before)
        found.append(replace(line, listed=False, item=None) if n else line)
    return found


def _fed(lines: Sequence[FlowBlock], n: int, width: int) -> Line:
    if n == 0:
        return _line(lines[0], frozenset(), strong=lines[0].lead > 2)
    text = lines[n].block.text.strip()
    return Line(text, strong=lines[n].lead > 2, runs_on=lines[n].before == SOFT and wrapped(lines[n - 1].text, width))


def _further(locator: str | None, above: str) -> str | None:
    """The place of a line of a paragraph; `above` is what stands before it there."""
    found = _LINE.fullmatch(locator or "")
    return f"line {int(found[1]) + above.count(SOFT) + above.count(HARD)}" if found else locator


def _whole(piece: FlowBlock) -> FlowBlock:
    block = piece.block
    if SOFT not in block.text and HARD not in block.text:
        return piece
    return replace(piece, block=replace(block, text=shown(block.text), heading=shown(block.heading)))


# --- looks -----------------------------------------------------------------------------------


def _body(pieces: Sequence[FlowBlock]) -> float:
    """The size of the text's type: that of most letters."""
    sizes: Counter[float] = Counter()
    for piece in pieces:
        sizes[piece.size] += len(piece.block.text)
    return sizes.most_common(1)[0][0] if sizes else 0.0


def _strong(piece: FlowBlock, body: float) -> bool:
    """Whether a paragraph's look sets it apart: bold, or larger than the text."""
    return piece.bold or piece.lead > 2 or piece.size > body * _LARGER


def _set_apart(
    pieces: Sequence[FlowBlock],
    strong: Sequence[bool],
    marks: Sequence[ClauseMark | None],
    taken: set[int],
    body: float,
) -> set[int]:
    """Unnumbered paragraphs that are headings by their look, where a page has no headings: short, and text follows."""
    if sum(p.block.level is not None for p in pieces) > 1:
        return set()
    plain = [at for at, p in enumerate(pieces) if p.block.table is None and p.block.level is None and not p.listed]
    plain = [at for at in plain if marks[at] is None and at not in taken]
    looks = [at for at in plain if strong[at] and (pieces[at].bold or pieces[at].size > body * _LARGER)]
    if len(looks) > _MOST_STRONG * len(plain):
        return set()
    found = set()
    for at in looks:
        larger = pieces[at].size > body * _LARGER
        alone = heading_alone(pieces[at].text, strong=larger) and not readings(pieces[at].text)
        if alone and at + 1 < len(pieces):
            found.add(at)
    return found


def _titled_below(
    pieces: Sequence[FlowBlock], lines: Sequence[Line], marks: Sequence[ClauseMark | None], at: int
) -> bool:
    """Whether the paragraph after a number alone is its title: short, and of a look that the text does not have."""
    mark = marks[at]
    if mark is None or not mark.word or pieces[at].text[mark.typed :].strip(_MARKS) or at + 1 >= len(pieces):
        return False
    below = pieces[at + 1]
    text = below.text.strip()
    if below.block.table is not None or below.listed or marks[at + 1] is not None or not text:
        return False
    if len(text.split()) > _TITLE_WORDS or text[-1] in ".;,:" or readings(text):
        return False
    after = pieces[at + 2] if at + 2 < len(pieces) else None
    differs = after is None or (below.look, below.size, below.bold) != (after.look, after.size, after.bold)
    return below.block.level is not None or below.bold or below.centred or differs or len(text.split()) <= 6


# --- lists -----------------------------------------------------------------------------------


def _counted(pieces: Sequence[FlowBlock]) -> frozenset[int]:
    """Outermost ordered lists that number clauses: nested ones, and those whose items begin with a title."""
    by_list: dict[int, list[FlowBlock]] = {}
    for piece in pieces:
        if piece.item is not None:
            by_list.setdefault(piece.item.outer, []).append(piece)
    headings = sum(piece.block.level is not None for piece in pieces)
    return frozenset(outer for outer, of in by_list.items() if _is_outline(of, alone=headings <= 1))


def _single(pieces: Sequence[FlowBlock]) -> list[FlowBlock]:
    """The blocks, an ordered list of one item as a paragraph that begins with a number: "1. Fees" above "1.1 ..." is a
    list of its own in Markdown, and so is "2. Term" after it.
    """
    counts = Counter(piece.item.outer for piece in pieces if piece.item is not None)
    return [
        replace(p, item=None, listed=False, lead=p.lead and p.lead + len(p.item.shown))
        if p.item is not None and counts[p.item.outer] == 1
        else p
        for p in pieces
    ]


def _is_outline(items: Sequence[FlowBlock], *, alone: bool) -> bool:
    """Whether a list is an outline. `alone`: the document has no headings but its title."""
    top = [p for p in items if p.item is not None and p.item.depth == 0]
    nested = len(top) < len(items)
    titled = [p for p in top if _is_titled(p)]
    if len(top) < 2:
        return False
    return (nested or alone) and (2 * len(titled) >= len(top) or (nested and alone))


def _is_titled(piece: FlowBlock) -> bool:
    text = piece.text.strip()
    if piece.block.level is not None or (piece.lead > 2 and run_in_title(text, piece.lead, piece.bold)):
        return True
    return 0 < len(text.split()) <= _LISTED_TITLE and text[-1] not in ".;,:?!" and text[0].isupper()


def located(blocks: Sequence[Block]) -> Iterator[Block]:
    """The blocks with a place each: "paragraph 12", "table 2, row 3"."""
    paragraph, row, table, number = 0, 0, None, 0
    for block in blocks:
        if block.table is None:
            paragraph += 1
            where = f"paragraph {paragraph}"
        else:
            number, row = (number + 1, 1) if block.table != table else (number, row + 1)
            where = f"table {number}, row {row}"
        table = block.table
        yield replace(block, locator=block.locator or where)
