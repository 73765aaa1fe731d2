"""Where Slack is: the public one, and GovSlack, which has a domain of its own and shares nothing with it.

https://api.slack-gov.com/gov-slack/about
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Protocol
from urllib.parse import urlsplit

Name = Literal["public", "gov"]
DOMAINS: Mapping[Name, str] = {"public": "slack.com", "gov": "slack-gov.com"}


def domain(web_api: str) -> str:
    """Slack's own domain at which sockets are, too."""
    gov = (urlsplit(web_api).hostname or "").endswith(DOMAINS["gov"])
    return DOMAINS["gov" if gov else "public"]


class Where(Protocol):
    """The settings that decide."""

    @property
    def slack_cloud(self) -> Name: ...

    @property
    def slack_base_url(self) -> str | None: ...


def web_api(settings: Where) -> str:
    """The address of the Web API; OAuth's pages are at the same host."""
    return settings.slack_base_url or f"https://{DOMAINS[settings.slack_cloud]}/api/"
