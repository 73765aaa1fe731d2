"""The bot's own token, from a server that may answer anything."""

from __future__ import annotations

import json

import aiohttp
import pytest
from aiohttp import web

from bot.errors import PlatformError
from bot.teams.config import TeamsConfig
from bot.teams.tokens import TokenSource


async def given(body: str) -> str:
    """The token that is made of an answer."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(text=body, content_type="application/json")

    app = web.Application()
    app.router.add_post("/{path:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        config = TeamsConfig(
            app_id="app",
            app_password="secret",
            tenant_id="tenant",
            development=True,
            login_url=f"http://127.0.0.1:{runner.addresses[0][1]}",
        )
        async with aiohttp.ClientSession() as session:
            return await TokenSource(config, session).token()
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("lifetime", [3599, "3599", None, "soon", [], {}, -1, 10**400, "1e999", float("nan")], ids=repr)
async def test_a_token_is_taken_whatever_is_said_of_its_life(lifetime: object) -> None:
    assert await given(json.dumps({"access_token": "t", "expires_in": lifetime})) == "t"


@pytest.mark.parametrize("body", ["", "[" * 50_000, "7", "[]", '{"access_token": 7}', '{"error": {"a": 1}}'])
async def test_what_holds_no_token_is_an_error_of_ours(body: str) -> None:
    with pytest.raises(PlatformError):
        await given(body)
