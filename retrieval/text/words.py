"""Texts made plain: typographic marks, characters that nobody sees, white space. Pure."""

from __future__ import annotations

import re

SENTENCE = re.compile(r"(?<=[.!?])[\"”’)]*\s+(?=[\"“(A-Z0-9])|\n\s*\n")
"""Where one sentence of a claim or a quote ends and the next begins; see `sentences` for whole passages."""
INVISIBLE = dict.fromkeys([0xAD, *range(0x200B, 0x2010), *range(0x2060, 0x2065), 0xFEFF])
"""Soft hyphens, zero-width characters and marks of direction: `str.translate` drops them."""

_INVISIBLE = re.compile("[" + "".join(map(chr, INVISIBLE)) + "]")

_CURLY = (
    ("’", "'"), ("‘", "'"), ("“", '"'), ("”", '"'), ("–", "-"), ("—", "-"), ("•", "*"), ("\u00a0", " "), ("…", "."),
)  # fmt: skip


def word_set(text: str) -> frozenset[str]:
    return frozenset(text.split())


def straight(text: str) -> str:
    """Typographic quotation marks, dashes, bullets and blanks made plain, one character for one."""
    if not text.isascii():
        for curly, plain in _CURLY:
            if curly in text:
                text = text.replace(curly, plain)
    return text


def visible(text: str) -> str:
    """A text without soft hyphens, zero-width characters and marks of direction."""
    return text.translate(INVISIBLE) if _INVISIBLE.search(text) else text


def squash(text: str) -> str:
    """White space normalised: every run becomes one blank."""
    return " ".join(text.split())
