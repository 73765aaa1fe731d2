"""What only PostgreSQL has: roles, several processes on several machines, and a server that goes away."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from audit.approvals import approve_rotation, request_rotation
from audit.database import GOVERNING, Database
from audit.erase import approve_erasure, request_erasure
from audit.errors import AuditUnavailable
from audit.events import event
from audit.holds import approve_lift, hold, holds, request_lift
from audit.log import TransparencyLog
from audit.postgres import PostgresDatabase
from audit.postgres_schema import PART
from audit.search import Filter
from audit.verify import verify_log
from tests.audit.fixtures import asked, record
from tests.servers import postgres
from tests.servers.commands import start
from tests.servers.postgres import Server
from tests.waiting import until

Attack = Callable[[psycopg.Connection[tuple[object, ...]], random.Random], None]


@pytest.fixture
def url(postgres_server: Server) -> str:
    return postgres_server.create(f"log_{uuid4().hex}")


def server_value(address: str, query: str) -> object:
    with psycopg.connect(address) as connection:
        row = connection.execute(query.encode()).fetchone()
    return row[0] if row is not None else None


def server_sql(address: str, *statements: str) -> None:
    with psycopg.connect(address, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


@pytest.fixture
def people(url: str, postgres_server: Server) -> Iterator[Callable[[str], Database]]:
    """A database for a login that has one of the roles, after the owner founded the log."""
    name = f"login_{uuid4().hex}"

    def of(role: str) -> Database:
        server_sql(url, f"CREATE ROLE {name}_{role} LOGIN", f"GRANT {role} TO {name}_{role}")
        return PostgresDatabase(postgres_server.url(url.rpartition("/")[2], f"{name}_{role}"))

    yield of
    for role in ("footnote_read", "footnote_append", "footnote_erase"):
        server_sql(url, f"DROP ROLE IF EXISTS {name}_{role}")


async def test_each_role_may_do_its_part_and_no_more(
    tmp_path: Path, url: str, people: Callable[[str], Database]
) -> None:
    async with await TransparencyLog.open(tmp_path / "audit", database=PostgresDatabase(url)) as log:
        target = record(1)
        await log.append(target)
    reading, appending, erasing = (people(f"footnote_{part}") for part in ("read", "append", "erase"))
    async with await TransparencyLog.open(tmp_path / "audit", database=reading) as log:
        assert await log.get(target.id) == target
        assert (await verify_log(log)).findings == []
        with pytest.raises(AuditUnavailable, match="footnote_append"):
            await log.append(record(2))
    async with await TransparencyLog.open(tmp_path / "audit", database=appending) as log:
        assert (await log.append(record(3))).index == 1
        asked_for = await request_erasure(log, records=[target.id], ground="g", by="ada")
        with pytest.raises(AuditUnavailable, match="footnote_erase"):
            await approve_erasure(log, asked_for.id, by="grace")
        assert await log.get(target.id) == target
    async with await TransparencyLog.open(tmp_path / "audit", database=erasing) as log:
        done = await approve_erasure(log, asked_for.id, by="grace")
        assert (done.records, done.copies) == (1, ())
        assert (await verify_log(log)).findings == []


TABLES = ("meta", "entry", "disclosure", "disclosure_0", "erased", "tile", "key", "copy", "state", "pen")
_CALL = "'a', 'b', ARRAY[leaf], ARRAY[body], '{[]}', '{[]}', '{}', '{}', '{}', edge, checkpoint, signer"
FORBIDDEN = [
    *(f"INSERT INTO footnote_audit.{table} SELECT * FROM footnote_audit.{table}" for table in TABLES if table != "key"),
    "INSERT INTO footnote_audit.key (vkey) VALUES ('x')",
    *(f"DELETE FROM footnote_audit.{table}" for table in TABLES),
    *(f"TRUNCATE footnote_audit.{table}" for table in TABLES),
    *(f"ALTER TABLE footnote_audit.{table} DISABLE TRIGGER ALL" for table in TABLES),
    *(f"LOCK TABLE footnote_audit.{table} IN ACCESS EXCLUSIVE MODE" for table in TABLES),
    "UPDATE footnote_audit.entry SET outcome = 'refused'",
    "UPDATE footnote_audit.disclosure SET body = '[]'",
    "UPDATE footnote_audit.disclosure SET words = '{}'",
    "UPDATE footnote_audit.state SET checkpoint = 'x'",
    "UPDATE footnote_audit.tile SET hashes = ''",
    "UPDATE footnote_audit.key SET vkey = 'x'",
    "UPDATE footnote_audit.meta SET value = 'x'",
    "UPDATE footnote_audit.copy SET path = 'x'",
    "SELECT following FROM footnote_audit.pen",
    "DROP SCHEMA footnote_audit CASCADE",
    "CREATE TABLE footnote_audit.mine (x int)",
    "CREATE OR REPLACE FUNCTION footnote_audit.base64url(data bytea) RETURNS text LANGUAGE sql AS $$ SELECT '' $$",
    "SELECT footnote_audit.add_part(7)",
    f"SELECT footnote_audit.put({_CALL}) FROM entry JOIN disclosure USING (idx), state",
    f"SELECT footnote_audit.append({_CALL}) FROM entry JOIN disclosure USING (idx), state",
    f"SELECT footnote_audit.govern({_CALL}, '{{}}') FROM entry JOIN disclosure USING (idx), state",
    "SELECT footnote_audit.erase('nothing', '{0}', '{[]}', '{[]}')",
    "SELECT footnote_audit.erase(id, '{0}', '{[]}', '{[]}') FROM footnote_audit.entry",
    "SELECT footnote_audit.note_copy('/etc/passwd', 0, 9, id) FROM footnote_audit.entry",
    "SET SESSION AUTHORIZATION postgres",
    "SET ROLE postgres",
]


@pytest.mark.parametrize("role", ["footnote_read", "footnote_append", "footnote_erase"])
async def test_no_role_may_write_but_through_the_log(
    tmp_path: Path, url: str, people: Callable[[str], PostgresDatabase], role: str
) -> None:
    """With the login alone; `append` and `govern` ask for what only the signing key gives."""
    async with await TransparencyLog.open(tmp_path / "audit", database=PostgresDatabase(url)) as log:
        await log.append(record(1))
        session = people(role).writer()
        for attack in FORBIDDEN:
            session.begin()
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                session.run(attack)
            session.rollback()
        session.close()
        assert (await verify_log(log)).findings == []


async def test_who_may_only_append_governs_nothing(
    tmp_path: Path, url: str, people: Callable[[str], PostgresDatabase]
) -> None:
    """Even with the key: an approval, a lifted hold, retention or a new key is for another role."""
    async with await TransparencyLog.open(tmp_path / "audit", database=PostgresDatabase(url)) as log:
        await log.append(record(1))
        standing = await hold(log, matter="m", covers=Filter(), ground="g", by="counsel")
        request = await request_lift(log, standing, ground="settled", by="counsel")
        rotation = await request_rotation(log, ground="yearly", by="ada")
    appending = people("footnote_append")
    async with await TransparencyLog.open(tmp_path / "audit", database=appending) as log:
        with pytest.raises(AuditUnavailable, match="footnote_erase"):
            await approve_lift(log, request, by="grace")
        with pytest.raises(AuditUnavailable, match="footnote_erase"):
            await approve_rotation(log, rotation, by="grace")
        for name, outcome in sorted(GOVERNING):
            with pytest.raises(AuditUnavailable, match="footnote_erase"):
                await log.append(event(name, outcome, refers_to=standing, ground="g", by="eve", new_key="x"))
        await log.append(record(2))
        assert [one.id for one in await holds(log)] == [standing]
        assert (await verify_log(log)).findings == []


async def test_a_log_of_the_earlier_version_is_closed_by_its_owner(
    tmp_path: Path, url: str, people: Callable[[str], PostgresDatabase]
) -> None:
    """Its roles could write to the tables: until the owner starts it once, nobody else goes on with it."""
    async with await TransparencyLog.open(tmp_path / "audit", database=PostgresDatabase(url)) as log:
        await log.append(record(1))
    functions = "append, govern, put, erase, note_copy, finished, base64url"
    server_sql(
        url,
        *(f"DROP FUNCTION footnote_audit.{name}" for name in functions.split(", ")),
        "DROP TABLE footnote_audit.pen",
        "GRANT INSERT ON footnote_audit.entry, footnote_audit.disclosure TO footnote_append",
        "GRANT UPDATE ON footnote_audit.state TO footnote_append",
    )
    appending = people("footnote_append")
    with pytest.raises(AuditUnavailable, match="footnote doctor"):
        await TransparencyLog.open(tmp_path / "audit", database=appending)
    async with await TransparencyLog.open(tmp_path / "audit", database=PostgresDatabase(url)) as log:
        await log.append(record(2))
    async with await TransparencyLog.open(tmp_path / "audit", database=appending) as log:
        await log.append(record(3))
        assert (await verify_log(log)).findings == []
        assert await log.size() == 3
    session = appending.writer()
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        session.run("UPDATE footnote_audit.state SET size = 1")
    session.close()


async def test_without_the_servers_help_an_erasure_says_what_it_could_not_reach(
    tmp_path: Path, url: str, postgres_server: Server
) -> None:
    owner = f"owner_{uuid4().hex}"
    server_sql(url, f"CREATE ROLE {owner} LOGIN", f'GRANT CREATE ON DATABASE "{url.rpartition("/")[2]}" TO {owner}')
    database = PostgresDatabase(postgres_server.url(url.rpartition("/")[2], owner))
    async with await TransparencyLog.open(tmp_path / "audit", database=database) as log:
        target = record(1)
        await log.append(target)
        asked_for = await request_erasure(log, records=[target.id], ground="g", by="ada")
        done = await approve_erasure(log, asked_for.id, by="grace")
        assert [place.partition(" in PostgreSQL")[0] for place in done.copies] == ["the write-ahead log"]
        assert (await verify_log(log)).findings == []


async def test_an_erasure_leaves_the_neighbours_of_its_partition(tmp_path: Path, url: str) -> None:
    async with await TransparencyLog.open(tmp_path / "audit", database=PostgresDatabase(url), patience=60) as log:
        await asyncio.gather(*(log.append(record(n)) for n in range(PART + 10)))
        parts = await log.read(lambda view: list(view.session.rows("SELECT idx FROM disclosure WHERE idx >= ?", (0,))))
        assert len(parts) == PART + 10
        page = await log.find(Filter(text="number"), limit=30)
        assert list(page.indexes) == list(range(PART + 9, PART - 21, -1))
        asked_for = await request_erasure(log, records=[page.records[12].id], ground="g", by="ada")
        await approve_erasure(log, asked_for.id, by="grace")
        assert len([r async for r in log.all(Filter(text="number"))]) == PART + 9
        assert (await verify_log(log)).findings == []


CHILD = """
import asyncio, sys
from pathlib import Path
from audit.events import event
from audit.holds import approve_lift, hold, holds, request_lift
from audit.log import TransparencyLog
from audit.postgres import PostgresDatabase
from tests.audit.fixtures import record

async def main():
    database = PostgresDatabase(sys.argv[2])
    async with await TransparencyLog.open(Path(sys.argv[1]), database=database, patience=60) as log:
        receipts = await asyncio.gather(*(log.append(record(n)) for n in range(int(sys.argv[3]))))
        print(*(f"{r.record_id}:{r.index}" for r in receipts))

asyncio.run(main())
"""


async def test_several_processes_append_without_a_fork(tmp_path: Path, url: str) -> None:
    """They found the log together, too."""
    children = [await start(CHILD, str(tmp_path / "audit"), url, "150") for _ in range(3)]
    said = [(await child.communicate())[0].decode().split() for child in children]
    places = dict(told.split(":") for words in said for told in words)
    assert sorted(map(int, places.values())) == list(range(450))
    async with await TransparencyLog.open(tmp_path / "audit", database=PostgresDatabase(url)) as log:
        assert await log.size() == 450
        for record_id, index in places.items():
            receipt = await log.receipt(record_id)
            assert receipt is not None
            assert receipt.index == int(index)
        assert (await verify_log(log)).findings == []


async def test_connections_that_are_cut_cost_no_record(tmp_path: Path, url: str) -> None:
    """Told means kept, once; and what was refused is in a gap, unless it had been kept all the same."""
    kept: list[str] = []
    refused: list[str] = []
    cutting = asyncio.Event()

    async def cut() -> None:
        connection = await psycopg.AsyncConnection.connect(url, autocommit=True)
        sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"
        while not cutting.is_set():
            await connection.execute(sql, (url.rpartition("/")[2],))
            await asyncio.sleep(random.uniform(0.001, 0.02))
        await connection.close()

    async with await TransparencyLog.open(tmp_path / "audit", database=PostgresDatabase(url)) as log:
        cutter = asyncio.create_task(cut())
        for n in range(40):
            items = [record(n) for _ in range(5)]
            for item, result in zip(
                items, await asyncio.gather(*(log.append(i) for i in items), return_exceptions=True), strict=True
            ):
                if isinstance(result, BaseException):
                    assert isinstance(result, AuditUnavailable)
                    refused.append(item.id)
                else:
                    kept.append(item.id)
        cutting.set()
        await cutter
        while True:
            try:
                await log.append(record(99))
                break
            except AuditUnavailable:
                continue
    async with await TransparencyLog.open(tmp_path / "audit", database=PostgresDatabase(url)) as log:
        stored = [r.id async for r in log.all(Filter(event="question"))]
        assert len(stored) == len(set(stored))
        assert set(kept) <= set(stored)
        gaps = [str(name) async for r in log.all(Filter(event="gap")) for name in _names(r.fields["refused_records"])]
        assert set(refused) <= set(gaps)
        assert (await verify_log(log)).findings == []


def _names(value: object) -> list[object]:
    return value if isinstance(value, list) else []


async def test_a_server_that_crashes_or_does_not_sync(tmp_path: Path) -> None:
    with postgres.running() as server:
        address = server.create("log")
        database = PostgresDatabase(address)
        kept = []
        async with await TransparencyLog.open(tmp_path / "audit", database=database) as log:
            kept += [(await log.append(record(n))).record_id for n in range(20)]
            for crash in range(3):
                await asyncio.to_thread(server.control, "stop", "-m", "immediate")
                with pytest.raises(AuditUnavailable, match="check the server"):
                    await log.append(record(crash))
                await asyncio.to_thread(server.control, "start")
                kept.append((await log.append(record(100 + crash))).record_id)
            assert len((await log.find(Filter(event="gap"))).records) == 3
            assert [await log.get(record_id) is not None for record_id in kept] == [True] * len(kept)
            assert (await verify_log(log)).findings == []
        server_sql(address, "ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")
        await until(lambda: server_value(address, "SHOW fsync") == "off", "the new setting")
        with pytest.raises(AuditUnavailable, match="fsync off"):
            await TransparencyLog.open(tmp_path / "audit", database=database)


@pytest.mark.parametrize(
    "address", ["postgresql://ada:secret-word@host:port/x y", "secret-word", "postgresql://u:secret-word@[::1"]
)
def test_an_address_that_is_none_is_refused_without_its_password(address: str) -> None:
    with pytest.raises(AuditUnavailable, match="postgresql://user@host/database") as caught:
        PostgresDatabase(address)
    assert "secret-word" not in str(caught.value)


async def test_a_server_that_is_not_there_is_named(tmp_path: Path) -> None:
    database = PostgresDatabase("postgresql://ada:secret-word@127.0.0.1:9/log")
    with pytest.raises(AuditUnavailable, match=r"127\.0\.0\.1/log cannot be used") as caught:
        await TransparencyLog.open(tmp_path / "audit", database=database)
    assert "secret-word" not in str(caught.value)


def flipped(connection: psycopg.Connection[tuple[object, ...]], dice: random.Random, table: str, column: str) -> None:
    """One bit of one row's bytes."""
    rows = connection.execute(f"SELECT idx, {column} FROM {table} ORDER BY idx".encode()).fetchall()
    index, data = dice.choice(rows)
    assert isinstance(data, bytes)
    at = dice.randrange(len(data))
    changed = data[:at] + bytes([data[at] ^ (1 << dice.randrange(8))]) + data[at + 1 :]
    connection.execute(f"UPDATE {table} SET {column} = %s WHERE idx = %s".encode(), (changed, index))


def sql(statement: str) -> Attack:
    def attack(connection: psycopg.Connection[tuple[object, ...]], _: random.Random) -> None:
        connection.execute(statement.encode())

    return attack


ATTACKS: dict[str, Attack] = {
    "flip a leaf": lambda connection, dice: flipped(connection, dice, "entry", "leaf"),
    "flip a disclosure": lambda connection, dice: flipped(connection, dice, "disclosure", "body"),
    "delete a record": sql("DELETE FROM entry WHERE idx = 100"),
    "delete the last": sql("DELETE FROM entry WHERE idx = (SELECT max(idx) FROM entry)"),
    "delete disclosures": sql("DELETE FROM disclosure WHERE idx = 7"),
    "another outcome": sql("UPDATE entry SET outcome = 'refused' WHERE idx = 5"),
    "another time": sql("UPDATE entry SET time = time + 1 WHERE idx = 5"),
    "forge an erasure": sql("INSERT INTO erased SELECT 3, 'question', id FROM entry WHERE idx = 4"),
    "another size": sql("UPDATE state SET size = size - 1"),
    "another head": sql("UPDATE state SET checkpoint = replace(checkpoint, 'a', 'b')"),
    "a tile": sql("UPDATE tile SET hashes = decode(repeat('00', 32), 'hex') WHERE level = 1"),
    "swap": sql("UPDATE disclosure SET body = (SELECT body FROM disclosure WHERE idx = 8) WHERE idx = 9"),
}


@pytest.mark.parametrize("attack", ATTACKS)
async def test_what_an_administrator_changes_is_found(tmp_path: Path, url: str, attack: str) -> None:
    dice = random.Random(attack)
    async with await TransparencyLog.open(tmp_path / "audit", database=PostgresDatabase(url)) as log:
        await asyncio.gather(*(log.append(asked(n) if n % 20 == 0 else record(n)) for n in range(300)))
        key = (await log.read(lambda view: view.keys()))[0]
        assert (await verify_log(log, keys=[key])).findings == []
        with psycopg.connect(url) as connection:
            connection.execute("SET search_path = footnote_audit")
            ATTACKS[attack](connection, dice)
            connection.commit()
        assert not (await verify_log(log, keys=[key])).ok
