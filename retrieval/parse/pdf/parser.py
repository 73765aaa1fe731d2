"""PDF: pages, numbered sections and tables from the layout, by pypdfium2.

Pure and synchronous: it runs in the sandboxed child. Pages are read one by one and closed at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from retrieval.errors import DocumentUnreadable, ParserLimit
from retrieval.parse.blocks import assemble
from retrieval.parse.ocr import BEYOND, BLANK, PARTLY, READ, READ_ANEW, UNREAD, Recognizer
from retrieval.parse.pdf.document_title import title_of
from retrieval.parse.pdf.file import bookmarks, extras, meta_title, opened, page_count, page_label
from retrieval.parse.pdf.labels import joined
from retrieval.parse.pdf.outline import Bookmark, blocks
from retrieval.parse.pdf.page import PageText, read_page
from retrieval.parse.pdf.paragraphs import BodyType, Paragraph, paragraphs
from retrieval.parse.pdf.rows import Row, place, rows_of
from retrieval.parse.pdf.running import peel
from retrieval.types import LeftOut, ParsedDocument

MAX_CHARS = 30_000_000  # of one document: 10,000 dense pages
SCANNED_DRAWINGS = 20  # a page of so many drawings and no text shows its letters as curves

DAMAGED = "damaged page"
SCANNED = "scanned page"
UNMAPPED = "page whose text has no character codes"
RUNNING = "header and footer"

_BY_PAGE = {SCANNED, DAMAGED, UNMAPPED, READ, READ_ANEW, PARTLY, UNREAD, BLANK, BEYOND}


@dataclass(slots=True)
class Reading:
    """A PDF read and laid out. `running` are the texts taken out of each page as header or footer."""

    pages: list[list[Row]]  # the body, page by page
    running: list[list[str]]
    widths: list[float]  # points
    heights: list[float]
    printed: dict[int, str | None]
    metadata: str
    outline: list[Bookmark]
    left_out: dict[str, list[int]] = field(default_factory=dict)  # what -> pages, from 1
    extras: list[str] = field(default_factory=list)


def parse_pdf(name: str, content: bytes, ocr: Recognizer | None = None) -> ParsedDocument:
    """The sections, pages and tables of a PDF; `name` is the file's, for the title.

    With `ocr`, pages without a text layer are read from their pictures, and named as such in `left_out`.

    Raises DocumentUnreadable (damaged, cut short, scanned), EncryptedDocument (needs a password) or
    ParserLimit (too many pages or objects).
    """
    return lay_out(name, read_pdf(content, ocr))


def lay_out(name: str, reading: Reading) -> ParsedDocument:
    """The document of a reading: paragraphs, sections, title."""
    body = BodyType.of(reading.pages)
    items: list[Paragraph] = []
    table = 0
    for number, (rows, width) in enumerate(zip(reading.pages, reading.widths, strict=True), start=1):
        found = list(paragraphs(rows, number, body, table, width))
        table = max([table, *(item.table + 1 for item in found if item.table is not None)])
        items.extend(found)
    first = next((item.page for item in items), 1)
    title = title_of(name, reading.metadata, [item for item in items if item.page == first], body)
    return assemble(title, blocks(items, body, reading.outline, reading.printed, title), left_out=_left_out(reading))


def read_pdf(content: bytes, ocr: Recognizer | None = None) -> Reading:
    """Open, read and lay out every page. Raises as `parse_pdf` does."""
    if ocr is not None:
        ocr.begin()
    with opened(content) as document:
        reading = Reading([], [], [], [], {}, meta_title(document), bookmarks(document), extras=extras(document))
        total = 0
        count = page_count(document)
        for index in range(count):
            page = read_page(document, index)
            if page is not None and ocr is not None and _textless(page):
                page, said = ocr.read(document, index, page)
                for what in said:
                    reading.left_out.setdefault(what, []).append(index + 1)
            reading.printed[index + 1] = page_label(document, index)
            rows = _rows(page, index + 1, reading.left_out)
            total += sum(len(cell) for row in rows for cell in row.cells)
            if total > MAX_CHARS:
                raise ParserLimit(f"the PDF holds more than {MAX_CHARS} characters (page {index + 1}); split it")
            reading.pages.append(rows)
            reading.widths.append(page.width if page else 0.0)
            reading.heights.append(page.height if page else 0.0)
    missing = ocr.missing if ocr is not None and (SCANNED in reading.left_out or UNMAPPED in reading.left_out) else ""
    if missing:
        reading.extras.append(missing)
    if not any(reading.pages):
        raise DocumentUnreadable(_why_empty(reading.left_out, count, missing))
    reading.pages, taken, printed = peel(reading.pages, reading.heights)
    reading.running = [[row.text for row in rows] for rows in taken]
    for number, (rows, label) in enumerate(zip(taken, printed, strict=True), start=1):
        reading.printed[number] = reading.printed[number] or label
        if rows:
            reading.left_out.setdefault(RUNNING, []).append(number)
    return reading


def _rows(page: PageText | None, number: int, left_out: dict[str, list[int]]) -> list[Row]:
    """The rows of a page; what cannot be read of it goes to `left_out`."""
    if page is None:
        left_out.setdefault(DAMAGED, []).append(number)
        return []
    for kind in sorted(page.hidden):
        left_out.setdefault(kind, []).append(number)
    if page.unmapped:
        left_out.setdefault(UNMAPPED, []).append(number)
    elif _textless(page) and not any(number in left_out.get(what, ()) for what in (UNREAD, BLANK, BEYOND)):
        left_out.setdefault(SCANNED, []).append(number)
    rows = joined(rows_of(page))
    place(rows)
    return rows


def _textless(page: PageText) -> bool:
    """Whether a page shows text, perhaps, that its file does not hold."""
    return page.unmapped or (page.empty and (page.images or page.drawings >= SCANNED_DRAWINGS))


def _why_empty(left_out: Mapping[str, Sequence[int]], count: int, missing: str) -> str:
    if missing:
        return f"scanned, not readable: none of the {count} pages has a text layer. {missing}"
    if UNREAD in left_out:
        return "scanned, not readable: OCR could read none of the pages for sure; scan them again, more sharply"
    if BLANK in left_out:
        return "scanned, not readable: OCR found no text on any page"
    if SCANNED in left_out:
        return f"scanned, not readable: none of the {count} pages has a text layer; run text recognition first"
    if UNMAPPED in left_out:
        return "not readable: the text of the PDF has no character codes; export it again with its fonts"
    if DAMAGED in left_out:
        return f"the PDF is damaged: none of its {count} pages can be read; export it again"
    if left_out:
        return "not readable: all text of the PDF is hidden from its readers"
    return "the PDF is empty: no page has text or pictures"


def _left_out(reading: Reading) -> list[LeftOut]:
    """One entry a kind, with its pages; scanned and damaged pages each on their own."""
    found: list[LeftOut] = []
    for what, numbers in reading.left_out.items():
        if what in _BY_PAGE and len(numbers) <= 50:
            found.extend(LeftOut(what, f"page {n}") for n in numbers)
        else:
            found.append(LeftOut(what, _pages(numbers)))
    return [*found, *(LeftOut(what, "the file") for what in reading.extras)]


def _pages(numbers: Iterable[int]) -> str:
    """ "page 4" or "pages 1-3, 7"."""
    ranges: list[list[int]] = []
    for n in numbers:
        if ranges and n == ranges[-1][1] + 1:
            ranges[-1][1] = n
        else:
            ranges.append([n, n])
    shown = ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in ranges)
    return f"page {shown}" if len(ranges) == 1 and ranges[0][0] == ranges[0][1] else f"pages {shown}"
