"""The parser children of this process: other tests' servers are children of it too."""

from __future__ import annotations

import os
from pathlib import Path


def parser_children() -> list[int]:
    """Process ids, oldest first."""
    listed = Path("/proc/self/task", str(os.getpid()), "children").read_text("ascii").split()
    return [int(pid) for pid in listed if b"retrieval.parse.worker" in Path("/proc", pid, "cmdline").read_bytes()]
