"""Struck-out text is deleted text: it is in no quote, and it is reported."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from openpyxl.styles import Font

from retrieval.gate.worded import check
from retrieval.parse.deleted import keeping, named
from retrieval.parse.deleted import struck as wrap
from retrieval.parse.docx.parser import parse_docx
from retrieval.parse.formats import parse_content
from retrieval.units import read
from tests.retrieval.gate.build import passage
from tests.retrieval.parse.docx.builder import abstract, docx, lvl, num, p, row, style, t, tbl
from tests.retrieval.parse.figures.making import FORMATS, Run, struck


@pytest.mark.parametrize("name", FORMATS)
def test_struck_words_and_sentences(name: str) -> None:
    lines = [
        [Run("The notice period is "), struck("thirty (30)"), Run(" sixty (60) days.")],
        [struck("Invoices may be paid in cash up to EUR 5,000.")],
        [Run("The last one.")],
    ]
    parsed = parse_content(name, FORMATS[name](lines))
    assert "The notice period is sixty (60) days." in parsed.text.split("\n")
    assert "thirty" not in parsed.text
    assert "cash" not in parsed.text
    assert "The last one." in parsed.text
    assert "struck-out text" in [item.what for item in parsed.left_out]


@pytest.mark.parametrize("name", FORMATS)
def test_nothing_is_reported_where_nothing_is_struck(name: str) -> None:
    parsed = parse_content(name, FORMATS[name]([[Run("The notice period is sixty days.")]]))
    assert "struck-out text" not in [item.what for item in parsed.left_out]


PARTS = {
    "a digit": ("1", "2", "3", "1 3"),
    "cents": ("EUR 1,2", "34.", "50", "EUR 1,2 50"),
    "a part behind the mark": ("EUR 1", "000", ",50", "EUR 1 ,50"),
    "letters": ("un", "re", "able", "unable"),
}


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("case", PARTS)
def test_what_stands_around_it_makes_no_figure(name: str, case: str) -> None:
    before, gone, after, shown = PARTS[case]
    if name == "a.md" and gone.endswith("."):
        pytest.skip("tildes between a full stop and a digit end nothing (CommonMark, flanking)")
    parsed = parse_content(name, FORMATS[name]([[Run("It is "), Run(before), struck(gone), Run(after + " now.")]]))
    assert f"It is {shown} now." in parsed.text
    assert "struck-out text" in [item.what for item in parsed.left_out]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a ~old fee~ new fee", "a new fee"),
        ("1~2~3", "1 3"),
        ("~10 days or ~20 days", "~10 days or ~20 days"),
        ("10~20 and 30~40 days", "10~20 and 30~40 days"),
        ("per ton of CO~2~ emitted", "per ton of CO₂ emitted"),
        ("~~two~~ ~one~ three", "three"),
    ],
)
def test_single_tildes_of_markdown(text: str, shown: str) -> None:
    assert parse_content("a.md", text.encode()).text == shown


def test_a_style_strikes_and_a_run_may_take_it_back() -> None:
    styles = style("Old", rpr="<w:strike/>")
    body = p("gone", style="Old") + p(t("kept", '<w:strike w:val="0"/>') + t(" gone"), style="Old") + p("last")
    parsed = parse_docx("a.docx", docx(body, styles=styles))
    assert parsed.text == "kept\nlast"


def test_a_struck_clause_goes_with_its_number_and_counts() -> None:
    numbering = abstract(0, lvl(0, "decimal", "%1.")) + num(1, 0)
    body = p("one", num=(1, 0)) + p(t("two", "<w:strike/>"), num=(1, 0)) + p("three", num=(1, 0))
    parsed = parse_docx("a.docx", docx(body, numbering))
    assert parsed.text == "1. one\n3. three"


def test_a_struck_row_is_no_row() -> None:
    body = tbl(row("a", "b"), row(p(t("c", "<w:strike/>")), p(t("d", "<w:dstrike/>"))), row("e", "f"))
    assert parse_docx("a.docx", docx(body)).text == "a | b\ne | f"


@pytest.mark.parametrize("tag", ["s", "strike", "del"])
def test_tags_that_strike(tag: str) -> None:
    page = f"<html><body><ol><li><{tag}>old</{tag}></li><li>new <ins>words</ins> <u>stay</u></li></ol></body></html>"
    parsed = parse_content("a.html", page.encode())
    assert parsed.text == "2. new words stay"


@pytest.mark.parametrize(
    "sheet", [".x { text-decoration: line-through }", "p > span.x {text-decoration-line:underline line-through}"]
)
def test_style_sheets_that_strike(sheet: str) -> None:
    page = f'<html><head><style>{sheet}</style></head><body><p>a <span class="x">old</span> b</p></body></html>'
    parsed = parse_content("a.html", page.encode())
    assert parsed.text == "a b"


def test_inline_tags_in_markdown_strike_too() -> None:
    text = '1. ~~old~~\n2. a <del>old</del> b <ins>c</ins> <span style="text-decoration: line-through">old</span> d\n'
    parsed = parse_content("a.md", text.encode())
    assert parsed.text == "2. a b c d"
    assert [item.where for item in parsed.left_out] == ["line 1", "line 2"]


def test_a_struck_cell_is_empty_and_named() -> None:
    book = Workbook()
    sheet: Any = book.active
    for at, value in {"A1": "Item", "B1": "Old", "C1": "New", "A2": "Fee", "B2": 900, "C2": 1200}.items():
        sheet[at] = value
    sheet["B2"].font = Font(strike=True)
    out = io.BytesIO()
    book.save(out)
    parsed = parse_content("a.xlsx", out.getvalue())
    assert parsed.text == "Sheet\nItem | Old | New\nFee |  | 1200"
    assert [(item.what, item.where) for item in parsed.left_out] == [("struck-out text", "Sheet!B2")]


@pytest.mark.parametrize("name", FORMATS)
def test_where_it_is_kept_each_sentence_says_that_it_is_struck_out(name: str) -> None:
    lines = [
        [Run("The notice period is "), struck("thirty (30)"), Run(" sixty (60) days.")],
        [struck("Cash is taken up to EUR 5,000. Cheques are taken.")],
        [Run("The last one.")],
    ]
    parsed = parse_content(name, FORMATS[name](lines), keep_struck=True)
    said = " ".join(parsed.text.split())
    assert "The notice period is [struck out: thirty (30)] sixty (60) days." in said
    assert "[struck out: Cash is taken up to EUR 5,000.] [struck out: Cheques are taken.]" in said
    assert "struck-out text" not in [item.what for item in parsed.left_out]
    made = [unit.text for unit in read(parsed.text, parsed.sections)]
    assert all("[struck out: " in text for text in made if "taken" in text or "thirty" in text)


def test_a_struck_block_of_a_page_is_marked_through_all_its_elements() -> None:
    page = "<html><body><del><p>One <b>old</b> rule.</p><ul><li>a point</ul></del><p>Now.</body></html>"
    parsed = parse_content("a.html", page.encode(), keep_struck=True)
    assert parsed.text == "[struck out: One old rule.]\n- [struck out: a point]\nNow."


def test_struck_words_are_not_said_without_their_mark() -> None:
    (held,) = passage("The fee is [struck out: EUR 500] EUR 600.").units
    assert check("The fee is EUR 500.", held) is not None
    assert check("The fee is EUR 600.", held) is not None  # that something was struck out is a part of the quote


@given(st.text(alphabet="ab. 1\n", max_size=40), st.text(alphabet="ab. 1\n", max_size=40))
@settings(derandomize=True, max_examples=100)
def test_nothing_is_lost_where_it_is_kept(one: str, two: str) -> None:
    with keeping(kept=True):
        wrapped = f"x {wrap(one)}{wrap(two)} y"
    made = named(wrapped)
    assert made.text.replace("[struck out: ", "").replace("]", "") == f"x {one}{two} y"
    assert all(made.text[made.at(n)] == c for n, c in enumerate(wrapped) if c.isalnum())


def test_a_tag_around_blocks_of_markdown_strikes_them_all() -> None:
    parsed = parse_content(
        "a.md", b"# Terms\n\n<del>\n\n## Cash\n\nCash is paid.\n\n- one\n\n</del>\n\n<s>No</s> fee is due.\n"
    )
    assert parsed.text == "Terms\nfee is due."
    assert [item.what for item in parsed.left_out] == ["struck-out text"] * 4
