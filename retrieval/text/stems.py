"""From text to the stems that both indexes search: the same words in SQLite and in Weaviate.

A word is a run of letters, digits and the marks that belong to them. It is lower-cased, a Latin letter loses its
accent ("Übernachtung", "ubernachtung"), and Porter's second English stemmer makes the stem
(https://snowballstem.org/algorithms/english/stemmer.html). Characters of scripts without spaces are words of one
character.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Sequence
from functools import cache, lru_cache
from itertools import pairwise

import Stemmer

_UNSPACED = re.compile("([\u0e00-\u0eff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff])")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z]{2})")
_LONGEST = 64  # bytes; longer runs are hashes and encoded data, not words
_ASCII_WORD = re.compile(r"[a-z0-9]+")
_LATIN = re.compile(r"LATIN SMALL (?:LETTER|LIGATURE) ([A-Z]{1,2})(?: WITH .*)?")
_OWN_NAMES = {"ß": "ss", "ð": "d", "þ": "th", "ı": "i", "ŋ": "n"}  # Latin letters that are named after no other
_MARKS_END = 0xAC00  # beyond it lie the marks of scripts that nobody writes contracts in


class _Stemmers(threading.local):
    """One for each thread: a stemmer of the library serves one at a time."""

    def __init__(self) -> None:
        self.english = Stemmer.Stemmer("english")
        self.others: dict[str, Stemmer.Stemmer] = {}

    def of(self, language: str) -> Stemmer.Stemmer:
        if language == "english":
            return self.english
        if language not in self.others:
            self.others[language] = Stemmer.Stemmer(language)
        return self.others[language]


class _Folds(dict[int, str]):
    """For `str.translate`, filled as characters come: a Latin letter in ASCII, any other character as it is."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        self[code] = found = _folded(char) if char.isalnum() else "" if 0x300 <= code < 0x370 else char
        return found


_STEMMERS = _Stemmers()
_FOLDS = _Folds()


def stems(text: str) -> list[str]:
    """The stems of a text in order, e.g. "The hotels' costs" -> ["the", "hotel", "cost"]."""
    if text.isascii():
        words = [word for word in _ASCII_WORD.findall(text.lower()) if len(word) < _LONGEST]
    else:
        spaced = _UNSPACED.sub(r" \1 ", text.encode("utf-8", "replace").decode("utf-8"))
        plain = unicodedata.normalize("NFC", spaced.lower()).translate(_FOLDS)
        words = [word for word in _word().findall(plain) if len(word.encode()) < _LONGEST]
    found: list[str] = _STEMMERS.english.stemWords(words)
    return found


@lru_cache(maxsize=65536)
def stem(word: str, language: str) -> str:
    """The stem of one word in small letters, by the Snowball stemmer of a language ("german")."""
    found: str = _STEMMERS.of(language).stemWord(word)
    return found


def _folded(char: str) -> str:
    """A Latin letter, ligature or digit without what is added to it, in ASCII; else the character itself."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", char) if not unicodedata.combining(c))
    if bare.isascii():
        return bare.lower()
    named = _LATIN.fullmatch(unicodedata.name(char, ""))
    return named[1].lower() if named else _OWN_NAMES.get(char, char)


@cache
def _word() -> re.Pattern[str]:
    """Letters and digits of any script with their marks, as the vowel signs of Hindi."""
    marks = "".join(chr(code) for code in range(0x300, _MARKS_END) if unicodedata.category(chr(code)) in ("Mn", "Mc"))
    return re.compile(rf"(?:[^\W_][{marks}]*)+")


# Words that frame a question or carry grammar: they would rank a document by how chatty it is.
STOP_WORDS = frozenset(
    stem
    for stem in stems(
        """
        a an the this that these those there here and or but if then than so as of at by for from in into on onto
        to with within about over under between during until upon per via is are was were be been being am do does
        did doing done have has had having can could shall should will would may might must i me my mine we us our
        ours you your yours he him his she her hers it its they them their theirs what which who whom whose when
        where why how many much any some each such other another same very too also just only please tell show
        give find explain describe let know need want like s t d ll re ve
        """
    )
)


def asked(text: str) -> list[str]:
    """The distinct stems of a question, without stop words unless there is nothing else."""
    found = list(dict.fromkeys(stems(text)))
    return [stem for stem in found if stem not in STOP_WORDS] or found


def title_stems(title: str) -> list[str]:
    """The stems of a title, which may be a file's name: "NDA-SeaTrust_v2" holds "sea" and "trust" too."""
    apart = _HUMP.sub(" ", title)
    return stems(title if apart == title else f"{title} {apart}")


def pairs(text_stems: Sequence[str]) -> list[str]:
    """Each two content stems that follow each other, as one word: ["right", "of", "parti"] -> ["right_parti"].

    Stop words between them do not part them. No stem holds "_", so pairs and stems never mix.
    """
    content = [stem for stem in text_stems if stem not in STOP_WORDS]
    return [f"{first}_{second}" for first, second in pairwise(content)]
