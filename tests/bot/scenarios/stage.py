"""The whole product on a home of its own, one platform in front of it, a model beside it."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import apsw
from aiohttp import web

from audit.record import AuditRecord
from audit.search import Filter
from audit.sqlite import SqliteDatabase
from bot.answering.memory import ThreadMemory
from bot.ports import ChatAdapter, Intake, Viewer
from bot.queue.worker import Worker
from bot.service.serve import running
from bot.settings.values import Settings
from bot.wiring.app import App, open_app
from bot.wiring.sources import configured
from connectors.folder import FolderSettings
from connectors.kinds import AccessSettings
from tests.bot.scenarios.sides import Side, SlackSide, TeamsSide
from tests.servers.model import ModelServer, completion
from tests.waiting import STUCK_S

ITEMS = 30
HOSTILE = (
    "The parking badge <!channel> @everyone <@U0BOB> <https://evil.example|costs> [nothing](https://evil.example) "
    "*and* is valid for 12 months & more."
)
LONG = " ".join(f"clause {n} of the long agreement binds both parties without any limit in time" for n in range(250))
DOCUMENTS = {
    "open/travel.md": "# Travel Policy\n\n## 4.2 Hotels\n\nHotels cost at most 180 EUR a night.\n\n"
    "## 4.3 Flights\n\nFlights are booked in economy class.\n",
    "open/badge.txt": f"Parking\n\n{HOSTILE}\n",
    "open/catalogue.md": "# Catalogue\n\n"
    + "".join(f"Item {n:02} of the catalogue costs {100 + n} EUR.\n\n" for n in range(1, ITEMS + 1)),
    "open/agreement.md": f"# Long Agreement\n\n## 9 Term\n\nEvery {LONG}.\n",
    "open/mileage.md": "# Mileage\n\n## 5 Rates\n\nThese rates hold from May.\n\n"
    "| Vehicle | EUR a kilometre | Note |\n|---|---|---|\n| Car | 0.30 | own car |\n| Motorcycle | 0.20 | own |\n"
    "| Bicycle | 0.05 | own |\n\nClaims are filed monthly.\n",
    "board/minutes.md": "# Board Minutes\n\n## 3 Bonus\n\nThe bonus pool is EUR 1.35 million.\n",
}


SECOND_SOURCE = {"dress.md": "# Dress Code\n\n## 2 Shoes\n\nClosed shoes are worn in the kitchen.\n"}


def settings(home: Path, documents: Path, **changes: Any) -> Settings:
    """Two sources: DOCUMENTS, and SECOND_SOURCE in a folder of its own beside them."""
    access = (AccessSettings(path="board/**", allow=("group:board",)),)
    source = FolderSettings(
        name="documents", path=documents, url="https://intranet.example/d", allow=("everyone",), access=access
    )
    second = FolderSettings(name="handbook", path=documents.with_name("handbook"))
    groups = {"board": ("tom@example.com",)}
    fixed: dict[str, Any] = {"sources": (source, second), "groups": groups, "sync_every_s": 0, "log_level": "error"}
    return Settings(home=home, **{**fixed, **changes})


async def make_home(folder: Path) -> Path:
    """A home with the documents in its index: made once, copied for each scenario."""
    written = {f"documents/{name}": text for name, text in DOCUMENTS.items()}
    written |= {f"handbook/{name}": text for name, text in SECOND_SOURCE.items()}
    for name, text in written.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    made = settings(folder / "home", folder / "documents")
    async with open_app(made) as app:
        for source in configured(made):
            report = await app.sync(source)
            assert not report.failed
    return folder


class Model:
    """A chat model: names every unit that starts with "Item" or "Every"; slow or down when told."""

    def __init__(self) -> None:
        self.free = asyncio.Event()
        self.free.set()
        self.down = False
        self.asked = asyncio.Event()

    async def __call__(self, body: Any) -> web.StreamResponse:
        self.asked.set()
        if self.down:
            return web.json_response({"error": {"message": "down", "type": "server_error"}}, status=400)
        await self.free.wait()
        prompt = "\n".join(str(m["content"]) for m in body["messages"])
        question = prompt.rsplit("\n", 1)[-1]
        start = "Item" if "item" in question else "Every" if "clause" in question else "Hotels"
        numbers = re.findall(rf"^\[(\d+)\] {start}", prompt, re.MULTILINE)
        units = [{"id": int(number), "words": None} for number in numbers]
        return web.json_response(completion(json.dumps({"units": units})))


@dataclass
class Stage:
    """One life of the service after another on the same home."""

    side: Side
    made: Settings
    model: Model
    app: App = field(init=False)
    worker: Worker = field(init=False)
    _life: AsyncExitStack | None = None
    _others: list[Worker] = field(default_factory=list)
    _refusing: bool = False

    async def start(self) -> None:
        self._life = AsyncExitStack()
        self.app, self.worker = await self._serve(self._life, self.made)

    async def start_second(self) -> None:
        """A replica on a copy of the home; from now on events arrive there. It ends with the first."""
        assert self._life is not None
        home = self.made.home.with_name("second")
        await asyncio.to_thread(shutil.copytree, self.made.home, home, symlinks=True)
        _, second = await self._serve(self._life, self.made.model_copy(update={"home": home}))
        self._others.append(second)

    async def _serve(self, life: AsyncExitStack, made: Settings) -> tuple[App, Worker]:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        service = await life.enter_async_context(running(made.model_copy(update={"port": port}), self._make))
        await self.side.connected(port)
        return service

    def another(self) -> AbstractAsyncContextManager[tuple[App, Worker]]:
        """The service on this home."""
        return running(self.made.model_copy(update={"port": 0}), self._make)

    def _make(self, _: Settings, intake: Intake, viewer: Viewer, memory: ThreadMemory) -> list[ChatAdapter]:
        return [self.side.adapter(intake, viewer, memory, self.made)]

    async def end(self) -> None:
        """At once: what is in hand is cut off wherever it is."""
        if self._life is not None:
            for worker in (self.worker, *self._others):
                await worker.stop(0)
            self._others.clear()
            life, self._life = self._life, None
            await life.aclose()

    async def settled(self) -> None:
        for worker in (self.worker, *self._others):
            await worker.drain()

    async def records(self) -> list[AuditRecord]:
        """Oldest first."""
        return [r async for r in self.app.audit.all(Filter())][::-1]

    async def close_documents(self) -> None:
        """Only the board may read anything, from the next sync."""
        closed = (AccessSettings(path="**", allow=("group:board",)),)
        sources = tuple(source.model_copy(update={"access": closed}) for source in self.made.sources)
        for source in configured(self.made.model_copy(update={"sources": sources})):
            report = await self.app.sync(source)
            assert not report.failed

    def stop_log(self) -> None:
        """The log takes no record, as on a full disk."""
        self._change_log(
            "CREATE TRIGGER full BEFORE INSERT ON entry BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"
        )
        self._refusing = True

    def free_log(self) -> None:
        if self._refusing:
            self._change_log("DROP TRIGGER full")
            self._refusing = False

    def _change_log(self, statement: str) -> None:
        connection = apsw.Connection(SqliteDatabase(self.app.audit.paths.folder).where)
        connection.set_busy_timeout(int(STUCK_S * 1000))  # the log may be writing now
        connection.execute(statement)
        connection.close()


@asynccontextmanager
async def staged(
    side: Side, template: Path, folder: Path, *, model: bool, follow: bool, **changes: Any
) -> AsyncIterator[Stage]:
    """A stage on a copy of the template home; the stand-in is up until the end. `changes` are settings."""
    home = folder / "home"
    left = ["models", "audit"] if "database_url" in changes else ["models"]  # a log elsewhere has a key of its own
    await asyncio.to_thread(shutil.copytree, template / "home", home, ignore=shutil.ignore_patterns(*left))
    (home / "models").symlink_to(template / "home" / "models")
    async with AsyncExitStack() as stack:
        if isinstance(side, SlackSide):
            await side.slack.start()
            stack.push_async_callback(side.slack.stop)
        elif isinstance(side, TeamsSide):
            await stack.enter_async_context(side.teams)
        scripted = Model()
        if model:
            server = await stack.enter_async_context(ModelServer(scripted))
            changes |= {"model": "tiny", "model_base_url": server.url, "model_api_key": "none", "model_timeout_s": 300}
        changes["follow_up_without_mention"] = follow
        stage = Stage(side, settings(home, template / "documents", **changes), scripted)
        await stage.start()
        stack.push_async_callback(stage.end)
        stack.callback(stage.free_log)
        stack.callback(scripted.free.set)
        yield stage
