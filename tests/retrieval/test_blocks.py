"""Blocks in, exact slices out."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.parse.blocks import Block, assemble, from_spans
from retrieval.types import ParsedDocument


@st.composite
def blocks(draw: st.DrawFn) -> list[Block]:
    made = []
    for number in range(draw(st.integers(0, 15))):
        level = draw(st.one_of(st.none(), st.integers(1, 4)))
        label = draw(st.sampled_from((None, f"{number}", "1")))
        text = draw(st.text(st.sampled_from("ab \n\t漢-"), max_size=12))
        locator = draw(st.sampled_from((None, f"line {number}")))
        table = draw(st.sampled_from((None, 1, 2)))
        made.append(Block(text, level=level, label=label, heading=label or "", locator=locator, table=table))
    return made


def check(parsed: ParsedDocument) -> None:
    for section in parsed.sections:
        assert 0 <= section.start < section.end <= len(parsed.text)
    for before, after in pairwise(parsed.sections):
        assert before.start < after.start
        assert after.end <= before.end or before.end <= after.start
    assert len({s.id for s in parsed.sections}) == len(parsed.sections)
    for one, two in pairwise(parsed.places):
        assert one.start < one.end <= two.start
    for first, last in pairwise(parsed.atomic):
        assert first[0] < first[1] <= last[0]


@given(blocks())
def test_sections_and_places_are_slices(given_blocks: list[Block]) -> None:
    parsed = assemble("Any", given_blocks)
    kept = [b for b in given_blocks if b.text.strip()]
    assert parsed.text == "\n".join(b.text for b in kept)
    opening = [b for n, b in enumerate(kept) if n == 0 or b.level is not None]
    assert len(opening) == len(parsed.sections)
    for block, section in zip(opening, parsed.sections, strict=True):
        assert parsed.text.startswith(block.text, section.start)
    check(parsed)


@given(blocks(), st.sampled_from(("", "\n", "\n\n  ")), st.sampled_from(("\n", "\n \n\n", "\t")))
def test_from_spans_cuts_a_text_as_assemble_does(given_blocks: list[Block], lead: str, gap: str) -> None:
    kept = [b for b in given_blocks if b.text.strip()]
    text, spans = lead, []
    for block in kept:
        spans.append((len(text), block))
        text += block.text + gap
    parsed, other = from_spans("Any", text, spans), assemble("Any", kept)
    assert parsed.text == text
    assert [(s.id, s.path, s.label, s.anchor) for s in parsed.sections] == [
        (s.id, s.path, s.label, s.anchor) for s in other.sections
    ]
    assert [text[p.start : p.end].split() for p in parsed.places] == [
        other.text[p.start : p.end].split() for p in other.places
    ]
    check(parsed)


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("one two", [(0, Block("one"))]),  # text after the last block
        ("one two", [(4, Block("two"))]),  # text before the first
        ("one two", [(0, Block("one")), (3, Block("two"))]),  # not where it says
        ("one two", [(4, Block("two")), (0, Block("one"))]),  # not in order
    ],
    ids=["rest", "start", "offset", "order"],
)
def test_from_spans_refuses_what_is_not_the_text(text: str, spans: list[tuple[int, Block]]) -> None:
    with pytest.raises(ValueError, match="offset"):
        from_spans("Any", text, spans)


def test_paths_pages_and_anchors() -> None:
    parsed = assemble(
        "Policy",
        [
            Block("Foreword", page=1),
            Block("4 Travel", level=1, label="4", heading="Travel", page=1),
            Block("4.2 Hotels", level=2, label="4.2", heading="Hotels", page=2, anchor="#hotels"),
            Block("At most 180 EUR.", page=3),
            Block("5 Meals", level=1, label="5", heading="Meals", page=3),
        ],
    )
    assert [(s.label, s.path, s.page_start, s.page_end, s.anchor) for s in parsed.sections] == [
        (None, (), 1, 1, "#page=1"),
        ("4", ("4 Travel",), 1, 3, "#page=1"),
        ("4.2", ("4 Travel", "4.2 Hotels"), 2, 3, "#hotels"),
        ("5", ("5 Meals",), 3, 3, "#page=3"),
    ]
    assert parsed.text[parsed.sections[1].start : parsed.sections[1].end] == "4 Travel\n4.2 Hotels\nAt most 180 EUR."


def test_ids_survive_an_edit_of_the_text() -> None:
    def ids(text: str) -> list[str]:
        return [s.id for s in assemble("T", [Block(text, level=1, label="1"), Block("x", level=1, label="2")]).sections]

    assert ids("old words") == ids("new and longer words")
