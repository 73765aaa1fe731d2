"""What the Slack adapter must know, checked when it is made."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from bot.addresses import is_loopback
from bot.errors import SettingsError

PROMPTS = (("What can you answer from?", "sources"), ("How do you work?", "help"))
"""Title and message of the questions offered when a conversation opens; Slack shows four at most."""


@dataclass(frozen=True, slots=True)
class SlackConfig:
    """Raises SettingsError when it cannot be run.

    With `app_token` events come by Socket Mode, with `signing_secret` by signed HTTP; one of them is
    needed. `allowed_teams` are the workspaces whose people are members; empty means the bot's own.
    Times are in seconds. `longest_wait` bounds a single Retry-After that is waited for. `people_seconds`
    is how long a person's profile is remembered, `max_people` how many are. A channel with more than
    `max_readers` members counts as one whose readers are unknown.
    """

    bot_token: str = field(repr=False)
    app_token: str = field(default="", repr=False)
    signing_secret: str = field(default="", repr=False)
    base_url: str = "https://slack.com/api/"
    follow_up_without_mention: bool = False
    allowed_teams: frozenset[str] = frozenset()
    suggested_prompts: tuple[tuple[str, str], ...] = PROMPTS
    timeout: float = 10.0
    tries: int = 4
    first_pause: float = 0.3
    longest_wait: float = 30.0
    people_seconds: float = 300.0
    max_people: int = 20_000
    max_readers: int = 5_000
    lookups: int = 8
    ping_interval: float = 5.0

    def __post_init__(self) -> None:
        if not self.bot_token.startswith(("xoxb-", "xoxe.xoxb-")):
            raise SettingsError("SLACK_BOT_TOKEN must be the bot token of the app: it starts with xoxb-.")
        if self.app_token and not self.app_token.startswith("xapp-"):
            raise SettingsError("SLACK_APP_TOKEN must be an app-level token: it starts with xapp-.")
        if not self.app_token and not self.signing_secret.strip():
            raise SettingsError(
                "Slack cannot reach the bot: set SLACK_APP_TOKEN for Socket Mode or SLACK_SIGNING_SECRET for HTTP."
            )
        parts = urlsplit(self.base_url)
        if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname)):
            raise SettingsError(f"The address of Slack's Web API must begin with https://, not {self.base_url!r}.")
        if len(self.suggested_prompts) > 4:
            raise SettingsError("Slack shows four suggested questions at most; there are more in the settings.")
