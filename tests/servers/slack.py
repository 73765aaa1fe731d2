"""A stand-in of Slack for tests, with the bot's adapter behind it by Socket Mode or signed HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

from aiohttp import web

from bot.demo.standins.slack import Delivery, SlackStandIn
from bot.demo.standins.slack_world import Call, Fault, World
from bot.keys import ThreadKey
from bot.ports import Intake, Viewer
from bot.slack.adapter import SlackPlatform
from bot.slack.config import SlackConfig
from tests.waiting import STUCK_S

__all__ = ["Call", "Delivery", "Fault", "SlackStandIn", "World", "config_for", "slack_by_http", "slack_by_socket"]


def patient_slack() -> SlackStandIn:
    """A stand-in that waits as long as a busy machine may take where Slack gives three seconds."""
    return SlackStandIn(ack_within=STUCK_S, world=World(trigger_seconds=STUCK_S))


def config_for(slack: SlackStandIn, *, socket: bool) -> SlackConfig:
    """Settings that reach the stand-in: short pauses, and long enough for answers on a busy machine."""
    config = SlackConfig(
        bot_token=slack.bot_token,
        app_token=slack.app_token if socket else "",
        signing_secret="" if socket else slack.signing_secret,
        base_url=slack.base_url,
    )
    return replace(config, timeout=60.0, first_pause=0.01, longest_wait=3.0, message_seconds=0.0)


@asynccontextmanager
async def slack_by_socket(
    slack: SlackStandIn,
    config: SlackConfig,
    intake: Intake,
    viewer: Viewer,
    known: Callable[[ThreadKey], bool] = lambda thread: False,
) -> AsyncIterator[SlackPlatform]:
    """The adapter, connected by Socket Mode."""
    platform = SlackPlatform(config, intake, viewer, known)
    await platform.start()
    try:
        await slack.connected()
        yield platform
    finally:
        await platform.stop()


@asynccontextmanager
async def slack_by_http(
    slack: SlackStandIn,
    config: SlackConfig,
    intake: Intake,
    viewer: Viewer,
    known: Callable[[ThreadKey], bool] = lambda thread: False,
) -> AsyncIterator[SlackPlatform]:
    """The adapter behind a real HTTP server, which the stand-in is told of."""
    platform = SlackPlatform(config, intake, viewer, known)
    app = web.Application()
    app.add_routes(platform.routes())
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    slack.http_url = f"http://{host}:{port}/slack/events"
    try:
        await platform.start()
        yield platform
    finally:
        await platform.stop()
        await runner.cleanup()
