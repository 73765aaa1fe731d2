"""Who asks, who reads, and who may: frozen values, no I/O, standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

EVERYONE = "everyone"
"""The access entry that every member of the allowed tenants holds, and no guest."""

MAIL_KNOWN = "mail-known"
"""Held by people whose e-mail the platform vouches for: only they can be told from who is denied by e-mail."""


@dataclass(frozen=True, slots=True)
class Principal:
    """An authenticated person, and the groups (nested ones resolved) that decide what they may read.

    `email` is empty when the platform does not verify one. `member` is False for guests,
    strangers, bots and people of foreign tenants: they do not hold `everyone`.
    """

    platform: str  # "slack" | "teams" | "cli"
    tenant: str
    user: str
    email: str = ""
    groups: frozenset[str] = frozenset()
    member: bool = True

    @property
    def entries(self) -> frozenset[str]:
        """The access entries this person holds, e.g. {"everyone", "user:ada@example.com", "group:legal"}."""
        held = {f"group:{group}" for group in self.groups} | {f"user:{self.platform}:{self.user}"}
        if self.email:
            # ASCII alone: folding others could make two people one (the Kelvin sign folds to k).
            held.add(f"user:{self.email.lower() if self.email.isascii() else self.email}")
            held.add(MAIL_KNOWN)
        if self.member:
            held.add(EVERYONE)
        return frozenset(held)


@dataclass(frozen=True, slots=True)
class AccessList:
    """Who may read a document: entries as in `Principal.entries`. A deny wins over an allow.

    A deny by e-mail also stops whose e-mail nobody vouches for: they might be the one.
    """

    allow: frozenset[str]
    deny: frozenset[str] = frozenset()

    @property
    def described(self) -> str:
        """For people: "group:legal, but not user:eve@example.com"; "nobody"."""
        allowed = ", ".join(sorted(self.allow)) or "nobody"
        return f"{allowed}, but not {', '.join(sorted(self.deny))}" if self.allow and self.deny else allowed

    def permits(self, entries: frozenset[str]) -> bool:
        if MAIL_KNOWN not in entries and any(d.startswith("user:") and "@" in d for d in self.deny):
            return False
        return bool(self.allow & entries) and not self.deny & entries


class AudienceKind(StrEnum):
    PRIVATE = "private"  # the asker alone: a direct message, an ephemeral reply, the command line
    CHANNEL = "channel"  # everyone who can see the channel
    REFUSED = "refused"  # the place may not be answered in at all


@dataclass(frozen=True, slots=True)
class Audience:
    """Who will be able to read the reply: one set of access entries for each kind of reader.

    A document may be used only if its access list permits every set. No sets: nobody, nothing.
    """

    kind: AudienceKind
    readers: frozenset[frozenset[str]]
    reason: str = ""  # for REFUSED: why, in plain words

    def permits(self, access: AccessList) -> bool:
        return bool(self.readers) and all(access.permits(entries) for entries in self.readers)


def permitted_ids(audience: Audience, lists: Mapping[str, AccessList]) -> frozenset[str]:
    """Ids of the access lists that every reader of the audience passes; none for an empty audience.

    Readers are first reduced to the entries that some list mentions, so that a channel of thousands
    costs as much as its few kinds of readers.
    """
    mentioned = frozenset({MAIL_KNOWN}).union(*(a.allow | a.deny for a in lists.values()))
    kinds = Audience(audience.kind, frozenset(entries & mentioned for entries in audience.readers))
    return frozenset(i for i, access in lists.items() if kinds.permits(access))
