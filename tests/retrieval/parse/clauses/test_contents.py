"""Tables of contents and dividers: what says again what stands elsewhere."""

from __future__ import annotations

import pytest

from retrieval.parse.clauses.contents import contents, dividers, table_notes
from retrieval.parse.clauses.sequence import Line
from retrieval.parse.formats import parse_content
from tests.retrieval.parse.docx.builder import docx, p, row, tbl


def lines(text: str) -> list[Line]:
    return [Line(line) for line in text.split("\n")]


def test_contents_come_again_in_order_with_text_between() -> None:
    listed = "1. Terms\n2. Use\n3. Law\n"
    body = "1. Terms\nWords have these meanings here.\n2. Use\nUse it with care and skill.\n3. Law\nEnglish law."
    assert contents(lines(listed + body)) == {0, 1, 2}
    assert contents(lines(listed + listed)) == frozenset()


def test_many_lines_that_are_the_same_are_looked_at_once() -> None:
    again = lines("1. A\n" * 30_000 + "Article 1\nArticle 2\n" * 15_000)
    assert contents(again) == frozenset()
    assert len(dividers(again)) == 29_998


_BELOW = "(1) Net of tax."


@pytest.mark.parametrize("name", ["a.html", "a.md", "a.docx"])
def test_notes_of_a_table_are_no_clauses(name: str) -> None:
    content = {
        "a.html": "<html><body><p><b>Item 5. Fees</b></p>"
        "<table><tr><td>Item<td>EUR</tr><tr><td>Rent (1)<td>5</tr></table>"
        f"<p>{_BELOW}</p><p>(2) Per month.</p><p><b>Item 6. Term</b></p><p>Text.</p></body></html>",
        "a.md": "## Item 5. Fees\n\n| Item | EUR |\n|---|---|\n| Rent (1) | 5 |\n\n"
        f"{_BELOW}\n\n(2) Per month.\n\n## Item 6. Term\n\nText.\n",
        "a.docx": "",
    }[name].encode()
    if name == "a.docx":
        table = tbl(row("Item", "EUR"), row("Rent (1)", "5"))
        content = docx(p("Item 5. Fees") + table + p(_BELOW) + p("(2) Per month.") + p("Item 6. Term") + p("Text."))
    parsed = parse_content(name, content)
    assert [s.label for s in parsed.sections if s.label] == ["Item 5", "Item 6"]
    assert _BELOW in parsed.text


def test_a_list_below_a_table_that_does_not_have_its_marks_is_one_of_clauses() -> None:
    text = "## 1. Fees\n\n| Item | EUR |\n|---|---|\n| Rent | 5 |\n\n(1) They are due in May.\n\n(2) They are net.\n"
    assert [s.label for s in parse_content("a.md", text.encode()).sections] == ["1", "1(1)", "1(2)"]
    assert table_notes(
        ["Rent (1) | 5", "(1) Net.", "(2) Gross.", "Text.", "(1) They"], [0, None, None, None, None]
    ) == {
        1,
        2,
    }
