"""The documentation's table and the JSON Schema are those of the code, and real records fit them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import cast

import jsonschema
import pytest

from audit import fields
from audit.approvals import refuse
from audit.erase import approve_erasure, request_erasure
from audit.events import access, configuration, event, heartbeat, review
from audit.export import ExportFormat, export
from audit.holds import hold
from audit.log import TransparencyLog
from audit.outcome import Outcome, OutcomeKind
from audit.question import Basis, Occasion, posted_bytes, question_record
from audit.record import AuditRecord
from audit.retention import FLOOR, Rule, retain
from audit.search import Filter
from retrieval.people import Audience, AudienceKind, Principal
from retrieval.types import Question
from tests.audit.fixtures import ADA, START, agreed, asked, lifted, rotated, verified

DOCS = Path(__file__).resolve().parents[2] / "docs"
MARK = "<!-- fields: made by `python -m audit.fields table` -->\n"


def test_the_documented_table_is_the_code_s() -> None:
    text = (DOCS / "audit.md").read_text("utf-8")
    assert text.partition(MARK)[2] == fields.table()


def test_the_documented_schema_is_the_code_s() -> None:
    documented = json.loads((DOCS / "schema" / "audit-record.schema.json").read_text("utf-8"))
    assert documented == fields.schema()
    jsonschema.Draft202012Validator.check_schema(documented)


def test_every_field_of_a_question_is_documented() -> None:
    documented = {field.name for field in fields.FIELDS if "question" in field.events}
    assert set(asked().fields) == documented - {"by"}  # that of a question at a terminal alone


def test_a_field_is_listed_once_for_an_event() -> None:
    pairs = [(field.name, event) for field in fields.FIELDS for event in field.events]
    assert len(pairs) == len(set(pairs))
    assert {event for _, event in pairs} == set(fields.OUTCOMES)


def refused() -> AuditRecord:
    return question_record(
        Outcome(OutcomeKind.REFUSED, "refused-1", "What?", text="I cannot answer here."),
        Occasion(
            Question("What?", START),
            "",
            Principal("teams", "T", "U", member=False),
            Audience(AudienceKind.REFUSED, frozenset(), "shared with others"),
            {"channel": "19:x", "channel_kind": "group", "thread": "1", "message": "2", "key": "k"},
        ),
        posted=posted_bytes({"text": "I cannot answer here."}),
    )


def abstained() -> AuditRecord:
    _, passages = verified()
    return question_record(
        Outcome(OutcomeKind.ABSTAINED, "abstained-1", "What?", nearest=passages),
        Occasion(Question("What?", START), "what", ADA, Audience(AudienceKind.PRIVATE, frozenset({ADA.entries}))),
        Basis(passages=passages),
    )


async def test_real_records_fit_the_schema(tmp_path: Path) -> None:
    validator = jsonschema.Draft202012Validator(fields.schema())
    async with await TransparencyLog.open(tmp_path / "audit") as log:
        target = asked(1)
        for item in (
            target,
            refused(),
            abstained(),
            event("delivery", "delivered", refers_to=target.id, platform="slack", reply_message="m1", private=False),
            event("feedback", "recorded", refers_to=target.id, platform="slack", user="U1", text="down"),
            event(
                "expert", "asked", refers_to=target.id, platform="slack", user="U1", expert="Travel desk", text="Who?"
            ),
            event("ignored", "recorded", platform="slack", channel="C1", text="a bot's message"),
            event("gap", "failed", refers_to=target.id, reason="the log could not write"),
            event("alarm", "raised", reason="checkpoint-1.txt: it was forked", checkpoint="x"),
            heartbeat(software="footnote 0.1.0"),
            configuration(sha256="ab" * 32, software="footnote 0.1.0", changes={"workers": 4}),
            review(target.id, by="grace", verdict="correct", note="checked"),
            access(by="ada (uid 1000)", what="search", found=3, wanted=Filter(person="x").as_json()),
        ):
            await log.append(item)
        held = await hold(log, matter="m", covers=Filter(person="nobody"), ground="g", by="counsel")
        await lifted(log, held)
        request = await request_erasure(log, records=[target.id], names=["email"], ground="g", by="ada")
        await approve_erasure(log, request.id, by="grace")
        other = await request_erasure(log, records=[target.id], names=["user"], ground="g", by="ada")
        await refuse(log, other.id, by="grace", reason="no")
        await agreed(log, Rule(FLOOR, tenant="T1"))
        await retain(log, [Rule(FLOOR, tenant="T1")], by="cron")
        await rotated(log)
        await export(log, tmp_path / "one.csv", format=ExportFormat.CSV, by="ada")
        await export(log, tmp_path / "all.jsonl", format=ExportFormat.JSONL, by="ada")
    lines = [json.loads(line) for line in (tmp_path / "all.jsonl").read_text("utf-8").splitlines()][1:-1]
    assert {line["event"] for line in lines} == set(fields.OUTCOMES)
    for line in lines:
        assert [error.message for error in validator.iter_errors(line)] == []


@pytest.mark.parametrize(
    "change",
    [
        {"event": "unknown"},
        {"outcome": "maybe"},
        {"time": "yesterday"},
        {"fields": {"surprise": 1}},
        {"fields": {"tokens_in": 1.5}},
    ],
    ids=str,
)
def test_the_schema_refuses_what_is_no_record(change: dict[str, object]) -> None:
    line: dict[str, object] = {
        "id": "r",
        "event": "question",
        "time": "2026-03-01T09:30:00.000000Z",
        "outcome": "answered",
        "refers_to": None,
        "fields": {},
        "erased": {},
        "index": 0,
        "leaf": "{}",
        "salts": {},
        "proof": [],
    }
    validator = jsonschema.Draft202012Validator(fields.schema())
    assert validator.is_valid(cast(object, line))
    assert not validator.is_valid(cast(object, {**line, **change}))
