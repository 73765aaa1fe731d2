"""Signed notes (C2SP signed-note, Ed25519), checkpoints (C2SP tlog-checkpoint) and the key file.

Keys are printed as golang.org/x/mod/sumdb/note prints them, so that its tools read ours:
`NAME+ID+BASE64(0x01 || public key)` and `PRIVATE+KEY+NAME+ID+BASE64(0x01 || seed)`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from audit.disclosure import parse_timestamp, timestamp
from audit.errors import AuditCorrupt, AuditUnavailable
from audit.files import sync

_ED25519 = b"\x01"
_ROTATION = "footnote audit key rotation\n"
_ROTATION_AT = "footnote audit key rotation/v2\n"
_TIME = "time "


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A tree head: the log's name, number of leaves and root, and when it was signed (an extension line)."""

    origin: str
    size: int
    root: bytes
    time: datetime | None = None  # None: signed by version 0.1

    def text(self) -> str:
        lines = f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"
        return lines if self.time is None else f"{lines}{_TIME}{timestamp(self.time)}\n"


class PublicKey:
    """An Ed25519 key with the name it signs under."""

    __slots__ = ("id", "name", "raw")

    def __init__(self, name: str, raw: bytes) -> None:
        self.name = name
        self.raw = raw
        self.id = hashlib.sha256(name.encode() + b"\n" + _ED25519 + raw).digest()[:4]

    @classmethod
    def parse(cls, text: str) -> PublicKey:
        """Raises AuditCorrupt when the text is no public key of a note."""
        name, _, rest = text.strip().partition("+")
        key_id, _, encoded = rest.partition("+")
        raw = _decode(encoded)
        key = cls(name, raw[1:])
        if not name or raw[:1] != _ED25519 or len(raw) != 33 or key.id.hex() != key_id:
            raise AuditCorrupt(f"{text.strip()!r} is no public key; expected NAME+ID+BASE64")
        return key

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(_ED25519 + self.raw).decode()}"

    def verifies(self, signature: bytes, text: bytes) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, text)
        except InvalidSignature:
            return False
        return True


class SigningKey:
    """The log's private key."""

    __slots__ = ("_key", "_seed", "public")

    def __init__(self, name: str, seed: bytes) -> None:
        if not name or "+" in name or any(c.isspace() for c in name):
            raise ValueError(f"the log's name {name!r} must not be empty or hold spaces or '+'")
        self._seed = seed
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = PublicKey(name, self._key.public_key().public_bytes_raw())

    @classmethod
    def generate(cls, name: str) -> SigningKey:
        return cls(name, secrets.token_bytes(32))

    @classmethod
    def parse(cls, text: str) -> SigningKey:
        """Raises AuditCorrupt when the text is no private key of a note."""
        parts = text.strip().split("+", 4)
        raw = _decode(parts[4]) if len(parts) == 5 else b""
        if parts[:2] != ["PRIVATE", "KEY"] or raw[:1] != _ED25519 or len(raw) != 33:
            raise AuditCorrupt("the audit key file holds no private key; restore it from the backup")
        key = cls(parts[2], raw[1:])
        if key.public.id.hex() != parts[3]:
            raise AuditCorrupt("the audit key file's id does not fit its key; restore it from the backup")
        return key

    def text(self) -> str:
        encoded = base64.b64encode(_ED25519 + self._seed).decode()
        return f"PRIVATE+KEY+{self.public.name}+{self.public.id.hex()}+{encoded}\n"

    def permit(self, size: int) -> bytes:
        """What only a holder of this key can show to a log of so many records: HMAC-SHA-256 under its seed."""
        return hmac.digest(self._seed, f"footnote audit append\n{self.public.name}\n{size}\n".encode(), "sha256")

    def sign(self, text: bytes) -> bytes:
        return self._key.sign(text)

    def sign_note(self, text: str) -> str:
        """The note: text, blank line, signature line. `text` ends with a line break."""
        signed = base64.b64encode(self.public.id + self.sign(text.encode())).decode()
        return f"{text}\n\u2014 {self.public.name} {signed}\n"


def open_note(note: str, keys: Iterable[PublicKey]) -> str:
    """The text of a note signed by one of `keys`. Raises AuditCorrupt.

    Signatures of other keys are ignored (witnesses may add theirs); a bad one of a known key is not.
    """
    text, separator, signatures = note.rpartition("\n\n")
    text += "\n"
    if not separator or not signatures.endswith("\n"):
        raise AuditCorrupt("the checkpoint is no signed note: no blank line before its signatures")
    if any(ord(c) < 0x20 and c != "\n" for c in note):
        raise AuditCorrupt("the checkpoint holds control characters")
    known = {(key.name, key.id): key for key in keys}
    verified = False
    for line in signatures.removesuffix("\n").split("\n"):
        dash, _, rest = line.partition(" ")
        name, _, encoded = rest.partition(" ")
        raw = _decode(encoded)
        if dash != "\u2014" or len(raw) < 5:
            raise AuditCorrupt("the checkpoint has a malformed signature line")
        key = known.get((name, raw[:4]))
        if key is None:
            continue
        if not key.verifies(raw[4:], text.encode()):
            raise AuditCorrupt(f"the checkpoint's signature by {name} is wrong")
        verified = True
    if not verified:
        raise AuditCorrupt("the checkpoint is not signed by a key that is trusted here")
    return text


def open_checkpoint(note: str, keys: Iterable[PublicKey]) -> Checkpoint:
    """A checkpoint signed by one of `keys`. Raises AuditCorrupt."""
    lines = open_note(note, keys).split("\n")
    if len(lines) < 4 or not lines[1].isascii() or not lines[1].isdigit() or str(int(lines[1])) != lines[1]:
        raise AuditCorrupt("the checkpoint is malformed: expected name, size and root")
    root = _decode(lines[2])
    if len(root) != 32 or base64.b64encode(root).decode() != lines[2]:
        raise AuditCorrupt("the checkpoint's root is no SHA-256 hash")
    return Checkpoint(lines[0], int(lines[1]), root, _time_of(lines[3:]))


def _time_of(extensions: Sequence[str]) -> datetime | None:
    """Raises AuditCorrupt for a time that is none; other extensions are somebody else's."""
    for line in extensions:
        if line.startswith(_TIME):
            try:
                return parse_timestamp(line.removeprefix(_TIME))
            except ValueError as error:
                raise AuditCorrupt(f"the checkpoint's time is malformed: {line!r}") from error
    return None


def rotation_signature(old: SigningKey, new: PublicKey, size: int, revoked: int | None = None) -> str:
    """What the old key says of its successor (base64): kept in the `key` record."""
    return base64.b64encode(old.sign(rotation_text(new, size, revoked).encode())).decode()


def rotation_text(new: PublicKey, size: int | None, revoked: int | None = None) -> str:
    """The statement that an old key signs: from the tree of `size` records on, `new` signs.

    With `revoked`, what the old key signed of a tree of more records than that is not believed. Without a size
    it is the statement of version 0.1, for any size.
    """
    if size is None:
        return f"{_ROTATION}{new}\n"
    return f"{_ROTATION_AT}{new}\n{size}\n" + (f"revoked {revoked}\n" if revoked is not None else "")


def check_rotation(
    old: PublicKey, new: PublicKey, signature: str, size: int | None = None, revoked: int | None = None
) -> bool:
    return old.verifies(_decode(signature), rotation_text(new, size, revoked).encode())


# --- the key file ----------------------------------------------------------------------------


def load_or_create_key(path: Path, name: str) -> SigningKey:
    """Read the key file, or make one (mode 0600) that no reader ever sees half-written.

    Raises AuditUnavailable when others may read it or it cannot be read, AuditCorrupt when it is damaged.
    """
    try:
        if not path.exists():
            write_key(path, SigningKey.generate(name), replace=False)
        if path.stat().st_mode & 0o077:
            raise AuditUnavailable(f"others may read the audit key {path}; run: chmod 600 {path}")
        return SigningKey.parse(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise AuditUnavailable(f"the audit key {path} cannot be read: {error}") from error


def write_key(path: Path, key: SigningKey, *, replace: bool) -> None:
    """Write durably under a temporary name, then put it in place in one step. Raises OSError."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(key.text())
            file.flush()
            os.fsync(file.fileno())
        if replace:
            temporary.replace(path)
        elif not path.exists():
            os.link(temporary, path)
    except FileExistsError:
        return  # another process was first: its key counts
    finally:
        temporary.unlink(missing_ok=True)
    sync(path.parent)


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
