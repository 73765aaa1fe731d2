"""Checkpoints kept outside the log: what makes a rollback or a fork visible.

Write them on a schedule to a folder that the log's machine cannot change afterwards (a mounted bucket
with object lock, a share of the compliance team), or post `checkpoint_message` to a channel.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from audit.errors import AuditCorrupt, ExportFailed
from audit.files import write_whole
from audit.log import TransparencyLog


async def publish_checkpoint(log: TransparencyLog, folder: Path) -> Path:
    """Write the signed checkpoint as FOLDER/checkpoint-SIZE.txt, once for each size; its path.

    A file of that size with another root is never overwritten: it means that the log was forked.
    Raises AuditCorrupt then, ExportFailed when the folder cannot be written.
    """
    note = await log.checkpoint()
    size = (await log.read(lambda view: view.head())).size
    target = folder / f"checkpoint-{size:012d}.txt"
    try:
        await asyncio.to_thread(_write_once, target, note)
    except OSError as error:
        raise ExportFailed(f"the checkpoint cannot be written to {target}: {error}; check the folder") from error
    return target


def checkpoint_message(note: str) -> str:
    """A checkpoint as one chat message, from which it can be copied whole."""
    use = "Keep it: `footnote audit verify --since FILE` proves the log against it."
    return f"Checkpoint of the audit log. {use}\n```\n{note}```"


def _write_once(target: Path, note: str) -> None:
    if target.exists():
        if target.read_text("utf-8").split("\n")[:3] != note.split("\n")[:3]:
            raise AuditCorrupt(
                f"{target} names another root for this size: the log was forked; run footnote audit verify"
            )
        return
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    write_whole(target, note.encode(), part)
