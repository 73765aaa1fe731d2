"""Who is answered next: people take turns, and each person's questions keep their order.

Holds keys, not events: what waits costs some hundred bytes, and the event itself stays in the inbox.
"""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import Hashable
from dataclasses import dataclass


class Closed(Exception):
    """Nothing is handed out any more."""


@dataclass(frozen=True, slots=True)
class Lane:
    """Events of one person in one thread: handled one after another, since a follow-up builds on the answer before."""

    person: Hashable
    thread: str


class Backlog:
    """`take` hands out the next key and keeps its lane to itself until `finish`. All takes constant time."""

    def __init__(self) -> None:
        self._keys: dict[Lane, deque[str]] = {}
        self._busy: set[Lane] = set()
        # Free lanes with keys, by person; the first is next.
        self._ready: OrderedDict[Hashable, deque[Lane]] = OrderedDict()
        self._some = asyncio.Event()
        self._closed = False
        self._count = 0
        self._of: Counter[Hashable] = Counter()

    def __len__(self) -> int:
        return self._count

    def waiting(self, person: Hashable) -> int:
        """How many keys of a person wait."""
        return self._of[person]

    def put(self, lane: Lane, key: str) -> None:
        keys = self._keys.setdefault(lane, deque())
        keys.append(key)
        self._count += 1
        self._of[lane.person] += 1
        if len(keys) == 1 and lane not in self._busy:
            self._offer(lane)

    def _offer(self, lane: Lane) -> None:
        self._ready.setdefault(lane.person, deque()).append(lane)
        self._some.set()

    async def take(self) -> tuple[Lane, str]:
        """The next key, as soon as there is one. Raises Closed."""
        while not self._ready and not self._closed:
            self._some.clear()
            await self._some.wait()
        if self._closed:
            raise Closed
        person, lanes = self._ready.popitem(last=False)
        lane = lanes.popleft()
        if lanes:
            self._ready[person] = lanes  # behind everybody else
        self._busy.add(lane)
        self._count -= 1
        self._of[person] -= 1
        if not self._of[person]:
            del self._of[person]
        return lane, self._keys[lane].popleft()

    def finish(self, lane: Lane) -> None:
        """What was taken from this lane is done, or put aside."""
        self._busy.discard(lane)
        if self._keys.get(lane):
            self._offer(lane)
        else:
            self._keys.pop(lane, None)

    def close(self) -> None:
        """Hand out nothing more; whoever waits in `take` gets Closed."""
        self._closed = True
        self._some.set()
