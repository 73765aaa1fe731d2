"""The Teams app package, against the limits of the published schema (1.17)."""

from __future__ import annotations

import io
import json
import re
import struct
import zipfile
import zlib
from typing import Any

import pytest

from bot.errors import SettingsError
from bot.teams.manifest import teams_manifest, teams_package

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


@pytest.mark.parametrize("read_threads", [False, True])
def test_the_manifest_keeps_the_schemas_limits(read_threads: bool) -> None:
    package = teams_package(app_id=APP_ID, domain="Footnote.Example.com", name="Ask Legal", read_threads=read_threads)
    manifest: Any = json.loads(unpacked(package)["manifest.json"])
    assert manifest["manifestVersion"] in manifest["$schema"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", manifest["version"])
    assert manifest["id"] == manifest["bots"][0]["botId"] == APP_ID
    assert manifest["name"]["short"] == "Ask Legal"
    assert len(manifest["name"]["full"]) <= 100
    assert len(manifest["description"]["short"]) <= 80
    assert len(manifest["description"]["full"]) <= 4_000
    assert len(manifest["developer"]["name"]) <= 32
    assert all(manifest["developer"][u].startswith("https://") for u in ("websiteUrl", "privacyUrl", "termsOfUseUrl"))
    assert re.fullmatch(r"#[0-9A-F]{6}", manifest["accentColor"])
    assert manifest["validDomains"] == ["footnote.example.com"]
    assert set(manifest["bots"][0]["scopes"]) == {"team", "personal", "groupChat"}
    [commands] = [entry["commands"] for entry in manifest["bots"][0]["commandLists"]]
    assert len(commands) <= 10
    assert all(len(c["title"]) <= 32 and len(c["description"]) <= 128 for c in commands)
    assert ("authorization" in manifest) == ("webApplicationInfo" in manifest) == read_threads


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
            **{"app_id": APP_ID, "domain": "footnote.example.com", "name": "Footnote", **changes}, read_threads=False
        )
