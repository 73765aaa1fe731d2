"""From a directory to what the readers of a channel may read: fail closed, and revoked in time."""

from __future__ import annotations

import pytest

from bot.answering.audience import AudienceRules
from bot.directory.cache import CachedDirectory
from bot.directory.file import AtOnce, CombinedDirectory, DirectoryDown, FileDirectory, Groups
from bot.ports import Directory
from bot.types import ChannelKind, People
from retrieval.people import AccessList
from tests.bot.directory.servers import ADA, BEN
from tests.bot.directory.test_cache import Clock, Office
from tests.bot.fakes import incoming

OPEN = AccessList(frozenset({"everyone"}))
LEGAL = AccessList(frozenset({"group:legal"}))
ELSEWHERE = AccessList(frozenset({"group:http:legal"}))
NOT_INTERNS = AccessList(frozenset({"everyone"}), frozenset({"group:http:interns"}))


def directories(seconds: float) -> tuple[Office, Clock, Groups]:
    """Ada and Ben are in legal by an office behind a cache, which the settings' legal holds."""
    office, clock = Office(), Clock()
    office.members = {"U1": frozenset({"http:legal"}), "U2": frozenset({"http:legal"})}
    file = FileDirectory({"legal": ["group:http:legal"]})
    return office, clock, CombinedDirectory(file, [CachedDirectory(office, seconds, clock=clock)])


async def seen(directory: Directory, access: AccessList, where: ChannelKind = ChannelKind.CHANNEL) -> bool:
    """Whether a reply there may draw on such a document, when Ada asks and Ben reads along."""
    readers = (ADA,) if where is ChannelKind.DIRECT else (ADA, BEN)
    decision = await AudienceRules(directory, {}).decide(incoming("What?", where=where), People(ADA, readers, False))
    return decision.audience.permits(access)


@pytest.mark.parametrize("access", [LEGAL, ELSEWHERE])
@pytest.mark.parametrize("where", [ChannelKind.CHANNEL, ChannelKind.DIRECT])
@pytest.mark.parametrize("seconds", [0.0, 30.0])
async def test_a_revoked_right_ends_in_time(access: AccessList, where: ChannelKind, seconds: float) -> None:
    office, clock, directory = directories(seconds)
    assert await seen(directory, access, where)
    office.members["U1"] = frozenset()
    clock.now += seconds
    assert not await seen(directory, access, where)


@pytest.mark.parametrize("access", [LEGAL, ELSEWHERE])
async def test_who_asks_at_once_has_lost_it_at_once(access: AccessList) -> None:
    office, _, directory = directories(300)
    assert await seen(directory, access)
    office.members["U1"] = frozenset()
    assert not await seen(AtOnce(directory), access, ChannelKind.DIRECT)
    assert not await seen(directory, access), "and what was found is remembered for others"


async def test_a_reader_who_lost_it_counts() -> None:
    office, _, directory = directories(0)
    assert await seen(directory, LEGAL)
    office.members["U2"] = frozenset({"http:legal", "http:interns"})
    assert await seen(directory, LEGAL)
    assert not await seen(directory, NOT_INTERNS)


@pytest.mark.parametrize("access", [OPEN, LEGAL, ELSEWHERE, NOT_INTERNS])
async def test_nobody_reads_anything_while_a_directory_is_down(access: AccessList) -> None:
    office, _, directory = directories(0)
    office.error = DirectoryDown("down")
    assert not await seen(directory, access)
    assert not await seen(directory, access, ChannelKind.DIRECT)
