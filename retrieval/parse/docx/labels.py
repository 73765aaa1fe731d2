"""The mark of a number that Word computes."""

from __future__ import annotations

from retrieval.parse.clauses.marks import ClauseMark, clean, named, parts_of, section_word, word_of
from retrieval.parse.clauses.words import RANK, SECTION
from retrieval.parse.docx.numbering import Number


def mark_of(number: Number, indent: int | None) -> ClauseMark | None:
    """The mark of a computed number; None where nothing is shown, and for a bullet."""
    own, half = clean(number.shown)
    if number.bullet or not own or number.first > number.depth:
        return None
    parts = parts_of(own)
    if parts is None and number.first == number.depth == 0:
        parts = number.values  # "Article IV": the part before 4.1
    word, dropped = word_of(own), section_word(number.shown)
    return ClauseMark(
        own=own,
        key=number.list,
        depth=number.depth,
        first=number.first,
        parts=parts,
        word=word,
        shape=number.shape,
        half=half,
        restarted=number.restarted,
        endless=number.endless,
        indent=indent / 20 if indent is not None else None,  # twips to points
        rank=SECTION if dropped else RANK.get(word),
        named=named(number.shown) if dropped else "",
    )
