"""The message of an outcome: exact, complete, within Slack's limits, and harmless."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.demo.standins import slack_checks, slack_text
from bot.slack import render as slack_render
from bot.slack.render import BUDGET, shorten, size
from bot.texts import AI_LABEL
from bot.types import Outcome, OutcomeKind
from retrieval.text.shown import hidden
from retrieval.types import Answer, Citation, Seal, Section, Statement
from tests.bot.slack.fakes import RECORD, abstained, answered, citation, document
from tests.fuzz import tries

NASTY = (
    "Hi <!channel> & <@U0ADA> <https://evil.example|click> @everyone *bold* _it_ `code` &amp; :tada: https://x.example"
)


def render(outcome: Outcome) -> dict[str, Any]:
    return slack_render.render(outcome)


def shown(payload: dict[str, Any]) -> str:
    return "\n".join(slack_text.message_lines(payload))


def accepted(payload: dict[str, Any]) -> None:
    """Slack takes the message, posted and as an update, and it stays within our own budget."""
    assert list(slack_checks.message({**payload, "parse": "none"}, update=True)) == []
    assert size(payload["blocks"]) <= BUDGET


def test_the_answer_comes_first_then_the_sources() -> None:
    payload = render(answered(notice="The model was down; these are the sentences themselves."))
    assert shown(payload).splitlines() == [
        "A night may cost 180 EUR at most. [1]",
        "The model was down; these are the sentences themselves.",
        "[1] Travel Policy (https://docs.example.com/travel.pdf#page=7), "
        "Section 4.2 Hotels, page 7, version of 1 March 2026",
        "│ Hotels cost at most 180 EUR a night.",
        "[Show the passage]",
        "[Good answer]  [Bad answer]",
        AI_LABEL,
    ]
    assert payload["metadata"] == {"event_type": "footnote_answer", "event_payload": {"record": RECORD}}
    accepted(payload)


def test_what_was_asked_for_stands_out() -> None:
    said = Statement("A night in Paris costs EUR 210 (VAT included).", (1,), highlights=((23, 30),))
    answer = Answer((said,), (citation(),), seal=Seal.VERIFIED)
    payload = render(Outcome(OutcomeKind.ANSWERED, RECORD, "How much?", answer))
    accepted(payload)
    assert [e["text"] for e in payload["blocks"][0]["elements"][0]["elements"] if e.get("style")] == ["EUR 210"]


def test_what_else_belongs_to_a_quote_stands_behind_it_in_our_words() -> None:
    payload = render(answered(replace(citation(), more="part of (a) to (c), which belong together")))
    lines = shown(payload).splitlines()
    at = lines.index("│ Hotels cost at most 180 EUR a night.")
    assert lines[at + 1] == "— part of (a) to (c), which belong together"
    accepted(payload)


def test_a_quote_that_is_the_answer_stands_once() -> None:
    payload = render(answered(citation(quote="Hotels cost 180 EUR."), citation(2), text="Hotels cost  180 EUR."))
    seen = shown(payload)
    assert (seen.count("180 EUR."), seen.count("│ ")) == (1, 1)
    whole = render(answered(citation(quote="x " * 3_000), text="x " * 3_000))
    assert "│ x x" in shown(whole), "an answer that is cut leaves its quote"


def test_two_sentences_of_a_section_are_one_source_with_both() -> None:
    first, other = citation(1, "Hotels cost 180 EUR."), citation(2, "Lunch is 20 EUR.", title="Meals")
    second = replace(citation(3, "Breakfast is included."), section=first.section)
    payload = render(answered(first, other, second, text="That much."))
    accepted(payload)
    seen = shown(payload)
    assert ("[1]" in seen, "[2]" in seen, "[3]" in seen) == (True, True, False)
    assert seen.index("Hotels cost 180 EUR.") < seen.index("Breakfast is included.") < seen.index("Lunch is 20 EUR.")


def test_the_same_outcome_gives_the_same_bytes() -> None:
    assert json.dumps(render(answered())) == json.dumps(render(answered()))


def test_words_of_documents_and_people_neither_ping_nor_link() -> None:
    cited = Citation(1, document(NASTY), citation().section, "c", 0, 1, NASTY, 7, None)
    payload = render(answered(cited, text=NASTY, notice=NASTY))
    accepted(payload)
    # Where Slack reads mark-up there is none; in rich text, which it shows as it is, the quote is exact.
    for text in [payload["text"], *_marked_up(payload["blocks"])]:
        assert "<" not in text
        assert "&lt;!channel&gt;" in text or text == AI_LABEL
    links = [e["url"] for e in _elements(payload["blocks"]) if e.get("type") == "link"]
    assert links == ["https://docs.example.com/travel.pdf#page=7"]
    quotes = [e["text"] for e in _elements(payload["blocks"]) if e.get("text") == NASTY]
    assert quotes


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "file:///etc/passwd", "https://", "https://x/\u202e", "http://[", ""]
)
def test_only_web_addresses_become_links(url: str) -> None:
    cited = Citation(1, document(url=url), citation().section, "c", 0, 1, "Quote", None, None)
    assert not [e for e in _elements(render(answered(cited))["blocks"]) if e.get("type") == "link"]


@pytest.mark.parametrize("count", [1, 3, 5, 6, 20, 25, 40, 60])
@pytest.mark.parametrize("quote", ["Short.", "A sentence that goes on. " * 20, "A whole page of text. " * 400])
@pytest.mark.parametrize("text", ["Yes.", "A very long answer. " * 1_000], ids=["short", "long"])
def test_citations_are_never_what_is_cut(count: int, quote: str, text: str) -> None:
    cited = [citation(n, f"{n} {quote}", f"Policy {n}") for n in range(1, count + 1)]
    payload = render(answered(*cited, text=text))
    accepted(payload)
    seen = shown(payload)
    for n in range(1, count + 1):
        named = seen.replace(" (https://docs.example.com/travel.pdf#page=7)", "")
        assert f"[{n}] Policy {n}, Section 4.2 Hotels, page 7, version " in named
    if 1 < count <= 5:
        assert re.findall(r"\[Show passage (\d+)\]", seen) == [str(n) for n in range(1, count + 1)]
    assert "[Show " in seen or f"Record {RECORD}" in seen, "the record is told, here or behind a button"


def test_quotes_are_whole_while_they_fit() -> None:
    quotes = [f"{n} " + "x" * 700 for n in range(1, 6)]
    seen = shown(render(answered(*(citation(n, q) for n, q in enumerate(quotes, 1)))))
    assert all(f"│ {q}\n" in seen + "\n" for q in quotes)


def test_a_tables_head_and_a_row_of_it_are_one_source() -> None:
    sheet = Section("s" * 16, None, "Limits", ("Limits",), 0, 100)
    head, row = (
        Citation(n, document("Expense Limits"), sheet, "c", n, n + 1, quote, None, locator)
        for n, quote, locator in ((1, "City | Hotel", "Limits!A1:B1"), (2, "Paris | 210 EUR", "Limits!A8:B8"))
    )
    payload = render(answered(head, row, citation(3)))
    accepted(payload)
    assert shown(payload).splitlines()[:6] == [
        "A night may cost 180 EUR at most. [1] [2]",
        "[1] Expense Limits (https://docs.example.com/travel.pdf), Limits, version of 1 March 2026",
        "│ City | Hotel",
        "│ Paris | 210 EUR",
        "[2] Travel Policy (https://docs.example.com/travel.pdf#page=7), Section 4.2 Hotels, page 7, "
        "version of 1 March 2026",
        "│ Hotels cost at most 180 EUR a night.",
    ]
    assert [len(p["elements"]) for p in payload["blocks"][1]["elements"]] == [3, 1, 3, 1], "the quotes are one"
    assert [e["value"] for e in _elements(payload["blocks"]) if e.get("type") == "button"] == [
        f"{RECORD}:2",
        f"{RECORD}:3",
    ]


def test_a_long_quote_keeps_its_beginning_and_end() -> None:
    quote = "BEGIN " + "x" * 30_000 + " END"
    payload = render(answered(citation(1, quote)))
    accepted(payload)
    line = next(line for line in shown(payload).splitlines() if line.startswith("│ "))
    assert line.startswith("│ BEGIN ")
    assert " … " in line
    assert size(payload["blocks"]) > BUDGET - 200  # what there is room for is used


def test_more_sources_than_a_message_holds_are_counted() -> None:
    payload = render(answered(*(citation(n, title=f"Policy {n}") for n in range(1, 400))))
    accepted(payload)
    assert "more sources are in the record." in shown(payload)


def test_an_abstention_names_the_nearest_sections() -> None:
    payload = render(abstained("Travel Policy", NASTY))
    accepted(payload)
    seen = shown(payload)
    assert "I found nothing that answers this." in seen
    assert f"• {NASTY}, Section 4.2 Hotels, page 7" in seen
    assert "[Good answer]" in seen


@pytest.mark.parametrize("kind", [OutcomeKind.REFUSED, OutcomeKind.FAILED, OutcomeKind.ANSWERED])
def test_an_outcome_without_an_answer_says_why(kind: OutcomeKind) -> None:
    payload = render(Outcome(kind, RECORD, "q", text=f"Sorry: `help` {NASTY}"))
    accepted(payload)
    assert "Sorry: help Hi <!channel>" in shown(payload)
    assert "[Good answer]" not in shown(payload)


words = st.text(min_size=0, max_size=400)


@tries(60)
@given(st.lists(st.tuples(words, words), min_size=1, max_size=30), words, words)
def test_any_words_are_accepted(cited: list[tuple[str, str]], text: str, notice: str) -> None:
    citations = [citation(n, quote, title) for n, (quote, title) in enumerate(cited, 1)]
    accepted(render(answered(*citations, text=text, notice=notice)))


@given(st.text(max_size=300), st.integers(min_value=0, max_value=400))
def test_shorten_keeps_to_its_length(quote: str, longest: int) -> None:
    cut = shorten(quote, longest)
    assert len(cut) <= max(longest, 5)
    if cut != quote:
        head, _, tail = cut.partition(" … ")
        assert quote.startswith(head)
        assert cut.count(" … ") > 1 or quote.endswith(tail)


def _elements(node: Any) -> list[dict[str, Any]]:
    if isinstance(node, list):
        return [e for item in node for e in _elements(item)]
    if isinstance(node, dict):
        return [node, *(e for value in node.values() for e in _elements(value))]
    return []


def _marked_up(blocks: list[dict[str, Any]]) -> list[str]:
    return [e["text"] for e in _elements(blocks) if e.get("type") == "mrkdwn"]


def test_what_cannot_be_seen_is_marked_wherever_it_stands() -> None:
    """In a quote, a title, the fallback, and what nearest sections are called."""
    quoted = answered(citation(quote="Pay 1\u200b00 \u202eRUE\u202c", title="Travel\u2066 Policy"))
    for payload in (render(quoted), render(abstained("Tra\x1bvel\u2066 Policy"))):
        accepted(payload)
        assert not hidden(json.dumps(payload, ensure_ascii=False))
    said = shown(render(quoted))
    assert "│ Pay 1‹U+200B›00 ‹U+202E›RUE‹U+202C›" in said
    assert "Travel‹U+2066› Policy" in said


def test_a_quote_of_nothing_but_such_characters_fits() -> None:
    accepted(render(answered(citation(quote="\u202e" * 4_000))))
