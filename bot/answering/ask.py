"""The one use case. Reads top to bottom; knows no chat platform, index, model or disk."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Protocol

import structlog

from audit.errors import AuditUnavailable, RecordInvalid
from audit.question import Basis, Occasion, cited_spans, posted_bytes, question_record
from audit.record import AuditLog, AuditRecord, Json
from bot.answering.asking import question_in
from bot.answering.channels import NO_RULE, ChannelRule
from bot.answering.commands import Commands
from bot.answering.render import LAYOUT
from bot.answering.repeats import Find, Posted, Repeats, pointer
from bot.answering.standing import moved, said_of, shown_documents, with_notice
from bot.keys import ThreadKey
from bot.texts import (
    AS_OF,
    CANNOT_ANSWER,
    CLOSEST,
    NOT_FOUND,
    NOT_FOUND_PRIVATE,
    NOTHING_FOUND,
    READ_AS,
    UPDATING,
    WENT_WRONG,
)
from bot.types import ChannelKind, Outcome, OutcomeKind, Reply
from retrieval.errors import EmbedderUnavailable, GeneratorUnavailable, IndexMismatch, IndexUnavailable, RetrievalError
from retrieval.people import AccessList, Audience, AudienceKind, Principal, permitted_ids
from retrieval.ports import Library
from retrieval.question.followup import fresh, turn, with_thread
from retrieval.selection import ModelUse
from retrieval.standing import Confirmed
from retrieval.types import TRANSLATED_MARK, Answer, Document, Passage, Question, Turn, Verified, Wording

DOWN: Mapping[type[RetrievalError], str] = {
    IndexUnavailable: "the search index is down.",
    IndexMismatch: "the search index is being rebuilt.",
    EmbedderUnavailable: "the search cannot read questions just now.",
    GeneratorUnavailable: "the language model is down.",
}
WORDINGS: Mapping[Wording, str] = {
    Wording.COMPRESSED: "A language model shortened sentences of the documents; the quotes below are the originals.",
    Wording.TRANSLATED: f"What is marked {TRANSLATED_MARK} is a translation; the quote below it is the original.",
    Wording.ORIGINAL: "What I could not check in another language stands in that of the documents.",
}
RECORDED = 20_000  # characters kept of a question, however long it was

log = structlog.get_logger(__name__)


class Retriever(Protocol):
    async def retrieve(
        self, question: Question, acl_ids: frozenset[str], *, sources: frozenset[str] | None = None
    ) -> tuple[Passage, ...]:
        """Current, permitted passages, best first; of these sources, unless None.

        Raises IndexUnavailable, EmbedderUnavailable.
        """
        ...


class Answerer(Protocol):
    async def answer(
        self, question: Question, passages: Sequence[Passage], since: float | None = None
    ) -> tuple[Verified, ModelUse]:
        """Choose and verify; what did it. Models have their time from `since` on (the loop's clock; None: from now).

        Raises GeneratorUnavailable only when nothing can stand in for the model.
        """
        ...


class Follow(Protocol):
    async def __call__(self, question: Question, acl_ids: frozenset[str], sources: frozenset[str] | None) -> Question:
        """A question as it is to be read: alone, or with its thread. Raises IndexUnavailable, EmbedderUnavailable."""
        ...


async def inside(question: Question, acl_ids: frozenset[str], sources: frozenset[str] | None) -> Question:
    """With its thread, whatever it says by itself."""
    return with_thread(question)


async def nowhere(record_id: str) -> Posted | None:
    """No earlier answer stands anywhere."""
    return None


class Confirm(Protocol):
    async def check(self, documents: Sequence[Document]) -> tuple[Confirmed, ...]:
        """What the sources say of these versions, soon."""
        ...

    async def refresh(self, documents: Sequence[Document]) -> None:
        """Read these anew, now, as far as that is done soon."""
        ...


@dataclass(frozen=True, slots=True)
class Request:
    """A question, who asks, who will read the reply, by which rule, and how the platform shows an outcome."""

    record_id: str
    question: Question
    asker: Principal
    audience: Audience
    private: Audience | None  # who reads a private reply; None: the place offers none, or is private itself
    thread: ThreadKey
    place: Mapping[str, Json]
    render: Callable[[Outcome], Mapping[str, Json]]
    rule: ChannelRule = NO_RULE
    posted: Find = nowhere  # where an earlier answer stands in this place
    lacking: str = ""  # why the asker may have fewer rights than at the source, said where nothing answers
    operator: bool = True  # may be told where it failed (files, servers); people in a chat may not


@dataclass(frozen=True, slots=True)
class Replied:
    """The outcome, the reply that may be shown, the question as it was searched, what was retrieved, and what chose.

    `turn` is what its thread remembers of it; None: nothing.
    """

    outcome: Outcome
    reply: Reply
    searched: str
    passages: tuple[Passage, ...]
    use: ModelUse
    turn: Turn | None = None


@dataclass(slots=True)
class _Work:
    """What is gathered on the way, for the record."""

    read: Question  # as it was searched
    audience: Audience
    since: float  # when it began, by the loop's clock
    passages: tuple[Passage, ...] = ()
    verified: Verified = field(default_factory=lambda: Verified(None, ()))
    use: ModelUse = field(default_factory=lambda: ModelUse("none"))
    access: Mapping[str, AccessList] = field(default_factory=dict)
    confirmed: tuple[Confirmed, ...] = ()
    timings_us: dict[str, int] = field(default_factory=dict)
    error: str = ""


@dataclass(frozen=True, slots=True)
class Ask:
    """Raises AuditUnavailable when the record cannot be made durable; then nothing may be shown.

    `styled` answers where a channel's rule has a style of that name, `answerer` everywhere else. Without
    `repeats` every question is answered anew.
    """

    library: Library
    retriever: Retriever
    answerer: Answerer
    audit: AuditLog
    commands: Commands
    question_limit: int = 4_000
    disclaimer: str = ""
    version: str = ""
    configuration_sha256: str = ""
    experts: Callable[[str, str, str], str] = lambda question, platform, channel: ""
    """The name of the expert to offer for a question, on a platform and in a channel; "" for none."""
    styled: Mapping[str, Answerer] = field(default_factory=dict)
    repeats: Repeats | None = None
    follow: Follow = inside
    as_of: date | None = None
    """The day that everything is as of; None: now."""
    confirm: Confirm | None = None
    """Asks the sources whether what is quoted is still there; None: nobody is asked."""

    async def __call__(self, request: Request) -> Replied:
        since = asyncio.get_running_loop().time()
        work = _Work(read=request.question, audience=request.audience, since=since)
        began = time.perf_counter_ns()
        try:
            outcome = await self._outcome(request, work)
        except RetrievalError as error:
            work.error = str(error)
            outcome = self._failed(request, CANNOT_ANSWER.format(why=_down(error, request.operator)))
        except Exception as error:
            log.exception("a bug kept a question from being answered", record=request.record_id)
            work.error = f"{type(error).__name__} (see the log of the service)"
            outcome = self._failed(request, WENT_WRONG)
        try:
            outcome = self._offering(request, outcome)
            payload = request.render(outcome)
            work.timings_us["total"] = (time.perf_counter_ns() - began) // 1000
            record = await self._record(request, work, outcome, payload)
        except Exception as error:
            log.exception("a bug kept a record from being made", record=request.record_id)
            raise AuditUnavailable("the record of this answer could not be made; see the log of the service") from error
        try:
            receipt = await self.audit.append(record)
        except RecordInvalid as error:
            log.error("the record of an answer cannot be stored", record=request.record_id, error=str(error))
            raise AuditUnavailable(f"the record of this answer cannot be stored: {error}") from error
        reply = Reply(payload, outcome.private, receipt)
        return Replied(outcome, reply, work.read.text, work.passages, work.use, _turn(work, outcome))

    async def _outcome(self, request: Request, work: _Work) -> Outcome:
        text = request.question.text.strip()
        # 1. The place, the person and the text must be ones that may be answered.
        if request.audience.kind is AudienceKind.REFUSED:
            return Outcome(OutcomeKind.REFUSED, request.record_id, text, text=request.audience.reason)
        if len(text) > self.question_limit:
            asked = f"Your question has {len(text):,} characters; I read at most {self.question_limit:,}. "
            return Outcome(OutcomeKind.REFUSED, request.record_id, text, text=asked + "Please ask a shorter one.")
        work.access = await self.library.access_lists()
        permitted = permitted_ids(request.audience, work.access)
        # 2. Words that are no question.
        command = await self.commands.reply(
            text,
            request.thread,
            permitted,
            sources=request.rule.sources,
            place=request.place,
            asker=request.asker,
        )
        if command is not None:
            return Outcome(OutcomeKind.ANSWERED, request.record_id, text, text=command)
        # 3. An answer that was given in this thread already, while it holds.
        typed = replace(request.question, text=question_in(text))
        again = await self._again(request, work, permitted, typed)
        if again is not None:
            return again
        # 4. An answer from what everyone who sees the reply may read.
        outcome = await self._answer(request, work, typed, permitted, private=False)
        # 5. Where that gives none: from what the asker may read, shown to the asker alone.
        if outcome.kind is OutcomeKind.ABSTAINED and request.private is not None:
            own = permitted_ids(request.private, work.access)
            if own - permitted:
                found = work.read, work.passages, work.verified, work.use, work.confirmed
                alone = await self._answer(request, work, typed, own, private=True)
                if alone.kind is OutcomeKind.ANSWERED:
                    work.audience = request.private
                    return alone
                work.read, work.passages, work.verified, work.use, work.confirmed = found
        return outcome

    async def _again(self, request: Request, work: _Work, permitted: frozenset[str], asked: Question) -> Outcome | None:
        """A pointer to the answer of the same question, with all that it quotes for the record."""
        if self.repeats is None:
            return None
        for read in dict.fromkeys((with_thread(asked), asked)):
            found = await self.repeats.find(
                request.thread, read.text, request.audience, permitted, request.rule.sources, request.posted
            )
            if found is not None:
                work.read = read
                break
        else:
            return None
        cited = list({c.document.id: c.document for c in found.answer.citations}.values())
        if self.confirm is not None:
            work.confirmed = await self.confirm.check(cited)
            if moved(work.confirmed):  # no pointer to what is not so any more: answered anew
                return None
        work.verified = Verified(found.answer, ())
        direct = request.place.get("channel_kind") == ChannelKind.DIRECT.value
        return Outcome(
            OutcomeKind.ANSWERED,
            request.record_id,
            request.question.text,
            found.answer,
            pointer(found.posted, direct=direct),
            repeats=found.record_id,
            link=found.posted.url,
        )

    async def _answer(
        self, request: Request, work: _Work, typed: Question, permitted: frozenset[str], *, private: bool
    ) -> Outcome:
        """An answer whose documents their sources confirm, or that says when they last did."""
        outcome = await self._found(request, work, typed, permitted, private=private)
        if self.as_of is not None:
            return with_notice(outcome, AS_OF.format(day=self.as_of))
        if self.confirm is None:
            return outcome
        for last in (False, True):
            cited = shown_documents(work.verified)
            clock = time.perf_counter_ns()
            work.confirmed = await self.confirm.check(cited)
            _lap(work, "confirm", clock)
            away = moved(work.confirmed)
            if not away:
                return with_notice(outcome, said_of(work.confirmed, cited))
            if not last:
                await self.confirm.refresh([d for d in cited if d.id in away])
                outcome = await self._found(request, work, typed, permitted, private=private)
        names = ", ".join(dict.fromkeys(d.title for d in cited if d.id in away))
        work.verified = Verified(None, ())
        text = UPDATING.format(names=names)
        return Outcome(OutcomeKind.ABSTAINED, request.record_id, request.question.text, text=text)

    async def _found(
        self, request: Request, work: _Work, typed: Question, permitted: frozenset[str], *, private: bool
    ) -> Outcome:
        clock = time.perf_counter_ns()
        # What a question is read as hangs on the documents, so it is read anew for other readers.
        work.read = await self.follow(typed, permitted, request.rule.sources)
        clock = _lap(work, "read", clock)
        work.passages = await self.retriever.retrieve(work.read, permitted, sources=request.rule.sources)
        clock = _lap(work, "retrieve", clock)
        context = [p for p in work.passages if p.context]
        unseen = fresh(work.read, context)
        answerer = self.styled.get(request.rule.style, self.answerer)
        work.verified, work.use = await answerer.answer(work.read, unseen, work.since)
        if work.verified.answer is None and work.verified.nearest is None and unseen != context:
            # What was shown before is all there is: to say that nothing was found would be false.
            work.verified, work.use = await answerer.answer(work.read, context, work.since)
        _lap(work, "answer", clock)
        answer, text = work.verified.answer, request.question.text
        if answer is None:
            near, fallback = work.verified.nearest, work.use.fallback
            missing = NOT_FOUND if request.audience.kind is AudienceKind.CHANNEL else NOT_FOUND_PRIVATE
            # Where the model is down, or nothing it said stands, that is the reason, not the documents.
            said = CLOSEST if near is not None else NOTHING_FOUND if fallback else missing
            told = " ".join(filter(None, (_read(work.read), fallback, said)))
            if request.lacking:
                told = f"{told}\n{request.lacking}"
            return Outcome(OutcomeKind.ABSTAINED, request.record_id, text, near, told)
        disclaimer = self.disclaimer if request.rule.disclaimer is None else request.rule.disclaimer
        notice = " ".join(filter(None, (_read(work.read), work.use.fallback, *_wordings(answer), disclaimer)))
        return Outcome(OutcomeKind.ANSWERED, request.record_id, text, answer, notice=notice, private=private)

    def _offering(self, request: Request, outcome: Outcome) -> Outcome:
        """With the expert who may be asked, under an answer or where there is none."""
        if outcome.told is None and outcome.kind is not OutcomeKind.ABSTAINED:
            return outcome
        channel = str(request.place.get("channel") or "")
        return replace(outcome, expert=self.experts(outcome.question, request.asker.platform, channel))

    def _failed(self, request: Request, said: str) -> Outcome:
        text = f"{said} Please ask again later; if it stays, tell an administrator the record below."
        return Outcome(OutcomeKind.FAILED, request.record_id, request.question.text, text=text)

    async def _record(
        self, request: Request, work: _Work, outcome: Outcome, payload: Mapping[str, Json]
    ) -> AuditRecord:
        spans = cited_spans(work.verified)
        occasion = Occasion(
            question=replace(request.question, text=request.question.text[:RECORDED]),
            searched=work.read.text[:RECORDED],
            asker=request.asker,
            audience=work.audience,
            place=request.place,
        )
        basis = Basis(
            passages=work.passages,
            access=work.access,
            verified=work.verified,
            use=work.use,
            snapshots={s: await self.library.text(s.document, s.version, s.start, s.end) for s in spans},
            timings_us=work.timings_us,
            error=work.error,
            confirmed=work.confirmed,
            as_of=str(self.as_of or ""),
        )
        return question_record(
            replace(outcome, question=outcome.question[:RECORDED]),
            occasion,
            basis,
            posted=posted_bytes(payload),
            layout=LAYOUT,
            software=self.version,
            configuration_sha256=self.configuration_sha256,
            trace_id=request.record_id,
        )


def _turn(work: _Work, outcome: Outcome) -> Turn | None:
    """What was answered or not found is remembered; what failed, was refused or is a command, is not."""
    told = outcome.kind is OutcomeKind.ANSWERED and outcome.answer is not None
    if not told and outcome.kind is not OutcomeKind.ABSTAINED:
        return None
    return turn(work.read, outcome.answer)


def _read(question: Question) -> str:
    """What is said of words that were read as others."""
    pairs = [READ_AS.format(typed=typed, read=read) for typed, read in question.mended]
    return f"I read {', '.join(pairs)}." if pairs else ""


def _wordings(answer: Answer) -> list[str]:
    """What is said of statements that are not the documents' own words."""
    held = {statement.wording for statement in answer.statements}
    return [said for wording, said in WORDINGS.items() if wording in held]


def _down(error: RetrievalError, operator: bool) -> str:
    """What failed: in full for whoever runs the service, without names of files and servers for others."""
    return str(error) if operator else DOWN.get(type(error), "a part of me is down.")


def _lap(work: _Work, name: str, since: int) -> int:
    now = time.perf_counter_ns()
    work.timings_us[name] = work.timings_us.get(name, 0) + (now - since) // 1000
    return now
