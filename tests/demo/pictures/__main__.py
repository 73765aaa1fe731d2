"""Pictures for the README, from what the product really sent and printed: `python -m tests.demo.pictures`.

The sample company plays some scenes against the stand-ins; their messages are drawn in Chromium.
Needs Chromium, and npm once. Fonts that look best: fonts-lato and fonts-open-sans.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from audit.search import Filter
from bot.demo import company
from bot.demo.play import Stage, on_stage
from bot.service.logs import configure
from bot.settings.chat import ExpertSettings
from tests.demo.pictures import slack_page, teams_page, terminal_page
from tests.demo.pictures.browser import Unavailable, adaptive_cards, picture
from tests.servers.commands import footnote

UNANSWERED = "What is the limit for client dinners?"
FOLDER = Path(__file__).resolve().parents[3] / "docs" / "pictures"


async def slack(stage: Stage) -> str:
    """#general, as Tom sees it: a question for everybody, and one whose answer is for him alone."""
    world = stage.slack.world
    channel = world.add_channel("general", *(f"U{name.upper()}" for name in company.PEOPLE))
    root = await stage.slack.ask("UPRIYA", channel, "What is the hotel limit per night in Paris?")
    await stage.worker.drain()
    await stage.slack.ask("UTOM", channel, "What is the executive bonus pool for 2026?", root)
    await stage.worker.drain()
    lines = [
        slack_page.Line(world.name_of(message), message, bot=message.get("user") == world.bot_user)
        for message in world.thread(channel, root)
    ]
    direct = world.messages[world.dm("UTOM")]
    lines += [slack_page.Line("Footnote", m, bot=True, private=True) for m in direct]
    return slack_page.page("# general", lines, world.bot_user)


async def nearest(stage: Stage) -> str:
    """#people: a question that no document answers for sure, and what is closest."""
    world = stage.slack.world
    channel = world.add_channel("people", *(f"U{name.upper()}" for name in company.PEOPLE))
    root = await stage.slack.ask("UPRIYA", channel, UNANSWERED)
    await stage.worker.drain()
    lines = [
        slack_page.Line(world.name_of(message), message, bot=message.get("user") == world.bot_user)
        for message in world.thread(channel, root)
    ]
    return slack_page.page("# people", lines, world.bot_user)


async def verify(home: Path) -> str:
    """The command that proves the log, and what it says."""
    runs = []
    for arguments in (("audit", "list", "--limit", "3"), ("audit", "verify")):
        done = await asyncio.to_thread(footnote, home, *arguments)
        runs.append((f"footnote {' '.join(arguments)}", done.stdout))
    return terminal_page.page(runs)


async def teams(stage: Stage, library: str) -> str:
    """The Legal channel: an answer with its passage, and a question that goes on to a person."""
    maeve, tom = stage.person("maeve"), stage.person("tom")
    place = stage.teams.place("channel", maeve, tom, name="Legal")
    said = await stage.teams.say(place, tom, "How much notice must we give to terminate the Northwind agreement?")
    await stage.worker.drain()
    second = await stage.teams.say(place, tom, "Which insurance must Northwind carry?")
    await stage.worker.drain()
    press = stage.teams.activity("message", place, tom, thread=second.thread)
    latest = (await stage.app.audit.find(Filter(event="question"), limit=1)).records[0]
    await stage.teams.deliver(press | {"value": {"expert": {"record": latest.id}}})
    await stage.worker.drain()
    lines = [
        teams_page.Line("Footnote" if m.by == stage.teams.bot else m.by, m.activity, bot=m.by == stage.teams.bot)
        for thread in (said.thread, second.thread)
        for m in stage.teams.thread(place, thread)
    ]
    return teams_page.page("Legal", lines, library)


async def main(folder: Path = FOLDER) -> int:
    """Write the pictures; 0 when that worked."""
    configure("error")
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    try:
        library = await adaptive_cards()
        with tempfile.TemporaryDirectory(prefix="footnote-pictures-") as scratch:
            settings = company.settings(Path(scratch) / "home", company.DOCUMENTS)
            maeve = ExpertSettings(name="Maeve (Legal)", teams=company.PEOPLE["maeve"][1], words=("Northwind",))
            async with on_stage(settings.model_copy(update={"experts": (maeve,)})) as stage:
                await stage.sync()
                pages = {
                    "slack.png": await slack(stage),
                    "teams.png": await teams(stage, library),
                    "nearest.png": await nearest(stage),
                }
            pages["verify.png"] = await verify(settings.home)
        for name, page in pages.items():
            await picture(page, folder / name)
            sys.stdout.write(f"{name}: {(folder / name).stat().st_size:,} bytes\n")
    except Unavailable as error:
        sys.stderr.write(f"{error}\n")
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
