"""The child process of the sandbox: it gives up its rights, then reads documents from its pipe.

Request: two messages, a JSON object {"name", "cpu_seconds"} and the file's bytes. Reply: one JSON object,
{"parsed": ..., "memory": bytes} or {"error": class name, "reason": text, "memory": bytes}, with "last": true
when the child ends after it.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, BinaryIO

from retrieval import errors
from retrieval.errors import DocumentUnreadable
from retrieval.parse.confine import confine
from retrieval.parse.wire import LENGTH, dumps, encode, frame

if TYPE_CHECKING:
    from retrieval.parse.ocr import Recognizer


def main(settings: str) -> None:
    """Serve until the pipe closes. `settings` is a JSON object: memory, cpu_seconds, documents, reply (limits), ocr."""
    limits = json.loads(settings)
    requests = os.fdopen(os.dup(0), "rb")
    replies = os.fdopen(os.dup(1), "wb")
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):  # a library that prints must not write into the reply
        os.dup2(null, standard)
    confine(limits["memory"], limits["cpu_seconds"] * limits["documents"])
    server = _Server(requests, replies, limits["reply"], limits["ocr"])
    sys.excepthook = server.last_words
    server.run()


class _Server:
    """Reads requests, writes replies."""

    def __init__(self, requests: BinaryIO, replies: BinaryIO, reply_limit: int, ocr: dict[str, Any] | None) -> None:
        self._requests = requests
        self._replies = replies
        self._reply_limit = reply_limit
        self._ocr = ocr

    def run(self) -> None:
        # Loaded here, after the limits are set: the dispatch table alone; parsers load when needed.
        from retrieval.parse.formats import parse_content

        ocr = _recognizer(self._ocr)
        while (head := self._receive()) is not None and (content := self._receive()) is not None:
            request = json.loads(head)
            _allow_cpu(request["cpu_seconds"])
            try:
                self._send({"parsed": encode(parse_content(request["name"], content, ocr))})
            except DocumentUnreadable as error:
                self._send({"error": type(error).__name__, "reason": str(error)})
            except MemoryError:
                self._send(
                    {"error": "ParserLimit", "reason": "Reading the file took more memory than a document may take."}
                )
            del content

    def last_words(self, kind: type[BaseException], _error: BaseException, _trace: TracebackType | None) -> None:
        """An exception that no parser should raise: say its name, and end."""
        self._send(
            {
                "error": "DocumentUnreadable",
                "reason": f"The file could not be read: its parser failed ({kind.__name__}).",
            }
        )

    def _receive(self) -> bytes | None:
        length = self._requests.read(LENGTH)
        return self._requests.read(int.from_bytes(length, "big")) if len(length) == LENGTH else None

    def _send(self, reply: dict[str, Any]) -> None:
        memory = _memory()
        message = dumps({**reply, "memory": memory})
        if len(message) > self._reply_limit:
            reason = f"The file's text is larger than {self._reply_limit >> 20} MB. Split the file."
            message = dumps({"error": errors.ParserLimit.__name__, "reason": reason, "memory": memory})
        self._replies.write(frame(message))
        self._replies.flush()


def _recognizer(ocr: dict[str, Any] | None) -> Recognizer | None:
    """What reads scanned pages; each look at one may take its processor time beside the document's."""
    if ocr is None:
        return None
    from retrieval.parse.ocr import Recognizer  # pdfium comes with it

    seconds = ocr["cpu_seconds"]
    return Recognizer(
        ocr["language"],
        ocr["folder"],
        pages=ocr["pages"],
        turned=ocr["turned"],
        allow=lambda: _allow_more_cpu(seconds),
    )


def _allow_more_cpu(seconds: int) -> None:
    now, most = resource.getrlimit(resource.RLIMIT_CPU)
    if now != resource.RLIM_INFINITY:
        resource.setrlimit(resource.RLIMIT_CPU, (min(now + seconds, most) if most > 0 else now + seconds, most))


def _allow_cpu(seconds: int) -> None:
    """Allow this many more seconds of processor time; the hard limit of the process stays."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    wanted = int(used.ru_utime + used.ru_stime) + seconds + 1
    resource.setrlimit(resource.RLIMIT_CPU, (min(wanted, most) if most > 0 else wanted, most))


def _memory() -> int:
    """Resident bytes of this process; 0 where the system does not tell."""
    try:
        return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * resource.getpagesize()
    except OSError:
        return 0
