"""GovSlack has a domain of its own, for everything that Footnote asks or leads to."""

from __future__ import annotations

from pathlib import Path

from yarl import URL

from bot.settings.values import Settings
from bot.slack.clouds import domain, web_api
from bot.slack.config import SlackConfig, WorkspacesConfig
from bot.slack.install import InstallFlow
from bot.slack.store import Installations


def test_the_cloud_decides_on_the_address_and_an_address_of_its_own_wins() -> None:
    assert web_api(Settings()) == "https://slack.com/api/" == SlackConfig("xoxb-1", signing_secret="x").base_url
    assert web_api(Settings(slack_cloud="gov")) == "https://slack-gov.com/api/"
    assert web_api(Settings(slack_cloud="gov", slack_base_url="http://127.0.0.1:1/api/")) == "http://127.0.0.1:1/api/"


def test_sockets_are_at_the_same_domain() -> None:
    assert domain("https://slack-gov.com/api/") == "slack-gov.com"
    assert domain("https://slack.com/api/") == domain("http://127.0.0.1:1/api/") == "slack.com"


def test_installations_lead_to_the_same_cloud(tmp_path: Path) -> None:
    base = web_api(Settings(slack_cloud="gov"))
    config = WorkspacesConfig("1.2", "secret", "signing", tmp_path, base_url=base)
    flow = InstallFlow(config, Installations(tmp_path / "installations", 1))
    assert URL(flow.begins_at("state")).with_query(None) == URL("https://slack-gov.com/oauth/v2/authorize")
