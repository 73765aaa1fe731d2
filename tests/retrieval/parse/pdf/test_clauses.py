"""Numbers and headings: the labels below were written down by hand."""

from __future__ import annotations

from typing import Any

import pytest
from reportlab.lib.styles import ParagraphStyle

from retrieval.parse.pdf.parser import parse_pdf
from retrieval.types import ParsedDocument
from tests.retrieval.parse.pdf.making import FILLER, drawn, flowing, lines, style

HEAD = style(bold=True, size=12)
PLAIN, ONE, TWO, THREE = style(), style(18), style(36), style(54)
Items = list[tuple[str, ParagraphStyle]]


def labels(items: Items) -> list[tuple[str, str]]:
    return [(s.label, s.heading) for s in parsed(items).sections if s.label]


def parsed(items: Items) -> ParsedDocument:
    return parse_pdf("contract.pdf", flowing(items))


SERVICES: Items = [
    ("Master Services Agreement", style(bold=True, size=18)),
    ("This agreement is made between the parties named in the order form. " + FILLER, PLAIN),
    ("1. Definitions", HEAD),
    ("1.1 In this agreement the words below have the meanings given. " + FILLER, ONE),
    ("1.2 Headings are for convenience only. " + FILLER, ONE),
    ("2. Services", HEAD),
    ("2.1 <b>Scope.</b> The supplier performs the services. " + FILLER, ONE),
    ("2.2 <b>Standards.</b> The supplier shall:", ONE),
    ("(a) act with reasonable care;", TWO),
    ("(b) follow the law, including:", TWO),
    ("(i) data protection law; and", THREE),
    ("(ii) export law; and", THREE),
    ("(c) keep records for 7 years. " + FILLER, TWO),
    ("2.3 Sub-contracting. The supplier may sub-contract. " + FILLER, ONE),
    ("3. Fees", HEAD),
    ("The fee is 3.5 million euro a year, of which", ONE),
    ("2.4 million euro falls due in March. " + FILLER, ONE),
    ("3.1 Fees are due in 30 days. " + FILLER, ONE),
]
MERGER: Items = [
    ("ARTICLE I", style(bold=True, centred=True)),
    ("THE MERGER", style(bold=True, centred=True)),
    ("Section 1.1 <b>The Merger.</b> " + FILLER, PLAIN),
    ("Section 1.2 <b>Closing.</b> As set out in Section 4.2 of this agreement, " + FILLER, PLAIN),
    ("ARTICLE II", style(bold=True, centred=True)),
    ("CONVERSION OF SHARES", style(bold=True, centred=True)),
    ("Section 2.1 <b>Conversion.</b> Each share is converted as follows:", PLAIN),
    ("(a) each share held in treasury is cancelled; and", ONE),
    ("(b) each other share becomes a right to cash. " + FILLER, ONE),
]
FILING: Items = [
    ("PART I", style(bold=True, centred=True)),
    ("Item 1. Business", style(bold=True)),
    ("We make things. In 2023 we made 5.2 million of them. " + FILLER, PLAIN),
    ("Item 1A. Risk Factors", style(bold=True)),
    ("As described in Item 7 of this report, risks exist. " + FILLER, PLAIN),
    ("1. Prices may fall, as they did before. " + FILLER, ONE),
    ("PART II", style(bold=True, centred=True)),
    ("Item 7A. Quantitative and Qualitative Disclosures About Market Risk", style(bold=True)),
    (FILLER, PLAIN),
    ("Item 8. Financial Statements", style(bold=True)),
    ("Note 1 – Basis of Presentation", style(bold=True)),
    (FILLER, PLAIN),
    ("Note 2 – Leases", style(bold=True)),
    (FILLER, PLAIN),
]
SCHEDULED: Items = [
    ("1. Term", HEAD),
    (FILLER, PLAIN),
    ("2. Payment", HEAD),
    (FILLER, PLAIN),
    ("Schedule 1", style(bold=True, centred=True)),
    ("Service Levels", style(bold=True, centred=True)),
    ("1. Availability", HEAD),
    (FILLER, PLAIN),
    ("2. Credits", HEAD),
    (FILLER, PLAIN),
]
DASHED: Items = [
    ("Item 1—Business", style(bold=True)),
    (FILLER, PLAIN),
    ("Item 15—Exhibits", style(bold=True)),
    (FILLER, PLAIN),
    ("CERTIFICATION", style(bold=True, centred=True)),
    ("(1) The report complies with the law; and", ONE),
    ("(2) its statements are fair. " + FILLER, ONE),
]
LETTERED: Items = [
    ("A. Purpose of the Policy", style(bold=True)),
    (FILLER, PLAIN),
    ("B. Persons Covered", style(bold=True)),
    ("a) employees;", ONE),
    ("b) contractors. " + FILLER, ONE),
    ("C. Penalties", style(bold=True)),
    (FILLER, PLAIN),
]
ALPHABET: Items = [
    ("1. Reserved Matters", HEAD),
    *[(f"({letter}) approve matter {n};", ONE) for n, letter in enumerate("abcdefghij", 1)],
    ("2. Other Matters", HEAD),
    (FILLER, PLAIN),
]
PLAIN_CONTRACT: Items = [
    ("1. The tenant pays rent on the first day of each month. " + FILLER, PLAIN),
    ("2. The landlord keeps the roof in repair. " + FILLER, PLAIN),
    ("3. Either party may end this lease with three months' notice. " + FILLER, PLAIN),
]


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        pytest.param(
            SERVICES,
            [
                ("1", "Definitions"),
                ("1.1", ""),
                ("1.2", ""),
                ("2", "Services"),
                ("2.1", "Scope"),
                ("2.2", "Standards"),
                ("2.2(a)", ""),
                ("2.2(b)", ""),
                ("2.2(b)(i)", ""),
                ("2.2(b)(ii)", ""),
                ("2.2(c)", ""),
                ("2.3", "Sub-contracting"),
                ("3", "Fees"),
                ("3.1", ""),
            ],
            id="decimal clauses with lists, and amounts that are none",
        ),
        pytest.param(
            MERGER,
            [
                ("ARTICLE I", "THE MERGER"),
                ("1.1", "The Merger"),
                ("1.2", "Closing"),
                ("ARTICLE II", "CONVERSION OF SHARES"),
                ("2.1", "Conversion"),
                ("2.1(a)", ""),
                ("2.1(b)", ""),
            ],
            id="articles and sections, titles on the next line",
        ),
        pytest.param(
            FILING,
            [
                ("PART I", ""),
                ("Item 1", "Business"),
                ("Item 1A", "Risk Factors"),
                ("PART II", ""),
                ("Item 7A", "Quantitative and Qualitative Disclosures About Market Risk"),
                ("Item 8", "Financial Statements"),
                ("Note 1", "Basis of Presentation"),
                ("Note 2", "Leases"),
            ],
            id="parts, items and notes of a filing",
        ),
        pytest.param(
            SCHEDULED,
            [
                ("1", "Term"),
                ("2", "Payment"),
                ("Schedule 1", "Service Levels"),
                ("Schedule 1, 1", "Availability"),
                ("Schedule 1, 2", "Credits"),
            ],
            id="a schedule that counts anew",
        ),
        pytest.param(
            DASHED, [("Item 1", "Business"), ("Item 15", "Exhibits")], id="dashes, and a list under a centred title"
        ),
        pytest.param(
            LETTERED,
            [
                ("A", "Purpose of the Policy"),
                ("B", "Persons Covered"),
                ("B(a)", ""),
                ("B(b)", ""),
                ("C", "Penalties"),
            ],
            id="lettered headings, half brackets",
        ),
        pytest.param(
            ALPHABET,
            [
                ("1", "Reserved Matters"),
                *[(f"1({letter})", "") for letter in "abcdefghij"],
                ("2", "Other Matters"),
            ],
            id="(i) after (h) is a letter",
        ),
        pytest.param(PLAIN_CONTRACT, [("1", ""), ("2", ""), ("3", "")], id="plain clauses, told by their sequence"),
    ],
)
def test_labels_are_those_that_a_reader_sees(items: Items, expected: list[tuple[str, str]]) -> None:
    assert labels(items) == expected


@pytest.mark.parametrize(
    "text",
    [
        "12. March was the coldest month of the year. " + FILLER,
        "2023 was a good year for the group. " + FILLER,
        "4.2 million shares were bought back. " + FILLER,
        "(a) is the only list item here, so it is none. " + FILLER,
        "Item 7 of this report says more. " + FILLER,
        "Note 5 to the statements says more. " + FILLER,
        "Section 4.2 of the agreement says more. " + FILLER,
        "Article IV of the treaty says more. " + FILLER,
        "10.5% of the shares were sold. " + FILLER,
        "31.12.2023 is the date of the balance sheet. " + FILLER,
        "$ 1.5 billion was paid. " + FILLER,
        "Part of the price was paid in kind. " + FILLER,
    ],
    ids=lambda t: t[:18],
)
def test_a_number_without_a_sequence_opens_no_section(text: str) -> None:
    assert labels([(FILLER, PLAIN), (text, PLAIN), (FILLER, PLAIN)]) == []


def test_paths_nest_and_the_document_title_is_no_parent() -> None:
    document = parsed(SERVICES)
    by_label = {s.label: s for s in document.sections}
    assert by_label["2.2(b)(i)"].path == ("2 Services", "2.2 Standards", "2.2(b)", "2.2(b)(i)")
    section = by_label["2.2"]
    assert document.text[section.start : section.end].startswith("2.2 Standards. The supplier shall:")
    assert "keep records for 7 years" in document.text[section.start : section.end]
    assert "Sub-contracting" not in document.text[section.start : section.end]


def test_unnumbered_headings_are_sections_without_a_label() -> None:
    document = parsed(
        [
            ("Travel Policy", style(bold=True, size=20)),
            (FILLER, PLAIN),
            ("Hotels", style(bold=True, size=14)),
            (FILLER, PLAIN),
            ("Booking a room", style(bold=True)),
            (FILLER, PLAIN),
            ("Flights", style(bold=True, size=14)),
            (FILLER, PLAIN),
        ]
    )
    found = [(s.label, s.path) for s in document.sections if s.heading]
    assert found == [(None, ("Hotels",)), (None, ("Hotels", "Booking a room")), (None, ("Flights",))]


def test_a_table_of_contents_opens_no_sections() -> None:
    contents: Items = [("Contents", HEAD)]
    contents += [(f"{n}. {name} {'.' * 40} {n + 1}", PLAIN) for n, name in enumerate(["Term", "Fees", "Law"], 1)]
    body: Items = []
    for n, name in enumerate(["Term", "Fees", "Law"], 1):
        body += [(f"{n}. {name}", HEAD), (FILLER, PLAIN)]
    assert labels(contents + body) == [("1", "Term"), ("2", "Fees"), ("3", "Law")]


def test_a_list_goes_on_in_the_next_column() -> None:
    prose = "are kept by the secretary in a book that members may read at any time of the year"

    def item(letter: str) -> list[str]:
        words = f"({letter}) records {prose}".split()
        return [" ".join(words[i : i + 6]) for i in range(0, len(words), 6)]

    def page(canvas: Any) -> None:
        canvas.setFont("Helvetica-Bold", 12)
        lines(canvas, ["\xa7 12 Members"], 60, 780)
        canvas.setFont("Helvetica", 10)
        lines(canvas, ["The rules for members are these, and no", "others hold between the club and them:"], 60, 755)
        lines(canvas, [row for letter in "ab" for row in item(letter)], 72, 720)
        lines(canvas, [row for letter in "cde" for row in item(letter)], 332, 755)

    document = parse_pdf("rules.pdf", drawn(page))
    assert [s.label for s in document.sections if s.label] == ["12", *(f"12({c})" for c in "abcde")]


def test_a_note_between_two_items_ends_no_list() -> None:
    items: Items = [
        ("1. Inspections", HEAD),
        ("(a) The operator inspects the part. " + FILLER, ONE),
        ("(b) The operator replaces the part. " + FILLER, ONE),
        ("Note 1 to paragraph (b): the maker's bulletin shows how.", ONE),
        ("(c) The operator keeps a record. " + FILLER, ONE),
        ("(d) The record is kept for 5 years. " + FILLER, ONE),
    ]
    assert [label for label, _ in labels(items)] == ["1", "1(a)", "1(b)", "1(c)", "1(d)"]


def test_letters_below_a_note_of_the_accounts_belong_to_it() -> None:
    items: Items = [
        ("Note 4 – Leases", style(bold=True)),
        (FILLER, PLAIN),
        ("Note 5 – Debt", style(bold=True)),
        ("The group owes:", PLAIN),
        ("(a) a loan from its bank. " + FILLER, ONE),
        ("(b) a bond. " + FILLER, ONE),
    ]
    assert [label for label, _ in labels(items)] == ["Note 4", "Note 5", "Note 5(a)", "Note 5(b)"]


def test_a_heading_of_two_lines_is_one_heading() -> None:
    centred = style(bold=True, size=12, centred=True)
    found = parsed(
        [
            ("1. Obligations of the Supplier under This Agreement and of the Persons Whom It Employs or Engages", HEAD),
            (FILLER, PLAIN),
            ("2. Payment<br/>and Invoicing", HEAD),
            (FILLER, PLAIN),
            ("Late Delivery of the Goods<br/>or No Delivery at All", HEAD),
            (FILLER, PLAIN),
            ("SCHEDULE 1<br/>SERVICE LEVELS<br/>AND CREDITS", centred),
            (FILLER, PLAIN),
            ("ANNEX ON<br/>THE PROCESSING OF DATA", centred),
            (FILLER, PLAIN),
        ]
    )
    assert [(s.label, s.heading) for s in found.sections] == [
        ("1", "Obligations of the Supplier under This Agreement and of the Persons Whom It Employs or Engages"),
        ("2", "Payment and Invoicing"),
        (None, "Late Delivery of the Goods or No Delivery at All"),
        ("SCHEDULE 1", "SERVICE LEVELS AND CREDITS"),
        (None, "ANNEX ON THE PROCESSING OF DATA"),
    ]


def test_two_headings_of_their_own_stay_two() -> None:
    items: Items = [("Handbook", style(bold=True, size=20)), (FILLER, PLAIN), ("Terms", style(bold=True, size=14))]
    items += [("Use", HEAD), (FILLER, PLAIN), ("Care", HEAD), (FILLER, PLAIN)]
    assert [s.heading for s in parsed(items).sections if s.heading] == ["Terms", "Use", "Care"]
