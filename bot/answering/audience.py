"""Who may read the reply, and so what it may draw on."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import structlog

from bot.answering.channels import ChannelRule
from bot.errors import DirectoryUnavailable
from bot.ports import Directory
from bot.texts import MEMBERS_ONLY, RIGHTS_UNKNOWN, SHARED_CHANNEL
from bot.types import ChannelKind, Incoming, People
from retrieval.people import Audience, AudienceKind, Principal

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class AudienceDecision:
    """The asker with groups, who sees a reply in the place asked, and who sees a private one (None: not offered)."""

    asker: Principal
    audience: Audience
    private: Audience | None
    lacking: str = ""  # why the asker may have fewer rights here than at the source, for the asker


class AudienceRules:
    """Decides from the platform's word on people, the directory's on groups, and the settings."""

    def __init__(
        self,
        directory: Directory,
        channels: Mapping[str, ChannelRule],
        *,
        guests: bool = False,
        asking: Directory | None = None,
    ) -> None:
        """`asking` is asked for who asks, `directory` for who reads along, where answers may be remembered."""
        self._directory = directory
        self._asking = asking or directory
        self._channels = dict(channels)
        self._guests = guests

    async def decide(self, incoming: Incoming, people: People) -> AudienceDecision:
        """Who asks, and who may read the reply."""
        return replace(await self._decide(incoming, people), lacking=people.lacking)

    async def _decide(self, incoming: Incoming, people: People) -> AudienceDecision:
        """Unknown readers, or groups that cannot be resolved, count as nobody: nothing may be shown to them."""
        asker = await self._resolve(people.asker, self._asking)
        if asker is None:
            return AudienceDecision(
                _nobody(people.asker), Audience(AudienceKind.REFUSED, frozenset(), RIGHTS_UNKNOWN), None
            )
        if not asker.member and not self._guests:
            return AudienceDecision(asker, Audience(AudienceKind.REFUSED, frozenset(), MEMBERS_ONLY), None)
        rule = self._channels.get(incoming.channel)
        if people.external and not (rule and rule.external):
            return AudienceDecision(asker, Audience(AudienceKind.REFUSED, frozenset(), SHARED_CHANNEL), None)
        alone = Audience(AudienceKind.PRIVATE, frozenset({asker.entries}))
        if incoming.channel_kind is ChannelKind.DIRECT:
            return AudienceDecision(asker, alone, None)
        if rule and rule.grant is not None:
            return AudienceDecision(asker, Audience(AudienceKind.CHANNEL, frozenset({rule.grant})), alone)
        readers = await self._readers(people.readers or (), asker)
        return AudienceDecision(asker, Audience(AudienceKind.CHANNEL, readers), alone)

    async def _readers(self, people: Sequence[Principal], asker: Principal) -> frozenset[frozenset[str]]:
        if not people:
            return frozenset()
        resolved = await asyncio.gather(*(self._resolve(person, self._directory) for person in people))
        known = (r or _nobody(person) for r, person in zip(resolved, people, strict=True))
        return frozenset({asker.entries, *(person.entries for person in known)})

    async def _resolve(self, person: Principal, directory: Directory) -> Principal | None:
        """With groups; None when the directory does not tell them."""
        try:
            return replace(person, groups=await directory.groups(person))
        except DirectoryUnavailable as error:
            log.warning("the groups of a person are not known", user=person.user, error=str(error))
            return None


def _nobody(person: Principal) -> Principal:
    return replace(person, groups=frozenset(), member=False, email="")
