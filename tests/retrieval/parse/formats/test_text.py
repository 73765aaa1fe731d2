"""Plain text: the file's own characters, its clauses as sections."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.errors import UnsupportedFormat
from retrieval.parse.text import decode, parse_text

CONTRACTS = Path(__file__).resolve().parents[5] / "shared/eval/contractnli/documents"


def outline(text: str) -> list[tuple[str | None, str]]:
    return [(s.label, s.heading) for s in parse_text("a.txt", text.encode()).sections]


@pytest.mark.skipif(not CONTRACTS.is_dir(), reason="the evaluation contracts are not here")
def test_contracts_are_kept_character_for_character() -> None:
    for path in CONTRACTS.glob("*.txt"):
        content = path.read_bytes()
        assert parse_text(path.name, content).text == content.decode("utf-8"), path.name


CASES = {
    "titles and run-in titles": (
        "Agreement\n1. SCOPE\nAll of it.\n2. Limited Use. The recipient shall use it.\n3. the rest",
        [(None, ""), ("1", "SCOPE"), ("2", "Limited Use"), ("3", "")],
    ),
    "decimals": (
        "1 General\n1.1 Scope\nText.\n1.2 Terms. Text.\n1.2.1 words\n2 Price\n2.1 Fees",
        [("1", "General"), ("1.1", "Scope"), ("1.2", "Terms"), ("1.2.1", ""), ("2", "Price"), ("2.1", "Fees")],
    ),
    "letters and roman numbers": (
        "4. Use:\n(a) one;\n(i) first;\n(ii) second;\n(b) two.\n5. End",
        [("4", "Use"), ("4(a)", ""), ("4(a)(i)", ""), ("4(a)(ii)", ""), ("4(b)", ""), ("5", "End")],
    ),
    "the ninth letter is no roman one": (
        "1. List:\n" + "".join(f"({c}) item;\n" for c in "abcdefghij") + "2. End",
        [("1", "List"), *((f"1({c})", "") for c in "abcdefghij"), ("2", "End")],
    ),
    "articles and sections": (
        "ARTICLE I\nDEFINITIONS\nSection 1. Terms\n(a) x\n(b) y\nSection 2. Use\nARTICLE II - TERM\nSection 1. Start",
        [
            ("ARTICLE I", "DEFINITIONS"),
            ("ARTICLE I, Section 1", "Terms"),
            ("ARTICLE I, Section 1(a)", ""),
            ("ARTICLE I, Section 1(b)", ""),
            ("ARTICLE I, Section 2", "Use"),
            ("ARTICLE II", "TERM"),
            ("ARTICLE II, Section 1", "Start"),
        ],
    ),
    "parties and recitals hold no clause": (
        "(1) the seller; and\n(2) the buyer.\nA. They talk.\nB. They agree.\n1. Terms\n1.1 Words.\n1.2 More.\n2. Use\n"
        "2.1 Care.",
        [
            *((f"({n})", "") for n in (1, 2)),
            *((f"(2)({c})", "") for c in "AB"),
            ("1", "Terms"),
            ("1.1", "Words"),
            ("1.2", "More"),
            ("2", "Use"),
            ("2.1", "Care"),
        ],
    ),
    "an outline of Roman numbers, letters and digits": (
        "I. TERM\nA. Start. It starts.\n1. in May, or\n2. in June.\nB. End. It ends.\n1. in July, or\n"
        "2. later.\nII. USE\nA. Care.",
        [
            *(("I", "TERM"), ("I.A", "Start"), ("I.A.1", ""), ("I.A.2", "")),
            *(("I.B", "End"), ("I.B.1", ""), ("I.B.2", ""), ("II", "USE")),
        ],
    ),
    "bare numbers, some with a full stop": (
        "1 Definitions\nWords.\n2. Duties\nCare.\n3 Return\nAll of it.\n4. Law\nEnglish.",
        [("1", "Definitions"), ("2", "Duties"), ("3", "Return"), ("4", "Law")],
    ),
    "a table of contents opens no clauses": (
        "1. Terms ........ 1\n2. Use ........ 2\n3. Law ........ 3\n\n1. Terms\nWords.\n2. Use\nCare.\n"
        "3. Law\nEnglish.",
        [(None, ""), ("1", "Terms"), ("2", "Use"), ("3", "Law")],
    ),
    "an extract of German law": (
        "§ 5 Haftung\n(1) Der Verkäufer haftet.\n(2) Er haftet nicht weiter.\n§ 6 Frist\nEin Jahr.",
        [("5", "Haftung"), ("5(1)", ""), ("5(2)", ""), ("6", "Frist")],
    ),
    "a marker inside a marker's line": (
        "1. First\n2. (a) One thing.\n(b) Another thing.\n3. Third",
        [("1", "First"), ("2", ""), ("2(a)", ""), ("2(b)", ""), ("3", "Third")],
    ),
    "lines that only look like clauses": (
        "1. The fee is payable by the customer in\n30. days\n(b) as in\nSection 5 of the Act\n3.5 million.\n2. End",
        [("1", ""), ("2", "End")],
    ),
    "letters that are no number": (
        "Part CIVIL\nSection IIV\nPart 1\nx\nPart 2",
        [(None, ""), ("Part 1", ""), ("Part 2", "")],
    ),
    "a reference is no heading": ("Section 3 shall apply.\nArticle 4 of the Treaty", [(None, "")]),
    "a schedule begins again": (
        "1. A thing\n2. Another thing\nSchedule A\n1. One\n2. Two",
        [
            ("1", "A thing"),
            ("2", "Another thing"),
            ("Schedule A", ""),
            ("Schedule A, 1", "One"),
            ("Schedule A, 2", "Two"),
        ],
    ),
    "titles in capitals where nothing is numbered": (
        "Agreement\nBetween us.\nCONFIDENTIAL INFORMATION\nAll of it.\nA sentence with NASA.\nTERM.\nOne year.",
        [(None, ""), (None, "CONFIDENTIAL INFORMATION"), (None, "TERM")],
    ),
    "a second list begins again": (
        "1. One A\n2. Two A\n3. Three A\nExclusions\n1. One B\n2. Two B",
        [("1", "One A"), ("2", "Two A"), ("3", "Three A"), ("1", "One B"), ("2", "Two B")],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_outline(text: str, expected: list[tuple[str | None, str]]) -> None:
    assert outline(text) == expected


def test_a_form_feed_starts_a_page() -> None:
    parsed = parse_text("a.txt", b"1. One\r\nx\r\n\f2. Two\r\ny\f\fz")
    assert parsed.text == "1. One\nx\n\n2. Two\ny\n\nz"
    assert [(p.page, p.locator, parsed.text[p.start : p.end]) for p in parsed.places] == [
        (1, None, "1. One\nx"),
        (2, None, "2. Two\ny"),
        (4, None, "z"),
    ]
    assert [(s.label, s.page_start, s.page_end, s.anchor) for s in parsed.sections] == [
        ("1", 1, 1, "#page=1"),
        ("2", 2, 4, "#page=2"),
    ]


def test_lines_are_located() -> None:
    parsed = parse_text("docs/Policy%202026.txt", b"one\n\nthree")
    assert parsed.title == "Policy 2026"
    assert [(p.locator, parsed.text[p.start : p.end]) for p in parsed.places] == [
        ("line 1", "one"),
        ("line 3", "three"),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252"])
def test_encodings(encoding: str) -> None:
    assert decode("Café – 180 €".encode(encoding)) == "Café – 180 €"


def test_bytes_that_windows_leaves_undefined_are_kept() -> None:
    assert decode(b"\x81caf\xe9") == "\x81café"


@pytest.mark.parametrize(
    "content", [b"\x00" * 40, bytes(range(32)) * 4, b"\xff\xfe\x00\xd8"], ids=["nul", "control", "utf-16"]
)
def test_what_is_no_text_is_refused(content: bytes) -> None:
    with pytest.raises(UnsupportedFormat):
        decode(content)


lines = st.lists(
    st.one_of(
        st.sampled_from(
            ["1. A", "2. (a) B", "(b) c", "1.1 D", "ARTICLE I", "Section 2 E", "", "\f", " (i) x", "A. y", "x) z"]
        ),
        st.text(max_size=20),
    ),
    max_size=20,
)


@given(lines, st.sampled_from(["\n", "\r\n", "\r"]))
def test_nothing_but_line_ends_changes(given_lines: list[str], end: str) -> None:
    text = end.join(given_lines)
    if "\x00" in text or sum(c < " " or c == "\x7f" for c in text) > len(text) // 100:
        return
    parsed = parse_text("a.txt", text.encode("utf-8", "ignore"))
    expected = text.encode("utf-8", "ignore").decode().removeprefix("\ufeff")
    assert parsed.text == expected.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n")
    assert all(parsed.text[s.start : s.end].strip() for s in parsed.sections)
