"""A person in the inbox: what an erasure finds there, and removes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from audit.database import Session
from audit.errors import AuditUnavailable
from audit.places import KeepingPlace, Subject
from bot.errors import InboxUnavailable
from bot.queue.inbox_store import InboxStore

T = TypeVar("T")

INBOX = KeepingPlace(
    "the inbox",
    ("inbox.db*",),
    ("footnote_inbox.*",),
    "what was asked and is not answered yet; of three days the messages' keys, of ninety who was shown which reply",
    "rows of theirs are removed, and the tables written anew; while a question of theirs waits, nothing is erased",
)


class InboxHolder:
    """Implements `Holder`. `path` is the inbox's file, where it is one."""

    place = INBOX

    def __init__(self, store: InboxStore, path: Path | None) -> None:
        self._store = store
        self._path = path

    async def count(self, subject: Subject) -> int:
        return await self._with(lambda db: len(_events(db, subject)) + len(_shown(db, subject)), 0)

    async def busy(self, subject: Subject) -> str:
        waiting = await self._with(lambda db: sum(1 for _, done in _events(db, subject) if not done), 0)
        if not waiting:
            return ""
        return f"{waiting} messages of theirs wait in the inbox: let `footnote serve` answer them, then approve again"

    async def erase(self, subject: Subject) -> Sequence[str]:
        def remove(db: Session) -> Sequence[str]:
            events, shown = _events(db, subject), _shown(db, subject)
            if not events and not shown:
                return ()
            db.begin()
            try:
                db.many("DELETE FROM events WHERE key = ? AND state = 'done'", [(key,) for key, _ in events])
                db.many("DELETE FROM shown WHERE record_id = ?", [(record,) for record in shown])
                db.commit()
            except BaseException:
                db.rollback()
                raise
            return self._store.scrub(db)

        return await self._with(remove, ())

    async def _with(self, work: Callable[[Session], T], nothing: T) -> T:
        return await asyncio.to_thread(self._work, work, nothing)

    def _work(self, work: Callable[[Session], T], nothing: T) -> T:
        if self._path is not None and not self._path.exists():
            return nothing
        try:
            with self._store.translated():
                session = self._store.open()
                try:
                    return work(session)
                finally:
                    session.close()
        except InboxUnavailable as error:
            raise AuditUnavailable(str(error)) from error


def _events(db: Session, subject: Subject) -> list[tuple[str, bool]]:
    """(key, done) of the events that are theirs."""
    found = []
    for key, event, state, record_id in db.rows("SELECT key, event, state, record_id FROM events ORDER BY seq"):
        said = json.loads(event) if event else {}
        theirs = subject.person.is_user(str(said.get("platform", "")), str(said.get("user", "")))
        if theirs or record_id in subject.records or (state == "done" and subject.person.named_in(key)):
            found.append((key, state == "done"))
    return found


def _shown(db: Session, subject: Subject) -> list[str]:
    """Records whose replies were shown to them, or are answers to them."""
    rows = db.rows('SELECT record_id, platform, "user" FROM shown')
    return [r for r, platform, user in rows if subject.person.is_user(platform, user) or r in subject.records]
