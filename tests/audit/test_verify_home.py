"""Verifying a home makes nothing, needs no private key, and takes no missing or empty log for a good one."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from audit.database import Database
from audit.erase import approve_erasure, request_erasure
from audit.errors import AuditCorrupt, ErasureRefused
from audit.holds import hold
from audit.keyring import Paths
from audit.log import TransparencyLog
from audit.postgres import PostgresDatabase
from audit.publish import publish_checkpoint
from audit.report import Report
from audit.search import Filter
from audit.sqlite import SqliteDatabase
from audit.verify_home import Home, verify_home
from tests.audit.fixtures import Opener, record
from tests.audit.test_insider import owner

Databases = Callable[[Path], Database]


def listing(folder: Path) -> dict[str, str]:
    """Every file below with its bytes' hash, except what a reader of an open database locks."""
    found = {}
    for path in sorted(folder.rglob("*")):
        data = path.read_bytes() if path.is_file() and path.suffix != ".db-shm" else b""
        found[path.relative_to(folder).as_posix()] = hashlib.sha256(data).hexdigest()
    return found


async def filled(open_log: Opener, folder: Path, count: int = 3) -> str:
    """A log of some records; its public key."""
    async with await open_log(folder) as log:
        for n in range(count):
            await log.append(record(n))
        await log.find(Filter(text="limit"))
        return (await log.read(lambda view: view.keys()))[0]


def said(report: Report) -> str:
    return "; ".join(finding.what for finding in report.findings)


async def test_a_closed_log_is_verified_and_left_as_it_is(
    open_log: Opener, database: Databases, tmp_path: Path
) -> None:
    folder = tmp_path / "audit"
    key = await filled(open_log, folder)
    before = listing(folder)
    report = await verify_home(Home(Paths(folder), database(folder)))
    assert (report.findings, report.records) == ([], 3)
    (folder / "key").unlink()
    assert (await verify_home(Home(Paths(folder), database(folder)))).ok  # by key.pub alone
    (folder / "key.pub").unlink()
    assert (await verify_home(Home(Paths(folder), database(folder)), keys=[key])).ok
    assert not (await verify_home(Home(Paths(folder), database(folder)), keys=[key[:-8] + "AAAAAAA="])).ok
    assert listing(folder) == {name: digest for name, digest in before.items() if name not in ("key", "key.pub")}


async def test_an_open_log_is_verified_while_it_is_written(
    open_log: Opener, database: Databases, tmp_path: Path
) -> None:
    folder = tmp_path / "audit"
    async with await open_log(folder) as log:
        await log.append(record(1))
        before = listing(folder)
        assert (await verify_home(Home(Paths(folder), database(folder)))).records == 1
        assert listing(folder) == before
        await log.append(record(2))
        assert (await verify_home(Home(Paths(folder), database(folder)))).records == 2


async def test_a_copy_of_an_open_log_is_verified_with_its_journal(tmp_path: Path) -> None:
    folder, copy = tmp_path / "audit", tmp_path / "copy"
    async with await TransparencyLog.open(folder) as log:
        for n in range(5):
            await log.append(record(n))
        shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("*-shm", "key"))
    before = listing(copy)
    assert "log.db-wal" in before
    report = await verify_home(Home(Paths(copy), SqliteDatabase(copy)))
    assert (report.findings, report.records) == ([], 5)
    assert listing(copy) == before


GONE: dict[str, Callable[[Path], object]] = {
    "deleted": lambda folder: (folder / "log.db").rename(folder.parent / "taken"),
    "emptied": lambda folder: (folder / "log.db").write_bytes(b""),
    "another database": lambda folder: shutil.copy(folder / "search.db", folder / "log.db"),
    "no database": lambda folder: (folder / "log.db").write_bytes(b"x" * 5000),
    "no head": lambda folder: apsw.Connection(str(folder / "log.db")).execute("DELETE FROM state").fetchall(),
    "cut short": lambda folder: (folder / "log.db").write_bytes((folder / "log.db").read_bytes()[:8192]),
}


@pytest.mark.parametrize("kind", GONE)
async def test_a_log_that_is_gone_is_no_good_log(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "audit"
    await filled(Opener(SqliteDatabase), folder)
    GONE[kind](folder)
    before = listing(folder)
    report = await verify_home(Home(Paths(folder), SqliteDatabase(folder)))
    assert (report.ok, report.records) == (False, 0)
    assert listing(folder) == before
    with pytest.raises(AuditCorrupt):
        await TransparencyLog.open(folder)
    assert "key.next" not in listing(folder)


async def test_a_database_that_is_gone_is_not_founded_anew(
    open_log: Opener, database: Databases, tmp_path: Path
) -> None:
    folder = tmp_path / "audit"
    await filled(open_log, folder)
    place = database(folder)
    if isinstance(place, SqliteDatabase):
        place.path.unlink()
    else:
        owner(place)(("DROP SCHEMA footnote_audit CASCADE",))
    report = await verify_home(Home(Paths(folder), place, traces=["inbox.db"]))
    assert "these say that there was one: key, key.pub" in said(report)
    assert "inbox.db" in said(report)
    with pytest.raises(AuditCorrupt, match="says that there was an audit log"):
        await open_log(folder)
    (folder / "key.pub").unlink()  # as in a home of version 0.1
    with pytest.raises(AuditCorrupt, match="says that there was an audit log"):
        await open_log(folder)


async def test_where_nothing_ever_was_nothing_is_ok(database: Databases, tmp_path: Path) -> None:
    report = await verify_home(Home(Paths(tmp_path / "audit"), database(tmp_path / "audit")))
    assert (report.ok, report.records) == (False, 0)
    assert "nothing here says" in said(report)
    assert not (tmp_path / "audit").exists()


async def test_an_empty_log_is_never_ok(open_log: Opener, database: Databases, tmp_path: Path) -> None:
    folder = tmp_path / "audit"
    await filled(open_log, folder, 0)
    report = await verify_home(Home(Paths(folder), database(folder)))
    assert (report.ok, report.records) == (False, 0)
    assert "no record to prove" in said(report)


async def test_another_log_in_its_place_is_found(open_log: Opener, database: Databases, tmp_path: Path) -> None:
    """It names itself the same, and lists its own key as the first."""
    for name in ("audit", "other"):
        async with await open_log(tmp_path / name, "example.com/log") as log:
            await log.append(record(1))
    report = await verify_home(Home(Paths(tmp_path / "audit"), database(tmp_path / "other")))
    assert "not signed by a key" in said(report)


async def test_checkpoints_outside_show_a_rollback_and_a_fork(tmp_path: Path) -> None:
    folder, outside, old = tmp_path / "audit", tmp_path / "outside", tmp_path / "old"
    outside.mkdir()
    await filled(Opener(SqliteDatabase), folder)
    shutil.copytree(folder, old)
    async with await TransparencyLog.open(folder) as log:
        for n in range(2):
            await log.append(record(n))
            await publish_checkpoint(log, outside)
    assert (await verify_home(Home(Paths(folder), SqliteDatabase(folder), outside))).ok
    assert "rolled back" in said(await verify_home(Home(Paths(old), SqliteDatabase(old), outside)))
    async with await TransparencyLog.open(old) as log:
        for n in range(3):
            await log.append(record(n))
    found = said(await verify_home(Home(Paths(old), SqliteDatabase(old), outside)))
    assert "first 4 records" in found
    assert "first 5 records" in found


TAMPERED = {
    "a person is not found": "DELETE FROM mention WHERE kind = 'person'",
    "a person is found": "INSERT INTO mention VALUES ('person', 'eve', 1)",
    "words are not found": "INSERT INTO words (words) VALUES ('delete-all')",
    "words are found": "INSERT INTO words (rowid, text) VALUES (2, 'forged')",
    "it runs ahead": "UPDATE progress SET next = 9",
}


@pytest.mark.parametrize("what", TAMPERED)
async def test_an_index_that_was_changed_is_found(tmp_path: Path, what: str) -> None:
    folder = tmp_path / "audit"
    await filled(Opener(SqliteDatabase), folder)
    place = Home(Paths(folder), SqliteDatabase(folder))
    assert (await verify_home(place, index=True)).findings == []
    connection = apsw.Connection(str(folder / "search.db"))
    connection.execute(TAMPERED[what])
    connection.close()
    before = listing(folder)
    assert (await verify_home(place)).ok
    assert "search index" in said(await verify_home(place, index=True))
    assert listing(folder) == before


async def test_a_changed_index_hides_no_hold_and_moves_no_erasure(open_log: Opener, tmp_path: Path) -> None:
    async with await open_log(tmp_path / "audit") as log:
        target, other = record(1, user="U-eve"), record(2, user="U-bob")
        for item in (target, other):
            await log.append(item)
        request = await request_erasure(log, records=[target.id], ground="g", by="ada")
        await hold(log, matter="Doe v. Roe", covers=Filter(person="U-eve"), ground="litigation", by="counsel")
        await log.find(Filter(person="U-eve"))
        if isinstance(log.database, PostgresDatabase):
            owner(log.database)(
                ("UPDATE disclosure SET mentions = '{person u-bob}' WHERE idx = 0",),
                ("UPDATE disclosure SET mentions = '{person u-eve}' WHERE idx = 1",),
            )
        else:
            assert isinstance(log.database, SqliteDatabase)
            connection = apsw.Connection(str(log.database.search_path))
            connection.execute("UPDATE mention SET idx = 1 - idx WHERE kind = 'person' AND idx < 2")
            connection.close()
        with pytest.raises(ErasureRefused, match="Doe v"):
            await approve_erasure(log, request.id, by="grace")
        with pytest.raises(ErasureRefused, match="Doe v"):  # found without the index
            await request_erasure(log, person="U-eve", ground="g", by="ada")
        assert "found by other" in said(await verify_home(Home(log.paths, log.database), index=True)) or isinstance(
            log.database, SqliteDatabase
        )
