"""Who may read the reply: a table of people and places."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.answering.audience import AudienceRules
from bot.answering.channels import ChannelRule
from bot.directory.file import FileDirectory
from bot.errors import DirectoryUnavailable
from bot.texts import MEMBERS_ONLY, SHARED_CHANNEL
from bot.types import ChannelKind, People
from retrieval.people import AccessList, AudienceKind, Principal, permitted_ids
from tests.bot.fakes import incoming

LISTS = {
    "open": AccessList(frozenset({"everyone"})),
    "legal": AccessList(frozenset({"group:legal"})),
    "ada": AccessList(frozenset({"user:ada@example.com"})),
    "not eve": AccessList(frozenset({"everyone"}), frozenset({"user:eve@example.com"})),
    "nobody": AccessList(frozenset()),
}
GROUPS = {"legal": ["ada@example.com", "group:counsel"], "counsel": ["bob@example.com", "slack:U9"]}
ADA = Principal("slack", "T1", "U1", "Ada@Example.com")
BOB = Principal("slack", "T1", "U2", "bob@example.com")
EVE = Principal("slack", "T1", "U3", "eve@example.com")
GUEST = Principal("slack", "T1", "U4", "guest@elsewhere.com", member=False)
UNMAILED = Principal("slack", "T1", "U9")

CASES = [
    ("a direct message", ChannelKind.DIRECT, ADA, (ADA,), {"open", "legal", "ada", "not eve"}),
    ("a nested group", ChannelKind.DIRECT, BOB, (BOB,), {"open", "legal", "not eve"}),
    ("a platform id in a group, who may be Eve", ChannelKind.DIRECT, UNMAILED, (UNMAILED,), {"open", "legal"}),
    ("a deny wins", ChannelKind.DIRECT, EVE, (EVE,), {"open"}),
    ("a channel of lawyers", ChannelKind.CHANNEL, ADA, (ADA, BOB), {"open", "legal", "not eve"}),
    ("a channel with others", ChannelKind.CHANNEL, ADA, (ADA, BOB, EVE), {"open"}),
    ("a private channel counts all", ChannelKind.PRIVATE_CHANNEL, ADA, (ADA, EVE), {"open"}),
    ("a group message counts all", ChannelKind.GROUP, ADA, (ADA, EVE), {"open"}),
    ("a guest in the channel", ChannelKind.CHANNEL, ADA, (ADA, GUEST), set()),
    ("members unknown", ChannelKind.CHANNEL, ADA, None, set()),
    ("the asker counts though not listed", ChannelKind.CHANNEL, EVE, (ADA,), {"open"}),
]


@pytest.mark.parametrize(("where", "asker", "readers", "permitted"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
async def test_the_whole_audience_counts(
    where: ChannelKind, asker: Principal, readers: tuple[Principal, ...] | None, permitted: set[str]
) -> None:
    rules = AudienceRules(FileDirectory(GROUPS), {})
    decision = await rules.decide(incoming("?", where=where), People(asker, readers))
    assert permitted_ids(decision.audience, LISTS) == permitted


async def test_guests_and_shared_channels_are_refused_unless_a_rule_allows_them() -> None:
    rules = AudienceRules(FileDirectory(GROUPS), {})
    guest = await rules.decide(incoming("?"), People(GUEST, (GUEST,)))
    assert (guest.audience.kind, guest.audience.reason) == (AudienceKind.REFUSED, MEMBERS_ONLY)
    shared = await rules.decide(incoming("?"), People(ADA, (ADA,), external=True))
    assert (shared.audience.kind, shared.audience.reason) == (AudienceKind.REFUSED, SHARED_CHANNEL)
    allowed = AudienceRules(
        FileDirectory(GROUPS), {"C1": ChannelRule(frozenset({"everyone"}), external=True)}, guests=True
    )
    decision = await allowed.decide(incoming("?"), People(GUEST, (GUEST,), external=True))
    assert permitted_ids(decision.audience, LISTS) == {"open"}
    assert decision.private is not None
    assert permitted_ids(decision.private, LISTS) == set()


async def test_a_rule_stands_for_every_reader_of_its_channel() -> None:
    rules = AudienceRules(FileDirectory(GROUPS), {"C1": ChannelRule(frozenset({"group:legal"}))})
    decision = await rules.decide(incoming("?"), People(EVE, (EVE, GUEST)))
    assert permitted_ids(decision.audience, LISTS) == {"legal"}


class NoDirectory:
    async def groups(self, person: Principal) -> frozenset[str]:
        raise DirectoryUnavailable("the directory is down")


async def test_a_directory_that_is_down_makes_everyone_nobody() -> None:
    decision = await AudienceRules(NoDirectory(), {}, guests=True).decide(
        incoming("?", where=ChannelKind.DIRECT), People(ADA, (ADA,))
    )
    assert permitted_ids(decision.audience, LISTS) == set()


async def test_groups_that_hold_each_other_end() -> None:
    directory = FileDirectory({"a": ["group:b", "ada@example.com"], "b": ["group:a"]})
    assert await directory.groups(replace(ADA)) == {"a", "b"}
