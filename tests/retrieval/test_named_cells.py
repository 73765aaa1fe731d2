"""The quote of a row is shown with the names of its columns, in every format; where they cannot be told, without."""

from __future__ import annotations

import io
from typing import Any

import pytest
from openpyxl import Workbook
from reportlab.lib import colors
from reportlab.platypus import SimpleDocTemplate, Table, TableStyle

from retrieval.parse.formats import parse_content
from retrieval.parse.pdf.columns import columns, placed
from retrieval.parse.pdf.rows import Row
from retrieval.quoting import statement
from retrieval.types import UnitKind
from retrieval.units import read
from tests.retrieval.parse.docx.builder import docx
from tests.retrieval.parse.pdf.making import drawn as drawn_page

ROWS = [
    ["Grade", "Travel", "", "Meals", ""],
    ["", "Hotel", "Train", "Lunch", "Dinner"],
    ["Manager", "180 EUR", "1st class", "20 EUR", "40 EUR"],
    ["Clerk", "120 EUR", "", "15 EUR", ""],
]
MANAGER = "Manager: Travel Hotel 180 EUR; Travel Train: 1st class; Meals Lunch 20 EUR; Meals Dinner 40 EUR"
CLERK = "Clerk: Travel Hotel 120 EUR; Meals Lunch 15 EUR"


def shown(name: str, content: bytes) -> list[str]:
    parsed = parse_content(name, content)
    found = read(parsed.text, parsed.sections, parsed.joins, parsed.wholes)
    return [statement(unit) for unit in found if unit.kind is UnitKind.ROW]


def as_html() -> bytes:
    head = "<tr><th rowspan=2>Grade<th colspan=2>Travel<th colspan=2>Meals</tr>"
    rows = ["".join(f"<td>{cell}</td>" for cell in row) for row in (ROWS[1][1:], *ROWS[2:])]
    return f"<html><body><table>{head}{''.join(f'<tr>{row}</tr>' for row in rows)}</table></body></html>".encode()


def as_docx() -> bytes:
    def cell(text: str, properties: str = "") -> str:
        return f"<w:tc><w:tcPr>{properties}</w:tcPr><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:tc>"

    wide = '<w:gridSpan w:val="2"/>'
    heads = [
        cell("Grade", '<w:vMerge w:val="restart"/>') + cell("Travel", wide) + cell("Meals", wide),
        cell("", "<w:vMerge/>") + "".join(map(cell, ROWS[1][1:])),
    ]
    rows = [*heads, *("".join(map(cell, row)) for row in ROWS[2:])]
    return docx("<w:tbl>" + "".join(f"<w:tr>{row}</w:tr>" for row in rows) + "</w:tbl>")


def as_xlsx() -> bytes:
    book = Workbook()
    sheet: Any = book.active
    for row in ROWS:
        sheet.append([cell or None for cell in row])
    for merged in ("B1:C1", "D1:E1", "A1:A2"):
        sheet.merge_cells(merged)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def as_pdf() -> bytes:
    spans = [("SPAN", (1, 0), (2, 0)), ("SPAN", (3, 0), (4, 0)), ("ALIGN", (1, 0), (-1, 0), "CENTER")]
    out = io.BytesIO()
    style = TableStyle([*spans, ("GRID", (0, 0), (-1, -1), 0.5, colors.black)])
    SimpleDocTemplate(out).build([Table(ROWS, style=style)])
    return out.getvalue()


@pytest.mark.parametrize("name", ["a.html", "a.docx", "a.xlsx", "a.pdf"])
def test_names_that_stand_over_several_columns(name: str) -> None:
    made = {"a.html": as_html, "a.docx": as_docx, "a.xlsx": as_xlsx, "a.pdf": as_pdf}[name]()
    assert shown(name, made) == [MANAGER, CLERK]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "Grade,Hotel,Train,Lunch\nClerk,,second,\n"),
        ("a.md", "| Grade | Hotel | Train | Lunch |\n|---|---|---|---|\n| Clerk | | second | |\n"),
    ],
)
def test_an_empty_cell_takes_no_name_from_its_neighbour(name: str, content: str) -> None:
    assert shown(name, content.encode()) == ["Clerk – Train: second"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", 'Code,Rule,Fee\nC,"by post | by hand",5\n'),
        ("a.html", "<html><table><tr><th>Code<th>Rule<th>Fee</tr><tr><td>C<td>by post | by hand<td>5</table></html>"),
        ("a.md", "| Code | Rule | Fee |\n|---|---|---|\n| C | by post \\| by hand | 5 |\n"),
    ],
)
def test_a_bar_in_a_cell_parts_no_cells(name: str, content: str) -> None:
    parsed = parse_content(name, content.encode())
    assert parsed.text.splitlines() == ["Code | Rule | Fee", "C | by post|by hand | 5"]


@pytest.mark.parametrize(
    ("head", "row", "said"),
    [
        ("| 2023 | 2022", "Revenue | 12 | 10", "Revenue – 2023: 12; 2022: 10"),
        ("| 2023 |  | 2022 |\nItem | EUR | % | EUR | %", "Costs | 8 | 3 | 7 | 2",
         "Costs: 2023 EUR 8; 2023 %: 3; 2022 EUR 7; 2022 %: 2"),
        ("| Pension Plans |  |  | Health", "Cost | 1 | 2 | 3 | 4", "Cost | 1 | 2 | 3 | 4"),
    ],
)  # fmt: skip
def test_lines_of_a_head(head: str, row: str, said: str) -> None:
    [unit] = read(f"{head}\n{row}")[-1:]
    assert statement(unit) == said


def test_a_row_without_names_keeps_its_empty_cells() -> None:
    assert statement(read("b | 1 | 2 |  | 4 |")[0]) == "b | 1 | 2 | | 4 |"
    assert statement(read("b | 1 | 2 |")[0]) == "b | 1 | 2"


def test_a_percent_sign_is_part_of_a_figure_and_else_a_name() -> None:
    rows = [["Item", "EUR", "%"], ["Rent", "1,200", "12.0"], ["Heat", "300", "3.0"]]

    def page(canvas: Any) -> None:
        for n, row in enumerate(rows):
            for x, cell in zip((72, 220, 280), row, strict=True):
                (canvas.drawRightString if x > 72 else canvas.drawString)(x, 700 - 16 * n, cell)

    assert parse_content("a.pdf", drawn_page(page)).text.splitlines()[0] == "Item | EUR | %"


def test_a_row_of_figures_is_no_head() -> None:
    text = "| 2019 | 2018\nDiscount rate | 6.4% and 6.7% | 6.7% and 7.0%\nYear reached | 2029 | 2029"
    assert statement(read(text)[-1]) == "Year reached – 2019: 2029; 2018: 2029"


def drawn(*cells: tuple[str, float, float]) -> Row:
    texts, edges = [c[0] for c in cells], [(c[1], c[2]) for c in cells]
    return Row(texts, edges, edges[0][0], edges[-1][1], 0, 10, 400, 400, [400], len(cells))


def test_cells_of_a_pdf_stand_in_the_columns_that_its_rows_agree_on() -> None:
    full = drawn(("Costs", 0, 90), ("12", 150, 160), ("10", 250, 260), ("8", 350, 355))
    part = drawn(("Fees", 0, 50), ("7", 254, 260))
    found = columns([full, part], str.isdecimal)
    assert placed(part, found) == ["Fees", "", "7", ""]
    assert placed(drawn(("Both", 0, 40), ("2022", 140, 262)), found) == ["Both", "2022", "", ""]
    assert placed(drawn(("1", 150, 154), ("2", 155, 160)), found) is None


def test_what_has_more_columns_than_a_table_stays_as_it_is() -> None:
    assert columns([drawn(*((str(n), 7.0 * n, 7.0 * n + 2) for n in range(61)))], str.isdecimal) == []
    assert len(columns([drawn(*((str(n), 7.0 * n, 7.0 * n + 2) for n in range(60)))], str.isdecimal)) == 60


def test_rows_that_agree_on_no_columns_stay_as_they_are() -> None:
    one = drawn(("a", 0, 100), ("1", 110, 200))
    two = drawn(("b", 0, 20), ("2", 30, 120))
    assert columns([one, two], str.isdecimal) == []


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (
            "City | Hotel per night | Breakfast\nParis | 210 EUR | 20 EUR",
            "Paris: Hotel 210 EUR per night; Breakfast 20 EUR",
        ),
        ("Grade | Days\n7 | 25", "Grade 7: Days 25"),
        (
            "Loss | Report to | Within\nLaptop lost | Service desk | 24 hours",
            "Laptop lost – Report to: Service desk; Within 24 hours",
        ),
        ("Item | Limit (EUR) | Note\nTaxi fares | 40 | n/a", "Taxi fares – Limit (EUR): 40; Note: n/a"),
    ],
)
def test_a_row_reads_as_a_sentence(table: str, said: str) -> None:
    found = read(table)
    assert [statement(unit) for unit in found if unit.kind is UnitKind.ROW] == [said]
