"""The polarity of a text in any language that the gate knows, and how the profiles of two texts differ.

Within English, `gate.polarity` compares clause by clause. Across languages there are no shared words to find
the clauses by; a statement and its translation are compared as wholes, and must have the same negations,
bounds and conditions, and no other duty.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

from retrieval.gate.language.base import flat
from retrieval.gate.language.detect import ENGLISH, LANGUAGES
from retrieval.gate.marks import RULES

_NEITHER = re.compile(r"\bneither\b([^.;]*?)\bnor\b", re.IGNORECASE)
_DUTIES = frozenset({"forbid", "oblige", "permit", "advise", "exempt"})
_BOUNDS = frozenset({"most", "least"})
_CONDITIONS = frozenset({"only", "except"})
_NOBODY = re.compile(
    r"\b(?:no|nobody|no one|none|neither)\b([^,;.]{0,60}?)\b(may|can|must|shall|should)\b", re.IGNORECASE
)
_NOTHING = re.compile(r"\bno\b([^,;.]{0,60}?)\b(?:is|are)\s+(?:required|needed|necessary|mandatory)\b", re.IGNORECASE)
_ONLY = re.compile(r"\b(?:only|solely|exclusively)\b", re.IGNORECASE)
_PARTS = re.compile(r"[;:]\s+|(?<=[.!?])\s+(?=[A-Z])")
_AT_ONCE = re.compile(r"\bwithout\s+(?:undue\s+|further\s+)?delay\b", re.IGNORECASE)
_NEED_NO = re.compile(r"\bneeds?\s+no\b", re.IGNORECASE)
_NOT_MORE = re.compile(
    r"\b(?:shall|must|may|can|will|should)\s+(?:not|never)\s+((?:\w+\s+){0,5}?)(?:more|greater|higher|longer|later)\s+than\b",
    re.IGNORECASE,
)
_UNTIL = re.compile(r"\buntil\b", re.IGNORECASE)  # a point in time elsewhere, an exception in `gate.marks`


@dataclass(frozen=True, slots=True)
class Profile:
    """Duties, bounds and conditions that a text has, and how many negations."""

    duties: frozenset[str]
    bounds: frozenset[str]
    conditions: frozenset[str]
    negations: int


@lru_cache(maxsize=1024)
def profile(text: str, code: str) -> Profile:
    """The profile of a text in English or one of LANGUAGES."""
    parts = [_part(part, code) for part in _PARTS.split(text)]
    return Profile(
        frozenset[str]().union(*(part.duties for part in parts)),
        frozenset[str]().union(*(part.bounds for part in parts)),
        frozenset[str]().union(*(part.conditions for part in parts)),
        sum(part.negations for part in parts),
    )


def _part(text: str, code: str) -> Profile:
    marks = Counter(_english(text) if code == ENGLISH else _marks(flat(text), code))
    duties = {kind for kind in marks if kind in _DUTIES}
    negations = marks["not"] + marks["forbid"] + marks["exempt"]
    conditions = frozenset(marks) & _CONDITIONS
    if "except" in conditions and negations:  # "must not ... unless" is "may ... only if"
        negations -= 1
        conditions = frozenset({"only"})
        duties = {"permit" if kind == "forbid" else kind for kind in duties}
    return Profile(frozenset(duties), frozenset(marks) & _BOUNDS, conditions, negations)


def _marks(text: str, code: str) -> list[str]:
    found: list[str] = []
    text = LANGUAGES[code].dates.sub(" ", text)  # "from 1 March" is no lower bound
    for kind, pattern in LANGUAGES[code].marks:
        count = len(pattern.findall(text))
        if count:
            found += [kind] * count if kind else []
            text = pattern.sub(" · ", text)
    return found


def _english(text: str) -> list[str]:
    found: list[str] = []
    text = _UNTIL.sub(" ", _NEITHER.sub(r"neither\1", text.replace("’", "'")))
    text = _AT_ONCE.sub(" ", text)
    text = _NOTHING.sub(r"\1 is not required", _NOBODY.sub(r"\1 \2 not", text))
    text = _NEED_NO.sub("is not required", _NOT_MORE.sub(r"\1no more than", text))
    for kind, _, pattern in RULES:
        count = len(pattern.findall(text))
        if count:
            found += [kind] * count if kind and kind != "consent" else []
            text = pattern.sub(lambda m: "·" * len(m.group()), text)
        if kind == "only":
            found += [kind] * len(_ONLY.findall(text))
            text = _ONLY.sub("·", text)
    return found


def difference(ours: Profile, theirs: Profile) -> str:
    """Why a statement and its translation do not say the same; "" where nothing speaks against it."""
    if ours.negations != theirs.negations:
        return "a negation stands on one side only"
    if ours.bounds != theirs.bounds:
        return "an upper or lower bound (at most, at least) stands on one side only"
    if ours.conditions != theirs.conditions:
        return "an exception or condition (unless, only) stands on one side only"
    if ours.duties - theirs.duties:
        return "the translation says another kind of duty (must, may, should)"
    if theirs.duties - ours.duties and (ours.duties or theirs.duties != {"oblige"}):  # a duty may be told as a fact
        return "the translation leaves out whether something must, may or should be"
    return ""


def contrary(ours: Profile, theirs: Profile) -> str:
    """Why a claim turns a sentence of its own language round; it may say less than the sentence."""
    if ours.negations % 2 != theirs.negations % 2:
        return "a negation stands on one side only"
    if ours.bounds and theirs.bounds and not ours.bounds & theirs.bounds:
        return "an upper bound stands for a lower one, or the other way round"
    if ours.duties and theirs.duties and not ours.duties & theirs.duties:
        return "the claim says another kind of duty (must, may, should) than the quote"
    if ours.conditions != theirs.conditions:
        return "an exception or condition (unless, only) stands on one side only"
    return ""
