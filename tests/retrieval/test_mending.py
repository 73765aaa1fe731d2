"""Words as they were meant: from the documents that everyone who reads the reply may read, and from no others."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from retrieval.mending import Mending
from retrieval.retrieve import Retriever
from retrieval.types import Question
from tests.retrieval.fakes import FakeIndex, FakeLibrary, HashEmbedder, chunks, document

EMBEDDER = HashEmbedder()
ALL = frozenset({"all"})
WHOLE = frozenset(("what", "many", "days", "with", "team", "form", "from", "hotel", "fired", "other", "here", "were"))
TEXTS = (
    "Expenses are reimbursed within 30 days. Hotels cost at most 180 EUR.",
    "The per diem for Berlin is 28 EUR. Travel is booked with the database of the subcontractor.",
    "Reisekosten werden auf Antrag ersetzt; die Erstattung folgt nach 14 Tagen. The account of Petersen is hired.",
)
SECRET = "The salary of the board is 900 EUR."


async def mending(*, access: str = "board") -> Mending:
    """Over three documents for all and one of the board; `access` is what the library says of that one now."""
    index, held = FakeIndex(), []
    for n, text in enumerate((*TEXTS, SECRET)):
        of = document(f"d{n}", acl_id="board" if text == SECRET else "all")
        await index.add(chunks(of, text), [EMBEDDER.vector(text)])
        held.append(replace(of, acl_id=access) if text == SECRET else of)
    return Mending(Retriever(index, EMBEDDER, FakeLibrary(*held)), lambda: WHOLE)


async def read(text: str, acl_ids: frozenset[str] = ALL, *, access: str = "board") -> Question:
    mend = await mending(access=access)
    return await mend(Question(text, datetime(2026, 1, 1, tzinfo=UTC)), acl_ids, None)


@pytest.mark.parametrize(
    ("typed", "text", "told"),
    [
        ("when are expences reimbursd", "when are expenses reimbursed", True),
        ("Expneses?", "Expenses?", True),
        ("hotel in berlni", "hotel in berlin", True),
        ("wiht the team", "with the team", False),  # a word of grammar: nobody needs to be told
        ("the perdiem for berlin", "the per diem for berlin", False),
        ("what per-diem and which data base", "what per-diem and which database", False),
        ("reisekostenerstattung", "reisekosten erstattung", False),
        ("is the accont of Peterson fired", "is the account of Peterson fired", True),  # a name stays, a word too
        ("form from here", "form from here", False),
        ("expenses within 30 days", "expenses within 30 days", False),
        ("xqzvbn and wkrtpl", "xqzvbn and wkrtpl", False),
        ("expences2 EXP-ences a@expences.com", "expences2 EXP-ences a@expences.com", False),
        ("", "", False),
    ],
)
async def test_a_word_that_no_document_has_is_read_as_one_that_they_have(typed: str, text: str, told: bool) -> None:
    found = await read(typed)
    assert found.text == text
    assert bool(found.mended) is told


async def test_what_was_read_otherwise_is_kept_in_the_words_typed() -> None:
    found = await read("Expences in berlni?")
    assert found.mended == (("Expences", "Expenses"), ("berlni", "berlin"))


async def test_a_word_of_documents_that_not_all_may_read_is_never_read_into_a_question() -> None:
    assert (await read("the salery")).text == "the salery"
    assert (await read("the salery", frozenset({"board", "all"}))).text == "the salary"


async def test_an_index_that_lags_behind_the_library_gives_no_word_away() -> None:
    both = frozenset({"board", "all"})
    assert (await read("the salery", both, access="nobody")) == await read("the salery", frozenset({"none"}))


async def test_only_the_sources_of_the_channel_are_asked() -> None:
    mend = await mending()
    asked = Question("when are expences reimbursd", datetime(2026, 1, 1, tzinfo=UTC))
    assert (await mend(asked, ALL, frozenset({"tests"}))).mended
    assert not (await mend(asked, ALL, frozenset({"wiki"}))).mended


async def test_without_words_that_are_known_to_be_some_nothing_is_changed() -> None:
    mend = replace(await mending(), whole_words=frozenset)
    asked = Question("when are expences reimbursd", datetime(2026, 1, 1, tzinfo=UTC))
    assert await mend(asked, ALL, None) == asked
