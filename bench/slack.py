"""Slack: from a signed event to its acknowledgement, and the time to render an answer. `python -m bench.slack`"""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

from aiohttp import ClientSession

from bot.queue.inbox import Inbox
from bot.queue.inbox_store import SqliteStore
from bot.slack.render import render
from tests.bot.slack.fakes import MemoryViewer, answered, citation
from tests.servers.slack import SlackStandIn, config_for, slack_by_http

EVENTS = 1_000
A_SECOND = 100


@dataclass
class Load:
    """Events sent one after another, each as a signed request of its own."""

    slack: SlackStandIn
    took_ms: list[float]

    async def event(self, session: ClientSession, channel: str, number: int) -> None:
        ts = self.slack.world.write("U0ADA", channel, f"Question {number}", None)
        (event,) = self.slack.world.message_events(channel, ts)
        body = json.dumps(event).encode()
        headers = self.slack.signature(body) | {"Content-Type": "application/json"}
        start = time.perf_counter()
        async with session.post(self.slack.http_url or "", data=body, headers=headers) as response:
            await response.read()
            assert response.status == 200
        self.took_ms.append((time.perf_counter() - start) * 1_000)


async def acknowledge() -> list[float]:
    """Milliseconds for each event, with a durable inbox on disk."""
    slack = SlackStandIn()
    await slack.start()
    slack.world.add_user("U0ADA", "Ada", "ada@example.com")
    load = Load(slack, [])
    with tempfile.TemporaryDirectory() as folder:
        inbox = Inbox(SqliteStore(Path(folder) / "inbox.db"))
        async with (
            slack_by_http(slack, config_for(slack, socket=False), inbox, MemoryViewer()),
            ClientSession() as session,
            asyncio.TaskGroup() as group,
        ):
            channel = slack.world.dm("U0ADA")
            for number in range(EVENTS):
                group.create_task(load.event(session, channel, number))
                await asyncio.sleep(1 / A_SECOND)
        await inbox.close()
    await slack.stop()
    return load.took_ms


def rendering(sources: int) -> float:
    """Milliseconds to render an answer with this many sources of 400 characters."""
    outcome = answered(*(citation(n, "x" * 400) for n in range(1, sources + 1)))
    start = time.perf_counter()
    for _ in range(20):
        render(outcome)
    return (time.perf_counter() - start) / 20 * 1_000


def main() -> None:
    cuts = quantiles(asyncio.run(acknowledge()), n=100)
    print(f"acknowledged at {A_SECOND} events/s: p50 {cuts[49]:.1f} ms, p99 {cuts[98]:.1f} ms")
    for sources in (1, 5, 20, 60):
        print(f"rendered with {sources} sources: {rendering(sources):.1f} ms")


if __name__ == "__main__":
    main()
