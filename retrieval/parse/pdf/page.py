"""One page of a PDF as placed words: the only module that reads pages through pdfium's raw interface.

Calls through ctypes cost about a microsecond each, so objects are asked once and words twice, never
each character for its box. pdfium's own line breaks and spaces are kept: it has seen the glyph widths.
Source for the calls: pdfium `public/fpdf_text.h`, `fpdf_edit.h`.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from math import hypot
from typing import Any

import pypdfium2.raw as pdfium

from retrieval.errors import ParserLimit
from retrieval.parse.deleted import is_kept
from retrieval.parse.deleted import struck as wrapped
from retrieval.parse.figures import touch
from retrieval.parse.pdf.hidden import INVISIBLE, OFF_PAGE, TINY, Paint, Shapes, unseen
from retrieval.parse.pdf.native import fast
from retrieval.parse.pdf.numbered import numbers
from retrieval.parse.pdf.struck import STRUCK, Rule, marked, partly, struck
from retrieval.parse.pdf.unreadable import scrambled

MAX_PAGE_CHARS = 300_000
HUGE_POINTS = 5_000.0
_SAMPLE = 200  # characters whose direction is looked at
TINY_POINTS = 2.0  # no reader reads below this; legal small print starts near 5 points

_BOLD_NAMES = ("bold", "black", "heavy", "demi")
_UNMAPPED = re.compile("[\x00\ufffd\ue000-\uf8ff]")
_NAMELESS = re.compile(r"(?:[a-z]{6}\+|cidfont\+)?(?:[a-z]{0,3}\d*)")
_FORCE_BOLD = 1 << 18  # font descriptor flag, PDF 32000-1 table 123
_HYPHENS = {"\x02", "\ufffe"}  # what pdfium puts where it joined a word over a line end
_SPACES = {" ", "\r", "\t", "\xa0", "\u2002", "\u2003", "\u2009", "\u3000"}
DIGIT_GAP = 0.45  # of a digit's width: digits further apart are two cells
_SPREAD = re.compile(r"[\d.,%()–-]{2,}")
UNREADABLE = 0.2  # of a page's letters in fonts whose letters cannot be told: the page is not read
ILLEGIBLE = "[illegible]"  # stands for such a word elsewhere, so that no quote runs over the gap as if it were none
_SPACED, _GLUED = "with a space between", "without one"
UNTOLD = "text whose font has no character codes"
_SPECIAL = _SPACES | _HYPHENS | {"\u00ad", "\u200b", "\ufeff"}


@dataclass(slots=True)
class Word:
    """A run of characters without a space; x and y in points from the page's lower left, as displayed."""

    text: str
    x0: float
    x1: float
    y: float  # the baseline
    size: float  # points, the text matrix included
    weight: int
    upright: bool = True
    hyphen: bool = False  # ends in a line-end hyphen
    object: int = 0
    glued: bool = False  # no space stands before it
    first: int = -1  # the page's character it begins with; -1: it is not a run of them


@dataclass(slots=True)
class PageText:
    """The visible words of a page, line by line in the order they are drawn, and what was not visible."""

    number: int
    width: float
    height: float
    lines: list[list[Word]] = field(default_factory=list)
    hidden: set[str] = field(default_factory=set)
    printed: str | None = None
    images: bool = False
    drawings: int = 0
    unmapped: bool = False  # what its letters are cannot be told: the text layer cannot be read

    @property
    def empty(self) -> bool:
        return not self.lines


_P, _I, _D, _U = ctypes.c_void_p, ctypes.c_int, ctypes.c_double, ctypes.c_uint
_text_object = fast(pdfium.FPDFText_GetTextObject, _P, _P, _I)
_char_box = fast(pdfium.FPDFText_GetCharBox, _I, _P, _I, *[_P] * 4)
_char_origin = fast(pdfium.FPDFText_GetCharOrigin, _I, _P, _I, *[_P] * 2)
_char_size = fast(pdfium.FPDFText_GetFontSize, _D, _P, _I)
_char_matrix = fast(pdfium.FPDFText_GetMatrix, _I, _P, _I, _P)
_map_error = fast(pdfium.FPDFText_HasUnicodeMapError, _I, _P, _I)
_unicode = fast(pdfium.FPDFText_GetUnicode, _U, _P, _I)
_fill = fast(pdfium.FPDFText_GetFillColor, _I, _P, _I, *[_P] * 4)
_stroke = fast(pdfium.FPDFText_GetStrokeColor, _I, _P, _I, *[_P] * 4)
_mode = fast(pdfium.FPDFTextObj_GetTextRenderMode, _I, _P)
_font = fast(pdfium.FPDFTextObj_GetFont, _P, _P)
_weight = fast(pdfium.FPDFFont_GetWeight, _I, _P)
_flags = fast(pdfium.FPDFFont_GetFlags, _I, _P)
_name = fast(pdfium.FPDFFont_GetBaseFontName, ctypes.c_size_t, _P, ctypes.c_char_p, ctypes.c_size_t)


def read_page(document: Any, index: int) -> PageText | None:
    """Page `index` (from 0) of an open document; None when pdfium cannot load it.

    Raises ParserLimit when the page holds more characters or objects than a page may.
    """
    page = pdfium.FPDF_LoadPage(document, index)
    if not page:
        return None
    text_page = pdfium.FPDFText_LoadPage(page)
    if text_page and _turn_upright(page, text_page):  # pdfium orders letters by how the page stands
        pdfium.FPDFText_ClosePage(text_page)
        text_page = pdfium.FPDFText_LoadPage(page)
    if not text_page:
        pdfium.FPDF_ClosePage(page)
        return None
    try:
        return _Reader(page, text_page, index + 1).read()
    finally:
        pdfium.FPDFText_ClosePage(text_page)
        pdfium.FPDF_ClosePage(page)


def _address(handle: Any) -> int:
    return ctypes.cast(handle, ctypes.c_void_p).value or 0


def _turn_upright(page: Any, text_page: Any) -> bool:
    """Turn a page as a reader does, so that most of its text runs from left to right; whether that was needed."""
    usual, handle = int(pdfium.FPDFPage_GetRotation(page)), _address(text_page)
    matrix = (ctypes.c_float * 6)()
    count = max(pdfium.FPDFText_CountChars(text_page), 0)
    votes = [0, 0, 0, 0]
    at = ctypes.addressof(matrix)
    for i in range(0, min(count, MAX_PAGE_CHARS), max(1, count // _SAMPLE)):
        if _char_matrix(handle, i, at):
            dx, dy = matrix[0], matrix[1]
            if dx > abs(dy):
                votes[0] += 1
            elif abs(dx) != abs(dy):
                votes[1 if dy > abs(dx) else 2 if -dx > abs(dy) else 3] += 1
    most = max(votes)
    best = votes.index(most) if most else usual
    if best == usual or most <= 0.6 * sum(votes):
        return False
    pdfium.FPDFPage_SetRotation(page, best)
    return True


class _Reader:
    """Walks the characters of one page once."""

    def __init__(self, page: Any, text_page: Any, number: int) -> None:
        self.page, self.text_page, self.handle, self.number = page, text_page, _address(text_page), number
        box = pdfium.FS_RECTF()
        pdfium.FPDF_GetPageBoundingBox(page, box)
        self.box = (box.left, box.bottom, box.right, box.top)
        self.turn = int(pdfium.FPDFPage_GetRotation(page))
        width, height = box.right - box.left, box.top - box.bottom
        self.result = PageText(number, *((height, width) if self.turn % 2 else (width, height)))
        self.fonts: dict[int, int] = {}
        self.paints: dict[int, Paint | str] = {}
        self.known: dict[tuple[float, ...], Paint | str] = {}
        self.bases: dict[int, float] = {}  # baseline of each text object
        self.uncoded: set[int] = set()  # text objects whose characters have no code
        # Buffers by address: the cheapest way to hand pdfium its results' places.
        self.doubles = (ctypes.c_double * 4)()
        self.refs = [ctypes.addressof(self.doubles) + 8 * n for n in range(4)]
        self.color = (ctypes.c_uint * 4)()
        self.color_refs = [ctypes.addressof(self.color) + 4 * n for n in range(4)]
        self.matrix = (ctypes.c_float * 6)()
        self.matrix_ref = ctypes.addressof(self.matrix)
        self.line: list[Word] = []

    def read(self) -> PageText:
        count = pdfium.FPDFText_CountChars(self.text_page)
        if count > MAX_PAGE_CHARS:
            raise ParserLimit(
                f"page {self.number} holds {count} characters, more than {MAX_PAGE_CHARS}; split the file"
            )
        text = self._text(count)
        bad = len(_UNMAPPED.findall(text))
        self.result.unmapped = bad > 20 and bad * 2 > len("".join(text.split()))
        self._walk(text)
        shapes = Shapes.of(self.page, self.number, self.box, self.turn)
        self.result.images, self.result.drawings = shapes.images, shapes.drawings
        self._drop_unseen(shapes)
        self._drop_struck(shapes)
        self._mark_unreadable()
        if self.result.unmapped:
            self.result.lines = []
        return self.result

    def _text(self, count: int) -> str:
        buffer = (ctypes.c_ushort * (count + 1))()
        got = pdfium.FPDFText_GetText(self.text_page, 0, count, buffer) if count > 0 else 0
        text = bytes(buffer)[: 2 * max(got - 1, 0)].decode("utf-16-le", "replace")
        if len(text) == count:
            return text
        # Characters without a value, or beyond the basic plane, shift pdfium's buffer: ask one by one.
        codes = (_unicode(self.handle, i) for i in range(max(count, 0)))
        return "".join(chr(c) if c < 0x110000 and not 0xD800 <= c < 0xE000 else "\ufffd" for c in codes)

    def _walk(self, text: str) -> None:
        handle = self.handle
        start, last, current, looked_at, hyphen_next, glued = -1, -1, 0, -1, False, False
        paint: Paint | str = INVISIBLE
        chars: list[str] = []

        def flush(hyphen: bool = False, *, glues: bool = False) -> None:
            nonlocal start, glued
            if start >= 0 and chars:
                self._word("".join(chars), (start, last), current, hyphen=hyphen, glued=glued)
            start, glued = -1, glues
            chars.clear()

        for i, char in enumerate(text):
            if char <= " " or char in _SPECIAL:
                if char in _SPACES:
                    flush()
                elif char == "\n":
                    flush()
                    self._end_line()
                if char not in _HYPHENS:
                    continue
            owner = _text_object(handle, i)
            if owner != looked_at:  # most characters have their neighbour's object
                looked_at, paint = owner, self._known_paint(owner, i)
            if isinstance(paint, str):
                self.result.hidden.add(paint)
                flush()
                hyphen_next = False
                continue
            if start >= 0 and owner != current and (cut := self._cut(current, owner, paint, chars, text[i : i + 3])):
                flush(glues=cut == _GLUED)
            hyphen_next = char in _HYPHENS
            if start < 0:
                start, current = i, owner
            chars.append("-" if hyphen_next else char)
            last = i
            if hyphen_next:
                flush(hyphen=True)
                self._end_line()
        flush()
        self._end_line()

    def _cut(self, one: int, other: int, paint: Paint, drawn: Sequence[str], following: str) -> str:
        """How two text objects that touch are two words; "" where they are one. Another paint parts them, another
        height on the line, and a clause's number (`drawn`) before what it numbers.
        """
        if not self.line and numbers(drawn, following):
            return _SPACED
        before = self.paints[one]
        if isinstance(before, str) or before.suspect != paint.suspect:
            return _GLUED
        jumps = abs(self.bases[one] - self.bases[other]) > 0.07 * max(before.size, paint.size)
        return _GLUED if paint.upright and jumps else ""

    def _end_line(self) -> None:
        if self.line:
            self.result.lines.append(self.line)
            self.line = []

    def _known_paint(self, owner: int, i: int) -> Paint | str:
        """The same for a text object that was met before."""
        if owner not in self.paints:
            self.paints[owner] = self._paint(owner, i)
        return self.paints[owner]

    def _paint(self, owner: int, i: int) -> Paint | str:
        """How a text object is painted, or the kind of hiding that shows at once."""
        mode = _mode(owner) if owner else 0
        _char_origin(self.handle, i, *self.refs[:2])
        self.bases[owner] = self._point(*self.doubles[:2])[1]
        if _map_error(self.handle, i):
            self.uncoded.add(owner)
        if mode in (3, 7):
            return INVISIBLE
        (_stroke if mode in (1, 5) else _fill)(self.handle, i, *self.color_refs)
        _char_matrix(self.handle, i, self.matrix_ref)
        a, b, c, d, _, _ = self.matrix  # most objects of a page are painted alike, save for the place
        key = (self.color[:], a, b, c, d, _char_size(self.handle, i), _font(owner) if owner else 0)
        paint = self.known.get(hashed := (*key[0], *key[1:]))
        if paint is None:
            paint = self.known[hashed] = self._new_paint(key[0], (a, b, c, d), key[5], key[6] or 0)
        return paint

    def _new_paint(
        self, color: Sequence[int], matrix: tuple[float, float, float, float], size: float, font: int
    ) -> Paint | str:
        red, green, blue, alpha = color
        a, b, c, d = matrix
        size *= hypot(c, d)
        if not TINY_POINTS <= size <= HUGE_POINTS:  # neither is a size that is no number
            return TINY if size < TINY_POINTS else OFF_PAGE
        if alpha < 16:
            return INVISIBLE
        dx, dy = _turned(a, b, self.turn)
        suspect = min(red, green, blue) > 190 or alpha < 128
        return Paint((red, green, blue), size, self._bold(font), upright=dx > abs(dy), suspect=suspect, font=font)

    def _bold(self, font: int) -> int:
        """The font's weight; 700 for one that calls itself bold (many fonts state no true weight)."""
        if not font:
            return 400
        if font not in self.fonts:
            buffer = ctypes.create_string_buffer(128)
            _name(font, buffer, 128)
            name = buffer.value.decode("latin-1").lower()
            if _flags(font) & _FORCE_BOLD or any(b in name for b in _BOLD_NAMES):
                self.fonts[font] = 700
            elif _NAMELESS.fullmatch(name):
                self.fonts[font] = min(max(_weight(font), 100), 650)
            else:
                self.fonts[font] = 400
        return self.fonts[font]

    def _word(self, text: str, span: tuple[int, int], owner: int, *, hyphen: bool, glued: bool) -> None:
        paint = self.paints[owner]
        if isinstance(paint, str):
            return
        first, last = span
        _char_box(self.handle, first, *self.refs)
        x0, x1, y0, y1 = self.doubles
        if last != first:
            _char_box(self.handle, last, *self.refs)
            left, right, bottom, top = self.doubles
            x0, y0, x1, y1 = min(x0, left), min(y0, bottom), max(x1, right), max(y1, top)
        wide = paint.upright and not self.turn and x1 - x0 > 0.75 * len(text) * paint.size and len(text) > 1
        if (
            wide
            and len(text) == last - first + 1
            and _SPREAD.fullmatch(text)
            and (cuts := self._wide_gaps(first, last))
        ):
            for start, end in pairwise((first, *cuts, last + 1)):
                part, closes = text[start - first : end - first], end > last
                self._word(part, (start, end - 1), owner, hyphen=hyphen and closes, glued=glued and start == first)
            return
        _char_origin(self.handle, first, *self.refs[:2])
        at, base = self.doubles[0], self.doubles[1]
        if self.turn or not paint.upright:
            (x0, y0), (x1, y1) = self._point(x0, y0), self._point(x1, y1)
            base = self._point(at, base)[1] if paint.upright else min(y0, y1)
            x0, x1 = min(x0, x1), max(x0, x1)
        else:
            x0, x1, base = x0 - self.box[0], x1 - self.box[0], base - self.box[1]
        if not self.on_page((x0 + x1) / 2, base + paint.size * 0.3):
            self.result.hidden.add(OFF_PAGE)
            return
        begins = first if len(text) == last - first + 1 and not self.turn else -1
        look = (paint.size, paint.weight, paint.upright)
        self.line.append(Word(text, x0, x1, base, *look, hyphen, owner, glued, begins))

    def _wide_gaps(self, first: int, last: int) -> list[int]:
        """The characters of a word that stand apart from the one before them.

        Measured by the widths that the font gives its characters, as they are drawn: type may be stretched.
        """
        found: list[int] = []
        before: tuple[float, float] | None = None
        box = pdfium.FS_RECTF()
        for i in range(first, last + 1):
            if not pdfium.FPDFText_GetLooseCharBox(self.text_page, i, box):
                return []
            if before is not None and box.left - before[1] > DIGIT_GAP * max(before[1] - before[0], 0.1):
                found.append(i)
            before = (box.left, box.right)
        return found

    def _point(self, x: float, y: float) -> tuple[float, float]:
        left, bottom, right, top = self.box
        return ((x - left, y - bottom), (y - bottom, right - x), (right - x, top - y), (top - y, x - left))[
            self.turn % 4
        ]

    def on_page(self, x: float, y: float) -> bool:
        return 0 <= x <= self.result.width and 0 <= y <= self.result.height

    def _drop_unseen(self, shapes: Shapes) -> None:
        words = [w for line in self.result.lines for w in line]
        dropped = unseen(self.page, words, self.paints, shapes, (self.result.width, self.result.height))
        if dropped:
            self.result.hidden.update(dropped.values())
            self._keep(lambda word: id(word) not in dropped)

    def _drop_struck(self, shapes: Shapes) -> None:
        """Take out the words that a line goes through, or that a reviewer struck out."""
        boxes = []
        for left, bottom, right, top in marked(self.page):
            (x0, y0), (x1, y1) = self._point(left, bottom), self._point(right, top)
            boxes.append((min(x0, x1) - 1, max(x0, x1) + 1, min(y0, y1), max(y0, y1)))
        self._part_words([*shapes.rules, *((x0 + 1, x1 - 1, (y0 + y1) / 2, 0.0) for x0, x1, y0, y1 in boxes)])
        words = [w for line in self.result.lines for w in line]
        gone = {id(words[i]) for i in struck(words, shapes.rules)}
        for box in boxes:
            for w in words:
                if box[0] < (w.x0 + w.x1) / 2 < box[1] and box[2] < w.y + 0.25 * w.size < box[3]:
                    gone.add(id(w))
        if gone and is_kept():
            for word in (w for w in words if id(w) in gone):
                word.text = wrapped(word.text)
        elif gone:
            self.result.hidden.add(STRUCK)
            for line in self.result.lines:
                before: Word | None = None
                parted = False
                for word in line:
                    if id(word) not in gone:
                        word.glued &= not (parted and before is not None and touch(before.text, word.text))
                        before, parted = word, False
                        continue
                    parted = True
                    if before is not None:
                        before.x1 = max(before.x1, word.x1)  # no gap is left that would part two cells
            self._keep(lambda word: id(word) not in gone)

    def _part_words(self, rules: Sequence[Rule]) -> None:
        """Make of a word that a line goes through in part the words that it is: what is struck out, and the rest."""
        words = [w for line in self.result.lines for w in line]
        parts: dict[int, list[Word]] = {}
        for index, spans in partly(words, rules).items():
            word = words[index]
            covered = sum(min(b, word.x1) - max(a, word.x0) for a, b in spans) > 0.6 * (word.x1 - word.x0)
            if word.first >= 0 and (not covered or any(c.isdigit() for c in word.text)):
                parts[id(word)] = self._parts(word, spans)
        if parts:
            lines = self.result.lines
            self.result.lines = [[p for w in line for p in parts.get(id(w), [w])] for line in lines]

    def _parts(self, word: Word, spans: Sequence[tuple[float, float]]) -> list[Word]:
        box = pdfium.FS_RECTF()
        parts: list[Word] = []
        under: bool | None = None
        for n, char in enumerate(word.text):
            pdfium.FPDFText_GetLooseCharBox(self.text_page, word.first + n, box)
            left, right = box.left - self.box[0], box.right - self.box[0]
            through = any(a < (left + right) / 2 < b for a, b in spans)
            if parts and through == under:
                last = parts[-1]
                last.text, last.x1 = last.text + char, right
            else:
                glued = bool(parts) or word.glued
                parts.append(
                    replace(word, text=char, x0=left, x1=right, hyphen=False, glued=glued, first=word.first + n)
                )
            under = through
        parts[-1].hyphen = word.hyphen
        return parts

    def _keep(self, wanted: Callable[[Word], bool]) -> None:
        kept = ([w for w in line if wanted(w)] for line in self.result.lines)
        self.result.lines = [line for line in kept if line]

    def _mark_unreadable(self) -> None:
        """Name words of fonts whose letters cannot be told as such; many of them make the page unreadable."""
        fonts: dict[int, list[Word]] = {}
        for word in (w for line in self.result.lines for w in line):
            paint = self.paints[word.object]
            if isinstance(paint, Paint):
                fonts.setdefault(paint.font, []).append(word)
        bad: list[Word] = []
        for words in fonts.values():
            if scrambled(w.text for w in words):
                bad += words
            elif self.uncoded:
                bad += [w for w in words if w.object in self.uncoded and any(c.isalnum() for c in w.text)]
        letters = sum(len(w.text) for w in bad)
        if not letters:
            return
        if letters > UNREADABLE * sum(len(w.text) for line in self.result.lines for w in line):
            self.result.unmapped = True
            return
        self.result.hidden.add(UNTOLD)
        for word in bad:
            word.text = ILLEGIBLE


def _turned(x: float, y: float, turn: int) -> tuple[float, float]:
    """A direction after `turn` quarter turns clockwise."""
    return ((x, y), (y, -x), (-x, -y), (-y, x))[turn % 4]
