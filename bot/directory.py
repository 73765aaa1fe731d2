"""Groups from the settings file. Other directories implement the same port."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from retrieval.types import Principal


class FileDirectory:
    """Implements `Directory` over a table of members by group; groups may hold groups."""

    def __init__(self, groups: Mapping[str, Sequence[str]]) -> None:
        """Members are e-mails, "slack:ID", "teams:ID" or "group:NAME"."""
        self._parents: dict[str, set[str]] = {}
        for group, members in groups.items():
            for member in members:
                self._parents.setdefault(member.casefold(), set()).add(group)

    async def groups(self, person: Principal) -> frozenset[str]:
        found: set[str] = set()
        keys = [f"{person.platform}:{person.user}".casefold()]
        keys += [person.email.casefold()] if person.email else []
        while keys:
            for group in self._parents.get(keys.pop(), set()) - found:
                found.add(group)
                keys.append(f"group:{group}".casefold())
        return frozenset(found)
