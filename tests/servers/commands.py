"""Processes that have the product loaded when they start: a test pays for what a command does, not for its imports.

`run` and `start` are what `subprocess.run` and `asyncio.create_subprocess_exec` are of `python -c CODE ARGUMENTS`,
for a process forked from one that has imported the product. It is a process of its own all the same: with its
arguments, environment, folder, exit code, signals and its own way out of the interpreter. What is about the
start of an interpreter is tested with one (`tests/bot/cli/test_cli.py`).
"""

from __future__ import annotations

import asyncio
import atexit
import gc
import importlib
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

MAIN = "from bot.cli import main; main()"
ROOT = Path(__file__).resolve().parents[2]
LIMIT_S = 600
PARTS = (
    *("bot.cli", "bot.wiring.app", "bot.service.serve", "bot.service.doctor", "bot.wiring.platforms"),
    *("bot.slack.adapter", "bot.teams.adapter", "audit.postgres", "audit.replay", "audit.verify", "audit.export"),
    *("retrieval.generate.endpoint", "tokenizers", "safetensors.numpy"),
)
"""Whatever starts a thread at its import (onnxruntime) is none of them: a fork would lose it."""

_LINES = 1 << 16
_MOST = 1 << 26  # bytes that a process may say before it has to wait until they are read
_START = "from tests.servers.commands import as_asked; exec(as_asked())"


def run(
    code: str,
    *arguments: str,
    cwd: Path = ROOT,
    env: Mapping[str, str] | None = None,
    timeout: float = LIMIT_S,
) -> subprocess.CompletedProcess[str]:
    """The ended process, with what it said. Raises subprocess.TimeoutExpired."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        with _ask(code, arguments, cwd, env, out, err) as told:
            pid = int(told.recv(_LINES))
            told.settimeout(timeout)
            try:
                status = int(told.recv(_LINES))
            except TimeoutError:
                os.kill(pid, signal.SIGKILL)
                raise subprocess.TimeoutExpired([code, *arguments], timeout) from None
        said = []
        for file in (out, err):
            file.seek(0)
            said.append(file.read().decode())
    return subprocess.CompletedProcess([code, *arguments], status, *said)


def footnote(home: Path, *arguments: str, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """The command on a home, run in the folder where the home lies."""
    return run(MAIN, *arguments, "--home", str(home), cwd=home.parent, env=env)


class Command:
    """A running process, like `asyncio.subprocess.Process`: with `stdout` and `stderr` as pipes."""

    def __init__(self, told: socket.socket, pid: int, stdout: _Pipe, stderr: _Pipe) -> None:
        self.pid = pid
        self.stdout = stdout.reader
        self.stderr = stderr.reader
        self.returncode: int | None = None
        self._ended = asyncio.create_task(self._end(told, stdout, stderr))

    async def _end(self, told: socket.socket, *pipes: _Pipe) -> int:
        with told:
            self.returncode = int(await asyncio.get_running_loop().sock_recv(told, _LINES))
        for pipe in pipes:
            await pipe.closed.wait()
        return self.returncode

    async def wait(self) -> int:
        return await asyncio.shield(self._ended)

    async def communicate(self) -> tuple[bytes, bytes]:
        said = await asyncio.gather(self.stdout.read(), self.stderr.read())
        await self.wait()
        return said

    def send_signal(self, number: int) -> None:
        if self.returncode is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


async def start(code: str, *arguments: str, cwd: Path = ROOT, env: Mapping[str, str] | None = None) -> Command:
    """A process that runs now. Wait for its end, or its pipes stay open."""
    (out, their_out), (err, their_err) = os.pipe(), os.pipe()
    with os.fdopen(their_out, "wb") as one, os.fdopen(their_err, "wb") as other:
        told = await asyncio.to_thread(_ask, code, arguments, cwd, env, one, other)
    told.setblocking(False)
    pid = int(await asyncio.get_running_loop().sock_recv(told, _LINES))
    return Command(told, pid, await _Pipe.read(out), await _Pipe.read(err))


class _Pipe(asyncio.StreamReaderProtocol):
    """What a process says; `closed` when it has said it."""

    def __init__(self) -> None:
        self.reader = asyncio.StreamReader(limit=_MOST)
        self.closed = asyncio.Event()
        super().__init__(self.reader)

    @classmethod
    async def read(cls, descriptor: int) -> _Pipe:
        _, pipe = await asyncio.get_running_loop().connect_read_pipe(cls, os.fdopen(descriptor, "rb", 0))
        return pipe

    def connection_lost(self, error: BaseException | None) -> None:
        super().connection_lost(error if isinstance(error, Exception) else None)
        self.closed.set()


def _ask(
    code: str,
    arguments: tuple[str, ...],
    cwd: Path,
    env: Mapping[str, str] | None,
    out: IO[bytes],
    err: IO[bytes],
) -> socket.socket:
    """Where the nursery tells of the process: its id, then its exit code, a message each."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    asked = {"code": code, "arguments": arguments, "cwd": str(cwd), "env": dict(os.environ if env is None else env)}
    with theirs, tempfile.TemporaryFile() as written:
        written.write(json.dumps(asked).encode())
        written.flush()
        handed = [theirs.fileno(), written.fileno(), out.fileno(), err.fileno()]
        socket.send_fds(_nursery(), [b"."], handed)
    return ours


_started: list[socket.socket] = []


def _nursery() -> socket.socket:
    """The line to the process that others are forked from; it is started with the first."""
    if not _started:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        # One thread for arrays, as `main` sets it before numpy is imported: no thread may run at a fork.
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
        with theirs:
            process = subprocess.Popen([sys.executable, "-c", _START], stdin=theirs.fileno(), cwd=ROOT, env=environment)
        _started.append(ours)

        def end() -> None:
            ours.close()
            process.wait()

        atexit.register(end)
    return _started[0]


def as_asked() -> str:
    """Fork a process for each line that comes, until the other end closes. Returns in each of them: its code."""
    for part in PARTS:
        importlib.import_module(part)
    if sys.platform == "linux" and len(list(Path("/proc/self/task").iterdir())) > 1:
        raise RuntimeError("a part that was loaded has started a thread, which a fork would lose")
    gc.freeze()
    line = socket.socket(fileno=os.dup(0))
    woken, wake = os.pipe2(os.O_NONBLOCK)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    children: dict[int, socket.socket] = {}
    with selectors.DefaultSelector() as ready:
        ready.register(line, selectors.EVENT_READ)
        ready.register(woken, selectors.EVENT_READ)
        while True:
            for key, _ in ready.select():
                if key.fd == woken:
                    os.read(woken, _LINES)
                    _reap(children)
                    continue
                data, handed, _, _ = socket.recv_fds(line, _LINES, 4)
                if not data:
                    for pid in children:
                        os.kill(pid, signal.SIGKILL)
                    os._exit(0)
                told = socket.socket(fileno=handed[0])
                if (pid := os.fork()) == 0:
                    for other in (line, told, *children.values()):
                        other.close()
                    os.close(woken)
                    os.close(wake)
                    return _become(handed[1:])
                told.send(str(pid).encode())
                children[pid] = told
                for descriptor in handed[1:]:
                    os.close(descriptor)


def _reap(children: dict[int, socket.socket]) -> None:
    for pid in list(children):
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            with children.pop(pid) as told, suppress(BrokenPipeError):  # nobody may want to know any more
                told.send(str(os.waitstatus_to_exitcode(status)).encode())


def _become(handed: list[int]) -> str:
    """In the child: take on what was asked."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    written, out, err = handed
    null = os.open(os.devnull, os.O_RDONLY)
    for descriptor, place in ((null, 0), (out, 1), (err, 2)):
        os.dup2(descriptor, place)
        os.close(descriptor)
    with os.fdopen(written, "rb") as file:
        file.seek(0)
        asked: dict[str, Any] = json.load(file)
    sys.argv = ["-c", *asked["arguments"]]
    os.environ.clear()
    os.environ.update(asked["env"])
    os.chdir(asked["cwd"])
    code: str = asked["code"]
    return code
