"""The whole service in front of two workspaces: rights, answers and records stay apart, through a restart too."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from pydantic import SecretStr

from audit.search import Filter
from bot.demo.standins.slack import SlackStandIn
from bot.queue.worker import Worker
from bot.service.serve import running
from bot.settings.values import Settings
from bot.wiring.app import App
from tests.bot.scenarios.stage import make_home, settings
from tests.servers.slack_org import ACME, BETA, CLIENT_ID, CLIENT_SECRET, SIGNING_SECRET, SlackOrg

BONUS = "1.35 million"


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@asynccontextmanager
async def served(org: SlackOrg, folder: Path) -> AsyncIterator[tuple[App, Worker, Settings]]:
    made = settings(
        folder / "home",
        folder / "documents",
        groups={"board": ("ada@t0acme.example",)},
        slack_client_id=CLIENT_ID,
        slack_client_secret=SecretStr(CLIENT_SECRET),
        slack_signing_secret=SecretStr(SIGNING_SECRET),
        slack_base_url=org.base_url,
        slack_teams=(ACME, BETA),
        port=free_port(),
    )
    org.bot_url = f"http://127.0.0.1:{made.port}"
    for slack in org.spaces.values():
        slack.http_url = f"{org.bot_url}/slack/events"
    async with running(made) as (app, worker):
        yield app, worker, made


async def asked(slack: SlackStandIn, worker: Worker, text: str) -> str:
    """What Ada sees in the thread of her direct message."""
    channel = slack.world.dm("U0ADA")
    ts = await slack.say("U0ADA", channel, text)
    assert slack.deliveries[-1].acknowledged
    await worker.drain()
    return "\n".join(m["text"] for m in slack.world.replies(channel, ts))


async def followed_up(org: SlackOrg, worker: Worker) -> list[int]:
    """How many replies a thread has in each workspace, after a question in Acme's and a follow-up in both.

    Channel and thread have the same ids in both workspaces.
    """
    acme, beta = org.spaces[ACME], org.spaces[BETA]
    (channel,) = (c for c, shape in acme.world.channels.items() if shape["name"] == "general")
    thread = await acme.ask("U0ADA", channel, "What do hotels cost a night?")
    await worker.drain()
    while beta.world.stamp() <= thread:
        pass  # Beta's next message has an id of its own
    beta.world.messages[channel].append({"type": "message", "ts": thread, "user": "U0ADA", "text": "Hi"})
    for slack in (acme, beta):
        await slack.say("U0ADA", channel, "And which class are flights booked in?", thread)
        assert slack.deliveries[-1].acknowledged
    await worker.drain()
    return [len(slack.world.replies(channel, thread)) for slack in (acme, beta)]


async def test_two_workspaces_served(tmp_path: Path) -> None:
    org = SlackOrg()
    await org.start()
    try:
        folder = await make_home(tmp_path)
        acme, beta = org.spaces[ACME], org.spaces[BETA]
        async with served(org, folder) as (app, worker, made):
            for team in (ACME, BETA):
                assert (await org.install(team))[0] == 200
            said = await asyncio.gather(
                *(asked(slack, worker, "What do hotels cost a night?") for slack in org.spaces.values())
            )
            assert all("180 EUR" in text for text in said)
            # The same person's id in both; only Acme's Ada is on the board.
            assert BONUS in await asked(acme, worker, "What is the bonus pool?")
            assert BONUS not in await asked(beta, worker, "What is the bonus pool?")
            assert await followed_up(org, worker) == [2, 0]
            found = [r async for r in app.audit.all(Filter())]
            questions = [r.fields["tenant"] for r in found if r.event == "question"]
            assert sorted(map(str, questions)) == [ACME] * 4 + [BETA] * 2
            assert (made.home / "slack").stat().st_mode & 0o777 == 0o700
        async with served(org, folder) as (_, worker, _):
            assert "180 EUR" in await asked(beta, worker, "What do hotels cost a night, please?")
        assert BONUS not in str(beta.world.messages)
        assert org.complaints == []
    finally:
        await org.stop()
