"""What a verification found, and the steps that the live log and an export share."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import accumulate

from audit.canonical import canonical, parse
from audit.check import Finding
from audit.disclosure import from_microseconds, microseconds, timestamp
from audit.errors import AuditCorrupt, RecordInvalid
from audit.note import Checkpoint, PublicKey, check_rotation, open_checkpoint, open_note
from audit.record import Json

MOST_FINDINGS = 1_000

SLACK = timedelta(minutes=5)
"""By how much times may differ: clocks of several machines, and records that waited."""
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_LINE = "rotation "


@dataclass(frozen=True, slots=True)
class Rotation:
    """A key handed over to another, with its signature over that (`audit.note.rotation_text`).

    `stated` is the tree size in the signed statement (None: of version 0.1), `size` the one at which it happened
    (None: not known). With `revoked` the old key is believed up to that size and hands over to nobody.
    """

    old: str
    new: str
    signature: str
    stated: int | None
    size: int | None
    revoked: int | None = None

    def as_json(self) -> list[Json]:
        """For exports: three texts, and what version 0.1 did not know."""
        texts: list[Json] = [self.old, self.new, self.signature]
        return texts if self.stated is None else [*texts, self.stated, self.revoked]

    @classmethod
    def from_json(cls, value: Json) -> Rotation | None:
        if not isinstance(value, list) or len(value) not in (3, 5):
            return None
        old, new, signature, size, revoked = [*value, None, None][:5]
        if not (isinstance(old, str) and isinstance(new, str) and isinstance(signature, str)):
            return None
        at = size if isinstance(size, int) else None
        return cls(old, new, signature, at, at, revoked if isinstance(revoked, int) else None)


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


@dataclass(slots=True)
class KeySpan:
    """A key, and the sizes of the trees that it may sign."""

    key: PublicKey
    first: int = 0
    last: int | None = None

    def signs(self, size: int) -> bool:
        return self.first <= size and (self.last is None or size <= self.last)


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys that are believed."""

    spans: Sequence[KeySpan]

    @property
    def public(self) -> list[PublicKey]:
        return [span.key for span in self.spans]

    def signer(self, note: str) -> KeySpan | None:
        return next((span for span in self.spans if _signed(note, span.key)), None)

    def at(self, size: int) -> list[PublicKey]:
        """Those that may sign what is said of a tree of this size."""
        return [span.key for span in self.spans if span.signs(size)]


def trusted_keys(
    claimed: Sequence[str], pinned: Sequence[str], rotations: Iterable[Rotation], *, backward: bool = False
) -> Keys:
    """The keys to believe: the pinned ones (else the first claimed), and those that they handed over to.

    A key signs until it hands over, and no tree of a later size. One that was revoked hands over to nobody: its
    successor must be pinned itself. With `backward`, for rotations that stand in a tree which is being verified,
    a trusted key also vouches for the ones before it. Raises AuditCorrupt.
    """
    spans = {text: KeySpan(PublicKey.parse(text)) for text in (pinned or claimed[:1])}
    known = [(one, PublicKey.parse(one.old), PublicKey.parse(one.new)) for one in rotations]
    good = [
        (one, old, new) for one, old, new in known if check_rotation(old, new, one.signature, one.stated, one.revoked)
    ]
    for one, old, new in good:
        if str(old) not in spans:
            continue
        if one.revoked is None:
            spans.setdefault(str(new), KeySpan(new))
        _bound(spans, one, old, new)
    for one, old, new in reversed(good if backward else []):
        if str(new) in spans and str(old) not in spans:
            spans[str(old)] = KeySpan(old)
            _bound(spans, one, old, new)
    return Keys([*spans.values()])


def _bound(spans: Mapping[str, KeySpan], one: Rotation, old: PublicKey, new: PublicKey) -> None:
    """At this rotation one key ends, and the other begins."""
    if one.size is not None:
        ends = one.size - 1 if one.revoked is None else min(one.size - 1, one.revoked)
        spans[str(old)].last = ends
        if str(new) in spans:
            spans[str(new)].first = one.size


def rotation(fields: Mapping[str, Json], index: int | None = None) -> Rotation | None:
    """What a `key` record at a position says; None when it is malformed."""
    old, new, signature = (fields.get(name) for name in ("old_key", "new_key", "signature"))
    size, revoked = fields.get("size"), fields.get("revoked")
    if not (isinstance(old, str) and isinstance(new, str) and isinstance(signature, str)):
        return None
    stated = size if isinstance(size, int) else None
    at = index + 1 if index is not None else stated
    return Rotation(old, new, signature, stated, at, revoked if isinstance(revoked, int) else None)


def rotation_lines(rotations: Iterable[Rotation]) -> list[str]:
    """For a text that is signed: how whoever trusts an earlier key gets to the one that signed it."""
    return [f"{_LINE}{canonical(one.as_json()).decode()}" for one in rotations]


def open_handed_over(report: Report, note: str, named: str, pinned: Sequence[str], size: int) -> str:
    """The text of a note that says itself who signed it, and of what size the log was; with `rotation_lines` in it.

    The key is `named` in it, or one of those `pinned`, or one that those handed over to. Raises AuditCorrupt.
    """
    said = [line.removeprefix(_LINE) for line in note.split("\n") if line.startswith(_LINE)]
    try:
        rotations = [found for line in said if (found := Rotation.from_json(parse(line.encode())))]
    except RecordInvalid as error:
        raise AuditCorrupt(f"what it says of a key that was handed over is malformed: {error}") from error
    keys = trusted_keys([named], pinned, rotations)
    text = open_note(note, keys.public)
    span = keys.signer(note)
    origin = text.split("\n")[1:2]
    if span is None or [span.key.name] != origin:
        report.say(f"it is of the log {''.join(origin)}, its key of another")
    elif not span.signs(size):
        report.say(f"it is of {size} records and signed by a key that {_until(span)}: {span.key}")
    report.origin, report.key = "".join(origin), str(span.key) if span is not None else ""
    return text


def read_head(report: Report, note: str, keys: Keys) -> Checkpoint | None:
    try:
        head = open_checkpoint(note, keys.public)
    except AuditCorrupt as error:
        report.say(str(error))
        return None
    report.origin, report.size, report.root = head.origin, head.size, base64.b64encode(head.root).decode()
    span = keys.signer(note)
    report.key = str(span.key) if span is not None else ""
    if span is not None and span.key.name != head.origin:
        report.say(f"the checkpoint is of the log {head.origin}, its key of {span.key.name}")
    if span is not None and not span.signs(head.size):
        report.say(f"the checkpoint of {head.size} records is signed by a key that {_until(span)}: {span.key}")
    return head


def _until(span: KeySpan) -> str:
    return f"signs up to {span.last} records" if span.last is not None else f"signs from {span.first} records on"


def _signed(note: str, key: PublicKey) -> bool:
    try:
        open_note(note, [key])
    except AuditCorrupt:
        return False
    return True


def read_earlier(report: Report, since: str | None, head: Checkpoint, keys: Keys) -> Checkpoint | None:
    if since is None:
        return None
    try:
        old = open_checkpoint(since, keys.public)
    except AuditCorrupt as error:
        report.say(f"the earlier checkpoint cannot be used: {error}")
        return None
    if old.origin != head.origin:
        report.say(f"the earlier checkpoint is of another log, {old.origin}")
        return None
    span = keys.signer(since)
    if span is not None and not span.signs(old.size):
        report.say(f"the earlier checkpoint of {old.size} records is signed by a key that {_until(span)}: {span.key}")
        return None
    if old.size > head.size:
        report.say(f"the log was rolled back: it holds {head.size} records, and held {old.size}")
        return None
    if old.time is not None and head.time is not None and old.time > head.time + SLACK:
        report.say("the checkpoint was signed before the earlier one: a clock was put back")
    return old


class Clock:
    """Do times go forward, from record to record, and not past the checkpoint's? Says so once each time they turn."""

    def __init__(self, head: Checkpoint) -> None:
        self.latest = EARLIEST
        """Of all records so far."""
        self._signed = head.time
        self._newest = EARLIEST  # of those whose form promises it
        self._behind = self._ahead = False

    def passes(self, times: Sequence[int], form: int) -> bool:
        """The next records at once, by microseconds: True where `check` would say nothing of any of them."""
        slack, latest = microseconds(EARLIEST + SLACK), accumulate(times, max)
        highest = from_microseconds(max(times))
        if form > 1:
            behind = from_microseconds(min(times)) < self._newest - SLACK
            ahead = self._signed is not None and highest > self._signed + SLACK
            if behind or ahead or any(time < before - slack for time, before in zip(times, latest, strict=True)):
                return False
            self._newest, self._behind, self._ahead = max(self._newest, highest), False, False
        self.latest = max(self.latest, highest)
        return True

    def check(self, record: str, time: datetime, form: int) -> Iterator[Finding]:
        """The next record. Records of form 1 promise nothing of their times."""
        self.latest = max(self.latest, time)
        if form < 2:
            return
        behind, self._behind = self._behind, time < self._newest - SLACK
        if self._behind and not behind:
            yield Finding(record, f"its time is {timestamp(time)}, after a record of {timestamp(self._newest)}")
        self._newest = max(self._newest, time)
        ahead, self._ahead = self._ahead, self._signed is not None and time > self._signed + SLACK
        if self._ahead and not ahead:
            yield Finding(record, f"its time is {timestamp(time)}, after that of the checkpoint that covers it")


def check_now(report: Report, head: Checkpoint) -> None:
    """A checkpoint is not signed in the future."""
    if head.time is not None and head.time > datetime.now(UTC) + SLACK:
        report.say(f"the checkpoint says that it was signed at {timestamp(head.time)}, which has not come yet")
