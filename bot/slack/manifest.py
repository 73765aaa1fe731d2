"""The Slack app manifest, with the least scopes that every feature needs.

https://docs.slack.dev/reference/app-manifest (schema 2.0.0)
"""

from __future__ import annotations

from collections.abc import Sequence

from audit.record import Json
from bot.slack.config import PROMPTS

SCOPES = frozenset(
    {
        "app_mentions:read",  # a mention in a channel
        "assistant:write",  # suggested questions
        "channels:read",  # who is in a channel
        "chat:write",
        "groups:read",
        "im:history",  # direct messages
        "im:read",
        "im:write",
        "mpim:history",
        "mpim:read",
        "users:read",
        "users:read.email",
    }
)
FOLLOW_UP_SCOPES = frozenset({"channels:history", "groups:history"})
"""For follow-ups without a mention, edits and deletes, and for finding a reply again after a failure."""

USER_GROUP_SCOPES = frozenset({"usergroups:read"})
"""For a directory of kind "slack"."""


def needed(*, follow_ups: bool, user_groups: bool) -> frozenset[str]:
    """The scopes of a bot that hears what does not mention it, or reads user groups."""
    more = (FOLLOW_UP_SCOPES if follow_ups else frozenset()) | (USER_GROUP_SCOPES if user_groups else frozenset())
    return SCOPES | more


EVENTS = ("app_home_opened", "app_mention", "message.im", "message.mpim", "user_change")
FOLLOW_UP_EVENTS = ("message.channels", "message.groups")
INSTALL_EVENTS = ("app_uninstalled", "tokens_revoked")
"""Over HTTP, where one service may serve several workspaces."""


def slack_manifest(
    *,
    name: str = "Footnote",
    url: str | None = None,
    follow_ups: bool = True,
    user_groups: bool = False,
    prompts: Sequence[tuple[str, str]] = PROMPTS,
) -> dict[str, Json]:
    """The manifest for Socket Mode, or for HTTP at `url` (https, the public address of `footnote serve`).

    With `url` the manifest also lets other workspaces install the app, where SLACK_CLIENT_ID is set.
    Without `follow_ups` the app hears nothing in channels but its mentions. With `user_groups` it may read who is in
    Slack's user groups. `prompts` are titles and
    messages of the suggested questions.
    """
    scopes: list[Json] = [*sorted(needed(follow_ups=follow_ups, user_groups=user_groups))]
    heard = EVENTS + (FOLLOW_UP_EVENTS if follow_ups else ()) + (INSTALL_EVENTS if url else ())
    events: list[Json] = [*sorted(heard)]
    address = f"{url.rstrip('/')}/slack/events" if url else None
    reached: dict[str, Json] = {"request_url": address} if address else {}
    redirects: dict[str, Json] = {"redirect_urls": [f"{url.rstrip('/')}/slack/oauth_redirect"]} if url else {}
    suggested: list[Json] = [{"title": title, "message": message} for title, message in prompts]
    return {
        "_metadata": {"major_version": 2, "minor_version": 0},
        "display_information": {
            "name": name[:35],
            "description": "Answers from your own documents, with quotes you can check.",
            "background_color": "#1f3a5f",
        },
        "features": {
            "agent_view": {
                "agent_description": "Ask a question about the organisation's documents. Every answer is quoted word "
                "for word with document, section, page and version, and is kept in an audit log.",
                "suggested_prompts": suggested,
            },
            "app_home": {
                "home_tab_enabled": False,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "bot_user": {"display_name": name[:80], "always_online": True},
        },
        "oauth_config": {**redirects, "scopes": {"bot": scopes}},
        "settings": {
            "event_subscriptions": {"bot_events": events, **reached},
            "interactivity": {"is_enabled": True, **reached},
            "org_deploy_enabled": True,
            "socket_mode_enabled": address is None,
            "token_rotation_enabled": False,
        },
    }
