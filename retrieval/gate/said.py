"""What a language model adds to a unit, as far as it may be printed. Pure."""

from __future__ import annotations

import re

from retrieval.gate.injection import speaks_to_machine
from retrieval.text.shown import hidden
from retrieval.text.words import squash

_MARKERS = re.compile(r"\s*\[\s*\d+(?:\s*[,;]\s*\d+)*\s*\]")
_LINK = re.compile(
    r"\b[a-z][a-z0-9+.-]*:\S|\bwww\.|<[@!#/a-z]|[\w.+-]@[\w-]|(?<![\w@])@\w|\]\(|\b[\w-]+\.[a-z]{2,6}/", re.I
)
_LONGER = 3  # times the characters of the unit that its translation may have, and a few more
_FEW = 60


def plain(text: str) -> str:
    """A model's sentence as it would be printed: one line, without markers of its own ("[1]")."""
    return squash(_MARKERS.sub("", text))


def translated(text: str, unit: str) -> str:
    """A translation that may be printed as unchecked; "" for none, or for what is no translation of a unit.

    It may hold no link, tag or mention, no character that nobody sees, no order to a model, and not be much longer.
    """
    said = plain(text)
    same = said.casefold() == unit.casefold()
    if not said or same or hidden(said) or _LINK.search(said) or speaks_to_machine(said):
        return ""
    return said if len(said) <= _LONGER * len(unit) + _FEW else ""


def marked(words: str, text: str) -> tuple[int, int] | None:
    """Where the words that are the answer stand in a text, whole and once; None where they do not."""
    said = squash(words).strip(" .,;:\"'“”‘’")
    if not said or len(said) > len(text) * 0.8:
        return None
    found = list(re.finditer(rf"(?<![^\W_]){re.escape(said)}(?![^\W_])", text))
    return found[0].span() if len(found) == 1 else None
