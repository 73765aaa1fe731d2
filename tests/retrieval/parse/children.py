"""The parser processes of this process: other tests' servers are children of it too."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path


def zygotes() -> list[int]:
    """Process ids of those that parsers are forked from, oldest first."""
    listed = Path("/proc/self/task", str(os.getpid()), "children").read_text("ascii").split()
    return [int(pid) for pid in listed if b"retrieval.parse.zygote" in Path("/proc", pid, "cmdline").read_bytes()]


def parser_children() -> list[int]:
    """Process ids of the children that read a document now."""
    return [
        int(pid)
        for zygote in zygotes()
        for pid in Path("/proc", str(zygote), "task", str(zygote), "children").read_text("ascii").split()
    ]


async def a_child() -> int:
    """The child that reads a document, as soon as it has given up its rights."""
    return await asyncio.to_thread(_confined)


async def gone(pid: int) -> None:
    """Wait until a process has ended and was waited for."""
    await asyncio.to_thread(_gone, pid)


def _confined() -> int:
    while True:
        for pid in parser_children():
            if "Seccomp:\t2" in Path("/proc", str(pid), "status").read_text("utf-8"):
                return pid
        time.sleep(0.02)


def _gone(pid: int) -> None:
    while Path("/proc", str(pid)).exists():
        time.sleep(0.02)
