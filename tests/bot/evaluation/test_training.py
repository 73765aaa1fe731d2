"""Training examples: from approved answers alone, with the passages in the prompt, without people's names."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from audit.record import AuditRecord, new_record_id
from bot.evaluation.training import approved, example, problems, redact
from bot.types import ChannelKind
from retrieval.generate.prompt import HouseStyle
from tests.bot.fakes import NOW, incoming
from tests.bot.queue.test_worker import Office


def event(name: str, outcome: str, text: str = "") -> AuditRecord:
    return AuditRecord(new_record_id(), name, NOW, outcome, {"text": text})


@pytest.mark.parametrize(
    ("referring", "expected"),
    [
        ([], False),
        ([event("delivery", "delivered")], False),
        ([event("feedback", "recorded", "up")], True),
        ([event("feedback", "recorded", "down: wrong")], False),
        ([event("feedback", "recorded", "up"), event("feedback", "recorded", "down")], False),
        ([event("feedback", "recorded", "down: wrong"), event("feedback", "recorded", "up")], True),
        ([event("feedback", "recorded", "down"), event("review", "approved")], True),
        ([event("feedback", "recorded", "up"), event("review", "rejected")], False),
        ([event("review", "rejected"), event("review", "approved")], True),
    ],
)
def test_a_reviewers_last_word_decides_then_thumbs(referring: list[AuditRecord], expected: bool) -> None:
    assert approved(referring) is expected


async def answered(tmp_path: Path, text: str) -> AuditRecord:
    office = Office(tmp_path)
    async with office.worker() as worker:
        await worker.accept(incoming(text, where=ChannelKind.DIRECT))
        await worker.drain()
    return office.log.records[0]


async def test_an_example_is_the_prompt_and_the_answer_in_the_models_form(tmp_path: Path) -> None:
    made = example(await answered(tmp_path, "What do hotels cost?"), HouseStyle())
    assert made is not None
    assert problems(made.line()) == []
    system, user, assistant = json.loads(made.line())["messages"]
    assert "Name the units that answer" in system["content"]
    assert "Hotels cost at most 180 EUR a night." in user["content"]
    assert json.loads(assistant["content"]) == {"units": [{"id": 1, "words": None}]}


async def test_people_are_not_in_an_example(tmp_path: Path) -> None:
    text = "What do hotels cost? Write to ada@example.com or <@U1>, +353 1 555 0100"
    made = example(await answered(tmp_path, text), HouseStyle())
    assert made is not None
    for hidden in ("ada@example.com", "<@U1>", "555 0100"):
        assert hidden not in made.line()
    assert "180 EUR" in made.line()


async def test_what_was_erased_or_not_answered_is_no_example(tmp_path: Path) -> None:
    record = await answered(tmp_path, "What do hotels cost?")
    fields = {k: v for k, v in record.fields.items() if k != "searched"}
    assert example(replace(record, fields=fields, erased=("searched",)), HouseStyle()) is None
    assert example(replace(record, outcome="abstained"), HouseStyle()) is None
    assert example(event("delivery", "delivered"), HouseStyle()) is None


@pytest.mark.parametrize(
    "line",
    [
        "no json",
        "[]",
        '{"messages": [], "x": 1}',
        '{"messages": [{"role": "user", "content": "a"}]}',
        '{"messages": [{"role": "system", "content": ""}, {"role": "user", "content": "a"},'
        ' {"role": "assistant", "content": "b"}]}',
        '{"messages": [{"role": "system"}]}',
    ],
)
def test_what_a_provider_would_refuse_is_found(line: str) -> None:
    assert problems(line)


def test_figures_and_dates_are_kept() -> None:
    text = (
        "EUR 2,500,000 in 2026, Section 4.2, 12 January 2026, 45 days, 2026-03-01, 2026/03/01 to 2027/02/28, "
        "1 250 000 000 EUR, 31-12-2026, 330899509 | 8156749, (2023-2024) 10-15 days, 12 345 678"
    )
    assert redact(text, ()) == text


@pytest.mark.parametrize("number", ["+49 30 1234567", "+1 (212) 555-0143", "030 123 45 67", "(020) 7946 0958"])
def test_telephone_numbers_are_not(number: str) -> None:
    assert redact(f"Call {number} now.", ()) == "Call [number] now."
