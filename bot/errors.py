"""Error tree of the bot.

* BotError
  - SettingsError          a setting is missing, unknown or out of range (exit code 2)
  - InboxUnavailable       an event cannot be stored: the platform must not be acknowledged
  - PlatformError          Slack or Teams cannot be reached or refuses
    - PlatformBusy         the platform asks to wait (`retry_after` seconds) and retries are spent
    - PlatformDenied       a scope, right or token is missing; says which
  - DirectoryUnavailable   groups of a person cannot be resolved: treat the person as nobody
"""

from __future__ import annotations


class BotError(Exception):
    """Base of everything the bot raises on purpose."""


class SettingsError(BotError):
    """A setting is missing, unknown or out of range; the message names it and says what to do."""


class InboxUnavailable(BotError):
    """An event cannot be made durable."""


class PlatformError(BotError):
    """The chat platform cannot be reached, or refuses."""


class PlatformBusy(PlatformError):
    """The platform asked to wait longer than the retries allow."""

    def __init__(self, message: str, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class PlatformDenied(PlatformError):
    """The platform refuses: a scope, a right or a token is missing."""


class DirectoryUnavailable(BotError):
    """The groups of a person cannot be resolved."""
