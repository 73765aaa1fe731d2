"""Step 5 of the gate: a claim does not turn its quotes round ("not", "may" for "must", "at least" for "at most").

Both sides are cut into segments, at most one modal verb each, and every segment of the claim is compared
with the segment of the quotes that shares most of its words. Where grammar is too rich for this the
claim falls: a dropped true claim costs a shorter answer, a reversed one costs trust.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from retrieval.gate.evidence import Evidence, Problem
from retrieval.gate.marks import MODAL, OPPOSITES, RULES
from retrieval.text.words import SENTENCE, content_of, stem, words
from retrieval.types import VerdictClass

_CUT = re.compile(
    r"[;:]\s+|(?:,\s*|\s+)(?:and|but|or|nor|however|while|whereas|although|though)\s+"
    rf"(?=(?:[\w'’-]+\s+){{0,4}}?(?:{MODAL})\b)"
    r"|,?\s+(?<!only )(?<!except )(?=(?:if|when|where|which|who|whose|because|although|whereas|once)\b)"
    r"|,?\s+(?=(?:unless|except|until|provided\s+that|only\s+(?:if|when|where|with|upon|after))\b)",
    re.IGNORECASE,
)
_PREFIXES = ("un", "in", "im", "il", "ir", "dis", "non")
_PREFIXED = re.compile(r"^(?:un|in|im|il|ir|dis|non)(?=[a-z]{4})")


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a sentence with one modal verb at most: its marks (see `marks.RULES`) and its content words."""

    text: str
    marks: tuple[str, ...]
    words: frozenset[str]

    @property
    def negative(self) -> bool:
        return (sum(m in ("not", "forbid") for m in self.marks) % 2) == 1

    @property
    def modals(self) -> frozenset[str]:
        return frozenset(self.marks) & {"forbid", "oblige", "permit", "advise", "exempt"}


def check_polarity(evidence: Evidence) -> Problem | None:
    if evidence.verbatim:
        return None
    quoted = [[_segment(s) for s in segments] for segments in _sentences(evidence.quotes)]
    for claimed in ([_segment(s) for s in segments] for segments in _sentences(evidence.claim)):
        beside = _nearest(frozenset().union(*(s.words for s in claimed)), quoted)
        if beside is None:
            continue
        reason = _exceptions(claimed, beside) or next(filter(None, (_compare(s, claimed, beside) for s in claimed)), "")
        if reason:
            return Problem(VerdictClass.REVERSED, reason)
    reason = _opposites(evidence)
    return Problem(VerdictClass.REVERSED, reason) if reason else None


def segments(text: str) -> list[Segment]:
    """All segments of a text, in order."""
    return [_segment(part) for sentence in _sentences(text) for part in sentence]


def _sentences(text: str) -> list[list[str]]:
    return [[p for p in _CUT.split(s) if p and p.strip()] for s in SENTENCE.split(text) if s.strip()]


@lru_cache(maxsize=1024)
def _segment(text: str) -> Segment:
    marks: list[str] = []
    rest = text.replace("’", "'")
    low = rest.casefold()
    for kind, signs, pattern in RULES:
        found = pattern.findall(rest) if any(sign in low for sign in signs) else ()
        if found:
            marks += [kind] * len(found) if kind else []
            rest = pattern.sub(lambda m: "·" * len(m.group()), rest)
    return Segment(text, tuple(marks), frozenset(content_of(text)))


def _nearest(wanted: frozenset[str], quoted: list[list[Segment]]) -> list[Segment] | None:
    """The sentence of the quotes that shares most words with the claim; the shorter one of two."""

    def shared(sentence: list[Segment]) -> tuple[int, int]:
        held = frozenset().union(*(s.words for s in sentence))
        return len(wanted & held), -len(held)

    best = max(quoted, key=shared, default=None)
    return best if best is not None and shared(best)[0] else None


def _compare(claim: Segment, claimed: list[Segment], beside: list[Segment]) -> str:
    best = max(beside, key=lambda s: (len(claim.words & s.words), -len(s.words)))
    if not claim.words & best.words:
        return ""
    if _only(claimed, beside, claim, best) or _only(beside, claimed, best, claim):
        return ""
    ours, theirs = set(claim.marks), set(best.marks)
    bounds = {"most", "least"}
    if ours & bounds and theirs & bounds and not ours & theirs & bounds:
        return "an upper bound stands for a lower one, or the other way round"
    if claim.negative != best.negative:
        return "a negation stands on one side only"
    if claim.modals and best.modals and not claim.modals & best.modals:
        return "the claim says another kind of duty (must, may, should) than the quote"
    if claim.modals & {"exempt", "forbid"} and not best.modals and not best.negative:
        return "the quote forbids or exempts nothing"
    return ""


def _only(some: list[Segment], others: list[Segment], plain: Segment, negated: Segment) -> bool:
    """ "may ... only if" and "may not ... unless" say the same; so do "with" and "not without consent"."""
    conditions = {m for s in some for m in s.marks} & {"only", "consent"}
    excepted = any("except" in s.marks for s in others)
    return bool(conditions) and excepted and negated.negative and not plain.negative


def _exceptions(claimed: list[Segment], beside: list[Segment]) -> str:
    kinds = {"except", "only", "consent"}
    ours = {m for s in claimed for m in s.marks} & kinds
    theirs = {m for s in beside for m in s.marks} & kinds
    if "except" in theirs and not ours:
        return "the quote has an exception that the claim leaves out"
    if "except" in ours and not theirs:
        return "the claim has an exception that the quote does not have"
    if "only" in ours and not theirs:
        return "the claim has a condition (only) that the quote does not have"
    if "only" in theirs and not ours:
        return "the quote has a condition (only) that the claim leaves out"
    return ""


def _opposites(evidence: Evidence) -> str:
    """A word on one side whose opposite alone stands on the other."""
    ours, theirs = set(words(evidence.claim)), set(words(evidence.quotes))
    our_stems, their_stems = {stem(w) for w in ours}, {stem(w) for w in theirs}
    for one in sorted(our_stems & OPPOSITES.keys()):
        for word, other in OPPOSITES[one]:
            if other not in our_stems and other in their_stems and one not in their_stems:
                return f"the claim says “{word}”, the quote its opposite"
    for left, right in ((ours, theirs), (theirs, ours)):
        for word in sorted(w for w in left - right if w.startswith(_PREFIXES)):
            base = _PREFIXED.sub("", word)
            if base != word and base in right and word not in right and base not in left:
                return f"“{word}” and “{base}” are opposites"
    return ""
