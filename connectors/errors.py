"""Error tree of the connectors.

* ConnectorError
  - SourceUnavailable   a source cannot be listed at all (missing folder, no right, server down)
  - ItemUnreadable      one file of a source cannot be fetched
  - StateUnavailable    the state store cannot be opened or written
  - PatternRefused      a pattern over paths cannot be meant
"""

from __future__ import annotations


class ConnectorError(Exception):
    """Base of everything the connectors raise on purpose."""


class SourceUnavailable(ConnectorError):
    """A source cannot be listed; nothing is inferred from it, and nothing deleted."""


class ItemUnreadable(ConnectorError):
    """One file cannot be fetched; the others go on."""


class StateUnavailable(ConnectorError):
    """The state store cannot be opened or written."""


class PatternRefused(ConnectorError, ValueError):
    """A pattern over paths that cannot be meant; the message says what to write instead."""
