"""What a child of the sandbox does: it gives up its rights, then reads one document from its socket.

First it says which layers of confinement hold: {"layers": [names], "user": id}. Request: two messages, a JSON object
{"name"} and the file's bytes. Reply: one JSON object, {"parsed": ...}, {"error": class name, "reason": text}, or
{"load": name} when a child that has loaded this too must read the file.
"""

from __future__ import annotations

import codecs
import encodings
import json
import os
import pkgutil
import resource
from collections.abc import Iterable, Mapping
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any, BinaryIO

from retrieval.errors import DocumentUnreadable, ParserLimit
from retrieval.parse.calls import Calls
from retrieval.parse.confine import confine
from retrieval.parse.deleted import keeping
from retrieval.parse.formats import PARSERS, detect, read
from retrieval.parse.wire import LENGTH, dumps, encode, frame

if TYPE_CHECKING:
    from retrieval.parse.ocr import Recognizer

ENCODINGS = "encodings"  # to load: every character set that Python knows
LOADABLE = frozenset({*PARSERS, ENCODINGS})
_CUSTOMARY = (
    *("ascii", "utf_8", "utf_16", "utf_16_le", "utf_16_be", "utf_32", "utf_32_le", "utf_32_be", "latin_1", "cp1252"),
    *("cp437", "idna", "punycode", "raw_unicode_escape", "unicode_escape"),
)
# What libraries import when they meet a file, not when they are imported themselves.
_ALWAYS = ("heapq", "copy", "linecache", "unicodedata", "_strptime", "warnings")
_LATER: Mapping[str, tuple[str, ...]] = {
    "eml": ("email.generator", "email.iterators", "email.message", "email.parser", "email.policy"),
    "msg": ("email.generator", "email.iterators", "email.message", "email.parser", "email.policy"),
    "pptx": ("pptx.action",),
}


class Preloaded:
    """What this process has loaded while it could read files. `ocr`: see `read_one`."""

    def __init__(self, ocr: dict[str, Any] | None) -> None:
        self._ocr = ocr
        self.names: set[str] = set()
        self.recognizer: Recognizer | None = None
        for module in (*(f"encodings.{name}" for name in _CUSTOMARY), *_ALWAYS):
            import_module(module)

    @property
    def ocr_seconds(self) -> int:
        """What scanned pages can add to the processor time of one document."""
        return self._ocr["cpu_seconds"] * (self._ocr["pages"] + self._ocr["turned"]) if self._ocr else 0

    def load(self, names: Iterable[str]) -> None:
        """Load parsers by their kind, or ENCODINGS. A library that is not installed is told of when a file needs it."""
        for name in set(names) - self.names:
            if name == ENCODINGS:
                for module in pkgutil.iter_modules(encodings.__path__, "encodings."):
                    with suppress(ImportError):  # those of other systems
                        import_module(module.name)
            else:
                for module_name in (PARSERS[name][0], *_LATER.get(name, ())):
                    with suppress(ModuleNotFoundError):
                        import_module(module_name)
            if name == "pdf" and self._ocr is not None:
                self.recognizer = _recognizer(self._ocr)
            self.names.add(name)


def read_one(
    conversation: int, cpu_seconds: int, settings: dict[str, Any], preloaded: Preloaded, calls: Calls | None
) -> None:
    """Read one document over the descriptor `conversation`.

    `settings` holds memory and reply (limits in bytes), ocr (the fields of `sandbox.Ocr`, or None), layers (to try)
    and keep_struck (see `formats.parse_content`).
    """
    requests = os.fdopen(conversation, "rb")
    replies = os.fdopen(conversation, "wb", closefd=False)
    child = _Child(requests, replies, settings["reply"], preloaded)
    scans = preloaded.ocr_seconds
    held = confine(settings["memory"], (cpu_seconds + 1, cpu_seconds + 2 + scans), settings["layers"], calls)
    child.send({"layers": held, "user": os.geteuid()})
    try:
        with keeping(settings["keep_struck"]):
            child.run()
    except BaseException as error:  # noqa: BLE001 what no parser should raise: say its name, and end
        reason = f"The file could not be read: its parser failed ({type(error).__name__})."
        child.send({"error": DocumentUnreadable.__name__, "reason": reason})


class _Child:
    def __init__(self, requests: BinaryIO, replies: BinaryIO, reply_limit: int, preloaded: Preloaded) -> None:
        self._requests = requests
        self._replies = replies
        self._reply_limit = reply_limit
        self._preloaded = preloaded
        self._encoding_missed = False
        codecs.register(self._miss)  # asked after Python's own search, which may read no file here

    def run(self) -> None:
        head, content = self._receive(), self._receive()
        if head is None or content is None:
            return
        try:
            reply = self._read(json.loads(head)["name"], content)
        except DocumentUnreadable as error:
            reply = {"error": type(error).__name__, "reason": str(error)}
        except MemoryError:
            reason = "Reading the file took more memory than a document may take."
            reply = {"error": ParserLimit.__name__, "reason": reason}
        if self._encoding_missed and ENCODINGS not in self._preloaded.names:
            reply = {"load": ENCODINGS}
        self.send(reply)

    def _read(self, name: str, content: bytes) -> dict[str, Any]:
        kind = detect(name, content)
        if kind not in self._preloaded.names:
            return {"load": kind}
        return {"parsed": encode(read(kind, name, content, self._preloaded.recognizer))}

    def _miss(self, _encoding: str) -> None:
        self._encoding_missed = True

    def _receive(self) -> bytes | None:
        length = self._requests.read(LENGTH)
        return self._requests.read(int.from_bytes(length, "big")) if len(length) == LENGTH else None

    def send(self, reply: dict[str, Any]) -> None:
        message = dumps(reply)
        if len(message) > self._reply_limit:
            reason = f"The file's text is larger than {self._reply_limit >> 20} MB. Split the file."
            message = dumps({"error": ParserLimit.__name__, "reason": reason})
        self._replies.write(frame(message))
        self._replies.flush()


def _recognizer(ocr: dict[str, Any]) -> Recognizer:
    """What reads scanned pages, with its model loaded; each look at one may take its processor time beside the rest."""
    seconds = ocr["cpu_seconds"]
    module = import_module("retrieval.parse.ocr")
    recognizer: Recognizer = module.Recognizer(
        ocr["language"],
        ocr["folder"],
        pages=ocr["pages"],
        turned=ocr["turned"],
        allow=lambda: _allow_more_cpu(seconds),
    )
    recognizer.prepare()
    return recognizer


def _allow_more_cpu(seconds: int) -> None:
    now, most = resource.getrlimit(resource.RLIMIT_CPU)
    if now != resource.RLIM_INFINITY:
        resource.setrlimit(resource.RLIMIT_CPU, (min(now + seconds, most) if most > 0 else now + seconds, most))
