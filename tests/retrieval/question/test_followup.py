"""Follow-up questions made to stand alone by rule: a table of threads."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.question.followup import standalone
from retrieval.types import Question, Turn

NOW = datetime(2026, 4, 1, tzinfo=UTC)
HOTELS = "How much may a hotel in Paris cost?"


def searched(*thread: str) -> str:
    return standalone(Question(thread[-1], NOW, tuple(Turn(t) for t in thread[:-1])))


@pytest.mark.parametrize(
    ("thread", "expected"),
    [
        # stands alone
        ((HOTELS,), HOTELS),
        ((HOTELS, "Who approves travel?"), "Who approves travel?"),
        ((HOTELS, "And who approves business travel?"), "And who approves business travel?"),
        ((HOTELS, "Does the policy state that meals are covered?"), "Does the policy state that meals are covered?"),
        ((HOTELS, "Is there a limit for taxis?"), "Is there a limit for taxis?"),
        ((HOTELS, "If a supplier is late, may it be charged?"), "If a supplier is late, may it be charged?"),
        ((HOTELS, "  What   is\nthe notice period? "), "What is the notice period?"),
        # a part exchanged
        ((HOTELS, "And in London?"), "How much may a hotel in London cost?"),
        ((HOTELS, "in London?"), "How much may a hotel in London cost?"),
        ((HOTELS, "What about London?"), "How much may a hotel in London cost?"),
        ((HOTELS, "and what about London"), "How much may a hotel in London cost?"),
        ((HOTELS, "And London?"), "How much may a hotel in London cost?"),
        ((HOTELS, "How about New York?"), "How much may a hotel in New York cost?"),
        ((HOTELS, "same for managers?"), "How much may a hotel in Paris cost for managers?"),
        (("What was the revenue in 2022?", "And in 2023?"), "What was the revenue in 2023?"),
        (("What was the revenue in 2022?", "what about 2023?"), "What was the revenue in 2023?"),
        (("What was the revenue in Q1 2023?", "and Q2 2023?"), "What was the revenue in Q2 2023?"),
        (
            ("How many vacation days do employees get?", "What about contractors?"),
            "How many vacation days do contractors get?",
        ),
        (
            ("What is the limit for gifts to officials?", "And for meals?"),
            "What is the limit for meals to officials?",
        ),
        (("What is the notice period?", "And for suppliers?"), "What is the notice period for suppliers?"),
        (("What is the notice period?", "What about the deposit?"), "What is the notice period: the deposit?"),
        # pronouns
        ((HOTELS, "Who must approve it?"), "Who must approve it? (How much may a hotel in Paris cost)"),
        (("Who may sign contracts?", "When do they expire?"), "When do they expire? (Who may sign contracts)"),
        (
            ("What is the gift limit?", "Does that apply to contractors?"),
            "Does that apply to contractors? (What is the gift limit)",
        ),
        (("What is the gift limit?", "Is this rule new?"), "Is this rule new? (What is the gift limit)"),
        ((HOTELS, "Is breakfast included there?"), "Is breakfast included there? (How much may a hotel in Paris cost)"),
        (
            ("Who is the data protection officer?", "How do I reach her?"),
            "How do I reach her? (Who is the data protection officer)",
        ),
        ((HOTELS, "Thanks! Who approves it?"), "Who approves it? (How much may a hotel in Paris cost)"),
        # ellipsis
        ((HOTELS, "Why?"), "Why? (How much may a hotel in Paris cost)"),
        (("May I carry over vacation days?", "How many?"), "How many? (May I carry over vacation days)"),
        (("Do I have to report gifts?", "To whom exactly?"), "To whom exactly? (Do I have to report gifts)"),
        (("Do I have to report gifts?", "By when?"), "By when? (Do I have to report gifts)"),
        # longer threads
        ((HOTELS, "And in London?", "And in Rome?"), "How much may a hotel in Rome cost?"),
        ((HOTELS, "Why?", "And in Rome?"), "How much may a hotel in Rome cost?"),
        ((HOTELS, "Who approves travel?", "Why?"), "Why? (Who approves travel)"),
        ((HOTELS, "", "And in Rome?"), "How much may a hotel in Rome cost?"),
    ],
    ids=lambda value: value[-1] if isinstance(value, tuple) else "",
)
def test_what_is_searched(thread: tuple[str, ...], expected: str) -> None:
    assert searched(*thread) == expected


@given(st.text(max_size=80), st.lists(st.text(max_size=80), max_size=4))
def test_any_thread_gives_a_question(text: str, thread: list[str]) -> None:
    found = searched(*thread, text)
    assert isinstance(found, str)
    if not any(t.split() for t in thread):
        assert found == " ".join(text.split())
    assert bool(found) >= bool(text.split())


def test_a_hostile_thread_is_quick() -> None:
    long = "and for " * 2000 + "?"
    assert searched("What is it for " * 500, long)
