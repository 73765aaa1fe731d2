"""The settings file's groups, alone and around those of other directories."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.directory.file import AtOnce, CombinedDirectory, DirectoryDown, FileDirectory
from bot.errors import DirectoryUnavailable
from retrieval.people import Principal
from tests.bot.directory.servers import ADA, BEN


class FixedGroups:
    """Implements `Groups` with fixed answers."""

    def __init__(self, *names: str, error: DirectoryUnavailable | None = None, newer: tuple[str, ...] = ()) -> None:
        self.names, self.error, self.newer, self.closed = names, error, newer, False

    async def groups(self, person: Principal) -> frozenset[str]:
        if self.error is not None:
            raise self.error
        return frozenset(self.names)

    async def fresh(self, person: Principal) -> frozenset[str]:
        return frozenset(self.newer) if self.newer else await self.groups(person)

    async def unknown(self, names: frozenset[str]) -> frozenset[str]:
        return frozenset()

    async def check(self) -> list[str]:
        return [str(self.error)] if self.error is not None else []

    async def close(self) -> None:
        self.closed = True


FILE = FileDirectory(
    {
        "legal": ["ada@example.com", "group:slack:lawyers"],
        "Board": ["group:graph:Board", "teams:U9"],
        "staff": ["group:LEGAL", "group:board"],
    }
)


@pytest.mark.parametrize(
    ("elsewhere", "groups"),
    [
        ((), {"legal", "staff"}),
        (("slack:lawyers",), {"slack:lawyers", "legal", "staff"}),
        (("graph:Board",), {"graph:Board", "Board", "legal", "staff"}),
        (("graph:BOARD",), {"graph:BOARD", "legal", "staff"}),
        (("graph:board", "slack:Lawyers"), {"graph:board", "slack:Lawyers", "legal", "staff"}),
        (
            ("http:everyone", "http:user:ben@example.com"),
            {"http:everyone", "http:user:ben@example.com", "legal", "staff"},
        ),
    ],
)
async def test_groups_elsewhere_count_by_their_exact_name(elsewhere: tuple[str, ...], groups: set[str]) -> None:
    combined = CombinedDirectory(FILE, [FixedGroups(*elsewhere)])
    assert await combined.groups(ADA) == groups


async def test_all_directories_count_together() -> None:
    combined = CombinedDirectory(FILE, [FixedGroups("slack:a"), FixedGroups("graph:b", "graph:Board")])
    assert await combined.groups(BEN) == {"slack:a", "graph:b", "graph:Board", "Board", "staff"}


@pytest.mark.parametrize("error", [DirectoryUnavailable("two people"), DirectoryDown("down", 4.0)])
async def test_one_that_is_down_leaves_nobody_with_a_part_of_their_groups(error: DirectoryUnavailable) -> None:
    combined = CombinedDirectory(FILE, [FixedGroups("slack:a"), FixedGroups(error=error)])
    for ask in (combined.groups, combined.fresh):
        with pytest.raises(DirectoryUnavailable, match=str(error)):
            await ask(ADA)
    assert await combined.check() == [str(error)]


async def test_what_the_directories_say_now_can_be_asked_for() -> None:
    combined = CombinedDirectory(FILE, [FixedGroups("slack:lawyers", newer=("slack:guests",))])
    assert await combined.groups(BEN) == {"slack:lawyers", "legal", "staff"}
    assert await AtOnce(combined).groups(BEN) == {"slack:guests"}


@pytest.mark.parametrize("email", ["group:legal", "group:legal@example.com", "slack:U1@x", "slack:U1", "legal"])
async def test_an_address_is_never_taken_for_another_kind_of_member(email: str) -> None:
    directory = FileDirectory(
        {"a": ["slack:U1", "legal"], "b": ["group:legal", "group:legal@example.com", "slack:U1@x"]}
    )
    assert await directory.groups(Principal("slack", "T1", "U7", email)) == set()


@pytest.mark.parametrize(
    ("email", "groups"),
    [
        ("KATE@example.com", {"a"}),
        ("\u212aate@example.com", set()),
        ("Jürgen@example.com", {"b"}),
        ("JU\u0308RGEN@example.com", set()),
        ("ma\u017ftro@example.com", set()),
    ],
    ids=["capitals", "Kelvin sign", "as written", "decomposed", "long s"],
)
async def test_an_address_that_looks_alike_is_another(email: str, groups: set[str]) -> None:
    directory = FileDirectory({"a": ["Kate@example.com", "mastro@example.com"], "b": ["Jürgen@example.com"]})
    assert await directory.groups(Principal("slack", "T1", "U7", email)) == groups


async def test_a_group_that_does_not_exist_is_told() -> None:
    directory = FileDirectory({"a": ["group:A", "group:lost", "group:slack:x", "group:graph:y", "group:http:z"]})
    assert await directory.check() == ["[groups] holds group:lost, which is no group there; define or remove it"]
    assert await FileDirectory({"a": ["group:fin"]}, alone=False).check() == []


async def test_closing_closes_all() -> None:
    parts = [FixedGroups(), FixedGroups()]
    await CombinedDirectory(FILE, parts).close()
    assert all(part.closed for part in parts)


NAMES = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["everyone", "user:ben@example.com", "group:legal", "legal", "LEGAL", "ſtaff", "group:", "user:slack:U2"]
    ),
)


@given(st.frozensets(NAMES, max_size=6), st.sampled_from(["slack:", "graph:", "http:"]))
async def test_no_name_grants_more_than_the_group_of_that_name(names: frozenset[str], prefix: str) -> None:
    """Whatever groups are called elsewhere: the entries are ours and `group:` with the prefixed name, no others."""
    said = frozenset(prefix + name for name in names)
    person = Principal("slack", "T1", "U1", "cleo@example.com")
    combined = CombinedDirectory(
        FileDirectory({"legal": ["ada@example.com"], "staff": ["group:legal"]}), [FixedGroups(*said)]
    )
    groups = await combined.groups(person)
    held = Principal(person.platform, person.tenant, person.user, person.email, groups).entries
    assert held - person.entries == {f"group:{name}" for name in said}
    stranger = Principal("slack", "T9", "U9", "", groups, member=False)
    assert stranger.entries - {f"group:{name}" for name in said} == {"user:slack:U9"}
