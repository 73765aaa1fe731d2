from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from retrieval.retrieve import RetrievalSettings, Retriever, touching
from retrieval.types import Chunk, Hit, Query, Question, Section
from tests.retrieval.fakes import FakeIndex, FakeLibrary, HashEmbedder, chunks, document

ALL = frozenset({"all"})
EMBEDDER = HashEmbedder()


def ask(text: str) -> Question:
    return Question(text, datetime(2026, 1, 1, tzinfo=UTC))


async def index_of(*parts: Chunk) -> FakeIndex:
    index = FakeIndex()
    by_version: dict[tuple[str, str], list[Chunk]] = {}
    for part in parts:
        by_version.setdefault((part.document.id, part.document.version), []).append(part)
    for group in by_version.values():
        await index.add(group, [EMBEDDER.vector(c.search_text) for c in group])
    return index


async def test_passages_come_best_first_under_short_names() -> None:
    of = document("policy")
    parts = chunks(of, "meals cost little", "hotels cost at most 180", "trains")
    retriever = Retriever(await index_of(*parts), EMBEDDER, FakeLibrary(of))
    passages = await retriever.retrieve(ask(" What do hotels cost at most? "), ALL, limit=2)
    assert [p.id for p in passages] == ["p1", "p2"]
    assert passages[0].text == "hotels cost at most 180"
    assert (passages[0].start, passages[0].end) == (parts[1].start, parts[1].end)
    assert passages[0].chunk_id == parts[1].id
    assert passages[0].score > passages[1].score > 0
    assert isinstance(passages[0].score, int)


async def test_only_what_the_library_calls_current_and_readable_is_used() -> None:
    old, new = document("policy", version="v1"), document("policy", version="v2")
    gone, moved = document("gone"), document("moved")
    index = await index_of(
        *(c for d in (old, new, gone, moved) for c in chunks(d, f"hotel rule of {d.id} {d.version}"))
    )
    library = FakeLibrary(new, replace(moved, acl_id="board"))
    passages = await Retriever(index, EMBEDDER, library).retrieve(ask("hotel rule"), ALL)
    assert [(p.document.id, p.document.version) for p in passages] == [("policy", "v2")]


async def test_a_restriction_to_sources_is_asked_of_the_index_and_checked_after_it() -> None:
    ours, theirs = document("ours"), replace(document("theirs"), source="wiki")
    index = await index_of(*(c for d in (ours, theirs) for c in chunks(d, "hotel rule")))
    retriever = Retriever(index, EMBEDDER, FakeLibrary(ours, theirs))
    for sources, found in (({"wiki"}, ["theirs"]), ({ours.source}, ["ours"]), ({"none"}, []), (set[str](), [])):
        passages = await retriever.retrieve(ask("hotel rule"), ALL, sources=frozenset(sources))
        assert [p.document.id for p in passages] == found
    moved = Retriever(index, EMBEDDER, FakeLibrary(ours, replace(theirs, source="intranet")))
    assert await moved.retrieve(ask("hotel rule"), ALL, sources=frozenset({"wiki"})) == ()
    assert len(await retriever.retrieve(ask("hotel rule"), ALL)) == 2


async def test_the_documents_values_are_the_librarys() -> None:
    of = document("policy")
    library = FakeLibrary(replace(of, url="https://new.example.com"))
    [passage] = await Retriever(await index_of(*chunks(of, "hotel")), EMBEDDER, library).retrieve(ask("hotel"), ALL)
    assert passage.document.url == "https://new.example.com"


async def test_stale_hits_do_not_crowd_out_current_ones() -> None:
    stale = [c for n in range(40) for c in chunks(document("policy", version=f"v{n:02}"), "hotel costs rule")]
    new = document("other", title="x")
    index = await index_of(*stale, *chunks(new, "hotel and other words that rank it lower"))
    retriever = Retriever(index, EMBEDDER, FakeLibrary(new), RetrievalSettings(overfetch=1))
    passages = await retriever.retrieve(ask("hotel costs rule"), ALL, limit=3)
    assert [p.document.id for p in passages] == ["other"]


async def test_a_chunk_comes_once() -> None:
    of = document("policy")
    [part] = chunks(of, "hotel")
    index = await index_of(part, part)
    assert len(await Retriever(index, EMBEDDER, FakeLibrary(of)).retrieve(ask("hotel"), ALL)) == 1


async def test_nothing_to_ask_or_nobody_to_answer_costs_nothing() -> None:
    embedder = HashEmbedder()
    of = document("policy")
    retriever = Retriever(await index_of(*chunks(of, "hotel")), embedder, FakeLibrary(of))
    assert await retriever.retrieve(ask("  "), ALL) == ()
    assert await retriever.retrieve(ask("hotel"), frozenset()) == ()
    assert await retriever.retrieve(ask("hotel"), ALL, limit=0) == ()
    assert embedder.calls == []
    assert await retriever.retrieve(ask("hotel"), frozenset({"board"})) == ()


async def test_the_document_that_the_question_names_comes_first() -> None:
    held = [document(name, title=f"{name} 2019") for name in ("Initech", "Hooli", "Umbrella", "Acme")]
    index = await index_of(*(c for d in held for c in chunks(d, "the notice period is three months")))
    passages = await Retriever(index, EMBEDDER, FakeLibrary(*held)).retrieve(ask("Hooli notice period in 2019?"), ALL)
    assert passages[0].document.id == "Hooli"
    assert passages[0].score - passages[1].score > 500_000


async def test_a_title_that_is_new_is_known_to_the_next_question() -> None:
    old, new = document("old", title="Initech"), document("new", title="Hooli")
    library = FakeLibrary(old)
    retriever = Retriever(await index_of(*chunks(old, "notice"), *chunks(new, "notice")), EMBEDDER, library)
    assert [p.document.id for p in await retriever.retrieve(ask("Notice for Hooli?"), ALL)] == ["old"]
    library.held = {"old": old, "new": new}
    assert [p.document.id for p in await retriever.retrieve(ask("Notice for Hooli?"), ALL)] == ["new", "old"]


async def test_figures_come_first_where_a_figure_is_asked_for() -> None:
    of = document("report")
    parts = chunks(of, "total revenue is what we sold", "revenue 1,234 2,345 3,456 total 4,567 5,678")
    retriever = Retriever(await index_of(*parts), EMBEDDER, FakeLibrary(of))
    assert (await retriever.retrieve(ask("How much was the total revenue?"), ALL))[0].chunk_id == parts[1].id
    plain = Retriever(await index_of(*parts), EMBEDDER, FakeLibrary(of), RetrievalSettings(figure_weight=0.0))
    assert (await plain.retrieve(ask("How much was the total revenue?"), ALL))[0].chunk_id == parts[0].id


class Recording(FakeIndex):
    """Keeps what it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.queries: list[Query] = []

    async def search(self, query: Query) -> tuple[Hit, ...]:
        self.queries.append(query)
        return await super().search(query)


async def test_the_index_is_asked_by_keywords_and_less_by_vectors_for_figures() -> None:
    of = document("policy")
    index, settings = Recording(), RetrievalSettings(alpha=0.5, figure_alpha=0.1, overfetch=3)
    [part] = chunks(of, "hotel")
    await index.add([part], [EMBEDDER.vector("hotel")])
    retriever = Retriever(index, EMBEDDER, FakeLibrary(of), settings)
    for text in ("Does the document state that hotels are paid?", "How much is paid for hotels?"):
        await retriever.retrieve(ask(text), ALL, limit=4)
    plain, figure = index.queries
    assert plain.text == "hotels are paid?"
    assert (plain.alpha, plain.limit) == (0.5, 6)
    assert (figure.alpha, figure.limit) == (0.1, 12)
    assert plain.vector == EMBEDDER.vector("Does the document state that hotels are paid?")


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 12)), max_size=12), st.integers(0, 40), st.integers(0, 12))
def test_sections_that_touch_a_passage_are_all_found(spans: list[tuple[int, int]], start: int, length: int) -> None:
    sections = [Section("s", None, "", (), at, at + size) for at, size in sorted(spans)]
    end = start + length
    assert touching(sections, start, end) == tuple(s for s in sections if s.start < end and start < s.end)
