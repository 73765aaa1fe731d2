"""A model's sentence over a unit: may it stand? Pure."""

from __future__ import annotations

from retrieval.gate.compression import stands
from retrieval.gate.rows import row_stands
from retrieval.quoting import statement
from retrieval.text.shown import STRUCK_OUT, hidden, shown
from retrieval.types import Unit, UnitKind
from retrieval.verdicts import Problem, VerdictClass


def check(text: str, unit: Unit) -> Problem | None:
    """Why a sentence may not stand over its unit; None where it may.

    1. A reader sees every character of it.
    2. Nothing that the document strikes out stands without its mark.
    3. Over a row of a table it names the row, and with each figure its column.
    4. Over anything else it is an ordered compression.
    """
    unseen = hidden(text)
    if unseen:
        return Problem(VerdictClass.UNSUPPORTED, f"it holds a character that cannot be seen: {shown(unseen[0])}")
    if STRUCK_OUT in statement(unit):
        return Problem(VerdictClass.UNSUPPORTED, "a part of the quote is struck out in the document")
    if unit.kind is UnitKind.ROW:
        return row_stands(text, unit)
    return stands(text, statement(unit))
