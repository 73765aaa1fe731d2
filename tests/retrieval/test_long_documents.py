"""Reading takes a time that grows with the length of a document: files that took minutes, at a size that tells."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

import pytest

from retrieval.chunk import chunk
from retrieval.errors import ParserLimit
from retrieval.parse.formats import parse_content
from retrieval.units import units
from tests.retrieval.fakes import document
from tests.retrieval.parse.hostile import corpus


def hidden_columns(count: int) -> bytes:
    """A workbook of that many rows that hides the same columns as often."""

    def change(sheet: bytes) -> bytes:
        columns = b"<cols>" + b'<col min="3" max="4" hidden="1"/>' * count + b"</cols>"
        rows = b"".join(b'<row r="%d"><c r="A%d"><v>1</v></c></row>' % (n, n) for n in range(1, count + 1))
        head, _, rest = sheet.partition(b"<sheetData")
        return head + columns + b"<sheetData>" + rows + b"</sheetData>" + rest.partition(b"</sheetData>")[2]

    return corpus.changed(corpus.workbook("A1"), "xl/worksheets/sheet1.xml", change)


def table_on_a_slide(rows: int) -> bytes:
    """A presentation with a table of so many rows."""
    drawing = "http://schemas.openxmlformats.org/drawingml/2006"
    row = "<a:tr h='1'>" + "<a:tc><a:txBody><a:bodyPr/><a:p><a:r><a:t>a</a:t></a:r></a:p></a:txBody></a:tc>" * 2
    frame = (
        "<p:graphicFrame><p:nvGraphicFramePr><p:cNvPr id='9' name='t'/><p:cNvGraphicFramePr/><p:nvPr/>"
        f"</p:nvGraphicFramePr><p:xfrm/><a:graphic xmlns:a='{drawing}/main'><a:graphicData uri='{drawing}/table'>"
        f"<a:tbl><a:tblGrid/>{(row + '</a:tr>') * rows}</a:tbl></a:graphicData></a:graphic></p:graphicFrame></p:spTree>"
    )
    return corpus.changed(
        corpus.deck(), "ppt/slides/slide1.xml", lambda slide: slide.replace(b"</p:spTree>", frame.encode())
    )


HOGS: dict[str, tuple[str, Callable[[int], bytes]]] = {
    "the same line": ("a.txt", lambda n: b"a\n" * n),
    "line ends": ("a.txt", lambda n: b"a" + b"\n" * n + b"b"),
    "line ends in preformatted text": ("a.html", lambda n: b"<html><pre>a" + b"\n" * n + b"b"),
    "a line of spaces": ("a.txt", lambda n: b"a" + b" " * n + b"b"),
    "a line of dots": ("a.txt", lambda n: b"a" + b". " * n + b"b"),
    "headings in Markdown": ("a.md", lambda n: b"# A\n" * n),
    "headings in HTML": ("a.html", lambda n: b"<html>" + b"<h1>A</h1>" * n),
    "nested blocks": ("a.html", lambda n: b"<html>" + b"<div><p>a" * (n // 10)),
    "nested lists": ("a.html", lambda n: b"<html>" + b"<ol><li>a" * n),
    "nested raised text": ("a.html", lambda n: b"<html><p>a" + b"<sup>a<br>" * n),
    "nested raised text in Markdown": ("a.md", lambda n: b"a " + b"<sup>a" * n + b"</i>" * n),
    "much that is left out": ("a.html", lambda n: b"<html>" + b"<p>a</p><script>b</script>" * n),
    "white text in boxes": ("a.html", lambda n: b"<div bgcolor=0>" + b"<div style='color:white'>a" * n),
    "notes of one name": ("a.md", lambda n: b"a[^1]\n\n" * (n // 3) + b"[^1]: b\n\n" * (n // 3)),
    "brackets in a number": ("a.txt", lambda n: b"1.1" + b"(a)" * n + b" A\n1.2 B\n"),
    "hidden columns": ("a.xlsx", hidden_columns),
    "a table on a slide": ("a.pptx", lambda n: table_on_a_slide(n // 5)),
    "a mail to many": ("a.eml", lambda n: b"Subject: a\nTo: " + b"a@example.com, " * 8 * n + b"\n\nb"),
    "a mail of a long type": ("a.eml", lambda n: b"Subject: a\nContent-Type: a/b; " + b"a=b; " * n + b"\n\nb"),
}
CUT: dict[str, tuple[str, Callable[[int], bytes]]] = {
    "rows without a full stop": ("a.csv", lambda n: b"a,b\n" + b"alpha beta,gamma 1 x\n" * (n // 4)),
    "small tables": ("a.csv", lambda n: b"a,b\n\n" * n),
    "a long row": ("a.txt", lambda n: b"a\tb" + b" " * 4 * n + b"c"),
    "lines without a full stop": ("a.txt", lambda n: b"- the tenant pays 1 euro\n" * (n // 2)),
    "full stops": ("a.txt", lambda n: b"a" + b"." * n + b"b"),
    "angle brackets": ("a.txt", lambda n: b"a b c 1 " + b"<" * n),
    "a role and line ends": ("a.txt", lambda n: b"a b c 1 user" + b"\n" * n + b"x"),
    "one model after another": ("a.txt", lambda n: b"a b c 1 " + b"gpt." * n),
}


@pytest.mark.parametrize(("name", "make"), HOGS.values(), ids=HOGS)
def test_the_time_grows_with_the_length(name: str, make: Callable[[int], bytes]) -> None:
    parse_content(name, make(100))  # what is loaded once
    assert_linear(lambda size: lambda: parse_content(name, make(size)))


@pytest.mark.parametrize(("name", "make"), CUT.values(), ids=CUT)
def test_so_does_the_time_to_cut_what_was_read(name: str, make: Callable[[int], bytes]) -> None:
    """That is no child's work: it would keep the service from everything else."""

    def prepared(size: int) -> Callable[[], object]:
        parsed = parse_content(name, make(size))
        return lambda: units(parsed, chunk(document(name), parsed))

    assert_linear(prepared)


def assert_linear(prepare: Callable[[int], Callable[[], object]]) -> None:
    took = [min(_seconds(prepare(size)) for _ in range(3)) for size in (2_000, 8_000)]
    assert took[1] < 9 * took[0] + 0.5  # four times as long: the square would be sixteen


def _seconds(work: Callable[[], object]) -> float:
    """Of the CPU. The least of some tries: a first one also pays for what it imports, and for the garbage of others."""
    gc.collect()
    began = time.process_time()
    work()
    return time.process_time() - began


def test_tags_that_are_left_open_make_no_larger_page() -> None:
    """Each paragraph opens all that was left open above it once more (HTML standard, 13.2.4.3)."""
    page = "<html>" + "".join(f"<font color={n}><p>a" for n in range(1_000))
    with pytest.raises(ParserLimit, match="leaves open"):
        parse_content("a.html", page.encode())
    assert parse_content("a.html", page[:1_000].encode()).text.startswith("a\na\n")


def test_a_paragraph_set_as_a_heading_is_not_kept_with_all_that_stands_below() -> None:
    parsed = parse_content("a.md", b"# " + b"word " * 10_000 + b"\n## Below\nText.\n")
    assert [len(name) < 310 for section in parsed.sections for name in (*section.path, section.heading)] == [True] * 5
    assert parsed.sections[0].heading.endswith("word …")
