"""Lines of any format, and the labels that a lawyer would cite: written down by hand."""

from __future__ import annotations

import pytest

from retrieval.parse.clauses.outline import SectionCandidate, place_all
from retrieval.parse.clauses.sequence import Line, find


def labels(lines: list[Line]) -> list[str | None]:
    """The labels of numbered lines and headings, in order."""
    found = find(lines)
    opening = [
        SectionCandidate(line.outline, marks[0].mark if marks else None)
        for line, marks in zip(lines, found, strict=True)
        if marks or line.heading
    ]
    return [placed.label for placed in place_all(opening)]


def outlined(text: str) -> list[Line]:
    """Lines of a text: "# " begins a heading of level 1, "## " of level 2, "*" a line set apart by its type."""
    made = []
    for line in text.split("\n"):
        hashes = len(line) - len(line.lstrip("#"))
        if hashes:
            made.append(Line(line[hashes:].strip(), outline=hashes - 1, strong=True))
        else:
            made.append(Line(line.removeprefix("*"), strong=line.startswith("*")))
    return made


CASES: dict[str, tuple[str, list[str | None]]] = {
    "German paragraphs, one put in later, a gap": (
        "# § 1 Gegenstand\nText.\n# § 2 Vergütung\n(1) Eins.\n(2) Zwei.\n# § 2a Verzug\n(1) Eins.\n(2) Zwei.\n"
        "# § 9 Schluss\n(1) Eins.\n(2) Zwei.",
        ["1", "2", "2(1)", "2(2)", "2a", "2a(1)", "2a(2)", "9", "9(1)", "9(2)"],
    ),
    "an extract that begins at § 5, in plain lines": (
        "§ 5 Haftung\n(1) Der Verkäufer haftet.\n(2) Er haftet nicht für andere.\n§ 6 Verjährung\nEin Jahr.",
        ["5", "5(1)", "5(2)", "6"],
    ),
    "an extract that begins at Article 12": (
        "Article 12\nRecords\n1. Records are kept.\n2. They are kept in writing.\nArticle 13\nPenalties",
        ["Article 12", "Article 12(1)", "Article 12(2)", "Article 13"],
    ),
    "an extract that begins within a paragraph": (
        "# § 5 Haftung\n(3) Der Verkäufer haftet.\n(4) Er haftet nicht für andere.",
        ["5", "5(3)", "5(4)"],
    ),
    "an extract of clauses": (
        "*7. Fees\n7.1 Fees are due in May.\n7.2 Late fees bear interest.\n*8. Term\n8.1 One year.",
        ["7", "7.1", "7.2", "8", "8.1"],
    ),
    "a French code": (
        "# Chapitre II\n## Article L. 110-1\nTexte.\n## Article L. 110-2\nTexte.\n## Article L. 110-2-1\nTexte.",
        ["Chapitre II", "Article L. 110-1", "Article L. 110-2", "Article L. 110-2-1"],
    ),
    "a French contract": (
        "*Article 1er - Objet\nTexte.\n*Article 2 - Durée\n2.1 Un an.\n2.2 Deux.\n*Annexe 1\n1. Prix.\n2. Délais.",
        ["Article 1er", "Article 2", "2.1", "2.2", "Annexe 1", "Annexe 1, 1", "Annexe 1, 2"],
    ),
    "a Spanish contract": (
        "*Cláusula primera. Objeto\na) Uno.\nb) Dos.\n*Cláusula segunda. Plazo\nUn año.\n*Anexo I\nTarifas.",
        ["Cláusula primera", "Cláusula primera(a)", "Cláusula primera(b)", "Cláusula segunda", "Anexo I"],
    ),
    "Spanish law": (
        "*CAPÍTULO I\n*Artículo 1. Objeto.\n1. Uno.\n2. Dos.\n*Artículo 2 bis. Ámbito.\nTexto.",
        ["CAPÍTULO I", "Artículo 1", "Artículo 1(1)", "Artículo 1(2)", "Artículo 2 bis"],
    ),
    "Dutch": (
        "*Hoofdstuk 2\n*Artikel 4 Duur\n1. Een jaar.\n2. Daarna twee.\n*Artikel 5 Prijs\nTien euro.\n*Bijlage A",
        ["Hoofdstuk 2", "Artikel 4", "Artikel 4(1)", "Artikel 4(2)", "Artikel 5", "Bijlage A"],
    ),
    "a German law: sections hold paragraphs that count on": (
        "# Abschnitt 1\n## § 1 Zweck\n(1) Eins.\n(2) Zwei.\n# Abschnitt 2\n## § 2 Form\nText.",
        ["Abschnitt 1", "1", "1(1)", "1(2)", "Abschnitt 2", "2"],
    ),
    "European law: sections hold articles": (
        "CHAPTER III\nSection 1\nArticle 12\nArticle 13\nArticle 14\nSection 2\nArticle 15\nArticle 16\nCHAPTER IV\n"
        "Section 1\nArticle 17\nArticle 18",
        [
            *("CHAPTER III", "CHAPTER III, Section 1", "Article 12", "Article 13", "Article 14"),
            *("CHAPTER III, Section 2", "Article 15", "Article 16"),
            *("CHAPTER IV", "CHAPTER IV, Section 1", "Article 17", "Article 18"),
        ],
    ),
    "American articles hold sections": (
        "*ARTICLE I\n*Section 1. Terms\n*Section 2. Use\n*ARTICLE II\n*Section 1. Start\n*Section 2. End",
        [
            *("ARTICLE I", "ARTICLE I, Section 1", "ARTICLE I, Section 2"),
            *("ARTICLE II", "ARTICLE II, Section 1", "ARTICLE II, Section 2"),
        ],
    ),
    "an unnumbered heading between two letters": (
        "# CHAPTER 1\n## A. Banks\n### Practice tip\nAsk.\n## B. Records\n## C. Audit",
        ["CHAPTER 1", "CHAPTER 1, A", None, "CHAPTER 1, B", "CHAPTER 1, C"],
    ),
    "plain parts between a schedule and its clauses": (
        "# 1. Terms\n# Schedule 1\nPart A\n## 1. Help\n## 2. Fees\nPart B\n## 1. Credits\n## 2. Limits",
        [
            *("1", "Schedule 1", "Schedule 1, Part A", "Schedule 1, Part A, 1", "Schedule 1, Part A, 2"),
            *("Schedule 1, Part B", "Schedule 1, Part B, 1", "Schedule 1, Part B, 2"),
        ],
    ),
    "appendices after numbered headings": (
        "# 1. Term\n# 2. Fees\n## 2.1 Rates\n# Appendix A Forms\n## 1. Order\n## 2. Return\n# Appendix B Contacts",
        ["1", "2", "2.1", "Appendix A", "Appendix A, 1", "Appendix A, 2", "Appendix B"],
    ),
    "a word of no table, counted up by headings": ("# Bolag 1\nText.\n# Bolag 2\nText.", ["Bolag 1", "Bolag 2"]),
    "references are no clauses": (
        "# 4. Term\nArticle 5 of the Treaty holds.\nsection 6, if any\nSection 7 shall apply.\n§ 8 bleibt unberührt",
        ["4"],
    ),
    "a sum right after the number of a clause": (
        "# Clause 1: Fees\n1.1 EUR 500 is due.\n1.2 EUR 600 is paid back.",
        ["Clause 1", "1.1", "1.2"],
    ),
    "a letter left out": ("# 1. Rules\n(a) one,\n(b) two,\n(d) four,\n(e) five.", ["1", *[f"1({c})" for c in "abde"]]),
    "a list in a list of the same look": (
        "# 1. Rules\n1. The buyer shall:\n(1) pay,\n(2) take.\n2. The seller shall deliver.",
        ["1", "1(1)", "1(1)(1)", "1(1)(2)", "1(2)"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_labels(text: str, expected: list[str | None]) -> None:
    assert labels(outlined(text)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Fees\n2.5 million euros were spent.\n2.6 million are left.",
        "12. March 2020\n13. April 2020",
        "(a) is the only item.\nIt goes on.",
        "Article 4 of the Treaty\nsays so.",
        "3 months ended\n4 months ended",
    ],
)
def test_a_number_without_a_sequence_is_none(text: str) -> None:
    assert labels(outlined(text)) == []
