"""The text of placed words: those above or below the line are wrapped, so that figures stay apart (`raised.py`)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby

from retrieval.parse.pdf.page import Word
from retrieval.parse.raised import lowered, raised

SMALLER = 0.88  # of the type beside it: a mark is set smaller
_ABOVE = (0.1, 0.8)  # of that type's size: how far a smaller word's baseline stands above
_BELOW = (-0.55, -0.07)
_ABOVE_ALIKE = (0.25, 0.7)  # a word of the same size must stand further off
_LEVEL = 0.05  # of the type size: words that differ by less stand on one line
_TOUCHING = 0.14  # of the type size: a smaller gap is no space
_RUN = re.compile("[\ufdd0-\ufdd2][^\ufdd3]*\ufdd3")


def text_of(words: Sequence[Word]) -> str:
    """The words as one text; neighbours at one height are one run."""
    first = words[0]
    if all(abs(w.y - first.y) < _LEVEL * first.size and not w.glued for w in words):
        return " ".join([w.text for w in words])
    heights = _heights(words)
    parts: list[str] = []
    for height, run in groupby(range(len(words)), key=heights.__getitem__):
        numbers = list(run)
        text = ""
        for n in numbers:
            text += (" " if text and not words[n].glued else "") + words[n].text
        start = numbers[0]
        if start and not words[start].glued and not _touch(words[start - 1], words[start]):
            parts.append(" ")
        parts.append(raised(text) if height > 0 else lowered(text) if height < 0 else text)
    return "".join(parts)


def on_the_line(text: str) -> str:
    """A text without its raised and lowered runs."""
    return _RUN.sub("", text)


def _touch(left: Word, right: Word) -> bool:
    return right.x0 - left.x1 < _TOUCHING * max(left.size, right.size)


def _heights(words: Sequence[Word]) -> list[int]:
    """1 for a word above the line, -1 below it, 0 on it; the line is that of the word before, or else after."""
    if len(words) < 2:
        return [0] * len(words)
    found: list[int] = []
    line: Word | None = None
    for n, word in enumerate(words):
        height = _height(word, line) if line is not None else 0
        if line is None and n + 1 < len(words):
            height = max(0, _height(word, words[n + 1]))  # a note that begins with its mark
        if height == 0:
            line = word
        found.append(height)
    return found


def _height(word: Word, line: Word) -> int:
    if not (word.upright and line.upright):
        return 0
    off = (word.y - line.y) / line.size
    if word.size < SMALLER * line.size:
        return 1 if _ABOVE[0] < off < _ABOVE[1] else -1 if _BELOW[0] < off < _BELOW[1] else 0
    alike = word.size <= 1.03 * line.size and len(word.text) <= 4
    return 1 if alike and _ABOVE_ALIKE[0] < off < _ABOVE_ALIKE[1] else 0
