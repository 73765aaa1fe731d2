"""Answers that quote what a document no longer says are found."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.answering.affected import Affected, affected
from bot.settings.values import Settings
from bot.wiring.app import App, open_app
from bot.wiring.sources import configured
from connectors.folder import FolderSettings

POLICY = (
    "# Travel policy\n\n## 4.2 Hotels\n\nThe limit for a hotel night is {limit} EUR.\n\n## 4.3 Trains\n\n{trains}\n"
)
TRAINS = "Trains are booked in second class."


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[App]:
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "travel.md").write_text(POLICY.format(limit=100, trains=TRAINS))
    made = Settings(home=tmp_path / "home", sources=(FolderSettings(name="docs", path=folder),))
    async with open_app(made) as app:
        await synced(app)
        yield app


async def synced(app: App) -> None:
    for source in configured(app.settings):
        await app.sync(source)


async def found(app: App, *documents: str) -> list[Affected]:
    return [one async for one in affected(app.audit, app.state, documents)]


async def test_only_the_answers_whose_sentence_changed_are_found(app: App, tmp_path: Path) -> None:
    hotel = await app.ask_as("What is the limit for a hotel night?", None)
    train = await app.ask_as("In which class are trains booked?", None)
    assert (hotel.outcome.kind.value, train.outcome.kind.value) == ("answered", "answered")
    assert await found(app, "travel.md") == []
    before = datetime.now(UTC)
    (tmp_path / "documents" / "travel.md").write_text(POLICY.format(limit=200, trains=TRAINS))
    await synced(app)
    (one,) = await found(app, *app.state.changed_since(before - timedelta(minutes=1)))
    assert one.record == hotel.outcome.record_id
    assert "100 EUR" in one.quote
    assert "100 EUR" in one.old
    assert "200 EUR" in one.new
    assert one.section == "4.2 Hotels"
    assert app.state.changed_since(datetime.now(UTC) + timedelta(minutes=1)) == []


async def test_all_answers_of_a_document_that_is_gone_are_found(app: App, tmp_path: Path) -> None:
    asked = await app.ask_as("What is the limit for a hotel night?", None)
    (tmp_path / "documents" / "travel.md").unlink()
    await synced(app)
    (one,) = await found(app, *app.state.changed_since(None))
    assert (one.record, one.new_version, one.new) == (asked.outcome.record_id, "", "")
