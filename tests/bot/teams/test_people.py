"""Who asks and who will see the reply, from the roster that the stand-in pages out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from bot.demo.standins.teams import Person, TeamsFault
from bot.errors import PlatformError
from bot.teams.config import TeamsConfig
from bot.teams.people import KEPT_PLACES, Member, TeamsPeople
from bot.types import People
from retrieval.people import Principal
from tests.bot.teams.support import ADA, BEN, CLEO, GUEST, STRANGER, Bot, running


def principal(person: Person, *, email: str | None = None, member: bool = True) -> Principal:
    address = person.email if email is None else email
    return Principal("teams", person.tenant, person.object_id, address, member=member)


async def asked(bot: Bot, asker: Person, *others: Person, kind: str = "channel") -> People:
    place = bot.teams.place(kind, asker, *others)
    await bot.teams.say(place, asker, "Who is here?")
    return await bot.platform.people(bot.intake.last)


async def test_all_pages_of_a_channel() -> None:
    async with running(page=2) as bot:
        people = await asked(bot, ADA, BEN, CLEO, Person("Dan", "dan@example.com"), Person("Eve", "eve@example.com"))
        assert people.asker == principal(ADA)
        assert people.readers is not None
        assert {p.email.split("@")[0] for p in people.readers} == {"ada", "ben", "cleo", "dan", "eve"}
        assert not people.external
        assert len([r for r in bot.teams.received if "pagedmembers" in r.path]) == 3


async def test_a_personal_chat_has_one_reader() -> None:
    async with running() as bot:
        people = await asked(bot, ADA, kind="personal")
        assert people == People(principal(ADA), (principal(ADA),))


async def test_a_group_chat() -> None:
    async with running() as bot:
        people = await asked(bot, ADA, BEN, kind="groupChat")
        assert people.readers == (principal(ADA), principal(BEN))


async def test_a_guest_is_no_member_but_known() -> None:
    async with running() as bot:
        people = await asked(bot, ADA, GUEST)
        assert people.readers == (principal(ADA), principal(GUEST, member=False))
        assert not people.external
        assert "everyone" not in people.readers[1].entries


async def test_a_guest_who_asks_is_no_member() -> None:
    async with running() as bot:
        assert (await asked(bot, GUEST, ADA)).asker == principal(GUEST, member=False)


async def test_people_of_another_organisation_make_the_place_external() -> None:
    async with running() as bot:
        people = await asked(bot, ADA, STRANGER)
        assert people.external
        assert people.readers == (principal(ADA), principal(STRANGER, email="", member=False))


async def test_a_shared_channel_is_external_and_its_readers_unknown() -> None:
    async with running() as bot:
        channel = bot.teams.place("channel", ADA, BEN, channel_type="shared")
        await bot.teams.say(channel, ADA, "Who is here?")
        assert await bot.platform.people(bot.intake.last) == People(principal(ADA), None, external=True)


async def test_a_tenant_that_is_not_allowed_is_not_even_looked_up() -> None:
    async with running() as bot:
        people = await asked(bot, STRANGER, kind="personal")
        assert people == People(principal(STRANGER, email="", member=False), None, external=True)
        assert not [r for r in bot.teams.received if "members" in r.path]


async def test_a_second_tenant_can_be_allowed() -> None:
    async with running(allowed_tenants=frozenset({STRANGER.tenant})) as bot:
        people = await asked(bot, STRANGER, kind="personal")
        assert people == People(principal(STRANGER), (principal(STRANGER),))


async def test_ids_may_be_written_in_either_case() -> None:
    tenant = "ABCDEF01-2345-4678-8ABC-DEF012345678"
    async with running(tenant_id=tenant, allowed_tenants=frozenset({tenant.lower()})) as bot:
        bot.teams.tenant = tenant
        people = await asked(bot, replace(ADA, tenant=tenant), kind="personal")
        assert people.asker.member


async def test_somebody_whom_the_roster_does_not_name_is_nobody() -> None:
    async with running() as bot:
        channel = bot.teams.place("channel", BEN)
        await bot.teams.say(channel, ADA, "Am I here?")
        people = await bot.platform.people(bot.intake.last)
        assert people.asker == principal(ADA, email="", member=False)
        assert people.readers == (people.asker, principal(BEN))


async def test_a_person_without_a_tenant_is_no_member() -> None:
    async with running() as bot:
        people = await asked(bot, ADA, replace(BEN, tenant=""))
        assert people.external
        assert people.readers is not None
        assert [p.member for p in people.readers] == [True, False]


async def test_the_roster_is_remembered_and_forgotten_when_somebody_comes() -> None:
    async with running() as bot:
        channel = bot.teams.place("channel", ADA)
        await bot.teams.say(channel, ADA, "Who is here?")
        incoming = bot.intake.last
        for _ in range(3):
            assert (await bot.platform.people(incoming)).readers == (principal(ADA),)
        assert len([r for r in bot.teams.received if "pagedmembers" in r.path]) == 1
        bot.teams.change_members(channel, ADA, BEN)
        came = bot.teams.activity("conversationUpdate", channel, ADA) | {"membersAdded": [{"id": BEN.id}]}
        await bot.teams.deliver(came)
        assert (await bot.platform.people(incoming)).readers == (principal(ADA), principal(BEN))


@pytest.mark.parametrize("status", [403, 404, 400])
async def test_a_roster_that_teams_does_not_give_is_an_error(status: int) -> None:
    async with running() as bot:
        await bot.teams.say(bot.teams.place("channel", ADA), ADA, "Who is here?")
        bot.teams.faults.append(TeamsFault(status, 1, "pagedmembers"))
        with pytest.raises(PlatformError):
            await bot.platform.people(bot.intake.last)


async def test_an_empty_roster_is_an_error_not_an_empty_room() -> None:
    async with running() as bot:
        await bot.teams.say(bot.teams.place("channel"), ADA, "Who is here?")
        with pytest.raises(PlatformError, match="no members"):
            await bot.platform.people(bot.intake.last)


class Rooms:
    """A roster that counts; `None` stands for a place that is too large."""

    def __init__(self, members: Sequence[Member] | None) -> None:
        self.found = members
        self.asked = 0

    async def members(self, service_url: str, conversation: str) -> Sequence[Member] | None:
        self.asked += 1
        return self.found

    async def member(self, service_url: str, conversation: str, user: str) -> Member | None:
        return Member(ADA.id, ADA.object_id, ADA.email, ADA.tenant, "user")


async def test_a_place_too_large_to_read_has_unknown_readers() -> None:
    async with running() as bot:
        await bot.teams.say(bot.teams.place("channel", ADA), ADA, "Who is here?")
        config = TeamsConfig("app", bot.teams.tenant, "secret")
        assert await TeamsPeople(config, Rooms(None)).people(bot.intake.last) == People(principal(ADA), None)


async def test_memory_ends_with_time_and_is_bounded() -> None:
    async with running() as bot:
        await bot.teams.say(bot.teams.place("channel", ADA), ADA, "Who is here?")
        incoming, now = bot.intake.last, [0.0]
        rooms = Rooms([Member(ADA.id, ADA.object_id, ADA.email, ADA.tenant, "user")])
        people = TeamsPeople(TeamsConfig("app", bot.teams.tenant, "secret"), rooms, clock=lambda: now[0])
        for now[0] in (0.0, 59.0, 61.0):
            await people.people(incoming)
        assert rooms.asked == 2
        for number in range(KEPT_PLACES):
            await people.people(replace(incoming, channel=f"19:{number}"))
        await people.people(incoming)
        assert rooms.asked == 2 + KEPT_PLACES + 1


class Changing(Rooms):
    """Somebody comes while the roster is read."""

    def __init__(self) -> None:
        super().__init__([Member(ADA.id, ADA.object_id, ADA.email, ADA.tenant, "user")])
        self.people: TeamsPeople | None = None

    async def members(self, service_url: str, conversation: str) -> Sequence[Member] | None:
        if self.people is not None:
            self.people.forget()
        return await super().members(service_url, conversation)


async def test_a_roster_read_while_somebody_came_is_not_remembered() -> None:
    async with running() as bot:
        await bot.teams.say(bot.teams.place("channel", ADA), ADA, "Who is here?")
        rooms = Changing()
        rooms.people = TeamsPeople(TeamsConfig("app", bot.teams.tenant, "secret"), rooms)
        await rooms.people.people(bot.intake.last)
        await rooms.people.people(bot.intake.last)
        assert rooms.asked == 2
