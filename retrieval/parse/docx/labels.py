"""From the number that stands on the page to the label a lawyer would cite.

The rule, with its sources, is in docs/docx-numbering.md.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from retrieval.parse.docx.numbering import Number

_SECTION = re.compile(r"(?:sections?\b|sec\.|§{1,2})\s*", re.IGNORECASE)
_WORD = re.compile(r"([^\W\d_]{2,})\.?\s+(?=\S)")
_DECIMALS = re.compile(r"\d+(?:\.\d+)*")
_ENDS = " .:;,–—-\t\n\u00a0"
ATTACHMENTS = frozenset(("schedule", "annex", "annexure", "appendix", "exhibit", "attachment", "anlage", "anhang"))
"""Parts that follow the body of a contract and belong to none of its clauses."""
OUTER_WORDS = ATTACHMENTS | {"part", "title", "book", "volume", "teil"}
"""Parts that number their clauses anew: "1.1" of Schedule 1 is not Clause 1.1."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A paragraph's number, computed or typed, ready for placing and labelling.

    `own` is the number without what only decorates it ("4.2", "(b)", "Article IV"). `key` names its
    series, `depth` and `first` are as in `Number`. `parts` are the counts it spells out ((4, 2)),
    `word` its leading word in lower case. `half` says that it had a closing bracket alone.
    `typed` is the length of the number in the paragraph's text; 0 when Word computes it.
    """

    own: str
    key: str
    depth: int
    first: int
    parts: tuple[int, ...] | None
    word: str
    shape: str
    half: bool = False
    restarted: bool = False
    endless: bool = False
    indent: int | None = None
    typed: int = 0
    named: str = ""  # `own` with the word that was dropped from it: "Section 3" within "Article IV"

    @property
    def bracketed(self) -> bool:
        return self.own[:1] in "(["


def clean(shown: str) -> tuple[str, bool]:
    """A displayed number without "Section", "§" and closing punctuation; True for "a)", completed to "(a)"."""
    own = shown.strip(_ENDS)
    own = _SECTION.sub("", own, count=1) if _SECTION.match(own) else own
    own = " ".join(own.strip(_ENDS).split())
    half = own.endswith(")") and "(" not in own
    return (f"({own[:-1].rstrip(_ENDS)})" if half else own), half


def named(shown: str) -> str:
    """A displayed number with its word: "Section 3"; used where it stands within another number."""
    return " ".join(shown.strip(_ENDS).split())


def word_of(own: str) -> str:
    """The word a number begins with, in lower case: "article" of "Article IV"; "" when there is none."""
    found = _WORD.match(own)
    return found[1].lower() if found else ""


def parts_of(own: str) -> tuple[int, ...] | None:
    """The counts of a decimal number, with or without a word before it; None for other numbers."""
    word = _WORD.match(own)
    bare = own[word.end() :] if word else own
    return tuple(int(p) for p in bare.split(".")) if _DECIMALS.fullmatch(bare) else None


def mark_of(number: Number, indent: int | None) -> Mark | None:
    """The mark of a computed number; None where nothing is shown, and for a bullet."""
    own, half = clean(number.shown)
    if number.bullet or not own or number.first > number.depth:
        return None
    parts = parts_of(own)
    if parts is None and number.first == number.depth == 0:
        parts = number.values  # "Article IV": the part before 4.1
    return Mark(
        own=own,
        key=number.list,
        depth=number.depth,
        first=number.first,
        parts=parts,
        word=word_of(own),
        shape=number.shape,
        half=half,
        restarted=number.restarted,
        endless=number.endless,
        indent=indent,
        named=named(number.shown) if _SECTION.match(number.shown) else "",
    )


def includes(outer: tuple[int, ...] | None, outer_word: str, mark: Mark) -> bool:
    """Whether a number already spells out the number of the part it stands in: 4.01 of Article IV."""
    if outer is None or mark.parts is None or outer_word in OUTER_WORDS:
        return False
    return len(mark.parts) > len(outer) and mark.parts[: len(outer)] == outer


def encloses(outer_word: str, mark: Mark) -> bool:
    """Whether a numbered part may stand in the label of what it holds: no clause holds a schedule."""
    if mark.word in ATTACHMENTS:
        return False
    if mark.word in OUTER_WORDS:
        return outer_word in ATTACHMENTS
    return mark.word not in {"article", "chapter"} or outer_word in OUTER_WORDS


def alone(mark: Mark) -> str:
    """The label of a number that stands in no numbered part."""
    return mark.own[1:-1] if mark.half else mark.own


def chain(parent: str, mark: Mark, *, same: bool) -> str:
    """The label of a number within a numbered part; `same`: of the same list.

    "4.2" and "(b)" give "4.2(b)"; "1" and "a" of one list "1.a", of two lists "1(a)"; where either
    begins with a word, "Schedule 1, 2" and "Article IV, Section 3".
    """
    if mark.bracketed:
        return parent + mark.own
    if mark.word or mark.named or word_of(parent.rpartition(", ")[2]):
        return f"{parent}, {mark.named or mark.own}"
    if same and not parent.endswith(")"):
        return f"{parent}.{mark.own}"
    return f"{parent}({mark.own})"
