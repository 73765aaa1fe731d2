"""What rows of the log say on their own, apart from all others: the part of a verification that takes the time.

Pure: rows in, values out, so that it can be done in other processes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from audit.check import Finding, check_record
from audit.database import Row
from audit.reading import Stored, form_of_leaf, stored_row
from audit.register import GOVERNANCE
from audit.tree import leaf_hash


@dataclass(frozen=True, slots=True)
class Looked:
    """A record held against its leaf. `stored` is all of it where others depend on it: it lost fields, or governs."""

    id: str
    time: datetime
    form: int
    erased: int
    findings: tuple[Finding, ...]
    stored: Stored | None


@dataclass(frozen=True, slots=True)
class LookedRows:
    """Rows in the order in which they were read: their positions, their leaf hashes, and what each says."""

    indexes: Sequence[int]
    hashes: Sequence[bytes]
    records: Sequence[Looked] = ()


def look_at_leaves(rows: Sequence[Row]) -> LookedRows:
    """Of rows of position and leaf."""
    return LookedRows([index for index, _ in rows], [leaf_hash(leaf) for _, leaf in rows])


def look_at_records(rows: Sequence[Row]) -> LookedRows:
    """Of whole rows. Raises AuditCorrupt for one that is no record at all."""
    found = [stored_row(row) for row in rows]
    return LookedRows(
        [one.index for one in found], [leaf_hash(one.leaf) for one in found], [_look(one) for one in found]
    )


def _look(stored: Stored) -> Looked:
    record = stored.record
    findings = tuple(check_record(stored.claimed()))
    if stored.body is None:
        findings = (Finding(record.id, "its fields have no row in the log"), *findings)
    kept = stored if stored.erased or record.event in GOVERNANCE else None
    return Looked(record.id, record.time, form_of_leaf(stored.leaf), len(stored.erased), findings, kept)
