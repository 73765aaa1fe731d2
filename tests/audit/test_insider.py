"""Who may write to the log's database, and nothing else, puts no record into it, and hides none, unseen."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import apsw
import psycopg
import pytest

from audit.database import Database
from audit.disclosure import Sealed, microseconds, seal
from audit.erase import approve_erasure, pending_erasures, request_erasure
from audit.errors import AuditCorrupt, AuditUnavailable, ErasureRefused
from audit.export import ExportFormat, export
from audit.holds import hold, holds
from audit.insights import stats
from audit.log import TransparencyLog
from audit.postgres import PostgresDatabase
from audit.record import AuditRecord, Json
from audit.search import Filter
from audit.sqlite import SqliteDatabase
from audit.verify import verify_log
from tests.audit.fixtures import Opener, record, rotated

Execute = Callable[..., None]


def owner(database: Database) -> Execute:
    """Runs statements ("?" for values) as somebody who owns the tables, without the schema's own checks."""

    def execute(*statements: tuple[str, *tuple[object, ...]]) -> None:
        if isinstance(database, SqliteDatabase):
            connection = apsw.Connection(str(database.path))
            connection.execute("PRAGMA ignore_check_constraints = ON")
            for sql, *values in statements:
                connection.execute(sql, values)
            connection.close()
            return
        assert isinstance(database, PostgresDatabase)
        with psycopg.connect(database.url) as pg:
            pg.execute("SET search_path = footnote_audit")
            checks = (
                "SELECT conrelid::regclass::text, conname FROM pg_constraint JOIN pg_class t ON t.oid = conrelid"
                " WHERE contype = 'c' AND connamespace = 'footnote_audit'::regnamespace ORDER BY t.relispartition"
            )
            for table, name in pg.execute(checks.encode()).fetchall():
                pg.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}".encode())
            for sql, *values in statements:
                pg.execute(sql.replace("?", "%s").encode(), values or None)

    return execute


def row_at(database: Database, position: int, sealed: Sealed) -> list[tuple[str, *tuple[object, ...]]]:
    """A whole record, as the log would write it, at a position of the insider's choice."""
    r = sealed.record
    entry = (position, r.id, r.event, r.outcome, microseconds(r.time), r.refers_to, sealed.leaf)
    statements: list[tuple[str, *tuple[object, ...]]] = [("INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?)", *entry)]
    if isinstance(database, SqliteDatabase):
        statements.append(("INSERT INTO disclosure VALUES (?, ?)", position, sealed.body))
    else:
        part = position // 4096
        name = f"disclosure_{part}".replace("-", "m")
        statements.append(
            (
                f"CREATE TABLE IF NOT EXISTS {name} PARTITION OF disclosure"
                f" FOR VALUES FROM ({part * 4096}) TO ({(part + 1) * 4096})",
            )
            if part
            else ("SELECT 1",)
        )
        mentions = ["person eve", "channel c1"]
        statements.append(
            ("INSERT INTO disclosure VALUES (?, ?, ?, ?)", position, sealed.body, mentions, ["forged", "limit"])
        )
    return statements


POSITIONS = {"before the first": -1, "long before": -5000, "right after the last": 3, "far past it": 9000}


@pytest.mark.parametrize("place", POSITIONS)
async def test_a_row_that_the_checkpoint_does_not_cover_is_no_record(
    open_log: Opener, tmp_path: Path, place: str
) -> None:
    async with await open_log(tmp_path / "audit") as log:
        for n in range(3):
            await log.append(record(n))
        await log.find(Filter(text="limit"))
        execute = owner(log.database)
        forged = seal(record(9, user="eve", channel="C1", question="a forged limit", tokens_in=7))
        execute(*row_at(log.database, POSITIONS[place], forged))

        found = [r.id async for r in log.all(Filter())]
        assert len(found) == 3
        assert [r async for r in log.all(Filter(text="forged"))] == []
        assert [r async for r in log.all(Filter(person="eve"))] == []
        assert await log.get(forged.record.id) is None
        assert await log.receipt(forged.record.id) is None
        assert (await stats(log)).as_json()["records"] == 3
        assert (await stats(log)).tokens_in == 0
        if POSITIONS[place] < 0:
            done = await export(log, tmp_path / "out.csv", format=ExportFormat.CSV, by="ada")
            assert done.records == 3
        else:  # it may be a real record whose checkpoint was put back: neither written over nor followed
            with pytest.raises(AuditUnavailable, match="past its signed checkpoint"):
                await log.append(record(4))
        assert "outside the tree" in " ".join(f.what for f in (await verify_log(log)).findings)
        assert "outside the tree" in " ".join(f.what for f in (await verify_log(log, disclosures=False)).findings)


@pytest.mark.parametrize("place", POSITIONS)
@pytest.mark.parametrize("what", ["lifted", "approval", "request"])
async def test_a_forged_row_governs_nothing(open_log: Opener, tmp_path: Path, place: str, what: str) -> None:
    async with await open_log(tmp_path / "audit") as log:
        target = record(1)
        await log.append(target)
        request = await request_erasure(log, records=[target.id], ground="g", by="ada")
        standing = await hold(log, matter="Doe v. Roe", covers=Filter(), ground="litigation", by="counsel")
        fields: dict[str, Json] = {
            "records": [target.id],
            "names": ["*"],
            "ground": "g",
            "requested_by": "eve",
            "approved_by": "ada",
        }
        forged = {
            "lifted": AuditRecord("f1", "hold", target.time, "lifted", {"ground": "g", "by": "eve"}, standing),
            "approval": AuditRecord("f1", "erasure", target.time, "approved", fields, request.id),
            "request": AuditRecord("f1", "erasure", target.time, "requested", fields),
        }[what]
        owner(log.database)(*row_at(log.database, POSITIONS[place], seal(forged)))
        assert [h.id for h in await holds(log)] == [standing]
        assert [p.id for p in await pending_erasures(log)] == [request.id]
        with pytest.raises(ErasureRefused, match="Doe v"):
            await approve_erasure(log, request.id, by="grace")
        assert await log.referring(standing) == []
        assert await log.get(target.id) == target
        assert not (await verify_log(log)).ok


ROWS = {
    "a field said to be erased, before the first": "INSERT INTO erased VALUES (-1, 'question', 'x')",
    "a field said to be erased, past the last": "INSERT INTO erased VALUES (300, 'question', 'x')",
    "a field said to be erased, of no such name": "INSERT INTO erased VALUES (3, 'nothing', 'x')",
    "fields without a record": "UPDATE disclosure SET idx = -7 WHERE idx = 5",
    "a record without its row of fields": "DELETE FROM disclosure WHERE idx = 6",
    "a record in another place": "UPDATE entry SET idx = -1 WHERE idx = 299",
    "a tile past the size": "INSERT INTO tile SELECT 0, 1, hashes FROM tile WHERE level = 0",
    "a tile at a negative level": "INSERT INTO tile SELECT -1, 0, hashes FROM tile WHERE level = 0",
    "a tile at a negative place": "INSERT INTO tile SELECT 1, -1, hashes FROM tile WHERE level = 1",
    "a tile that is too long": "UPDATE tile SET hashes = (SELECT hashes FROM tile WHERE level = 0) WHERE level = 1",
    "a tile that is missing": "DELETE FROM tile WHERE level = 0",
    "no head": "DELETE FROM state",
    "another name": "UPDATE meta SET value = 'example.com/other' WHERE name = 'origin'",
    "another format": "UPDATE meta SET value = '7' WHERE name = 'format'",
    "more names": "INSERT INTO meta VALUES ('keys', 'x')",
}


@pytest.mark.parametrize("attack", ROWS)
async def test_rows_that_belong_to_no_record_are_found(
    open_log: Opener, database: Callable[[Path], Database], tmp_path: Path, attack: str
) -> None:
    statement = ROWS[attack]
    async with await open_log(tmp_path / "audit") as log:
        await asyncio.gather(*(log.append(record(n)) for n in range(300)))
        assert (await verify_log(log)).findings == []
        if isinstance(log.database, PostgresDatabase) and "idx = -7" in statement:
            part = "CREATE TABLE stray PARTITION OF disclosure FOR VALUES FROM (-4096) TO (0)"
            owner(log.database)((part,))
        owner(log.database)((statement,))
        assert not (await verify_log(log)).ok


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO tile SELECT 0, 1, hashes FROM tile WHERE level = 0",
        "UPDATE tile SET hashes = (SELECT hashes FROM tile WHERE level = 0) WHERE level = 1",
        "DELETE FROM tile WHERE level = 1",
    ],
    ids=["one too many", "one too long", "one missing"],
)
async def test_a_stray_tile_does_not_stop_the_log(open_log: Opener, tmp_path: Path, statement: str) -> None:
    """Tiles follow from the leaves: a wrong one gives way to the one that belongs there."""
    async with await open_log(tmp_path / "audit") as log:
        await asyncio.gather(*(log.append(record(n)) for n in range(500)))
        owner(log.database)((statement,))
        assert not (await verify_log(log)).ok
        await asyncio.gather(*(log.append(record(n)) for n in range(100)))
        assert await log.size() == 600
        found = [f.what for f in (await verify_log(log)).findings]
        assert found == (["tile 1/0 differs from the tiles below it"] if "SELECT hashes" in statement[:60] else [])


async def test_the_schema_refuses_what_cannot_be_a_position(open_log: Opener, tmp_path: Path) -> None:
    async with await open_log(tmp_path / "audit") as log:
        await log.append(record(1))
        for statement in (
            "UPDATE entry SET idx = -1",
            "UPDATE disclosure SET idx = -1",
            "INSERT INTO erased VALUES (-1, 'question', 'x')",
            "INSERT INTO tile SELECT 0, -1, leaf FROM entry",
            "UPDATE state SET size = -1",
        ):
            if isinstance(log.database, SqliteDatabase):
                with pytest.raises(apsw.ConstraintError):
                    apsw.Connection(str(log.database.path)).execute(statement)
            else:
                assert isinstance(log.database, PostgresDatabase)
                with psycopg.connect(log.database.url) as pg, pytest.raises(psycopg.errors.CheckViolation):
                    pg.execute(b"SET search_path = footnote_audit")
                    pg.execute(statement.encode())


async def test_a_head_of_another_key_is_not_read(open_log: Opener, tmp_path: Path) -> None:
    """A whole log of the insider's own, signed by a key of the same name that the database lists as the first."""
    async with await open_log(tmp_path / "audit", origin="example.com/log") as log:
        mine = record(1)
        await log.append(mine)
        async with await open_log(tmp_path / "forged", origin="example.com/log") as other:
            await other.append(record(2))
            await other.append(record(3))
            note = await other.checkpoint()
            key = (await other.read(lambda view: view.keys()))[0]
        owner(log.database)(("UPDATE key SET vkey = ?", key), ("UPDATE state SET size = 2, checkpoint = ?", note))
        with pytest.raises(AuditCorrupt, match="not signed by a key"):
            await log.find(Filter())


@pytest.mark.parametrize("path", ["exports/../../state.db", "exports", "exports/link/victim", "elsewhere.csv"])
async def test_an_erasure_removes_no_file_but_its_exports(open_log: Opener, tmp_path: Path, path: str) -> None:
    folder = tmp_path / "audit"
    (folder / "exports" / "inner").mkdir(parents=True)
    (tmp_path / "outside").mkdir()
    (folder / "exports" / "link").symlink_to(tmp_path / "outside")
    victims = [tmp_path / "state.db", tmp_path / "outside" / "victim", folder / "exports" / "inner" / "kept"]
    for victim in victims:
        victim.write_text("x")
    async with await open_log(folder) as log:
        target = record(1)
        await log.append(target)
        owner(log.database)(("INSERT INTO copy VALUES (?, 0, 9, 'x')", str(folder / path)))
        request = await request_erasure(log, records=[target.id], ground="g", by="ada")
        done = await approve_erasure(log, request.id, by="grace")
        assert (done.removed, done.copies) == ((), (str(folder / path),))
    assert [victim.read_text() for victim in victims] == ["x", "x", "x"]


async def test_two_processes_make_one_keyring(open_log: Opener, tmp_path: Path) -> None:
    """`key.pub` lists the keys of this log, the newest last; whoever reads the log needs no more."""
    async with (
        await open_log(tmp_path / "audit") as log,
        await TransparencyLog.open(tmp_path / "audit", database=log.database) as other,
    ):
        first = (await log.read(lambda view: view.keys()))[0]
        await log.append(record(1))
        new = await rotated(other)
        assert len((await log.find(Filter(event="key"))).records) == 2
    assert (tmp_path / "audit" / "key.pub").read_text().splitlines() == [first, str(new)]
