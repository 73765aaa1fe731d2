"""Where people's groups come from. Fields: docs/directories.md."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, Field, SecretStr, field_validator

from connectors.kinds import SettingsTable

CacheSeconds = Annotated[
    int, Field(ge=0, le=300, description="How long an answer is remembered, in seconds; 0: not at all")
]


class FileGroupsSettings(SettingsTable):
    """The table [groups] below. It always counts; this line only says so."""

    kind: Literal["file"]


class SlackGroupsSettings(SettingsTable):
    """Slack's user groups, as "slack:HANDLE" and "slack:ID"."""

    kind: Literal["slack"]
    cache_seconds: CacheSeconds = 30


class GraphSettings(SettingsTable):
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
    login_url: str = Field(default="https://login.microsoftonline.com", description="Login address of your cloud")


class HttpDirectorySettings(SettingsTable):
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


class GroupSettings(BaseModel):
    guests: bool = Field(default=False, description="Answer guests, from what their groups may read")
    groups: Mapping[str, tuple[str, ...]] = Field(
        default_factory=dict, description='Members by group: e-mails, "slack:ID", "teams:ID" or "group:NAME"'
    )
    directories: tuple[DirectorySettings, ...] = Field(
        default=(), description="Where groups come from beside [groups]; docs/directories.md has the fields"
    )
    graph_client_secret: SecretStr | None = Field(default=None, description="Client secret for Microsoft Graph")
    directory_secret: SecretStr | None = Field(default=None, description="Bearer secret of the directory endpoint")

    @field_validator("directories")
    @classmethod
    def _one_of_a_kind(cls, tables: tuple[DirectorySettings, ...]) -> tuple[DirectorySettings, ...]:
        if len({table.kind for table in tables}) < len(tables):
            raise ValueError("there may be one directory of each kind")
        return tables
