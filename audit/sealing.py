"""Sealing many records at once: in this process, and under load a share of each batch in helpers on other cores.

Sealing is most of the work of an append, and Python computes in one thread at a time. A helper is this module run as a
program: it reads batches from its standard input and writes what came of them to its standard output, until either
ends. It has no key, no database and no file. Where one cannot be started or dies, everything is sealed here.
"""

from __future__ import annotations

import os
import pickle
import select
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress

from audit.disclosure import Sealed, seal
from audit.errors import RecordInvalid
from audit.record import AuditRecord

LARGE = 32  # records; smaller batches are not shared
LOADED = 20  # large batches after which helpers are started: some seconds of many questions at once
MOST_HELPERS = 3
STALLED = 1.0  # seconds without a byte after which a helper is given up

_HERE = b"+"
_Result = tuple[bytes, bytes] | str
"""Leaf and disclosures, or why the record is invalid."""


class Sealer:
    """Seals batches, in one thread. `close` ends its helpers."""

    def __init__(self, helpers: int | None = None) -> None:
        """At most so many helpers (default: one a core beside this process, up to MOST_HELPERS)."""
        self._most = min((os.cpu_count() or 1) - 1, MOST_HELPERS) if helpers is None else helpers
        self._helpers: list[_Helper] = []
        self._large = 0

    def seal(self, records: Sequence[AuditRecord]) -> list[Sealed | RecordInvalid]:
        """Each record sealed, or why it is invalid, in their order."""
        if len(records) < LARGE or not self._most:
            return [_sealed(record) for record in records]
        self._large += 1
        if self._large == LOADED:
            self._start()
        ready = [helper for helper in self._helpers if helper.ready()]
        share = len(records) // (len(ready) + 1)
        parts = [records[n * share : (n + 1) * share] for n in range(len(ready))]
        asked = [helper.ask(part) for helper, part in zip(ready, parts, strict=True)]
        own = [_sealed(record) for record in records[len(ready) * share :]]
        found: list[Sealed | RecordInvalid] = []
        for helper, part, sent in zip(ready, parts, asked, strict=True):
            results = helper.answer(len(part)) if sent else None
            if results is None:
                self._drop(helper)
                found += [_sealed(record) for record in part]
            else:
                found += [_of(record, result) for record, result in zip(part, results, strict=True)]
        return found + own

    def at_work(self) -> list[int]:
        """The process ids of the helpers that have begun."""
        return [helper.pid for helper in self._helpers if helper.ready()]

    def close(self) -> None:
        for helper in [*self._helpers]:
            self._drop(helper)

    def _start(self) -> None:
        with suppress(OSError):
            self._helpers = [_Helper() for _ in range(self._most)]

    def _drop(self, helper: _Helper) -> None:
        self._helpers.remove(helper)
        helper.stop()


class _Helper:
    """One process. Raises OSError when it cannot be started."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(  # this very program
            [sys.executable, "-m", "audit.sealing"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
        )
        self._pipes = [pipe for pipe in (self._process.stdin, self._process.stdout) if pipe is not None]
        self._to, self._from = (pipe.fileno() for pipe in self._pipes)
        for descriptor in (self._to, self._from):
            os.set_blocking(descriptor, False)
        self._begun = False

    @property
    def pid(self) -> int:
        return self._process.pid

    def ready(self) -> bool:
        """Has it said that it is there? Never waits."""
        if not self._begun and select.select([self._from], [], [], 0)[0]:
            self._begun = os.read(self._from, 1) == _HERE
        return self._begun

    def ask(self, records: Sequence[AuditRecord]) -> bool:
        """False: it is gone, or it hangs."""
        plain = [(r.id, r.event, r.time, r.outcome, dict(r.fields), r.refers_to) for r in records]
        try:
            left = memoryview(_packed(plain))
            while left:
                if not select.select([], [self._to], [], STALLED)[1]:
                    return False
                left = left[os.write(self._to, left) :]
        except (OSError, pickle.PicklingError, TypeError, AttributeError):  # or a value that `seal` refuses
            return False
        return True

    def answer(self, count: int) -> Sequence[_Result] | None:
        """None: it is gone, or it hangs."""
        try:
            found = pickle.loads(self._read(int.from_bytes(self._read(4), "big")))  # noqa: S301  # of our own process
        except (OSError, EOFError, pickle.UnpicklingError):
            return None
        return found if isinstance(found, list) and len(found) == count else None

    def _read(self, size: int) -> bytes:
        parts: list[bytes] = []
        while size:
            if not select.select([self._from], [], [], STALLED)[0]:
                raise EOFError
            part = os.read(self._from, size)
            if not part:
                raise EOFError
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def stop(self) -> None:
        for pipe in self._pipes:
            with suppress(OSError):
                pipe.close()
        self._process.kill()
        self._process.wait()


def _sealed(record: AuditRecord) -> Sealed | RecordInvalid:
    try:
        return seal(record)
    except RecordInvalid as error:
        return error


def _of(record: AuditRecord, result: _Result) -> Sealed | RecordInvalid:
    return RecordInvalid(result) if isinstance(result, str) else Sealed(record, *result)


def _plain(result: Sealed | RecordInvalid) -> _Result:
    return str(result) if isinstance(result, RecordInvalid) else (result.leaf, result.body)


def _packed(value: object) -> bytes:
    data = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
    return len(data).to_bytes(4, "big") + data


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt is for whoever started this
    asked, answers = sys.stdin.buffer, sys.stdout.buffer
    with suppress(BrokenPipeError):
        answers.write(_HERE)
        answers.flush()
        while len(size := asked.read(4)) == 4:
            parts = pickle.loads(asked.read(int.from_bytes(size, "big")))  # noqa: S301  # of whoever started this
            answers.write(_packed([_plain(_sealed(AuditRecord(*one))) for one in parts]))
            answers.flush()


if __name__ == "__main__":
    main()
