"""Why a sentence falls."""

from __future__ import annotations

from dataclasses import dataclass

from retrieval.verdicts import VerdictClass


@dataclass(frozen=True, slots=True)
class Problem:
    verdict: VerdictClass
    reason: str  # for people
