"""What is kept of each event, and its canonical bytes.

A record answers NIST SP 800-53 AU-3: what (event), when (time), where and source (fields
"platform", "channel", ...), outcome, and who ("user", ...). Values are JSON without floats:
scores, times and rates are integers with the unit in the name.
"""

from __future__ import annotations

import secrets
import time as clock
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from audit.errors import AuditCorrupt
from retrieval import codec
from retrieval.codec import Json as Json

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """One event. `fields` are the parts that can be disclosed and erased one by one.

    `event` is "question", "delivery", "feedback", "expert", "review", "erasure", "hold", "retention",
    "access", "configuration", "key", "gap", "alarm", "heartbeat" or "ignored"; `outcome` of a question is
    "answered", "abstained", "refused" or "failed". `refers_to` is the record this one is about.
    """

    id: str
    event: str
    time: datetime
    outcome: str
    fields: Mapping[str, Json]
    refers_to: str | None = None
    erased: tuple[str, ...] = ()  # names of fields that were erased; only the log fills it


@dataclass(frozen=True, slots=True)
class Receipt:
    """Evidence that a record is durable in the log: its position and its leaf hash (hex)."""

    record_id: str
    index: int
    leaf_hash: str


class AuditLog(Protocol):
    async def append(self, record: AuditRecord) -> Receipt:
        """Durable when it returns. Raises AuditUnavailable; the caller must then show no content."""
        ...


def new_record_id() -> str:
    """An opaque id that sorts by time: 11 hex digits of milliseconds and 9 random ones."""
    return f"{clock.time_ns() // 1_000_000:011x}{secrets.token_hex(5)[:9]}"


def from_json(kind: type[T], value: Json) -> T:
    """A value of a record. Raises AuditCorrupt when it does not fit the type."""
    try:
        return codec.from_json(kind, value)
    except codec.Unfit as error:
        raise AuditCorrupt(f"a recorded value is {error}") from error
