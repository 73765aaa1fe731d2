"""Words that are no question: help, sources, why, forget; told only to whom may read it now."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.errors import AuditUnavailable
from audit.log import TransparencyLog
from audit.record import AuditRecord, Json, new_record_id
from audit.search import Filter
from bot.answering.ask import Ask, Request
from bot.answering.commands import Commands
from bot.answering.history import History, LoggedHistory
from bot.keys import ChannelKey, ThreadKey
from bot.texts import HELP, LAST_ANSWER_UNREADABLE, NOTHING_TO_EXPLAIN, PRIVATE_BEFORE
from bot.types import Outcome
from retrieval.people import AccessList, Audience, AudienceKind, Principal
from retrieval.selection import Chosen, ModelUse, Selection
from retrieval.types import Passage, Question, Verified
from retrieval.verify import verify
from tests.bot.fakes import NOW, ListLibrary, ListRetriever, MemoryLog, passage
from tests.fuzz import tries

HOTELS = "Hotels cost at most 180 EUR a night."
BONUS = "The bonus pool is EUR 1.35 million."
ADA = Principal("slack", "T1", "U1", "ada@example.com")
TOM = Principal("slack", "T1", "U9", "tom@example.com", frozenset({"board"}))
CHANNEL: Mapping[str, Json] = {"channel": "C1", "channel_kind": "channel", "thread": "1.1"}
DIRECT: Mapping[str, Json] = {"channel": "D1", "channel_kind": "direct", "thread": "5.5"}
PUBLIC = Audience(AudienceKind.CHANNEL, frozenset({ADA.entries, TOM.entries}))

C1 = ChannelKey("slack", "T1", "C1")
HERE = ThreadKey(C1, "t")


def only(person: Principal) -> Audience:
    return Audience(AudienceKind.PRIVATE, frozenset({person.entries}))


class Boasting:
    """Quotes the first passage, and claims a number that stands nowhere."""

    async def answer(
        self, question: Question, passages: Sequence[Passage], since: float | None = None
    ) -> tuple[Verified, ModelUse]:
        use = ModelUse("openai", "acme-small")
        boast = "Hotels cost at most 999 EUR a night."
        chosen = [Chosen(p.units[0].id, text=text) for p in passages[:1] for text in ("", boast)]
        return verify(Selection(tuple(chosen), True, use), passages, compressed=True), use


class Desk:
    """The use case on a real log, and a library of two documents; `say` is what somebody says somewhere."""

    def __init__(self, log: TransparencyLog) -> None:
        self.library = ListLibrary(
            passage(HOTELS), passage(BONUS, acl_id="board", document="minutes.md", title="Board Minutes")
        )
        self.log = log
        self.forgotten: list[str] = []
        commands = Commands(self.library, self._forget, LoggedHistory(log))
        self.ask = Ask(self.library, ListRetriever(self.library), Boasting(), log, commands)

    def _forget(self, thread: ThreadKey) -> int:
        self.forgotten.append(thread.thread)
        return 2

    async def say(
        self,
        text: str,
        asker: Principal = ADA,
        place: Mapping[str, Json] = CHANNEL,
        audience: Audience = PUBLIC,
        private: Audience | None = None,
    ) -> str:
        asked = await self.ask(
            Request(
                record_id=new_record_id(),
                question=Question(text, NOW),
                asker=asker,
                audience=audience,
                private=private,
                thread=ThreadKey(C1, str(place["thread"])),
                place=place,
                render=_shown,
            )
        )
        return str(asked.reply.payload["text"])


def _shown(outcome: Outcome) -> Mapping[str, Json]:
    return {"text": outcome.answer.text if outcome.answer else outcome.text}


@asynccontextmanager
async def _desk(folder: Path) -> AsyncIterator[Desk]:
    async with await TransparencyLog.open(folder / "audit") as log:
        yield Desk(log)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with _desk(tmp_path) as desk:
        yield desk


@pytest.mark.parametrize("text", ["", "help", " Help! ", "`help`"])
async def test_help(desk: Desk, text: str) -> None:
    assert await desk.say(text) == HELP


async def test_forget_drops_the_memory_of_this_thread(desk: Desk) -> None:
    assert "2 earlier question(s)" in await desk.say("forget")
    assert desk.forgotten == ["1.1"]


async def test_sources_are_those_that_every_reader_may_read(desk: Desk) -> None:
    assert "Board Minutes" not in await desk.say("sources", TOM)
    assert "Board Minutes" in await desk.say("sources", TOM, DIRECT, only(TOM))


async def test_why_tells_how_the_last_answer_was_found(desk: Desk) -> None:
    await desk.say("What do hotels cost?")
    await desk.say("help")
    said = await desk.say("Why?")
    assert said.splitlines()[:3] == [
        "How I found the last answer here:",
        "• Searched for: “What do hotels cost?”",
        "• Considered: 1 passage; 1 of them read for the answer.",
    ]
    assert "• Quoted: Travel Policy, Section 4.2 Hotels, page 7 (the best match)" in said
    assert "the model acme-small" in said
    assert "• Quote check: 1 statement passed, 1 left out." in said
    assert "• Left out: “Hotels cost at most 999 EUR a night.”, because " in said
    [record] = [
        r
        for r in (await desk.log.find(Filter(event="question"))).records
        if r.fields["question"] == "What do hotels cost?"
    ]
    assert said.endswith(f"• Its record: {record.id}")


async def test_why_after_an_abstention(desk: Desk) -> None:
    await desk.say("Do pigs fly?")
    said = await desk.say("why")
    assert said.startswith("Why I gave no answer to the last question here:")
    assert "• Considered: no passage that everyone here may read." in said


async def test_why_of_nothing(desk: Desk) -> None:
    await desk.say("What do hotels cost?", place={**CHANNEL, "thread": "2.2"})
    assert await desk.say("why") == NOTHING_TO_EXPLAIN


async def test_in_a_direct_chat_the_last_answer_counts_whatever_its_thread(desk: Desk) -> None:
    await desk.say("What do hotels cost?", place=DIRECT, audience=only(ADA))
    said = await desk.say("why", place={**DIRECT, "thread": "6.6"}, audience=only(ADA))
    assert "Travel Policy" in said


async def test_a_private_answer_is_not_explained_in_front_of_everyone(desk: Desk) -> None:
    await desk.say("What is the bonus pool?", TOM, private=only(TOM))
    said = await desk.say("why", TOM)
    assert said.startswith(PRIVATE_BEFORE.partition("{")[0])
    assert "Board" not in said
    assert await desk.say("why", ADA) == NOTHING_TO_EXPLAIN


async def test_what_a_reader_may_no_longer_read_is_not_named(desk: Desk) -> None:
    desk.library.lists["board"] = desk.library.lists["open"]
    await desk.say("What is the bonus pool, and hotels?")
    assert "Board Minutes" in await desk.say("why")
    del desk.library.lists["board"]
    said = await desk.say("why")
    assert "Travel Policy" in said
    assert "• Considered: 1 passage;" in said
    for hidden in ("Board", "1.35", "999 EUR", "Left out", "2 passages"):
        assert hidden not in said


async def test_a_document_that_is_gone_is_not_named(desk: Desk) -> None:
    await desk.say("What do hotels cost?")
    desk.library.passages.clear()
    said = await desk.say("why")
    assert "Travel" not in said
    assert "999 EUR" not in said


class Broken:
    async def last(self, place: Mapping[str, Json], reader: Principal) -> AuditRecord | None:
        raise AuditUnavailable("the disk is gone")


async def test_why_with_the_log_unreadable() -> None:
    library = ListLibrary()
    history: History = Broken()
    commands = Commands(library, lambda _: 0, history)
    assert await commands.reply("why", HERE, frozenset(), place=CHANNEL, asker=ADA) == LAST_ANSWER_UNREADABLE


async def test_a_question_that_begins_so_is_a_question() -> None:
    commands = Commands(ListLibrary(), lambda _: 0)
    assert await commands.reply("why is the limit 180 EUR?", HERE, frozenset(), place=CHANNEL, asker=ADA) is None


class Kept:
    """The last question of a log in memory, whoever asks."""

    def __init__(self, log: MemoryLog) -> None:
        self.log = log

    async def last(self, place: Mapping[str, Json], reader: Principal) -> AuditRecord | None:
        found = [r for r in self.log.records if r.fields.get("statements") is not None or r.outcome == "abstained"]
        return found[-1] if found else None


NAMES = ("amber", "basalt", "cobalt", "denim")
some = st.frozensets(st.sampled_from(NAMES))


def secret(name: str) -> Passage:
    """A passage whose every word of its own is a canary."""
    made = passage(
        f"Hotels in {name}town cost {len(name)}11 EUR.", acl_id=name, document=f"{name}.md", title=f"T{name}"
    )
    return replace(made, section=replace(made.section, heading=f"H{name}", path=(f"H{name}",)))


@tries(150)
@given(at_question=some, at_why=some, gone=some, direct=st.booleans())
async def test_why_names_nothing_that_some_reader_may_not_read_now(
    at_question: frozenset[str], at_why: frozenset[str], gone: frozenset[str], direct: bool
) -> None:
    library, log = ListLibrary(*map(secret, NAMES)), MemoryLog()
    commands = Commands(library, lambda _: 0, Kept(log))
    ask = Ask(library, ListRetriever(library), Boasting(), log, commands)
    place, audience = (DIRECT, only(ADA)) if direct else (CHANNEL, PUBLIC)
    nobody, everyone = AccessList(frozenset({"group:nobody"})), AccessList(frozenset({"everyone"}))

    async def say(text: str, readable: frozenset[str]) -> str:
        library.lists = {name: everyone if name in readable else nobody for name in NAMES}
        question = Question(text, NOW)
        asked = await ask(Request(new_record_id(), question, ADA, audience, None, HERE, place, _shown))
        return str(asked.reply.payload["text"])

    await say("hotels?", at_question)
    library.passages = [p for p in library.passages if p.document.acl_id not in gone]
    said = await say("why", at_why)
    for name in NAMES:
        if name not in at_why or name in gone:
            assert name not in said
    left = at_question & (at_why - gone)
    assert (f"• Considered: {len(left)} passage" in said) is bool(left)
    assert ("999 EUR" in said) is (bool(at_question) and left == at_question)
