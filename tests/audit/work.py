"""Work for other processes, apart from the tests of it: each process would import all that they do."""

from __future__ import annotations

import os

from audit.errors import AuditCorrupt


def square(number: int) -> tuple[int, int]:
    return number * number, os.getpid()


def refuse(number: int) -> int:
    if number == 7:
        raise AuditCorrupt("seven is damaged")
    return number


def die(number: int) -> int:
    os._exit(number)
