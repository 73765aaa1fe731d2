"""Who asks, and who will see a reply, as Teams' roster says."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.errors import PlatformError
from bot.teams.config import TeamsConfig
from bot.teams.events import PLATFORM
from bot.types import ChannelKind, Incoming, People
from retrieval.people import Principal

KEPT_PLACES = 512


@dataclass(frozen=True, slots=True)
class Member:
    """An entry of a roster: `id` in the conversation, `object_id` in the directory (Entra)."""

    id: str
    object_id: str = ""
    email: str = ""
    tenant: str = ""
    role: str = ""


class Roster(Protocol):
    async def members(self, service_url: str, conversation: str) -> Sequence[Member] | None:
        """All members; None when there are more than can be read. Raises PlatformError."""
        ...

    async def member(self, service_url: str, conversation: str, user: str) -> Member | None:
        """One member; None when Teams does not know the person here. Raises PlatformError."""
        ...


class TeamsPeople:
    """Asks the roster and remembers it for a short while, for a bounded number of places."""

    def __init__(self, config: TeamsConfig, roster: Roster, clock: Callable[[], float] = time.monotonic) -> None:
        self._config = config
        self._roster = roster
        self._clock = clock
        self._places: OrderedDict[tuple[str, str], tuple[float, tuple[Member, ...] | None]] = OrderedDict()
        self._changes = 0

    def forget(self) -> None:
        """Members came or went somewhere: ask again. The channels of a team share its members, so everywhere."""
        self._places.clear()
        self._changes += 1

    async def person(self, incoming: Incoming) -> Principal:
        """Who did this, as the roster says now. Raises PlatformError."""
        stranger = Principal(PLATFORM, incoming.tenant, incoming.user, member=False)
        if incoming.tenant not in self._config.tenants:
            return stranger
        service_url, user = str(incoming.reference["service_url"]), str(incoming.reference["user"])
        found = await self._roster.member(service_url, incoming.channel, user)
        return self._principal(found) if found is not None else stranger

    async def find(self, incoming: Incoming, named: str) -> str | None:
        """The conversation's id of somebody named by e-mail or object id; None: not in it. Raises PlatformError."""
        members = await self._members(str(incoming.reference["service_url"]), incoming.channel) or ()
        wanted = named.casefold()
        return next((m.id for m in members if wanted in (m.email.casefold(), m.object_id.casefold())), None)

    async def people(self, incoming: Incoming) -> People:
        """Raises PlatformError when Teams does not answer.

        People of a tenant that is not allowed, guests, and people unknown to the roster are no members.
        """
        stranger = Principal(PLATFORM, incoming.tenant, incoming.user, member=False)
        if incoming.tenant not in self._config.tenants:
            return People(stranger, None, external=True)
        service_url, user = str(incoming.reference["service_url"]), str(incoming.reference["user"])
        if incoming.channel_kind is ChannelKind.DIRECT:
            member = await self._roster.member(service_url, incoming.channel, user)
            asker = self._principal(member) if member is not None else stranger
            return People(asker, (asker,), external=member is not None and self._foreign(member))
        # A shared channel's roster may name the host team alone, not the people it is shared with.
        shared = incoming.reference.get("shared") is True
        members = None if shared else await self._members(service_url, incoming.channel)
        if members is None:
            return People(await self.person(incoming), None, external=shared)
        asker = next((self._principal(m) for m in members if m.id == user), stranger)
        readers = tuple(dict.fromkeys([asker, *(self._principal(m) for m in members)]))
        return People(asker, readers, external=any(self._foreign(m) for m in members))

    async def _members(self, service_url: str, channel: str) -> tuple[Member, ...] | None:
        place = (service_url, channel)
        kept = self._places.get(place)
        if kept is not None and self._clock() - kept[0] < self._config.people_seconds:
            self._places.move_to_end(place)
            return kept[1]
        asked, changes = self._clock(), self._changes
        found = await self._roster.members(service_url, channel)
        members = tuple(found) if found is not None else None
        if members is not None and not members:
            raise PlatformError(f"Teams names no members of the conversation {channel}; the bot may have been removed.")
        if changes == self._changes:  # else it was read while somebody came or went
            self._places[place] = (asked, members)
        while len(self._places) > KEPT_PLACES:
            self._places.popitem(last=False)
        return members

    def _foreign(self, member: Member) -> bool:
        """Of another organisation. A guest is known to this one; a person without a tenant is known to nobody."""
        return member.tenant not in self._config.tenants and member.role != "guest"

    def _principal(self, member: Member) -> Principal:
        home = member.tenant in self._config.tenants
        guest = member.role in ("guest", "anonymous")
        return Principal(
            PLATFORM,
            member.tenant,
            member.object_id or member.id,
            # Another organisation may write any address into its directory: it proves nothing here.
            email=member.email if home or member.role == "guest" else "",
            member=home and not guest,
        )
