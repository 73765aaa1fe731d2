"""One setting for Teams' cloud: both directions go to that cloud alone."""

from __future__ import annotations

import pytest

from bot.teams.clouds import CLOUDS, Name
from bot.teams.config import TeamsConfig

APP, TENANT = "22222222-2222-4222-8222-222222222222", "11111111-1111-4111-8111-111111111111"


@pytest.mark.parametrize("name", CLOUDS)
def test_replies_go_to_the_cloud_s_own_services_alone(name: Name) -> None:
    config = TeamsConfig.of(CLOUDS[name], APP, TENANT, app_password="secret")
    assert config.trusts(CLOUDS[name].service)
    others = {host for cloud in CLOUDS.values() for host in cloud.services} - set(CLOUDS[name].services)
    assert not any(config.trusts(f"https://{host}/teams/") for host in others)


@pytest.mark.parametrize("name", CLOUDS)
def test_a_cloud_has_one_authority(name: Name) -> None:
    """Issuer, keys, login and Graph end alike: a mixture would take the tokens of another cloud."""
    cloud = CLOUDS[name]
    ending = {"gcc-high": ".us", "dod": ".us", "china": ".cn"}.get(name, ".com")
    for address in (cloud.issuer, cloud.keys, cloud.login, cloud.graph):
        host = address.removeprefix("https://").partition("/")[0]
        assert host.endswith(ending), address


def test_the_government_s_addresses_are_the_sdk_s() -> None:
    from botframework.connector.auth import GovernmentConstants as Sdk

    for name in ("gcc-high", "dod"):
        cloud = CLOUDS[name]
        assert cloud.issuer == Sdk.TO_BOT_FROM_CHANNEL_TOKEN_ISSUER == Sdk.TO_CHANNEL_FROM_BOT_OAUTH_SCOPE
        assert cloud.keys == Sdk.TO_BOT_FROM_CHANNEL_OPENID_METADATA_URL
        assert f"{cloud.login}/" == Sdk.TO_CHANNEL_FROM_BOT_LOGIN_URL_PREFIX
