"""A PDF file opened with pdfium: its errors in one table, its metadata, labels and bookmarks."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pypdfium2.raw as pdfium

from retrieval.errors import DocumentUnreadable, EncryptedDocument, ParserLimit
from retrieval.parse.pdf.outline import Bookmark

MAX_PAGES = 5_000
MAX_BOOKMARKS = 5_000
MAX_DEPTH = 16
_TAIL = 4096  # bytes at the end that hold the last cross-reference pointer (PDF 32000-1, 7.5.5)

_ERRORS: dict[int, tuple[type[DocumentUnreadable], str]] = {
    pdfium.FPDF_ERR_PASSWORD: (EncryptedDocument, "needs a password to open; store a copy without one"),
    pdfium.FPDF_ERR_SECURITY: (
        EncryptedDocument,
        "is encrypted in a way that cannot be read; store a copy without encryption",
    ),
    pdfium.FPDF_ERR_FORMAT: (DocumentUnreadable, "is not a PDF or is damaged; export it again"),
}


@contextmanager
def opened(content: bytes) -> Iterator[Any]:
    """The open document; closed on the way out.

    Raises EncryptedDocument when it needs a password (one that only restricts printing does not),
    DocumentUnreadable when it is damaged or cut short, ParserLimit when it claims too many pages.
    """
    if b"startxref" not in content[-_TAIL:]:
        raise DocumentUnreadable("the PDF is cut short or damaged (its end is missing); fetch or export it again")
    buffer = ctypes.create_string_buffer(content, len(content))
    document = pdfium.FPDF_LoadMemDocument64(buffer, len(content), None)
    if not document:
        kind, what = _ERRORS.get(pdfium.FPDF_GetLastError(), (DocumentUnreadable, "cannot be opened; export it again"))
        raise kind(f"the PDF {what}")
    try:
        pages = pdfium.FPDF_GetPageCount(document)
        if pages > MAX_PAGES:
            raise ParserLimit(f"the PDF claims {pages} pages, more than {MAX_PAGES}; split it")
        if pages < 1:
            raise DocumentUnreadable("the PDF has no pages; export it again")
        yield document
    finally:
        pdfium.FPDF_CloseDocument(document)


def _utf16(call: Any, *arguments: Any) -> str:
    """What a pdfium function that fills a UTF-16 buffer says; lengths are in bytes, the closing zero included."""
    size = min(call(*arguments, None, 0), 20_000)
    if size <= 2:
        return ""
    buffer = ctypes.create_string_buffer(size)
    call(*arguments, buffer, size)
    return buffer.raw[: size - 2].decode("utf-16-le", "replace").strip("\x00 \r\n\t")


def page_count(document: Any) -> int:
    return int(pdfium.FPDF_GetPageCount(document))


def meta_title(document: Any) -> str:
    return _utf16(pdfium.FPDF_GetMetaText, document, b"Title")


def page_label(document: Any, index: int) -> str | None:
    return _utf16(pdfium.FPDF_GetPageLabel, document, index) or None


def extras(document: Any) -> list[str]:
    """What the file carries beside its pages, in words."""
    found = []
    attached = pdfium.FPDFDoc_GetAttachmentCount(document)
    if attached > 0:
        found.append("attached file" if attached == 1 else f"{attached} attached files")
    if pdfium.FPDF_GetFormType(document) != 0:
        found.append("values of form fields")
    return found


def bookmarks(document: Any) -> list[Bookmark]:
    """The outline in reading order; loops and absurd sizes end it."""
    found: list[Bookmark] = []
    seen: set[int] = set()

    def walk(parent: Any, depth: int) -> None:
        item = pdfium.FPDFBookmark_GetFirstChild(document, parent)
        while item and len(found) < MAX_BOOKMARKS and depth < MAX_DEPTH:
            address = ctypes.cast(item, ctypes.c_void_p).value or 0
            if address in seen:
                return
            seen.add(address)
            target = pdfium.FPDFBookmark_GetDest(document, item)
            if not target:
                action = pdfium.FPDFBookmark_GetAction(item)
                target = pdfium.FPDFAction_GetDest(document, action) if action else None
            page = pdfium.FPDFDest_GetDestPageIndex(document, target) if target else -1
            title = " ".join(_utf16(pdfium.FPDFBookmark_GetTitle, item).split())
            if title and page >= 0:
                found.append(Bookmark(depth, title, page + 1))
            walk(item, depth + 1)
            item = pdfium.FPDFBookmark_GetNextSibling(document, item)

    walk(None, 0)
    return found
