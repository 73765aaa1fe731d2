"""From offsets to pages and cells."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.locators import cited, join_locators, locate, within
from retrieval.types import Place

PAGES = (Place(0, 10, page=1), Place(11, 20, page=2, printed="ii"), Place(25, 30, page=3))
ROWS = (
    Place(0, 5, locator="Limits!A12:D12"),
    Place(6, 9, locator="Limits!A13:D13"),
    Place(10, 12, locator="Limits!B14"),
)


@pytest.mark.parametrize(
    ("start", "end", "pages"),
    [
        (0, 1, [1]),
        (9, 12, [1, 2]),
        (10, 11, []),  # the line break between two pages
        (10, 12, [2]),
        (0, 30, [1, 2, 3]),
        (12, 12, [2]),
        (21, 24, []),
        (40, 50, []),
    ],
)
def test_within(start: int, end: int, pages: list[int]) -> None:
    assert [p.page for p in within(PAGES, start, end)] == pages


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (0, 3, (None, "Limits!A12:D12")),
        (0, 8, (None, "Limits!A12:D13")),
        (3, 11, (None, "Limits!A12:B14")),
        (20, 21, (None, None)),
    ],
)
def test_locate_joins_rows(start: int, end: int, expected: tuple[int | None, str | None]) -> None:
    assert locate(ROWS, start, end) == expected


def test_the_page_of_a_quote_is_where_it_begins() -> None:
    assert locate(PAGES, 9, 30) == (1, None)
    assert locate(PAGES, 12, 30) == (2, None)


@pytest.mark.parametrize(
    ("locators", "joined"),
    [
        ([], None),
        ([None, None], None),
        ([None, "slide 3"], "slide 3"),
        (["slide 3", "slide 4"], "slide 3"),
        (["A!A1", "B!A1:B1"], "A!A1"),
        (["'Q1 Costs'!A1:B1", "'Q1 Costs'!A2:C2"], "'Q1 Costs'!A1:C2"),
    ],
)
def test_join_locators(locators: list[str | None], joined: str | None) -> None:
    assert join_locators(locators) == joined


spans = st.lists(st.tuples(st.integers(0, 3), st.integers(1, 5)), max_size=20)


@given(spans, st.integers(0, 60), st.integers(0, 30))
def test_within_finds_what_a_search_of_all_places_finds(gaps: list[tuple[int, int]], start: int, length: int) -> None:
    places, offset = [], 0
    for page, (gap, size) in enumerate(gaps, 1):
        places.append(Place(offset + gap, offset + gap + size, page=page))
        offset += gap + size
    end = max(start + length, start + 1)
    assert within(places, start, start + length) == tuple(p for p in places if p.start < end and start < p.end)


@pytest.mark.parametrize(
    ("label", "shown"),
    [
        ("4.2", "Section 4.2"),
        ("A", "Section A"),
        ("§ 8", "§ 8"),
        ("§ 8(1)", "§ 8(1)"),
        ("Article 4(1)", "Article 4(1)"),
        ("Schedule 1, 2", "Schedule 1, 2"),
    ],
)
def test_a_label_is_cited_with_one_word(label: str, shown: str) -> None:
    assert cited(label) == shown
    assert cited("8(1)", "§") == "§ 8(1)"
