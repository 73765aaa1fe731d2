"""What `doctor` and `serve` say of the way in: the public address, the signing secret, tokens, ports in use."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.demo.standins.slack import SlackStandIn
from bot.platform import CheckResult
from bot.settings.values import Settings
from bot.slack.kind import SLACK
from bot.teams.kind import TEAMS
from tests.bot.service.test_serve import Service
from tests.bot.slack.fakes import MemoryIntake, MemoryViewer
from tests.bot.teams.support import running
from tests.servers.slack import Fault, config_for, patient_slack, slack_by_http


@asynccontextmanager
async def standing_in() -> AsyncIterator[SlackStandIn]:
    slack = patient_slack()
    await slack.start()
    try:
        yield slack
    finally:
        await slack.stop()


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody listens on, who never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield int(server.getsockname()[1])


async def checked(kind: Any, **settings: Any) -> dict[str, CheckResult]:
    return {f.check: f for f in await kind.checks(Settings(**settings), None)}


async def test_a_signed_event_goes_the_whole_way_round() -> None:
    async with standing_in() as slack:
        config = config_for(slack, socket=False)
        async with slack_by_http(slack, config, MemoryIntake(), MemoryViewer()):
            base = str(slack.http_url).removesuffix("/slack/events")
            fine = await checked(SLACK, SLACK_SIGNING_SECRET=slack.signing_secret, public_url=base)
            other = await checked(SLACK, SLACK_SIGNING_SECRET="another secret", public_url=base)
        gone = await checked(SLACK, SLACK_SIGNING_SECRET=slack.signing_secret, public_url=base)
        elsewhere = await checked(SLACK, SLACK_SIGNING_SECRET="x", public_url=slack.base_url.removesuffix("/api/"))
        unset = await checked(SLACK, SLACK_SIGNING_SECRET="x")
    assert fine["slack events"].ok
    assert "another signing secret" in other["slack events"].detail
    assert "cannot be reached" in gone["slack events"].detail
    assert "not as Footnote" in elsewhere["slack events"].detail
    assert not any(f["slack events"].ok for f in (other, gone, elsewhere))
    assert unset["slack events"].warning
    assert "public_url" in unset["slack events"].detail


async def test_the_endpoint_of_teams_turns_strangers_away() -> None:
    async def refuse(_: web.Request) -> web.Response:
        return web.Response(status=401)

    site = web.Application()
    site.add_routes([web.post("/bot/api/messages", refuse)])
    runner = web.AppRunner(site)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    try:
        wrong = await checked(TEAMS, TEAMS_APP_ID="a", public_url=f"http://127.0.0.1:{port}/")
        assert "status 404" in wrong["teams endpoint"].detail
    finally:
        await runner.cleanup()
    assert (await checked(TEAMS, TEAMS_APP_ID="a"))["teams endpoint"].warning
    assert await checked(TEAMS) == {}


@pytest.mark.parametrize("path", ["/teams/messages", "/api/messages"])
async def test_an_ingress_may_pass_one_path_of_the_endpoint_alone(path: str) -> None:
    async def refuse(_: web.Request) -> web.Response:
        return web.Response(status=401)

    site = web.Application()
    site.add_routes([web.post(path, refuse)])
    runner = web.AppRunner(site)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        found = (await checked(TEAMS, TEAMS_APP_ID="a", public_url=base))["teams endpoint"]
    finally:
        await runner.cleanup()
    assert found.ok
    assert found.detail.startswith(f"{base}{path} answers")


@pytest.mark.parametrize("below", ["", "/"])
async def test_the_endpoint_of_teams_is_found_at_the_public_address(below: str) -> None:
    async with running() as bot:
        base = bot.teams.endpoint.removesuffix("/teams/messages")
        fine = (await checked(TEAMS, TEAMS_APP_ID="a", public_url=base + below))["teams endpoint"]
        assert bot.intake.accepted == []
    gone = (await checked(TEAMS, TEAMS_APP_ID="a", public_url=base))["teams endpoint"]
    assert (fine.ok, fine.warning) == (True, False)
    assert fine.detail.startswith(f"{base}/teams/messages answers, and turns strangers away")
    assert not gone.ok
    assert "cannot be reached" in gone.detail


@pytest.mark.parametrize("wrong", ["port", "token", "app token", "app token's scope"])
async def test_serve_says_in_one_line_what_is_wrong(tmp_path: Path, taken: int, wrong: str) -> None:
    async with standing_in() as slack:
        service = Service(tmp_path, slack)
        if wrong == "port":
            service.environment["FOOTNOTE_PORT"] = str(taken)
        elif wrong == "token":
            slack.world.faults["auth.test"].append(Fault(error="token_revoked"))
        else:
            error = "invalid_auth" if wrong == "app token" else "missing_scope"
            slack.world.faults["apps.connections.open"].append(Fault(error=error))
        child = await service.command("serve")
        _, said = await asyncio.wait_for(child.communicate(), 120)
    (line,) = [line for line in said.decode().splitlines() if line.startswith("footnote: ")]
    named = {"port": "FOOTNOTE_PORT", "token": "token was revoked"}.get(wrong, "SLACK_APP_TOKEN")
    assert named in line
    assert "Traceback" not in said.decode()
    assert child.returncode == 2
