"""Who knows, where the documents do not: which person or group is asked, and what they are sent."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Protocol

from audit.errors import RecordExists
from audit.record import AuditLog, AuditRecord, Json
from bot.answering.audience import AudienceDecision
from bot.answering.history import History
from bot.keys import ChannelKey, ExpertKey
from bot.ports import Platform
from bot.texts import EXPERT_CALL, EXPERT_ELSEWHERE, NO_EXPERT, NO_QUESTION
from bot.types import ChannelKind, Expert, Incoming, IncomingKind
from retrieval.codec import clean
from retrieval.people import AudienceKind

WORDS = frozenset({"expert", "ask an expert"})
LONGEST = 1_000  # characters of the question that are passed on


class Records(AuditLog, Protocol):
    async def get(self, record_id: str) -> AuditRecord | None: ...


@dataclass(frozen=True, slots=True)
class ExpertRule:
    """`channels` and `words` narrow it down; empty: any. A word matches where one of the question begins with it.

    `at_once` calls the expert without being asked to, when a question in a channel or group is not answered.
    """

    expert: Expert
    channels: frozenset[str] = frozenset()
    words: tuple[str, ...] = ()
    at_once: bool = False

    def matches(self, question: str, channel: str) -> bool:
        if self.channels and channel not in self.channels:
            return False
        said = question.casefold()
        return not self.words or any(re.search(rf"(?<!\w){re.escape(w.casefold())}", said) for w in self.words)


@dataclass(frozen=True, slots=True)
class Experts:
    """The rules of the settings; the first that matches decides."""

    rules: Sequence[ExpertRule] = ()

    def find(self, question: str, platform: str, channel: str) -> Expert | None:
        """The expert for a question in a channel, who has an address on this platform."""
        rule = self._rule(question, platform, channel)
        return rule.expert if rule is not None else None

    def at_once(self, question: str, platform: str, channel: str) -> bool:
        """Whether the expert for a question is called as soon as no document answers it."""
        rule = self._rule(question, platform, channel)
        return rule is not None and rule.at_once

    def _rule(self, question: str, platform: str, channel: str) -> ExpertRule | None:
        for rule in self.rules:
            if rule.matches(question, channel) and rule.expert.address(platform):
                return rule
        return None

    def offered(self, question: str, platform: str, channel: str) -> str:
        """The expert's name, "" where there is none."""
        expert = self.find(question, platform, channel)
        return expert.name if expert is not None else ""


def is_call(incoming: Incoming) -> bool:
    """Whether somebody types the word that asks for an expert."""
    word = " ".join(incoming.text.strip().strip("?!.`").casefold().split())
    return incoming.kind is IncomingKind.QUESTION and word in WORDS


@dataclass(frozen=True, slots=True)
class ExpertDesk:
    """Passes a question on: recorded first, then the one mention that this product ever sends."""

    experts: Experts
    audit: Records
    history: History

    async def call(self, platform: Platform, incoming: Incoming, decision: AudienceDecision, record_id: str) -> None:
        """`record_id` is that of the call's own record. Raises AuditUnavailable, PlatformError; may be repeated."""
        if decision.audience.kind is AudienceKind.REFUSED:
            await self._tell(platform, incoming, decision.audience.reason, record_id, "refused")
            return
        asked = await self._question(incoming, decision)
        if asked is None:
            await self._tell(platform, incoming, NO_QUESTION, record_id, "none")
            return
        question = str(asked.fields.get("question") or "")
        expert = self.experts.find(question, incoming.platform, str(asked.fields.get("channel") or ""))
        if expert is None:
            await self._tell(platform, incoming, NO_EXPERT, record_id, "none", asked.id)
            return
        shown = question if len(question) <= LONGEST else question[: LONGEST - 1] + "…"
        await self._record(incoming, record_id, "asked", shown, asked.id, expert.name)
        if incoming.channel_kind is ChannelKind.DIRECT:
            await platform.post_text(incoming, EXPERT_ELSEWHERE.format(name=expert.name), None)
        else:
            await platform.post_call(incoming, expert, EXPERT_CALL, shown, record_id)

    async def call_after(self, incoming: Incoming, record_id: str) -> Incoming | None:
        """The call that follows an abstention by itself. The key is that of the button: an expert is called once."""
        asked = (incoming.text, incoming.platform, incoming.channel)
        if incoming.channel_kind is ChannelKind.DIRECT or not self.experts.at_once(*asked):
            return None
        record = await self.audit.get(record_id)
        if record is None or record.outcome != "abstained":
            return None
        key = str(ExpertKey(ChannelKey.of(incoming), record_id))
        return replace(incoming, key=key, kind=IncomingKind.EXPERT, text="", about=record_id)

    async def _question(self, incoming: Incoming, decision: AudienceDecision) -> AuditRecord | None:
        """The question meant: the button's, if it was asked here or shown to this person alone; else the last one."""
        if incoming.about is None:
            place: dict[str, Json] = {
                "channel": incoming.channel,
                "channel_kind": incoming.channel_kind.value,
                "thread": incoming.thread,
            }
            return await self.history.last(place, decision.asker)
        record = await self.audit.get(incoming.about)
        if record is None or record.event != "question":
            return None
        at = {name: record.fields.get(name) for name in ("platform", "tenant", "channel", "user")}
        here = (at["platform"], at["tenant"], at["channel"]) == (incoming.platform, incoming.tenant, incoming.channel)
        own = record.fields.get("private") is True and at["user"] == incoming.user
        return record if here or own else None

    async def _tell(
        self, platform: Platform, incoming: Incoming, text: str, record_id: str, outcome: str, about: str | None = None
    ) -> None:
        await self._record(incoming, record_id, outcome, text, about)
        await platform.post_text(incoming, text, None)

    async def _record(
        self, incoming: Incoming, record_id: str, outcome: str, text: str, about: str | None, expert: str = ""
    ) -> None:
        fields: dict[str, Json] = {
            "platform": incoming.platform,
            "tenant": clean(incoming.tenant),
            "user": clean(incoming.user),
            "channel": clean(incoming.channel),
            "channel_kind": incoming.channel_kind.value,
            "thread": clean(incoming.thread),
            "message": clean(incoming.message),
            "key": clean(incoming.key),
            "expert": clean(expert),
            "text": clean(text),
        }
        try:
            await self.audit.append(
                AuditRecord(record_id, "expert", datetime.now(UTC), outcome, fields, refers_to=about)
            )
        except RecordExists:
            return  # recorded before a crash
