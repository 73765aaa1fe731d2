"""All settings as one frozen value. Each area is in a module beside this; here is what binds them together."""

from __future__ import annotations

from typing import Self

from pydantic import SecretStr, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from bot.settings.audit import AuditSettings
from bot.settings.chat import ChatSettings
from bot.settings.directories import GroupSettings, HttpDirectorySettings
from bot.settings.files import PREFIX, settings_file, variable
from bot.settings.index import IndexSettings
from bot.settings.limits import LimitSettings
from bot.settings.models import ModelSettings
from bot.settings.named_groups import NamedGroup, known_nowhere, named
from bot.settings.platforms import PlatformSettings
from bot.settings.service import DatabaseSettings, HomeSettings, ServiceSettings
from bot.settings.sources import DocumentSettings
from retrieval.outbound.addresses import is_plain


# The tables of the documentation show the last area first.
class Settings(
    LimitSettings,
    AuditSettings,
    ChatSettings,
    GroupSettings,
    DocumentSettings,
    ServiceSettings,
    PlatformSettings,
    ModelSettings,
    DatabaseSettings,
    IndexSettings,
    HomeSettings,
    BaseSettings,
):
    """Everything an operator can set."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid", populate_by_name=True)

    @property
    def named_groups(self) -> list[NamedGroup]:
        """The groups that access lists name."""
        found: list[NamedGroup] = []
        for source in self.sources:
            found += named(source.allow or (), f"sources: {source.name}")
            for rule in source.access:
                where = f'sources: {source.name}, rule "{rule.path}",'
                found += named(rule.allow, where) + named(rule.deny, where, denies=True)
        for channel in self.channels:
            found += named(channel.grant or (), f"channels: {channel.id}")
        return found

    @property
    def groups_of_nobody(self) -> list[NamedGroup]:
        """Those that no directory which is set up could know."""
        kinds = frozenset(table.kind for table in self.directories)
        bare = any(isinstance(table, HttpDirectorySettings) and not table.prefix for table in self.directories)
        return [n for n in self.named_groups if known_nowhere(n.group, self.groups, kinds, bare=bare)]

    @field_validator("*")
    @classmethod
    def _addresses_are_plain(cls, value: object, field: ValidationInfo) -> object:
        """A password in an address would stand in messages, logs and records."""
        address = value if str(field.field_name).endswith("_url") and isinstance(value, str) else ""
        if address and not is_plain(address):
            raise ValueError("must be http://… or https://… without a name, password or # in it; keys have settings")
        return value

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
