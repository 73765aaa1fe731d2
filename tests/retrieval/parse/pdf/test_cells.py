"""Pages whose figures are easily misread: marks drawn apart, narrow cells, repeated heads, fonts without codes."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import reportlab
from pypdf import PdfReader, PdfWriter
from pypdf.annotations import MarkupAnnotation
from pypdf.generic import (
    ArrayObject,
    DictionaryObject,
    FloatObject,
    NameObject,
    NumberObject,
    StreamObject,
    TextStringObject,
)
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont, TTFontFile
from reportlab.pdfgen.canvas import Canvas

from retrieval.errors import DocumentUnreadable
from retrieval.parse.pdf.parser import parse_pdf
from tests.retrieval.parse.pdf.making import FILLER, drawn, lines


def test_a_mark_that_is_drawn_after_its_line() -> None:
    def page(canvas: Any) -> None:
        canvas.drawString(72, 700, "The fee is EUR 1,200")
        x = 72 + canvas.stringWidth("The fee is EUR 1,200", "Helvetica", 10)
        canvas.drawString(x + 4, 700, " a year in all cases, and it is due at once.")
        lines(canvas, ["It is paid in advance by the customer."], y=650)
        canvas.setFont("Helvetica", 6)
        canvas.drawString(x, 704, "1")
        lines(canvas, ["1"], y=104)
        canvas.setFont("Helvetica", 10)
        lines(canvas, ["Net of tax."], x=76, y=100)

    parsed = parse_pdf("a.pdf", drawn(page))
    assert "EUR 1,200[1] a year" in parsed.text
    assert "[1] Net of tax." in parsed.text
    assert [(parsed.text[a:b], parsed.text[c:d]) for a, b, c, d in parsed.notes] == [("[1]", "[1] Net of tax.")]


def test_small_capitals_stand_on_the_line() -> None:
    def page(canvas: Any) -> None:
        canvas.drawString(72, 700, "S")
        x = 72 + canvas.stringWidth("S", "Helvetica", 10)
        canvas.setFont("Helvetica", 7)
        canvas.drawString(x, 700, "UPPLIER 2")

    assert parse_pdf("a.pdf", drawn(page)).text == "SUPPLIER 2"


@pytest.mark.parametrize("how", ["line", "area", "form"])
def test_lines_through_words(how: str) -> None:
    def page(canvas: Any) -> None:
        before = "The notice period is "
        canvas.drawString(72, 700, before)
        x = 72 + canvas.stringWidth(before, "Helvetica", 10)
        width = canvas.stringWidth("thirty (30)", "Helvetica", 10)
        canvas.drawString(x, 700, "thirty (30)")
        canvas.drawString(x + width, 700, " sixty (60) days.")
        if how == "line":
            canvas.line(x, 703, x + width, 703)
        elif how == "area":
            canvas.rect(x, 702.8, width, 0.5, stroke=0, fill=1)
        else:
            canvas.beginForm("strike")
            canvas.line(x, 703, x + width, 703)
            canvas.endForm()
            canvas.doForm("strike")
        canvas.line(72, 698, 500, 698)  # underlines nothing out

    parsed = parse_pdf("a.pdf", drawn(page))
    assert parsed.text == "The notice period is sixty (60) days."
    assert [(item.what, item.where) for item in parsed.left_out] == [("struck-out text", "page 1")]


def test_the_lines_of_a_table_or_chart_strike_nothing() -> None:
    def page(canvas: Any) -> None:
        for n, words in enumerate(("Rent | 1,200", "Heating | 300", "Water | 90")):
            y = 700 - 20 * n
            canvas.drawString(72, y, words.split(" | ")[0])
            canvas.drawString(300, y, words.split(" | ")[1])
            canvas.line(60, y - 6, 400, y - 6)
            canvas.line(60, y + 3, 520, y + 3)  # a grid line behind the labels

    parsed = parse_pdf("a.pdf", drawn(page))
    assert parsed.text == "Rent | 1,200\nHeating | 300\nWater | 90"
    assert parsed.left_out == ()


def test_what_a_reviewer_struck_out() -> None:
    content = drawn(lambda canvas: lines(canvas, ["Cash is allowed.", "Cards are allowed."], y=700))
    writer = PdfWriter(clone_from=PdfReader(BytesIO(content)))
    note = MarkupAnnotation()
    note[NameObject("/Subtype")] = NameObject("/StrikeOut")
    box = (72, 709, 160, 709, 72, 698, 160, 698)
    note[NameObject("/QuadPoints")] = ArrayObject([FloatObject(v) for v in box])
    note[NameObject("/Rect")] = ArrayObject([FloatObject(v) for v in (72, 698, 160, 709)])
    writer.add_annotation(0, note)
    out = BytesIO()
    writer.write(out)
    parsed = parse_pdf("a.pdf", out.getvalue())
    assert parsed.text == "Cards are allowed."
    assert ("struck-out text", "page 1") in [(item.what, item.where) for item in parsed.left_out]


@pytest.mark.parametrize("apart", ["objects", "spacing"])
def test_narrow_cells_do_not_run_together(apart: str) -> None:
    figures = ("3033032021", "1203302230", "2203112033")

    def page(canvas: Any) -> None:
        canvas.setFont("Helvetica", 8)
        for n, row in enumerate(figures):
            y = 700 - 12 * n
            canvas.drawString(72, y, f"Team {'ABC'[n]}")
            if apart == "objects":
                for k, digit in enumerate(row):
                    canvas.drawString(150 + 11 * k, y, digit)
            else:
                canvas.drawString(150, y, row, charSpace=11 - canvas.stringWidth("0", "Helvetica", 8))

    parsed = parse_pdf("a.pdf", drawn(page))
    assert parsed.text.split("\n") == [f"Team {'ABC'[n]} | " + " | ".join(row) for n, row in enumerate(figures)]


@pytest.mark.parametrize("wide", [False, True])
def test_stretched_figures_stay_whole(wide: bool) -> None:
    def page(canvas: Any) -> None:
        text = canvas.beginText(72, 700)
        text.setHorizScale(260 if wide else 180)
        text.textLine("0.02 1,200 35%")
        canvas.drawText(text)

    assert parse_pdf("a.pdf", drawn(page)).text.replace(" | ", " ") == "0.02 1,200 35%"


@pytest.mark.parametrize("by_column", [False, True])
def test_repeated_heads_and_notes_of_tables_are_content(by_column: bool) -> None:
    heads = [("Fiscal Year", str(2020 + k), ("Actual", "Estimated", "Adopted")[k]) for k in range(3)]
    places = [(k, n) for k in range(3) for n in range(3)]

    def page(year: int) -> Any:
        def draw(canvas: Any) -> None:
            canvas.drawString(72, 800, "City of Example")
            canvas.drawString(300, 800, "Annual Budget")
            for k, n in places if by_column else sorted(places, key=lambda place: place[1]):
                canvas.drawString(250 + 90 * k, 760 - 12 * n, heads[k][n])
            for n in range(45):
                y = 722 - 13 * n
                canvas.drawString(72, y, f"Service {'ABCDEFGHIJ'[n % 10]}{year}{'*' * (n == 3)}{' (1)' * (n == 5)}")
                for k in range(3):
                    canvas.drawString(250 + 90 * k, y, f"{(n + 1) * 101 + k + year:,}")
            canvas.drawString(72, 137, "* Figures are net of transfers.")
            canvas.drawString(72, 120, "(1) Unaudited.")
            canvas.drawString(280, 40, f"Page {year}")

        return draw

    parsed = parse_pdf("a.pdf", drawn(*(page(n) for n in range(1, 6))))
    joined = [" | ".join(" ".join(head) for head in heads)]
    for row in joined if by_column else [" | ".join(head[n] for head in heads) for n in range(3)]:
        assert parsed.text.count(row) == 5
    assert parsed.text.count("* Figures are net of transfers.") == parsed.text.count("(1) Unaudited.") == 5
    assert "Annual Budget" not in parsed.text


def set_in_vera(*texts: str) -> bytes:
    pdfmetrics.registerFont(TTFont("Vera", str(Path(reportlab.__file__).parent / "fonts" / "Vera.ttf")))
    out = BytesIO()
    canvas = Canvas(out, pagesize=A4)
    canvas.setFont("Vera", 10)
    lines(canvas, texts, y=700)
    canvas.save()
    return out.getvalue()


def by_glyph_number(text: str) -> bytes:
    """A line set in a font that names glyphs by number and has no table of characters."""
    content = set_in_vera("x")
    writer = PdfWriter(clone_from=PdfReader(BytesIO(content)))
    page = writer.pages[0]
    font = next(f.get_object() for f in page["/Resources"]["/Font"].values() if "/FontDescriptor" in f.get_object())  # type: ignore[index]
    face = TTFontFile(str(Path(reportlab.__file__).parent / "fonts" / "Vera.ttf"))
    descriptor = font["/FontDescriptor"].get_object()
    program = StreamObject()
    program.set_data(Path(face.filename).read_bytes())
    descriptor[NameObject("/FontFile2")] = writer._add_object(program)
    inner = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/CIDFontType2"),
            NameObject("/BaseFont"): NameObject("/AAAAAA+Vera"),
            NameObject("/CIDSystemInfo"): DictionaryObject(
                {
                    NameObject("/Registry"): TextStringObject("Adobe"),
                    NameObject("/Ordering"): TextStringObject("Identity"),
                    NameObject("/Supplement"): NumberObject(0),
                }
            ),
            NameObject("/FontDescriptor"): font.raw_get("/FontDescriptor"),
            NameObject("/CIDToGIDMap"): NameObject("/Identity"),
            NameObject("/DW"): NumberObject(600),
        }
    )
    font.clear()
    font.update(
        {
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/Type0"),
            NameObject("/BaseFont"): NameObject("/AAAAAA+Vera"),
            NameObject("/Encoding"): NameObject("/Identity-H"),
            NameObject("/DescendantFonts"): ArrayObject([writer._add_object(inner)]),
        }
    )
    name = next(k for k, f in page["/Resources"]["/Font"].items() if f.get_object() == font)  # type: ignore[index]
    codes = "".join(f"{face.charToGlyph[ord(c)]:04x}" for c in text)
    drawing = StreamObject()
    drawing.set_data(f"BT {name} 10 Tf 72 700 Td <{codes}> Tj ET".encode())
    page[NameObject("/Contents")] = writer._add_object(drawing)
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def shifted(text: str) -> str:
    """Text as a font says it that calls glyphs by their numbers: 29 less than the letter's code."""
    return "".join(chr(ord(c) - 29) if ord(c) - 29 > 32 else " " if c == " " else "" for c in text)


def test_letters_that_stand_for_others_are_recognised() -> None:
    page = drawn(
        lambda canvas: lines(canvas, [shifted(FILLER), shifted("The fee is 1,200 a year from 2024 on.")], y=700)
    )
    with pytest.raises(DocumentUnreadable, match="no character codes"):
        parse_pdf("a.pdf", page)


def test_a_page_with_such_a_font_is_reported_and_the_others_are_read() -> None:
    content = drawn(
        lambda canvas: lines(canvas, ["The fee is EUR 1,200."], y=700),
        lambda canvas: lines(canvas, [shifted(FILLER), shifted(FILLER)], y=700),
    )
    parsed = parse_pdf("a.pdf", content)
    assert parsed.text == "The fee is EUR 1,200."
    assert ("page whose text has no character codes", "page 2") in [(item.what, item.where) for item in parsed.left_out]


@pytest.mark.parametrize(
    "text",
    [
        "ANNUAL REPORT OF THE BOARD AND ITS COMMITTEES",
        "Smlouva o dílo se uzavírá na dobu čtvrtletí a smrt strany ji ruší, prst vlk",
    ],
)
def test_real_words_are_read(text: str) -> None:
    assert parse_pdf("a.pdf", set_in_vera(text, FILLER)).text.startswith(text.strip()[:20])


def test_glyphs_without_codes_are_not_guessed() -> None:
    with pytest.raises(DocumentUnreadable, match="no character codes"):
        parse_pdf("a.pdf", by_glyph_number("The notice period is 60 days and the fee 1,200."))


LABELS = {
    "below the figures": (
        [("Grade", "Limit in EUR", 14), ("Clerk", "500", 14), ("Head of a", "5,000", 14), ("large office", "", 14)],
        "Head of a large office | 5,000",
    ),
    "above the figures": (
        [("Grade", "Limit in EUR", 14), ("Clerk", "500", 14), ("Head of a", "", 14), ("large office", "5,000", 14)],
        "Head of a large office | 5,000",
    ),
    "of three lines": (
        [
            ("Grade", "Limit in EUR", 14),
            ("Clerk", "500", 14),
            ("Head", "", 12),
            ("of a", "", 12),
            ("large office", "5,000", 14),
        ],
        "Head of a large office | 5,000",
    ),
    "close together": (
        [("Grade", "Limit", 22), ("Clerk", "500", 22), ("Head of the", "", 11), ("Board Office", "5,000", 22)],
        "Head of the Board Office | 5,000",
    ),
}


@pytest.mark.parametrize("case", LABELS)
def test_a_label_over_several_lines(case: str) -> None:
    rows, shown = LABELS[case]

    def page(canvas: Any) -> None:
        y = 760
        for label, figure, step in [*rows, ("Board", "20,000", 14)]:
            canvas.drawString(72, y, label)
            canvas.drawString(300, y, figure)
            y -= step

    made = parse_pdf("a.pdf", drawn(page)).text.split("\n")
    assert shown in made
    assert made[-1] == "Board | 20,000"


def test_the_title_of_rows_is_no_part_of_their_labels() -> None:
    rows = [("Assets", "2024"), ("Loans", ""), ("of which retail", "5"), ("of which others", "7"), ("Bonds", "4")]

    def page(canvas: Any) -> None:
        for n, (label, figure) in enumerate(rows):
            canvas.drawString(72, 760 - 14 * n, label)
            canvas.drawString(300, 760 - 14 * n, figure)

    assert "Loans\nof which retail | 5\nof which others | 7" in parse_pdf("a.pdf", drawn(page)).text
