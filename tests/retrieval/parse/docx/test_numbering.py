"""Number formats and single rules of ECMA-376 Part 1, 17.9."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.parse.clauses.counting import letters, roman, unletters, unroman
from retrieval.parse.docx.formats import format_count
from retrieval.parse.docx.parser import parse_docx
from tests.retrieval.parse.docx.builder import abstract, docx, lvl, num, p, part, restart, style, t

FORMATS = (
    ("decimal", 12, "12"),
    ("decimalZero", 7, "07"),
    ("decimalZero", 117, "117"),
    ("lowerRoman", 1994, "mcmxciv"),
    ("upperRoman", 49, "XLIX"),
    ("lowerLetter", 26, "z"),
    ("lowerLetter", 27, "aa"),
    ("lowerLetter", 28, "bb"),
    ("upperLetter", 53, "AAA"),
    ("ordinal", 1, "1st"),
    ("ordinal", 12, "12th"),
    ("ordinal", 22, "22nd"),
    ("ordinal", 113, "113th"),
    ("cardinalText", 21, "Twenty-one"),
    ("cardinalText", 340, "Three hundred forty"),
    ("cardinalText", 12_012, "Twelve thousand twelve"),
    ("ordinalText", 1, "First"),
    ("ordinalText", 12, "Twelfth"),
    ("ordinalText", 20, "Twentieth"),
    ("ordinalText", 25, "Twenty-fifth"),
    ("ordinalText", 100, "One hundredth"),
    ("hex", 255, "FF"),
    ("none", 3, ""),
    ("bullet", 3, ""),
    ("chicago", 2, "†"),
    ("chicago", 5, "**"),
    ("decimalEnclosedCircle", 3, "③"),
    ("decimalEnclosedCircle", 21, None),
    ("decimalEnclosedParen", 2, "⑵"),
    ("numberInDash", 4, "- 4 -"),
    ("russianLower", 3, "в"),
    ("chineseCounting", 21, "二十一"),
    ("japaneseCounting", 10, "十"),
    ("decimalFullWidth", 10, "１０"),
    ("thaiLetters", 1, None),
    ("lowerRoman", 0, None),
)


@pytest.mark.parametrize(("name", "count", "expected"), FORMATS)
def test_number_formats(name: str, count: int, expected: str | None) -> None:
    assert format_count(count, name) == expected


def test_custom_formats_pad_with_zeros() -> None:
    assert format_count(7, "custom", "001, 002, 003, ...") == "007"
    assert format_count(7, "custom", "a, ç, ĝ, ...") is None


def test_words_are_known_in_english_alone() -> None:
    assert format_count(3, "ordinalText", language="en-GB") == "Third"
    assert format_count(3, "ordinalText", language="de-DE") is None


@given(st.integers(1, 3999))
def test_roman_numerals_can_be_read_back(count: int) -> None:
    assert unroman(roman(count)) == count
    assert unletters(letters(count)) == count


@dataclass(frozen=True, slots=True)
class Case:
    name: str
    numbering: str
    body: str
    lines: tuple[str, ...]
    styles: str = ""


_ONE = num(1, 0)
CASES = (
    Case("start omitted is zero (17.9.25)", abstract(0, lvl(0, "decimal", "%1.", start=None)) + _ONE,
         p("a", num=(1, 0)) + p("b", num=(1, 0)), ("0. a", "1. b")),
    Case("numId 0 takes a number away (17.9.18)", abstract(0, lvl(0, "decimal", "%1.")) + _ONE,
         p("a", "N") + p("b", "N", (0, 0)) + p("c", "N"), ("1. a", "b", "2. c"),
         style("N", '<w:numPr><w:numId w:val="1"/></w:numPr>')),
    Case("style inheritance", abstract(0, lvl(0, "decimal", "%1."), lvl(1, "lowerLetter", "(%2)")) + _ONE,
         p("a", "N") + p("b", "M"), ("1. a", "(a) b"),
         style("N", '<w:numPr><w:numId w:val="1"/></w:numPr>')
         + style("M", '<w:numPr><w:ilvl w:val="1"/></w:numPr>', based="N")),
    Case("instances count on together", abstract(0, lvl(0, "decimal", "%1.")) + _ONE + num(2, 0),
         p("a", num=(1, 0)) + p("b", num=(2, 0)) + p("c", num=(1, 0)), ("1. a", "2. b", "3. c")),
    Case("an override restarts once (17.9.26)", abstract(0, lvl(0, "decimal", "%1.")) + _ONE + num(2, 0, restart(0, 7)),
         p("a", num=(1, 0)) + p("b", num=(2, 0)) + p("c", num=(2, 0)), ("1. a", "7. b", "8. c")),
    Case("an override is a level's start ever after", abstract(0, lvl(0, "decimal", "%1."), lvl(1, "decimal", "%1.%2"))
         + num(1, 0, restart(1, 5)),
         p("a", num=(1, 0)) + p("b", num=(1, 1)) + p("c", num=(1, 0)) + p("d", num=(1, 1)),
         ("1. a", "1.5 b", "2. c", "2.5 d")),
    Case("isLgl (17.9.4)", abstract(0, lvl(0, "upperRoman", "%1"), lvl(1, "lowerLetter", "%1.%2", "<w:isLgl/>")) + _ONE,
         p("a", num=(1, 0)) + p("b", num=(1, 1)), ("I a", "1.1 b")),
    Case("isLgl off",
         abstract(0, lvl(0, "upperRoman", "%1"), lvl(1, "decimal", "%1.%2", '<w:isLgl w:val="0"/>')) + _ONE,
         p("a", num=(1, 0)) + p("b", num=(1, 1)), ("I a", "I.1 b")),
    Case("format none prints nothing", abstract(0, lvl(0, "none", "%1"), lvl(1, "decimal", "%1%2.")) + _ONE,
         p("a", num=(1, 0)) + p("b", num=(1, 1)), ("a", "1. b")),
    Case("suffix nothing (17.9.28)", abstract(0, lvl(0, "decimal", "§%1:", '<w:suff w:val="nothing"/>')) + _ONE,
         p("a", num=(1, 0)), ("§1:a",)),
    Case("a deeper level restarts after any above",
         abstract(0, *(lvl(d, "decimal", f"%{d + 1}.") for d in range(3))) + _ONE,
         "".join(p(c, num=(1, d)) for c, d in zip("abcdefg", (0, 1, 2, 2, 1, 2, 0), strict=True)) + p("h", num=(1, 1)),
         ("1. a", "1. b", "1. c", "2. d", "2. e", "1. f", "2. g", "1. h")),
    Case("a level that was skipped counts as begun",
         abstract(0, lvl(0, "decimal", "%1"), lvl(1, "decimal", "%1.%2"), lvl(2, "decimal", "%1.%2.%3")) + _ONE,
         p("a", num=(1, 0)) + p("b", num=(1, 2)) + p("c", num=(1, 1)) + p("d", num=(1, 2)),
         ("1 a", "1.1.1 b", "1.2 c", "1.2.1 d")),
    Case("a list without its head", abstract(0, lvl(0, "upperLetter", "%1."), lvl(1, "decimal", "%2.")) + _ONE,
         p("a", num=(1, 1)) + p("b", num=(1, 1)) + p("c", num=(1, 0)), ("1. a", "2. b", "B. c")),
    Case("a linked list counts apart (17.9.21)",
         abstract(0, lvl(0, "decimal", "%1."), link='<w:styleLink w:val="L"/>')
         + abstract(1, link='<w:numStyleLink w:val="L"/>') + _ONE + num(2, 1),
         p("a", num=(1, 0)) + p("b", num=(2, 0)) + p("c", num=(1, 0)), ("1. a", "1. b", "2. c"),
         '<w:style w:type="numbering" w:styleId="L"><w:name w:val="L"/><w:pPr><w:numPr><w:numId w:val="1"/></w:numPr>'
         '</w:pPr></w:style>'),
    Case("bullets", abstract(0, lvl(0, "bullet", "–"), lvl(1, "bullet", "\uf0a7")) + _ONE,
         p("a", num=(1, 0)) + p("b", num=(1, 1)), ("– a", "• b")),
    Case("a hidden number",
         abstract(0, lvl(0, "decimal", "%1.").replace("</w:lvl>", "<w:rPr><w:vanish/></w:rPr></w:lvl>")) + _ONE,
         p("a", num=(1, 0)), ("a",)),
    Case("a level that is not there", abstract(0, lvl(0, "decimal", "%1.")) + _ONE, p("a", num=(1, 4)), ("a",)),
    Case("a list that is not there", abstract(0, lvl(0, "decimal", "%1.")) + _ONE, p("a", num=(9, 0)), ("a",)),
    Case("an unknown format prints nothing", abstract(0, lvl(0, "thaiLetters", "%1.")) + _ONE,
         p("a", num=(1, 0)), ("a",)),
)  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_displayed_numbers(case: Case) -> None:
    parsed = parse_docx("x.docx", docx(case.body, case.numbering, case.styles))
    assert tuple(parsed.text.split("\n")) == case.lines


def test_text_boxes_and_notes_count_their_lists_apart() -> None:
    numbering = abstract(0, lvl(0, "decimal", "%1.")) + _ONE
    box = f"<w:r><w:pict><v:textbox><w:txbxContent>{p('boxed', num=(1, 0))}</w:txbxContent></v:textbox></w:pict></w:r>"
    refer = "".join(f'<w:r><w:footnoteReference w:id="{n}"/></w:r>' for n in (1, 2))
    notes = "".join(f'<w:footnote w:id="{n}">{p("noted", num=(1, 0))}</w:footnote>' for n in (1, 2))
    body = p("a", num=(1, 0)) + p(t("b") + box + box + refer, num=(1, 0)) + p("c", num=(1, 0))
    parsed = parse_docx("x.docx", docx(body, numbering, parts={"footnotes": part("footnotes", notes)}))
    assert parsed.text.split("\n") == [
        "1. a", "2. b[1][2]", "1. boxed", "1. boxed", "[1] 1. noted", "[2] 2. noted", "3. c",
    ]  # fmt: skip


def test_a_number_in_an_unknown_format_is_reported() -> None:
    parsed = parse_docx("x.docx", docx(p("a", num=(1, 0)), abstract(0, lvl(0, "thaiLetters", "%1.")) + _ONE))
    assert [item.what for item in parsed.left_out] == ["number in a format we cannot print"]
    assert parsed.sections[0].label is None
