"""Every label of eight contracts, against tables written by hand."""

from __future__ import annotations

import pytest

from retrieval.parse.docx.parser import parse_docx
from tests.retrieval.parse.docx.builder import abstract, docx, heading, lvl, num, p
from tests.retrieval.parse.docx.contracts import CONTRACTS
from tests.retrieval.parse.docx.judge import Contract


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda c: c.name)
def test_every_label_is_the_one_a_lawyer_would_cite(contract: Contract) -> None:
    parsed = parse_docx(f"{contract.name}.docx", contract.content)
    found = [(s.label, parsed.text[s.start : s.end]) for s in parsed.sections]
    expected = [label for label, _ in contract.labels]
    assert [label for label, _ in found] == expected
    for (label, text), (_, beginning) in zip(found, contract.labels, strict=True):
        assert text.startswith(beginning), label


def test_the_judge_has_at_least_120_labels_over_8_documents() -> None:
    labels = [label for contract in CONTRACTS for label, _ in contract.labels if label]
    assert len(CONTRACTS) >= 8
    assert len(labels) >= 120


PATHS = (
    ("services", "2.2(a)(ii)", ("2 Services", "2.2 Personnel", "2.2(a)", "2.2(a)(ii)")),
    ("services", "4.2", ("4 Termination", "4.2")),
    ("merger", "1.02(a)(ii)(B)",
     ("ARTICLE I THE MERGER", "1.02 Effective Time", "1.02(a)", "1.02(a)(ii)", "1.02(a)(ii)(B)")),
    ("typed", "3.2.1", ("3 Expenses", "3.2", "3.2.1")),
    ("typed", "SCHEDULE 2, 1", ("SCHEDULE 2 Forms", "SCHEDULE 2, 1")),
    ("facility", "3.1(b)(iv)", ("Part B Repayment", "Clause 3 Dates", "3.1", "3.1(b)", "3.1(b)(iv)")),
    ("facility", "Schedule 1, 1.1", ("Schedule 1 Conditions", "Schedule 1, 1 Papers", "Schedule 1, 1.1")),
    ("draft", "3.1", ("3 Delivery", "3.1 Place")),
    ("bylaws", "3(a)(ii)", ("Article Two Meetings", "3", "3(a)", "3(a)(ii)")),
)  # fmt: skip


@pytest.mark.parametrize(("name", "label", "path"), PATHS, ids=[f"{case[0]} {case[1]}" for case in PATHS])
def test_paths_lead_from_the_part_to_the_clause(name: str, label: str, path: tuple[str, ...]) -> None:
    contract = next(c for c in CONTRACTS if c.name == name)
    sections = parse_docx("x.docx", contract.content).sections
    assert [s.path for s in sections if s.label == label] == [path]


def test_an_appendix_numbered_by_a_deep_level_of_the_clauses_list_stands_alone() -> None:
    numbering = abstract(
        0,
        lvl(0, "decimal", "%1", '<w:pStyle w:val="Heading1"/>'),
        lvl(1, "decimal", "%1.%2", '<w:pStyle w:val="Heading2"/>'),
        lvl(5, "upperLetter", "Appendix %6", '<w:pStyle w:val="Heading3"/>'),
        lvl(6, "decimal", "%6.%7", '<w:pStyle w:val="Heading4"/>'),
    ) + num(1, 0)
    styles = heading(1, 1) + heading(2, 1, 1) + heading(3, 1, 5) + heading(4, 1, 6)
    body = (
        p("Scope", "Heading1") + p("Goods", "Heading2") + p("Rates", "Heading3") + p("Day", "Heading4")
        + p("Night", "Heading4") + p("Forms", "Heading3") + p("Order", "Heading4")
    )  # fmt: skip
    parsed = parse_docx("x.docx", docx(body, numbering, styles, headings=False))
    assert [(s.label, len(s.path)) for s in parsed.sections] == [
        ("1", 1), ("1.1", 2), ("Appendix A", 1), ("A.1", 2), ("A.2", 2), ("Appendix B", 1), ("B.1", 2),
    ]  # fmt: skip
