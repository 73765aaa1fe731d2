"""The chat side under load: `python -m bench.chat [--seconds 10] [--rate 100] [--burst 500]`.

1. Event received to acknowledged, at a steady rate, by signed HTTP (Slack) and signed tokens (Teams): the event is
   durable in the inbox before the acknowledgement. Nothing else runs. The platforms' stand-ins are in the same
   process, so their work counts, too.
2. A burst of questions of 50 people by the whole product: all answered once, the order, the time, the memory.
3. One question through each adapter, beside the same question put to `ask` alone.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import socket
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from bot.answering.memory import ThreadMemory
from bot.demo.standins.slack import SlackStandIn
from bot.demo.standins.teams import Person, TeamsStandin
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
from connectors.folder import FolderSettings

PEOPLE = 50
ANSWER = "Hotels cost at most 180 EUR a night."
DOCUMENT = f"# Travel Policy\n\n## 4.2 Hotels\n\n{ANSWER}\n\n## 4.3 Flights\n\nFlights are booked in economy class.\n"
QUESTION = "What do hotels cost a night?"


@dataclass
class Bench:
    app: App
    worker: Worker
    slack: SlackStandIn
    teams: TeamsStandin
    session: aiohttp.ClientSession


@asynccontextmanager
async def bench(folder: Path) -> AsyncIterator[Bench]:
    """The service with both adapters, and one document in its index."""
    documents = folder / "documents"
    documents.mkdir(exist_ok=True)
    (documents / "travel.md").write_text(DOCUMENT)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    source = FolderSettings(name="documents", path=documents)
    # What keeps a real Slack from being flooded is off: the figures are about us.
    unlimited: dict[str, Any] = {"person_limit": 0, "channel_limit": 0, "point_to_answers": False}
    settings = Settings(
        home=folder / "home", sources=(source,), sync_every_s=0, port=port, log_level="error", **unlimited
    )
    async with AsyncExitStack() as stack:
        slack = SlackStandIn(http_url=f"http://127.0.0.1:{port}/slack/events")
        await slack.start()
        stack.push_async_callback(slack.stop)
        teams = await stack.enter_async_context(TeamsStandin(page=500))
        teams.endpoint = f"http://127.0.0.1:{port}/teams/messages"
        for n in range(PEOPLE):
            slack.world.add_user(f"U{n}", f"Person {n}", f"p{n}@example.com")

        def make(_: Settings, intake: Intake, viewer: Viewer, memory: ThreadMemory) -> list[ChatAdapter]:
            secret = slack.signing_secret
            config = SlackConfig(slack.bot_token, signing_secret=secret, base_url=slack.base_url, message_seconds=0.0)
            return [SlackPlatform(config, intake, viewer), TeamsPlatform(teams.config(), intake, viewer=viewer)]

        app, worker = await stack.enter_async_context(running(settings, make))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        (documented,) = configured(settings)
        await app.sync(documented)
        yield Bench(app, worker, slack, teams, session)


# --- 1. acknowledgement -----------------------------------------------------------------------


async def steady(send: Callable[[int], Awaitable[int]], rate: int, seconds: int) -> tuple[list[float], int]:
    """Milliseconds from when each event was due to its acknowledgement, and how many were refused."""
    loop, began = asyncio.get_running_loop(), asyncio.get_running_loop().time() + 0.1

    async def one(n: int) -> tuple[float, int]:
        due = began + n / rate
        await asyncio.sleep(max(0.0, due - loop.time()))
        status = await send(n)
        return (loop.time() - due) * 1000, status

    results = await asyncio.gather(*(one(n) for n in range(rate * seconds)))
    return [took for took, _ in results], sum(status >= 300 for _, status in results)


def slack_sender(b: Bench, channel: str) -> Callable[[int], Awaitable[int]]:
    async def send(n: int) -> int:
        event = {"type": "app_mention", "user": f"U{n % PEOPLE}", "channel": channel, "ts": f"1.{n:06}"}
        event["text"] = f"<@{b.slack.world.bot_user}> {QUESTION}"
        body = json.dumps(b.slack.world.envelope(event, channel)).encode()
        headers = {**b.slack.signature(body), "Content-Type": "application/json"}
        assert b.slack.http_url is not None
        async with b.session.post(b.slack.http_url, data=body, headers=headers) as response:
            return response.status

    return send


def teams_sender(b: Bench) -> Callable[[int], Awaitable[int]]:
    people = [Person(f"Person {n}", f"p{n}@example.com") for n in range(PEOPLE)]
    place, token = b.teams.place("channel", *people), b.teams.sign()

    async def send(n: int) -> int:
        activity = b.teams.message(place, people[n % PEOPLE], QUESTION)
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        async with b.session.post(b.teams.endpoint, data=json.dumps(activity), headers=headers) as response:
            return response.status

    return send


async def acknowledgement(folder: Path, rate: int, seconds: int) -> None:
    async with bench(folder) as b:
        await b.worker.stop(0)  # events are stored, and nothing else
        channel = b.slack.world.add_channel("general", *(f"U{n}" for n in range(PEOPLE)))
        for name, send in (("slack, signed HTTP", slack_sender(b, channel)), ("teams", teams_sender(b))):
            took, refused = await steady(send, rate, seconds)
            took.sort()
            p50, p99 = took[len(took) // 2], took[len(took) * 99 // 100]
            print(
                f"received to acknowledged, {name:18} {rate}/s for {seconds} s: "
                f"p50 {p50:.1f} ms  p99 {p99:.1f} ms  max {took[-1]:.1f} ms  refused {refused}"
            )


# --- 2. a burst -------------------------------------------------------------------------------


def _rss_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


async def burst(folder: Path, count: int) -> None:
    async with bench(folder) as b:
        world = b.slack.world
        channels = [world.dm(f"U{n}") for n in range(PEOPLE)]
        await b.slack.say("U0", channels[0], QUESTION)
        await b.worker.drain()
        world.messages.clear()
        before, peak, began = _rss_mb(), 0.0, time.perf_counter()
        said: list[tuple[str, str]] = []

        async def ask(n: int) -> None:
            channel = channels[n % PEOPLE]
            ts = world.write(f"U{n % PEOPLE}", channel, f"{QUESTION} {n}", None)
            said.append((channel, ts))
            (event,) = world.message_events(channel, ts)
            await b.slack.deliver(event)

        await asyncio.gather(*(ask(n) for n in range(count)))
        stored = time.perf_counter() - began
        drained = asyncio.create_task(b.worker.drain())
        while not drained.done():
            peak = max(peak, _rss_mb())
            await asyncio.wait({drained}, timeout=0.05)
        took = time.perf_counter() - began
        answers = [sum(ANSWER in str(m.get("text")) for m in world.replies(c, ts)) for c, ts in said]
        shown = [c.arguments["ts"] for c in world.calls if c.method == "chat.update"]
        place = {m["ts"]: ts for c, ts in said for m in world.replies(c, ts)}
        order = [said.index((c, place[ts])) for ts in shown for c, t in said if t == place.get(ts)]
        late = max((n - min(order[n:]) for n in range(len(order))), default=0)
        print(
            f"burst of {count} of {PEOPLE} people: stored after {stored:.1f} s, answered after {took:.1f} s "
            f"({count / took:.0f}/s), answered once {answers.count(1)}, twice or more {sum(a > 1 for a in answers)}, "
            f"never {answers.count(0)}, shown at most {late} places early, memory {before:.0f} -> {peak:.0f} MB"
        )


# --- 3. overhead ------------------------------------------------------------------------------


async def _median_ms(act: Callable[[], Awaitable[Any]], times: int = 30) -> float:
    took = []
    for _ in range(times):
        began = time.perf_counter()
        await act()
        took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took)


async def overhead(folder: Path) -> None:
    async with bench(folder) as b:
        channel = b.slack.world.dm("U0")
        person = Person("Person 0", "p0@example.com")
        place = b.teams.personal(person)

        async def by_slack() -> None:
            await b.slack.say("U0", channel, QUESTION)
            await b.worker.drain()

        async def by_teams() -> None:
            await b.teams.say(place, person, QUESTION)
            await b.worker.drain()

        alone = await _median_ms(lambda: b.app.ask_as(QUESTION, "p0@example.com"))
        print(f"one question, ask alone   p50 {alone:.1f} ms")
        for name, act in (("slack", by_slack), ("teams", by_teams)):
            took = await _median_ms(act)
            print(f"one question by {name:9} p50 {took:.1f} ms  (adapter, inbox and delivery: {took - alone:.1f} ms)")


async def run(arguments: argparse.Namespace) -> None:
    configure("error")
    with tempfile.TemporaryDirectory(prefix="footnote-bench-") as scratch:
        folder = Path(scratch)
        await overhead(folder)
        await burst(folder, arguments.burst)
        await acknowledgement(folder, arguments.rate, arguments.seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--rate", type=int, default=100, help="events a second")
    parser.add_argument("--burst", type=int, default=500, help="questions at once")
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
