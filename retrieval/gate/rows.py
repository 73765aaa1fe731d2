"""May a sentence stand over a row of a table? It names the row, and with each figure its column. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from retrieval.gate.function_words import FunctionWords, Kind
from retrieval.gate.tokens import Token, language_of, tokens
from retrieval.quoting import row, statement
from retrieval.types import Unit
from retrieval.verdicts import Problem, VerdictClass

_FREE = frozenset({Kind.IDLE, Kind.WEAK, Kind.LINK})


def row_stands(text: str, unit: Unit) -> Problem | None:
    """Why a sentence may not stand over a row; None where it may.

    1. Its words are those of the row's name, and of columns of which it names the head and the whole cell.
    2. The row's own cell is named whole, and the scale that is printed over the table.
    3. Cells stand as printed; with more than one of them, in the table's order.
    """
    read, quote = row(unit), statement(unit)
    if read is None:
        return None if text == quote else Problem(VerdictClass.SPLICED, "what the cells are is not told in the table")
    language = language_of(f"{text} {quote}")
    said = _content(text, language)
    forms = [token.form for token in said]
    kept = [
        (name, cell)
        for name, cell in read.columns
        if _within(_forms(cell, language), forms)
        and (len(read.columns) == 1 or set(_forms(name, language)) <= set(forms))
    ]
    if not kept:
        return Problem(VerdictClass.SPLICED, "it names no column of the row together with its cell")
    if not set(_forms(read.own, language)) <= set(forms):
        return Problem(VerdictClass.UNSUPPORTED, f"it does not name the row: “{read.own}”")
    if not set(_forms(read.scale, language)) <= set(forms):
        return Problem(VerdictClass.WRONG_NUMBER, f"it leaves out the scale: {read.scale}")
    there = Counter(_forms(" ".join([read.head, read.own, read.scale, *(f"{n} {c}" for n, c in kept)]), language))
    beyond = Counter(forms) - there
    for token in said:
        if beyond[token.form]:
            number = token.kind is Kind.NUMBER
            return Problem(
                VerdictClass.WRONG_NUMBER if number else VerdictClass.SPLICED,
                f"“{token.word}” does not belong to the row and the columns that it names",
            )
    printed = iter(_forms(" ".join([read.head, read.own, *(f"{n} {c}" for n, c in kept), read.scale]), language))
    if len(kept) > 1 and not all(form in printed for form in forms):
        return Problem(VerdictClass.SPLICED, "its cells stand in another order in the table")
    return None


def _content(text: str, language: FunctionWords) -> list[Token]:
    return [token for token in tokens(text, language) if token.kind not in _FREE]


def _forms(text: str, language: FunctionWords) -> list[str]:
    return [token.form for token in _content(text, language)]


def _within(part: Sequence[str], whole: Sequence[str]) -> bool:
    """Whether a cell stands in a sentence as printed."""
    return bool(part) and any(list(whole[n : n + len(part)]) == list(part) for n in range(len(whole) - len(part) + 1))
