"""Checkpoints kept outside the log: what makes a rollback or a fork visible, at the time.

Write them on a schedule to a folder that the log's machine cannot change afterwards (a mounted bucket
with object lock, a share of the compliance team), or post `checkpoint_message` to a channel. Each time the
log must prove that it extends all that are kept there (RFC 6962, section 2.1.2); where it cannot, that is an
alarm: an `alarm` record, LogForked for the caller, and no further checkpoint.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from audit.errors import AuditCorrupt, AuditUnavailable, ExportFailed, LogForked
from audit.events import event
from audit.files import write_whole
from audit.keyring import public_keys
from audit.log import TransparencyLog
from audit.note import Checkpoint, PublicKey
from audit.reading import Reader
from audit.report import Report, read_earlier, read_head, rotation, trusted_keys
from audit.search import Filter
from audit.tree import Hashes, check_consistency, prove_consistency

KEPT = "checkpoint-*.txt"
MOST_TOLD = 20  # findings in one alarm


@dataclass(frozen=True, slots=True)
class Compared:
    """The log's head now, and how many kept checkpoints it was compared with; `wrong` says with which it disagrees."""

    note: str
    size: int
    kept: int
    wrong: Sequence[str]


async def publish_checkpoint(log: TransparencyLog, folder: Path) -> Path:
    """Write the signed checkpoint as FOLDER/checkpoint-SIZE.txt, once for each size; its path.

    The log is compared with every checkpoint there before. Raises LogForked, with an `alarm` record, when it does
    not extend one of them; AuditCorrupt when its own head is no good; ExportFailed when the folder cannot be used.
    """
    compared = await compare_checkpoints(log, folder)
    if compared.wrong:
        raise await alarm(log, folder, compared)
    target = folder / _name(compared.size)
    try:
        await asyncio.to_thread(_write_once, target, compared.note)
    except OSError as error:
        raise ExportFailed(f"the checkpoint cannot be written to {target}: {error}; check the folder") from error
    return target


async def compare_checkpoints(log: TransparencyLog, folder: Path) -> Compared:
    """Does the log extend every checkpoint that is kept in a folder? Raises AuditCorrupt, ExportFailed."""
    try:
        kept = await asyncio.to_thread(kept_checkpoints, folder)
        known = await asyncio.to_thread(public_keys, log.paths)
    except (OSError, UnicodeDecodeError) as error:
        raise ExportFailed(f"the checkpoints in {folder} cannot be read: {error}; check the folder") from error
    reader = log.reader()  # its own: years of checkpoints take a while
    try:
        return await reader.call(partial(_compare, kept=kept, known=known))
    finally:
        await reader.close()


async def alarm(log: TransparencyLog, folder: Path, compared: Compared) -> LogForked:
    """Record that the log disagrees with what was kept, once for each disagreement; the error to raise."""
    told = [*compared.wrong[:MOST_TOLD]]
    if len(compared.wrong) > MOST_TOLD:
        told.append(f"and {len(compared.wrong) - MOST_TOLD} more")
    reason = "; ".join(told)
    error = LogForked(
        f"the audit log is not the one whose checkpoints are kept in {folder}: {reason}; keep everything as it is,"
        " nobody may erase or restore now, and run: footnote audit verify"
    )
    try:
        last = await log.find(Filter(event="alarm"), limit=1)
        if not last.records or last.records[0].fields.get("reason") != reason:
            await log.append(event("alarm", "raised", reason=reason, checkpoint=compared.note))
    except (AuditCorrupt, AuditUnavailable) as unrecorded:
        error.add_note(f"the alarm could not be recorded: {unrecorded}")
    return error


def kept_checkpoints(folder: Path) -> list[tuple[str, str]]:
    """(name, text) of the checkpoints that were kept, the first size first. Raises OSError, UnicodeDecodeError."""
    return [(path.name, path.read_text("utf-8")) for path in sorted(folder.glob(KEPT))]


def checkpoint_message(note: str) -> str:
    """A checkpoint as one chat message, from which it can be copied whole."""
    use = "Keep it: `footnote audit verify --since FILE` proves the log against it."
    return f"Checkpoint of the audit log. {use}\n```\n{note}```"


def _compare(view: Reader, kept: Sequence[tuple[str, str]], known: Sequence[PublicKey]) -> Compared:
    with view.snapshot():
        note, head, hashes = view.checkpoint(), view.head(), view.hashes()
        found = (rotation(stored.record.fields, stored.index) for stored in view.of_event("key"))
        rotations = [one for one in found if one is not None]
        keys = trusted_keys(view.keys(), [str(key) for key in known], rotations, backward=True)
        report = Report()
        read_head(report, note, keys)
        wrong = [finding.what for finding in report.findings]
        for name, text in kept:
            said = Report()
            old = read_earlier(said, text, head, keys)
            if old is not None and name != _name(old.size):
                said.say(f"it is of {old.size} records, and its name says otherwise")
            if old is not None and not _extends(old, head, hashes):
                said.say(f"the log's first {old.size} records are others: it was forked")
            wrong += [f"{name}: {finding.what}" for finding in said.findings]
    return Compared(note, head.size, len(kept), wrong)


def _name(size: int) -> str:
    return f"checkpoint-{size:012d}.txt"


def _extends(old: Checkpoint, new: Checkpoint, hashes: Hashes) -> bool:
    try:
        proof = prove_consistency(old.size, new.size, hashes)
    except (IndexError, ValueError):
        return False  # the log cannot prove it: a tile is cut short
    return check_consistency(proof, old.size, new.size, old.root, new.root)


def _write_once(target: Path, note: str) -> None:
    if target.exists():
        return  # of this size, and compared above
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    write_whole(target, note.encode(), part)
