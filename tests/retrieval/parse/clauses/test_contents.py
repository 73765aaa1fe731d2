"""Tables of contents and dividers: what says again what stands elsewhere."""

from __future__ import annotations

from retrieval.parse.clauses.contents import contents, dividers
from retrieval.parse.clauses.sequence import Line


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
