"""The manifest asks for what the adapter uses, and the file in the repository is the one we generate."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from bot.slack.manifest import EVENTS, FOLLOW_UP_EVENTS, FOLLOW_UP_SCOPES, INSTALL_EVENTS, SCOPES, slack_manifest
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
    "app_uninstalled": None,
    "tokens_revoked": None,
}


def test_the_file_is_what_we_generate() -> None:
    assert json.loads(FILE.read_text("utf-8")) == slack_manifest()


@pytest.mark.parametrize("event", EVENTS + FOLLOW_UP_EVENTS + INSTALL_EVENTS)
def test_each_event_has_its_scope(event: str) -> None:
    assert SCOPE_OF_EVENT[event] is None or SCOPE_OF_EVENT[event] in SCOPES | FOLLOW_UP_SCOPES


@pytest.mark.parametrize("method", SCOPE_OF)
def test_each_call_has_its_scope(method: str) -> None:
    assert SCOPE_OF[method] in SCOPES | FOLLOW_UP_SCOPES


def shape(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "additionalProperties": False}


def words(most: int) -> dict[str, Any]:
    return {"type": "string", "minLength": 1, "maxLength": most}


def names(most: int) -> dict[str, Any]:
    return {"type": "array", "uniqueItems": True, "maxItems": most, "items": words(50)}


FLAG = {"type": "boolean"}
URL = {"type": "string", "pattern": "^https://", "maxLength": 3_500}
PROMPT = {**shape(title=words(200), message=words(2_000)), "required": ["title", "message"]}

# The rules of github.com/slackapi/manifest-schema, version 2.0.0, for the parts that we use.
SCHEMA = shape(
    _metadata=shape(major_version={"const": 2}, minor_version={"type": "integer"}),
    display_information={
        **shape(name=words(35), description=words(140), background_color={"pattern": "^#[0-9a-f]{6}$"}),
        "required": ["name"],
    },
    features=shape(
        agent_view=shape(
            agent_description=words(300), suggested_prompts={"type": "array", "maxItems": 4, "items": PROMPT}
        ),
        app_home=shape(home_tab_enabled=FLAG, messages_tab_enabled=FLAG, messages_tab_read_only_enabled=FLAG),
        bot_user={**shape(display_name=words(80), always_online=FLAG), "required": ["display_name"]},
    ),
    oauth_config=shape(redirect_urls={"type": "array", "maxItems": 1_000, "items": URL}, scopes=shape(bot=names(255))),
    settings=shape(
        event_subscriptions=shape(request_url=URL, bot_events=names(100)),
        interactivity={**shape(is_enabled=FLAG, request_url=URL), "required": ["is_enabled"]},
        org_deploy_enabled=FLAG,
        socket_mode_enabled=FLAG,
        token_rotation_enabled=FLAG,
    ),
)


@pytest.mark.parametrize("url", [None, "https://footnote.example.com/"], ids=["socket", "http"])
@pytest.mark.parametrize("follow_ups", [True, False])
def test_slack_takes_it(url: str | None, follow_ups: bool) -> None:
    name = "A name that is much longer than Slack would allow"
    manifest: dict[str, Any] = slack_manifest(name=name, url=url, follow_ups=follow_ups)
    jsonschema.validate(manifest, SCHEMA)
    settings = manifest["settings"]
    assert settings["socket_mode_enabled"] is (url is None)
    for part in ("event_subscriptions", "interactivity"):
        expected = "https://footnote.example.com/slack/events" if url else None
        assert settings[part].get("request_url") == expected
    redirects = ["https://footnote.example.com/slack/oauth_redirect"] if url else None
    assert manifest["oauth_config"].get("redirect_urls") == redirects
    assert set(INSTALL_EVENTS) <= set(settings["event_subscriptions"]["bot_events"]) or url is None


def test_without_follow_ups_the_app_hears_no_channel() -> None:
    manifest: dict[str, Any] = slack_manifest(follow_ups=False)
    assert not FOLLOW_UP_SCOPES & set(manifest["oauth_config"]["scopes"]["bot"])
    assert not set(FOLLOW_UP_EVENTS) & set(manifest["settings"]["event_subscriptions"]["bot_events"])
