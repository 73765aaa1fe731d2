"""Words, stems and stop words: what the gate and the extractive generator call "the same word".

Pure and dependency-free. The stemmer is a light one: it only has to bring the forms that legal
and financial prose uses ("disclose", "disclosed", "disclosure") to one key, never to a real word.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

_WORD = re.compile(r"[^\W_]+(?:['’][^\W\d_]+)?")


_BROKEN = re.compile(r"(?<=[^\W\d])-\n\s*(?=[^\W\d])")
SENTENCE = re.compile(r"(?<=[.!?])[\"”’)]*\s+(?=[\"“(A-Z0-9])|\n\s*\n")
"""Where one sentence of a claim or a quote ends and the next begins; see `sentences` for whole passages."""
INVISIBLE = dict.fromkeys([0xAD, *range(0x200B, 0x2010), *range(0x2060, 0x2065), 0xFEFF])
"""Soft hyphens, zero-width characters and marks of direction: `str.translate` drops them."""


_INVISIBLE = re.compile("[" + "".join(map(chr, INVISIBLE)) + "]")

_CURLY = (
    ("’", "'"), ("‘", "'"), ("“", '"'), ("”", '"'), ("–", "-"), ("—", "-"), ("•", "*"), ("\u00a0", " "), ("…", "."),
)  # fmt: skip
_BLANKED = bytes(b if (chr(b).isalnum() and b < 128) or b == 0x27 else 0x20 for b in range(256))


def word_set(text: str) -> frozenset[str]:
    return frozenset(text.split())


STOP = word_set(
    """a about above after again all also am an and any are aren't as at be because been before being below
    between both but by can can't cannot could couldn't did didn't do does doesn't doing don't down during each
    either else every few for from further get gets had has hasn't have haven't having he her here hers him his
    how i if in into is isn't it its itself just let's many may me might more most much must my need needn't no nor not
    of off on once only or other ought our ours out over own per same shall shan't she should shouldn't so some
    such than that the their theirs them then there thereof therein thereto these they this those through to too
    under until unless up upon us very via was wasn't we were weren't what when where whether which while who whom
    whose why will with within without won't would wouldn't yes you your yours hereby herein hereof hereto
    hereunder whereas"""
)
"""Words that carry grammar, not content. Negation and modality are judged on their own."""

_IRREGULAR = {
    "bought": "buy",
    "chose": "choose",
    "chosen": "choose",
    "fell": "fall",
    "gave": "give",
    "given": "give",
    "grew": "grow",
    "grown": "grow",
    "held": "hold",
    "kept": "keep",
    "left": "leave",
    "lost": "loss",
    "lose": "loss",
    "losing": "loss",
    "made": "make",
    "paid": "pay",
    "rose": "rise",
    "sold": "sell",
    "sought": "seek",
    "spent": "spend",
    "taken": "take",
    "took": "take",
    "used": "use",
    "uses": "use",
    "using": "use",
    "written": "write",
    "wrote": "write",
    "retention": "retain",
    "children": "child",
    "people": "person",
    "care": "caree",
    "cares": "caree",
    "cared": "caree",
    "caring": "caree",
    "personal": "persona",  # no person: these are keys, not words
    "personally": "persona",
    "personnel": "personne",
}

# Longest first; the number is how many letters must stay.
_SUFFIXES = (
    ("ating", 4), ("ated", 4),
    ("izations", 3), ("isations", 3), ("ization", 3), ("isation", 3), ("ations", 3), ("itions", 4), ("ments", 4),
    ("ation", 3), ("ition", 4), ("ances", 4), ("ences", 4), ("ities", 4), ("ment", 4), ("ness", 4), ("ance", 4),
    ("ence", 4), ("able", 4), ("ible", 4), ("ally", 4), ("edly", 4), ("ings", 3), ("ures", 4), ("ions", 4),
    ("ives", 4), ("ity", 4), ("ing", 3), ("ure", 4), ("ion", 4), ("ive", 4), ("ate", 4), ("als", 4), ("ers", 4),
    ("ors", 4), ("ize", 4), ("ise", 4), ("al", 4), ("iz", 4), ("is", 4), ("er", 4), ("or", 4), ("ly", 4), ("ed", 3),
    ("e", 3),
)  # fmt: skip
_BY_END = {end: tuple(s for s in _SUFFIXES if s[0].endswith(end)) for end in {s[-1] for s, _ in _SUFFIXES}}


def straight(text: str) -> str:
    """Typographic quotation marks, dashes, bullets and blanks made plain, one character for one."""
    if not text.isascii():
        for curly, plain in _CURLY:
            if curly in text:
                text = text.replace(curly, plain)
    return text


@lru_cache(maxsize=4096)
def words(text: str) -> tuple[str, ...]:
    """Lower-case words and numbers of a text, in order; apostrophes made straight, broken lines joined."""
    text = straight(text)
    if "-\n" in text:
        text = _BROKEN.sub("", text)
    if text.isascii():
        tokens = text.encode().lower().translate(_BLANKED).decode().split()
        if "'" not in text:
            return tuple(tokens)
        return tuple([w for t in tokens for w in (_WORD.findall(t) if "'" in t else (t,))])
    text = visible(text)
    if not unicodedata.is_normalized("NFKC", text):
        text = unicodedata.normalize("NFKC", text)
    return tuple(_WORD.findall(text.replace("’", "'").casefold()))


def visible(text: str) -> str:
    """A text without soft hyphens, zero-width characters and marks of direction."""
    return text.translate(INVISIBLE) if _INVISIBLE.search(text) else text


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """The key under which the forms of an English word meet. Digits stay as they are."""
    word = word.removesuffix("'s").replace("'", "")
    if len(word) <= 3 or not word.isalpha():
        return word
    word = _IRREGULAR.get(word, word)
    word = _singular(word)
    for _ in range(3):
        shorter = _strip(word)
        if shorter == word:
            break
        word = shorter
    return word[:-1] + "i" if word.endswith("y") and len(word) > 3 else word


def _singular(word: str) -> str:
    if word.endswith(("ss", "us", "is")) or not word.endswith("s") or len(word) < 4:
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes", "zes")):
        return word[:-2]
    return word[:-1]


def _strip(word: str) -> str:
    if word.endswith(("ee", "eal")):  # a lessee is no lessor, an appeal no app
        return word
    if word.endswith("eed") and len(word) > 5:
        return word[:-1]
    for suffix, least in _BY_END.get(word[-1:], ()):
        if word.endswith(suffix) and len(word) - len(suffix) >= least:
            word = word[: -len(suffix)]
            doubled = len(word) > 3 and word[-1] == word[-2] and word[-1] not in "aeiouls"
            return word[:-1] if doubled else word
    return word


class _Keys(dict[str, str]):
    """Word -> the stem of a word that carries content, "" for the others and for numbers. Filled when asked."""

    def __missing__(self, word: str) -> str:
        if len(self) >= _MOST_KEYS:
            self.clear()
        key = "" if word in STOP or len(word) < 2 or word[0].isdigit() else stem(word)
        self[word] = key
        return key


_MOST_KEYS = 65536
_KEYS = _Keys()


def content(tokens: Iterable[str]) -> list[str]:
    """Stems of the words that carry content, in order, numbers left out."""
    return [key for key in map(_KEYS.__getitem__, tokens) if key]


@lru_cache(maxsize=4096)
def content_of(text: str) -> tuple[str, ...]:
    """Stems of a text's content words, in order."""
    return tuple(content(words(text)))


@lru_cache(maxsize=4096)
def content_set(text: str) -> frozenset[str]:
    """Stems of a text's content words."""
    return frozenset(content_of(text))


@lru_cache(maxsize=4096)
def stem_set(text: str) -> frozenset[str]:
    """Stems of all of a text's words."""
    return frozenset(map(stem, words(text)))


def squash(text: str) -> str:
    """White space normalised: every run becomes one blank."""
    return " ".join(text.split())
