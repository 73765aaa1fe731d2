"""Chunks: exact slices that hold everything once, with ids that survive an edit elsewhere."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.chunk import LIMIT, chunk
from retrieval.parse.blocks import Block, assemble
from retrieval.parse.text import parse_text
from retrieval.types import Chunk, Document, ParsedDocument

DOCUMENT = Document(
    id="policy.md",
    version="2026-03-01.1a2b3c4d",
    title="Policy",
    uri="file:policy.md",
    sha256="0" * 64,
    acl_id="acl",
    source="folder",
    media_type="text/markdown",
    modified_at=datetime(2026, 3, 1, tzinfo=UTC),
)
SENTENCE = "The Recipient shall keep the Confidential Information of clause {} secret for five years. "


def cut(*blocks: Block) -> tuple[Chunk, ...]:
    return chunk(DOCUMENT, assemble("Policy", blocks))


def check(parsed: ParsedDocument, chunks: tuple[Chunk, ...]) -> None:
    """What holds for every document."""
    assert all(parsed.text[c.start : c.end] == c.text == c.text.strip() != "" for c in chunks)
    assert all(len(c.text) <= LIMIT for c in chunks)
    assert all(a.end <= b.start for a, b in pairwise(chunks))
    outside = Counter(parsed.text)
    for c in chunks:
        outside.subtract(c.text)
    assert not "".join(outside.elements()).strip()
    assert len({c.id for c in chunks}) == len(chunks)
    assert [c.ordinal for c in chunks] == list(range(len(chunks)))
    for c in chunks:
        assert c.section.start <= c.start
        assert c.end <= c.section.end
        pages = {p.page for p in parsed.places if p.start < c.end and c.start < p.end}
        assert {p.page for p in c.places} == pages


words = st.text(st.sampled_from("aB1é-.;§ \n\u2029漢"), max_size=60)
long_words = st.builds(lambda text, n: text * n, words, st.integers(1, 60))


@st.composite
def documents(draw: st.DrawFn) -> ParsedDocument:
    blocks = []
    page = 1
    for number in range(draw(st.integers(0, 12))):
        page += draw(st.integers(0, 1))
        text = draw(st.one_of(words, long_words))
        joins = tuple(i for i in range(len(text) - 1) if text[i] == "-" and text[i + 1] == "\n")
        level = draw(st.one_of(st.none(), st.integers(1, 3)))
        label = None if level is None else draw(st.sampled_from((str(number), "1", None)))
        table = draw(st.sampled_from((None, None, 1)))
        blocks.append(Block(text, level=level, label=label, page=page, joins=joins, table=table))
    return assemble("Any", blocks)


@given(documents())
def test_every_character_is_in_exactly_one_chunk(parsed: ParsedDocument) -> None:
    check(parsed, chunk(DOCUMENT, parsed))


@given(documents())
def test_search_text_changes_hyphens_and_headers_alone(parsed: ParsedDocument) -> None:
    for c in chunk(DOCUMENT, parsed):
        joined = {j for j in parsed.joins if c.start <= j < c.end}
        kept = "".join(parsed.text[i] for i in range(c.start, c.end) if i not in joined)
        assert "".join(c.search_text.split()).endswith("".join(kept.split()))


def contract(edited: int | None = None) -> ParsedDocument:
    blocks = [Block("Services Agreement")]
    for number in range(1, 201):
        if number % 10 == 1:
            blocks.append(Block(f"{number // 10 + 1}. Part", level=1, label=str(number // 10 + 1), heading="Part"))
        text = f"({number}) " + SENTENCE.format(number) * (1 + number % 7)
        if number == edited:
            text = text.replace("five years", "seven years and a day")
        blocks.append(Block(text, level=2, label=f"({number})"))
    return assemble("Agreement", blocks)


@pytest.mark.parametrize("edited", [1, 7, 8, 70, 100, 101, 141, 200])
def test_an_edit_of_one_clause_of_200_changes_one_chunk(edited: int) -> None:
    before = {c.id for c in chunk(DOCUMENT, contract())}
    after = {c.id for c in chunk(DOCUMENT, contract(edited))}
    assert len(after - before) == 1
    assert len(before - after) == 1


def test_a_chunk_is_one_leaf() -> None:
    text = SENTENCE.format(1) * 4
    chunks = cut(
        Block("4 Travel", level=1, label="4", heading="Travel"),
        Block(f"4.1 {text}", level=2, label="4.1"),
        Block(f"4.2 {text}", level=2, label="4.2"),
    )
    assert [c.section.label for c in chunks] == ["4", "4.1", "4.2"]


def test_small_leaves_share_a_chunk_with_the_words_that_introduce_them() -> None:
    chunks = cut(
        Block("3. The Recipient may disclose it:", level=1, label="3"),
        Block("(a) to its staff;", level=2, label="3(a)"),
        Block("(b) to a court.", level=2, label="3(b)"),
        Block("4. " + SENTENCE.format(4) * 5, level=1, label="4"),
    )
    assert chunks[0].section.label == "3"
    assert "".join(c.text for c in chunks if c.section.label in ("3", "3(b)")).endswith("(b) to a court.")
    assert chunks[-1].section.label == "4"


def test_long_leaves_are_split_at_sentence_ends() -> None:
    chunks = cut(Block("".join(SENTENCE.format(n) for n in range(60)), level=1, label="1"))
    assert len(chunks) > 4
    assert all(c.text.endswith("years.") and c.text.startswith("The") for c in chunks)
    assert all(len(c.text) > 400 for c in chunks)


def test_a_table_that_fits_is_not_cut() -> None:
    rows = [Block(f"Role {n} | {n * 100} EUR a night", table=1) for n in range(40)]
    chunks = cut(Block(SENTENCE.format(1) * 6, level=1, label="1"), *rows, Block(SENTENCE.format(2) * 6))
    holders = [c for c in chunks if "EUR a night" in c.text]
    assert len(holders) == 1


def test_a_long_table_repeats_its_header_in_the_search_text_alone() -> None:
    rows = [Block(f"Role {n} | {n * 100} EUR a night", table=1) for n in range(400)]
    chunks = cut(Block("Limits", level=1, heading="Limits"), Block("Role | Limit", table=1), *rows)
    assert len(chunks) > 5
    assert all(c.search_text.startswith("Role | Limit\n") for c in chunks[1:])
    assert sum("Role | Limit" in c.text for c in chunks) == 1
    assert all(c.text.split("\n")[-1].endswith("a night") for c in chunks)


def test_line_end_hyphens_are_joined_in_the_search_text_alone() -> None:
    chunks = cut(Block("The reim-\nbursement is paid.", joins=(8,)))
    assert chunks[0].text == "The reim-\nbursement is paid."
    assert chunks[0].search_text == "The reimbursement is paid."


def test_equal_clauses_get_ids_of_their_own() -> None:
    chunks = cut(*(Block("Reserved.", level=1, label=None, heading="") for _ in range(3)))
    assert len({c.id for c in chunks}) == len(chunks) == 3


def test_an_empty_document_has_no_chunks() -> None:
    assert cut() == ()


CONTRACTS = Path(__file__).resolve().parents[3] / "shared/eval/contractnli/documents"


@pytest.mark.skipif(not CONTRACTS.is_dir(), reason="the evaluation contracts are not here")
def test_real_contracts_keep_every_character() -> None:
    for path in CONTRACTS.glob("*.txt"):
        parsed = parse_text(path.name, path.read_bytes())
        check(parsed, chunk(DOCUMENT, parsed))
