"""Groups from Slack's user groups (`usergroups.list`, scope usergroups:read, some 20 calls a minute).

https://docs.slack.dev/reference/methods/usergroups.list

Slack keeps handles apart within a workspace alone. So a handle by itself is a name only where there is one workspace;
else the name says whose it is, and whoever runs one workspace takes no name of another.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Mapping
from typing import Any

from bot.directory.cache import Pause
from bot.directory.file import LONGEST_NAME, MOST_GROUPS, DirectoryDown
from bot.errors import DirectoryUnavailable, PlatformBusy, PlatformError
from bot.kept import Kept
from bot.slack.client import SlackClient
from bot.slack.granted import OWN, place_of, within, workspaces
from bot.slack.store import Installations, Installed
from retrieval.people import Principal

PREFIX = "slack:"
LEAST_SECONDS = 3.0
"""A list may be this old even where the newest is asked for, for each workspace of the token: Slack allows 20 calls a
minute."""
GRANTED_SECONDS = 300.0
"""How long it is remembered which workspaces of an organisation there are."""
_PLATFORM = "slack"
_ID = re.compile(r"S[A-Z0-9]{1,63}", re.ASCII)


class _Members:
    """What the lists say: the groups of each person, and handles that name two groups."""

    def __init__(self) -> None:
        self.by_user: dict[str, set[str]] = {}
        self.names: set[str] = set()
        self.twice: set[str] = set()

    def add(self, groups: list[Any], workspace: str) -> None:
        """One list; `workspace` stands in the names. Raises DirectoryDown when it is not Slack's list."""
        handles: dict[str, str] = {}
        start = f"{PREFIX}{workspace}/" if workspace else PREFIX
        for group in groups:
            if not isinstance(group, dict) or not _ID.fullmatch(str(group.get("id"))):
                raise DirectoryDown("Slack lists a user group without an id; is a proxy in between?")
            # A disabled group is none; another organisation decides who is in an external one.
            if group.get("date_delete") or group.get("is_external"):
                continue
            identity, handle, users = group["id"], group.get("handle"), group.get("users")
            names = {PREFIX + identity}
            if isinstance(handle, str) and _is_handle(handle):
                names.add(start + handle)
            self.names |= names
            if not isinstance(users, list):
                if group.get("user_count") in (0, "0"):
                    continue
                raise DirectoryDown(f"Slack does not list the members of the user group {identity}.")
            if start + str(handle) in names and handles.setdefault(str(handle), identity) != identity:
                self.twice.add(start + str(handle))
            for user in users:
                if isinstance(user, str):
                    self.by_user.setdefault(user, set()).update(names)


def _is_handle(handle: str) -> bool:
    """Ids are in capitals: in small letters a handle is never taken for one."""
    return 0 < len(handle) <= LONGEST_NAME and handle.isprintable() and handle == handle.lower()


class SlackDirectory:
    """Implements `Groups` for people of Slack, with one token.

    Groups are "slack:HANDLE" and, safe from renaming, "slack:ID"; "slack:WORKSPACE/HANDLE" where there are several.
    """

    def __init__(
        self,
        client: SlackClient,
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
        *,
        allowed: frozenset[str] = frozenset(),
        one_of_many: str = "",
    ) -> None:
        """A list is remembered for so many seconds, at least LEAST_SECONDS for each workspace of the token.

        `allowed` are the workspaces that count, if not all. `one_of_many` is the workspace or organisation of the token
        where there are more tokens; else Slack is asked for it.
        """
        self._client = client
        self._seconds = seconds
        self._allowed = allowed
        self._place = one_of_many
        self._one_of_many = one_of_many
        self._kept: Kept[str, _Members] = Kept(lambda _: 0, clock=clock)
        self._granted: Kept[str, tuple[str, ...]] = Kept(lambda _: 0, clock=clock)
        self._least = LEAST_SECONDS
        self._pause = Pause(clock)

    async def groups(self, person: Principal) -> frozenset[str]:
        return await self._get(person, self._seconds)

    async def fresh(self, person: Principal) -> frozenset[str]:
        """A list may be LEAST_SECONDS old, for each workspace of the token."""
        return await self._get(person, 0.0)

    async def unknown(self, names: frozenset[str]) -> frozenset[str]:
        ours = {name for name in names if name.startswith(PREFIX)}
        return frozenset(ours - (await self._ask()).names) if ours else frozenset()

    async def check(self) -> list[str]:
        try:
            members = await self._ask()
        except DirectoryUnavailable as error:
            return [str(error)]
        return [f"two user groups in Slack are called {name}; use their ids" for name in sorted(members.twice)]

    async def close(self) -> None:
        await self._client.stop()

    async def _get(self, person: Principal, seconds: float) -> frozenset[str]:
        if person.platform != _PLATFORM:
            return frozenset()
        members = await self._kept.get("", self._load, max(seconds, self._least))
        names = members.by_user.get(person.user, set())
        if names & members.twice:
            raise DirectoryUnavailable(f"Two user groups in Slack are called {sorted(names & members.twice)[0]}.")
        if len(names) > MOST_GROUPS:
            raise DirectoryUnavailable(f"One person is in more than {MOST_GROUPS} user groups in Slack.")
        return frozenset(names)

    async def _load(self) -> _Members:
        self._pause.check()
        try:
            members = await self._ask()
        except DirectoryDown as error:
            self._pause.begin(error)
            raise
        self._pause.end()
        return members

    async def _ask(self) -> _Members:
        members = _Members()
        try:
            await self._client.start()
            places = await self._granted.get("", self._workspaces, GRANTED_SECONDS)
            self._least = LEAST_SECONDS * max(1, len(places))
            for place in places:
                answer: Mapping[str, Any] = await self._client.read(
                    "usergroups.list", include_users=True, include_count=True, include_disabled=False, **within(place)
                )
                groups = answer.get("usergroups")
                if not isinstance(groups, list):
                    raise DirectoryDown(
                        "Slack answers usergroups.list without a list of groups; is a proxy in between?"
                    )
                members.add(groups, self._one_of_many if place == OWN else place)
        except PlatformError as error:
            self._granted.forget("")  # a workspace may have gone
            wait = error.retry_after if isinstance(error, PlatformBusy) else 0.0
            raise DirectoryDown(f"Slack's user groups: {error}", wait) from error
        return members

    async def _workspaces(self) -> tuple[str, ...]:
        """Raises PlatformError."""
        self._place = self._place or await place_of(self._client)
        return await workspaces(self._client, self._place, self._allowed)


class InstalledGroups:
    """Implements `Groups` over the workspaces that have installed the app: each answers for its own people."""

    def __init__(
        self, store: Installations, allowed: frozenset[str], make: Callable[[Installed], SlackDirectory]
    ) -> None:
        """Only workspaces in `allowed` count."""
        self._store = store
        self._allowed = allowed
        self._make = make
        self._made: dict[str, tuple[Installed, SlackDirectory]] = {}
        self._changing = asyncio.Lock()

    async def groups(self, person: Principal) -> frozenset[str]:
        directory = await self._of(person)
        return await directory.groups(person) if directory is not None else frozenset()

    async def fresh(self, person: Principal) -> frozenset[str]:
        directory = await self._of(person)
        return await directory.fresh(person) if directory is not None else frozenset()

    async def unknown(self, names: frozenset[str]) -> frozenset[str]:
        left = frozenset(name for name in names if name.startswith(PREFIX))
        for _, directory in await self._all() if left else ():
            left = await directory.unknown(left)
        return left

    async def check(self) -> list[str]:
        try:
            found = await self._all()
        except DirectoryUnavailable as error:
            return [str(error)]
        return [f"{team}: {problem}" for team, directory in found for problem in await directory.check()]

    async def close(self) -> None:
        for _, directory in self._made.values():
            await directory.close()

    async def _of(self, person: Principal) -> SlackDirectory | None:
        """Of the person's workspace; None where it has not installed the app, so that it says nothing of anybody."""
        return await self._one(person.tenant) if person.platform == _PLATFORM else None

    async def _all(self) -> list[tuple[str, SlackDirectory]]:
        try:
            teams = await self._store.teams()
        except PlatformError as error:
            raise DirectoryDown(str(error)) from error
        found = [(team, await self._one(team)) for team in teams]
        return [(team, directory) for team, directory in found if directory is not None]

    async def _one(self, team: str) -> SlackDirectory | None:
        """With the token that is installed now. Raises DirectoryDown."""
        if team not in self._allowed:
            return None
        async with self._changing:
            try:
                installed = await self._store.find(team)
            except PlatformError as error:
                raise DirectoryDown(str(error)) from error
            before = self._made.get(team)
            if before is not None and before[0] == installed:
                return before[1]
            if before is not None:
                del self._made[team]
                await before[1].close()
            if installed is None:
                return None
            directory = self._make(installed)
            self._made[team] = (installed, directory)
            return directory
