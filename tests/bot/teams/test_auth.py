"""Who may speak to the bot, and where the bot sends its token."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import aiohttp
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from bot.demo.standins.teams import TeamsFault, TeamsStandin
from bot.errors import SettingsError
from bot.teams.config import TeamsConfig
from tests.bot.teams.support import ADA, running

OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
NOW = int(time.time())


def unsigned(teams: TeamsStandin) -> str:
    _, claims, _ = teams.sign().split(".")
    return f"eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{claims}."


def symmetric(teams: TeamsStandin) -> str:
    """HS256, keyed with something public: the oldest trick."""
    return jwt.encode({"aud": teams.app_id}, "k" * 64, algorithm="HS256", headers={"kid": teams.key_id})


BAD_TOKENS: list[tuple[str, Callable[[TeamsStandin], str]]] = [
    ("missing", lambda t: ""),
    ("garbage", lambda t: "garbage"),
    ("three parts of garbage", lambda t: "a.b.c"),
    ("expired", lambda t: t.sign(exp=NOW - 3600, nbf=NOW - 7200)),
    ("without an end", lambda t: t.sign(exp=None)),
    ("not yet in force", lambda t: t.sign(nbf=NOW + 3600, exp=NOW + 7200)),
    ("badly signed", lambda t: t.sign(key=OTHER_KEY)),
    ("an unknown key id", lambda t: t.sign(kid="nobody's")),
    ("an unknown key id and key", lambda t: t.sign(kid="nobody's", key=OTHER_KEY)),
    ("with an empty key id", lambda t: t.sign(kid="")),
    ("for another bot", lambda t: t.sign(aud="33333333-3333-4333-8333-333333333333")),
    ("for nobody", lambda t: t.sign(aud=None)),
    ("from another issuer", lambda t: t.sign(iss="https://evil.example")),
    ("from no issuer", lambda t: t.sign(iss=None)),
    ("for another service address", lambda t: t.sign(serviceurl="https://smba.trafficmanager.net/emea/")),
    ("for no service address", lambda t: t.sign(serviceurl=None)),
    ("not signed", unsigned),
    ("signed with a shared secret", symmetric),
]


@pytest.mark.parametrize("token", [t[1] for t in BAD_TOKENS], ids=[t[0] for t in BAD_TOKENS])
async def test_a_bad_token_is_401_and_nothing_is_stored(token: Callable[[TeamsStandin], str]) -> None:
    async with running() as bot:
        activity = bot.teams.message(bot.teams.personal(ADA), ADA, "Let me in")
        status, body = await bot.teams.deliver(activity, token=token(bot.teams))
        assert (status, body) == (401, b"Not authorized.")
        assert not bot.intake.accepted


async def test_another_scheme_than_bearer_is_401() -> None:
    async with running() as bot, aiohttp.ClientSession() as session:
        activity = bot.teams.message(bot.teams.personal(ADA), ADA, "Let me in")
        headers = {"Content-Type": "application/json", "Authorization": f"Basic {bot.teams.sign()}"}
        async with session.post(bot.teams.endpoint, data=json.dumps(activity), headers=headers) as response:
            assert response.status == 401


async def test_a_channel_where_the_sender_chooses_who_he_is_is_401() -> None:
    async with running() as bot:
        activity = bot.teams.message(bot.teams.personal(ADA), ADA, "I say I am Ada")
        for channel in ("webchat", "directline", "emulator", "", None):
            status, _ = await bot.teams.deliver({**activity, "channelId": channel})
            assert status == 401
        assert not bot.intake.accepted


async def test_a_key_that_may_not_speak_for_teams_is_401() -> None:
    async with running() as bot:
        bot.teams.endorsements = ["webchat"]
        assert (await bot.teams.deliver(bot.teams.message(bot.teams.personal(ADA), ADA, "Hello")))[0] == 401


SERVICE_URLS = [
    "https://evil.example/teams/",
    "http://smba.trafficmanager.net/emea/",
    "https://smba.trafficmanager.net.evil.example/",
    "https://smba.trafficmanager.net@evil.example/",
    "https://user:pw@smba.trafficmanager.net/",
    "https://smba.trafficmanager.net:8443/",
    "http://169.254.169.254/metadata/",
    "https://[::1",
    "file:///etc/passwd",
    "",
]


@pytest.mark.parametrize("address", SERVICE_URLS)
async def test_a_service_address_off_the_list_is_401_even_when_signed(address: str) -> None:
    async with running() as bot:
        activity = {**bot.teams.message(bot.teams.personal(ADA), ADA, "Send it there"), "serviceUrl": address}
        status, _ = await bot.teams.deliver(activity, token=bot.teams.sign(serviceurl=address))
        assert (status, bot.intake.accepted) == (401, [])


def test_teams_own_addresses_are_trusted_and_this_machine_only_in_development() -> None:
    config = TeamsConfig("app", "tenant", "secret")
    assert config.trusts("https://smba.trafficmanager.net/emea/")
    assert config.trusts("https://smba.trafficmanager.net:443/amer/1234/")
    assert not any(config.trusts(a) for a in [*SERVICE_URLS, "http://127.0.0.1:80/", "http://localhost/"])
    development = TeamsConfig("app", "tenant", "secret", development=True)
    assert development.trusts("http://127.0.0.1:9000/")
    assert not any(development.trusts(a) for a in SERVICE_URLS)


async def test_a_new_signing_key_is_fetched() -> None:
    async with running(keys_pause=0.0) as bot:
        person = bot.teams.personal(ADA)
        assert (await bot.teams.deliver(bot.teams.message(person, ADA, "one")))[0] == 202
        bot.teams.rotate_key()
        assert (await bot.teams.deliver(bot.teams.message(person, ADA, "two")))[0] == 202


async def test_forged_key_ids_do_not_make_us_fetch_again_and_again() -> None:
    async with running() as bot:
        activity = bot.teams.message(bot.teams.personal(ADA), ADA, "Hello")
        for number in range(20):
            assert (await bot.teams.deliver(activity, token=bot.teams.sign(kid=f"forged-{number}")))[0] == 401
        assert len([r for r in bot.teams.received if r.path == "/openid/keys"]) == 1


@pytest.mark.parametrize(
    "fault",
    [
        TeamsFault(503, 1, "/openid/.well-known"),
        TeamsFault(200, 1, "/openid/keys", body=b"<html>", content_type="text/html"),
        TeamsFault(200, 1, "/openid/keys", body=b'{"keys": [{"kty": "RSA", "kid": "x", "n": "!", "e": "!"}]}'),
        TeamsFault(200, 1, "/openid/.well-known", body=b"[]"),
        TeamsFault(302, 1, "/openid/keys", headers={"Location": "http://169.254.169.254/"}),
        TeamsFault(0, 2, "/openid/keys", drop=True),
    ],
    ids=["down", "no json", "broken keys", "no metadata", "a redirect", "dropped"],
)
async def test_without_keys_teams_is_asked_to_come_back(fault: TeamsFault) -> None:
    async with running() as bot:
        bot.teams.faults.append(fault)
        activity = bot.teams.message(bot.teams.personal(ADA), ADA, "Hello")
        assert (await bot.teams.deliver(activity))[0] == 503
        assert (await bot.teams.deliver(activity))[0] == 202


SETTINGS: list[tuple[str, dict[str, Any], str]] = [
    ("no app id", {"app_id": ""}, "TEAMS_APP_ID"),
    ("no tenant", {"tenant_id": ""}, "TEAMS_APP_TENANTID"),
    ("keys over http", {"openid_metadata_url": "http://login.botframework.com/keys"}, "openid_metadata_url"),
    ("the secret over http", {"login_url": "http://127.0.0.1/login"}, "login_url"),
]


@pytest.mark.parametrize(("changes", "named"), [s[1:] for s in SETTINGS], ids=[s[0] for s in SETTINGS])
def test_unsafe_settings_are_refused(changes: dict[str, Any], named: str) -> None:
    with pytest.raises(SettingsError, match=named):
        TeamsConfig(**{"app_id": "app", "tenant_id": "tenant", "app_password": "secret", **changes})


async def test_development_without_an_app_id_talks_to_this_machine_only() -> None:
    async with running(app_id="") as bot:
        activity = bot.teams.message(bot.teams.personal(ADA), ADA, "Hello")
        assert (await bot.teams.deliver(activity, token=""))[0] == 202
        away = {**activity, "serviceUrl": "https://evil.example/"}
        assert (await bot.teams.deliver(away, token=""))[0] == 401


def test_the_secret_is_not_shown() -> None:
    assert "hunter2" not in repr(TeamsConfig("app", "tenant", "hunter2"))
