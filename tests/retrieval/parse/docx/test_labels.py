"""Every label of eight contracts, against tables written by hand."""

from __future__ import annotations

import pytest

from retrieval.parse.docx import parse_docx
from tests.retrieval.parse.docx.contracts import CONTRACTS, Contract


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda c: c.name)
def test_every_label_is_the_one_a_lawyer_would_cite(contract: Contract) -> None:
    parsed = parse_docx(f"{contract.name}.docx", contract.content)
    found = [(s.label, parsed.text[s.start : s.end]) for s in parsed.sections]
    expected = [label for label, _ in contract.labels]
    assert [label for label, _ in found] == expected
    for (label, text), (_, beginning) in zip(found, contract.labels, strict=True):
        assert text.startswith(beginning), label


def test_the_judge_has_at_least_120_labels_over_8_documents() -> None:
    labels = [label for contract in CONTRACTS for label, _ in contract.labels if label]
    assert len(CONTRACTS) >= 8
    assert len(labels) >= 120
