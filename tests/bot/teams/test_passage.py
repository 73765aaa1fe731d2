""" "Show the passage": a window for the person who pressed it, with the rights checked at that moment."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest

from bot.demo.standins.teams import TeamsFault
from bot.demo.standins.teams_checks import elements
from bot.texts import PASSAGE_GONE, PASSAGE_UNAVAILABLE
from bot.types import PassageView
from retrieval.people import Principal
from tests.bot.teams.support import ADA, BEN, STRANGER, Bot, answered, citation, reply, running

VIEW = PassageView(
    "Travel [Policy](https://evil.example)",
    "Section 4.2 Hotels, page 7",
    "Before <at>all</at>. ",
    "Hotels cost at most 180 EUR a night.",
    " After.",
    "https://docs.example.com/travel.pdf#page=7",
)


@dataclass
class OneReader:
    """Shows the passage to one person."""

    may_read: Principal
    asked: list[tuple[str, int, Principal]] = field(default_factory=list)
    view: PassageView = VIEW
    slow: bool = False

    async def passage(self, record_id: str, n: int, reader: Principal) -> PassageView | None:
        self.asked.append((record_id, n, reader))
        if self.slow:
            await asyncio.Event().wait()
        return self.view if reader == self.may_read else None


def ada() -> Principal:
    return Principal("teams", ADA.tenant, ADA.object_id, ADA.email)


async def shown(bot: Bot) -> Any:
    channel = bot.teams.place("channel", ADA, BEN)
    await bot.teams.say(channel, ADA, "How much?")
    await bot.platform.post(bot.intake.last, reply(bot.platform, answered(citation(1), citation(2))), None)
    return bot.teams.answers(channel)[0]


async def test_the_passage_is_shown_with_its_quote_marked() -> None:
    viewer = OneReader(ada())
    async with running(options={"viewer": viewer}) as bot:
        text = await bot.teams.show_passage(await shown(bot), ADA, 2)
        assert text.splitlines() == [
            "Travel [Policy](https://evil.example)",
            "Section 4.2 Hotels, page 7",
            "Before <at>all</at>. Hotels cost at most 180 EUR a night. After.",
            "Open the document: https://docs.example.com/travel.pdf#page=7",
        ]
        assert viewer.asked == [(answered().record_id, 2, ada())]


async def test_somebody_else_in_the_channel_is_checked_anew() -> None:
    async with running(options={"viewer": OneReader(ada())}) as bot:
        assert (
            await bot.teams.show_passage(await shown(bot), BEN, 1) == f"{PASSAGE_GONE}\nRecord {answered().record_id}"
        )


async def test_a_stranger_is_nobody_to_the_viewer() -> None:
    viewer = OneReader(ada())
    async with running(options={"viewer": viewer}) as bot:
        assert (
            await bot.teams.show_passage(await shown(bot), STRANGER, 1)
            == f"{PASSAGE_GONE}\nRecord {answered().record_id}"
        )
        assert not viewer.asked[0][2].entries & {"everyone", f"user:{STRANGER.email}"}


async def test_when_teams_does_not_say_who_it_is_nothing_is_shown() -> None:
    viewer = OneReader(ada())
    async with running(options={"viewer": viewer}, tries=1) as bot:
        answer = await shown(bot)
        bot.teams.faults.append(TeamsFault(500, 1, "/members/"))
        assert await bot.teams.show_passage(answer, ADA, 1) == f"{PASSAGE_UNAVAILABLE}\nRecord {answered().record_id}"
        assert viewer.asked == []


async def test_a_slow_viewer_does_not_leave_the_window_empty() -> None:
    async with running(options={"viewer": OneReader(ada(), slow=True)}, window_seconds=0.2) as bot:
        assert (
            await bot.teams.show_passage(await shown(bot), ADA, 1)
            == f"{PASSAGE_UNAVAILABLE}\nRecord {answered().record_id}"
        )


async def test_a_long_passage_is_cut_far_from_the_quote() -> None:
    view = PassageView("T", "W", "b" * 50_000 + "NEAR ", "the quote", " NEAR" + "a" * 50_000, "javascript:alert(1)")
    async with running(options={"viewer": OneReader(ada(), view=view)}) as bot:
        text = await bot.teams.show_passage(await shown(bot), ADA, 1)
        assert "bNEAR the quote NEARa" in text
        assert len(text) < 10_000
        assert "javascript" not in text


async def test_all_quotes_of_a_source_are_marked() -> None:
    rows = ((" Car | 0.30 ", "Bicycle | 0.05"), (" ", "Total | 0.35"))
    view = PassageView("T", "W", "Rates. ", "Vehicle | EUR", " End.", None, rows)
    async with running(options={"viewer": OneReader(ada(), view=view)}) as bot:
        card = await bot.teams.passage_card(await shown(bot), ADA, 1)
        assert isinstance(card, dict), card
        runs = [e for e in elements(card["content"]) if e["type"] == "TextRun"][2:]
        assert "".join(r["text"] for r in runs) == ("Rates. Vehicle | EUR Car | 0.30 Bicycle | 0.05 Total | 0.35 End.")
        marked = [r["text"] for r in runs if r.get("highlight")]
        assert marked == ["Vehicle | EUR", "Bicycle | 0.05", "Total | 0.35"]


async def test_many_long_quotes_fit_a_window() -> None:
    rows = tuple(("between " * 200, f"row {n} " * 500) for n in range(40))
    view = PassageView("T", "W", "b" * 9_000, "q" * 9_000, "a" * 9_000, None, rows)
    async with running(options={"viewer": OneReader(ada(), view=view)}) as bot:
        text = await bot.teams.show_passage(await shown(bot), ADA, 1)
        assert "row 39" in text
        assert len(text) < 20_000


async def test_without_a_viewer_there_is_no_button() -> None:
    async with running() as bot:
        assert "Action.Submit" not in str((await shown(bot)).activity)


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"passage": 5},
        {"passage": {"record": 1, "n": 1}},
        {"passage": {"record": "r", "n": True}},
        {"passage": {"record": "r"}},
    ],
    ids=str,
)
async def test_a_forged_button_is_an_unknown_call(data: dict[str, Any]) -> None:
    viewer = OneReader(ada())
    async with running(options={"viewer": viewer}) as bot:
        activity = bot.teams.activity("invoke", bot.teams.personal(ADA), ADA)
        status, _ = await bot.teams.deliver({**activity, "name": "task/fetch", "value": {"data": data}})
        assert (status, viewer.asked) == (501, [])
