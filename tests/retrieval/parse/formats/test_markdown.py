"""Markdown: every heading a section, with the anchor GitHub gives it."""

from __future__ import annotations

import re
from itertools import groupby
from pathlib import Path

import pytest

from retrieval.parse.markdown import Slugs, parse_markdown
from retrieval.types import ParsedDocument

POLICIES = Path(__file__).resolve().parents[5] / "shared/eval/site-policy/current"
PAGE = """---
title: "Travel policy"
versions:
  fpt: '*'
---
Foreword.
<!-- internal note -->

# 4 Travel

Book *early*, see [the desk](https://example.com) and `code`.
{% data reusables.note %}

## 4.1 Hotels & meals

1. first
   - inner
2. second

| Role | Limit |
| --- | --- |
| Staff | **180** EUR |
| Board | 300 EUR |

```text
a  b
```

Setext
------

## 4.1 Hotels & meals
### (a) Exceptions
"""


def parse(text: str) -> ParsedDocument:
    return parse_markdown("a.md", text.encode())


def test_a_page() -> None:
    parsed = parse(PAGE)
    assert parsed.title == "Travel policy"
    assert parsed.text.splitlines() == [
        "Foreword.",
        "4 Travel",
        "Book early, see the desk and code. {% data reusables.note %}",
        "4.1 Hotels & meals",
        "1. first",
        "- inner",
        "2. second",
        "Role | Limit",
        "Staff | 180 EUR",
        "Board | 300 EUR",
        "a  b",
        "Setext",
        "4.1 Hotels & meals",
        "(a) Exceptions",
    ]
    assert [(s.label, s.heading, s.path, s.anchor, s.locator) for s in parsed.sections] == [
        (None, "", (), None, "line 6"),
        ("4", "Travel", ("4 Travel",), "#4-travel", "line 9"),
        ("4.1", "Hotels & meals", ("4 Travel", "4.1 Hotels & meals"), "#41-hotels--meals", "line 14"),
        (None, "Setext", ("4 Travel", "Setext"), "#setext", "line 29"),
        ("4.1", "Hotels & meals", ("4 Travel", "4.1 Hotels & meals"), "#41-hotels--meals-1", "line 32"),
        ("4.1(a)", "Exceptions", ("4 Travel", "4.1 Hotels & meals", "4.1(a) Exceptions"), "#a-exceptions", "line 33"),
    ]
    assert [parsed.text[a:b] for a, b in parsed.atomic] == ["Role | Limit\nStaff | 180 EUR\nBoard | 300 EUR"]
    assert {(item.what, item.where) for item in parsed.left_out} == {("front matter", "line 1"), ("comment", "line 7")}


@pytest.mark.parametrize(
    ("heading", "label", "title"),
    [
        ("A. Definitions", "A", "Definitions"),
        ("D.2 Licence", "D.2", "Licence"),
        ("C.2. Terms", "C.2", "Terms"),
        ("4.2 Hotels", "4.2", "Hotels"),
        ("12) Notices", "12", "Notices"),
        ("IV. Term", "IV", "Term"),
        ("Article IV - Term", "Article IV", "Term"),
        ("Section 3: Use", "3", "Use"),
        ("§ 5 Geltung", "5", "Geltung"),
        ("3 ways to pay", None, "3 ways to pay"),
        ("2026 budget", None, "2026 budget"),
        ("A day in court", None, "A day in court"),
        ("I agree", None, "I agree"),
        ("What is DMCA?", None, "What is DMCA?"),
    ],
)
def test_typed_numbers(heading: str, label: str | None, title: str) -> None:
    (section,) = parse(f"# {heading}\n").sections
    assert (section.label, section.heading) == (label, title)


def test_numbers_under_a_letter_are_made_full() -> None:
    parsed = parse("## B. Account\n### 1. Controls\n### 2. Security\n## C. Use\n### 1. Limits\n")
    assert [s.label for s in parsed.sections] == ["B", "B.1", "B.2", "C", "C.1"]


@pytest.mark.parametrize(
    ("headings", "slugs"),
    [
        (["Hello World", "Hello World", "Hello World"], ["hello-world", "hello-world-1", "hello-world-2"]),
        (["a", "a-1", "a"], ["a", "a-1", "a-2"]),
        (["C. What's new? (2026)"], ["c-whats-new-2026"]),
        (["Straße & Café_x"], ["straße--café_x"]),
        (["A – B"], ["a--b"]),
    ],
)
def test_slugs(headings: list[str], slugs: list[str]) -> None:
    made = Slugs()
    assert [made.slug(h) for h in headings] == slugs


def test_html_inside_markdown() -> None:
    parsed = parse('# A\n\n<h2 id="own">Own <b>id</b></h2>\n<p hidden>secret</p>\n\ntext<br>more <!-- x -->\n')
    assert [(s.heading, s.anchor) for s in parsed.sections] == [("A", "#a"), ("Own id", "#own")]
    assert parsed.text == "A\nOwn id\ntext\nmore"
    assert [item.what for item in parsed.left_out] == ["hidden text", "comment"]


@pytest.mark.skipif(not POLICIES.is_dir(), reason="the evaluation policies are not here")
def test_every_heading_of_real_policies_is_a_section_with_its_anchor() -> None:
    """The judge is a second, smaller reading of the files: lines that begin with # outside code."""
    count = 0
    for path in sorted(POLICIES.glob("*.md")):
        text = path.read_text("utf-8")
        plain = re.sub(r"^```.*?^```", "", text.split("\n---\n", 1)[-1], flags=re.MULTILINE | re.DOTALL)
        headings = re.findall(r"^ {0,3}(#{1,6}) +(.*?)[ #]*$", plain, re.MULTILINE)
        seen: dict[str, int] = {}
        anchors = []
        for _, heading in headings:
            shown = re.sub(r"\[([^\]]*)\]\([^)]*\)|(?<!\w)_|_(?!\w)|\*|`|<[^>]*>|\\", r"\1", heading)
            slug = re.sub(r"[^\w\- ]", "", shown.strip().lower()).replace(" ", "-")
            repeats = seen[slug] = seen.get(slug, -1) + 1
            anchors.append(f"#{slug}-{repeats}" if repeats else f"#{slug}")
        parsed = parse_markdown(path.name, path.read_bytes())
        linked = [s.anchor for s in parsed.sections if s.anchor]
        assert [anchor for anchor, _ in groupby(linked)] == anchors, path.name  # clauses share their heading's
        assert f"title: {parsed.title}" in text.replace("'", "").replace('"', "") or parsed.title in text
        count += len(anchors)
    assert count > 300


NESTED = """# Cloud Terms

1. **Service**
    1. **Access.** The customer may use the service.
    2. **Support.** The provider answers within four hours.
2. **Payment**
    1. **Fees.** Fees are due within 30 days.
    2. **Late fees.** Overdue sums bear interest of 1.5% per month.
"""
TYPED_IN_LIST = """# Agreement

## USING THIS AGREEMENT
Fill in the cover page.

1. ## Service

    1.1 <span class="header">Access and Use.</span>  The customer may (a) use it; and (b) copy it.

    1.2 <span class="header">Support.</span> The provider answers.

2. ## Restrictions

    2.1 <span class="header">Customer.</span>

      (a) The customer will not resell.

      (b) The customer will follow the law.
"""
LAW = """# Gesetz

## Abschnitt 1 - Begriffe

### § 1 Geldwäsche

(1) Geldwäsche ist eine Straftat.

(2) Dazu gehören

1.  die Bereitstellung,

2.  die Anstiftung.

### § 2 Verpflichtete

(1) Verpflichtet sind Banken.

(2) Ausgenommen sind Börsen.
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            NESTED,
            [
                (None, "Cloud Terms"),
                *(("1", "Service"), ("1.1", "Access"), ("1.2", "Support")),
                *(("2", "Payment"), ("2.1", "Fees"), ("2.2", "Late fees")),
            ],
            id="nested ordered lists",
        ),
        pytest.param(
            TYPED_IN_LIST,
            [
                *((None, "Agreement"), (None, "USING THIS AGREEMENT")),
                *(("1", "Service"), ("1.1", "Access and Use"), ("1.2", "Support")),
                *(("2", "Restrictions"), ("2.1", "Customer"), ("2.1(a)", ""), ("2.1(b)", "")),
            ],
            id="headings in list items, numbers typed below them",
        ),
        pytest.param(
            LAW,
            [
                *((None, "Gesetz"), ("Abschnitt 1", "Begriffe")),
                *(("1", "Geldwäsche"), ("1(1)", ""), ("1(2)", "")),
                *(("2", "Verpflichtete"), ("2(1)", ""), ("2(2)", "")),
            ],
            id="a German law",
        ),
    ],
)
def test_clauses_of_contracts_and_laws(text: str, expected: list[tuple[str | None, str]]) -> None:
    assert [(s.label, s.heading) for s in parse(text).sections] == expected


def test_a_plain_list_below_a_heading_is_no_outline() -> None:
    assert [s.heading for s in parse("# A\n\nx\n\n## B\n\n1. Open the door.\n2. Go in.\n   1. Wait.\n").sections] == [
        "A",
        "B",
    ]


LINES = """# Contract

## 4 Termination
The client may terminate where:
(a) the fee is not paid within 30 days;
(b) the supplier is insolvent; or
(c) the supplier breaches
clause 3.

## 5 Kündigung
(1) Der Vertrag kann gekündigt werden, wenn
1. die Gebühr nicht bezahlt ist oder
2. die Frist abgelaufen ist.
(2) Die Frist beträgt 30 Tage.

## 6 Fees
6.1 The fee is EUR 500.
6.2 Late fees are 2 % per month.
"""


def test_clauses_need_no_blank_line_between_them() -> None:
    parsed = parse(LINES)
    assert [(s.label, s.locator) for s in parsed.sections if s.label] == [
        *(("4", "line 3"), ("4(a)", "line 5"), ("4(b)", "line 6"), ("4(c)", "line 7")),
        *(("5", "line 10"), ("5(1)", "line 11"), ("5(2)", "line 14")),
        *(("6", "line 16"), ("6.1", "line 17"), ("6.2", "line 18")),
    ]
    assert [parsed.text[a:b] for a, b in parsed.wholes] == [
        "The client may terminate where:\n(a) the fee is not paid within 30 days;\n(b) the supplier is insolvent; or\n"
        "(c) the supplier breaches clause 3.",
        "(1) Der Vertrag kann gekündigt werden, wenn\n1. die Gebühr nicht bezahlt ist oder\n"
        "2. die Frist abgelaufen ist.",
    ]


@pytest.mark.parametrize(
    "paragraph",
    [
        "The supplier may act as agreed in clause\n(a) and, if the client asks, as agreed in clause\n(b) of the order.",
        "The rent was\n2.1 million in one year and\n2.2 million in the next year.",
        "Payment is due within\n30 days, and interest from day\n31 onwards.",
    ],
)
def test_a_line_that_only_happens_to_begin_with_a_number_stays_in_its_sentence(paragraph: str) -> None:
    assert paragraph.replace("\n", " ") in parse(f"# 4 Fees\n\n{paragraph}\n").text.replace("\n", " ")
    assert [s.heading or s.label for s in parse(f"# Fees\n\n{paragraph}\n").sections] == ["Fees"]


def test_a_numbered_line_above_dotted_clauses_is_a_clause_and_no_list() -> None:
    parsed = parse("1. **Fees**\n\n1.1 The fee is 5.\n\n1.2 It is due.\n\n2. Term\n\n2.1 It is a year.\n")
    assert [(s.label, s.heading) for s in parsed.sections] == [
        *(("1", "Fees"), ("1.1", ""), ("1.2", "")),
        *(("2", "Term"), ("2.1", "")),
    ]
    assert [s.label for s in parse("# Rules\n\n1. Only one rule holds here.\n").sections] == [None]
