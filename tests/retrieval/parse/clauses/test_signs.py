"""The sign "§": no part of a label in any format, and shown where the document sets it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from bot.answering.render import section_name
from retrieval.codec import as_row, from_row
from retrieval.parse.formats import parse_content
from retrieval.types import Section
from tests.retrieval.parse.docx.builder import docx, p
from tests.retrieval.parse.pdf.making import flowing, style

LAW = [
    (1, "§ 1 Gegenstand"),
    (0, "Dieser Vertrag regelt die Lieferung der Waren an den Käufer."),
    (1, "§ 2 Vergütung"),
    (0, "(1) Die Vergütung beträgt 500 EUR im Monat und wird im Voraus gezahlt."),
    (0, "(2) Sie ist am dritten Werktag fällig, ohne dass es einer Mahnung bedarf."),
    (1, "§ 2a Verzug"),
    (0, "(1) Es gilt der gesetzliche Zins, solange der Käufer nicht gezahlt hat."),
    (0, "(2) Er beträgt 9 Prozent über dem Basiszinssatz, höchstens aber 12 Prozent."),
]


def _markdown() -> bytes:
    return "\n\n".join("#" * level + " " * bool(level) + text for level, text in LAW).encode()


def _html(heading: str) -> bytes:
    body = "".join(f"<{heading}>{text}</{heading}>" if level else f"<p>{text}</p>" for level, text in LAW)
    return f"<!doctype html><title>Vertrag</title><body>{body}".encode()


FORMATS: dict[str, Callable[[], tuple[str, bytes]]] = {
    "docx": lambda: ("a.docx", docx("".join(p(text, "Heading1" if level else "") for level, text in LAW))),
    "pdf": lambda: ("a.pdf", flowing([(text, style(bold=bool(level))) for level, text in LAW], "Vertrag")),
    "html": lambda: ("a.html", _html("h2")),
    "html of plain paragraphs": lambda: ("a.html", _html("p")),
    "markdown": lambda: ("a.md", _markdown()),
    "text": lambda: ("a.txt", "\n".join(text for _, text in LAW).encode()),
}


@pytest.mark.parametrize("made", FORMATS.values(), ids=FORMATS.keys())
def test_every_format_labels_and_shows_alike(made: Callable[[], tuple[str, bytes]]) -> None:
    parsed = parse_content(*made())
    labelled = [section for section in parsed.sections if section.label]
    assert [section.label for section in labelled] == ["1", "2", "2(1)", "2(2)", "2a", "2a(1)", "2a(2)"]
    assert [section_name(section) for section in labelled] == [
        *("§ 1 Gegenstand", "§ 2 Vergütung", "§ 2(1) (Vergütung)", "§ 2(2) (Vergütung)"),
        *("§ 2a Verzug", "§ 2a(1) (Verzug)", "§ 2a(2) (Verzug)"),
    ]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("§§ 3 bis 5 (weggefallen)", "§§ 3 bis 5"),
        ("Section 4 Term", "Section 4 Term"),
        ("4. Term", "Section 4 Term"),
        ("Article 4 Term", "Article 4 Term"),
        ("§4 Frist", "§ 4 Frist"),
    ],
)
def test_one_word_stands_before_a_number(text: str, shown: str) -> None:
    parsed = parse_content("a.md", f"# {text}\n\nText of the rule.\n".encode())
    assert section_name(parsed.sections[0]).startswith(shown)


def test_a_section_stored_before_signs_were_told_has_none() -> None:
    section = Section("a", "2", "Frist", ("2 Frist",), 0, 9, sign="§")
    assert from_row(Section, as_row(section)) == section
    assert from_row(Section, as_row(section)[:-1]).sign == ""


PROVISIONS = [
    "TÍTULO I",
    "Disposiciones generales",
    "Artículo 1. Objeto.",
    "La ley regula los pagos de 500 euros entre los bancos y sus clientes.",
    "Artículo 2. Sujetos obligados.",
    "Los bancos pagan 100 euros por cada operación que no hayan comunicado.",
    "Disposición adicional primera. Régimen.",
    "Los pagos que superen los 1.000 euros se comunican a la autoridad.",
    "Disposición adicional segunda. Plazos.",
    "El plazo es de 30 días a partir de la fecha de la operación.",
    "Disposición transitoria única. Normas.",
    "Las normas anteriores siguen en vigor durante un año desde entonces.",
]
STATUTE = [
    "Erster Teil",
    "Allgemeine Vorschriften",
    "1. Abschnitt",
    "Begriffe",
    "§ 1 Zweck",
    "Dieses Gesetz gilt für alle Banken mit Sitz im Inland und ihre Zweigstellen.",
    "§ 2 Frist",
    "Die Frist beträgt 30 Tage, gerechnet vom Tag der Bekanntgabe an.",
    "2. Abschnitt",
    "Pflichten",
    "§ 3 Meldung",
    "Meldungen gehen an die Behörde, in deren Bezirk die Bank ihren Sitz hat.",
    "Zweiter Teil",
    "Strafen",
    "§ 4 Bußgeld",
    "Das Bußgeld beträgt höchstens 5.000 Euro für jede Meldung, die fehlt.",
]


def _html_lines(lines: Sequence[str]) -> bytes:
    return f"<title>t</title>{''.join(f'<p>{line}</p>' for line in lines)}".encode()


WRITTEN: dict[str, Callable[[Sequence[str]], bytes]] = {
    "docx": lambda lines: docx("".join(map(p, lines))),
    "pdf": lambda lines: flowing([(line, style()) for line in lines], "t"),
    "html": _html_lines,
    "md": lambda lines: "\n\n".join(line.replace("1. ", "1\\. ").replace("2. ", "2\\. ") for line in lines).encode(),
    "txt": lambda lines: "\n".join(lines).encode(),
}


@pytest.mark.parametrize("kind", WRITTEN)
@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param(
            PROVISIONS,
            [
                *("TÍTULO I", "Artículo 1", "Artículo 2", "Disposición adicional primera"),
                *("Disposición adicional segunda", "Disposición transitoria única"),
            ],
            id="Spanish final provisions",
        ),
        pytest.param(
            STATUTE,
            ["Erster Teil", "1. Abschnitt", "1", "2", "2. Abschnitt", "3", "Zweiter Teil", "4"],
            id="German parts counted in words",
        ),
    ],
)
def test_parts_that_are_counted_in_words(kind: str, lines: Sequence[str], expected: list[str]) -> None:
    parsed = parse_content(f"a.{kind}", WRITTEN[kind](lines))
    labelled = [section for section in parsed.sections if section.label]
    assert [section.label for section in labelled] == expected
    assert not any(section_name(section).startswith("Section") for section in labelled)


def test_one_divider_alone_opens_its_part() -> None:
    parsed = parse_content("a.docx", docx(p("Teil 1 Allgemeines") + "".join(map(p, STATUTE[4:8]))))
    assert [(s.label, s.heading) for s in parsed.sections] == [
        ("Teil 1", "Allgemeines"),
        ("1", "Zweck"),
        ("2", "Frist"),
    ]
