"""Groups from Slack's user groups (`usergroups.list`, scope usergroups:read, some 20 calls a minute).

https://docs.slack.dev/reference/methods/usergroups.list
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from typing import Any

from bot.directory.cache import Kept, Pause
from bot.directory.file import LONGEST_NAME, MOST_GROUPS, DirectoryDown
from bot.errors import DirectoryUnavailable, PlatformBusy, PlatformError
from bot.slack.client import SlackClient
from retrieval.people import Principal

PREFIX = "slack:"
LEAST_SECONDS = 3.0
"""The list may be this old even where the newest is asked for: Slack allows 20 calls a minute."""
_PLATFORM = "slack"
_ID = re.compile(r"S[A-Z0-9]{1,63}", re.ASCII)


class _Members:
    """What one list says: the groups of each person, and handles that name two groups."""

    def __init__(self, groups: list[Any]) -> None:
        """Raises DirectoryDown when it is not Slack's list."""
        self.by_user: dict[str, set[str]] = {}
        self.names: set[str] = set()
        self.twice: set[str] = set()
        handles: dict[str, str] = {}
        for group in groups:
            if not isinstance(group, dict) or not _ID.fullmatch(str(group.get("id"))):
                raise DirectoryDown("Slack lists a user group without an id; is a proxy in between?")
            # A disabled group is none; another organisation decides who is in an external one.
            if group.get("date_delete") or group.get("is_external"):
                continue
            identity, handle, users = group["id"], group.get("handle"), group.get("users")
            names = {PREFIX + identity}
            if isinstance(handle, str) and _is_handle(handle):
                names.add(PREFIX + handle)
            self.names |= names
            if not isinstance(users, list):
                if group.get("user_count") in (0, "0"):
                    continue
                raise DirectoryDown(f"Slack does not list the members of the user group {identity}.")
            if PREFIX + str(handle) in names and handles.setdefault(str(handle), identity) != identity:
                self.twice.add(PREFIX + str(handle))
            for user in users:
                if isinstance(user, str):
                    self.by_user.setdefault(user, set()).update(names)


def _is_handle(handle: str) -> bool:
    """Ids are in capitals: in small letters a handle is never taken for one."""
    return 0 < len(handle) <= LONGEST_NAME and handle.isprintable() and handle == handle.lower()


class SlackDirectory:
    """Implements `Groups` for people of Slack. Groups are "slack:HANDLE" and, safe from renaming, "slack:ID"."""

    def __init__(self, client: SlackClient, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        """The list is remembered for so many seconds, at least LEAST_SECONDS."""
        self._client = client
        self._seconds = max(seconds, LEAST_SECONDS)
        self._kept: Kept[str, _Members] = Kept(lambda _: 0, clock=clock)
        self._pause = Pause(clock)

    async def groups(self, person: Principal) -> frozenset[str]:
        return await self._get(person, self._seconds)

    async def fresh(self, person: Principal) -> frozenset[str]:
        """The list may be LEAST_SECONDS old."""
        return await self._get(person, LEAST_SECONDS)

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
        members = await self._kept.get("", self._load, seconds)
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
        try:
            await self._client.start()
            answer: Mapping[str, Any] = await self._client.read(
                "usergroups.list", include_users=True, include_count=True, include_disabled=False
            )
        except PlatformError as error:
            wait = error.retry_after if isinstance(error, PlatformBusy) else 0.0
            raise DirectoryDown(f"Slack's user groups: {error}", wait) from error
        groups = answer.get("usergroups")
        if not isinstance(groups, list):
            raise DirectoryDown("Slack answers usergroups.list without a list of groups; is a proxy in between?")
        return _Members(groups)
