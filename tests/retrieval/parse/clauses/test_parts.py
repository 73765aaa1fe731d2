"""Parts and titles beside numbered clauses, in every format: headings above them, annexes, closing provisions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from retrieval.parse.formats import parse_content
from tests.retrieval.parse.docx.builder import docx, p, t
from tests.retrieval.parse.pdf.making import drawn

Lines = Sequence[str]
"""Those that begin with "*" are set bold."""


def as_pdf(lines: Lines) -> bytes:
    def page(canvas: Any) -> None:
        for n, line in enumerate(lines):
            canvas.setFont("Helvetica-Bold" if line[0] == "*" else "Helvetica", 10)
            canvas.drawString(72, 760 - 12.5 * n, line.lstrip("*"))

    return drawn(page)


def as_docx(lines: Lines) -> bytes:
    return docx("".join(p(t(line.lstrip("*"), "<w:b/>" if line[0] == "*" else "")) for line in lines))


def as_html(lines: Lines) -> bytes:
    return "".join(f"<p><b>{line[1:]}</b></p>" if line[0] == "*" else f"<p>{line}</p>" for line in lines).encode()


def as_text(lines: Lines) -> bytes:
    return "\n".join(line.lstrip("*") for line in lines).encode()


FORMATS: dict[str, Callable[[Lines], bytes]] = {
    "a.pdf": as_pdf,
    "a.docx": as_docx,
    "a.html": as_html,
    "a.txt": as_text,
}


def labels(name: str, lines: Lines) -> list[str | None]:
    return [section.label for section in parse_content(name, FORMATS[name](lines)).sections if section.label]


@pytest.mark.parametrize("name", FORMATS)
def test_a_short_heading_does_not_take_in_the_next_one(name: str) -> None:
    lines = [
        "*Disposizioni generali",
        "*Art. 1 Oggetto",
        "Regola il servizio di rete",
        "che il fornitore presta al cliente.",
        "*Art. 2 Durata",
        "Dura un anno e si rinnova ogni volta.",
    ]
    assert labels(name, lines) == ["Art. 1", "Art. 2"]


@pytest.mark.parametrize(
    "page",
    [
        ("a.html", "<p><b>Disposizioni generali<br>Art. 1 Oggetto</b></p><p>Regola.</p><p><b>Art. 2 Durata</b></p>"),
        ("a.md", "**Disposizioni generali**\n**Art. 1 Oggetto**\n\nRegola.\n\n**Art. 2 Durata**\n\nUn anno.\n"),
    ],
)
def test_nor_where_a_line_end_alone_parts_them(page: tuple[str, str]) -> None:
    name, text = page
    sections = parse_content(name, text.encode()).sections
    assert [(s.label, s.heading) for s in sections if s.label] == [("Art. 1", "Oggetto"), ("Art. 2", "Durata")]


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("part", ["Part B", "Annex", "Annex 1", "ANHANG"])
def test_the_only_clause_of_a_part(name: str, part: str) -> None:
    lines = [
        "1. Fees",
        "The fee is due now.",
        "2. Term",
        "The term is one year.",
        part,
        "1. The Supplier keeps records.",
    ]
    assert labels(name, lines) == ["1", "2", part, f"{part}, 1"]


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("dash", ["-", "\N{EN DASH}", "\N{EM DASH}"])
def test_numbers_with_a_dash(name: str, dash: str) -> None:
    if name == "a.pdf" and dash != "-":
        pytest.skip("Helvetica of a PDF is asked for plain letters here")
    lines = [
        "Artigo 1.º",
        f"1 {dash} O acesso é livre.",
        f"2 {dash} Aplica-se a todos.",
        "Artigo 2.º",
        f"1 {dash} Vigora.",
    ]
    assert labels(name, lines)[:4] == ["Artigo 1.º", "Artigo 1.º(1)", "Artigo 1.º(2)", "Artigo 2.º"]


@pytest.mark.parametrize("text", ["It lasted\n5 - 10 days.\n", "Call\n1 - 800 - 555.\n"])
def test_ranges_are_no_numbers(text: str) -> None:
    assert [s.label for s in parse_content("a.txt", text.encode()).sections] == [None]


@pytest.mark.parametrize(
    "title", ["Final provisions", "Schlussbestimmungen", "Disposición final", "Disposições finais"]
)
@pytest.mark.parametrize("gap", ["\n", "\n\n"])
def test_a_closing_provision_without_a_number(title: str, gap: str) -> None:
    text = f"1. Scope\nThis applies.\n\n2. Term\nIt lasts.\n\n{title}{gap}These rules enter into force on 1 May.\n"
    last = parse_content("a.txt", text.encode()).sections[-1]
    assert title in (last.label, last.heading)


def test_titles_within_clauses_are_not_closing_ones() -> None:
    text = (
        "1. Bodies\nThere are two.\n\nBoard\nThe board meets monthly.\n\n2. Term\nIt lasts.\n\n"
        "Renewal\nIt is renewed each year.\n\nSigned\nJohn Smith\n"
    )
    assert [s.heading for s in parse_content("a.txt", text.encode()).sections] == ["Bodies", "Term"]
