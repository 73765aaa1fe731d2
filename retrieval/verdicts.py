"""What the gate, and a second model, say of the sentences of a model: frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Quote:
    """What stands in a passage, in a model's eyes. Untrusted."""

    passage_id: str
    text: str


@dataclass(frozen=True, slots=True)
class Claim:
    """One sentence of a model and the quotes that it stands over. Untrusted.

    `part` names the part of the organisation's answer form that it fills, `value` what it chooses there.
    """

    text: str
    quotes: tuple[Quote, ...]
    part: str = ""
    value: str = ""


class VerdictClass(StrEnum):
    SUPPORTED = "supported"
    FABRICATED = "fabricated"  # a word of the sentence stands nowhere in its quote
    MISATTRIBUTED = "misattributed"  # no unit of a passage that was retrieved
    SPLICED = "spliced"  # words of the quote in another order, or of other columns
    WRONG_NUMBER = "wrong number"  # a number, date, percent or currency is not the quote's, or has lost its unit
    REVERSED = "reversed"  # a negation, condition, exception, duty or bound of the quote is left out
    UNSUPPORTED = "unsupported"  # the quote says this of something else, or only in part


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate says of one sentence of a model."""

    claim: Claim
    verdict: VerdictClass
    reason: str  # for people; "" when supported


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a second model says of a sentence that passed the gate: whether its quote says the same, and why."""

    text: str
    quote: str
    follows: bool
    reason: str
    model: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a sentence falls."""

    verdict: VerdictClass
    reason: str  # for people
