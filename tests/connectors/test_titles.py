"""Rules of a source for what its documents are called."""

from __future__ import annotations

import pytest

from connectors.errors import PatternRefused
from connectors.titles import TitleRule, TitleRules
from retrieval.parse.markdown import parse_markdown

PARSED = parse_markdown("x.md", b"---\ntitle: Company cars\n---\n\n# Use of cars\n\nText.\n")
PLAIN = parse_markdown("notes.md", b"Text.\n")


def rules(*pairs: tuple[str, str]) -> TitleRules:
    return TitleRules(tuple(TitleRule(*pair) for pair in pairs))


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("{heading}", "Use of cars"),
        ("{file}", "HR-007"),
        ("{folder}: {heading}", "staff: Use of cars"),
        ("{title} ({file})", "Company cars (HR-007)"),
        ("The {{only}} rule", "The {only} rule"),
    ],
)
def test_a_title_is_made_of_its_parts(title: str, expected: str) -> None:
    assert rules(("staff/", title)).title("staff/HR-007.md", PARSED) == expected


def test_the_last_rule_that_matches_decides_and_without_one_the_document() -> None:
    of = rules(("**", "{file}"), ("staff/**", "{heading}"))
    assert of.title("staff/a.md", PARSED) == "Use of cars"
    assert of.title("b.md", PARSED) == "b"
    assert rules(("staff/**", "{file}")).title("b.md", PARSED) == "Company cars"


def test_a_rule_whose_parts_are_empty_leaves_the_documents_own_title() -> None:
    assert rules(("**", "{heading}")).title("notes.md", PLAIN) == "notes"


@pytest.mark.parametrize("title", ["", "  ", "{name}", "{title.__class__}", "{title!r}", "{title:>99}", "{}", "{title"])
def test_a_title_that_cannot_be_meant_is_refused(title: str) -> None:
    with pytest.raises(ValueError, match=r"write"):
        rules(("**", title))


def test_a_path_that_cannot_be_meant_is_refused() -> None:
    with pytest.raises(PatternRefused):
        rules(("C:\\x", "{file}"))


def test_other_rules_are_another_way_of_reading() -> None:
    assert rules().version == ""
    assert rules(("**", "{file}")).version != rules(("**", "{heading}")).version
