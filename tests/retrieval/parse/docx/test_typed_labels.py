"""Typed numbers of Word files that came out wrong once: the whole tables of their sections."""

from __future__ import annotations

from retrieval.parse.docx.parser import parse_docx
from retrieval.parse.formats import parse_content
from retrieval.types import ParsedDocument
from tests.retrieval.parse.docx.builder import abstract, b, docx, lvl, num, p, t

TAB = "<w:r><w:tab/></w:r>"


def read(body: str, numbering: str = "") -> ParsedDocument:
    return parse_docx("x.docx", docx(body, numbering))


def sections(parsed: ParsedDocument) -> list[tuple[str | None, str]]:
    return [(s.label, s.heading) for s in parsed.sections if s.path]


def test_german_paragraphs() -> None:
    body = (
        p("§ 1 Gegenstand", "Heading1") + p("Dieser Vertrag regelt die Lieferung.")
        + p("§ 2 Vergütung", "Heading1") + p("(1) Die Vergütung beträgt 500 EUR.") + p("(2) Sie ist fällig.")
        + p("§ 2a Verzug", "Heading1") + p("(1) Es gilt der gesetzliche Zins.") + p("(2) Er beträgt 9 Prozent.")
        + p("§ 9 Schluss", "Heading1") + p("(1) Es gilt deutsches Recht.") + p("(2) Ende.")
    )  # fmt: skip
    assert sections(read(body)) == [
        ("1", "Gegenstand"), ("2", "Vergütung"), ("2(1)", ""), ("2(2)", ""), ("2a", "Verzug"), ("2a(1)", ""),
        ("2a(2)", ""), ("9", "Schluss"), ("9(1)", ""), ("9(2)", ""),
    ]  # fmt: skip


def test_an_unnumbered_heading_ends_no_list_around_it() -> None:
    body = (
        p("CHAPTER 1 - ACCOUNTS", "Heading1") + p(t("A.") + TAB + t("BANKS"), "Heading2") + p("Insured.")
        + p("Practice tip", "Heading3") + p("Ask.") + p(t("B.") + TAB + t("RECORDS"), "Heading2") + p("Kept.")
        + p(t("C.") + TAB + t("AUDIT"), "Heading2")
    )  # fmt: skip
    assert sections(read(body)) == [
        ("CHAPTER 1", "ACCOUNTS"), ("CHAPTER 1, A", "BANKS"), (None, "Practice tip"), ("CHAPTER 1, B", "RECORDS"),
        ("CHAPTER 1, C", "AUDIT"),
    ]  # fmt: skip


def test_a_divider_page_opens_no_chapter() -> None:
    body = "".join(
        p(f"CHAPTER {n}") + p(name) + p(f"CHAPTER {n} - {name}", "Heading1")
        + p(t("A.") + TAB + t("BANKS"), "Heading2") + p("Insured.") + p(t("B.") + TAB + t("RECORDS"), "Heading2")
        for n, name in ((1, "INTRODUCTION"), (2, "ACCOUNTS"))
    )  # fmt: skip
    assert sections(read(body)) == [
        ("CHAPTER 1", "INTRODUCTION"), ("CHAPTER 1, A", "BANKS"), ("CHAPTER 1, B", "RECORDS"),
        ("CHAPTER 2", "ACCOUNTS"), ("CHAPTER 2, A", "BANKS"), ("CHAPTER 2, B", "RECORDS"),
    ]  # fmt: skip


def test_the_words_of_a_divider_page_belong_to_their_own_chapter() -> None:
    body = "".join(
        p(f"CHAPTER {n}") + p(name) + p(f"CHAPTER {n} - {name}", "Heading1") + p(f"Text {n}.")
        for n, name in ((1, "INTRODUCTION"), (2, "ACCOUNTS"))
    )
    page = "".join(
        f"<p>CHAPTER {n}</p><p>{name}</p><h1>CHAPTER {n} - {name}</h1><p>Text {n}.</p>"
        for n, name in ((1, "INTRODUCTION"), (2, "ACCOUNTS"))
    )
    for parsed in (read(body), parse_content("a.html", f"<html><body>{page}</body></html>".encode())):
        assert [parsed.text[s.start : s.end].split("\n") for s in parsed.sections] == [
            ["CHAPTER 1", "INTRODUCTION", "CHAPTER 1 - INTRODUCTION", "Text 1."],
            ["CHAPTER 2", "ACCOUNTS", "CHAPTER 2 - ACCOUNTS", "Text 2."],
        ]


def test_a_typed_table_of_contents_is_left_out_and_reported() -> None:
    names = ("CHAPTER 1 – INTRODUCTION", "A. PURPOSE", "B. DUTIES", "CHAPTER 2 – ACCOUNTS", "A. BANKS", "B. RECORDS")
    body = p("Trustee Handbook", "Title") + p("TABLE OF CONTENTS")
    body += "".join(p(t(name) + TAB + t(str(page))) for page, name in enumerate(names, 1))
    body += "".join(p(b(name)) + p("A trustee keeps this rule.") for name in names)
    parsed = read(body)
    assert sections(parsed) == [
        ("CHAPTER 1", "INTRODUCTION"), ("CHAPTER 1, A", "PURPOSE"), ("CHAPTER 1, B", "DUTIES"),
        ("CHAPTER 2", "ACCOUNTS"), ("CHAPTER 2, A", "BANKS"), ("CHAPTER 2, B", "RECORDS"),
    ]  # fmt: skip
    assert [item.what for item in parsed.left_out] == ["table of contents"]
    assert parsed.text.count("A. PURPOSE") == 1


def test_parts_of_a_schedule_in_plain_paragraphs() -> None:
    body = p("1. Definitions", "Heading1") + p("Text.") + p("Schedule 1", "Heading1")
    for part, names in (("A", ("Services", "Fees")), ("B", ("Credits", "Limits"))):
        body += p(f"Part {part}")
        body += "".join(p(f"{n}. {name}", "Heading2") + p(f"{n}.1 Text.") for n, name in enumerate(names, 1))
    parsed = read(body)
    assert [s.label for s in parsed.sections] == [
        "1", "Schedule 1",
        *("Schedule 1, Part A", "Schedule 1, Part A, 1", "Schedule 1, Part A, 1.1"),
        *("Schedule 1, Part A, 2", "Schedule 1, Part A, 2.1"),
        *("Schedule 1, Part B", "Schedule 1, Part B, 1", "Schedule 1, Part B, 1.1"),
        *("Schedule 1, Part B, 2", "Schedule 1, Part B, 2.1"),
    ]  # fmt: skip


def test_a_list_that_displays_decimals_is_cited_as_displayed_with_its_place() -> None:
    numbering = (
        abstract(0, lvl(0, "upperRoman", "ARTICLE %1"), lvl(1, "decimalZero", "Section %1.%2", "<w:isLgl/>"))
        + abstract(1, lvl(0, "decimal", "7.%1"), lvl(1, "decimal", "7.%1.%2"))
        + num(1, 0) + num(2, 1)
    )  # fmt: skip
    body = p("Terms", num=(1, 0)) + p("Fees", num=(1, 1)) + p("Duties", num=(1, 1))
    body += p("Care", num=(2, 0)) + p("Skill", num=(2, 1)) + p("Notes", num=(2, 1))
    assert [s.label for s in read(body, numbering).sections] == [
        "ARTICLE I", "1.01", "1.02", "1.02, 7.1", "1.02, 7.1.1", "1.02, 7.1.2",
    ]  # fmt: skip


def test_two_parts_that_say_the_same_are_no_table_of_contents() -> None:
    body = "".join(
        p(b(f"Part {part}")) + p("1. Notices are written.") + p("2. They are signed.") + p("3. They are dated.")
        for part in "AB"
    )
    assert [s.label for s in read(body).sections] == [
        "Part A", "Part A, 1", "Part A, 2", "Part A, 3", "Part B", "Part B, 1", "Part B, 2", "Part B, 3",
    ]  # fmt: skip
