"""Work in other processes gives what the same work gives here, in the same order."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from audit.errors import AuditCorrupt, AuditUnavailable
from audit.log import TransparencyLog
from audit.processes import in_order
from audit.sqlite import SqliteDatabase
from audit.verify import verify_log
from tests.audit.fixtures import Opener, record
from tests.audit.work import die, refuse, square


@pytest.mark.parametrize("elsewhere", [False, True])
def test_results_come_in_the_order_of_the_items(elsewhere: bool) -> None:
    found = list(in_order(square, range(200), elsewhere=elsewhere))
    assert [value for value, _ in found] == [n * n for n in range(200)]
    here = {pid for _, pid in found} == {os.getpid()}
    assert here == (not elsewhere or os.cpu_count() == 1)


@pytest.mark.parametrize("elsewhere", [False, True])
def test_an_error_of_the_work_is_raised(elsewhere: bool) -> None:
    done: list[int] = []
    with pytest.raises(AuditCorrupt, match="seven is damaged"):
        done.extend(in_order(refuse, range(20), elsewhere=elsewhere))
    assert done == [*range(7)]


@pytest.mark.skipif(os.cpu_count() == 1, reason="all the work is done here")
def test_a_process_that_dies_is_told_and_not_taken_for_an_end() -> None:
    with pytest.raises(AuditUnavailable, match="was ended"):
        list(in_order(die, range(1, 20), elsewhere=True))


@pytest.mark.parametrize("elsewhere", [False, True])
def test_items_are_taken_as_results_are(elsewhere: bool) -> None:
    """So that a log larger than the memory can be checked."""
    taken = 0

    def items() -> Iterator[int]:
        nonlocal taken
        for number in range(10_000):
            taken += 1
            yield number

    results = in_order(square, items(), elsewhere=elsewhere)
    assert next(results)[0] == 0
    assert taken <= 2 * (os.cpu_count() or 1) + 1
    results.close()


async def test_a_log_is_verified_in_processes_as_in_one(open_log: Opener, tmp_path: Path) -> None:
    async with await open_log(tmp_path / "a") as log:
        for n in range(600):
            await log.append(record(n, event="feedback", outcome="recorded"))
        here = await verify_log(log)
        assert await verify_log(log, elsewhere=1) == here
        assert here.ok
        assert here.records == 600


async def test_processes_find_what_one_finds(tmp_path: Path) -> None:
    async with await TransparencyLog.open(tmp_path) as log:
        ids = [(await log.append(record(n, event="feedback", outcome="recorded"))).record_id for n in range(600)]
    connection = apsw.Connection(str(SqliteDatabase(tmp_path).path))
    for index in (3, 300, 599):  # in three tiles
        connection.execute(
            "UPDATE disclosure SET body = CAST(replace(CAST(body AS TEXT), 'limit', 'Limit') AS BLOB) WHERE idx = ?",
            (index,),
        )
    connection.close()
    async with await TransparencyLog.open(tmp_path) as log:
        here = await verify_log(log)
        assert await verify_log(log, elsewhere=1) == here
    assert {finding.record for finding in here.findings} == {ids[3], ids[300], ids[599]}
