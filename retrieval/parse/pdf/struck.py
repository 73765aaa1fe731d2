"""Words with a line drawn through them, or marked so by a reviewer: they are not in force."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np
import pypdfium2.raw as pdfium

STRUCK = "struck-out text"
MAX_RULES = 3_000  # of a page: more are a drawing
MAX_NOTES = 1_000  # annotations of a page that are looked at
_MIDDLE = (0.12, 0.58)  # of the type size above the baseline: where a line goes through a word
_COVERED = 0.6  # of a word's width
_LETTER = 0.2  # of the type size: what a line must cover, and leave, to part a word
_THICK = 0.2  # of the type size: a thicker one is a bar

Rule = tuple[float, float, float, float]  # x0, x1, y, thickness, in points as displayed


class Placed(Protocol):
    x0: float
    x1: float
    y: float
    size: float
    upright: bool


def struck(words: Sequence[Placed], rules: Sequence[Rule]) -> set[int]:
    """Indexes of the words that a rule goes through; it begins and ends with words, as the lines of a chart do not."""
    found: set[int] = set()
    for words_there, _ in _crossed(words, rules):
        found.update(words_there)
    return found


def partly(words: Sequence[Placed], rules: Sequence[Rule]) -> dict[int, list[tuple[float, float]]]:
    """From where to where rules go through a part of a word, by the word's index."""
    found: dict[int, list[tuple[float, float]]] = {}
    for _, cut in _crossed(words, rules):
        for index, span in cut.items():
            found.setdefault(index, []).append(span)
    return found


def _crossed(
    words: Sequence[Placed], rules: Sequence[Rule]
) -> Iterator[tuple[list[int], dict[int, tuple[float, float]]]]:
    """For each rule at some word's height: the words it goes through, and those it goes through in part."""
    if not words or not rules:
        return
    x0, x1 = np.array([w.x0 for w in words]), np.array([w.x1 for w in words])
    size = np.array([w.size for w in words])
    base = np.array([w.y if w.upright else np.inf for w in words])
    bases, largest = np.sort(base), float(size.max())
    heights = np.array([rule[2] for rule in rules[:MAX_RULES]])
    near = np.searchsorted(bases, heights) > np.searchsorted(bases, heights - _MIDDLE[1] * largest)
    for at in np.flatnonzero(near).tolist():  # most rules stand at no word's height
        left, right, y, thick = rules[at]
        level = (y > base + _MIDDLE[0] * size) & (y < base + _MIDDLE[1] * size) & (thick < _THICK * size)
        if not level.any():
            continue
        inside = np.minimum(x1, right) - np.maximum(x0, left)
        through = level & (inside > _COVERED * (x1 - x0))
        part = level & (inside > _LETTER * size) & (inside < x1 - x0 - _LETTER * size)
        if through.any() or part.any():
            reach = float(size[through | part].max())
            if left > x0[through | part].min() - reach and right < x1[through | part].max() + reach:
                cut = {int(n): (left, right) for n in np.flatnonzero(part)}
                yield np.flatnonzero(through).tolist(), cut


def marked(page: Any) -> list[tuple[float, float, float, float]]:
    """(left, bottom, right, top) of each part of a strike-out annotation (PDF 32000-1, 12.5.6.10), in page space."""
    found = []
    for index in range(min(pdfium.FPDFPage_GetAnnotCount(page), MAX_NOTES)):
        note = pdfium.FPDFPage_GetAnnot(page, index)
        if not note:
            continue
        if pdfium.FPDFAnnot_GetSubtype(note) == pdfium.FPDF_ANNOT_STRIKEOUT:
            quad = pdfium.FS_QUADPOINTSF()
            for n in range(min(pdfium.FPDFAnnot_CountAttachmentPoints(note), MAX_NOTES)):
                if pdfium.FPDFAnnot_GetAttachmentPoints(note, n, ctypes.byref(quad)):
                    xs, ys = (quad.x1, quad.x2, quad.x3, quad.x4), (quad.y1, quad.y2, quad.y3, quad.y4)
                    found.append((min(xs), min(ys), max(xs), max(ys)))
        pdfium.FPDFPage_CloseAnnot(note)
    return found
