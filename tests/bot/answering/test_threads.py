"""Questions of one thread through the whole product, with the built-in embedder: no list of pronouns helps here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.answering.ask import Replied
from bot.settings.values import Settings
from bot.wiring.app import App, open_app
from connectors.folder import FolderSource
from retrieval.types import Turn

DOCUMENTS = {
    "parental-leave.md": """# Parental Leave

Employees get 12 weeks of paid parental leave after the birth of a child.
The leave must be taken within one year after the birth.
Colleagues are told at least 30 days before the leave begins.
""",
    "sabbatical.md": """# Sabbatical

After five years employees may take a sabbatical of three months.
The manager is told at least six months before it begins.
Health insurance goes on during the sabbatical.
""",
    "devices.md": """# Laptops

Each laptop is encrypted before it is handed out.
A stolen laptop is reported to the IT desk within one hour.
Laptops are replaced every four years.
""",
    "reisen.md": """# Reisekosten

Hotels kosten h\u00f6chstens 180 EUR je Nacht.
Fahrten mit dem Taxi werden nur nach 22 Uhr erstattet.
Belege sind innerhalb von 30 Tagen einzureichen.
""",
}


class Talk:
    """One thread, as the command's `chat` keeps it."""

    def __init__(self, app: App) -> None:
        self._app = app
        self.memory: tuple[Turn, ...] = ()

    async def ask(self, text: str) -> Replied:
        replied = await self._app.ask_as(text, None, self.memory)
        self.memory = (*self.memory, *([replied.turn] if replied.turn is not None else []))
        return replied


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("threads")
    (folder / "documents").mkdir()
    for name, text in DOCUMENTS.items():
        (folder / "documents" / name).write_text(text, "utf-8")

    async def sync() -> None:
        async with open_app(Settings(home=folder / "home")) as made:
            await made.sync(FolderSource("documents", folder / "documents"))

    asyncio.run(sync())
    return folder / "home"


@pytest.fixture
async def app(home: Path) -> AsyncIterator[App]:
    async with open_app(Settings(home=home)) as made:
        yield made


def said(replied: Replied) -> list[str]:
    """What stands in the reply, as the answer or as the nearest."""
    answer = replied.outcome.told or replied.outcome.near
    return [s.text for s in answer.statements] if answer is not None else []


@pytest.mark.parametrize(
    ("before", "follow", "says"),
    [
        ("how long is parental leave", "until when must it be taken?", "within one year"),
        ("how many weeks of parental leave do I get", "when do I tell my colleagues", "30 days before"),
        ("when can i take a sabbatical", "how early is my manager told", "six months before"),
        ("my laptop was stolen what do i do", "how often are they replaced", "every four years"),
        ("was darf ein Hotel kosten", "und ein Taxi?", "nach 22 Uhr"),
    ],
)
async def test_a_follow_up_is_read_with_its_thread(app: App, before: str, follow: str, says: str) -> None:
    talk = Talk(app)
    shown = said(await talk.ask(before))
    told = said(await talk.ask(follow))
    assert any(says in text for text in told)
    assert shown[0] not in told


async def test_a_change_of_topic_is_seen(app: App) -> None:
    talk = Talk(app)
    await talk.ask("how long is parental leave")
    switched = await talk.ask("within which time must a stolen laptop be reported to the IT desk")
    assert switched.searched == "within which time must a stolen laptop be reported to the IT desk"
    assert "within one hour" in said(switched)[0]


async def test_a_question_that_found_no_answer_is_remembered(app: App) -> None:
    talk = Talk(app)
    await talk.ask("how long is parental leave")
    unanswered = await talk.ask("does it count towards the pension?")
    assert unanswered.outcome.told is None
    assert len(talk.memory) == 2
    assert any("within one year" in text for text in said(await talk.ask("and until when must it be taken")))


@pytest.mark.parametrize("asked", ["who pays the lawyer?", "what about the canteen", "can the dog come along?"])
@pytest.mark.parametrize("before", ["how long is parental leave", "when can i take a sabbatical"])
async def test_a_thread_makes_no_answer_of_what_stands_nowhere(app: App, before: str, asked: str) -> None:
    """The thread's own vector lifted every unit on its matter: whatever was asked next was answered with one."""
    talk = Talk(app)
    await talk.ask(before)
    assert (await talk.ask(asked)).outcome.told is None


async def test_the_sentence_just_shown_is_not_shown_again(app: App) -> None:
    talk = Talk(app)
    shown = said(await talk.ask("how long is parental leave"))
    told = said(await talk.ask("and how long before it do I tell them"))
    assert told
    assert shown[0] not in told
