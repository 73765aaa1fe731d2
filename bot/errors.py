"""Error tree of the bot.

* BotError
  - SettingsError          a setting is missing, unknown or out of range (exit code 2)
  - InboxUnavailable       an event cannot be stored: the platform must not be acknowledged
  - PlatformError          Slack or Teams cannot be reached or refuses
    - PlatformBusy         the platform asks to wait (`retry_after` seconds) and retries are spent
    - PlatformUnauthorized the platform does not take us for who we are: a token was revoked, or is wrong
    - PlatformDenied       a scope or right is missing, or the place is closed to us; says which
    - PlatformRefused      the platform takes the message, but not in this form
    - PlatformUnsure       no telling whether the platform did it; to be looked for
      - PlatformUnseen     and no way to look
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
    """The platform refuses: a scope or a right is missing, or the place is closed to us."""


class PlatformUnauthorized(PlatformError):
    """Our token was revoked or is wrong: until there is another, nobody can be looked up or answered."""


class PlatformRefused(PlatformError):
    """The platform refuses what a message holds, or how much; a smaller form may pass."""


class PlatformUnsure(PlatformError):
    """It is open whether the platform did what it was asked, and doing it again could show it twice."""


class PlatformUnseen(PlatformUnsure):
    """It is open whether the platform did it, and the platform does not let us look."""


class DirectoryUnavailable(BotError):
    """The groups of a person cannot be resolved."""
