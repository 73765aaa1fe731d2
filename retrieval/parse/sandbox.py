"""Parsing where it can do no harm: a child process for each document, with no rights and hard limits.

A child has the document's bytes and a socket to the parent, 1 GB of address space and bounded processor time;
no file, no network, no other process, none of the environment (retrieval/parse/confine.py). It is forked
from a process that has loaded the parsers (retrieval/parse/zygote.py) and reads nothing but that one document.
Whatever a document does to it, the parent gets a parsed document or a reason for people, within the time limit.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import signal
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from types import TracebackType
from typing import Any, Self

from retrieval.codec import from_json
from retrieval.errors import DocumentUnreadable, EncryptedDocument, ParserLimit, UnsupportedFormat
from retrieval.parse.children import Child, Zygote, ZygoteGone, environment, started_as_root
from retrieval.parse.confine import LAYERS
from retrieval.parse.formats import likely
from retrieval.parse.wire import LENGTH, decode, frame
from retrieval.parse.worker import LOADABLE
from retrieval.types import ParsedDocument

_log = logging.getLogger(__name__)
_ERRORS = {e.__name__: e for e in (DocumentUnreadable, UnsupportedFormat, EncryptedDocument, ParserLimit)}
_LARGE = 12 * 1024 * 1024  # bytes; a PDF of this size has about 3,000 pages
_BIG = 1024 * 1024  # bytes that are decoded in a thread, so that the event loop goes on
_LONGEST_REASON = 1_000  # characters, of a child that may be taken over
_NO_ANSWER = "The file could not be read: its parser gave no valid answer."

# How a child ends when the memory runs out in code that cannot go on without it (PDFium traps, C++ aborts).
_OUT_OF_MEMORY = {signal.SIGABRT, signal.SIGTRAP, signal.SIGILL, signal.SIGKILL}


@dataclass(frozen=True, slots=True)
class SandboxLimits:
    """What one document may take."""

    memory: int = 1024 * 1024 * 1024  # bytes of address space of a child
    cpu_seconds: int = 60  # for a small file; up to four times as many for a large one
    wall_seconds: float = 120.0  # likewise
    file: int = 256 * 1024 * 1024  # bytes of the file
    reply: int = 96 * 1024 * 1024  # bytes of the parsed document as JSON

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


@dataclass(frozen=True, slots=True)
class Confinement:
    """What keeps a child from the rest of the machine: those of `confine.LAYERS` that hold, and its user id."""

    layers: tuple[str, ...]
    user: int


class SandboxParser:
    """`retrieval.ports.Parser` over child processes. Close it, or use it as an async context manager.

    Documents wait when all children are busy. A cancelled `parse` kills its child. Scanned pages are
    read with `ocr`, and only named without; struck-out text is kept and marked with `keep_struck`, and left out
    without. `layers` of confinement are tried; see `confinement`.
    """

    def __init__(
        self,
        limits: SandboxLimits | None = None,
        *,
        children: int = 2,
        ocr: Ocr | None = None,
        layers: Sequence[str] = LAYERS,
        keep_struck: bool = False,
    ) -> None:
        self._limits = limits or SandboxLimits()
        self._keep_struck = keep_struck
        self._ocr = ocr
        self._layers = layers
        self._slots = asyncio.Semaphore(children)
        self._starting = asyncio.Lock()
        self._zygote: Zygote | None = None
        self._held: Confinement | None = None
        self._closed = False

    async def parse(self, name: str, content: bytes) -> ParsedDocument:
        """Read a file in a child process of its own.

        Raises UnsupportedFormat, EncryptedDocument, ParserLimit, DocumentUnreadable.
        """
        if len(content) > self._limits.file:
            raise ParserLimit(f"The file is larger than {self._limits.file >> 20} MB. Split it.")
        async with self._slots:
            value = await self._ask(name, content)
        return await asyncio.to_thread(_parsed, value) if len(content) > _BIG else _parsed(value)

    async def confinement(self) -> Confinement:
        """What a child says of its confinement before it sees a document. Raises as `parse`."""
        if self._held is None:
            with contextlib.suppress(DocumentUnreadable):  # an empty file: what is meant is what the child says first
                await self.parse("", b"")
        if self._held is None:
            raise DocumentUnreadable("No parser could be started.")
        return self._held

    async def _ask(self, name: str, content: bytes) -> dict[str, Any]:
        """The reply of a child that has loaded what the file needs: which it finds out, and cannot load itself."""
        load = {likely(name, content)}
        while True:
            try:
                value = await self._ask_child(await self._ready(), load, name, content)
            except ZygoteGone as gone:
                raise ParserLimit(f"No process could be started to read the file in ({gone}).") from gone
            more = value.get("load")
            if more is None:
                return value
            if not isinstance(more, str) or more not in LOADABLE or more in load:
                raise DocumentUnreadable(_NO_ANSWER)
            load.add(more)

    async def _ready(self) -> Zygote:
        async with self._starting:
            if self._closed:
                raise DocumentUnreadable("The parser is closed.")
            if self._zygote is None or self._zygote.gone:
                if self._zygote is not None:
                    await self._zygote.close()
                settings = {
                    "memory": self._limits.memory,
                    "reply": self._limits.reply,
                    "ocr": asdict(self._ocr) if self._ocr else None,
                    "layers": list(self._layers),
                    "keep_struck": self._keep_struck,
                }
                self._zygote = await Zygote.start(settings, environment(ocr=self._ocr is not None))
            return self._zygote

    async def _ask_child(self, zygote: Zygote, load: set[str], name: str, content: bytes) -> dict[str, Any]:
        factor = self._limits.factor(len(content))
        cpu_seconds = round(self._limits.cpu_seconds * factor)
        seconds = self._limits.wall_seconds * factor
        if self._ocr is not None:  # how many pages are scanned shows in the child alone: its processor time is exact
            seconds += self._ocr.most_seconds
        child = await zygote.fork(load, cpu_seconds)
        try:
            async with asyncio.timeout(seconds):
                self._note(await self._receive(child))
                await _send(child, name, content)
                return await self._receive(child)
        except TimeoutError:
            raise ParserLimit(f"Reading the file took longer than {seconds:.0f} s. Split it.") from None
        except (asyncio.IncompleteReadError, ConnectionError):
            raise await self._cause_of_death(child, cpu_seconds) from None
        finally:
            await asyncio.shield(zygote.end(child))

    async def _receive(self, child: Child) -> dict[str, Any]:
        """A JSON object that the child sent. Raises IncompleteReadError or ConnectionError when it dies.

        Raises DocumentUnreadable for anything else.
        """
        length = int.from_bytes(await child.reader.readexactly(LENGTH), "big")
        if length > self._limits.reply:
            raise ConnectionError
        reply = await child.reader.readexactly(length)
        try:
            value = json.loads(reply) if length < _BIG else await asyncio.to_thread(json.loads, reply)
        except (ValueError, RecursionError):
            raise DocumentUnreadable(_NO_ANSWER) from None
        if not isinstance(value, dict):
            raise DocumentUnreadable(_NO_ANSWER)
        return value

    def _note(self, said: dict[str, Any]) -> None:
        """Keep what the first child says of its confinement; under root, tell who reads the documents."""
        if self._held is not None:
            return
        self._held = Confinement(tuple(said["layers"]), said["user"])
        if started_as_root():
            _log.warning(
                "Footnote was started as root. Documents are read by processes of %s; better start it as another user.",
                f"another user (id {self._held.user})" if self._held.user else "root without its privileges",
            )

    async def _cause_of_death(self, child: Child, cpu_seconds: int) -> DocumentUnreadable:
        """What to say of a child that ended without an answer."""
        try:
            async with asyncio.timeout(5):
                code = await asyncio.shield(child.ended)
        except TimeoutError:
            return DocumentUnreadable(_NO_ANSWER)
        if -code == signal.SIGXCPU:
            more = f", and {self._ocr.cpu_seconds} s for each scanned page" if self._ocr else ""
            return ParserLimit(f"Reading the file took more than {cpu_seconds} s of processor time{more}. Split it.")
        if -code in _OUT_OF_MEMORY:
            memory = self._limits.memory >> 20
            return ParserLimit(f"Reading the file took more than {memory} MB of memory. Split it.")
        return DocumentUnreadable("The file is damaged: its parser crashed on it.")

    async def close(self) -> None:
        """End the children, those that read a document as well."""
        self._closed = True
        async with self._starting:
            if self._zygote is not None:
                await self._zygote.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


async def _send(child: Child, name: str, content: bytes) -> None:
    child.writer.write(frame(json.dumps({"name": name}).encode()) + len(content).to_bytes(LENGTH, "big"))
    for offset in range(0, len(content), _BIG):  # in pieces: the socket's buffer would copy it whole
        child.writer.write(content[offset : offset + _BIG])
        await child.writer.drain()


def _parsed(value: dict[str, Any]) -> ParsedDocument:
    try:
        if "error" not in value:
            return decode(value["parsed"])
        error = _ERRORS[value["error"]](from_json(str, value["reason"])[:_LONGEST_REASON])
    except (ValueError, LookupError, TypeError, AttributeError) as broken:
        raise DocumentUnreadable(_NO_ANSWER) from broken
    raise error
