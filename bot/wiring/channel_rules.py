"""From settings to the rules of channels, their styles, and what is answered in a while."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from bot.answering.channels import DAYS, ChannelRule, Hours
from bot.queue.admission import AdmissionLimits
from bot.settings.chat import ChannelSettings, HoursSettings
from bot.settings.values import Settings


def channel_rules(settings: Settings) -> dict[str, ChannelRule]:
    """The rules by channel id."""
    return {channel.id: _rule(channel) for channel in settings.channels}


def _rule(channel: ChannelSettings) -> ChannelRule:
    style = channel.style
    return ChannelRule(
        grant=frozenset(channel.grant) if channel.grant is not None else None,
        external=channel.external,
        sources=frozenset(channel.sources) if channel.sources is not None else None,
        hours=_hours(channel.hours) if channel.hours is not None else None,
        limit=channel.limit,
        style=channel.id if style is not None else "",
        disclaimer=style.disclaimer if style is not None and "disclaimer" in style.model_fields_set else None,
    )


def _hours(hours: HoursSettings) -> Hours:
    days = frozenset(DAYS.index(day) for day in hours.days)
    return Hours(ZoneInfo(hours.zone), days, hours.clock(hours.opens), hours.clock(hours.closes))


def styled(settings: Settings) -> dict[str, Settings]:
    """The settings as they are in each channel with a style of its own: the house style with what differs there."""
    changed = {c.id: c.style for c in settings.channels if c.style is not None}
    return {
        name: settings.model_copy(
            update={"style": settings.style.model_copy(update={n: getattr(style, n) for n in style.model_fields_set})}
        )
        for name, style in changed.items()
    }


def limits(settings: Settings) -> AdmissionLimits:
    return AdmissionLimits(
        person=settings.person_limit,
        channel=settings.channel_limit,
        window=timedelta(minutes=settings.limit_minutes),
        queue=settings.queue_limit,
        queue_per_person=settings.queue_per_person,
    )
