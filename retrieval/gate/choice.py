"""Step 8 of the gate, for choices: the value that a claim chooses is said in the claim and in its quotes.

A value ("permitted", "not required", "30 days", "high risk") counts as a small claim of its own, and the
verified claim as its quote. A value that another one of the form narrows ("permitted" beside "permitted
with approval") falls where the claim says the narrower one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from retrieval.gate.evidence import Evidence
from retrieval.gate.language.detect import ENGLISH
from retrieval.gate.language.profile import profile
from retrieval.gate.polarity import Segment, segments
from retrieval.gate.support import alike, wanted
from retrieval.gate.translation import check_figures
from retrieval.text.quantities import Quantities, quantities
from retrieval.text.words import stem, stem_set, word_set

_CONDITIONS = frozenset({"only", "except", "consent"})
_CONDITIONAL = frozenset(map(stem, word_set("condition conditions conditional conditionally exception exceptions")))
# Nothing that a quote could say; of other languages what is no stop word.
_EMPTY = frozenset(
    map(stem, word_set("other unknown unclear ja nein oui non si sim nao não nee sí sì autre andere otro"))
)
_BARE = frozenset({"not"})  # "no" and "none" deny something that only the question says


def checkable(value: str) -> bool:
    """Whether a value says anything that a claim could carry: "yes", "no" and "other" do not."""
    kinds = {mark for part in segments(value) for mark in part.marks}
    said = wanted(value) - _EMPTY
    return bool(said or kinds - _BARE or quantities(value) != Quantities())


def chosen(value: str, choices: Sequence[str], evidence: Evidence) -> bool:
    """Whether the claim carries this value of the choices, and no other that says more than it."""
    words = stem_set(value)
    narrower = (other for other in choices if words < stem_set(other))
    return _carries(evidence, value) and not any(_carries(evidence, other) for other in narrower)


def _carries(evidence: Evidence, value: str) -> bool:
    terms = wanted(value) - _CONDITIONAL
    conditional = bool(stem_set(value) & _CONDITIONAL)
    said, quoted = stem_set(evidence.claim), stem_set(f"{evidence.quotes}\n{evidence.context}")
    if not all(alike(term, said) and alike(term, quoted) for term in terms):
        return False
    if check_figures(replace(evidence, claim=value, quotes=evidence.claim, verbatim=False)) is not None:
        return False
    if evidence.language != ENGLISH:
        return _said_elsewhere(value, evidence)
    theirs = segments(evidence.claim)
    conditions = {m for part in theirs for m in part.marks} & _CONDITIONS
    ours = segments(value)
    own = {m for part in ours for m in part.marks} & _CONDITIONS
    if (conditional and not conditions) or (conditions and not conditional and not own & conditions):
        return False
    return all(any(_agree(part, other) for other in theirs) for part in ours)


def _said_elsewhere(value: str, evidence: Evidence) -> bool:
    """In another language than English the polarity is compared as a whole."""
    ours, theirs = profile(value, evidence.language), profile(evidence.claim, evidence.language)
    same = (ours.negations, ours.conditions) == (theirs.negations, theirs.conditions)
    return same and ours.duties <= theirs.duties


def _agree(ours: Segment, theirs: Segment) -> bool:
    held = stem_set(theirs.text)
    if not all(alike(term, held) for term in wanted(ours.text) - _CONDITIONAL):
        return False
    duty, duties = _duties(ours), _duties(theirs)
    if duty:
        return duty <= duties
    return ours.negative == theirs.negative and "exempt" not in duties


def _duties(part: Segment) -> frozenset[str]:
    """The duties that a segment speaks of; "no report is required" exempts, "nobody may" forbids."""
    if "not" not in part.marks:
        return part.modals
    denied = {"oblige": "exempt", "permit": "forbid", "forbid": "permit", "exempt": "oblige"}
    return frozenset(denied.get(kind, kind) for kind in part.modals)
