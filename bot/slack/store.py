"""Which workspaces have installed the app, and which installations came back from Slack: small files, ours alone.

The stores of slack_sdk do not serve here: they write with the process's umask, not in one step, and take
a name that a browser sent for the name of a file.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import os
import re
import secrets
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path

from audit.errors import AuditUnavailable
from audit.places import KeepingPlace, Subject
from bot.errors import PlatformDenied, PlatformError

TEAM = re.compile(r"[TE][A-Z0-9]{1,30}")  # E: a Grid organisation, with all of its workspaces
MOST_STATES = 2_000
"""States remembered as used. One that is forgotten could count again, but only for the browser that it is bound to."""


@dataclass(frozen=True, slots=True)
class Installed:
    """An installation: the token of the workspace (or of the organisation that installed the app as a whole), who the
    bot is there, who installed it, and when (epoch seconds).
    """

    team: str
    name: str
    bot_token: str = field(repr=False)
    bot_user: str
    bot_id: str
    by: str
    at: int


INSTALLED = KeepingPlace(
    "installations of Slack",
    ("slack/*",),
    (),
    "who installed the app in a workspace",
    "the name goes, the installation stays",
)


class Installations:
    """One file a workspace. Read anew each time, so that every process sees what another one changed.

    Errors: PlatformError when the folder or a file cannot be used.
    """

    def __init__(self, folder: Path, most: int) -> None:
        self._folder = folder
        self._most = most

    async def save(self, installed: Installed) -> None:
        """Add, or replace. Raises PlatformDenied when there are too many already."""
        await asyncio.to_thread(self._save, installed)

    async def find(self, team: str) -> Installed | None:
        return await asyncio.to_thread(self._find, team)

    async def remove(self, team: str) -> None:
        await asyncio.to_thread(self._remove, team)

    async def teams(self) -> list[str]:
        """Ids of all workspaces."""
        return await asyncio.to_thread(self._teams)

    def _path(self, team: str) -> Path:
        return self._folder / f"{team}.json"

    def _teams(self) -> list[str]:
        try:
            return sorted(p.stem for p in self._folder.glob("*.json") if TEAM.fullmatch(p.stem))
        except OSError as error:
            raise _unusable(self._folder, error) from error

    def _save(self, installed: Installed) -> None:
        if not TEAM.fullmatch(installed.team):
            raise PlatformError(f"Slack named a workspace {installed.team!r}, which is no workspace's id.")
        known = self._teams()
        if installed.team not in known and len(known) >= self._most:
            raise PlatformDenied(f"{len(known)} workspaces have installed Footnote, and it serves no more.")
        try:
            _make(self._folder)
            descriptor, name = tempfile.mkstemp(dir=self._folder, prefix=".new-")  # readable by us alone
            try:
                with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                    json.dump(asdict(installed), file)
                    file.flush()
                    os.fsync(file.fileno())
                Path(name).replace(self._path(installed.team))
            except OSError:
                Path(name).unlink(missing_ok=True)
                raise
        except OSError as error:
            raise _unusable(self._folder, error) from error

    def _find(self, team: str) -> Installed | None:
        if not TEAM.fullmatch(team):
            return None
        path = self._path(team)
        try:
            values = json.loads(path.read_text("utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise _unusable(path, error) from None  # the original may hold what the file holds
        shape = {f.name: int if f.name == "at" else str for f in fields(Installed)}
        if not isinstance(values, dict) or {k: type(v) for k, v in values.items()} != shape or values["team"] != team:
            raise _unusable(path, ValueError("it is no installation"))
        return Installed(**values)

    def _remove(self, team: str) -> None:
        if TEAM.fullmatch(team):
            try:
                self._path(team).unlink(missing_ok=True)
            except OSError as error:
                raise _unusable(self._path(team), error) from error


class InstalledHolder:
    """Implements `audit.places.Holder`: who installed the app."""

    place = INSTALLED

    def __init__(self, folder: Path) -> None:
        self._installed = Installations(folder, sys.maxsize)

    async def count(self, subject: Subject) -> int:
        return len(await self._by(subject))

    async def busy(self, subject: Subject) -> str:
        return ""

    async def erase(self, subject: Subject) -> Sequence[str]:
        try:
            for one in await self._by(subject):
                await self._installed.save(replace(one, by=""))
        except PlatformError as error:
            raise AuditUnavailable(str(error)) from error
        return ()

    async def _by(self, subject: Subject) -> list[Installed]:
        try:
            found = [await self._installed.find(team) for team in await self._installed.teams()]
        except PlatformError as error:
            raise AuditUnavailable(str(error)) from error
        return [one for one in found if one is not None and subject.person.is_user("slack", one.by)]


class States:
    """Each `state` proves once that an installation was begun here (RFC 6749, 10.12).

    It is signed and carries its time, so that nothing is kept of an installation that was only begun:
    whoever begins many pushes nobody else's out. Those that have come back are kept as hashes until
    they are too old to come back again.
    """

    def __init__(self, folder: Path, seconds: float, secret: str, clock: Callable[[], float] = time.time) -> None:
        """`secret` is the app's client secret, which every replica has."""
        self._clock = clock
        self._folder = folder
        self._seconds = seconds
        self._key = hmac.digest(secret.encode(), b"footnote: state of an installation", "sha256")

    def issue(self) -> str:
        """A new one."""
        begun = f"{int(self._clock() * 1000):x}.{secrets.token_urlsafe(32)}"
        return f"{begun}.{self._signature(begun)}"

    async def consume(self, state: str) -> bool:
        """Whether it was issued, lately, and not used before. Raises PlatformError."""
        return await asyncio.to_thread(self._consume, state)

    def _signature(self, begun: str) -> str:
        return hmac.digest(self._key, begun.encode("utf-8", "replace"), "sha256").hex()

    def _consume(self, state: str) -> bool:
        begun, _, signature = state.rpartition(".")
        if not hmac.compare_digest(signature.encode("utf-8", "replace"), self._signature(begun).encode()):
            return False
        if self._clock() - int(begun.partition(".")[0], 16) / 1000 >= self._seconds:
            return False
        try:
            _make(self._folder)
            self._tidy()
            return self._first(state)
        except OSError as error:
            raise _unusable(self._folder, error) from error

    def _first(self, state: str) -> bool:
        """Only one of two that come at the same time makes the file."""
        try:
            os.close(os.open(self._path(state), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            return False
        return True

    def _tidy(self) -> None:
        ages: list[tuple[float, str]] = []
        with os.scandir(self._folder) as entries:
            for entry in entries:
                try:
                    ages.append((entry.stat().st_mtime, entry.path))
                except FileNotFoundError:
                    continue  # another process was quicker
        ages.sort()
        spare = max(0, len(ages) - MOST_STATES + 1)
        for n, (used, path) in enumerate(ages):
            if n < spare or self._clock() - used >= self._seconds:
                Path(path).unlink(missing_ok=True)

    def _path(self, state: str) -> Path:
        return self._folder / hashlib.sha256(state.encode("utf-8", "surrogatepass")).hexdigest()


def _make(folder: Path) -> None:
    """The folder and the one above it are ours alone, also where they were there already."""
    for part in (folder.parent, folder):
        part.mkdir(mode=0o700, parents=True, exist_ok=True)
        part.chmod(0o700)


def _unusable(path: Path, error: Exception) -> PlatformError:
    why = error.strerror if isinstance(error, OSError) else "it is no installation that Footnote wrote"
    return PlatformError(f"Slack's installations cannot be used: {path}: {why}. Check the disk and its rights.")
