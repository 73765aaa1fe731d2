"""Who asks, and who sees a channel: as Slack vouches for them.

Membership and sharing of a channel are read anew for each question, so that a change holds from the
next one; people's profiles are remembered for a while.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

from bot.errors import PlatformError
from bot.slack.client import SlackClient, code_of
from bot.slack.config import SlackConfig
from bot.slack.events import Identity
from bot.types import ChannelKind, Incoming, People
from retrieval.types import Principal

LIST_FROM = 50
"""With more unknown people than this, the workspace's list of people is read instead of each profile."""


class SlackPeople:
    def __init__(self, client: SlackClient, config: SlackConfig) -> None:
        self._client = client
        self._config = config
        self._profiles: OrderedDict[str, tuple[float, Mapping[str, Any]]] = OrderedDict()
        self._gate = asyncio.Semaphore(config.lookups)
        self.kinds: OrderedDict[str, ChannelKind] = OrderedDict()
        """Kinds of the channels seen lately."""

    def forget(self, user: str) -> None:
        """The profile changed: read it anew."""
        self._profiles.pop(user, None)

    async def people(self, incoming: Incoming, me: Identity) -> People:
        """The asker and all readers. Readers are None when Slack does not tell. Raises PlatformError."""
        asker, info = await asyncio.gather(
            self.person(incoming.user, me), self._client.read("conversations.info", channel=incoming.channel)
        )
        channel = info.get("channel") or {}
        self._learn(incoming.channel, channel)
        external = bool(
            incoming.reference.get("external")
            or channel.get("is_ext_shared")
            or channel.get("is_pending_ext_shared")
            or channel.get("pending_shared")
            or channel.get("pending_connected_team_ids")
        )
        if incoming.channel_kind is ChannelKind.DIRECT and channel.get("is_im"):
            return People(asker, (asker,), external)
        return People(asker, await self._readers(incoming.channel, asker, me), external)

    async def person(self, user: str, me: Identity) -> Principal:
        """One person. Somebody whom Slack does not know is nobody: no member, no e-mail. Raises PlatformError."""
        return self._principal(user, await self._profile(user), me)

    async def _readers(self, channel: str, asker: Principal, me: Identity) -> tuple[Principal, ...] | None:
        users: list[str] = []
        try:
            async for user in self._client.pages("conversations.members", "members", channel=channel):
                users.append(str(user))
                if len(users) > self._config.max_readers:
                    return None
            profiles = await self._many([u for u in users if u not in (me.user, asker.user)])
        except PlatformError:
            return None  # unknown readers: nothing may be assumed of them
        readers = [
            self._principal(user, profile, me) for user, profile in profiles.items() if not profile.get("deleted")
        ]
        return (asker, *readers)

    async def _many(self, users: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        if len([u for u in users if self._remembered(u) is None]) > LIST_FROM:
            async for profile in self._client.pages("users.list", "members", limit=1_000):
                self._remember(str(profile["id"]), profile)
        found = await asyncio.gather(*(self._profile(user) for user in users))
        return dict(zip(users, found, strict=True))

    async def _profile(self, user: str) -> Mapping[str, Any]:
        remembered = self._remembered(user)
        if remembered is not None:
            return remembered
        async with self._gate:
            try:
                profile: Mapping[str, Any] = (await self._client.read("users.info", user=user)).get("user") or {}
            except PlatformError as error:
                if code_of(error) not in ("user_not_found", "user_not_visible"):
                    raise
                profile = {}
        self._remember(user, profile)
        return profile

    def _remembered(self, user: str) -> Mapping[str, Any] | None:
        until, profile = self._profiles.get(user, (0.0, {}))
        return profile if until > time.monotonic() else None

    def _remember(self, user: str, profile: Mapping[str, Any]) -> None:
        self._profiles[user] = (time.monotonic() + self._config.people_seconds, profile)
        self._profiles.move_to_end(user)
        while len(self._profiles) > self._config.max_people:
            self._profiles.popitem(last=False)

    def _learn(self, channel: str, info: Mapping[str, Any]) -> None:
        if info.get("is_im"):
            kind = ChannelKind.DIRECT
        elif info.get("is_mpim"):
            kind = ChannelKind.GROUP
        else:
            kind = ChannelKind.PRIVATE_CHANNEL if info.get("is_private") else ChannelKind.CHANNEL
        self.kinds[channel] = kind
        while len(self.kinds) > self._config.max_people:
            self.kinds.popitem(last=False)

    def _principal(self, user: str, profile: Mapping[str, Any], me: Identity) -> Principal:
        allowed = self._config.allowed_teams or {me.team}
        grid = profile.get("enterprise_user") or {}
        teams = {str(profile.get("team_id") or ""), *map(str, grid.get("teams") or ())}
        ours = bool(teams & allowed) and not profile.get("is_stranger")
        outsider = any(profile.get(flag) for flag in ("is_restricted", "is_ultra_restricted", "is_bot", "deleted"))
        confirmed = ours and not profile.get("is_bot") and profile.get("is_email_confirmed") is True
        known = confirmed and self._config.emails
        email = str((profile.get("profile") or {}).get("email") or "") if known else ""
        tenant = next(iter(sorted(teams & allowed)), "") or str(profile.get("team_id") or "")
        return Principal("slack", tenant, user, email=email, member=ours and not outsider)
