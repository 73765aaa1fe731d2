"""What an operator sets for Slack."""

from __future__ import annotations

from typing import Annotated

from pydantic import AliasChoices, BaseModel, Field, SecretStr

from bot.slack.clouds import Name


class SlackSettings(BaseModel):
    """Keys of the settings file, and variables of the environment."""

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
    slack_cloud: Name = Field(default="public", description="Slack's cloud: public, or gov (GovSlack)")
    slack_base_url: str | None = Field(default=None, description="Slack's Web API, where it is not that of slack_cloud")
    slack_trusted_emails: tuple[Annotated[str, Field(pattern=r"^([TE][A-Z0-9]{2,}|@[^@\s]+\.[^@\s]+)$")], ...] = Field(
        default=(),
        description="Whose e-mail addresses count although Slack does not confirm them, as with single sign-on: "
        "ids of workspaces or Grid organisations, or domains such as @example.com",
    )
    slack_teams: tuple[str, ...] = Field(
        default=(),
        description='Workspace ids to answer; empty: the bot\'s own. With a client id needed: the ids, or "any"',
    )


class SlackAddress(BaseModel):
    """How an expert is reached in Slack."""

    slack: str = Field(default="", pattern=r"^([UWS][A-Z0-9]{2,})?$", description="Slack user id or user group id")
