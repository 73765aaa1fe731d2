"""Which groups a person is in: the settings file's, and those of all directories taken together.

A right is a group by its exact name. Directories outside the settings file put their prefix before
every name ("slack:", "graph:", "http:"), so that nobody who may name a group there can take the name
of a group of another kind. The settings' groups may hold them: `legal = ["group:graph:1b2c…"]`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from bot.errors import DirectoryUnavailable
from bot.ports import Directory
from retrieval.people import Principal

MOST_GROUPS = 20_000
"""A person in more groups than this is nobody: a part of the groups would leave out denials."""
LONGEST_NAME = 256
PREFIXES = ("slack:", "graph:", "http:")
_GROUP = "group:"


class DirectoryDown(DirectoryUnavailable):
    """The directory answers for nobody; `retry_after` seconds may pass before it is asked again."""

    def __init__(self, message: str, retry_after: float = 0.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Groups(Directory, Protocol):
    """A directory as the composition root sees it."""

    async def fresh(self, person: Principal) -> frozenset[str]:
        """As `groups`, but nothing that was read before this call counts. Raises DirectoryUnavailable."""
        ...

    async def unknown(self, names: frozenset[str]) -> frozenset[str]:
        """Those of these groups that it alone could know and does not. Raises DirectoryUnavailable."""
        ...

    async def check(self) -> list[str]:
        """What keeps it from working; [] when nothing does. Raises nothing of its own."""
        ...

    async def close(self) -> None:
        """Release connections."""
        ...


class AtOnce:
    """Implements `Directory` by what the directories say now: for the person who asks or clicks."""

    def __init__(self, directory: Groups) -> None:
        self._directory = directory

    async def groups(self, person: Principal) -> frozenset[str]:
        return await self._directory.fresh(person)


class FileDirectory:
    """Implements `Groups` over a table of members by group; groups may hold groups. Nothing is remembered."""

    def __init__(self, groups: Mapping[str, Sequence[str]], *, alone: bool = True) -> None:
        """Members are e-mails, "slack:ID", "teams:ID" or "group:NAME".

        `alone`: no other directory has names without a prefix, so a group that is not here is nowhere.
        """
        self._names = tuple(groups)
        self._alone = alone
        self._parents: dict[str, set[str]] = {}
        self._holders: dict[str, set[str]] = {}
        for group, members in groups.items():
            for member in members:
                for key in (member.casefold(), member):
                    self._parents.setdefault(key, set()).add(group)
                if member.startswith(_GROUP):
                    self._holders.setdefault(member.removeprefix(_GROUP), set()).add(group)

    async def groups(self, person: Principal) -> frozenset[str]:
        """The groups that hold the person, or a group in `person.groups`, with all groups that hold those."""
        found: set[str] = set()
        for held in person.groups:
            # By the exact name: whoever may name a group elsewhere could choose one that differs in case alone.
            found |= self._holders.get(held, set())
        keys = [f"{person.platform}:{person.user}".casefold()]
        # An address without "@" or with ":" could be taken for another kind of member. Beyond ASCII, letters
        # that look alike fold into one (the Kelvin sign into k), so such an address counts as it is written.
        if "@" in person.email and ":" not in person.email:
            keys.append(person.email.casefold() if person.email.isascii() else person.email)
        keys += [f"{_GROUP}{group}".casefold() for group in found]
        while keys:
            for group in self._parents.get(keys.pop(), set()) - found:
                found.add(group)
                keys.append(f"{_GROUP}{group}".casefold())
        return frozenset(found)

    async def fresh(self, person: Principal) -> frozenset[str]:
        return await self.groups(person)

    async def unknown(self, names: frozenset[str]) -> frozenset[str]:
        if not self._alone:
            return frozenset()
        return frozenset(n for n in names if n not in self._names and not n.startswith(PREFIXES))

    async def check(self) -> list[str]:
        if not self._alone:
            return []
        known = {name.casefold() for name in self._names}
        unknown = sorted(n for n in self._holders if n.casefold() not in known and not n.startswith(PREFIXES))
        return [f"[groups] holds group:{name}, which is no group there; define or remove it" for name in unknown]

    async def close(self) -> None:
        pass


class CombinedDirectory:
    """Implements `Groups`: what any directory says, and the settings' groups that hold the person or those."""

    def __init__(self, file: FileDirectory, others: Sequence[Groups] = ()) -> None:
        self._file = file
        self._others = tuple(others)

    async def groups(self, person: Principal) -> frozenset[str]:
        """Raises DirectoryUnavailable as soon as one directory does not answer: it may hold a denial."""
        return await self._closed(person, await _all([other.groups(person) for other in self._others]))

    async def fresh(self, person: Principal) -> frozenset[str]:
        return await self._closed(person, await _all([other.fresh(person) for other in self._others]))

    async def unknown(self, names: frozenset[str]) -> frozenset[str]:
        return frozenset[str]().union(*[await part.unknown(names) for part in (self._file, *self._others)])

    async def check(self) -> list[str]:
        found = await asyncio.gather(*(part.check() for part in (self._file, *self._others)))
        return [problem for problems in found for problem in problems]

    async def close(self) -> None:
        await asyncio.gather(*(other.close() for other in self._others))

    async def _closed(self, person: Principal, held: frozenset[str]) -> frozenset[str]:
        return held | await self._file.groups(replace(person, groups=held))


async def _all(lookups: Sequence[Awaitable[frozenset[str]]]) -> frozenset[str]:
    answers = await asyncio.gather(*lookups, return_exceptions=True)
    for answer in answers:
        if isinstance(answer, BaseException):
            raise answer
    return frozenset[str]().union(*(a for a in answers if not isinstance(a, BaseException)))
