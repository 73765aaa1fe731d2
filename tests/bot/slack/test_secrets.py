"""Tokens, secrets and tickets are in no log, whatever goes wrong and however much is logged."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from typing import Any

import pytest
import structlog

from bot.errors import PlatformUnauthorized, SettingsError
from bot.slack.adapter import SlackPlatform
from bot.slack.client import vendor_logger
from bot.slack.config import SlackConfig
from bot.types import Incoming
from tests.bot.directory.servers import serving
from tests.bot.slack.fakes import MemoryIntake, MemoryViewer, answered, reply_of
from tests.servers.slack import Fault, SlackStandIn, config_for, slack_by_http, slack_by_socket
from tests.waiting import until

SECRETS = ("xoxb-stand-in", "xapp-stand-in", "stand-in-signing-secret")


def spoken(caplog: pytest.LogCaptureFixture, output: list[structlog.typing.EventDict]) -> str:
    formatter = logging.Formatter("%(name)s %(levelname)s %(message)s")
    return "\n".join([*(formatter.format(record) for record in caplog.records), *map(str, output)])


@pytest.mark.parametrize("socket", [True, False], ids=["socket", "http"])
async def test_no_secret_is_logged(
    slack: SlackStandIn,
    intake: MemoryIntake,
    viewer: MemoryViewer,
    caplog: pytest.LogCaptureFixture,
    socket: bool,
) -> None:
    caplog.set_level(logging.DEBUG)
    connect = slack_by_socket if socket else slack_by_http
    with structlog.testing.capture_logs() as output:
        async with connect(slack, config_for(slack, socket=socket), intake, viewer) as platform:
            await slack.say("U0ADA", slack.world.dm("U0ADA"), "Hotels?")
            await _trouble(slack, platform, intake)
            if socket:
                slack.world.faults["apps.connections.open"].extend([Fault(status=500), Fault(drop=True)])
                before = set(slack.sockets)
                await slack.drop_sockets()
                await slack.reconnected(before)
            else:
                body = b'{"type": "event_callback"}'
                assert (await slack.send(body, slack.signature(body, secret="x"))).status == 401
    said = spoken(caplog, output)
    assert "not stored" in said  # the trouble was logged
    assert [s for s in (*SECRETS, *slack.world.secrets) if s in said] == []
    assert not socket or slack.world.secrets


async def _trouble(slack: SlackStandIn, platform: SlackPlatform, intake: MemoryIntake) -> None:
    intake.down, slack.ack_within = True, 0.3
    await slack.say("U0ADA", slack.world.dm("U0ADA"), "Again?")
    await until(lambda: intake.tries == 2)
    question: Incoming = intake.accepted[0]
    slack.world.faults["chat.postMessage"].extend([Fault(status=500), Fault(error="invalid_auth")])
    with pytest.raises(PlatformUnauthorized) as caught:
        await platform.post(question, reply_of(platform, answered()), None)
    assert not [s for s in SECRETS if s in f"{caught.value!r} {caught.value.__cause__!r}"]


def test_what_the_vendor_logs_is_redacted(caplog: pytest.LogCaptureFixture) -> None:
    logger = vendor_logger("footnote.slack.test")
    try:
        raise ValueError("wss://x.example/link?ticket=abc123&app_id=1 with xapp-1-A-2-b")
    except ValueError as error:
        logger.exception("Failed with %s and %s", "xoxb-1-abc", error)
    said = spoken(caplog, [])
    assert "(secret)" in said
    assert not [s for s in ("xoxb-1", "xapp-1", "abc123") if s in said]


def test_the_settings_do_not_print_them() -> None:
    config = SlackConfig("xoxb-1-secret", "xapp-1-secret", "signing-secret")
    assert "secret" not in repr(config)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"bot_token": ""}, "SLACK_BOT_TOKEN"),
        ({"bot_token": "xoxp-1"}, "SLACK_BOT_TOKEN"),
        ({"app_token": "xoxb-1"}, "SLACK_APP_TOKEN"),
        ({"app_token": "", "signing_secret": ""}, "SLACK_SIGNING_SECRET"),
        ({"app_token": "", "signing_secret": "  "}, "SLACK_SIGNING_SECRET"),
        ({"base_url": "http://slack.example/api/"}, "https"),
        ({"suggested_prompts": (("a", "b"),) * 5}, "four"),
    ],
)
def test_settings_that_cannot_work(changes: dict[str, Any], message: str) -> None:
    good = SlackConfig("xoxb-1", "xapp-1", "s")
    with pytest.raises(SettingsError, match=message):
        replace(good, **changes)


async def test_a_wrong_app_token_is_told_at_the_start(
    slack: SlackStandIn, intake: MemoryIntake, viewer: MemoryViewer
) -> None:
    slack.world.faults["apps.connections.open"].append(Fault(error="invalid_auth"))
    platform = SlackPlatform(config_for(slack, socket=True), intake, viewer)
    with pytest.raises(PlatformUnauthorized, match="SLACK_APP_TOKEN"):
        await platform.start()


async def test_an_event_before_the_start_is_not_acknowledged(
    slack: SlackStandIn, intake: MemoryIntake, viewer: MemoryViewer
) -> None:
    platform = SlackPlatform(config_for(slack, socket=False), intake, viewer)
    async with serving(*platform.routes()) as origin:
        slack.http_url = f"{origin}/slack/events"
        body = json.dumps(slack.world.envelope({"type": "message", "channel": "D1", "user": "U0ADA"})).encode()
        delivery = await slack.send(body, slack.signature(body) | {"Content-Type": "application/json"})
        assert delivery.status == 503
