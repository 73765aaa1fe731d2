"""Which text of a page no reader can see.

Colour and geometry name suspects; the verdict is the page itself, drawn with and without them. Text
that changes no pixel is hidden, whatever the trick was; white text on a coloured banner changes some.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import pypdfium2.raw as pdfium

from retrieval.errors import ParserLimit
from retrieval.parse.pdf.native import fast

MIN_AREA = 1.5  # points

_P, _I = ctypes.c_void_p, ctypes.c_int
_get = fast(pdfium.FPDFPage_GetObject, _P, _P, _I)
_get_inner = fast(pdfium.FPDFFormObj_GetObject, _P, _P, ctypes.c_ulong)
_count_inner = fast(pdfium.FPDFFormObj_CountObjects, _I, _P)
_kind = fast(pdfium.FPDFPageObj_GetType, _I, _P)
_draw_mode = fast(pdfium.FPDFPath_GetDrawMode, _I, _P, _P, _P)
_fill_color = fast(pdfium.FPDFPageObj_GetFillColor, _I, _P, _P, _P, _P, _P)
_bounds = fast(pdfium.FPDFPageObj_GetBounds, _I, _P, _P, _P, _P, _P)
_count_segments = fast(pdfium.FPDFPath_CountSegments, _I, _P)
_segment = fast(pdfium.FPDFPath_GetPathSegment, _P, _P, _I)
_segment_kind = fast(pdfium.FPDFPathSegment_GetType, _I, _P)
_segment_point = fast(pdfium.FPDFPathSegment_GetPoint, _I, _P, _P, _P)
_object_matrix = fast(pdfium.FPDFPageObj_GetMatrix, _I, _P, _P)
_INTS = (ctypes.c_uint * 6)()
_BUFFER = ctypes.addressof(_INTS)
_FLOATS = (ctypes.c_float * 6).from_buffer(_INTS)

INVISIBLE = "hidden text (drawn invisible)"
TINY = "hidden text (too small to read)"
OFF_PAGE = "hidden text (outside the page)"
BLENDED = "hidden text (same colour as its background)"
COVERED = "hidden text (covered)"

MAX_OBJECTS = 500_000
MAX_FORM_DEPTH = 6
MAX_PIXELS = 2_000_000
MAX_SEGMENTS = 200  # of a stroked path that may be lines through words
MAX_RULE = 3.0  # points: a filled area less high and wider is a line
SEEN = 24  # of 255: a smaller difference from the background is not seen as text

_Matrix = tuple[float, float, float, float, float, float]
_Bounds = tuple[float, float, float, float]
_AT_ONCE = 64  # areas that are compared with all words of a page in one step
_Points = np.ndarray[Any, np.dtype[np.float64]]
_IDENTITY: _Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


@dataclass(slots=True)
class Paint:
    """How a text object is painted. `suspect`: light or translucent, so perhaps not seen."""

    color: tuple[int, int, int]
    size: float
    weight: int
    upright: bool
    suspect: bool
    font: int = 0


class Placed(Protocol):
    x0: float
    x1: float
    y: float
    size: float
    object: int


@dataclass(slots=True)
class Shapes:
    """The filled areas and images of a page, and the drawing order of everything on it."""

    number: int
    box: _Bounds
    turn: int
    order: dict[int, int] = field(default_factory=dict)  # object -> position in the drawing order
    areas: list[tuple[float, float, float, float, int]] = field(default_factory=list)  # x0, y0, x1, y1, order
    colors: list[tuple[int, int, int]] = field(default_factory=list)  # (-1, -1, -1) for images and shadings
    images: bool = False
    drawings: int = 0
    rules: list[tuple[float, float, float, float]] = field(default_factory=list)  # x0, x1, y, thickness

    @classmethod
    def of(cls, page: Any, number: int, box: _Bounds, turn: int) -> Shapes:
        shapes = cls(number, box, turn)
        count = pdfium.FPDFPage_CountObjects(page)
        shapes._walk(ctypes.cast(page, ctypes.c_void_p).value or 0, count, _get, _IDENTITY, 0)
        return shapes

    def _walk(self, parent: int, count: int, get: Callable[..., int], matrix: _Matrix, depth: int) -> None:
        if len(self.order) + count > MAX_OBJECTS:
            raise ParserLimit(f"page {self.number} draws more than {MAX_OBJECTS} objects; print it to a simpler PDF")
        order, kind_of, text = self.order, _kind, pdfium.FPDF_PAGEOBJ_TEXT
        for i in range(count):
            item = get(parent, i)
            if not item:
                continue
            order[item] = len(order)
            kind = kind_of(item)
            if kind == text:
                continue
            if kind == pdfium.FPDF_PAGEOBJ_FORM and depth < MAX_FORM_DEPTH:
                inner = _times(_matrix_of(item), matrix)
                self._walk(item, _count_inner(item), _get_inner, inner, depth + 1)
            elif kind != pdfium.FPDF_PAGEOBJ_FORM:
                self._area(item, kind, matrix)

    def _area(self, item: int, kind: int, matrix: _Matrix) -> None:
        color = (-1, -1, -1)
        if kind == pdfium.FPDF_PAGEOBJ_PATH:
            self.drawings += 1
            _draw_mode(item, _BUFFER, _BUFFER + 4)
            if _INTS[0] == 0:  # no fill: a line or a frame hides nothing
                self._lines(item, matrix)
                return
            _fill_color(item, _BUFFER, _BUFFER + 4, _BUFFER + 8, _BUFFER + 12)
            red, green, blue, alpha = _INTS[:4]
            if alpha < 16:
                return
            color = (red, green, blue)
        self.images = self.images or kind == pdfium.FPDF_PAGEOBJ_IMAGE
        if not _bounds(item, _BUFFER, _BUFFER + 4, _BUFFER + 8, _BUFFER + 12):
            return
        left, bottom, right, top = _FLOATS[:4]
        if matrix is _IDENTITY and right - left < MIN_AREA:
            return  # a rule: too thin to hide a word
        corners = [(left, bottom), (right, top)]
        if matrix is not _IDENTITY:  # may turn it
            corners += [(left, top), (right, bottom)]
        points = [self._shown(*(c if matrix is _IDENTITY else _apply(matrix, *c))) for c in corners]
        xs, ys = [p[0] for p in points], [p[1] for p in points]
        x0, x1, y0, y1 = min(xs), max(xs), min(ys), max(ys)
        if y1 - y0 < MAX_RULE < x1 - x0:
            self.rules.append((x0, x1, (y0 + y1) / 2, y1 - y0))
        if x1 - x0 < MIN_AREA or y1 - y0 < MIN_AREA:
            return
        self.areas.append((x0, y0, x1, y1, len(self.order) - 1))
        self.colors.append(color)

    def _lines(self, item: int, matrix: _Matrix) -> None:
        """The level lines of a stroked path."""
        count = _count_segments(item)
        if not 2 <= count <= MAX_SEGMENTS or len(self.rules) > MAX_OBJECTS:
            return
        inner = _times(_matrix_of(item), matrix)
        before: tuple[float, float] | None = None
        for n in range(count):
            segment = _segment(item, n)
            if not segment or not _segment_point(segment, _BUFFER, _BUFFER + 4):
                return
            at = self._shown(*_apply(inner, _FLOATS[0], _FLOATS[1]))
            level = before if _segment_kind(segment) == pdfium.FPDF_SEGMENT_LINETO else None
            if level is not None and abs(at[1] - level[1]) < 0.5 and abs(at[0] - level[0]) > MAX_RULE:
                self.rules.append((min(at[0], level[0]), max(at[0], level[0]), at[1], 0.0))
            before = at

    def _shown(self, x: float, y: float) -> tuple[float, float]:
        left, bottom, right, top = self.box
        if not self.turn:
            return x - left, y - bottom
        return ((x - left, y - bottom), (y - bottom, right - x), (right - x, top - y), (top - y, x - left))[
            self.turn % 4
        ]


def _matrix_of(item: int) -> _Matrix:
    if not _object_matrix(item, _BUFFER):
        return _IDENTITY
    a, b, c, d, e, f = _FLOATS
    return (a, b, c, d, e, f)


def _times(inner: _Matrix, outer: _Matrix) -> _Matrix:
    a, b, c, d, e, f = inner
    return (
        a * outer[0] + b * outer[2],
        a * outer[1] + b * outer[3],
        c * outer[0] + d * outer[2],
        c * outer[1] + d * outer[3],
        e * outer[0] + f * outer[2] + outer[4],
        e * outer[1] + f * outer[3] + outer[5],
    )


def _apply(m: _Matrix, x: float, y: float) -> tuple[float, float]:
    return x * m[0] + y * m[2] + m[4], x * m[1] + y * m[3] + m[5]


def unseen(
    page: Any, words: Sequence[Placed], paints: Mapping[int, Paint | str], shapes: Shapes, size: tuple[float, float]
) -> dict[int, str]:
    """id of each word that cannot be seen, and the kind of hiding. `size`: the page in points, as displayed."""
    suspects = _suspects(words, paints, shapes)
    if not suspects:
        return {}
    owners = {words[i].object for i in suspects}
    scale = min(2.0, (MAX_PIXELS / max(size[0] * size[1], 1.0)) ** 0.5)
    width, height = max(1, int(size[0] * scale)), max(1, int(size[1] * scale))
    shown = _draw(page, width, height)
    for owner in owners:
        pdfium.FPDFPageObj_SetIsActive(ctypes.cast(owner, pdfium.FPDF_PAGEOBJECT), False)
    without = _draw(page, width, height)
    for owner in owners:
        pdfium.FPDFPageObj_SetIsActive(ctypes.cast(owner, pdfium.FPDF_PAGEOBJECT), True)
    dropped = {}
    for i, kind in suspects.items():
        word = words[i]
        top, foot = int(height - (word.y + word.size) * scale), int(height - (word.y - word.size * 0.3) * scale)
        rows = slice(max(0, top), max(0, foot) + 1)
        columns = slice(max(0, int(word.x0 * scale)), max(0, int(word.x1 * scale)) + 1)
        one, two = shown[rows, columns], without[rows, columns]
        if not (np.maximum(one, two) - np.minimum(one, two) > SEEN).any():
            dropped[id(word)] = kind
    return dropped


def _suspects(words: Sequence[Placed], paints: Mapping[int, Paint | str], shapes: Shapes) -> dict[int, str]:
    """Index of each word that may not be seen, and why, from colours and drawing order alone."""
    suspects: dict[int, str] = {}
    colors = np.array(
        [p.color if isinstance(p := paints[w.object], Paint) else (0, 0, 0) for w in words], dtype=np.int16
    )
    for i, word in enumerate(words):
        paint = paints[word.object]
        if isinstance(paint, Paint) and paint.suspect:
            suspects[i] = BLENDED
    if not shapes.areas or not words:
        return suspects
    x = np.array([(w.x0 + w.x1) / 2 for w in words])
    y = np.array([w.y + w.size * 0.3 for w in words])
    order = np.array([shapes.order.get(w.object, -1) for w in words])
    for n in _holding(shapes.areas, x, y):
        (x0, y0, x1, y1, drawn), color = shapes.areas[n], shapes.colors[n]
        inside = (x > x0) & (x < x1) & (y > y0) & (y < y1)
        after = inside & (order >= 0) & (drawn > order)
        same = inside & ~after & (np.abs(colors - np.array(color, dtype=np.int16)).max(axis=1) < SEEN * 2)
        for i in np.flatnonzero(after).tolist():
            suspects[i] = COVERED
        for i in np.flatnonzero(same).tolist():
            suspects.setdefault(i, BLENDED)
    return suspects


def _holding(areas: Sequence[tuple[float, ...]], x: _Points, y: _Points) -> Iterator[int]:
    """The indexes of the areas that hold one of the points, in order; most hold none."""
    for start in range(0, len(areas), _AT_ONCE):
        part = np.array(areas[start : start + _AT_ONCE])[:, :4, None]
        inside = (x > part[:, 0]) & (x < part[:, 2]) & (y > part[:, 1]) & (y < part[:, 3])
        yield from (start + int(n) for n in np.flatnonzero(inside.any(axis=1)))


def _draw(page: Any, width: int, height: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    bitmap = pdfium.FPDFBitmap_Create(width, height, 0)
    if not bitmap:
        raise ParserLimit("a page cannot be drawn in the memory a document may take; print it to a simpler PDF")
    try:
        pdfium.FPDFBitmap_FillRect(bitmap, 0, 0, width, height, 0xFFFFFFFF)
        pdfium.FPDF_RenderPageBitmap(bitmap, page, 0, 0, width, height, 0, 0)
        stride = pdfium.FPDFBitmap_GetStride(bitmap)
        data = ctypes.string_at(pdfium.FPDFBitmap_GetBuffer(bitmap), stride * height)
        return (
            np.frombuffer(data, dtype=np.uint8)
            .reshape(height, stride)[:, : width * 4]
            .reshape(height, width, 4)[:, :, :3]
        )
    finally:
        pdfium.FPDFBitmap_Destroy(bitmap)
