"""Runs a question set through the product's own path: sync, retrieve, draft, verify, record."""

from __future__ import annotations

import hashlib
import json
import time
import tomllib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from audit.record import new_record_id
from bot.answering.ask import Replied, Request
from bot.answering.memory import TURNS
from bot.answering.render import closest, plain, reply_json
from bot.evaluation.conversations import Corpus
from bot.evaluation.conversations import half as thread_half
from bot.evaluation.metrics import Cited, Ranked, Result, figures
from bot.evaluation.mistyped import mistyped
from bot.evaluation.offtopic import OFF_TOPIC
from bot.evaluation.sets import Case, QuestionSet, SetParser
from bot.settings.values import Settings
from bot.wiring.app import CLI_THREAD, App, open_app
from bot.wiring.indexes import engine
from connectors.folder import FolderSource
from connectors.kinds import AccessSettings, access_rules
from connectors.ports import Item, ListingFailure
from retrieval.locators import locate
from retrieval.people import EVERYONE, AccessList, Audience, AudienceKind, Principal
from retrieval.types import Citation, Document, Passage, Question, Turn

Progress = Callable[[int, int], None]
RUNS = "runs"


@dataclass(frozen=True, slots=True)
class Options:
    """`limit`: at most so many questions, spread over the set; `leave_one_out`: without the gold documents;
    `off_topic`: with questions that no such document answers; `part`: "tune" or "report", halves by document;
    `mistyped`: with slips in their words, the same every time."""

    limit: int | None = None
    leave_one_out: bool = False
    off_topic: bool = False
    part: str | None = None
    mistyped: bool = False


async def run_set(
    questions: QuestionSet, settings: Settings, options: Options, progress: Progress = lambda done, total: None
) -> list[Result]:
    """Sync the set's documents into a home of its own and ask every question. Raises the parts' errors."""
    async with _synced(questions, settings) as asking:
        cases = chosen(questions.cases, options)
        results = []
        for number, case in enumerate(cases, 1):
            result, _ = await asking(case, leave_out=options.leave_one_out)
            results.append(result)
            progress(number, len(cases))
    return results


async def run_conversations(
    corpora: Sequence[Corpus], settings: Settings, options: Options, progress: Progress = lambda done, total: None
) -> list[Result]:
    """Ask the questions of each thread after one another, as a chat does. Raises the parts' errors."""
    wanted = [[n for n in dict.fromkeys(c.threads) if options.part in (None, thread_half(n))] for c in corpora]
    total = sum(c.threads.count(n) for c, numbers in zip(corpora, wanted, strict=True) for n in numbers)
    results: list[Result] = []
    for corpus, numbers in zip(corpora, wanted, strict=True):
        async with _synced(corpus.questions, settings) as asking:
            for number in numbers:
                memory: tuple[Turn, ...] = ()
                for case, thread in zip(corpus.questions.cases, corpus.threads, strict=True):
                    if thread == number:
                        read = replace(case, question=mistyped(case.question)) if options.mistyped else case
                        result, turn = await asking(read, memory=memory)
                        memory = (*memory, *([turn] if turn is not None else []))[-TURNS:]
                        results.append(result)
                        progress(len(results), total)
    return results


class _Asks(Protocol):
    async def __call__(
        self, case: Case, *, leave_out: bool = False, memory: tuple[Turn, ...] = ()
    ) -> tuple[Result, Turn | None]: ...


@asynccontextmanager
async def _synced(questions: QuestionSet, settings: Settings) -> AsyncIterator[_Asks]:
    """The set's documents in a home of their own, and what asks questions of them."""
    home = settings.home / "eval" / questions.name
    extra = _access(questions.documents.parent)
    apart = engine(settings).apart(f"Eval{_name(home)}")
    own = settings.model_copy(update={"home": home, "groups": extra.groups, **apart})
    rules = access_rules(extra.access, extra.allow)
    async with open_app(own, wrap_parser=SetParser) as app:
        await app.sync(_Marked(questions.name, questions.documents, access=rules))
        documents, lists = await app.state.documents(), await app.state.access_lists()

        async def ask(
            case: Case, *, leave_out: bool = False, memory: tuple[Turn, ...] = ()
        ) -> tuple[Result, Turn | None]:
            return await _ask(app, case, documents, lists, leave_out, memory)

        yield ask


@dataclass(frozen=True, slots=True)
class _Access:
    groups: Mapping[str, tuple[str, ...]]
    access: tuple[AccessSettings, ...]
    allow: tuple[str, ...]


def _access(folder: Path) -> _Access:
    """`set.toml` beside `set.jsonl`: `[groups]`, `[[access]]` as in footnote.toml; `allow` (all) reads the rest."""
    file = folder / "set.toml"
    data = tomllib.loads(file.read_text("utf-8")) if file.is_file() else {}
    groups = {name: tuple(members) for name, members in data.get("groups", {}).items()}
    allow = tuple(data.get("allow", (EVERYONE,)))
    return _Access(groups, tuple(AccessSettings(**a) for a in data.get("access", ())), allow)


class _Marked(FolderSource):
    """A folder whose documents each have an access list of their own, so that one can be left out."""

    @property
    def access(self) -> None:
        """Each item's own list counts."""

    async def list(self) -> AsyncIterator[Item | ListingFailure]:
        async for found in super().list():
            yield self._marked(found) if isinstance(found, Item) else found

    def _marked(self, item: Item) -> Item:
        decided = self._access.decide(item.id).access
        mark = frozenset({f"document:{item.id}"})
        return replace(item, readers=AccessList(decided.allow | mark, decided.deny))


def chosen(cases: Sequence[Case], options: Options) -> list[Case]:
    """The questions of a run, in the set's order."""
    kept = [c for c in cases if options.part is None or half(c) == options.part]
    if options.limit is not None and len(kept) > options.limit:
        step = len(kept) / options.limit
        kept = [kept[int(i * step)] for i in range(options.limit)]
    if options.leave_one_out:
        kept = [replace(c, answerable=False) for c in kept if c.expect]
    if options.mistyped:
        kept = [replace(c, question=mistyped(c.question)) for c in kept]
    if options.off_topic:
        kept += [Case(text, (), answerable=False) for text in OFF_TOPIC]
    return kept


def half(case: Case) -> str:
    """ "tune" or "report", by a hash of the first gold document, so that no document is in both."""
    name = case.expect[0].document if case.expect else case.question
    return "tune" if hashlib.sha256(name.encode()).digest()[0] % 2 == 0 else "report"


async def _ask(
    app: App,
    case: Case,
    documents: Mapping[str, Document],
    lists: Mapping[str, AccessList],
    leave_out: bool,
    memory: tuple[Turn, ...],
) -> tuple[Result, Turn | None]:
    person = Principal("eval", "local", case.asker or "anyone", case.asker or "")
    person = replace(person, groups=await app.directory.groups(person))
    entries = person.entries
    if leave_out:
        gold = {g.document for g in case.expect}
        readable = [d for d in documents.values() if lists[d.acl_id].permits(entries) and d.id not in gold]
        entries = frozenset(f"document:{d.id}" for d in readable)
    began = time.perf_counter_ns()
    asked = await app.ask(
        Request(
            record_id=new_record_id(),
            question=Question(case.question, datetime.now(UTC), memory),
            asker=person,
            audience=Audience(AudienceKind.PRIVATE, frozenset({entries})),
            private=None,
            thread=CLI_THREAD,
            place={"channel": "eval", "channel_kind": "direct"},
            render=lambda outcome: {"text": plain(outcome)},
        )
    )
    took_us = (time.perf_counter_ns() - began) // 1000
    ranked = tuple([await _ranked(app, p) for p in asked.passages])
    cited = tuple([await _cited(app, c, documents, lists, entries) for c in _citations(asked)])
    reply = {**reply_json(asked.outcome), "took_ms": took_us // 1000}
    shown = [tuple([await _cited(app, c, documents, lists, entries) for c in quotes]) for quotes in _shown(asked)]
    from_model = asked.use.generator == "openai"
    result = Result(case, asked.outcome.kind.value, ranked, cited, took_us, reply, tuple(shown), from_model)
    return result, asked.turn


def _shown(asked: Replied) -> list[tuple[Citation, ...]]:
    """The quotes of each statement of the answer, or of the closest ones, in their order."""
    answer = asked.outcome.told or asked.outcome.near
    return [quotes for _, quotes in closest(answer)] if answer is not None else []


def _citations(asked: Replied) -> Sequence[Citation]:
    return asked.outcome.told.citations if asked.outcome.told is not None else ()


async def _ranked(app: App, passage: Passage) -> Ranked:
    """A merged passage counts for every leaf section that begins in it."""
    sections = await app.state.sections(passage.document.id, passage.document.version)
    inside = [s.label for s in sections if s.label and passage.start <= s.start < passage.end]
    own = [passage.section.label] if passage.section.label and not inside else []
    pages = tuple(dict.fromkeys(p.page for p in passage.places if p.page is not None))
    return Ranked(passage.document.id, passage.start, passage.end, pages, tuple(dict.fromkeys((*own, *inside))))


async def _cited(
    app: App, c: Citation, documents: Mapping[str, Document], lists: Mapping[str, AccessList], entries: frozenset[str]
) -> Cited:
    text = await app.state.text(c.document.id, c.document.version, c.start, c.end)
    parsed = app.state.parsed(c.document.id)
    places = parsed.places if parsed else ()
    located = locate(places, c.start, c.end) == (c.page, c.locator)
    within = c.section.start <= c.start and c.end <= c.section.end
    current = documents.get(c.document.id)
    permitted = current is not None and lists[current.acl_id].permits(entries)
    return Cited(
        c.document.id,
        c.section.label,
        c.page,
        c.start,
        c.end,
        exact=text == c.quote,
        located=located and within,
        current=current is not None and current.version == c.document.version,
        permitted=permitted,
    )


def _name(home: Path) -> str:
    return hashlib.sha256(str(home.resolve()).encode()).hexdigest()[:8]


def line(result: Result) -> dict[str, Any]:
    """One question of a run, for --run FILE and for comparing runs."""
    return {
        "question": result.case.question,
        "answerable": result.case.answerable,
        "turn": result.case.turn,
        "expect": [asdict(g) for g in result.case.expect],
        "outcome": result.outcome,
        "ranked": [asdict(r) for r in result.ranked],
        "cited": [asdict(c) for c in result.cited],
        "shown": [[asdict(c) for c in quotes] for quotes in result.shown],
        "from_model": result.from_model,
        "reply": result.reply,
        "figures": {n: v for n, v in figures([result]).items() if v is not None},
    }


def store(home: Path, name: str, results: Sequence[Result]) -> Path:
    """Keep a run for `eval compare`; returns its file."""
    folder = home / "eval" / RUNS
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{datetime.now(UTC):%Y%m%dT%H%M%S}.jsonl"
    write(path, results)
    return path


def write(path: Path, results: Sequence[Result]) -> None:
    """One JSON line a question."""
    path.write_text("".join(json.dumps(line(r), ensure_ascii=False) + "\n" for r in results), "utf-8")
