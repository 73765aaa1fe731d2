"""Do the chat and the log agree? The bot's messages on the platform against the log's deliveries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from audit.check import Finding
from audit.log import SqliteAuditLog
from audit.reading import Reader
from audit.search import Filter


@dataclass(frozen=True, slots=True)
class Posted:
    """A message of the bot, as the platform shows it. `record` is the record id it prints; None: it prints none."""

    message: str
    record: str | None
    channel: str = ""


@dataclass(frozen=True, slots=True)
class Reconciled:
    """`messages` and `records` are how many were compared."""

    messages: int
    records: int
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        return not self.findings


async def reconcile(
    log: SqliteAuditLog,
    posted: Iterable[Posted],
    *,
    platform: str,
    since: datetime,
    until: datetime,
    channel: str | None = None,
) -> Reconciled:
    """Compare the bot's messages of [since, until) with the questions recorded in that time.

    A message without a record, a record without its message, a message that is not the recorded one,
    and a second answer to one question are findings. Records of private replies, which no platform
    lists, are not expected among the messages.
    """
    messages = list(posted)
    return await log.read(lambda view: _compare(view, messages, platform, Filter(since, until, channel=channel)))


def _compare(view: Reader, messages: list[Posted], platform: str, wanted: Filter) -> Reconciled:
    findings: list[Finding] = []
    seen: dict[str, list[Posted]] = {}
    for message in messages:
        if message.record is None:
            findings.append(Finding(None, f"message {message.message} of the bot names no record"))
        elif view.stored(message.record) is None:
            findings.append(
                Finding(message.record, f"message {message.message} names a record that the log does not hold")
            )
        else:
            seen.setdefault(message.record, []).append(message)
    records = 0
    for stored in view.scan(Filter(wanted.since, wanted.until, channel=wanted.channel, event="question")):
        record = stored.record
        if record.fields.get("platform", platform) != platform:
            continue
        records += 1
        found = [message.message for message in seen.get(record.id, [])]
        deliveries = [r for r in view.referring(record.id) if r.event == "delivery"]
        known = [str(r.fields["reply_message"]) for r in deliveries if "reply_message" in r.fields]
        if len(found) > 1:
            findings.append(Finding(record.id, f"answered {len(found)} times: messages {', '.join(sorted(found))}"))
        strangers = sorted(set(found) - set(known)) if known else []
        if strangers:
            findings.append(
                Finding(record.id, f"message {', '.join(strangers)} is not the delivered one ({known[-1]})")
            )
        if found and not known and "reply_message" not in {n for r in deliveries for n in r.erased}:
            findings.append(Finding(record.id, f"message {found[0]} was posted, and no delivery is recorded"))
        if known and not found and not record.fields.get("private"):
            findings.append(Finding(record.id, f"the recorded message {known[-1]} is not on the platform"))
        if not found and not deliveries:
            findings.append(Finding(record.id, "the answer was recorded and never delivered"))
    return Reconciled(len(messages), records, tuple(findings))
