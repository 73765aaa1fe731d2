"""Replay, reconciliation, what a document touched, and counts."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from audit.erase import approve_erasure, request_erasure
from audit.errors import RecordUnknown
from audit.events import access, event, operating_system_user
from audit.insights import affected, stats
from audit.outcome import Outcome
from audit.question import posted_bytes
from audit.reconcile import PRIVATE, Posted, reconcile
from audit.record import Json
from audit.replay import replay
from retrieval.people import Principal
from tests.audit.fixtures import START, TEXT, Opener, asked, record


def render(platform: str, shown: Outcome) -> bytes:
    assert platform == "slack"
    return posted_bytes({"record": shown.record_id, "text": shown.answer.text.split(" [")[0] if shown.answer else ""})


def render_another_way(platform: str, shown: Outcome) -> bytes:
    return b'{"text":"something else"}'


async def today(document: str, version: str, start: int, end: int, section: str) -> str | None:
    return TEXT[start:end].replace("180", "190") if section == "5ec710" else None


async def test_a_replay_proves_checks_and_rebuilds(open_log: Opener, tmp_path: Path) -> None:
    async with await open_log(tmp_path / "audit") as log:
        target = asked(1)
        fields = {**target.fields}
        gate_text = "Hotels cost at most 180 EUR a night."
        payload = posted_bytes({"record": target.id, "text": gate_text})
        target = replace(target, fields={**fields, **posted(payload)})
        await log.append(target)
        replayed = await replay(log, target.id, render=render, today=today)
        assert [(step.name, step.ok) for step in replayed.steps] == [
            ("in the signed log", True),
            ("fields as recorded", True),
            ("quotes stand in the stored sections", True),
            ("readers were allowed", True),
            ("posted bytes rebuilt", True),
        ]
        (change,) = replayed.changes
        assert (
            change.state,
            "-A hotel costs at most 180" in change.diff,
            "+A hotel costs at most 190" in change.diff,
        ) == (
            "changed",
            True,
            True,
        )
        assert replayed.ok
        other = await replay(log, target.id, render=render_another_way)
        assert (other.ok, other.steps[4].ok) == (False, False)
        later = await replay(log, target.id, render=render_another_way, layout=1)
        assert (later.ok, later.steps[4].ok) == (True, None), "another form of messages is no fault of the record"
        assert (await replay(log, target.id)).steps[4].ok is None


def posted(payload: bytes) -> dict[str, str]:
    return {"posted": payload.decode(), "posted_sha256": hashlib.sha256(payload).hexdigest()}


async def test_a_reader_without_the_right_is_found(open_log: Opener, tmp_path: Path) -> None:
    async with await open_log(tmp_path / "audit") as log:
        leaked = asked(1)
        lists: Json = {"acl-1": {"allow": ["group:board"], "deny": []}}
        leaked = replace(leaked, fields={**leaked.fields, "access_lists": lists})
        await log.append(leaked)
        guest = asked(2, asker=Principal("slack", "T1", "U-guest", member=False))
        await log.append(guest)
        for bad in (leaked, guest):
            step = (await replay(log, bad.id)).steps[3]
            assert (step.name, step.ok) == ("readers were allowed", False)


async def test_a_replay_says_what_erasure_left_open(open_log: Opener, tmp_path: Path) -> None:
    async with await open_log(tmp_path / "audit") as log:
        target = asked(1)
        await log.append(target)
        request = await request_erasure(
            log, records=[target.id], names=["sections", "groups", "posted"], ground="g", by="a"
        )
        await approve_erasure(log, request.id, by="b")
        replayed = await replay(log, target.id, render=render)
        assert [step.ok for step in replayed.steps] == [True, True, None, None, None]
        assert replayed.ok


async def test_only_questions_are_replayed(open_log: Opener, tmp_path: Path) -> None:
    async with await open_log(tmp_path / "audit") as log:
        other = event("heartbeat", "alive")
        await log.append(other)
        for wrong in (other.id, "unknown"):
            with pytest.raises(RecordUnknown):
                await replay(log, wrong)


async def test_the_chat_and_the_log_are_compared(open_log: Opener, tmp_path: Path) -> None:
    async with await open_log(tmp_path / "audit") as log:
        good, lost, twice, swapped, silent, undelivered, private = (
            asked(n, at=START + timedelta(seconds=n)) for n in range(7)
        )
        private = replace(private, fields={**private.fields, "private": True})
        for item in (good, lost, twice, swapped, silent, undelivered, private):
            await log.append(item)
        for item, message in ((good, "m1"), (lost, "m2"), (twice, "m3"), (swapped, "m4"), (private, "m9")):
            await log.append(event("delivery", "delivered", refers_to=item.id, reply_message=message))
        seen = [
            Posted("m1", good.id),
            Posted("m3", twice.id),
            Posted("m3b", twice.id),
            Posted("m5", swapped.id),
            Posted("m6", undelivered.id),
            Posted("m7", "forged"),
            Posted("m8", None),
        ]
        result = await reconcile(log, seen, platform="slack", since=START, until=START + timedelta(hours=1))
        found = {(finding.record, finding.what.split(" ")[0]) for finding in result.findings}
        assert {record for record, _ in found} == {
            lost.id, twice.id, swapped.id, silent.id, undelivered.id, "forged", None,
        }  # fmt: skip
        assert (result.messages, result.records, result.ok) == (7, 6, False)
        assert [(left.channel, left.records, left.why) for left in result.not_compared] == [("C-travel", 1, PRIVATE)]
        clean = await reconcile(log, seen[:1], platform="slack", since=START, until=START + timedelta(seconds=1))
        assert clean.ok


async def test_what_a_document_touched_and_counts(open_log: Opener, tmp_path: Path) -> None:
    async with await open_log(tmp_path / "audit") as log:
        for n in range(6):
            await log.append(asked(n % 2))
        await log.append(record(9, outcome="refused"))
        document = "policies/travel-1.md"
        assert len([r async for r in affected(log, document)]) == 3
        assert len([r async for r in affected(log, document, section="4.2 Hotels", version="2026-03-01.1a2b3c4d")]) == 3
        assert [r async for r in affected(log, document, version="2020-01-01.00000000")] == []
        counted = await stats(log)
        assert (counted.records, counted.outcomes, counted.dropped) == (7, {"answered": 6, "refused": 1}, 6)
        assert (counted.tokens_in, counted.p50_us) == (7200, 915_000)


async def test_access_is_recorded_with_who_and_what(open_log: Opener, tmp_path: Path) -> None:
    async with await open_log(tmp_path / "audit") as log:
        target = record(1)
        await log.append(target)
        await log.append(access(by=operating_system_user(), what="show", record=target.id))
        (seen,) = await log.referring(target.id)
        assert (seen.event, seen.fields["what"]) == ("access", "show")
        assert "uid" in str(seen.fields["by"])
