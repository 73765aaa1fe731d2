"""What documents said on an earlier day."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import apsw
import pytest

from bot.answering.ask import Replied
from bot.settings.values import Settings
from bot.wiring.app import App, open_app
from bot.wiring.as_of import as_of
from bot.wiring.sources import configured
from connectors.folder import FolderSettings
from connectors.kinds import AccessSettings

QUESTION = "What is the limit for a hotel night?"
TODAY = datetime.now(UTC).date()


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[App]:
    """The limit was 100 from January 2025 on, 200 from 1 April, 300 since 1 May; then the file was deleted or not."""
    folder = tmp_path / "documents"
    folder.mkdir()
    rule = AccessSettings(path="secret/**", allow=("group:board",))
    table = FolderSettings(name="docs", path=folder, access=(rule,), allow=("everyone",))
    settings = Settings(home=tmp_path / "home", sources=(table,))
    async with open_app(settings) as made:
        for limit in (100, 200, 300):
            for name in ("travel.md", "secret/pay.md"):
                path = folder / name
                path.parent.mkdir(exist_ok=True)
                said = f"The limit for a hotel night is {limit} EUR." if name == "travel.md" else f"The pay is {limit}."
                path.write_text(f"# {path.stem.title()} policy\n\n{said}\n")
                at = datetime(2025, 1, 1, tzinfo=UTC).timestamp() + limit
                os.utime(path, (at, at))
            for source in configured(settings):
                await made.sync(source)
        backdate(tmp_path / "home" / "state.db")
        yield made


async def then(app: App, question: str, day: date) -> Replied:
    async with as_of(app, day) as ask:
        return await app.ask_as(question, None, ask=ask)


def backdate(store: Path) -> None:
    """As if the syncs had been in April and May: what is stored of them is when each version was in force."""
    april, may = "2025-04-01T08:00:00+00:00", "2025-05-01T08:00:00+00:00"
    db = apsw.Connection(str(store))
    ids = [row[0] for row in db.execute("SELECT DISTINCT document_id FROM versions")]
    for document in ids:
        rows = [r[0] for r in db.execute(
            "SELECT rowid FROM versions WHERE document_id = ? ORDER BY effective_to", (document,))]  # fmt: skip
        first, second = rows
        db.execute("UPDATE versions SET effective_to = ? WHERE rowid = ?", (april, first))
        db.execute("UPDATE versions SET effective_from = ?, effective_to = ? WHERE rowid = ?", (april, may, second))
    db.execute("UPDATE documents SET effective_from = ?", (may,))
    db.close()


@pytest.mark.parametrize(
    ("day", "said"),
    [
        (date(2025, 3, 31), "100 EUR"),
        (date(2025, 4, 1), "200 EUR"),
        (date(2025, 4, 30), "200 EUR"),
        (date(2025, 5, 1), "300 EUR"),
        (TODAY, "300 EUR"),
    ],
)
async def test_the_version_in_force_on_a_day_answers(app: App, day: date, said: str) -> None:
    asked = await then(app, QUESTION, day)
    assert asked.outcome.answer is not None
    assert said in asked.outcome.answer.text
    assert f"As it stood on {day:%Y-%m-%d}." in asked.outcome.notice
    record = await app.audit.get(asked.outcome.record_id)
    assert record is not None
    assert record.fields["as_of"] == f"{day:%Y-%m-%d}"
    (citation,) = asked.outcome.answer.citations
    assert citation.document.effective_from is not None
    assert citation.document.effective_from <= day


async def test_before_there_was_a_document_there_is_no_answer(app: App) -> None:
    asked = await then(app, QUESTION, date(2024, 12, 31))
    assert asked.outcome.kind.value == "abstained"
    assert "As it stood on 2024-12-31." in asked.outcome.text


async def test_now_nothing_of_an_earlier_version_is_quoted(app: App) -> None:
    asked = await app.ask_as(QUESTION, None)
    assert asked.outcome.answer is not None
    assert "300 EUR" in asked.outcome.answer.text
    assert "As it stood" not in asked.outcome.notice


async def test_what_is_deleted_answers_for_the_days_when_it_was_there(app: App, tmp_path: Path) -> None:
    (tmp_path / "documents" / "travel.md").unlink()
    for source in configured(app.settings):
        await app.sync(source)
    assert (await app.ask_as(QUESTION, None)).outcome.kind.value == "abstained"
    asked = await then(app, QUESTION, date(2025, 4, 15))
    assert asked.outcome.answer is not None
    assert "200 EUR" in asked.outcome.answer.text
    tomorrow = await then(app, QUESTION, TODAY + timedelta(days=1))
    assert tomorrow.outcome.kind.value == "abstained"


async def test_the_readers_of_now_decide_about_earlier_versions_too(app: App) -> None:
    asked = await then(app, "What is the pay?", date(2025, 4, 15))
    assert "The pay is" not in str(asked.reply.payload)
    assert not [p for p in asked.passages if p.document.id == "secret/pay.md"]
