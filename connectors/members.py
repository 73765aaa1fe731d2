"""Groups that only a source knows, put in the place of their names in access lists.

So a change of members touches no document: lists are resolved when they are read.
"""

from __future__ import annotations

from collections.abc import Mapping

from connectors.access import NOBODY
from retrieval.people import AccessList

OWN = "group:@"
"""What the entries of such groups begin with (`connectors.ports.own_group`); no directory has names like it."""


class Members:
    """The members of such groups, by the entry that names each. A group that is missing has none that is known."""

    def __init__(self, groups: Mapping[str, frozenset[str]]) -> None:
        self._groups = groups

    def resolved(self, access: AccessList) -> AccessList:
        """With the members of groups, and of groups in them, in their place.

        Where a denied group is not known, anybody may be in it: nobody may read.
        """
        if not any(entry.startswith(OWN) for entry in (*access.allow, *access.deny)):
            return access
        allow, _ = self._flat(access.allow)
        deny, whole = self._flat(access.deny)
        return AccessList(allow, deny) if whole else NOBODY

    def _flat(self, entries: frozenset[str]) -> tuple[frozenset[str], bool]:
        found: set[str] = set()
        seen: set[str] = set()
        whole = True
        left = list(entries)
        while left:
            entry = left.pop()
            if not entry.startswith(OWN):
                found.add(entry)
            elif entry not in seen:  # groups may hold each other
                seen.add(entry)
                whole = whole and entry in self._groups
                left += self._groups.get(entry, ())
        return frozenset(found), whole
