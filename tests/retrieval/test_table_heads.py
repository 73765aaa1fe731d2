"""A head names the cells below it in every quote: a row that is none must never be taken for one."""

from __future__ import annotations

import io

import pytest
from reportlab.platypus import SimpleDocTemplate, Table, TableStyle

from retrieval.parse.formats import parse_content
from retrieval.quoting import statement
from retrieval.table_heads import head_rows
from retrieval.units import read
from tests.retrieval.parse.docx.builder import docx, p, t

PARTICULARS = ["Lender | Acme Bank", "Borrower | Foo Ltd", "Amount | EUR 500", "Rate | 5 %", "Maturity | 30 June 2030"]
DUTIES = ["Role | Duty", "Clerk | files papers", "Head | signs papers"]


@pytest.mark.parametrize(
    ("rows", "count"),
    [
        (PARTICULARS, 0),
        (["Notice | 30 days", "Fee | 500 EUR per year", "Seat | Berlin"], 0),
        (["Governing law | German law", "Venue | Berlin", "Language | German"], 0),
        (["Rent | 1,200 | 5", "Fee | 3,400 | 6"], 0),
        (["Role | Limit", "Clerk | 120 EUR per night", "Board | 180 EUR per night"], 1),
        (["Role | Limit per year", "Clerk | 500 EUR per year", "Board | 900 EUR per year"], 1),
        (["Term | Notice", "up to 2 years | 30 days", "over 2 years | 60 days"], 1),
        (["Grade | Days", "7 | 25"], 1),
        (["Item | Tier 1 | Tier 2", "Fee | 5 | 6"], 1),
        (["Fee | 2023 | 2022", "Rent | 12 months | 6 months", "Tax | 24 months | 8 months"], 1),
        (["Name | Born | Paid", "Ann | 1980 | yes", "Bob | 1975 | no"], 1),
        (["| Year ended December 31, | ", "| 2023 | 2022", "Revenue | 5 | 4"], 2),
        (["Item | 2023 | 2023", "Item | Plan | Actual", "Rent | 1 | 2"], 2),
    ],
)
def test_the_rows_of_a_head(rows: list[str], count: int) -> None:
    assert head_rows(rows) == count


def _html(rows: list[str], first: str) -> bytes:
    made = []
    for n, row in enumerate(rows):
        tag = first if n == 0 else "td"
        made.append("<tr>" + "".join(f"<{tag}>{cell}</{tag}>" for cell in row.split(" | ")) + "</tr>")
    return (
        f"<title>t</title><table>{''.join(made)}</table>".replace("<b>", "<td><b>")
        .replace("</b>", "</b></td>")
        .encode()
    )


def _docx(rows: list[str], *, bold: bool = False, repeated: bool = False) -> bytes:
    made = []
    for n, row in enumerate(rows):
        look = "<w:b/>" if bold and n == 0 else ""
        properties = "<w:trPr><w:tblHeader/></w:trPr>" if repeated and n == 0 else ""
        cells = "".join(f"<w:tc>{p(t(cell, look))}</w:tc>" for cell in row.split(" | "))
        made.append(f"<w:tr>{properties}{cells}</w:tr>")
    return docx(f"<w:tbl>{''.join(made)}</w:tbl>")


def _pdf(rows: list[str], *, bold: bool) -> bytes:
    out = io.BytesIO()
    look = [("FONTNAME", (0, 0), (-1, 0), "Helvetica-Bold")] if bold else []
    SimpleDocTemplate(out).build([Table([row.split(" | ") for row in rows], style=TableStyle(look))])
    return out.getvalue()


def _markdown(rows: list[str]) -> bytes:
    return "\n".join([f"| {rows[0]} |", "|--|--|", *(f"| {row} |" for row in rows[1:])]).encode()


MARKED = {
    "a.html of th": _html(DUTIES, "th"),
    "a.html in bold": _html(DUTIES, "b"),
    "a.md": _markdown(DUTIES),
    "a.docx in bold": _docx(DUTIES, bold=True),
    "a.docx repeated": _docx(DUTIES, repeated=True),
    "a.pdf in bold": _pdf(DUTIES, bold=True),
}
PLAIN = {"a.html": _html(PARTICULARS, "td"), "a.docx": _docx(PARTICULARS), "a.pdf": _pdf(PARTICULARS, bold=False)}


def _statements(name: str, content: bytes) -> list[str]:
    parsed = parse_content(name.split(" ")[0], content)
    made = read(parsed.text, parsed.sections, parsed.joins, parsed.wholes, parsed.atomic, parsed.heads)
    return [statement(unit) for unit in made]


@pytest.mark.parametrize("name", MARKED)
def test_a_head_is_known_by_how_it_is_set(name: str) -> None:
    assert _statements(name, MARKED[name]) == ["Clerk – Duty: files papers", "Head – Duty: signs papers"]


@pytest.mark.parametrize("name", PLAIN)
def test_particulars_are_shown_as_they_stand(name: str) -> None:
    assert _statements(name, PLAIN[name]) == PARTICULARS


def test_a_table_right_below_another_one_has_its_own_head() -> None:
    rows = b"Item,2023,2022\nRent,5,4\n\nRegion,Limit,Fee\nNorth,7,8\nSouth,9,3\n"
    assert _statements("a.csv", rows)[1:] == ["North: Limit 7; Fee 8", "South: Limit 9; Fee 3"]
