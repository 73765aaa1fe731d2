"""The manifest asks for what the adapter uses, and the file in the repository is the one we generate."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bot.slack_manifest import EVENTS, FOLLOW_UP_EVENTS, FOLLOW_UP_SCOPES, SCOPES, slack_manifest
from bot.standins.slack_api import SCOPE_OF

FILE = Path(__file__).parents[3] / "bot" / "manifests" / "slack.json"

SCOPE_OF_EVENT = {
    "app_mention": "app_mentions:read",
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "message.im": "im:history",
    "message.mpim": "mpim:history",
    "user_change": "users:read",
    "app_home_opened": None,
}


def test_the_file_is_what_we_generate() -> None:
    assert json.loads(FILE.read_text("utf-8")) == slack_manifest()


@pytest.mark.parametrize("event", EVENTS + FOLLOW_UP_EVENTS)
def test_each_event_has_its_scope(event: str) -> None:
    assert SCOPE_OF_EVENT[event] is None or SCOPE_OF_EVENT[event] in SCOPES | FOLLOW_UP_SCOPES


@pytest.mark.parametrize("method", SCOPE_OF)
def test_each_call_has_its_scope(method: str) -> None:
    assert SCOPE_OF[method] in SCOPES | FOLLOW_UP_SCOPES


@pytest.mark.parametrize("url", [None, "https://footnote.example.com/"], ids=["socket", "http"])
def test_the_shape(url: str | None) -> None:
    manifest: dict[str, Any] = slack_manifest(name="A name that is much longer than Slack allows it to be", url=url)
    view = manifest["features"]["agent_view"]
    assert len(manifest["display_information"]["name"]) <= 35
    assert len(manifest["display_information"]["description"]) <= 140
    assert len(view["agent_description"]) <= 300
    assert 1 <= len(view["suggested_prompts"]) <= 4
    settings = manifest["settings"]
    assert settings["socket_mode_enabled"] is (url is None)
    for part in ("event_subscriptions", "interactivity"):
        expected = "https://footnote.example.com/slack/events" if url else None
        assert settings[part].get("request_url") == expected
    assert "assistant_view" not in manifest["features"]


def test_without_follow_ups_the_app_hears_no_channel() -> None:
    manifest: dict[str, Any] = slack_manifest(follow_ups=False)
    assert not FOLLOW_UP_SCOPES & set(manifest["oauth_config"]["scopes"]["bot"])
    assert not set(FOLLOW_UP_EVENTS) & set(manifest["settings"]["event_subscriptions"]["bot_events"])
