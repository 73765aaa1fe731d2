"""Damaged, foreign and hostile files end in an error with a plain reason, and nothing else."""

from __future__ import annotations

import io
import zipfile

import pytest

from retrieval.errors import DocumentUnreadable, EncryptedDocument, ParserLimit, UnsupportedFormat
from retrieval.parse.docx.parser import parse_docx
from tests.retrieval.parse.docx.builder import archive, docx, p

_GOOD = docx(p("1 Hotels", "Heading1") + "".join(p(f"Paragraph {n} of the text.") for n in range(50)))
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)
_LAUGHS = '<!DOCTYPE d [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
_XXE = '<!DOCTYPE d [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


def _with(**members: str | bytes) -> bytes:
    """The good file with members replaced; "" takes one away. Keys: "/" is written "__", "." as "_dot_"."""
    kept: dict[str, str | bytes] = {}
    with zipfile.ZipFile(io.BytesIO(_GOOD)) as packed:
        for info in packed.infolist():
            kept[info.filename] = packed.read(info)
    for key, content in members.items():
        name = key.replace("__", "/").replace("_dot_", ".")
        kept[name] = content
        if not content:
            del kept[name]
    return archive(kept)


def _document(prolog: str, text: str = "x", encoding: str = "utf-8") -> bytes:
    with zipfile.ZipFile(io.BytesIO(_GOOD)) as packed:
        xml = packed.read("word/document.xml").decode()
    body = xml.split("?>", 1)[1].replace("Hotels", text)
    return f'<?xml version="1.0" encoding="{encoding}"?>{prolog}{body}'.encode(encoding)


def _twice() -> bytes:
    out = io.BytesIO(_GOOD)
    with zipfile.ZipFile(out, "a") as packed:
        packed.writestr("WORD/document.xml", "<x/>")
    return out.getvalue()


def _locked() -> bytes:
    """The good file with the encryption bit of every member set."""
    data = bytearray(_GOOD)
    for sign, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.find(sign)
        while at >= 0:
            data[at + offset] |= 1
            at = data.find(sign, at + 4)
    return bytes(data)


CASES: tuple[tuple[str, bytes, type[DocumentUnreadable]], ...] = (
    ("empty", b"", DocumentUnreadable),
    ("text", b"Hotels cost 180 EUR.", UnsupportedFormat),
    ("old Word file", _OLE, UnsupportedFormat),
    ("encrypted", _OLE + "EncryptedPackage".encode("utf-16-le"), EncryptedDocument),
    ("encrypted members", _locked(), EncryptedDocument),
    ("other archive", archive({"readme.txt": "hello"}), UnsupportedFormat),
    ("cut in half", _GOOD[: len(_GOOD) // 2], DocumentUnreadable),
    ("cut at the end", _GOOD[:-30], DocumentUnreadable),
    ("no main part", _with(word__document_dot_xml=""), DocumentUnreadable),
    ("broken XML", _with(word__document_dot_xml="<w:document"), DocumentUnreadable),
    ("broken styles", _with(word__styles_dot_xml="<w:styles>"), DocumentUnreadable),
    ("empty main part", _with(word__document_dot_xml=" "), DocumentUnreadable),
    ("entity bomb", _with(word__document_dot_xml=_document(_LAUGHS, "&b;")), DocumentUnreadable),
    ("entity bomb in UTF-16", _with(word__document_dot_xml=_document(_LAUGHS, "&b;", "utf-16")), DocumentUnreadable),
    ("external entity", _with(word__document_dot_xml=_document(_XXE, "&a;")), DocumentUnreadable),
    ("late doctype", _with(word__document_dot_xml=_document(f"<!--{'x' * 70_000}-->{_XXE}")), DocumentUnreadable),
    ("zip bomb", _with(word__document_dot_xml=b"<x>" + b" " * 30_000_000), ParserLimit),
    ("two main parts", _twice(), DocumentUnreadable),
    ("name that leads out", _with(**{"..__..__evil_dot_xml": "<x/>"}), DocumentUnreadable),
    ("nested too deep", docx("<w:sdt><w:sdtContent>" * 400 + "</w:sdtContent></w:sdt>" * 400), DocumentUnreadable),
)


@pytest.mark.parametrize(("name", "content", "error"), CASES, ids=[c[0] for c in CASES])
def test_bad_files_are_refused_with_a_reason(name: str, content: bytes, error: type[DocumentUnreadable]) -> None:
    with pytest.raises(error) as caught:
        parse_docx("bad.docx", content)
    assert type(caught.value) is error, name
    assert 10 < len(str(caught.value)) < 120
    assert str(caught.value).endswith(".")


def test_the_good_file_is_good() -> None:
    assert parse_docx("good.docx", _with()).sections[0].label == "1"


@pytest.mark.parametrize("cut", range(0, len(_GOOD), 97))
def test_a_file_cut_anywhere_is_refused(cut: int) -> None:
    with pytest.raises(DocumentUnreadable):
        parse_docx("bad.docx", _GOOD[:cut])


def test_style_and_list_loops_end() -> None:
    styles = (
        '<w:style w:type="paragraph" w:styleId="A"><w:name w:val="A"/><w:basedOn w:val="B"/></w:style>'
        '<w:style w:type="paragraph" w:styleId="B"><w:name w:val="B"/><w:basedOn w:val="A"/></w:style>'
        '<w:style w:type="numbering" w:styleId="L"><w:name w:val="L"/><w:pPr><w:numPr><w:numId w:val="1"/></w:numPr>'
        "</w:pPr></w:style>"
    )
    numbering = (
        '<w:abstractNum w:abstractNumId="0"><w:numStyleLink w:val="L"/></w:abstractNum>'
        '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>'
    )
    parsed = parse_docx("x.docx", docx(p("one", "A") + p("two", num=(1, 0)), numbering, styles))
    assert parsed.text == "one\ntwo"
