"""A question asked again in its thread is pointed to the answer given, while that answer holds for these readers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.log import TransparencyLog
from audit.record import AuditRecord, Json, new_record_id
from audit.replay import replay
from bot.answering.ask import Ask, Replied, Request
from bot.answering.channels import ChannelRule
from bot.answering.commands import Commands
from bot.answering.history import LoggedHistory
from bot.answering.memory import ThreadMemory
from bot.answering.render import LAYOUT
from bot.answering.repeats import Posted, Repeats, fold, pointer
from bot.answering.times import said_time, timed
from bot.keys import ChannelKey, ThreadKey
from bot.slack import render as slack_render
from bot.teams import render as teams_render
from bot.types import Outcome, OutcomeKind
from bot.wiring.replay import posted, reader_of
from retrieval.people import AccessList, Audience, AudienceKind, Principal
from retrieval.types import Question
from tests.bot.fakes import NOW, ListLibrary, ListRetriever, QuotingAnswerer, passage

HOTELS = "Hotels cost at most 180 EUR a night."
BONUS = "The bonus pool is EUR 1.35 million."
T1 = ThreadKey(ChannelKey("slack", "T1", "C1"), "t1")
ASKED = "What do hotels cost?"
ADA = Principal("slack", "T1", "U1", "ada@example.com")
BOB = Principal("slack", "T1", "U2", "bob@example.com")
GUEST = Principal("slack", "T1", "U3", member=False)
TOGETHER = Audience(AudienceKind.CHANNEL, frozenset({ADA.entries, BOB.entries}))
URL = "https://example.slack.com/archives/C1/p1"


def teams_message(outcome: Outcome) -> Mapping[str, Json]:
    return teams_render.render(outcome, passages=True)


class Thread:
    """A thread on a real log and a real memory; `say` is what somebody asks in it."""

    def __init__(self, log: TransparencyLog, folder: Path) -> None:
        self.log = log
        self.library = ListLibrary(passage(HOTELS), passage(BONUS, acl_id="board", document="minutes.md"))
        self.retriever = ListRetriever(self.library)
        self.memory = ThreadMemory(folder / "memory.db", timedelta(hours=1))
        self.standing: Posted | None = Posted(NOW - timedelta(minutes=7), URL)
        self.ask = Ask(
            self.library,
            self.retriever,
            QuotingAnswerer(),
            log,
            Commands(self.library, self.memory.forget, LoggedHistory(log)),
            disclaimer="No legal advice.",
            repeats=Repeats(self.memory, log, self.library),
        )

    async def _posted(self, record_id: str) -> Posted | None:
        return self.standing

    async def say(
        self,
        text: str = ASKED,
        *,
        asker: Principal = ADA,
        audience: Audience = TOGETHER,
        private: Audience | None = None,
        thread: ThreadKey = T1,
        rule: ChannelRule | None = None,
        render: Callable[[Outcome], Mapping[str, Json]] = slack_render.render,
    ) -> Replied:
        asked = await self.ask(
            Request(
                record_id=new_record_id(),
                question=Question(text, NOW),
                asker=asker,
                audience=audience,
                private=private,
                thread=thread,
                place={"channel": "C1", "channel_kind": "channel", "thread": thread.thread},
                render=render,
                rule=rule or ChannelRule(),
                posted=self._posted,
            )
        )
        if asked.outcome.told is not None and not asked.outcome.private:
            self.memory.keep_answer(thread, fold(asked.searched), asked.outcome.record_id)
        return asked

    async def record(self, asked: Replied) -> AuditRecord:
        record = await self.log.get(asked.outcome.record_id)
        assert record is not None
        return record


@pytest.fixture
async def thread(tmp_path: Path) -> AsyncIterator[Thread]:
    async with await TransparencyLog.open(tmp_path / "audit") as log:
        thread = Thread(log, tmp_path)
        yield thread
        thread.memory.close()


@pytest.mark.parametrize(("platform", "render"), [("slack", slack_render.render), ("teams", teams_message)])
async def test_the_reply_points_and_its_record_holds_the_whole_answer(
    thread: Thread, platform: str, render: Callable[[Outcome], Mapping[str, Json]]
) -> None:
    asker = replace(ADA, platform=platform)
    together = Audience(AudienceKind.CHANNEL, frozenset({asker.entries}))
    first = await thread.say(asker=asker, audience=together, render=render)
    searches = len(thread.retriever.asked)
    again = await thread.say("what do HOTELS  cost", asker=asker, audience=together, render=render)
    assert len(thread.retriever.asked) == searches
    shown = str(again.reply.payload)
    assert "09:23 UTC" in shown, "for who cannot show it in the reader's zone"
    assert ("'type': 'date'" if platform == "slack" else "{{TIME(") in shown
    assert URL in shown
    assert "180 EUR" not in shown
    record = await thread.record(again)
    assert (record.outcome, record.refers_to) == ("answered", first.outcome.record_id)
    assert record.fields["citations"] == (await thread.record(first)).fields["citations"]
    assert HOTELS in str(record.fields["sections"])
    replayed = await replay(thread.log, record.id, render=posted, today=reader_of(thread.library), layout=LAYOUT)
    assert [step.ok for step in replayed.steps] == [True] * 5, replayed.steps
    assert [change.state for change in replayed.changes] == ["unchanged"]


async def test_a_third_time_points_to_the_first_answer_too(thread: Thread) -> None:
    first = await thread.say()
    again = [await thread.say(asker=asker) for asker in (BOB, ADA)]
    assert [a.outcome.repeats for a in again] == [first.outcome.record_id] * 2


def _new_version(thread: Thread) -> None:
    was = thread.library.passages[0]
    document = replace(was.document, version="2026-03-02.99999999")
    thread.library.passages[0] = replace(was, document=document)


def _restricted(thread: Thread) -> None:
    was = thread.library.passages[0]
    thread.library.passages[0] = replace(was, document=replace(was.document, acl_id="board"))


def _narrowed(thread: Thread) -> None:
    thread.library.lists["open"] = AccessList(frozenset({"everyone"}), frozenset({"user:bob@example.com"}))


def _deleted(thread: Thread) -> None:
    del thread.library.passages[0]


def _message_gone(thread: Thread) -> None:
    thread.standing = None


def _forgotten(thread: Thread) -> None:
    thread.memory.forget(T1)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (_new_version, True),
        (_restricted, False),
        (_narrowed, False),
        (_deleted, False),
        (_message_gone, True),
        (_forgotten, True),
    ],
)
async def test_after_a_change_the_question_is_answered_anew(
    thread: Thread, change: Callable[[Thread], None], found: bool
) -> None:
    await thread.say()
    change(thread)
    again = await thread.say()
    assert again.outcome.repeats == ""
    assert again.outcome.kind is (OutcomeKind.ANSWERED if found else OutcomeKind.ABSTAINED)


async def test_for_other_readers_or_elsewhere_it_is_answered_anew(thread: Thread) -> None:
    await thread.say()
    with_guest = Audience(AudienceKind.CHANNEL, frozenset({*TOGETHER.readers, GUEST.entries}))
    assert (await thread.say(audience=with_guest)).outcome.kind is OutcomeKind.ABSTAINED
    assert (await thread.say(thread=replace(T1, thread="t2"))).outcome.told is not None
    assert (await thread.say("What do cheap hotels cost?")).outcome.told is not None
    assert (await thread.say()).outcome.repeats  # and here it still holds


async def test_a_private_answer_is_not_pointed_to(thread: Thread) -> None:
    tom = Principal("slack", "T1", "U9", "tom@example.com", frozenset({"board"}))
    alone = Audience(AudienceKind.PRIVATE, frozenset({tom.entries}))
    first = await thread.say("What is the bonus pool?", asker=tom, private=alone)
    thread.memory.keep_answer(T1, fold(first.searched), first.outcome.record_id)
    again = await thread.say("What is the bonus pool?", asker=tom, private=alone)
    assert [(a.outcome.private, a.outcome.repeats) for a in (first, again)] == [(True, "")] * 2


async def test_a_channels_sources_count(thread: Thread) -> None:
    await thread.say()
    assert (await thread.say(rule=ChannelRule(sources=frozenset({"docs"})))).outcome.repeats
    elsewhere = await thread.say(rule=ChannelRule(sources=frozenset({"others"})))
    assert elsewhere.outcome.kind is OutcomeKind.ABSTAINED


async def test_a_record_that_cannot_be_read_is_no_obstacle(thread: Thread) -> None:
    await thread.say()
    thread.memory.keep_answer(T1, fold(ASKED), "no-such-record")
    assert (await thread.say()).outcome.told is not None


async def test_why_explains_the_answer_that_was_pointed_to(thread: Thread) -> None:
    first = await thread.say()
    await thread.say()
    why = (await thread.say("why")).outcome.text
    assert first.outcome.record_id in why
    assert "Searched for" in why


async def test_what_is_remembered_ends(tmp_path: Path) -> None:
    for keep, found in ((timedelta(hours=1), "r1"), (timedelta(0), None)):
        memory = ThreadMemory(tmp_path / "memory.db", keep)
        memory.keep_answer(T1, "what", "r1")
        assert memory.answered(T1, "what") == found
        assert memory.answered(T1, "who") is None
        memory.close()


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("What do hotels cost?", "what do HOTELS  cost ?", True),
        ("What do hotels cost?", "What, do hotels cost!", True),
        ("What do hotels cost?", "“What do hotels cost”", True),
        ("What is in 4.2?", "What is in 4.2", True),
        ("What is in 4.2?", "What is in 42?", False),
        ("Is it -5?", "Is it 5?", False),
        ("Is it 5%?", "Is it 5?", False),
        ("Is it $5?", "Is it €5?", False),
        ("What is C#?", "What is C?", False),
        ("What do hotels cost?", "What do hostels cost?", False),
        ("Was gilt für die Straße?", "WAS GILT FÜR DIE STRASSE", True),
    ],
)
def test_questions_are_the_same_but_for_case_space_and_punctuation(one: str, other: str, same: bool) -> None:
    assert (fold(one) == fold(other)) is same


@given(st.text(max_size=60))
def test_folding_once_is_enough(text: str) -> None:
    assert fold(fold(text)) == fold(text)


def test_the_time_is_told_so_that_platforms_find_it() -> None:
    at = datetime(2026, 3, 2, 8, 5, tzinfo=UTC)
    text = pointer(Posted(at.astimezone(ZoneInfo("Asia/Tokyo"))), direct=False)
    assert "on 2026-03-02 08:05 UTC. " in text
    assert [part for part in timed(text) if isinstance(part, datetime)] == [at]


@given(st.text(st.sampled_from("2026-03 1:UTC"), max_size=60))
def test_times_are_found_and_no_word_is_lost(text: str) -> None:
    assert "".join(said_time(part) if isinstance(part, datetime) else part for part in timed(text)) == text
