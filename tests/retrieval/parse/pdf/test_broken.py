"""Files that cannot be read, or not in full: each says so."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from pypdf import PdfWriter
from reportlab.lib.utils import ImageReader

from retrieval.errors import DocumentUnreadable, EncryptedDocument, ParserLimit
from retrieval.parse.pdf.parser import parse_pdf
from tests.retrieval.parse.pdf.making import FILLER, HEIGHT, WIDTH, drawn, lines, rewritten

WORDS = ["The limit for hotels is 180 EUR a night.", FILLER[:80], FILLER[80:150]]


def words(canvas: Any) -> None:
    lines(canvas, WORDS)


def other_words(canvas: Any) -> None:
    lines(canvas, ["Taxis need a receipt."])


def scan(canvas: Any) -> None:
    image = BytesIO()
    Image.new("L", (60, 80), 200).save(image, "PNG")
    canvas.drawImage(ImageReader(BytesIO(image.getvalue())), 0, 0, WIDTH, HEIGHT)


def scan_with_hidden_layer(canvas: Any) -> None:
    scan(canvas)
    text = canvas.beginText(72, 600)
    text.setTextRenderMode(3)
    text.textLine("recognised text")
    canvas.drawText(text)


def blank(canvas: Any) -> None:
    canvas.setLineWidth(1)


def encrypted(user: str, owner: str, algorithm: str) -> bytes:
    return rewritten(drawn(words), lambda w: w.encrypt(user, owner, algorithm=algorithm))


def test_a_scanned_page_is_named() -> None:
    document = parse_pdf("mixed.pdf", drawn(words, scan, other_words))
    assert [(entry.what, entry.where) for entry in document.left_out] == [("scanned page", "page 2")]
    assert [place.page for place in document.places] == [1, 3]


@pytest.mark.parametrize("page", [scan, scan_with_hidden_layer], ids=lambda f: f.__name__)
def test_a_document_of_scans_is_unreadable(page: Any) -> None:
    with pytest.raises(DocumentUnreadable, match=r"^scanned, not readable"):
        parse_pdf("scan.pdf", drawn(page, page))


def test_an_empty_document_is_unreadable() -> None:
    with pytest.raises(DocumentUnreadable, match="empty"):
        parse_pdf("blank.pdf", drawn(blank))


@pytest.mark.parametrize("algorithm", ["RC4-128", "AES-256"])
def test_a_password_is_needed_or_only_restricts(algorithm: str) -> None:
    with pytest.raises(EncryptedDocument, match="password"):
        parse_pdf("locked.pdf", encrypted("open sesame", "owner", algorithm))
    assert WORDS[0] in parse_pdf("restricted.pdf", encrypted("", "owner", algorithm)).text


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="no bytes"),
        pytest.param(b"%PDF-1.7\n", id="head alone"),
        pytest.param(b"<html>startxref</html>", id="another type"),
        pytest.param(drawn(words)[:-400], id="end missing"),
        pytest.param(drawn(words, words, words)[:1200], id="half missing"),
        pytest.param(b"%PDF-1.7\n" + bytes(range(256)) * 40 + b"startxref\n9\n%%EOF", id="noise"),
    ],
)
def test_damaged_files_are_unreadable(content: bytes) -> None:
    with pytest.raises(DocumentUnreadable):
        parse_pdf("broken.pdf", content)


def hand_made(pages: str, more: str = "") -> bytes:
    """A PDF written by hand: object 2 is the root of the page tree. pdfium rebuilds the missing table."""
    return (
        "%PDF-1.4\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n"
        f"2 0 obj\n{pages}\nendobj\n{more}\ntrailer\n<</Root 1 0 R/Size 6>>\nstartxref\n0\n%%EOF\n"
    ).encode()


LOOP = hand_made(
    "<</Type/Pages/Kids[3 0 R]/Count 2>>", "3 0 obj\n<</Type/Pages/Parent 2 0 R/Kids[2 0 R 3 0 R]/Count 2>>\nendobj"
)
ABSURD = hand_made(
    f"<</Type/Pages/Kids[{'3 0 R ' * 6000}]/Count 6000>>",
    "3 0 obj\n<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]>>\nendobj",
)


def test_a_loop_in_the_page_tree_ends() -> None:
    with pytest.raises(DocumentUnreadable):
        parse_pdf("loop.pdf", LOOP)


def test_an_absurd_page_count_is_a_limit() -> None:
    with pytest.raises(ParserLimit, match="claims 6000 pages"):
        parse_pdf("absurd.pdf", ABSURD)


def test_too_many_objects_on_a_page_are_a_limit() -> None:
    content = rewritten(drawn(words), _crowd)
    with pytest.raises(ParserLimit, match="page 1"):
        parse_pdf("crowd.pdf", content)


def _crowd(writer: PdfWriter) -> None:
    contents = writer.pages[0].get_contents()
    assert contents is not None
    contents.set_data(b"0 0 m 9 9 l S\n" * 510_000)
    writer.pages[0].replace_contents(contents)


def test_a_loop_in_the_outline_ends() -> None:
    def page(canvas: Any) -> None:
        for title in ("One", "Two"):
            canvas.bookmarkPage(title)
            canvas.addOutlineEntry(title, title, level=0)
        words(canvas)

    content = drawn(page)
    looped = re.sub(rb"/Prev (\d+) 0 R", rb"/Next \1 0 R", content)
    assert looped != content
    assert WORDS[0] in parse_pdf("loop.pdf", looped).text


def test_attached_files_and_form_fields_are_reported() -> None:
    content = rewritten(drawn(words), lambda w: w.add_attachment("a.txt", b"inside"))
    assert ("attached file", "the file") in [(e.what, e.where) for e in parse_pdf("x.pdf", content).left_out]

    def field(canvas: Any) -> None:
        words(canvas)
        canvas.acroForm.textfield(name="n", value="typed", x=72, y=500)

    left_out = parse_pdf("x.pdf", drawn(field)).left_out
    assert ("values of form fields", "the file") in [(e.what, e.where) for e in left_out]
