"""Turns between people, order within a thread, and nothing lost."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.queue.backlog import Backlog, Closed, Lane


async def take_all(backlog: Backlog) -> list[str]:
    taken = []
    while len(backlog):
        lane, key = await backlog.take()
        taken.append(key)
        backlog.finish(lane)
    return taken


async def test_people_take_turns_however_much_one_of_them_asks() -> None:
    backlog = Backlog()
    for n in range(5):
        backlog.put(Lane("ada", f"t{n}"), f"ada{n}")
    backlog.put(Lane("bob", "t"), "bob0")
    backlog.put(Lane("cleo", "t"), "cleo0")
    assert await take_all(backlog) == ["ada0", "bob0", "cleo0", "ada1", "ada2", "ada3", "ada4"]


async def test_what_waits_is_counted_by_person() -> None:
    backlog = Backlog()
    for n in range(3):
        backlog.put(Lane("ada", f"t{n % 2}"), f"ada{n}")
    backlog.put(Lane("bob", "t"), "bob0")
    assert [backlog.waiting(who) for who in ("ada", "bob", "cleo")] == [3, 1, 0]
    await backlog.take()
    assert [backlog.waiting(who) for who in ("ada", "bob")] == [2, 1]
    await backlog.take()
    assert [backlog.waiting(who) for who in ("ada", "bob")] == [2, 0]


async def test_a_thread_waits_for_the_answer_before() -> None:
    backlog = Backlog()
    for key in ("first", "second"):
        backlog.put(Lane("ada", "t"), key)
    backlog.put(Lane("ada", "other"), "elsewhere")
    lane, key = await backlog.take()
    assert key == "first"
    _, key = await backlog.take()
    assert key == "elsewhere"
    blocked = asyncio.create_task(backlog.take())
    await asyncio.sleep(0)
    assert not blocked.done()
    backlog.finish(lane)
    assert (await blocked)[1] == "second"


async def test_closed_it_hands_out_nothing() -> None:
    backlog = Backlog()
    waiting = asyncio.create_task(backlog.take())
    await asyncio.sleep(0)
    backlog.put(Lane("ada", "t"), "first")
    backlog.close()
    with pytest.raises(Closed):
        await waiting
    with pytest.raises(Closed):
        await backlog.take()
    assert len(backlog) == 1


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xy"), st.booleans()), max_size=40))
def test_everything_comes_out_once_and_in_order_within_a_thread(steps: list[tuple[str, str, bool]]) -> None:
    async def run() -> None:
        backlog, taken = Backlog(), list[str]()
        waits, held = Counter[Lane](), list[Lane]()
        for n, (person, thread, take) in enumerate(steps):
            backlog.put(Lane(person, thread), f"{person}{thread}{n:03}")
            waits[Lane(person, thread)] += 1
            if take and any(count and lane not in held for lane, count in waits.items()):
                lane, key = await backlog.take()
                assert lane not in held
                waits[lane] -= 1
                held.append(lane)
                taken.append(key)
            if held and n % 3 == 0:
                backlog.finish(held.pop(0))
        for lane in held:
            backlog.finish(lane)
        taken += await take_all(backlog)
        assert len(taken) == len(set(taken)) == len(steps)
        for start in ("ax", "ay", "bx", "by", "cx", "cy"):
            mine = [key for key in taken if key.startswith(start)]
            assert mine == sorted(mine)

    asyncio.run(run())
