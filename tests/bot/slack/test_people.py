"""Who asks and who reads, as Slack vouches for them; what Slack does not tell is nobody."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from bot.errors import PlatformBusy
from bot.slack.adapter import SlackPlatform
from bot.types import Incoming
from retrieval.people import Principal
from tests.bot.slack.fakes import MemoryIntake, MemoryViewer
from tests.servers.slack import Fault, SlackStandIn, config_for, slack_by_http


async def asked(slack: SlackStandIn, intake: MemoryIntake, channel: str, user: str = "U0ADA") -> Incoming:
    await slack.ask(user, channel, "Hotels?")
    return intake.questions[-1]


async def test_everybody_in_the_channel_but_the_bot(
    slack: SlackStandIn, by_http: SlackPlatform, intake: MemoryIntake
) -> None:
    channel = slack.world.add_channel("travel", "U0ADA", "U0BOB", "U0GUEST")
    people = await by_http.people(await asked(slack, intake, channel))
    team = slack.world.team
    assert people.asker == Principal("slack", team, "U0ADA", "ada@example.com", member=True)
    assert people.readers is not None
    assert {(p.user, p.member) for p in people.readers} == {("U0ADA", True), ("U0BOB", True), ("U0GUEST", False)}
    assert not people.external


async def test_a_direct_message_has_one_reader(
    slack: SlackStandIn, by_http: SlackPlatform, intake: MemoryIntake
) -> None:
    people = await by_http.people(await asked(slack, intake, slack.world.dm("U0ADA")))
    assert people.readers == (people.asker,)
    assert "conversations.members" not in slack.counts()


@pytest.mark.parametrize(
    ("flags", "member", "email"),
    [
        ({}, True, "eve@example.com"),
        ({"is_restricted": True}, False, "eve@example.com"),
        ({"is_ultra_restricted": True}, False, "eve@example.com"),
        ({"is_stranger": True}, False, ""),
        ({"team_id": "T0OTHER"}, False, ""),
        ({"is_bot": True}, False, ""),
        ({"deleted": True}, False, "eve@example.com"),
        ({"is_email_confirmed": False}, True, ""),
        ({"team_id": "T0GRID", "enterprise_user": {"teams": ["T0FOOTNOTE"]}}, True, "eve@example.com"),
    ],
    ids=["member", "guest", "single-channel guest", "stranger", "foreign", "bot", "deleted", "unconfirmed", "grid"],
)
async def test_who_is_a_member(
    slack: SlackStandIn,
    by_http: SlackPlatform,
    intake: MemoryIntake,
    flags: dict[str, Any],
    member: bool,
    email: str,
) -> None:
    slack.world.add_user("U0EVE", "Eve", "eve@example.com", **flags)
    people = await by_http.people(await asked(slack, intake, slack.world.dm("U0EVE"), "U0EVE"))
    assert (people.asker.member, people.asker.email) == (member, email)


@pytest.mark.parametrize(
    ("trusted", "flags", "email"),
    [
        (set(), {"is_email_confirmed": None}, ""),
        ({"T0FOOTNOTE"}, {"is_email_confirmed": None}, "Eve@Example.com"),
        ({"T0FOOTNOTE"}, {"is_email_confirmed": False}, "Eve@Example.com"),
        ({"@example.com"}, {"is_email_confirmed": None}, "Eve@Example.com"),
        ({"@example.com"}, {"is_email_confirmed": False}, ""),
        ({"@ample.com", "T0OTHER"}, {"is_email_confirmed": None}, ""),
        ({"E0ORG"}, {"is_email_confirmed": None, "enterprise_user": {"enterprise_id": "E0ORG"}}, "Eve@Example.com"),
        ({"T0FOOTNOTE"}, {"is_email_confirmed": None, "is_restricted": True}, ""),
        ({"T0OTHER", "@example.com"}, {"is_email_confirmed": None, "team_id": "T0OTHER"}, ""),
    ],
    ids=["nobody", "workspace", "said no", "domain", "domain, said no", "others", "grid", "guest", "a stranger's"],
)
async def test_whose_unconfirmed_address_counts(
    slack: SlackStandIn, intake: MemoryIntake, trusted: set[str], flags: dict[str, Any], email: str
) -> None:
    slack.world.add_user("U0EVE", "Eve", "Eve@Example.com", **flags)
    config = replace(config_for(slack, socket=False), trusted_emails=frozenset(trusted))
    async with slack_by_http(slack, config, intake, MemoryViewer()) as platform:
        people = await platform.people(await asked(slack, intake, slack.world.dm("U0EVE"), "U0EVE"))
        assert people.asker.email == email
        assert bool(people.lacking) == (people.asker.member and not email)
        counted = await platform.unconfirmed()
        assert counted.members >= counted.found == int(people.asker.member and not email)


@pytest.mark.parametrize("flag", ["is_ext_shared", "is_pending_ext_shared"])
async def test_a_shared_channel_is_external(
    slack: SlackStandIn, by_http: SlackPlatform, intake: MemoryIntake, flag: str
) -> None:
    channel = slack.world.add_channel("partners", "U0ADA")
    slack.world.channels[channel][flag] = True
    assert (await by_http.people(await asked(slack, intake, channel))).external


async def test_somebody_whom_slack_does_not_know_is_nobody(
    slack: SlackStandIn, by_http: SlackPlatform, intake: MemoryIntake
) -> None:
    channel = slack.world.add_channel("travel", "U0ADA", "U0GONE")
    people = await by_http.people(await asked(slack, intake, channel))
    assert people.readers is not None
    gone = next(p for p in people.readers if p.user == "U0GONE")
    assert (gone.member, gone.email, gone.entries) == (False, "", frozenset({"user:slack:U0GONE"}))


async def test_readers_are_unknown_when_slack_does_not_tell(
    slack: SlackStandIn, by_http: SlackPlatform, intake: MemoryIntake
) -> None:
    channel = slack.world.add_channel("travel", "U0ADA", "U0BOB")
    question = await asked(slack, intake, channel)
    slack.world.faults["conversations.members"].append(Fault(error="missing_scope"))
    assert (await by_http.people(question)).readers is None


async def test_a_new_member_counts_from_the_next_question(
    slack: SlackStandIn, by_http: SlackPlatform, intake: MemoryIntake
) -> None:
    channel = slack.world.add_channel("travel", "U0ADA")
    question = await asked(slack, intake, channel)
    first = await by_http.people(question)
    slack.world.members[channel].append("U0BOB")
    second = await by_http.people(question)
    assert first.readers is not None
    assert second.readers is not None
    assert len(second.readers) == len(first.readers) + 1
    assert slack.counts()["users.info"] == 2  # profiles are remembered


async def test_a_changed_profile_is_read_anew(
    slack: SlackStandIn, by_http: SlackPlatform, intake: MemoryIntake
) -> None:
    question = await asked(slack, intake, slack.world.dm("U0ADA"))
    assert (await by_http.people(question)).asker.member
    slack.world.users["U0ADA"]["is_restricted"] = True
    await slack.deliver(slack.world.envelope({"type": "user_change", "user": {"id": "U0ADA"}}))
    assert not (await by_http.people(question)).asker.member


async def test_a_very_big_channel_is_learnt_from_the_list_of_people(
    slack: SlackStandIn, by_http: SlackPlatform, intake: MemoryIntake
) -> None:
    users = [slack.world.add_user(f"U{n:08}", f"P{n}", f"p{n}@example.com") for n in range(450)]
    channel = slack.world.add_channel("all", "U0ADA", *users)
    people = await by_http.people(await asked(slack, intake, channel))
    assert people.readers is not None
    assert len(people.readers) == 451
    assert slack.counts()["conversations.members"] == 3
    assert slack.counts()["users.info"] <= 2  # the list of people told the rest


async def test_members_are_looked_up_one_by_one_in_a_big_workspace(
    slack: SlackStandIn, by_http: SlackPlatform, intake: MemoryIntake
) -> None:
    users = [slack.world.add_user(f"U{n:08}", f"P{n}", f"p{n}@example.com") for n in range(60)]
    channel = slack.world.add_channel("team", "U0ADA", *users)
    for _ in range(3):
        people = await by_http.people(await asked(slack, intake, channel))
        assert people.readers is not None
        assert len(people.readers) == 61
    assert "users.list" not in slack.counts()
    assert slack.counts()["users.info"] == 61
    assert slack.counts()["conversations.info"] == 1


@pytest.mark.parametrize(
    ("user", "flags"), [("U0APP", {"is_bot": True}), ("USLACKBOT", {})], ids=["an app", "Slackbot"]
)
async def test_apps_are_no_readers(
    slack: SlackStandIn, by_http: SlackPlatform, intake: MemoryIntake, user: str, flags: dict[str, Any]
) -> None:
    slack.world.add_user(user, "Deploys", **flags)
    channel = slack.world.add_channel("travel", "U0ADA", "U0BOB", user)
    people = await by_http.people(await asked(slack, intake, channel))
    assert people.readers is not None
    assert {p.user for p in people.readers} == {"U0ADA", "U0BOB"}


@pytest.mark.parametrize("method", ["users.info", "conversations.members", "conversations.info"])
async def test_eighty_people_ask_while_slack_asks_to_wait_and_none_is_guessed_or_refused(
    slack: SlackStandIn, by_http: SlackPlatform, intake: MemoryIntake, method: str
) -> None:
    """A minute of Slack's limits has 5 seconds here; what asks to wait is asked again then, as the worker does."""
    users = [slack.world.add_user(f"U{n:08}", f"P{n}", f"p{n}@example.com") for n in range(80)]
    channel = slack.world.add_channel("all-hands", *users)
    questions = [await asked(slack, intake, channel, user) for user in users]
    slack.world.minute = 5.0
    slack.use_up(method)

    async def readers(question: Incoming) -> int:
        while True:
            try:
                people = await by_http.people(question)
            except PlatformBusy as error:
                await asyncio.sleep(error.retry_after)
                continue
            assert people.readers is not None
            return len(people.readers)

    assert set(await asyncio.gather(*map(readers, questions))) == {80}
    assert slack.world.limited[method] > 0


async def test_a_channel_too_big_has_unknown_readers(
    slack: SlackStandIn, intake: MemoryIntake, viewer: MemoryViewer
) -> None:
    config = replace(config_for(slack, socket=False), max_readers=3)
    async with slack_by_http(slack, config, intake, viewer) as platform:
        users = [slack.world.add_user(f"U{n:08}", f"P{n}") for n in range(5)]
        channel = slack.world.add_channel("all", "U0ADA", *users)
        assert (await platform.people(await asked(slack, intake, channel))).readers is None


async def test_what_is_remembered_is_bounded(slack: SlackStandIn, intake: MemoryIntake, viewer: MemoryViewer) -> None:
    config = replace(config_for(slack, socket=False), max_people=2)
    async with slack_by_http(slack, config, intake, viewer) as platform:
        users = [slack.world.add_user(f"U{n:08}", f"P{n}") for n in range(4)]
        channel = slack.world.add_channel("all", "U0ADA", *users)
        question = await asked(slack, intake, channel)
        for _ in range(2):
            people = await platform.people(question)
            assert people.readers is not None
            assert len(people.readers) == 5
        assert slack.counts()["users.info"] > 5  # two are remembered, the others asked for again
