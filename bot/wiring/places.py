"""Every place where a home keeps something, and what of it is about people: for erasures, and for the documentation.

Whoever adds a file or a table names it here: a test opens a used home and the database, and asks for each.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from audit.errors import AuditUnavailable
from audit.places import PLACES as LOG_PLACES
from audit.places import Holder, KeepingPlace, Subject
from audit.subject import fold
from bot.answering.memory import MEMORY, MemoryHolder
from bot.queue.inbox_people import INBOX, InboxHolder
from bot.settings.values import Settings
from bot.slack.store import INSTALLED, InstalledHolder
from bot.wiring.databases import inbox_store
from connectors.state import StateStore
from retrieval.errors import RetrievalError

STATE = KeepingPlace(
    "the state of sources",
    ("state.db*",),
    (),
    "who may read a document, where a source names single people",
    "not by an erasure: take the person out at the source, and the next sync does it here",
)
EVALUATION = KeepingPlace(
    "evaluations",
    ("eval/*",),
    (),
    "questions of your own sets, and as whom they were asked",
    "what names the person is removed with the whole run; `footnote eval run` makes it again",
)
RUNNING = KeepingPlace(
    "the memory of `footnote serve`",
    (),
    (),
    "who asked lately, and in which groups somebody is",
    "by itself, within the limits' ten minutes and the directory's seconds",
)
NOBODY = (
    KeepingPlace("documents", ("index*", "embeddings.db*", "models*"), (), "", ""),
    KeepingPlace("locks", ("*.lock", "lock", "leases/*"), (), "", ""),
)
PLACES: tuple[KeepingPlace, ...] = (*LOG_PLACES, INBOX, MEMORY, INSTALLED, EVALUATION, STATE, RUNNING, *NOBODY)


def holders(settings: Settings) -> list[Holder]:
    """What reaches the places outside the log."""
    home = settings.home
    return [
        InboxHolder(inbox_store(settings), home / "inbox.db" if settings.database_url is None else None),
        MemoryHolder(home / "memory.db"),
        InstalledHolder(home / "slack"),
        _Evaluations(home / "eval"),
        _State(home / "state.db"),
    ]


def places_table() -> str:
    """For the documentation, in Markdown."""
    rows = ["| place | files of the home | tables in PostgreSQL | what of people | how it is erased |"]
    rows.append("|---|---|---|---|---|")
    for place in PLACES:
        files, tables = (", ".join(f"`{one}`" for one in there) for there in (place.files, place.tables))
        rows.append(f"| {place.name} | {files} | {tables} | {place.holds or 'nothing'} | {place.erased} |")
    return "\n".join(rows)


class _Evaluations:
    """A set's home, or a run's file, is removed whole where it names the person anywhere."""

    place = EVALUATION

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def count(self, subject: Subject) -> int:
        return len(await asyncio.to_thread(lambda: list(self._found(subject))))

    async def busy(self, subject: Subject) -> str:
        return ""

    async def erase(self, subject: Subject) -> Sequence[str]:
        def remove() -> None:
            for path in list(self._found(subject)):
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path)
                else:
                    path.unlink(missing_ok=True)

        await asyncio.to_thread(remove)
        return ()

    def _found(self, subject: Subject) -> Iterator[Path]:
        runs = self._folder / "runs"
        there = [*(self._folder.iterdir() if self._folder.is_dir() else ()), *(runs.iterdir() if runs.is_dir() else ())]
        for path in there:
            files = (p for p in path.rglob("*") if p.is_file()) if path.is_dir() else (path,)
            if path != runs and any(_names(subject, file) for file in files):
                yield path


def _names(subject: Subject, path: Path) -> bool:
    text = fold(path.read_bytes().decode("utf-8", "replace"))
    return any(needle in text for needle in subject.person.needles)


class _State:
    """Access lists that name the person: said, and left to the source."""

    place = STATE

    def __init__(self, path: Path) -> None:
        self._path = path

    async def count(self, subject: Subject) -> int:
        if not self._path.exists():
            return 0
        state = StateStore(self._path)
        try:
            lists = await state.access_lists()
        except RetrievalError as error:
            raise AuditUnavailable(str(error)) from error
        finally:
            state.close()
        return sum(1 for one in lists.values() if subject.person.in_value([*one.allow, *one.deny]))

    async def busy(self, subject: Subject) -> str:
        return ""

    async def erase(self, subject: Subject) -> Sequence[str]:
        return ()
