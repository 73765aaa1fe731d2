"""Where people's data lie, and how an erasure reaches it: the kind of thing that must not be forgotten.

Every file and table of a home is of one place, or of none that holds people's data and says so: a test opens a home
that was used and asks. What lies outside the log is reached by a `Holder`, which whoever runs the product hands in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from audit.subject import Person


@dataclass(frozen=True, slots=True)
class KeepingPlace:
    """`files` are patterns below the home, `tables` are "schema.table" in PostgreSQL; both empty: in memory.

    `holds` says what of people is there ("": nothing), `erased` how an erasure reaches it.
    """

    name: str
    files: tuple[str, ...]
    tables: tuple[str, ...]
    holds: str
    erased: str


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom an erasure is about, with what the log knows: the ids of their own records, and what they asked, folded."""

    person: Person
    records: frozenset[str]
    asked: frozenset[str] = frozenset()


class Holder(Protocol):
    """A place outside the log. Errors are AuditUnavailable."""

    place: KeepingPlace

    async def count(self, subject: Subject) -> int:
        """How many items there are about them."""
        ...

    async def busy(self, subject: Subject) -> str:
        """Why nothing may be erased now; "" when it may."""
        ...

    async def erase(self, subject: Subject) -> Sequence[str]:
        """Remove them, and leave no bytes. Returns where some may be left all the same, for people to see to."""
        ...


LOG = KeepingPlace(
    "the audit log",
    ("audit/log.db*",),
    ("footnote_audit.*",),
    "questions, answers, readers, access lists, searches of reviewers, reviews, grounds, holds",
    "field by field, in records of theirs and of others that name them; the digests stay, so every proof stands",
)
SEARCH = KeepingPlace(
    "the reviewers' search",
    ("audit/search.db*",),
    ("footnote_audit.disclosure",),
    "names, places and words by which records are found",
    "with the fields, and its write-ahead log is cut",
)
EXPORTS = KeepingPlace(
    "exports",
    ("audit/exports/*",),
    ("footnote_audit.copy",),
    "copies of records",
    "those below `audit/exports` that may hold a record are removed; others are named in the certificate",
)
LOG_WITHOUT = KeepingPlace(
    "keys and notes of the log",
    ("audit/key", "audit/key.pub", "audit/key.next", "audit/gaps", "audit/lock"),
    (),
    "",
    "",
)
PLACES = (LOG, SEARCH, EXPORTS, LOG_WITHOUT)
"""Those of the log itself."""
