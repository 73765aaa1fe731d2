"""What counts as agreement between the chat and the log, case by case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from audit.erase import approve_erasure, request_erasure
from audit.events import event
from audit.log import TransparencyLog
from audit.reconcile import PRIVATE, Conversation, NotCompared, Posted, Reconciled, conversations, reconcile
from audit.record import AuditRecord, Json
from tests.audit.fixtures import START, record

HOUR = timedelta(hours=1)
ASKED = START + timedelta(seconds=1)


async def compare(log: TransparencyLog, *messages: Posted, unseen: Mapping[str, str] | None = None) -> Reconciled:
    return await reconcile(log, messages, platform="slack", since=START, until=START + HOUR, unseen=unseen)


def question(**fields: Json) -> AuditRecord:
    made = record(1, at=ASKED)
    return replace(made, id="answer-1", fields={**made.fields, "channel": "C1", "channel_kind": "channel", **fields})


def delivery(**fields: object) -> AuditRecord:
    shown = {"platform": "slack", "channel": "C1", "channel_kind": "channel", "reply_message": "m1", **fields}
    return replace(event("delivery", "delivered", refers_to="answer-1", **shown), time=ASKED)


NONE = "message m1 of the bot names no record"
UNKNOWN = "message m2 names a record that the log does not hold"
DELETED = "the recorded message m1 was deleted on the platform"
MISSING = "the recorded message m1 is not on the platform"
ELSEWHERE = "message m1 is not the delivered one (m1)"


@pytest.mark.parametrize(
    ("messages", "found"),
    [
        ([Posted("m1", "answer-1", "C1", ASKED)], []),
        ([Posted("m1", "answer-1")], []),
        ([Posted("m1", "answer-1", "C1", START - HOUR)], []),
        ([], [MISSING]),
        ([Posted("m1", None, "C1", ASKED, deleted=True)], [DELETED]),
        ([Posted("m1", None, "", None, deleted=True)], [DELETED]),
        ([Posted("m1", None, "C2", ASKED, deleted=True)], [MISSING]),
        ([Posted("m1", "answer-1", "C1"), Posted("m9", None, "C1", ASKED, deleted=True)], []),
        ([Posted("m1", "answer-1", "C2", ASKED)], [ELSEWHERE]),
        ([Posted("m1", None, "C1", ASKED)], [NONE, MISSING]),
        ([Posted("m1", "answer-1", "C1"), Posted("m2", "forged", "C1", ASKED)], [UNKNOWN]),
        ([Posted("m1", "answer-1", "C1"), Posted("m2", "forged", "C1")], [UNKNOWN]),
        ([Posted("m1", "answer-1", "C1"), Posted("m2", "forged", "C1", START - HOUR)], []),
        ([Posted("m1", "answer-1", "C1"), Posted("m2", None, "C1", START + HOUR)], []),
    ],
    ids=[
        "agree",
        "a file without channels",
        "the status line was older",
        "gone",
        "deleted",
        "deleted, of a file",
        "another channel's deleted",
        "an unknown one deleted",
        "in another channel",
        "changed",
        "forged",
        "forged, of a file",
        "forged before",
        "another's afterwards",
    ],
)
async def test_what_is_found(tmp_path: Path, messages: list[Posted], found: list[str]) -> None:
    async with await TransparencyLog.open(tmp_path / "audit") as log:
        for made in (question(), delivery()):
            await log.append(made)
        done = await compare(log, *messages)
    assert [finding.what for finding in done.findings] == found
    assert (done.records, done.not_compared) == (1, ())


@pytest.mark.parametrize(
    ("message", "found"),
    [
        (Posted("m1", "answer-1", "C1", ASKED + HOUR), []),
        (Posted("m1", "answer-1"), []),
        (Posted("m5", "answer-1", "C1", ASKED), []),
        (Posted("m5", "answer-1", "C1", ASKED + HOUR), ["message m5 is not that record's, which is of another time"]),
        (Posted("m1", "answer-1", "C2", ASKED + HOUR), ["message m1 is not that record's, which is of another time"]),
    ],
    ids=["late", "late, of a file", "not of this time", "an old record's id", "in another channel"],
)
async def test_a_message_of_now_with_a_record_of_before(tmp_path: Path, message: Posted, found: list[str]) -> None:
    async with await TransparencyLog.open(tmp_path / "audit") as log:
        for made in (question(), delivery()):
            await log.append(made)
        done = await reconcile(log, [message], platform="slack", since=START + HOUR, until=START + 2 * HOUR)
    assert ([finding.what for finding in done.findings], done.records) == (found, 0)


async def test_what_cannot_be_seen_is_counted_and_what_contradicts_is_found(tmp_path: Path) -> None:
    async with await TransparencyLog.open(tmp_path / "audit") as log:
        for made in (question(), delivery()):
            await log.append(made)
        unseen = {"C1": "no right to look there"}
        done = await compare(log, unseen=unseen)
        assert (done.records, done.findings) == (0, ())
        assert done.not_compared == (NotCompared("C1", 1, "no right to look there"),)
        assert [f.what for f in (await compare(log, Posted("m1", "answer-1", "C2"), unseen=unseen)).findings] == [
            ELSEWHERE
        ]
        request = await request_erasure(log, records=["answer-1"], names=["channel"], ground="g", by="a")
        await approve_erasure(log, request.id, by="b")
        (left,) = (await compare(log, unseen=unseen)).not_compared
        assert (left.channel, left.why) == ("", "where it was asked was erased")


async def test_a_private_reply_is_counted_and_may_not_stand_in_the_channel(tmp_path: Path) -> None:
    async with await TransparencyLog.open(tmp_path / "audit") as log:
        for made in (question(private=True), delivery(private=True)):
            await log.append(made)
        assert (await compare(log)).not_compared == (NotCompared("C1", 1, PRIVATE),)
        (leak,) = (await compare(log, Posted("m7", "answer-1", "C1", ASKED))).findings
        assert leak.what == "message m7 is not the delivered one (m1)"


async def test_the_places_of_a_time(tmp_path: Path) -> None:
    async with await TransparencyLog.open(tmp_path / "audit") as log:
        asked = question(channel="C2")
        late = replace(record(1), id="late", time=START + HOUR)
        for made in (
            asked,
            delivery(team="T9"),
            record(2, platform="teams", channel="C3", at=ASKED),
            late,
            record(3, at=ASKED),
        ):
            await log.append(made)
        found = await conversations(log, platform="slack", since=START, until=START + HOUR)
        assert found == (Conversation("C1", "channel", "T9"), Conversation("C2", "channel"))
