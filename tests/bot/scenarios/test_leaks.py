"""Nobody reads through the bot what they may not read: canaries, and every byte that was shown."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from audit.record import Json
from bot.answering.audience import AudienceRules
from bot.answering.memory import ThreadMemory
from bot.queue.inbox import Inbox
from bot.queue.inbox_store import SqliteStore
from bot.queue.worker import Worker
from bot.settings.values import Settings
from bot.slack import render as slack_render
from bot.teams import render as teams_render
from bot.types import ChannelKind, Expert, Form, Incoming, IncomingKind, Outcome, People, Reply
from bot.wiring.app import App, open_app
from retrieval.people import Principal
from tests.bot.scenarios.canaries import Company, Paper, papers, question, write
from tests.bot.scenarios.sides import PEOPLE, Side, SlackSide, TeamsSide
from tests.bot.scenarios.stage import staged

QUESTIONS = 2_000
A_BATCH = 40
ADDRESSES = {f"p{n}": f"p{n}@example.com" for n in range(12)}
GUESTS = frozenset({"p10", "p11"})
COUNT = re.compile(r"answer from these (\d+) documents")


@dataclass
class Office:
    """Implements `Platform` and `Directory` over the company as it is now; keeps what each reader is shown."""

    name: str
    company: Company
    channels: dict[str, list[str]] = field(default_factory=dict)
    shown: list[tuple[tuple[str, ...], bytes]] = field(default_factory=list)

    async def groups(self, person: Principal) -> frozenset[str]:
        return frozenset(g for g, members in self.company.members.items() if person.user in members)

    def _person(self, user: str) -> Principal:
        return Principal(self.name, "T1", user, ADDRESSES[user], member=user not in self.company.guests)

    async def people(self, incoming: Incoming) -> People:
        readers = tuple(self._person(user) for user in self._readers(incoming))
        return People(self._person(incoming.user), readers)

    def _readers(self, incoming: Incoming) -> list[str]:
        return [incoming.user] if incoming.channel_kind is ChannelKind.DIRECT else self.channels[incoming.channel]

    def render(self, outcome: Outcome) -> Mapping[str, Json]:
        """As both platforms would show it."""
        return {"slack": slack_render.render(outcome), "teams": dict(teams_render.render(outcome, passages=True))}

    async def post_status(self, incoming: Incoming, text: str) -> str:
        return await self.post_text(incoming, text, None)

    def smaller(self, payload: Mapping[str, Json]) -> Sequence[Form]:
        return ()

    async def post(self, incoming: Incoming, reply: Reply, replace: str | None, *, again: bool = False) -> str:
        readers = [incoming.user] if reply.private else self._readers(incoming)
        self.shown.append((tuple(readers), json.dumps(reply.payload, ensure_ascii=False).encode()))
        return "m"

    async def said_before(self, incoming: Incoming) -> str:
        return ""

    async def find_posted(self, incoming: Incoming, message: str) -> str | None:
        return ""

    async def post_call(self, incoming: Incoming, expert: Expert, text: str, question: str, record_id: str) -> str:
        return await self.post_text(incoming, f"{text} {question}", None)

    async def post_text(self, incoming: Incoming, text: str, replace: str | None) -> str:
        self.shown.append((tuple(self._readers(incoming)), text.encode()))
        return "m"


async def _sync(app: App, company: Company, root: Path, addresses: Mapping[str, str]) -> None:
    report = await app.engine.run(company.source(root, addresses))
    assert not report.failed


def _asks(office: Office, chance: random.Random, n: int) -> Incoming:
    """Somebody asks somewhere, in one of few threads, so that people follow up on each other."""
    channel = chance.choice(list(office.channels))
    if chance.random() < 0.3:
        user = chance.choice(list(ADDRESSES))
        channel, kind = f"D-{user}", ChannelKind.DIRECT
    else:
        user, kind = chance.choice(office.channels[channel]), ChannelKind.CHANNEL
    thread = f"t{chance.randrange(3)}"
    text, now = question(chance), datetime.now(UTC)
    return Incoming(f"k{n}", office.name, IncomingKind.QUESTION, "T1", user, channel, kind, thread, f"m{n}", text, now)


def _check(shown: list[tuple[tuple[str, ...], bytes]], company: Company, documents: list[Paper]) -> int:
    """No canary for those who may not read it, no count of more than they may read; how many were rightly shown."""
    rightly = 0
    for readers, payload in shown:
        assert company.leaked(payload, readers, documents) == [], (readers, payload)
        readable = company.readable(readers, documents)
        rightly += any(c.encode() in payload for d in readable for c in d.canaries)
        for count in COUNT.findall(payload.decode()):
            assert int(count) == len(readable)
    return rightly


@pytest.mark.slow
async def test_no_canary_reaches_anyone_who_may_not_read_it(tmp_path: Path) -> None:
    chance, documents = random.Random(20260302), papers()
    company = Company(guests=GUESTS)
    write(tmp_path / "papers", documents)
    async with AsyncExitStack() as stack:
        memory = ThreadMemory(tmp_path / "memory.db", timedelta(hours=1))
        stack.callback(memory.close)
        app = await stack.enter_async_context(open_app(Settings(home=tmp_path / "home"), memory=memory))
        office = Office("slack", company)
        inbox = Inbox(SqliteStore(tmp_path / "inbox.db"))
        stack.push_async_callback(inbox.close)
        worker = Worker(inbox, app.ask, app.audit, AudienceRules(office, {}, guests=True), memory, {"slack": office})
        await worker.start()
        stack.push_async_callback(worker.stop)
        rightly = 0
        for batch in range(QUESTIONS // A_BATCH):
            company.shuffle_members(chance, list(ADDRESSES))
            if batch % 5 == 0:
                company.shuffle_rights(chance, list(ADDRESSES))
                await _sync(app, company, tmp_path / "papers", ADDRESSES)
            office.channels = {f"C{n}": chance.sample(list(ADDRESSES), chance.randrange(1, 5)) for n in range(8)}
            office.shown.clear()
            for n in range(A_BATCH):
                assert await worker.accept(_asks(office, chance, batch * A_BATCH + n))
            await worker.drain()
            assert len(office.shown) >= 2 * A_BATCH  # a status line and an outcome for each
            rightly += _check(office.shown, company, documents)
    assert rightly > QUESTIONS / 20, "the canaries must be there to be seen by those who may"


@pytest.mark.parametrize("make", [SlackSide, TeamsSide])
async def test_no_canary_among_the_bytes_that_a_platform_received(
    make: type[SlackSide] | type[TeamsSide], tmp_path: Path
) -> None:
    chance, documents = random.Random(7), papers()
    people = ("ada", "bob", "tom", "gil")
    company = Company(guests=frozenset({"gil"}))
    for group, members in {"board": {"tom"}, "legal": {"ada", "tom"}, "hr": {"bob"}, "sales": {"ada", "bob"}}.items():
        company.members[group] = members
    write(tmp_path / "papers", documents)
    (tmp_path / "template" / "home" / "models").mkdir(parents=True)
    side: Side = make()
    groups = {g: tuple(PEOPLE[m] for m in members) for g, members in company.members.items() if members}
    async with staged(
        side, tmp_path / "template", tmp_path, model=False, follow=True, groups=groups, person_limit=0
    ) as stage:
        for batch in range(8):
            company.shuffle_rights(chance, people)
            await _sync(stage.app, company, tmp_path / "papers", PEOPLE)
            _forget_what_was_said(side)
            places = {side.open_place("channel", *crowd): crowd for crowd in _crowds(chance, people)}
            places |= {side.open_place("direct", person): [person] for person in people}
            for _ in range(14):
                place = chance.choice(list(places))
                await side.say(chance.choice(places[place]), place, question(chance), None, mention=True)
            await stage.settled()
            for place, crowd in places.items():
                for person in crowd:
                    shown = "\n".join(side.seen(person, place)).encode()
                    assert company.leaked(shown, [person], documents) == [], (batch, person, shown)
                common = set(side.seen(crowd[0], place)).intersection(*(side.seen(p, place) for p in crowd))
                assert company.leaked("\n".join(common).encode(), crowd, documents) == []
        kept = [c for d in documents if d.path.startswith("vault/") for c in d.canaries]
        assert [c for c in kept if c.encode() in side.received()] == []
        assert any(c.encode() in side.received() for d in documents for c in d.canaries)
        assert not side.complaints()


def _crowds(chance: random.Random, people: tuple[str, ...]) -> list[list[str]]:
    return [chance.sample(people, chance.randrange(1, 4)) for _ in range(4)]


def _forget_what_was_said(side: Side) -> None:
    if isinstance(side, SlackSide):
        side.slack.world.messages.clear()
    elif isinstance(side, TeamsSide):
        side.teams.said.clear()
