"""Questions on both platforms while everything fails at random: `python -m bench.soak [--minutes 15] [--seed 1]`.

The platforms answer 429, 500, late or not at all, or lose an answer; the log is locked by another process; the
service is ended wherever it is, and started again. The platforms deliver an event again until it is acknowledged.
At the end every question must have exactly one outcome; the exit status is 1 when one was lost or doubled.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import resource
import sys
import tempfile
import time
from collections import Counter, defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from bot.demo.standins.teams import Person, Said
from bot.service.logs import configure
from bot.texts import STATUS, UNRECORDED
from tests.bot.scenarios.sides import Message, Side, SlackSide, TeamsSide
from tests.bot.scenarios.stage import Stage, make_home, staged

QUESTIONS = ("What do hotels cost a night?", "How are flights booked?", "What is the bonus pool?", "help")
KINDS = ("busy", "error", "hangs", "drops", "lost", "down")
AGAIN_S = 0.3  # until the platform delivers again what was not acknowledged
SETTLE_S = 400  # a question that failed often waits up to five minutes for its next try


@dataclass
class Tally:
    asked: list[Message] = field(default_factory=list)
    troubles: int = 0
    restarts: int = 0


async def _people(stage: Stage, place: str, chance: random.Random, until: float, tally: Tally) -> None:
    """Somebody asks now and then; what is not acknowledged is delivered again."""
    while time.monotonic() < until:
        await asyncio.sleep(chance.uniform(0.05, 0.4))
        said = await _said(stage.side, chance.choice(("ada", "bob")), place, chance.choice(QUESTIONS))
        tally.asked.append(said)


async def _said(side: Side, who: str, place: str, text: str) -> Message:
    if isinstance(side, SlackSide):
        world = side.slack.world
        ts = world.write(f"U0{who.upper()}", place, f"<@{world.bot_user}> {text}", None)
        for event in world.message_events(place, ts):
            while True:
                with suppress(TimeoutError, IndexError, ConnectionError):  # no socket, or one that just closed
                    if (await side.slack.deliver(event)).acknowledged:
                        break
                await asyncio.sleep(AGAIN_S)  # a closing socket fails at once, and must get its turn to be gone
        return Message(who, place, ts, ts)
    assert isinstance(side, TeamsSide)
    activity = side.teams.message(side.places[place], Person(who.title(), f"{who}@example.com"), text)
    side.teams.said.append(Said(activity["id"], place, activity["id"], who, activity))
    while True:
        with suppress(aiohttp.ClientError):
            status, _ = await side.teams.deliver(activity)
            if status < 300:
                return Message(who, place, activity["id"], activity["id"])
        await asyncio.sleep(AGAIN_S)


async def _gremlins(stage: Stage, chance: random.Random, until: float, tally: Tally) -> None:
    while time.monotonic() < until:
        await asyncio.sleep(chance.uniform(0.2, 3.0))
        tally.troubles += 1
        _forget_traffic(stage.side)
        what = chance.random()
        if what < 0.12:
            tally.restarts += 1
            stage.free_log()
            await stage.end()
            await asyncio.sleep(chance.uniform(0, 1))
            await stage.start()
        elif what < 0.18:
            stage.stop_log()
            await asyncio.sleep(chance.uniform(0.5, 5.0))
            stage.free_log()
        else:
            kind = chance.choice(KINDS)
            stage.side.trouble(kind, chance.choice(("status", "answer", "people")))
            if kind == "down":
                await asyncio.sleep(chance.uniform(0.5, 6.0))
                stage.side.mend()
    stage.side.mend()


def _outcomes(side: Side, place: str) -> dict[str, list[str]]:
    """What the bot shows in each thread of a place, but for status lines."""
    shown: dict[str, list[str]] = defaultdict(list)
    if isinstance(side, SlackSide):
        world = side.slack.world
        said = [(str(m.get("thread_ts")), str(m.get("text"))) for m in world.messages[place] if m.get("bot_id")]
    else:
        assert isinstance(side, TeamsSide)
        said = [(s.thread, s.text) for s in side.teams.answers(side.places[place])]
    for thread, text in said:
        if text != STATUS:
            shown[thread].append(text)
    return shown


async def _all_shown(side: Side, place: str, tally: Tally) -> int:
    """Seconds until every question has an outcome, SETTLE_S at most."""
    for waited in range(SETTLE_S):
        shown = _outcomes(side, place)
        if all(shown[m.thread] for m in tally.asked):
            return waited
        await asyncio.sleep(1)
    return SETTLE_S


def _forget_traffic(side: Side) -> None:
    """The stand-ins keep every call, which would be most of the memory."""
    if isinstance(side, SlackSide):
        side.slack.world.calls.clear()
        side.slack.world.received.clear()
        side.slack.deliveries.clear()
    elif isinstance(side, TeamsSide):
        side.teams.received.clear()


async def soak(side: Side, folder: Path, template: Path, minutes: float, chance: random.Random) -> bool:
    tally = Tally()
    async with staged(side, template, folder, model=False, follow=True, person_limit=0, channel_limit=0) as stage:
        place = side.open_place("channel", "ada", "bob")
        until = time.monotonic() + minutes * 60
        await asyncio.gather(
            *(_people(stage, place, random.Random(chance.random()), until, tally) for _ in range(3)),
            _gremlins(stage, chance, until, tally),
        )
        late = await _all_shown(side, place, tally)
        await stage.settled()
        shown = _outcomes(side, place)
        counts = Counter(len(shown[m.thread]) for m in tally.asked)
        lost, doubled = counts[0], counts.total() - counts[0] - counts[1]
        print(
            f"{side.name}: {len(tally.asked)} questions in {minutes:g} minutes, {tally.troubles} troubles, "
            f"{tally.restarts} restarts: lost {lost}, doubled {doubled}, "
            f"unrecorded and said so {sum(UNRECORDED[:30] in text for texts in shown.values() for text in texts)}, "
            f"complaints of the platform {len(side.complaints())}; all shown {late} s after the last, "
            f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MiB",
            flush=True,
        )
        for message in tally.asked:
            if len(shown[message.thread]) != 1:
                print(f"  {message}: {shown[message.thread]}; recorded: {await _recorded(stage, message)}")
        return not lost and not doubled


async def _recorded(stage: Stage, message: Message) -> list[str]:
    """What the log holds of a message, to trace it by."""
    records = await stage.records()
    about = {r.id for r in records if r.fields.get("message") == message.id}
    return [f"{r.time:%T} {r.event} {r.outcome} {r.id}" for r in records if r.id in about or r.refers_to in about]


async def run(minutes: float, seed: int, platform: str) -> bool:
    configure("critical")
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="footnote-soak-") as scratch:
        template = Path(scratch) / "template"
        await make_home(template)
        fine = True
        for side in (SlackSide(), TeamsSide()):
            if platform not in ("both", side.name):
                continue
            folder = Path(scratch) / side.name
            folder.mkdir()
            fine &= await soak(side, folder, template, minutes, chance)
        return fine


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--minutes", type=float, default=15, help="for each platform")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--platform", choices=("slack", "teams", "both"), default="both")
    arguments = parser.parse_args()
    sys.exit(0 if asyncio.run(run(arguments.minutes, arguments.seed, arguments.platform)) else 1)


if __name__ == "__main__":
    main()
