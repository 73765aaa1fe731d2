"""The clouds that Teams runs in: each has its own issuer of tokens, keys, login, services and Graph.

Bot Connector: https://learn.microsoft.com/azure/bot-service/how-to-deploy-gov-cloud-high, how-to-deploy-china-cloud
Service addresses: https://learn.microsoft.com/microsoftteams/platform/bots/how-to/conversations/send-proactive-messages
Graph: https://learn.microsoft.com/graph/deployments
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Name = Literal["public", "gcc", "gcc-high", "dod", "china"]


@dataclass(frozen=True, slots=True)
class Cloud:
    """Addresses without a slash at the end, but for `service`. `services` are the hosts that replies may go to."""

    issuer: str
    keys: str
    login: str
    services: tuple[str, ...]
    graph: str

    @property
    def service(self) -> str:
        """Where the bot begins a conversation of its own."""
        return f"https://{self.services[0]}/teams/"


def _keys(host: str) -> str:
    return f"https://{host}/v1/.well-known/openidconfiguration"


_PUBLIC_KEYS = _keys("login.botframework.com")
_GOVERNMENT_KEYS = _keys("login.botframework.azure.us")
CLOUDS: Mapping[Name, Cloud] = {
    "public": Cloud(
        "https://api.botframework.com",
        _PUBLIC_KEYS,
        "https://login.microsoftonline.com",
        ("smba.trafficmanager.net",),
        "https://graph.microsoft.com/v1.0",
    ),
    "gcc": Cloud(
        "https://api.botframework.com",
        _PUBLIC_KEYS,
        "https://login.microsoftonline.com",
        ("smba.infra.gcc.teams.microsoft.com", "smba.trafficmanager.net"),
        "https://graph.microsoft.com/v1.0",
    ),
    "gcc-high": Cloud(
        "https://api.botframework.us",
        _GOVERNMENT_KEYS,
        "https://login.microsoftonline.us",
        ("smba.infra.gov.teams.microsoft.us",),
        "https://graph.microsoft.us/v1.0",
    ),
    "dod": Cloud(
        "https://api.botframework.us",
        _GOVERNMENT_KEYS,
        "https://login.microsoftonline.us",
        ("smba.infra.dod.teams.microsoft.us",),
        "https://dod-graph.microsoft.us/v1.0",
    ),
    "china": Cloud(
        "https://api.botframework.azure.cn",
        _keys("login.botframework.azure.cn"),
        "https://login.partner.microsoftonline.cn",
        ("smba.trafficmanager.cn",),
        "https://microsoftgraph.chinacloudapi.cn/v1.0",
    ),
}
