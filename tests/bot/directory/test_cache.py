"""What is remembered: for how long, how much, and who shares a call."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.directory.cache import CachedDirectory
from bot.directory.file import DirectoryDown
from bot.errors import DirectoryUnavailable
from bot.kept import Kept
from retrieval.people import Principal
from tests.bot.directory.servers import ADA, BEN
from tests.fuzz import tries


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Office:
    """Implements `Source`: groups by user, as they are when a call begins; calls can be held up."""

    name = "The office"

    def __init__(self) -> None:
        self.members: dict[str, frozenset[str]] = {"U1": frozenset({"a"})}
        self.calls: list[str] = []
        self.error: DirectoryUnavailable | None = None
        self.open = asyncio.Event()
        self.open.set()
        self.began = asyncio.Event()

    async def groups(self, person: Principal) -> frozenset[str]:
        self.calls.append(person.user)
        self.began.set()
        said = self.members.get(person.user, frozenset())
        error = self.error
        await self.open.wait()
        if error is not None:
            raise error
        return said

    async def unknown(self, names: frozenset[str]) -> frozenset[str]:
        return frozenset()

    async def check(self) -> list[str]:
        return []

    async def close(self) -> None:
        pass


@pytest.mark.parametrize(
    ("seconds", "later", "calls"), [(30, 29.9, 1), (30, 30, 2), (30, 31, 2), (0, 0, 2), (300, 299, 1)]
)
@pytest.mark.parametrize("person", [ADA, BEN], ids=["in a group", "in none"])
async def test_an_answer_holds_so_long(seconds: float, later: float, calls: int, person: Principal) -> None:
    office, clock = Office(), Clock()
    directory = CachedDirectory(office, seconds, clock=clock)
    first = await directory.groups(person)
    clock.now += later
    office.members = {}
    assert await directory.groups(person) == (first if calls == 1 else frozenset())
    assert len(office.calls) == calls


async def test_the_newest_is_asked_for_and_remembered() -> None:
    office, clock = Office(), Clock()
    directory = CachedDirectory(office, 30, clock=clock)
    assert await directory.groups(ADA) == {"a"}
    office.members["U1"] = frozenset({"b"})
    assert await directory.groups(ADA) == {"a"}
    assert await directory.fresh(ADA) == {"b"}
    assert await directory.groups(ADA) == {"b"}
    assert len(office.calls) == 2


async def test_another_address_or_tenant_is_another_person() -> None:
    office = Office()
    directory = CachedDirectory(office, 30, clock=Clock())
    for person in (ADA, Principal("slack", "T1", "U1"), Principal("slack", "T2", "U1", ADA.email), ADA):
        await directory.groups(person)
    assert len(office.calls) == 3


@pytest.mark.parametrize("seconds", [0, 30])
async def test_lookups_at_one_time_share_calls(seconds: float) -> None:
    """With nothing remembered, those who come during a call wait for a second one: the first may be too old."""
    office = Office()
    office.open.clear()
    directory = CachedDirectory(office, seconds, clock=Clock())
    first = asyncio.create_task(directory.groups(ADA))
    await office.began.wait()
    office.members["U1"] = frozenset({"b"})
    others = [asyncio.create_task(directory.groups(ADA)) for _ in range(20)]
    await asyncio.sleep(0)
    office.open.set()
    assert await first == {"a"}
    assert set(await asyncio.gather(*others)) == ({frozenset({"b"})} if seconds == 0 else {frozenset({"a"})})
    assert len(office.calls) == (2 if seconds == 0 else 1)


async def test_who_gives_up_leaves_the_others_their_answer() -> None:
    office = Office()
    office.open.clear()
    directory = CachedDirectory(office, 30, clock=Clock())
    first = asyncio.create_task(directory.groups(ADA))
    await office.began.wait()
    second = asyncio.create_task(directory.groups(ADA))
    await asyncio.sleep(0)
    first.cancel()
    office.open.set()
    assert await second == {"a"}
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_a_failure_is_shared_and_not_remembered() -> None:
    office = Office()
    office.error = DirectoryUnavailable("two people have this address")
    directory = CachedDirectory(office, 30, clock=Clock())
    office.open.clear()
    lookups = [asyncio.create_task(directory.groups(ADA)) for _ in range(10)]
    await office.began.wait()
    office.open.set()
    found = await asyncio.gather(*lookups, return_exceptions=True)
    assert {str(e) for e in found} == {"two people have this address"}
    assert len(office.calls) == 2, "one for the first, one for those who came meanwhile"
    office.error = None
    assert await directory.groups(ADA) == {"a"}


async def test_one_that_is_down_is_left_alone_for_a_moment() -> None:
    office, clock = Office(), Clock()
    directory = CachedDirectory(office, 0, clock=clock)
    office.error = DirectoryDown("asks to wait", 7.0)
    with pytest.raises(DirectoryDown):
        await directory.groups(ADA)
    office.error = None
    clock.now += 6.9
    for ask in (directory.groups, directory.fresh):
        with pytest.raises(DirectoryDown, match="asks to wait"):
            await ask(BEN)
    assert len(office.calls) == 1
    clock.now += 0.2
    assert await directory.groups(ADA) == {"a"}


async def test_a_failure_brings_back_nothing_that_was_remembered() -> None:
    office, clock = Office(), Clock()
    directory = CachedDirectory(office, 30, clock=clock)
    await directory.groups(ADA)
    clock.now += 31
    office.error = DirectoryDown("down")
    with pytest.raises(DirectoryDown):
        await directory.groups(ADA)


async def test_a_lookup_has_an_end() -> None:
    office = Office()
    office.open.clear()
    directory = CachedDirectory(office, 30, longest=0.05)
    with pytest.raises(DirectoryDown, match=r"The office did not answer within 0\.05 seconds"):
        await directory.groups(ADA)


async def test_memory_is_bounded_by_people_and_by_their_groups() -> None:
    kept: Kept[int, frozenset[int]] = Kept(len, most=100, clock=Clock())
    loads: list[int] = []

    async def get(key: int, size: int) -> None:
        async def load() -> frozenset[int]:
            loads.append(key)
            return frozenset(range(size))

        await kept.get(key, load, 30)

    for key in range(1_000):
        await get(key, key % 7)
        assert kept.weight <= 100
    await get(999, 5)
    assert loads[-1] == 999
    assert len(loads) == 1_000, "the newest is still remembered"
    await get(0, 0)
    assert len(loads) == 1_001, "the oldest is not"
    await get(5_000, 200)
    assert kept.weight == 0, "what is too much alone is not kept, and drives out the rest"


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("wait"), st.floats(0.1, 20)),
        st.tuples(st.just("change"), st.just(0.0)),
        st.tuples(st.just("groups"), st.just(0.0)),
        st.tuples(st.just("fresh"), st.just(0.0)),
        st.tuples(st.just("hold"), st.just(0.0)),
        st.tuples(st.just("release"), st.just(0.0)),
    ),
    max_size=40,
)


@tries(200)
@given(STEPS, st.sampled_from([0.0, 1.0, 10.0, 30.0]))
async def test_no_answer_is_older_than_allowed(steps: list[tuple[str, float]], seconds: float) -> None:
    """Whatever is interleaved: what a lookup gets was true at most `seconds` before it began."""
    office, clock = Office(), Clock()
    directory = CachedDirectory(office, seconds, longest=3_600, clock=clock)
    history = [(clock.now, office.members["U1"])]
    lookups: list[tuple[float, asyncio.Task[frozenset[str]]]] = []
    for what, amount in steps:
        if what == "wait":
            clock.now += amount
        elif what == "change":
            clock.now += 0.001
            office.members["U1"] = frozenset({f"v{len(history)}"})
            history.append((clock.now, office.members["U1"]))
        elif what in ("hold", "release"):
            (office.open.clear if what == "hold" else office.open.set)()
        else:
            oldest = clock.now - (seconds if what == "groups" else 0.0)
            ask = directory.groups if what == "groups" else directory.fresh
            lookups.append((oldest, asyncio.create_task(ask(ADA))))
        for _ in range(5):
            await asyncio.sleep(0)
    office.open.set()
    for oldest, lookup in lookups:
        still = [
            said
            for (_, said), (until, _) in zip(history, [*history[1:], (float("inf"), frozenset())], strict=True)
            if until > oldest
        ]
        assert await lookup in still
