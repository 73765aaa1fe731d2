"""What the embedded selector knows of a unit: whether it tells something, and has what the question wants."""

from __future__ import annotations

import numpy as np
import pytest

from retrieval.select.embedded import GROUP, group
from retrieval.select.features import FEATURES, Candidate, features, telling
from retrieval.types import Unit, UnitKind


def candidate(text: str, kind: UnitKind = UnitKind.SENTENCE, heading: str = "Pets") -> Candidate:
    unit = Unit("u", kind, 0, len(text), text, heading=heading, vector=bytes([1] * 384))
    return Candidate("p1", "pets.md", "Pets", unit, 0, 1.0)


def kept(question: str, text: str, kind: UnitKind = UnitKind.SENTENCE, heading: str = "Pets") -> bool:
    return bool(telling(question, [candidate(text, kind, heading)]))


@pytest.mark.parametrize(
    "line",
    [
        "In force from 1 September 2026.",
        "Last updated on 3 May 2024",
        "Effective Date: 1 January 2026",
        "12 High Street, London EC1A 4JT",
        "Approved by: Jane Smith, Director",
        "Page 3 of 12",
        "Example Ltd Pet Policy",
        "Tel. +49 30 123456",
    ],
)
def test_a_line_of_names_and_figures_is_near_to_no_question_but_one_on_it(line: str) -> None:
    assert not kept("may I bring my puppy to work", line)
    assert kept(f"is it still so: {line}", line)


@pytest.mark.parametrize(
    "sentence",
    [
        "Dogs are not allowed.",
        "Not allowed.",
        "Hotels cost 180 EUR.",
        "Leave is booked in the portal.",
        "Violations of the Code of Conduct must be reported to the Chief Operating Officer (COO).",
        "Notice: 30 days",
    ],
)
def test_a_sentence_tells_something_however_short(sentence: str) -> None:
    assert kept("may I bring my puppy to work", sentence)


def test_a_line_is_asked_for_by_the_heading_over_it() -> None:
    assert kept("what is your address", "12 High Street, London EC1A 4JT", heading="Pets > Address")
    assert not kept("may I bring pets", "12 High Street, London EC1A 4JT")


def test_a_row_is_told_by_its_head() -> None:
    assert kept("may I bring my puppy to work", "Paris | 210 EUR | 75 EUR", UnitKind.ROW)


@pytest.mark.parametrize(
    ("question", "has", "lacks"),
    [
        ("how long are backups kept", "Backups are kept for 90 days.", "Backups are reviewed by the team."),
        ("when does it end", "It ends on 31 March 2028.", "It ends when a party says so."),
        ("who approves it", "It is approved by the Finance Director.", "It is approved in the portal."),
    ],
)
def test_a_unit_has_what_the_question_wants_or_lacks_it(question: str, has: str, lacks: str) -> None:
    rows = features(question, np.full(384, 384**-0.5, np.float32), [candidate(has), candidate(lacks)])
    assert list(rows[:, FEATURES.index("carries")]) == [1, -1]


def test_a_question_that_wants_no_figure_judges_none() -> None:
    rows = features("may I bring my dog", np.full(384, 384**-0.5, np.float32), [candidate("Two dogs may come.")])
    assert rows[0, FEATURES.index("carries")] == 0


def test_likelihood_that_is_spread_over_many_units_is_told_from_one_that_stands_out() -> None:
    rows = np.zeros((4, len(FEATURES)), np.float32)
    at = GROUP.index("spread")
    alike, apart = (group(rows, np.array(odds, np.float32))[at] for odds in ([0, 0, 0, 0], [4, -4, -4, -4]))
    assert alike == pytest.approx(np.log(4), abs=1e-4)
    assert apart < 0.5
