"""Parquet, through pyarrow (the extra `parquet`): a folder of part files, one pair for 50,000 records or so."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audit.database import Row
from audit.errors import ExportFailed
from audit.files import put_in_place, sync
from audit.reading import Reader, Stored, stored_part
from audit.record import Json
from audit.rows import ANSWER_COLUMNS, CITATION_COLUMNS, NEEDED, Cell, answer_row, citation_rows
from audit.sealed import files_text, write_seal
from audit.sinks import Plan, numbers

ROWS = 50_000  # answers a part, and up to a block more; what is held in memory at most

Columns = dict[str, list[Cell]]


@dataclass(frozen=True, slots=True)
class ColumnBlock:
    """Some records as columns: the last one's position, how many they are, and the tables of their answers."""

    last: int
    records: int
    answers: Columns
    citations: Columns


def block_of(rows: Sequence[Row]) -> ColumnBlock:
    """Pure, so that it can be done in other processes. Raises AuditCorrupt for what is no record."""
    return _block([stored_part(row, NEEDED) for row in rows if row[2] == "question"], rows[-1][0], len(rows))


def _block(stored: Iterable[Stored], last: int, records: int) -> ColumnBlock:
    answers, citations = _empty(ANSWER_COLUMNS), _empty(CITATION_COLUMNS)
    for one in stored:
        _add(answers, answer_row(one))
        for row in citation_rows(one):
            _add(citations, row)
    return ColumnBlock(last, records, answers, citations)


def _empty(columns: Iterable[str]) -> Columns:
    return {name: [] for name in columns}


def _add(columns: Columns, row: Mapping[str, Cell]) -> None:
    for name, cells in columns.items():
        cells.append(row[name])


class ParquetSink:
    """DIR/answers/part-00000.parquet and DIR/citations/part-00000.parquet, DIR/SEAL. A part is whole or not there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._part = 0
        self._answers, self._citations = _empty(ANSWER_COLUMNS), _empty(CITATION_COLUMNS)
        self._plan: Plan | None = None
        self._rows = 0

    def open(self, plan: Plan, position: Json) -> None:
        _pyarrow()
        self._plan = plan
        self._part, self._rows = numbers(position, 2)
        for table in ("answers", "citations"):
            (self._folder / table).mkdir(mode=0o700, parents=True, exist_ok=True)
            for path in sorted((self._folder / table).glob("part-*")):
                if int(path.name[5:10]) >= self._part:
                    path.unlink()

    def add(self, stored: Stored, view: Reader) -> None:
        if stored.record.event == "question":
            self.put(_block([stored], stored.index, 1))

    def put(self, block: ColumnBlock) -> None:
        """The next records. Raises OSError."""
        for ours, more in ((self._answers, block.answers), (self._citations, block.citations)):
            for name, cells in ours.items():
                cells.extend(more[name])
        self._rows += len(block.answers["record"])
        if len(self._answers["record"]) >= ROWS:
            self._flush()

    def position(self) -> Json:
        self._flush()
        return [self._part, self._rows]

    def records(self) -> int:
        return self._rows

    def claim(self) -> str:
        self._flush(last=True)
        if self._plan is None:
            raise ExportFailed("the export was not opened")
        digests: dict[str, str] = {}
        for path in self._parts():
            with path.open("rb") as file:
                digests[path.relative_to(self._folder).as_posix()] = hashlib.file_digest(file, "sha256").hexdigest()
        plan = self._plan
        return files_text(plan.origin, plan.keys[-1], plan.checkpoint, self._rows, digests, plan.rotations)

    def close(self, seal: str) -> list[Path]:
        return [*self._parts(), write_seal(self._folder, seal)]

    def _parts(self) -> list[Path]:
        return sorted(self._folder.glob("*/part-*.parquet"))

    def stop(self) -> None:
        self._answers, self._citations = _empty(ANSWER_COLUMNS), _empty(CITATION_COLUMNS)

    def _flush(self, *, last: bool = False) -> None:
        if not self._answers["record"] and not (last and self._part == 0):
            return
        self._write("answers", ANSWER_COLUMNS, self._answers)
        self._write("citations", CITATION_COLUMNS, self._citations)
        self._answers, self._citations = _empty(ANSWER_COLUMNS), _empty(CITATION_COLUMNS)
        self._part += 1

    def _write(self, table: str, columns: dict[str, type], rows: Columns) -> None:
        arrow, parquet = _pyarrow()
        types = {str: arrow.string(), int: arrow.int64()}
        schema = arrow.schema([(name, types[kind]) for name, kind in columns.items()])
        path = self._folder / table / f"part-{self._part:05d}.parquet"
        part = path.with_suffix(".part")
        parquet.write_table(arrow.Table.from_pydict(rows, schema=schema), part)
        sync(part)
        put_in_place(part, path)


def _pyarrow() -> tuple[Any, Any]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise ExportFailed("Parquet needs pyarrow; install Footnote with the extra `parquet`, or export csv") from error
    return pyarrow, pyarrow.parquet
