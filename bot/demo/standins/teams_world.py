"""What there is in the stand-in's Teams: people, places, messages, and what may go wrong."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from bot.demo.standins.teams_checks import as_text

TENANT = "11111111-1111-4111-8111-111111111111"
APP_ID = "22222222-2222-4222-8222-222222222222"
ISSUER = "https://api.botframework.com"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a Teams account; `id` is made of the name."""

    name: str
    email: str = ""
    tenant: str = TENANT
    role: str = "user"

    @property
    def id(self) -> str:
        return f"29:{self.object_id}"

    @property
    def object_id(self) -> str:
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"teams:{self.tenant}:{self.name}"))

    def account(self) -> dict[str, Any]:
        """As the roster shows it."""
        return {
            "id": self.id,
            "name": self.name,
            "aadObjectId": self.object_id,
            "objectId": self.object_id,
            "email": self.email,
            "userPrincipalName": self.email,
            "tenantId": self.tenant,
            "userRole": self.role,
        }


@dataclass(frozen=True, slots=True)
class TeamsPlace:
    """A team's channel, a group chat or a personal chat: `kind` is "channel", "groupChat" or "personal".

    `team` is the id of the team's first channel, which is that of the team's thread, too; "": this one.
    """

    id: str
    kind: str
    members: tuple[Person, ...]
    channel_type: str = "standard"
    name: str = ""
    team: str = ""

    @property
    def team_id(self) -> str:
        return self.team or self.id

    @property
    def group(self) -> str:
        """The team's Microsoft 365 group."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"team:{self.team_id}"))


@dataclass(frozen=True, slots=True)
class Received:
    """A request of the bot, byte for byte, and what it was answered."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    status: int


@dataclass(slots=True)
class Said:
    """A message of a conversation as it stands now. `conversation` has no `;messageid=`."""

    id: str
    conversation: str
    thread: str
    by: str
    activity: dict[str, Any]
    edits: int = 0
    created: datetime = field(default_factory=lambda: datetime.now(UTC))
    modified: datetime = field(default_factory=lambda: datetime.now(UTC))
    deleted_at: datetime | None = None

    @property
    def text(self) -> str:
        return as_text(self.activity)


@dataclass(slots=True)
class TeamsFault:
    """The next `times` requests whose path holds `path`, and whose body holds `holds`, are answered so;
    status 0: as usual, but late.

    `drop` closes the connection before, `lost` after the request took effect.
    """

    status: int
    times: int
    path: str = "/activities"
    method: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    content_type: str = "application/json"
    drop: bool = False
    lost: bool = False
    delay: float = 0.0
    holds: bytes = b""
