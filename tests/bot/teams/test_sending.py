"""What Teams receives, byte for byte, and what happens when it does not take it."""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import replace
from typing import Any

import pytest

from bot.demo.standins.teams import TeamsFault
from bot.errors import (
    PlatformBusy,
    PlatformDenied,
    PlatformError,
    PlatformUnauthorized,
    PlatformUnseen,
    PlatformUnsure,
)
from bot.teams.typing import Typing
from bot.texts import NO_PRIVATE_CHAT, PRIVATE_NOTE, STATUS
from bot.types import Incoming
from tests.bot.teams.support import ADA, BEN, Bot, answered, citation, reply, running
from tests.waiting import until


async def asked(bot: Bot, kind: str = "channel") -> tuple[Any, Any]:
    place = bot.teams.place(kind, ADA, BEN) if kind != "personal" else bot.teams.personal(ADA)
    await bot.teams.say(place, ADA, "How much may a hotel cost?")
    return place, bot.intake.last


def sent(bot: Bot, method: str) -> list[Any]:
    return [json.loads(r.body) for r in bot.teams.received if r.method == method and "/activities" in r.path]


@pytest.mark.parametrize("kind", ["channel", "groupChat", "personal"])
async def test_the_answer_is_a_new_message_behind_the_sign_that_it_is_under_way(kind: str) -> None:
    async with running() as bot:
        place, incoming = await asked(bot, kind)
        assert await bot.platform.post_status(incoming, STATUS) == ""
        await until(lambda: bool(bot.teams.typed), "the sign")
        assert bot.teams.answers(place) == []
        message = await bot.platform.post(incoming, reply(bot.platform, answered()), None)
        assert [(s.id, s.edits) for s in bot.teams.answers(place)] == [(message, 0)]
        assert "Hotels cost at most 180 EUR a night. [1]" in bot.teams.answers(place)[0].text
        assert not bot.teams.refused


async def test_typing_goes_on_in_a_chat_until_all_are_answered_there_and_is_sent_once_for_all() -> None:
    sent: list[str] = []

    async def send(incoming: Incoming) -> None:
        sent.append(incoming.key)

    typing = Typing(send, every_s=0.01)
    async with running() as bot:
        _, incoming = await asked(bot, "groupChat")
        for key in ("one", "two"):
            typing.begin(replace(incoming, key=key))
        await until(lambda: len(sent) >= 5, "five signs")
        await typing.end(replace(incoming, key="one"))
        so_far = len(sent)
        await until(lambda: len(sent) > so_far, "one more, for the question that is open")
        await typing.end(replace(incoming, key="two"))
    assert set(sent) == {"one"}


async def test_a_sign_that_teams_does_not_take_keeps_no_answer_back() -> None:
    async with running() as bot:
        place, incoming = await asked(bot)
        late = TeamsFault(500, 1, delay=3_600)
        bot.teams.faults.append(late)
        await bot.platform.post_status(incoming, STATUS)
        await until(lambda: late.times == 0, "the sign")
        await bot.platform.post(incoming, reply(bot.platform, answered()), None)
        assert len(bot.teams.answers(place)) == 1


async def test_the_answer_is_in_the_thread_of_the_question() -> None:
    async with running() as bot:
        place, incoming = await asked(bot)
        await bot.platform.post(incoming, reply(bot.platform, answered()), None)
        assert [s.thread for s in bot.teams.answers(place)] == [incoming.thread]
        path = next(r.path for r in bot.teams.received if r.path.endswith("/activities"))
        assert f"{place.id};messageid={incoming.thread}" in path


async def test_the_label_citations_and_feedback_are_on_the_wire() -> None:
    async with running() as bot:
        _, incoming = await asked(bot)
        await bot.platform.post(incoming, reply(bot.platform, answered()), None)
        activity = sent(bot, "POST")[-1]
        [entity] = activity["entities"]
        assert (entity["type"], entity["@type"], entity["@context"]) == (
            "https://schema.org/Message",
            "Message",
            "https://schema.org",
        )
        assert entity["additionalType"] == ["AIGeneratedContent"]
        [claim] = entity["citation"]
        assert (claim["@type"], claim["position"]) == ("Claim", 1)
        shown = claim["appearance"]
        assert shown["@type"] == "DigitalDocument"
        assert shown["name"] == "Travel Policy"
        assert shown["abstract"] == "Section 4.2 Hotels, page 7, version of 1 March 2026"
        assert shown["url"] == "https://docs.example.com/travel.pdf#page=7"
        card = json.loads(shown["text"])
        assert card["body"][0]["inlines"][0]["text"] == "Hotels cost at most 180 EUR a night."
        assert activity["channelData"] == {"feedbackLoop": {"type": "default"}}
        assert activity["attachments"][0]["contentType"] == "application/vnd.microsoft.card.adaptive"
        assert activity["from"]["id"] == bot.teams.bot


async def test_what_is_sent_is_what_was_rendered() -> None:
    async with running() as bot:
        _, incoming = await asked(bot)
        payload = bot.platform.render(answered(citation(1), citation(2, "“Ünïcode” → 180 €")))
        await bot.platform.post(
            incoming, reply(bot.platform, answered(citation(1), citation(2, "“Ünïcode” → 180 €"))), None
        )
        activity = sent(bot, "POST")[-1]
        assert {name: activity[name] for name in payload} == json.loads(json.dumps(payload))


async def test_a_private_reply_goes_to_the_asker_alone() -> None:
    async with running() as bot:
        place, incoming = await asked(bot)
        status = await bot.platform.post_text(incoming, STATUS, None)
        private = reply(bot.platform, answered(private=True))
        await bot.platform.post(incoming, private, status)
        assert [s.text for s in bot.teams.answers(place)] == [PRIVATE_NOTE]
        [shown] = bot.teams.answers(bot.teams.personal(ADA))
        assert "180 EUR" in shown.text
        opened = next(json.loads(r.body) for r in bot.teams.received if r.path.endswith("/v3/conversations"))
        assert opened["members"] == [{"id": ADA.id}]
        assert (opened["tenantID"], opened["isGroup"], opened["bot"]["id"]) == (bot.teams.tenant, False, bot.teams.bot)


async def test_a_private_reply_whose_note_fails_is_not_sent_twice() -> None:
    async with running(tries=1) as bot:
        place, incoming = await asked(bot)
        private = reply(bot.platform, answered(private=True))
        bot.teams.faults.append(TeamsFault(500, 1, path=f"{place.id}"))
        with pytest.raises(PlatformUnsure):
            await bot.platform.post(incoming, private, None)
        await bot.platform.post(incoming, private, None, again=True)
        assert len(bot.teams.answers(bot.teams.personal(ADA))) == 1
        assert [s.text for s in bot.teams.answers(place)] == [PRIVATE_NOTE]


async def test_a_private_reply_in_a_personal_chat_is_just_the_reply() -> None:
    async with running() as bot:
        place, incoming = await asked(bot, "personal")
        status = await bot.platform.post_text(incoming, STATUS, None)
        await bot.platform.post(incoming, reply(bot.platform, answered(private=True)), status)
        assert ["180 EUR" in s.text for s in bot.teams.answers(place)] == [True]


async def test_somebody_who_cannot_be_written_to_is_told_so_in_the_thread() -> None:
    async with running() as bot:
        bot.teams.blocked.add(ADA.id)
        place, incoming = await asked(bot)
        status = await bot.platform.post_text(incoming, STATUS, None)
        await bot.platform.post(incoming, reply(bot.platform, answered(private=True)), status)
        assert [s.text for s in bot.teams.answers(place)] == [NO_PRIVATE_CHAT]
        assert b"180 EUR" not in bot.teams.bytes_received()


async def test_a_deleted_status_line_does_not_swallow_the_answer() -> None:
    async with running() as bot:
        place, incoming = await asked(bot)
        status = await bot.platform.post_text(incoming, STATUS, None)
        bot.teams.said = [s for s in bot.teams.said if s.id != status]
        message = await bot.platform.post(incoming, reply(bot.platform, answered()), status)
        assert [s.id for s in bot.teams.answers(place)] == [message]


async def test_posting_twice_in_place_of_the_status_shows_it_once() -> None:
    async with running() as bot:
        place, incoming = await asked(bot)
        status = await bot.platform.post_text(incoming, STATUS, None)
        for _ in range(2):
            await bot.platform.post(incoming, reply(bot.platform, answered()), status)
        assert len(bot.teams.answers(place)) == 1


@pytest.mark.parametrize("private", [False, True], ids=["in the thread", "in private"])
async def test_an_answer_whose_acknowledgement_is_lost_is_not_sent_again_blindly(private: bool) -> None:
    """Teams took the message, but we never heard: sending it again could show a second answer."""
    async with running() as bot:
        place, incoming = await asked(bot)
        path = "/activities" if not private else bot.teams.personal(ADA).id
        bot.teams.faults.append(TeamsFault(0, 1, path=path, method="POST", lost=True))
        with pytest.raises(PlatformUnsure):
            await bot.platform.post(incoming, reply(bot.platform, answered(private=private)), None)
        with pytest.raises(PlatformUnseen):
            await bot.platform.post(incoming, reply(bot.platform, answered(private=private)), None, again=True)
        everywhere = [*bot.teams.answers(place), *bot.teams.answers(bot.teams.personal(ADA))]
        assert ["180 EUR" in s.text for s in everywhere].count(True) == 1


@pytest.mark.parametrize("kind", ["channel", "groupChat"])
@pytest.mark.parametrize("shown", [True, False])
async def test_where_graph_shows_the_thread_the_answer_is_looked_for_there(kind: str, shown: bool) -> None:
    async with running(reads=True) as bot:
        place, incoming = await asked(bot, kind)
        bot.teams.graph.grant(place)
        answer = reply(bot.platform, answered())
        before = [await bot.platform.post(incoming, answer, None)] if shown else []
        message = await bot.platform.post(incoming, answer, None, again=True)
        assert [s.id for s in bot.teams.answers(place)] == (before or [message])
        assert not bot.teams.graph.complaints


async def test_post_text_replaces_the_status_line() -> None:
    async with running() as bot:
        place, incoming = await asked(bot)
        status = await bot.platform.post_text(incoming, STATUS, None)
        await bot.platform.post_text(incoming, "The log is down.\nReference 12", status)
        assert [s.text for s in bot.teams.answers(place)] == ["The log is down.\nReference 12"]


RETRIED = [412, 429, 500, 502, 503, 504]


@pytest.mark.parametrize("status", RETRIED)
async def test_a_passing_refusal_is_tried_again(status: int) -> None:
    async with running() as bot:
        place, incoming = await asked(bot)
        page = b"<html>gateway</html>"
        bot.teams.faults.append(
            TeamsFault(status, 2, headers={"Retry-After": "0"}, body=page, content_type="text/html")
        )
        await bot.platform.post_text(incoming, STATUS, None)
        assert [r.status for r in bot.teams.received if "/activities" in r.path] == [status, status, 201]
        assert len(bot.teams.answers(place)) == 1


async def test_a_dropped_connection_and_a_timeout_are_tried_again() -> None:
    async with running(timeout=3) as bot:
        place, incoming = await asked(bot)
        bot.teams.faults += [TeamsFault(0, 1, drop=True, delay=0.01), TeamsFault(504, 1, delay=3_600)]
        status = await bot.platform.post_text(incoming, STATUS, None)
        assert status in [s.id for s in bot.teams.answers(place)]


async def test_retry_after_is_honoured() -> None:
    async with running() as bot:
        _, incoming = await asked(bot)
        bot.teams.faults.append(TeamsFault(429, 1, headers={"Retry-After": "1"}))
        loop = asyncio.get_running_loop()
        start = loop.time()
        await bot.platform.post_text(incoming, STATUS, None)
        assert loop.time() - start >= 0.99  # never sooner; how much later does not matter


async def test_a_wait_that_is_too_long_is_reported_with_its_length() -> None:
    async with running() as bot:
        _, incoming = await asked(bot)
        bot.teams.faults.append(TeamsFault(429, 1, headers={"Retry-After": "600"}))
        with pytest.raises(PlatformBusy) as busy:
            await bot.platform.post_text(incoming, STATUS, None)
        assert busy.value.retry_after == 600.0


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (TeamsFault(503, 9, headers={"Retry-After": "0"}), PlatformError),
        (TeamsFault(429, 9, headers={"Retry-After": "0"}), PlatformBusy),
        (TeamsFault(403, 1), PlatformDenied),
        (TeamsFault(401, 9), PlatformUnauthorized),
        (TeamsFault(400, 1, body=b'{"error": {"code": "BadSyntax"}}'), PlatformError),
        (TeamsFault(404, 1), PlatformError),
        (TeamsFault(413, 1), PlatformError),
        (TeamsFault(301, 1, headers={"Location": "http://127.0.0.1:9/"}), PlatformError),
        (TeamsFault(201, 1, body=b"{", content_type="application/json"), PlatformError),
        (TeamsFault(201, 1, body=b"<p>", content_type="text/html"), PlatformError),
        (TeamsFault(0, 9, drop=True), PlatformError),
    ],
    ids=[
        "down",
        "busy",
        "denied",
        "unauthorized",
        "bad",
        "gone",
        "large",
        "a redirect",
        "broken json",
        "html",
        "dropped",
    ],
)
async def test_every_failure_is_one_of_ours(fault: TeamsFault, error: type[Exception]) -> None:
    async with running(tries=2) as bot:
        _, incoming = await asked(bot)
        bot.teams.faults.append(fault)
        with pytest.raises(error):
            await bot.platform.post_text(incoming, STATUS, None)


async def test_the_token_is_fetched_once_and_again_when_it_is_refused() -> None:
    async with running() as bot:
        _, incoming = await asked(bot)
        await asyncio.gather(*(bot.platform.post_text(incoming, STATUS, None) for _ in range(5)))
        assert len([r for r in bot.teams.received if "/login/" in r.path]) == 1
        bot.teams.revoke_tokens()
        await bot.platform.post_text(incoming, STATUS, None)
        assert len([r for r in bot.teams.received if "/login/" in r.path]) == 2


async def test_a_wrong_password_is_said_without_showing_it() -> None:
    async with running(app_password="wrong-hunter2") as bot:
        _, incoming = await asked(bot)
        with pytest.raises(PlatformUnauthorized, match=r"invalid_client.*TEAMS_APP_PASSWORD") as denied:
            await bot.platform.post_text(incoming, STATUS, None)
        assert "hunter2" not in str(denied.value)


async def test_check_is_content_when_all_is_well() -> None:
    async with running() as bot:
        assert await bot.platform.check() == []


async def test_check_says_what_is_wrong_even_before_the_start() -> None:
    async with running(app_password="wrong-hunter2") as bot:
        await bot.platform.stop()
        bot.teams.faults.append(TeamsFault(404, 1, "/openid/"))
        found = await bot.platform.check()
        assert len(found) == 2
        assert "/openid/.well-known/openidconfiguration" in found[0]
        assert "TEAMS_APP_PASSWORD" in found[1]
        assert "hunter2" not in "".join(found)


async def test_before_the_start_teams_is_asked_to_come_back() -> None:
    async with running() as bot:
        await bot.platform.stop()
        assert (await bot.teams.deliver(bot.teams.message(bot.teams.personal(ADA), ADA, "Hello")))[0] == 503


async def test_the_managed_identity_gives_the_token(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on App Service: https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference"""
    async with running(app_password="") as bot:
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"{bot.teams.base}/identity")
        monkeypatch.setenv("IDENTITY_HEADER", "the-header")
        place, incoming = await asked(bot)
        await bot.platform.post_text(incoming, STATUS, None)
        assert len(bot.teams.answers(place)) == 1
        assert len([r for r in bot.teams.received if r.path == "/identity"]) == 1


async def test_waiting_for_keys_and_tokens_does_not_stop_the_loop() -> None:
    async with running() as bot:
        bot.teams.faults += [TeamsFault(0, 1, "/openid/keys", delay=0.05), TeamsFault(0, 1, "/login/", delay=0.05)]
        turns = 0

        async def others() -> None:
            nonlocal turns
            while True:
                await asyncio.sleep(0)
                turns += 1

        busy = asyncio.create_task(others())
        _, incoming = await asked(bot)
        fetched_keys = turns
        await bot.platform.post_text(incoming, STATUS, None)
        busy.cancel()
        assert fetched_keys > 2
        assert turns - fetched_keys > 2


async def test_no_secret_is_ever_logged(caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]) -> None:
    caplog.set_level(logging.DEBUG)
    async with running(tries=2) as bot:
        _, incoming = await asked(bot)
        await bot.teams.deliver(bot.teams.message(bot.teams.personal(ADA), ADA, "Hello"), token="forged-token-value")
        await bot.platform.post(incoming, reply(bot.platform, answered()), None)
        bot.teams.revoke_tokens()
        bot.teams.faults.append(
            TeamsFault(400, 2, "/login/", body=b'{"error": "x", "error_description": "secret-detail"}')
        )
        with pytest.raises(PlatformError) as error:
            await bot.platform.post_text(incoming, STATUS, None)
        tokens = [r.headers.get("Authorization", "").removeprefix("Bearer ") for r in bot.teams.received]
        secrets = [bot.teams.password, "forged-token-value", "secret-detail", *(t for t in tokens if t)]
        out = capsys.readouterr()
        written = caplog.text + out.out + out.err + str(error.value) + repr(bot.platform)
        assert "was refused" in written
        assert [s for s in secrets if s in written] == []


async def test_a_person_who_installs_the_bot_is_welcomed_once_with_suggestions() -> None:
    async with running() as bot:
        chat = bot.teams.personal(ADA)
        installed = bot.teams.activity("installationUpdate", chat, ADA) | {"action": "add"}
        assert [(await bot.teams.deliver(installed))[0] for _ in range(2)] == [202, 202]
        await bot.platform.stop()
        [welcome] = bot.teams.answers(chat)
        assert "Ask me here" in welcome.text
        buttons = welcome.activity["attachments"][0]["content"]["body"][0]["actions"]
        assert [b["data"]["msteams"] for b in buttons] == [
            {"type": "imBack", "value": "sources"},
            {"type": "imBack", "value": "help"},
        ]


@pytest.mark.parametrize(("kind", "action"), [("channel", "add"), ("personal", "remove"), ("personal", "add-upgrade")])
async def test_a_team_or_a_removal_is_not_greeted(kind: str, action: str) -> None:
    async with running() as bot:
        place = bot.teams.place(kind, ADA)
        await bot.teams.deliver(bot.teams.activity("installationUpdate", place, ADA) | {"action": action})
        await bot.platform.stop()
        assert not bot.teams.answers(place)


async def test_a_welcome_that_fails_is_no_error_for_teams() -> None:
    async with running(tries=1) as bot:
        bot.teams.faults.append(TeamsFault(403, 1))
        installed = bot.teams.activity("installationUpdate", bot.teams.personal(ADA), ADA) | {"action": "add"}
        assert (await bot.teams.deliver(installed))[0] == 202
        await bot.platform.stop()
        assert [r.status for r in bot.teams.received if "/activities" in r.path] == [403]
