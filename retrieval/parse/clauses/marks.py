"""From the number that stands on the page to the label a lawyer would cite.

The rule, with its sources, is in docs/docx-numbering.md.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from retrieval.parse.clauses.words import ARTICLES, ATTACHMENTS, RANK, family

_SECTION = re.compile(r"(?:sections?\b|sec\.|§{1,2})\s*", re.IGNORECASE)
_WORD = re.compile(r"([^\W\d_]{2,})\.?\s+(?=\S)")
_DECIMALS = re.compile(r"\d+(?:\.\d+)*")
_ENDS = " .:;,–—-\t\n\u00a0"


@dataclass(frozen=True, slots=True)
class ClauseMark:
    """A paragraph's number, computed or typed, ready for placing and labelling.

    `own` is the number without what only decorates it ("4.2", "(b)", "Article IV"). `key` names its
    series, `depth` is its level in the list from 0, `first` the outermost level that it spells out. `parts` are
    the counts it spells out ((4, 2)), `word` the family of its leading word. `half` says that it had a closing
    bracket alone. `typed` is the length of the number in the paragraph's text; 0 when it is computed.
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
    indent: float | None = None
    typed: int = 0
    rank: int | None = None  # of its leading word, the dropped one too: 0 stands outermost
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


def section_word(shown: str) -> bool:
    """Whether a displayed number begins with a word that its label leaves out."""
    return bool(_SECTION.match(shown))


def word_of(own: str) -> str:
    """The family of the word a number begins with: "article" of "Article IV"; "" when there is none."""
    found = _WORD.match(own)
    return family(found[1]) if found else ""


def parts_of(own: str) -> tuple[int, ...] | None:
    """The counts of a decimal number, with or without a word before it; None for other numbers."""
    word = _WORD.match(own)
    bare = own[word.end() :] if word else own
    return tuple(int(p) for p in bare.split(".")) if _DECIMALS.fullmatch(bare) else None


def alone(mark: ClauseMark) -> str:
    """The label of a number that stands in no numbered part."""
    return mark.own[1:-1] if mark.half else mark.own


def chain(parent: str, mark: ClauseMark, *, same: bool) -> str:
    """The label of a number within a numbered part; `same`: of the same list.

    "4.2" and "(b)" give "4.2(b)"; "1" and "a" of one list "1.a", of two lists "1(a)"; where either
    begins with a word, "Schedule 1, 2" and "Article IV, Section 3", but "Article 4(1)" as European law cites
    it. A number that spells out a place of its own keeps it whole: "4.02, 7.2.1".
    """
    last = parent.rpartition(", ")[2]
    word = word_of(last) or (family(last) if family(last) in ATTACHMENTS else "")  # the only "Annex"
    if mark.bracketed:
        return parent + mark.own
    if mark.own.startswith(f"{last}."):
        return parent[: len(parent) - len(last)] + mark.own
    if mark.parts is not None and len(mark.parts) == 1 and RANK.get(word) == ARTICLES and word not in ("item", "rule"):
        plain = mark.named or mark.word or not mark.typed
        return f"{parent}, {mark.named or mark.own}" if plain else f"{parent}({mark.own})"
    if mark.word or mark.named or word or "." in mark.own:
        return f"{parent}, {mark.named or mark.own}"
    if same and not parent.endswith(")"):
        return f"{parent}.{mark.own}"
    return f"{parent}({mark.own})"
