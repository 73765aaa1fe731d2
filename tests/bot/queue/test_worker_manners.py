"""The worker's manners: a full queue and a limit end in a kind text with a record; a repeated question is pointed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot.answering.channels import ChannelRule
from bot.queue.admission import Admission, AdmissionLimits
from bot.texts import PERSON_LIMITED, POINTER, QUEUE_FULL, QUEUE_FULL_OF_YOURS
from bot.types import Incoming
from retrieval.types import Passage, Question
from tests.bot.fakes import ListRetriever, incoming
from tests.bot.queue.test_worker import HOTELS, Office
from tests.bot.queue.test_worker_robust import SlowRetriever
from tests.waiting import until

ASKED = "What do hotels cost?"
ANSWER = f"{HOTELS} [1]"


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def asks(user: str, n: int, *, thread: str = "") -> Incoming:
    """A question in a thread of its own, or in this one."""
    asked = incoming(ASKED, key=f"{user}{n}")
    return replace(asked, user=user, thread=thread or f"{user}{n}", message=f"{user}{n}")


async def test_what_finds_the_queue_full_is_told_at_once_while_the_workers_are_busy(office: Office) -> None:
    retriever = office.retriever = SlowRetriever(office.library)
    async with office.worker(workers=1, admission=Admission(limits=AdmissionLimits(queue=2))) as worker:
        await worker.accept(asks("ada", 0))
        await until(lambda: bool(retriever.asked))
        for n in range(1, 6):
            assert await worker.accept(asks("ada", n))
        await until(lambda: list(office.platform.thread.values()).count(QUEUE_FULL) == 3)
        await until(lambda: office.log.events().count(("delivery", "delivered")) == 3)
        assert office.log.events().count(("question", "refused")) == 3
        retriever.free.set()
        await worker.drain()
    assert sorted(office.platform.thread.values()) == sorted([ANSWER] * 3 + [QUEUE_FULL] * 3)
    assert len(office.log.records) == 12
    assert await office.left() == []


async def test_one_person_cannot_fill_the_queue(office: Office) -> None:
    retriever = office.retriever = SlowRetriever(office.library)
    limits = AdmissionLimits(queue=10, queue_per_person=2)
    async with office.worker(workers=1, admission=Admission(limits=limits)) as worker:
        await worker.accept(asks("loud", 0))
        await until(lambda: bool(retriever.asked))
        for n in range(1, 9):
            await worker.accept(asks("loud", n))
        await worker.accept(asks("quiet", 0))
        await until(lambda: office.log.events().count(("question", "refused")) == 6)
        retriever.free.set()
        await worker.drain()
    shown = list(office.platform.thread.values())
    assert shown.count(ANSWER) == 4
    assert shown.count(QUEUE_FULL_OF_YOURS.format(waiting=2)) == 6
    assert {r.fields["user"] for r in office.log.records if r.outcome == "refused"} == {"loud"}


async def test_a_refusal_that_could_not_be_shown_is_shown_later_and_stays_one(office: Office) -> None:
    retriever = office.retriever = SlowRetriever(office.library)
    admission = Admission(limits=AdmissionLimits(queue=1))
    async with office.worker(workers=1, admission=admission, first_pause=0.01) as worker:
        await worker.accept(asks("ada", 0))
        await until(lambda: bool(retriever.asked))
        await worker.accept(asks("ada", 1))
        office.platform.failures["post"] = 2
        await worker.accept(asks("ada", 2))
        await until(lambda: office.platform.failures["post"] < 2)
        retriever.free.set()
        await until(lambda: office.log.events().count(("delivery", "delivered")) == 3)
        await worker.drain()
    assert sorted(office.platform.thread.values()) == sorted([ANSWER] * 2 + [QUEUE_FULL])
    assert await office.left() == []


async def test_with_the_log_down_a_full_queue_is_a_gap_like_any_other(office: Office) -> None:
    retriever = office.retriever = SlowRetriever(office.library)
    async with office.worker(
        workers=1, admission=Admission(limits=AdmissionLimits(queue=1)), first_pause=0.01
    ) as worker:
        await worker.accept(asks("ada", 0))
        await until(lambda: bool(retriever.asked))
        await worker.accept(asks("ada", 1))
        office.log.down = True
        await worker.accept(asks("ada", 2))
        await until(lambda: any("audit log cannot be written" in t for t in office.platform.thread.values()))
        office.log.down = False
        retriever.free.set()
        await until(lambda: ("gap", "failed") in office.log.events())
        await worker.drain()
    assert QUEUE_FULL not in office.platform.thread.values()


async def test_whoever_is_limited_costs_no_lookup_and_no_search(office: Office) -> None:
    async with office.worker(admission=Admission(limits=AdmissionLimits(person=1))) as worker:
        await worker.accept(asks("ada", 0))
        await worker.drain()
        office.platform.failures["people"] = 1
        searches = len(office.retriever.asked)
        await worker.accept(asks("ada", 1))
        await worker.drain()
        assert office.platform.failures["people"] == 1
        assert len(office.retriever.asked) == searches
    _, text = office.platform.thread.values()
    assert text.startswith(PERSON_LIMITED.partition("{")[0])
    assert office.log.events()[2:] == [("question", "refused"), ("delivery", "delivered")]
    assert office.log.records[2].fields["text"] == text


async def test_a_question_tried_again_after_a_failure_counts_once(office: Office) -> None:
    admission = Admission(limits=AdmissionLimits(person=2))
    async with office.worker(admission=admission, first_pause=0.01) as worker:
        office.platform.failures["post"] = 3
        await worker.accept(asks("ada", 0))
        await until(lambda: ("delivery", "delivered") in office.log.events())
        await worker.accept(asks("ada", 1))
        await worker.drain()
        await worker.accept(asks("ada", 2))
        await worker.drain()
    assert [o for e, o in office.log.events() if e == "question"] == ["answered", "answered", "refused"]


async def test_a_repeated_question_is_pointed_to_what_was_shown(office: Office) -> None:
    office.platform.readers = tuple(replace(office.platform.asker, user=who) for who in ("ada", "bob"))
    async with office.worker() as worker:
        for n, who in enumerate(("ada", "ada", "bob")):
            await worker.accept(asks(who, n, thread="t1"))
            await worker.drain()
        await worker.accept(asks("ada", 4, thread="t2"))
        await worker.drain()
    first, *again, elsewhere = office.platform.thread.values()
    assert first == elsewhere == ANSWER
    assert all(text.startswith(POINTER.partition("{")[0]) for text in again)
    questions = [r for r in office.log.records if r.event == "question"]
    assert [r.refers_to for r in questions] == [None, questions[0].id, questions[0].id, None]


@pytest.mark.parametrize("gone", [True, False], ids=["deleted", "the platform cannot tell"])
async def test_an_answer_that_nobody_sees_is_given_anew(office: Office, gone: bool) -> None:
    async with office.worker() as worker:
        await worker.accept(asks("ada", 0, thread="t1"))
        await worker.drain()
        if gone:
            office.platform.thread["a message of others"] = office.platform.thread.pop("m1")
        else:
            office.platform.failures["find_posted"] = 1
        await worker.accept(asks("ada", 1, thread="t1"))
        await worker.drain()
    assert list(office.platform.thread.values())[-1] == ANSWER


async def test_a_channels_sources_hold_for_the_private_reply_too(office: Office) -> None:
    admission = Admission({"C1": ChannelRule(sources=frozenset({"others"}))})
    async with office.worker(admission=admission) as worker:
        await worker.accept(incoming("What is the bonus pool?"))
        await worker.drain()
    assert office.platform.private == []
    assert office.log.events()[0] == ("question", "abstained")


async def test_a_bare_mention_is_about_the_message_before_it(office: Office) -> None:
    office.platform.before = f"Morning! {ASKED}"
    async with office.worker() as worker:
        await worker.accept(replace(asks("ada", 1, thread="t"), text="can you answer this?"))
        await worker.drain()
    assert ANSWER in office.platform.thread.values()


async def test_a_question_is_found_beside_a_greeting_and_a_sign_off(office: Office) -> None:
    async with office.worker() as worker:
        await worker.accept(replace(asks("ada", 1), text=f"Hi team,\n{ASKED}\nThanks, Ada"))
        await worker.drain()
    assert ANSWER in office.platform.thread.values()
    (record,) = [r for r in office.log.records if r.event == "question"]
    assert record.fields["question"] == f"Hi team,\n{ASKED}\nThanks, Ada"
    assert record.fields["searched"] == ASKED


async def test_what_was_not_said_to_the_bot_and_finds_no_answer_is_left_alone(office: Office) -> None:
    class Nothing(ListRetriever):
        async def retrieve(
            self, question: Question, acl_ids: frozenset[str], *, sources: frozenset[str] | None = None
        ) -> tuple[Passage, ...]:
            return ()

    office.retriever = Nothing(office.library)
    async with office.worker() as worker:
        await worker.accept(replace(asks("ada", 1, thread="t"), text="thanks, that helps a lot", addressed=False))
        await worker.drain()
    assert office.platform.thread == {}
    assert office.log.events() == [("question", "abstained"), ("delivery", "withheld")]


async def test_what_was_not_said_to_the_bot_is_answered_where_an_answer_is_found(office: Office) -> None:
    async with office.worker() as worker:
        await worker.accept(replace(asks("ada", 1, thread="t"), addressed=False))
        await worker.drain()
    assert list(office.platform.thread.values()) == [ANSWER]  # no status line before it
    assert office.log.events() == [("question", "answered"), ("delivery", "delivered")]
