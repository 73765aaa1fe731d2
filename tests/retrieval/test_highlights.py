"""What was asked for stands out in the sentence that answers, and nothing else does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.highlights import highlights

LIMITS = "Paris: Hotel 210 EUR per night; Meals 75 EUR per day; Breakfast 20 EUR"
ROW = ("Paris", "210 EUR", "75 EUR", "20 EUR")
APPROVAL = "Trips outside the European Union are approved by the Finance Director at least 14 days before departure."


def bold(question: str, text: str, row: tuple[str, ...] = ()) -> list[str]:
    return [text[start:end] for start, end in highlights(question, text, row)]


@pytest.mark.parametrize(
    ("question", "text", "asked"),
    [
        (
            "How much notice must we give?",
            "Either party may terminate by giving six months' written notice.",
            "six months'",
        ),
        ("What is the bonus pool for 2026?", "The pool for 2026 is set at EUR 1.35 million.", "EUR 1.35 million"),
        ("How many days do managers get?", "Managers get 25 days and directors 30 days.", "25 days"),
        ("How many days do directors get?", "25 days for managers and 30 days for directors.", "30 days"),
        ("Who approves trips outside the EU?", APPROVAL, "Finance Director"),
        ("How long before departure must it be approved?", APPROVAL, "14 days"),
        (
            "When is the invoice due?",
            "Invoices are due within thirty (30) days; a fee of 5% applies.",
            "thirty (30) days",
        ),
        ("When does the agreement end?", "It ends on 31 March 2028 unless renewed for USD 12.", "31 March 2028"),
        ("Wie viele Urlaubstage habe ich?", "Der Anspruch beträgt 30 Arbeitstage im Jahr.", "30 Arbeitstage"),
        ("Combien de jours de préavis ?", "Le préavis est de 3 mois pour les cadres.", "3 mois"),
        ("What interest applies?", "Interest accrues at 3.5% per year under Section 4.", "3.5% per year"),
        ("What is the fee?", "The fee is €1,250.00.", "€1,250.00"),
        ("How many days may I carry over?", "You may carry over 5-10 days a year.", "5-10 days a year"),
    ],
)
def test_what_was_asked_for(question: str, text: str, asked: str) -> None:
    assert bold(question, text) == [asked]


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("How do I report a loss?", "Report it within 24 hours."),
        ("May I fly business class?", "Business class is allowed over 6 hours."),
        ("What happens if we are acquired?", "This Agreement is dated 12 January 2026."),
        ("Why was the limit raised?", "It was raised to 180 EUR."),
        ("What are the tiers?", "The tiers are 5, 10 and 20 users."),
        ("Which form applies above 5,000 EUR?", "Above 5,000 EUR form B applies."),
        ("Who approves it?", "Anna Berg approves it, or Tom Weil."),
        ("How many?", "There are none."),
        ("How much?", "The form is A 2017-02-14x."),
        ("", "It costs 180 EUR or 200 EUR."),
    ],
)
def test_where_nothing_stands_out(question: str, text: str) -> None:
    assert bold(question, text) == []


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("What is the hotel limit per night in Paris?", ["210 EUR"]),
        ("How much may I spend on meals in Paris?", ["75 EUR"]),
        ("Is breakfast paid in Paris?", []),
        ("What do I get in Paris?", []),
    ],
)
@pytest.mark.parametrize(
    "text", [LIMITS, "City: Paris; Hotel per night: 210 EUR; Meals per day: 75 EUR; Breakfast: 20 EUR"]
)
def test_the_cell_of_a_row_whose_column_was_asked_for(question: str, asked: list[str], text: str) -> None:
    assert bold(question, text, ROW) == asked


def test_the_first_cell_of_a_row_where_it_was_asked_for() -> None:
    assert bold("Which city has 210 EUR a night?", f"City: {LIMITS.replace(':', ';', 1)}", ROW) == ["Paris"]


@given(
    st.text(max_size=60), st.text(st.sampled_from("a1 .,;:%€EUR-()\u00a0½"), max_size=60), st.lists(st.text(max_size=5))
)
def test_whatever_is_asked_the_offsets_fit(question: str, text: str, row: list[str]) -> None:
    at = 0
    for start, end in highlights(question, text, row):
        assert at <= start < end <= len(text)
        at = end
