"""The names of things in the chat: made here, read here, and nowhere else.

`str` of each is what inboxes, memories, controls of messages and records hold; it must not change.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.types import ChannelKind, Incoming

RECORD_ID = "[0-9A-Za-z-]{1,64}"
"""What may be a record's id, where it comes back from a chat."""

ANY = "*"
"""In the place of a tenant: whichever it is."""


@dataclass(frozen=True, slots=True)
class ChannelKey:
    """A channel, group or direct chat."""

    platform: str
    tenant: str
    channel: str

    @classmethod
    def of(cls, incoming: Incoming) -> ChannelKey:
        return cls(incoming.platform, incoming.tenant, incoming.channel)

    def __str__(self) -> str:
        return f"{self.platform}:{self.tenant}:{self.channel}"


@dataclass(frozen=True, slots=True)
class ThreadKey:
    """What is remembered together: a thread; the whole of a direct chat, where `thread` is ""."""

    channel: ChannelKey
    thread: str = ""

    @classmethod
    def of(cls, incoming: Incoming) -> ThreadKey:
        """In a direct chat each message may begin a thread, so there the chat counts."""
        direct = incoming.channel_kind is ChannelKind.DIRECT
        return cls(ChannelKey.of(incoming), "" if direct else incoming.thread)

    def __str__(self) -> str:
        return f"{self.channel}:{self.thread}"


@dataclass(frozen=True, slots=True)
class PersonKey:
    """A person, as counted: whose turn it is, and how much they have asked."""

    platform: str
    tenant: str
    user: str


@dataclass(frozen=True, slots=True)
class ExpertKey:
    """A call for the expert on a recorded question. The same whoever calls, so that an expert is called once."""

    channel: ChannelKey
    record_id: str

    def __str__(self) -> str:
        return f"{self.channel}:expert:{self.record_id}"


@dataclass(frozen=True, slots=True)
class RecordRef:
    """A record, or citation `n` of it, as a button carries it: "ID" or "ID:N"."""

    record_id: str
    n: int | None = None

    @classmethod
    def read(cls, text: str) -> RecordRef | None:
        """From what came back from a chat; None when it is neither."""
        found = _REF.fullmatch(text)
        return cls(found[1], int(found[2]) if found[2] else None) if found else None

    def __str__(self) -> str:
        return self.record_id if self.n is None else f"{self.record_id}:{self.n}"


_REF = re.compile(rf"({RECORD_ID})(?::([0-9]{{1,6}}))?", re.ASCII)
