"""A person's help: who is asked, what is recorded first, and who may not call anybody."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from audit.log import TransparencyLog
from audit.question import restore
from audit.record import AuditRecord
from audit.search import Filter
from bot.answering.ask import Ask
from bot.answering.audience import AudienceRules
from bot.answering.commands import Commands
from bot.answering.experts import ExpertDesk, ExpertRule, Experts
from bot.answering.history import LoggedHistory
from bot.answering.memory import ThreadMemory
from bot.directory.file import FileDirectory
from bot.keys import ChannelKey, ThreadKey
from bot.queue.inbox import Inbox
from bot.queue.inbox_store import SqliteStore
from bot.queue.worker import Worker, WorkerLimits
from bot.texts import EXPERT_CALL, EXPERT_ELSEWHERE, NO_EXPERT, NO_EXPERT_HERE, NO_QUESTION, NOT_FOUND, SHARED_CHANNEL
from bot.types import ChannelKind, Expert, Incoming, IncomingKind
from bot.wiring.replay import posted
from retrieval.people import Principal
from tests.bot.fakes import FakePlatform, ListLibrary, ListRetriever, QuotingAnswerer, incoming, passage

TRAVEL = Expert("the travel desk", {"slack": "S0TRAVEL", "teams": "travel@example.com"})
LAW = Expert("Maeve", {"slack": "U0MAEVE"})
EVE = Principal("slack", "T1", "U2", "eve@example.com")
QUESTION = "What do hotels cost <!channel>?"


class Office:
    """A worker with experts on a real log; `said` is what stands in the thread, status lines replaced."""

    def __init__(self, log: TransparencyLog, folder: Path) -> None:
        self.log, self.folder = log, folder
        self.platform = FakePlatform(readers=[EVE])
        self.library = ListLibrary(passage("Hotels cost at most 180 EUR a night."))
        self.experts = Experts([ExpertRule(LAW, words=("contract",)), ExpertRule(TRAVEL, words=("hotel", "flight"))])

    @asynccontextmanager
    async def worker(self) -> AsyncIterator[Worker]:
        memory = ThreadMemory(self.folder / "memory.db", timedelta(hours=1))
        inbox = Inbox(SqliteStore(self.folder / "inbox.db"))
        history = LoggedHistory(self.log)
        ask = Ask(
            self.library,
            ListRetriever(self.library),
            QuotingAnswerer(),
            self.log,
            Commands(self.library, memory.forget, history),
            experts=self.experts.offered,
        )
        desk = ExpertDesk(self.experts, self.log, history)
        rules = AudienceRules(FileDirectory({}), {})
        platforms = {"slack": self.platform}
        worker = Worker(
            inbox, ask, self.log, rules, memory, platforms, experts=desk, limits=WorkerLimits(first_pause=0.01)
        )
        await worker.start()
        try:
            yield worker
        finally:
            await worker.stop(0.5)
            await inbox.close()
            memory.close()

    async def hear(self, *events: Incoming) -> list[str]:
        async with self.worker() as worker:
            for event in events:
                await worker.accept(event)
                await worker.drain()
            await worker.drain()
        return [*self.platform.thread.values()]

    async def records(self, event: str) -> list[AuditRecord]:
        return [r async for r in self.log.all(Filter(event=event))]


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with await TransparencyLog.open(tmp_path / "audit") as log:
        yield Office(log, tmp_path)


def pressed(record: str, **changes: Any) -> Incoming:
    event = replace(incoming("", key=f"call:{record}", kind=IncomingKind.EXPERT), about=record)
    return replace(event, **changes)


@pytest.mark.parametrize("word", ["expert", "Expert!", "ask an expert", "`expert`"])
async def test_the_word_mentions_the_expert_with_the_last_question(office: Office, word: str) -> None:
    said = await office.hear(incoming(QUESTION, key="k1"), incoming(word, key="k2"))
    assert said[-1] == f"@S0TRAVEL {EXPERT_CALL} {QUESTION}"
    [call] = await office.records("expert")
    [question] = await office.records("question")
    assert (call.outcome, call.refers_to, call.fields["expert"]) == ("asked", question.id, "the travel desk")
    assert call.fields["text"] == QUESTION
    assert question.fields["expert"] == "the travel desk"


async def test_the_button_mentions_the_expert_once_whoever_presses(office: Office) -> None:
    await office.hear(incoming(QUESTION, key="k1"))
    [question] = await office.records("question")
    said = await office.hear(pressed(question.id), pressed(question.id, user="U2"))
    assert said[1:] == [f"@S0TRAVEL {EXPERT_CALL} {QUESTION}"]
    assert len(await office.records("expert")) == 1


async def test_an_abstention_offers_one_too(office: Office) -> None:
    said = await office.hear(incoming("Which flight lands first?", key="k1"))
    assert said == [NOT_FOUND]
    [question] = await office.records("question")
    assert question.fields["expert"] == "the travel desk"


async def test_a_call_that_the_platform_did_not_take_is_made_later_under_one_record(office: Office) -> None:
    await office.hear(incoming(QUESTION, key="k1"))
    office.platform.failures["post_call"] = 1
    assert len(await office.hear(incoming("expert", key="k2"))) == 1
    assert (await office.hear())[-1] == f"@S0TRAVEL {EXPERT_CALL} {QUESTION}"
    assert len(await office.records("expert")) == 1


@pytest.mark.parametrize(
    ("earlier", "told"),
    [([], NO_QUESTION), ([incoming("Do pigs fly?", key="k1")], NO_EXPERT)],
    ids=["no question", "no expert for it"],
)
async def test_nobody_to_ask_is_said_and_recorded(office: Office, earlier: list[Incoming], told: str) -> None:
    said = await office.hear(*earlier, incoming("expert", key="k2"))
    assert said[-1] == told
    assert [r.outcome for r in await office.records("expert")] == ["none"]


async def test_who_may_not_ask_may_not_call(office: Office) -> None:
    await office.hear(incoming(QUESTION, key="k1"))
    office.platform.external = True
    said = await office.hear(incoming("expert", key="k2"))
    assert said[-1] == SHARED_CHANNEL
    assert [r.outcome for r in await office.records("expert")] == ["refused"]


async def test_a_question_of_another_channel_is_not_passed_on(office: Office) -> None:
    await office.hear(incoming(QUESTION, key="k1"))
    [question] = await office.records("question")
    said = await office.hear(pressed(question.id, channel="C2"))
    assert said[-1] == NO_QUESTION
    assert QUESTION not in said[-1]


async def test_in_a_direct_chat_nobody_is_mentioned(office: Office) -> None:
    direct = ChannelKind.DIRECT
    said = await office.hear(incoming(QUESTION, key="k1", where=direct), incoming("expert", key="k2", where=direct))
    assert said[-1] == EXPERT_ELSEWHERE.format(name="the travel desk")


@pytest.mark.parametrize("where", [ChannelKind.CHANNEL, ChannelKind.DIRECT])
async def test_an_expert_may_be_called_at_once_where_nothing_is_found(office: Office, where: ChannelKind) -> None:
    office.experts = Experts([ExpertRule(TRAVEL, words=("flight", "hotel"), at_once=True)])
    asked = incoming("Which flight lands first?", key="k1", where=where)
    said = await office.hear(asked, incoming(QUESTION, key="k2", where=where))
    calls = [text for text in said if text.startswith("@")]
    assert calls == ([f"@S0TRAVEL {EXPERT_CALL} {asked.text}"] if where is ChannelKind.CHANNEL else [])
    [question] = [r for r in await office.records("question") if r.outcome == "abstained"]
    again = replace(pressed(question.id), key=f"slack:T1:C1:expert:{question.id}")
    await office.hear(again)  # the button under the same abstention
    assert len(await office.records("expert")) == 1


async def test_a_reply_with_the_button_replays(office: Office) -> None:
    await office.hear(incoming(QUESTION, key="k1"))
    [question] = await office.records("question")
    for platform in ("slack", "teams"):
        assert b"Ask the travel desk" in posted(platform, restore(question))


@pytest.mark.parametrize(
    ("question", "platform", "channel", "expected"),
    [
        ("Is a HOTEL paid?", "slack", "C1", "the travel desk"),
        ("hotels?", "teams", "C1", "the travel desk"),
        ("motel", "slack", "C1", ""),
        ("the contract and the hotel", "slack", "C1", "Maeve"),
        ("the contract and the hotel", "teams", "C1", "the travel desk"),
        ("the contract", "teams", "C1", ""),
        ("anything", "slack", "C9", "Maeve"),
        ("hotels", "cli", "terminal", ""),
    ],
)
def test_the_first_rule_that_matches_decides(question: str, platform: str, channel: str, expected: str) -> None:
    rules = [
        ExpertRule(LAW, words=("contract",)),
        ExpertRule(TRAVEL, words=("hotel", "flight")),
        ExpertRule(LAW, channels=frozenset({"C9"})),
    ]
    assert Experts(rules).offered(question, platform, channel) == expected


async def test_the_terminal_says_that_nobody_is_there() -> None:
    assert (
        await Commands(ListLibrary(), lambda _: 0).reply(
            "expert", ThreadKey(ChannelKey("cli", "local", "terminal")), frozenset()
        )
        == NO_EXPERT_HERE
    )
