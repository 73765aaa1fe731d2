"""Step 0 of the gate: a claim is made of characters that a reader sees, and of digits that are digits."""

from __future__ import annotations

from retrieval.gate.evidence import Evidence, Problem
from retrieval.text.shown import disguised, hidden, shown
from retrieval.types import VerdictClass


def check_hidden(claim: str) -> Problem | None:
    """No control, bidi or invisible character and no lone surrogate, wherever they come from."""
    unseen = hidden(claim)
    if not unseen:
        return None
    return Problem(VerdictClass.UNSUPPORTED, f"the claim holds a character that cannot be seen: {shown(unseen[0])}")


def check_digits(evidence: Evidence) -> Problem | None:
    """What looks like a number but is written with letters or other digits stands so in a quote, or it is no number."""
    for token in disguised(evidence.claim):
        if token not in evidence.quotes:
            return Problem(VerdictClass.UNSUPPORTED, f"“{shown(token)}” looks like a number and is none of the quotes'")
    return None
