"""Scanned pages read by Tesseract: the only module that imports tesserocr, and only when a page needs it.

It runs in the sandboxed child, in its process and in one thread: a page is drawn by pdfium in shades
of grey, and its words come back as placed words, so that columns, clauses and running headers are
found as in any other PDF. What cannot be read for sure is left out and named, never guessed.
Confidences are Tesseract's own, from 0 to 100, for each word (LSTM engine).
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pypdfium2.raw as pdfium

from retrieval.parse.pdf.page import ILLEGIBLE, PageText, Word

PAGE_CONFIDENCE = 70.0  # mean of a page's lines of print: clear print has 95, print beyond reading 20 to 40
PAGE_CHARACTERS = 20  # in such lines, or half of all that was seen: less may be dirt
LINE_CONFIDENCE = 50.0  # of a line: signatures, stamps and dirt stay below
WORD_CONFIDENCE = 30.0  # of a word in a line that is read; right words go down to 35
NUMBER_CONFIDENCE = 70.0  # of a word with a digit in it: a wrong amount or clause number is worse than none

DOTS_PER_INCH = 300  # what Tesseract's models were trained on
MAX_PIXELS = 12_000_000  # of the drawn page: A4 has 8.7 million; a larger page is drawn more coarsely
MAX_CORNERS = 90_000  # of dark spots, two or three a letter; Tesseract takes minutes over a page of specks
MAX_IMAGE_PIXELS = 80_000_000  # of the pictures on a page, unpacked: A3 at 600 dots an inch has 70 million

READ = "text read from a scanned page by OCR"
READ_ANEW = "text read by OCR from a page whose text has no character codes"
PARTLY = "part of a scanned page that OCR could not read"
UNREAD = "scanned page that OCR could not read"
BLANK = "scanned page on which OCR found no text"
BEYOND = "scanned page beyond the pages of one file that OCR reads"

_FOLDERS = (
    "/usr/share/tesseract-ocr/*/tessdata",  # Debian, Ubuntu
    "/usr/share/tessdata",  # Fedora, Arch, Alpine
    "/usr/share/tesseract/tessdata",
    "/usr/local/share/tessdata",
    "/opt/homebrew/share/tessdata",
)
_X_HEIGHT = 0.52  # of the type size, in most text faces
_SNAP = 0.12  # type sizes this near to the page's usual one are that one: a scan measures no finer
_SLOPE = 0.2  # a steeper line is a stamp, or runs up the margin
_TURNS = (0, 1, 3, 2)  # quarter turns clockwise: how pages lie in a scanner, the likely first


@dataclass(frozen=True, slots=True)
class _Seen:
    """A line as Tesseract saw it: words with their confidence, and where it stands in the picture (pixels)."""

    words: list[tuple[str, float, tuple[int, int, int, int]]]
    baseline: float
    x_height: float
    slope: float


class Recognizer:
    """Reads the scanned pages of documents, one document after the other; `begin` starts one.

    `folder` holds the language data (None: where systems install it). Of one document, `pages` are read at
    most, and looked at `turned` times more in case they lie on a side. `allow` is called before each look,
    to allow its processor time.
    """

    def __init__(
        self, language: str, folder: str | None, *, pages: int, turned: int, allow: Callable[[], None] = lambda: None
    ) -> None:
        self._language, self._folder = language, folder
        self._pages, self._turned, self._allow = pages, turned, allow
        self._pages_left, self._turned_left = pages, turned
        self._turn = 0  # of the last page that was read: the next lies like it
        self._api: Any = None
        self.missing = ""  # what must be installed before a page can be read, for people

    def begin(self) -> None:
        """A new document: its pages count from 0."""
        self._pages_left, self._turned_left, self._turn = self._pages, self._turned, 0

    def read(self, document: Any, index: int, page: PageText) -> tuple[PageText, list[str]]:
        """Page `index` (from 0) with the words of its picture, and what is to say of it: READ, BLANK and so on.

        A page that cannot be read comes back as it was. [] when the library or the language is not installed.
        """
        if not self.prepare():
            return page, []
        if self._pages_left <= 0:
            return page, [BEYOND]
        self._pages_left -= 1
        for look, turn in enumerate(sorted(_TURNS, key=lambda turn: turn != self._turn)):
            if look and self._turned_left <= 0:
                break
            self._turned_left -= look > 0
            self._allow()
            picture = _draw(document, index, page, turn)
            if picture is None:
                break
            if _corners(picture) > MAX_CORNERS:
                break
            seen = self._lines(picture)
            if look == 0 and not any(_legible(text) for line in seen for text, _, _ in line.words):
                return page, [BLANK]
            if _sure(seen):
                self._turn = turn
                return _read(page, seen, picture, turn)
        return page, [UNREAD]

    def prepare(self) -> bool:
        """Load the library and the language's model; False, and `missing` says why, when they are not installed."""
        if self._api is None and not self.missing:
            try:
                self._load(import_module("tesserocr"))
            except ImportError:
                self.missing = "OCR is switched on, but tesserocr is not installed: pip install tesserocr"
        return not self.missing

    def _load(self, tesserocr: Any) -> None:
        names = [f"{name}.traineddata" for name in self._language.split("+")]
        folders = [Path(self._folder)] if self._folder else [p for f in _FOLDERS for p in Path("/").glob(f[1:])]
        for folder in folders:
            if all((folder / name).is_file() for name in names):
                break
        else:
            self.missing = (
                f'OCR is switched on, but Tesseract\'s data for "{self._language}" is not installed'
                f"{f' in {self._folder}' if self._folder else ''}: on Debian, apt install "
                + " ".join(f"tesseract-ocr-{name.replace('_', '-').lower()}" for name in self._language.split("+"))
            )
            return
        try:
            self._api = tesserocr.PyTessBaseAPI(
                path=str(folder), lang=self._language, psm=tesserocr.PSM.AUTO, oem=tesserocr.OEM.LSTM_ONLY
            )
        except RuntimeError:
            self.missing = f'OCR is switched on, but Tesseract cannot use its data for "{self._language}" in {folder}'

    def _lines(self, picture: _Picture) -> list[_Seen]:
        """The lines of a picture in Tesseract's reading order."""
        tesserocr: Any = import_module("tesserocr")
        line, word = tesserocr.RIL.TEXTLINE, tesserocr.RIL.WORD
        try:
            self._api.SetImageBytes(picture.pixels, picture.width, picture.height, 1, picture.stride)
            self._api.SetSourceResolution(max(70, round(picture.scale * 72)))
            if not self._api.Recognize():
                return []
            at = self._api.GetIterator()
            lines: list[_Seen] = []
            begins = True
            while at is not None:
                begins = begins or at.IsAtBeginningOf(line)
                # The measures of a place without text end the process: ask for them where a word stands alone.
                if not at.Empty(word) and (text := at.GetUTF8Text(word).strip()):
                    if begins:
                        lines.append(_line(at, line))
                    begins = False
                    lines[-1].words.append((text, at.Confidence(word), at.BoundingBox(word)))
                if not at.Next(word):
                    break
            return lines
        finally:
            self._api.Clear()


def _line(at: Any, level: Any) -> _Seen:
    """The empty line at which an iterator stands."""
    rows = at.RowAttributes()
    (x0, y0), (x1, y1) = at.Baseline(level) or ((0, 0), (0, 0))
    x_height = rows["row_height"] + rows["descenders"] - rows["ascenders"]  # descenders are negative
    slope = abs(y1 - y0) / (x1 - x0) if x1 > x0 else 1.0  # a line that is upside down goes from right to left
    return _Seen([], (y0 + y1) / 2, x_height, slope)


def _legible(text: str) -> bool:
    return any(c.isalnum() for c in text)


def _confidence(lines: Sequence[_Seen]) -> float:
    """The mean over the characters of some lines; a speck of dirt weighs less than a word.

    Tesseract reads lines that lie on a side or upside down, too: they count as not read, so that the page is turned.
    """
    weighed = [(len(t), confidence * (line.slope <= _SLOPE)) for line in lines for t, confidence, _ in line.words]
    return sum(n * confidence for n, confidence in weighed) / max(1, sum(n for n, _ in weighed))


# --- the picture -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Picture:
    """A page drawn in shades of grey, a byte a pixel; `scale` is in pixels a point."""

    pixels: bytes
    width: int
    height: int
    stride: int
    scale: float


def _draw(document: Any, index: int, page: PageText, turn: int) -> _Picture | None:
    """The page after `turn` quarter turns clockwise; None when it cannot be drawn in the memory there is."""
    if page.width <= 0 or page.height <= 0:
        return None
    scale = min(DOTS_PER_INCH / 72, (MAX_PIXELS / (page.width * page.height)) ** 0.5)
    width, height = max(1, int(page.width * scale)), max(1, int(page.height * scale))
    if turn % 2:
        width, height = height, width
    if width * height > 2 * MAX_PIXELS:  # a strip of a page
        return None
    handle = pdfium.FPDF_LoadPage(document, index)
    if not handle:
        return None
    try:
        if _image_pixels(handle) > MAX_IMAGE_PIXELS:
            return None
        bitmap = pdfium.FPDFBitmap_CreateEx(width, height, pdfium.FPDFBitmap_Gray, None, 0)
        if not bitmap:
            return None
        try:
            pdfium.FPDFBitmap_FillRect(bitmap, 0, 0, width, height, 0xFFFFFFFF)
            pdfium.FPDF_RenderPageBitmap(bitmap, handle, 0, 0, width, height, turn, pdfium.FPDF_GRAYSCALE)
            stride = pdfium.FPDFBitmap_GetStride(bitmap)
            pixels = ctypes.string_at(pdfium.FPDFBitmap_GetBuffer(bitmap), stride * height)
            return _Picture(pixels, width, height, stride, scale)
        finally:
            pdfium.FPDFBitmap_Destroy(bitmap)
    finally:
        pdfium.FPDF_ClosePage(handle)


def _corners(picture: _Picture) -> int:
    """How often a dark spot begins: a dark pixel, the one to its left and the three above it light.

    Dark is what Otsu's threshold says (IEEE Trans. SMC 9 (1979) 62-66), as in Tesseract.
    """
    grey = np.frombuffer(picture.pixels, np.uint8).reshape(picture.height, picture.stride)[:, : picture.width]
    count = np.bincount(grey.ravel(), minlength=256).astype(float)
    below = np.cumsum(count)
    sums = np.cumsum(count * np.arange(256))
    above = below[-1] - below
    with np.errstate(divide="ignore", invalid="ignore"):
        apart = np.nan_to_num(below * above * (sums / below - (sums[-1] - sums) / above) ** 2)
    light = grey > int(np.argmax(apart))
    here = ~light[1:, 1:-1] & light[1:, :-2] & light[:-1, 1:-1] & light[:-1, :-2] & light[:-1, 2:]
    return int(np.count_nonzero(here))


def _image_pixels(page: Any) -> int:
    """The pixels of all pictures that stand on a page, from their headers."""
    width, height, total = ctypes.c_uint(), ctypes.c_uint(), 0
    for n in range(pdfium.FPDFPage_CountObjects(page)):
        item = pdfium.FPDFPage_GetObject(page, n)
        if pdfium.FPDFPageObj_GetType(item) == pdfium.FPDF_PAGEOBJ_IMAGE and pdfium.FPDFImageObj_GetImagePixelSize(
            item, width, height
        ):
            total += width.value * height.value
    return total


# --- placed words ----------------------------------------------------------------------------


def _read(page: PageText, seen: Sequence[_Seen], picture: _Picture, turn: int) -> tuple[PageText, list[str]]:
    """The page with the words of the lines that were read, as it lies after the turn."""
    width, height = (page.height, page.width) if turn % 2 else (page.width, page.height)
    clear = [line for line in seen if _clear(line)]
    sizes = _sizes(clear, picture.scale)
    lines = [
        words for line, size in zip(clear, sizes, strict=True) if (words := _words(line, size, height, picture.scale))
    ]
    dropped = any(_legible(text) for line in seen if not _clear(line) for text, _, _ in line.words)
    partly = dropped or any(word.text == ILLEGIBLE for words in lines for word in words)
    for words, below in pairwise(lines):
        last = words[-1]
        last.hyphen = len(last.text) > 1 and last.text[-1] == "-" and last.text[-2].isalpha() and below[0].y < last.y
    what = READ_ANEW if page.unmapped else READ
    result = replace(page, lines=lines, width=width, height=height, unmapped=False)
    return result, [what, PARTLY] if partly else [what]


def _sure(seen: Sequence[_Seen]) -> bool:
    """Whether a page is read: its lines of print, whatever signatures and stamps stand beside them."""
    clear = [line for line in seen if _clear(line)]
    count = sum(len(text) for line in clear for text, _, _ in line.words)
    total = sum(len(text) for line in seen for text, _, _ in line.words)
    return count >= min(PAGE_CHARACTERS, max(1, total / 2)) and _confidence(clear) >= PAGE_CONFIDENCE


def _clear(line: _Seen) -> bool:
    return _confidence([line]) >= LINE_CONFIDENCE


def _sizes(lines: Sequence[_Seen], scale: float) -> list[float]:
    """The type size of each line in points, by the height of its small letters."""
    sizes = [max(1.0, line.x_height / scale / _X_HEIGHT) for line in lines]
    usual = median(size for line, size in zip(lines, sizes, strict=True) for _ in line.words) if lines else 1.0
    return [round(2 * (usual if abs(size - usual) <= _SNAP * usual else size)) / 2 for size in sizes]


def _words(line: _Seen, size: float, height: float, scale: float) -> list[Word]:
    """The words of a line; the whole line has one baseline, so that a scan that lies askew does not matter."""
    words: list[Word] = []
    for text, confidence, (x0, _, x1, _) in line.words:
        sure = confidence >= (NUMBER_CONFIDENCE if any(c.isdigit() for c in text) else WORD_CONFIDENCE)
        if sure or _legible(text):  # else dirt that looks like a dot or a dash
            shown = text if sure else ILLEGIBLE
            words.append(Word(shown, x0 / scale, x1 / scale, height - line.baseline / scale, size, 400))
    return words
