"""Settings: one frozen value, built once from the environment and `footnote.toml`.

The environment wins over the file. An unknown key, in either, is an error.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import time
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import (
    AliasChoices,
    BeforeValidator,
    Field,
    SecretStr,
    SerializeAsAny,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from bot.answering.channels import DIRECT, Unmentioned
from bot.errors import SettingsError
from bot.settings.named_groups import Named, known_nowhere, named
from bot.settings.secret_files import SUFFIX, read_secrets
from connectors.kinds import Entry, SourceSettings, Table
from connectors.registry import read_table

SETTINGS_FILE = "footnote.toml"
PREFIX = "FOOTNOTE_"


AnySource = Annotated[SerializeAsAny[SourceSettings], BeforeValidator(read_table)]

_CLOCK = r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$"


class StyleSettings(Table):
    """House style: how answers sound."""

    tone: str = Field(default="Plain, factual and short; the answer first.", max_length=500, description="How to write")
    audience: str = Field(
        default="finance, legal and compliance staff", max_length=200, description="Who the answers are for"
    )
    statements: int = Field(default=4, ge=1, le=12, description="At most so many sentences")
    words: int = Field(default=40, ge=10, le=120, description="At most so many words in a sentence")
    language: str = Field(
        default="asker", max_length=40, description='"asker": that of the question; or the name of a language'
    )
    disclaimer: str = Field(default="", max_length=300, description="A line under every answer")
    answer_schema: Path | None = Field(
        default=None, description="JSON Schema file of the answer's parts; relative to the settings file"
    )


class HoursSettings(Table):
    """When a channel is answered; at other times it is told when to ask again."""

    zone: str = Field(description='Whose clocks count, by IANA name, e.g. "Europe/Paris"')
    days: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...] = Field(
        default=("mon", "tue", "wed", "thu", "fri"), min_length=1, description="Days on which it is answered"
    )
    opens: str = Field(default="00:00", pattern=_CLOCK, description="From when, as HH:MM")
    closes: str = Field(default="24:00", pattern=_CLOCK, description="Until when; not later than opens: the next day")

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


class ChannelSettings(Table):
    """A rule for a channel. What is left out is as everywhere."""

    id: str = Field(min_length=1, description='The platform\'s channel id; "direct": all direct chats')
    grant: tuple[Entry, ...] | None = Field(
        default=None,
        description="Entries that count as every reader's rights, instead of what all its members may read",
    )
    external: bool = Field(default=False, description="Answer although other organisations share the channel")
    sources: tuple[str, ...] | None = Field(
        default=None, min_length=1, description="Names of the sources that answers draw on"
    )
    without_mention: Unmentioned | None = Field(
        default=None, description='Answer without a mention: "never", "threads" (in ours), "always"'
    )
    hours: HoursSettings | None = Field(default=None, description="When it is answered: zone, days, opens, closes")
    limit: int | None = Field(default=None, ge=0, le=100_000, description="Instead of channel_limit, for this channel")
    style: StyleSettings | None = Field(default=None, description="What of the house style differs here, e.g. language")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.id != DIRECT:
            return self
        if self.grant is not None:
            raise ValueError("in direct chats the person's own rights count: there is nothing to grant")
        if self.without_mention is not None or self.external:
            raise ValueError("direct chats need no mention and are not shared: without_mention, external say nothing")
        return self


CacheSeconds = Annotated[
    int, Field(ge=0, le=300, description="An answer is remembered so long, in seconds; 0: not at all")
]


class FileGroupsSettings(Table):
    """The table [groups] below. It always counts; this line only says so."""

    kind: Literal["file"]


class SlackGroupsSettings(Table):
    """Slack's user groups, as "slack:HANDLE" and "slack:ID"."""

    kind: Literal["slack"]
    cache_seconds: CacheSeconds = 30


class GraphSettings(Table):
    """Groups in Microsoft Entra, nested ones too, as "graph:ID"."""

    kind: Literal["graph"]
    cache_seconds: CacheSeconds = 30
    tenant: str = Field(default="", description="Id of the tenant; empty: TEAMS_APP_TENANTID")
    client_id: str = Field(
        default="",
        description="App that may read groups, its secret in FOOTNOTE_GRAPH_CLIENT_SECRET (unset: a managed identity); "
        "empty: the Teams bot's app and secret",
    )
    display_names: tuple[str, ...] = Field(
        default=(), max_length=50, description='Groups that are also "graph:DISPLAY NAME"; one group each may have it'
    )
    security_groups_only: bool = Field(
        default=True, description="Leave out groups that are not for security: Microsoft 365 groups, distribution lists"
    )
    base_url: str = Field(default="https://graph.microsoft.com/v1.0", description="Microsoft Graph of your cloud")
    login_url: str = Field(default="https://login.microsoftonline.com", description="Where your cloud gives tokens")


class HttpDirectorySettings(Table):
    """Your own endpoint; its bearer secret is FOOTNOTE_DIRECTORY_SECRET."""

    kind: Literal["http"]
    cache_seconds: CacheSeconds = 30
    url: str = Field(description="Where to POST; https, or http on this machine")
    prefix: Literal["http:", ""] = Field(
        default="http:", description='Stands before each name; "": the names may be those of [groups]'
    )


DirectorySettings = Annotated[
    FileGroupsSettings | SlackGroupsSettings | GraphSettings | HttpDirectorySettings, Field(discriminator="kind")
]


class ExpertSettings(Table):
    """A person or group who is asked when somebody presses "Ask …" or says `expert`; the first that matches."""

    name: str = Field(pattern=r"^[^<>@\s][^<>@]{0,58}$", description='As people know them, e.g. "the travel desk"')
    slack: str = Field(default="", pattern=r"^([UWS][A-Z0-9]{2,})?$", description="Slack user id or user group id")
    teams: str = Field(default="", max_length=200, description="E-mail or Entra object id; for Teams")
    channels: tuple[str, ...] = Field(default=(), description="Channel ids it is for; empty: all")
    words: tuple[str, ...] = Field(default=(), description="Beginnings of words in the question; empty: any question")
    at_once: bool = Field(default=False, description="Called unasked where no document answers, except in direct chats")

    @property
    def addresses(self) -> dict[str, str]:
        """By platform, where they have one."""
        return {name: address for name, address in (("slack", self.slack), ("teams", self.teams)) if address}


class RetentionSettings(Table):
    """Audit records older than `days` lose their fields; the log's proofs stay."""

    days: int = Field(ge=1, description="Age, in days; below 184 only when said twice")
    tenant: str | None = Field(default=None, description="Only this tenant's records")
    channel: str | None = Field(default=None, description="Only this channel's records")
    below_floor: bool = Field(default=False, description="Mean it, below the six months of the EU AI Act")
    below_floor_confirmed: bool = Field(default=False, description="Say it twice")


class Settings(BaseSettings):
    """Everything an operator can set."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid", populate_by_name=True)

    home: Path = Field(default=Path(".footnote"), description="Folder of all state")
    weaviate_url: str | None = Field(default=None, description="Weaviate's HTTP address; unset: the embedded index")
    weaviate_grpc_port: int = Field(default=50051, ge=1, le=65535, description="Weaviate's gRPC port")
    weaviate_api_key: SecretStr | None = Field(default=None, description="Weaviate's API key")
    weaviate_collection: str = Field(
        default="Footnote", pattern="^[A-Z][A-Za-z0-9]{0,60}$", description="Beginning of the collections' names"
    )
    database_url: SecretStr | None = Field(
        default=None, description="PostgreSQL for audit log and inbox, postgresql://…; unset: SQLite in the home"
    )
    model: str | None = Field(default=None, description="Chat model; unset: verbatim sentences without a model")
    model_base_url: str | None = Field(default=None, description="OpenAI-compatible endpoint of the model")
    model_api_key: SecretStr | None = Field(default=None, description="API key of the model's endpoint")
    model_timeout_s: int = Field(default=30, ge=1, le=300, description="Time limit of one model call, in seconds")
    embedding_model: str | None = Field(default=None, description="Embedding model; unset: the built-in MiniLM")
    embedding_base_url: str | None = Field(default=None, description="OpenAI-compatible endpoint for embeddings")
    embedding_api_key: SecretStr | None = Field(default=None, description="API key of the embeddings endpoint")
    embedding_dimensions: int = Field(default=1536, ge=8, le=8192, description="Size of the endpoint's vectors")

    slack_bot_token: Annotated[SecretStr | None, Field(validation_alias=AliasChoices("SLACK_BOT_TOKEN"))] = Field(
        default=None, description="Slack bot token (xoxb-…)"
    )
    slack_app_token: Annotated[SecretStr | None, Field(validation_alias=AliasChoices("SLACK_APP_TOKEN"))] = Field(
        default=None, description="Slack app token (xapp-…) for Socket Mode"
    )
    slack_signing_secret: Annotated[SecretStr | None, Field(validation_alias=AliasChoices("SLACK_SIGNING_SECRET"))] = (
        Field(default=None, description="Slack signing secret for events over HTTP")
    )
    slack_client_id: Annotated[str, Field(validation_alias=AliasChoices("SLACK_CLIENT_ID"))] = Field(
        default="", description="Slack client id, instead of a bot token: several workspaces, by OAuth"
    )
    slack_client_secret: Annotated[SecretStr | None, Field(validation_alias=AliasChoices("SLACK_CLIENT_SECRET"))] = (
        Field(default=None, description="Its client secret")
    )
    slack_base_url: str = Field(default="https://slack.com/api/", description="Slack's Web API; change it in tests")
    slack_teams: tuple[str, ...] = Field(
        default=(), description="Workspace ids to answer; empty: the bot's own; with a client id: any that installs"
    )
    teams_app_id: Annotated[str | None, Field(validation_alias=AliasChoices("TEAMS_APP_ID"))] = Field(
        default=None, description="Microsoft app id of the bot"
    )
    teams_app_password: Annotated[SecretStr | None, Field(validation_alias=AliasChoices("TEAMS_APP_PASSWORD"))] = Field(
        default=None, description="Its client secret; unset: the managed identity"
    )
    teams_app_tenantid: Annotated[str | None, Field(validation_alias=AliasChoices("TEAMS_APP_TENANTID"))] = Field(
        default=None, description="The tenant the bot is registered in"
    )
    teams_tenants: tuple[str, ...] = Field(default=(), description="Tenant ids to answer; empty: the bot's own")
    teams_reconcile: bool = Field(
        default=False, description="`audit reconcile` asks Teams: the app's package and `doctor` see to the rights"
    )
    teams_graph_url: str = Field(
        default="https://graph.microsoft.com/v1.0", description="Microsoft Graph of your cloud, for `audit reconcile`"
    )
    teams_login_url: str = Field(
        default="https://login.microsoftonline.com", description="Where your cloud gives tokens for it"
    )
    teams_service_url: str = Field(
        default="https://smba.trafficmanager.net/teams/", description="The Bot Connector of your cloud, likewise"
    )

    host: str = Field(default="127.0.0.1", description="Address that `footnote serve` listens on")
    port: int = Field(
        default=3978, ge=0, le=65535, description="Port that `footnote serve` listens on; 0: any free one"
    )
    sync_every_s: int = Field(
        default=300, ge=0, le=86_400, description="`footnote serve` syncs all sources this often, in seconds; 0: never"
    )
    heartbeat_every_s: int = Field(
        default=3_600, ge=0, le=86_400, description="A heartbeat goes to the audit log this often, in seconds; 0: never"
    )
    checkpoint_folder: Path | None = Field(
        default=None, description="Folder outside the home (a mounted bucket, another machine) for signed checkpoints"
    )
    checkpoint_every_s: int = Field(default=3_600, ge=60, le=604_800, description="How often, in seconds")
    retention: tuple[RetentionSettings, ...] = Field(
        default=(), description="Rules for old audit records: days, tenant, channel"
    )
    workers: int = Field(default=8, ge=1, le=64, description="Questions answered at the same time")
    person_limit: int = Field(
        default=30, ge=0, le=100_000, description="Questions of a person answered in limit_minutes; 0: any number"
    )
    channel_limit: int = Field(
        default=120, ge=0, le=100_000, description="Questions in a channel answered in limit_minutes; 0: any number"
    )
    limit_minutes: int = Field(default=10, ge=1, le=1_440, description="The time for these limits, in minutes")
    queue_limit: int = Field(default=2_000, ge=1, le=20_000, description="Questions that may wait for their answer")
    queue_per_person: int = Field(default=100, ge=1, le=20_000, description="Questions of one person that may wait")
    point_to_answers: bool = Field(
        default=True, description="A question repeated in a thread gets a link to its answer while that still holds"
    )
    follow_up_without_mention: bool = Field(default=True, description="Answer replies in our threads unmentioned")
    guests: bool = Field(default=False, description="Answer guests, from what their groups may read")
    memory_hours: int = Field(default=24, ge=0, le=720, description="How long a thread is remembered, in hours")
    question_limit: int = Field(default=4_000, ge=100, le=20_000, description="Longest question, in characters")
    sources: tuple[AnySource, ...] = Field(default=(), description="Where documents come from")
    groups: Mapping[str, tuple[str, ...]] = Field(
        default_factory=dict, description='Members by group: e-mails, "slack:ID", "teams:ID" or "group:NAME"'
    )
    directories: tuple[DirectorySettings, ...] = Field(
        default=(), description="Where groups come from beside [groups]; docs/directories.md has the fields"
    )
    graph_client_secret: SecretStr | None = Field(default=None, description="Client secret for Microsoft Graph")
    directory_secret: SecretStr | None = Field(default=None, description="Bearer secret of the directory endpoint")
    channels: tuple[ChannelSettings, ...] = Field(default=(), description="Rules for single channels")
    experts: tuple[ExpertSettings, ...] = Field(default=(), description="Who is asked when documents are not enough")
    suggested_questions: tuple[Annotated[str, Field(min_length=1, max_length=75)], ...] = Field(
        default=(), max_length=4, description="Offered when a conversation opens; empty: what it can answer from, help"
    )
    style: StyleSettings = Field(
        default_factory=StyleSettings,
        description="House style: tone, audience, statements, words, language, disclaimer, answer_schema",
    )
    ocr: bool = Field(default=False, description="Read scanned pages with Tesseract, about a second a page")
    ocr_language: str = Field(
        default="eng",
        pattern=r"^[A-Za-z_]{2,40}(\+[A-Za-z_]{2,40}){0,7}$",
        description='Tesseract\'s name of their language; several as "eng+deu"',
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="What is logged")

    @field_validator("directories")
    @classmethod
    def _one_of_a_kind(cls, tables: tuple[DirectorySettings, ...]) -> tuple[DirectorySettings, ...]:
        if len({table.kind for table in tables}) < len(tables):
            raise ValueError("there may be one directory of each kind")
        return tables

    @property
    def named_groups(self) -> list[Named]:
        """The groups that access lists name."""
        found: list[Named] = []
        for source in self.sources:
            found += named(source.allow or (), f"sources: {source.name}")
            for rule in source.access:
                where = f'sources: {source.name}, rule "{rule.path}",'
                found += named(rule.allow, where) + named(rule.deny, where, denies=True)
        for channel in self.channels:
            found += named(channel.grant or (), f"channels: {channel.id}")
        return found

    @property
    def groups_of_nobody(self) -> list[Named]:
        """Those that no directory which is set up could know."""
        kinds = frozenset(table.kind for table in self.directories)
        bare = any(isinstance(table, HttpDirectorySettings) and not table.prefix for table in self.directories)
        return [n for n in self.named_groups if known_nowhere(n.group, self.groups, kinds, bare=bare)]

    @model_validator(mode="after")
    def _denied_groups_are_known(self) -> Self:
        """A denial of a group that is not there would stop nobody."""
        for group in self.groups_of_nobody:
            if group.denies:
                raise ValueError(f"{group.told(self.groups)}: define it in [groups], correct its name, or remove it")
        return self

    @model_validator(mode="after")
    def _channels_fit(self) -> Self:
        ids = [channel.id for channel in self.channels]
        twice = sorted({i for i in ids if ids.count(i) > 1})
        if twice:
            raise ValueError(f"channels: there are two rules for {', '.join(twice)}; make them one")
        known = {source.name for source in self.sources}
        for channel in self.channels:
            unknown = sorted(set(channel.sources or ()) - known)
            if unknown:
                names = ", ".join(sorted(known)) or "none"
                raise ValueError(f"channels: {channel.id} names the source {unknown[0]!r}; there are: {names}")
        return self

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

    @classmethod
    def secrets(cls) -> dict[str, str]:
        """The environment variable of each secret setting, by key."""
        return {
            n: variable(n, f.validation_alias) for n, f in cls.model_fields.items() if "SecretStr" in str(f.annotation)
        }

    def secret(self, name: str) -> str:
        """The value of a secret setting; "" when it is not set."""
        value = getattr(self, name)
        return value.get_secret_value() if isinstance(value, SecretStr) else ""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, settings_file())


def variable(name: str, alias: object) -> str:
    """The environment variable of a setting."""
    return str(alias.choices[0]) if isinstance(alias, AliasChoices) else PREFIX + name.upper()


def settings_file() -> Path:
    """Where the settings file is, or would be; paths in it are relative to its folder."""
    return Path(os.environ.get(PREFIX + "SETTINGS", SETTINGS_FILE))


def load(home: Path | None = None) -> Settings:
    """Read the environment and the settings file. Raises SettingsError."""
    secrets = Settings.secrets()
    known = {PREFIX + name.upper() for name in Settings.model_fields} | {PREFIX + "SETTINGS"}
    known |= {name + SUFFIX for name in secrets.values()}
    unknown = sorted(name for name in os.environ if name.startswith(PREFIX) and name not in known)
    if unknown:
        raise SettingsError(f"Unknown setting in the environment: {', '.join(unknown)}. `footnote doctor` lists them.")
    file = settings_file()
    if PREFIX + "SETTINGS" in os.environ and not file.is_file():
        raise SettingsError(f"The settings file {file} does not exist (FOOTNOTE_SETTINGS names it).")
    values: dict[str, Any] = {**({} if home is None else {"home": home}), **read_secrets(secrets, os.environ)}
    try:
        settings = Settings(**values)
    except ValidationError as error:
        raise SettingsError(_explain(error)) from None  # the original would print the values, secrets too
    except ValueError as error:
        raise SettingsError(f"{file} cannot be read: {error}") from error
    return settings


def _explain(error: ValidationError) -> str:
    lines = []
    for item in error.errors(include_input=False, include_url=False):
        name = ".".join(str(part) for part in item["loc"])
        what = "is not a setting" if item["type"] == "extra_forbidden" else item["msg"]
        lines.append(f"{name}: {what}")
    return "The settings are wrong. " + "; ".join(lines) + f". Look in {settings_file()} and the environment."
