from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.question.search_terms import analysed
from retrieval.text.stems import asked, stems


@pytest.mark.parametrize(
    ("question", "kept", "left_out"),
    [
        (
            "Consider Acme's Non-Disclosure Agreement; Does the document state that copies may be kept?",
            "Acme Non-Disclosure Agreement copies kept",
            "consider state document",
        ),
        ("Does the agreement allow subcontractors?", "subcontractors", "agreement allow"),
        ("Can you clarify the notice period?", "notice period", "clarify"),
        ("Under what circumstances may a lease end?", "lease end", "circumstances"),
        ("What was revenue in 2020? Round your answer to two decimal places.", "revenue 2020", "round decimal"),
        ("What was the fee? Answer in USD millions.", "fee", "answer"),
        ("Is churn high? If churn is not a useful metric, then state that and explain why.", "churn high", "metric"),
        ("Who approves travel?", "approves travel", ""),
    ],
)
def test_framing_is_left_out_of_the_keywords(question: str, kept: str, left_out: str) -> None:
    found = set(asked(analysed(question).keywords))
    assert set(asked(kept)) <= found
    assert not found & set(stems(left_out))


@pytest.mark.parametrize("question", ["Clarify.", "Does the document state that", "?", "Details?"])
def test_a_question_of_framing_alone_is_searched_as_it_stands(question: str) -> None:
    assert analysed(question).keywords == question


@pytest.mark.parametrize(
    ("question", "added"),
    [
        ("What was capex?", "capital expenditures"),
        ("Net PP&E at year end?", "property plant equipment"),
        ("What was COGS?", "cost of sales"),
        ("See the balance sheet", "statement of financial position"),
        ("What was R&D?", "research and development"),
        ("Any legal battles?", "legal proceedings"),
        ("May a 12 year old have an account?", "minimum age"),
        ("How many people work here?", "employees workforce"),
    ],
)
def test_one_thing_has_several_names(question: str, added: str) -> None:
    assert set(stems(added)) <= set(stems(analysed(question).keywords))


@pytest.mark.parametrize(
    ("question", "numeric"),
    [
        ("How much did it cost?", True),
        ("How many employees are there?", False),  # said in a sentence more often than in a table
        ("What is the FY2019 gross margin?", True),
        ("What % of staff left?", True),
        ("Who approves travel?", False),
        ("May a supplier subcontract?", False),
        ("Which laptops are allowed in 2024?", False),
    ],
)
def test_questions_for_figures(question: str, numeric: bool) -> None:
    assert analysed(question).numeric is numeric


@given(st.text())
def test_any_question_keeps_something_to_search_by(question: str) -> None:
    found = analysed(question)
    assert found.text == question
    assert bool(stems(found.keywords)) == bool(stems(question))
