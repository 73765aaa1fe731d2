"""The groups that access lists name, and which of them no directory of these settings could know."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

GROUP = "group:"
PREFIXES = {"slack:": "slack", "graph:": "graph", "http:": "http"}
"""What stands before the groups of each kind of directory."""


@dataclass(frozen=True, slots=True)
class NamedGroup:
    """A group in an access list: its name, where it stands, and whether it is denied there."""

    group: str
    where: str
    denies: bool

    def told(self, known: Iterable[str] = ()) -> str:
        """What is wrong when no directory knows it."""
        near = get_close_matches(self.group, list(known), n=1)
        hint = f' (did you mean "{near[0]}"?)' if near else ""
        effect = "so it stops nobody" if self.denies else "so it admits nobody"
        return f'{self.where} names the group "{self.group}"{hint}, which no directory knows, {effect}'


def named(entries: Iterable[str], where: str, *, denies: bool = False) -> list[NamedGroup]:
    """The groups among access entries."""
    return [NamedGroup(e.removeprefix(GROUP), where, denies) for e in entries if e.startswith(GROUP)]


def known_nowhere(name: str, groups: Mapping[str, object], kinds: frozenset[str], *, bare: bool) -> bool:
    """Whether nothing that is set up could know the group.

    `kinds` are the directories that are set up; `bare`: one of them has names without a prefix, and
    nobody can say beforehand which.
    """
    for prefix, kind in PREFIXES.items():
        if name.startswith(prefix):
            return kind not in kinds
    return name not in groups and not bare
