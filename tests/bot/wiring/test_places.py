"""A person is gone from a home that was used, and from its database: every file and every table is looked into."""

from __future__ import annotations

import fnmatch
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import apsw
import psycopg
import pytest
from pydantic import SecretStr

from audit.erase import approve_erasure, request_erasure
from audit.errors import ErasureRefused
from audit.events import access, review
from audit.export import ExportFormat, export
from audit.log import TransparencyLog
from audit.search import Filter
from audit.verify import verify_log
from bot.answering.memory import ThreadMemory
from bot.queue.inbox import Inbox
from bot.settings.values import Settings
from bot.slack.store import Installations, Installed
from bot.types import IncomingKind
from bot.wiring.app import App, open_app
from bot.wiring.databases import inbox_store
from bot.wiring.places import PLACES, holders
from connectors.folder import FolderSettings, FolderSource
from retrieval.people import Principal
from tests.bot.fakes import FakePlatform, incoming
from tests.servers import postgres

CANARY = Principal("slack", "T1", "U0CANARY7", "cleo.canary@example.com")
ADA = Principal("slack", "T1", "U-ada", "ada@example.com")
QUESTION = "How much may the hotel of the zqcanaryquestion trip cost?"
NEEDLES = ("u0canary7", "cleo.canary", "zqcanaryquestion", "cleo zqsurname")


@pytest.fixture
def postgres_server() -> Iterator[postgres.Server]:
    """One for each test: its whole data folder is searched, where other tests' people would be found."""
    with postgres.running() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgres"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    documents = tmp_path / "documents"
    documents.mkdir()
    (documents / "travel.md").write_text("# Travel\n\n## 4.2 Hotels\n\nA hotel costs at most 180 EUR a night.\n")
    made = Settings(home=tmp_path / "home", sources=(FolderSettings(name="documents", path=documents),))
    if request.param == "sqlite":
        return made
    server: postgres.Server = request.getfixturevalue("postgres_server")
    return made.model_copy(update={"database_url": SecretStr(server.create(f"places_{uuid4().hex}"))})


@asynccontextmanager
async def used(settings: Settings) -> AsyncIterator[App]:
    """A home in which a person and another one did all there is to do."""
    memory = ThreadMemory(settings.home / "memory.db", timedelta(hours=1))
    async with open_app(settings, memory=memory) as app:
        for table in settings.sources:
            assert isinstance(table, FolderSettings)
            await app.sync(FolderSource(table.name, table.path))
        inbox = Inbox(inbox_store(settings))
        worker = app.worker(memory, inbox)
        platform = FakePlatform(readers=[CANARY], asker=CANARY)
        worker.attach(platform)
        await worker.start()
        for n, who in enumerate((CANARY, ADA, CANARY)):
            platform.asker = who
            asked = replace(incoming(QUESTION if who is CANARY else "And trains?", key=f"k{n}"), user=who.user)
            await worker.accept(replace(asked, message=f"{n}.1", received_at=datetime.now(UTC)))
            await worker.drain()
        feedback = replace(incoming("up", key="f1", kind=IncomingKind.FEEDBACK), user=CANARY.user, message="m1")
        await worker.accept(feedback)
        await worker.drain()
        await worker.stop()
        await inbox.close()
        await app.ask_as("May Cleo Zqsurname stay at a hotel?", "cleo.canary@example.com")
        (own, *_) = (await app.audit.find(Filter(person="U0CANARY7", event="question"))).records
        await app.audit.append(review(own.id, by="grace", verdict="wrong", note="as Cleo Zqsurname said"))
        await app.audit.append(access(by="grace", what="search", wanted={"person": "cleo.canary@example.com"}))
        exports = app.audit.paths.exports
        await export(app.audit, exports / "all.jsonl", format=ExportFormat.JSONL, by="grace")
        await export(app.audit, exports / "all.csv", format=ExportFormat.CSV, by="grace")
        installed = Installed("T0123", "Acme", "xoxb-1", "B1", "B2", "U0CANARY7", 1)
        await Installations(settings.home / "slack", 9).save(installed)
        runs = settings.home / "eval" / "runs"
        (settings.home / "eval" / "trips").mkdir(parents=True)
        runs.mkdir()
        (settings.home / "eval" / "trips" / "log.db").write_bytes(b"\0\1cleo.canary@example.com\xff")
        (runs / "one.jsonl").write_text('{"as": "cleo.canary@example.com"}\n')
        (runs / "two.jsonl").write_text('{"as": "ada@example.com"}\n')
        yield app
    memory.close()


def files_with(folders: Sequence[Path], needles: Sequence[str]) -> list[str]:
    found = []
    for path in sorted(p for folder in folders for p in folder.rglob("*") if p.is_file()):
        try:
            data = path.read_bytes().lower()
        except FileNotFoundError:  # a running server removes files of its own
            continue
        found += [f"{path}: {needle}" for needle in needles if needle.encode() in data]
    return found


def rows_with(url: str, needles: Sequence[str]) -> list[str]:
    """Every row of every table of the database, also of its catalogue, as text."""
    found = []
    with psycopg.connect(url) as connection:
        tables = connection.execute(
            b"SELECT schemaname, tablename FROM pg_tables WHERE schemaname <> 'information_schema'"
        ).fetchall()
        for schema, table in tables:
            for (row,) in connection.execute(f'SELECT lower(CAST(t AS text)) FROM "{schema}"."{table}" AS t'.encode()):
                hexed = [needle.encode().hex() for needle in needles]
                found += [f"{schema}.{table}: {row[:200]}" for one in (*needles, *hexed) if one in row]
    return found


async def test_a_person_goes_from_every_file_and_table(settings: Settings, request: pytest.FixtureRequest) -> None:
    url = settings.secret("database_url") if settings.database_url is not None else ""
    folders = [settings.home]
    if url:
        server: postgres.Server = request.getfixturevalue("postgres_server")
        folders.append(server.folder)
    async with used(settings):
        pass
    before = files_with([settings.home], NEEDLES)
    assert {Path(found.rpartition(": ")[0]).relative_to(settings.home).parts[0] for found in before} >= (
        {"memory.db", "slack", "eval", "audit"} | (set() if url else {"inbox.db"})
    )
    async with await reopened(settings) as log:
        asked = await request_erasure(
            log,
            person="cleo.canary@example.com",
            also=["Cleo Zqsurname"],
            ground="GDPR 17, letter 4711",
            by="ada",
            holders=holders(settings),
        )
        found = {name: count for name, count in asked.places.items() if not name.startswith("the log")}
        assert set(found) == {"the inbox", "thread memory", "installations of Slack", "evaluations"}
        assert (found["installations of Slack"], found["evaluations"]) == (1, 2)
        done = await approve_erasure(log, asked.id, by="grace", holders=holders(settings))
        assert done.places == {**found, "the state of sources": 0}
        assert done.copies == ()
        assert (await verify_log(log)).findings == []
        assert files_with(folders, NEEDLES) == []
        if url:
            assert rows_with(url, NEEDLES) == []
    assert (settings.home / "eval" / "runs" / "two.jsonl").exists()
    kept = await Installations(settings.home / "slack", 9).find("T0123")
    assert kept is not None
    assert (kept.bot_token, kept.by) == ("xoxb-1", "")
    async with open_app(settings) as app:
        answered = await app.ask_as("What may a hotel cost?", None)
        assert answered.outcome.text or answered.outcome.told


async def reopened(settings: Settings) -> TransparencyLog:
    from bot.wiring.databases import open_audit_log

    return await open_audit_log(settings)


async def test_every_file_and_table_of_a_used_home_is_of_a_place(settings: Settings) -> None:
    """Whoever adds one says there what of it is about people, and how an erasure reaches it."""
    async with used(settings):
        files = [path.relative_to(settings.home) for path in settings.home.rglob("*") if path.is_file()]
    patterns = [pattern for place in PLACES for pattern in place.files]
    unknown = [str(path) for path in files if not any(fnmatch.fnmatch(str(path), pattern) for pattern in patterns)]
    assert unknown == []
    for place in PLACES:
        assert bool(place.holds) == bool(place.erased)
    if settings.database_url is None:
        return
    tables = [pattern for place in PLACES for pattern in place.tables]
    with psycopg.connect(settings.secret("database_url")) as connection:
        query = "SELECT schemaname || '.' || tablename FROM pg_tables WHERE schemaname !~ '^(pg_|information_schema)'"
        there = [str(name) for (name,) in connection.execute(query.encode()).fetchall()]
    assert [name for name in there if not any(fnmatch.fnmatch(name, pattern) for pattern in tables)] == []
    assert there


async def test_a_question_that_waits_stops_the_erasure(settings: Settings) -> None:
    async with open_app(settings) as app:
        inbox = Inbox(inbox_store(settings))
        await inbox.accept(replace(incoming("What may a hotel cost?"), user=CANARY.user))
        asked = await request_erasure(
            app.audit, person="slack:U0CANARY7", ground="g", by="ada", holders=holders(settings)
        )
        with pytest.raises(ErasureRefused, match="1 messages of theirs wait"):
            await approve_erasure(app.audit, asked.id, by="grace", holders=holders(settings))
        await inbox.done("k1")
        await inbox.close()
        done = await approve_erasure(app.audit, asked.id, by="grace", holders=holders(settings))
        assert done.places["the inbox"] == 0  # of what is done, the key alone is kept, and it names nobody


async def test_who_may_read_a_document_is_said_and_left_to_the_source(tmp_path: Path) -> None:
    documents = tmp_path / "documents"
    documents.mkdir()
    (documents / "a.md").write_text("# A\n\nThe limit is 100 EUR.\n")
    settings = Settings(home=tmp_path / "home")
    async with open_app(settings) as app:
        await app.sync(FolderSource("documents", documents))
        with apsw.Connection(str(settings.home / "state.db")) as state:
            state.execute("UPDATE access_lists SET allow = '[\"user:cleo.canary@example.com\"]' WHERE allow != '[]'")
        asked = await request_erasure(
            app.audit, person="cleo.canary@example.com", ground="g", by="ada", holders=holders(settings)
        )
        assert asked.places == {"the state of sources": 1}
        done = await approve_erasure(app.audit, asked.id, by="grace", holders=holders(settings))
        assert done.copies == ("1 items in the state of sources",)
        assert "may remain: 1 items in the state of sources" in done.certificate
