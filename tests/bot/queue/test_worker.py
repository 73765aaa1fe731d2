"""From an accepted event to what people see: one outcome, recorded first, after crashes too."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from audit.record import Json
from bot.answering.ask import Ask
from bot.answering.audience import AudienceRules
from bot.answering.channels import ChannelRule
from bot.answering.commands import Commands
from bot.answering.memory import ThreadMemory
from bot.answering.repeats import Repeats
from bot.directory.file import FileDirectory
from bot.errors import PlatformDenied, PlatformUnsure
from bot.queue.admission import Admission
from bot.queue.inbox import Inbox, PendingEvent, event_json
from bot.queue.inbox_store import SqliteStore
from bot.queue.worker import MOST_WAITING, PEOPLE_SECONDS, Worker, WorkerLimits
from bot.texts import (
    EMAIL_UNCONFIRMED,
    HELP,
    NOT_FOUND,
    NOT_TAKEN,
    READERS_UNKNOWN,
    SHARED_CHANNEL,
    SHOWN_BEFORE,
    UNRECORDED,
)
from bot.types import ChannelKind, Incoming, IncomingKind, Reply
from retrieval.people import Principal
from tests.bot.fakes import (
    FakePlatform,
    ListLibrary,
    ListRetriever,
    MemoryLog,
    QuotingAnswerer,
    incoming,
    passage,
)
from tests.waiting import until

HOTELS = "Hotels cost at most 180 EUR a night."
BONUS = "The bonus pool is EUR 1.35 million."
EVE = Principal("slack", "T1", "U2", "eve@example.com")


class Office:
    """Everything a worker needs, on one folder, so that it can be restarted."""

    def __init__(self, tmp_path: Path) -> None:
        self.path = tmp_path
        self.platform: Any = FakePlatform(readers=[EVE])
        self.log = MemoryLog()
        self.library = ListLibrary(
            passage(HOTELS), passage(BONUS, acl_id="board", document="minutes.md", title="Board Minutes")
        )
        self.retriever = ListRetriever(self.library)
        self.groups: dict[str, list[str]] = {"board": ["ada@example.com"]}
        self.channels: dict[str, ChannelRule] = {}
        self.inbox: type[Inbox] = Inbox

    @asynccontextmanager
    async def worker(
        self,
        *,
        workers: int = 2,
        first_pause: float = 2.0,
        tries: int = 300,
        admission: Admission | None = None,
        most_waiting: int = MOST_WAITING,
        people_s: float = PEOPLE_SECONDS,
    ) -> AsyncIterator[Worker]:
        memory = ThreadMemory(self.path / "memory.db", timedelta(hours=1))
        inbox = self.inbox(SqliteStore(self.path / "inbox.db"))
        commands, repeats = Commands(self.library, memory.forget), Repeats(memory, self.log, self.library)
        ask = Ask(self.library, self.retriever, QuotingAnswerer(), self.log, commands, repeats=repeats)
        rules = AudienceRules(FileDirectory(self.groups), self.channels)
        platforms = {self.platform.name: self.platform}
        worker = Worker(
            inbox,
            ask,
            self.log,
            rules,
            memory,
            platforms,
            admission=admission,
            limits=WorkerLimits(workers, first_pause, tries, most_waiting=most_waiting, people_s=people_s),
        )
        await worker.start()
        try:
            yield worker
        finally:
            await worker.stop(0.5)
            await inbox.close()
            memory.close()

    async def pending(self) -> list[PendingEvent]:
        """What is not done."""
        inbox = Inbox(SqliteStore(self.path / "inbox.db"))
        try:
            return await inbox.pending()
        finally:
            await inbox.close()

    async def left(self) -> list[str]:
        """States of what is not done."""
        return [p.state for p in await self.pending()]

    async def greeted(self, count: int) -> bool:
        """Does the inbox know so many status lines?"""
        return sum(p.status_id is not None for p in await self.pending()) == count


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


async def test_a_question_is_answered_in_place_of_the_status_line(office: Office) -> None:
    async with office.worker() as worker:
        assert await worker.accept(incoming("What do hotels cost?"))
        await worker.drain()
    assert office.platform.thread == {"m1": f"{HOTELS} [1]"}
    assert office.log.events() == [("question", "answered"), ("delivery", "delivered")]
    question, delivery = office.log.records
    assert delivery.refers_to == question.id
    assert delivery.fields["reply_message"] == "m1"
    assert await office.left() == []


async def test_the_same_event_again_gives_no_second_answer(office: Office) -> None:
    async with office.worker() as worker:
        assert await worker.accept(incoming("What do hotels cost?"))
        assert not await worker.accept(incoming("What do hotels cost?"))
        await worker.drain()
        assert not await worker.accept(incoming("What do hotels cost?"))
        await worker.drain()
    assert len(office.platform.thread) == 1


async def test_an_event_that_arrives_before_the_start_is_answered_once(office: Office) -> None:
    memory = ThreadMemory(office.path / "memory.db", timedelta(hours=1))
    inbox = Inbox(SqliteStore(office.path / "inbox.db"))
    ask = Ask(office.library, office.retriever, QuotingAnswerer(), office.log, Commands(office.library, memory.forget))
    worker = Worker(inbox, ask, office.log, AudienceRules(FileDirectory({}), {}), memory, {"slack": office.platform})
    await worker.accept(incoming("What do hotels cost?"))
    await worker.start()
    await worker.drain()
    await worker.stop(0.5)
    await inbox.close()
    memory.close()
    assert list(office.platform.thread.values()) == [f"{HOTELS} [1]"]
    assert office.log.events() == [("question", "answered"), ("delivery", "delivered")]


async def test_what_not_everyone_in_the_channel_may_read_is_shown_to_the_asker_alone(office: Office) -> None:
    async with office.worker() as worker:
        await worker.accept(incoming("What is the bonus pool?"))
        await worker.drain()
    assert office.platform.thread == {"m1": "privately"}
    assert office.platform.private == [f"{BONUS} [1]"]
    assert office.log.events() == [("question", "answered"), ("delivery", "delivered")]
    assert office.log.records[0].fields["private"] is True


async def test_what_the_asker_may_not_read_is_not_found(office: Office) -> None:
    office.groups.clear()
    async with office.worker() as worker:
        await worker.accept(incoming("What is the bonus pool?"))
        await worker.drain()
    assert office.platform.thread == {"m1": NOT_FOUND}
    assert office.platform.private == []
    assert "1.35" not in str(office.platform.thread)


async def test_who_may_lack_rights_is_told_why_where_nothing_is_found(office: Office) -> None:
    office.groups.clear()
    office.platform.lacking = EMAIL_UNCONFIRMED
    async with office.worker() as worker:
        await worker.accept(incoming("What is the bonus pool?"))
        await worker.drain()
        await worker.accept(incoming("What do hotels cost?", key="k2"))
        await worker.drain()
    assert office.platform.thread == {"m1": f"{NOT_FOUND}\n{EMAIL_UNCONFIRMED}", "m2": f"{HOTELS} [1]"}


async def test_a_right_revoked_between_two_questions_holds_at_once(office: Office) -> None:
    async with office.worker() as worker:
        await worker.accept(incoming("What is the bonus pool?", key="k1", where=ChannelKind.DIRECT))
        await worker.drain()
        assert BONUS in str(office.platform.thread)
        office.platform.thread.clear()
        office.library.lists["board"] = office.library.lists["board"].__class__(frozenset({"group:nobody"}))
        await worker.accept(incoming("And the bonus pool again?", key="k2", where=ChannelKind.DIRECT))
        await worker.drain()
    assert BONUS not in str(office.platform.thread)


@pytest.mark.parametrize(
    ("rule", "shown"),
    [
        (ChannelRule(frozenset({"group:board"})), f"{BONUS} [1]"),
        (ChannelRule(frozenset({"everyone"})), "privately"),
    ],
    ids=["granted", "not granted"],
)
async def test_a_channels_rule_decides_what_it_is_shown(office: Office, rule: ChannelRule, shown: str) -> None:
    office.channels["C1"] = rule
    async with office.worker() as worker:
        await worker.accept(incoming("What is the bonus pool?"))
        await worker.drain()
    assert office.platform.thread == {"m1": shown}


async def test_with_the_log_down_nothing_is_shown_and_a_gap_is_recorded_later(office: Office) -> None:
    office.log.down = True
    async with office.worker() as worker:
        await worker.accept(incoming("What do hotels cost?"))
        await worker.drain()
    (text,) = office.platform.thread.values()
    assert text.startswith(UNRECORDED.split("{", maxsplit=1)[0])
    assert "180" not in text
    assert await office.left() == ["unrecorded"]
    office.log.down = False
    async with office.worker() as worker:
        await worker.drain()
    assert office.log.events() == [("gap", "failed")]
    assert (office.log.records[0].refers_to or "nothing") in text
    assert office.platform.thread == {"m1": text}
    assert await office.left() == []


async def test_an_index_that_is_down_is_said(office: Office) -> None:
    office.retriever.down = True
    async with office.worker() as worker:
        await worker.accept(incoming("What do hotels cost?"))
        await worker.drain()
    (text,) = office.platform.thread.values()
    assert "the search index is down" in text
    assert office.log.events() == [("question", "failed"), ("delivery", "delivered")]


@pytest.mark.parametrize("call", ["post", "post_status", "people"])
async def test_a_platform_that_fails_once_delays_but_loses_nothing(office: Office, call: str) -> None:
    office.platform.failures[call] = 1
    async with office.worker() as worker:
        await worker.accept(incoming("What do hotels cost?"))
        await worker.drain()
    async with office.worker() as worker:
        await worker.drain()
    (text,) = office.platform.thread.values()
    assert text == (READERS_UNKNOWN if call == "people" else f"{HOTELS} [1]")
    assert [e for e, _ in office.log.events()] == ["question", "delivery"]


class Killed(BaseException):
    """The process is killed here."""


@pytest.mark.parametrize("moment", ["after the record", "before the reply", "after the reply"])
async def test_a_crash_at_any_moment_ends_in_one_answer(office: Office, moment: str) -> None:
    inbox = Inbox(SqliteStore(office.path / "inbox.db"))
    question = incoming("What do hotels cost?")
    await inbox.accept(question)
    async with office.worker() as worker:
        await worker.drain()
    assert len(office.log.records) == 2
    await inbox.close()
    # Put the inbox back to where the crash would have left it.
    reply_record = office.log.records[0]
    del office.log.records[1]
    db = SqliteStore(office.path / "inbox.db").open()
    event = _event(question)
    db.run("UPDATE events SET state = 'new', event = ?, record_id = ?, status_id = 'm1'", (event, reply_record.id))
    if moment != "after the record":
        payload: Mapping[str, Json] = {"text": f"{HOTELS} [1]"}
        receipt = {"record_id": reply_record.id, "index": 0, "leaf_hash": ""}
        db.run(
            "UPDATE events SET state = 'recorded', reply = ?",
            (json.dumps({"payload": payload, "private": False, "receipt": receipt}),),
        )
    if moment != "after the reply":
        office.platform.thread["m1"] = "Looking…"
    db.close()
    async with office.worker() as worker:
        await worker.drain()
    assert office.platform.thread == {"m1": f"{HOTELS} [1]"}
    assert office.log.events() == [("question", "answered"), ("delivery", "delivered")]
    assert await office.left() == []


@pytest.mark.parametrize("unseen", [False, True], ids=["one may look", "nobody may look"])
@pytest.mark.parametrize("shown", [False, True], ids=["before it was shown", "after it was shown"])
async def test_a_crash_while_it_is_shown_makes_no_second_answer(office: Office, unseen: bool, shown: bool) -> None:
    inbox = Inbox(SqliteStore(office.path / "inbox.db"))
    await inbox.accept(incoming("What do hotels cost?"))
    async with office.worker() as worker:
        await worker.drain()
    del office.log.records[1]
    receipt = {"record_id": office.log.records[0].id, "index": 0, "leaf_hash": ""}
    reply = json.dumps({"payload": {"text": f"{HOTELS} [1]"}, "private": False, "receipt": receipt})
    await inbox.close()
    db = SqliteStore(office.path / "inbox.db").open()
    db.run(
        "UPDATE events SET state = 'showing', event = ?, reply = ?", (_event(incoming("What do hotels cost?")), reply)
    )
    db.close()
    office.platform.unseen = unseen
    if not shown:
        office.platform.thread.clear()
    async with office.worker() as worker:
        await worker.drain()
    answers = list(office.platform.thread.values())
    if unseen:
        assert answers == ([f"{HOTELS} [1]"] if shown else []) + [SHOWN_BEFORE]
        assert office.log.events()[1:] == [("delivery", "unconfirmed")]
    else:
        assert answers == [f"{HOTELS} [1]"]
        assert office.log.events()[1:] == [("delivery", "delivered")]
    assert await office.left() == []


async def test_what_may_not_have_arrived_is_answered_anew_when_it_is_asked_again(office: Office) -> None:
    """The line says "please ask again": that must not lead back to an answer that nobody has seen."""

    class LosesOne(FakePlatform):
        lost = 1

        async def post(self, incoming: Incoming, reply: Reply, replace: str | None, *, again: bool = False) -> str:
            if not again and self.lost:
                self.lost -= 1
                raise PlatformUnsure("no answer")
            return await super().post(incoming, reply, replace, again=again)

    office.platform = LosesOne(readers=[EVE])
    office.platform.lines, office.platform.unseen = False, True
    async with office.worker(first_pause=0.01) as worker:
        await worker.accept(incoming("What do hotels cost?"))
        await until(lambda: len(office.log.records) == 2, "the line")
        await worker.drain()
        await worker.accept(replace(incoming("What do hotels cost?", key="k2"), message="2.2"))
        await worker.drain()
    assert list(office.platform.thread.values()) == [SHOWN_BEFORE, f"{HOTELS} [1]"]
    assert office.log.events()[1] == ("delivery", "unconfirmed")


@pytest.mark.parametrize("lines", [True, False])
@pytest.mark.parametrize("taken", ["whole", "small", "notice"])
async def test_a_reply_that_is_refused_ends_in_a_smaller_form(office: Office, taken: str, lines: bool) -> None:
    """Whatever the platform takes: all of it, less, or a line that names the record; nothing else stays."""
    office.platform.lines = lines
    office.platform.refuses = {
        "whole": lambda text: False,
        "small": lambda text: not text.startswith("small"),
        "notice": lambda text: True,
    }[taken]
    async with office.worker() as worker:
        await worker.accept(incoming("What do hotels cost?"))
        await worker.drain()
    question, delivery = office.log.records
    shown = {
        "whole": f"{HOTELS} [1]",
        "small": f"small: {HOTELS} [1]",
        "notice": NOT_TAKEN.format(record=question.id),
    }
    assert list(office.platform.thread.values()) == [shown[taken]]
    assert delivery.fields.get("form", "whole") == taken


async def test_an_answer_for_a_place_that_is_closed_by_now_goes_to_the_asker(office: Office) -> None:
    class Closed(FakePlatform):
        async def post(self, incoming: Incoming, reply: Reply, replace: str | None, *, again: bool = False) -> str:
            if not reply.private:
                raise PlatformDenied("not_in_channel")
            return await super().post(incoming, reply, replace, again=again)

    office.platform = Closed(readers=[EVE])
    async with office.worker() as worker:
        await worker.accept(incoming("What do hotels cost?"))
        await worker.drain()
    assert office.platform.private == [f"{HOTELS} [1]"]
    assert office.log.records[1].fields["private"] is True


@pytest.mark.parametrize("kind", [IncomingKind.FEEDBACK, IncomingKind.IGNORED])
async def test_other_events_are_recorded_as_what_they_are(office: Office, kind: IncomingKind) -> None:
    async with office.worker() as worker:
        await worker.accept(incoming("down: wrong", kind=kind))
        await worker.drain()
    assert office.log.events() == [(kind.value, "recorded")]
    assert office.platform.thread == {}


@pytest.mark.parametrize("text", ["", "help", "Help!"])
async def test_an_empty_mention_gets_help(office: Office, text: str) -> None:
    async with office.worker() as worker:
        await worker.accept(incoming(text))
        await worker.drain()
    assert office.platform.thread == {"m1": HELP}


async def test_sources_lists_only_what_every_reader_may_read(office: Office) -> None:
    async with office.worker() as worker:
        await worker.accept(incoming("sources"))
        await worker.drain()
    (text,) = office.platform.thread.values()
    assert "Travel Policy" in text
    assert "Board Minutes" not in text


async def test_a_channel_shared_with_others_is_refused(office: Office) -> None:
    office.platform.external = True
    async with office.worker() as worker:
        await worker.accept(incoming("What do hotels cost?"))
        await worker.drain()
    assert office.platform.thread == {"m1": SHARED_CHANNEL}
    assert office.log.events()[0] == ("question", "refused")


async def test_readers_the_platform_does_not_tell_are_nobody(office: Office) -> None:
    office.platform.readers = None
    async with office.worker() as worker:
        await worker.accept(incoming("What do hotels cost?"))
        await worker.drain()
    assert office.platform.thread == {"m1": "privately"}


async def test_a_very_long_question_is_refused_and_recorded(office: Office) -> None:
    async with office.worker() as worker:
        await worker.accept(incoming("hotels " * 15_000))
        await worker.drain()
    (text,) = office.platform.thread.values()
    assert "105,000 characters" in text or "104,999 characters" in text
    assert office.log.events()[0] == ("question", "refused")


async def test_a_burst_is_answered_once_each(office: Office) -> None:
    async with office.worker() as worker:
        for n in range(50):
            await worker.accept(incoming(f"What do hotels cost in case {n}?", key=f"k{n}"))
        await worker.drain()
    assert sorted(office.platform.thread.values()) == [f"{HOTELS} [1]"] * 50


def _event(question: Incoming) -> str:
    return json.dumps(event_json(question))


async def test_a_direct_chat_is_remembered_as_one_though_each_message_begins_a_thread(office: Office) -> None:
    async with office.worker() as worker:
        first = replace(incoming("What do hotels cost?", key="k1", where=ChannelKind.DIRECT), thread="1.1")
        await worker.accept(first)
        await worker.drain()
        await worker.accept(replace(first, key="k2", thread="2.2", text="And breakfast?"))
        await worker.drain()
        assert "hotels" in office.retriever.asked[-1][0]
        await worker.accept(replace(first, key="k3", thread="3.3", text="forget"))
        await worker.drain()
    assert "forgotten 2 earlier" in list(office.platform.thread.values())[-1]


async def test_a_question_without_an_answer_is_remembered_too(office: Office) -> None:
    async with office.worker() as worker:
        await worker.accept(incoming("What about dogs?", key="k1"))
        await worker.drain()
        await worker.accept(incoming("forget", key="k2"))
        await worker.drain()
    assert "forgotten 1 earlier" in list(office.platform.thread.values())[-1]
