"""From rows to paragraphs: lines joined, line-end hyphens marked, tables row by row."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

from retrieval.parse.clauses.numbers import readings
from retrieval.parse.pdf.rows import ENUMERATOR, Row

BOLD = 1.15  # a weight this many times the body's is bold: fonts state weights on no common scale

_COLUMN = 20  # words, from which on what stands left of a run is a column

_OPENS = re.compile(rf"(?:{ENUMERATOR.pattern})(?=\s|$)", re.IGNORECASE)
_ENDS = re.compile(r"(?:[.;:!?]|;\s*(?:and|or)|,\s*(?:and|or))[\"”’)\]]*$", re.IGNORECASE)
_WORDS = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")


@dataclass(slots=True)
class Paragraph:
    """Text of one page that belongs together. `x0` counts from its column's left margin, in points."""

    text: str
    page: int
    x0: float
    y: float
    size: float
    bold: bool
    bolds: list[bool]  # of each word
    rows: int
    words: int
    centred: bool
    table: int | None = None
    leaders: bool = False
    joins: tuple[int, ...] = ()
    gap: float = 0.0  # space above, in line heights

    def lead(self, skip: int = 0) -> int:
        """Characters of the bold words that open the text after its first `skip` characters."""
        first = len(self.text[:skip].split())
        words = self.text.split()
        end = skip
        for word, bold in zip(words[first:], self.bolds[first:], strict=False):
            if not bold:
                break
            end = self.text.index(word, end) + len(word)
        return end - skip


@dataclass(slots=True)
class BodyType:
    """What plain text looks like in a document: its type size in points and weight."""

    size: float
    weight: int
    words: Counter[str] = field(default_factory=Counter)  # with their hyphens, lower case

    @classmethod
    def of(cls, pages: Iterable[Sequence[Row]]) -> BodyType:
        styles: Counter[tuple[float, int]] = Counter()
        sizes: Counter[float] = Counter()
        words: Counter[str] = Counter()
        for page in pages:
            for row in page:
                length = sum(len(c) for c in row.cells)
                sizes[round(row.size * 2) / 2] += length
                styles[round(row.size * 2) / 2, row.weight] += length
                words.update(w.lower() for cell in row.cells for w in _WORDS.findall(cell))
        size = sizes.most_common(1)[0][0] if sizes else 10.0
        weights = Counter({w: n for (s, w), n in styles.items() if s == size and w})
        return cls(size, weights.most_common(1)[0][0] if weights else 400, words)

    def bold(self, weight: int) -> bool:
        return weight >= self.weight * BOLD

    def joins(self, left: str, right: str) -> bool:
        """Whether a line-end hyphen was put there by typesetting: the document itself is the dictionary."""
        before, after = _WORDS.findall(left), _WORDS.match(right)
        if not before or after is None or not after[0][:1].islower() or not left.rstrip("-")[-1:].isalpha():
            return False
        first, second = before[-1].lower(), after[0].lower()
        whole, hyphened = self.words[first + second], self.words[f"{first}-{second}"]
        return whole > 0 or hyphened == 0


def paragraphs(rows: Sequence[Row], page: int, body: BodyType, first_table: int, width: float) -> Iterator[Paragraph]:
    """The paragraphs of one page; `first_table` numbers its tables, `width` is the page's, in points."""
    if not rows:
        return
    margins = _margins(rows, width)
    right: dict[int, float] = {}
    for row in rows:
        right[row.run] = max(right.get(row.run, 0.0), row.x1)
    leading = _leading(rows, body)
    group: list[Row] = []
    previous: Row | None = None
    for row in rows:
        if group and not _continues(group, row, right[row.run], leading, body):
            yield _join(group, page, body, first_table, margins[group[0].run], width, _gap(previous, group[0], leading))
            previous, group = group[-1], []
        group.append(row)
    yield _join(group, page, body, first_table, margins[group[0].run], width, _gap(previous, group[0], leading))


def _margins(rows: Sequence[Row], width: float) -> dict[int, float]:
    """The left margin of each run: that of the column it stands in."""
    runs: dict[int, list[Row]] = {}
    for row in rows:
        runs.setdefault(row.run, []).append(row)
    boxes = {run: (min(r.x0 for r in of), max(r.x1 for r in of)) for run, of in runs.items()}
    page = min((r.x0 for r in rows if r.words > 4), default=min(r.x0 for r in rows))
    margins = {}
    for run, (left, right) in boxes.items():
        beside = any(other[1] < left and sum(r.words for r in runs[n]) > _COLUMN for n, other in boxes.items())
        column = [b for b in boxes.values() if b[0] > 0.4 * width and min(b[1], right) > max(b[0], left)]
        margins[run] = min(b[0] for b in column) if beside and left > 0.4 * width and column else page
    return margins


def _leading(rows: Sequence[Row], body: BodyType) -> float:
    """The usual distance of two lines of a paragraph, in type sizes."""
    steps = Counter(
        round((a.y - b.y) / b.size, 1)
        for a, b in pairwise(rows)
        if a.run == b.run and b.table is None and 0.8 < (a.y - b.y) / b.size < 2.6 and a.words > 5
    )
    return steps.most_common(1)[0][0] if steps else 1.2


def _gap(previous: Row | None, row: Row, leading: float) -> float:
    if previous is None or previous.run != row.run or previous.y <= row.y:
        return 9.0
    return (previous.y - row.y) / (leading * row.size)


def _continues(group: Sequence[Row], row: Row, right: float, leading: float, body: BodyType) -> bool:
    last, first = group[-1], group[0]
    if row.table is not None or last.table is not None or last.leaders or row.leaders:
        return False
    if row.run != last.run or row.upright != last.upright or abs(row.size - last.size) > 0.12 * last.size:
        return last.hyphen and abs(row.size - last.size) <= 0.12 * last.size
    if last.hyphen:
        return True
    step = (last.y - row.y) / row.size
    if step > leading * 1.35 or step < 0.3 or (len(row.cells) > 1 and not _opens(row.text)):
        return False
    if body.bold(row.weight) != body.bold(last.weight) and (
        len(group) == 1 or body.bold(row.lead) != body.bold(last.lead)
    ):
        return _runs_in(last, row, right, body)
    room = right - last.x1
    full = room < 0.18 * max(right - first.x0, 1.0)
    ended = bool(_ENDS.search(last.text))
    if body.bold(row.lead) and _titled(row.text):
        return False
    if _opens(row.text):
        return full and not ended and abs(row.x0 - last.x0) < 3 and len(group) > 1 and not body.bold(row.lead)
    if full:
        indented = row.x0 > last.x0 + 0.9 * row.size and (len(group) > 1 or row.x0 > first.x0 + 0.9 * row.size)
        return not (indented and ended)
    return row.text[:1].islower() and not ended


def _opens(text: str) -> bool:
    """Whether a line begins as a clause or an item does, a worded one in any language that is read."""
    return _OPENS.match(text) is not None or any(
        (r.word and r.known and (r.closed or r.text == text.strip())) or (r.single and r.closed) for r in readings(text)
    )


def _titled(text: str) -> bool:
    """Whether a line begins with a part's number and its title: "Art. 1 Oggetto"."""
    return any(r.word and r.known and text[len(r.text) :].lstrip()[:1].isupper() for r in readings(text))


def _runs_in(last: Row, row: Row, right: float, body: BodyType) -> bool:
    """Whether bold type that opens a paragraph runs over into this line."""
    full = right - last.x1 < 0.1 * max(right - last.x0, 1.0)
    return full and not body.bold(row.lead) and row.text[:1].islower()


def _join(
    group: Sequence[Row], page: int, body: BodyType, first_table: int, margin: float, width: float, gap: float
) -> Paragraph:
    text, joins = "", []
    for row in group:
        if text.endswith("-") and text[-2:-1].isalpha():
            if body.joins(text, row.text):
                joins.append(len(text) - 1)
            text += "\n"  # a hyphen at a line's end stays, with its line break: the quote is exact
        elif text:
            text += " "
        text += row.text
    first = group[0]
    bold = all(body.bold(r.weight) for r in group if r.weight) and any(r.weight for r in group)
    middle = median((r.x0 + r.x1) / 2 for r in group)
    return Paragraph(
        text=text,
        page=page,
        x0=first.x0 - margin,
        y=first.y,
        size=median(r.size for r in group),
        bold=bold,
        bolds=[body.bold(w) for r in group for w in r.weights],
        rows=len(group),
        words=sum(r.words for r in group),
        centred=abs(middle - width / 2) < 0.03 * width and first.x0 - margin > 0.08 * width,
        table=None if first.table is None else first_table + first.table,
        leaders=any(r.leaders for r in group),
        joins=tuple(joins),
        gap=gap,
    )
