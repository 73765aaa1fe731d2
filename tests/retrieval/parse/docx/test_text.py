"""What of a paragraph is text, and what is left out and said so."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass

import pytest

from retrieval.parse.docx.parser import parse_docx
from retrieval.types import LeftOut
from tests.retrieval.parse.docx.builder import (
    MARK_GONE,
    archive,
    b,
    docx,
    gone,
    heading,
    ins,
    p,
    part,
    row,
    style,
    t,
    tbl,
)

_BEGIN, _MID, _END = (f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>' for kind in ("begin", "separate", "end"))


def _field(instruction: str, result: str) -> str:
    return f"{_BEGIN}<w:r><w:instrText> {instruction} </w:instrText></w:r>{_MID}{result}{_END}"


def _box(content: str) -> str:
    inner = f"<w:txbxContent>{content}</w:txbxContent>"
    choice = f'<mc:Choice Requires="wps"><w:drawing><wps:txbx>{inner}</wps:txbx></w:drawing></mc:Choice>'
    fallback = f"<mc:Fallback><w:pict><v:textbox>{inner}</v:textbox></w:pict></mc:Fallback>"
    return f"<w:r><mc:AlternateContent>{choice}{fallback}</mc:AlternateContent></w:r>"


def _sym(font: str, char: str) -> str:
    return f'<w:r><w:sym w:font="{font}" w:char="{char}"/></w:r>'


@dataclass(frozen=True, slots=True)
class Case:
    name: str
    body: str
    text: str
    left: tuple[str, ...] = ()
    styles: str = ""


OVER_TWO = '<w:tcPr><w:gridSpan w:val="2"/></w:tcPr>'
FROM_HERE = '<w:tcPr><w:vMerge w:val="restart"/></w:tcPr>'
GOES_ON = "<w:tcPr><w:vMerge/></w:tcPr>"
CASES = (
    Case("insertion", p(t("one ") + ins(t("two "))) + p(ins(t("three"))), "one two\nthree"),
    Case("deletion", p(t("one ") + gone("two ") + t("three")), "one three"),
    Case("deleted mark", p("one ", props=MARK_GONE) + p("two"), "one two"),
    Case("deleted paragraph", p(gone("one"), props=MARK_GONE) + p("two"), "two"),
    Case("deleted mark at the end", p("one", props=MARK_GONE), "one"),
    Case("deleted mark before a table", p("one", props=MARK_GONE) + tbl(row("a", "b")), "one\na | b"),
    Case(
        "deleted row",
        tbl(row("a", "b"), row("c", "d", props='<w:del w:id="1"/>'), row("e", "f")),
        "a | b\ne | f",
    ),
    Case("hidden run", p(t("one ") + t("secret ", "<w:vanish/>") + t("two")), "one two", ("hidden text",)),
    Case("hidden off again", p(t("one", '<w:vanish w:val="0"/>')), "one"),
    Case("hidden by a character style", p(t("one") + t("x", '<w:rStyle w:val="Secret"/>')), "one", ("hidden text",)),
    Case(
        "hidden by a paragraph style",
        p("x", "Hush") + p("one"),
        "one",
        ("hidden text",),
        style("Hush", rpr="<w:vanish/>"),
    ),
    Case(
        "hidden twice is shown (17.7.3)",
        p(t("one", '<w:rStyle w:val="Secret"/>'), "Hush"),
        "one",
        (),
        style("Hush", rpr="<w:vanish/>"),
    ),
    Case("white text", p(t("one") + t("x", '<w:color w:val="FFFFFF"/>')), "one", ("hidden text",)),
    Case(
        "white on a filled run",
        p(t("one", '<w:color w:val="FFFFFF"/><w:shd w:val="clear" w:fill="000080"/>')),
        "one",
    ),
    Case(
        "white in a filled cell",
        tbl(
            '<w:tr><w:tc><w:tcPr><w:shd w:val="clear" w:fill="000080"/></w:tcPr>'
            + p(t("one", '<w:color w:val="FFFFFF"/>'))
            + f"</w:tc><w:tc>{p('two')}</w:tc></w:tr>"
        ),
        "one | two",
    ),
    Case("text of one point", p(t("one") + t("x", '<w:sz w:val="2"/>')), "one", ("hidden text",)),
    Case("tab, break and hyphens", p("<w:r><w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:t>c</w:t></w:r>"), "a b\nc"),
    Case("hyphens", p("<w:r><w:t>a</w:t><w:noBreakHyphen/><w:t>b\u00adc</w:t><w:softHyphen/></w:r>"), "a-bc"),
    Case("blanks without xml:space", p("<w:r><w:t>  a </w:t><w:t>b\n</w:t></w:r>"), "ab"),
    Case("symbols", p(_sym("Symbol", "F0B0") + _sym("Wingdings", "F0FE") + _sym("Arial", "00A7")), "°☑§"),
    Case("unknown symbol", p(t("a") + _sym("Webdings", "F061")), "a", ("symbol of an unknown font",)),
    Case("field result", p(t("see ") + _field("REF x", t("4.2"))), "see 4.2"),
    Case("nested fields", p(_field("IF 1 = 1", t("yes ") + _field("REF x", t("4.2")))), "yes 4.2"),
    Case("simple field", p('<w:fldSimple w:instr=" PAGE ">' + t("7") + "</w:fldSimple>"), "7"),
    Case(
        "field without an end",
        p(_BEGIN + "<w:r><w:instrText>REF</w:instrText></w:r>" + t("one")) + p("two"),
        "one\ntwo",
    ),
    Case(
        "contents field over paragraphs",
        p(_BEGIN + "<w:r><w:instrText>TOC \\o</w:instrText></w:r>" + _MID + t("Hotels 4"))
        + p("Meals 5")
        + p(_END + t("one")),
        "one",
        ("table of contents",),
    ),
    Case(
        "contents control",
        '<w:sdt><w:sdtPr><w:docPartObj><w:docPartGallery w:val="Table of Contents"/></w:docPartObj></w:sdtPr>'
        f"<w:sdtContent>{p('Hotels 4')}</w:sdtContent></w:sdt>" + p("one"),
        "one",
        ("table of contents",),
    ),
    Case("contents style", p("Hotels 4", "Toc") + p("one"), "one", ("table of contents",), style("Toc", name="toc 1")),
    Case(
        "computed number field",
        p(_BEGIN + "<w:r><w:instrText>LISTNUM</w:instrText></w:r>" + _END + t("a")),
        "a",
        ("automatic number field",),
    ),
    Case("linked text", p(_field("INCLUDETEXT other.docx", t("stored"))), "stored", ("linked file, not opened",)),
    Case(
        "tick box",
        p(
            '<w:r><w:fldChar w:fldCharType="begin"><w:ffData><w:checkBox><w:checked/></w:checkBox></w:ffData>'
            "</w:fldChar></w:r><w:r><w:instrText>FORMCHECKBOX</w:instrText></w:r>" + _END + t(" yes")
        ),
        "☒ yes",
    ),
    Case(
        "content controls",
        f"<w:sdt><w:sdtContent>{p('<w:sdt><w:sdtContent>' + t('one') + '</w:sdtContent></w:sdt>')}"
        "</w:sdtContent></w:sdt>",
        "one",
    ),
    Case(
        "hyperlink and bookmark",
        p('<w:bookmarkStart w:id="0" w:name="x"/><w:hyperlink r:id="r">' + t("one") + "</w:hyperlink>"),
        "one",
    ),
    Case("text box once", p(t("one") + _box(p("boxed"))) + p("two"), "one\nboxed\ntwo"),
    Case("image", p(t("one") + "<w:r><w:drawing><a:blip/></w:drawing></w:r>"), "one", ("image",)),
    Case(
        "embedded object", p("<w:r><w:object><o:OLEObject/></w:object></w:r>" + t("one")), "one", ("embedded object",)
    ),
    Case("comment", p(t("one") + '<w:r><w:commentReference w:id="0"/></w:r>'), "one", ("comment",)),
    Case("formula", p("<m:oMath><m:r><m:t>x=1</m:t></m:r></m:oMath>"), "x=1"),
    Case("document chunk", '<w:altChunk r:id="r9"/>' + p("one"), "one", ("embedded document chunk",)),
    Case("drop cap", p("T", props='<w:framePr w:dropCap="drop"/>') + p("he end"), "The end"),
    Case("table of one column", tbl(row("one"), row("two")), "one\ntwo"),
    Case(
        "merged columns",
        tbl(row(f"{OVER_TWO}{p('Costs')}", "2022"), row("a", "b", "c")),
        "Costs | Costs | 2022\na | b | c",
    ),
    Case(
        "merged rows",
        tbl(row(f"{FROM_HERE}{p('Costs')}", "35"), row(f"{GOES_ON}{p('')}", "36")),
        "Costs | 35\nCosts | 36",
    ),
    Case(
        "merged rows that end",
        tbl(row(f"{FROM_HERE}{p('a')}", "1"), row(f"{GOES_ON}{p('')}", "2"), row("b", "3")),
        "a | 1\na | 2\nb | 3",
    ),
    Case("columns left out before", tbl(row("x", "y"), row("z", props='<w:gridBefore w:val="1"/>')), "x | y\n| z"),
    Case("a span of any size", tbl(row(f'<w:tcPr><w:gridSpan w:val="-3"/></w:tcPr>{p("a")}', "b")), "a | b"),
    Case("cell paragraphs", tbl(row(p("a") + p("b"), "c"), row("", "d")), "a b | c\n| d"),
    Case("empty rows", tbl(row("", ""), row("a", "b")), "a | b"),
    Case("nested table", tbl(row(p("a") + tbl(row("b", "c")) + p("d"), "e")), "a b|c d | e"),
    Case("hidden row", tbl(row("a", "b", props="<w:hidden/>"), row("c", "d")), "c | d", ("hidden table row",)),
)


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_text_is_what_word_shows(case: Case) -> None:
    parsed = parse_docx("x.docx", docx(case.body, styles=case.styles))
    assert parsed.text == case.text
    assert tuple(item.what for item in parsed.left_out) == case.left


def _notes(kind: str, *texts: str) -> dict[str, str]:
    made = "".join(f'<w:{kind} w:id="{n}">{p(text)}</w:{kind}>' for n, text in enumerate(texts, 1))
    return {f"{kind}s": part(f"{kind}s", made)}


def _reference(kind: str, note_id: int) -> str:
    return f'<w:r><w:{kind}Reference w:id="{note_id}"/></w:r>'


def test_footnotes_follow_the_paragraph_that_refers_to_them() -> None:
    body = (
        p(t("one") + _reference("footnote", 2) + t(" two") + _reference("footnote", 1))
        + p(gone("x").replace("</w:del>", _reference("footnote", 1) + "</w:del>") + t("three"))
        + tbl(row(p(t("a") + _reference("footnote", 3)), "b"), row("c", "d"))
        + p("four")
    )
    parsed = parse_docx("x.docx", docx(body, parts=_notes("footnote", "first", "second", "third")))
    assert parsed.text == "one[1] two[2]\n[1] second\n[2] first\nthree\na[3] | b\nc | d\n[3] third\nfour"
    assert [parsed.text[s:e] for s, e in parsed.atomic] == ["a[3] | b\nc | d"]


def test_a_note_that_many_refer_to_is_said_once() -> None:
    """Word writes each note of its own; a few kilobytes that name a long one often were read for minutes."""
    body = p(t("one") + _reference("footnote", 1)) + p(t("two") + _reference("footnote", 1) + _reference("footnote", 2))
    parsed = parse_docx("x.docx", docx(body, parts=_notes("footnote", "first", "second")))
    assert (parsed.text.count("first"), parsed.text.count("second")) == (1, 1)


def test_endnotes_count_in_roman_numerals() -> None:
    body = p(t("one") + _reference("endnote", 1)) + p(t("two") + _reference("endnote", 2))
    parsed = parse_docx("x.docx", docx(body, parts=_notes("endnote", "first", "second")))
    assert parsed.text == "one[i]\n[i] first\ntwo[ii]\n[ii] second"


def test_note_numbers_follow_the_settings() -> None:
    settings = part("settings", '<w:footnotePr><w:numFmt w:val="upperLetter"/><w:numStart w:val="3"/></w:footnotePr>')
    parts = _notes("footnote", "first") | {"settings": settings}
    parsed = parse_docx("x.docx", docx(p(t("one") + _reference("footnote", 1)), parts=parts))
    assert parsed.text == "one[C]\n[C] first"


def test_what_stands_beside_the_text_is_reported_and_not_followed() -> None:
    rel = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    content = docx(
        p("one"),
        parts={
            "header": part("hdr", p("Confidential")),
            "footer": part("ftr", p("")),
            "settings": part("settings", '<w:attachedTemplate r:id="t1"/>'),
        },
        extra={
            "word/_rels/settings.xml.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/'
            f'relationships"><Relationship Id="t1" Type="{rel}/attachedTemplate" '
            'Target="http://127.0.0.1:9/evil.dotm" TargetMode="External"/></Relationships>',
            "word/vbaProject.bin": b"\x00",
        },
        relations=f'<Relationship Id="i1" Type="{rel}/image" Target="http://127.0.0.1:9/x.png" TargetMode="External"/>',
    )
    parsed = parse_docx("x.docx", content)
    assert parsed.text == "one"
    assert set(parsed.left_out) == {
        LeftOut("header and footer", "page headers"),
        LeftOut("external template, not opened", "document"),
        LeftOut("linked image, not opened", "document"),
        LeftOut("macro", "document"),
    }


def test_what_is_left_out_is_named_with_its_section() -> None:
    body = p(t("x", "<w:vanish/>")) + p("2 Hotels", "Heading1") + p("1 Hotels", "Heading1") + p(t("y", "<w:vanish/>"))
    parsed = parse_docx("x.docx", docx(body))
    assert parsed.left_out == (LeftOut("hidden text", "beginning"), LeftOut("hidden text", "Section 1"))


@pytest.mark.parametrize(
    ("name", "core", "body", "expected"),
    [
        ("core properties", "The Lease", p("Other", "Title") + p("Third", "Heading1"), "The Lease"),
        ("title style", "", p("Other", "Title") + p("Third", "Heading1"), "Other"),
        ("first heading", " ", p("text") + p("Third", "Heading1"), "Third"),
        ("bold first line", "", p(b("Lease")) + p("Third", "Heading1"), "Lease"),
        ("capitals in the first line", "", p("LEASE AGREEMENT") + p("1. Rent", "Heading1"), "LEASE AGREEMENT"),
        ("a numbered heading is no title", "", p("text") + p("1 Third", "Heading1"), "lease-2026"),
        ("file name", "", p("This is all there is of it."), "lease-2026"),
    ],
)
def test_title(name: str, core: str, body: str, expected: str) -> None:
    assert parse_docx("lease-2026.docx", docx(body, title=core)).title == expected, name


def test_strict_documents_read_like_transitional_ones() -> None:
    strict = docx(p("1 Hotels", "Heading1") + p("text"), title="T")
    loose = parse_docx("x.docx", strict)
    names = {
        b"http://schemas.openxmlformats.org/wordprocessingml/2006/main": b"http://purl.oclc.org/ooxml/wordprocessingml/main",
        b"http://schemas.openxmlformats.org/officeDocument/2006/relationships": b"http://purl.oclc.org/ooxml/officeDocument/"
        b"relationships",
    }
    assert parse_docx("x.docx", _renamed(strict, names)) == loose
    assert loose.sections[0].label == "1"


def _renamed(content: bytes, names: dict[bytes, bytes]) -> bytes:
    members: dict[str, str | bytes] = {}
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        for info in packed.infolist():
            data = packed.read(info)
            for old, new in names.items():
                data = data.replace(old, new)
            members[info.filename] = data
    return archive(members)


HEADINGS = (
    ("heading style", p("4 Hotels.", "Heading1"), "Hotels"),
    ("bold lead-in", p(b("1.") + b(" Hotels.") + t(" The guest pays.")), "Hotels"),
    ("bold lead-in before a colon", p(t("1. ") + b("Hotels") + t(": the guest pays.")), "Hotels"),
    ("underlined lead-in", p(t("1. ") + t("Hotels", '<w:u w:val="single"/>') + t(". The guest pays.")), "Hotels"),
    ("capitals", p("1. HOTELS AND INNS. The guest pays."), "HOTELS AND INNS"),
    ("short title", p("1. Hotels and Inns"), "Hotels and Inns"),
    ("bold term, no heading", p(t("1. ") + b("“Guest”") + t(" means a person.")), ""),
    ("sentence, no heading", p("1. The guest pays."), ""),
)


@pytest.mark.parametrize(("name", "body", "expected"), HEADINGS, ids=[h[0] for h in HEADINGS])
def test_headings_of_clauses(name: str, body: str, expected: str) -> None:
    first = "" if body.startswith("<w:p><w:pPr>") else body
    follow = p("2. The next clause follows here.") if first else ""
    parsed = parse_docx("x.docx", docx(body.replace("4 Hotels", "1 Hotels") + follow))
    assert (parsed.sections[0].label, parsed.sections[0].heading) == ("1", expected)


def test_the_title_of_an_article_stands_on_the_next_line() -> None:
    body = p("ARTICLE I") + p("DEFINITIONS") + p("Section 1.01. ") + p("As used here.") + p("ARTICLE II") + p("Text.")
    parsed = parse_docx("x.docx", docx(body))
    assert [(s.label, s.heading) for s in parsed.sections][:1] == [("ARTICLE I", "DEFINITIONS")]
    assert [s.heading for s in parsed.sections if s.label == "ARTICLE II"] == [""]


def test_a_numbered_heading_in_a_table_opens_a_section() -> None:
    numbering = (
        '<w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0"><w:start w:val="1"/><w:lvlText w:val="%1."/></w:lvl>'
        '</w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>'
    )
    body = tbl(row(p("Hotels", "Heading1"), "Hotels (de)"), row("The guest pays.", "Der Gast zahlt."))
    parsed = parse_docx("x.docx", docx(body, numbering, heading(1, 1), headings=False))
    assert [(s.label, s.heading) for s in parsed.sections] == [("1", "Hotels")]
    assert parsed.text == "1. Hotels | Hotels (de)\nThe guest pays. | Der Gast zahlt."
