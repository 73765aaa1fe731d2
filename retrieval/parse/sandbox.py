"""Parsing where it can do no harm: a small pool of child processes with hard limits.

A child has 1 GB of address space, bounded processor time, no file to write, no network where the
system allows that, and none of the environment. Whatever a document does to it, the parent gets a
parsed document or a reason for people, within the time limit.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from retrieval.errors import DocumentUnreadable, EncryptedDocument, ParserLimit, UnsupportedFormat
from retrieval.parse.wire import LENGTH, decode, frame
from retrieval.types import ParsedDocument

_ROOT = Path(__file__).resolve().parents[2]
_START = "import sys; sys.path.insert(0, {root!r}); from retrieval.parse.worker import main; main(sys.argv[1])"
_ERRORS = {e.__name__: e for e in (DocumentUnreadable, UnsupportedFormat, EncryptedDocument, ParserLimit)}
_LARGE = 12 * 1024 * 1024  # bytes; a PDF of this size has about 3,000 pages
_BIG = 1024 * 1024  # bytes that are decoded in a thread, so that the event loop goes on
_NO_ANSWER = "The file could not be read: its parser gave no valid answer."

# How a child ends when the memory runs out in code that cannot go on without it (PDFium traps, C++ aborts).
_OUT_OF_MEMORY = {signal.SIGABRT, signal.SIGTRAP, signal.SIGILL, signal.SIGKILL}


@dataclass(frozen=True, slots=True)
class Limits:
    """What one document may take."""

    memory: int = 1024 * 1024 * 1024  # bytes of address space of a child
    cpu_seconds: int = 60  # for a small file; up to four times as many for a large one
    wall_seconds: float = 120.0  # likewise
    file: int = 256 * 1024 * 1024  # bytes of the file
    reply: int = 96 * 1024 * 1024  # bytes of the parsed document as JSON
    documents: int = 50  # a child is replaced after this many
    resident: int = 400 * 1024 * 1024  # a child that holds more bytes after a document is replaced

    def factor(self, size: int) -> float:
        """How many times the time limits of a small file one of `size` bytes may take: a bomb is small."""
        return 1 + min(3.0, size / _LARGE)


@dataclass(frozen=True, slots=True)
class Ocr:
    """How pages without a text layer are read. A page takes one to three seconds of processor time."""

    language: str = "eng"  # as Tesseract names it; several as "eng+deu"
    folder: str | None = None  # of the language data; None: where systems install it
    pages: int = 200  # of one document; pages beyond are named as not read
    turned: int = 30  # more looks at pages of one document that may lie on a side or upside down
    cpu_seconds: int = 8  # that each look at a page adds to the document's limit: 1,840 in all

    @property
    def most_seconds(self) -> int:
        """What scanned pages can add to the limit of one document."""
        return (self.pages + self.turned) * self.cpu_seconds


class SandboxParser:
    """`retrieval.ports.Parser` over child processes. Close it, or use it as an async context manager.

    Documents wait when all children are busy. A cancelled `parse` kills its child. Scanned pages are
    read with `ocr`, and only named without.
    """

    def __init__(self, limits: Limits | None = None, *, children: int = 2, ocr: Ocr | None = None) -> None:
        self._limits = limits or Limits()
        self._ocr = ocr
        self._slots = asyncio.Semaphore(children)
        self._idle: list[_Child] = []
        self._closed = False

    async def parse(self, name: str, content: bytes) -> ParsedDocument:
        """Read a file in a child process.

        Raises UnsupportedFormat, EncryptedDocument, ParserLimit, DocumentUnreadable.
        """
        if len(content) > self._limits.file:
            raise ParserLimit(f"The file is larger than {self._limits.file >> 20} MB. Split it.")
        async with self._slots:
            if self._closed:
                raise DocumentUnreadable("The parser is closed.")
            value = await self._ask(name, content)
        return await asyncio.to_thread(_parsed, value) if len(content) > _BIG else _parsed(value)

    async def _ask(self, name: str, content: bytes) -> dict[str, Any]:
        """The reply of a child. One that has read other documents may have died of them: then ask a fresh one."""
        while self._idle:
            try:
                return await self._ask_child(self._idle.pop(), name, content)
            except _Died:
                continue
        try:
            return await self._ask_child(await _Child.start(self._limits, self._ocr), name, content)
        except _Died as died:
            raise died.reason from None

    async def _ask_child(self, child: _Child, name: str, content: bytes) -> dict[str, Any]:
        reusable = False
        seconds = self._limits.wall_seconds * self._limits.factor(len(content))
        if self._ocr is not None:  # how many pages are scanned shows in the child alone: its processor time is exact
            seconds += self._ocr.most_seconds
        try:
            async with asyncio.timeout(seconds):
                value = await child.ask(name, content)
            reusable = not child.worn(value)
            return value
        except TimeoutError:
            raise ParserLimit(f"Reading the file took longer than {seconds:.0f} s. Split it.") from None
        except (asyncio.IncompleteReadError, ConnectionError):
            raise await child.cause_of_death() from None
        finally:
            if reusable and not self._closed:
                self._idle.append(child)
            else:
                await asyncio.shield(child.end())

    async def close(self) -> None:
        """End the children. A `parse` under way ends its own child when it is done."""
        self._closed = True
        while self._idle:
            await self._idle.pop().end()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


def _parsed(value: dict[str, Any]) -> ParsedDocument:
    try:
        if "error" not in value:
            return decode(value["parsed"])
        error = _ERRORS[value["error"]](value["reason"])
    except (ValueError, LookupError, TypeError, AttributeError) as broken:
        raise DocumentUnreadable(_NO_ANSWER) from broken
    raise error


class _Died(Exception):
    """A child ended without an answer."""

    def __init__(self, reason: DocumentUnreadable) -> None:
        super().__init__(str(reason))
        self.reason = reason


class _Child:
    """One child process and its pipe."""

    def __init__(self, process: asyncio.subprocess.Process, limits: Limits, ocr: Ocr | None) -> None:
        self._process = process
        self._limits = limits
        self._ocr = ocr
        self._documents = 0
        self._cpu_seconds = limits.cpu_seconds  # for the document being read

    @classmethod
    async def start(cls, limits: Limits, ocr: Ocr | None) -> _Child:
        """Raises ParserLimit when the system cannot start a process."""
        settings = {
            "memory": limits.memory,
            "cpu_seconds": 4 * limits.cpu_seconds + (ocr.most_seconds if ocr else 0),
            "documents": limits.documents,
            "reply": limits.reply,
            "ocr": asdict(ocr) if ocr else None,
        }
        command = (sys.executable, "-I", "-B", "-X", "utf8", "-c", _START.format(root=str(_ROOT)), json.dumps(settings))
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                # else numpy's algebra library takes a gigabyte of address space for threads it will not need
                env={"OPENBLAS_NUM_THREADS": "1", **({"OMP_THREAD_LIMIT": "1"} if ocr else {})},
                cwd="/",
                start_new_session=True,
            )
        except OSError as error:
            raise ParserLimit(f"No process could be started to read the file in ({error.strerror}).") from error
        return cls(process, limits, ocr)

    async def ask(self, name: str, content: bytes) -> dict[str, Any]:
        """Send a file, return the reply. Raises IncompleteReadError or ConnectionError when the child dies.

        Raises DocumentUnreadable for an answer that is no JSON object.
        """
        self._documents += 1
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:  # never so: both are pipes
            raise ConnectionError
        self._cpu_seconds = round(self._limits.cpu_seconds * self._limits.factor(len(content)))
        request = json.dumps({"name": name, "cpu_seconds": self._cpu_seconds}).encode()
        stdin.write(frame(request) + len(content).to_bytes(LENGTH, "big"))
        for offset in range(0, len(content), _BIG):  # in pieces: the pipe's buffer would copy it whole
            stdin.write(content[offset : offset + _BIG])
            await stdin.drain()
        length = int.from_bytes(await stdout.readexactly(LENGTH), "big")
        if length > self._limits.reply:
            raise ConnectionError
        reply = await stdout.readexactly(length)
        try:
            value = json.loads(reply) if length < _BIG else await asyncio.to_thread(json.loads, reply)
        except ValueError:
            raise DocumentUnreadable(_NO_ANSWER) from None
        if not isinstance(value, dict):
            raise DocumentUnreadable(_NO_ANSWER)
        return value

    def worn(self, reply: dict[str, Any]) -> bool:
        """Whether the child has read enough documents, holds too much memory, or ends by itself."""
        memory = reply.get("memory")
        small = isinstance(memory, int) and memory < self._limits.resident
        return bool(reply.get("last")) or self._documents >= self._limits.documents or not small

    async def cause_of_death(self) -> DocumentUnreadable | _Died:
        """What to say of a child that ended without an answer. _Died when another may do better."""
        try:
            async with asyncio.timeout(5):
                code = await self._process.wait()
        except TimeoutError:
            return DocumentUnreadable(_NO_ANSWER)
        if -code == signal.SIGXCPU:
            more = f", and {self._ocr.cpu_seconds} s for each scanned page" if self._ocr else ""
            return ParserLimit(
                f"Reading the file took more than {self._cpu_seconds} s of processor time{more}. Split it."
            )
        if -code in _OUT_OF_MEMORY:
            memory = self._limits.memory >> 20
            return _Died(ParserLimit(f"Reading the file took more than {memory} MB of memory. Split it."))
        return _Died(DocumentUnreadable("The file is damaged: its parser crashed on it."))

    async def end(self) -> None:
        """Kill the process and wait until it and its pipes are gone."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):  # it ended by itself, a moment ago
                self._process.kill()
        if self._process.stdin is not None:
            self._process.stdin.close()
        await self._process.wait()
        if self._process.stdout is not None:
            await self._process.stdout.read()
