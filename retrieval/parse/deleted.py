"""Struck-out text: left out and reported, or, where the setting says so, kept and marked.

A reader of a format hands over what is struck out (`struck`): it gets back nothing, or the text wrapped in
non-characters of Unicode, which no document holds as text. `blocks.assemble` has them written out here as
"[struck out: EUR 500]", sentence by sentence, so that no sentence is ever quoted without its mark.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from retrieval.text.sentences import pieces
from retrieval.text.shown import STRUCK_END, STRUCK_OUT

_OPEN, _CLOSE = "\ufdd5", "\ufdd6"
_OURS = re.compile(f"[{_OPEN}{_CLOSE}]")
_JOINED = re.compile(f"{_CLOSE}(\\s*){_OPEN}")
_SPAN = re.compile(f"{_OPEN}[^{_OPEN}{_CLOSE}]*{_CLOSE}\\s?")
_KEPT: ContextVar[bool] = ContextVar("struck_text_is_kept", default=False)


@contextmanager
def keeping(kept: bool) -> Iterator[None]:
    """Whether what is read inside keeps struck-out text."""
    token = _KEPT.set(kept)
    try:
        yield
    finally:
        _KEPT.reset(token)


def is_kept() -> bool:
    return _KEPT.get()


def struck(text: str) -> str:
    """What becomes of struck-out text: wrapped where it is kept, else ""."""
    if not is_kept():
        return ""
    return f"{_OPEN}{_OURS.sub('', text)}{_CLOSE}" if text.strip() else text


def has_struck(text: str) -> bool:
    return _OURS.search(text) is not None


def unmarked(text: str) -> str:
    """The text without its wraps, for labels and titles."""
    return _OURS.sub("", text)


def without(text: str) -> str:
    """The text without what is struck out, for titles."""
    return _SPAN.sub("", text)


@dataclass(frozen=True, slots=True)
class Named:
    """A text with its struck-out parts named; `moved` holds where each character of the wrapped text stands now."""

    text: str
    moved: tuple[int, ...]

    def at(self, offset: int) -> int:
        return self.moved[offset] if offset < len(self.moved) else len(self.text)


def named(text: str) -> Named:
    """The text with each struck-out sentence in brackets that say so; neighbouring parts are one."""
    off = {n for m in _JOINED.finditer(text) for n in range(m.start(), m.end())}  # between two parts: no end
    wrapped, opens, closes = False, set[int](), set[int]()
    plain: list[str] = []
    begun = 0
    for n, character in enumerate(text):
        if character in (_OPEN, _CLOSE):
            if n not in off and wrapped != (character == _OPEN):
                wrapped = not wrapped
                if wrapped:
                    begun = n
                else:
                    _bracket(text, begun, n, opens, closes)
            plain.append("")
        else:
            plain.append(character)
    if wrapped:
        _bracket(text, begun, len(text), opens, closes)
    parts: list[str] = []
    moved: list[int] = []
    length = 0
    for n, character in enumerate(plain):
        said = (STRUCK_OUT if n in opens else "") + character + (STRUCK_END if n in closes else "")
        moved.append(length + (len(STRUCK_OUT) if n in opens else 0))
        parts.append(said)
        length += len(said)
    return Named("".join(parts), tuple(moved))


def _bracket(text: str, start: int, end: int, opens: set[int], closes: set[int]) -> None:
    """Note the first and last character of each sentence of a struck-out part."""
    for piece in pieces(_OURS.sub(" ", text[start:end])):
        opens.add(start + piece.start)
        closes.add(start + piece.end - 1)
