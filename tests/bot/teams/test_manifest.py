"""The Teams app package, against the schema that Microsoft publishes and the rules that no schema can say."""

from __future__ import annotations

import io
import json
import struct
import zipfile
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import jsonschema
import pytest

from bot.errors import SettingsError
from bot.teams.manifest import VERSION, grown, teams_manifest, teams_package
from tests.servers.npmtools import TEAMS_SCHEMAS, npm_package

APP_ID = "22222222-2222-4222-8222-222222222222"


def unpacked(package: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(package)) as opened:
        assert opened.testzip() is None
        return {name: opened.read(name) for name in opened.namelist()}


def pixels(png: bytes) -> tuple[int, int, list[tuple[int, int, int, int]]]:
    """Decoded by hand: size and RGBA pixels; checksums verified."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    at, data, size = 8, b"", (0, 0)
    while at < len(png):
        length = struct.unpack(">I", png[at : at + 4])[0]
        kind, body = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        assert zlib.crc32(kind + body) == struct.unpack(">I", png[at + 8 + length : at + 12 + length])[0]
        if kind == b"IHDR":
            size = struct.unpack(">II", body[:8])
        if kind == b"IDAT":
            data += body
        at += 12 + length
    width, height = size
    raw = zlib.decompress(data)
    rows = [raw[y * (width * 4 + 1) + 1 : (y + 1) * (width * 4 + 1)] for y in range(height)]
    return width, height, [struct.unpack("4B", row[x : x + 4]) for row in rows for x in range(0, width * 4, 4)]


def test_the_package_holds_a_manifest_and_two_icons() -> None:
    files = unpacked(teams_package(app_id=APP_ID, domain="footnote.example.com"))
    assert sorted(files) == ["color.png", "manifest.json", "outline.png"]
    assert pixels(files["color.png"])[:2] == (192, 192)
    width, height, outline = pixels(files["outline.png"])
    assert (width, height) == (32, 32)
    assert set(outline) == {(255, 255, 255, 255), (255, 255, 255, 0)}


def test_the_same_input_gives_the_same_bytes() -> None:
    assert len({teams_package(app_id=APP_ID, domain="footnote.example.com") for _ in range(3)}) == 1


@pytest.fixture(scope="module")
def schema() -> Any:
    """As Microsoft publishes it. https://www.npmjs.com/package/@microsoft/app-manifest"""
    file = npm_package(TEAMS_SCHEMAS) / f"build/json-schemas/teams/v{VERSION}/MicrosoftTeams.schema.json"
    # Its patterns are ECMAScript's; Python's `re` has no classes of Unicode, and the manifest needs none.
    return json.loads(file.read_text("utf-8-sig").replace("\\\\p{L}", "A-Za-z"))


VALIDATORS: Any = jsonschema.validators  # without types
# The schema calls itself draft 4 and uses `const`, which came with draft 6.
Validator = VALIDATORS.extend(jsonschema.Draft4Validator, {"const": jsonschema.Draft6Validator.VALIDATORS["const"]})


def complaints(schema: Any, manifest: Any) -> list[str]:
    Validator.check_schema(schema)
    checked = Validator(schema, format_checker=jsonschema.Draft4Validator.FORMAT_CHECKER)
    return [error.json_path for error in checked.iter_errors(manifest)]


def made(channels: bool = False) -> Any:
    package = teams_package(app_id=APP_ID, domain="Footnote.Example.com", name="Ask Legal", channels=channels)
    return json.loads(unpacked(package)["manifest.json"])


@pytest.mark.parametrize("channels", [False, True])
def test_the_published_schema_takes_the_manifest(channels: bool, schema: Any) -> None:
    assert complaints(schema, made(channels)) == []


BROKEN: dict[str, Callable[[Any], object]] = {
    "$": lambda m: m.update(extra=1),
    "$.manifestVersion": lambda m: m.update(manifestVersion="1.25"),
    "$.name.short": lambda m: m["name"].update(short="x" * 31),
    "$.description.full": lambda m: m["description"].update(full="x" * 4_001),
    "$.developer.websiteUrl": lambda m: m["developer"].update(websiteUrl="ftp://footnote.example.com"),
    "$.bots[0]": lambda m: m["bots"][0].pop("scopes"),
    "$.bots[0].commandLists[0].commands": lambda m: m["bots"][0]["commandLists"][0].update(
        commands=[{"title": str(n), "description": "d"} for n in range(13)]
    ),
}


@pytest.mark.parametrize("where", BROKEN)
def test_the_published_schema_refuses_a_broken_manifest(where: str, schema: Any) -> None:
    manifest = made()
    BROKEN[where](manifest)
    assert complaints(schema, manifest) == [where]


@pytest.mark.parametrize(
    ("channels", "chats", "rights"),
    [
        (False, False, None),
        (True, False, ["ChannelMessage.Read.Group"]),
        (False, True, ["ChatMessage.Read.Chat"]),
        (True, True, ["ChannelMessage.Read.Group", "ChatMessage.Read.Chat"]),
    ],
    ids=["nothing", "channels", "chats", "both"],
)
def test_rights_are_asked_for_where_they_are_used(
    channels: bool, chats: bool, rights: list[str] | None, schema: Any
) -> None:
    package = teams_package(app_id=APP_ID, domain="footnote.example.com", channels=channels, chats=chats)
    manifest: Any = json.loads(unpacked(package)["manifest.json"])
    assert complaints(schema, manifest) == []
    asked = manifest.get("authorization", {}).get("permissions", {}).get("resourceSpecific")
    assert (asked and [right["name"] for right in asked]) == rights
    assert not asked or {right["type"] for right in asked} == {"Application"}


@pytest.mark.parametrize("channels", [False, True])
def test_the_manifest_says_what_it_was_made_from(channels: bool) -> None:
    manifest = made(channels)
    assert manifest["$schema"].endswith(f"/v{manifest['manifestVersion']}/MicrosoftTeams.schema.json")
    assert manifest["id"] == manifest["bots"][0]["botId"] == APP_ID
    assert manifest["name"]["short"] == "Ask Legal"
    assert manifest["validDomains"] == ["footnote.example.com"]
    assert set(manifest["bots"][0]["scopes"]) == {"team", "personal", "groupChat"}
    assert ("authorization" in manifest) == ("webApplicationInfo" in manifest) == channels


@pytest.mark.parametrize(
    "changes",
    [
        {"app_id": "not an id"},
        {"app_id": ""},
        {"domain": "https://footnote.example.com"},
        {"domain": "footnote.example.com:443"},
        {"domain": "localhost"},
        {"domain": ""},
        {"name": ""},
        {"name": "x" * 31},
    ],
    ids=str,
)
def test_bad_input_is_named(changes: dict[str, str]) -> None:
    with pytest.raises(SettingsError):
        teams_manifest(
            **{"app_id": APP_ID, "domain": "footnote.example.com", "name": "Footnote", **changes},
            channels=False,
            chats=False,
        )


def test_an_update_is_taken_for_one() -> None:
    """Teams compares versions by their numbers, https://semver.org."""
    moments = [
        datetime(2026, 11, 28, 9, 0, 0, tzinfo=UTC),
        datetime(2026, 11, 28, 9, 0, 1, tzinfo=UTC),
        datetime(2026, 11, 28, 23, 59, 59, tzinfo=UTC),
        datetime(2026, 11, 29, 0, 0, 0, tzinfo=UTC),
        datetime(2027, 1, 1, 0, 0, 0, tzinfo=UTC),
    ]
    versions = [tuple(map(int, grown(moment).split("."))) for moment in moments]
    assert versions == sorted(set(versions))


def test_private_and_shared_channels_are_offered_the_app() -> None:
    assert made()["supportsChannelFeatures"] == "tier1"
