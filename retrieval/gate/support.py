"""Step 4 of the gate: the words of a claim, weighted by rarity, stand in its quotes."""

from __future__ import annotations

from retrieval.gate.evidence import Evidence, Problem
from retrieval.gate.words import content_of
from retrieval.types import VerdictClass

_LEAST = 0.6  # share of the claim's weight that quotes, headings and title carry together
_LEAST_QUOTED = 0.35  # share that the quotes alone carry


def check_support(evidence: Evidence) -> Problem | None:
    wanted = set(content_of(evidence.claim))
    if not wanted:
        return None
    quoted = set(content_of(evidence.quotes))
    around = quoted | set(content_of(evidence.context))
    total = sum(map(evidence.weights, wanted))
    if sum(evidence.weights(w) for w in wanted & quoted) < _LEAST_QUOTED * total:
        return Problem(VerdictClass.UNSUPPORTED, "the quotes say little of what the claim says")
    if sum(evidence.weights(w) for w in wanted & around) < _LEAST * total:
        return Problem(VerdictClass.UNSUPPORTED, "the quotes do not say all that the claim says")
    return None
