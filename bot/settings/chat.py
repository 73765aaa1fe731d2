"""How people are answered: channels, style, experts, what is heard without a mention."""

from __future__ import annotations

from datetime import time
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field, field_validator, model_validator

from bot.answering.channels import DIRECT, Unmentioned
from bot.settings.platforms import ExpertAddresses
from connectors.kinds import Entry, SettingsTable

_CLOCK = r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$"


class StyleSettings(SettingsTable):
    """House style: how answers sound."""

    wording: Literal["quotes", "compressed"] = Field(
        default="quotes",
        description='"quotes": the documents\' own whole sentences; "compressed": a model may shorten them, and each '
        "sentence that does not pass the check is replaced by its quote",
    )
    tone: str = Field(
        default="Plain, factual and short; the answer first.",
        max_length=500,
        description="How a model writes where it words sentences",
    )
    audience: str = Field(
        default="finance, legal and compliance staff", max_length=200, description="Who the answers are for"
    )
    statements: int = Field(default=4, ge=1, le=12, description="Most sentences in an answer")
    words: int = Field(default=40, ge=10, le=120, description="Most words in a sentence that a model words")
    translate: bool = Field(
        default=False,
        description="Put a model's translation, marked as unchecked, under what is in another language",
    )
    language: str = Field(
        default="asker",
        max_length=40,
        description='Language of translations: "asker", that of the question, or the name of a language',
    )
    disclaimer: str = Field(default="", max_length=300, description="A line under every answer")
    answer_schema: Path | None = Field(
        default=None, description="JSON Schema file of the answer's parts; relative to the settings file"
    )


class HoursSettings(SettingsTable):
    """When a channel is answered; at other times it is told when to ask again."""

    zone: str = Field(description='Whose clocks count, by IANA name, e.g. "Europe/Paris"')
    days: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...] = Field(
        default=("mon", "tue", "wed", "thu", "fri"), min_length=1, description="Days on which it is answered"
    )
    opens: str = Field(default="00:00", pattern=_CLOCK, description="From when, as HH:MM")
    closes: str = Field(
        default="24:00", pattern=_CLOCK, description="Until when, as HH:MM; at or before opens means the next day"
    )

    @field_validator("zone")
    @classmethod
    def _zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ValueError, OSError, KeyError):
            raise ValueError(f'{name!r} is no time zone that is known here: write one such as "Europe/Paris"') from None
        return name

    @model_validator(mode="after")
    def _some_time(self) -> Self:
        if self.opens == "24:00" or self.opens == self.closes:
            raise ValueError(f"from {self.opens} to {self.closes} is no time at all")
        return self

    @staticmethod
    def clock(text: str) -> time:
        """ "24:00" is midnight, too."""
        return time(0) if text == "24:00" else time.fromisoformat(text)


class ChannelSettings(SettingsTable):
    """A rule for a channel. What is left out is as everywhere."""

    id: str = Field(min_length=1, description='The platform\'s channel id; "direct": all direct chats')
    grant: tuple[Entry, ...] | None = Field(
        default=None,
        description="Entries that count as every reader's rights, instead of what all its members may read",
    )
    external: bool = Field(default=False, description="Answer although other organisations share the channel")
    sources: tuple[str, ...] | None = Field(
        default=None, min_length=1, description="Names of the sources that answers may use"
    )
    without_mention: Unmentioned | None = Field(
        default=None, description='Answer without a mention: "never", "threads" (in ours), "always"'
    )
    hours: HoursSettings | None = Field(default=None, description="When it is answered: zone, days, opens, closes")
    limit: int | None = Field(default=None, ge=0, le=100_000, description="Replaces channel_limit for this channel")
    style: StyleSettings | None = Field(
        default=None, description="What differs from the house style here, e.g. language"
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.id != DIRECT:
            return self
        if self.grant is not None:
            raise ValueError("in direct chats the person's own rights count: there is nothing to grant")
        if self.without_mention is not None or self.external:
            raise ValueError("direct chats need no mention and are not shared: without_mention, external say nothing")
        return self


class ExpertSettings(ExpertAddresses, SettingsTable):
    """A person or group who is asked when somebody presses "Ask …" or says `expert`; the first that matches."""

    name: str = Field(pattern=r"^[^<>@\s][^<>@]{0,58}$", description='As people know them, e.g. "the travel desk"')
    channels: tuple[str, ...] = Field(default=(), description="Channel ids it is for; empty: all")
    words: tuple[str, ...] = Field(
        default=(), description="Words in the question, or their beginnings; empty: any question"
    )
    at_once: bool = Field(
        default=False, description="Asked automatically when no document answers, except in direct chats"
    )


class ChatSettings(BaseModel):
    follow_up_without_mention: bool = Field(
        default=True, description="Answer what is asked in the bot's threads without a mention"
    )
    point_to_answers: bool = Field(
        default=True, description="A question repeated in a thread gets a link to its answer while that still holds"
    )
    suggested_questions: tuple[Annotated[str, Field(min_length=1, max_length=75)], ...] = Field(
        default=(),
        max_length=4,
        description="Questions offered when a conversation opens; empty: two about the bot itself",
    )
    style: StyleSettings = Field(
        default_factory=StyleSettings,
        description="House style: tone, audience, statements, words, language, disclaimer, answer_schema",
    )
    channels: tuple[ChannelSettings, ...] = Field(default=(), description="Rules for single channels")
    experts: tuple[ExpertSettings, ...] = Field(
        default=(), description="People to ask when the documents are not enough"
    )

    @property
    def unmentioned(self) -> dict[str, Unmentioned]:
        """Which messages without a mention are questions, in the channels that have a rule for it."""
        return {c.id: c.without_mention for c in self.channels if c.without_mention is not None}

    @property
    def listens(self) -> bool:
        """Whether some channel's messages are heard that do not mention the bot."""
        return self.follow_up_without_mention or any(u is not Unmentioned.NEVER for u in self.unmentioned.values())

    @property
    def listens_to_all(self) -> bool:
        """Whether everything that is written in some channel or group may be a question."""
        return Unmentioned.ALWAYS in self.unmentioned.values()

    @property
    def prompts(self) -> tuple[tuple[str, str], ...] | None:
        """Title and message of each suggested question; None: the platform's own."""
        return tuple((text, text) for text in self.suggested_questions) or None
