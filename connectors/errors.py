"""Error tree of the connectors.

* ConnectorError
  - SourceUnavailable   a source cannot be listed at all (missing folder, no right, server down)
    + Throttled         it asks to be left alone for longer than a run waits
  - SourceBusy          another run follows this source just now
  - CursorExpired       a source cannot go on from a cursor: everything is listed anew
  - ItemUnreadable      one file of a source cannot be fetched
    + ItemGone          because it is not there any more
  - StateUnavailable    the state store cannot be opened or written
  - PatternRefused      a pattern over paths cannot be meant
"""

from __future__ import annotations


class ConnectorError(Exception):
    """Base of everything the connectors raise on purpose."""


class SourceUnavailable(ConnectorError):
    """A source cannot be listed; nothing is inferred from it, and nothing deleted."""


class Throttled(SourceUnavailable):
    """The server asks to be left alone for `seconds`, longer than a run waits."""

    def __init__(self, message: str, seconds: float) -> None:
        super().__init__(message)
        self.seconds = seconds


class SourceBusy(ConnectorError):
    """Another run, of this process or another, follows the source just now."""


class CursorExpired(ConnectorError):
    """The source cannot say what changed since a cursor. The message says why; the engine lists everything anew."""


class ItemUnreadable(ConnectorError):
    """One file cannot be fetched; the others go on. It is tried again at the next run."""


class ItemGone(ItemUnreadable):
    """The source says that the file is not there any more: as good as a delete that it tells."""


class StateUnavailable(ConnectorError):
    """The state store cannot be opened or written."""


class PatternRefused(ConnectorError, ValueError):
    """A pattern over paths that cannot be meant; the message says what to write instead."""
