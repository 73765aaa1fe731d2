"""A detail is no reason to refuse a file: linked pictures, strict names, empty media."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping

from openpyxl import Workbook
from pptx import Presentation
from pptx.util import Inches

from retrieval.parse.formats import parse_content
from tests.retrieval.parse.docx.builder import docx, p
from tests.retrieval.parse.formats.test_slides import save, text

_PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000 1f15c4890000000d49444154789c6360000002000001e221bc33"
    "0000000049454e44ae426082".replace(" ", "")
)


def changed(content: bytes, change: Callable[[str, bytes], bytes], extra: Mapping[str, bytes] | None = None) -> bytes:
    """A package with its parts changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as package, zipfile.ZipFile(out, "w") as packed:
        for name in package.namelist():
            packed.writestr(name, change(name, package.read(name)))
        for name, data in (extra or {}).items():
            packed.writestr(name, data)
    return out.getvalue()


def deck_with_picture() -> bytes:
    deck = Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[6])
    text(slide, "The board proposes 40 per cent.", 1)
    slide.shapes.add_picture(io.BytesIO(_PIXEL), Inches(1), Inches(3))
    return save(deck)


def test_a_linked_picture() -> None:
    def link(name: str, data: bytes) -> bytes:
        if name == "ppt/slides/slide1.xml":
            return data.replace(b"r:embed", b"r:link")
        if name == "ppt/slides/_rels/slide1.xml.rels":
            return data.replace(b'Target="../media/image1.png"', b'Target="file:///c:/x.png" TargetMode="External"')
        return data

    parsed = parse_content("a.pptx", changed(deck_with_picture(), link))
    assert parsed.text == "The board proposes 40 per cent."
    assert [(item.what, item.where) for item in parsed.left_out] == [("linked picture, not opened", "slide 1")]


def test_empty_media() -> None:
    empty = changed(deck_with_picture(), lambda name, data: b"" if name.startswith("ppt/media/") else data)
    parsed = parse_content("a.pptx", empty)
    assert parsed.text == "The board proposes 40 per cent."
    assert [item.what for item in parsed.left_out] == ["picture"]
    assert parse_content("a.docx", docx(p("one"), extra={"word/media/image1.png": b""})).text == "one"


def strict(name: str, data: bytes) -> bytes:
    """A part under its strict names."""
    if name.endswith((".xml", ".rels")):
        for kind in (b"spreadsheetml", b"presentationml", b"drawingml", b"officeDocument"):
            data = data.replace(
                b"http://schemas.openxmlformats.org/" + kind + b"/2006/", b"http://purl.oclc.org/ooxml/" + kind + b"/"
            )
    return data


def test_a_strict_workbook() -> None:
    book = Workbook()
    book.worksheets[0].append(["Item", "EUR"])
    book.worksheets[0].append(["Rent", 1200])
    out = io.BytesIO()
    book.save(out)
    assert parse_content("a.xlsx", changed(out.getvalue(), strict)).text == "Sheet\nItem | EUR\nRent | 1200"


def test_a_strict_presentation() -> None:
    assert parse_content("a.pptx", changed(deck_with_picture(), strict)).text == "The board proposes 40 per cent."
