"""A recorded reply, shown once: in the largest form that the platform takes, in the place that it is for."""

from __future__ import annotations

from dataclasses import dataclass, replace

import structlog

from bot.errors import PlatformDenied, PlatformError, PlatformRefused, PlatformUnseen, PlatformUnsure
from bot.ports import Platform
from bot.queue.inbox import Inbox, PendingEvent
from bot.texts import NOT_TAKEN, SHOWN_BEFORE
from bot.types import ChannelKind, Incoming, Reply

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
        try:
            return await _somewhere(platform, pending.incoming, reply, instead_of, again=again)
        except PlatformUnseen as error:
            log.warning("a reply may be shown, and nobody can look; the asker is told so", key=key, error=str(error))
            message = await platform.post_text(pending.incoming, SHOWN_BEFORE, instead_of)
            return Sent(message, reply.private, confirmed=False)
        except PlatformUnsure:
            raise
        except PlatformError:
            if not again:
                await self._inbox.not_shown(key)
            raise


async def _somewhere(
    platform: Platform, incoming: Incoming, reply: Reply, instead_of: str | None, *, again: bool
) -> Sent:
    """Where it was asked; in private, where the place is closed to us by now."""
    try:
        return await largest(platform, incoming, reply, instead_of, again=again)
    except PlatformDenied as error:
        if reply.private or incoming.channel_kind is ChannelKind.DIRECT:
            raise
        log.warning("the place is closed to us; the answer goes to the asker", key=incoming.key, error=str(error))
        try:
            return await largest(platform, incoming, replace(reply, private=True), None, again=again)
        except PlatformDenied:
            raise error from None


async def largest(platform: Platform, incoming: Incoming, reply: Reply, instead_of: str | None, *, again: bool) -> Sent:
    try:
        return Sent(await platform.post(incoming, reply, instead_of, again=again), reply.private)
    except PlatformRefused as error:
        refused: PlatformRefused = error
    for form in platform.smaller(reply.payload):
        log.warning("the platform refused a reply; a smaller form is tried", key=incoming.key, error=str(refused))
        try:
            first, *rest = [replace(reply, payload=payload) for payload in form.messages]
            message = await platform.post(incoming, first, instead_of, again=again)
            for part in rest:
                await platform.post(incoming, part, None, again=again)
        except PlatformRefused as error:
            refused = error
        else:
            return Sent(message, reply.private, form.name)
    log.error("the platform took no form of a reply; its record has all of it", key=incoming.key, error=str(refused))
    notice = NOT_TAKEN.format(record=reply.receipt.record_id)
    return Sent(await platform.post_text(incoming, notice, instead_of), reply.private, NOTICE)
