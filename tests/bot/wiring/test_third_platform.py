"""A third chat platform: its own room, which is this file, and an entry in the registry."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import aiohttp
import pytest
import typer
from aiohttp import web
from typer.testing import CliRunner

from audit.reconcile import ComparedLog, Posted
from audit.reconcile import reconcile as compare
from audit.record import Json
from audit.replay import replay
from audit.search import Filter
from bot.answering.memory import ThreadMemory
from bot.answering.render import LAYOUT, plain
from bot.cli import service
from bot.errors import SettingsError
from bot.platform import CheckResult, Gathered, Manifest, Period
from bot.ports import ChatAdapter, Intake, Viewer
from bot.service.doctor import examine
from bot.service.serve import running
from bot.settings.values import Settings
from bot.types import ChannelKind, Incoming, IncomingKind, Outcome, People
from bot.wiring import platforms
from bot.wiring.platforms import how_to_set_up, none_set_up, platform_named
from bot.wiring.replay import posted, reader_of
from bot.wiring.sources import configured
from connectors.folder import FolderSettings
from retrieval.people import Principal
from tests.bot.fakes import FakePlatform

LOFT: list[PigeonAdapter] = []


class PigeonAdapter(FakePlatform):
    """Notes come by POST /pigeon; what the bot says hangs in the loft."""

    name = "pigeon"

    def __init__(self, intake: Intake) -> None:
        super().__init__(asker=Principal("pigeon", "loft", "ada", "ada@example.com"))
        self._intake = intake

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/pigeon", self._receive)]

    async def _receive(self, request: web.Request) -> web.Response:
        note = await request.json()
        where = ("loft", note["by"], note["branch"], ChannelKind.CHANNEL, note["id"], note["id"], note["text"])
        key = f"pigeon:loft:{note['branch']}:{note['id']}"
        await self._intake.accept(Incoming(key, self.name, IncomingKind.QUESTION, *where, datetime.now(UTC)))
        return web.Response()

    async def people(self, incoming: Incoming) -> People:
        return People(self.asker, (self.asker,))

    def render(self, outcome: Outcome) -> Mapping[str, Json]:
        return {"text": plain(outcome), "coo": True}

    async def start(self) -> None:
        LOFT.append(self)

    async def stop(self) -> None:
        LOFT.clear()

    async def check(self) -> list[str]:
        return ["the loft is draughty"]

    async def ready(self) -> list[str]:
        return []


class Pigeon:
    """Implements `PlatformKind`."""

    name = "pigeon"
    title = "Pigeon"
    setup = "PIGEON_LOFT"

    def build(self, settings: Settings, intake: Intake, viewer: Viewer, memory: ThreadMemory) -> ChatAdapter:
        return PigeonAdapter(intake)

    def render(self, outcome: Outcome) -> Mapping[str, Json]:
        return {"text": plain(outcome), "coo": True}

    def manifest(self, loft: Annotated[str, typer.Option(help="The loft's name.")] = "Home") -> Manifest:
        """Print what the loft keeper wants to know."""
        return Manifest({"loft": loft})

    async def messages(self, settings: Settings, log: ComparedLog, period: Period) -> Gathered:
        (adapter,) = LOFT
        return Gathered([Posted(m, None, "oak") for m in adapter.thread])

    async def checks(self, settings: Settings, log: ComparedLog) -> list[CheckResult]:
        return [CheckResult("grain", True, "enough")]


@pytest.fixture(autouse=True)
def entry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platforms, "PLATFORMS", (*platforms.PLATFORMS, Pigeon()))


@pytest.fixture
def made(tmp_path: Path, unused_tcp_port: int) -> Settings:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "travel.md").write_text("# Travel\n\n## 4.2 Hotels\n\nHotels cost at most 180 EUR a night.\n")
    sources = (FolderSettings(name="docs", path=tmp_path / "docs"),)
    return Settings(home=tmp_path / "home", sources=sources, sync_every_s=0, port=unused_tcp_port, log_level="error")


async def test_it_answers_records_replays_and_reconciles(made: Settings) -> None:
    async with running(made) as (app, worker):
        await app.sync(configured(made)[0])
        note = {"by": "ada", "branch": "oak", "id": "n1", "text": "What do hotels cost at most?"}
        address = f"http://127.0.0.1:{made.port}/pigeon"
        async with aiohttp.ClientSession() as session, session.post(address, json=note) as answer:
            assert answer.status == 200
        async with asyncio.timeout(60):
            await worker.drain()
        (adapter,) = LOFT
        (shown,) = adapter.thread.values()
        assert "Hotels cost at most 180 EUR a night." in shown
        (record,) = (await app.audit.find(Filter(event="question"), limit=5)).records
        assert (record.fields["platform"], record.outcome) == ("pigeon", "answered")
        done = await replay(app.audit, record.id, render=posted, today=reader_of(app.state), layout=LAYOUT)
        assert done.ok, done
        now = datetime.now(UTC)
        period = Period(now - timedelta(hours=1), now + timedelta(hours=1), "oak")
        found = await platform_named("pigeon").messages(made, app.audit, period)
        agreed = await compare(app.audit, found.posted, platform="pigeon", since=period.since, until=period.until)
        assert agreed.messages == 1
    findings = {f.check: (f.ok, f.detail) for f in await examine(made)}
    assert findings["pigeon"] == (False, "the loft is draughty")
    assert findings["grain"] == (True, "enough")


def test_it_is_on_the_command_line_and_in_what_is_said() -> None:
    cli = typer.Typer()
    service.register(cli)
    done = CliRunner().invoke(cli, ["manifest", "pigeon", "--loft", "Oak"])
    assert done.exit_code == 0, done.output
    assert none_set_up() == "neither Slack nor Teams nor Pigeon is set up"
    assert how_to_set_up().endswith("TEAMS_APP_TENANTID, or PIGEON_LOFT")
    with pytest.raises(SettingsError, match="no chat platform 'owl'; there are: slack, teams, pigeon"):
        platform_named("owl")
