"""`audit reconcile --platform teams` and `doctor`, as commands, on answers of the running service."""

from __future__ import annotations

import json
import os
import re
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from audit.record import new_record_id
from audit.search import Filter
from bot.answering.memory import ThreadMemory
from bot.demo.standins.teams import Said, TeamsFault, TeamsPlace, TeamsStandin
from bot.ports import ChatAdapter, Intake, Viewer
from bot.queue.worker import Worker
from bot.service.serve import running
from bot.settings.values import Settings
from bot.teams.adapter import TeamsPlatform
from bot.wiring.app import App, open_app
from bot.wiring.sources import configured
from connectors.folder import FolderSettings
from connectors.kinds import AccessSettings
from tests.bot.teams.support import ADA, BEN
from tests.servers.commands import MAIN, start

pytestmark = pytest.mark.slow
HOTELS, AGAIN, BONUS = "What do hotels cost a night?", "How much are hotels?", "How large is the bonus pool?"


@dataclass
class Service:
    """The running service, and the command beside it on the same home."""

    teams: TeamsStandin
    folder: Path
    app: App
    worker: Worker
    settings: dict[str, str] = field(default_factory=dict)

    async def ask(self, place: TeamsPlace, text: str = HOTELS) -> Said:
        """Ada's question; the message that took the place of the status line."""
        before = len(self.teams.answers(place))
        await self.teams.say(place, ADA, text)
        await self.worker.drain()
        return self.teams.answers(place)[before]

    async def command(self, *arguments: str) -> tuple[int, str, str]:
        environment = {
            **os.environ,
            "FOOTNOTE_HOME": str(self.folder / "home"),
            "TEAMS_APP_ID": self.teams.app_id,
            "TEAMS_APP_TENANTID": self.teams.tenant,
            "TEAMS_APP_PASSWORD": self.teams.password,
            "FOOTNOTE_TEAMS_GRAPH_URL": f"{self.teams.base}/graph/v1.0",
            "FOOTNOTE_TEAMS_LOGIN_URL": f"{self.teams.base}/login",
            "FOOTNOTE_TEAMS_SERVICE_URL": self.teams.service_url,
            **self.settings,
        }
        child = await start(MAIN, *arguments, env=environment, cwd=self.folder)
        text, errors = await child.communicate()
        return await child.wait(), text.decode(), errors.decode()

    @staticmethod
    def period() -> tuple[str, ...]:
        """From an hour ago on, for an hour more."""
        now = datetime.now(UTC)
        first, last = (f"{now + timedelta(hours=h):%Y-%m-%dT%H:%M:%S}" for h in (-1, 1))
        return "--platform", "teams", "--since", first, "--until", last

    async def reconcile(self, *more: str) -> tuple[int, Mapping[str, Any]]:
        code, text, errors = await self.command("audit", "reconcile", *self.period(), *more, "--json")
        assert text, errors
        return code, json.loads(text)

    def forge(self, place: TeamsPlace, like: Said, record: str, thread: str) -> Said:
        """Whoever has the bot's secret posts a message that looks like one of ours."""
        text = json.dumps(like.activity).replace(record_of(like), record).replace("180 EUR", "500 EUR")
        made = Said(self.teams.next_id(), place.id, thread, self.teams.bot, json.loads(text))
        self.teams.said.append(made)
        return made


def record_of(said: Said) -> str:
    found = re.findall(r"Record ([0-9A-Za-z-]+)", json.dumps(said.activity))
    return str(found[-1])


@asynccontextmanager
async def serving(folder: Path) -> AsyncIterator[Service]:
    for name, text in (
        ("open/travel.md", "# Travel Policy\n\n## 4.2 Hotels\n\nHotels cost at most 180 EUR a night.\n"),
        ("board/minutes.md", "# Board Minutes\n\n## 3 Bonus\n\nThe bonus pool is EUR 1.35 million.\n"),
    ):
        path = folder / "documents" / name
        path.parent.mkdir(parents=True)
        path.write_text(text)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    access = (AccessSettings(path="board/**", allow=("group:board",)),)
    source = FolderSettings(name="documents", path=folder / "documents", access=access)
    made = Settings(
        home=folder / "home",
        sources=(source,),
        groups={"board": ("ada@example.com",)},
        sync_every_s=0,
        port=port,
        log_level="error",
    )
    async with open_app(made) as app:
        await app.sync(configured(made)[0])
    async with TeamsStandin() as teams:

        def adapters(_: Settings, intake: Intake, viewer: Viewer, memory: ThreadMemory) -> list[ChatAdapter]:
            return [TeamsPlatform(teams.config(), intake, viewer=viewer)]

        async with running(made, adapters) as (app, worker):
            teams.endpoint = f"http://127.0.0.1:{port}/teams/messages"
            yield Service(teams, folder, app, worker)
        assert teams.graph.complaints == []


async def test_a_deleted_and_a_forged_message_are_found_and_nothing_else(tmp_path: Path) -> None:
    async with serving(tmp_path) as service:
        teams = service.teams
        general = teams.place("channel", ADA, BEN)
        channel, chat = teams.place("channel", ADA, BEN, team=general.id), teams.place("groupChat", ADA, BEN)
        alone = teams.personal(ADA)
        teams.graph.grant(channel, chat)
        answer, second, third = (
            await service.ask(channel),
            await service.ask(channel, AGAIN),
            await service.ask(general),
        )
        in_chat = await service.ask(chat)
        await service.ask(alone)
        await service.ask(channel, BONUS)  # Ben may not read it: the answer goes to Ada alone
        assert [
            r.fields["team"] async for r in service.app.audit.all(Filter(channel=channel.id, event="delivery"))
        ] == [general.id] * 3

        code, found = await service.reconcile()
        assert (code, found["ok"], found["findings"], found["refused"]) == (0, True, [], [])
        assert found["records"] == 4
        left = {(n["channel"], n["records"]) for n in found["not_compared"]}
        assert left == {(alone.id, 1), (channel.id, 1)}

        teams.delete(second)
        forged = service.forge(channel, answer, new_record_id(), answer.thread)
        copied = service.forge(chat, in_chat, record_of(in_chat), "")
        unmarked = service.forge(general, third, "", third.thread)
        code, found = await service.reconcile()
        assert code == 1
        assert {(f["record"], f["what"].split(":")[0]) for f in found["findings"]} == {
            (record_of(second), f"the recorded message {second.id} was deleted on the platform"),
            (record_of(forged), f"message {forged.id} names a record that the log does not hold"),
            (record_of(in_chat), "answered 2 times"),
            (record_of(in_chat), f"message {copied.id} is not the delivered one ({in_chat.id})"),
            (None, f"message {unmarked.id} of the bot names no record"),
        }


async def test_where_the_right_is_missing_it_is_named_and_doctor_names_it_too(tmp_path: Path) -> None:
    async with serving(tmp_path) as service:
        channel, chat = service.teams.place("channel", ADA), service.teams.place("groupChat", ADA)
        service.teams.graph.grant(channel)
        await service.ask(channel)
        await service.ask(chat)
        code, found = await service.reconcile()
        assert (code, found["ok"], found["records"]) == (3, True, 1)
        (refused,) = found["refused"]
        assert (refused["channel"], "ChatMessage.Read.Chat" in refused["why"]) == (chat.id, True)
        assert [(n["channel"], n["records"]) for n in found["not_compared"]] == [(chat.id, 1)]

        _, found = await service.reconcile("--channel", channel.id)
        assert (found["records"], found["refused"]) == (1, [])
        service.teams.faults.append(TeamsFault(404, 1, "/v3/teams/"))
        code, found = await service.reconcile("--channel", channel.id)
        assert (code, "TEAM/CHANNEL" in found["refused"][0]["why"]) == (3, True)

        code, text, _ = await service.command("audit", "reconcile", *service.period())
        assert (code, f"-   1 not compared in {chat.id}: " in text) == (3, True)
        assert text.endswith("1 messages and 1 records compared, 1 records not compared, 0 findings\n")
        service.settings["TEAMS_APP_PASSWORD"] = "another"
        code, text, errors = await service.command("audit", "reconcile", *service.period())
        assert (code, text, "invalid_client" in errors) == (3, "", True)
        service.settings["TEAMS_APP_ID"] = ""
        code, text, errors = await service.command("audit", "reconcile", *service.period())
        assert (code, text, "--messages FILE" in errors) == (2, "", True)
        service.settings.clear()

        assert "teams messages" not in (await service.command("doctor"))[1]
        service.settings["FOOTNOTE_TEAMS_RECONCILE"] = "true"
        _, text, _ = await service.command("doctor", "--json")
        (check,) = [f for f in json.loads(text) if f["check"] == "teams messages"]
        assert (check["ok"], "ChatMessage.Read.Chat" in check["detail"]) == (False, True)
        service.teams.graph.grant(chat)
        _, text, _ = await service.command("doctor", "--json")
        assert [f["ok"] for f in json.loads(text) if f["check"] == "teams messages"] == [True]


async def test_a_place_that_the_log_does_not_name_and_one_of_another_file(tmp_path: Path) -> None:
    async with serving(tmp_path) as service:
        channel, quiet = service.teams.place("channel", ADA), service.teams.place("channel", BEN)
        service.teams.graph.grant(channel, quiet)
        answer = await service.ask(channel)
        forged = service.forge(quiet, answer, new_record_id(), "")
        forged.thread = forged.id
        assert (await service.reconcile())[0] == 0
        code, found = await service.reconcile("--conversation", f"{quiet.group}/{quiet.id}")
        assert (code, [f["record"] for f in found["findings"]]) == (1, [record_of(forged)])

        service.teams.faults.append(TeamsFault(500, 100, "/graph/"))
        lines = tmp_path / "messages.jsonl"
        lines.write_text(json.dumps({"message": answer.id, "record": record_of(answer), "channel": channel.id}) + "\n")
        assert (await service.reconcile("--messages", str(lines)))[0] == 0
