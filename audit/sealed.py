"""The seal of exports that carry no proofs of their own (CSV, OCSF, Parquet): a signed note beside them.

It lists the SHA-256 of each file, how many records they hold, and the log's head at the time. So nobody edits, cuts or
exchanges one unseen; that a row says what the log says, only the formats with proofs show.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from audit.errors import AuditCorrupt, ExportFailed
from audit.files import write_whole
from audit.reading import Reader
from audit.report import Report, Rotation, open_handed_over, rotation, rotation_lines

TYPE = "footnote-audit-files/v1"
SUFFIX = ".seal"
_FOLDER_SEAL = "SEAL"
_CITATIONS = "-citations"
_LINE = re.compile(r"([0-9a-f]{64})  (.+)")


def files_text(
    origin: str, key: str, checkpoint: str, records: int, files: Mapping[str, str], rotations: Iterable[Rotation]
) -> str:
    """What the log's key signs over files (SHA-256 in hex by name, relative to the seal's folder)."""
    _, size, root = checkpoint.split("\n")[:3]
    listed = [f"{digest}  {name}" for name, digest in sorted(files.items())]
    head = [TYPE, origin, f"key {key}", f"log {size} {root}", f"records {records}"]
    return "".join(f"{line}\n" for line in (*head, *listed, *rotation_lines(rotations)))


def handed_over(view: Reader) -> tuple[Rotation, ...]:
    """What each key of the log signed of its successor, the first one first."""
    return tuple(
        found for stored in view.of_event("key") if (found := rotation(stored.record.fields, stored.index)) is not None
    )


def seal_path(target: Path) -> Path:
    """Where the seal of an export lies: beside a file, in a folder."""
    return target / _FOLDER_SEAL if target.is_dir() else target.with_name(target.name + SUFFIX)


def write_seal(target: Path, seal: str) -> Path:
    """Raises OSError."""
    path = seal_path(target)
    write_whole(path, seal.encode(), path.with_name(f".{path.name}.part"))
    return path


def seal_of(path: Path) -> Path | None:
    """The seal of what is named: the export, one of its files, or the seal itself; None: there is none."""
    if path.name.endswith(SUFFIX):
        return path if path.is_file() else None
    beside = [seal_path(path)]
    if path.stem.endswith(_CITATIONS):
        beside.append(path.with_name(path.stem.removesuffix(_CITATIONS) + path.suffix + SUFFIX))
    return next((one for one in beside if one.is_file()), None)


def verify_files(seal: Path, keys: Sequence[str] = (), named: Path | None = None) -> Report:
    """Are the files those that were sealed, and is the one that somebody `named` among them? Raises OSError.

    Without `keys` the key inside is believed, and said; with the first key of a log those that it handed over to are.
    """
    report = Report()
    note = seal.read_bytes().decode("utf-8", "replace")
    key = next((line.removeprefix("key ") for line in note.split("\n") if line.startswith("key ")), "")
    try:
        size = int(note.split("\n")[3].split()[1])
        lines = open_handed_over(report, note, key, keys, size).split("\n")
        if lines[0] != TYPE:
            raise AuditCorrupt("it is no seal of files")
        report.size, report.root = size, lines[3].split()[2]
        report.records = int(lines[4].removeprefix("records "))
    except (AuditCorrupt, IndexError, ValueError) as error:
        report.say(f"the seal {seal.name} is no good: {error}")
        return report
    listed = {found[2]: found[1] for line in lines[5:] if (found := _LINE.fullmatch(line))}
    if named is not None and named.is_file() and named.name != seal.name and named.name not in listed:
        report.say(f"the seal {seal.name} is of other files than {named.name}")
    if not listed:
        report.say("the seal is of no file")
    for name, digest in listed.items():
        path = seal.parent / name
        if not path.resolve().is_relative_to(seal.parent.resolve()) or not path.is_file():
            report.say(f"the file {name} is missing")
            continue
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != digest:
                report.say(f"the file {name} is not the one that was exported")
    if seal.name == _FOLDER_SEAL:
        there = {p.relative_to(seal.parent).as_posix() for p in seal.parent.rglob("*") if p.is_file() and p != seal}
        for name in sorted(there - set(listed)):
            report.say(f"the file {name} is no part of the export")
    return report


def begins_like_json(path: Path) -> bool:
    """As the lines of an export with proofs do; an empty file may have been one. Raises OSError."""
    with path.open("rb") as file:
        return file.read(1) in (b"{", b"")


def unsealed(path: Path) -> ExportFailed:
    """For what is neither an export with proofs nor sealed."""
    return ExportFailed(
        f"{path} is no JSONL export, bundle or certificate, and no seal lies beside it ({seal_path(path).name}):"
        " it was made by a version before 0.2, or its seal was taken away"
    )
