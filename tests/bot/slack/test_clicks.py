"""Buttons: feedback is stored before the click is acknowledged; passages are shown to whoever may read them now."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.demo.standins import slack_text
from bot.errors import DirectoryUnavailable
from bot.slack.adapter import SlackPlatform
from bot.slack.modals import WHY
from bot.slack.render import FEEDBACK, PASSAGE
from bot.texts import PASSAGE_GONE, PASSAGE_UNAVAILABLE
from bot.types import IncomingKind, PassageView
from tests.bot.slack.fakes import RECORD, MemoryIntake, MemoryViewer, answered, citation, reply_of
from tests.servers.slack import SlackStandIn

VIEW = PassageView(
    title="Travel <!channel> Policy",
    where="Section 4.2 Hotels, page 7, version 2026-03-01.1a2b3c4d",
    before="Before the quote. ",
    quote="Hotels cost at most 180 EUR a night.",
    after=" After the quote.",
    url="https://docs.example.com/travel.pdf#page=7",
)


@pytest.fixture
async def message(slack: SlackStandIn, platform: SlackPlatform, intake: MemoryIntake) -> dict[str, Any]:
    channel = slack.world.add_channel("travel", "U0ADA", "U0BOB")
    await slack.ask("U0ADA", channel, "What may a hotel cost?")
    question = intake.questions[0]
    await platform.post(question, reply_of(platform, answered()), None)
    return slack.world.replies(channel, question.thread)[0]


async def opened(slack: SlackStandIn, platform: SlackPlatform) -> tuple[dict[str, Any], str]:
    """The one window, after everything is done, and its words."""
    await platform.stop()
    (view,) = slack.world.views.values()
    return view, "\n".join(slack_text.lines(view["blocks"]))


async def test_the_passage_opens_with_the_quote_marked(
    slack: SlackStandIn, platform: SlackPlatform, viewer: MemoryViewer, message: dict[str, Any]
) -> None:
    viewer.views[RECORD, 1], viewer.readers = VIEW, {"U0BOB"}
    assert (await slack.press("U0BOB", message, PASSAGE, f"{RECORD}:1")).acknowledged
    view, words = await opened(slack, platform)
    assert "│ Hotels cost at most 180 EUR a night." in words
    assert "Before the quote." in words
    assert "After the quote." in words
    assert VIEW.where in words
    (reader,) = viewer.asked
    assert (reader.user, reader.email, reader.member) == ("U0BOB", "bob@example.com", True)
    quote = next(p for p in view["blocks"][0]["elements"] if p["type"] == "rich_text_quote")
    assert quote["elements"][0]["style"] == {"bold": True}


async def test_who_may_not_read_sees_no_passage(
    slack: SlackStandIn, platform: SlackPlatform, viewer: MemoryViewer, message: dict[str, Any]
) -> None:
    viewer.views[RECORD, 1], viewer.readers = VIEW, {"U0ADA"}
    await slack.press("U0BOB", message, PASSAGE, f"{RECORD}:1")
    _, words = await opened(slack, platform)
    assert words == f"{PASSAGE_GONE}\nRecord {RECORD}"


async def test_a_slow_passage_opens_in_time_all_the_same(
    slack: SlackStandIn, platform: SlackPlatform, viewer: MemoryViewer, message: dict[str, Any]
) -> None:
    viewer.views[RECORD, 1], viewer.readers, viewer.slow = VIEW, {"U0BOB"}, 1.5
    await slack.press("U0BOB", message, PASSAGE, f"{RECORD}:1")
    _, words = await opened(slack, platform)
    assert "180 EUR" in words
    assert slack.counts()["views.update"] == 1


async def test_a_passage_that_cannot_be_read_says_so(
    slack: SlackStandIn, platform: SlackPlatform, viewer: MemoryViewer, message: dict[str, Any]
) -> None:
    viewer.broken = DirectoryUnavailable("The directory is down.")
    await slack.press("U0BOB", message, PASSAGE, f"{RECORD}:1")
    _, words = await opened(slack, platform)
    assert words == f"{PASSAGE_UNAVAILABLE}\nRecord {RECORD}"


async def test_the_menu_of_many_sources(
    slack: SlackStandIn, by_http: SlackPlatform, intake: MemoryIntake, viewer: MemoryViewer
) -> None:
    viewer.views[RECORD, 12], viewer.readers = VIEW, {"U0ADA"}
    dm = slack.world.dm("U0ADA")
    await slack.say("U0ADA", dm, "Hotels?")
    outcome = answered(*(citation(n) for n in range(1, 23)))
    await by_http.post(intake.questions[0], reply_of(by_http, outcome), None)
    (message,) = slack.world.replies(dm, intake.questions[0].thread)
    await slack.press("U0ADA", message, PASSAGE, f"{RECORD}:12")
    _, words = await opened(slack, by_http)
    assert "180 EUR" in words


async def test_a_huge_section_fits_a_window(
    slack: SlackStandIn, platform: SlackPlatform, viewer: MemoryViewer, message: dict[str, Any]
) -> None:
    huge = PassageView("T", "W", "b" * 500_000, "The quote", "a" * 500_000, "javascript:x")
    viewer.views[RECORD, 1], viewer.readers = huge, {"U0BOB"}
    await slack.press("U0BOB", message, PASSAGE, f"{RECORD}:1")
    view, words = await opened(slack, platform)
    assert "│ The quote" in words
    assert "javascript" not in str(view)


async def test_all_quotes_of_a_source_are_marked(
    slack: SlackStandIn, platform: SlackPlatform, viewer: MemoryViewer, message: dict[str, Any]
) -> None:
    rows = (("Car | 0.30\n", "Bicycle | 0.05"), ("\n", "Total | 0.35"))
    viewer.views[RECORD, 1] = PassageView("T", "W", "Rates.\n", "Vehicle | EUR", "\nEnd.", None, rows)
    viewer.readers = {"U0BOB"}
    await slack.press("U0BOB", message, PASSAGE, f"{RECORD}:1")
    view, words = await opened(slack, platform)
    assert words.splitlines()[2:] == [
        "Rates.", "│ Vehicle | EUR", "Car | 0.30", "│ Bicycle | 0.05", "│ Total | 0.35", "End.",
    ]  # fmt: skip
    quotes = [p["elements"][0] for p in view["blocks"][0]["elements"] if p["type"] == "rich_text_quote"]
    assert [q["style"] for q in quotes] == [{"bold": True}] * 3


@pytest.mark.parametrize("thumb", ["up", "down"])
async def test_a_thumb_is_recorded(
    slack: SlackStandIn, platform: SlackPlatform, intake: MemoryIntake, message: dict[str, Any], thumb: str
) -> None:
    assert (await slack.press("U0BOB", message, FEEDBACK, f"{thumb}:{RECORD}")).acknowledged
    given = intake.accepted[-1]
    assert (given.kind, given.text, given.about, given.user) == (IncomingKind.FEEDBACK, thumb, RECORD, "U0BOB")
    assert (given.thread, given.message) == (message["thread_ts"], message["ts"])
    await platform.stop()
    assert len(slack.world.views) == (1 if thumb == "down" else 0)


async def test_a_thumbs_down_asks_why(
    slack: SlackStandIn, platform: SlackPlatform, intake: MemoryIntake, message: dict[str, Any]
) -> None:
    await slack.press("U0BOB", message, FEEDBACK, f"down:{RECORD}")
    view = await slack.window()
    answer = {WHY: {WHY: {"type": "plain_text_input", "value": "It is 200 since May."}}}
    intake.down = True
    refused = await slack.submit("U0BOB", view, answer)
    assert '"response_action": "errors"' in refused.body
    intake.down = False
    assert (await slack.submit("U0BOB", view, answer)).acknowledged
    why = intake.accepted[-1]
    assert (why.kind, why.text, why.about) == (IncomingKind.FEEDBACK, "down: It is 200 since May.", RECORD)
    assert why.channel == intake.questions[0].channel


async def test_a_thumb_toggled_is_one_state_with_a_history_and_one_window(
    slack: SlackStandIn, platform: SlackPlatform, intake: MemoryIntake, message: dict[str, Any]
) -> None:
    for thumb in ("down", "down", "up", "up", "down"):
        assert (await slack.press("U0BOB", message, FEEDBACK, f"{thumb}:{RECORD}")).acknowledged
    await slack.press("U0ADA", message, FEEDBACK, f"down:{RECORD}")
    await platform.stop()
    told = [(i.user, i.text) for i in intake.accepted if i.kind is IncomingKind.FEEDBACK]
    assert told == [("U0BOB", "down"), ("U0BOB", "up"), ("U0BOB", "down"), ("U0ADA", "down")]
    assert len(slack.world.views) == 2  # one for each person


async def test_a_double_click_on_a_thumb_is_one(
    slack: SlackStandIn, platform: SlackPlatform, intake: MemoryIntake, message: dict[str, Any]
) -> None:
    intake.slow = 0.2
    await asyncio.gather(*(slack.press("U0BOB", message, FEEDBACK, f"down:{RECORD}") for _ in range(3)))
    intake.slow = 0.0
    await platform.stop()
    assert [i.text for i in intake.accepted if i.kind is IncomingKind.FEEDBACK] == ["down"]
    assert len(slack.world.views) == 1


async def test_a_thumb_that_could_not_be_stored_counts_when_it_is_pressed_again(
    slack: SlackStandIn, by_http: SlackPlatform, intake: MemoryIntake, message: dict[str, Any]
) -> None:
    intake.down = True
    assert not (await slack.press("U0BOB", message, FEEDBACK, f"up:{RECORD}")).acknowledged
    intake.down = False
    assert (await slack.press("U0BOB", message, FEEDBACK, f"up:{RECORD}")).acknowledged
    assert intake.accepted[-1].text == "up"


async def test_a_thumb_that_cannot_be_stored_is_not_acknowledged(
    slack: SlackStandIn, platform: SlackPlatform, intake: MemoryIntake, message: dict[str, Any]
) -> None:
    slack.ack_within, intake.down = 0.5, True
    assert not (await slack.press("U0BOB", message, FEEDBACK, f"up:{RECORD}")).acknowledged


@pytest.mark.parametrize(
    ("action", "value"),
    [
        (FEEDBACK, "up:../../etc"),
        (FEEDBACK, "sideways:abc"),
        (PASSAGE, "abc"),
        (PASSAGE, "abc:x"),
        (PASSAGE, "a'; DROP TABLE:1"),
        ("another_action", "v"),
    ],
)
async def test_a_value_that_we_did_not_make_does_nothing(
    slack: SlackStandIn, by_http: SlackPlatform, intake: MemoryIntake, viewer: MemoryViewer, action: str, value: str
) -> None:
    body = {
        "type": "block_actions",
        "user": {"id": "U0ADA"},
        "team": {"id": slack.world.team},
        "trigger_id": "t",
        "actions": [{"action_id": action, "block_id": "b", "value": value}],
    }
    assert (await slack.deliver(body, "interactive")).acknowledged
    assert intake.tries == 0
    assert viewer.asked == []
