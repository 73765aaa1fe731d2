"""Which workspaces a token is for: its own, or those of an organisation (Enterprise Grid) that the app was added to.

A call that is about one workspace must name it where the token is an organisation's: `team_id` of
https://docs.slack.dev/reference/methods/users.list and https://docs.slack.dev/reference/methods/usergroups.list
"""

from __future__ import annotations

from collections.abc import Mapping

from bot.slack.client import SlackClient
from bot.slack.events import is_organisation

OWN = ""
"""The one workspace of a token, which its calls need not name."""


async def workspaces(client: SlackClient, place: str, allowed: frozenset[str]) -> tuple[str, ...]:
    """For `within`: OWN alone, or the ids of an organisation's workspaces. Raises PlatformError.

    `place` is what the token is for, a workspace or an organisation. Of an organisation that is not in `allowed`
    itself only the workspaces in it count. https://docs.slack.dev/reference/methods/auth.teams.list
    """
    if not is_organisation(place):
        return (OWN,)
    granted = [str(team.get("id")) async for team in client.pages("auth.teams.list", "teams", limit=1_000)]
    return tuple(team for team in granted if not allowed or place in allowed or team in allowed)


def within(workspace: str) -> Mapping[str, str]:
    """The arguments that name a workspace, or none for OWN."""
    return {"team_id": workspace} if workspace != OWN else {}


async def place_of(client: SlackClient) -> str:
    """The workspace or the organisation that a token is for. Raises PlatformError.

    https://docs.slack.dev/reference/methods/auth.test
    """
    told = await client.read("auth.test")
    return str((told.get("is_enterprise_install") is True and told.get("enterprise_id")) or told.get("team_id") or "")
