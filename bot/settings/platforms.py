"""The settings of every chat platform. A new one adds its classes here; each is in the platform's own room."""

from __future__ import annotations

from bot.slack.settings import SlackAddress, SlackSettings
from bot.teams.settings import TeamsAddress, TeamsSettings


class PlatformSettings(TeamsSettings, SlackSettings):
    """The keys of all, the last base's first."""


class ExpertAddresses(TeamsAddress, SlackAddress):
    """An expert's address on each platform, under the platform's name; "" for none."""

    @property
    def addresses(self) -> dict[str, str]:
        """By platform, where there is one."""
        every = {name: str(getattr(self, name)) for name in ExpertAddresses.model_fields}
        return {name: address for name, address in every.items() if address}
