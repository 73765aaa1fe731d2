"""The Teams app package: a manifest and two icons in a zip, made from the bot's app id and host name.

Manifest 1.26: https://learn.microsoft.com/microsoftteams/platform/resources/schema/manifest-schema
"""

from __future__ import annotations

import io
import json
import re
import struct
import uuid
import zipfile
import zlib
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime

from audit.record import Json
from bot.errors import SettingsError

VERSION = "1.26"
SCOPES: tuple[Json, ...] = ("personal", "team", "groupChat")
COMMANDS = (
    ("help", "How to ask, and what you get"),
    ("sources", "The documents that I can answer from, as far as you may read them"),
    ("why", "How the last answer was found"),
    ("forget", "Forget what this thread has been about"),
)
CHANNEL_RIGHT = "ChannelMessage.Read.Group"
CHAT_RIGHT = "ChatMessage.Read.Chat"
ACCENT = (0x1F, 0x4E, 0x79)
_HOST = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")

FIRST = "1.0.0"

Pixel = tuple[int, int, int, int]


def grown(now: datetime) -> str:
    """A version that is above that of every package made before: by the day of this product, and its second."""
    day = now.astimezone(UTC)
    return f"1.{(day.date() - date(2026, 1, 1)).days}.{day.hour * 3600 + day.minute * 60 + day.second}"


def teams_package(
    *,
    app_id: str,
    domain: str,
    name: str = "Footnote",
    channels: bool = False,
    chats: bool = False,
    version: str = FIRST,
) -> bytes:
    """The zip to upload in the Teams admin centre; the same input gives the same bytes. Raises SettingsError.

    `channels` asks the owner of each team for the right to read its channels' messages: for questions
    without a mention there, and to compare the audit log with what stands there. `chats` asks for the same
    in group chats. Teams takes an upload as an update only when its `version` has grown: see `grown`.
    """
    manifest = teams_manifest(app_id=app_id, domain=domain, name=name, channels=channels, chats=chats, version=version)
    files = {
        "manifest.json": json.dumps(manifest, indent=2, ensure_ascii=False).encode(),
        "color.png": _png(192, _colour),
        "outline.png": _png(32, _outline),
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as package:
        for path, content in files.items():
            package.writestr(zipfile.ZipInfo(path, (2026, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def teams_manifest(
    *,
    app_id: str,
    domain: str,
    name: str = "Footnote",
    channels: bool = False,
    chats: bool = False,
    version: str = FIRST,
) -> Mapping[str, Json]:
    """manifest.json as JSON. Raises SettingsError."""
    app_id, domain = _checked_id(app_id), _checked_domain(domain)
    if not 1 <= len(name.strip()) <= 30:
        raise SettingsError(f"The app's name in Teams has 1 to 30 characters; {name!r} has {len(name.strip())}.")
    site = f"https://{domain}"
    commands: list[Json] = [{"title": title, "description": text} for title, text in COMMANDS]
    manifest: dict[str, Json] = {
        "$schema": f"https://developer.microsoft.com/json-schemas/teams/v{VERSION}/MicrosoftTeams.schema.json",
        "manifestVersion": VERSION,
        "version": version,
        "id": app_id,
        "developer": {"name": "Footnote", "websiteUrl": site, "privacyUrl": site, "termsOfUseUrl": site},
        "name": {"short": name.strip(), "full": f"{name.strip()}: answers with their sources"},
        "description": {
            "short": "Answers from your organisation's documents, with quotes.",
            "full": "Ask in a channel, a group chat or here. Each answer comes with verbatim quotes: document, "
            "section, page and version. You see only what you may read, and each answer is kept in an audit log.",
        },
        "icons": {"color": "color.png", "outline": "outline.png"},
        "accentColor": "#{:02X}{:02X}{:02X}".format(*ACCENT),
        "bots": [
            {
                "botId": app_id,
                "scopes": list(SCOPES),
                "supportsFiles": False,
                "isNotificationOnly": False,
                "commandLists": [{"scopes": list(SCOPES), "commands": commands}],
            }
        ],
        "permissions": ["identity", "messageTeamMembers"],
        "validDomains": [domain],
        "supportsChannelFeatures": "tier1",  # without it the app is not offered in private and shared channels
    }
    rights = [right for right, wanted in ((CHANNEL_RIGHT, channels), (CHAT_RIGHT, chats)) if wanted]
    if rights:
        asked: list[Json] = [{"name": name, "type": "Application"} for name in rights]
        manifest["webApplicationInfo"] = {"id": app_id, "resource": "https://RscBasedStoreApp"}
        manifest["authorization"] = {"permissions": {"resourceSpecific": asked}}
    return manifest


def _checked_id(app_id: str) -> str:
    try:
        return str(uuid.UUID(app_id.strip()))
    except ValueError:
        raise SettingsError(
            f"The Microsoft app id {app_id!r} is no id like 12345678-90ab-cdef-1234-567890abcdef. "
            "It stands on the Azure bot's page under Configuration."
        ) from None


def _checked_domain(domain: str) -> str:
    host = domain.strip().casefold()
    if not _HOST.fullmatch(host):
        raise SettingsError(
            f"{domain!r} is no host name. Give the name alone that Teams reaches the bot at, e.g. footnote.example.com."
        )
    return host


# --- icons: a quotation's footnote mark, [1], drawn from rectangles on a grid of 32 by 32 ------

_MARK = (
    (7, 8, 12, 10),  # left, top, right, bottom (exclusive)
    (7, 10, 9, 22),
    (7, 22, 12, 24),
    (20, 8, 25, 10),
    (23, 10, 25, 22),
    (20, 22, 25, 24),
    (15, 11, 17, 21),
    (13, 12, 15, 14),
)


def _marked(x: float, y: float) -> bool:
    return any(left <= x < right and top <= y < bottom for left, top, right, bottom in _MARK)


def _colour(x: float, y: float) -> Pixel:
    return (255, 255, 255, 255) if _marked(x, y) else (*ACCENT, 255)


def _outline(x: float, y: float) -> Pixel:
    """White on nothing, as Teams asks of outline icons."""
    return (255, 255, 255, 255 if _marked(x, y) else 0)


def _png(size: int, paint: Callable[[float, float], Pixel]) -> bytes:
    """A PNG (RGBA, 8 bits) of `size` pixels squared. https://www.w3.org/TR/png-3/"""
    rows = b"".join(
        b"\0" + bytes(part for x in range(size) for part in paint(x * 32 / size, y * 32 / size)) for y in range(size)
    )
    header = struct.pack(">IIBBBBB", size, size, 8, 6, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
