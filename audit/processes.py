"""Work on many items in other processes: Python computes in one at a time, and a large log has millions of records."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from audit.errors import AuditUnavailable

MANY = 20_000
"""Records from which on several processes look at them: they start in a second or so."""

A = TypeVar("A")
B = TypeVar("B")


def in_order(work: Callable[[A], B], items: Iterable[A], *, elsewhere: bool) -> Generator[B, None, None]:
    """`work` of each item, in their order, and a bounded number of items at once.

    With `elsewhere` in as many processes as there are cores, if there are several: `work` is a function of a module
    then, and items and results can be pickled. Raises what `work` raises; AuditUnavailable when a process died.
    """
    cores = os.cpu_count() or 1
    pool = _pool(cores) if elsewhere and cores > 1 else None
    if pool is None:
        yield from map(work, items)
        return
    waiting: deque[Future[B]] = deque()
    try:
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) > 2 * cores:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    except BrokenProcessPool as error:
        raise AuditUnavailable("a process at work on the audit log was ended; free memory, then try again") from error
    finally:
        pool.shutdown(cancel_futures=True)


def _pool(cores: int) -> ProcessPoolExecutor | None:
    """None where the system has no shared semaphores: then this process does all the work."""
    # "spawn": a fork would take over locks that other threads hold, and connections that are not its own.
    context = multiprocessing.get_context("spawn")
    try:
        return ProcessPoolExecutor(cores, context, initializer=_begin)
    except (OSError, ImportError, NotImplementedError):
        return None


def _begin() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt is the parent's to handle
    gc.disable()  # what comes of rows holds no cycles; looking for them took a tenth of the time
