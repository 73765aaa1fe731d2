"""`/readyz` tells the truth: it fails while a platform cannot be heard or answered."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.ports import ChatAdapter
from bot.service.ready import REMEMBERED_SECONDS, Readiness
from bot.slack.adapter import SlackPlatform
from tests.bot.slack.fakes import MemoryIntake, MemoryViewer
from tests.servers.slack import Fault, SlackStandIn, config_for, slack_by_socket
from tests.waiting import until

Client = TestClient[web.Request, web.Application]


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def asking(adapters: Sequence[ChatAdapter], clock: Clock) -> AsyncIterator[Client]:
    app = web.Application()
    app.add_routes([web.get("/readyz", Readiness(adapters, clock).answer)])
    async with TestClient(TestServer(app)) as client:
        yield client


async def lost(platform: SlackPlatform) -> bool:
    return not await platform.connected()


async def status(client: Client) -> int:
    async with client.get("/readyz") as answer:
        return answer.status


async def test_a_closed_socket_and_a_revoked_token_make_it_unready() -> None:
    slack, clock = SlackStandIn(), Clock()
    await slack.start()
    config = config_for(slack, socket=True)
    try:
        async with (
            slack_by_socket(slack, config, MemoryIntake(), MemoryViewer()) as platform,
            asking([platform], clock) as client,
        ):
            assert await status(client) == 200
            slack.world.faults["auth.test"].append(Fault(error="token_revoked"))
            assert await status(client) == 200  # remembered for a while
            clock.now += REMEMBERED_SECONDS
            assert await status(client) == 503
            clock.now += REMEMBERED_SECONDS
            assert await status(client) == 200
            slack.refuse_sockets = 1_000
            await slack.drop_sockets()
            await until(lambda: lost(platform))
            clock.now += REMEMBERED_SECONDS
            assert await status(client) == 503
    finally:
        await slack.stop()
