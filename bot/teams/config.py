"""What the Teams adapter must know, checked when it is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urlsplit

from bot.answering.channels import Unmentioned, listening
from bot.errors import SettingsError
from bot.teams.clouds import CLOUDS, Cloud
from retrieval.outbound.addresses import is_loopback

PUBLIC = CLOUDS["public"]
PATHS = ("/teams/messages", "/api/messages")
"""Where activities are taken: the one of the docs, and the one that Azure's own pages show."""
PROMPTS = (("What can you answer from?", "sources"), ("How do you work?", "help"))
"""Title and message of the buttons under the welcome."""


@dataclass(frozen=True, slots=True)
class TeamsConfig:
    """Raises SettingsError when it cannot be run safely.

    `app_password` empty means the user-assigned managed identity whose client id is `app_id`.
    `allowed_tenants` empty means the bot's own tenant alone. `development` allows plain HTTP and
    servers on this machine; only with it may `app_id` be empty, which switches authentication off.
    Times are in seconds, `max_body` is in bytes. `longest_wait` bounds a single Retry-After that is waited
    for, `people_seconds` is how long a roster is remembered, `keys_pause` the least time between two
    fetches of the issuer's keys: a forged key id may not make us fetch more often. `window_seconds` is how
    long "Show the passage" may take: Teams waits some ten seconds. `unmentioned` are the channels with a rule of
    their own for what does not mention us.
    """

    app_id: str
    tenant_id: str
    app_password: str = field(default="", repr=False)
    allowed_tenants: frozenset[str] = frozenset()
    openid_metadata_url: str = PUBLIC.keys
    token_issuer: str = PUBLIC.issuer
    login_url: str = PUBLIC.login
    resource: str = PUBLIC.issuer
    service_hosts: tuple[str, ...] = PUBLIC.services
    follow_up_without_mention: bool = False
    unmentioned: Mapping[str, Unmentioned] = field(default_factory=dict)
    suggested_prompts: tuple[tuple[str, str], ...] = PROMPTS
    development: bool = False
    timeout: float = 15.0
    tries: int = 5
    longest_wait: float = 20.0
    people_seconds: float = 60.0
    keys_pause: float = 60.0
    window_seconds: float = 8.0
    max_body: int = 1_000_000

    def __post_init__(self) -> None:
        if not self.app_id and not self.development:
            raise SettingsError(
                "TEAMS_APP_ID is empty: anyone could then pose as Teams. Set it to the Microsoft app id of the bot."
            )
        if not self.tenant_id and not self.development:
            raise SettingsError("TEAMS_APP_TENANTID is empty. Set it to the id of the tenant the bot is registered in.")
        for name in ("openid_metadata_url", "login_url"):
            parts = urlsplit(getattr(self, name))
            if parts.scheme != "https" and not (self.development and is_loopback(parts.hostname)):
                raise SettingsError(f"Teams: {name} must be an https address, not {getattr(self, name)!r}.")

    @classmethod
    def of(cls, cloud: Cloud, app_id: str, tenant_id: str, **more: Any) -> Self:
        """For a bot in one of Teams' clouds: both directions go to that cloud alone."""
        where: dict[str, Any] = {
            "openid_metadata_url": cloud.keys,
            "token_issuer": cloud.issuer,
            "login_url": cloud.login,
            "resource": cloud.issuer,
            "service_hosts": cloud.services,
        }
        return cls(app_id, tenant_id, **(where | more))

    @property
    def authenticates(self) -> bool:
        """Whether callers must prove that they are Teams."""
        return bool(self.app_id)

    @property
    def tenants(self) -> frozenset[str]:
        """Tenants whose people are members, in small letters as everywhere here: ids come in either case."""
        allowed = self.allowed_tenants or frozenset({self.tenant_id})
        return frozenset(tenant.casefold() for tenant in allowed if tenant)

    def heard(self, channel: str) -> Unmentioned:
        """Which messages of a channel that do not mention us are questions."""
        return listening(self.unmentioned, channel, threads=self.follow_up_without_mention)

    def trusts(self, service_url: str) -> bool:
        """Whether replies, which carry the bot's token, may be sent to this address."""
        try:
            parts = urlsplit(service_url)
            host = parts.hostname
            _ = parts.port
        except ValueError:
            return False
        if parts.username is not None or parts.password is not None or host is None:
            return False
        if self.development and is_loopback(host):
            return parts.scheme in ("http", "https")
        return parts.scheme == "https" and host in self.service_hosts and parts.port in (None, 443)
