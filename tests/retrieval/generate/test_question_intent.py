"""What a question asks for: names, periods, kinds of answers, and what only says how to answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.generate.question_intent import Kind, take_apart
from retrieval.text.words import stem


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("How long is the notice period?", Kind.TIME),
        ("When is the rent due?", Kind.DATE),
        ("When was Acme founded?", Kind.PAST),
        ("How much does a licence cost a month?", Kind.MONEY),
        ("What is the price of a seat?", Kind.MONEY),
        ("What is the cost of sales for Acme?", Kind.ANY),  # a line of accounts, no price
        ("How much revenue came from services?", Kind.NUMBER),
        ("How many employees are there?", Kind.NUMBER),
        ("What share of the workforce is unionised?", Kind.SHARE),
        ("How do I report a leak?", Kind.HOW),
        ("What is the bug bounty?", Kind.WHAT),
        ("What does force majeure mean?", Kind.WHAT),
        ("What is allowed in hotels that we book for guests?", Kind.ANY),
        ("Who approves travel?", Kind.WHO),
        ("Who may approve travel?", Kind.ANY),
        ("What happens if I don't pay?", Kind.FOLLOWS),
        ("What counts as harassment?", Kind.WHAT),
        ("What is a trade secret under the Acme agreement?", Kind.WHAT),
        ("How old must I be?", Kind.NUMBER),
        ("What’s the refund policy?", Kind.WHAT),
    ],
)
def test_the_kind_of_answer(question: str, kind: Kind) -> None:
    assert take_apart(question).kind is kind


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("Acme's revenue in 2021?", {("acme",)}),  # a name may begin the sentence
        ("What was Acme's revenue in FY2021 (in USD millions)?", {("acme",)}),
        ("What was Acme's COGS and PP&E in 2023Q1?", {("acme",)}),
        ("What is the days payable outstanding (DPO)? DPO is defined as: 365 / turnover", set()),
        ("I lost my 2FA codes, can support help?", set()),
        ("Who is the CEO of Acme?", {("acme",)}),
        ("What is Globex Corporation's policy on gifts?", {("globex",)}),
        ("What does the thoughtbot NDA say of courts?", set()),  # only beside "under", "in", "of" or "by"
        ("Who keeps copies under the thoughtbot NDA?", {("thoughtbot",)}),
        ("How long do duties last under our NDA?", set()),
        ("How long do duties last under this agreement?", set()),
        ("How long do duties last under the new mutual NDA?", set()),
        ("What notice is due under the supply agreement?", set()),
        ("What notice is due under the standard contract?", set()),
    ],
)
def test_names_are_of_somebody(question: str, names: set[tuple[str, ...]]) -> None:
    assert set(take_apart(question).names) == names


@pytest.mark.parametrize(
    ("question", "years", "quarters"),
    [
        ("Revenue in FY2019?", {2019}, set()),
        ("Did it grow between FY20 and FY21?", {2020, 2021}, set()),
        ("Stores in Q2 of FY2024?", {2024}, {"Q2"}),
        ("As of FY2023Q1, why?", {2023}, {"Q1"}),
        ("How many staff at the end of fiscal 2021?", {2021}, set()),
    ],
)
def test_periods_are_no_words(question: str, years: set[int], quarters: set[str]) -> None:
    asked = take_apart(question)
    assert asked.years == years
    assert asked.quarters == quarters
    assert not any(any(c.isdigit() for c in term) for term in asked.terms)
    assert stem("fiscal") not in asked.terms
    assert stem("end") not in asked.terms


@pytest.mark.parametrize(
    ("question", "kept", "left_out"),
    [
        (
            "What were total assets? Round your answer to two decimal places. Answer in USD millions.",
            "total assets",
            "round decimal answer millions",
        ),
        (
            "Using only the information within the balance sheet, how much total assets did Acme have?",
            "total assets",
            "balance sheet",
        ),
        ("Are margins stable? If margins are not useful, then state that and explain why.", "margins stable", "useful"),
        ("What are total current liabilities?", "total current liabilities", ""),
        ("What is the total number of stores?", "stores", "total number"),
        ("What was R&D in 2022?", "research development", ""),
        ("Do I need approval for gifts?", "approval gifts", "need"),
        ("What should I do on my first day?", "first day", ""),  # a unit counts where little else is said
        ("Does Acme offer refunds?", "refunds", "offer"),
        ("What's the refund policy?", "refund", "what policy"),
        ("What counts as harassment?", "harassment", "counts"),
    ],
)
def test_how_to_answer_is_not_what_is_asked(question: str, kept: str, left_out: str) -> None:
    terms = set(take_apart(question).terms)
    assert {stem(w) for w in kept.split()} <= terms
    assert not terms & {stem(w) for w in left_out.split()}


@pytest.mark.parametrize(
    ("question", "counted"),
    [
        ("How many employees did Acme have?", "employees"),
        ("How many people work here?", "people"),
        ("How many vacation days do I get?", "vacation"),  # days are a unit
        ("How many free private repositories can I have?", "repositories"),
        ("How much is it?", ""),
    ],
)
def test_what_is_counted(question: str, counted: str) -> None:
    assert take_apart(question).counted == (stem(counted) if counted else "")


def test_an_opening_that_names_a_document_is_no_part_of_the_question() -> None:
    asked = take_apart("Consider the Supply Agreement between globex and Unknown Party; how are royalties calculated?")
    assert asked.cites
    assert {stem("globex"), stem("supply"), stem("party")} <= asked.naming
    assert not asked.naming & {stem("royalties"), stem("calculated")}


def test_numbers_of_a_question_are_no_years_and_no_periods() -> None:
    assert take_apart("Is a gift of 150 dollars fine in 2024?").figures == {"150"}
    assert take_apart("May two people have more than one account?").figures == {"two", "one"}


def test_words_that_frame_still_decide_between_equals() -> None:
    asked = take_apart("Can Acme change its terms without telling me?")
    assert stem("change") in asked.terms
    assert {stem("terms"), stem("telling")} <= set(asked.rest)


@pytest.mark.parametrize(
    ("question", "others"),
    [
        ("Does Acme sell data?", True),
        ("May the company read mail?", True),
        ("Can I sell data?", False),
        ("Why?", False),
    ],
)
def test_what_others_do(question: str, others: bool) -> None:
    assert take_apart(question).of_others is others


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("Can I share it?", True),
        ("Is smoking allowed?", True),
        ("Can the regulator give examples?", False),
        ("Could you give examples?", False),
        ("Who may see it?", False),
    ],
)
def test_whether_something_is_allowed(question: str, asked: bool) -> None:
    assert take_apart(question).may_i is asked


@given(st.text())
def test_any_text_can_be_taken_apart(question: str) -> None:
    asked = take_apart(question)
    assert len(set(asked.terms)) == len(asked.terms)
