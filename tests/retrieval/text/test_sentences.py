"""Where sentences, list items, headings and table rows begin and end."""

from __future__ import annotations

import pytest

from retrieval.text.sentences import Kind, cells, pieces


def prose(text: str) -> list[str]:
    return [text[p.body : p.end] for p in pieces(text) if p.kind is Kind.PROSE]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("One rule here. Another rule there.",
                     ["One rule here.", "Another rule there."], id="two sentences"),
        pytest.param("Pay travel, e.g. Trains and taxis.", ["Pay travel, e.g. Trains and taxis."], id="e.g."),
        pytest.param("See Form No. 5 for details.", ["See Form No. 5 for details."], id="No. 5"),
        pytest.param("As Sec. 4.2 says, pay now.", ["As Sec. 4.2 says, pay now."], id="Sec. 4.2"),
        pytest.param("The U.S. Treasury pays it.", ["The U.S. Treasury pays it."], id="U.S. in a name"),
        pytest.param("It is paid in the U.S. The rest is not paid.",
                     ["It is paid in the U.S.", "The rest is not paid."], id="U.S. at an end"),
        pytest.param("It is paid in the U.S. Most of it is due later.",
                     ["It is paid in the U.S.", "Most of it is due later."], id="U.S. before a word that opens one"),
        pytest.param("It was filed in the U.S. District Court.", ["It was filed in the U.S. District Court."],
                     id="U.S. in a court's name"),
        pytest.param("The fee is 2.5 percent. It is due.", ["The fee is 2.5 percent.", "It is due."], id="decimal"),
        pytest.param("Mr. A. Smith signs for Acme Inc. and pays.",
                     ["Mr. A. Smith signs for Acme Inc. and pays."], id="initials"),
        pytest.param("Is it due? Yes, it is due now!", ["Is it due?", "Yes, it is due now!"], id="question"),
        pytest.param("4.2 The fee is due now.", ["The fee is due now."], id="clause number"),
        pytest.param("4.2.1. The fee is due now.", ["The fee is due now."], id="clause number with a full stop"),
        pytest.param("(a) the fee is due now; and", ["the fee is due now; and"], id="list item"),
        pytest.param("1. (b) The fee is due now.", ["The fee is due now."], id="two numbers"),
        pytest.param("• The fee is due now.\n• The rent is due later.",
                     ["The fee is due now.", "The rent is due later."], id="bullets"),
        pytest.param("• Media of people without their consent that count as abuse under the rules\nThe office decides.",
                     ["Media of people without their consent that count as abuse under the rules",
                      "The office decides."], id="item without an end"),
        pytest.param("• The fee for a hotel in the centre of a large city is due before\nEaster at the latest.",
                     ["The fee for a hotel in the centre of a large city is due before\nEaster at the latest."],
                     id="item that runs on"),
        pytest.param("How to pay the fee\nThe fee is due now.", ["The fee is due now."], id="heading that asks"),
        pytest.param("Fees and Costs\nThe fee is due now.", ["The fee is due now."], id="heading left out"),
        pytest.param("FEES AND COSTS OF TRAVEL\nThe fee is due now.",
                     ["The fee is due now."], id="heading in capitals"),
        pytest.param("The fee for a hotel in the centre of a large city is due\nbefore the journey begins.",
                     ["The fee for a hotel in the centre of a large city is due\nbefore the journey begins."],
                     id="wrapped line"),
        pytest.param("“The fee is due.” The rent is not due.",
                     ["“The fee is due.”", "The rent is not due."], id="quotation"),
        pytest.param("The fee (see Annex A. 3) is due now.", ["The fee (see Annex A. 3) is due now."], id="brackets"),
        pytest.param("Wait... then the fee is due.", ["Wait... then the fee is due."], id="dots"),
    ],
)  # fmt: skip
def test_sentences(text: str, expected: list[str]) -> None:
    assert prose(text) == expected


@pytest.mark.parametrize(
    "row",
    [
        "Grade | Limit | Breakfast",
        "Manager\t180 EUR\tyes",
        "| Manager | 180 |",
        "Total assets 5,794 4,225",
        "Net loss (563) 71",
        "Car | 0.42 EUR",
    ],
)
def test_rows_of_tables(row: str) -> None:
    text = f"The limits are these by grade.\n{row}\nThat is the end of it."
    kinds = [(text[p.start : p.end], p.kind) for p in pieces(text)]
    assert (row, Kind.ROW) in kinds
    assert len(kinds) == 3


def test_cells() -> None:
    assert cells("| Manager |  180\u00a0EUR | yes |") == ["Manager", "180 EUR", "yes"]
    assert cells("Manager\t180 EUR") == ["Manager", "180 EUR"]
