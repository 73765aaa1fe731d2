"""Writes the sample company's documents into bot/demo/documents: `python -m tests.demo.make_documents`.

The company, its people and its figures are invented for this project.
"""

from __future__ import annotations

import zipfile
from email.message import EmailMessage
from pathlib import Path
from xml.sax.saxutils import escape

from openpyxl import Workbook
from openpyxl.styles import Font
from pptx import Presentation
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.lib.units import cm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from tests.demo import texts

OUT = Path(__file__).resolve().parents[2] / "bot" / "demo" / "documents"
WORD = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
STAMP = (2026, 9, 1, 9, 0, 0)  # fixed, so that the files come out the same


def numbering() -> str:
    """One multi-level list: 1, 1.1 and (a), computed by Word and stored nowhere as text."""
    levels = [("decimal", "%1", "Heading1"), ("decimal", "%1.%2", "Clause"), ("lowerLetter", "(%3)", "SubClause")]
    body = "".join(
        f'<w:lvl w:ilvl="{i}"><w:start w:val="1"/><w:numFmt w:val="{fmt}"/><w:pStyle w:val="{style}"/>'
        f'<w:lvlText w:val="{text}"/><w:lvlJc w:val="left"/></w:lvl>'
        for i, (fmt, text, style) in enumerate(levels)
    )
    return (
        f'<w:numbering {WORD}><w:abstractNum w:abstractNumId="0"><w:multiLevelType w:val="multilevel"/>{body}'
        '</w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num></w:numbering>'
    )


def styles() -> str:
    def style(name: str, label: str, level: int, extra: str = "") -> str:
        return (
            f'<w:style w:type="paragraph" w:styleId="{name}"><w:name w:val="{label}"/><w:basedOn w:val="Normal"/>'
            f'<w:pPr><w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="1"/></w:numPr>{extra}</w:pPr></w:style>'
        )

    return (
        f'<w:styles {WORD}><w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/>'
        "</w:style>"
        '<w:style w:type="paragraph" w:styleId="Title"><w:name w:val="Title"/></w:style>'
        + style("Heading1", "heading 1", 0, '<w:outlineLvl w:val="0"/>')
        + style("Clause", "Clause", 1)
        + style("SubClause", "Sub Clause", 2)
        + "</w:styles>"
    )


def docx(path: Path, title: str, paragraphs: list[tuple[str, str]]) -> None:
    """Paragraphs are (style, text); "Run-in. Rest" of a Clause becomes bold up to the first period."""
    body = []
    for style, text in paragraphs:
        runs = f'<w:r><w:t xml:space="preserve">{escape(text)}</w:t></w:r>'
        if style == "Clause" and ". " in text:
            lead, rest = text.split(". ", 1)
            runs = (
                f'<w:r><w:rPr><w:b/></w:rPr><w:t xml:space="preserve">{escape(lead)}. </w:t></w:r>'
                f'<w:r><w:t xml:space="preserve">{escape(rest)}</w:t></w:r>'
            )
        body.append(f'<w:p><w:pPr><w:pStyle w:val="{style}"/></w:pPr>{runs}</w:p>')
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml"
    rel = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    files = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types">'
        f'<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/word/document.xml" ContentType="{kind}.document.main+xml"/>'
        f'<Override PartName="/word/styles.xml" ContentType="{kind}.styles+xml"/>'
        f'<Override PartName="/word/numbering.xml" ContentType="{kind}.numbering+xml"/>'
        '<Override PartName="/docProps/core.xml" '
        'ContentType="application/vnd.openxmlformats-package.core-properties+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships">'
        f'<Relationship Id="r1" Type="{rel}/officeDocument" Target="word/document.xml"/>'
        f'<Relationship Id="r2" Type="{package}/relationships/metadata/core-properties" Target="docProps/core.xml"/>'
        "</Relationships>",
        "docProps/core.xml": f'<cp:coreProperties xmlns:cp="{package}/metadata/core-properties" '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{escape(title)}</dc:title></cp:coreProperties>',
        "word/_rels/document.xml.rels": f'<Relationships xmlns="{package}/relationships">'
        f'<Relationship Id="r1" Type="{rel}/styles" Target="styles.xml"/>'
        f'<Relationship Id="r2" Type="{rel}/numbering" Target="numbering.xml"/></Relationships>',
        "word/styles.xml": styles(),
        "word/numbering.xml": numbering(),
        "word/document.xml": f"<w:document {WORD}><w:body>{''.join(body)}<w:sectPr/></w:body></w:document>",
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
            archive.writestr(zipfile.ZipInfo(name, STAMP), head + content, zipfile.ZIP_DEFLATED)


def pdf(path: Path, title: str, parts: list[object]) -> None:
    """Parts are (style, text) pairs, tables as lists of rows, or None for a page break."""
    sheet = getSampleStyleSheet()
    story: list[object] = []
    for part in parts:
        if part is None:
            story.append(PageBreak())
        elif isinstance(part, list):
            grid = [("GRID", (0, 0), (-1, -1), 0.4, colors.grey), ("FONTNAME", (0, 0), (-1, 0), "Helvetica-Bold")]
            story += [Table(part, hAlign="LEFT", style=TableStyle(grid)), Spacer(1, 0.3 * cm)]
        elif isinstance(part, tuple):
            story += [Paragraph(escape(part[1]), sheet[part[0]]), Spacer(1, 0.15 * cm)]

    def footer(canvas: Canvas, document: SimpleDocTemplate) -> None:
        canvas.setFont("Helvetica", 8)
        canvas.drawString(2 * cm, A4[1] - 1.2 * cm, f"Harbour & Pine Ltd. {title}")
        canvas.drawString(2 * cm, 1.2 * cm, f"Page {document.page}")

    path.parent.mkdir(parents=True, exist_ok=True)
    document = SimpleDocTemplate(str(path), pagesize=A4, title=title, author="Harbour & Pine Ltd", invariant=1)
    document.build(story, onFirstPage=footer, onLaterPages=footer)


def xlsx(path: Path) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Limits"
    for row in texts.EXPENSE_LIMITS:
        sheet.append(row)
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    for row_cells in sheet.iter_rows(min_row=2, min_col=2, max_col=4):
        for cell in row_cells:
            cell.number_format = '#,##0 "EUR"'
    rates = book.create_sheet("Mileage")
    for line in texts.MILEAGE:
        rates.append(line)
    for (cell,) in rates.iter_rows(min_row=2, min_col=2, max_col=2):
        cell.number_format = '0.00 "EUR"'
    book.properties.title = "Expense Limits 2026"
    path.parent.mkdir(parents=True, exist_ok=True)
    book.save(path)


def pptx(path: Path) -> None:
    deck = Presentation()
    for heading, lines in texts.ONBOARDING:
        slide = deck.slides.add_slide(deck.slide_layouts[1])
        slide.shapes.title.text = heading
        slide.placeholders[1].text = "\n".join(lines)
    deck.core_properties.title = "Your First Week"
    path.parent.mkdir(parents=True, exist_ok=True)
    deck.save(str(path))


def eml(path: Path) -> None:
    message = EmailMessage()
    for name, value in texts.RENEWAL_HEADERS.items():
        message[name] = value
    message.set_content(texts.RENEWAL_BODY)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(message))


def main(out: Path = OUT) -> None:
    """Write all documents below `out`, and Monday's version beside it."""
    docx(out / "hr/travel-policy.docx", "Travel Policy", texts.TRAVEL_POLICY)
    docx(out / "legal/nda-template.docx", "Mutual Non-Disclosure Agreement (Template)", texts.nda("three (3) years"))
    docx(
        out.parent / "monday/nda-template.docx",
        "Mutual Non-Disclosure Agreement (Template)",
        texts.nda("five (5) years"),
    )
    pdf(out / "legal/northwind-supply-agreement.pdf", "Northwind Supply Agreement", texts.SUPPLY_AGREEMENT)
    pdf(out / "finance/q3-2026-report.pdf", "Quarterly Report Q3 2026", texts.QUARTERLY_REPORT)
    pdf(out / "compliance/gifts-and-hospitality.pdf", "Gifts and Hospitality Policy", texts.GIFTS)
    xlsx(out / "finance/expense-limits.xlsx")
    pptx(out / "hr/onboarding.pptx")
    eml(out / "legal/northwind-renewal.eml")
    for name, text in texts.PLAIN.items():
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
