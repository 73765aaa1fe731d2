"""Fonts whose letters cannot be told: without character codes, or with codes that stand for other letters.

A font may draw "Police" and call it "3ROLFH" (its glyph numbers, where no table of characters is embedded); its
digits then are control characters, and vanish. Such a font shows in its words: hardly one has a vowel.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

LETTERS = 40  # of a font on a page, in words of four letters and more, to judge it
VOWELS = 0.22  # of such letters: no language in Latin letters has fewer than a third
VOWELLESS = 0.12  # of such words: hardly 5 in 100 are without a vowel

_WORD = re.compile(r"[^\W\d_]{4,}")
_VOWELS = "aeiouy"
_VOWEL = frozenset(_VOWELS)


def scrambled(words: Iterable[str]) -> bool:
    """Whether the words of a font are no words of a language in Latin letters."""
    found = [word for word in map(_plain, _WORD.findall(" ".join(words))) if word.isascii()]
    together = "".join(found)
    if len(together) < LETTERS or sum(map(together.count, _VOWELS)) >= VOWELS * len(together):
        return False
    return sum(_VOWEL.isdisjoint(word) for word in found) > VOWELLESS * len(found)


@lru_cache(maxsize=8192)
def _plain(word: str) -> str:
    """A word without its accents, lower case."""
    if word.isascii():
        return word.lower()
    return "".join(c for c in unicodedata.normalize("NFD", word.lower()) if not unicodedata.combining(c))
