"""What the Slack adapter must know, checked when it is made."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bot.answering.channels import Unmentioned, listening
from bot.errors import SettingsError
from bot.slack.store import Installations
from retrieval.outbound.addresses import is_loopback

PROMPTS = (("What can you answer from?", "sources"), ("How do you work?", "help"))
"""Title and message of the questions offered when a conversation opens; Slack shows four at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What one workspace and several need alike. Times are in seconds.

    `allowed_teams` are workspaces: see each of the two. `unmentioned` are the channels with a rule of their
    own for what does not mention us. `trusted_emails` are workspaces, organisations and domains ("@example.com")
    of whose members an e-mail address counts that Slack does not confirm. `user_groups`: Slack's user groups are read,
    so the scope for them is needed. `longest_wait` bounds a single
    Retry-After that is waited for. A channel that was quiet takes some new messages at once, then one each
    `message_seconds`.
    """

    base_url: str = "https://slack.com/api/"
    follow_up_without_mention: bool = False
    unmentioned: Mapping[str, Unmentioned] = field(default_factory=dict)
    allowed_teams: frozenset[str] = frozenset()
    trusted_emails: frozenset[str] = frozenset()
    user_groups: bool = False
    suggested_prompts: tuple[tuple[str, str], ...] = PROMPTS
    timeout: float = 10.0
    tries: int = 4
    first_pause: float = 0.3
    longest_wait: float = 10.0
    message_seconds: float = 1.0

    @property
    def listens(self) -> bool:
        """Whether we must hear what does not mention us anywhere."""
        return self.follow_up_without_mention or any(u is not Unmentioned.NEVER for u in self.unmentioned.values())

    def heard(self, channel: str) -> Unmentioned:
        """Which messages of a channel that do not mention us are questions."""
        return listening(self.unmentioned, channel, threads=self.follow_up_without_mention)

    def check(self) -> None:
        """Raises SettingsError."""
        parts = urlsplit(self.base_url)
        if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname)):
            raise SettingsError(f"The address of Slack's Web API must begin with https://, not {self.base_url!r}.")
        if len(self.suggested_prompts) > 4:
            raise SettingsError("Slack shows four suggested questions at most; there are more in the settings.")


@dataclass(frozen=True, slots=True)
class SlackConfig(Shared):
    """Raises SettingsError when it cannot be run.

    With `app_token` events come by Socket Mode, with `signing_secret` by signed HTTP; one of them is
    needed. `allowed_teams` are the workspaces whose people are members; empty means the bot's own.
    `people_seconds` is how long a person's profile is remembered, `max_people` how many are. A channel with
    more than `max_readers` members counts as one whose readers are unknown. `installed` says that the token
    comes from an installation, not from a setting. Without `emails` people have no e-mail address, since
    nobody knows who runs the workspace. A quiet channel takes `burst` messages at once; nothing waits longer
    than `longest_turn` for its turn.
    """

    bot_token: str = field(repr=False)
    app_token: str = field(default="", repr=False)
    signing_secret: str = field(default="", repr=False)
    people_seconds: float = 900.0
    max_people: int = 20_000
    max_readers: int = 5_000
    lookups: int = 8
    ping_interval: float = 5.0
    installed: bool = False
    emails: bool = True
    burst: int = 4
    longest_turn: float = 10.0

    def __post_init__(self) -> None:
        if not self.bot_token.startswith(("xoxb-", "xoxe.xoxb-")):
            raise SettingsError("SLACK_BOT_TOKEN must be the bot token of the app: it starts with xoxb-.")
        if self.app_token and not self.app_token.startswith("xapp-"):
            raise SettingsError("SLACK_APP_TOKEN must be an app-level token: it starts with xapp-.")
        if not self.app_token and not self.signing_secret.strip():
            raise SettingsError(
                "Slack cannot reach the bot: set SLACK_APP_TOKEN for Socket Mode or SLACK_SIGNING_SECRET for HTTP."
            )
        self.check()


@dataclass(frozen=True, slots=True)
class WorkspacesConfig(Shared):
    """What several workspaces need. Raises SettingsError when it cannot be run.

    `folder` keeps the installations, tokens too. `allowed_teams` are the workspaces that may install
    the app; empty means any, and then nobody's e-mail address counts. `state_seconds` is how long an
    installation may take its person, `max_workspaces` how many may have installed, `max_people` how many
    profiles of each workspace are remembered.
    """

    client_id: str
    client_secret: str = field(repr=False)
    signing_secret: str = field(repr=False)
    folder: Path
    max_people: int = 5_000
    state_seconds: float = 600.0
    max_workspaces: int = 100

    def __post_init__(self) -> None:
        named = {
            "SLACK_CLIENT_ID": self.client_id,
            "SLACK_CLIENT_SECRET": self.client_secret,
            "SLACK_SIGNING_SECRET": self.signing_secret,
        }
        missing = [name for name, value in named.items() if not value.strip()]
        if missing:
            raise SettingsError(
                f"Slack for several workspaces also needs {' and '.join(missing)} "
                "(Basic Information of the app), or set SLACK_BOT_TOKEN for a single one."
            )
        if not re.fullmatch(r"[0-9A-Za-z.-]+", self.client_id):
            raise SettingsError("SLACK_CLIENT_ID must be the client id of the app: two numbers with a dot between.")
        self.check()

    def installations(self) -> Installations:
        """Where the tokens lie."""
        return Installations(self.folder / "installations", self.max_workspaces)

    def workspace(self, team: str, token: str) -> SlackConfig:
        """For one workspace. Only its own people are members, however many workspaces are served.

        Whoever runs a workspace decides on the e-mail addresses in it, and those lead to groups and their
        rights: they count only in workspaces that the settings name.
        """
        shared: dict[str, Any] = {f.name: getattr(self, f.name) for f in fields(Shared)}
        return SlackConfig(
            token,
            signing_secret=self.signing_secret,
            max_people=self.max_people,
            installed=True,
            emails=bool(self.allowed_teams),
            **(shared | {"allowed_teams": frozenset({team})}),
        )
