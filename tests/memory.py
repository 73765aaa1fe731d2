"""Where tests keep what they write: in memory, where there is room.

Homes and databases sync to the disk at each commit, and nothing in a test outlives a loss of power. What a killed
process leaves behind lies there as it would on a disk.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

ROOM = 4 << 30  # bytes; a run needs less than one


def in_memory() -> str | None:
    """A folder in memory; None where the system has none, or too little of it."""
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > ROOM
    return str(memory) if roomy else None
