"""Exports in every form: complete, safe to open, resumable, filtered, and themselves recorded."""

from __future__ import annotations

import csv
import json
import re
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import jsonschema
import pytest
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema
from pyarrow import parquet

from audit import export as exports
from audit.erase import request_erasure
from audit.errors import ExportFailed
from audit.events import event
from audit.export import ExportFormat, export
from audit.ocsf import OCSF_VERSION
from audit.search import Filter
from audit.sinks import csv_line
from audit.verify_export import verify_export
from tests.audit.fixtures import QUOTE, Opener, asked, record, rotated

BEFORE = datetime.now(UTC) - timedelta(days=1)


async def test_csv_has_a_row_an_answer_and_a_row_a_citation(open_log: Opener, tmp_path: Path) -> None:
    async with await open_log(tmp_path / "audit") as log:
        for n in range(3):
            await log.append(asked(n))
            await log.append(event("heartbeat", "alive"))
        done = await export(log, tmp_path / "a.csv", format=ExportFormat.CSV, by="ada")
    assert [path.name for path in done.files] == ["a.csv", "a-citations.csv", "a.csv.seal"]
    with (tmp_path / "a.csv").open(newline="", encoding="utf-8") as file:
        answers = list(csv.DictReader(file))
    with (tmp_path / "a-citations.csv").open(newline="", encoding="utf-8") as file:
        citations = list(csv.DictReader(file))
    assert [row["answer"] for row in answers] == ["Hotels cost at most 180 EUR a night. [1]"] * 3
    assert [(row["quote"], row["section"], row["page"]) for row in citations] == [(QUOTE, "4.2", "7")] * 3
    assert {row["record"] for row in citations} == {row["record"] for row in answers}


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", " =1", "\uff1d1", "\n=1"])
def test_a_spreadsheet_runs_no_cell(text: str) -> None:
    (row,) = csv.reader([csv_line([text]).decode()], strict=True) if "\n" not in text and "\r" not in text else [["'"]]
    assert row[0].startswith("'")
    assert csv_line([text]).lstrip(b'"').startswith(b"'")


@pytest.mark.parametrize("text", ["a;=1+1", "a; @x", "a\tb;+1", "a\n=1", "\u2003=1", "a;\uff1d1"])
def test_a_spreadsheet_that_parts_cells_at_semicolons_runs_none(text: str) -> None:
    for part in re.split("[;\t\r\n]", csv_line([text]).decode()):
        assert part.strip(' "')[:1] not in set("=+@-\uff1d"), part


@pytest.mark.parametrize("text", ["plain", "a=b", "1+1", 'with "quotes", and commas', "Ünï"])
def test_other_cells_stay_as_they_are(text: str) -> None:
    (row,) = csv.reader([csv_line([text, -5, None]).decode()])
    assert row == [text, "-5", ""]


def test_a_cell_shows_what_cannot_be_seen() -> None:
    (row,) = csv.reader([csv_line(["a\u202eb\x1b[0m", "\u200b=1"]).decode()])
    assert row == ["a‹U+202E›b‹U+001B›[0m", "‹U+200B›=1"]


async def test_parquet_has_typed_columns(open_log: Opener, tmp_path: Path) -> None:
    async with await open_log(tmp_path / "audit") as log:
        for n in range(5):
            await log.append(asked(n))
        await export(log, tmp_path / "table", format=ExportFormat.PARQUET, by="ada")
        await export(log, tmp_path / "none", format=ExportFormat.PARQUET, by="ada", wanted=Filter(person="nobody"))
    answers = parquet.read_table(tmp_path / "table" / "answers")
    assert (answers.num_rows, str(answers.schema.field("tokens_in").type)) == (5, "int64")
    assert parquet.read_table(tmp_path / "table" / "citations").column("quote").to_pylist() == [QUOTE] * 5
    assert parquet.read_table(tmp_path / "none" / "answers").num_rows == 0


async def test_ocsf_events_fit_the_published_schema(open_log: Opener, tmp_path: Path) -> None:
    schema = OcsfJsonSchemaEmbedded(get_ocsf_schema(version=OCSF_VERSION)).get_class_schema(
        "api_activity", ["ai_operation"]
    )
    validator = jsonschema.Draft202012Validator(schema)
    async with await open_log(tmp_path / "audit") as log:
        target = asked(1)
        for item in (
            target,
            record(2, outcome="refused"),
            record(3, outcome="failed", event="question"),
            event("delivery", "delivered", refers_to=target.id, platform="slack", channel="C1", reply_message="m1"),
            event("feedback", "recorded", refers_to=target.id, platform="slack", user="U1", text="down wrong"),
            event("gap", "recovered", reason="disk full"),
            event("heartbeat", "alive"),
            event("alarm", "raised", reason="it was forked"),
        ):
            await log.append(item)
        await request_erasure(log, records=[target.id], ground="g", by="ada")
        await rotated(log)
        await export(log, tmp_path / "events.jsonl", format=ExportFormat.OCSF, by="ada")
    events = [json.loads(line) for line in (tmp_path / "events.jsonl").read_text("utf-8").splitlines()]
    assert len(events) == 11
    asked_for = [found for found in events if found["api"]["operation"] in ("erasure request", "key request")]
    assert [(found["activity_name"], found["status_id"], found["status"]) for found in asked_for] == [
        ("Create", 99, "Requested")
    ] * 2
    assert not [found for found in events if found["activity_name"] == "Delete"]
    for found in events:
        assert [error.message for error in validator.iter_errors(found)] == []
    assert events[0]["message_context"]["total_tokens"] == 1280
    assert events[0]["actor"]["user"]["uid"] == "U-ada"
    broken = {**events[0], "class_uid": "many"}
    assert list(validator.iter_errors(broken))


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        (Filter(), 12),
        (Filter(person="slack:U-ada"), 6),
        (Filter(channel="C-travel"), 6),
        (Filter(document="policies/travel-2.md"), 1),
        (Filter(section="4.2 hotels"), 6),
        (Filter(outcome="refused"), 6),
        (Filter(since=BEFORE, until=BEFORE + timedelta(seconds=3)), 6),
        (Filter(text="hotel number 4"), 1),
        (Filter(text="nothing of it"), 0),
    ],
    ids=lambda value: str(sorted(value.as_json())) if isinstance(value, Filter) else str(value),
)
async def test_filters_choose_and_the_rest_stays_out(
    open_log: Opener, tmp_path: Path, wanted: Filter, count: int
) -> None:
    async with await open_log(tmp_path / "audit") as log:
        for n in range(6):
            moment = BEFORE + timedelta(seconds=n)
            await log.append(asked(n, at=moment))
            await log.append(record(n, outcome="refused", channel="C9", at=moment))
        done = await export(log, tmp_path / "some.jsonl", format=ExportFormat.JSONL, by="ada", wanted=wanted)
    report = verify_export(tmp_path / "some.jsonl")
    assert (done.records, report.records, report.findings) == (count, count, [])


class Stopped(Exception):
    """Raised by a progress callback, as an interrupt would."""


def stop_after(limit: int, done: int, _: int) -> None:
    if done >= limit:
        raise Stopped


@pytest.mark.parametrize("format", [*ExportFormat])
async def test_an_export_goes_on_where_it_stopped(open_log: Opener, tmp_path: Path, format: ExportFormat) -> None:
    small = partial(exports.export, format=format, by="ada", pace=exports.ExportPace(20, 20))
    async with await open_log(tmp_path / "audit") as log:
        for n in range(90):
            await log.append(asked(n))
        await small(log, tmp_path / "whole")
        with pytest.raises(Stopped):
            await small(log, tmp_path / "parts", progress=partial(stop_after, 45))
        await log.append(asked(99))  # not part of the export that goes on
        done = await small(log, tmp_path / "parts", resume=True)
        answers = format in (ExportFormat.CSV, ExportFormat.PARQUET)
        assert (done.records, done.size) == (90 if answers else 91, 91)  # with the first export's access record
    assert verify_export(tmp_path / "parts").findings == []
    if format in (ExportFormat.CSV, ExportFormat.OCSF):
        assert content(tmp_path / "parts") == content(tmp_path / "whole")
    if format is ExportFormat.PARQUET:
        assert parquet.read_table(tmp_path / "parts" / "answers").num_rows == 90
    assert not (tmp_path / "parts.progress").exists()


def content(path: Path) -> list[bytes]:
    """Lines of an export but those of access records, which name their own target."""
    return [line for line in path.read_bytes().splitlines() if b"access" not in line]


async def test_progress_tells_how_far_it_is(open_log: Opener, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    async with await open_log(tmp_path / "audit") as log:
        for n in range(50):
            await log.append(record(n))
        await exports.export(
            log,
            tmp_path / "a.jsonl",
            format=ExportFormat.JSONL,
            by="ada",
            pace=exports.ExportPace(20),
            progress=lambda done, total: told.append((done, total)),
        )
    assert told == [(20, 50), (40, 50), (50, 50)]


async def test_an_export_never_overwrites(open_log: Opener, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("mine")
    async with await open_log(tmp_path / "audit") as log:
        await log.append(record(1))
        with pytest.raises(ExportFailed, match="exists"):
            await export(log, tmp_path / "a.jsonl", format=ExportFormat.JSONL, by="ada")
    assert (tmp_path / "a.jsonl").read_text() == "mine"


async def test_an_export_is_recorded(open_log: Opener, tmp_path: Path) -> None:
    async with await open_log(tmp_path / "audit") as log:
        await log.append(asked(1))
        done = await export(
            log, tmp_path / "a.csv", format=ExportFormat.CSV, by="ada", wanted=Filter(channel="C-travel")
        )
        noted = await log.get(done.record)
    assert noted is not None
    assert noted.fields["by"] == "ada"
    assert noted.fields["filter"] == {"channel": "C-travel"}


async def test_what_is_no_export_is_named(tmp_path: Path) -> None:
    with pytest.raises(ExportFailed, match="no file"):
        verify_export(tmp_path / "missing")
    (tmp_path / "a.csv").write_text("record,n\r\n")
    with pytest.raises(ExportFailed, match="no seal"):
        verify_export(tmp_path / "a.csv")
    (tmp_path / "a.jsonl").write_text("{}\n")
    assert not verify_export(tmp_path / "a.jsonl").ok
