"""From settings to the one directory of the product. Vendors' libraries are imported only for what is set."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.directory.file import CombinedDirectory, FileDirectory, Groups
from bot.errors import SettingsError
from bot.settings.directories import GraphSettings, HttpDirectorySettings, SlackGroupsSettings
from bot.settings.values import Settings

TIMEOUT = 5.0
TRIES = 3
LONGEST_WAIT = 5.0


def build(settings: Settings) -> CombinedDirectory:
    """The settings' groups, and all directories that are set. Raises SettingsError. Nothing is asked yet."""
    others: list[Groups] = []
    for table in settings.directories:
        if isinstance(table, SlackGroupsSettings):
            others.append(_slack(settings, table))
        elif isinstance(table, GraphSettings):
            others.append(_graph(settings, table))
        elif isinstance(table, HttpDirectorySettings):
            others.append(_http(settings, table))
    alone = not any(isinstance(t, HttpDirectorySettings) and not t.prefix for t in settings.directories)
    return CombinedDirectory(FileDirectory(settings.groups, alone=alone), others)


def _slack(settings: Settings, table: SlackGroupsSettings) -> Groups:
    from bot.directory.slack import InstalledGroups, SlackDirectory
    from bot.slack.client import SlackClient
    from bot.slack.clouds import web_api
    from bot.slack.config import SlackConfig
    from bot.slack.kind import ANY, workspaces_config
    from bot.slack.store import Installed

    patience: dict[str, Any] = {"timeout": TIMEOUT, "tries": TRIES, "longest_wait": LONGEST_WAIT}
    if settings.slack_bot_token is not None:
        config = SlackConfig(
            bot_token=settings.secret("slack_bot_token"),
            app_token=settings.secret("slack_app_token"),
            signing_secret=settings.secret("slack_signing_secret"),
            base_url=web_api(settings),
            **patience,
        )
        return SlackDirectory(SlackClient(config), table.cache_seconds, allowed=frozenset(settings.slack_teams))
    if not settings.slack_client_id:
        raise SettingsError(
            'A directory of kind "slack" needs SLACK_BOT_TOKEN, or SLACK_CLIENT_ID for several workspaces. '
            "Set one, or remove the directory."
        )
    if ANY in settings.slack_teams:
        raise SettingsError(
            'A directory of kind "slack" needs to know whose user groups count. Name the workspaces in slack_teams '
            f'instead of "{ANY}", or remove the directory.'
        )
    several = workspaces_config(settings)

    def one(installed: Installed) -> SlackDirectory:
        client = SlackClient(replace(several.workspace(installed.team, installed.bot_token), **patience))
        return SlackDirectory(client, table.cache_seconds, one_of_many=installed.team)

    return InstalledGroups(several.installations(), several.allowed_teams, one)


def _graph(settings: Settings, table: GraphSettings) -> Groups:
    """The credentials are the table's own, or else those of the Teams bot."""
    from bot.directory.cache import CachedDirectory
    from bot.directory.graph import GraphConfig, GraphDirectory

    own = bool(table.client_id)
    config = GraphConfig(
        tenant=table.tenant or settings.teams_app_tenantid or "",
        client_id=table.client_id or settings.teams_app_id or "",
        secret=settings.secret("graph_client_secret" if own else "teams_app_password"),
        settings="the directory's tenant and client_id, and FOOTNOTE_GRAPH_CLIENT_SECRET"
        if own
        else "TEAMS_APP_ID, TEAMS_APP_PASSWORD and TEAMS_APP_TENANTID",
        display_names=frozenset(table.display_names),
        security_groups_only=table.security_groups_only,
        base_url=table.base_url,
        login_url=table.login_url,
    )
    return CachedDirectory(GraphDirectory(config), table.cache_seconds)


def _http(settings: Settings, table: HttpDirectorySettings) -> Groups:
    from bot.directory.cache import CachedDirectory
    from bot.directory.http import HttpConfig, HttpDirectory

    config = HttpConfig(table.url, settings.secret("directory_secret"), table.prefix)
    return CachedDirectory(HttpDirectory(config), table.cache_seconds)
