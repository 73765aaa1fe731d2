"""Whether a question may be answered now: the queue, the channel's hours, and how much was asked lately.

Asked before anything is looked up. Whoever is refused is told why, and when to ask again.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.answering.channels import ChannelRule, rule_of
from bot.keys import ChannelKey, PersonKey
from bot.texts import CHANNEL_LIMITED, PERSON_LIMITED, QUEUE_FULL, QUEUE_FULL_OF_YOURS
from bot.types import ChannelKind, Incoming

MOST_NAMES = 50_000


@dataclass(frozen=True, slots=True)
class AdmissionLimits:
    """Questions that are answered in each `window`: of a `person`, in a `channel` (0: any number). Questions
    that may wait for a worker: `queue` in all, `queue_per_person` of one person.
    """

    person: int = 0
    channel: int = 0
    window: timedelta = timedelta(minutes=10)
    queue: int = 2_000
    queue_per_person: int = 100


class Counter:
    """What was let through lately, by name. In memory: names go with their window, the longest unused first."""

    def __init__(self, window: timedelta, most: int = MOST_NAMES) -> None:
        self._window = window
        self._most = most
        self._seen: OrderedDict[Hashable, deque[tuple[datetime, str]]] = OrderedDict()

    def room(self, name: Hashable, limit: int, key: str, at: datetime) -> datetime | None:
        """When `name` has room again; None: it has at `at`, or `key` is counted already."""
        seen = self._seen.get(name, deque())
        while seen and seen[0][0] <= at - self._window:
            seen.popleft()
        if not limit or len(seen) < limit or any(key == counted for _, counted in seen):
            return None
        return seen[len(seen) - limit][0] + self._window

    def count(self, name: Hashable, key: str, at: datetime) -> None:
        """Once for each key. Names of nobody who counts any more are forgotten."""
        while self._seen:
            first, times = next(iter(self._seen.items()))
            if times and times[-1][0] > at - self._window:
                break
            del self._seen[first]
        seen = self._seen.setdefault(name, deque())
        if all(key != counted for _, counted in seen):
            seen.append((at, key))
        self._seen.move_to_end(name)
        while len(self._seen) > self._most:
            self._seen.popitem(last=False)


class Admission:
    """Times are those at which questions arrived: the same question gets the same word, whenever it is handled."""

    def __init__(self, rules: Mapping[str, ChannelRule] | None = None, limits: AdmissionLimits | None = None) -> None:
        self._rules = dict(rules or {})
        self._limits = limits or AdmissionLimits()
        self._people = Counter(self._limits.window)
        self._channels = Counter(self._limits.window)

    def rule(self, incoming: Incoming) -> ChannelRule:
        return rule_of(self._rules, incoming.channel, incoming.channel_kind)

    def crowded(self, waiting: int, own: int) -> str:
        """Why no more questions can wait, `waiting` in all and `own` of the person; "" when one can."""
        if own >= self._limits.queue_per_person:
            return QUEUE_FULL_OF_YOURS.format(waiting=own)
        return QUEUE_FULL if waiting >= self._limits.queue else ""

    def refusal(self, incoming: Incoming) -> str:
        """Why this question is not answered; "" when it is, and then it counts, once however often it is tried."""
        rule, at = self.rule(incoming), incoming.received_at
        if rule.hours is not None and not rule.hours.open_at(at):
            return rule.hours.closed(at)
        person = PersonKey(incoming.platform, incoming.tenant, incoming.user)
        channel = ChannelKey.of(incoming)
        most = self._limits.channel if rule.limit is None else rule.limit
        if incoming.channel_kind is ChannelKind.DIRECT and rule.limit is None:
            most = 0  # one person's alone
        checks = (
            (PERSON_LIMITED, self._limits.person, self._people, person),
            (CHANNEL_LIMITED, most, self._channels, channel),
        )
        for said, limit, counter, name in checks:
            room = counter.room(name, limit, incoming.key, at)
            if room is not None:
                return self._limited(said, limit, room - at)
        for _, limit, counter, name in checks:
            if limit:
                counter.count(name, incoming.key, at)
        return ""

    def _limited(self, said: str, limit: int, wait: timedelta) -> str:
        questions = "question" if limit == 1 else "questions"
        minutes = _minutes(self._limits.window)
        return said.format(limit=limit, questions=questions, minutes=minutes, wait=_minutes(wait))


def _minutes(span: timedelta) -> str:
    """In whole minutes, rounded up."""
    minutes = max(1, -(-span // timedelta(minutes=1)))
    return "a minute" if minutes == 1 else f"{minutes} minutes"
