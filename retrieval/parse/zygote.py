"""The process that children of the sandbox are forked from (a zygote, as browsers have one).

It reads no document. It loads what a parser needs while it may still read files, since a child may not: so a child
starts in milliseconds, whatever its parser imports, with no right to the disk. Loaded is what the parent asks for.

The parent's lines (JSON): {"id", "load": [names], "cpu_seconds"} with one descriptor, the child's end of its
conversation with the parent; {"kill": id}. Its answers: {"id", "status"} when a child has ended (a number as
os.waitstatus_to_exitcode gives it), {"id", "failed": reason} when none could be made. It ends, and its children with
it, when the parent's end closes.
"""

from __future__ import annotations

import gc
import json
import os
import selectors
import signal
import socket
from collections.abc import Iterable
from typing import Any, NoReturn

from retrieval.parse.calls import Calls
from retrieval.parse.worker import Preloaded, read_one

_CONVERSATION = 3  # the child's only descriptor beside the three standard ones, which are the null device
_DESCRIPTORS = 1024  # more than this process ever has
_LINES = 1 << 16


def main(control: int, settings: str) -> None:
    """Serve until the parent's end of the socket `control` closes. `settings`: see `worker.read_one`."""
    with socket.socket(fileno=control) as line:
        _Zygote(line, json.loads(settings)).run()


class _Zygote:
    def __init__(self, line: socket.socket, settings: dict[str, Any]) -> None:
        self._line = line
        self._settings = settings
        self._calls = Calls.find()
        self._preloaded = Preloaded(settings["ocr"])
        self._children: dict[int, int] = {}  # process ids by the parent's numbers
        self._buffer = b""
        self._handed: list[int] = []  # descriptors of lines that are not read yet

    def run(self) -> None:
        woken, wake = os.pipe()
        os.set_blocking(woken, False)
        os.set_blocking(wake, False)
        signal.set_wakeup_fd(wake)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        with selectors.DefaultSelector() as ready:
            ready.register(self._line, selectors.EVENT_READ)
            ready.register(woken, selectors.EVENT_READ)
            while True:
                for key, _ in ready.select():
                    if key.fd == woken:
                        os.read(woken, _LINES)
                        self._reap()
                    elif not self._hear():
                        self._kill(self._children.values())
                        return

    def _hear(self) -> bool:
        """Do what the parent says. False when it has gone."""
        data, handed, _, _ = socket.recv_fds(self._line, _LINES, 16)
        self._handed += handed
        if not data:
            return False
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        for line in lines:
            asked = json.loads(line)
            if "kill" in asked:
                self._kill(filter(None, [self._children.get(asked["kill"])]))
            else:
                self._start(asked, self._handed.pop(0))
        return True

    def _start(self, asked: dict[str, Any], conversation: int) -> None:
        self._preloaded.load(asked["load"])
        gc.freeze()  # or a child's first collection would copy every page
        try:
            pid = os.fork()
        except OSError as error:
            self._tell({"id": asked["id"], "failed": os.strerror(error.errno or 0)})
        else:
            if pid == 0:
                self._be_child(asked["cpu_seconds"], conversation)
            self._children[asked["id"]] = pid
        os.close(conversation)

    def _be_child(self, cpu_seconds: int, conversation: int) -> NoReturn:
        status = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.dup2(conversation, _CONVERSATION)
            os.closerange(_CONVERSATION + 1, _DESCRIPTORS)
            read_one(_CONVERSATION, cpu_seconds, self._settings, self._preloaded, self._calls)
            status = 0
        finally:
            os._exit(status)  # not the interpreter's way out, which belongs to the zygote

    def _reap(self) -> None:
        for number, pid in list(self._children.items()):
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                del self._children[number]
                self._tell({"id": number, "status": os.waitstatus_to_exitcode(status)})

    def _kill(self, pids: Iterable[int]) -> None:
        for pid in pids:  # not waited for yet, so the number is still that child's
            os.kill(pid, signal.SIGKILL)

    def _tell(self, what: dict[str, Any]) -> None:
        self._line.sendall(json.dumps(what).encode() + b"\n")
