"""The home is ours alone: folders 0700, files 0600, whatever they were before.

Everything that asks a directory who may read what is in vain when the texts lie open on the disk.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

OURS = ("state.db", "embeddings.db", "inbox.db", "memory.db", "index", "models", "audit", "slack", "eval", "leases")
"""What Footnote keeps in its home; files beside them (-wal, -shm, .lock) begin with the same name."""
_OTHERS = 0o077


def umask() -> None:
    """What this process makes from here on is for its own user alone."""
    os.umask(os.umask(_OTHERS) | _OTHERS)


def close_home(home: Path) -> list[str]:
    """Take the rights of others from the home and what Footnote keeps in it; returns what to tell people.

    Links are not followed. What belongs to another user stays as it is, and is told.
    """
    mended: list[Path] = []
    stuck: list[str] = []
    for path in open_to_others(home):
        try:
            path.chmod(stat.S_IMODE(path.stat().st_mode) & ~_OTHERS)
            mended.append(path)
        except FileNotFoundError:
            continue  # another process of ours was quicker
        except OSError as error:
            stuck.append(f"{path}: {error.strerror}")
    told = []
    if mended:
        more = f" and {len(mended) - 1} more" if len(mended) > 1 else ""
        told.append(f"Other users of this machine could look into {mended[0]}{more}; now its owner alone can.")
    if stuck:
        told.append(f"Other users of this machine may look into the home, and that cannot be changed: {stuck[0]}")
    return told


def open_to_others(home: Path) -> list[Path]:
    """The home and what is in it, where others than the owner have any right to it."""
    found = []
    for path in _ours(home):
        try:
            mode = path.lstat().st_mode
        except OSError:
            continue
        if mode & _OTHERS and not stat.S_ISLNK(mode):
            found.append(path)
    return found


def _ours(home: Path) -> Iterator[Path]:
    home = home.resolve()
    if not home.is_dir():
        return
    yield home
    for entry in home.iterdir():
        if entry.name.startswith(OURS) and not entry.is_symlink():
            yield entry
            if entry.is_dir():
                yield from entry.rglob("*")
