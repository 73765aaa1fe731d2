"""A model's sentence over a unit: may it stand? Pure."""

from __future__ import annotations

import unicodedata

from retrieval.gate.compression import stands
from retrieval.gate.rows import row_stands
from retrieval.quoting import statement
from retrieval.text.shown import STRUCK_OUT, hidden, mark, shown
from retrieval.types import Unit, UnitKind
from retrieval.verdicts import Problem, VerdictClass


def check(text: str, unit: Unit) -> Problem | None:
    """Why a sentence may not stand over its unit; None where it may.

    1. A reader sees every character of it, and its accents, symbols and private characters are the unit's own.
    2. Nothing that the document strikes out stands without its mark.
    3. Over a row of a table it names the row, and with each figure its column.
    4. Over anything else it is an ordered compression.
    """
    unseen = hidden(text)
    if unseen:
        return Problem(VerdictClass.UNSUPPORTED, f"it holds a character that cannot be seen: {shown(unseen[0])}")
    foreign = _foreign(text, statement(unit))
    if foreign:
        return Problem(VerdictClass.UNSUPPORTED, f"it holds a character that its quote does not: {mark(foreign)}")
    if STRUCK_OUT in statement(unit):
        return Problem(VerdictClass.UNSUPPORTED, "a part of the quote is struck out in the document")
    if unit.kind is UnitKind.ROW:
        return row_stands(text, unit)
    return stands(text, statement(unit))


_WORDLESS = frozenset({"Cf", "Cn", "Co", "Mc", "Me", "Mn", "Sk", "So"})


def _foreign(text: str, quote: str) -> str:
    """The first character outside ASCII that is in no word and no punctuation, and not in the quote; "" for none.

    Those that words are compared by are no matter of this: it is for what a comparison of words passes over.
    """
    if text.isascii():
        return ""
    own = {*quote, *unicodedata.normalize("NFC", quote)}
    said = unicodedata.normalize("NFC", text)
    return next((c for c in said if not c.isascii() and unicodedata.category(c) in _WORDLESS and c not in own), "")
