"""Access rules: which decides, what they come to, and which of them are mistakes."""

from __future__ import annotations

import pytest

from connectors.access import FOR_EVERYONE, NOBODY, AccessRule, AccessRules
from connectors.errors import PatternRefused
from retrieval.people import AccessList

LEGAL = AccessList(frozenset({"group:legal"}))
BOARD = AccessList(frozenset({"group:board"}), frozenset({"user:eve@example.com"}))
PATHS = ["legal/nda.pdf", "legal/board/minutes.txt", "hr/handbook.docx"]


def mistakes(*rules: AccessRule, ignore_case: bool = False) -> list[str]:
    made = AccessRules(rules, FOR_EVERYONE, ignore_case)
    return made.mistakes(made.coverage([made.decide(path) for path in PATHS]), PATHS)


def test_the_last_rule_that_matches_decides_and_says_so() -> None:
    rules = AccessRules((AccessRule("legal/**", LEGAL), AccessRule("**/board/**", BOARD)), FOR_EVERYONE)
    decisions = [rules.decide(path) for path in PATHS]
    assert [d.access for d in decisions] == [LEGAL, BOARD, FOR_EVERYONE]
    assert [d.matching for d in decisions] == [(0,), (0, 1), ()]
    coverage = rules.coverage(decisions)
    assert (coverage.matched, coverage.decided, coverage.unmatched) == ((2, 1), (1, 1), 1)


@pytest.mark.parametrize(
    ("rules", "default", "readers"),
    [
        ((), None, FOR_EVERYONE),
        ((), LEGAL, LEGAL),
        ((AccessRule("legal/**", LEGAL),), None, NOBODY),
        ((AccessRule("legal/**", LEGAL),), FOR_EVERYONE, FOR_EVERYONE),
        ((AccessRule("legal/**", LEGAL),), NOBODY, NOBODY),
    ],
)
def test_what_no_rule_matches_is_closed_where_there_are_rules(
    rules: tuple[AccessRule, ...], default: AccessList | None, readers: AccessList
) -> None:
    assert AccessRules(rules, default).decide("hr/handbook.docx").access == readers


def test_a_rule_that_decides_about_nothing_is_a_mistake_until_it_is_marked() -> None:
    assert mistakes(AccessRule("legal/**", LEGAL)) == []
    (told,) = mistakes(AccessRule("finance/**", LEGAL))
    assert told == 'rule "finance/**" matches no document. Correct its path, or set may_be_empty = true in it'
    assert mistakes(AccessRule("finance/**", LEGAL, may_be_empty=True)) == []


def test_a_near_miss_is_pointed_out() -> None:
    (case,) = mistakes(AccessRule("Legal/**", LEGAL))
    assert '"legal/nda.pdf"' in case
    assert "ignore_case = true" in case
    assert mistakes(AccessRule("Legal/**", LEGAL), ignore_case=True) == []
    (deeper,) = mistakes(AccessRule("/board/**", LEGAL))
    assert '"**/board/**" would match "legal/board/minutes.txt"' in deeper


def test_a_narrow_rule_before_a_wide_one_is_a_mistake() -> None:
    (told,) = mistakes(AccessRule("legal/**", LEGAL), AccessRule("**", FOR_EVERYONE))
    assert 'the later rule "**"' in told
    assert mistakes(AccessRule("**", FOR_EVERYONE), AccessRule("legal/**", LEGAL)) == []


def test_a_pattern_that_cannot_be_meant_makes_no_rules() -> None:
    with pytest.raises(PatternRefused, match="legal/"):
        AccessRules((AccessRule("legal\\**", LEGAL),))


def test_access_lists_read_well() -> None:
    assert (LEGAL.described, NOBODY.described) == ("group:legal", "nobody")
    assert BOARD.described == "group:board, but not user:eve@example.com"
