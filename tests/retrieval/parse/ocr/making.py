"""Scans made for the tests: pages of type turned into pictures, with nothing else in the file."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
import pypdfium2 as pdfium
import pytest
from PIL import Image
from pypdf import PdfReader, PdfWriter
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from tests.retrieval.parse.pdf.making import FILLER, flowing, style

DPI = 200
HEADINGS = ("Term", "Fees", "Confidentiality", "Liability", "Termination")
DATA = Path("/usr/share")

Picture = Image.Image


def need_ocr() -> None:
    """Skip where Tesseract or its English data is missing; in CI that is a failure."""
    missing = ""
    if not any(DATA.glob("tesseract-ocr/*/tessdata/eng.traineddata")) and not any(
        DATA.glob("tess*/**/eng.traineddata")
    ):
        missing = "Tesseract's English data is not installed (on Debian: tesseract-ocr-eng)"
    try:
        import tesserocr  # noqa: F401
    except ImportError:
        missing = "tesserocr is not installed (the extra ocr)"
    if missing:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(missing)


def contract(clauses: int = 5) -> bytes:
    """A contract as text: five clauses are three pages with 47 labels; one is half a page with 10."""
    items = [
        ("SERVICES AGREEMENT", style(bold=True, size=15, centred=True)),
        ("This agreement is made between Alpha GmbH and Beta Ltd on 3 March 2025.", style()),
    ]
    for n, heading in enumerate(HEADINGS[:clauses], start=1):
        items.append((f"{n}. {heading}", style(bold=True, size=12)))
        for m in range(1, 4):
            fee = f"The fee in year {m} is EUR {n * 1234 + m * 111:,} and is due within {10 * n + m} days."
            items.append((f"{n}.{m} {fee} {FILLER}", style(18)))
            items.append((f"(a) The Supplier shall not exceed {n}{m}.5% of the price.", style(36)))
            items.append((f"(b) The Customer may refuse. {FILLER}", style(36)))
    return flowing(items)


def pictures(content: bytes, dpi: int = DPI) -> list[Picture]:
    """The pages of a PDF, drawn."""
    with pdfium.PdfDocument(content) as document:
        return [page.render(scale=dpi / 72).to_pil().convert("L") for page in document]


def word_box(content: bytes, word: str) -> tuple[float, float, float, float]:
    """Where a word stands on the picture of the first page: left, top, right, bottom in its pixels."""
    with pdfium.PdfDocument(content) as document:
        page = document[0]
        text = page.get_textpage()
        index, _ = text.search(word).get_next()
        boxes = [text.get_charbox(i) for i in range(index, index + len(word))]
        scale, top = DPI / 72, page.get_height()
        x0, y0, x1, y1 = min(b[0] for b in boxes), min(b[1] for b in boxes), boxes[-1][2], max(b[3] for b in boxes)
    return x0 * scale, (top - y1) * scale, x1 * scale, (top - y0) * scale


def scanned(pages: Sequence[Picture], dpi: int = DPI) -> bytes:
    """A PDF that holds the pictures alone, one a page."""
    out = BytesIO()
    canvas = Canvas(out)
    for page in pages:
        size = (page.width * 72 / dpi, page.height * 72 / dpi)
        canvas.setPageSize(size)
        canvas.drawImage(ImageReader(page), 0, 0, *size)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def joined(*contents: bytes) -> bytes:
    """One PDF of several."""
    writer = PdfWriter()
    for content in contents:
        writer.append(PdfReader(BytesIO(content)))
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


# --- what can become of a page in a scanner --------------------------------------------------


def as_it_is(page: Picture) -> Picture:
    return page


def turned(degrees: int) -> Callable[[Picture], Picture]:
    return lambda page: page.rotate(degrees, expand=True)


def askew(page: Picture) -> Picture:
    return page.rotate(0.7, fillcolor=255, resample=Image.Resampling.BICUBIC)


def grainy(page: Picture, strength: float = 25) -> Picture:
    grain = np.random.default_rng(1).normal(0, strength, (page.height, page.width))
    return Image.fromarray((np.asarray(page) + grain).clip(0, 255).astype("uint8"))


def black_and_white(page: Picture) -> Picture:
    return page.point(lambda p: 255 if p > 128 else 0)


def beyond_reading(page: Picture) -> Picture:
    """Print of half its legible size, as of a thumbnail."""
    return page.resize((page.width * 36 // DPI, page.height * 36 // DPI)).resize(page.size)


def speckled(page: Picture) -> Picture:
    """A page of specks: Tesseract would take a minute and more over it."""
    return grainy(page.resize((page.width * 60 // DPI, page.height * 60 // DPI)).resize(page.size), 60)


def blank() -> Picture:
    return Image.new("L", (1654, 2339), 255)
