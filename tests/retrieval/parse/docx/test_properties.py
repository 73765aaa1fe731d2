"""Random documents: offsets are exact, and every section begins with its number or heading."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from retrieval.errors import DocumentUnreadable
from retrieval.parse.docx.parser import parse_docx
from tests.fuzz import tries
from tests.retrieval.parse.docx.builder import (
    MARK_GONE,
    MARK_HIDDEN,
    abstract,
    b,
    docx,
    gone,
    heading,
    ins,
    lvl,
    num,
    p,
    row,
    t,
    tbl,
)

_NUMBERING = (
    abstract(
        0,
        lvl(0, "upperRoman", "Article %1.", '<w:pStyle w:val="Heading1"/>'),
        lvl(1, "decimalZero", "Section %1.%2", '<w:pStyle w:val="Heading2"/><w:isLgl/>'),
        lvl(2, "lowerLetter", "(%3)"),
        lvl(3, "lowerRoman", "%4)"),
    )
    + abstract(1, lvl(0, "decimal", "%1."), lvl(1, "bullet", "\uf0b7"))
    + num(1, 0)
    + num(2, 1)
    + num(3, 1, '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/></w:lvlOverride>')
)
_STYLES = heading(1, 1) + heading(2, 1, 1) + heading(3)
_TEXT = st.text(
    alphabet=st.one_of(st.sampled_from(" .:;(abAB12\u00a0é€𝄞"), st.characters(codec="utf-8", exclude_categories=["C"])),
    max_size=30,
)
_RUN = st.builds(lambda make, text: make(text), st.sampled_from([t, b, gone, lambda x: ins(t(x))]), _TEXT)
_NUMBERS = st.sampled_from([None, None, (1, 0), (1, 1), (1, 2), (1, 3), (2, 0), (2, 1), (3, 0), (0, 0), (9, 9)])
_TYPED = st.sampled_from(["", "", "1. ", "2. ", "1.1 ", "1.2 ", "(a) ", "(b) ", "(i) ", "Article I ", "Section 2 "])
_PARAGRAPH = st.builds(
    lambda typed, runs, style, number, props: p((t(typed) if typed else "") + "".join(runs), style, number, props),
    _TYPED,
    st.lists(_RUN, max_size=3),
    st.sampled_from(["", "", "", "Heading1", "Heading2", "Heading3", "Title"]),
    _NUMBERS,
    st.sampled_from(["", "", "", MARK_GONE, MARK_HIDDEN]),
)
_TABLE = st.lists(st.lists(_PARAGRAPH, min_size=1, max_size=3), min_size=1, max_size=3).map(
    lambda rows: tbl(*(row(*cells) for cells in rows))
)
_BODY = st.lists(st.one_of(_PARAGRAPH, _PARAGRAPH, _PARAGRAPH, _TABLE), max_size=12).map("".join)


@tries(150)
@given(_BODY)
def test_sections_begin_with_what_they_are_called(body: str) -> None:
    parsed = parse_docx("x.docx", docx(body, _NUMBERING, _STYLES, headings=False))
    for section in parsed.sections:
        text = parsed.text[section.start : section.end]
        flat = " ".join(text.split())
        assert section.heading in flat
        own = (section.label or "").rpartition(", ")[2]
        if own:
            # The displayed number stands in the first words: "Section 1.02", "(b)" of "1.02(b)".
            shown = " ".join(text.split(" ")[:4])
            assert own in shown or own.rpartition("(")[2].rstrip(")") in shown or own.rpartition(".")[2] in shown
        if section.heading and not own:
            # At most marks stand before it: a bullet, the colon of a heading ":0".
            assert not any(c.isalnum() for c in flat[: flat.index(section.heading)])


@tries(80)
@given(_BODY)
def test_offsets_are_exact(body: str) -> None:
    parsed = parse_docx("x.docx", docx(body, _NUMBERING, _STYLES, headings=False))
    lines = {0, *(i + 1 for i, c in enumerate(parsed.text) if c == "\n")}
    before = -1
    for section in parsed.sections:
        assert 0 <= section.start <= section.end <= len(parsed.text)
        assert section.start in lines
        assert section.end == len(parsed.text) or parsed.text[section.end] == "\n"
        assert section.start > before
        before = section.start
    for start, end in parsed.atomic:
        assert 0 <= start < end <= len(parsed.text)
        assert start in lines
    assert "\t" not in parsed.text
    assert len({s.id for s in parsed.sections}) == len(parsed.sections)


@tries(40)
@given(_BODY)
def test_reading_is_repeatable(body: str) -> None:
    content = docx(body, _NUMBERING, _STYLES, headings=False)
    assert parse_docx("x.docx", content) == parse_docx("x.docx", content)


@tries(40)
@given(st.binary(max_size=200), st.integers(0, 5000))
def test_flipped_bytes_end_in_an_error_or_a_document(noise: bytes, at: int) -> None:
    content = bytearray(docx(p("1 Hotels", "Heading1") + p("text"), _NUMBERING))
    at %= len(content)
    content[at : at + len(noise)] = noise
    try:
        parsed = parse_docx("x.docx", bytes(content))
    except DocumentUnreadable as error:
        assert str(error)
    else:
        assert all(s.end <= len(parsed.text) for s in parsed.sections)
