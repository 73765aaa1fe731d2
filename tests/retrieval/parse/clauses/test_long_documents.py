"""Reading takes a time that grows with the length of a document: files that took minutes, at a size that tells."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from retrieval.parse.formats import parse_content

HOGS: dict[str, tuple[str, Callable[[int], bytes]]] = {
    "the same line": ("a.txt", lambda n: b"a\n" * n),
    "line ends": ("a.txt", lambda n: b"a" + b"\n" * n + b"b"),
    "line ends in preformatted text": ("a.html", lambda n: b"<html><pre>a" + b"\n" * n + b"b"),
    "a line of spaces": ("a.txt", lambda n: b"a" + b" " * n + b"b"),
    "a line of dots": ("a.txt", lambda n: b"a" + b". " * n + b"b"),
    "headings in Markdown": ("a.md", lambda n: b"# A\n" * n),
    "headings in HTML": ("a.html", lambda n: b"<html>" + b"<h1>A</h1>" * n),
    "nested blocks": ("a.html", lambda n: b"<html>" + b"<div><p>a" * (n // 10)),
}


@pytest.mark.parametrize(("name", "make"), HOGS.values(), ids=HOGS)
def test_the_time_grows_with_the_length(name: str, make: Callable[[int], bytes]) -> None:
    parse_content(name, make(100))  # what is loaded once
    took = []
    for size in (4_000, 16_000):
        began = time.process_time()
        parse_content(name, make(size))
        took.append(time.process_time() - began)
    assert took[1] < 9 * took[0] + 1.0  # four times as long: the square would be sixteen
