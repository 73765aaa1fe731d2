"""A recorded reply, shown once: in the largest form that the platform takes, in the place that it is for.

A form may be several messages. How far those have come is kept, so that after a crash or a failure each of them is
there, and once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import structlog

from bot.errors import PlatformDenied, PlatformError, PlatformRefused, PlatformUnseen, PlatformUnsure
from bot.ports import Platform
from bot.queue.inbox import Inbox, PartsShown, PendingEvent
from bot.texts import NOT_TAKEN, SHOWN_BEFORE
from bot.types import ChannelKind, Form, Incoming, Reply

NOTICE = "notice"
"""The form of a reply of which the platform took nothing but its record's id."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Sent:
    """What the platform confirmed: the message's id, whether the asker alone sees it, and the form where it is not the
    whole reply. Not `confirmed`: it may be shown, and the asker was told so."""

    message: str
    private: bool
    form: str = ""
    confirmed: bool = True


class SentParts:
    """How far a reply in several messages has come, durable where there is an inbox."""

    def __init__(self, inbox: Inbox | None = None, pending: PendingEvent | None = None) -> None:
        self._inbox = inbox
        self._pending = pending
        self.now = pending.parts if pending is not None else None

    @property
    def begun(self) -> bool:
        """Whether a part of the reply is there for certain."""
        return self.now is not None and bool(self.now.messages)

    def of(self, form: str, private: bool) -> tuple[str, ...]:
        """The messages of a form that stand in that place."""
        same = self.now is not None and (self.now.form, self.now.private) == (form, private)
        return self.now.messages if self.now is not None and same else ()

    async def keep(self, form: str, private: bool, messages: tuple[str, ...]) -> None:
        parts = PartsShown(form, private, messages)
        if parts == self.now:
            return
        self.now = parts
        if self._inbox is not None and self._pending is not None and self._pending.reply is not None:
            await self._inbox.parts_shown(self._pending.incoming.key, self._pending.reply, parts)


class Sender:
    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox

    async def send(self, platform: Platform, pending: PendingEvent, reply: Reply, instead_of: str | None) -> Sent:
        """`instead_of` is a message that becomes the reply. Raises PlatformError: it is not shown, or, where that is
        PlatformUnsure, it is to be looked for at the next try. May be repeated.
        """
        key, again = pending.incoming.key, pending.state == "showing"
        if not again:
            await self._inbox.showing(key)
        parts = SentParts(self._inbox, replace(pending, reply=reply))
        try:
            return await _somewhere(platform, pending.incoming, reply, instead_of, again, parts)
        except PlatformUnseen as error:
            log.warning("a reply may be shown, and nobody can look; the asker is told so", key=key, error=str(error))
            message = await platform.post_text(pending.incoming, SHOWN_BEFORE, instead_of)
            return Sent(message, reply.private, confirmed=False)
        except PlatformUnsure:
            raise
        except PlatformError:
            if not again and not parts.begun:
                await self._inbox.not_shown(key)
            raise


async def _somewhere(
    platform: Platform, incoming: Incoming, reply: Reply, instead_of: str | None, again: bool, parts: SentParts
) -> Sent:
    """Where it was asked; in private, where the place is closed to us by now."""
    try:
        return await largest(platform, incoming, reply, instead_of, again=again, parts=parts)
    except PlatformDenied as error:
        if reply.private or incoming.channel_kind is ChannelKind.DIRECT:
            raise
        log.warning("the place is closed to us; the answer goes to the asker", key=incoming.key, error=str(error))
        try:
            return await largest(platform, incoming, replace(reply, private=True), None, again=again, parts=parts)
        except PlatformDenied:
            raise error from None


async def largest(
    platform: Platform,
    incoming: Incoming,
    reply: Reply,
    instead_of: str | None,
    *,
    again: bool,
    parts: SentParts | None = None,
) -> Sent:
    """The reply in the largest form that the platform takes, or the notice that it takes none. `again`: some of it may
    be shown, of what is behind `parts`. Raises PlatformError.
    """
    parts = parts or SentParts()
    refused = PlatformRefused("no form of the reply was tried")
    for form in _forms(platform, reply, parts):
        try:
            message = await _all_of(platform, incoming, reply, form, instead_of, again, parts)
        except PlatformRefused as error:
            refused = error
            log.warning("the platform refused a reply; a smaller form is tried", key=incoming.key, error=str(error))
        else:
            return Sent(message, reply.private, form.name)
    log.error("the platform took no form of a reply; its record has all of it", key=incoming.key, error=str(refused))
    notice = NOT_TAKEN.format(record=reply.receipt.record_id)
    return Sent(await platform.post_text(incoming, notice, instead_of), reply.private, NOTICE)


def _forms(platform: Platform, reply: Reply, parts: SentParts) -> Iterator[Form]:
    """From the whole reply down; from the one that was begun on, where one was."""
    begun = parts.now.form if parts.now is not None else ""
    smaller = platform.smaller(reply.payload) if begun else ()
    if begun in [form.name for form in smaller]:
        yield from smaller[[form.name for form in smaller].index(begun) :]
        return
    yield Form("", (reply.payload,))
    yield from platform.smaller(reply.payload)


async def _all_of(
    platform: Platform,
    incoming: Incoming,
    reply: Reply,
    form: Form,
    instead_of: str | None,
    again: bool,
    parts: SentParts,
) -> str:
    """The messages of a form that are not there yet; returns the first one's id. Raises PlatformError.

    Of several, only the first that is missing may have been on its way. Where nobody can look for a later one it is
    sent: it says which part it is, and twice is better than a hole.
    """
    shown = parts.of(form.name, reply.private)
    several = len(form.messages) > 1
    if several:
        await parts.keep(form.name, reply.private, shown)
    look = again
    for payload in form.messages[len(shown) :]:
        part, first = replace(reply, payload=payload), not shown
        try:
            message = await platform.post(incoming, part, instead_of if first else None, again=look)
        except PlatformUnseen:
            if first:
                raise
            message = await platform.post(incoming, part, None, again=False)
        shown, look = (*shown, message), False
        if several:
            await parts.keep(form.name, reply.private, shown)
    return shown[0]
