"""The stand-in refuses what Teams refuses: otherwise the adapter's tests would prove little."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import aiohttp
import pytest

from bot.demo.standins.teams import Person, TeamsStandin
from bot.demo.standins.teams_checks import MESSAGE_BYTES, as_text, problems
from bot.errors import PlatformDenied, PlatformRefused
from bot.teams.render import render
from tests.bot.teams.support import ADA, answered, citation, running


def good() -> Any:
    return json.loads(json.dumps(render(answered(citation(1), citation(2)))))


def entity(message: Any) -> Any:
    return message["entities"][0]


def appearance(message: Any) -> Any:
    return entity(message)["citation"][0]["appearance"]


def card(message: Any) -> Any:
    return message["attachments"][0]["content"]


def many_citations(message: Any) -> None:
    entity(message)["citation"] = [{**entity(message)["citation"][0], "position": n} for n in range(1, 22)]
    message["text"] = " ".join(f"[{n}]" for n in range(1, 22))


def mention(message: Any) -> None:
    message["entities"].append({"type": "mention", "text": "<at>Ada</at>", "mentioned": {"id": "29:x"}})


REFUSED: list[tuple[str, Callable[[Any], object], str]] = [
    ("two root entities", lambda m: m["entities"].append(entity(m)), "two root entities"),
    ("an entity of its type alone", lambda m: m.update(entities=[{"type": entity(m)["type"]}]), "lacks @type"),
    ("an unknown label", lambda m: entity(m).update(additionalType=["HumanMade"]), "additionalType"),
    ("more than 20 citations", many_citations, "more than 20"),
    ("a position twice", lambda m: entity(m)["citation"].append(entity(m)["citation"][0]), "twice"),
    ("no marker in the text", lambda m: m.update(text="No marker."), "no marker"),
    ("a long name", lambda m: appearance(m).update(name="x" * 81), "name"),
    ("no name", lambda m: appearance(m).pop("name"), "name"),
    ("a long abstract", lambda m: appearance(m).update(abstract="x" * 161), "abstract"),
    ("a script as url", lambda m: appearance(m).update(url="javascript:alert(1)"), "web address"),
    ("a card without its format", lambda m: appearance(m).pop("encodingFormat"), "encodingFormat"),
    ("a card that is no string", lambda m: appearance(m).update(text={"type": "AdaptiveCard"}), "no Adaptive Card"),
    ("a card that is no JSON", lambda m: appearance(m).update(text="{"), "no Adaptive Card"),
    ("a citation without @type", lambda m: appearance(m).pop("@type"), "lacks its @type"),
    ("another attachment", lambda m: m["attachments"][0].update(contentType="text/html"), "unknown attachment"),
    ("a newer card", lambda m: card(m).update(version="1.6"), "version"),
    ("an unknown element", lambda m: card(m)["body"].append({"type": "Table"}), "unknown card element"),
    ("a mention that is not in the text", mention, "mention"),
    ("nothing to show", lambda m: [m.pop("text"), m.pop("attachments")], "neither text nor attachments"),
    ("another type", lambda m: m.update(type="event"), "type"),
]


@pytest.mark.parametrize(("spoil", "reason"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_refused(spoil: Callable[[Any], object], reason: str) -> None:
    message = good()
    assert list(problems(message, 1_000)) == []
    spoil(message)
    assert any(reason in problem for problem in problems(message, 1_000))


def test_too_many_bytes_are_refused() -> None:
    assert list(problems(good(), MESSAGE_BYTES)) == []
    assert list(problems(good(), MESSAGE_BYTES + 1)) != []


async def post(teams: TeamsStandin, conversation: str, message: Any, token: str = "") -> int:
    url = f"{teams.service_url}v3/conversations/{conversation}/activities"
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with aiohttp.ClientSession() as session, session.post(url, json=message, headers=headers) as response:
        return response.status


async def token_of(teams: TeamsStandin, **changes: str) -> str:
    form = {
        "grant_type": "client_credentials",
        "client_id": teams.app_id,
        "client_secret": teams.password,
        "scope": "https://api.botframework.com/.default",
        **changes,
    }
    url = f"{teams.base}/login/{teams.tenant}/oauth2/v2.0/token"
    async with aiohttp.ClientSession() as session, session.post(url, data=form) as response:
        return str((await response.json()).get("access_token", ""))


async def test_only_the_bot_with_its_token_may_post_and_only_where_it_was_asked() -> None:
    async with TeamsStandin() as teams:
        channel = teams.place("channel", ADA)
        message = {**good(), "from": {"id": teams.bot}}
        token = await token_of(teams)
        assert await post(teams, channel.id, message) == 401
        assert await post(teams, channel.id, message, "forged") == 401
        assert await post(teams, channel.id, {**message, "from": {"id": "28:other"}}, token) == 400
        assert await post(teams, "19:nowhere@thread.tacv2", message, token) == 404
        assert await post(teams, f"{channel.id};messageid=1234", message, token) == 404
        assert await post(teams, channel.id, message, token) == 201
        assert [r.status for r in teams.received if "/activities" in r.path] == [401, 401, 400, 404, 404, 201]


@pytest.mark.parametrize("change", ["grant_type", "client_id", "client_secret", "scope"])
async def test_a_wrong_login_gives_no_token(change: str) -> None:
    async with TeamsStandin() as teams:
        assert await token_of(teams)
        assert await token_of(teams, **{change: "wrong"}) == ""


async def test_messages_read_as_people_see_them() -> None:
    async with running() as bot:
        channel = bot.teams.place("channel", ADA)
        said = await bot.teams.say(channel, ADA, "How much?")
        assert said.text == "@Footnote How much?"
    message = copy.deepcopy(good())
    assert as_text(message).startswith("Hotels cost at most 180 EUR a night. [1]")
    assert as_text(message).count("Open the document: https://docs.example.com/travel.pdf#page=7") == 1
    assert as_text(render(answered(), passages=True)).count("Open the document") == 1, "the title and the button"


def test_a_person_has_one_id_for_good() -> None:
    assert Person("Ada Lovelace", "ada@example.com").id == ADA.id
    assert Person("Ada Lovelace", tenant="another").id != ADA.id


async def test_refusals_of_a_place_a_size_and_an_element() -> None:
    """https://learn.microsoft.com/microsoftteams/platform/bots/build-conversational-capability#status-codes-from-bot-conversational-apis"""
    async with running() as bot:
        place = bot.teams.place("channel", ADA)
        await bot.teams.say(place, ADA, "Hotels?")
        incoming = bot.intake.last
        connector = bot.platform.post_text
        bot.teams.closed[place.id] = "BotNotInConversationRoster"
        with pytest.raises(PlatformDenied, match="BotNotInConversationRoster"):
            await connector(incoming, "Hello", None)
        bot.teams.closed[place.id] = "SomethingElse"
        with pytest.raises(PlatformRefused):  # it does not say that the place is closed, so less may pass
            await connector(incoming, "Hello", None)
        bot.teams.closed.clear()
        bot.teams.most_bytes = 100
        with pytest.raises(PlatformRefused, match="MessageSizeTooBig"):
            await connector(incoming, "Hello " * 100, None)
        assert bot.teams.refused == []
