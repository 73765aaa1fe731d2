"""`footnote demo`: a sample company asks its documents, in Slack and in Teams.

The adapters, inbox, index, quote gate and audit log are the product's own. Only the two platforms
are stand-ins on this machine: they speak the platforms' protocols and check what they receive.
"""

from __future__ import annotations

import asyncio
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from audit.export import ExportFormat, export
from audit.verify_export import verify_export
from bot.answering.memory import ThreadMemory
from bot.cli.common import DONE, NO, say, say_lines
from bot.demo import company
from bot.demo.standins.slack import SlackStandIn
from bot.demo.standins.teams import Person, TeamsPlace, TeamsStandin
from bot.demo.standins.teams_checks import as_text
from bot.ports import ChatAdapter, Intake, Viewer
from bot.queue.worker import Worker
from bot.service.logs import configure
from bot.service.serve import running
from bot.settings.values import Settings
from bot.slack.adapter import SlackPlatform
from bot.slack.config import SlackConfig
from bot.teams.adapter import TeamsPlatform
from bot.wiring.app import App
from bot.wiring.sources import configured

PATIENCE_S = 60
RULE = "─" * 78


@dataclass(slots=True)
class Stage:
    """The running product, both platforms, and the people."""

    app: App
    worker: Worker
    slack: SlackStandIn
    teams: TeamsStandin
    documents: Path

    async def in_slack(self, title: str, who: str, channel: str, text: str, thread: str | None = None) -> str:
        """Somebody writes in Slack; the thread is printed as that person sees it. Returns its root."""
        user = f"U{who.upper()}"
        mention = self.slack.world.kind(channel) != "im"
        ask = self.slack.ask if mention else self.slack.say
        ts = await ask(user, channel, text, thread)
        await self._settled()
        heading(title)
        lines = self.slack.transcript(channel, thread or ts, user)
        name = f"{company.PEOPLE[who][0]}:"
        latest = len(lines) - 1 - lines[::-1].index(name)
        for line in ["…", *lines[latest:]] if latest else lines:
            say(f"  {line}".replace(f"<@{self.slack.world.bot_user}>", "@Footnote"))
        return thread or ts

    async def in_teams(self, title: str, who: str, place: TeamsPlace, text: str) -> None:
        """Somebody writes in Teams; the thread is printed."""
        person = self.person(who)
        said = await self.teams.say(place, person, text)
        await self._settled()
        heading(title)
        for message in self.teams.thread(place, said.thread if place.kind == "channel" else ""):
            name = "Footnote" if message.by == self.teams.bot else message.by
            body = message.activity["text"] if message.by != self.teams.bot else as_text(message.activity)
            say(f"  {name}:")
            for line in str(body).replace("<at>Footnote</at>", "@Footnote").splitlines():
                say(f"      {line}")

    def person(self, who: str) -> Person:
        return Person(*company.PEOPLE[who])

    async def sync(self) -> None:
        (source,) = configured(self.app.settings)
        report = await self.app.sync(source)
        say(
            f"Synced: {report.added} added, {report.changed} changed, {report.unchanged} unchanged, "
            f"{len(report.failed)} not searchable ({report.took_ms / 1000:.1f} s)"
        )
        for failed in report.failed:
            say(f"  not searchable: {failed.document}: {failed.reason}")

    async def _settled(self) -> None:
        async with asyncio.timeout(PATIENCE_S):
            await self.worker.drain()


def heading(text: str) -> None:
    say_lines(f"\n{RULE}\n{text}\n{RULE}")


async def play(keep: Path | None) -> int:
    """Play the whole demo; 0 when everything went as it should."""
    configure("error")
    with tempfile.TemporaryDirectory(prefix="footnote-demo-") as scratch:
        home = keep or Path(scratch) / "home"
        documents = Path(scratch) / "documents"
        await asyncio.to_thread(shutil.copytree, company.DOCUMENTS, documents)
        async with on_stage(company.settings(home, documents)) as stage:
            await _documents(stage)
            await _questions(stage)
            await _monday(stage)
            code = await _audit(stage, home)
    heading("Next: your own documents")
    say("  footnote sync FOLDER               make them searchable")
    say('  footnote ask "QUESTION"            ask, and get the answer with its quote')
    say("  footnote inspect FILE              see how one document was read")
    if keep is not None:
        say(f"  footnote --home {keep} audit list   look at what was asked here")
    say("README.md says how to decide who may read what, and how to connect Slack and Teams.")
    return code


@asynccontextmanager
async def on_stage(settings: Settings) -> AsyncIterator[Stage]:
    """The product with both platforms as stand-ins, and the company's people."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = settings.model_copy(update={"port": port})
    async with AsyncExitStack() as stack:
        slack = SlackStandIn()
        await slack.start()
        stack.push_async_callback(slack.stop)
        teams = await stack.enter_async_context(TeamsStandin())
        teams.endpoint = f"http://127.0.0.1:{port}/teams/messages"

        def make(_: Settings, intake: Intake, viewer: Viewer, memory: ThreadMemory) -> list[ChatAdapter]:
            config = SlackConfig(
                bot_token=slack.bot_token, app_token=slack.app_token, base_url=slack.base_url, message_seconds=0.0
            )

            return [
                SlackPlatform(config, intake, viewer, memory.knows),
                TeamsPlatform(teams.config(), intake, viewer=viewer, knows_thread=memory.knows),
            ]

        for name, (label, email) in company.PEOPLE.items():
            slack.world.add_user(f"U{name.upper()}", label, email)
        app, worker = await stack.enter_async_context(running(settings, make))
        await slack.connected()
        yield Stage(app, worker, slack, teams, Path(configured(settings)[0].place["path"]))


async def _documents(stage: Stage) -> None:
    heading("1. The company's documents are made searchable")
    await stage.sync()
    lists = await stage.app.state.access_lists()
    for document in (await stage.app.state.documents()).values():
        readers = ", ".join(sorted(lists[document.acl_id].allow))
        say(f"  {document.id:40} read by {readers}")


async def _questions(stage: Stage) -> None:
    world = stage.slack.world
    general = world.add_channel("general", *(f"U{name.upper()}" for name in company.PEOPLE))
    root = await stage.in_slack(
        "2. Slack, #general: a mention", "priya", general, "What is the hotel limit per night in Paris?"
    )
    await stage.in_slack("3. The same thread: a follow-up", "priya", general, "And in London?", root)
    await stage.in_slack(
        "4. Slack, a direct message",
        "priya",
        world.dm("UPRIYA"),
        "How many days of annual leave do I have, and how many carry over?",
    )
    legal = stage.teams.place("channel", stage.person("maeve"), name="Legal")
    await stage.in_teams(
        "5. Teams, the Legal channel: only lawyers read it",
        "maeve",
        legal,
        "How much notice must we give to terminate the Northwind agreement?",
    )
    priya, tom = (stage.teams.personal(stage.person(who)) for who in ("priya", "tom"))
    bonus = "What is the executive bonus pool for 2026?"
    await stage.in_teams("6. Teams, Priya asks what she may not read", "priya", priya, bonus)
    await stage.in_teams("7. Teams, Tom of the board asks the same", "tom", tom, bonus)
    await stage.in_slack("8. Slack, #general: Tom may read the answer, the channel may not", "tom", general, bonus)
    await stage.in_slack(
        "9. Slack, a question that no document answers", "priya", general, "May I bring my dog to the office?"
    )


async def _monday(stage: Stage) -> None:
    question = "How long do the obligations of confidentiality last under our NDA template?"
    place = stage.teams.personal(stage.person("maeve"))
    await stage.in_teams("10. Teams: before the change", "maeve", place, question)
    heading("11. On Monday the legal team saves a new version of the template")
    await asyncio.to_thread(shutil.copyfile, company.MONDAY, stage.documents / company.CHANGED)
    await stage.sync()
    place = stage.teams.place("personal", stage.person("maeve"), stage.person("maeve"))
    await stage.in_teams("12. Teams: the same question again", "maeve", place, question)


async def _audit(stage: Stage, home: Path) -> int:
    heading("13. The audit log is exported and verified, offline")
    target = home / "export.jsonl"
    done = await export(stage.app.audit, target, format=ExportFormat.JSONL, by="demo")
    report = await asyncio.to_thread(verify_export, target)
    say(f"Exported {done.records} records.")
    for finding in report.findings:
        say(f"  NO  {finding.record or 'the log'}: {finding.what}")
    if report.ok:
        say(f"Verified: all {report.records} records stand under the signed checkpoint, root {report.root}")
    refused = [f"{r.method} {r.path}: {r.status}" for r in stage.teams.received if r.status >= 400]
    complaints = [*stage.slack.complaints, *refused]
    for complaint in complaints:
        say(f"  The platform would have refused: {complaint}")
    return DONE if report.ok and not complaints else NO
