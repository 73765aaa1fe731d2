"""The question in what people write to a bot as they write to people."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.answering.asking import points_elsewhere, question_in

ASKED = "What is the hotel limit per night in Paris?"


@pytest.mark.parametrize(
    "text",
    [
        ASKED,
        f"Hi team, {ASKED}",
        f"Hello!\n{ASKED}\nThanks, Priya",
        f"Good morning Footnote - {ASKED}",
        f"{ASKED} Thanks!",
        f"{ASKED}\n\nBest regards\nPriya Shah",
        f"{ASKED} cc @Tom",
        f"{ASKED} cc: @Tom, @Maeve",
        f"@Tom asked: {ASKED}",
        f"FYI @Tom wants to know: {ASKED}",
        f"```\n{ASKED}\n```",
        f"```{ASKED}```",
        f"```text\n{ASKED}\n```",
        f"cc @Tom: {ASKED}",
        f"cc @Tom — {ASKED}",
        f"@Tom @Maeve, {ASKED}",
        f"Hi all, cc @Tom.Berg & @Maeve - {ASKED} Thanks!",
        f"{ASKED}\ncc @Tom",
        f"{ASKED} (cc @Tom, @Maeve)",
        f"> {ASKED}",
        f"> The limit was 200 EUR last year.\n{ASKED}",
    ],
)
def test_what_is_not_the_question_is_taken_off(text: str) -> None:
    assert question_in(text) == ASKED


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("Guten Morgen, wie hoch ist das Hotellimit in Paris?", "wie hoch ist das Hotellimit in Paris?"),
        ("Bonjour, quel est le plafond pour Paris ? Merci", "quel est le plafond pour Paris ?"),
    ],
)
def test_in_other_languages(text: str, question: str) -> None:
    assert question_in(text) == question


@pytest.mark.parametrize(
    "text",
    [
        "In Paris, what is the limit?",
        "Without a visa, can I travel?",
        "Hotel limit Paris",
        "What about contracts over 10 years? And under 5?",
        "Is it 30 days? Or 60 days?",
        "Tell me the notice period",
        "Hi there",
        "Paris: what is the limit?",
        "May I share this with @Tom?",
        "What did @Tom - our lawyer - sign?",
        "Is @Tom allowed to sign for @Maeve",
        "May @Tom, or @Maeve, sign?",
        "Is @Tom, our lawyer, allowed to sign?",
    ],
)
def test_what_may_be_the_question_stays(text: str) -> None:
    assert question_in(text) == text


@given(st.text())
def test_nobody_is_left_without_a_question(text: str) -> None:
    assert any(c.isalnum() for c in question_in(text)) == any(c.isalnum() for c in text)


@pytest.mark.parametrize("text", ["", "  ", "can you answer this?", "Can you look at that please", "this?", "?"])
def test_a_message_that_points_to_another(text: str) -> None:
    assert points_elsewhere(text)


@pytest.mark.parametrize(
    "text",
    [
        "notice period?",
        "and in London?",
        "what about leave?",
        "Is this allowed under GDPR?",
        "how long is that in 2026?",
    ],
)
def test_a_short_question_is_a_question(text: str) -> None:
    assert not points_elsewhere(text)


@pytest.mark.parametrize(
    "text", [" \n" * 50_000 + "@a", "@a" + " " * 100_000 + "x", "```" + " " * 100_000 + "x", "a, " * 30_000]
)
def test_white_space_without_end_costs_no_time(text: str) -> None:
    began = time.process_time()
    question_in(text)
    assert time.process_time() - began < 5, "quadratic time would be minutes"
