"""From a record to its leaf: salted digests of each field, in the way of RFC 9901 (SD-JWT).

A field's disclosure is the canonical JSON array [salt, name, value], encoded in base64url without
padding; its digest is the SHA-256 of those ASCII characters, in base64url again. The salt is 128
random bits. The leaf is canonical JSON with the sorted digests and nothing that names a person, so
a field and its salt can be deleted and the tree stays as it was.
"""

from __future__ import annotations

import binascii
import hashlib
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import msgspec

from audit.canonical import canonical, canonical_each
from audit.errors import AuditCorrupt, RecordInvalid
from audit.record import AuditRecord, Json

VERSION = 3
"""Form of new records. Of form 1 (until version 0.1) are records whose approvals name no digests; form 3 says in its
leaf which fields there were (`names_digest`)."""
FORMS = (1, 2, 3)
SALT_BYTES = 16
MOST_FIELDS = 1000  # keeps a leaf below the 65,535 bytes of a tlog-tiles entry
MOST_BYTES = 32 * 1024 * 1024

_SALT = SALT_BYTES * b"\xff" + b"\0\0"  # what is kept of 18 bytes, a multiple of the three that base64 takes at once
_ROWS = msgspec.json.Decoder(list[tuple[str, str, Any]])
_RAW_ROWS = msgspec.json.Decoder(list[tuple[str, str, msgspec.Raw]])
_VALUE: msgspec.json.Decoder[Any] = msgspec.json.Decoder()
_PARTS = msgspec.json.Decoder(list[msgspec.Raw])
_URL_SAFE = bytes.maketrans(b"+/", b"-_")
_TIMESTAMP = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Sealed:
    """A record ready to be stored: its leaf and its disclosures (canonical JSON of a list of them)."""

    record: AuditRecord
    leaf: bytes
    body: bytes


def seal(record: AuditRecord) -> Sealed:
    """Salt and digest each field. Raises RecordInvalid."""
    if record.time.tzinfo is None:
        raise RecordInvalid(f"record {record.id}: its time has no zone; use UTC")
    if len(record.fields) > MOST_FIELDS:
        raise RecordInvalid(f"record {record.id} has {len(record.fields)} fields; the limit is {MOST_FIELDS}")
    salts = _salts(len(record.fields))
    rows: list[Json] = [[salt, name, value] for salt, (name, value) in zip(salts, record.fields.items(), strict=True)]
    parts = canonical_each(rows)
    body = b"[" + b",".join(parts) + b"]"
    if len(body) > MOST_BYTES:
        raise RecordInvalid(f"record {record.id} holds {len(body)} bytes; the limit is {MOST_BYTES}")
    return Sealed(record, leaf_bytes(record, _digests(parts)), body)


def leaf_bytes(record: AuditRecord, digests: Iterable[str]) -> bytes:
    """The leaf of a record whose fields have these digests. Raises RecordInvalid when it does not fit an entry."""
    data = leaf_text(
        record.id,
        record.event,
        timestamp(record.time),
        record.outcome,
        record.refers_to,
        [*sorted(digests)],
        names=names_digest(record.fields),
    )
    if len(data) > 0xFFFF:
        raise RecordInvalid(f"record {record.id}: its leaf of {len(data)} bytes does not fit an entry")
    return data


def leaf_text(
    record_id: str,
    event: str,
    time: str,
    outcome: str,
    refers_to: str | None,
    digests: Sequence[str],
    form: int = VERSION,
    names: str = "",
) -> bytes:
    """A leaf's canonical bytes. `names` is what `names_digest` gives, from form 3 on. Raises RecordInvalid."""
    leaf: dict[str, Json] = {
        "event": event,
        "id": record_id,
        "outcome": outcome,
        "refers_to": refers_to,
        "sd": [*digests],
        "sd_alg": "sha-256",
        "time": time,
        "v": form,
    }
    if form > 2:
        leaf["names"] = names
    return canonical(leaf)


def names_digest(names: Iterable[str]) -> str:
    """SHA-256, in base64url, of the canonical JSON list of the sorted names of a record's fields.

    A digest says nothing of the field that was erased, so that one could fall under another's name. With this,
    what is left and what is said to be gone are together exactly the fields that there were.
    """
    return _names_digest(tuple(names))


@lru_cache(1024)
def _names_digest(names: tuple[str, ...]) -> str:
    hashed = hashlib.sha256(canonical([*sorted(names)])).digest()
    return _url_safe(hashed).rstrip(b"=").decode()


def opened(body: bytes) -> tuple[list[tuple[str, str, Json]], list[str]]:
    """(salt, name, value) of each disclosure of a stored body, and each one's digest over its very bytes.

    Raises AuditCorrupt when anything but the disclosures stands in it.
    """
    found = disclosures_of(body)
    parts = _PARTS.decode(body)
    if b"[" + b",".join(parts) + b"]" != body:
        raise AuditCorrupt("stored disclosures are not in their canonical form: something stands between them")
    return found, _digests(parts)


def digest(salt: str, name: str, value: Json) -> str:
    """The digest that a leaf holds for this field."""
    return _digests([canonical([salt, name, value])])[0]


def disclosures_of(body: bytes, names: frozenset[str] | None = None) -> list[tuple[str, str, Json]]:
    """(salt, name, value) of each disclosure of a stored body, or of those with these names.

    Raises AuditCorrupt when it has another shape.
    """
    try:
        if names is None:
            return _ROWS.decode(body)
        return [(salt, name, _value(raw)) for salt, name, raw in _RAW_ROWS.decode(body) if name in names]
    except (msgspec.DecodeError, ValueError, TypeError, RecursionError) as error:
        raise AuditCorrupt(f"stored disclosures are no list of [salt, name, value]: {error}") from error


def _value(raw: msgspec.Raw) -> Json:
    value: Json = _VALUE.decode(raw)
    return value


def values_of(body: bytes) -> dict[str, Json]:
    """The fields of a stored body by name. Raises AuditCorrupt."""
    return {name: value for _, name, value in disclosures_of(body)}


def microseconds(time: datetime) -> int:
    """Since 1970, exactly."""
    return (time - _EPOCH) // timedelta(microseconds=1)


def from_microseconds(micros: int) -> datetime:
    return _EPOCH + timedelta(microseconds=micros)


def timestamp(time: datetime) -> str:
    """RFC 3339 in UTC with microseconds, e.g. "2026-03-01T09:30:00.000123Z"."""
    return f"{time.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def parse_timestamp(text: str) -> datetime:
    """Raises ValueError for any other form."""
    if _TIMESTAMP.fullmatch(text):  # as `timestamp` writes it
        return datetime.fromisoformat(text)
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)


def _salts(count: int) -> list[str]:
    """Fresh salts in base64url: one call for all their bits, one for all their letters."""
    size = len(_SALT) * count
    kept = int.from_bytes(os.urandom(size)) & int.from_bytes(_SALT * count)
    letters = _url_safe(kept.to_bytes(size)).decode()
    return [letters[at : at + 22] for at in range(0, count * 24, 24)]


def _digests(disclosures: Iterable[bytes | msgspec.Raw]) -> list[str]:
    """The digest of each disclosure, in base64url."""
    sha256 = hashlib.sha256
    hashed = [sha256(letters).digest() for letters in _lines(disclosures).split(b"\n")[:-1]]
    return _lines(hashed).decode().split("\n")[:-1]


def _lines(parts: Iterable[bytes | msgspec.Raw]) -> bytes:
    """Each in base64url without padding, and a line break: the letters of all are exchanged at once."""
    to_base64 = binascii.b2a_base64
    return b"".join([to_base64(part) for part in parts]).translate(_URL_SAFE, b"=")


def _url_safe(data: bytes) -> bytes:
    """Base64url with its padding."""
    return binascii.b2a_base64(data, newline=False).translate(_URL_SAFE)
