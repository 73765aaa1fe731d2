"""Training examples: from approved answers alone, with the passages in the prompt, without people's names."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from audit.record import AuditRecord, new_record_id
from bot.evaluation.prompts import CHANGED, ERASED, OTHERWISE, Again
from bot.evaluation.training import Example, approved, example, parted, problems, redact
from bot.settings.values import Settings
from bot.wiring.app import open_app, open_state
from connectors.folder import FolderSource
from retrieval.generate.prompt import HouseStyle
from retrieval.types import Turn
from tests.bot.fakes import NOW
from tests.servers.model import ModelServer, picks


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


RULE = "Hotels cost at most 180 EUR a night."
MAIL = "Ask Ada at ada@example.com or +353 1 555 0100 within 30 days of 2026-03-01."


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    documents = tmp_path / "documents"
    documents.mkdir()
    (documents / "travel.md").write_text(f"# Travel\n\n## 4.2 Hotels\n\n{RULE} {MAIL}\n\n- Taxis\n- Trains\n", "utf-8")
    (documents / "leave.md").write_text("# Leave\n\nEmployees have 28 days of leave a year.\n", "utf-8")
    return tmp_path


def settings(folder: Path, model: str | None = None) -> Settings:
    return Settings(home=folder / "home", model=model and "tiny", model_base_url=model, model_abstains=True)


async def answered(folder: Path, *texts: str, model: str | None = None) -> list[AuditRecord]:
    """The records of questions of one thread."""
    memory: tuple[Turn, ...] = ()
    found = []
    async with open_app(settings(folder, model)) as app:
        await app.sync(FolderSource("documents", folder / "documents"))
        for text in texts:
            asked = await app.ask_as(text, None, memory)
            memory = (*memory, *([asked.turn] if asked.turn is not None else []))
            record = await app.audit.get(asked.outcome.record_id)
            assert record is not None
            found.append(record)
    return found


async def trained(folder: Path, record: AuditRecord) -> Example | str | None:
    """The example made of a record, or why there is none."""
    with open_state(settings(folder)) as state:
        sent = await Again(state, [HouseStyle()]).sent(record)
    return sent if isinstance(sent, str) else example(record, sent)


async def test_an_example_is_the_very_prompt_that_the_model_saw(folder: Path) -> None:
    (folder / "documents" / "travel.md").write_text(f"# Travel\n\n## 4.2 Hotels\n\n{RULE} Over 2,500 EUR ask first.\n")
    async with ModelServer(picks(2, 1)) as server:
        first, second = await answered(folder, "What do hotels cost?", "And above that?", model=server.url)
    for record, request in zip((first, second), server.requests, strict=True):
        made = await trained(folder, record)
        assert isinstance(made, Example)
        assert problems(made.line()) == []
        *seen, said = json.loads(made.line())["messages"]
        assert seen == request["messages"]
        assert json.loads(said["content"])["units"]
    assert json.loads(said["content"])["units"][0] == {"id": 2, "words": None}


async def test_a_right_abstention_is_an_example_too(folder: Path) -> None:
    async with ModelServer(picks()) as server:
        [record] = await answered(folder, "Who founded the company?", model=server.url)
    made = await trained(folder, record)
    assert record.outcome == "abstained"
    assert isinstance(made, Example)
    assert json.loads(made.messages[-1][1]) == {"units": []}
    seen = [(m["role"], redact(m["content"], ())) for m in server.requests[0]["messages"]]
    assert [*made.messages[:-1]] == seen  # but for people's data the very prompt


async def test_an_answer_without_a_model_is_an_example_for_one(folder: Path) -> None:
    [record] = await answered(folder, "What do hotels cost?")
    made = await trained(folder, record)
    assert isinstance(made, Example)
    system, user, said = (content for _, content in made.messages)
    assert "Name the units that answer" in system
    assert RULE in user
    assert "28 days" in user  # what was retrieved and does not answer stands there too
    assert json.loads(said)["units"]
    assert made.documents == {"travel.md"}


async def test_people_are_not_in_an_example_but_figures_and_dates_are(folder: Path) -> None:
    [record] = await answered(folder, "What do hotels cost? Write to eve@example.com or <@U1>, +353 1 555 0199")
    made = await trained(folder, record)
    assert isinstance(made, Example)
    for hidden in ("ada@example.com", "eve@example.com", "<@U1>", "555 0100", "555 0199"):
        assert hidden not in made.line()
    for kept in ("180 EUR", "30 days", "2026-03-01"):
        assert kept in made.line()


async def test_what_was_erased_or_has_changed_since_is_no_example(folder: Path) -> None:
    async with ModelServer(picks(1)) as server:
        [record] = await answered(folder, "What do hotels cost?", model=server.url)
    fields = {k: v for k, v in record.fields.items() if k != "searched"}
    assert await trained(folder, replace(record, fields=fields, erased=("searched",))) == ERASED
    assert await trained(folder, replace(record, fields={**record.fields, "prompt_sha256": "0" * 64})) == OTHERWISE
    assert await trained(folder, replace(record, outcome="failed")) is None
    (folder / "documents" / "leave.md").write_text("# Leave\n\nEmployees have 30 days of leave a year.\n", "utf-8")
    await answered(folder)
    assert await trained(folder, record) == CHANGED


def made_on(day: int, *documents: str) -> Example:
    return Example(f"r{day}", (("user", str(day)),), datetime(2026, 1, day, tzinfo=UTC), frozenset(documents))


def test_what_is_held_out_is_later_and_of_other_documents() -> None:
    examples = [made_on(n, f"d{n % 8}") for n in range(1, 9)] + [made_on(9, "d1"), made_on(10), made_on(11, "d0", "d7")]
    training, apart = parted(list(reversed(examples)))
    assert [e.at.day for e in training] == [1, 2, 3, 4, 5, 6]
    assert [e.at.day for e in apart] == [7, 8, 10, 11]  # the ninth is of a document that is trained with
    assert not {d for e in training for d in e.documents} & {d for e in apart for d in e.documents}


@pytest.mark.parametrize("examples", [[], [made_on(1, "a")], [made_on(1, "a"), made_on(2, "a")], [made_on(3)]])
def test_too_little_to_hold_out_is_all_for_training(examples: list[Example]) -> None:
    assert parted(examples) == (examples, [])


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
