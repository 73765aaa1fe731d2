"""The self-contained bundle: a folder that an outsider verifies with tools that we did not write.

checkpoint            the signed tree head (C2SP tlog-checkpoint)
keys                  the log's public keys, the first one first
rotations/N, N.sig    what key N signed of its successor, and its signature (64 bytes)
tile/...              the whole tree's hashes (C2SP tlog-tiles)
tile/entries/...      the leaves, when the bundle holds every record
records.jsonl         the records with leaves, salts and inclusion proofs
sections/SHA256.txt   the cited sections as they stood
proofs/ID, ID.spicy   leaf and proof of each record, for `spicy` (up to 1,000 records)
README.md, MANIFEST, MANIFEST.note
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from audit.errors import ExportFailed
from audit.note import PublicKey, rotation_text
from audit.reading import Reader, Stored
from audit.record import Json
from audit.sinks import JsonlSink, Plan, seal_text
from audit.tree import TILE, entry_bundle, prove_inclusion, tile_path, tile_widths

MOST_PROOF_FILES = 1_000

README = """# An export of the audit log of Footnote

{records} records of the log `{origin}`, which held {size} records when this was made.
Nothing here needs Footnote to be checked. You need the log's public key from somebody you trust
(or from an earlier bundle); the file `keys` says which key this bundle claims.

## 1. Is the bundle whole, and the log's own?

    sha256sum --check MANIFEST

`MANIFEST.note` is a signed note (https://c2sp.org/signed-note) over the SHA-256 of `MANIFEST`.

## 2. Is a record in the log, unchanged?

`proofs/ID` is the leaf of record ID and `proofs/ID.spicy` its proof. With Go installed:

    go install filippo.io/torchwood/cmd/spicy@v0.9.0
    spicy -verify '{key}' proofs/ID

That is the newest key. {handovers}
Where `proofs/` is missing (many records), make the two files from `records.jsonl`:

    jq -j 'select(.id == "ID").leaf' records.jsonl > ID
    jq -j --rawfile note checkpoint 'select(.id == "ID")
      | "index \\(.index)\\n" + (.proof | map(. + "\\n") | join("")) + "\\n" + $note' records.jsonl > ID.spicy

## 3. Do the fields belong to the leaf?

The leaf lists a SHA-256 digest (base64url) for each field, in `sd`. Of each field in `fields`, with its
salt in `salts`, the digest is (the array as JSON without spaces, keys sorted, as RFC 8785 has it):

    printf '%s' '["SALT","NAME",VALUE]' | basenc --base64url -w0 | tr -d '=' \\
      | openssl dgst -sha256 -binary | basenc --base64url | tr -d '='

Every field must have its digest in the leaf, and the leaf no more digests than there are fields in
`fields` and names in `erased` together. Erased fields are gone; the record named there says why.

## 4. Does each quote stand in the document?

`fields.sections` holds each cited section: its text, `start` and `end` (in code points of the document's
text) and SHA-256; the same text lies in `sections/SHA256.txt`. A citation's `quote` is the text from its
`start` to its `end`, counted from the section's `start`.

## 5. Was anything rewritten or rolled back?

`tile/` holds the hashes of the whole log (https://c2sp.org/tlog-tiles): any tool for such logs checks the
root in `checkpoint` from it, and that it extends a checkpoint you kept from earlier.
{scope}
"""


HANDOVERS = """The file `keys` lists all that the log has had, the first one first. Trust one
of them, and each later one is vouched for by the one before it: `rotations/N` is what key N signed of its successor,
with the tree size from which that one signs.

    KEY=$(sed -n Np keys)
    printf 302A300506032B6570032100 | basenc --base16 -d > N.der
    printf %s "$KEY" | cut -d+ -f3- | base64 -d | tail -c 32 >> N.der
    openssl pkeyutl -verify -pubin -keyform DER -inkey N.der -rawin -in rotations/N -sigfile rotations/N.sig

The statement's second line must be the next line of `keys`. Where it says `revoked SIZE`, key N was lost: its word for
the next one counts for nothing, and you need that one from somebody you trust.
"""


class BundleSink:
    """Writes the folder; everything but `records.jsonl` is small or written tile by tile."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lines = JsonlSink(folder / "records.jsonl")
        self._plan: Plan | None = None
        self._records = 0
        self._many = False

    @property
    def plan(self) -> Plan:
        if self._plan is None:
            raise ExportFailed("the export was not opened")
        return self._plan

    def open(self, plan: Plan, position: Json) -> None:
        self._plan = plan
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if position is None and any(self._folder.iterdir()):
            raise ExportFailed(f"{self._folder} is not empty; name a new folder for the bundle")
        for name in ("sections", "proofs"):
            (self._folder / name).mkdir(mode=0o700, exist_ok=True)
        self._lines.open(plan, position)
        self._records = int(str(position.get("records", 0))) if isinstance(position, dict) else 0

    def add(self, stored: Stored, view: Reader) -> None:
        self._lines.add(stored, view)
        self._records += 1
        sections = stored.record.fields.get("sections")
        for section in sections if isinstance(sections, list) else []:
            if isinstance(section, dict) and isinstance(text := section.get("text"), str):
                data = text.encode()
                self._write(f"sections/{hashlib.sha256(data).hexdigest()}.txt", data)
        if self._records <= MOST_PROOF_FILES:
            proof = prove_inclusion(stored.index, self.plan.size, view.hashes())
            self._write(f"proofs/{stored.record.id}", stored.leaf)
            self._write(f"proofs/{stored.record.id}.spicy", spicy_proof(stored.index, proof, self.plan.checkpoint))

    def position(self) -> Json:
        return self._lines.position()

    def finish(self, view: Reader) -> None:
        """Tiles, keys and the words around them."""
        plan = self.plan
        self._lines.close(None)
        if self._records > MOST_PROOF_FILES:
            for path in (self._folder / "proofs").iterdir():
                path.unlink()
            (self._folder / "proofs").rmdir()
        for name, data in tiles(view, plan.size):
            self._write(name, data)
        everything = not plan.wanted
        if everything:
            for name, data in entry_tiles(view, plan.size):
                self._write(name, data)
        scope = (
            "`tile/entries/` holds every leaf."
            if everything
            else ("This bundle holds the records of a filter, so the other leaves are not in it.")
        )
        self._write("checkpoint", plan.checkpoint.encode())
        self._write("keys", "".join(f"{key}\n" for key in plan.keys).encode())
        for number, one in enumerate(plan.rotations, 1):
            statement = rotation_text(PublicKey.parse(one.new), one.stated, one.revoked)
            self._write(f"rotations/{number}", statement.encode())
            self._write(f"rotations/{number}.sig", base64.b64decode(one.signature))
        text = README.format(
            records=self._records,
            origin=plan.origin,
            size=plan.size,
            key=plan.keys[-1],
            handovers=HANDOVERS if plan.rotations else "The log has had no other.",
            scope=scope,
        )
        self._write("README.md", text.encode())
        self._write("MANIFEST", "".join(_manifest(self._folder)).encode())

    def records(self) -> int:
        return self._records

    def claim(self) -> str:
        digest = hashlib.sha256((self._folder / "MANIFEST").read_bytes()).hexdigest()
        return seal_text(self.plan.origin, self._records, digest)

    def close(self, seal: str) -> list[Path]:
        self._write("MANIFEST.note", seal.encode())
        return [self._folder]

    def stop(self) -> None:
        self._lines.stop()

    def _write(self, name: str, data: bytes) -> None:
        path = self._folder / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)


def tiles(view: Reader, size: int) -> Iterator[tuple[str, bytes]]:
    """(path, bytes) of every hash tile of the tree of `size` leaves."""
    for level, full, partial in tile_widths(size):
        for n in range(full):
            yield tile_path(level, n), view.tile(level, n)
        if partial:
            yield tile_path(level, full, partial), view.tile(level, full, partial)


def entry_tiles(view: Reader, size: int) -> Iterator[tuple[str, bytes]]:
    for n in range(0, size, TILE):
        leaves = [leaf for _, leaf in view.leaves(n, min(n + TILE, size))]
        yield tile_path("entries", n // TILE, len(leaves)), entry_bundle(leaves)


def spicy_proof(index: int, proof: list[bytes], checkpoint: str) -> bytes:
    """What `spicy -verify` reads beside a file: index, inclusion proof, checkpoint."""
    steps = "".join(base64.b64encode(step).decode() + "\n" for step in proof)
    return f"index {index}\n{steps}\n{checkpoint}".encode()


def _manifest(folder: Path) -> Iterator[str]:
    """Lines as `sha256sum` writes them."""
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        name = path.relative_to(folder).as_posix()
        if name in ("MANIFEST", "MANIFEST.note") or name.endswith((".part", ".progress")):
            continue
        with path.open("rb") as file:
            yield f"{hashlib.file_digest(file, 'sha256').hexdigest()}  {name}\n"
