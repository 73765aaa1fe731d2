"""What a thread has been about, for follow-up questions: earlier questions and the documents cited."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import apsw

from audit.errors import AuditUnavailable
from audit.places import KeepingPlace, Subject
from audit.sqlite import cut_wal
from audit.subject import fold
from bot.errors import InboxUnavailable
from bot.keys import ANY, ChannelKey, ThreadKey
from retrieval.codec import to_object
from retrieval.types import Shown, Turn

_SCHEMA = """
CREATE TABLE IF NOT EXISTS turns(
  id INTEGER PRIMARY KEY, thread TEXT NOT NULL, user TEXT NOT NULL, question TEXT NOT NULL, documents TEXT NOT NULL,
  at TEXT NOT NULL, turn TEXT NOT NULL DEFAULT '{}') STRICT;
CREATE INDEX IF NOT EXISTS turns_thread ON turns(thread);
CREATE TABLE IF NOT EXISTS answers(
  thread TEXT NOT NULL, question TEXT NOT NULL, record TEXT NOT NULL, at TEXT NOT NULL,
  PRIMARY KEY (thread, question)) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS answers_at ON answers(at);
"""
TURNS = 6

T = TypeVar("T")

MEMORY = KeepingPlace(
    "thread memory",
    ("memory.db*",),
    (),
    "earlier questions of a thread, until they expire",
    "rows of theirs, and those that name them, are removed, and the write-ahead log is cut",
)


class ThreadMemory:
    """One row a question. Rights are not remembered: each answer checks them anew."""

    def __init__(self, path: Path, keep: timedelta) -> None:
        """Open or create. Raises InboxUnavailable."""
        self._keep = keep
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = apsw.Connection(str(path))
            self._db.set_busy_timeout(5_000)
            # One by one: apsw stops at the first statement that gives a row.
            for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "secure_delete = ON"):
                self._db.execute(f"PRAGMA {pragma}")
            self._db.execute(_SCHEMA)
            _complete(self._db)
        except (apsw.Error, OSError) as error:
            raise InboxUnavailable(f"The thread memory {path} cannot be used: {error}.") from error

    def recall(self, thread: ThreadKey) -> tuple[Turn, ...]:
        """The last turns of a thread, oldest first."""
        since = (datetime.now(UTC) - self._keep).isoformat()
        rows = self._db.execute(
            "SELECT question, documents, turn FROM turns WHERE thread = ? AND at > ? ORDER BY id DESC LIMIT ?",
            (str(thread), since, TURNS),
        )
        return tuple(_turn(*row) for row in reversed(list(rows)))

    def remember(self, thread: ThreadKey, user: str, turn: Turn) -> None:
        now = datetime.now(UTC)
        with self._db:
            self._db.execute("DELETE FROM turns WHERE at <= ?", ((now - self._keep).isoformat(),))
            self._db.execute(
                "INSERT INTO turns(thread, user, question, documents, at, turn) VALUES(?, ?, ?, ?, ?, ?)",
                (
                    *(str(thread), user, turn.question, json.dumps(turn.document_ids), now.isoformat()),
                    json.dumps(to_object(turn, ("question", "document_ids"))),
                ),
            )

    def keep_answer(self, thread: ThreadKey, folded: str, record_id: str) -> None:
        """The record of the answer to a question (folded by `repeats.fold`), in place of an earlier one's."""
        now = datetime.now(UTC)
        with self._db:
            self._db.execute("DELETE FROM answers WHERE at <= ?", ((now - self._keep).isoformat(),))
            self._db.execute(
                "INSERT OR REPLACE INTO answers VALUES(?, ?, ?, ?)", (str(thread), folded, record_id, now.isoformat())
            )

    def answered(self, thread: ThreadKey, folded: str) -> str | None:
        """The record of the answer to this question in this thread, if it is remembered."""
        since = (datetime.now(UTC) - self._keep).isoformat()
        sql = "SELECT record FROM answers WHERE thread = ? AND question = ? AND at > ?"
        rows = list(self._db.execute(sql, (str(thread), folded, since)))
        return str(rows[0][0]) if rows else None

    def knows(self, thread: ThreadKey) -> bool:
        """Whether a question was answered in this thread lately; with `ANY` as its tenant, in whichever."""
        since = (datetime.now(UTC) - self._keep).isoformat()
        where, name = "thread = ?", str(thread)
        if thread.channel.tenant == ANY:
            platform, channel = _literal(thread.channel.platform), _literal(thread.channel.channel)
            where, name = "thread GLOB ?", str(ThreadKey(ChannelKey(platform, ANY, channel), _literal(thread.thread)))
        rows = self._db.execute(f"SELECT 1 FROM turns WHERE {where} AND at > ? LIMIT 1", (name, since))  # noqa: S608
        return bool(list(rows))

    def forget(self, thread: ThreadKey) -> int:
        """Drop a thread's memory; returns how many questions were remembered."""
        with self._db:
            self._db.execute("DELETE FROM answers WHERE thread = ?", (str(thread),))
            self._db.execute("DELETE FROM turns WHERE thread = ?", (str(thread),))
        return self._db.changes()

    def close(self) -> None:
        self._db.close()


def _turn(question: str, documents: str, rest: str) -> Turn:
    """From a row; one made by an earlier version says nothing of what was shown."""
    held = json.loads(rest)
    return Turn(
        question, tuple(json.loads(documents)), held.get("about", ""), tuple(Shown(**s) for s in held.get("shown", ()))
    )


def _complete(db: apsw.Connection) -> None:
    """What a file of version 0.1 lacks."""
    if not any(row[1] == "turn" for row in db.execute("PRAGMA table_info(turns)")):
        db.execute("ALTER TABLE turns ADD COLUMN turn TEXT NOT NULL DEFAULT '{}'")


def _literal(text: str) -> str:
    """For GLOB, without a meaning: a chat's ids are not ours."""
    return re.sub(r"[*?\[]", r"[\g<0>]", text)


class MemoryHolder:
    """Implements `Holder`: a person in the threads' memory."""

    place = MEMORY

    def __init__(self, path: Path) -> None:
        self._path = path

    async def count(self, subject: Subject) -> int:
        return await asyncio.to_thread(self._work, lambda db: len(_turns(db, subject)) + len(_answers(db, subject)), 0)

    async def busy(self, subject: Subject) -> str:
        return ""

    async def erase(self, subject: Subject) -> Sequence[str]:
        def remove(db: apsw.Connection) -> Sequence[str]:
            with db:
                db.executemany("DELETE FROM turns WHERE id = ?", [(turn,) for turn in _turns(db, subject)])
                db.executemany("DELETE FROM answers WHERE thread = ? AND question = ?", _answers(db, subject))
            return cut_wal(db, self._path)

        return await asyncio.to_thread(self._work, remove, ())

    def _work(self, work: Callable[[apsw.Connection], T], nothing: T) -> T:
        if not self._path.exists():
            return nothing
        try:
            db = apsw.Connection(str(self._path))
            try:
                db.set_busy_timeout(5_000)
                db.execute("PRAGMA secure_delete = ON").fetchall()
                _complete(db)
                return work(db)
            finally:
                db.close()
        except apsw.Error as error:
            raise AuditUnavailable(f"the thread memory {self._path} cannot be used: {error}; check the disk") from error


def _turns(db: apsw.Connection, subject: Subject) -> list[int]:
    """By id; a turn names the platform as the head of its thread."""
    person, found = subject.person, []
    for turn, thread, user, said, more in db.execute("SELECT id, thread, user, question, turn FROM turns"):
        theirs = person.is_user(thread.partition(":")[0], user)
        if theirs or _of(subject, said) or person.in_value(json.loads(more)):
            found.append(turn)
    return found


def _answers(db: apsw.Connection, subject: Subject) -> list[tuple[str, str]]:
    rows = db.execute("SELECT thread, question, record FROM answers")
    return [(thread, said) for thread, said, record in rows if record in subject.records or _of(subject, said)]


def _of(subject: Subject, question: str) -> bool:
    """Do they ask it, or is it made from what they asked, or does it name them?"""
    return fold(question) in subject.asked or subject.person.named_in(question)
