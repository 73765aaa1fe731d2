"""The inbox: durable before it returns, one key once, many at a time, and what a disk that fails means."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import apsw
import psycopg
import pytest

from audit.errors import AuditUnavailable
from audit.record import Receipt
from bot.errors import InboxUnavailable
from bot.queue.inbox import Inbox
from bot.queue.inbox_store import InboxStore, PostgresStore, SqliteStore
from bot.types import IncomingKind, Reply
from tests.bot.fakes import incoming
from tests.servers import postgres
from tests.waiting import until

REPLY = Reply({"text": "180 EUR"}, False, Receipt("r1", 0, "00" * 32))


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> InboxStore:
    if request.param == "sqlite":
        return SqliteStore(tmp_path / "inbox.db")
    server: postgres.Server = request.getfixturevalue("postgres_server")
    return PostgresStore(server.create(f"inbox_{uuid4().hex}"))


@pytest.fixture
async def inbox(store: InboxStore) -> AsyncIterator[Inbox]:
    inbox = Inbox(store)
    yield inbox
    await inbox.close()


@pytest.fixture
async def on_disk(tmp_path: Path) -> AsyncIterator[Inbox]:
    inbox = Inbox(SqliteStore(tmp_path / "inbox.db"))
    yield inbox
    await inbox.close()


async def test_of_many_deliveries_at_once_one_is_new(inbox: Inbox) -> None:
    new = await asyncio.gather(*(inbox.accept(incoming("?", key=f"k{n % 20}")) for n in range(200)))
    assert sum(new) == 20
    assert [w.key for w in await inbox.waiting()] == [f"k{n}" for n in range(20)]


async def test_what_was_accepted_is_on_the_disk(on_disk: Inbox, tmp_path: Path) -> None:
    await asyncio.gather(*(on_disk.accept(incoming("?", key=f"k{n}")) for n in range(50)))
    other = apsw.Connection(str(tmp_path / "inbox.db"), flags=apsw.SQLITE_OPEN_READONLY)
    assert list(other.execute("SELECT count(*) FROM events")) == [(50,)]
    other.close()


async def test_an_event_comes_back_as_it_was(inbox: Inbox) -> None:
    asked = replace(incoming("Was kostet ein Hotel? \U0001f3e8 \ud83d"), reference={"external": True, "n": [1, None]})
    await inbox.accept(asked)
    pending = await inbox.get("k1")
    assert pending is not None
    assert pending.incoming == asked
    assert (await inbox.waiting())[0].kind is IncomingKind.QUESTION


async def test_when_done_the_text_is_gone_and_the_key_is_known(on_disk: Inbox, tmp_path: Path) -> None:
    await on_disk.accept(incoming("the secret of the question"))
    await on_disk.recorded("k1", REPLY)
    await on_disk.shown(incoming("?"), REPLY, "m1")
    await on_disk.done("k1")
    assert await on_disk.get("k1") is None
    assert await on_disk.waiting() == []
    assert not await on_disk.accept(incoming("the secret of the question"))
    with closing(apsw.Connection(str(tmp_path / "inbox.db"))) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert b"secret" not in (tmp_path / "inbox.db").read_bytes()


def test_what_is_written_waits_for_the_disk(tmp_path: Path) -> None:
    session = SqliteStore(tmp_path / "inbox.db").open()
    assert session.value("PRAGMA synchronous") == 2  # FULL
    session.close()


async def test_a_reply_is_shown_once_for_the_record(inbox: Inbox) -> None:
    await inbox.accept(incoming("?"))
    shown = await inbox.shown(incoming("?"), REPLY, "m1")
    assert await inbox.shown_as("r1") == shown
    assert await inbox.shown_as("r2") is None


async def test_one_who_is_cancelled_harms_no_other(inbox: Inbox) -> None:
    tasks = [asyncio.create_task(inbox.accept(incoming("?", key=f"k{n}"))) for n in range(10)]
    await asyncio.sleep(0)
    tasks[3].cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [r for r in results if r is True] == [True] * 9
    assert isinstance(results[3], asyncio.CancelledError)


async def test_a_disk_that_fails_is_said_to_everyone_who_waits(on_disk: Inbox, tmp_path: Path) -> None:
    other = apsw.Connection(str(tmp_path / "inbox.db"))
    other.execute("ALTER TABLE events RENAME TO elsewhere")
    results = await asyncio.gather(
        *(on_disk.accept(incoming("?", key=f"k{n}")) for n in range(5)), return_exceptions=True
    )
    assert all(isinstance(r, InboxUnavailable) for r in results)
    other.execute("ALTER TABLE elsewhere RENAME TO events")
    other.close()
    assert await on_disk.accept(incoming("?", key="k0"))


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InboxUnavailable, match="Check the disk"):
        Inbox(SqliteStore(tmp_path / "file" / "inbox.db"))


@pytest.fixture
def shared_url(postgres_server: postgres.Server) -> str:
    return postgres_server.create(f"inbox_{uuid4().hex}")


@pytest.fixture
async def pair(shared_url: str) -> AsyncIterator[tuple[Inbox, Inbox]]:
    """Two replicas at one inbox."""
    replicas = Inbox(PostgresStore(shared_url)), Inbox(PostgresStore(shared_url))
    yield replicas
    for replica in replicas:
        await replica.close()


async def test_of_the_same_event_at_two_replicas_one_is_new(pair: tuple[Inbox, Inbox]) -> None:
    new = await asyncio.gather(*(pair[n % 2].accept(incoming("?", key=f"k{n // 2}")) for n in range(100)))
    assert sum(new) == 50
    mine, others = [[w.key for w in await replica.waiting()] for replica in pair]
    assert sorted([*mine, *others]) == sorted(f"k{n}" for n in range(50))


async def test_a_replica_sees_its_own_events_alone_and_every_reply(pair: tuple[Inbox, Inbox]) -> None:
    one, two = pair
    await one.accept(incoming("?"))
    assert await two.get("k1") is None
    with pytest.raises(InboxUnavailable, match="took it over"):
        await two.claim("k1", "r9")
    await one.claim("k1", "r1")
    shown = await one.shown(incoming("?"), REPLY, "m1")
    assert await two.shown_as("r1") == shown


async def test_what_a_replica_that_died_had_in_hand_is_taken_over_once(
    pair: tuple[Inbox, Inbox], shared_url: str
) -> None:
    one, two = pair
    third = Inbox(PostgresStore(shared_url))
    for n in range(10):
        await third.accept(incoming("?", key=f"k{n}"))
        await third.claim(f"k{n}", f"r{n}")
    assert await one.waiting() == []
    await third.close()  # the server frees its lock, as it does when the process dies
    ones: set[str] = set()
    twos: set[str] = set()

    async def taken() -> bool:  # the server needs a moment to notice
        for keys, waiting in zip((ones, twos), await asyncio.gather(one.waiting(), two.waiting()), strict=True):
            keys |= {event.key for event in waiting}
        return bool(ones or twos)

    await until(taken)
    assert ones | twos == {f"k{n}" for n in range(10)}
    assert not ones & twos
    owner = one if ones else two
    pending = await owner.get("k3")
    assert pending is not None
    assert pending.record_id == "r3"


async def test_a_replica_whose_connection_was_cut_keeps_its_events(pair: tuple[Inbox, Inbox], shared_url: str) -> None:
    one, _ = pair
    await one.accept(incoming("?"))
    with psycopg.connect(shared_url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    await one.claim("k1", "r1")
    pending = await one.get("k1")
    assert pending is not None
    assert pending.record_id == "r1"


def test_a_server_that_may_not_be_used_is_the_inbox_s_error() -> None:
    """The session says so in the log's words, also when it connects anew in the middle of a service's life."""
    store = PostgresStore("postgresql://ada@127.0.0.1/x")
    with pytest.raises(InboxUnavailable, match="fsync off"), store.translated():
        raise AuditUnavailable("PostgreSQL runs with fsync off")
