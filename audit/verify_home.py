"""Is the log of a home what was recorded? For `footnote audit verify`: nothing is made, nothing is written.

Neither the private key nor the right to write is needed: `key.pub` (or a pinned key) and the database are enough, in
a home that is mounted read-only or in a copy. A log that is missing or empty is never "ok": where a key, an index,
exports or checkpoints outside say that there was one, the finding names them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from audit.check import Finding
from audit.database import Database
from audit.errors import AuditCorrupt, LogMissing
from audit.keyring import Paths, public_keys, signers
from audit.publish import kept_checkpoints
from audit.reading import Reader
from audit.report import Report
from audit.verify import Progress, WantedChecks, verify_stored

TRIES = 3


@dataclass(frozen=True, slots=True)
class Home:
    """Where a log lies, and what else may tell of it: checkpoints kept outside, other traces by their names."""

    paths: Paths
    database: Database
    outside: Path | None = None
    traces: Sequence[str] = ()


async def verify_home(
    home: Home,
    *,
    keys: Sequence[str] = (),
    since: Sequence[str] = (),
    index: bool = False,
    progress: Progress | None = None,
) -> Report:
    """Check a log and what says that there was one. With `index`, also that searches find what the log holds.

    `keys` pin the public key (else: those of the home); `since` are earlier checkpoints, beside those in
    `Home.outside`. Raises AuditUnavailable when the database cannot be read.
    """
    return await asyncio.to_thread(_verify, home, keys, since, index, progress)


def _verify(home: Home, keys: Sequence[str], since: Sequence[str], index: bool, progress: Progress | None) -> Report:
    try:
        notes = [*since, *_outside(home.outside)]
        known = [] if keys else public_keys(home.paths)
    except (AuditCorrupt, OSError, UnicodeDecodeError) as error:
        return Report(findings=[Finding(None, str(error))])
    wanted = WantedChecks(keys, [str(key) for key in signers(home.paths)], known, notes, True, progress)
    report = Report()
    for _ in range(TRIES):
        state = home.database.fingerprint()
        report = _once(home, wanted, index)
        if report.ok or state == home.database.fingerprint():
            break  # else somebody wrote meanwhile to a file that is read as it stood
    if not report.records and not report.size:
        _say_why_not_empty(report, home, notes)
    return report


def _once(home: Home, wanted: WantedChecks, index: bool) -> Report:
    try:
        with home.database.translated():
            view = Reader.over(home.database, home.database.inspect())
            try:
                report = verify_stored(view, wanted)
                if index and report.ok:
                    for what in home.database.check_index(view.session, report.size):
                        report.say(what)
            finally:
                view.shut()
    except (AuditCorrupt, LogMissing) as error:
        return Report(findings=[Finding(None, str(error))])
    return report


def _outside(folder: Path | None) -> list[str]:
    """The checkpoints that were kept elsewhere. Raises OSError, UnicodeDecodeError."""
    return [text for _, text in kept_checkpoints(folder)] if folder is not None else []


def _say_why_not_empty(report: Report, home: Home, notes: Sequence[str]) -> None:
    folder = home.paths.folder
    there = [name for name in ("key", "key.pub", "search.db", "exports") if (folder / name).exists()]
    there += home.traces
    if notes:
        there.append(f"{len(notes)} earlier checkpoints")
    what = f"these say that there was one: {', '.join(there)}" if there else "nothing here says that there ever was one"
    report.say(f"there is no record to prove in the log {home.database.where}; {what}")
