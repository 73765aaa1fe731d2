"""The parent's side of the zygote: children are started and ended through it, each with a socket to the parent."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import socket
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

_ROOT = Path(__file__).resolve().parents[2]
_START = (
    f"import sys; sys.path.insert(0, {str(_ROOT)!r}); "
    "from retrieval.parse.zygote import main; main(int(sys.argv[1]), sys.argv[2])"
)
_LINES = 1 << 16


class ZygoteGone(Exception):
    """The zygote could not be started, has ended, or could make no child. The text is the system's reason."""


@dataclass(frozen=True, slots=True)
class Child:
    """A process that reads one document. `ended` holds its exit code, negative for a signal."""

    number: int
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    ended: asyncio.Future[int]


class Zygote:
    """A running zygote. Close it."""

    def __init__(self, process: asyncio.subprocess.Process, line: socket.socket) -> None:
        self._process = process
        self._line = line
        self._numbers = itertools.count()
        self._waiting: dict[int, asyncio.Future[int]] = {}
        self._buffer = b""
        self.gone = False
        asyncio.get_running_loop().add_reader(line, self._hear)

    @classmethod
    async def start(cls, settings: Mapping[str, Any], environment: Mapping[str, str]) -> Self:
        """`settings` as in `worker.read_one`. Raises ZygoteGone."""
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        code = _START
        command = (sys.executable, "-I", "-B", "-X", "utf8", "-c", code, str(theirs.fileno()), json.dumps(settings))
        null = asyncio.subprocess.DEVNULL
        try:
            with theirs:
                process = await asyncio.create_subprocess_exec(
                    *command,
                    stdin=null,
                    stdout=null,
                    stderr=null,
                    pass_fds=[theirs.fileno()],
                    env=dict(environment),
                    cwd="/",
                    start_new_session=True,
                )
        except OSError as error:
            ours.close()
            raise ZygoteGone(error.strerror) from error
        except BaseException:
            ours.close()
            raise
        return cls(process, ours)

    async def fork(self, load: Iterable[str], cpu_seconds: int) -> Child:
        """A child that has loaded what `load` names (`worker.LOADABLE`). Raises ZygoteGone."""
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        number = next(self._numbers)
        ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting[number] = ended
        try:
            with theirs:
                asked = json.dumps({"id": number, "load": sorted(load), "cpu_seconds": cpu_seconds})
                self._say(asked, [theirs.fileno()])
            reader, writer = await asyncio.open_connection(sock=ours)
        except BaseException:
            self._waiting.pop(number, None)
            ours.close()
            raise
        return Child(number, reader, writer, ended)

    async def end(self, child: Child) -> None:
        """Kill a child, if it lives, and wait until it is gone."""
        if not child.ended.done():
            with suppress(ZygoteGone):
                self._say(json.dumps({"kill": child.number}))
        child.writer.close()
        with suppress(ZygoteGone):
            await child.ended
        with suppress(OSError):
            await child.writer.wait_closed()

    async def close(self) -> None:
        """End the zygote, and its children with it."""
        self._leave()
        await self._process.wait()

    def _say(self, text: str, descriptors: Iterable[int] = ()) -> None:
        if self.gone:
            raise ZygoteGone("its process has ended")
        try:
            socket.send_fds(self._line, [text.encode() + b"\n"], list(descriptors))
        except OSError as error:
            self._leave()
            raise ZygoteGone(error.strerror) from error

    def _hear(self) -> None:
        try:
            data = self._line.recv(_LINES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._leave()
            return
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        for line in lines:
            told = json.loads(line)
            waiting = self._waiting.pop(told["id"], None)
            if waiting is None or waiting.done():
                continue
            if "status" in told:
                waiting.set_result(told["status"])
            else:
                waiting.set_exception(ZygoteGone(told["failed"]))

    def _leave(self) -> None:
        """Hang up: the zygote ends, if it has not."""
        if self.gone:
            return
        self.gone = True
        asyncio.get_running_loop().remove_reader(self._line)
        self._line.close()
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(ZygoteGone("its process has ended"))
                waiting.exception()  # seen, if nobody asks
        self._waiting.clear()


def environment(*, ocr: bool) -> dict[str, str]:
    """Of the zygote: numpy's algebra library would take a gigabyte of address space for threads it will not need."""
    return {"OPENBLAS_NUM_THREADS": "1", **({"OMP_THREAD_LIMIT": "1"} if ocr else {})}


def started_as_root() -> bool:
    """Whether this process has the rights of root, which its children must not have."""
    return os.name == "posix" and os.geteuid() == 0
