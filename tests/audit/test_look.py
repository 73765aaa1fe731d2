"""What is looked at in one go gives what looking at each record gives."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from audit.canonical import canonical
from audit.check import check_record
from audit.database import Row
from audit.disclosure import disclosures_of, microseconds, seal
from audit.events import event
from audit.export import ExportFormat, ExportPace, export
from audit.look import WholeRecords, look_at_records
from audit.note import Checkpoint
from audit.reading import stored_row
from audit.record import AuditRecord
from audit.report import SLACK, Clock
from tests.audit.fixtures import Opener, asked, record


def row_of(made: AuditRecord, index: int = 0) -> Row:
    """As the database gives it."""
    sealed = seal(made)
    said = (made.id, made.event, made.outcome, microseconds(made.time), made.refers_to)
    return (index, *said, sealed.leaf, sealed.body, "{}")


def changed(row: Row, place: int, value: object) -> Row:
    return (*row[:place], value, *row[place + 1 :])


def without(body: bytes, name: str) -> bytes:
    return canonical([[*part] for part in disclosures_of(body) if part[1] != name])


GOOD = row_of(asked(1))
ODD: dict[str, Row] = {
    "another id": changed(GOOD, 1, "other"),
    "another event": changed(GOOD, 2, "access"),
    "an event that governs": changed(GOOD, 2, "hold"),
    "another outcome": changed(GOOD, 3, "refused"),
    "another time": changed(GOOD, 4, GOOD[4] + 1),
    "no time at all": changed(GOOD, 4, 2**62),
    "another reference": changed(GOOD, 5, "r"),
    "a field less": changed(GOOD, 7, without(GOOD[7], "user")),
    "no fields": changed(GOOD, 7, b"[]"),
    "another value": changed(GOOD, 7, GOOD[7].replace(b"C-travel", b"C-unravel", 1)),
    "spaces": changed(GOOD, 7, GOOD[7].replace(b"],[", b"], [", 1)),
    "a field twice": changed(GOOD, 7, b"[" + GOOD[7][1:-1] + b"," + GOOD[7][1:-1] + b"]"),
    "another leaf": changed(GOOD, 6, GOOD[6].replace(b'"v":3', b'"v":2')),
    "spaces in the leaf": changed(GOOD, 6, GOOD[6].replace(b'","', b'", "', 1)),
    "a digest twice": changed(GOOD, 6, GOOD[6].replace(b'"sd":[', b'"sd":["A","A",')),
    "said to be erased": changed(GOOD, 8, '{"user":"x"}'),
    "wrong inside": row_of(AuditRecord("q", "question", datetime.now(UTC), "answered",
                                       {**asked(1).fields, "posted_sha256": "0" * 64})),
    "a quote that does not stand": row_of(AuditRecord("q", "question", datetime.now(UTC), "answered",
                                                      {**asked(1).fields, "sections": []})),
}  # fmt: skip


@pytest.mark.parametrize("what", ODD)
def test_what_is_odd_is_looked_at_by_itself(what: str) -> None:
    rows = [GOOD, ODD[what]]
    if what in ("a field twice", "no time at all"):
        with pytest.raises(Exception, match="run: footnote audit verify"):
            look_at_records(rows)
        return
    records = look_at_records(rows).records
    assert not isinstance(records, WholeRecords)
    for looked, row in zip(records, rows, strict=True):
        assert looked.findings == tuple(check_record(stored_row(row).claimed()))
    assert (records[1].findings or records[1].stored) and not records[0].findings


@pytest.mark.parametrize("made", [asked(1), record(2), event("access", "shown", by="ada", what="list")])
def test_what_is_whole_is_told_in_one_go(made: AuditRecord) -> None:
    rows = [row_of(made, n) for n in range(3)]
    records = look_at_records(rows).records
    assert isinstance(records, WholeRecords)
    assert [(one.id, one.time) for one in records.records()] == [(made.id, made.time)] * 3
    assert not [finding for row in rows for finding in check_record(stored_row(row).claimed())]


NOW = datetime(2026, 3, 1, tzinfo=UTC)
_times = st.lists(st.integers(-12, 12).map(lambda n: n * 60_000_000), min_size=1, max_size=6)


@given(st.lists(st.tuples(_times, st.sampled_from([1, 2, 3])), max_size=4))
def test_times_pass_together_where_each_passes(batches: Sequence[tuple[Sequence[int], int]]) -> None:
    head = Checkpoint("o", 9, b"", NOW + timedelta(minutes=3))
    one, other = Clock(head), Clock(head)
    for steps, form in batches:
        times = [microseconds(NOW) + step for step in steps]
        moments = [NOW + timedelta(microseconds=step) for step in steps]
        found = [finding for moment in moments for finding in one.check("r", moment, form)]
        if other.passes(times, form):
            assert not found
        else:
            assert [finding for moment in moments for finding in other.check("r", moment, form)] == found
        assert one.latest == other.latest
    far = microseconds(NOW + SLACK * 9)
    assert not other.passes([far], 3)


async def test_parquet_of_several_processes_is_that_of_one(open_log: Opener, tmp_path: Path) -> None:
    async with await open_log(tmp_path / "audit") as log:
        for n in range(7):
            await log.append(asked(n) if n % 3 else record(n))
        for name, elsewhere in (("one", 100), ("more", 1)):
            pace = ExportPace(chunk=2, save_every=3, elsewhere=elsewhere)
            done = await export(log, tmp_path / name, format=ExportFormat.PARQUET, by="a", pace=pace)
            assert done.records == 7
    for table in ("answers", "citations"):
        one, more = (parquet.read_table(tmp_path / name / table) for name in ("one", "more"))
        assert one.equals(more) and one.num_rows
