"""Titles for people: what names a document, and what does not."""

from __future__ import annotations

import pytest

from retrieval.parse.docx.parser import parse_docx
from retrieval.parse.html import parse_html
from retrieval.parse.markdown import parse_markdown
from retrieval.parse.pdf.parser import parse_pdf
from retrieval.parse.titling import file_title, names, title_of, words_of
from tests.retrieval.parse.docx.builder import docx, p
from tests.retrieval.parse.pdf.making import FILLER, flowing, style

TEXT = words_of("The plan covers every employee of the travel desk, and the plan ends in May. " * 20)


@pytest.mark.parametrize(
    "title",
    [
        "Travel Policy",
        "2024 Annual Report of the Travel Desk",
        "401(k) Plan Summary",
        "ISO 27001:2022 Security Policy",
        "Fiscal Year 2023-2024 Budget",
        "Plan 2026",
        "[Draft] Travel Policy",
        "GwG",
        "劳动合同",
        "Amended and Restated Bylaws of Example, Inc.",
    ],
)
def test_titles(title: str) -> None:
    assert names(title, TEXT)


@pytest.mark.parametrize(
    "title",
    [
        "",
        "200 W. Forsyth Street",
        "1600 Amphitheatre Parkway",
        "<submission><type> 10-Q",
        "<%= current_page.data.title %>",
        "{{ page.title }}",
        "${title}",
        "$title$",
        "%%TITLE%%",
        "[Company Name]",
        "{title}",
        "__TITLE__",
        "Page 1 of 9",
        "Policy Number 2006-01-02",
        "Document No. 00412377",
        "Untitled-1",
        "Microsoft Word - travel_final_v3.doc",
        "annual.htm",
        "3f2a9c0d1e4b5a6978",
        "2023-05-01",
        "12 / 2024",
        "desk@example.com",
        "www.example.com/policies",
        "Home",
    ],
)
def test_what_names_no_document(title: str) -> None:
    assert not names(title, TEXT)


def test_the_first_that_names_the_document_wins_and_the_file_is_the_last() -> None:
    assert title_of("a/x.docx", ["Untitled", "Travel Policy", "Hotels"], TEXT) == "Travel Policy"
    assert title_of("a/travel-policy.docx", ["Untitled", "200 W. Forsyth Street"], TEXT) == "travel-policy"
    assert title_of("a/00412377.docx", ["Untitled", "Policy Number 2006-01-02"], TEXT) == "Policy Number 2006-01-02"
    assert file_title("docs/Policy%202026.txt") == "Policy 2026"


@pytest.mark.parametrize("title", ["CHAPTER 1", "Section 8.", "Article IV", "Teil 2"])
def test_the_number_of_a_part_names_no_document(title: str) -> None:
    assert not names(title, TEXT)


def test_the_line_above_the_first_numbered_heading_is_the_title() -> None:
    page = "<p>Travel Policy of the Desk</p><h2>1. Scope</h2><p>It holds for all.</p><h2>2. Hotels</h2><p>Cheap.</p>"
    assert parse_html("a.html", f"<html><body>{page}</body></html>".encode()).title == "Travel Policy of the Desk"
    assert parse_markdown("a.md", b"Travel Policy of the Desk\n\n## 1. Scope\n\nAll.\n").title.startswith("Travel")
    sentence = b"This policy holds for all.\n\n## 1. Scope\n\nAll.\n"
    assert parse_markdown("travel.md", sentence).title == "travel"
    assert parse_docx("vertrag.docx", docx(p("\u00a7 1 Gegenstand", "Heading1") + p("Text."))).title == "vertrag"


def test_formats_pass_over_titles_that_say_nothing() -> None:
    said = "<head><title>&lt;%= current_page.data.title %&gt;</title></head><h1>Refund rules</h1><p>Soon."
    assert parse_html("refunds.html", said.encode()).title == "Refund rules"
    assert parse_html("annual.html", b"<title>annual.htm</title><p><b>Item 7. Results</b><p>Good.").title == "annual"
    assert parse_markdown("a/leave.md", b"---\ntitle: '{{ title }}'\n---\n\nText.\n").title == "leave"
    word = docx(p("Policy Number 2006-01-02", "Title") + p("Use of cars", "Heading1") + p("Text."), title="Untitled")
    assert parse_docx("cars.docx", word).title == "Use of cars"


def test_a_letterhead_is_no_title_of_a_pdf() -> None:
    big = style(bold=True, size=16)
    address = ("200 W. Forsyth Street", big)
    content = flowing([address, ("Trustee handbook", style(bold=True, size=14)), *[(FILLER, style())] * 8])
    assert parse_pdf("handbook.pdf", content).title == "Trustee handbook"
    content = flowing([address, *[(FILLER, style())] * 8])
    assert parse_pdf("trustee-handbook.pdf", content).title == "trustee handbook"
