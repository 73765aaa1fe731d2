"""What stands behind "Show the passage": every quote of the source, and the text that they stand in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from audit.log import TransparencyLog
from audit.outcome import Outcome, OutcomeKind
from audit.question import Basis, Occasion, question_record
from audit.record import new_record_id
from audit.search import Filter
from bot.answering.viewer import MOST, NEAR, RecordViewer
from bot.directory.file import FileDirectory
from bot.types import PassageView
from retrieval.people import AccessList, Audience, AudienceKind, Principal
from retrieval.types import Answer, Citation, Passage, Question, Seal, Statement, Verified
from tests.bot.fakes import NOW, ListLibrary, passage

HEAD, BICYCLE, RARE = "Vehicle | EUR a kilometre", "Bicycle | 0.05", "Zeppelin | 9.99"
MIDDLE = "".join(f"Vehicle of kind {n} | 0.{n:03}\n" for n in range(1, 100))
TEXT = f"These rates hold from May.\n{HEAD}\n{BICYCLE}\n{MIDDLE}{RARE}\nClaims are filed monthly.\n"
ADA = Principal("slack", "T1", "ada", "ada@example.com")
PAGE = passage(TEXT, acl_id="ada", document="rates.pdf", title="Mileage")


@dataclass
class Office:
    """Records an answer with the quotes given, and opens one of them."""

    log: TransparencyLog
    library: ListLibrary = field(default_factory=lambda: ListLibrary(PAGE))

    def __post_init__(self) -> None:
        self.library.lists["ada"] = AccessList(frozenset({"user:ada@example.com"}))

    async def opened(self, *quotes: str, n: int = 1, reader: Principal = ADA) -> PassageView | None:
        record_id = await self._answered(quotes)
        viewer = RecordViewer(self.log, self.library, FileDirectory({}))
        view = await viewer.passage(record_id, n, reader)
        latest = (await self.log.find(Filter(event="access"), limit=1)).records[0]
        assert (latest.refers_to, latest.outcome) == (record_id, "refused" if view is None else "shown")
        return view

    async def _answered(self, quotes: tuple[str, ...]) -> str:
        cited = tuple(_cited(PAGE, n, quote) for n, quote in enumerate(quotes, 1))
        answer = Answer((Statement("So much.", tuple(c.n for c in cited)),), cited, seal=Seal.VERIFIED)
        record = question_record(
            Outcome(OutcomeKind.ANSWERED, new_record_id(), "How much?", answer),
            Occasion(
                Question("How much?", NOW),
                "How much?",
                ADA,
                Audience(AudienceKind.PRIVATE, frozenset({ADA.entries})),
                {"channel": "C1", "channel_kind": "direct"},
            ),
            Basis(passages=(PAGE,), verified=Verified(answer, ())),
        )
        await self.log.append(record)
        return record.id


def _cited(page: Passage, n: int, quote: str) -> Citation:
    start = page.text.index(quote)
    return Citation(n, page.document, page.section, "c1", start, start + len(quote), quote, 7, None)


@asynccontextmanager
async def office(folder: Path) -> AsyncIterator[Office]:
    log = await TransparencyLog.open(folder / "audit")
    try:
        yield Office(log)
    finally:
        await log.close()


@pytest.mark.parametrize("n", [1, 2], ids=["the head", "the row"])
async def test_a_row_is_marked_with_its_head(n: int, tmp_path: Path) -> None:
    async with office(tmp_path) as made:
        view = await made.opened(HEAD, BICYCLE, n=n)
        assert view is not None
        assert (view.before, view.quote, view.more) == ("These rates hold from May.\n", HEAD, (("\n", BICYCLE),))
        assert TEXT[TEXT.index(BICYCLE) + len(BICYCLE) :].startswith(view.after)
        assert (view.title, view.where) == ("Mileage", "Section 4.2 Hotels, page 7, version 2026-03-01.1a2b3c4d")


async def test_the_quotes_stand_in_the_documents_order(tmp_path: Path) -> None:
    async with office(tmp_path) as made:
        view = await made.opened(BICYCLE, RARE, HEAD, n=2)
        assert view is not None
        assert [view.quote, *(quote for _, quote in view.more)] == [HEAD, BICYCLE, RARE]
        assert view.after == "\nClaims are filed monthly.\n"


async def test_far_rows_leave_out_what_stands_in_the_middle(tmp_path: Path) -> None:
    async with office(tmp_path) as made:
        view = await made.opened(HEAD, RARE)
        assert view is not None
        [(between, row)] = view.more
        head, tail = between.split(" … ")
        assert row == RARE
        assert f"\n{BICYCLE}\n{MIDDLE}".startswith(head)
        assert MIDDLE.endswith(tail)
        assert len(head) == len(tail) == NEAR


async def test_quotes_that_overlap_are_marked_as_one(tmp_path: Path) -> None:
    async with office(tmp_path) as made:
        view = await made.opened(f"{HEAD}\nBicycle", f"kilometre\n{BICYCLE}")
        assert view is not None
        assert (view.quote, view.more) == (f"{HEAD}\n{BICYCLE}", ())


async def test_sentences_of_a_section_are_marked_together(tmp_path: Path) -> None:
    async with office(tmp_path) as made:
        view = await made.opened("Claims are filed monthly.", "These rates hold from May.")
        assert view is not None
        assert (view.before, view.quote) == ("", "These rates hold from May.")
        assert [quote for _, quote in view.more] == ["Claims are filed monthly."]


async def test_a_sentence_stands_alone(tmp_path: Path) -> None:
    async with office(tmp_path) as made:
        view = await made.opened("These rates hold from May.")
        assert view is not None
        assert (view.before, view.quote, view.more) == ("", "These rates hold from May.", ())
        assert view.after == TEXT[len(view.quote) : len(view.quote) + MOST]


async def test_who_may_not_read_it_sees_nothing_of_it(tmp_path: Path) -> None:
    async with office(tmp_path) as made:
        assert await made.opened(HEAD, BICYCLE, reader=replace(ADA, user="bob", email="bob@example.com")) is None


@pytest.mark.parametrize("n", [0, 3])
async def test_a_number_without_a_citation_opens_nothing(n: int, tmp_path: Path) -> None:
    async with office(tmp_path) as made:
        assert await made.opened(HEAD, BICYCLE, n=n) is None


async def test_a_document_that_has_changed_is_not_shown(tmp_path: Path) -> None:
    async with office(tmp_path) as made:
        made.library.passages = [replace(PAGE, document=replace(PAGE.document, version="2026-04-01.5e6f7a8b"))]
        assert await made.opened(HEAD, BICYCLE) is None
