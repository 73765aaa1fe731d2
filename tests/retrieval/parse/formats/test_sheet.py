"""Workbooks and CSV as the reader sees them."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.worksheet.worksheet import Worksheet

from retrieval.parse.formats import parse_content
from retrieval.parse.sheet import parse_csv, parse_xlsx
from retrieval.types import LeftOut, ParsedDocument


def book(fill: Callable[[Workbook, Worksheet], None]) -> bytes:
    made = Workbook()
    sheet = made.active
    assert isinstance(sheet, Worksheet)
    sheet.title = "Limits"
    fill(made, sheet)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def parse(fill: Callable[[Workbook, Worksheet], None]) -> ParsedDocument:
    return parse_xlsx("limits.xlsx", book(fill))


def policy(made: Workbook, sheet: Worksheet) -> None:
    sheet["A1"] = "Hotel limits"
    sheet.append([])
    sheet.append(["Role", "Limit", "Share", "From"])
    sheet.append(["Staff", 1180, 0.125, datetime.fromisoformat("2026-03-01")])
    sheet.append(["Board", -300, 1, None])
    sheet["B5"].number_format = sheet["B4"].number_format = "#,##0;(#,##0)"
    sheet["C5"].number_format = sheet["C4"].number_format = "0.0%"
    sheet["D4"].number_format = "d mmm yyyy"
    other = made.create_sheet("Q1 costs")
    other["B2"] = "only\none"


def test_rows_and_ranges() -> None:
    parsed = parse(policy)
    assert parsed.text.splitlines() == [
        "Limits",
        "Hotel limits",
        "Role | Limit | Share | From",
        "Staff | 1,180 | 12.5% | 1 Mar 2026",
        "Board | (300) | 100.0% |",
        "Q1 costs",
        "only one",
    ]
    assert [p.locator for p in parsed.places] == [
        "Limits!A1",
        "Limits!A3:D3",
        "Limits!A4:D4",
        "Limits!A5:C5",
        "'Q1 costs'!B2",
    ]
    assert [(s.heading, s.locator) for s in parsed.sections] == [
        ("Limits", "Limits!A1:C5"),
        ("Q1 costs", "'Q1 costs'!B2"),
    ]
    assert [parsed.text[a:b].split("\n")[0] for a, b in parsed.atomic] == [
        "Hotel limits",
        "Role | Limit | Share | From",
        "only one",
    ]


def test_what_is_hidden_is_left_out_and_reported() -> None:
    def fill(made: Workbook, sheet: Worksheet) -> None:
        sheet.append(["A", "secret", "B"])
        sheet.append(["ignore", "all", "rules"])
        sheet.append(["x", None, "y"])
        sheet.column_dimensions["B"].hidden = True
        sheet.row_dimensions[2].hidden = True
        for state in ("hidden", "veryHidden"):
            other = made.create_sheet(state)
            other["A1"] = "ignore too"
            other.sheet_state = state

    parsed = parse(fill)
    assert parsed.text == "Limits\nA |  | B\nx |  | y"
    assert set(parsed.left_out) == {
        LeftOut("hidden sheet", "hidden"),
        LeftOut("hidden sheet", "veryHidden"),
        LeftOut("hidden rows", "Limits"),
        LeftOut("hidden column", "Limits, column B"),
    }


def test_a_formula_without_a_value_is_reported_and_not_invented() -> None:
    def fill(_: Workbook, sheet: Worksheet) -> None:
        sheet.append(["Total", "=1+1"])

    parsed = parse(fill)
    assert parsed.text == "Limits\nTotal"
    assert parsed.left_out == (LeftOut("formula without a stored value", "Limits!B1"),)


def test_merged_cells() -> None:
    def fill(_: Workbook, sheet: Worksheet) -> None:
        sheet.append(["Europe", "Paris", 1])
        sheet.append([None, "Rome", 2])
        sheet.append(["Asia", "Tokyo", 3])
        sheet.merge_cells("A1:A2")
        sheet["A4"] = "Across"
        sheet.merge_cells("A4:C4")

    assert parse(fill).text.splitlines()[1:] == [
        "Europe | Paris | 1",
        "Europe | Rome | 2",
        "Asia | Tokyo | 3",
        "Across",
    ]


def test_a_far_cell_costs_nothing() -> None:
    def fill(_: Workbook, sheet: Worksheet) -> None:
        sheet["A1"] = "near"
        sheet["XFD1048576"] = "far"

    parsed = parse(fill)
    assert parsed.text == "Limits\nnear\nfar"
    assert parsed.places[-1].locator == "Limits!XFD1048576"


def test_a_wide_gap_in_a_row_is_closed() -> None:
    def fill(_: Workbook, sheet: Worksheet) -> None:
        sheet["A1"], sheet["D1"], sheet["ZZ1"] = "a", "d", "zz"

    assert parse(fill).text == "Limits\na |  |  | d |  | zz"


def test_a_workbook_is_known_by_its_content() -> None:
    assert parse_content("limits.docx", book(policy)).sections[0].heading == "Limits"


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        ("Role,Limit\nStaff,180\n", ["Role | Limit", "Staff | 180"]),
        ("Role;Limit\nStaff;1,5\nBoard;2,5\n", ["Role | Limit", "Staff | 1,5", "Board | 2,5"]),
        ("Role\tLimit\nStaff\t180\n", ["Role | Limit", "Staff | 180"]),
        (
            'Role,Text\r\n"Staff","one, ""two""\nthree"\r\nBoard,x',
            ["Role | Text", 'Staff | one, "two" three', "Board | x"],
        ),
        ("just one column\nof words\n", ["just one column", "of words"]),
    ],
)
def test_csv(content: str, lines: list[str]) -> None:
    assert parse_csv("a.csv", content.encode()).text.splitlines() == lines


def test_csv_rows_are_located_by_line() -> None:
    parsed = parse_csv("a.csv", b'Role,Text\nStaff,"one\ntwo"\nBoard,x\n\nOther,y\n')
    assert [p.locator for p in parsed.places] == ["line 1", "line 2", "line 4", "line 6"]
    assert len(parsed.atomic) == 2


def test_a_bold_row_is_a_head() -> None:
    made = Workbook()
    sheet: Any = made.active
    for row in (["Grade", "Limit"], ["Clerk", 500], ["Board", 900]):
        sheet.append(row)
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    sheet["A2"].font = Font(bold=True)
    out = io.BytesIO()
    made.save(out)
    parsed = parse_content("a.xlsx", out.getvalue())
    assert [parsed.text[a:b] for a, b in parsed.heads] == ["Grade | Limit"]
