"""From the inbox to the reply: every accepted question ends in exactly one outcome that the asker sees.

Order for a question: status line, ask (which records), reply in place of the status line, delivery
record, done. After a crash the inbox says how far it came: not recorded, ask again under the same
record id; recorded, show what was recorded. Showing replaces the status line, so twice shows once.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Protocol

import structlog

from audit.errors import AuditUnavailable
from audit.record import AuditLog, AuditRecord, Json, Receipt, new_record_id
from bot.ask import Ask, Request
from bot.audience import AudienceRules, Decision
from bot.errors import BotError, PlatformError
from bot.inbox import Inbox, Pending
from bot.memory import ThreadMemory
from bot.ports import Platform
from bot.render import STATUS
from bot.types import Incoming, IncomingKind, OutcomeKind, Reply
from retrieval.types import Audience, AudienceKind, Principal, Question, Turn

UNRECORDED = (
    "I cannot answer right now: the audit log cannot be written, and I show nothing that is not recorded. "
    "Please ask again later, or tell an administrator this reference: {reference}"
)
SHOWN_BEFORE = "I answered this privately just before a restart. If you did not see the answer, please ask again."
NO_PEOPLE = "I could not find out who may read this channel, so I show nothing here. Please ask again."
RETRY_SECONDS = 15.0
POST_TRIES = 5

log = structlog.get_logger(__name__)


class Log(AuditLog, Protocol):
    """The audit log as the worker needs it: to write, and to see what a crash left."""

    async def get(self, record_id: str) -> AuditRecord | None: ...

    async def receipt(self, record_id: str) -> Receipt | None: ...


class Worker:
    """Implements `Intake`. Answers in the order of arrival, `workers` at a time."""

    def __init__(
        self,
        inbox: Inbox,
        ask: Ask,
        audit: Log,
        rules: AudienceRules,
        memory: ThreadMemory,
        platforms: Mapping[str, Platform],
        *,
        workers: int = 8,
    ) -> None:
        self._inbox = inbox
        self._ask = ask
        self._audit = audit
        self._rules = rules
        self._memory = memory
        self._platforms = dict(platforms)
        self._workers = workers
        self._queue: asyncio.Queue[Pending] = asyncio.Queue()
        self._waiting: set[str] = set()  # keys in the queue or in a worker's hands: never twice at once
        self._tasks: list[asyncio.Task[None]] = []

    def attach(self, platform: Platform) -> None:
        """Add a platform; before `start`."""
        self._platforms[platform.name] = platform

    async def accept(self, incoming: Incoming) -> bool:
        new = await self._inbox.accept(incoming)
        if new:
            self._put(Pending(incoming, "new", None, None, None))
        return new

    def _put(self, pending: Pending) -> None:
        if pending.incoming.key not in self._waiting:
            self._waiting.add(pending.incoming.key)
            self._queue.put_nowait(pending)

    async def start(self) -> None:
        """Take up what a crash left, then what arrives."""
        for pending in await self._inbox.pending():
            self._put(pending)
        self._tasks = [asyncio.create_task(self._work()) for _ in range(self._workers)]

    async def drain(self) -> None:
        """Wait until everything accepted so far is done."""
        await self._queue.join()

    async def stop(self, grace_s: float = 20.0) -> None:
        """Finish what is in flight within `grace_s` seconds; the rest stays in the inbox for the next start."""
        try:
            async with asyncio.timeout(grace_s):
                await self._queue.join()
        except TimeoutError:
            log.warning("stopped with questions in flight; they are answered at the next start")
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _work(self) -> None:
        while True:
            pending = await self._queue.get()
            try:
                await self._handle(pending)
            except (BotError, AuditUnavailable) as error:
                log.warning("not done; tried again later", key=pending.incoming.key, error=str(error))
                asyncio.get_running_loop().call_later(RETRY_SECONDS, self._again, pending.incoming.key)
            except Exception:
                log.exception("a bug kept an event from being handled", key=pending.incoming.key)
                asyncio.get_running_loop().call_later(RETRY_SECONDS, self._again, pending.incoming.key)
            finally:
                self._waiting.discard(pending.incoming.key)
                self._queue.task_done()

    def _again(self, key: str) -> None:
        task = asyncio.create_task(self._requeue(key))
        self._tasks.append(task)
        task.add_done_callback(self._tasks.remove)

    async def _requeue(self, key: str) -> None:
        for pending in await self._inbox.pending():
            if pending.incoming.key == key:
                self._put(pending)

    async def _handle(self, pending: Pending) -> None:
        if pending.state == "unrecorded":
            await self._record_gap(pending)
            return
        platform = self._platforms.get(pending.incoming.platform)
        if platform is None:
            log.warning("no adapter for this platform is set up", platform=pending.incoming.platform)
            return
        if pending.incoming.kind is not IncomingKind.QUESTION:
            await self._audit.append(event_record(pending.incoming))
            await self._inbox.done(pending.incoming.key)
            return
        if pending.reply is None:
            pending = await self._answer(platform, pending)
        if pending.reply is not None:
            await self._show(platform, pending, pending.reply)

    async def _answer(self, platform: Platform, pending: Pending) -> Pending:
        """Status, ask, record. Leaves a recorded reply, or the fixed text when the log cannot write."""
        incoming = pending.incoming
        record_id = pending.record_id or new_record_id()
        status_id = pending.status_id
        if pending.record_id is not None and (reply := await self._recorded(record_id)) is not None:
            await self._inbox.recorded(incoming.key, reply)  # a crash came between the log and the inbox
            return replace(pending, state="recorded", reply=reply)
        await self._inbox.claim(incoming.key, record_id)
        if status_id is None:
            status_id = await platform.post_status(incoming, STATUS)
            await self._inbox.status_posted(incoming.key, status_id)
        decision = await self._decide(platform, incoming)
        question = Question(incoming.text, incoming.received_at, self._memory.recall(_thread(incoming)))
        request = Request(
            record_id=record_id,
            question=question,
            asker=decision.asker,
            audience=decision.audience,
            private=decision.private,
            thread=_thread(incoming),
            place=place_of(incoming),
            render=platform.render,
        )
        try:
            asked = await self._ask(request)
        except AuditUnavailable as error:
            log.error("the audit log cannot write; nothing was shown", reference=record_id, error=str(error))
            await platform.post_text(incoming, UNRECORDED.format(reference=record_id), status_id)
            await self._inbox.unrecorded(incoming.key)
            asyncio.get_running_loop().call_later(RETRY_SECONDS, self._again, incoming.key)
            return replace(pending, state="unrecorded", reply=None)
        await self._inbox.recorded(incoming.key, asked.reply)
        if asked.outcome.kind is OutcomeKind.ANSWERED and asked.outcome.answer is not None:
            cited = dict.fromkeys(c.document.id for c in asked.outcome.answer.citations)
            self._memory.remember(_thread(incoming), incoming.user, Turn(asked.searched, tuple(cited)))
        return Pending(incoming, "recorded", record_id, status_id, asked.reply)

    async def _recorded(self, record_id: str) -> Reply | None:
        record, receipt = await self._audit.get(record_id), await self._audit.receipt(record_id)
        if record is None or receipt is None:
            return None
        payload: Mapping[str, Json] = json.loads(str(record.fields["posted"]))
        return Reply(payload, bool(record.fields["private"]), receipt)

    async def _decide(self, platform: Platform, incoming: Incoming) -> Decision:
        try:
            return await self._rules.decide(incoming, await platform.people(incoming))
        except PlatformError as error:
            log.warning("the platform did not say who is here", key=incoming.key, error=str(error))
            nobody = Principal(incoming.platform, incoming.tenant, incoming.user, member=False)
            return Decision(nobody, Audience(AudienceKind.REFUSED, frozenset(), NO_PEOPLE), None)

    async def _show(self, platform: Platform, pending: Pending, reply: Reply) -> None:
        incoming = pending.incoming
        if reply.private and pending.state == "showing":
            message = await platform.post_text(incoming, SHOWN_BEFORE, pending.status_id)
        else:
            if reply.private:
                await self._inbox.showing(incoming.key)
            message = await self._post(platform, incoming, reply, pending.status_id)
        await self._audit.append(delivery_record(incoming, reply, message))
        await self._inbox.done(incoming.key)

    async def _post(self, platform: Platform, incoming: Incoming, reply: Reply, status_id: str | None) -> str:
        """A few tries close together; after them the inbox tries again until it works."""
        for attempt in range(POST_TRIES - 1):
            try:
                return await platform.post(incoming, reply, status_id)
            except PlatformError as error:
                log.warning("could not show a reply; trying again", key=incoming.key, error=str(error))
                await asyncio.sleep(0.2 * 2**attempt)
        return await platform.post(incoming, reply, status_id)

    async def _record_gap(self, pending: Pending) -> None:
        """Say in the log, once it writes again, that a question went unrecorded."""
        gap = AuditRecord(
            new_record_id(),
            "gap",
            datetime.now(UTC),
            "failed",
            {"reason": "the log could not write"},
            pending.record_id,
        )
        await self._audit.append(gap)
        await self._inbox.done(pending.incoming.key)


def _thread(incoming: Incoming) -> str:
    return f"{incoming.platform}:{incoming.tenant}:{incoming.channel}:{incoming.thread}"


def place_of(incoming: Incoming) -> Mapping[str, Json]:
    """Where a question was asked, for its record."""
    return {
        "key": incoming.key,
        "channel": incoming.channel,
        "channel_kind": incoming.channel_kind.value,
        "thread": incoming.thread,
        "message": incoming.message,
    }


def _who(incoming: Incoming) -> Mapping[str, Json]:
    return {"platform": incoming.platform, "tenant": incoming.tenant, "user": incoming.user}


def event_record(incoming: Incoming) -> AuditRecord:
    """Feedback, or an event that is no question, as what it is."""
    fields: dict[str, Json] = {**_who(incoming), **place_of(incoming), "text": incoming.text}
    return AuditRecord(
        new_record_id(), incoming.kind.value, incoming.received_at, "recorded", fields, refers_to=incoming.about
    )


def delivery_record(incoming: Incoming, reply: Reply, message_id: str) -> AuditRecord:
    """That a reply was shown, and where."""
    fields: dict[str, Json] = {
        **_who(incoming),
        **place_of(incoming),
        "reply_message": message_id,
        "private": reply.private,
    }
    return AuditRecord(
        new_record_id(), "delivery", datetime.now(UTC), "delivered", fields, refers_to=reply.receipt.record_id
    )
