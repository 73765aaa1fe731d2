"""Do the chat and the log agree? The bot's messages on the platform against the log's deliveries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from audit.check import Finding
from audit.reading import Reader
from audit.record import AuditRecord, Json
from audit.search import Filter

T = TypeVar("T")
PRIVATE = "shown to the asker alone, which no list of a channel's messages holds"


class ComparedLog(Protocol):
    """What is needed of the audit log."""

    async def read(self, work: Callable[[Reader], T]) -> T: ...


@dataclass(frozen=True, slots=True)
class Posted:
    """A message of the bot, as the platform shows it. `record` is the record id it prints; None: it prints none.

    `channel` is "" and `at` None where that is not known. A message that was `deleted` prints nothing any more.
    """

    message: str
    record: str | None
    channel: str = ""
    at: datetime | None = None
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Conversation:
    """A place that the log names. `kind` is its `channel_kind`; `team` is "" where the log names none."""

    channel: str
    kind: str
    team: str = ""


@dataclass(frozen=True, slots=True)
class NotCompared:
    """Replies that the platform was not, or could not be, asked for: how many records, where, and why."""

    channel: str
    records: int
    why: str


@dataclass(frozen=True, slots=True)
class Reconciled:
    """`messages` and `records` are how many were compared; `not_compared` says what was not."""

    messages: int
    records: int
    findings: tuple[Finding, ...]
    not_compared: tuple[NotCompared, ...] = ()

    @property
    def ok(self) -> bool:
        return not self.findings


async def conversations(
    log: ComparedLog, *, platform: str, since: datetime, until: datetime, channel: str | None = None
) -> tuple[Conversation, ...]:
    """The places of a platform that questions and deliveries of [since, until) name, in the order of their ids."""

    def look(view: Reader) -> tuple[Conversation, ...]:
        found: dict[str, Conversation] = {}
        for event in ("question", "delivery"):
            for stored in view.scan(Filter(since, until, channel=channel, event=event)):
                fields = stored.record.fields
                place = str(fields.get("channel") or "")
                if fields.get("platform") == platform and place:
                    team = str(fields.get("team") or "") or (found[place].team if place in found else "")
                    found[place] = Conversation(place, str(fields.get("channel_kind") or ""), team)
        return tuple(found[name] for name in sorted(found))

    return await log.read(look)


async def reconcile(
    log: ComparedLog,
    posted: Iterable[Posted],
    *,
    platform: str,
    since: datetime,
    until: datetime,
    channel: str | None = None,
    unseen: Mapping[str, str] | None = None,
) -> Reconciled:
    """Compare the bot's messages of [since, until) with the questions recorded in that time.

    A message without a record, a record without its message, a message that is not the recorded one, a
    recorded one that was deleted, and a second answer to one question are findings. Messages of other
    times may be among `posted`: they count where they show a record of this time; one of this time that
    shows a record of another must be its delivered one. Replies shown to the asker alone, and those in
    channels that `unseen` names (with the reason), are not expected among the messages: they are counted
    as not compared.
    """
    messages = list(posted)
    wanted = Filter(since, until, channel=channel)
    return await log.read(lambda view: _Comparison(view, platform, wanted, unseen or {}).of(messages))


class _Comparison:
    def __init__(self, view: Reader, platform: str, wanted: Filter, unseen: Mapping[str, str]) -> None:
        self._view = view
        self._platform = platform
        self._wanted = wanted
        self._unseen = unseen
        self._findings: list[Finding] = []
        self._left_out: Counter[tuple[str, str]] = Counter()
        self._seen: dict[str, list[Posted]] = {}
        self._deleted: set[tuple[str, str]] = set()

    def of(self, messages: Sequence[Posted]) -> Reconciled:
        for message in messages:
            self._sort(message)
        records = 0
        wanted = Filter(self._wanted.since, self._wanted.until, channel=self._wanted.channel, event="question")
        for stored in self._view.scan(wanted):
            if stored.record.fields.get("platform", self._platform) == self._platform:
                records += self._look(stored.record)
                self._seen.pop(stored.record.id, None)
        self._look_at_the_rest()
        left_out = tuple(NotCompared(place, n, why) for (place, why), n in sorted(self._left_out.items()))
        return Reconciled(len(messages), records, tuple(self._findings), left_out)

    def _sort(self, message: Posted) -> None:
        """By what a message shows; one of this time that shows no record of ours is a finding."""
        if message.deleted:
            self._deleted.add((message.channel, message.message))
        elif message.record is not None and self._view.stored(message.record) is not None:
            self._seen.setdefault(message.record, []).append(message)
        elif not self._in_time(message):
            return
        elif message.record is None:
            self._find(None, f"message {message.message} of the bot names no record")
        else:
            self._find(message.record, f"message {message.message} names a record that the log does not hold")

    def _look_at_the_rest(self) -> None:
        """Messages of this time that show a record of another one, or of another platform: copied from there?"""
        for record_id, messages in self._seen.items():
            stored = self._view.stored(record_id)
            deliveries = [r for r in self._view.referring(record_id) if r.event == "delivery"]
            if stored is None or any("reply_message" in r.erased for r in deliveries):
                continue
            known = {str(r.fields.get("reply_message")) for r in deliveries}
            for message in messages:
                if self._in_time(message) and (message.message not in known or _elsewhere(message, stored.record)):
                    self._find(record_id, f"message {message.message} is not that record's, which is of another time")

    def _in_time(self, message: Posted) -> bool:
        since, until = self._wanted.since, self._wanted.until
        return message.at is None or ((since is None or message.at >= since) and (until is None or message.at < until))

    def _look(self, record: AuditRecord) -> bool:
        """Whether this record was compared."""
        seen = self._seen.get(record.id, [])
        found = [message.message for message in seen]
        deliveries = [r for r in self._view.referring(record.id) if r.event == "delivery"]
        known = [str(r.fields["reply_message"]) for r in deliveries if "reply_message" in r.fields]
        if len(found) > 1:
            self._find(record.id, f"answered {len(found)} times: messages {', '.join(sorted(found))}")
        strangers = (
            sorted({m.message for m in seen if m.message not in known or _elsewhere(m, record)}) if known else []
        )
        if strangers:
            self._find(record.id, f"message {', '.join(strangers)} is not the delivered one ({known[-1]})")
        if found and not known and "reply_message" not in {n for r in deliveries for n in r.erased}:
            self._find(record.id, f"message {found[0]} was posted, and no delivery is recorded")
        if not found and not deliveries:
            self._find(record.id, "the answer was recorded and never delivered")
        if found or not deliveries:
            return True
        return self._missed(record, known)

    def _missed(self, record: AuditRecord, known: Sequence[str]) -> bool:
        """A delivered record whose message was not among the platform's: why not? Whether that was to be seen."""
        channel = str(record.fields.get("channel") or "")
        why = self._why_unseen(channel, record.fields)
        if why:
            self._left_out[(channel, why)] += 1
        elif known and self._deleted & {(place, known[-1]) for place in (channel, "")}:
            self._find(record.id, f"the recorded message {known[-1]} was deleted on the platform")
        elif known and not self._mended(record, known[-1]):
            self._find(record.id, f"the recorded message {known[-1]} is not on the platform")
        return not why

    def _mended(self, record: AuditRecord, message: str) -> bool:
        """Whether the message shows another answer to the same message of the asker now, who edited it."""
        asked = record.fields.get("message")
        for other, posted in self._seen.items():
            stored = self._view.stored(other) if any(m.message == message for m in posted) else None
            if stored is not None and asked is not None and stored.record.fields.get("message") == asked:
                return True
        return False

    def _why_unseen(self, channel: str, fields: Mapping[str, Json]) -> str:
        if fields.get("private"):
            return PRIVATE
        if self._unseen and not channel:
            return "where it was asked was erased"
        return self._unseen.get(channel, "")

    def _find(self, record: str | None, what: str) -> None:
        self._findings.append(Finding(record, what))


def _elsewhere(message: Posted, record: AuditRecord) -> bool:
    """Names of messages are unique within a channel only; a private reply stands in another than its question."""
    asked = str(record.fields.get("channel") or "")
    return bool(message.channel and asked) and message.channel != asked and not record.fields.get("private")
