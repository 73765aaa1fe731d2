"""PDFs made for the tests: flowing contracts, and pages drawn point by point."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from io import BytesIO
from typing import Any

from pypdf import PdfReader, PdfWriter
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph, SimpleDocTemplate

WIDTH, HEIGHT = A4
FILLER = (
    "The parties agree that the duties set out in this clause apply throughout the term of this "
    "agreement and survive its end for two years, in each case subject to mandatory law."
)


def style(indent: float = 0, *, bold: bool = False, size: float = 10, centred: bool = False) -> ParagraphStyle:
    return ParagraphStyle(
        "test",
        fontName="Helvetica-Bold" if bold else "Helvetica",
        fontSize=size,
        leading=size * 1.25,
        leftIndent=indent,
        spaceAfter=5,
        alignment=1 if centred else 0,
    )


def flowing(items: Sequence[tuple[str, ParagraphStyle]], title: str = "") -> bytes:
    """A document of paragraphs, laid out by reportlab."""
    out = BytesIO()
    SimpleDocTemplate(out, pagesize=A4, title=title).build([Paragraph(text, how) for text, how in items])
    return out.getvalue()


def drawn(*pages: Callable[[Any], object], title: str | None = None) -> bytes:
    """A document of pages, each drawn by a function on a canvas."""
    out = BytesIO()
    canvas = Canvas(out, pagesize=A4)
    if title is not None:
        canvas.setTitle(title)
    for page in pages:
        canvas.setFont("Helvetica", 10)
        page(canvas)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def lines(canvas: Any, texts: Sequence[str], x: float = 72, y: float = 760, step: float = 13) -> float:
    """Lines of text downwards from (x, y); the y below the last one."""
    for text in texts:
        canvas.drawString(x, y, text)
        y -= step
    return y


def rewritten(content: bytes, change: Callable[[PdfWriter], object]) -> bytes:
    """The same pages after a change through pypdf."""
    writer = PdfWriter()
    writer.append(PdfReader(BytesIO(content)))
    change(writer)
    out = BytesIO()
    writer.write(out)
    return out.getvalue()
