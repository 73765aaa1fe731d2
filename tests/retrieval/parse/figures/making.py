"""The same paragraphs in every format: runs on, above and below the line, and struck out."""

from __future__ import annotations

import email.message
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from openpyxl import Workbook
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from pptx import Presentation
from pptx.util import Inches
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from tests.retrieval.parse.docx.builder import docx, p, t


@dataclass(frozen=True, slots=True)
class Run:
    """A run of text; `look`: "" | "up" | "down" | "struck"."""

    text: str
    look: str = ""


Lines = Sequence[Sequence[Run]]


def up(text: str) -> Run:
    return Run(text, "up")


def down(text: str) -> Run:
    return Run(text, "down")


def struck(text: str) -> Run:
    return Run(text, "struck")


_WORD = {
    "up": '<w:vertAlign w:val="superscript"/>',
    "down": '<w:vertAlign w:val="subscript"/>',
    "struck": "<w:strike/>",
}


def as_docx(lines: Lines) -> bytes:
    return docx("".join(p("".join(t(run.text, _WORD.get(run.look, "")) for run in line)) for line in lines))


_POSITION = {"up": '<w:position w:val="8"/><w:sz w:val="14"/>', "down": '<w:position w:val="-6"/>'}


def as_docx_by_position(lines: Lines) -> bytes:
    looks = {**_POSITION, "struck": "<w:dstrike/>"}
    return docx("".join(p("".join(t(run.text, looks.get(run.look, "")) for run in line)) for line in lines))


_TAGS = {"up": "sup", "down": "sub", "struck": "del"}


def _tagged(line: Sequence[Run]) -> str:
    return "".join(
        f"<{_TAGS[run.look]}>{escape(run.text)}</{_TAGS[run.look]}>" if run.look else escape(run.text) for run in line
    )


def as_html(lines: Lines) -> bytes:
    body = "".join(f"<p>{_tagged(line)}</p>" for line in lines)
    return f"<html><head><title>t</title></head><body>{body}</body></html>".encode()


_CSS = {"up": "vertical-align: super; font-size: 60%", "down": "vertical-align:-2pt", "struck": ""}


def as_html_by_style(lines: Lines) -> bytes:
    body = "".join(
        "<p>"
        + "".join(
            f'<span class="{run.look}" style="{_CSS.get(run.look, "")}">{escape(run.text)}</span>' for run in line
        )
        + "</p>"
        for line in lines
    )
    sheet = "<style>.struck { text-decoration: line-through red } p { margin: 0 }</style>"
    return f"<html><head><title>t</title>{sheet}</head><body>{body}</body></html>".encode()


def as_markdown(lines: Lines) -> bytes:
    text = "\n\n".join(
        "".join(f"~~{run.text}~~" if run.look == "struck" else _tagged([run]) for run in line) for line in lines
    )
    return text.encode()


def as_mail(lines: Lines) -> bytes:
    message = email.message.EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@example.com", "b@example.com", "t"
    message.set_content(as_html(lines).decode(), subtype="html")
    return message.as_bytes()


def as_pptx(lines: Lines) -> bytes:
    deck = Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[6])
    frame = slide.shapes.add_textbox(Inches(1), Inches(1), Inches(8), Inches(5)).text_frame
    for number, line in enumerate(lines):
        paragraph = frame.paragraphs[0] if number == 0 else frame.add_paragraph()
        for run in line:
            made = paragraph.add_run()
            made.text = run.text
            said = {"up": ("baseline", "30000"), "down": ("baseline", "-25000"), "struck": ("strike", "sngStrike")}
            if run.look:
                made.font._element.set(*said[run.look])
    return _saved(deck)


def as_xlsx(lines: Lines) -> bytes:
    book = Workbook()
    sheet: Any = book.active
    looks = {
        "up": InlineFont(vertAlign="superscript"),
        "down": InlineFont(vertAlign="subscript"),
        "struck": InlineFont(strike=True),
    }
    for number, line in enumerate(lines, 1):
        parts = [TextBlock(looks[run.look], run.text) if run.look else run.text for run in line]
        sheet.cell(number, 1).value = CellRichText(parts)
    return _saved(book)


def as_pdf(lines: Lines) -> bytes:
    """Runs as typesetting programs draw them: a smaller size on another baseline, a rule through the text."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4)
    y = 760.0
    for line in lines:
        x = 72.0
        for run in line:
            size = 6.5 if run.look in ("up", "down") else 11
            base = y + {"up": 4.0, "down": -2.0}.get(run.look, 0)
            canvas.setFont("Helvetica", size)
            canvas.drawString(x, base, run.text)
            width = canvas.stringWidth(run.text, "Helvetica", size)
            if run.look == "struck":
                canvas.setLineWidth(0.6)
                canvas.line(x, y + 3.3, x + width, y + 3.3)
            x += width
        y -= 22
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def _saved(made: Any) -> bytes:
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


FORMATS: dict[str, Callable[[Lines], bytes]] = {
    "a.docx": as_docx,
    "position.docx": as_docx_by_position,
    "a.html": as_html,
    "style.html": as_html_by_style,
    "a.md": as_markdown,
    "a.eml": as_mail,
    "a.pptx": as_pptx,
    "a.xlsx": as_xlsx,
    "a.pdf": as_pdf,
}
