"""Pages as programs draw them: narrow columns, numbers right before titles, divider pages, days in bold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from retrieval.parse.clauses.titles import heading_alone
from retrieval.parse.pdf.parser import parse_pdf
from tests.retrieval.parse.pdf.making import drawn, lines

LEFT = (
    "The supplier shall deliver|the goods within ten days|of the order. Risk passes|on delivery to the client.|"
    "Title passes on payment.|The client inspects them|and tells of any defects.|The supplier mends them."
)
RIGHT = (
    "Payment is due in thirty|days. Interest runs at two|per cent per month after|that. Fees are reviewed|"
    "every year in January by|the parties. The new fee|holds from March onwards|until it is changed."
)


@pytest.mark.parametrize("by_line", [True, False], ids=["drawn line by line", "drawn column by column"])
def test_narrow_columns_of_text_are_no_table(by_line: bool) -> None:
    def page(canvas: Any) -> None:
        canvas.setFont("Helvetica", 9)
        placed = [
            (x, 760 - 11 * n, text)
            for x, column in ((72, LEFT), (200, RIGHT))
            for n, text in enumerate(column.split("|"))
        ]
        for x, y, text in sorted(placed, key=lambda p: (-p[1], p[0])) if by_line else placed:
            canvas.drawString(x, y, text)

    text = " ".join(parse_pdf("a.pdf", drawn(page)).text.split())
    assert text == f"{LEFT} {RIGHT}".replace("|", " ")


def test_cells_of_a_narrow_table_that_take_several_lines_stay_in_their_rows() -> None:
    rows = [
        ("Late payment of", "Two per cent of the"),
        ("any fee that is due", "fee for each month"),
        ("Late delivery of any", "One per cent of the"),
        ("goods to the client", "price for each week"),
        ("Loss of any data that", "Ten per cent of all"),
        ("the client has given", "fees of that year"),
        ("Breach of the rules", "Five per cent of all"),
        ("on secrets of trade", "fees of that year"),
    ]

    def page(canvas: Any) -> None:
        canvas.setFont("Helvetica", 9)
        for n, (left, right) in enumerate(rows):
            y = 760 - 11 * n - 6 * (n // 2)
            canvas.drawString(72, y, left)
            canvas.drawString(200, y, right)

    assert "goods to the client | price for each week" in parse_pdf("a.pdf", drawn(page)).text


def _glued(canvas: Any, y: float, number: str, text: str, *, bold: bool = False) -> None:
    canvas.setFont("Helvetica-Bold" if bold else "Helvetica", 10)
    canvas.drawString(72, y, number)
    canvas.drawString(72 + canvas.stringWidth(number, "Helvetica-Bold" if bold else "Helvetica", 10), y, text)


def test_a_number_drawn_right_before_its_title_is_a_number() -> None:
    def page(canvas: Any) -> None:
        _glued(canvas, 760, "11", "Fees", bold=True)
        _glued(canvas, 740, "11.1", "The fee is EUR 500 per month.")
        _glued(canvas, 725, "(a)", "It is paid in advance;")
        _glued(canvas, 710, "(b)", "it is not paid back.")
        _glued(canvas, 690, "12", "Penalties", bold=True)
        _glued(canvas, 670, "12", "th of May is the day on which it ends.")
        _glued(canvas, 650, "20", "GB of data are free.")

    parsed = parse_pdf("a.pdf", drawn(page))
    assert [s.label for s in parsed.sections] == ["11", "11.1", "11.1(a)", "11.1(b)", "12"]
    assert "12th of May" in parsed.text and "20GB of data" in parsed.text


def test_a_divider_page_belongs_to_the_part_that_it_announces() -> None:
    def divider(number: int) -> Callable[[Any], None]:
        def page(canvas: Any) -> None:
            canvas.setFont("Helvetica-Bold", 20)
            canvas.drawCentredString(300, 500, f"PART {number}")
            canvas.setFont("Helvetica", 10)
            canvas.drawCentredString(300, 470, "In force since May 26, 2021")

        return page

    def part(number: int, name: str) -> Callable[[Any], None]:
        def page(canvas: Any) -> None:
            canvas.setFont("Helvetica-Bold", 14)
            canvas.drawString(72, 760, f"PART {number} {name}")
            canvas.setFont("Helvetica", 10)
            lines(
                canvas,
                [f"{2 * number + n}. The members pay EUR {number}{n} each year for the fund." for n in (-1, 0)],
                y=730,
            )

        return page

    parsed = parse_pdf("a.pdf", drawn(divider(1), part(1, "GENERAL"), divider(2), part(2, "PENALTIES")))
    assert [(s.label, s.page_start) for s in parsed.sections] == [
        *(("PART 1", 1), ("1", 2), ("2", 2)),
        *(("PART 2", 3), ("3", 4), ("4", 4)),
    ]


@pytest.mark.parametrize("day", ["May 26", "26. Mai", "31 décembre 2024", "3 de mayo de 2024", "December 31, 2024"])
def test_a_day_is_no_heading(day: str) -> None:
    assert not heading_alone(day, strong=True)
    assert heading_alone("Budget 2024", strong=True) and heading_alone("Schlussbestimmungen", strong=True)
