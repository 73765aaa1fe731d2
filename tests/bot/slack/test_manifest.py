"""The manifest asks for what the adapter uses, Slack takes it, and the file in the repository is the one we generate.

Slack publishes the manifest's shape twice: as TypeScript types in its npm package @slack/web-api, which are fetched
and which the compiler checks here (with every scope and event by name), and as JSON schemas in the repository
slackapi/manifest-schema, which no package registry carries: its rules for lengths and counts are restated below.
"""

from __future__ import annotations

import copy
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from bot.demo.standins.slack_api import SCOPE_OF
from bot.slack.manifest import (
    EVENTS,
    FOLLOW_UP_EVENTS,
    FOLLOW_UP_SCOPES,
    INSTALL_EVENTS,
    SCOPES,
    USER_GROUP_SCOPES,
    slack_manifest,
)
from tests.servers.npmtools import SLACK_TYPES, TYPESCRIPT, npm_package

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
    assert SCOPE_OF[method] in SCOPES | FOLLOW_UP_SCOPES | USER_GROUP_SCOPES


def shape(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "additionalProperties": False}


def words(most: int) -> dict[str, Any]:
    return {"type": "string", "minLength": 1, "maxLength": most}


def names(most: int) -> dict[str, Any]:
    return {"type": "array", "uniqueItems": True, "maxItems": most, "items": words(50)}


FLAG = {"type": "boolean"}
URL = {"type": "string", "pattern": "^https://", "maxLength": 3_500}
PROMPT = {**shape(title=words(200), message=words(2_000)), "required": ["title", "message"]}

# https://github.com/slackapi/manifest-schema/blob/main/schemas/manifest.schema.2.0.0.json, the parts that we use.
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


UNKNOWN_TO_THE_TYPES = "assistant:write"  # https://docs.slack.dev/reference/scopes/assistant.write/


def without(scope: str, manifest: Any) -> Any:
    manifest = copy.deepcopy(manifest)
    manifest["oauth_config"]["scopes"]["bot"].remove(scope)
    return manifest


WHOLE = slack_manifest(name="Ask Legal", url="https://footnote.example.com")
MANIFESTS = {
    "socket": without(UNKNOWN_TO_THE_TYPES, slack_manifest()),
    "quiet socket": without(UNKNOWN_TO_THE_TYPES, slack_manifest(follow_ups=False)),
    "http": without(UNKNOWN_TO_THE_TYPES, WHOLE),
}


def compiled(folder: Path, manifests: dict[str, Any]) -> dict[str, str]:
    """What the compiler says of manifests that are not of Slack's type, by their names."""
    types, typescript = npm_package(SLACK_TYPES), npm_package(TYPESCRIPT)
    node = shutil.which("node")
    assert node is not None, "npm is here, and node is not"
    shutil.copyfile(types / "dist" / "types" / "request" / "manifest.d.ts", folder / "manifest.d.ts")
    for n, manifest in enumerate(manifests.values()):
        value = json.dumps(manifest)
        source = f"import type {{ Manifest }} from './manifest';\nexport const made: Manifest = {value};\n"
        (folder / f"m{n}.ts").write_text(source, "utf-8")
    options = ["--noEmit", "--strict", "--target", "es2022", "--moduleResolution", "bundler"]
    command = [node, str(typescript / "lib" / "tsc.js"), *options, "--module", "esnext", "--pretty", "false"]
    files = [f"m{n}.ts" for n in range(len(manifests))]
    done = subprocess.run([*command, *files], cwd=folder, capture_output=True, text=True, timeout=600, check=False)
    said = dict.fromkeys(manifests, "")
    names = list(manifests)
    for line in done.stdout.splitlines():
        place = re.match(r"m(\d+)\.ts\(", line)
        assert place or line.startswith(" "), done.stdout
        if place:
            said[names[int(place[1])]] += line
    assert done.returncode == (2 if any(said.values()) else 0), done.stdout + done.stderr
    return said


def broken(change: Callable[[Any], object]) -> Any:
    manifest = copy.deepcopy(MANIFESTS["http"])
    change(manifest)
    return manifest


BROKEN: dict[str, Callable[[Any], object]] = {
    "the scope that the types lack": lambda m: m["oauth_config"]["scopes"]["bot"].append(UNKNOWN_TO_THE_TYPES),
    "an unknown scope": lambda m: m["oauth_config"]["scopes"]["bot"].append("channels:readall"),
    "an unknown event": lambda m: m["settings"]["event_subscriptions"]["bot_events"].append("message.everywhere"),
    "no name": lambda m: m["display_information"].pop("name"),
    "a flag that is a text": lambda m: m["settings"].update(socket_mode_enabled="no"),
    "an unknown setting": lambda m: m["settings"].update(socket_mode=True),
    "a prompt without a message": lambda m: m["features"]["agent_view"]["suggested_prompts"].append({"title": "T"}),
}


def test_slacks_own_types_take_it_and_refuse_what_is_broken(tmp_path: Path) -> None:
    said = compiled(tmp_path, MANIFESTS | {name: broken(change) for name, change in BROKEN.items()})
    assert {name for name, words in said.items() if words} == set(BROKEN), said


TOO_MUCH: dict[str, Callable[[Any], object]] = {
    "$.display_information.name": lambda m: m["display_information"].update(name="x" * 36),
    "$.features.agent_view.agent_description": lambda m: m["features"]["agent_view"].update(
        agent_description="x" * 301
    ),
    "$.features.agent_view.suggested_prompts": lambda m: m["features"]["agent_view"].update(
        suggested_prompts=[{"title": "T", "message": "M"}] * 5
    ),
    "$.oauth_config.redirect_urls[0]": lambda m: m["oauth_config"].update(redirect_urls=["http://plain.example.com"]),
    "$.settings.interactivity": lambda m: m["settings"]["interactivity"].pop("is_enabled"),
}


@pytest.mark.parametrize("where", TOO_MUCH)
def test_the_restated_rules_refuse_what_is_too_much(where: str) -> None:
    found = jsonschema.Draft7Validator(SCHEMA).iter_errors(broken(TOO_MUCH[where]))
    assert [error.json_path for error in found] == [where]
