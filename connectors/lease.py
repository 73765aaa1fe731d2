"""One run at a time follows a source, whichever process it is of.

The operating system holds the lease, so it ends with the process, however that ends.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from connectors.errors import SourceBusy, StateUnavailable


@contextmanager
def lease(folder: Path, source: str) -> Iterator[None]:
    """Hold a source's lease, a file in the folder. Raises SourceBusy, StateUnavailable."""
    path = folder / hashlib.sha256(source.encode()).hexdigest()[:16]
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        what = f"The lease {path} cannot be taken: {error.strerror}. Check the folder's rights."
        raise StateUnavailable(what) from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(handle, 200, 0).decode("utf-8", "replace").strip() or "another process"
            what = f"{source!r} is being synced already, by {holder}. Wait until it is done."
            raise SourceBusy(what) from error
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"process {os.getpid()} since {datetime.now(UTC):%H:%M:%S} UTC".encode(), 0)
        yield
    finally:
        os.close(handle)
