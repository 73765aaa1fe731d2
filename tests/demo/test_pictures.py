"""The pages that become the README's pictures show what was sent, and no more."""

from __future__ import annotations

import html
import os
import re
import struct
from pathlib import Path

import pytest

from bot.slack.render import call
from bot.slack.render import render as render_slack
from bot.teams.render import call as call_teams
from bot.teams.render import render as render_teams
from bot.types import Expert
from tests.bot.slack.fakes import abstained, answered, citation
from tests.bot.teams.support import answered as answered_in_teams
from tests.demo.pictures import slack_page, teams_page, terminal_page
from tests.demo.pictures.__main__ import main
from tests.demo.pictures.browser import SCALE, WIDTH, Unavailable, chromium, picture
from tests.servers.npmtools import ADAPTIVE_CARDS, npm_package

NASTY = "<script>alert(1)</script> & <!channel> [9] *bold*"
DOCS = Path(__file__).resolve().parents[2] / "docs" / "pictures"


def words(page: str) -> str:
    """What a browser shows of a page without scripts."""
    body = page.partition("<header>")[2]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


def test_a_slack_page_shows_blocks_and_escapes_them() -> None:
    typed = {"text": f"<@U0BOT> {html.escape(NASTY)}"}
    said = render_slack(answered(citation(1, NASTY), text="Yes."))
    asked = call(Expert("Maeve", {"slack": "U0MAEVE"}), "Can you help?", NASTY, "r1")
    lines = [
        slack_page.Line("Ada", typed),
        slack_page.Line("Footnote", said, bot=True, private=True),
        slack_page.Line("Footnote", render_slack(abstained("Handbook")), bot=True),
        slack_page.Line("Footnote", asked, bot=True),
    ]
    page = slack_page.page("# <general>", lines, "U0BOT")
    assert "<script>" not in page
    shown = words(page)
    assert shown.count(NASTY) == 3
    for text in ("# <general>", "Only visible to you", "Yes. [1]", "Travel Policy", "Show the passage", "@U0MAEVE"):
        assert text in shown


def test_a_block_that_cannot_be_drawn_is_told() -> None:
    line = slack_page.Line("Footnote", {"blocks": [{"type": "video"}]}, bot=True)
    with pytest.raises(ValueError, match="'video'"):
        slack_page.page("#", [line], "U0BOT")


def test_a_teams_page_shows_markers_the_label_and_the_card() -> None:
    lines = [
        teams_page.Line("Ada", {"text": f"<at>Footnote</at> {NASTY}"}),
        teams_page.Line("Footnote", render_teams(answered_in_teams(text="See [2] & *this*.")), bot=True),
        teams_page.Line("Footnote", call_teams("Maeve", "29:1", "Can you help?", NASTY), bot=True),
    ]
    page = teams_page.page("Legal", lines, "/* the library */")
    assert "<script>alert" not in page
    shown = words(page.partition("<script>/* the library */")[0])
    assert f"@Footnote {NASTY}" in shown
    assert "AI-generated" in shown
    assert "See [2] & *this*." in shown
    assert page.count("<span class=cite>1</span>") == 1
    assert f"@Maeve Can you help? “{NASTY}”" in shown
    assert "Hotels cost at most 180 EUR a night." in html.unescape(page)


def test_a_terminal_shows_what_was_printed() -> None:
    page = terminal_page.page([("footnote audit verify", f"ok  12 records\nNO  {NASTY}\n")])
    assert "<script>" not in page
    assert "<span class=no>NO</span>" in page
    assert html.escape(NASTY) in page


@pytest.mark.parametrize("name", ["slack.png", "teams.png", "nearest.png", "verify.png"])
def test_the_pictures_are_there_and_small(name: str) -> None:
    content = (DOCS / name).read_bytes()
    assert len(content) < 300_000
    assert struct.unpack(">I", content[16:20]) == (900,)


@pytest.fixture
def browser() -> str:
    """A failure in CI when there is none, else a skip."""
    try:
        return chromium()
    except Unavailable as error:
        if os.environ.get("CI") == "true":
            pytest.fail(str(error))
        pytest.skip(str(error))


@pytest.mark.slow
@pytest.mark.usefixtures("browser")
async def test_the_script_takes_the_pictures(tmp_path: Path) -> None:
    npm_package(ADAPTIVE_CARDS)
    assert await main(tmp_path) == 0
    for name in ("slack.png", "teams.png", "nearest.png", "verify.png"):
        width, height = struct.unpack(">II", (tmp_path / name).read_bytes()[16:24])
        assert width == WIDTH * SCALE
        assert height > 300 * SCALE // 2, "a page without messages is lower"


@pytest.mark.slow
@pytest.mark.usefixtures("browser")
async def test_a_page_becomes_a_picture_as_high_as_it_is(tmp_path: Path) -> None:
    await picture("<!doctype html><body style='margin:0'><div style='height:1500px'>Tall</div>", tmp_path / "p.png")
    width, height = struct.unpack(">II", (tmp_path / "p.png").read_bytes()[16:24])
    assert width == WIDTH * SCALE
    assert 1500 <= height / SCALE <= 1520
