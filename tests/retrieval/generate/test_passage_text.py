"""What of a passage can be quoted: rows with the head of their table, items with the words that introduce them."""

from __future__ import annotations

import pytest

from retrieval.generate.passage_text import Part, read
from tests.retrieval.gate.build import passage


def parts(text: str) -> dict[str, str | None]:
    """Quotable texts, each with what stands over it."""
    found = read(passage(text, path=("1 Other",)))
    return {p.text: None if p.header is None else text[slice(*p.header)] for p in found.parts}


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        pytest.param(
            "December 31, | 2018 | 2017\nAssets\nCash | $7,637 | $8,813\nCurrent assets:\nInventories | 62 | 61",
            {
                "Cash | $7,637 | $8,813": "December 31, | 2018 | 2017",
                "Inventories | 62 | 61": "December 31, | 2018 | 2017",
            },
            id="lines between the rows of one table",
        ),
        pytest.param(
            "Cash at beginning of year | 399.0 | 766.1\nReceivables | $ (42.7) | $ (122.7)\nPayables | 162.4 | 575.3",
            {
                "Cash at beginning of year | 399.0 | 766.1": None,
                "Receivables | $ (42.7) | $ (122.7)": None,
                "Payables | 162.4 | 575.3": None,
            },
            id="a table that goes on from another passage has no head here",
        ),
        pytest.param(
            "2022 | 2021\n(Dollars in Millions) | Amount | % of Sales | Amount | % of Sales\n"
            "Research | $ 14,603 | 15.4 % | 14,714 | 15.7 %",
            {
                "Research | $ 14,603 | 15.4 % | 14,714 | 15.7 %": "2022 | 2021\n(Dollars in Millions) | Amount | "
                "% of Sales | Amount | % of Sales"
            },
            id="years over names",
        ),
        pytest.param(
            "Name | Provider | Purpose\nalpha | Acme | sign-in\nbeta | Globex | statistics",
            {
                "alpha | Acme | sign-in": "Name | Provider | Purpose",
                "beta | Globex | statistics": "Name | Provider | Purpose",
            },
            id="a table of words",
        ),
        pytest.param(
            "Grade | Limit\nManager | 180 EUR\nThe limits above hold for one night in any city of the European Union.\n"
            "Car | 0.42 EUR\nBicycle | 0.10 EUR",
            {"Manager | 180 EUR": "Grade | Limit", "Car | 0.42 EUR": None, "Bicycle | 0.10 EUR": None},
            id="a sentence ends a table",
        ),
        pytest.param(
            "Business | 3\nRisk Factors | 9\nProperties | 21\nLegal Proceedings | 22\nSignatures | 90",
            {},
            id="a table of contents",
        ),
    ],
)
def test_rows_stand_under_the_head_of_their_table(text: str, rows: dict[str, str | None]) -> None:
    assert {k: v for k, v in parts(text).items() if "|" in k} == rows


def test_an_item_far_down_a_list_stands_with_what_introduces_it() -> None:
    lead = "We do not allow content on the service that is:"
    items = [f"- prohibited thing number {n} of this list;" for n in "abcdefgh"]
    text = "\n".join([lead, *items])
    found = read(passage(text, path=("1 Other",))).parts
    assert found[0].items
    last: Part = found[-1]
    assert last.text == "prohibited thing number h of this list;"
    assert last.header is not None
    assert text[slice(*last.header)] == lead


def test_a_paragraph_ends_the_list_before_it() -> None:
    found = parts("Bring:\n- your own badge and a pen;\nThe office opens at eight.\n- the cat sleeps here.")
    assert found["The office opens at eight."] is None
    assert found["the cat sleeps here."] is None


def test_the_head_of_a_table_is_no_item_of_what_comes_before_it() -> None:
    found = parts("Changes in goodwill were as follows (in millions):\nDisplay Technologies\nBalance | 8 | 9")
    assert not any(text.startswith("Changes in goodwill") for text in found)
    leaks = parts("Leaks should be reported to our programme:\n\nhttps://example.com/report")
    assert list(leaks) == ["Leaks should be reported to our programme:\n\nhttps://example.com/report"]
