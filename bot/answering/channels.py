"""What an administrator says of a channel: what it may be shown, from which sources, how, and when."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from bot.answering.asking import question_in
from bot.keys import ThreadKey
from bot.types import ChannelKind, Incoming, IncomingKind

DIRECT = "direct"
"""Stands for every direct chat, in the place of a channel's id."""

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_EMOJI = re.compile(r":[^\s:]+:|.\ufe0f?\u20e3|.\ufe0f")
"""What is a picture though it is written with letters or digits: Slack's ":+1:", a digit on a key, an "i" in a box."""
_ADDRESS = re.compile(r"\S+://\S*")
_GREEK = re.compile(r"[\u0370-\u03ff\u1f00-\u1fff];\s*$", re.MULTILINE)
_SOON = timedelta(days=6)  # within it the name of the day says enough


class Unmentioned(StrEnum):
    """Which messages that do not mention the bot are questions."""

    NEVER = "never"
    THREADS = "threads"  # what is asked in threads where it has answered
    ALWAYS = "always"  # whatever begins a thread in the channel, too


def listening(rules: Mapping[str, Unmentioned], channel: str, *, threads: bool) -> Unmentioned:
    """The rule of a channel; without one `threads` decides, the setting for all."""
    return rules.get(channel, Unmentioned.THREADS if threads else Unmentioned.NEVER)


@dataclass(frozen=True, slots=True)
class Heard:
    """What an adapter heard, before it is known whether it concerns us.

    `addressed` says that it does for certain: a direct message, or we are mentioned. `to_others` says that
    it mentions somebody else, `threads` that messages there can be replies in a thread of their own.
    """

    incoming: Incoming
    addressed: bool
    to_others: bool = False
    threads: bool = True


def for_us(heard: Heard, rule: Unmentioned, ours: Callable[[ThreadKey], bool]) -> bool:
    """Whether something that was said concerns us: the same on every platform.

    `rule` is that of its channel; `ours` says whether we were asked something in a thread lately. There people talk
    about the answer, too: what nobody said to us is for us only where it asks something.
    What is no question (an edit, a delete) concerns us with its thread alone.
    """
    said = heard.incoming
    first = said.thread == said.message or not heard.threads
    if heard.addressed:
        return True
    if said.kind is IncomingKind.QUESTION:
        wordless = not any(map(str.isalnum, _EMOJI.sub("", said.text)))
        if wordless or heard.to_others or rule is Unmentioned.NEVER:
            return False
        if rule is Unmentioned.ALWAYS and first:
            return True
        if not asks(said.text):
            return False
    return not first and ours(ThreadKey.of(said))


def asks(text: str) -> bool:
    """Whether a message asks something, by its own words: it has a question mark, of whatever script.

    Greek ends a question with what looks like a semicolon, and is one after Unicode's normal forms.
    """
    said = _ADDRESS.sub(" ", question_in(text))
    marks = {char for char in said if not char.isalnum() and not char.isspace()}
    return any("QUESTION MARK" in unicodedata.name(mark, "") for mark in marks) or bool(_GREEK.search(said))


@dataclass(frozen=True, slots=True)
class Hours:
    """From `opens` to `closes` on `days` (0 = Monday), by the clocks of `zone`.

    `closes` at or before `opens` is on the next day; midnight as `closes` ends the day itself.
    """

    zone: ZoneInfo
    days: frozenset[int]
    opens: time
    closes: time

    def open_at(self, moment: datetime) -> bool:
        """Whether an aware moment is within the hours."""
        local = moment.astimezone(self.zone)
        now = local.time()
        if self.opens < self.closes:
            return local.weekday() in self.days and self.opens <= now < self.closes
        began_today = local.weekday() in self.days and now >= self.opens
        return began_today or ((local.weekday() - 1) % 7 in self.days and now < self.closes)

    def next_after(self, moment: datetime) -> datetime:
        """When the hours begin next, in their own zone."""
        local = moment.astimezone(self.zone)
        ahead = (self._opening(local.date() + timedelta(days=n)) for n in range(9))
        # In UTC: two times of one zone are compared by their clocks, which stand still or jump twice a year.
        return next(s for s in ahead if s.weekday() in self.days and s.astimezone(UTC) > moment.astimezone(UTC))

    def _opening(self, day: date) -> datetime:
        return datetime.combine(day, self.opens, self.zone)

    def __str__(self) -> str:
        """E.g. "Monday to Friday, 08:00 to 18:00 (Europe/Paris)"."""
        closes = "24:00" if self.closes == time(0) else f"{self.closes:%H:%M}"
        return f"{_days(sorted(self.days))}, {self.opens:%H:%M} to {closes} ({self.zone.key})"

    def closed(self, moment: datetime) -> str:
        """What to say outside the hours."""
        start = self.next_after(moment)
        day = _NAMES[start.weekday()]
        if start.astimezone(UTC) - moment.astimezone(UTC) >= _SOON:
            day += f" {start.day} {start:%B}"
        return (
            f"Here I answer {self}. Please ask again from {day} at {start:%H:%M}: "
            "questions from outside these hours are not kept for later."
        )


def _days(days: list[int]) -> str:
    if len(days) == 7:
        return "every day"
    if len(days) > 2 and days[-1] - days[0] == len(days) - 1:
        return f"{_NAMES[days[0]]} to {_NAMES[days[-1]]}"
    names = [_NAMES[day] for day in days]
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


@dataclass(frozen=True, slots=True)
class ChannelRule:
    """None, where it may stand, means: as everywhere.

    `grant` are the entries that count as every reader's rights, `sources` the names of those that
    answers draw on, `limit` how many questions are answered here in a while, `disclaimer` the line
    under answers. `style` names the rule in whose tone answers are written.
    """

    grant: frozenset[str] | None = None
    external: bool = False
    sources: frozenset[str] | None = None
    hours: Hours | None = None
    limit: int | None = None
    style: str = ""
    disclaimer: str | None = None


NO_RULE = ChannelRule()


def rule_of(rules: Mapping[str, ChannelRule], channel: str, kind: ChannelKind) -> ChannelRule:
    """The rule of a channel; for direct chats without one the rule of them all."""
    everywhere = rules.get(DIRECT, NO_RULE) if kind is ChannelKind.DIRECT else NO_RULE
    return rules.get(channel, everywhere)
