"""Whatever the document: sections are slices, places cover the text, every word stands on its page."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from retrieval.locators import locate
from retrieval.parse.pdf.parser import parse_pdf
from tests.fuzz import tries
from tests.retrieval.parse.pdf.making import drawn, lines

NUMBERS = st.sampled_from(
    ["", "", "", "1.", "2.", "1.1", "1.2", "2.1", "(a)", "(b)", "(i)", "Article I", "Item 1.", "A."]
)
WORDS = st.lists(
    st.sampled_from(["rent", "notice", "Party", "shall", "pay", "180", "EUR", "2,400", "inter-", "(1)"]), max_size=14
)
LINE = st.tuples(NUMBERS, WORDS, st.sampled_from([10, 10, 10, 14]), st.sampled_from([72, 72, 90, 200]))
PAGES = st.lists(st.lists(LINE, min_size=1, max_size=25), min_size=1, max_size=4)

Page = list[tuple[str, list[str], int, int]]  # number, words, type size, x


def letters(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())


@tries(60)
@given(PAGES)
def test_sections_and_places_are_exact(pages: list[Page]) -> None:
    marks: dict[str, int] = {}

    def draw(number: int, page: Page) -> Callable[[Any], None]:
        def on(canvas: Any) -> None:
            for row, (label, words, size, x) in enumerate(page):
                mark = f"mark{chr(97 + number)}{chr(97 + row)}mark"  # no digits: they do not tell running lines apart
                marks[mark] = number
                canvas.setFont("Helvetica", size)
                lines(canvas, [" ".join([*([label] if label else []), mark, *words])], x, 800 - row * 20)

        return on

    document = parse_pdf("any.pdf", drawn(*[draw(n, page) for n, page in enumerate(pages, start=1)]))
    text = document.text
    for mark, page in marks.items():
        start = text.index(mark)
        assert locate(document.places, start, start + len(mark))[0] == page
    spans = [(p.start, p.end) for p in document.places]
    assert spans == sorted(spans)
    assert letters("".join(text[a:b] for a, b in spans)) == letters(text)
    for section in document.sections:
        body = text[section.start : section.end]
        assert body == body.strip("\n") and body
        if section.label and not section.label.endswith(")"):
            assert letters(body).startswith(letters(section.label.split(", ")[-1]))
        assert section.page_start == locate(document.places, section.start, section.end)[0]
    for offset in document.joins:
        assert text[offset] == "-"
    for start, end in document.atomic:
        assert 0 <= start < end <= len(text)
