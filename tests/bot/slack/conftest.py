from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.slack.adapter import SlackPlatform
from tests.bot.slack.fakes import MemoryIntake, MemoryViewer
from tests.servers.slack import SlackStandIn, config_for, patient_slack, slack_by_http, slack_by_socket
from tests.servers.slack_org import SlackOrg


@pytest.fixture
async def slack() -> AsyncIterator[SlackStandIn]:
    """A workspace with Ada, Bob, and a guest. Fails the test when Slack would have complained."""
    slack = patient_slack()
    await slack.start()
    world = slack.world
    world.add_user("U0ADA", "Ada", "ada@example.com")
    world.add_user("U0BOB", "Bob", "bob@example.com")
    world.add_user("U0GUEST", "Gil", "gil@partner.example", is_restricted=True)
    yield slack
    await slack.stop()
    assert world.complaints == []


@pytest.fixture
async def org() -> AsyncIterator[SlackOrg]:
    """Several workspaces. Fails the test when Slack would have complained."""
    org = SlackOrg()
    await org.start()
    yield org
    await org.stop()
    assert org.complaints == []


@pytest.fixture
def intake() -> MemoryIntake:
    return MemoryIntake()


@pytest.fixture
def viewer() -> MemoryViewer:
    return MemoryViewer()


@pytest.fixture(params=["socket", "http"])
async def platform(
    request: pytest.FixtureRequest, slack: SlackStandIn, intake: MemoryIntake, viewer: MemoryViewer
) -> AsyncIterator[SlackPlatform]:
    """The adapter, once by Socket Mode and once by signed HTTP."""
    by_socket = request.param == "socket"
    connect = slack_by_socket if by_socket else slack_by_http
    async with connect(slack, config_for(slack, socket=by_socket), intake, viewer) as platform:
        yield platform


@pytest.fixture
async def by_http(slack: SlackStandIn, intake: MemoryIntake, viewer: MemoryViewer) -> AsyncIterator[SlackPlatform]:
    async with slack_by_http(slack, config_for(slack, socket=False), intake, viewer) as platform:
        yield platform


@pytest.fixture
async def by_socket(slack: SlackStandIn, intake: MemoryIntake, viewer: MemoryViewer) -> AsyncIterator[SlackPlatform]:
    async with slack_by_socket(slack, config_for(slack, socket=True), intake, viewer) as platform:
        yield platform
