"""Which parser reads a file: by its signature, what its archive says of itself, and its extension.

Parsers are imported when a file needs them, since a child process of the sandbox reads few kinds.
"""

from __future__ import annotations

import re
import struct
import zlib
from dataclasses import replace
from importlib import import_module
from mimetypes import guess_type
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Protocol, cast
from zipfile import BadZipFile

from retrieval.errors import DocumentUnreadable, EncryptedDocument, ParserLimit, UnsupportedFormat
from retrieval.parse.archive import open_archive
from retrieval.parse.charsets import UNTOLD
from retrieval.parse.deleted import keeping
from retrieval.types import LeftOut, ParsedDocument

if TYPE_CHECKING:
    from retrieval.parse.ocr import Recognizer


class _Parse(Protocol):
    def __call__(self, name: str, content: bytes, /) -> ParsedDocument: ...


class _ParsePages(Protocol):
    def __call__(self, name: str, content: bytes, ocr: Recognizer, /) -> ParsedDocument: ...


PARSERS = {
    "docx": ("retrieval.parse.docx.parser", "parse_docx"),
    "pdf": ("retrieval.parse.pdf.parser", "parse_pdf"),
    "xlsx": ("retrieval.parse.sheet", "parse_xlsx"),
    "csv": ("retrieval.parse.sheet", "parse_csv"),
    "pptx": ("retrieval.parse.slides", "parse_pptx"),
    "html": ("retrieval.parse.html", "parse_html"),
    "markdown": ("retrieval.parse.markdown", "parse_markdown"),
    "text": ("retrieval.parse.text", "parse_text"),
    "eml": ("retrieval.parse.mail", "parse_eml"),
    "msg": ("retrieval.parse.mail", "parse_msg"),
}

VERSION = "8"
"""Changes when parsers, chunks or units change, so that a sync reads every document anew."""

MEDIA_TYPES = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "html": "text/html",
    "markdown": "text/markdown",
    "text": "text/plain",
    "eml": "message/rfc822",
    "msg": "application/vnd.ms-outlook",
}

_EXTENSIONS = {
    **dict.fromkeys((".md", ".markdown", ".mdown", ".mkd"), "markdown"),
    **dict.fromkeys((".html", ".htm", ".xhtml"), "html"),
    **dict.fromkeys((".csv", ".tsv", ".tab"), "csv"),
    **dict.fromkeys((".eml", ".mht", ".mhtml"), "eml"),
}
_SIGNATURES = (
    (b"{\\rtf", "RTF"),
    (b"\x89PNG\r\n", "PNG image"),
    (b"\xff\xd8\xff", "JPEG image"),
    (b"GIF8", "GIF image"),
    (b"II*\x00", "TIFF image"),
    (b"MM\x00*", "TIFF image"),
    (b"\x1f\x8b", "gzip archive"),
    (b"7z\xbc\xaf\x27\x1c", "7z archive"),
    (b"Rar!", "RAR archive"),
    (b"\x7fELF", "program"),
    (b"MZ", "program"),
    (b"%!PS", "PostScript"),
)
# The main part of an OOXML package tells what it is, whatever its extension (ECMA-376 part 2, 10.1.2).
_PACKAGES = (
    (b"wordprocessingml.document.main+xml", "docx"),
    (b"wordprocessingml.template.main+xml", "docx"),
    (b"word.document.macroEnabled.main+xml", "docx"),
    (b"word.template.macroEnabledTemplate.main+xml", "docx"),
    (b"spreadsheetml.sheet.main+xml", "xlsx"),
    (b"spreadsheetml.template.main+xml", "xlsx"),
    (b"excel.sheet.macroEnabled.main+xml", "xlsx"),
    (b"excel.template.macroEnabled.main+xml", "xlsx"),
    (b"presentationml.presentation.main+xml", "pptx"),
    (b"presentationml.slideshow.main+xml", "pptx"),
    (b"presentationml.template.main+xml", "pptx"),
    (b"powerpoint.presentation.macroEnabled.main+xml", "pptx"),
    (b"powerpoint.slideshow.macroEnabled.main+xml", "pptx"),
)
_NO_TEXT = "The file holds no text."
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MARKUP = re.compile(rb"\s*(?:<!doctype html|<html|<head\b|<body\b)", re.IGNORECASE)
_XML = re.compile(rb"\s*<\?xml|\s*<!DOCTYPE|\s*<!ENTITY")
_MAIL = re.compile(rb"(?:[A-Za-z][A-Za-z0-9-]*:[ \t][^\n]*\n(?:[ \t][^\n]*\n)*){2,}")
_MAIL_FIELDS = re.compile(
    rb"^(?:Received|Return-Path|Message-ID|MIME-Version|Delivered-To|DKIM-Signature):", re.I | re.M
)

# What parsers and their vendors raise on damaged input. Anything else is a bug, and ends the child.
DAMAGED = (
    *(ValueError, LookupError, TypeError, AttributeError, ArithmeticError, AssertionError, EOFError, OSError),
    *(RecursionError, SyntaxError, NotImplementedError, BadZipFile, zlib.error, struct.error),
)


def parse_content(
    name: str, content: bytes, ocr: Recognizer | None = None, *, keep_struck: bool = False
) -> ParsedDocument:
    """Read a file of any known kind; scanned pages of a PDF with `ocr`, else they are named alone. With
    `keep_struck`, struck-out text is kept and marked, else left out and named.

    Raises UnsupportedFormat, EncryptedDocument, ParserLimit, or DocumentUnreadable for a file that
    is empty, damaged, or holds no text.
    """
    with keeping(keep_struck):
        return read(detect(name, content), name, content, ocr)


def read(kind: str, name: str, content: bytes, ocr: Recognizer | None = None) -> ParsedDocument:
    """Read a file of the kind that `detect` found, inside of `deleted.keeping`. Raises as `parse_content`."""
    try:
        parser = _parser(kind)
        if kind == "pdf" and ocr is not None:
            parsed = cast(_ParsePages, parser)(name, content, ocr)
        else:
            parsed = parser(name, content)
    except MemoryError:
        raise ParserLimit("Reading the file took more memory than a document may take. Split it.") from None
    except DAMAGED as error:
        raise DocumentUnreadable(
            f"The file is damaged: it could not be read as {kind} ({type(error).__name__})."
        ) from error
    if "\ufffd" in parsed.text:
        count = parsed.text.count("\ufffd")
        where = f"{count} place{'s' * (count > 1)}, shown as \ufffd"
        parsed = replace(parsed, left_out=(*parsed.left_out, LeftOut(UNTOLD, where)))
    if not parsed.text.strip() and not parsed.attachments:
        scans = [item.where for item in parsed.left_out if "scanned" in item.what]
        if scans:
            raise DocumentUnreadable(
                "The pages are scanned images without text. Run text recognition on the file first."
            )
        left = ", ".join(dict.fromkeys(item.what for item in parsed.left_out))
        raise DocumentUnreadable(f"The file holds no text but what is not read: {left}." if left else _NO_TEXT)
    return parsed


def media_type(name: str) -> str:
    """The media type that a name suggests, for links and exports; parsing looks at the content itself."""
    extension = PurePosixPath(name).suffix.lower()
    if extension in (".tsv", ".tab"):
        return "text/tab-separated-values"
    kind = _EXTENSIONS.get(extension, extension[1:])
    return MEDIA_TYPES.get(kind) or guess_type(name)[0] or "application/octet-stream"


def likely(name: str, content: bytes) -> str:
    """The kind that a file seems to have, told without reading more of it than its first bytes."""
    extension = PurePosixPath(name.replace("\\", "/")).suffix.lower()
    if b"%PDF-" in content[:1024]:
        return "pdf"
    if content.startswith(_OLE):
        return "msg"
    if content.startswith(b"PK"):
        return {".x": "xlsx", ".p": "pptx"}.get(extension[:2], "docx")
    return _EXTENSIONS.get(extension, "text")


def detect(name: str, content: bytes) -> str:
    """The kind of a file, a key of MEDIA_TYPES. The content decides; the extension tells texts apart.

    Raises UnsupportedFormat, EncryptedDocument, ParserLimit, DocumentUnreadable.
    """
    extension = PurePosixPath(name.replace("\\", "/")).suffix.lower()
    if not content:
        raise DocumentUnreadable("The file is empty.")
    if b"%PDF-" in content[:1024]:
        return "pdf"
    if content.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _package(content)
    if content.startswith(_OLE):
        return _compound(content)
    if known := next((what for mark, what in _SIGNATURES if content.startswith(mark)), None):
        raise UnsupportedFormat(f"The file is of a type that is not read: {known}.")
    return _text_kind(extension, content)


def _text_kind(extension: str, content: bytes) -> str:
    head = content[:4096].removeprefix(b"\xef\xbb\xbf")
    if _MARKUP.match(head) or (_XML.match(head) and re.search(rb"<html\b", head, re.IGNORECASE)):
        return "html"
    if _XML.match(head):
        raise UnsupportedFormat("The file is of a type that is not read: XML.")
    if extension in _EXTENSIONS:
        return _EXTENSIONS[extension]
    if _MAIL.match(head.replace(b"\r\n", b"\n")) and _MAIL_FIELDS.search(head):
        return "eml"
    return "text"


def _package(content: bytes) -> str:
    archive = open_archive(content)
    if "[Content_Types].xml" not in archive.names:
        what = "an OpenDocument file" if "mimetype" in archive.names else "a ZIP archive"
        raise UnsupportedFormat(f"The file is {what}, which is not read. Save it as DOCX, XLSX, PPTX or PDF.")
    types = archive.read("[Content_Types].xml")
    if kind := next((kind for mark, kind in _PACKAGES if mark in types), None):
        return kind
    raise UnsupportedFormat("The file is an Office package without a document, sheet or presentation in it.")


def _compound(content: bytes) -> str:
    """OLE compound files: a mail of Outlook, an encrypted Office file ([MS-OFFCRYPTO] 2.3.4), or an old format."""
    if _utf16("EncryptedPackage") in content or _utf16("EncryptionInfo") in content:
        raise EncryptedDocument("The file needs a password. Save it without one.")
    if _utf16("__properties_version1.0") in content:
        return "msg"
    raise UnsupportedFormat("The file is of an old Office format. Save it as DOCX, XLSX or PPTX.")


def _utf16(text: str) -> bytes:
    return text.encode("utf-16-le")


def _parser(kind: str) -> _Parse:
    module, function = PARSERS[kind]
    try:
        return cast(_Parse, getattr(import_module(module), function))
    except ModuleNotFoundError as error:
        raise UnsupportedFormat(f"No parser for {kind} is installed ({error.name} is missing).") from error
