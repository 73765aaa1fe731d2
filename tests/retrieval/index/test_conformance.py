"""One suite for every index: the fake, the embedded one and a real Weaviate keep the same promises."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from retrieval.index.embedded import EmbeddedIndex
from retrieval.index.weaviate import WeaviateIndex
from retrieval.ports import Index
from retrieval.types import Chunk, Hit, Place, Query
from tests.retrieval.fakes import FakeIndex, HashEmbedder, chunks, document
from tests.servers.weaviate import Server

EMBEDDER = HashEmbedder()
ALL = frozenset({"all"})


@pytest.fixture(params=["fake", "embedded", "weaviate"])
async def index(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Index]:
    made = await opened(request, tmp_path)
    yield made
    await made.close()


@pytest.fixture(params=["embedded", "weaviate"])
async def engine(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Index]:
    """The real ones alone, for what the fake's plain word counts do not know."""
    made = await opened(request, tmp_path)
    yield made
    await made.close()


async def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Index:
    made: Index
    if request.param == "fake":
        made = FakeIndex()
    elif request.param == "embedded":
        made = EmbeddedIndex(tmp_path, EMBEDDER.fingerprint)
    else:
        made = await empty_weaviate(request.getfixturevalue("weaviate_server"))
    return made


async def empty_weaviate(server: Server) -> WeaviateIndex:
    made = WeaviateIndex(server.url, EMBEDDER.fingerprint, grpc_port=server.grpc_port)
    await made.clear()
    return made


async def add(index: Index, *parts: Chunk) -> None:
    await index.add(parts, await EMBEDDER.embed([p.search_text for p in parts]))


async def search(index: Index, text: str, *, vector: bool = True, **changes: object) -> tuple[Hit, ...]:
    query = Query(text, EMBEDDER.vector(text) if vector else b"", ALL, 10, 0.5)
    return await index.search(replace(query, **changes))  # type: ignore[arg-type]


def found(hits: tuple[Hit, ...]) -> list[str]:
    return [f"{hit.chunk.document.id}#{hit.chunk.ordinal}" for hit in hits]


async def test_an_empty_index_finds_nothing(index: Index) -> None:
    assert await search(index, "hotel") == ()
    assert await search(index, "", vector=False) == ()
    assert await index.versions() == {}
    await index.withdraw("unknown")
    await index.set_access("unknown", "all")
    await index.add((), ())


@pytest.mark.parametrize("n", range(3))
async def test_a_document_just_written_is_found_at_once(index: Index, n: int) -> None:
    for k in range(6):
        await add(index, *chunks(document(f"d{k}"), f"unique term zq{n}x{k} here", "something else"))
        hits = await search(index, f"zq{n}x{k}", vector=False, limit=1)
        assert found(hits) == [f"d{k}#0"]


async def test_a_chunk_comes_back_as_it_was_added(index: Index) -> None:
    of = replace(
        document("Ordner/Spesen 2026.pdf", title="Spesen – Ärger & 出張"),
        url="https://example.com/a?b=c#d",
        effective_from=date(2026, 1, 1),
        effective_to=date(2026, 12, 31),
        modified_at=datetime(2026, 3, 4, 5, 6, 7, 89, tzinfo=UTC),
    )
    [plain] = chunks(of, "Hotel: höchstens 180 € 🙂\x00\u2028 pro Nacht")
    full = replace(
        plain,
        search_text="Hotel hoechstens",
        places=(Place(0, 5, page=3, printed="F-4"), Place(5, 30, locator="Limits!A1:B2")),
        section=replace(
            plain.section, label=None, page_end=None, locator="slide 3", anchor="#x", path=("4 A", "4.1 B")
        ),
    )
    await add(index, full)
    [hit] = await search(index, "Hotel")
    assert hit.chunk == full


async def test_nothing_outside_the_access_lists_is_ever_returned(index: Index) -> None:
    for acl in ("red", "blue", "green"):
        for k in range(5):
            of = document(f"{acl}{k}", acl_id=acl, title=f"canary {acl}")
            await add(index, *chunks(of, f"canary secret {acl} {k}", "canary canary"))
    for allowed in (frozenset({"red"}), frozenset({"red", "green"}), frozenset({"none"}), frozenset[str]()):
        for alpha in (0.0, 0.5, 1.0):
            for weight in (0.0, 2.0):
                hits = await search(
                    index, "canary secret blue", alpha=alpha, acl_ids=allowed, document_weight=weight,
                    section_weight=weight, limit=50,
                )  # fmt: skip
                assert {h.chunk.document.acl_id for h in hits} == allowed & {"red", "green"}
                assert len(hits) == 10 * len(allowed & {"red", "green"}) or alpha == 0


async def test_access_lists_with_likely_names_are_not_mixed_up(index: Index) -> None:
    for acl in ("team a", "team", "a", "Team A", "team-a"):
        await add(index, *chunks(document(f"of {acl}", acl_id=acl), "budget"))
    for acl in ("team a", "team", "a", "Team A", "team-a"):
        assert found(await search(index, "budget", acl_ids=frozenset({acl}))) == [f"of {acl}#0"]


async def test_adding_a_version_again_replaces_it(index: Index) -> None:
    of = document("policy")
    await add(index, *chunks(of, "old zebra text", "old second", "old third"))
    await add(index, *chunks(of, "new giraffe text", "old second"))
    assert await index.versions() == {"policy": {of.version: 2}}
    assert found(await search(index, "zebra", vector=False)) == []
    assert found(await search(index, "giraffe", vector=False)) == ["policy#0"]
    assert len(await search(index, "old", limit=10)) == 2


async def test_withdraw_keeps_the_named_version_alone(index: Index) -> None:
    one, two = document("policy", version="v1"), document("policy", version="v2")
    await add(index, *chunks(one, "first limit", "more"))
    await add(index, *chunks(two, "second limit"))
    await add(index, *chunks(document("other"), "limit"))
    assert await index.versions() == {"policy": {"v1": 2, "v2": 1}, "other": {document("other").version: 1}}
    await index.withdraw("policy", keep="v2")
    assert (await index.versions())["policy"] == {"v2": 1}
    assert sorted(found(await search(index, "limit"))) == ["other#0", "policy#0"]
    await index.withdraw("policy")
    assert found(await search(index, "limit", document_weight=1.0)) == ["other#0"]
    assert "policy" not in await index.versions()


async def test_set_access_moves_a_document_and_no_other(index: Index) -> None:
    await add(index, *chunks(document("a"), "alpha text", "more text"))
    await add(index, *chunks(document("b"), "beta text"))
    await index.set_access("a", "board only")
    assert found(await search(index, "text")) == ["b#0"]
    hits = await search(index, "text", acl_ids=frozenset({"board only"}))
    assert sorted(found(hits)) == ["a#0", "a#1"]
    assert {hit.chunk.document.acl_id for hit in hits} == {"board only"}
    assert (await index.versions())["a"] == {document("a").version: 2}


async def test_limit_is_kept_and_the_best_come_first(index: Index) -> None:
    for k in range(30):
        await add(index, *chunks(document(f"d{k:02}"), f"hotel rule {k}", f"unrelated words {k}"))
    hits = await search(index, "hotel rule 7", limit=5)
    assert len(hits) == 5
    assert found(hits)[0] == "d07#0"
    assert [h.score for h in hits] == sorted((h.score for h in hits), reverse=True)
    assert len(await search(index, "hotel", limit=1)) == 1
    assert len(await search(index, "hotel rule", limit=200)) == 60
    assert await search(index, "hotel", limit=0) == ()


async def test_document_ids_restrict_the_search(index: Index) -> None:
    for name in ("a", "b", "dir/c d.pdf"):
        await add(index, *chunks(document(name), "hotel text"))
    for chosen in (frozenset({"a"}), frozenset({"a", "dir/c d.pdf"}), frozenset[str](), frozenset({"none"})):
        hits = await search(index, "hotel", document_ids=chosen, document_weight=1.0)
        assert {h.chunk.document.id for h in hits} == chosen - {"none"}


async def test_alpha_zero_is_keywords_alone_and_one_is_vectors_alone(index: Index) -> None:
    of = document("d", title="t")
    parts = chunks(of, "hotel costs", "meals")
    # The vectors are the wrong way round, so the two kinds of search disagree.
    await index.add(parts, [EMBEDDER.vector("meals"), EMBEDDER.vector("hotel costs")])
    assert found(await search(index, "hotel costs", alpha=0.0)) == ["d#0"]
    assert found(await search(index, "hotel costs", alpha=1.0)) == ["d#1", "d#0"]


async def test_without_a_vector_keywords_decide_and_words_are_stemmed(index: Index) -> None:
    await add(index, *chunks(document("d", title="t"), "The hotels are expensive", "meals"))
    for alpha in (0.0, 0.5, 1.0):
        assert found(await search(index, "hotel", vector=False, alpha=alpha)) == ["d#0"]


async def test_the_title_and_the_section_path_are_searched(index: Index) -> None:
    await add(index, *chunks(document("a", title="Giraffe handbook"), "nothing here"))
    await add(index, *chunks(document("b", title="other"), "nothing here", path=("4 Zebra", "4.2 Rules")))
    assert found(await search(index, "giraffes", vector=False)) == ["a#0"]
    assert found(await search(index, "zebra", vector=False)) == ["b#0"]


@pytest.mark.parametrize("text", ["出張 費用", "Übernachtung", "naïve café", "🙂 ok", "50 % & < > \" ' \\", "a" * 5000])
async def test_any_text_can_be_asked(index: Index, text: str) -> None:
    await add(index, *chunks(document("d"), "Die Übernachtung und 出張 費用 in naïve café ok 50"))
    assert len(await search(index, text)) == 1


async def test_the_document_weight_moves_the_right_document_up(index: Index) -> None:
    filler = [f"clause {k} about general matters of the parties" for k in range(6)]
    for name in ("Acme", "Globex", "Initech"):
        texts = [f"{name} agrees with the supplier", *filler, f"Termination needs notice of {len(name)} months"]
        await add(index, *chunks(document(name.lower(), title=f"{name} supply contract"), *texts))
    query = "What notice does termination need in the Globex supply contract?"
    hits = await search(index, query, alpha=0.3, document_weight=2.0)
    assert found(hits)[0] == "globex#7"
    assert {h.chunk.document.id for h in hits[:4]} == {"globex"}
    assert hits[0].document_score > 0
    assert (await search(index, query, alpha=0.3))[0].document_score == 0


async def test_a_preferred_document_moves_up_and_stays_within_the_access_lists(index: Index) -> None:
    for name in ("a", "b", "c"):
        await add(index, *chunks(document(name, title="t", acl_id="board" if name == "c" else "all"), "hotel text"))
    assert found(await search(index, "hotel", preferred={})) == ["a#0", "b#0"]
    for weights in ({"b": 0.5}, {"b": 0.5, "c": 9.0, "unknown": 1.0}):
        hits = await search(index, "hotel", preferred=weights)
        assert found(hits) == ["b#0", "a#0"]
        assert hits[0].document_score == pytest.approx(0.5, abs=1e-3)


async def test_a_chunk_beside_good_ones_gains(engine: Index) -> None:
    await add(engine, *chunks(document("a", title="t"), "hotel costs", "trains", "meals", "hotel rates"))
    await add(engine, *chunks(document("b", title="t"), "hotel costs", "hotel rates", "hotel costs"))
    plain = await search(engine, "hotel costs", vector=False)
    scores = {found((h,))[0]: h.score for h in plain}
    assert scores["a#3"] == scores["b#1"]
    hits = await search(engine, "hotel costs", vector=False, neighbour_weight=0.25)
    gained = {found((h,))[0]: h.score - scores[found((h,))[0]] for h in hits}
    assert gained["b#1"] == pytest.approx(0.5, abs=1e-3)
    assert gained["a#3"] == pytest.approx(0.0, abs=1e-3)


async def test_words_that_follow_each_other_count_more_than_words_apart(engine: Index) -> None:
    await add(engine, *chunks(document("apart", title="t"), "working hours limit the capital that partners bring"))
    await add(engine, *chunks(document("phrase", title="t"), "hours limit the working capital that partners bring"))
    assert found(await search(engine, "working capital", vector=False))[0] == "phrase#0"


async def test_the_head_of_a_page_finds_what_stands_on_it(engine: Index) -> None:
    head, table = chunks(document("report", title="t"), "Consolidated giraffe sheets", "cash 12 13 other 14 15")
    page = Place(head.start, table.end, page=7)
    await add(engine, replace(head, places=(page,)), replace(table, places=(page,)))
    assert set(found(await search(engine, "giraffe", vector=False))) == {"report#0", "report#1"}


async def test_a_title_that_is_a_file_name_is_found_by_its_parts(engine: Index) -> None:
    await add(engine, *chunks(document("a", title="NDA-SeaTrustPartners_v2"), "nothing here"))
    assert found(await search(engine, "Sea Trust", vector=False)) == ["a#0"]


async def test_a_cleared_index_is_empty_and_can_be_filled_again(index: Index) -> None:
    await add(index, *chunks(document("a"), "hotel text"))
    await index.clear()
    assert await index.versions() == {}
    assert await search(index, "hotel") == ()
    await add(index, *chunks(document("b"), "hotel text"))
    assert found(await search(index, "hotel")) == ["b#0"]


async def test_words_are_known_by_who_may_read_them(index: Index) -> None:
    for n in range(3):
        await add(index, *chunks(document(f"d{n}", title="Rules"), f"hotel expense {n}", "hotel again"))
    await add(index, *chunks(document("secret", acl_id="board"), "salary of the board"))
    words = ["hotel", "expens", "salari", "rule", "nothing", "hotl", ""]
    assert await index.known(words, ALL) == {"hotel": 1, "expens": 1, "rule": 1}
    assert await index.known(words, ALL, most=4) == {"hotel": 4, "expens": 3, "rule": 4}
    assert await index.known(words, ALL | {"board"}, frozenset({"secret", "d1"}), 9) == {
        "hotel": 2, "expens": 1, "salari": 1, "rule": 2,
    }  # fmt: skip
    assert await index.known(words, frozenset()) == {}
    assert await index.known(words, ALL, frozenset()) == {}
    assert await index.known([], ALL) == {}
    await index.withdraw("secret")
    assert await index.known(["salari"], frozenset({"board"})) == {}


async def test_words_are_known_among_very_many(index: Index) -> None:
    for n in range(60):
        await add(index, *chunks(document(f"d{n}"), f"common common common w{n}"))
    wanted = [f"w{n}" for n in range(60)] + ["common"] + [f"x{n}" for n in range(600)]
    assert await index.known(wanted, ALL) == dict.fromkeys(wanted[:61], 1)
