"""Before a reply is recorded its documents are asked for at their source."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from audit.record import AuditRecord
from bot.answering.ask import Replied
from bot.settings.values import Settings
from bot.wiring.app import App, open_app
from bot.wiring.sources import configured
from connectors.errors import SourceUnavailable
from connectors.folder import FolderSettings, FolderSource
from connectors.lease import lease
from connectors.ports import Standing

QUESTION = "What is the limit for a hotel night?"


def policy(limit: int) -> str:
    return f"# Travel policy\n\nThe limit for a hotel night is {limit} EUR.\n"


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[App]:
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "travel.md").write_text(policy(100))
    settings = Settings(home=tmp_path / "home", sources=(FolderSettings(name="docs", path=folder),))
    async with open_app(settings) as made:
        for source in configured(settings):
            await made.sync(source)
        yield made


async def recorded(app: App, asked: Replied) -> AuditRecord:
    record = await app.audit.get(asked.outcome.record_id)
    assert record is not None
    return record


def standings(record: AuditRecord) -> list[object]:
    told = record.fields["confirmed"]
    assert isinstance(told, list)
    return [one["standing"] for one in told if isinstance(one, dict)]


async def test_what_the_source_confirms_is_answered_and_the_record_says_so(app: App) -> None:
    asked = await app.ask_as(QUESTION, None)
    assert (asked.outcome.kind.value, asked.outcome.notice) == ("answered", "")
    assert standings(await recorded(app, asked)) == ["same"]


async def test_what_changed_since_the_sync_is_read_anew_and_answered_from(app: App, tmp_path: Path) -> None:
    """Nobody synced: the old version is what the state store knows."""
    (tmp_path / "documents" / "travel.md").write_text(policy(200))
    asked = await app.ask_as(QUESTION, None)
    assert asked.outcome.answer is not None
    assert "200 EUR" in asked.outcome.answer.text
    assert "100 EUR" not in str((await recorded(app, asked)).fields["citations"])


async def test_what_is_gone_at_the_source_is_not_quoted(app: App, tmp_path: Path) -> None:
    (tmp_path / "documents" / "travel.md").unlink()
    asked = await app.ask_as(QUESTION, None)
    assert asked.outcome.kind.value == "abstained"
    assert (await recorded(app, asked)).fields["citations"] == []


async def test_what_cannot_be_read_anew_is_said_to_be_updated(
    app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.wiring.revalidation.READ_S", 0.5)
    (tmp_path / "documents" / "travel.md").write_text(policy(200))
    with lease(tmp_path / "home" / "leases", "docs"):  # another process is at it, and does not get on
        asked = await app.ask_as(QUESTION, None)
    assert asked.outcome.kind.value == "abstained"
    assert "is being updated" in asked.outcome.text
    record = await recorded(app, asked)
    assert (record.fields["citations"], standings(record)) == ([], ["changed"])


@pytest.mark.parametrize("silent", ["hangs", "fails"])
async def test_no_word_in_time_and_the_reply_says_when_it_was_last_confirmed(
    app: App, monkeypatch: pytest.MonkeyPatch, silent: str
) -> None:
    async def revalidate(self: FolderSource, item_id: str, token: str) -> Standing:
        if silent == "fails":
            raise SourceUnavailable("the share is not there")
        await asyncio.Event().wait()
        return Standing.SAME

    monkeypatch.setattr(FolderSource, "revalidate", revalidate)
    asked = await app.ask_as(QUESTION, None)
    assert asked.outcome.kind.value == "answered"
    known = app.state.source("docs")
    assert known is not None
    assert known.completed_at is not None
    assert asked.outcome.notice == (
        f"I could not ask whether Travel policy changed since {known.completed_at:%Y-%m-%d %H:%M} UTC."
    )
    record = await recorded(app, asked)
    assert standings(record) == ["unknown"]
