"""The inbox: durable before it returns, one key once, many at a time, and what a disk that fails means."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import apsw
import pytest

from audit.record import Receipt
from bot.errors import InboxUnavailable
from bot.inbox import Inbox
from bot.types import IncomingKind, Reply
from tests.bot.fakes import incoming

REPLY = Reply({"text": "180 EUR"}, False, Receipt("r1", 0, "00" * 32))


@pytest.fixture
async def inbox(tmp_path: Path) -> AsyncIterator[Inbox]:
    inbox = Inbox(tmp_path / "inbox.db")
    yield inbox
    await inbox.close()


async def test_of_many_deliveries_at_once_one_is_new(inbox: Inbox) -> None:
    new = await asyncio.gather(*(inbox.accept(incoming("?", key=f"k{n % 20}")) for n in range(200)))
    assert sum(new) == 20
    assert [w.key for w in await inbox.waiting()] == [f"k{n}" for n in range(20)]


async def test_what_was_accepted_is_on_the_disk(inbox: Inbox, tmp_path: Path) -> None:
    await asyncio.gather(*(inbox.accept(incoming("?", key=f"k{n}")) for n in range(50)))
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


async def test_when_done_the_text_is_gone_and_the_key_is_known(inbox: Inbox, tmp_path: Path) -> None:
    await inbox.accept(incoming("the secret of the question"))
    await inbox.recorded("k1", REPLY)
    await inbox.shown(incoming("?"), REPLY, "m1")
    await inbox.done("k1")
    assert await inbox.get("k1") is None
    assert await inbox.waiting() == []
    assert not await inbox.accept(incoming("the secret of the question"))
    inbox._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    assert b"secret" not in (tmp_path / "inbox.db").read_bytes()
    assert inbox._db.execute("PRAGMA synchronous").fetchall() == [(2,)]  # FULL


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


async def test_a_disk_that_fails_is_said_to_everyone_who_waits(inbox: Inbox, tmp_path: Path) -> None:
    other = apsw.Connection(str(tmp_path / "inbox.db"))
    inbox._db.set_busy_timeout(1)
    other.execute("BEGIN IMMEDIATE")
    results = await asyncio.gather(
        *(inbox.accept(incoming("?", key=f"k{n}")) for n in range(5)), return_exceptions=True
    )
    assert all(isinstance(r, InboxUnavailable) for r in results)
    other.execute("ROLLBACK")
    other.close()
    assert await inbox.accept(incoming("?", key="k0"))


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InboxUnavailable, match="Check the disk"):
        Inbox(tmp_path / "file" / "inbox.db")
