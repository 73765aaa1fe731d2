"""`footnote serve` as a process of its own, killed without warning between acknowledgement and answer."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from audit.log import TransparencyLog
from audit.record import AuditRecord
from audit.search import Filter
from bot.demo.standins.slack import SlackStandIn
from bot.demo.standins.slack_text import message_lines
from bot.demo.standins.teams import APP_ID, TENANT
from tests.servers.commands import MAIN, Command, start
from tests.servers.embedding import lend_model
from tests.servers.slack import patient_slack
from tests.waiting import STUCK_S, until

ANSWER = "Hotels cost at most 180 EUR a night."


class Service:
    """A home with one document, a stand-in of Slack, and the service as a child process."""

    def __init__(self, folder: Path, slack: SlackStandIn) -> None:
        self.folder = folder
        self.slack = slack
        self.environment = {
            **os.environ,
            "FOOTNOTE_HOME": str(folder / "home"),
            "FOOTNOTE_SYNC_EVERY_S": "0",
            "FOOTNOTE_PORT": "0",
            "FOOTNOTE_SLACK_BASE_URL": slack.base_url,
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_APP_TOKEN": slack.app_token,
        }

    async def command(self, *arguments: str) -> Command:
        return await start(MAIN, *arguments, env=self.environment, cwd=self.folder)

    async def prepare(self) -> None:
        documents = self.folder / "documents"
        documents.mkdir()
        lend_model(self.folder / "home")
        (documents / "travel.md").write_text(f"# Travel Policy\n\n## 4.2 Hotels\n\n{ANSWER}\n")
        child = await self.command("sync", str(documents))
        assert await child.wait() == 0

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[Command]:
        child = await self.command("serve")
        try:
            await self.slack.connected(within=STUCK_S)
            yield child
        finally:
            if child.returncode is None:
                child.send_signal(signal.SIGTERM)
                await child.wait()
            await until(lambda: not self.slack.sockets)

    async def records(self) -> list[AuditRecord]:
        async with await TransparencyLog.open(self.folder / "home" / "audit") as log:
            found = [r async for r in log.all(Filter())]
        return found[::-1]


def answers(slack: SlackStandIn, channel: str, roots: Sequence[str]) -> list[int]:
    """How many messages of the bot hold the answer, by thread; a crash may leave a spare status line beside it."""
    return [
        sum(ANSWER in "\n".join(message_lines(message)) for message in slack.world.replies(channel, root))
        for root in roots
    ]


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    slack = patient_slack()
    await slack.start()
    slack.world.add_user("UADA", "Ada", "ada@example.com")
    service = Service(tmp_path, slack)
    try:
        await service.prepare()
        yield service
    finally:
        await slack.stop()


@pytest.mark.slow
async def test_it_answers_and_stops_when_told(service: Service) -> None:
    """With both platforms set up, everything logged, and secrets from the environment and from files: none shows."""
    app_token, signing = service.folder / "app-token", "signing-0f1e2d3c4b5a"
    app_token.write_text(service.slack.app_token + "\n")
    del service.environment["SLACK_APP_TOKEN"]
    service.environment |= {
        "FOOTNOTE_LOG_LEVEL": "debug",
        "SLACK_APP_TOKEN_FILE": str(app_token),
        "SLACK_SIGNING_SECRET": signing,
        "TEAMS_APP_ID": APP_ID,
        "TEAMS_APP_TENANTID": TENANT,
        "TEAMS_APP_PASSWORD": "teams-5a4b3c2d1e0f",
    }
    channel = service.slack.world.add_channel("general", "UADA")
    async with service.serving() as child:
        root = await service.slack.ask("UADA", channel, "What do hotels cost a night?")
        await until(lambda: answers(service.slack, channel, [root]) == [1])
        child.send_signal(signal.SIGTERM)
        assert await child.wait() == 0
    assert not service.slack.complaints
    events = [r.event for r in await service.records()]
    assert [e for e in events if e in ("question", "delivery", "gap")] == ["question", "delivery"]
    logged = (await child.stderr.read()).decode()
    assert "serving" in logged
    secrets = (service.slack.bot_token, service.slack.app_token, signing, service.environment["TEAMS_APP_PASSWORD"])
    for secret in (*secrets, ANSWER):
        assert secret not in logged


@pytest.mark.slow
@pytest.mark.parametrize("delay", [0.0, 0.02, 0.05, 0.1, 0.2])
async def test_killed_at_any_moment_every_question_is_answered_once(service: Service, delay: float) -> None:
    channel = service.slack.world.add_channel("general", "UADA")
    async with service.serving() as child:
        roots = [await service.slack.ask("UADA", channel, "What do hotels cost a night?") for _ in range(3)]
        assert all(d.acknowledged for d in service.slack.deliveries)
        await asyncio.sleep(delay)
        child.kill()
        await child.wait()
    async with service.serving():
        await until(lambda: min(answers(service.slack, channel, roots)) == 1)
        roots.append(await service.slack.ask("UADA", channel, "What do hotels cost a night?"))
        await until(lambda: answers(service.slack, channel, roots) == [1] * 4)
    for root in roots:
        finals = [m for m in service.slack.world.replies(channel, root) if "Looking" not in str(m.get("text"))]
        assert len(finals) == 1
    records = await service.records()
    assert sum(r.event == "question" for r in records) == 4
    assert len({r.refers_to for r in records if r.event == "delivery"}) == 4
