"""What an operator sets for Teams."""

from __future__ import annotations

from typing import Annotated

from pydantic import AliasChoices, BaseModel, Field, SecretStr


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


class TeamsAddress(BaseModel):
    """How an expert is reached in Teams."""

    teams: str = Field(default="", max_length=200, description="E-mail or Entra object id; for Teams")
