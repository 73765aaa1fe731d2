"""The keys that a home keeps beside its log: the private one, and the public ones that whoever verifies needs.

`key` is the private key (mode 0600), `key.next` its successor while a change is under way, and `key.pub` the
public keys that signed this log, one a line, the newest last. Verifying takes `key.pub` alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from audit.errors import AuditCorrupt, AuditUnavailable
from audit.files import write_whole
from audit.note import PublicKey, SigningKey


@dataclass(frozen=True, slots=True)
class Paths:
    """What a log keeps in its folder (mode 0700), wherever its database is."""

    folder: Path

    @property
    def key(self) -> Path:
        return self.folder / "key"

    @property
    def following(self) -> Path:
        """The next private key, until its record is in the log."""
        return self.folder / "key.next"

    @property
    def public(self) -> Path:
        return self.folder / "key.pub"

    @property
    def gaps(self) -> Path:
        """What was refused and is not in the log yet (`audit.gaps`)."""
        return self.folder / "gaps"

    @property
    def exports(self) -> Path:
        return self.folder / "exports"


def public_keys(paths: Paths) -> list[PublicKey]:
    """The keys that signed this log, as far as the home knows them, the newest last; none in a new home.

    A home of an earlier version has no `key.pub`: then the private key says it. Raises AuditUnavailable,
    AuditCorrupt.
    """
    try:
        if paths.public.exists():
            lines = paths.public.read_text("utf-8").splitlines()
            return [PublicKey.parse(line) for line in lines if line.strip()]
        return [SigningKey.parse(paths.key.read_text("utf-8")).public] if paths.key.exists() else []
    except (OSError, UnicodeDecodeError) as error:
        raise AuditUnavailable(f"the audit log's keys in {paths.folder} cannot be read: {error}") from error


def signers(paths: Paths) -> list[PublicKey]:
    """Whose signature on the log's head is believed here: the newest key's, and while it changes its successor's."""
    found = public_keys(paths)[-1:]
    for path in (paths.key, paths.following):
        try:
            found.append(SigningKey.parse(path.read_text("utf-8")).public)
        except (OSError, UnicodeDecodeError, AuditCorrupt):
            continue  # whoever only reads may not read it, and one that is being changed is not whole
    return found


def remember(paths: Paths, key: PublicKey) -> None:
    """Make `key` the newest of `key.pub`. Raises AuditUnavailable."""
    known = [str(one) for one in public_keys(paths)] if paths.public.exists() else []
    if known[-1:] == [str(key)]:
        return
    lines = "".join(f"{one}\n" for one in [*known, str(key)])
    try:
        write_whole(paths.public, lines.encode(), paths.public.with_name(".key.pub.part"))
    except OSError as error:
        raise AuditUnavailable(f"the public key cannot be written to {paths.public}: {error}") from error
