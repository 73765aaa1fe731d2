"""Checking what was handed out: a JSONL export, or a bundle, on a machine that has no log."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from audit.canonical import parse
from audit.certificate import is_certificate, verify_certificate
from audit.check import Claimed, check_record, missing_digests
from audit.disclosure import parse_timestamp
from audit.errors import AuditCorrupt, ExportFailed, RecordInvalid
from audit.note import Checkpoint, PublicKey, open_note
from audit.reading import form_of_leaf
from audit.record import AuditRecord, Json
from audit.register import Register, Ruled, Taken
from audit.report import EARLIEST, Clock, Keys, Report, Rotation, check_now, read_earlier, read_head, trusted_keys
from audit.sealed import begins_like_json, seal_of, unsealed, verify_files
from audit.search import findable
from audit.sinks import FORMAT, seal_text
from audit.tree import TILE, Edge, check_inclusion, entries_of, leaf_hash, root_of, tile_path, tile_widths

_LINE_KEYS = {
    "id", "event", "time", "outcome", "refers_to", "fields", "erased", "index", "leaf", "salts", "proof",
}  # fmt: skip
_HEADER_KEYS = {"type", "origin", "size", "checkpoint", "keys", "rotations", "filter"}


def verify_export(
    path: Path,
    *,
    keys: Sequence[str] = (),
    since: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Report:
    """Check an export of any format, by its file or folder, or the certificate of an erasure.

    Blocking; call it in a thread.

    `keys` are public keys you trust; without them the key inside the export is believed, and
    `Report.key` names it. Raises ExportFailed when it is no export that can be checked.
    """
    try:
        if path.is_file() and is_certificate(path):
            return verify_certificate(path, keys)
        if (seal := seal_of(path)) is not None:
            return verify_files(seal, keys, path)
        if path.is_file() and not begins_like_json(path):
            raise unsealed(path)
    except OSError as error:
        raise ExportFailed(f"{path} cannot be read: {error}") from error
    bundle = path.is_dir()
    lines = path / "records.jsonl" if bundle else path
    if not lines.is_file():
        raise ExportFailed(f"{lines} is no file; name a JSONL export or a bundle's folder")
    report = Report()
    check = _Lines(report, keys, since, in_bundle=bundle)
    try:
        with lines.open("rb") as file:
            check.run(file, progress)
        if bundle and check.head is not None:
            _Bundle(report, path, check).run()
    except OSError as error:
        raise ExportFailed(f"{path} cannot be read: {error}") from error
    return report


class _Lines:
    """The walk over a JSONL export."""

    def __init__(self, report: Report, keys: Sequence[str], since: str | None, *, in_bundle: bool) -> None:
        self.report = report
        self.head: Checkpoint | None = None
        self.old: Checkpoint | None = None
        self.trusted = Keys(())
        self.header: dict[str, Json] = {}
        self.everything = False
        self._pinned = keys
        self._since = since
        self._in_bundle = in_bundle
        self._sha256 = hashlib.sha256()
        self._edge = Edge()
        self._last = -1
        self._clock: Clock | None = None
        self._register = Register()
        self._taken: list[Taken] = []

    def run(self, file: Iterator[bytes], progress: Callable[[int, int], None] | None) -> None:
        ended = False
        for number, line in enumerate(file):
            if ended:
                self.report.say("something stands after the end of the export")
                return
            try:
                value = parse(line.removesuffix(b"\n"))
            except RecordInvalid as error:
                self.report.say(f"line {number + 1} is malformed: {error}")
                return
            if not isinstance(value, dict) or not line.endswith(b"\n"):
                self.report.say(f"line {number + 1} is malformed")
                return
            if number == 0:
                if not self._start(value):
                    return
            elif value.get("type") == "end":
                self._end(value)
                ended = True
            else:
                self._record(number, value)
            self._sha256.update(line)
            if progress is not None and number % 1000 == 0:
                progress(number, self.head.size if self.head is not None else 0)
        if not ended:
            self.report.say("the export is cut short: it has no end line")
        self._finish()

    def _start(self, header: dict[str, Json]) -> bool:
        if set(header) != _HEADER_KEYS or header["type"] != FORMAT:
            self.report.say(f"the first line is no header of {FORMAT}")
            return False
        claimed, rotations = header["keys"], header["rotations"]
        try:
            if not isinstance(claimed, list) or not isinstance(rotations, list):
                raise AuditCorrupt("the header's keys are malformed")
            known = [found for one in rotations if (found := Rotation.from_json(one)) is not None]
            self.trusted = trusted_keys([str(key) for key in claimed], self._pinned, known)
        except (AuditCorrupt, ValueError) as error:
            self.report.say(str(error))
            return False
        self.head = read_head(self.report, str(header["checkpoint"]), self.trusted)
        if self.head is None:
            return False
        self.header, self.everything = header, header["filter"] == {}
        self._clock = Clock(self.head)
        check_now(self.report, self.head)
        if (header["origin"], header["size"]) != (self.head.origin, self.head.size):
            self.report.say("the header does not fit its checkpoint")
        self.old = read_earlier(self.report, self._since, self.head, self.trusted)
        if self.old is not None and not self.everything and not self._in_bundle:
            self.report.say("an export of a filter cannot be compared with an earlier checkpoint; make a bundle")
        return True

    def _record(self, number: int, line: dict[str, Json]) -> None:
        report = self.report
        claimed = _claimed(line)
        index, proof = line.get("index"), line.get("proof")
        if claimed is None or not isinstance(index, int) or not isinstance(proof, list) or self.head is None:
            report.say(f"line {number + 1} is no record")
            return
        report.records += 1
        report.erased += len(claimed.erased)
        found = list(check_record(claimed))
        report.add(*found)
        hashed = leaf_hash(claimed.leaf)
        steps = [_decoded(step) for step in proof]
        if not check_inclusion(steps, index, self.head.size, hashed, self.head.root):
            report.say("the record is not in the log", claimed.id)
        if index <= self._last:
            report.say("the record stands twice, or out of order", claimed.id)
        self._last = index
        if self.everything:
            self._edge.add(hashed)
            if self.old is not None and self._edge.size == self.old.size and self._edge.root() != self.old.root:
                report.say(f"the first {self.old.size} records are not those that the earlier checkpoint covers")
        if not found:
            self._govern(index, claimed)

    def _govern(self, index: int, claimed: Claimed) -> None:
        """By the rules, as far as the export holds what they are about."""
        record, form = _record(claimed), form_of_leaf(claimed.leaf)
        before = self._clock.latest if self._clock is not None else EARLIEST
        if self._clock is not None:
            self.report.add(*self._clock.check(claimed.id, record.time, form))
        if claimed.erased:
            missing = frozenset(missing_digests(claimed))
            time = self._clock.latest if self._clock is not None else EARLIEST
            left = findable(record)
            self._taken.append(Taken(index, claimed.id, claimed.event, time, missing, claimed.erased, left))
        ruled = Ruled(index, record, form, before)
        if self.everything:
            self.report.add(*self._register.add(ruled))
        elif (record.event, record.outcome) in {("erasure", "approved"), ("retention", "done")}:
            self._register.rulings[record.id] = ruled

    def _end(self, line: dict[str, Json]) -> None:
        if line.get("records") != self.report.records:
            self.report.say(f"the export holds {self.report.records} records, its end says {line.get('records')}")
        seal = line.get("seal")
        if seal is None and self._in_bundle:
            return  # the bundle's MANIFEST.note stands for it
        claim = seal_text(self.report.origin, self.report.records, self._sha256.hexdigest())
        check_seal(self.report, seal, claim, self.trusted.at(self.report.size))

    def _finish(self) -> None:
        if self.head is not None and self.everything:
            if self._edge.size != self.head.size:
                self.report.say(f"the export holds {self._edge.size} of the log's {self.head.size} records")
            elif self._edge.root() != self.head.root:
                self.report.say("the records do not give the root that was signed")
        for taken in self._taken:
            if self.everything or set(taken.erased.values()) <= set(self._register.rulings):
                self.report.add(*self._register.check_taken(taken, whole=self.everything))


class _Bundle:
    """What lies beside the records of a bundle."""

    def __init__(self, report: Report, folder: Path, lines: _Lines) -> None:
        self._report = report
        self._folder = folder
        self._lines = lines

    def run(self) -> None:
        self._check_manifest()
        header = self._lines.header
        if self._read("checkpoint") != str(header["checkpoint"]).encode():
            self._report.say("the file `checkpoint` differs from the records' header")
        keys = header["keys"]
        if self._read("keys") != "".join(f"{key}\n" for key in (keys if isinstance(keys, list) else [])).encode():
            self._report.say("the file `keys` differs from the records' header")
        self._check_tiles()

    def _read(self, name: str) -> bytes:
        path = self._folder / name
        return path.read_bytes() if path.is_file() else b""

    def _check_manifest(self) -> None:
        manifest = self._read("MANIFEST")
        claim = seal_text(self._report.origin, self._report.records, hashlib.sha256(manifest).hexdigest())
        check_seal(
            self._report,
            self._read("MANIFEST.note").decode("utf-8", "replace"),
            claim,
            self._lines.trusted.at(self._report.size),
        )
        listed: dict[str, str] = {}
        for line in manifest.decode("utf-8", "replace").splitlines():
            digest, _, name = line.partition("  ")
            listed[name] = digest
        there = {p.relative_to(self._folder).as_posix() for p in self._folder.rglob("*") if p.is_file()}
        there -= {"MANIFEST", "MANIFEST.note"}
        for name in sorted(there ^ set(listed)):
            self._report.say(f"the file {name} is {'not listed in MANIFEST' if name in there else 'missing'}")
        for name in sorted(there & set(listed)):
            with (self._folder / name).open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != listed[name]:
                    self._report.say(f"the file {name} differs from MANIFEST")

    def _check_tiles(self) -> None:
        head, old = self._lines.head, self._lines.old
        if head is None:
            return
        edge = Edge()
        below: list[bytes] = []  # roots of the full tiles of the level below
        for level, full, partial in tile_widths(head.size):
            roots: list[bytes] = []
            above = below
            for n in range(full + bool(partial)):
                width = TILE if n < full else partial
                row = self._read(tile_path(level, n, width))
                hashes = [row[i : i + 32] for i in range(0, len(row), 32)]
                if len(row) != 32 * width or (level and hashes != above[n * TILE : n * TILE + width]):
                    self._report.say(f"{tile_path(level, n, width)} is not the tile of this tree")
                    return
                if level == 0:
                    self._check_leaves(n, width, hashes, edge, old)
                if width == TILE:
                    roots.append(root_of(hashes))
            below = roots
        if edge.root() != head.root:
            self._report.say("the tiles do not give the root that was signed")

    def _check_leaves(self, n: int, width: int, hashes: list[bytes], edge: Edge, old: Checkpoint | None) -> None:
        for item in hashes:
            edge.add(item)
            if old is not None and old.size == edge.size and edge.root() != old.root:
                self._report.say(f"the first {old.size} records are not those that the earlier checkpoint covers")
        if self._lines.everything:
            path = tile_path("entries", n, width)
            try:
                leaves = entries_of(self._read(path))
            except ValueError:
                leaves = []
            if [leaf_hash(leaf) for leaf in leaves] != hashes:
                self._report.say(f"{path} holds other leaves than the tree")


def check_seal(report: Report, seal: Json, claim: str, keys: Sequence[PublicKey]) -> None:
    """Did the log's key sign exactly this claim?"""
    try:
        if not isinstance(seal, str) or open_note(seal, keys) != claim:
            report.say("the export's seal does not fit its content")
    except AuditCorrupt as error:
        report.say(f"the export's seal is no good: {error}")


def _claimed(line: dict[str, Json]) -> Claimed | None:
    """A line as a record, or None when it has another shape."""
    fields, salts, erased, leaf, refers = (line.get(n) for n in ("fields", "salts", "erased", "leaf", "refers_to"))
    texts = [line.get(name) for name in ("id", "event", "time", "outcome")]
    if set(line) != _LINE_KEYS or not all(isinstance(text, str) for text in texts):
        return None
    if not isinstance(fields, dict) or not isinstance(salts, dict) or not isinstance(erased, dict):
        return None
    if not isinstance(leaf, str) or not (refers is None or isinstance(refers, str)):
        return None
    if not all(isinstance(value, str) for value in (*salts.values(), *erased.values())):
        return None
    record_id, event, time, outcome = map(str, texts)
    return Claimed(
        id=record_id,
        event=event,
        time=time,
        outcome=outcome,
        refers_to=refers,
        fields=fields,
        salts={name: str(salt) for name, salt in salts.items()},
        erased={name: str(by) for name, by in erased.items()},
        leaf=leaf.encode(),
    )


def _record(claimed: Claimed) -> AuditRecord:
    """A record whose leaf says what it claims."""
    return AuditRecord(
        claimed.id,
        claimed.event,
        parse_timestamp(claimed.time),
        claimed.outcome,
        claimed.fields,
        claimed.refers_to,
        tuple(sorted(claimed.erased)),
    )


def _decoded(step: Json) -> bytes:
    try:
        return base64.b64decode(step, validate=True) if isinstance(step, str) else b""
    except (binascii.Error, ValueError):
        return b""
