"""What the log asks of the database it lives in: `audit.sqlite` and `audit.postgres` implement it.

Both understand the same tables and, but for the few fragments named here, the same SQL with `?` for
its values. Tables: `entry` (leaves in tree order, never changed), `disclosure` (salts and values,
deletable), `erased` (names of fields that are gone), `tile` (hashes of full tiles, and the growing
ones above level 0), `state` (one row: size, edge, signed checkpoint), `key` (public keys in order),
`copy` (exports that hold records), `meta`. Every transaction moves all of them together.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from audit.disclosure import Sealed
from audit.record import Json
from audit.search import Filter, FilterQuery

FORMAT = "1"
"""Of the tables; a log of another format is not opened."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Records that follow those in the log, and the head that covers them: all in one transaction.

    `permit` proves to the database, where it can refuse, that whoever appends holds the log's key, and
    `following` is the SHA-256 of what the next append will show (`audit.note.SigningKey.permit`).
    """

    start: int
    records: Sequence[Sealed]
    tiles: Sequence[tuple[int, int, bytes]]  # (level, n, hashes) of the rows that change
    edge: bytes
    checkpoint: str
    signer: str
    keys: Sequence[str]  # public keys that these records hand over to
    permit: bytes
    following: bytes


@dataclass(frozen=True, slots=True)
class Cut:
    """A record that loses fields: its position, what is left of its disclosures, the names that are gone."""

    index: int
    body: bytes
    left: Mapping[str, Json]
    gone: Sequence[str]


Row = tuple[Any, ...]
Value = str | int | bytes | Sequence[str] | Sequence[int] | Sequence[bytes] | None

GOVERNING = frozenset(
    {
        ("erasure", "approved"),
        ("hold", "lifted"),
        ("retention", "approved"),
        ("retention", "done"),
        ("key", "rotated"),
        ("key", "revoked"),
    }
)
"""Event and outcome of the records by which others lose fields or protection, or the log its key."""


class Session(Protocol):
    """One connection, used by one thread. Every method may raise the database's own errors (`translated`)."""

    def rows(self, sql: str, values: Sequence[Value] = ()) -> Iterable[Row]: ...

    def row(self, sql: str, values: Sequence[Value] = ()) -> Row | None:
        """The first row."""
        ...

    def value(self, sql: str, values: Sequence[Value] = ()) -> Any:
        """The first column of the first row; None when there is no row."""
        ...

    def run(self, sql: str, values: Sequence[Value] = ()) -> None: ...

    def many(self, sql: str, values: Sequence[Sequence[Value]]) -> None:
        """The same statement for each of `values`."""
        ...

    def begin(self) -> None:
        """A writing session keeps other writers out until its end; a reading one sees one state of the log."""
        ...

    def commit(self) -> None:
        """Durable when it returns."""
        ...

    def rollback(self) -> None:
        """End a transaction, if one is open."""
        ...

    def close(self) -> None: ...

    def abandon(self) -> None:
        """Close after an error: nothing is written or synced through this connection again. Raises nothing."""
        ...


class SearchIndex(Protocol):
    """What finds records by person, place, document and words; derived from the disclosures."""

    def catch_up(self) -> None:
        """Include every record that the signed checkpoint covers now."""
        ...

    def conditions(self, wanted: Filter) -> FilterQuery:
        """SQL for what a filter wants, over everything that the signed checkpoint covers now, and nothing else."""
        ...

    def forget(self, index: int, before: Mapping[str, Json], after: Mapping[str, Json]) -> None:
        """Keep of the record at `index` what `after` says."""
        ...

    def reset(self) -> None:
        """Empty it where it is kept apart from the log; the next search builds it anew."""
        ...

    def scrub(self) -> None:
        """Leave no bytes of what was forgotten in its own files."""
        ...

    def close(self) -> None: ...


class Database(Protocol):
    """Where a log lives. Its methods are called from the thread that uses the session."""

    where: str
    """For messages: a file, or a server and a database. Holds no secret."""
    each: str
    """A subquery of the texts in one value, a JSON array: for `IN (...)`."""
    gone: str
    """A column: JSON object of the fields of `entry` that were erased, each with the erasure's record."""

    def writer(self) -> Session: ...

    def reader(self) -> Session:
        """A session that cannot write."""
        ...

    def inspect(self) -> Session:
        """A session that only reads, and makes no file or table, not even for a while. Raises LogMissing."""
        ...

    def fingerprint(self) -> object:
        """Changes when somebody wrote to files that `inspect` reads as they stand."""
        ...

    def check_index(self, session: Session, size: int) -> Sequence[str]:
        """How the search index differs from the first `size` records; nothing: it does not, or there is none."""
        ...

    def create(self, session: Session) -> None:
        """Make the tables when they are missing; called in a transaction."""
        ...

    # What is written goes through the next five, each called in a transaction. A database that knows roles
    # lets a login that only appends call `append` and `note_copy`, and no record of theirs govern others.

    def permit(self, session: Session, following: bytes) -> None:
        """Where `create` made what asks for a permit: let the next append be one that shows what hashes to this."""
        ...

    def append(self, session: Session, batch: Batch) -> None: ...

    def erase(self, session: Session, by: str, cuts: Sequence[Cut]) -> None:
        """Take fields out of records, as the record `by` of an approval or of retention says."""
        ...

    def note_copy(self, session: Session, path: str, first: int, last: int, record: str) -> None:
        """Remember that an export of records in this range lies there."""
        ...

    def finished(self, session: Session, removed: Sequence[str]) -> None:
        """The bytes of the last erasure are gone everywhere, and these exports with them."""
        ...

    def search(self, session: Session, covered: Callable[[], int]) -> SearchIndex:
        """The index for a reading session. `covered` says how many records the signed checkpoint covers."""
        ...

    def translated(self) -> AbstractContextManager[None]:
        """The database's and the system's errors become AuditUnavailable or AuditCorrupt."""
        ...

    def passing(self, error: BaseException | None) -> bool:
        """Does this error of its own (busy, a lock) leave the connection as good as before?"""
        ...

    async def scrub(self, run: Run, indexes: Sequence[int], salts: frozenset[bytes]) -> tuple[str, ...]:
        """Leave no bytes of what was erased from the records at `indexes`, whose salts were `salts`.

        Returns where some may be left all the same, for people to see to. Raises AuditUnavailable when
        it must be tried again.
        """
        ...


Run = Callable[[Callable[[Session], None]], Awaitable[None]]
"""Runs something with the writing session, between two batches of appends and outside a transaction."""
