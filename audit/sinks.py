"""Where an export goes, line by line: JSONL with proofs, CSV, OCSF. Each can go on where it stopped."""

from __future__ import annotations

import base64
import codecs
import csv
import hashlib
import io
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from audit.canonical import canonical
from audit.disclosure import timestamp
from audit.errors import ExportFailed
from audit.files import put_in_place
from audit.ocsf import ocsf_event
from audit.reading import Reader, Stored
from audit.record import Json
from audit.report import Rotation
from audit.rows import ANSWER_COLUMNS, CITATION_COLUMNS, Cell, answer_row, citation_rows
from audit.sealed import files_text, write_seal
from audit.tree import Hashes, prove_inclusion
from retrieval.text.shown import shown

FORMAT = "footnote-audit-export/v1"


@dataclass(frozen=True, slots=True)
class Plan:
    """What an export holds: the records that match below `size`, proved by `checkpoint`."""

    origin: str
    size: int
    checkpoint: str
    keys: tuple[str, ...]
    rotations: tuple[Rotation, ...]
    wanted: dict[str, Json]


class Sink(Protocol):
    def open(self, plan: Plan, position: Json) -> None:
        """Start (position None), or go on where `position` was taken. Raises OSError, ExportFailed."""
        ...

    def add(self, stored: Stored, view: Reader) -> None: ...

    def position(self) -> Json:
        """Make what was added durable, and say where to go on."""
        ...

    def records(self) -> int:
        """How many records it holds: of a table, its rows."""
        ...

    def claim(self) -> str:
        """The text that the log's key shall sign over the whole export, as it will stand."""
        ...

    def close(self, seal: str) -> list[Path]:
        """Finish and put in place; the files made."""
        ...

    def stop(self) -> None:
        """Give up for now: let go of open files, keep what was written."""
        ...


class PartFile:
    """A file written under `NAME.part` and renamed when whole, with the SHA-256 of what was written."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.part = path.with_name(path.name + ".part")
        self.sha256 = hashlib.sha256()
        self._file: IO[bytes] | None = None

    def open(self, length: int) -> None:
        """Keep the first `length` bytes of an earlier run."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self.part, os.O_RDWR | os.O_CREAT, 0o600)
        file = os.fdopen(descriptor, "r+b")
        self._file = file
        left = length
        while left and (block := file.read(min(left, 1 << 20))):
            self.sha256.update(block)
            left -= len(block)
        if left:
            raise ExportFailed(f"{self.part} is shorter than it was; start the export anew, without resuming")
        file.truncate(length)
        file.seek(length)

    def write(self, data: bytes) -> None:
        if self._file is not None:
            self._file.write(data)
            self.sha256.update(data)

    def length(self) -> int:
        if self._file is None:
            return 0
        self._file.flush()
        os.fsync(self._file.fileno())
        return self._file.tell()

    def stop(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def finish(self) -> Path:
        self.length()
        self.stop()
        put_in_place(self.part, self.path)
        return self.path


def export_line(stored: Stored, proof: list[bytes]) -> dict[str, Json]:
    """A record with all that its proof needs: the leaf's exact text, the salts, the inclusion proof."""
    record = stored.record
    erased: dict[str, Json] = {**stored.erased}
    salts: dict[str, Json] = {**stored.salts}
    return {
        "id": record.id,
        "event": record.event,
        "time": timestamp(record.time),
        "outcome": record.outcome,
        "refers_to": record.refers_to,
        "fields": dict(record.fields),
        "erased": erased,
        "index": stored.index,
        "leaf": stored.leaf.decode(),
        "salts": salts,
        "proof": [base64.b64encode(step).decode() for step in proof],
    }


class JsonlSink:
    """A header line, a line a record, an end line whose seal covers every byte before it."""

    def __init__(self, path: Path) -> None:
        self._file = PartFile(path)
        self._records = 0
        self._plan: Plan | None = None
        self._hashes: Hashes | None = None

    def open(self, plan: Plan, position: Json) -> None:
        self._plan = plan
        earlier = position if isinstance(position, dict) else {}
        self._file.open(int(str(earlier.get("bytes", 0))))
        self._records = int(str(earlier.get("records", 0)))
        if not earlier:
            self._line(
                {
                    "type": FORMAT,
                    "origin": plan.origin,
                    "size": plan.size,
                    "checkpoint": plan.checkpoint,
                    "keys": [*plan.keys],
                    "rotations": [one.as_json() for one in plan.rotations],
                    "filter": plan.wanted,
                }
            )

    def add(self, stored: Stored, view: Reader) -> None:
        if self._plan is None:
            raise ExportFailed("the export was not opened")
        if self._hashes is None:
            self._hashes = view.hashes()
        self._line(export_line(stored, prove_inclusion(stored.index, self._plan.size, self._hashes)))
        self._records += 1

    def position(self) -> Json:
        return {"bytes": self._file.length(), "records": self._records}

    def records(self) -> int:
        return self._records

    def claim(self) -> str:
        origin = self._plan.origin if self._plan is not None else ""
        return seal_text(origin, self._records, self._file.sha256.hexdigest())

    def close(self, seal: str | None) -> list[Path]:
        self._line({"type": "end", "records": self._records, "seal": seal})
        return [self._file.finish()]

    def stop(self) -> None:
        self._file.stop()

    def _line(self, value: dict[str, Json]) -> None:
        self._file.write(canonical(value) + b"\n")


class OcsfSink:
    """One OCSF event a line; its seal lies beside it."""

    def __init__(self, path: Path) -> None:
        self._file = PartFile(path)
        self._plan: Plan | None = None
        self._records = 0

    def open(self, plan: Plan, position: Json) -> None:
        self._plan = plan
        length, self._records = numbers(position, 2)
        self._file.open(length)

    def add(self, stored: Stored, view: Reader) -> None:
        self._file.write(canonical(ocsf_event(stored, _opened(self._plan).origin)) + b"\n")
        self._records += 1

    def position(self) -> Json:
        return [self._file.length(), self._records]

    def records(self) -> int:
        return self._records

    def claim(self) -> str:
        return claim_of(_opened(self._plan), self._records, self._file)

    def close(self, seal: str) -> list[Path]:
        return [self._file.finish(), write_seal(self._file.path, seal)]

    def stop(self) -> None:
        self._file.stop()


class CsvSink:
    """NAME.csv with one row an answer, NAME-citations.csv with one row a citation (RFC 4180, UTF-8), and their seal.

    With `mark` both begin with a byte order mark, by which spreadsheets know UTF-8.
    """

    def __init__(self, path: Path, *, mark: bool = False) -> None:
        self._answers = PartFile(path)
        self._citations = PartFile(path.with_name(f"{path.stem}-citations{path.suffix or '.csv'}"))
        self._mark = codecs.BOM_UTF8 if mark else b""
        self._plan: Plan | None = None
        self._rows = 0

    def open(self, plan: Plan, position: Json) -> None:
        self._plan = plan
        *lengths, self._rows = numbers(position, 3)
        files = ((self._answers, ANSWER_COLUMNS), (self._citations, CITATION_COLUMNS))
        for (file, columns), length in zip(files, lengths, strict=True):
            file.open(length)
            if not length:
                file.write(self._mark + csv_line([*columns]))

    def add(self, stored: Stored, view: Reader) -> None:
        if stored.record.event != "question":
            return
        self._rows += 1
        self._answers.write(csv_line([*answer_row(stored).values()]))
        for row in citation_rows(stored):
            self._citations.write(csv_line([*row.values()]))

    def position(self) -> Json:
        return [self._answers.length(), self._citations.length(), self._rows]

    def records(self) -> int:
        return self._rows

    def claim(self) -> str:
        return claim_of(_opened(self._plan), self._rows, self._answers, self._citations)

    def close(self, seal: str) -> list[Path]:
        return [self._answers.finish(), self._citations.finish(), write_seal(self._answers.path, seal)]

    def stop(self) -> None:
        self._answers.stop()
        self._citations.stop()


def claim_of(plan: Plan, records: int, *files: PartFile) -> str:
    """What the seal says of files in one folder."""
    digests = {file.path.name: file.sha256.hexdigest() for file in files}
    return files_text(plan.origin, plan.keys[-1], plan.checkpoint, records, digests, plan.rotations)


def _opened(plan: Plan | None) -> Plan:
    if plan is None:
        raise ExportFailed("the export was not opened")
    return plan


def numbers(position: Json, many: int) -> list[int]:
    """A position that is as many numbers; zeros for a start."""
    given = position if isinstance(position, list) else []
    return [int(str(number)) for number in given] if len(given) == many else [0] * many


def csv_line(cells: list[Cell]) -> bytes:
    """One row. A text that a spreadsheet would run as a formula gets an apostrophe before it (OWASP)."""
    buffer = io.StringIO()
    csv.writer(buffer, quoting=csv.QUOTE_MINIMAL, lineterminator="\r\n").writerow([_inert(cell) for cell in cells])
    return buffer.getvalue().encode()


def _inert(cell: Cell) -> str | int:
    if not isinstance(cell, str):
        return "" if cell is None else cell
    text = _FORMULA.sub(r"\1'\2", shown(cell))
    return f"'{text}" if cell[:1] in {"\t", "\r", "\n"} and text[:1] != "'" else text


_FORMULA = re.compile(r"(^|[;\t\r\n])(\s*[=+@\uff1d\uff0b\uff0d\uff20-])")
"""Where a cell begins, or might for a spreadsheet that parts cells otherwise: in many languages at semicolons."""


def seal_text(origin: str, records: int, sha256: str) -> str:
    """What the log's key signs over an export. Its first line can be no checkpoint's."""
    return f"{FORMAT}\n{origin}\n{records}\n{sha256}\n"
