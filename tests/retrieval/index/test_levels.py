from __future__ import annotations

from dataclasses import replace

from retrieval.index.levels import HEAD, page_heads
from retrieval.types import Place
from tests.retrieval.fakes import chunks, document


def test_a_chunk_gets_the_head_of_the_page_it_begins_on() -> None:
    parts = chunks(document("d"), "Balance sheets", "cash 1 2", "end of it. Income", "sales 3 4")
    first = Place(parts[0].start, parts[2].start + 11, page=1)
    second = Place(parts[2].start + 11, parts[3].end, page=2)
    places = [(first,), (first,), (first, second), (second,)]
    placed = [replace(part, places=where) for part, where in zip(parts, places, strict=True)]
    heads = page_heads(placed)
    assert heads[0] == ""  # holds it itself
    assert heads[1] == heads[2] == "Balance sheets cash 1 2 end of it."
    assert heads[3] == "Income sales 3 4"


def test_a_head_has_a_bound_and_rows_and_lines_have_none() -> None:
    long, rest = chunks(document("d"), "x" * 400, "rest")
    page = Place(long.start, rest.end, page=1)
    assert page_heads([replace(long, places=(page,)), replace(rest, places=(page,))]) == ["", "x" * HEAD]
    row = Place(long.start, rest.end, locator="line 1")
    assert page_heads([replace(long, places=(row,)), replace(rest, places=(row,))]) == ["", ""]
    assert page_heads([replace(rest, places=())]) == [""]
