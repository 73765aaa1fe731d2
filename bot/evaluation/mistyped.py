"""Questions as people type them in a hurry: one slip in one or two words, apostrophes left out. The same every time."""

from __future__ import annotations

import random
import re

from retrieval.text.stems import STOP_WORDS, stems

SEED = 7
_WORD = re.compile(r"[^\W\d_]{4,}")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def mistyped(question: str, seed: int = SEED) -> str:
    """One slip (a letter more, less, another, or two changed over) in one or two of the words that matter."""
    dice = random.Random(f"{seed} {question}")  # noqa: S311  # a slip needs no secret
    words = [m for m in _WORD.finditer(question) if not set(stems(m.group())) <= STOP_WORDS]
    chosen = dice.sample(words, min(len(words), dice.randint(1, 2)))
    text = question
    for match in sorted(chosen, key=lambda m: -m.start()):
        text = text[: match.start()] + _slip(match.group(), dice) + text[match.end() :]
    return re.sub(r"(?<=\w)['’](?=\w)", "", text)


def _slip(word: str, dice: random.Random) -> str:
    at = dice.randrange(len(word) - 1)
    letter = dice.choice(_LETTERS)
    made = dice.choice(
        (
            word[:at] + letter + word[at:],
            word[:at] + word[at + 1 :],
            word[:at] + letter + word[at + 1 :],
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
        )
    )
    return made if made != word else word[:at] + word[at + 1 :]
