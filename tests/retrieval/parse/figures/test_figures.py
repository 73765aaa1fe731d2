"""A figure in the canonical text is a figure of the document, in every format."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from retrieval.parse.docx.parser import parse_docx
from retrieval.parse.formats import parse_content
from retrieval.parse.pdf.unreadable import scrambled
from tests.retrieval.parse.docx.builder import docx, p, part, style, t
from tests.retrieval.parse.figures.making import FORMATS, Run, down, up

_NOTED = (up("1"), Run(" Excluding VAT of any kind."))
CASES: dict[str, tuple[Sequence[Run], str]] = {
    "a note after a sum": ((Run("The fee is EUR 1,200"), up("1"), Run(" a year.")), "The fee is EUR 1,200[1] a year."),
    "a note at the end": ((Run("The fee is EUR 1,200."), up("1")), "The fee is EUR 1,200.[1]"),
    "two notes": ((Run("EUR 1,200"), up("1, 2"), Run(" a year")), "EUR 1,200[1, 2] a year"),
    "a note in brackets": ((Run("EUR 1,200"), up("(1)"), Run(" a year")), "EUR 1,200[1] a year"),
    "a note of a word": ((Run("12 per cent"), up("1"), Run(" of turnover")), "12 per cent[1] of turnover"),
    "a note of a clause": ((Run("under paragraph 4"), up("1"), Run(" above")), "under paragraph 4[1] above"),
    "a square metre": ((Run("an area of 30 m"), up("2"), Run(" or more")), "an area of 30 m² or more"),
    "a power": ((Run("a factor of 1.05"), up("2"), Run(" a year")), "a factor of 1.05^2 a year"),
    "a power of ten": ((Run("about 10"), up("6"), Run(" units")), "about 10^6 units"),
    "a negative power": ((Run("about 10"), up("-6"), Run(" units")), "about 10^-6 units"),
    "a discount": ((Run("divided by (1 + 0.04)"), up("3"), Run(" today")), "divided by (1 + 0.04)^3 today"),
    "a gas": ((Run("per ton of CO"), down("2"), Run(" emitted")), "per ton of CO₂ emitted"),
    "an index": ((Run("the rate r"), down("1"), Run("2 of the table")), "the rate r₁ 2 of the table"),
    "a fraction": ((Run("at 5"), up("1"), Run("/"), down("2"), Run(" per cent")), "at 5 1/2 per cent"),
    "an ordinal": ((Run("the 1"), up("st"), Run(" of May")), "the 1st of May"),
    "a trade mark": ((Run("the Acme"), up("TM"), Run(" engine")), "the AcmeTM engine"),
    "a star": ((Run("EUR 1,200"), up("*"), Run(" a year")), "EUR 1,200[*] a year"),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", FORMATS)
def test_raised_and_lowered_type(name: str, case: str) -> None:
    runs, shown = CASES[case]
    parsed = parse_content(name, FORMATS[name]([runs, [Run("It is so.")], _NOTED]))
    assert shown in parsed.text
    assert "[1] Excluding VAT of any kind." in parsed.text.split("\n")
    assert not re.search("[\ufdd0-\ufdef]", parsed.text + parsed.title)


PRICES: dict[str, tuple[Sequence[Run], str]] = {
    "cents": ((Run("It costs $1"), up("50"), Run(" a piece.")), "It costs $1.50 a piece."),
    "a sign behind": ((Run("It costs 1.299"), up("99"), Run(" € each.")), "It costs 1.299,99 € each."),
    "with their mark": ((Run("It costs EUR 1"), up(",50"), Run(" a piece.")), "It costs EUR 1,50 a piece."),
    "no price": ((Run("Under rule 1"), up("50"), Run(" it is so.")), "Under rule 1[50] it is so."),
}


@pytest.mark.parametrize("case", PRICES)
@pytest.mark.parametrize("name", FORMATS)
def test_raised_cents_are_no_note(name: str, case: str) -> None:
    runs, shown = PRICES[case]
    assert shown in parse_content(name, FORMATS[name]([[Run("Begin here.")], runs])).text


@pytest.mark.parametrize("name", FORMATS)
def test_a_late_note_after_a_sum_is_no_cents(name: str) -> None:
    lines = [[Run("A fee"), up("1"), Run(" is due.")], [Run("It is EUR 1,200"), up("12"), Run(" a year.")]]
    assert "It is EUR 1,200[12] a year." in parse_content(name, FORMATS[name](lines)).text


@pytest.mark.parametrize("name", ["a.html", "a.md"])
@pytest.mark.parametrize(
    "marks",
    ["<sup>1</sup><sup>2</sup>", "<sup>1</sup> <sup>2</sup>", '<sup><a href="#a">1</a><a href="#b">2</a></sup>'],
)
def test_marks_in_elements_of_their_own_are_two(name: str, marks: str) -> None:
    text = parse_content(name, f"The fee is EUR 1,200{marks} a year.".encode()).text
    assert text.replace("] [", "][") == "The fee is EUR 1,200[1][2] a year."


@pytest.mark.parametrize("name", FORMATS)
def test_a_mark_leads_to_its_note(name: str) -> None:
    runs, _ = CASES["a note after a sum"]
    parsed = parse_content(name, FORMATS[name]([runs, [Run("It is so.")], _NOTED]))
    assert [(parsed.text[a:b], parsed.text[c:d]) for a, b, c, d in parsed.notes] == [
        ("[1]", "[1] Excluding VAT of any kind.")
    ]


def test_a_note_that_is_typed_on_the_line_is_found_too() -> None:
    parsed = parse_docx("a.docx", docx(p(t("EUR 1,200") + t("1", '<w:vertAlign w:val="superscript"/>')) + p("1 Net.")))
    assert [(parsed.text[a:b], parsed.text[c:d]) for a, b, c, d in parsed.notes] == [("[1]", "1 Net.")]


_TEXT = st.from_regex(r"[A-Za-z0-9 ,.%()€+/-]{1,8}", fullmatch=True)
_RUNS = st.lists(st.builds(Run, _TEXT, st.sampled_from(["", "", "up", "down"])), min_size=1, max_size=8)


def digit_runs(texts: Sequence[str]) -> list[str]:
    return [run for text in texts for run in re.findall(r"\d+", text)]


def source_runs(line: Sequence[Run], *, tagged: bool) -> list[str]:
    """The digit runs of a line as its reader sees them: runs of one height go on, others end a figure.

    `tagged`: each raised or lowered one has an element of its own, and is a mark of its own.
    """
    joined: list[Run] = []
    for run in line:
        if joined and joined[-1].look == run.look and not (tagged and run.look):
            joined[-1] = Run(joined[-1].text + run.text, run.look)
        else:
            joined.append(run)
    return digit_runs([run.text for run in joined])


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=40, deadline=None, derandomize=True)
@given(line=_RUNS)
def test_no_figure_is_made_up(name: str, line: list[Run]) -> None:
    # Letters that are no words of a language are refused in a PDF: its fonts may name them wrongly.
    assume(name != "a.pdf" or not scrambled(["Begin here. End here.", *(run.text for run in line)]))
    parsed = parse_content(name, FORMATS[name]([[Run("Begin here.")], line, [Run("End here.")]]))
    made = digit_runs([parsed.text])
    source = source_runs(line, tagged=name.endswith((".html", ".md", ".eml")))
    numbered = re.match(r"\s*(?:\d+[.)]|[-+*])\s", "".join(run.text for run in line))
    if name != "a.md" or not numbered:  # a number that opens a line of Markdown is a list's
        assert set(made) <= set(source), (parsed.text, line)


# --- as each format says it ------------------------------------------------------------------


def test_a_character_style_raises_too() -> None:
    styles = style("Ref", rpr='<w:vertAlign w:val="superscript"/>').replace('w:type="paragraph"', 'w:type="character"')
    body = p(t("EUR 1,200") + t("1", '<w:rStyle w:val="Ref"/>') + t(" a year"))
    assert parse_docx("a.docx", docx(body, styles=styles)).text == "EUR 1,200[1] a year"


def test_a_footnote_leads_to_its_note() -> None:
    notes = f'<w:footnote w:id="1">{p("Net of tax.")}</w:footnote>'
    body = p(t("EUR 1,200") + '<w:r><w:footnoteReference w:id="1"/></w:r>' + t(" a year"))
    parsed = parse_docx("a.docx", docx(body, parts={"footnotes": part("footnotes", notes)}))
    assert parsed.text == "EUR 1,200[1] a year\n[1] Net of tax."
    assert [(parsed.text[a:b], parsed.text[c:d]) for a, b, c, d in parsed.notes] == [("[1]", "[1] Net of tax.")]


EQUATIONS = {
    "Old rent × 150/120": "<m:r><m:t>Old rent × </m:t></m:r><m:f><m:num><m:r><m:t>150</m:t></m:r></m:num>"
    "<m:den><m:r><m:t>120</m:t></m:r></m:den></m:f>",
    "1.05^2": "<m:sSup><m:e><m:r><m:t>1.05</m:t></m:r></m:e><m:sup><m:r><m:t>2</m:t></m:r></m:sup></m:sSup>",
    "(1+r)^n": "<m:sSup><m:e><m:d><m:e><m:r><m:t>1+r</m:t></m:r></m:e></m:d></m:e><m:sup><m:r><m:t>n</m:t></m:r>"
    "</m:sup></m:sSup>",
    "(a+b)/12": "<m:f><m:num><m:r><m:t>a+b</m:t></m:r></m:num><m:den><m:r><m:t>12</m:t></m:r></m:den></m:f>",
    "x_1": "<m:sSub><m:e><m:r><m:t>x</m:t></m:r></m:e><m:sub><m:r><m:t>1</m:t></m:r></m:sub></m:sSub>",
    "√16": '<m:rad><m:radPr><m:degHide m:val="1"/></m:radPr><m:deg/><m:e><m:r><m:t>16</m:t></m:r></m:e></m:rad>',
    "2^3 4": "<m:sSup><m:e><m:r><m:t>2</m:t></m:r></m:e><m:sup><m:r><m:t>3</m:t></m:r></m:sup></m:sSup>"
    "<m:r><m:t>4</m:t></m:r>",
    "∑_(i=1)^n x": '<m:nary><m:naryPr><m:chr m:val="∑"/></m:naryPr><m:sub><m:r><m:t>i=1</m:t></m:r></m:sub><m:sup><m:r>'
    "<m:t>n</m:t></m:r></m:sup><m:e><m:r><m:t>x</m:t></m:r></m:e></m:nary>",
}


@pytest.mark.parametrize("shown", EQUATIONS)
def test_equations_of_word(shown: str) -> None:
    body = p(t("It is ") + f"<m:oMath>{EQUATIONS[shown]}</m:oMath>" + t(" here."))
    assert parse_docx("a.docx", docx(body)).text == f"It is {shown} here."


@pytest.mark.parametrize(
    ("markup", "shown"),
    [
        ("<mfrac><mn>150</mn><mn>120</mn></mfrac>", "150/120"),
        ("<msup><mn>1.05</mn><mn>2</mn></msup>", "1.05^2"),
        ("<msup><mrow><mo>(</mo><mn>1</mn><mo>+</mo><mi>r</mi><mo>)</mo></mrow><mi>n</mi></msup>", "(1 + r)^n"),
        ("<msqrt><mn>16</mn></msqrt>", "√16"),
        ("<semantics><mn>7</mn><annotation>8</annotation></semantics>", "7"),
    ],
)
def test_equations_of_web_pages(markup: str, shown: str) -> None:
    parsed = parse_content("a.html", f"<html><body><p>It is <math>{markup}</math> here.</p></body></html>".encode())
    assert parsed.text == f"It is {shown} here."


def test_links_to_notes_need_no_raised_type() -> None:
    links = 'EUR 1,200<a href="#n1">1</a> a year, see <a href="#s2">2</a>'
    page = f'<html><body><p>{links}</p><p id="n1">1 Net.</p></body></html>'
    parsed = parse_content("a.html", page.encode())
    assert parsed.text == "EUR 1,200[1] a year, see 2\n1 Net."


def test_footnotes_of_markdown() -> None:
    parsed = parse_content("a.md", b"The fee is EUR 1,200[^1] a year. `x[^9]`\n\n[^1]: Net of tax.\n")
    assert parsed.text == "The fee is EUR 1,200[1] a year. x[^9]\n[1] Net of tax."
    assert len(parsed.notes) == 1


SHARED = Path(__file__).parents[5] / "shared" / "cases" / "documents"


@pytest.mark.skipif(not SHARED.is_dir(), reason="the cases are not beside the project")
@pytest.mark.parametrize(
    ("case", "wanted", "unwanted"),
    [
        ("sup-docx/fees.docx", ["EUR 1,200[1] a year", "3 m²"], ["1,2001"]),
        ("sup-pdf/fees.pdf", ["EUR 1,200[1]", "12[2] per cent", "paragraph 4[3] is"], ["1,2001", "122", " 43"]),
        ("omml-fraction/indexation.docx", ["Old rent × 150/120", "1.05^2"], ["150120", "1.052"]),
    ],
)
def test_cases(case: str, wanted: list[str], unwanted: list[str]) -> None:
    path = SHARED / case
    text = parse_content(path.name, path.read_bytes()).text
    assert all(words in text for words in wanted)
    assert not any(words in text for words in unwanted)


DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"


@pytest.mark.parametrize(
    ("between", "shown"),
    [
        (f'<w:drawing><wp:inline xmlns:wp="{DRAWING}"/></w:drawing>', "EUR 12 34 a year"),
        (f'<w:drawing><wp:anchor xmlns:wp="{DRAWING}"/></w:drawing>', "EUR 1234 a year"),
        (
            '<w:object><v:shape xmlns:v="urn:schemas-microsoft-com:vml" style="width:9pt"/></w:object>',
            "EUR 12 34 a year",
        ),
        ('<w:sym w:font="Nobody" w:char="F0FF"/>', "EUR 12 34 a year"),
    ],
)
def test_a_picture_in_a_line_of_word_parts_figures(between: str, shown: str) -> None:
    body = p(t("EUR 12") + f"<w:r>{between}</w:r>" + t("34 a year"))
    assert parse_docx("a.docx", docx(body)).text == shown


def test_what_follows_an_equation_is_no_part_of_its_figure() -> None:
    body = p(t("It is ") + f"<m:oMath>{EQUATIONS['1.05^2']}</m:oMath>" + t("5 here."))
    assert parse_docx("a.docx", docx(body)).text == "It is 1.05^2 5 here."
    page = "<p>It is <math><mn>7</mn></math>5 here.</p>"
    assert parse_content("a.html", page.encode()).text == "It is 7 5 here."


@pytest.mark.parametrize(
    "between",
    [
        '<img src="x" alt="34">',
        "<button>34</button>",
        "<select><option>9</select>34",
        '<span style="float: left">34</span>',
        '<span class="box">34</span>',
    ],
)
def test_a_box_in_a_line_is_no_part_of_the_figure_beside_it(between: str) -> None:
    page = f"<style>.box {{ position: absolute }}</style><p>EUR 12{between} a year</p>"
    assert digit_runs([parse_content("a.html", page.encode()).text]) == ["12", "34"]


def test_a_picture_in_markdown_is_no_part_of_the_figure_beside_it() -> None:
    assert digit_runs([parse_content("a.md", b"EUR 12![34](x.png)5 a year").text]) == ["12", "34", "5"]
