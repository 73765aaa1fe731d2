"""Small in-memory parts behind the Slack adapter."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime

from audit.record import Receipt
from bot.errors import InboxUnavailable
from bot.ports import Platform
from bot.types import Incoming, IncomingKind, Outcome, OutcomeKind, PassageView, Reply
from retrieval.people import Principal
from retrieval.types import Answer, Citation, Document, Passage, Place, Seal, Section, Statement

RECORD = "019aa3f0c11" + "0a1b2c3d4"


@dataclass
class MemoryIntake:
    """Keeps what was accepted; `down` makes it fail as a full disk does, `slow` take so many seconds."""

    accepted: list[Incoming] = field(default_factory=list)
    down: bool = False
    tries: int = 0
    slow: float = 0.0

    async def accept(self, incoming: Incoming) -> bool:
        self.tries += 1
        await asyncio.sleep(self.slow)
        if self.down:
            raise InboxUnavailable("The disk of the inbox is full.")
        if any(i.key == incoming.key for i in self.accepted):
            return False
        self.accepted.append(incoming)
        return True

    @property
    def questions(self) -> list[Incoming]:
        return [i for i in self.accepted if i.kind is IncomingKind.QUESTION]

    @property
    def kinds(self) -> list[str]:
        return [i.kind.value for i in self.accepted]


@dataclass
class MemoryViewer:
    """Passages by record and number; `readers` may see them."""

    views: dict[tuple[str, int], PassageView] = field(default_factory=dict)
    readers: set[str] = field(default_factory=set)
    asked: list[Principal] = field(default_factory=list)
    slow: float = 0.0
    broken: Exception | None = None

    async def passage(self, record_id: str, n: int, reader: Principal) -> PassageView | None:
        self.asked.append(reader)
        await asyncio.sleep(self.slow)
        if self.broken is not None:
            raise self.broken
        return self.views.get((record_id, n)) if reader.user in self.readers else None


def document(title: str = "Travel Policy", url: str = "https://docs.example.com/travel.pdf") -> Document:
    return Document(
        id="legal/travel.pdf",
        version="2026-03-01.1a2b3c4d",
        title=title,
        uri="folder:legal/travel.pdf",
        sha256="1a2b3c4d" * 8,
        acl_id="acl-1",
        source="legal",
        media_type="application/pdf",
        modified_at=datetime(2026, 3, 1, tzinfo=UTC),
        url=url,
        effective_from=date(2026, 3, 1),
    )


def section(heading: str = "Hotels", label: str | None = "4.2") -> Section:
    return Section("a" * 16, label, heading, ("4 Travel", f"{label} {heading}"), 0, 100, 7, 7, anchor="#page=7")


def citation(n: int = 1, quote: str = "Hotels cost at most 180 EUR a night.", title: str = "Travel Policy") -> Citation:
    """The `n`-th of an answer, in a section of its own."""
    own = replace(section(), id=f"{n:016}")
    return Citation(n, document(title), own, "chunk", 10, 10 + len(quote), quote, 7, None)


def answered(*citations: Citation, text: str = "A night may cost 180 EUR at most.", notice: str = "") -> Outcome:
    cited = citations or (citation(),)
    answer = Answer((Statement(text, tuple(c.n for c in cited)),), cited, seal=Seal.VERIFIED)
    return Outcome(OutcomeKind.ANSWERED, RECORD, "What may a hotel cost?", answer, notice=notice)


def abstained(*titles: str) -> Outcome:
    near = tuple(
        Passage("p", document(t), section(), "c", 0, 5, "Hello", (Place(0, 5, page=7),), 1_000) for t in titles
    )
    return Outcome(OutcomeKind.ABSTAINED, RECORD, "q", text="I found nothing that answers this.", nearest=near)


def reply_of(platform: Platform, outcome: Outcome) -> Reply:
    return Reply(platform.render(outcome), outcome.private, Receipt(outcome.record_id, 0, "00" * 32))
