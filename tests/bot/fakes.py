"""Fakes that implement the bot's and the core's ports, and values to test with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from audit.errors import AuditUnavailable
from audit.record import AuditRecord, Json, Receipt
from bot.errors import PlatformError, PlatformRefused, PlatformUnseen
from bot.types import ChannelKind, Expert, Form, Incoming, IncomingKind, Outcome, People, Reply
from retrieval.errors import IndexUnavailable
from retrieval.people import AccessList, Principal
from retrieval.selection import Chosen, ModelUse, Selection
from retrieval.types import Document, Passage, Place, Question, Section, Unit, UnitKind, Verified
from retrieval.verify import verify

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
OPEN = AccessList(frozenset({"everyone"}))
BOARD = AccessList(frozenset({"group:board"}))


def passage(text: str, *, acl_id: str = "open", document: str = "policy.md", title: str = "Travel Policy") -> Passage:
    """A passage that is a whole document."""
    doc = Document(
        document, "2026-03-01.1a2b3c4d", title, f"file:///{document}", "ab" * 32, acl_id, "docs", "text/markdown", NOW
    )
    section = Section("s1", "4.2", "Hotels", ("4 Travel", "4.2 Hotels"), 0, len(text), 7, 7)
    unit = Unit(f"{document}.0", UnitKind.SENTENCE, 0, len(text), text)
    return Passage("p1", doc, section, "c1", 0, len(text), text, (Place(0, len(text), 7),), 1_000_000, units=(unit,))


class ListLibrary:
    """Implements `Library` over passages that are whole documents."""

    def __init__(self, *passages: Passage) -> None:
        self.passages = list(passages)
        self.lists = {"open": OPEN, "board": BOARD}

    async def current(self, document_ids: Sequence[str]) -> Mapping[str, Document]:
        return {p.document.id: p.document for p in self.passages if p.document.id in document_ids}

    async def access_lists(self) -> Mapping[str, AccessList]:
        return dict(self.lists)

    async def text(self, document_id: str, version: str, start: int, end: int) -> str:
        found = [p.text for p in self.passages if (p.document.id, p.document.version) == (document_id, version)]
        return found[0][start:end] if found else ""

    async def sections(self, document_id: str, version: str) -> tuple[Section, ...]:
        return tuple(p.section for p in self.passages if p.document.id == document_id)

    async def documents(self) -> Mapping[str, Document]:
        return {p.document.id: p.document for p in self.passages}


class ListRetriever:
    """Finds the permitted passages that share a word with the question."""

    def __init__(self, library: ListLibrary) -> None:
        self.library = library
        self.down = False
        self.asked: list[tuple[str, frozenset[str]]] = []

    async def retrieve(
        self, question: Question, acl_ids: frozenset[str], *, sources: frozenset[str] | None = None
    ) -> tuple[Passage, ...]:
        self.asked.append((question.text, acl_ids))
        if self.down:
            raise IndexUnavailable("the search index is down; start it")
        words = set(question.text.casefold().strip("?").split())
        found = [p for p in self.library.passages if words & set(p.text.casefold().split())]
        found = [p for p in found if sources is None or p.document.source in sources]
        permitted = [p for p in found if p.document.acl_id in acl_ids]
        return tuple(replace(p, id=f"p{n}") for n, p in enumerate(permitted, 1))


class QuotingAnswerer:
    """Quotes the first passage whole, of those that hold anything not shown before."""

    async def answer(
        self, question: Question, passages: Sequence[Passage], since: float | None = None
    ) -> tuple[Verified, ModelUse]:
        use = ModelUse("quoting")
        chosen = tuple(Chosen(p.units[0].id) for p in passages if p.units)[:1]
        return verify(Selection(chosen, True, use), passages), use


class MemoryLog:
    """Implements the worker's `Log`."""

    def __init__(self) -> None:
        self.records: list[AuditRecord] = []
        self.down = False

    async def append(self, record: AuditRecord) -> Receipt:
        if self.down:
            raise AuditUnavailable("the disk is full")
        self.records.append(record)
        return Receipt(record.id, len(self.records) - 1, "00" * 32)

    async def get(self, record_id: str) -> AuditRecord | None:
        return next((r for r in self.records if r.id == record_id), None)

    async def receipt(self, record_id: str) -> Receipt | None:
        found = [Receipt(r.id, n, "00" * 32) for n, r in enumerate(self.records) if r.id == record_id]
        return found[0] if found else None

    def events(self) -> list[tuple[str, str]]:
        return [(r.event, r.outcome) for r in self.records]


class FakePlatform:
    """Implements `Platform`; keeps what people see, and fails where told."""

    name = "slack"

    def __init__(self, *, readers: Sequence[Principal] = (), asker: Principal | None = None) -> None:
        self.asker = asker or Principal("slack", "T1", "U1", "ada@example.com")
        self.readers: tuple[Principal, ...] | None = (*readers, self.asker)
        self.external = False
        self.thread: dict[str, str] = {}
        self.private: list[str] = []
        self.lacking = ""
        self.before = ""
        self.failures: dict[str, int] = {}
        self.unseen = False
        self.refuses: Callable[[str], bool] = lambda text: False
        self.lines = True  # status lines, rather than signs that pass
        self.before_post: Callable[[], None] = lambda: None

    def _fail(self, call: str) -> None:
        if self.failures.get(call, 0) > 0:
            self.failures[call] -= 1
            raise PlatformError(f"{call} failed")

    async def people(self, incoming: Incoming) -> People:
        self._fail("people")
        return People(replace(self.asker, user=incoming.user), self.readers, self.external, self.lacking)

    def render(self, outcome: Outcome) -> Mapping[str, Json]:
        answer = outcome.told
        return {
            "text": answer.text if answer else outcome.text,
            "kind": outcome.kind.value,
            "record": outcome.record_id,
        }

    async def post_status(self, incoming: Incoming, text: str) -> str:
        self._fail("post_status")
        if not self.lines:
            return ""
        message = f"m{len(self.thread) + 1}"
        self.thread[message] = text
        return message

    def smaller(self, payload: Mapping[str, Json]) -> Sequence[Form]:
        return [Form("small", ({**payload, "text": f"small: {payload['text']}"},))]

    async def post(self, incoming: Incoming, reply: Reply, replace: str | None, *, again: bool = False) -> str:
        if again and replace is None:
            if self.unseen:
                raise PlatformUnseen("nobody may look")
            for message, text in self.thread.items():
                if text == reply.payload["text"]:
                    return message
        self._fail("post")
        if self.refuses(str(reply.payload["text"])):
            raise PlatformRefused("not in this form")
        self.before_post()
        if reply.private:
            self.private.append(str(reply.payload["text"]))
            return await self.post_text(incoming, "privately", replace)
        return await self.post_text(incoming, str(reply.payload["text"]), replace)

    async def post_call(self, incoming: Incoming, expert: Expert, text: str, question: str, record_id: str) -> str:
        self._fail("post_call")
        return await self.post_text(incoming, f"@{expert.address(self.name)} {text} {question}", None)

    async def said_before(self, incoming: Incoming) -> str:
        self._fail("said_before")
        return self.before

    async def find_posted(self, incoming: Incoming, message: str) -> str | None:
        self._fail("find_posted")
        return f"https://chat.example/{message}" if message in self.thread else None

    async def post_text(self, incoming: Incoming, text: str, replace: str | None) -> str:
        self._fail("post_text")
        message = replace or f"m{len(self.thread) + 1}"
        self.thread[message] = text
        return message


def incoming(
    text: str, *, key: str = "k1", kind: IncomingKind = IncomingKind.QUESTION, where: ChannelKind = ChannelKind.CHANNEL
) -> Incoming:
    return Incoming(key, "slack", kind, "T1", "U1", "C1", where, "1.1", "1.1", text, NOW)
