"""From settings to the chat adapters that are set up. Their libraries are imported only then."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from aiohttp import web

from bot.answering.memory import ThreadMemory
from bot.errors import SettingsError
from bot.ports import Intake, Platform, Viewer
from bot.settings.values import Settings


class ChatAdapter(Platform, Protocol):
    """A platform that also receives. `start` first, `stop` at the end."""

    def routes(self) -> Sequence[web.RouteDef]: ...

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def check(self) -> list[str]:
        """What keeps it from working; [] when nothing does."""
        ...


def build(settings: Settings, intake: Intake, viewer: Viewer, memory: ThreadMemory) -> list[ChatAdapter]:
    """The adapters whose credentials are set. Raises SettingsError when they are incomplete."""
    adapters: list[ChatAdapter] = []
    if settings.slack_bot_token is not None:
        adapters.append(_slack(settings, intake, viewer, memory))
    elif settings.slack_client_id or settings.slack_client_secret is not None:
        adapters.append(_slack_workspaces(settings, intake, viewer, memory))
    if settings.teams_app_id:
        adapters.append(_teams(settings, intake, viewer, memory))
    return adapters


def _slack(settings: Settings, intake: Intake, viewer: Viewer, memory: ThreadMemory) -> ChatAdapter:
    from bot.slack.adapter import SlackPlatform
    from bot.slack.config import SlackConfig

    if settings.slack_client_id or settings.slack_client_secret is not None:
        raise SettingsError(
            "SLACK_BOT_TOKEN is for one workspace, SLACK_CLIENT_ID and SLACK_CLIENT_SECRET are for several. "
            "Unset the one or the others."
        )

    async def known(channel: str, thread: str) -> bool:
        return memory.knows(f"slack:*:{channel}:{thread}")

    config = SlackConfig(
        bot_token=settings.secret("slack_bot_token"),
        app_token=settings.secret("slack_app_token"),
        signing_secret=settings.secret("slack_signing_secret"),
        **_slack_shared(settings),
    )
    return SlackPlatform(config, intake, viewer, known)


def _slack_workspaces(settings: Settings, intake: Intake, viewer: Viewer, memory: ThreadMemory) -> ChatAdapter:
    from bot.slack.config import WorkspacesConfig
    from bot.slack.workspaces import SlackWorkspaces

    if settings.slack_app_token is not None:
        raise SettingsError("Several workspaces are served over HTTP, not Socket Mode. Unset SLACK_APP_TOKEN.")

    async def known(team: str, channel: str, thread: str) -> bool:
        return memory.knows(f"slack:{team}:{channel}:{thread}")

    config = WorkspacesConfig(
        client_id=settings.slack_client_id,
        client_secret=settings.secret("slack_client_secret"),
        signing_secret=settings.secret("slack_signing_secret"),
        folder=settings.home / "slack",
        **_slack_shared(settings),
    )
    return SlackWorkspaces(config, intake, viewer, known)


def _slack_shared(settings: Settings) -> dict[str, Any]:
    """What one workspace and several need alike: the fields of `bot.slack.config.Shared` that settings decide."""
    from bot.slack.config import PROMPTS

    return {
        "base_url": settings.slack_base_url,
        "follow_up_without_mention": settings.follow_up_without_mention,
        "unmentioned": settings.unmentioned,
        "allowed_teams": frozenset(settings.slack_teams),
        "suggested_prompts": settings.prompts or PROMPTS,
    }


def _teams(settings: Settings, intake: Intake, viewer: Viewer, memory: ThreadMemory) -> ChatAdapter:
    from bot.teams.adapter import TeamsPlatform
    from bot.teams.config import PROMPTS, TeamsConfig

    config = TeamsConfig(
        app_id=settings.teams_app_id or "",
        tenant_id=settings.teams_app_tenantid or "",
        app_password=settings.secret("teams_app_password"),
        allowed_tenants=frozenset(settings.teams_tenants),
        follow_up_without_mention=settings.follow_up_without_mention,
        unmentioned=settings.unmentioned,
        suggested_prompts=settings.prompts or PROMPTS,
    )
    return TeamsPlatform(config, intake, viewer=viewer, knows_thread=memory.knows)
