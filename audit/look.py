"""What rows of the log say on their own, apart from all others: the part of a verification that takes the time.

Pure: rows in, values out, so that it can be done in other processes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from audit.check import Finding, are_salts, check_record, check_values, sound_leaf
from audit.database import Row
from audit.disclosure import FORMS, from_microseconds, leaf_text, names_digest, opened, timestamp
from audit.errors import AuditCorrupt, RecordInvalid
from audit.reading import Stored, form_of_leaf, stored_row
from audit.register import GOVERNANCE
from audit.tree import leaf_hash

_NONE = (None, "{}")
"""What the databases say of the erased fields of a record that has none."""


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
class WholeRecords:
    """Records of one form that are as their leaves say, lost nothing and govern nothing: ids, and microseconds."""

    form: int
    ids: Sequence[str]
    times: Sequence[int]

    def records(self) -> list[Looked]:
        return [
            Looked(name, from_microseconds(time), self.form, 0, (), None)
            for name, time in zip(self.ids, self.times, strict=True)
        ]


@dataclass(frozen=True, slots=True)
class LookedRows:
    """Rows in the order in which they were read: their positions, their leaf hashes, and what each says."""

    indexes: Sequence[int]
    hashes: Sequence[bytes]
    records: Sequence[Looked] | WholeRecords = ()


def look_at_leaves(rows: Sequence[Row]) -> LookedRows:
    """Of rows of position and leaf. Raises AuditCorrupt for what is no leaf at all."""
    return LookedRows([index for index, _ in rows], [leaf_hash(sound_leaf(index, leaf)) for index, leaf in rows])


def look_at_records(rows: Sequence[Row]) -> LookedRows:
    """Of whole rows. Raises AuditCorrupt for one that is no record at all."""
    indexes, hashes = [row[0] for row in rows], [leaf_hash(sound_leaf(row[0], row[6])) for row in rows]
    forms = {form_of_leaf(row[6]) for row in rows}
    if len(forms) == 1:
        (form,) = forms
        if all(_is_whole(row, form) for row in rows):
            return LookedRows(indexes, hashes, WholeRecords(form, [row[1] for row in rows], [row[4] for row in rows]))
    return LookedRows(indexes, hashes, [_look(stored_row(row)) for row in rows])


def _is_whole(row: Row, form: int) -> bool:
    """Is a record all that its leaf says, and does it govern nothing? True only where `_look` finds nothing.

    Its leaf is made anew of what stands beside it, and must be the same to the byte. That takes half the time.
    """
    _, record_id, event, outcome, time, refers_to, leaf, body, erased = row
    if event in GOVERNANCE or erased not in _NONE or body is None or form not in FORMS:
        return False
    try:
        parts, digests = opened(body)
        fields: dict[str, Any] = {name: value for _, name, value in parts}
        said = timestamp(from_microseconds(time))
        names = names_digest(fields) if form > 2 else ""
        expected = leaf_text(record_id, event, said, outcome, refers_to, sorted(digests), form, names)
    except (AuditCorrupt, RecordInvalid, OverflowError, ValueError, TypeError):
        return False
    return (
        expected == leaf
        and len(fields) == len(parts)
        and len({*digests}) == len(digests)
        and are_salts([salt for salt, _, _ in parts])
        and next(iter(check_values(event, fields)), None) is None
    )


def _look(stored: Stored) -> Looked:
    record = stored.record
    findings = tuple(check_record(stored.claimed()))
    if stored.body is None:
        findings = (Finding(record.id, "its fields have no row in the log"), *findings)
    kept = stored if stored.erased or record.event in GOVERNANCE else None
    return Looked(record.id, record.time, form_of_leaf(stored.leaf), len(stored.erased), findings, kept)
