"""A channel's style and line reach its answers, and no other channel's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from audit.record import Json
from bot.answering.ask import Ask, Request
from bot.answering.channels import NO_RULE, ChannelRule
from bot.answering.commands import Commands
from bot.keys import ChannelKey, ThreadKey
from bot.settings.chat import ChannelSettings, StyleSettings
from bot.settings.values import Settings
from bot.types import Outcome
from bot.wiring.app import open_app
from bot.wiring.channel_rules import styled
from bot.wiring.styles import house_style
from retrieval.people import Audience, AudienceKind, Principal
from retrieval.selection import ModelUse
from retrieval.types import Passage, Question, Verified
from tests.bot.fakes import NOW, ListLibrary, ListRetriever, MemoryLog, QuotingAnswerer, passage

ADA = Principal("slack", "T1", "U1", "ada@example.com")
HOTELS = "Hotels cost at most 180 EUR a night."


class Noting(QuotingAnswerer):
    def __init__(self) -> None:
        self.asked: list[str] = []

    async def answer(
        self, question: Question, passages: Sequence[Passage], since: float | None = None
    ) -> tuple[Verified, ModelUse]:
        self.asked.append(question.text)
        return await super().answer(question, passages)


@pytest.mark.parametrize(
    ("rule", "own", "line"),
    [
        (NO_RULE, False, "House line."),
        (ChannelRule(style="C1"), True, "House line."),
        (ChannelRule(style="C1", disclaimer="Line of C1."), True, "Line of C1."),
        (ChannelRule(style="C1", disclaimer=""), True, ""),
    ],
)
async def test_answers_are_in_the_style_of_the_channel(rule: ChannelRule, own: bool, line: str) -> None:
    library, house, channel = ListLibrary(passage(HOTELS)), Noting(), Noting()
    ask = Ask(
        library,
        ListRetriever(library),
        house,
        MemoryLog(),
        Commands(library, lambda thread: 0),
        disclaimer="House line.",
        styled={"C1": channel},
    )
    shown: list[Outcome] = []

    def render(outcome: Outcome) -> Mapping[str, Json]:
        shown.append(outcome)
        return {"text": outcome.notice}

    request = Request(
        record_id="r1",
        question=Question("What do hotels cost?", NOW),
        asker=ADA,
        audience=Audience(AudienceKind.PRIVATE, frozenset({ADA.entries})),
        private=None,
        thread=ThreadKey(ChannelKey("slack", "T1", "C1"), "t1"),
        place={},
        render=render,
        rule=rule,
    )
    await ask(request)
    assert (len(channel.asked), len(house.asked)) == ((1, 0) if own else (0, 1))
    assert shown[0].notice == line


async def test_the_product_has_a_model_for_each_style(tmp_path: Path) -> None:
    rules = (
        ChannelSettings(id="C1", style=StyleSettings(language="German", statements=2)),
        ChannelSettings(id="C2", limit=3),
    )
    settings = Settings(
        home=tmp_path / "home",
        model="tiny",
        model_base_url="http://127.0.0.1:9/v1",
        style=StyleSettings(tone="Dry."),
        channels=rules,
    )
    (there,) = styled(settings).values()
    style = house_style(there)
    assert (style.tone, style.language, style.claims) == ("Dry.", "German", 2)
    async with open_app(settings) as app:
        assert set(app.ask.styled) == {"C1"}
        assert app.model is not None
