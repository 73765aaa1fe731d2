"""What kind a file is, and the guard before its archive is opened."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from retrieval.errors import DocumentUnreadable, UnsupportedFormat
from retrieval.parse.archive import open_archive
from retrieval.parse.formats import MEDIA_TYPES, PARSERS, detect, media_type
from tests.retrieval.parse.formats.compound import outlook
from tests.retrieval.parse.hostile import corpus as c


@pytest.mark.parametrize(
    ("name", "make", "kind"),
    [
        ("a.docx", lambda: c.archive(c.docx()), "docx"),
        ("a.bin", lambda: c.workbook("A1"), "xlsx"),
        ("a", c.deck, "pptx"),
        ("a.txt", lambda: b"\n\n" + c.good_pdf(), "pdf"),
        ("a.msg", lambda: outlook("S", "b", {}), "msg"),
        ("A.MD", lambda: b"# x", "markdown"),
        ("a.htm", lambda: b"<p>x", "html"),
        ("a.txt", lambda: b"\xef\xbb\xbf <!DOCTYPE HTML><p>x", "html"),
        ("a.xhtml", lambda: b"<?xml version='1.0'?><html xmlns='x'><p>x</p></html>", "html"),
        ("a.tsv", lambda: b"a\tb", "csv"),
        ("a.eml", lambda: b"Subject: x\n\nbody", "eml"),
        ("a", lambda: b"Received: from x\r\n by y\r\nSubject: z\r\n\r\nbody", "eml"),
        ("notes", lambda: b"To: everyone\nSubject: nothing else\n\nbody", "text"),
        ("a.log", lambda: b"x", "text"),
    ],
)
def test_kinds(name: str, make: Callable[[], bytes], kind: str) -> None:
    assert detect(name, make()) == kind


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"{\\rtf1 x}", "RTF"),
        (b"GIF89a", "GIF"),
        (b"\x1f\x8b\x08", "gzip"),
        (b"<?xml version='1.0'?><x/>", "XML"),
        (c.archive({"mimetype": b"application/vnd.oasis.opendocument.text"}), "OpenDocument"),
        (c.archive({"a.txt": b"x"}), "ZIP archive"),
        (c.archive({"[Content_Types].xml": b"<Types/>"}), "without a document"),
    ],
)
def test_other_kinds_are_named(content: bytes, reason: str) -> None:
    with pytest.raises(UnsupportedFormat, match=reason):
        detect("a.docx", content)


def test_every_kind_has_a_parser_and_a_media_type() -> None:
    assert PARSERS.keys() == MEDIA_TYPES.keys()


def test_members_are_read_by_name() -> None:
    archive = open_archive(c.archive({"a.txt": b"one", "b/c.txt": b"two"}))
    assert archive.names == {"a.txt", "b/c.txt"}
    assert archive.read("b/c.txt") == b"two"
    with pytest.raises(DocumentUnreadable, match=r"nothing\.txt is missing"):
        archive.read("nothing.txt")


def test_a_damaged_member_is_refused() -> None:
    whole = c.archive({"a.txt": bytes(range(256)) * 4})
    broken = whole[:100] + bytes(20) + whole[120:]
    with pytest.raises(DocumentUnreadable, match="cannot be unpacked"):
        open_archive(broken).read("a.txt")


def test_two_members_of_one_name_are_refused() -> None:
    whole = c.archive({"aaa": b"1", "bbb": b"2"}).replace(b"bbb", b"aaa")
    with pytest.raises(DocumentUnreadable, match="same name"):
        open_archive(whole)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("a/b.md", "text/markdown"),
        ("b.EML", "message/rfc822"),
        ("mail.msg", "application/vnd.ms-outlook"),
        ("t.docx", MEDIA_TYPES["docx"]),
        ("t.tsv", "text/tab-separated-values"),
        ("page.htm", "text/html"),
        ("notes.txt", "text/plain"),
        ("README", "application/octet-stream"),
    ],
)
def test_the_media_type_of_a_name(name: str, wanted: str) -> None:
    assert media_type(name) == wanted
