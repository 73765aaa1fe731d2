"""Two workers at one inbox in PostgreSQL: what one had in hand when it died, the other finishes, once."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from bot.answering.ask import Ask
from bot.answering.audience import AudienceRules
from bot.answering.commands import Commands
from bot.answering.memory import ThreadMemory
from bot.directory.file import FileDirectory
from bot.queue.inbox import Inbox
from bot.queue.inbox_store import PostgresStore
from bot.queue.worker import Worker, WorkerLimits
from retrieval.types import Passage, Question
from tests.bot.fakes import FakePlatform, ListLibrary, ListRetriever, MemoryLog, QuotingAnswerer, incoming, passage
from tests.servers import postgres
from tests.waiting import until

HOTELS = "Hotels cost at most 180 EUR a night."


class Held(ListRetriever):
    """Waits until it is let go."""

    def __init__(self, library: ListLibrary) -> None:
        super().__init__(library)
        self.reached = asyncio.Event()
        self.free = asyncio.Event()
        self.free.set()

    async def retrieve(
        self, question: Question, acl_ids: frozenset[str], *, sources: frozenset[str] | None = None
    ) -> tuple[Passage, ...]:
        self.reached.set()
        await self.free.wait()
        return await super().retrieve(question, acl_ids, sources=sources)


class Replica:
    """A worker of its own on the shared platform, log and inbox."""

    def __init__(self, number: int, url: str, folder: Path, platform: FakePlatform, log: MemoryLog) -> None:
        library = ListLibrary(passage(HOTELS))
        memory = ThreadMemory(folder / f"memory-{number}.db", timedelta(hours=1))
        self.memory = memory
        self.retriever = Held(library)
        self.inbox = Inbox(PostgresStore(url))
        ask = Ask(library, self.retriever, QuotingAnswerer(), log, Commands(library, memory.forget))
        rules = AudienceRules(FileDirectory({}), {})
        quick = WorkerLimits(first_pause=0.05, adopt_s=0.05)
        self.worker = Worker(self.inbox, ask, log, rules, memory, {"slack": platform}, limits=quick)

    async def die(self) -> None:
        """At once, with nothing handed back: the server frees what its connection held, as for a dead process."""
        await self.worker.stop(0)
        await self.inbox.close()
        self.memory.close()


@pytest.mark.parametrize("recorded", [False, True], ids=["before the record", "after the record"])
async def test_what_a_dead_replica_had_in_hand_is_answered_once(
    tmp_path: Path, postgres_server: postgres.Server, recorded: bool
) -> None:
    url = postgres_server.create(f"replicas_{uuid4().hex}")
    platform, log = FakePlatform(), MemoryLog()
    first, second = (Replica(n, url, tmp_path, platform, log) for n in range(2))
    try:
        await first.worker.start()
        await second.worker.start()
        if recorded:
            platform.failures["post"] = 10**6
        else:
            first.retriever.free.clear()
        await first.worker.accept(incoming("What do hotels cost?"))
        await first.retriever.reached.wait()
        await until(lambda: not recorded or platform.failures["post"] < 10**6, "a try to show the reply")
        await first.die()
        platform.failures.clear()
        await until(lambda: log.events()[-1:] == [("delivery", "delivered")], "the delivery by the second replica")
        await second.worker.drain()
        assert list(platform.thread.values()) == [f"{HOTELS} [1]"]
        assert log.events() == [("question", "answered"), ("delivery", "delivered")]
    finally:
        await second.die()
