"""The quote gate over a table of named cases, valid and invalid side by side."""

from __future__ import annotations

from collections import Counter

import pytest

from retrieval.types import Draft, ModelUse, VerdictClass
from retrieval.verify import verify
from tests.retrieval.gate import cases_entities, cases_numbers, cases_polarity, cases_quotes
from tests.retrieval.gate.build import Case

CASES = (*cases_quotes.CASES, *cases_numbers.CASES, *cases_polarity.CASES, *cases_entities.CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_the_gate_says(case: Case) -> None:
    verified = verify(Draft((case.claim,), ModelUse("test")), case.passages)
    (verdict,) = verified.verdicts
    assert verdict.verdict == case.expected, verdict.reason
    assert (verified.answer is not None) == (case.expected is VerdictClass.SUPPORTED)
    assert bool(verdict.reason) == (case.expected is not VerdictClass.SUPPORTED)


def test_the_table_covers_every_class_on_both_sides() -> None:
    assert len({c.name for c in CASES}) == len(CASES) >= 200
    assert min(Counter(c.expected for c in CASES)[v] for v in VerdictClass) >= 8
