"""What an operator sets for Teams."""

from __future__ import annotations

from typing import Annotated

from pydantic import AliasChoices, BaseModel, Field, SecretStr

from bot.teams.clouds import Name


class TeamsSettings(BaseModel):
    """Keys of the settings file, and variables of the environment."""

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
        default=False,
        description="Let `audit reconcile` read in Teams; the app package asks for the rights, `doctor` checks them",
    )
    teams_cloud: Name = Field(
        default="public", description="Teams' cloud: public, gcc, gcc-high, dod or china (21Vianet)"
    )
    teams_graph_url: str | None = Field(
        default=None, description="Microsoft Graph, where it is not that of teams_cloud"
    )
    teams_login_url: str | None = Field(default=None, description="Login address, if it is not that of teams_cloud")
    teams_service_url: str | None = Field(
        default=None, description="The Bot Connector, if it is not that of teams_cloud"
    )


class TeamsAddress(BaseModel):
    """How an expert is reached in Teams."""

    teams: str = Field(default="", max_length=200, description="E-mail or Entra object id; for Teams")
