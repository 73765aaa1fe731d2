"""A question whose message is edited or deleted: answered once, in its place, or not at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.queue.admission import Admission, AdmissionLimits
from bot.types import ChannelKind, Incoming, IncomingKind
from tests.bot.fakes import ListRetriever, incoming
from tests.bot.queue.test_worker import BONUS, HOTELS, Office
from tests.bot.queue.test_worker_robust import SlowRetriever
from tests.waiting import until

TYPO, MENDED = "What do hotls cost?", "What do hotels cost?"


@pytest.fixture
def office(tmp_path: Path) -> Office:
    office = Office(tmp_path)
    office.platform.lines = False
    return office


def edited(before: Incoming, text: str, *, later: float = 30.0) -> Incoming:
    moment = before.received_at + timedelta(seconds=later)
    return replace(before, key=f"{before.key}:edited:{later}", amends=before.key, text=text, received_at=moment)


def asked(text: str, where: ChannelKind = ChannelKind.CHANNEL) -> Incoming:
    """Asked now: the inbox notes when events arrive."""
    return replace(incoming(text, where=where), received_at=datetime.now(UTC))


async def test_an_edit_is_answered_in_the_place_of_the_first_answer(office: Office) -> None:
    first = asked("What about dogs?")
    async with office.worker() as worker:
        await worker.accept(first)
        await worker.drain()
        assert await worker.accept(edited(first, MENDED))
        await worker.drain()
    assert office.platform.thread == {"m1": f"{HOTELS} [1]"}
    assert [e for e, _ in office.log.events()] == ["question", "delivery", "question", "delivery"]
    assert office.log.records[3].fields["reply_message"] == "m1"


@pytest.mark.parametrize(("text", "later"), [(MENDED, 600.0), ("what about DOGS", 30.0)], ids=["late", "unchanged"])
async def test_an_edit_that_is_late_or_changes_nothing_is_noted(office: Office, text: str, later: float) -> None:
    first = asked("What about dogs?")
    async with office.worker() as worker:
        await worker.accept(first)
        await worker.drain()
        shown = dict(office.platform.thread)
        await worker.accept(edited(first, text, later=later))
        await worker.drain()
    assert office.platform.thread == shown
    assert office.log.events()[2:] == [("ignored", "recorded")]


async def test_an_edit_while_it_is_answered_gets_the_one_answer(office: Office) -> None:
    retriever = office.retriever = SlowRetriever(office.library)
    first = asked(TYPO)
    async with office.worker() as worker:
        await worker.accept(first)
        await until(lambda: bool(retriever.asked), "the first to be looked up")
        await worker.accept(edited(first, MENDED))
        retriever.free.set()
        await worker.drain()
    assert list(office.platform.thread.values()) == [f"{HOTELS} [1]"]
    assert ("delivery", "withheld") in office.log.events()


@pytest.mark.parametrize("waits", [True, False], ids=["while it waits", "while it is answered"])
async def test_a_question_deleted_before_its_answer_gets_none(office: Office, waits: bool) -> None:
    retriever = office.retriever = SlowRetriever(office.library)
    async with office.worker(workers=1) as worker:
        if waits:
            await worker.accept(replace(asked("hotels?"), key="k0", user="U9", thread="9", message="9"))
            await until(lambda: bool(retriever.asked), "another to be looked up")
        await worker.accept(asked(MENDED))
        if not waits:
            await until(lambda: bool(retriever.asked), "it to be looked up")
        gone = replace(asked("the question was deleted"), key="k1:deleted", amends="k1", kind=IncomingKind.IGNORED)
        await worker.accept(gone)
        retriever.free.set()
        await worker.drain()
    assert len(office.platform.thread) == (1 if waits else 0)
    assert len(office.log.records) == (4 if waits else 3)


async def test_an_edit_is_no_further_question(office: Office) -> None:
    first = asked("What about dogs?")
    async with office.worker(admission=Admission(limits=AdmissionLimits(person=1))) as worker:
        await worker.accept(first)
        await worker.drain()
        await worker.accept(edited(first, MENDED))
        await worker.drain()
    assert office.platform.thread == {"m1": f"{HOTELS} [1]"}


async def test_a_private_answer_after_a_public_one_leaves_the_neutral_line_in_its_place(office: Office) -> None:
    first = asked(MENDED)
    async with office.worker() as worker:
        await worker.accept(first)
        await worker.drain()
        await worker.accept(edited(first, "What is the bonus pool?"))
        await worker.drain()
    assert office.platform.thread == {"m1": "privately"}
    assert office.platform.private == [f"{BONUS} [1]"]


async def test_an_edit_of_what_was_not_for_us_is_a_question_like_any_other(office: Office) -> None:
    async with office.worker() as worker:
        await worker.accept(edited(asked("(said to somebody else)"), MENDED))
        await worker.drain()
    assert list(office.platform.thread.values()) == [f"{HOTELS} [1]"]


async def test_after_a_restart_both_are_answered_in_one_place(office: Office) -> None:
    office.retriever = SlowRetriever(office.library)
    first = asked("What about dogs?")
    async with office.worker(workers=1) as worker:
        await worker.accept(first)
        await worker.stop(0.01)
        await worker.accept(edited(first, MENDED))
    office.retriever = ListRetriever(office.library)
    async with office.worker(workers=1) as worker:
        await worker.drain()
    assert list(office.platform.thread.values()) == [f"{HOTELS} [1]"]
