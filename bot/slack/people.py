"""Who asks, and who sees a channel: as Slack vouches for them.

Membership of a channel is read anew for each question, so that a change holds from the next one; questions that come
at the same time share one reading. What a channel is, and people's profiles, are remembered for a while: whether it is
shared also stands in each event. People are counted, apps are not: nobody reads a channel through an app's eyes.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.errors import PlatformBusy, PlatformError, PlatformUnauthorized
from bot.kept import Kept
from bot.slack.client import SlackClient, code_of
from bot.slack.config import SlackConfig
from bot.slack.events import Identity
from bot.slack.granted import within, workspaces
from bot.texts import EMAIL_UNCONFIRMED
from bot.types import ChannelKind, Incoming, People
from retrieval.people import Principal

LIST_FROM = 400
"""With more unknown people than this, the workspace's list is read, a thousand at a time, until all are found: Slack
takes some 100 look-ups and 20 pages a minute (tiers 4 and 2 of its rate limits)."""
MOST_COUNTED = 5_000
SLACKBOT = "USLACKBOT"
"""Slack's own app, of whom users.info says that it is no bot."""

Profile = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Counted:
    """How many of so many members with an address have one that does not count; `whole`: no more were there."""

    found: int
    members: int
    whole: bool = True


class SlackPeople:
    def __init__(self, client: SlackClient, config: SlackConfig) -> None:
        self._client = client
        self._config = config
        self._profiles: Kept[str, Profile] = Kept(lambda _: 0, config.max_people)
        self._channels: Kept[str, Profile] = Kept(lambda _: 0, config.max_people)
        self._members: Kept[str, tuple[str, ...]] = Kept(len, config.max_people)
        self._gate = asyncio.Semaphore(config.lookups)
        self.kinds: OrderedDict[str, ChannelKind] = OrderedDict()
        """Kinds of the channels seen lately."""

    def forget(self, user: str) -> None:
        """The profile changed: read it anew."""
        self._profiles.forget(user)

    async def people(self, incoming: Incoming, me: Identity) -> People:
        """The asker and all readers. Readers are None when Slack does not tell. Raises PlatformError."""
        asker, channel = await asyncio.gather(self.person(incoming.user, me), self._channel(incoming.channel))
        self._learn(incoming.channel, channel)
        external = bool(
            incoming.reference.get("external")
            or channel.get("is_ext_shared")
            or channel.get("is_pending_ext_shared")
            or channel.get("pending_shared")
            or channel.get("pending_connected_team_ids")
        )
        lacking = EMAIL_UNCONFIRMED if asker.member and await self._unconfirmed(incoming.user, asker) else ""
        if incoming.channel_kind is ChannelKind.DIRECT and channel.get("is_im"):
            return People(asker, (asker,), external, lacking)
        return People(asker, await self._readers(incoming, asker, me), external, lacking)

    async def _unconfirmed(self, user: str, asker: Principal) -> bool:
        """Whether the asker has an address that does not count, since Slack does not confirm it."""
        return self._config.emails and not asker.email and bool(_address(await self._profile(user)))

    async def unconfirmed(self, me: Identity, most: int = MOST_COUNTED) -> Counted:
        """How many members have an address that does not count: of the first `most`, over all workspaces of the token.

        Raises PlatformError.
        """
        seen: set[str] = set()
        found = 0
        for team in await workspaces(self._client, me.team, self._config.allowed_teams):
            async for profile in self._client.pages("users.list", "members", limit=1_000, **within(team)):
                person = self._principal(str(profile.get("id")), profile, me)
                if person.user in seen or not (person.member and _reads(person.user, profile) and _address(profile)):
                    continue
                if len(seen) >= most:
                    return Counted(found, len(seen), whole=False)
                seen.add(person.user)
                found += not person.email
        return Counted(found, len(seen))

    async def person(self, user: str, me: Identity) -> Principal:
        """One person. Somebody whom Slack does not know is nobody: no member, no e-mail. Raises PlatformError."""
        return self._principal(user, await self._profile(user), me)

    async def _readers(self, incoming: Incoming, asker: Principal, me: Identity) -> tuple[Principal, ...] | None:
        channel = incoming.channel
        try:
            users = await self._members.get(channel, lambda: self._listed(channel), 0)
            if len(users) > self._config.max_readers:
                return None
            others = [user for user in users if user not in (me.user, asker.user)]
            await self._learn_many(others, str(incoming.reference.get("workspace") or ""))
            profiles = dict(zip(others, await asyncio.gather(*map(self._profile, others)), strict=True))
        except (PlatformBusy, PlatformUnauthorized):
            raise  # waited out, not guessed
        except PlatformError:
            return None  # unknown readers: nothing may be assumed of them
        read = [self._principal(u, profile, me) for u, profile in profiles.items() if _reads(u, profile)]
        return (asker, *read)

    async def _listed(self, channel: str) -> tuple[str, ...]:
        """The ids of all members, as far as one more than may be read."""
        users: list[str] = []
        async for user in self._client.pages("conversations.members", "members", channel=channel):
            users.append(str(user))
            if len(users) > self._config.max_readers:
                break
        return tuple(users)

    async def _learn_many(self, users: Sequence[str], workspace: str) -> None:
        """`workspace` is named where the token is an organisation's: https://docs.slack.dev/reference/methods/users.list"""
        unknown = {user for user in users if not self._profiles.has(user, self._config.people_seconds)}
        if len(unknown) <= LIST_FROM:
            return
        async for profile in self._client.pages("users.list", "members", 1_000, **within(workspace)):
            user = str(profile["id"])
            if user in unknown:
                self._profiles.put(user, profile)
                unknown.discard(user)
            if not unknown:
                return

    async def _channel(self, channel: str) -> Profile:
        async def load() -> Profile:
            return (await self._client.read("conversations.info", channel=channel)).get("channel") or {}

        return await self._channels.get(channel, load, self._config.people_seconds)

    async def _profile(self, user: str) -> Profile:
        return await self._profiles.get(user, lambda: self._looked_up(user), self._config.people_seconds)

    async def _looked_up(self, user: str) -> Profile:
        async with self._gate:
            try:
                return (await self._client.read("users.info", user=user)).get("user") or {}
            except PlatformError as error:
                if code_of(error) not in ("user_not_found", "user_not_visible"):
                    raise
                return {}

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
        organisation = str(grid.get("enterprise_id") or profile.get("enterprise_id") or "")
        teams = {str(profile.get("team_id") or ""), *map(str, grid.get("teams") or ()), organisation} - {""}
        ours = bool(teams & allowed) and not profile.get("is_stranger")
        outsider = any(profile.get(flag) for flag in ("is_restricted", "is_ultra_restricted", "is_bot", "deleted"))
        confirmed = profile.get("is_email_confirmed") is True or (not outsider and self._trusted(profile, teams))
        known = ours and not profile.get("is_bot") and confirmed and self._config.emails
        email = _address(profile) if known else ""
        tenant = next(iter(sorted(teams & allowed)), "") or str(profile.get("team_id") or "")
        return Principal("slack", tenant, user, email=email, member=ours and not outsider)

    def _trusted(self, profile: Profile, teams: set[str]) -> bool:
        """Whether a member's address counts although Slack does not confirm it.

        By workspace or organisation, whoever runs it vouches for the addresses in it. By domain alone only where Slack
        says nothing, as with single sign-on: an address that it calls unconfirmed was typed by somebody.
        """
        trusted = self._config.trusted_emails
        organisation = str((profile.get("enterprise_user") or {}).get("enterprise_id") or "")
        if trusted & {*teams, organisation}:
            return True
        domain = "@" + _address(profile).rpartition("@")[2].lower()
        return domain in trusted and profile.get("is_email_confirmed") is None


def _address(profile: Profile) -> str:
    return str((profile.get("profile") or {}).get("email") or "")


def _reads(user: str, profile: Profile) -> bool:
    """Whether a member of a channel is a person who may read it."""
    return not (profile.get("deleted") or profile.get("is_bot") or user == SLACKBOT)
