"""What passes between a chat adapter and the use case: frozen values, no vendor types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from audit.outcome import Outcome as Outcome
from audit.outcome import OutcomeKind as OutcomeKind
from audit.record import Json, Receipt
from retrieval.people import Principal


class ChannelKind(StrEnum):
    DIRECT = "direct"  # a direct message (Slack im, Teams personal)
    GROUP = "group"  # a group message (Slack mpim, Teams group chat)
    CHANNEL = "channel"  # a public channel
    PRIVATE_CHANNEL = "private_channel"


class IncomingKind(StrEnum):
    QUESTION = "question"
    FEEDBACK = "feedback"  # `text` is "up" or "down" and an optional reason; `about` the record
    EXPERT = "expert"  # somebody asks for a person's help; `about` is the question's record, None: the last one here
    IGNORED = "ignored"  # recorded as what it is (a bot's message, a delete); `text` says what


@dataclass(frozen=True, slots=True)
class Incoming:
    """One event of a chat platform, translated; what the inbox keeps.

    `key` is the same for every delivery of the same message (retries, `app_mention` and its twin).
    `text` has the bot's mention removed. `thread` is the root message's id, where the reply goes.
    `reference` holds what the adapter needs to reply after a restart. `addressed` says that it was said to the bot
    for certain; what was not, and finds no answer, is left without a reply. `amends` is the key of the question whose
    message this edits or deletes.
    """

    key: str
    platform: str  # its name in `bot.wiring.platforms`
    kind: IncomingKind
    tenant: str
    user: str
    channel: str
    channel_kind: ChannelKind
    thread: str
    message: str
    text: str
    received_at: datetime
    reference: Mapping[str, Json] = field(default_factory=dict)
    about: str | None = None
    addressed: bool = True
    amends: str | None = None


@dataclass(frozen=True, slots=True)
class Expert:
    """A person or group who is asked when the documents are not enough.

    `addresses` are theirs by platform, each as that platform knows people or groups.
    """

    name: str
    addresses: Mapping[str, str] = field(default_factory=dict)

    def address(self, platform: str) -> str:
        """ "" where they are not on that platform."""
        return self.addresses.get(platform, "")


@dataclass(frozen=True, slots=True)
class People:
    """Who asks and who will see the reply, as the platform vouches for them; groups not yet resolved.

    `readers` are all members of the channel, the asker included; None when the platform would not
    tell (then nobody may be assumed). `external` says that other organisations share the place.
    """

    asker: Principal
    readers: tuple[Principal, ...] | None
    external: bool = False
    lacking: str = ""  # why the asker may have fewer rights here than at the source, for the asker; "" when not


@dataclass(frozen=True, slots=True)
class Reply:
    """What may be shown: the platform's payload, and the proof that it was recorded first."""

    payload: Mapping[str, Json]
    private: bool
    receipt: Receipt


@dataclass(frozen=True, slots=True)
class Form:
    """A smaller form of a reply: its name, as in delivery records, and the messages that it takes, in their order."""

    name: str
    messages: Sequence[Mapping[str, Json]]


@dataclass(frozen=True, slots=True)
class PassageView:
    """A cited section as "Show the passage" shows it: the quote and the text around it.

    A source with several quotes, such as a row and its table's head, has the later ones in `more`, in the
    document's order, each behind the text that stands between it and the one before.
    """

    title: str
    where: str  # e.g. "Section 4.2 Hotels, page 7, version 2026-03-01.1a2b3c4d"
    before: str
    quote: str
    after: str
    url: str | None
    more: tuple[tuple[str, str], ...] = ()  # (text between, quote)
    record: str = ""  # the id of the record of the answer that quotes it
