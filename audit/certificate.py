"""What an erasure did, in words that the log's key signs: for whoever asked for it, and for their auditor.

It names nobody but who requested and who approved. `footnote audit verify FILE` checks it.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from audit.disclosure import timestamp
from audit.errors import AuditCorrupt
from audit.report import Report, Rotation, open_handed_over, rotation_lines

_HEAD = re.compile("log [0-9]{1,18} [A-Za-z0-9+/=]+")
TYPE = "footnote-audit-erasure/v1"


@dataclass(frozen=True, slots=True)
class Done:
    """What goes into a certificate: `places`, items that were found and removed, by place; `left`, what may remain."""

    request: str
    approvals: Sequence[str]
    requested_by: str
    approved_by: str
    records: int
    fields: int
    places: Mapping[str, int]
    left: Sequence[str]


def certificate_text(done: Done, origin: str, key: str, size: int, root: bytes, rotations: Iterable[Rotation]) -> str:
    """The text to sign; it ends with a line break."""
    lines = [
        TYPE,
        origin,
        f"key {key}",
        f"request {done.request}",
        *(f"approval {one}" for one in done.approvals),
        f"requested by {done.requested_by}",
        f"approved by {done.approved_by}",
        f"carried out {timestamp(datetime.now(UTC))}",
        f"erased {done.fields} fields of {done.records} records; their digests stay in the log",
        *(f"removed {count} from {name}" for name, count in done.places.items()),
        *(f"may remain: {one}" for one in done.left),
        "out of reach: backups, standbys, and what a file system or a disk keeps of removed blocks",
        f"log {size} {base64.b64encode(root).decode()}",
        *rotation_lines(rotations),
    ]
    return "".join(f"{' '.join(line.split())}\n" for line in lines)


def is_certificate(path: Path) -> bool:
    """Does the file begin like one? Raises OSError."""
    with path.open("rb") as file:
        return file.read(len(TYPE) + 1) == f"{TYPE}\n".encode()


def verify_certificate(path: Path, keys: Sequence[str] = ()) -> Report:
    """Did the log's key sign it as it stands? Without `keys` the key inside is believed, and named. Raises OSError.

    With the first key of a log, those that it handed over to are believed.
    """
    report = Report()
    note = path.read_bytes().decode("utf-8", "replace")
    lines = note.split("\n")
    named = next((line.removeprefix("key ") for line in lines if line.startswith("key ")), "")
    size = next((line.split()[1] for line in lines if _HEAD.fullmatch(line)), "0")
    try:
        open_handed_over(report, note, named, keys, int(size))
    except AuditCorrupt as error:
        report.say(f"the certificate is not what the log's key signed: {error}")
        return report
    report.records = 1
    return report
