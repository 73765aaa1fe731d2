"""Batches of records are sealed the same wherever that is done, and a helper that dies takes none with it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from audit.disclosure import Sealed, opened, seal, values_of
from audit.errors import RecordInvalid
from audit.log import TransparencyLog
from audit.record import AuditRecord, Json
from audit.sealing import LARGE, LOADED, Sealer
from audit.verify import verify_log
from tests.audit.fixtures import asked, record

PATIENCE = 60.0  # seconds that a helper may take to begin, on a busy machine


def loaded(helpers: int) -> Sealer:
    """A sealer whose helpers have begun."""
    sealer = Sealer(helpers)
    for _ in range(LOADED):
        sealer.seal([record(n) for n in range(LARGE)])
    end = time.monotonic() + PATIENCE
    while len(sealer.at_work()) < helpers:
        assert time.monotonic() < end, "no helper began"
        time.sleep(0.05)
    return sealer


def same(made: Sealed | RecordInvalid, original: AuditRecord) -> None:
    """But for the salts, it is what `seal` makes."""
    assert isinstance(made, Sealed)
    assert made.record == original
    assert values_of(made.body) == dict(original.fields)
    leaf, expected = json.loads(made.leaf), json.loads(seal(original).leaf)
    assert leaf.pop("sd") == sorted(opened(made.body)[1])
    expected.pop("sd")
    assert leaf == expected


@pytest.mark.parametrize("helpers", [0, 1, 2])
@pytest.mark.parametrize("count", [1, LARGE - 1, LARGE, 3 * LARGE + 1])
def test_a_batch_is_sealed_in_its_order(helpers: int, count: int) -> None:
    sealer = loaded(helpers) if helpers else Sealer(0)
    try:
        records = [asked(n) if n % 3 else record(n) for n in range(count)]
        for made, original in zip(sealer.seal(records), records, strict=True):
            same(made, original)
    finally:
        sealer.close()


@pytest.mark.parametrize("bad", [1.5, b"x", {1: "a"}, 2**60, "\ud800", object()])
def test_an_invalid_record_is_refused_alone(bad: Json) -> None:
    sealer = loaded(1)
    try:
        records = [record(n) for n in range(2 * LARGE)]
        for place in (3, LARGE + 3):
            fields = {**records[place].fields, "text": bad}
            records[place] = AuditRecord("odd", "question", datetime.now(UTC), "answered", fields)
        for n, (made, original) in enumerate(zip(sealer.seal(records), records, strict=True)):
            if n in (3, LARGE + 3):
                assert isinstance(made, RecordInvalid)
            else:
                same(made, original)
    finally:
        sealer.close()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
def test_a_helper_that_dies_or_hangs_takes_no_record_with_it(how: signal.Signals) -> None:
    sealer = loaded(2)
    try:
        os.kill(sealer.at_work()[0], how)
        records = [record(n) for n in range(3 * LARGE)]
        for _ in range(2):
            for made, original in zip(sealer.seal(records), records, strict=True):
                same(made, original)
        assert len(sealer.at_work()) == 1
    finally:
        sealer.close()
    assert not sealer.at_work()


async def test_the_log_stays_whole_under_load(tmp_path: Path) -> None:
    records = [record(n) for n in range(LARGE * (LOADED + 10))]
    async with await TransparencyLog.open(tmp_path / "audit", patience=PATIENCE) as log:
        todo = iter(records)

        async def caller() -> None:
            for one in todo:
                await log.append(one)

        await asyncio.gather(*(caller() for _ in range(2 * LARGE)))
        report = await verify_log(log)
        assert (report.findings, report.records) == ([], len(records))
