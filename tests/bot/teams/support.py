"""A bot on a local server, the stand-in of Teams in front of it, and values to answer with."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from audit.record import Receipt
from bot.demo.standins.teams import ISSUER, Person, TeamsStandin
from bot.errors import InboxUnavailable
from bot.teams.adapter import TeamsPlatform
from bot.teams.messages import GraphAddresses, TeamsMessages
from bot.types import Incoming, IncomingKind, Outcome, OutcomeKind, Reply
from retrieval.types import Answer, Citation, Document, Passage, Seal, Section, Statement

ADA = Person("Ada Lovelace", "ada@example.com")
BEN = Person("Ben Turner", "ben@example.com")
CLEO = Person("Cleo Marsh", "cleo@example.com")
GUEST = Person("Gil Guest", "gil@partner.example", role="guest")
STRANGER = Person("Sam Stranger", "sam@other.example", tenant="99999999-9999-4999-8999-999999999999")


@dataclass
class MemoryIntake:
    """An inbox in memory that can be full."""

    accepted: list[Incoming] = field(default_factory=list)
    full: bool = False

    async def accept(self, incoming: Incoming) -> bool:
        if self.full:
            raise InboxUnavailable("the disk is full")
        if any(i.key == incoming.key for i in self.accepted):
            return False
        self.accepted.append(incoming)
        return True

    @property
    def questions(self) -> list[Incoming]:
        return [i for i in self.accepted if i.kind is IncomingKind.QUESTION]

    @property
    def last(self) -> Incoming:
        return self.accepted[-1]


@dataclass
class Bot:
    teams: TeamsStandin
    intake: MemoryIntake
    platform: TeamsPlatform


@asynccontextmanager
async def running(
    page: int = 2,
    options: dict[str, Any] | None = None,
    *,
    reads: bool = False,
    issuer: str = ISSUER,
    **changes: Any,
) -> AsyncIterator[Bot]:
    """The real adapter behind a real server. `changes` are settings, `options` go to TeamsPlatform; `reads`: it may ask
    Graph. `issuer` is that of a cloud."""
    async with TeamsStandin(page=page, issuer=issuer) as teams:
        intake = MemoryIntake()
        graph = GraphAddresses(f"{teams.base}/graph/v1.0", teams.service_url)
        history = TeamsMessages(teams.config(), graph) if reads else None
        platform = TeamsPlatform(teams.config(**changes), intake, history=history, **(options or {}))
        app = web.Application(client_max_size=2_000_000)
        app.add_routes(platform.routes())
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        teams.endpoint = f"http://127.0.0.1:{runner.addresses[0][1]}/teams/messages"
        await platform.start()
        try:
            yield Bot(teams, intake, platform)
        finally:
            await platform.stop()
            await runner.cleanup()


def document(title: str = "Travel Policy", url: str | None = "https://docs.example.com/travel.pdf") -> Document:
    return Document(
        id="travel.pdf",
        version="2026-03-01.1a2b3c4d",
        title=title,
        uri="file:///travel.pdf",
        sha256="1a2b3c4d" * 8,
        acl_id="everyone",
        source="docs",
        media_type="application/pdf",
        modified_at=datetime(2026, 3, 1, tzinfo=UTC),
        url=url,
    )


SECTION = Section("s42", "4.2", "Hotels", ("4 Travel", "4.2 Hotels"), 0, 500, 7, 7, None, "#page=7")


def citation(n: int = 1, quote: str = "Hotels cost at most 180 EUR a night.", **changes: Any) -> Citation:
    """The `n`-th of an answer, in a section of its own."""
    own = replace(SECTION, id=f"s{n}")
    return Citation(n, document(**changes), own, f"c{n}", 10, 10 + len(quote), quote, 7, None)


def answered(*citations: Citation, text: str = "Hotels cost at most 180 EUR a night.", **changes: Any) -> Outcome:
    cited = citations or (citation(),)
    statements = tuple(Statement(text, (c.n,)) for c in cited)
    return Outcome(
        OutcomeKind.ANSWERED,
        "0194f2c3a1b5e0d9c8b7",
        "How much?",
        Answer(statements, cited, seal=Seal.VERIFIED),
        **changes,
    )


def passage(title: str = "Travel Policy") -> Passage:
    return Passage("p1", document(title), SECTION, "c1", 0, 40, "Flights are booked in economy class.", (), 500_000)


def reply(platform: TeamsPlatform, outcome: Outcome) -> Reply:
    return Reply(platform.render(outcome), outcome.private, Receipt(outcome.record_id, 0, "00" * 32))
