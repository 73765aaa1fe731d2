"""Questions as people type them, through the whole product: what was read otherwise is said, and recorded."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.answering.render import plain
from bot.settings.values import Settings
from bot.wiring.app import App, open_app
from connectors.folder import FolderSource
from connectors.kinds import AccessSettings, access_rules
from retrieval.people import EVERYONE

TRAVEL = "# Travel\n\nHotel expenses in Berlin are reimbursed up to 180 EUR a night.\n"
PAY = "# Pay\n\nThe remuneration of the directors is 90,000 EUR a year.\n"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("typed")
    for name, text in (("travel.md", TRAVEL), ("board/pay.md", PAY)):
        (folder / "documents" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "documents" / name).write_text(text, "utf-8")
    rules = access_rules((AccessSettings(path="board/**", allow=("user:ada@example.com",)),), (EVERYONE,))

    async def sync() -> None:
        async with open_app(Settings(home=folder / "home")) as app:
            await app.sync(FolderSource("typed", folder / "documents", access=rules))

    asyncio.run(sync())
    return folder / "home"


@pytest.fixture
async def app(home: Path) -> AsyncIterator[App]:
    async with open_app(Settings(home=home)) as made:
        yield made


async def test_a_mistyped_question_is_answered_and_the_reply_says_how_it_was_read(app: App) -> None:
    asked = await app.ask_as("how much hotel expences in berlin are reimbursd?", None)
    said = plain(asked.outcome)
    assert asked.outcome.kind.value == "answered"
    assert "180 EUR" in said
    assert "I read “expences” as “expenses”, “reimbursd” as “reimbursed”." in said
    record = await app.audit.get(asked.outcome.record_id)
    assert record is not None
    assert record.fields["question"] == "how much hotel expences in berlin are reimbursd?"
    assert record.fields["searched"] == "how much hotel expenses in berlin are reimbursed?"


async def test_nothing_is_said_of_a_question_that_is_read_as_typed(app: App) -> None:
    assert "I read" not in plain((await app.ask_as("how much hotel expenses in Berlin are reimbursed?", None)).outcome)


async def test_a_word_of_documents_that_the_asker_may_not_read_is_not_given_away(app: App) -> None:
    text = "what is the remuneratoin of the directrs?"
    theirs, ours = await app.ask_as(text, None), await app.ask_as(text, "ada@example.com")
    assert "remuneration" not in plain(theirs.outcome) + theirs.searched
    assert "I read “remuneratoin” as “remuneration”, “directrs” as “directors”." in plain(ours.outcome)
    assert "90,000 EUR" in plain(ours.outcome)
