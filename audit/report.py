"""What a verification found, and the steps that the live log and an export share."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from audit.check import Finding
from audit.errors import AuditCorrupt
from audit.note import Checkpoint, PublicKey, check_rotation, open_checkpoint, open_note
from audit.record import Json

MOST_FINDINGS = 1_000

Rotation = tuple[str, str, str]
"""(old key, new key, signature of the old key over the new one)"""


@dataclass(slots=True)
class Report:
    """`ok` when there is no finding. `key` is the public key that signed, as it stands in the export.

    A caller that has no key from elsewhere learns here which key to compare.
    """

    records: int = 0
    findings: list[Finding] = field(default_factory=list)
    origin: str = ""
    size: int = 0
    root: str = ""
    key: str = ""
    erased: int = 0

    @property
    def ok(self) -> bool:
        return not self.findings

    def add(self, *findings: Finding) -> None:
        self.findings.extend(findings[: max(0, MOST_FINDINGS - len(self.findings))])

    def say(self, what: str, record: str | None = None) -> None:
        self.add(Finding(record, what))

    def as_json(self) -> dict[str, Json]:
        found: list[Json] = [{"record": f.record, "what": f.what} for f in self.findings]
        return {
            "ok": self.ok,
            "records": self.records,
            "findings": found,
            "origin": self.origin,
            "size": self.size,
            "root": self.root,
            "key": self.key,
            "erased_fields": self.erased,
        }


def trusted_keys(claimed: Sequence[str], pinned: Sequence[str], rotations: Iterable[Rotation]) -> list[PublicKey]:
    """The keys to believe: the pinned ones (else the first claimed), and those that they handed over to.

    `rotations` are (old key, new key, signature) of the log's `key` records. Raises AuditCorrupt.
    """
    trusted = [PublicKey.parse(text) for text in (pinned or claimed[:1])]
    for old_text, new_text, signature in rotations:
        old, new = PublicKey.parse(old_text), PublicKey.parse(new_text)
        if any(str(key) == str(old) for key in trusted) and check_rotation(old, new, signature):
            trusted.append(new)
    return trusted


def rotation(fields: Mapping[str, Json]) -> Rotation | None:
    """What a `key` record says: old key, new key, the old one's signature; None when it is malformed."""
    old, new, signature = (fields.get(name) for name in ("old_key", "new_key", "signature"))
    if isinstance(old, str) and isinstance(new, str) and isinstance(signature, str):
        return old, new, signature
    return None


def read_head(report: Report, note: str, keys: Sequence[PublicKey]) -> Checkpoint | None:
    try:
        head = open_checkpoint(note, keys)
    except AuditCorrupt as error:
        report.say(str(error))
        return None
    report.origin, report.size, report.root = head.origin, head.size, base64.b64encode(head.root).decode()
    signer = next((key for key in keys if _signed(note, key)), None)
    report.key = str(signer) if signer is not None else ""
    if signer is not None and signer.name != head.origin:
        report.say(f"the checkpoint is of the log {head.origin}, its key of {signer.name}")
    return head


def _signed(note: str, key: PublicKey) -> bool:
    try:
        open_note(note, [key])
    except AuditCorrupt:
        return False
    return True


def read_earlier(report: Report, since: str | None, head: Checkpoint, keys: Sequence[PublicKey]) -> Checkpoint | None:
    if since is None:
        return None
    try:
        old = open_checkpoint(since, keys)
    except AuditCorrupt as error:
        report.say(f"the earlier checkpoint cannot be used: {error}")
        return None
    if old.origin != head.origin:
        report.say(f"the earlier checkpoint is of another log, {old.origin}")
        return None
    if old.size > head.size:
        report.say(f"the log was rolled back: it holds {head.size} records, and held {old.size}")
        return None
    return old


def covers(event: str, outcome: str, fields: Mapping[str, Json], record_id: str, name: str) -> bool:
    """Is this the record of an approved erasure (or a retention run) that took the field?"""
    if (event, outcome) not in {("erasure", "approved"), ("retention", "done")}:
        return False
    records, names = fields.get("records"), fields.get("names")
    listed = isinstance(records, list) and record_id in records
    return listed and (names == ["*"] or (isinstance(names, list) and name in names))
