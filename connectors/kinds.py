"""What a kind of source is: its table in the settings file, and how a source is made of that.

A source's module holds both and a `SourceKind` that names them; `connectors.registry` lists the kinds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Generic, Self, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from connectors.access import AccessRule, AccessRules
from connectors.freshness import LATE_S, STALE_S
from connectors.globs import Glob
from connectors.ports import Source
from connectors.titles import TitleRule, TitleRules, checked
from retrieval.outbound.addresses import is_plain
from retrieval.people import AccessList


def _entry(value: str) -> str:
    """An access entry as people write it, checked: a mistyped deny must not pass as one that denies nobody."""
    kind, _, name = value.partition(":")
    if value == "everyone" or (kind == "group" and name):
        return value
    if kind == "user" and name:
        return value.lower() if "@" in name and value.isascii() else value
    raise ValueError(f'{value!r} is no reader: write "everyone", "group:NAME" or "user:E-MAIL"')


Entry = Annotated[str, AfterValidator(_entry)]


def _pattern(value: str) -> str:
    """Raises PatternRefused, a ValueError."""
    Glob(value)
    return value


Pattern = Annotated[str, AfterValidator(_pattern)]


def _link(value: str) -> str:
    """The address of a source for people, to which paths of documents are added."""
    if value and not (is_plain(value) and "?" not in value):
        raise ValueError(
            "must be http://… or https://… without a name, password, ? or # in it: it stands in every answer, "
            "with the path of a document behind it"
        )
    return value


Link = Annotated[str, AfterValidator(_link)]


class SettingsTable(BaseModel):
    """A table of the settings file: it does not change, and an unknown key in it is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class AccessSettings(SettingsTable):
    """Who may read the files of a source that match a path."""

    path: Pattern = Field(description='Paths in the source, as in .gitignore; "legal/**" is everything below legal')
    allow: tuple[Entry, ...] = Field(description='"everyone", "group:NAME" or "user:E-MAIL"')
    deny: tuple[Entry, ...] = Field(default=(), description="As in allow; deny wins")
    may_be_empty: bool = Field(default=False, description="It is no mistake that this rule covers no document")


class TitleSettings(SettingsTable):
    """What the files of a source that match a path are called."""

    path: Pattern = Field(description='Paths in the source, as in .gitignore; "**" is every document')
    title: Annotated[str, AfterValidator(checked)] = Field(
        description="Words, with {title} (the document's own), {heading} (its first), {file} and {folder}"
    )


class SourceSettings(SettingsTable):
    """A place documents come from: what every kind has. A kind adds its own fields, and says its name in `kind`."""

    name: str = Field(min_length=1, description="A short name for reports")
    kind: str = Field(description="The kind of source")
    allow: tuple[Entry, ...] | None = Field(
        default=None, description='Readers of what no rule matches; unset: nobody, or "everyone" where there is no rule'
    )
    ignore_case: bool = Field(default=False, description="Rules match whatever the case of letters")
    access: tuple[AccessSettings, ...] = Field(default=(), description="Rules; the last that matches wins")
    titles: tuple[TitleSettings, ...] = Field(
        default=(), description="What documents are called, where their own titles do not do; the last rule wins"
    )

    every_s: int | None = Field(
        default=None, ge=1, le=86_400, description="Look through it this often, in seconds; unset: `sync_every_s`"
    )
    readers_every_s: int = Field(
        default=900, ge=1, le=86_400, description="Ask it for the readers of all documents this often, in seconds"
    )
    late_after_s: int = Field(
        default=LATE_S, ge=1, description="Seconds without a complete sync after which operators are told"
    )
    stale_after_s: int = Field(
        default=STALE_S, ge=1, description="Seconds without a complete sync after which replies say so"
    )
    keep_versions_days: int = Field(
        default=730, ge=0, le=36_500, description="Earlier versions are kept this many days after they were in force"
    )

    def rules(self) -> AccessRules:
        """Who may read what, for a source whose readers these settings decide."""
        return access_rules(self.access, self.allow, ignore_case=self.ignore_case)


class KnowingSettings(SourceSettings):
    """For a source that knows the readers of its documents itself: rules beside it would be a second truth."""

    @model_validator(mode="after")
    def _no_rules_beside_the_source(self) -> Self:
        if self.access or self.allow is not None:
            raise ValueError("allow, access: this source tells itself who may read what; remove them")
        return self


def title_rules(settings: SourceSettings) -> TitleRules:
    """What the settings of a source call its documents."""
    rules = tuple(TitleRule(t.path, t.title) for t in settings.titles)
    return TitleRules(rules, settings.ignore_case)


def access_rules(
    tables: Sequence[AccessSettings], default: Sequence[str] | None, *, ignore_case: bool = False
) -> AccessRules:
    """The rules that tables `access` write down; `default`: readers of what no rule matches."""
    rules = tuple(AccessRule(a.path, AccessList(frozenset(a.allow), frozenset(a.deny)), a.may_be_empty) for a in tables)
    return AccessRules(rules, None if default is None else AccessList(frozenset(default)), ignore_case)


S = TypeVar("S", bound=SourceSettings)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a source is told beside its own table. Paths in the table are relative to `base`.

    `secret` gives what an environment variable holds, or the file that it names with `_FILE` behind it; "": nothing.
    """

    base: Path
    secret: Callable[[str], str] = lambda _: ""


@dataclass(frozen=True, slots=True)
class SourceKind(Generic[S]):
    """`build` raises SourceUnavailable when no source can be made of the settings; it reaches for nothing."""

    settings: type[S]
    build: Callable[[S, Surroundings], Source]
