"""What was refused, noted beside the log before anybody is told: so a crash or a restart loses no gap.

One small file of fixed length, made while there is room: noting needs no new block on a disk that is full. A line
a gap, as JSON; what is left of the file is line breaks. It holds ids of records and what failed, nothing that names
a person. Processes that share a home share the file: a lock on it keeps them in one line.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import re
import stat
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from audit.disclosure import parse_timestamp, timestamp
from audit.errors import AuditUnavailable
from audit.files import sync
from audit.record import AuditRecord, Json, new_record_id
from retrieval.codec import clean

SPACE = 1 << 16  # bytes
MOST_NAMED = 1_000  # ids in one note
LOCK_S = 1.0
_REASON = 2_000  # characters
_UNREADABLE = "a note of what was refused could not be read"
_ID = re.compile("[0-9a-f]{20}")


class GapNotes:
    """Each note becomes one `gap` record. Thread-safe. Raises OSError, but where said otherwise."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._mine = ""  # the id of the note that this process adds to

    def reserve(self) -> None:
        """Make the file, where there is none. Raises AuditUnavailable."""
        if self._path.exists():
            return
        try:
            with self._opened(os.O_CREAT) as descriptor:
                if os.fstat(descriptor).st_size < SPACE:
                    _write(descriptor, [])
            sync(self._path.parent)
        except OSError as error:
            raise AuditUnavailable(f"{self._path} cannot be made: {error}; check disk space and rights") from error

    def add(self, reason: str, records: Sequence[str]) -> None:
        """Durable when it returns: these records were refused, for this reason."""
        with self._opened(os.O_CREAT) as descriptor:
            notes = _read(descriptor)
            note = next((one for one in notes if one["id"] == self._mine and not one["tried"]), None)
            if note is None:
                note = _new(reason[:_REASON])
                notes.append(note)
                self._mine = str(note["id"])
            known = note["records"] if isinstance(note["records"], list) else []
            new = [one for one in dict.fromkeys(records) if one not in known]
            note["refused"] = _count(note) + len(new)
            note["records"] = [*known, *new][:MOST_NAMED]
            _write(descriptor, notes)

    def waiting(self) -> bool:
        """Is there a note that is not in the log yet? False where that cannot be told."""
        try:
            with self._opened() as descriptor:
                return bool(os.pread(descriptor, SPACE, 0).strip())
        except OSError:
            return False

    def move(self, record: Callable[[Sequence[AuditRecord]], None]) -> None:
        """Hand the notes over as `gap` records, and forget them when `record` returns: they are durable then.

        Where it raises, or a crash comes between, they are handed over again with the same ids, so nothing is
        added to them any more.
        """
        with self._opened() as descriptor:
            notes = _read(descriptor)
            for note in notes:
                note["tried"] = True
            if notes:
                _write(descriptor, notes)
        if not notes:
            return
        record([_gap(note) for note in notes])
        done = {note["id"] for note in notes}
        with self._opened() as descriptor:
            _write(descriptor, [note for note in _read(descriptor) if note["id"] not in done])

    @contextmanager
    def _opened(self, flags: int = 0) -> Iterator[int]:
        flags |= os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        descriptor = os.open(self._path, flags, 0o600)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise OSError(errno.EINVAL, "it is no plain file", str(self._path))
            _lock(descriptor)
            yield descriptor
        finally:
            os.close(descriptor)


def _lock(descriptor: int) -> None:
    """Raises OSError when another process holds it for too long."""
    end = time.monotonic() + LOCK_S
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > end:
                raise
            time.sleep(0.01)
        else:
            return


def _read(descriptor: int) -> list[dict[str, Json]]:
    """The notes. Lines that a crash tore, or that somebody changed, are one gap too: of what, nobody knows."""
    data = os.pread(descriptor, SPACE, 0)
    lines = [_note(line) for line in data.split(b"\n") if line.strip()]
    notes = [note for note in lines if note is not None]
    return notes if len(notes) == len(lines) else [*notes, _new(_UNREADABLE)]


def _note(line: bytes) -> dict[str, Json] | None:
    try:
        note = json.loads(line)
        parse_timestamp(note["since"])
        if _ID.fullmatch(note["id"]) and 0 <= int(note["refused"]) < 2**53:
            return {
                "id": note["id"],
                "since": note["since"],
                "reason": clean(note["reason"]),
                "refused": int(note["refused"]),
                "records": [clean(one) for one in note["records"]],
                "tried": note["tried"] is True,
            }
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return None


def _new(reason: str, refused: int = 0) -> dict[str, Json]:
    now = timestamp(datetime.now(UTC))
    said: dict[str, Json] = {"id": new_record_id(), "since": now, "reason": clean(reason), "refused": refused}
    return {**said, "records": [], "tried": False}


def _count(note: dict[str, Json]) -> int:
    return int(str(note["refused"]))


def _write(descriptor: int, notes: Sequence[dict[str, Json]]) -> None:
    """In place, over the blocks that are there. Where they are too many, the first ones lose the ids, not the count."""
    data = _lines(notes)
    for note in notes:
        if len(data) > SPACE:
            note["records"] = []
            data = _lines(notes)
    if len(data) > SPACE:
        data = _lines([_new("more was refused than there is room to note", sum(map(_count, notes)))])
    end = max(SPACE, os.fstat(descriptor).st_size)
    os.pwrite(descriptor, data.ljust(end, b"\n"), 0)
    os.fsync(descriptor)


def _lines(notes: Sequence[dict[str, Json]]) -> bytes:
    return b"".join(json.dumps(note).encode() + b"\n" for note in notes)


def _gap(note: dict[str, Json]) -> AuditRecord:
    """The record of a note, with the same id each time."""
    return AuditRecord(
        id=str(note["id"]),
        event="gap",
        time=datetime.now(UTC),
        outcome="recovered",
        fields={
            "reason": note["reason"],
            "since": note["since"],
            "refused": note["refused"],
            "refused_records": note["records"],
        },
    )
