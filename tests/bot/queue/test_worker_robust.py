"""What goes wrong around a worker: bursts, stops, platforms and logs that are down for long."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from structlog.testing import capture_logs

from audit.errors import AuditUnavailable, RecordInvalid
from audit.record import AuditRecord, Json, Receipt
from bot.errors import InboxUnavailable, PlatformBusy, PlatformError
from bot.texts import READERS_UNKNOWN, STATUS, UNRECORDED
from bot.types import ChannelKind, Incoming, IncomingKind, People
from retrieval.types import Passage, Question
from tests.bot.fakes import FakePlatform, ListLibrary, ListRetriever, MemoryLog, incoming
from tests.bot.queue.test_worker import BONUS, HOTELS, Office
from tests.waiting import until

ASKED = "What do hotels cost?"


class SlowRetriever(ListRetriever):
    """Finds nothing until it is let go; says in which order it was asked."""

    def __init__(self, library: ListLibrary) -> None:
        super().__init__(library)
        self.free = asyncio.Event()

    async def retrieve(
        self, question: Question, acl_ids: frozenset[str], *, sources: frozenset[str] | None = None
    ) -> tuple[Passage, ...]:
        found = await super().retrieve(question, acl_ids, sources=sources)
        await self.free.wait()
        return found


class FailingLog(MemoryLog):
    """Takes no record of these events."""

    def __init__(self, *events: str, error: Callable[[str], Exception] = AuditUnavailable) -> None:
        super().__init__()
        self.refused = set(events)
        self.error = error

    async def append(self, record: AuditRecord) -> Receipt:
        if record.event in self.refused:
            raise self.error(f"no {record.event} can be written")
        return await super().append(record)


def asks(user: str, n: int, text: str = ASKED) -> Incoming:
    return replace(incoming(text, key=f"{user}-{n}"), user=user, thread=f"t{n}", message=f"{user}-{n}")


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


async def test_one_question_of_a_quiet_person_does_not_wait_for_a_hundred_of_another(office: Office) -> None:
    retriever = office.retriever = SlowRetriever(office.library)
    async with office.worker() as worker:
        for n in range(100):
            await worker.accept(asks("loud", n, f"hotels {n}?"))
        await worker.accept(asks("quiet", 100, "hotels quiet?"))
        retriever.free.set()
        await worker.drain()
    order = [text for text, _ in retriever.asked]
    assert order.index("hotels quiet?") <= 4
    assert [t for t in order if t != "hotels quiet?"] == [f"hotels {n}?" for n in range(100)]


async def test_whoever_waits_for_a_turn_sees_the_status_line(office: Office) -> None:
    retriever = office.retriever = SlowRetriever(office.library)
    async with office.worker() as worker:
        for n in range(12):
            await worker.accept(asks("ada", n))
        await until(lambda: list(office.platform.thread.values()) == [STATUS] * 12 and len(retriever.asked) == 2)
        retriever.free.set()
        await worker.drain()
    assert list(office.platform.thread.values()) == [f"{HOTELS} [1]"] * 12


async def test_the_status_line_does_not_wait_for_the_audience(office: Office) -> None:
    found = asyncio.Event()

    class SlowPeople(FakePlatform):
        async def people(self, incoming: Incoming) -> People:
            await found.wait()
            return await super().people(incoming)

    office.platform = SlowPeople()
    async with office.worker() as worker:
        await worker.accept(incoming(ASKED))
        await until(lambda: office.platform.thread == {"m1": STATUS})
        found.set()
        await worker.drain()
    assert office.platform.thread == {"m1": f"{HOTELS} [1]"}


async def test_a_stop_hands_back_what_is_in_hand(office: Office) -> None:
    office.retriever = SlowRetriever(office.library)
    async with office.worker() as worker:
        for n in range(5):
            await worker.accept(asks("ada", n))
        await until(lambda: office.greeted(5), "status lines that the inbox knows of")
        assert list(office.platform.thread.values()) == [STATUS] * 5
        await worker.stop(0.01)
        await worker.stop(0.01)
        assert await worker.accept(asks("ada", 5))  # stored for the next start
    assert await office.left() == ["new"] * 6
    office.retriever = ListRetriever(office.library)
    async with office.worker() as worker:
        await worker.drain()
    assert list(office.platform.thread.values()) == [f"{HOTELS} [1]"] * 6
    assert len(office.log.records) == 12


async def test_a_stop_waits_for_what_is_nearly_done(office: Office) -> None:
    retriever = office.retriever = SlowRetriever(office.library)
    async with office.worker() as worker:
        await worker.accept(incoming(ASKED))
        await until(lambda: bool(retriever.asked))
        stopping = asyncio.create_task(worker.stop(10))
        await asyncio.sleep(0)
        retriever.free.set()
        await stopping
    assert office.platform.thread == {"m1": f"{HOTELS} [1]"}
    assert await office.left() == []


@pytest.mark.parametrize("call", ["post", "post_status"])
async def test_a_platform_that_is_down_for_long_is_asked_ever_more_seldom(office: Office, call: str) -> None:
    office.platform.failures[call] = 5
    async with office.worker(first_pause=0.01) as worker:
        await worker.accept(incoming(ASKED))
        await until(lambda: office.platform.thread == {"m1": f"{HOTELS} [1]"})
        await worker.drain()
    assert office.platform.failures[call] == 0
    assert office.log.events() == [("question", "answered"), ("delivery", "delivered")]


async def test_a_platform_that_asks_to_wait_before_it_names_the_readers_is_waited_for(office: Office) -> None:
    class Limited(FakePlatform):
        waits = 3

        async def people(self, incoming: Incoming) -> People:
            if self.waits:
                self.waits -= 1
                raise PlatformBusy("too fast", 0.01)
            return await super().people(incoming)

    office.platform = Limited()
    async with office.worker(first_pause=0.01) as worker:
        await worker.accept(incoming(ASKED))
        await until(lambda: office.platform.thread == {"m1": f"{HOTELS} [1]"})
        await worker.drain()
    assert office.log.events() == [("question", "answered"), ("delivery", "delivered")]


async def test_the_pause_doubles_and_heeds_the_platform(office: Office) -> None:
    class Busy(FakePlatform):
        async def post_status(self, incoming: Incoming, text: str) -> str:
            raise PlatformBusy("too fast", 120.0) if incoming.user == "busy" else PlatformError("down")

    office.platform = Busy()
    with capture_logs() as logs:
        async with office.worker(first_pause=30.0) as worker:
            await worker.accept(asks("busy", 1))
            await worker.accept(asks("down", 1))
            await worker.drain()
    pauses = {said["key"]: said["again_in_s"] for said in logs if "again_in_s" in said}
    assert pauses["busy-1"] == 120
    assert 24 <= pauses["down-1"] <= 36
    assert await office.left() == ["new", "new"]


async def test_what_never_works_ends_in_a_gap(office: Office) -> None:
    office.platform.failures["post"] = 1_000
    async with office.worker(first_pause=0.001, tries=4) as worker:
        await worker.accept(incoming(ASKED))
        await until(lambda: ("gap", "failed") in office.log.events())
        await worker.drain()
    assert office.platform.failures["post"] == 996
    question, gap = office.log.records
    assert gap.refers_to == question.id
    assert await office.left() == []


async def test_a_private_reply_that_failed_is_sent_again(office: Office) -> None:
    office.platform.failures["post"] = 1
    async with office.worker(first_pause=0.01) as worker:
        await worker.accept(incoming("What is the bonus pool?"))
        await until(lambda: bool(office.platform.private))
        await worker.drain()
    assert office.platform.private == [f"{BONUS} [1]"]
    assert office.platform.thread == {"m1": "privately"}


@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize("text", [ASKED, "What is the bonus pool?"], ids=["open", "private"])
async def test_with_the_log_down_for_the_delivery_the_reply_stays(office: Office, text: str, restart: bool) -> None:
    log = office.log = FailingLog("delivery")
    async with office.worker(first_pause=0.01) as worker:
        await worker.accept(incoming(text))
        await until(lambda: office.platform.thread.get("m1") not in (None, STATUS))
        seen = dict(office.platform.thread), list(office.platform.private)
        if not restart:
            log.refused.clear()
            await until(lambda: len(log.records) == 2)
            await worker.drain()
    log.refused.clear()
    async with office.worker() as worker:
        await worker.drain()
    assert (office.platform.thread, office.platform.private) == seen
    assert log.events() == [("question", "answered"), ("delivery", "delivered")]
    assert await office.left() == []


async def test_feedback_waits_for_the_log(office: Office) -> None:
    log = office.log = FailingLog("feedback")
    async with office.worker(first_pause=0.01) as worker:
        await worker.accept(incoming("down: wrong", kind=IncomingKind.FEEDBACK))
        await worker.drain()
        assert log.events() == []
        log.refused.clear()
        await until(lambda: log.events() == [("feedback", "recorded")])
        await worker.drain()
    assert await office.left() == []


@pytest.mark.parametrize(
    ("message", "channel", "platform", "found"),
    [("m1", "C1", "slack", True), ("m1", "C2", "slack", False), ("m9", "C1", "slack", False),
     ("m1", "C1", "teams", False)],
    ids=["the message", "another channel", "another message", "another platform"],
)  # fmt: skip
async def test_a_thumb_without_a_record_is_joined_by_its_message(
    office: Office, message: str, channel: str, platform: str, found: bool
) -> None:
    async with office.worker() as worker:
        await worker.accept(incoming(ASKED))
        await worker.drain()
    thumb = replace(incoming("up", key="k2", kind=IncomingKind.FEEDBACK), message=message, user="U9")
    async with office.worker() as worker:
        worker.attach(Teams())
        await worker.accept(replace(thumb, channel=channel, platform=platform))
        await worker.drain()
    assert office.log.records[-1].event == "feedback"
    assert office.log.records[-1].refers_to == (office.log.records[0].id if found else None)


@pytest.mark.parametrize(("user", "found"), [("U1", True), ("U9", False)], ids=["the asker", "somebody else"])
async def test_a_thumb_under_a_private_reply_is_the_askers_alone(office: Office, user: str, found: bool) -> None:
    async with office.worker() as worker:
        await worker.accept(incoming("What is the bonus pool?"))
        await worker.drain()
        thumb = incoming("up", key="k2", kind=IncomingKind.FEEDBACK)
        await worker.accept(replace(thumb, message="m1", channel="D-chat", user=user))
        await worker.drain()
    assert office.log.records[-1].refers_to == (office.log.records[0].id if found else None)


async def test_a_record_that_cannot_be_stored_is_said(office: Office) -> None:
    office.log = FailingLog("question", error=RecordInvalid)
    async with office.worker() as worker:
        await worker.accept(incoming(ASKED))
        await worker.drain()
    (text,) = office.platform.thread.values()
    assert text.startswith(UNRECORDED.split("{", maxsplit=1)[0])


async def test_a_bug_in_finding_the_audience_shows_nothing_and_says_so(office: Office) -> None:
    class Broken(FakePlatform):
        async def people(self, incoming: Incoming) -> People:
            raise KeyError("members")

    office.platform = Broken()
    async with office.worker() as worker:
        await worker.accept(incoming(ASKED))
        await worker.drain()
    assert office.platform.thread == {"m1": READERS_UNKNOWN}
    assert office.log.events() == [("question", "refused"), ("delivery", "delivered")]


class Teams(FakePlatform):
    name = "teams"


async def test_more_than_can_wait_is_not_accepted(office: Office) -> None:
    async with office.worker(most_waiting=3) as worker:
        await worker.stop(0.01)
        for n in range(3):
            assert await worker.accept(asks("ada", n))
        with pytest.raises(InboxUnavailable, match="3 events wait already"):
            await worker.accept(asks("ada", 9))


async def test_a_follow_up_waits_for_the_answer_before(office: Office) -> None:
    retriever = office.retriever = SlowRetriever(office.library)
    first = incoming(ASKED, where=ChannelKind.DIRECT)
    async with office.worker() as worker:
        await worker.accept(first)
        await worker.accept(replace(first, key="k2", message="1.2", text="And hotels in Rome?"))
        await until(lambda: len(retriever.asked) == 1)
        assert list(office.platform.thread.values()) == [STATUS]
        retriever.free.set()
        await worker.drain()
    questions = [r for r in office.log.records if r.event == "question"]
    assert [r.fields["question"] for r in questions] == [ASKED, "And hotels in Rome?"]
    [before] = cast(list[dict[str, Json]], questions[1].fields["memory"])
    assert (before["question"], before["document_ids"]) == (ASKED, ["policy.md"])
