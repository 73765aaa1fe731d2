"""How much is answered in a while: each question counts once, whoever waits is told how long."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.answering.channels import ChannelRule
from bot.queue.admission import Admission, AdmissionLimits, Counter
from bot.texts import QUEUE_FULL
from bot.types import ChannelKind, Incoming
from tests.bot.fakes import NOW, incoming

TEN = timedelta(minutes=10)


def question(
    n: int, *, after: float = 0, user: str = "U1", channel: str = "C1", where: ChannelKind = ChannelKind.CHANNEL
) -> Incoming:
    """Question `n`, asked `after` minutes."""
    asked = incoming(f"question {n}", key=f"k{n}", where=where)
    return replace(asked, user=user, channel=channel, received_at=NOW + timedelta(minutes=after))


def test_a_person_gets_so_many_answers_in_a_while_and_then_again() -> None:
    admission = Admission(limits=AdmissionLimits(person=2))
    assert admission.refusal(question(1)) == ""
    assert admission.refusal(question(2, after=4)) == ""
    said = admission.refusal(question(3, after=5))
    assert "up to 2 questions per person in 10 minutes" in said
    assert "in about 5 minutes" in said
    assert admission.refusal(question(4, after=5, user="U2")) == ""
    assert admission.refusal(question(5, after=10)) == ""
    assert "in about 4 minutes" in admission.refusal(question(6, after=10.5))


def test_what_was_refused_does_not_count() -> None:
    admission = Admission(limits=AdmissionLimits(person=1))
    assert admission.refusal(question(0)) == ""
    assert all(admission.refusal(question(n, after=n)) for n in range(1, 10))
    assert admission.refusal(question(10, after=10)) == ""


def test_the_same_question_counts_once_however_often_it_is_tried() -> None:
    admission = Admission(limits=AdmissionLimits(person=2, channel=2))
    assert [admission.refusal(question(1)) for _ in range(5)] == [""] * 5
    assert admission.refusal(question(2)) == ""
    assert admission.refusal(question(3))
    assert admission.refusal(question(1)) == ""


def test_a_channel_gets_so_many_answers_whoever_asks() -> None:
    admission = Admission(limits=AdmissionLimits(channel=2))
    assert admission.refusal(question(1)) == ""
    assert admission.refusal(question(2, user="U2")) == ""
    assert "in this channel" in admission.refusal(question(3, user="U3"))
    assert admission.refusal(question(4, user="U3", channel="C2")) == ""


def test_a_channels_refusal_costs_the_person_nothing() -> None:
    admission = Admission(limits=AdmissionLimits(person=2, channel=1))
    assert admission.refusal(question(1, user="U2")) == ""
    assert admission.refusal(question(2))
    assert admission.refusal(question(3, channel="C2")) == ""
    assert admission.refusal(question(4, channel="C3")) == ""


def test_a_direct_chat_has_the_persons_limit_only() -> None:
    admission = Admission(limits=AdmissionLimits(person=3, channel=1))
    asked = [question(n, channel="D1", where=ChannelKind.DIRECT) for n in range(4)]
    assert [bool(admission.refusal(q)) for q in asked] == [False, False, False, True]


@pytest.mark.parametrize(("limit", "answered"), [(1, 1), (0, 9), (None, 2)])
def test_a_channels_rule_has_a_limit_of_its_own(limit: int | None, answered: int) -> None:
    admission = Admission({"C1": ChannelRule(limit=limit)}, AdmissionLimits(channel=2))
    assert [admission.refusal(question(n, user=f"U{n}")) for n in range(9)].count("") == answered


def test_people_and_channels_of_two_tenants_are_not_the_same() -> None:
    admission = Admission(limits=AdmissionLimits(person=1, channel=1))
    assert admission.refusal(question(1)) == ""
    assert admission.refusal(replace(question(2), tenant="T2")) == ""
    assert admission.refusal(replace(question(3), platform="teams")) == ""


@pytest.mark.parametrize(
    ("waiting", "own", "said"),
    [(0, 0, ""), (9, 2, ""), (10, 0, QUEUE_FULL), (11, 0, QUEUE_FULL), (5, 3, "You have 3 questions waiting")],
)
def test_so_many_questions_may_wait(waiting: int, own: int, said: str) -> None:
    found = Admission(limits=AdmissionLimits(queue=10, queue_per_person=3)).crowded(waiting, own)
    assert found.startswith(said)
    assert bool(found) is bool(said)


def test_names_that_nobody_used_for_longest_are_forgotten() -> None:
    counter = Counter(TEN, most=2)
    for name in ("a", "b", "a", "c"):
        counter.count(name, f"key of {name}", NOW)
    assert counter.room("b", 1, "another", NOW) is None
    assert counter.room("a", 1, "another", NOW) == NOW + TEN
    assert counter.room("c", 1, "another", NOW) == NOW + TEN


@given(st.lists(st.integers(0, 240), max_size=60), st.integers(1, 5))
def test_no_while_holds_more_than_the_limit(quarters: list[int], limit: int) -> None:
    admission = Admission(limits=AdmissionLimits(person=limit))
    let_through: list[datetime] = []
    for n, quarter in enumerate(sorted(quarters)):
        asked = question(n, after=quarter / 4)
        said = admission.refusal(asked)
        earlier = [t for t in let_through if t > asked.received_at - TEN]
        assert (said == "") is (len(earlier) < limit)
        if not said:
            let_through.append(asked.received_at)
