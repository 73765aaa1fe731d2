"""One setting for Teams' cloud: both directions go to that cloud alone."""

from __future__ import annotations

import pytest

from bot.errors import PlatformUnauthorized
from bot.settings.values import load
from bot.teams.clouds import CLOUDS, Name
from bot.teams.config import TeamsConfig
from bot.teams.history import teams_reader
from tests.bot.teams.support import ADA, BEN, answered, reply, running

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


@pytest.mark.parametrize("name", CLOUDS)
async def test_a_question_is_taken_and_answered_in_its_cloud_with_its_tokens_alone(name: Name) -> None:
    """The issuer of one cloud signs for no other, and a cloud's services take no token that is for another's."""
    own = CLOUDS[name].issuer
    async with running(issuer=own) as bot:
        teams = bot.teams
        place = teams.place("channel", ADA, BEN)
        for issuer in {cloud.issuer for cloud in CLOUDS.values()} - {own}:
            status, _ = await teams.deliver(teams.message(place, ADA, "Hotels?"), token=teams.sign(iss=issuer))
            assert status == 401, issuer
        assert bot.intake.accepted == []
        await teams.say(place, ADA, "Hotels?")
        people = await bot.platform.people(bot.intake.last)
        assert len(people.readers or ()) == 2
        await bot.platform.post(bot.intake.last, reply(bot.platform, answered()), None)
        assert len(teams.answers(place)) == 1
    async with running(issuer=own, resource="https://api.another.example") as bot:
        place = bot.teams.place("channel", ADA, BEN)
        await bot.teams.say(place, ADA, "Hotels?")
        with pytest.raises(PlatformUnauthorized):
            await bot.platform.people(bot.intake.last)


@pytest.mark.parametrize("name", CLOUDS)
async def test_the_setting_alone_decides_on_every_address(name: Name, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bot, and what `audit reconcile` and `doctor` read with, from the environment that an operator sets."""
    monkeypatch.setenv("FOOTNOTE_TEAMS_CLOUD", name)
    monkeypatch.setenv("TEAMS_APP_ID", APP)
    monkeypatch.setenv("TEAMS_APP_TENANTID", TENANT)
    monkeypatch.setenv("TEAMS_APP_PASSWORD", "secret")
    cloud, made = CLOUDS[name], load()
    assert made.teams_cloud == name
    told = {made.teams_login_url, made.teams_graph_url, made.teams_service_url}
    assert told <= {None, ""}, "nothing else needs to be set"
    reader = teams_reader(made)
    await reader.close()
    assert (reader.where.graph, reader.where.service) == (cloud.graph, cloud.service)


def test_the_government_s_addresses_are_the_sdk_s() -> None:
    from botframework.connector.auth import GovernmentConstants as Sdk

    for name in ("gcc-high", "dod"):
        cloud = CLOUDS[name]
        assert cloud.issuer == Sdk.TO_BOT_FROM_CHANNEL_TOKEN_ISSUER == Sdk.TO_CHANNEL_FROM_BOT_OAUTH_SCOPE
        assert cloud.keys == Sdk.TO_BOT_FROM_CHANNEL_OPENID_METADATA_URL
        assert f"{cloud.login}/" == Sdk.TO_CHANNEL_FROM_BOT_LOGIN_URL_PREFIX
