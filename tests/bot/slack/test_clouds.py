"""GovSlack has a domain of its own, for everything that Footnote asks or leads to."""

from __future__ import annotations

from pathlib import Path

from yarl import URL

from bot.settings.values import Settings
from bot.slack.clouds import web_api
from bot.slack.config import SlackConfig, WorkspacesConfig
from bot.slack.install import InstallFlow
from bot.slack.store import Installations


def test_the_cloud_decides_on_the_address_and_an_address_of_its_own_wins() -> None:
    assert web_api(Settings()) == "https://slack.com/api/" == SlackConfig("xoxb-1", signing_secret="x").base_url
    assert web_api(Settings(slack_cloud="gov")) == "https://slack-gov.com/api/"
    assert web_api(Settings(slack_cloud="gov", slack_base_url="http://127.0.0.1:1/api/")) == "http://127.0.0.1:1/api/"


def test_installations_lead_to_the_same_cloud(tmp_path: Path) -> None:
    base = web_api(Settings(slack_cloud="gov"))
    config = WorkspacesConfig("1.2", "secret", "signing", tmp_path, base_url=base)
    flow = InstallFlow(config, Installations(tmp_path / "installations", 1))
    assert URL(flow._urls.generate("state")).with_query(None) == URL("https://slack-gov.com/oauth/v2/authorize")
