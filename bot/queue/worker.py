"""From the inbox to the reply: every accepted question ends in exactly one outcome that the asker sees.

Order for a question: a sign that it is being worked on, ask (which records), the reply as a new message, delivery
record, done. After a crash the inbox says how far it came: not recorded, ask again under the same record id;
recorded, show what was recorded; showing, look whether it is shown; where that cannot be seen, say so instead of
showing it twice.

What fails is put aside and tried again after growing pauses, so that it holds up nobody else.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

import structlog

from audit.errors import AuditUnavailable, RecordExists
from audit.record import AuditLog, AuditRecord, Json, Receipt, new_record_id
from bot.answering.ask import Ask, Request
from bot.answering.asking import points_elsewhere, question_in
from bot.answering.audience import AudienceDecision, AudienceRules
from bot.answering.experts import ExpertDesk, is_call
from bot.answering.memory import ThreadMemory
from bot.answering.records import (
    delivery_record,
    event_record,
    gap_record,
    place_of,
    unconfirmed_record,
    withheld_record,
)
from bot.answering.repeats import Posted, fold
from bot.errors import BotError, InboxUnavailable, PlatformBusy, PlatformError, PlatformUnauthorized
from bot.keys import PersonKey, ThreadKey
from bot.ports import Platform
from bot.queue.admission import Admission
from bot.queue.amending import Amending, as_note
from bot.queue.backlog import Backlog, Closed, Lane
from bot.queue.inbox import Inbox, PendingEvent, WaitingEvent
from bot.queue.sending import Sender
from bot.queue.signs import Signs
from bot.texts import READERS_UNKNOWN, UNRECORDED
from bot.types import ChannelKind, Incoming, IncomingKind, OutcomeKind, Reply
from retrieval.people import Audience, AudienceKind, Principal
from retrieval.types import Question

FIRST_PAUSE = 2.0  # seconds before the second try; each pause is twice the one before
LONGEST_PAUSE = 300.0
TRIES = 300  # a day of the longest pauses
MOST_WAITING = 50_000  # beyond it nothing is accepted: the platform keeps the event and sends it again
ADOPT_SECONDS = 15.0
PEOPLE_SECONDS = 60.0  # for finding out who reads a channel
PEOPLE_TRIES = 3  # of as long: a platform that asks to wait again and again tells some of a crowd each time

_CHANCE = random.SystemRandom()
log = structlog.get_logger(__name__)


class WorkerLog(AuditLog, Protocol):
    """The audit log as the worker needs it: to write, and to see what a crash left."""

    async def get(self, record_id: str) -> AuditRecord | None: ...

    async def receipt(self, record_id: str) -> Receipt | None: ...


@dataclass(frozen=True, slots=True)
class WorkerLimits:
    """`workers` questions are answered at a time, `most_waiting` events wait. What fails is tried again `tries` times
    after pauses that begin with `first_pause` seconds and double; `adopt_s` seconds lie between two looks at what
    other replicas left. `people_s` is how long a platform may take to say who reads a channel.
    """

    workers: int = 8
    first_pause: float = FIRST_PAUSE
    tries: int = TRIES
    adopt_s: float = ADOPT_SECONDS
    most_waiting: int = MOST_WAITING
    people_s: float = PEOPLE_SECONDS


class Worker:
    """Implements `Intake`. Several at a time; people take turns, and each thread of a person keeps its order."""

    def __init__(
        self,
        inbox: Inbox,
        ask: Ask,
        audit: WorkerLog,
        rules: AudienceRules,
        memory: ThreadMemory,
        platforms: Mapping[str, Platform],
        *,
        experts: ExpertDesk | None = None,
        admission: Admission | None = None,
        limits: WorkerLimits | None = None,
    ) -> None:
        self._inbox = inbox
        self._ask = ask
        self._audit = audit
        self._rules = rules
        self._memory = memory
        self._platforms = dict(platforms)
        self._experts = experts
        self._admission = admission or Admission()
        self._limits = limits or WorkerLimits()
        self._backlog = Backlog()
        self._known: set[str] = set()  # keys in the backlog or in a worker's hands: never twice at once
        self._in_hand = 0
        self._quiet = asyncio.Event()
        self._quiet.set()
        self._failures: dict[str, int] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._crowd: asyncio.Queue[tuple[Lane, str]] = asyncio.Queue()  # questions that found the queue full
        self._crowded: dict[str, str] = {}  # what to say to them
        self._signs = Signs(inbox, self._platforms)
        self._sender = Sender(inbox)
        self._amending = Amending(inbox, audit)
        self._tasks: list[asyncio.Task[None]] = []
        self._helpers: list[asyncio.Task[None]] = []

    def attach(self, platform: Platform) -> None:
        """Add a platform; before `start`."""
        self._platforms[platform.name] = platform

    # --- life ---------------------------------------------------------------------------

    async def accept(self, incoming: Incoming) -> bool:
        if len(self._backlog) + self._crowd.qsize() >= self._limits.most_waiting:
            raise InboxUnavailable(
                f"{self._limits.most_waiting:,} events wait already; this one must be sent again later."
            )
        if self._experts is not None and is_call(incoming):
            incoming = replace(incoming, kind=IncomingKind.EXPERT)
        new = await self._inbox.accept(incoming)
        if new:
            self._amending.heard(incoming)
            self._put(waiting(incoming), new=True)
        return new

    def _put(self, event: WaitingEvent, *, new: bool = False) -> None:
        if event.key in self._known:
            return
        self._known.add(event.key)
        self._quiet.clear()
        if new and event.kind is IncomingKind.QUESTION:
            lane = _lane(event)
            why = self._admission.crowded(len(self._backlog), self._backlog.waiting(lane.person))
            if why:
                self._crowded[event.key] = why
                self._crowd.put_nowait((lane, event.key))
                return
        if event.kind is IncomingKind.QUESTION and self._in_hand + len(self._backlog) >= self._limits.workers:
            self._signs.want(event.key)
        self._backlog.put(_lane(event), event.key)

    async def start(self) -> None:
        """Take up what a crash left, then what arrives. Raises InboxUnavailable, also when another process does."""
        self._inbox.hold()
        for event in await self._inbox.waiting():
            self._put(event)
        self._tasks = [asyncio.create_task(self._work()) for _ in range(self._limits.workers)]
        self._signs.start(lambda key: key in self._known)
        self._helpers = [asyncio.create_task(self._turn_away())]
        if self._inbox.shared:
            self._helpers.append(asyncio.create_task(self._adopt()))

    async def _adopt(self) -> None:
        """Every `adopt_s` seconds, take up what a replica left that is gone."""
        while True:
            await asyncio.sleep(self._limits.adopt_s)
            try:
                for event in await self._inbox.waiting():
                    if event.key not in self._timers:
                        self._put(event)
            except InboxUnavailable as error:
                log.warning("no look at what other replicas left", error=str(error))

    async def drain(self) -> None:
        """Wait until everything accepted so far is done, or put aside for later."""
        await self._quiet.wait()

    async def stop(self, grace_s: float = 20.0) -> None:
        """Finish what is in hand within `grace_s` seconds; the rest stays in the inbox for the next start."""
        self._backlog.close()
        for timer in self._timers.values():
            timer.cancel()
        tasks, self._tasks = self._tasks, []
        late = (await asyncio.wait(tasks, timeout=grace_s))[1] if tasks else set()
        if late:
            log.warning("stopped with questions in hand; they are answered at the next start", questions=len(late))
        await self._signs.stop(grace_s)
        ending = [*late, *self._helpers]
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)

    async def _work(self) -> None:
        while True:
            try:
                lane, key = await self._backlog.take()
            except Closed:
                return
            self._in_hand += 1
            try:
                await self._try(lane, key)
            finally:
                self._in_hand -= 1
                self._backlog.finish(lane)
                self._over(key)

    async def _turn_away(self) -> None:
        """What found the queue full is told so beside it, at once: refused and recorded like any other."""
        while True:
            lane, key = await self._crowd.get()
            try:
                await self._try(lane, key)
            finally:
                self._over(key)

    def _over(self, key: str) -> None:
        """Out of a worker's hands: done, or put aside."""
        self._signs.forget(key)
        self._known.discard(key)
        if not self._known:
            self._quiet.set()

    async def _try(self, lane: Lane, key: str) -> None:
        try:
            if self._failures.get(key, 0) >= self._limits.tries:
                await self._give_up(key)
            else:
                await self._handle(key)
        except (BotError, AuditUnavailable) as error:
            pause = self._put_aside(lane, key, error)
            log.warning("not done; tried again later", key=key, error=str(error), again_in_s=round(pause))
        except Exception as error:
            log.exception("a bug kept an event from being handled", key=key)
            self._put_aside(lane, key, error)
        else:
            self._failures.pop(key, None)
            self._crowded.pop(key, None)

    def _put_aside(self, lane: Lane, key: str, error: Exception | None = None) -> float:
        """Again after a pause that doubles each time, and at least as long as the platform asks for: its seconds."""
        failed = self._failures[key] = self._failures.get(key, 0) + 1
        pause = min(self._limits.first_pause * 2.0 ** min(failed - 1, 20), LONGEST_PAUSE)
        pause *= 0.8 + 0.4 * _CHANCE.random()
        if isinstance(error, PlatformBusy):
            pause = max(pause, min(error.retry_after, LONGEST_PAUSE))

        def again() -> None:
            if key in self._known:  # still in a worker's hands
                self._timers[key] = asyncio.get_running_loop().call_later(self._limits.first_pause, again)
                return
            del self._timers[key]
            self._known.add(key)
            self._quiet.clear()
            self._backlog.put(lane, key)

        self._timers[key] = asyncio.get_running_loop().call_later(pause, again)
        return pause

    async def _give_up(self, key: str) -> None:
        """After a day of tries: the log says that the asker saw nothing."""
        pending = await self._inbox.get(key)
        if pending is not None:
            log.error("given up: the platform or a bug let nobody see a reply", key=key)
            await self._audit.append(
                gap_record(pending.record_id, "no reply could be shown, however often it was tried")
            )
            await self._inbox.done(key)

    # --- from question to reply ---------------------------------------------------------

    async def _handle(self, key: str) -> None:
        pending = await self._inbox.get(key)
        if pending is None:
            return
        if pending.state == "unrecorded":
            await self._audit.append(gap_record(pending.record_id, "the log could not write"))
            await self._inbox.done(key)
            return
        platform = self._platforms.get(pending.incoming.platform)
        if platform is None:
            log.warning("no adapter for this platform is set up", platform=pending.incoming.platform)
            return
        if pending.incoming.kind is IncomingKind.EXPERT and self._experts is not None:
            await self._call(self._experts, platform, pending)
            return
        if pending.incoming.kind is not IncomingKind.QUESTION:
            await self._note(pending)
            return
        if await self._overtaken(pending):
            return
        if pending.state == "new" and not await self._amending.mends(pending.incoming):
            await self._note(replace(pending, incoming=as_note(pending.incoming)))
            return
        if pending.reply is None:
            pending = await self._answer(platform, pending)
        if pending.reply is not None and not await self._overtaken(pending):
            await self._show(platform, pending, pending.reply)

    async def _overtaken(self, pending: PendingEvent) -> bool:
        """Whether a question was edited or deleted before its answer was shown: then that event is what counts."""
        if pending.state not in ("new", "recorded") or not self._amending.overtaken(pending.incoming.key):
            return False
        if pending.reply is not None:
            await self._append(withheld_record(pending.incoming, pending.reply))
            await self._inbox.done(pending.incoming.key)
        else:
            what = "the question was edited or deleted before it was answered"
            await self._note(replace(pending, incoming=replace(pending.incoming, kind=IncomingKind.IGNORED, text=what)))
        self._amending.forget(pending.incoming.key)
        return True

    async def _call(self, experts: ExpertDesk, platform: Platform, pending: PendingEvent) -> None:
        """Pass a question on to an expert. The id is fixed first: a crash makes no second record."""
        record_id = pending.record_id or new_record_id()
        if pending.record_id is None:
            await self._inbox.claim(pending.incoming.key, record_id)
        decision = await self._decide(platform, pending.incoming)
        await experts.call(platform, pending.incoming, decision, record_id)
        await self._inbox.done(pending.incoming.key)

    async def _note(self, pending: PendingEvent) -> None:
        """Record feedback, or an event that is no question. The id is fixed first: a crash makes no second record."""
        incoming = pending.incoming
        record_id = pending.record_id or new_record_id()
        if pending.record_id is None:
            await self._inbox.claim(incoming.key, record_id)
        if incoming.kind is IncomingKind.FEEDBACK and incoming.about is None:
            incoming = replace(incoming, about=await self._inbox.record_of(incoming))
        await self._append(event_record(incoming, record_id))
        await self._inbox.done(incoming.key)

    async def _append(self, record: AuditRecord) -> None:
        try:
            await self._audit.append(record)
        except RecordExists:
            log.info("recorded before a crash", record=record.id)

    async def _answer(self, platform: Platform, pending: PendingEvent) -> PendingEvent:
        """Status, ask, record. Leaves a recorded reply, or the fixed text when the log cannot write."""
        incoming = pending.incoming
        record_id = pending.record_id or new_record_id()
        if pending.record_id is not None and (reply := await self._recorded(record_id)) is not None:
            await self._inbox.recorded(incoming.key, reply)  # a crash came between the log and the inbox
            return replace(pending, state="recorded", reply=reply)
        if pending.record_id is None:
            await self._inbox.claim(incoming.key, record_id)
        status_id = pending.status_id or (await self._signs.show(incoming) if incoming.addressed else None)
        refusal = self._crowded.get(incoming.key)
        if incoming.amends is None:  # an edit is no further question
            refusal = refusal or self._admission.refusal(incoming)
        decision = refused(incoming, refusal) if refusal else await self._decide(platform, incoming)
        text = await self._meant(platform, incoming)
        question = Question(text, incoming.received_at, self._memory.recall(ThreadKey.of(incoming)))
        request = Request(
            record_id=record_id,
            question=question,
            asker=decision.asker,
            audience=decision.audience,
            private=decision.private,
            thread=ThreadKey.of(incoming),
            place=place_of(incoming),
            render=platform.render,
            rule=self._admission.rule(incoming),
            posted=self._posted(platform, incoming),
            lacking=decision.lacking,
            operator=False,
        )
        try:
            asked = await self._ask(request)
        except AuditUnavailable as error:
            log.error("the audit log cannot write; nothing was shown", reference=record_id, error=str(error))
            if incoming.addressed:
                await self._signs.over(incoming.key)
                await platform.post_text(incoming, UNRECORDED.format(reference=record_id), status_id)
            await self._inbox.unrecorded(incoming.key)
            self._put_aside(_lane(waiting(incoming)), incoming.key)
            return replace(pending, state="unrecorded", reply=None)
        await self._inbox.recorded(incoming.key, asked.reply)
        unseen = asked.outcome.kind is OutcomeKind.ABSTAINED and not incoming.addressed
        if asked.turn is not None and not unseen and not self._amending.overtaken(incoming.key):
            self._memory.remember(ThreadKey.of(incoming), incoming.user, asked.turn)
        if asked.outcome.told is not None and not asked.outcome.private:
            self._memory.keep_answer(ThreadKey.of(incoming), fold(asked.searched), record_id)
        return PendingEvent(incoming, "recorded", record_id, status_id, asked.reply)

    async def _meant(self, platform: Platform, incoming: Incoming) -> str:
        """What is asked: a bare mention, or "can you answer this?", is about the message before it."""
        follows = incoming.thread != incoming.message and incoming.channel_kind is not ChannelKind.DIRECT
        if follows and points_elsewhere(question_in(incoming.text)):
            try:
                return await platform.said_before(incoming) or incoming.text
            except PlatformBusy:
                raise  # asked again then: without that message another question would be answered
            except PlatformError as error:
                log.warning("the message before could not be read", key=incoming.key, error=str(error))
        return incoming.text

    async def _recorded(self, record_id: str) -> Reply | None:
        record, receipt = await self._audit.get(record_id), await self._audit.receipt(record_id)
        if record is None or receipt is None:
            return None
        payload: Mapping[str, Json] = json.loads(str(record.fields["posted"]))
        return Reply(payload, bool(record.fields["private"]), receipt)

    async def _decide(self, platform: Platform, incoming: Incoming) -> AudienceDecision:
        """Whatever keeps us from knowing the readers: nobody may be assumed, and the asker is told.

        Raises PlatformBusy when the platform only asks to wait, or was too slow for the first times, and
        PlatformUnauthorized when it does not know us: the question is tried again then.
        """
        try:
            async with asyncio.timeout(self._limits.people_s):
                return await self._rules.decide(incoming, await platform.people(incoming))
        except (PlatformBusy, PlatformUnauthorized):
            raise
        except (PlatformError, TimeoutError) as error:
            slow = isinstance(error, TimeoutError) and self._failures.get(incoming.key, 0) < PEOPLE_TRIES - 1
            if slow:
                raise PlatformBusy("The platform has not said yet who reads the channel.", 0.0) from error
            log.warning("the platform did not say who is here", key=incoming.key, error=str(error))
        except Exception:
            log.exception("a bug kept the audience from being found", key=incoming.key)
        return refused(incoming, READERS_UNKNOWN)

    def _posted(self, platform: Platform, incoming: Incoming) -> Callable[[str], Awaitable[Posted | None]]:
        """Finds where the answer of a record stands; a platform that cannot tell counts as one where it is gone."""

        async def find(record_id: str) -> Posted | None:
            shown = await self._inbox.shown_as(record_id) if incoming.amends is None else None
            try:
                url = await platform.find_posted(incoming, shown.message) if shown is not None else None
            except PlatformError as error:
                log.warning("an earlier answer cannot be found, so it is given anew", error=str(error))
                return None
            return Posted(shown.at, url) if shown is not None and url is not None else None

        return find

    async def _show(self, platform: Platform, pending: PendingEvent, reply: Reply) -> None:
        incoming = pending.incoming
        if not incoming.addressed and await self._unasked(reply):
            await self._append(withheld_record(incoming, reply))
            await self._inbox.done(incoming.key)
            return
        shown, form = None, ""
        if pending.state == "shown":
            shown = await self._inbox.shown_as(reply.receipt.record_id)
        if shown is None:
            await self._signs.over(incoming.key)
            instead_of = await self._amending.answer_before(incoming) or pending.status_id
            sent = await self._sender.send(platform, pending, reply, instead_of)
            if not sent.confirmed:
                await self._append(unconfirmed_record(incoming, reply))
                await self._inbox.done(incoming.key)
                return
            form = sent.form
            shown = await self._inbox.shown(incoming, replace(reply, private=sent.private), sent.message)
        await self._append(delivery_record(incoming, reply, shown, form))
        if self._experts and (call := await self._experts.call_after(incoming, reply.receipt.record_id)):
            await self.accept(call)
        await self._inbox.done(incoming.key)

    async def _unasked(self, reply: Reply) -> bool:
        """Whether a message that nobody said to the bot got no answer: then it does not butt in."""
        record = await self._audit.get(reply.receipt.record_id)
        return record is not None and record.outcome != OutcomeKind.ANSWERED.value


def refused(incoming: Incoming, why: str) -> AudienceDecision:
    """Nothing is shown but why; nobody has been asked who this person is."""
    nobody = Principal(incoming.platform, incoming.tenant, incoming.user, member=False)
    return AudienceDecision(nobody, Audience(AudienceKind.REFUSED, frozenset(), why), None)


def waiting(incoming: Incoming) -> WaitingEvent:
    """What the queue needs to know of an event."""
    who = (incoming.platform, incoming.tenant, incoming.user)
    return WaitingEvent(incoming.key, *who, incoming.thread, incoming.kind)


def _lane(event: WaitingEvent) -> Lane:
    thread = event.thread if event.kind is IncomingKind.QUESTION else ""
    return Lane(PersonKey(event.platform, event.tenant, event.user), thread)
