"""What a question says where it is typed in a hurry: words that are one slip away from those of the documents. Pure.

A word is looked at only where it is one: letters alone, four or more, no name (a capital within a sentence, but where
every noun has one), no code, no address. `retrieval.mending` asks the index which of the readings made here it knows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from retrieval.gate.tokens import language_of
from retrieval.text.stems import STOP_WORDS, stems
from retrieval.text.words import straight

LEAST = 4  # letters of a word that is read as another
_PART = 3  # letters of each part of a word that is read as two
LONG = 5  # of a part that need not have the other beside it
_LATIN = "abcdefghijklmnopqrstuvwxyz"
_TOKEN = re.compile(r"\S+")
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_CODE = re.compile(r"[\d@_\\]|\w[./:]\w|^#")
_OPENS = re.compile(r"(?:^|[.!?:]\s+)[^\w]*$")
_SHORT = ("n't", "'s", "'re", "'ve", "'ll", "'d", "'m")
"""What English hangs on a word of grammar, where the apostrophe is left out most often."""
_WHOLE = {"ca": "can", "wo": "will", "sha": "shall"}  # what loses letters before "n't"
_CAPITAL_NOUNS = "german"


@dataclass(frozen=True, slots=True)
class Typed:
    """A word of a question and where it stands."""

    start: int
    end: int
    word: str


def typed(text: str) -> list[Typed]:
    """The words that may be mistyped."""
    shouted = text.isupper()
    nouns = language_of(text).name == _CAPITAL_NOUNS
    found = []
    for token in _TOKEN.finditer(text):
        if _CODE.search(token.group().strip(".,;:!?()\"'")):
            continue
        for match in _WORD.finditer(token.group()):
            start = token.start() + match.start()
            word = match.group()
            opens = _OPENS.search(text[:start]) is not None
            capital = word[:1].isupper() and not (opens or nouns or shouted)
            mixed = not shouted and any(c.isupper() for c in word[1:])
            if len(word) >= LEAST and not capital and not mixed and len(stems(word)) == 1:
                found.append(Typed(start, start + len(word), word))
    return found


def spelled_out(text: str, real: Callable[[str], bool]) -> str:
    """The question with the apostrophes that were left out, and "not" in full: "whos" -> "who's", "dont" -> "do not".

    Only what hangs on a word of grammar is read so, and only where the whole is no `real` word ("were", "shed").
    """
    return _WORD.sub(lambda match: _in_full(match.group(), real), straight(text))


def _in_full(word: str, real: Callable[[str], bool]) -> str:
    plain = word.lower()
    if _of_grammar(plain) or ("'" not in plain and len(plain) < LEAST):
        return word
    for short in _SHORT:
        ending = short if "'" in plain else short.replace("'", "")
        base = plain.removesuffix(ending)
        whole = _WHOLE.get(base, base)
        if not plain.endswith(ending) or not _of_grammar(whole) or (ending != short and real(plain)):
            continue
        kept = word[: len(whole)] if plain.startswith(whole) else cased(whole, word)
        return f"{kept} not" if short == "n't" else kept + short
    return word


def _of_grammar(word: str) -> bool:
    own = stems(word)
    return len(own) == 1 and own[0] in STOP_WORDS


def slips(word: str) -> list[list[str]]:
    """The words that are one slip away, in small letters and never shorter than `LEAST`, the likelier kinds first: two
    letters changed over and one left out are a few ways to go wrong, one too much or another are 26 times as many.

    Kernighan, Church and Gale 1990, https://aclanthology.org/C90-2036/
    """
    plain = word.lower()
    letters = _letters(plain)
    parts = [(plain[:n], plain[n:]) for n in range(len(plain) + 1)]
    likely = [a + b[1] + b[0] + b[2:] for a, b in parts if len(b) > 1]
    likely += [a + c + b for a, b in parts for c in letters]
    other = [a + b[1:] for a, b in parts if b]
    other += [a + c + b[1:] for a, b in parts if b for c in letters]
    return [[w for w in dict.fromkeys(kind) if w != plain and len(w) >= LEAST] for kind in (likely, other)]


def _letters(word: str) -> str:
    """The alphabet that a word is written in: Latin, and of others the letters that stand near its own in Unicode."""
    near = {chr(n) for c in word if not c.isascii() for n in range(ord(c) & ~31, (ord(c) | 31) + 1)}
    plain = _LATIN if any(c.isascii() for c in word) else ""
    return plain + "".join(sorted(c for c in near if c.isalpha() and c.lower() == c))


def halves(word: str) -> list[tuple[str, str]]:
    """Every two words that a word may be made of; between them a compound may have a letter or two of its own."""
    plain = word.lower()
    ends = range(_PART, len(plain) - _PART + 1)
    found = [(plain[:n], plain[n:]) for n in ends]
    found += [(plain[:n], plain[n + k :]) for k in (1, 2) for n in ends if len(plain) - n - k >= LONG <= n]
    return found


def joined(words: Sequence[Typed], text: str) -> Iterator[tuple[Typed, str]]:
    """Each two words with a blank or a hyphen between them, written as one."""
    every = [Typed(m.start(), m.end(), m.group()) for m in _WORD.finditer(text)]
    for first, second in pairwise(every):
        if text[first.end : second.start] in (" ", "-") and (first in words or second in words):
            yield Typed(first.start, second.end, text[first.start : second.end]), (first.word + second.word).lower()


def stems_of(words: Iterable[str]) -> dict[str, str]:
    """The stem of each word that is one, by the word."""
    listed = list(words)
    together = stems(" ".join(listed))
    if len(together) == len(listed):
        return dict(zip(listed, together, strict=True))
    return {word: own[0] for word in listed if len(own := stems(word)) == 1}


def cased(read: str, like: str) -> str:
    """A reading with the capitals of what was typed."""
    return read.upper() if like.isupper() else read.capitalize() if like[:1].isupper() else read
