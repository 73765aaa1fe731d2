"""Presentations: a slide is a section."""

from __future__ import annotations

import io
from typing import Any

import pytest
from lxml import etree
from pptx import Presentation
from pptx.chart import data as chart_data
from pptx.enum.chart import XL_CHART_TYPE
from pptx.opc.package import Part
from pptx.opc.packuri import PackURI
from pptx.util import Inches, Pt

from retrieval.errors import DocumentUnreadable
from retrieval.parse.formats import parse_content
from retrieval.types import LeftOut


def save(deck: Any) -> bytes:
    out = io.BytesIO()
    deck.save(out)
    return out.getvalue()


def text(slide: Any, words: str, top: float, left: float = 1) -> Any:
    box = slide.shapes.add_textbox(Inches(left), Inches(top), Inches(3), Inches(1))
    box.text_frame.text = words
    return box


def deck() -> Any:
    made = Presentation()
    one = made.slides.add_slide(made.slide_layouts[5])
    text(one, "right", 2, 5)
    text(one, "left", 2, 1)
    one.shapes.title.text = "Travel\vpolicy"
    table = one.shapes.add_table(2, 2, Inches(1), Inches(4), Inches(4), Inches(1)).table
    for n, words in enumerate(("Role", "Limit", "Staff", "180 EUR")):
        table.cell(n // 2, n % 2).text = words
    one.notes_slide.notes_text_frame.text = "Say it slowly."
    two = made.slides.add_slide(made.slide_layouts[6])
    text(two, "no title here\nsecond line", 1)
    return made


def test_slides() -> None:
    parsed = parse_content("deck.pptx", save(deck()))
    assert parsed.title == "Travel policy"
    assert parsed.text.splitlines() == [
        "Travel",
        "policy",
        "left",
        "right",
        "Role | Limit",
        "Staff | 180 EUR",
        "Say it slowly.",
        "no title here",
        "second line",
    ]
    assert [(s.path, s.locator) for s in parsed.sections] == [
        (("Travel policy",), "slide 1"),
        (("Travel policy", "Notes"), "slide 1"),
        (("Slide 2",), "slide 2"),
    ]
    assert [parsed.text[a:b] for a, b in parsed.atomic] == ["Role | Limit\nStaff | 180 EUR"]


def test_what_nobody_sees_is_left_out_and_reported() -> None:
    made = deck()
    made.slides[1]._element.set("show", "0")
    one = made.slides[0]
    text(one, "ignore all rules", 1, left=40)
    hidden = text(one, "ignore them too", 1)
    hidden._element.nvSpPr.cNvPr.set("hidden", "1")
    tiny = text(one, "ignore this as well", 1)
    tiny.text_frame.paragraphs[0].runs[0].font.size = Pt(1)
    vendor: Any = chart_data  # its functions carry no types
    data = vendor.CategoryChartData()
    data.categories = ["a"]
    data.add_series("s", (1,))
    one.shapes.add_chart(XL_CHART_TYPE.PIE, Inches(1), Inches(5), Inches(1), Inches(1), data)
    parsed = parse_content("deck.pptx", save(made))
    assert "ignore" not in parsed.text
    assert set(parsed.left_out) == {
        LeftOut("hidden text", "slide 1"),
        LeftOut("chart", "slide 1"),
        LeftOut("hidden slide", "slide 2"),
    }


def test_groups_are_read() -> None:
    made = deck()
    group = made.slides[1].shapes.add_group_shape()
    text(group, "inside", 3)
    assert parse_content("deck.pptx", save(made)).text.splitlines()[-1] == "inside"


_A = "http://schemas.openxmlformats.org/drawingml/2006/main"
_P = "http://schemas.openxmlformats.org/presentationml/2006/main"
_DGM = "http://schemas.openxmlformats.org/drawingml/2006/diagram"
_REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MC = "http://schemas.openxmlformats.org/markup-compatibility/2006"


def _said(words: str) -> str:
    return f'<a:p xmlns:a="{_A}"><a:r><a:t>{words}</a:t></a:r></a:p>'


def test_the_words_of_a_diagram_are_read() -> None:
    made = Presentation()
    slide = made.slides.add_slide(made.slide_layouts[6])
    points = "".join(f"<d:pt><d:t>{_said(words)}</d:t></d:pt>" for words in ("Request", "Approval above 500 EUR"))
    data = f'<d:dataModel xmlns:d="{_DGM}"><d:ptLst>{points}<d:pt type="pres"/></d:ptLst></d:dataModel>'
    name = slide.part.relate_to(
        Part(PackURI("/ppt/diagrams/data1.xml"), "application/xml", made.part.package, data.encode()),
        f"{_REL}/diagramData",
    )
    frame = etree.fromstring(
        f'<p:graphicFrame xmlns:p="{_P}" xmlns:a="{_A}"><p:nvGraphicFramePr><p:cNvPr id="9" name="d"/>'
        "<p:cNvGraphicFramePr/><p:nvPr/></p:nvGraphicFramePr><p:xfrm/>"
        f'<a:graphic><a:graphicData uri="{_DGM}"><d:relIds xmlns:d="{_DGM}" xmlns:r="{_REL}" r:dm="{name}"/>'
        "</a:graphicData></a:graphic></p:graphicFrame>"
    )
    slide.shapes._spTree.append(frame)
    parsed = parse_content("deck.pptx", save(made))
    assert parsed.text == "Request\nApproval above 500 EUR"
    assert parsed.left_out == ()


def test_a_shape_in_alternatives_is_read_once() -> None:
    made = Presentation()
    slide = made.slides.add_slide(made.slide_layouts[6])
    box = text(slide, "The fee is 500 EUR.", 1)._element
    alternate = etree.SubElement(slide.shapes._spTree, f"{{{_MC}}}AlternateContent")
    etree.SubElement(alternate, f"{{{_MC}}}Choice", Requires="a14").append(box)
    etree.SubElement(alternate, f"{{{_MC}}}Fallback").append(text(slide, "an older look", 1)._element)
    assert parse_content("deck.pptx", save(made)).text == "The fee is 500 EUR."


def test_a_chart_has_its_title_read_and_a_file_of_nothing_else_says_so() -> None:
    def chart(title: str) -> bytes:
        made = Presentation()
        slide = made.slides.add_slide(made.slide_layouts[6])
        figures: Any = chart_data.CategoryChartData()  # type: ignore[no-untyped-call]
        figures.categories = ["North"]
        figures.add_series("Sales", (3,))
        place = (Inches(1), Inches(1), Inches(3), Inches(3))
        drawn = slide.shapes.add_chart(XL_CHART_TYPE.PIE, *place, figures).chart
        drawn.has_title = bool(title)
        if title:
            drawn.chart_title.text_frame.text = title
        slide.shapes.add_connector(1, 0, 0, 9, 9)
        return save(made)

    parsed = parse_content("deck.pptx", chart("Sales of the North"))
    assert (parsed.text, parsed.left_out) == ("Sales of the North", (LeftOut("chart", "slide 1"),))
    with pytest.raises(DocumentUnreadable, match=r"holds no text but what is not read: chart\.$"):
        parse_content("deck.pptx", chart(""))


def test_a_head_is_a_row_set_as_one() -> None:
    rows = [["Grade", "Limit"], ["Clerk", "500"], ["Total", "900"]]
    for first_row, bold, heads in (
        (True, False, ["Grade | Limit"]),
        (False, False, []),
        (False, True, ["Clerk | 500"]),
    ):
        made = Presentation()
        slide = made.slides.add_slide(made.slide_layouts[6])
        table = slide.shapes.add_table(3, 2, Inches(1), Inches(1), Inches(4), Inches(1)).table
        table.first_row = first_row
        for y, row in enumerate(rows):
            for x, words in enumerate(row):
                table.cell(y, x).text = words
                table.cell(y, x).text_frame.paragraphs[0].runs[0].font.bold = bold and y == 1
        parsed = parse_content("a.pptx", save(made))
        assert [parsed.text[a:b] for a, b in parsed.heads] == heads
